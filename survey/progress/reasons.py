"""Why someone did not answer: given by the school, in a class list or in a file. Never more than a reason's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import delete, insert, select

from survey.audit import Act, note
from survey.database import Engine, Session, session
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.finding import find_study, one_of
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.roster.tables import (
    Cell,
    Misread,
    ReadRow,
    ReadSheet,
    SentFile,
    UnreadableTable,
    columns,
    read_sheets,
    until_too_many,
)
from survey.fieldwork.roster.zeros import Spellings
from survey.fieldwork.studies import Study, Wave
from survey.fieldwork.waves import asked, plan_of
from survey.problems import Nearest, Refused, quoted, shortened
from survey.progress.outcomes import REASONS
from survey.progress.tables import reason as table

HEADERS: Final[dict[str, Sequence[str]]] = {
    "participant": ("participant", "code", "study code"),
    "questionnaire": ("questionnaire",),
    "reason": ("reason",),
}
"""Columns of a file of reasons, and the headers that mean them."""


@dataclass(frozen=True)
class GivenReason:
    """A reason for one participant: for one questionnaire, or (empty) for all of the wave's. None takes it back."""

    participant: str
    questionnaire: str
    reason: str | None


@dataclass(frozen=True)
class Recorded:
    """What giving reasons changed, or would change."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0

    @property
    def does_something(self) -> bool:
        """True when anything is different afterwards."""
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True)
class ReasonsPreview:
    """What a file of reasons would do; with problems it does nothing. given: the reasons in it."""

    recorded: Recorded
    given: Sequence[GivenReason] = ()
    by_reason: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[Misread] = ()


_Key = tuple[int, str]


def give(
    engine: Engine,
    study_id: int,
    wave: str,
    given: Iterable[GivenReason],
    act: Act,
    schools: set[int] | None = None,
) -> Recorded:
    """Keep reasons, or remove them. The same again changes nothing, and is not noted.

    schools: ids; only people on their lists may be spoken of. None for all. Raises Refused, and keeps none, when a
    participant, a questionnaire or a reason is not known there.
    """
    with session(engine) as db:
        place, given = _Place(db, engine, study_id, wave, schools), list(given)
        _refuse_faults(place, given)
        return _keep(db, place, given, act)


def foreseen(
    engine: Engine, study_id: int, wave: str, given: Iterable[GivenReason], schools: set[int] | None = None
) -> Recorded:
    """Return what `give` would change, and change nothing. Raises Refused as it does."""
    with session(engine) as db:
        place, given = _Place(db, engine, study_id, wave, schools), list(given)
        _refuse_faults(place, given)
        return _difference(db, place, given)[0]


def _refuse_faults(place: _Place, given: Iterable[GivenReason]) -> None:
    faults = [fault for one in given if (fault := place.fault_of(one))]
    if faults:
        raise Refused(faults)


def look(engine: Engine, study: str, wave: str, file: SentFile, schools: set[int] | None = None) -> ReasonsPreview:
    """Return what a file of reasons would do. Raises Refused for a study, a wave or a file that is not one."""
    sheets = _sheets(file)
    with session(engine) as db:
        place = _place(db, engine, study, wave, schools)
        given, problems = _read(place, sheets)
        return _preview(_difference(db, place, given)[0], given, problems)


def import_reasons(
    engine: Engine,
    study: str,
    wave: str,
    file: SentFile,
    act: Act,
    schools: set[int] | None = None,
) -> ReasonsPreview:
    """Keep the reasons of a file: all of them or, when it has a problem, none. The same file again changes nothing.

    Raises Refused for a study, a wave or a file that is not one.
    """
    sheets = _sheets(file)
    with session(engine) as db:
        place = _place(db, engine, study, wave, schools)
        given, problems = _read(place, sheets)
        if problems:
            return _preview(Recorded(), given, problems)
        return _preview(_keep(db, place, given, act), given, ())


def _preview(recorded: Recorded, given: Sequence[GivenReason], problems: Sequence[Misread]) -> ReasonsPreview:
    return ReasonsPreview(recorded, tuple(given), Counter(one.reason for one in given if one.reason), tuple(problems))


class _Place:
    """Who is on a wave's roster, and what each is asked."""

    def __init__(self, db: Session, engine: Engine, study_id: int, wave: str, schools: set[int] | None) -> None:
        study = db.get(Study, study_id)
        plan = plan_of(engine, study) if study else None
        if study is None or plan is None:
            raise Refused(["This study has no published questionnaires yet. Please publish it first."])
        self.study, self.plan = study, plan
        self.wave = one_of("wave", study.waves, wave)
        self.ids: dict[str, int] = {}
        self._asked: dict[str, list[str]] = {}
        for code, person, gets in _people(db, plan, self.wave, schools):
            self.ids[code] = person
            self._asked[code] = gets
        self._spellings = Spellings(self.ids)
        self._nearest = Nearest(self.ids)

    def fault_of(self, one: GivenReason) -> str | None:
        """Return a sentence about what cannot be so; None when it can."""
        if one.participant not in self.ids:
            near = self._spellings.hint(one.participant) or self._nearest.hint(one.participant)
            return f"'{shortened(one.participant)}' is not on the roster of this wave.{near}"
        gets = self._asked[one.participant]
        if one.questionnaire and one.questionnaire not in gets:
            there = f" They get {quoted(gets)}." if gets else " They are not asked anything in this wave."
            return f"{one.participant} does not get '{shortened(one.questionnaire)}' in this wave.{there}"
        if one.reason is not None and one.reason not in REASONS:
            return f"'{shortened(one.reason)}' is not one of the reasons. Please use one of {quoted(REASONS)}."
        return None


def _place(db: Session, engine: Engine, study: str, wave: str, schools: set[int] | None) -> _Place:
    return _Place(db, engine, find_study(db, study).id, wave, schools)


def _people(db: Session, plan: Plan, wave: Wave, schools: set[int] | None) -> Iterable[tuple[str, int, list[str]]]:
    query = (
        select(Participant, Membership)
        .join(Membership, Membership.participant_id == Participant.id)
        .where(Membership.wave_id == wave.id)
    )
    for person, there in db.execute(query):
        if schools is None or there.school_id in schools:
            yield person.code, person.id, asked(plan, person.audience, {**person.facts, **there.facts}, wave.code)


# ---- a file ------------------------------------------------------------------------------------------------


def _sheets(file: SentFile) -> list[ReadSheet]:
    """Return the sheets of a file. Before any transaction: a file can take long, and others write meanwhile."""
    try:
        return read_sheets(*file)
    except UnreadableTable as fault:
        raise Refused([str(fault)]) from fault


def _read(place: _Place, sheets: Sequence[ReadSheet]) -> tuple[list[GivenReason], list[Misread]]:
    given: list[GivenReason] = []
    problems: list[Misread] = []
    first: dict[tuple[str, str], str] = {}
    for sheet in sheets:
        headed, where, faults = columns(sheet, HEADERS, ("participant", "reason"))
        problems += [*headed.problems, *faults]
        if not faults:
            for row in until_too_many(headed, problems):
                one, wrong = _line(place, headed, row, where, first)
                problems += wrong
                given += [one] if one is not None else []
    return given, problems


def _line(
    place: _Place, sheet: ReadSheet, row: ReadRow, where: Mapping[str, int], first: dict[tuple[str, str], str]
) -> tuple[GivenReason | None, list[Misread]]:
    person, why = row.cells[where["participant"]], row.cells[where["reason"]]
    what = row.cells[where["questionnaire"]] if "questionnaire" in where else Cell("", row.number, 0)
    for cell, missing in ((person, "the study code"), (why, "the reason")):
        if not cell.text:
            return None, [sheet.misread(cell, f"Please add {missing}, which is missing here.")]
    one = GivenReason(person.text, what.text, why.text.strip().lower())
    fault = place.fault_of(one)
    if fault is not None:
        cell = person if one.participant not in place.ids else why if one.reason not in REASONS else what
        return None, [sheet.misread(cell if cell.column else person, fault)]
    key = (one.participant, one.questionnaire)
    here = f"sheet '{sheet.name}', row {row.number}" if sheet.name else f"row {row.number}"
    if key in first:
        return None, [
            sheet.misread(person, f"{one.participant} already has a reason in {first[key]}. Please keep one of them.")
        ]
    first[key] = here
    return one, []


# ---- the table ---------------------------------------------------------------------------------------------


def _difference(
    db: Session, place: _Place, given: Iterable[GivenReason]
) -> tuple[Recorded, dict[_Key, str], list[_Key]]:
    """Return what would change, the reasons to be written, and the ones to go."""
    query = select(table.c.participant_id, table.c.questionnaire, table.c.reason).where(
        table.c.wave_id == place.wave.id
    )
    here: dict[_Key, str] = {(person, what): why for person, what, why in db.execute(query)}
    new: dict[_Key, str] = {}
    gone: list[_Key] = []
    counts: Counter[str] = Counter()
    for one in given:
        key = (place.ids[one.participant], one.questionnaire)
        before = here.get(key)
        if before == one.reason:
            counts["unchanged"] += 1
        elif one.reason is None:
            counts["removed"] += 1
            gone.append(key)
        else:
            counts["added" if before is None else "changed"] += 1
            new[key] = one.reason
    return Recorded(**counts), new, gone


def _keep(db: Session, place: _Place, given: Iterable[GivenReason], act: Act) -> Recorded:
    given = list(given)
    recorded, new, gone = _difference(db, place, given)
    if not recorded.does_something:
        return recorded
    for person, what in (*gone, *new):
        db.execute(
            delete(table).where(
                table.c.participant_id == person, table.c.wave_id == place.wave.id, table.c.questionnaire == what
            )
        )
    if new:
        rows = [
            {
                "participant_id": person,
                "wave_id": place.wave.id,
                "questionnaire": what,
                "reason": why,
                "at": act.now,
                "by": str(act.actor),
            }
            for (person, what), why in new.items()
        ]
        db.execute(insert(table), rows)
    note(
        db,
        act,
        "recorded reasons for not answering",
        study_id=place.study.id,
        about=place.wave.code,
        details={
            "added": recorded.added,
            "changed": recorded.changed,
            "removed": recorded.removed,
            **Counter(new.values()),
        },
    )
    return recorded
