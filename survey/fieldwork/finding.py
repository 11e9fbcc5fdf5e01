"""Studies, waves, schools and what else people name: found by what was typed, or a sentence on what to do next.

There is one sentence for each kind of thing that is not there. It names the nearest one; where none is near, those that
there are; and where there are none, how they come about.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeVar

from sqlalchemy import select

from survey.database import Connection, Session, storable
from survey.fieldwork.participants import Participant
from survey.fieldwork.studies import School, Study, Wave
from survey.problems import Refused, did_you_mean, quoted, shortened

What = Literal["study", "wave", "school", "class", "questionnaire", "performance", "participant"]

_MOST_NAMED: Final = 10

_FIRST: Final[dict[What, str]] = {
    "study": "Please publish one first: survey publish FOLDER",
    "wave": "Please put the study's waves into study.yaml, and publish it again.",
    "school": "Please import the schools first.",
    "class": "Please import the roster first.",
    "questionnaire": "Please publish one first: survey publish FOLDER",
    "performance": "Please add it first.",
    "participant": "Please import the roster first.",
}
"""What to do where there is nothing of a kind yet."""


class Coded(Protocol):
    """Something that people name by a code."""

    @property
    def code(self) -> str:
        """Its code."""


_Thing = TypeVar("_Thing", bound=Coded)


class StudyFound(NamedTuple):
    """A study without its waves and schools. sha256: of its study.yaml; None before it is published."""

    id: int
    code: str
    time_zone: str
    sha256: str | None


def not_there(what: What, code: str, known: Iterable[str]) -> str:
    """Return the sentence about something that is not there. known: the codes that are."""
    names = sorted(set(known))
    return f"{no_such(what, code)}{did_you_mean(code, names) or _those_there_are(what, names)}"


def no_such(what: What, code: str) -> str:
    """Return the beginning of that sentence, for people who know better what to say after it."""
    return f"There is no {what} '{shortened(code)}'."


def _those_there_are(what: What, names: list[str]) -> str:
    if not names:
        return f" {_FIRST[what]}"
    if len(names) == 1:
        return f" The only one is '{names[0]}'."
    if len(names) > _MOST_NAMED:
        return f" There are {len(names):,}, such as {quoted(names[:3])}."
    return f" There are {quoted(names)}."


def one_of(what: What, things: Iterable[_Thing], code: str) -> _Thing:
    """Return the thing with this code. Raises Refused where there is none."""
    there = {thing.code: thing for thing in things}
    if code not in there:
        raise Refused([not_there(what, code, there)])
    return there[code]


def find_study(db: Connection | Session, code: str) -> StudyFound:
    """Return the study with this code. Raises Refused where there is none."""
    its = select(Study.id, Study.code, Study.time_zone, Study.sha256).where(Study.code == code)
    row = db.execute(its).one_or_none() if storable(code) else None
    if row is None:
        raise Refused([not_there("study", code, db.scalars(select(Study.code)))])
    return StudyFound(*row)


def find_published(db: Connection | Session, code: str) -> StudyFound:
    """Return the study with this code. Raises Refused where there is none, or nothing of it is published."""
    found = find_study(db, code)
    if found.sha256 is None:
        first = "Please publish it first: survey publish FOLDER"
        raise Refused([f"Nothing in the study '{code}' has been published yet. {first}"])
    return found


def find_wave(db: Connection | Session, study_id: int, code: str) -> Any:
    """Return a study's wave with this code: a row of id, code and position. Raises Refused where there is none."""
    waves = select(Wave.id, Wave.code, Wave.position).where(Wave.study_id == study_id).order_by(Wave.position)
    return one_of("wave", db.execute(waves), code)


def find_place(db: Session, study: str, wave: str, school: str | None = None) -> tuple[Study, Wave, School | None]:
    """Return a study, a wave of it, and the school if one is named. Raises Refused for the first that is not there."""
    its = db.get_one(Study, find_study(db, study).id)
    return its, one_of("wave", its.waves, wave), one_of("school", its.schools, school) if school else None


def find_participant(db: Connection | Session, study_id: int, code: str) -> int:
    """Return the id of a study's participant. Raises Refused where there is no one with this code."""
    its = select(Participant.id).where(Participant.study_id == study_id, Participant.code == code)
    found = db.scalar(its) if storable(code) else None
    if found is None:
        known = db.scalars(select(Participant.code).where(Participant.study_id == study_id))
        raise Refused([not_there("participant", code, known)])
    return found


def tidied(typed: str | None, longest: int = 200) -> str:
    """Return what someone typed as it can be looked up: of one line, without spaces at its ends, and not longer than
    this. A control character becomes one that no code has.
    """
    return "".join(map(_printable, (typed or "")[:longest])).strip()


def _printable(letter: str) -> str:
    return " " if letter.isspace() else letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
