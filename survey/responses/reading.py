"""Reading answers: one response for its page, counts for the study page, all of them for the export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Text,
    bindparam,
    case,
    exists,
    func,
    select,
    type_coerce,
)

from survey.database import decode, read
from survey.fieldwork.doors import Door
from survey.fieldwork.participants import Participant
from survey.fieldwork.studies import Programme, School, SchoolClass, Wave
from survey.prepared import Prepared
from survey.responses.tables import response, set_aside

ID_LENGTH: Final = 22

STATES: Final = ("started", "finished", "stopped", "declined", "withdrawn")

OVER: Final = ("declined", "withdrawn")
"""States in which nothing someone answered is kept."""


@dataclass(frozen=True)
class Snapshot:
    """A response as it is at one moment.

    answers   key -> value, the current answers
    stamps    key -> [epoch, sequence] of the save each current answer came with
    screens   screen -> milliseconds spent there, all visits together, where known
    listened  screen -> how often Listen was pressed there; a screen where it never was is not among them
    layout    how the options lay on its pages: 'row', 'stack', 'neutral', or several with spaces; None: not known
    waiting   answers that the device of the current sitting said it keeps, and that have not come yet
    facts     roster facts at the start; school, school_class and programme are titles, arm and wave are codes, and
              school_code, school_class_code and programme_code are codes
    seed      0..23, for the order of shuffled options
    sequence  the highest sequence saved in the current epoch; the next save's is one more
    end       (epoch, sequence) of the finish or the stop; None while the response goes on

    Of a parent with several children: household_id is the household's first response, None for itself; child the number
    of the child this is about; child_id that child, where known, and child_by how ('roster', 'typed'); parent_id who
    answers, on the rows of further children.
    """

    id: str
    study_id: int
    wave_id: int
    questionnaire: str
    sha256: str
    door_id: int | None
    participant_id: int | None
    school_id: int | None
    language: str
    mode: str
    seed: int
    facts: Mapping[str, Any]
    revision: int
    epoch: int
    first_epoch: int
    sequence: int
    answers: Mapping[str, Any]
    stamps: Mapping[str, list[int]]
    screens: Mapping[str, int]
    listened: Mapping[str, int]
    layout: str | None
    waiting: int
    assent: bool | None
    state: str
    started_at: datetime
    seen_at: datetime
    finished_at: datetime | None
    end_epoch: int | None
    end_sequence: int | None
    household_id: str | None = None
    child: int = 1
    child_id: int | None = None
    child_by: str | None = None
    parent_id: int | None = None

    @property
    def whose(self) -> int | None:
        """The participant who answers; None by an open link."""
        return self.participant_id if self.participant_id is not None else self.parent_id

    @property
    def household(self) -> str:
        """The id of the first response of its household: its own where it is the first."""
        return self.household_id or self.id

    @property
    def end(self) -> tuple[int, int] | None:
        """Where the finish or the stop stands among the saves; None while the response goes on."""
        if self.end_epoch is None or self.end_sequence is None:
            return None
        return self.end_epoch, self.end_sequence

    def takes(self, epoch: int, sequence: int) -> bool:
        """True when a save with this key is welcome: the response goes on, or ended only after it."""
        if self.state in OVER or not self.first_epoch <= epoch <= self.epoch:
            return False
        return self.end is None or (epoch, sequence) < self.end


_COLUMNS: Final = [response.c[name] for name in Snapshot.__dataclass_fields__]
_BY_ID: Final = Prepared(select(*_COLUMNS).where(response.c.id == bindparam("id")))
_BY_ID_LOCKED: Final = select(*_COLUMNS).where(response.c.id == bindparam("id")).with_for_update(key_share=True)


def load(engine: Engine, response_id: str) -> Snapshot | None:
    """Return the response with this id as it is now; None when there is none."""
    if not is_id(response_id):
        return None
    with read(engine) as connection:
        return _snapshot(_BY_ID.row(connection, {"id": response_id}))


def earlier(engine: Engine, door: Door) -> Snapshot | None:
    """Return the response begun by a personal door; None when there is none, or the door is an open one."""
    if door.participant_id is None:
        return None
    with read(engine) as connection:
        return _snapshot(
            connection.execute(
                select(*_COLUMNS).where(
                    response.c.participant_id == door.participant_id,
                    response.c.wave_id == door.wave_id,
                    response.c.questionnaire == door.questionnaire,
                )
            ).one_or_none()
        )


def locked(connection: Connection, response_id: str) -> Snapshot | None:
    """Return the response, held against every other writer until the transaction ends."""
    if not is_id(response_id):
        return None
    return _snapshot(connection.execute(_BY_ID_LOCKED, {"id": response_id}).one_or_none())


def further_children(connection: Connection, household: str) -> list[Snapshot]:
    """Return the rows of a parent's further children in which something may be kept, held like `locked`, in order."""
    query = (
        select(*_COLUMNS)
        .where(response.c.household_id == household, response.c.state.not_in(OVER))
        .order_by(response.c.child)
        .with_for_update(key_share=True)
    )
    return [Snapshot(*row) for row in connection.execute(query)]


def household_of(engine: Engine, first: Snapshot) -> list[Snapshot]:
    """Return the rows of a parent's household in which something may be kept, the first child's first."""
    query = (
        select(*_COLUMNS)
        .where(response.c.household_id == first.id, response.c.state.not_in(OVER))
        .order_by(response.c.child)
    )
    with read(engine) as connection:
        return [first, *(Snapshot(*row) for row in connection.execute(query))]


def child_row(engine: Engine, household: str, child: int) -> Snapshot | None:
    """Return the row of a further child of a household; None where there is none, or nothing of it is kept."""
    query = select(*_COLUMNS).where(
        response.c.household_id == household, response.c.child == child, response.c.state.not_in(OVER)
    )
    with read(engine) as connection:
        return _snapshot(connection.execute(query).one_or_none())


def is_id(text: str) -> bool:
    """True when a text could be the id of a response. (PostgreSQL takes no NUL, not even to compare with.)"""
    return len(text) == ID_LENGTH and text.isascii() and text.replace("-", "a").replace("_", "a").isalnum()


def _snapshot(row: Sequence[Any] | None) -> Snapshot | None:
    return None if row is None else Snapshot(*row)


def counts_for_someone() -> ColumnElement[bool]:
    """Condition on a response: it was not set aside."""
    return ~exists().where(set_aside.c.response_id == response.c.id)


# ---- for the researcher --------------------------------------------------------------------------------


class Record(NamedTuple):
    """One response for an export, with the codes of where it belongs and the title of its school.

    household: the id of the first response of its household, its own for everyone else. child, child_code, child_by:
    which of a parent's children it is about, that child's study code where known, and how it is ('roster', 'typed').

    What is known of screens stays the JSON it is stored as until it is asked for: hardly any export does. The stamps of
    a response are not read at all.
    """

    id: str
    participant: str | None
    audience: str | None
    wave: str
    arm: str | None
    programme: str | None
    school: str | None
    school_title: str | None
    school_class: str | None
    questionnaire: str
    sha256: str
    language: str
    mode: str
    layout: str | None
    epoch: int
    seed: int
    state: str
    assent: bool | None
    started_at: datetime
    seen_at: datetime
    finished_at: datetime | None
    facts: Mapping[str, Any]
    answers: Mapping[str, Any]
    stored_screens: str
    stored_listened: str
    household: str | None = None
    child: int = 1
    child_code: str | None = None
    child_by: str | None = None

    @property
    def screens(self) -> Mapping[str, int]:
        """Screen -> milliseconds spent there, all visits together, where known."""
        return dict(decode(self.stored_screens))

    @property
    def listened(self) -> Mapping[str, int]:
        """Screen -> how often Listen was pressed there."""
        return dict(decode(self.stored_listened))


_CHILD: Final = Participant.__table__.alias("child")
_RECORDS: Final = (
    select(
        response.c.id,
        Participant.code,
        Participant.audience,
        Wave.code,
        School.arm,
        Programme.code,
        School.code,
        School.title,
        SchoolClass.code,
        *[response.c[name] for name in Record._fields[9:-8]],
        type_coerce(response.c.facts, Text),
        response.c.answers,
        type_coerce(response.c.screens, Text),
        type_coerce(response.c.listened, Text),
        func.coalesce(response.c.household_id, response.c.id),
        response.c.child,
        _CHILD.c.code,
        response.c.child_by,
    )
    .select_from(response)
    .join(Wave, Wave.id == response.c.wave_id)
    .outerjoin(Participant, Participant.id == func.coalesce(response.c.participant_id, response.c.parent_id))
    .outerjoin(_CHILD, _CHILD.c.id == response.c.child_id)
    .outerjoin(School, School.id == response.c.school_id)
    .outerjoin(Programme, Programme.id == School.programme_id)
    .outerjoin(SchoolClass, SchoolClass.id == response.c.school_class_id)
    .order_by(Wave.position, School.code, SchoolClass.code, Participant.code, response.c.id)
)
_CHUNK: Final = 500


class _Facts(dict[str, Mapping[str, Any]]):
    """Stored facts -> what they say. Classmates have much the same: what was decoded for one serves the others."""

    _MOST: Final = 5_000

    def __missing__(self, stored: str) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = decode(stored)
        if len(self) < self._MOST:
            self[stored] = facts
        return facts


def stream(
    engine: Engine,
    study_id: int,
    questionnaire: str,
    waves: tuple[str, ...] | None = None,
    school_class_id: int | None = None,
) -> Iterator[Record]:
    """Yield every response to a questionnaire, whatever its state, by wave, school, class and participant.

    All of them are of one moment, and only some hundreds are in memory at a time. waves: codes; None for all.
    school_class_id: the class whose responses are wanted; None for all.
    """
    query = _chosen(_RECORDS, study_id, questionnaire, waves)
    if school_class_id is not None:
        query = query.where(response.c.school_class_id == school_class_id)
    known = _Facts()
    with engine.connect().execution_options(yield_per=_CHUNK) as connection, connection.execute(query) as rows:
        for *place, facts, answers, screens, listened, household, child, child_code, child_by in rows:
            read = (known[facts], answers, screens, listened, household, child, child_code, child_by)
            yield Record._make((*place, *read))


def count(engine: Engine, study_id: int, questionnaire: str, waves: tuple[str, ...] | None = None) -> int:
    """Return how many responses `stream` would yield."""
    counting = select(func.count()).select_from(response).join(Wave, Wave.id == response.c.wave_id)
    with read(engine) as connection:
        return connection.scalar(_chosen(counting, study_id, questionnaire, waves)) or 0


def state(connection: Connection, study_id: int) -> tuple[int, int, int]:
    """Return how many responses of a study hold nothing any more, how many there are, and how often they were saved."""
    gone = func.sum(case((response.c.state.in_(OVER), 1), else_=0))
    query = select(gone, func.count(), func.sum(response.c.revision)).where(response.c.study_id == study_id)
    over, there, saved = connection.execute(query).one()
    return int(over or 0), int(there), int(saved or 0)


def any_set_aside(engine: Engine, study_id: int, questionnaire: str, waves: tuple[str, ...] | None = None) -> bool:
    """Tell whether there are responses that `stream` leaves out because they were set aside."""
    query = (
        select(response.c.id)
        .join(Wave, Wave.id == response.c.wave_id)
        .where(response.c.study_id == study_id, response.c.questionnaire == questionnaire, ~counts_for_someone())
    )
    with read(engine) as connection:
        return connection.scalar((query if waves is None else query.where(Wave.code.in_(waves))).limit(1)) is not None


def _chosen(query: Select[Any], study_id: int, questionnaire: str, waves: tuple[str, ...] | None) -> Select[Any]:
    query = query.where(
        response.c.study_id == study_id, response.c.questionnaire == questionnaire, counts_for_someone()
    )
    return query if waves is None else query.where(Wave.code.in_(waves))
