"""The sheet about the fieldwork: who was asked, who answered, and why the others did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from survey.definition.study import StudyDefinition
from survey.export.charts import ChartSeries, SheetChart
from survey.export.contents import PERCENT, WRAPPED, SmallSheet
from survey.progress import TITLES, Other, Outcome, Progress, ReportedSchool, Tally

ABOUT: Final = (
    "People asked and what they did: by wave and questionnaire, then by school, then by class. At the end, responses "
    "by concert and class links, where the number asked is not known, and responses of people no longer on the list"
)

ABOUT_WAVES: Final = (
    "People asked and what they did, by wave and questionnaire. At the end, responses by concert and class links, "
    "where the number asked is not known, and responses of people no longer on the list"
)

_HEADER: Final = (
    "level", "group", "wave", "questionnaire", "audience", "arm", "programme", "school", "school_title", "class",
    "asked", "started", *(title.lower() for title in TITLES.values()), "could be asked", "response rate",
)  # fmt: skip

_STARTED: Final = (Outcome.FINISHED, Outcome.STOPPED, Outcome.UNDER_WAY)

_BY_STATE: Final = {
    "finished": Outcome.FINISHED,
    "stopped": Outcome.STOPPED,
    "started": Outcome.UNDER_WAY,
    "declined": Outcome.SAID_NO,
    "withdrawn": Outcome.WITHDRAWN,
}


class _Group(NamedTuple):
    """Whom a row is about. school: its id, None for all schools, or for none."""

    level: str
    wave: str
    questionnaire: str
    school: int | None = None
    school_class: str = ""


Outcomes = Mapping[_Group, Counter[Outcome]]


def fieldwork(
    found: Progress, study: StudyDefinition, waves: Sequence[str] | None = None, *, by_school: bool = True
) -> SmallSheet:
    """Return the sheet. waves: codes of the waves that the file is about; None for all.

    by_school: whether schools and classes have rows, in which a few people can be recognised.
    """
    rows = _FieldworkRows(found, study)
    kept = {wave.code for wave in found.waves if waves is None or wave.code in waves}
    asked = [line for line in found.lines if line.wave in kept]
    counts: dict[_Group, Counter[Outcome]] = {}
    for line in asked:
        place = (line.school, line.school_class) if by_school else (None, "")
        for group in _groups(line.wave, line.questionnaire, *place):
            counts.setdefault(group, Counter())[line.outcome] += 1
    body = [rows.row(group, counts[group]) for group in rows.in_order(counts)]
    totals = sum(group.level == "wave" for group in counts)
    for level, others in (("link", found.by_link), ("not on the list", found.unlisted)):
        more = _others(level, (one for one in others if one.wave in kept), by_school=by_school)
        body += [rows.row(group, more[group], asked=False) for group in rows.in_order(more)]
    looks = {"response rate": PERCENT, "group": WRAPPED}
    about = ABOUT if by_school else ABOUT_WAVES
    return SmallSheet("Fieldwork", about, _HEADER, body, looks=looks, charts=tuple(_charts(body, totals)))


def _groups(wave: str, questionnaire: str, school: int | None, school_class: str) -> Iterator[_Group]:
    yield _Group("wave", wave, questionnaire)
    if school is not None:
        yield _Group("school", wave, questionnaire, school)
    if school is not None and school_class:
        yield _Group("class", wave, questionnaire, school, school_class)


def _others(level: str, others: Iterable[Other], *, by_school: bool) -> Outcomes:
    counts: dict[_Group, Counter[Outcome]] = {}
    for one in others:
        group = _Group(level, one.wave, one.questionnaire, one.school if by_school else None)
        counts.setdefault(group, Counter())[_BY_STATE[one.state]] += 1
    return counts


_LEVELS: Final = ("wave", "school", "class", "link", "not on the list")


class _FieldworkRows:
    """Words and order of the rows."""

    def __init__(self, found: Progress, study: StudyDefinition) -> None:
        self._waves = {wave.code: (place, wave.title) for place, wave in enumerate(found.waves)}
        self._schools = {school.id: (place, school) for place, school in enumerate(found.places)}
        self._audiences = {entry.questionnaire: (place, entry.audience) for place, entry in enumerate(study.fieldwork)}

    def in_order(self, groups: Iterable[_Group]) -> list[_Group]:
        """Return groups by level, wave, questionnaire, school and class, as the study has them."""
        return sorted(groups, key=self._place)

    def _place(self, group: _Group) -> tuple[Any, ...]:
        asked = self._audiences.get(group.questionnaire, (len(self._audiences), ""))[0]
        school = -1 if group.school is None else self._schools[group.school][0]
        wave = self._waves[group.wave][0]
        return (_LEVELS.index(group.level), wave, asked, group.questionnaire, school, group.school_class)

    def row(self, group: _Group, counts: Counter[Outcome], *, asked: bool = True) -> tuple[Any, ...]:
        """Return the row of a group. asked: whether the number asked is known."""
        tally = Tally("", "", counts)
        school: ReportedSchool | None = None if group.school is None else self._schools[group.school][1]
        told = [self._waves[group.wave][1], group.questionnaire, school.title if school else "", group.school_class]
        place = (school.arm, school.programme, school.code, school.title) if school else ("", "", "", "")
        return (
            group.level,
            ", ".join(part for part in told if part),
            group.wave,
            group.questionnaire,
            self._audiences.get(group.questionnaire, (0, ""))[1],
            *place,
            group.school_class,
            tally.asked if asked else None,
            sum(counts[outcome] for outcome in _STARTED),
            *(counts[outcome] for outcome in TITLES),
            tally.there if asked else None,
            tally.rate if asked else None,
        )


def _charts(rows: Sequence[tuple[Any, ...]], totals: int) -> Iterator[SheetChart]:
    """Yield a picture of the waves: what everyone who was asked did; only outcomes that there are."""
    if not totals:
        return
    first = _HEADER.index("started") + 1
    happened = [
        title.lower()
        for place, title in enumerate(TITLES.values(), start=first)
        if any(row[place] for row in rows[:totals])
    ]
    series = tuple(ChartSeries(title, range(totals)) for title in happened)
    title = "What the people asked did, by wave and questionnaire"
    yield SheetChart("shares", title, "group", series, ("", "Share of the people asked"), beside=0)
