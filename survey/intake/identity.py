"""The columns of a data file that say who, where and when, going out and coming in: one entry of one table each.

A new one is a new entry of IDENTITY. It then stands in every file in its place, in the codebook and, where it says so,
beside the scores; the import knows its name, and no question's column takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from survey.definition.columns import AS_TYPED, LONGEST, UNTOUCHED, has_typed
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import Fact, StudyDefinition
from survey.responses import LAYOUTS, Record

Type = Literal["code", "flag", "number", "text", "date", "moment"]
Measure = Literal["nominal", "ordinal", "scale"]

CAUTIOUS_BELOW: Final = 5
"""Years of age below which what readers say is to be read with caution."""

STATES: Final[Mapping[str, str]] = {
    "started": "in progress",
    "finished": "finished",
    "stopped": "stopped early",
    "declined": "declined to take part",
    "withdrawn": "withdrawn",
}
AUDIENCES: Final[Mapping[str, str]] = {"pupil": "pupil", "parent": "parent", "staff": "member of staff"}


@dataclass(frozen=True)
class Origin:
    """What a cell may be read from besides its response: the study, and the versions in the file by SHA-256, oldest
    first (at least one).
    """

    study: StudyDefinition
    versions: Mapping[str, Questionnaire]

    @cached_property
    def newest(self) -> Questionnaire:
        """The newest version."""
        return list(self.versions.values())[-1]

    @cached_property
    def zone(self) -> ZoneInfo:
        """The study's time zone."""
        return ZoneInfo(self.study.time_zone)


def _no_codes(_: StudyDefinition) -> Mapping[Any, str]:
    return {}


def _always(_: Iterable[Questionnaire]) -> bool:
    return True


@dataclass(frozen=True)
class IdentityColumn:
    """One column: its name, what it is, and how its cell is read. Nothing else about anyone goes into a file.

    label: of a study. codes: code -> words, of a study. beside_scores: whether it stands on the sheet of scores too.
    spoilt: whether a spreadsheet can make something else of its texts (0123 becomes 123), so that the import looks.
    wanted: whether a file of these versions has it.
    """

    name: str
    label: str | Callable[[StudyDefinition], str]
    read: Callable[[Record, Origin], Any]
    type: Type = "text"
    measure: Measure = "nominal"
    codes: Callable[[StudyDefinition], Mapping[Any, str]] = _no_codes
    beside_scores: bool = False
    spoilt: bool = False
    wanted: Callable[[Iterable[Questionnaire]], bool] = _always
    group: Literal["identity", "roster"] = "identity"
    range: str = ""

    def label_in(self, study: StudyDefinition) -> str:
        """Return the label in a study's file."""
        return self.label if isinstance(self.label, str) else self.label(study)


# ---- reading cells -------------------------------------------------------------------------------------


def _seconds(row: Record, _: Origin) -> int | None:
    """No one knows how long it took on paper: what is stored is the day."""
    if row.mode == "paper":
        return None
    return round(((row.finished_at or row.seen_at) - row.started_at).total_seconds())


def _on_the_clock(moment: datetime | None, origin: Origin) -> datetime | None:
    """Return the clock's time in the study's zone, to the second: what spreadsheets can hold has no zone."""
    return None if moment is None else moment.astimezone(origin.zone).replace(tzinfo=None, microsecond=0)


def date_of(text: Any) -> Any:
    """Return the date that an ISO text names; what is not a date comes back as it is."""
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return text


def _number_of(value: Any) -> Any:
    """Return a roster value as a number; what is not one comes back as it is."""
    if value is None or value == "":
        return None
    if value.__class__ is int:
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return value
    return int(number) if number.is_integer() else number


def _code_of(value: Any) -> Any:
    return None if value is None or value == "" else str(value)


def _yes_no_of(value: Any) -> Any:
    if value is None or value == "":
        return None
    said = {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}
    return said.get(str(value).strip().lower(), value)


# ---- the table -----------------------------------------------------------------------------------------


def _young(versions: Iterable[Questionnaire]) -> bool:
    return any(version.reader.age < CAUTIOUS_BELOW for version in versions)


def _for_each_child(versions: Iterable[Questionnaire]) -> bool:
    return any(version.for_each_child for version in versions)


KNOWN_BY: Final[Mapping[str, str]] = {"roster": "the roster", "typed": "typed by the parent"}

_LAYOUTS: Final = ", ".join(f"{name} ({means})" for name, means in LAYOUTS.items())

IDENTITY: Final[Sequence[IdentityColumn]] = (
    IdentityColumn("response", "Response: the id of this row", lambda row, _: row.id, beside_scores=True, spoilt=True),
    IdentityColumn(
        "participant",
        "Study code of the participant; empty for an open link",
        lambda row, _: row.participant,
        beside_scores=True,
        spoilt=True,
    ),
    IdentityColumn(
        "household",
        "Household: rows with the same one are from one parent, a row for each child. It is the id of the first",
        lambda row, _: row.household,
        beside_scores=True,
        spoilt=True,
        wanted=_for_each_child,
    ),
    IdentityColumn(
        "child",
        "Which of the parent's children the row is about; 1 has the household's answers as well",
        lambda row, _: row.child,
        "number",
        "ordinal",
        beside_scores=True,
        wanted=_for_each_child,
        range="from 1",
    ),
    IdentityColumn(
        "child_participant",
        "Study code of the child the row is about; empty where it is not known",
        lambda row, _: row.child_code,
        beside_scores=True,
        spoilt=True,
        wanted=_for_each_child,
    ),
    IdentityColumn(
        "child_known_by",
        "How the child's study code is known",
        lambda row, _: row.child_by,
        "code",
        codes=lambda _: KNOWN_BY,
        wanted=_for_each_child,
    ),
    IdentityColumn(
        "wave",
        "Wave",
        lambda row, _: row.wave,
        "code",
        codes=lambda study: {wave.id: wave.title for wave in study.waves},
        beside_scores=True,
    ),
    IdentityColumn(
        "arm",
        "Arm of the study",
        lambda row, _: row.arm,
        "code",
        codes=lambda study: {arm.id: arm.title for arm in study.arms},
        beside_scores=True,
    ),
    IdentityColumn(
        "programme",
        "Programme (area)",
        lambda row, _: row.programme,
        "code",
        codes=lambda study: {area.id: area.title for area in study.programmes},
        beside_scores=True,
    ),
    IdentityColumn("school", "School code", lambda row, _: row.school, beside_scores=True, spoilt=True),
    # A class has no title here: many are called after their teacher.
    IdentityColumn("school_title", "School", lambda row, _: row.school_title, beside_scores=True),
    IdentityColumn("class", "Class code", lambda row, _: row.school_class, beside_scores=True, spoilt=True),
    IdentityColumn(
        "performance",
        "Code of the performance whose audience was asked; empty for others",
        lambda row, _: row.facts.get("performance_code"),
        spoilt=True,
    ),
    IdentityColumn(
        "year_group",
        "Year group, from the roster",
        lambda row, _: _number_of(row.facts.get("year")),
        "number",
        "ordinal",
        beside_scores=True,
    ),
    IdentityColumn(
        "audience",
        "Who answers",
        lambda _, origin: origin.newest.audience,
        "code",
        codes=lambda _: AUDIENCES,
        beside_scores=True,
    ),
    IdentityColumn("questionnaire", "Questionnaire", lambda _, origin: origin.newest.id),
    IdentityColumn(
        "version",
        "Version of the questionnaire",
        lambda row, origin: origin.versions[row.sha256].version,
        "number",
        "ordinal",
        beside_scores=True,
    ),
    IdentityColumn("language", "Language in which it was answered", lambda row, _: row.language),
    IdentityColumn("mode", "How it was answered", lambda row, _: row.mode, spoilt=True),
    IdentityColumn("layout", f"How the options lay: {_LAYOUTS}; empty: not known", lambda row, _: row.layout),
    IdentityColumn(
        "sittings",
        "Sittings: 1 if answered in one go; one more each time they came back, or answers were moved",
        lambda row, _: row.epoch,
        "number",
        "scale",
    ),
    IdentityColumn(
        "state",
        "State of the response",
        lambda row, _: row.state,
        "code",
        codes=lambda _: STATES,
        beside_scores=True,
    ),
    IdentityColumn(
        "started",
        lambda study: f"Started ({study.time_zone} time)",
        lambda row, origin: _on_the_clock(row.started_at, origin),
        "moment",
        "scale",
    ),
    IdentityColumn(
        "finished",
        lambda study: f"Finished ({study.time_zone} time)",
        lambda row, origin: _on_the_clock(row.finished_at, origin),
        "moment",
        "scale",
    ),
    IdentityColumn(
        "seconds",
        "Seconds from start to finish; if not finished, until last seen; none for paper",
        _seconds,
        "number",
        "scale",
    ),
    IdentityColumn(
        AS_TYPED,
        "For imports: always 00, then the columns with a typed answer that only looks like a missing code",
        # Which columns these are shows once the others are filled: the tabulator adds them.
        lambda *_: UNTOUCHED,
        wanted=lambda versions: any(map(has_typed, versions)),
    ),
    IdentityColumn(
        "age_caution",
        f"Readers may be younger than {CAUTIOUS_BELOW}: read with caution",
        lambda row, origin: int(_young([origin.versions[row.sha256]])),
        "flag",
        codes=lambda _: {0: "no", 1: "caution"},
        wanted=_young,
    ),
)
"""In their order; behind them stand the roster's facts."""


def roster_columns(study: StudyDefinition) -> list[IdentityColumn]:
    """Return the columns of the roster's facts; the year group has its own among IDENTITY."""
    return [_roster_column(fact) for fact in study.facts if fact.id != "year"]


_MEASURED: Final[Mapping[str, tuple[Type, Measure, Callable[[Any], Any]]]] = {
    "code": ("code", "nominal", _code_of),
    "yes_no": ("flag", "nominal", _yes_no_of),
    "number": ("number", "scale", _number_of),
    "date": ("date", "scale", date_of),
}


def _roster_column(fact: Fact) -> IdentityColumn:
    type, measure, cell = _MEASURED[fact.kind]
    codes: Mapping[Any, str] = {0: "No", 1: "Yes"} if fact.kind == "yes_no" else fact.codes
    return IdentityColumn(
        f"roster_{fact.id}"[:LONGEST],
        f"{fact.title} (roster)",
        lambda row, _: cell(row.facts.get(fact.id)),
        type,
        measure,
        codes=lambda _: codes if fact.kind in ("code", "yes_no") else {},
        beside_scores=True,
        group="roster",
        range=in_range(fact.min, fact.max) if fact.kind not in ("code", "yes_no") else "",
    )


def in_range(low: float | None, high: float | None) -> str:
    """Return a range in words; empty where it has no ends."""
    if low is None and high is None:
        return ""
    if high is None:
        return f"from {low:g}"
    return f"up to {high:g}" if low is None else f"{low:g} to {high:g}"


def columns_of(study: StudyDefinition, versions: Iterable[Questionnaire]) -> list[IdentityColumn]:
    """Return the columns that a file of these versions of a questionnaire has."""
    versions = list(versions)
    return [*(column for column in IDENTITY if column.wanted(versions)), *roster_columns(study)]


def taken_names(study: StudyDefinition, versions: Iterable[Questionnaire]) -> set[str]:
    """Return, in lower case, the names of all columns that belong to no question of these versions."""
    return {column.name.casefold() for column in columns_of(study, versions)}


def known_names(study: StudyDefinition) -> set[str]:
    """Return, in lower case, the names of the columns that a file of this study can have and that are no question's."""
    return {column.name.casefold() for column in (*IDENTITY, *roster_columns(study))}
