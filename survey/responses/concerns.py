"""Concerns: texts someone typed in which a flagged word stands, until the person named to read them has done so.

A concern holds no text, only where it is: the save it came with. When the answers are deleted the text is gone, and
the concern says that it was taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from survey.audit import Act, Actor, note
from survey.database import Base, Engine, Moment, read
from survey.definition.bundle import Bundle
from survey.definition.free_text import TextReader
from survey.fieldwork.participants import Participant
from survey.fieldwork.publications import Definition, Publication
from survey.fieldwork.studies import School, SchoolClass, Study, Wave
from survey.responses.tables import response
from survey.responses.tables import save as log

OPEN: Final = "open"
SEEN: Final = "seen"
PASSED_ON: Final = "passed on"
State = Literal["open", "seen", "passed on"]

concern = Table(
    "concern",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("response_id", ForeignKey("response.id"), nullable=False, index=True),
    # Which answer, and the save that holds its text.
    Column("key", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", String, nullable=False),
    Column("seen_at", Moment, nullable=True),
    Column("seen_by", String, nullable=True),
    Column("passed_on_at", Moment, nullable=True),
    Column("passed_on_by", String, nullable=True),
    # When a mail told the reader that there is something to read.
    Column("told_at", Moment, nullable=True),
    CheckConstraint("state IN ('open', 'seen', 'passed on')", name="state"),
)


# ---- raising --------------------------------------------------------------------------------------------


def concern_row(response_id: str, key: str, epoch: int, sequence: int, at: datetime) -> dict[str, Any]:
    """Return a new concern as a row."""
    return {"response_id": response_id, "key": key, "epoch": epoch, "sequence": sequence, "at": at, "state": OPEN}


_OPEN: Final = select(concern.c.key).where(concern.c.response_id == bindparam("its_response"), concern.c.state == OPEN)
_NEWER: Final = (
    update(concern)
    .where(
        concern.c.response_id == bindparam("its_response"),
        concern.c.key == bindparam("its_key"),
        concern.c.state == OPEN,
    )
    .values(epoch=bindparam("its_epoch"), sequence=bindparam("its_sequence"))
)


def raise_concerns(
    connection: Connection, response_id: str, keys: Sequence[str], epoch: int, sequence: int, now: datetime
) -> None:
    """Raise a concern about each of these answers of a save; one that is open already points to the newer text."""
    waiting = set(connection.scalars(_OPEN, {"its_response": response_id}))
    for key in keys:
        if key in waiting:
            its = {"its_response": response_id, "its_key": key, "its_epoch": epoch, "its_sequence": sequence}
            connection.execute(_NEWER, its)
        else:
            connection.execute(insert(concern), concern_row(response_id, key, epoch, sequence, now))


# ---- who reads ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reads:
    """Who reads what people type into one questionnaire of a study."""

    study_id: int
    questionnaire: str
    reader: TextReader


def readers(db: Connection | Session, study_id: int | None = None) -> list[Reads]:
    """Return who reads, for each questionnaire that someone reads: as its newest version that names a reader says."""
    query = select(Publication.study_id, Publication.questionnaire, Publication.sha256).order_by(
        Publication.study_id, Publication.questionnaire, Publication.version
    )
    if study_id is not None:
        query = query.where(Publication.study_id == study_id)
    found = {}
    for row in db.execute(query).all():
        reader = _reader_in(db, row.sha256)
        if reader is not None:
            found[row.study_id, row.questionnaire] = Reads(row.study_id, row.questionnaire, reader)
    return list(found.values())


_known: dict[str, TextReader | None] = {}
"""SHA-256 of a text -> who reads; a published text never changes."""


def _reader_in(db: Connection | Session, sha256: str) -> TextReader | None:
    if sha256 not in _known:
        text = db.scalar(select(Definition.text).where(Definition.sha256 == sha256))
        free_text = Bundle.parse(text).free_text if text is not None else None
        _known[sha256] = free_text.reader if free_text is not None and free_text.read else None
    return _known[sha256]


def reads(db: Connection | Session, email: str) -> list[Reads]:
    """Return what the account with this address is named to read."""
    return [one for one in readers(db) if one.reader.email.casefold() == email.casefold()]


# ---- reading --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Concern:
    """One text to read. text: None when it was taken back. due: the moment until which it should have been seen."""

    id: int
    study: str
    questionnaire: str
    wave: str
    school: str | None
    school_class: str | None
    participant: str | None
    at: datetime
    state: State
    seen_at: datetime | None
    seen_by: str | None
    passed_on_at: datetime | None
    passed_on_by: str | None
    text: str | None
    due: datetime

    def overdue(self, now: datetime) -> bool:
        """Whether no one has seen it in time."""
        return self.state == OPEN and self.text is not None and now >= self.due


_CONCERNS: Final = (
    select(
        concern,
        Study.title.label("study"),
        Study.time_zone,
        response.c.study_id,
        response.c.questionnaire,
        Wave.title.label("wave"),
        School.title.label("school"),
        SchoolClass.title.label("school_class"),
        Participant.code.label("participant"),
        log.c.answers,
    )
    .join(response, response.c.id == concern.c.response_id)
    .join(Study, Study.id == response.c.study_id)
    .join(Wave, Wave.id == response.c.wave_id)
    .outerjoin(School, School.id == response.c.school_id)
    .outerjoin(SchoolClass, SchoolClass.id == response.c.school_class_id)
    .outerjoin(Participant, Participant.id == response.c.participant_id)
    .outerjoin(
        log,
        (log.c.response_id == concern.c.response_id)
        & (log.c.epoch == concern.c.epoch)
        & (log.c.sequence == concern.c.sequence),
    )
    .order_by(concern.c.at.desc(), concern.c.id.desc())
)


def concerns(db: Connection | Session, named: Sequence[Reads]) -> Iterator[Concern]:
    """Yield the concerns of these questionnaires, the newest first."""
    within = {(one.study_id, one.questionnaire): one.reader.within for one in named}
    for study_id in sorted({one.study_id for one in named}):
        for row in db.execute(_CONCERNS.where(response.c.study_id == study_id)):
            days = within.get((row.study_id, row.questionnaire))
            if days is not None:
                yield _concern(row, days)


def _concern(row: Row[Any], days: int) -> Concern:
    text = (row.answers or {}).get(row.key)
    names = Concern.__dataclass_fields__.keys() - {"text", "due"}
    its: Mapping[str, Any] = {name: getattr(row, name) for name in names}
    return Concern(
        **its, text=text if isinstance(text, str) else None, due=due_after(row.at, days, ZoneInfo(row.time_zone))
    )


def due_after(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the end of the last of so many working days (Monday to Friday) after a moment."""
    day = at.astimezone(zone)
    left = days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def overdue(engine: Engine, study_id: int, now: datetime) -> int:
    """Return how many texts of a study no one has seen in time."""
    with read(engine) as connection:
        named = readers(connection, study_id)
        return sum(one.overdue(now) for one in concerns(connection, named)) if named else 0


def mark(
    connection: Connection, id: int, state: Literal["seen", "passed on"], email: str, actor: Actor, now: datetime
) -> bool:
    """Write down that a concern was seen, or passed on to the school's safeguarding lead. Audited without its text.

    Returns False when it was so before. Raises LookupError when there is no such concern, or it is for someone else to
    read.
    """
    row = connection.execute(
        select(concern.c.state, response.c.study_id, response.c.questionnaire)
        .join(response, response.c.id == concern.c.response_id)
        .where(concern.c.id == id)
        .with_for_update(of=concern)
    ).one_or_none()
    mine = {(one.study_id, one.questionnaire) for one in reads(connection, email)}
    if row is None or (row.study_id, row.questionnaire) not in mine:
        raise LookupError("There is no such text for you to read. Go back to Texts to read.")
    if row.state in (state, PASSED_ON):
        return False
    changes: dict[str, Any] = {"state": state}
    if row.state == OPEN:
        changes |= {"seen_at": now, "seen_by": email}
    if state == PASSED_ON:
        changes |= {"passed_on_at": now, "passed_on_by": email}
    connection.execute(update(concern).where(concern.c.id == id).values(changes))
    what = "marked a flagged text as seen" if state == SEEN else "passed on a flagged text"
    note(connection, Act(actor, now), what, study_id=row.study_id, about=row.questionnaire, details={"concern": id})
    return True


# ---- telling --------------------------------------------------------------------------------------------


def untold(connection: Connection) -> dict[str, list[int]]:
    """Return, by the address of the reader, the ids of open concerns that no mail was sent about."""
    named = {(one.study_id, one.questionnaire): one.reader.email for one in readers(connection)}
    rows = connection.execute(
        select(concern.c.id, response.c.study_id, response.c.questionnaire)
        .join(response, response.c.id == concern.c.response_id)
        .where(concern.c.state == OPEN, concern.c.told_at.is_(None))
        .order_by(concern.c.id)
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        email = named.get((row.study_id, row.questionnaire))
        if email:
            found.setdefault(email, []).append(row.id)
    return found


def told(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Write down that a mail was sent about these concerns."""
    for id in ids:
        connection.execute(update(concern).where(concern.c.id == id).values(told_at=now))
