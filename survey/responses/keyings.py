"""Printed forms, and what two people read off each of them.

A paper is known by its door's code and, where the door is open to many, by its number. Two accounts key it; when they
read the same, or when their differences are settled, the paper becomes a response and what they keyed is emptied: the
response holds it then, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    Engine,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from survey.database import Base, Json, Moment, read
from survey.fieldwork.doors import Door
from survey.fieldwork.participants import Participant
from survey.fieldwork.studies import Wave
from survey.people import User
from survey.responses.begin import DOOR, facts_at_start, new_response_id
from survey.responses.bulk import PastResponse, insert_responses
from survey.responses.tables import response

paper = Table(
    "paper",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", ForeignKey("study.id"), nullable=False),
    Column("wave_id", ForeignKey("wave.id"), nullable=False),
    Column("questionnaire", String, nullable=False),
    # The text it was printed from: a newer version has other questions, and this sheet does not.
    Column("sha256", ForeignKey("definition.sha256"), nullable=False),
    Column("language", String, nullable=False),
    Column("door_id", ForeignKey("door.id"), nullable=False),
    Column("participant_id", ForeignKey("participant.id"), nullable=True, index=True),
    # 0 for a personal paper; 1, 2, … for the copies that share an open door.
    Column("number", Integer, nullable=False),
    Column("printed_at", Moment, nullable=False),
    Column("settled_at", Moment, nullable=True),
    Column("response_id", ForeignKey("response.id"), nullable=True, index=True),
    UniqueConstraint("door_id", "number"),
    Index("ix_paper_study_id", "study_id", "wave_id", "questionnaire"),
)

keying = Table(
    "keying",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("paper_id", ForeignKey("paper.id"), nullable=False),
    # 1 and 2: a third person cannot key a paper, even when three press the button at once.
    Column("turn", Integer, nullable=False),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("answers", Json, nullable=False),
    Column("assent", Boolean, nullable=True),
    Column("filled_on", Date, nullable=True),
    Column("keyed_at", Moment, nullable=False),
    Column("response_id", ForeignKey("response.id"), nullable=True, index=True),
    CheckConstraint("turn IN (1, 2)", name="turn"),
    UniqueConstraint("paper_id", "turn"),
    UniqueConstraint("paper_id", "account_id"),
)

State = Literal["printed", "entered once", "to resolve", "done"]
STATES: Final[tuple[State, ...]] = ("printed", "entered once", "to resolve", "done")


class CannotKey(ValueError):
    """A paper that cannot be keyed, or not by this person. Its text is a sentence for the person who keys."""


@dataclass(frozen=True)
class Filled:
    """What someone read off a paper. assent: None where it does not ask; on: the date written on it, if one is."""

    answers: Mapping[str, Any]
    assent: bool | None
    on: date | None


@dataclass(frozen=True)
class Keyed:
    """What one person keyed, and who that was. turn: 1 for the first, 2 for the second."""

    turn: int
    account_id: int
    email: str
    filled: Filled


@dataclass(frozen=True)
class PaperSheet:
    """A printed paper. participant: the study code; number: of a copy behind an open door, else 0."""

    id: int
    study_id: int
    wave_id: int
    wave: str
    questionnaire: str
    sha256: str
    language: str
    door_id: int
    participant_id: int | None
    participant: str | None
    number: int
    printed_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True)
class NewPaper:
    """A paper about to be printed."""

    study_id: int
    wave_id: int
    questionnaire: str
    sha256: str
    language: str
    door_id: int
    participant_id: int | None = None
    number: int = 0


@dataclass(frozen=True)
class Whereabouts:
    """Where a paper's respondent is, as a response keeps it."""

    school_id: int | None
    school_class_id: int | None
    facts: Mapping[str, Any]


# ---- printing and finding ------------------------------------------------------------------------------


def add_papers(db: Session | Connection, papers: Sequence[NewPaper], now: datetime) -> None:
    """Note papers that are printed. db: the Session or Connection that makes their doors."""
    if papers:
        db.execute(insert(paper), [{**vars(one), "printed_at": now} for one in papers])


_PAPER: Final = (
    select(
        paper.c.id,
        paper.c.study_id,
        paper.c.wave_id,
        Wave.code.label("wave"),
        paper.c.questionnaire,
        paper.c.sha256,
        paper.c.language,
        paper.c.door_id,
        paper.c.participant_id,
        Participant.code.label("participant"),
        paper.c.number,
        paper.c.printed_at,
        paper.c.settled_at,
    )
    .select_from(paper)
    .join(Wave, Wave.id == paper.c.wave_id)
    .outerjoin(Participant, Participant.id == paper.c.participant_id)
)


def paper_by_code(engine: Engine, study_id: int, code_hash: str, number: int) -> PaperSheet | None:
    """Return the paper of a study whose door has this code, and which is that copy of it; None when there is none.

    That its door is closed or ended by now does not matter: what stands on a paper was answered when it was open.
    """
    query = _PAPER.join(Door, Door.id == paper.c.door_id).where(
        paper.c.study_id == study_id, Door.code_hash == code_hash, paper.c.number == number
    )
    with read(engine) as connection:
        row = connection.execute(query).one_or_none()
    return PaperSheet(*row) if row else None


def paper_by_id(engine: Engine, study_id: int, paper_id: int) -> PaperSheet | None:
    """Return the paper of a study with this id, or None."""
    with read(engine) as connection:
        row = connection.execute(_PAPER.where(paper.c.study_id == study_id, paper.c.id == paper_id)).one_or_none()
    return PaperSheet(*row) if row else None


@dataclass(frozen=True)
class PaperState:
    """How far a paper has come. keyers: the accounts that keyed it, while it is not done."""

    paper: PaperSheet
    state: State
    keyers: tuple[int, ...]


def papers(engine: Engine, study_id: int) -> list[PaperState]:
    """Return every paper of a study, as far as it has come, the newest print first."""
    keyers: dict[int, list[int]] = {}
    with read(engine) as connection:
        rows = [PaperSheet(*row) for row in connection.execute(_OF_STUDY, {"study": study_id})]
        for paper_id, account_id in connection.execute(_KEYERS, {"study": study_id}):
            keyers.setdefault(paper_id, []).append(account_id)
    return [PaperState(one, _state(one, len(keyers.get(one.id, ()))), tuple(keyers.get(one.id, ()))) for one in rows]


_OF_STUDY: Final = _PAPER.where(paper.c.study_id == bindparam("study")).order_by(paper.c.printed_at.desc(), paper.c.id)
_KEYERS: Final = (
    select(keying.c.paper_id, keying.c.account_id)
    .join(paper, paper.c.id == keying.c.paper_id)
    .where(paper.c.study_id == bindparam("study"))
    .order_by(keying.c.turn)
)


def _state(one: PaperSheet, keyed: int) -> State:
    if one.settled_at is not None:
        return "done"
    return ("printed", "entered once", "to resolve")[keyed]


# ---- two people ----------------------------------------------------------------------------------------


def hold(connection: Connection, paper_id: int) -> None:
    """Hold a paper against everyone else until the transaction ends. Raises CannotKey when it is done or gone."""
    row = connection.execute(select(paper.c.settled_at).where(paper.c.id == paper_id).with_for_update()).one_or_none()
    if row is None:
        raise CannotKey("This form is no longer listed. Print a new one if it is still needed.")
    if row.settled_at is not None:
        raise CannotKey("The answers of this form are already stored. It does not have to be entered again.")


def keyings_of(connection: Connection, paper_id: int) -> list[Keyed]:
    """Return what was keyed of a paper, the first keying first."""
    query = (
        select(keying.c.turn, keying.c.account_id, User.email, keying.c.answers, keying.c.assent, keying.c.filled_on)
        .join(User, User.id == keying.c.account_id)
        .where(keying.c.paper_id == paper_id)
        .order_by(keying.c.turn)
    )
    return [
        Keyed(row.turn, row.account_id, row.email, Filled(row.answers, row.assent, row.filled_on))
        for row in connection.execute(query)
    ]


def may_key(before: Sequence[Keyed], account_id: int) -> None:
    """Raise CannotKey unless this account may key a paper that was keyed so far like this."""
    if any(one.account_id == account_id for one in before):
        raise CannotKey(
            "You have already entered this form. Another person has to enter it the second time, without "
            "seeing your entry."
        )
    if len(before) > 1:
        raise CannotKey(
            "Two people have already entered this form. If their entries differ, it is listed under "
            "“Differences to resolve”."
        )


def keep_keying(connection: Connection, paper_id: int, account_id: int, filled: Filled, now: datetime) -> int:
    """Keep what someone keyed of a held paper; return which turn it was, 1 or 2. Raises CannotKey."""
    before = keyings_of(connection, paper_id)
    may_key(before, account_id)
    connection.execute(
        insert(keying).values(
            paper_id=paper_id,
            turn=len(before) + 1,
            account_id=account_id,
            answers=filled.answers,
            assent=filled.assent,
            filled_on=filled.on,
            keyed_at=now,
        )
    )
    return len(before) + 1


def drop_keying(connection: Connection, paper_id: int, account_id: int) -> None:
    """Delete what one account keyed of a held paper: it is to be keyed once more."""
    connection.execute(delete(keying).where(keying.c.paper_id == paper_id, keying.c.account_id == account_id))
    connection.execute(update(keying).where(keying.c.paper_id == paper_id).values(turn=1))


def take_response(connection: Connection, one: PastResponse) -> str:
    """Add the response a paper has become; return its id.

    Raises CannotKey when its participant has begun one on a screen at this very moment; then the transaction is lost.
    """
    its_id = new_response_id()
    try:
        insert_responses(connection, [replace(one, id=its_id)])
    except IntegrityError as fault:
        raise CannotKey(f"Nothing was taken. {IS_THERE}") from fault
    return its_id


IS_THERE: Final = (
    "This person has already answered this questionnaire, on a screen or on another form. Only one can count. Put "
    "the form aside and ask a lead of the study."
)


def close_paper(connection: Connection, paper_id: int, response_id: str, now: datetime) -> None:
    """Say which response a held paper has become, and empty what was keyed of it."""
    connection.execute(update(paper).where(paper.c.id == paper_id).values(settled_at=now, response_id=response_id))
    connection.execute(
        update(keying)
        .where(keying.c.paper_id == paper_id)
        .values(answers={}, assent=None, filled_on=None, response_id=response_id)
    )


def forget_keyings(connection: Connection, participant_ids: Collection[int], wave_id: int | None = None) -> int:
    """Delete what was keyed of these participants' papers, in one wave or in all; return how many keyings.

    For anyone who withdraws: a paper that was keyed once, or is to be settled, is answered too.
    """
    gone = 0
    ids = sorted(participant_ids)
    for start in range(0, len(ids), _CHUNK):
        theirs = select(paper.c.id).where(paper.c.participant_id.in_(ids[start : start + _CHUNK]))
        if wave_id is not None:
            theirs = theirs.where(paper.c.wave_id == wave_id)
        gone += connection.execute(delete(keying).where(keying.c.paper_id.in_(theirs))).rowcount
    return gone


_CHUNK: Final = 500


# ---- the respondent ------------------------------------------------------------------------------------


def has_response(connection: Connection, one: PaperSheet) -> str | None:
    """Return the state of the response that a paper's participant has already; None when there is none."""
    if one.participant_id is None:
        return None
    return connection.scalar(
        select(response.c.state).where(
            response.c.participant_id == one.participant_id,
            response.c.wave_id == one.wave_id,
            response.c.questionnaire == one.questionnaire,
        )
    )


def answered_by(db: Session | Connection, wave_id: int, questionnaire: str) -> set[int]:
    """Return the participants who have a response to a questionnaire in a wave, whatever its state."""
    query = select(response.c.participant_id).where(
        response.c.wave_id == wave_id, response.c.questionnaire == questionnaire, response.c.participant_id.is_not(None)
    )
    return {row.participant_id for row in db.execute(query)}


def whereabouts(connection: Connection, door_id: int) -> Whereabouts:
    """Return where a paper's respondent is by the roster, or by the door where no one is known."""
    row = connection.execute(DOOR, {"door_id": door_id}).one()
    facts = facts_at_start(row.lasting_facts, row.changing_facts, row._asdict())
    return Whereabouts(row.school_id, row.school_class_id, facts)
