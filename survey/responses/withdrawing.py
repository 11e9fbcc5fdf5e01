"""Withdrawing: answers are deleted, nothing more is asked, and a certificate says so.

`withdraw` is one transaction, and so is `withdraw_together`: either all of it was done or nothing. What was deleted
 is gone from tables, charts and every export made later as soon as it returns, and from backups on the day the
certificate names.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    Engine,
    ForeignKey,
    Integer,
    String,
    Table,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from survey.audit import Act, Actor, note
from survey.database import Base, Moment, read, scrub, write
from survey.fieldwork.consent import By, Decision, How, Scope, add_decision, plan_of, today
from survey.fieldwork.doors import Door
from survey.fieldwork.finding import not_there
from survey.fieldwork.participants import Membership, Participant, linkage
from survey.fieldwork.studies import Study, Wave
from survey.problems import Explained
from survey.responses.erasing import Erased, erase, erasure, note_erased
from survey.responses.keyings import forget_keyings
from survey.responses.tables import response, set_aside

__all__ = [
    "NothingToWithdraw",
    "Withdrawal",
    "WithdrawalCertificate",
    "certificate_by_number",
    "certificate_of_response",
    "certificates_of",
    "erase",
    "erasure",
    "withdraw",
    "withdraw_together",
    "withdraw_within",
    "withdrawn_again",
]

certificate = Table(
    "certificate",
    Base.metadata,
    Column("number", String, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("study_id", ForeignKey("study.id"), nullable=False, index=True),
    # Whose it is stands here only as long as the study's data: the certificate outlives them.
    Column("participant_id", ForeignKey("participant.id"), nullable=True, index=True),
    Column("response_id", ForeignKey("response.id"), nullable=True, index=True),
    Column("scope", String, nullable=False),
    Column("wave_id", ForeignKey("wave.id"), nullable=True),
    Column("responses", Integer, nullable=False),
    Column("decided_by", String, nullable=False),
    Column("backups_gone_on", Date, nullable=False),
    CheckConstraint("scope IN ('wave', 'future', 'all')", name="scope"),
)

DEFAULT_BACKUPS: Final = 35
"""Days after which backups are gone, for a study whose file was never published."""

# No 0, 1, I, L, O: they are read for one another, and a certificate is read out on the phone.
_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class NothingToWithdraw(Explained, LookupError):
    """There is no one, and no response, to withdraw."""


@dataclass(frozen=True)
class WithdrawalCertificate:
    """What was done for someone who withdrew. It holds no answer.

    participant      study code; empty for a response by an open link, of which no one knows whose it is
    response         id of the response, where only that was taken back
    scope, wave      how far: 'wave' (the wave's code), 'future', 'all'
    responses        how many responses held answers that were deleted
    by               who decided: parent, self or school
    backups_gone_on  the first day on which no backup holds the answers any more
    """

    number: str
    at: datetime
    study: str
    study_title: str
    participant: str
    response: str | None
    scope: Scope
    wave: str
    responses: int
    by: By
    backups_gone_on: date


@dataclass(frozen=True)
class _StudyWithdrawal:
    id: int
    code: str
    time_zone: str


@dataclass(frozen=True)
class _Coded:
    """A participant or a wave: its id and its code."""

    id: int
    code: str


@dataclass(frozen=True)
class _Target:
    """Who or what withdraws."""

    study: _StudyWithdrawal
    participant: _Coded | None
    response: str | None
    scope: Scope
    wave: _Coded | None

    @property
    def key(self) -> dict[str, Any]:
        """What a certificate says of it."""
        return {
            "study_id": self.study.id,
            "participant_id": self.participant.id if self.participant else None,
            "response_id": self.response,
            "scope": self.scope,
            "wave_id": self.wave.id if self.wave else None,
        }


def withdraw(engine: Engine, wish: Withdrawal, actor: Actor, now: datetime) -> WithdrawalCertificate:
    """Withdraw a participant, or the response someone holds a receipt of. Returns the certificate.

    scope 'wave': all that was answered in that wave is deleted, and nothing more is asked in it. 'future': what was
    answered stays, and nothing more is asked. 'all': every answer and every fact about the participant is deleted,
    and nothing more is asked. Of a response by an open link no one knows whose it is: that response is deleted.
    Doing it again gives the same certificate.

    Raises NothingToWithdraw, StoreFull, StoreBusy.
    """
    return withdraw_together(engine, [wish], actor, now)[0]


@dataclass(frozen=True)
class Withdrawal:
    """One withdrawal: of a participant, or of the response that a receipt stands for.

    wave: its code, needed for scope 'wave' unless the response says it. given_on: the day it was said, by default
    today. how, sheet_version, parent: as a decision has them.
    """

    scope: Scope
    by: By
    participant_id: int | None = None
    response_id: str | None = None
    wave: str | None = None
    given_on: date | None = None
    how: How | None = None
    sheet_version: int | None = None
    parent: str | None = None


def withdraw_together(
    engine: Engine, wishes: Sequence[Withdrawal], actor: Actor, now: datetime
) -> list[WithdrawalCertificate]:
    """Do several withdrawals as `withdraw` does one: all of them, or, when one fails, none. Returns their certificates.

    A parent who withdraws three children has said one thing. Raises NothingToWithdraw, StoreFull, StoreBusy.
    """
    with write(engine) as connection:
        done = [withdraw_within(connection, wish, actor, now) for wish in wishes]
    scrub(engine)
    return done


def withdraw_within(connection: Connection, wish: Withdrawal, actor: Actor, now: datetime) -> WithdrawalCertificate:
    """Do what `withdraw` does within a transaction. Call `survey.database.scrub` when that is done.

    Raises NothingToWithdraw, and BadDecision for a day, a sheet or a parent that no decision could have.
    """
    target = _target(connection, wish.participant_id, wish.response_id, wish.scope, wish.wave)
    said = Decision(
        "withdrawn",
        wish.by,
        wish.given_on or today(target.study.time_zone, now),
        target.scope,
        target.wave.code if target.wave else None,
        wish.how,
        wish.sheet_version,
        wish.parent,
    )
    held = erase(connection, _to_erase(connection, target), now, "withdrawn", scope=target.scope)
    told = _take_out(connection, target, said, actor, now, "withdrawn") if target.participant else held > 0
    earlier = _same(connection, target)
    if earlier is not None and not held and not told:
        return earlier
    return _certify(connection, target, held, wish.by, actor, now)


def _target(
    connection: Connection, participant_id: int | None, response_id: str | None, scope: Scope, wave: str | None
) -> _Target:
    wave_id = None
    if response_id is not None:
        found = connection.execute(
            select(response.c.study_id, response.c.participant_id, response.c.wave_id).where(
                response.c.id == response_id
            )
        ).one_or_none()
        if found is None:
            raise NothingToWithdraw("There is no such response.")
        participant_id, wave_id, study_id = found.participant_id, found.wave_id, found.study_id
        if participant_id is None:
            return _Target(
                _study(connection, study_id), None, response_id, "wave", _wave(connection, study_id, wave_id)
            )
    person = connection.execute(
        select(Participant.id, Participant.code, Participant.study_id)
        .where(Participant.id == participant_id)
        # Anyone who begins to answer at this moment waits, and is then refused.
        .with_for_update(key_share=True)
    ).one_or_none()
    if person is None:
        raise NothingToWithdraw("There is no such participant.")
    one = _wave(connection, person.study_id, wave_id, wave) if scope == "wave" else None
    return _Target(_study(connection, person.study_id), _Coded(person.id, person.code), None, scope, one)


def _study(connection: Connection, study_id: int) -> _StudyWithdrawal:
    row = connection.execute(select(Study.id, Study.code, Study.time_zone).where(Study.id == study_id)).one()
    return _StudyWithdrawal(row.id, row.code, row.time_zone)


def _wave(connection: Connection, study_id: int, wave_id: int | None, code: str | None = None) -> _Coded:
    query = select(Wave.id, Wave.code).where(Wave.study_id == study_id)
    query = query.where(Wave.code == code) if code is not None else query.where(Wave.id == wave_id)
    found = connection.execute(query).one_or_none()
    if found is None:
        known = connection.scalars(select(Wave.code).where(Wave.study_id == study_id))
        raise NothingToWithdraw(not_there("wave", code or "", known))
    return _Coded(found.id, found.code)


def _to_erase(connection: Connection, target: _Target) -> Sequence[str]:
    if target.participant is None:
        household = or_(response.c.id == target.response, response.c.household_id == target.response)
        query = select(response.c.id).where(household, response.c.state != "withdrawn")
        return connection.scalars(query).all()
    if target.scope == "future":
        return []
    aside = select(set_aside.c.response_id).where(set_aside.c.participant_id == target.participant.id)
    query = select(response.c.id).where(
        or_(
            response.c.participant_id == target.participant.id,
            response.c.parent_id == target.participant.id,
            response.c.id.in_(aside),
        )
    )
    if target.wave is not None:
        query = query.where(response.c.wave_id == target.wave.id, response.c.state != "withdrawn")
    return connection.scalars(query).all()


def _take_out(
    connection: Connection, target: _Target, said: Decision, actor: Actor, now: datetime, reason: str
) -> bool:
    """Ask a participant nothing more: the ledger, the doors, the facts. Returns False when the ledger had it before."""
    person, wave = target.participant, target.wave
    assert person is not None
    new = add_decision(connection, target.study, person.id, said, actor, now)
    doors = update(Door).where(Door.participant_id == person.id, Door.ended_at.is_(None))
    if wave is not None:
        doors = doors.where(Door.wave_id == wave.id)
    connection.execute(doors.values(ended_at=now))
    # A paper that one person has keyed so far is an answer, too.
    forget_keyings(connection, [person.id], wave.id if wave is not None else None)
    if target.scope != "future":
        _no_longer_about(connection, person.id, wave.id if wave is not None else None)
    if target.scope == "all":
        _forget(connection, person.id)
    if new:
        gone = Erased(target.study.code, "participant", person.code, target.scope, wave.code if wave else "")
        note_erased(connection, gone, reason, now)
    return new


def _no_longer_about(connection: Connection, participant_id: int, wave_id: int | None) -> None:
    """Take a child's study code from what a parent answered: the answers stay the parent's, about no known child."""
    about = update(response).where(response.c.child_id == participant_id)
    if wave_id is not None:
        about = about.where(response.c.wave_id == wave_id)
    changes = {"child_id": None, "child_by": None, "school_class_id": None, "revision": response.c.revision + 1}
    connection.execute(about.values(changes))


def _forget(connection: Connection, participant_id: int) -> None:
    """Delete what the roster says about a participant; the code stays, so that no one is asked again."""
    connection.execute(update(Participant).where(Participant.id == participant_id).values(facts={}))
    connection.execute(update(Membership).where(Membership.participant_id == participant_id).values(facts={}))
    connection.execute(delete(linkage).where(linkage.c.participant_id == participant_id))


def _certify(
    connection: Connection, target: _Target, held: int, by: By, actor: Actor, now: datetime
) -> WithdrawalCertificate:
    plan = plan_of(connection, target.study.id)
    days = plan.retention.backups if plan else DEFAULT_BACKUPS
    values = {
        **target.key,
        "number": _new_number(connection),
        "at": now,
        "responses": held,
        "decided_by": by,
        "backups_gone_on": today(target.study.time_zone, now) + timedelta(days=days),
    }
    connection.execute(insert(certificate).values(**values))
    details: dict[str, int | str | bool | None] = {
        "scope": target.scope, "wave": target.wave.code if target.wave else "", "by": by, "responses": held,
        "certificate": values["number"],
    }  # fmt: skip
    about = target.participant.code if target.participant else "a response by an open link"
    note(connection, Act(actor, now), "withdrew", study_id=target.study.id, about=about, details=details)
    found = _one(connection, values["number"])
    assert found is not None
    return found


def _new_number(connection: Connection) -> str:
    """Return a number no one can guess: anyone who has it may read the certificate."""
    while True:
        signs = "".join(secrets.choice(_SIGNS) for _ in range(12))
        number = f"W-{signs[:4]}-{signs[4:8]}-{signs[8:]}"
        if _one(connection, number) is None:
            return number


def withdrawn_again(engine: Engine, gone: Erased, now: datetime, actor: Actor) -> int:
    """Do once more what a line of the list of erasures says, after an older backup was restored.

    Returns how many responses held answers. What the backup does not know needs nothing. A line about a participant
    is done as their withdrawal was, without a second certificate.
    """
    with write(engine) as connection:
        study_id = connection.scalar(select(Study.id).where(Study.code == gone.study))
        held = 0
        if study_id is not None and gone.kind == "response":
            known = _known(connection, study_id, gone.key)
            held = erase(connection, known, now, "restored backup", scope=gone.scope or "wave")
        elif study_id is not None and gone.kind == "participant":
            held = _participant_again(connection, study_id, gone, now, actor)
    scrub(engine)
    return held


def _known(connection: Connection, study_id: int, response_id: str) -> Sequence[str]:
    query = select(response.c.id).where(response.c.id == response_id, response.c.study_id == study_id)
    return connection.scalars(query.where(response.c.state != "withdrawn")).all()


def _participant_again(connection: Connection, study_id: int, gone: Erased, now: datetime, actor: Actor) -> int:
    person_id = connection.scalar(
        select(Participant.id).where(Participant.study_id == study_id, Participant.code == gone.key)
    )
    if person_id is None or gone.scope not in ("wave", "future", "all"):
        return 0
    target = _target(connection, person_id, None, gone.scope, gone.wave or None)  # type: ignore[arg-type]
    held = erase(connection, _to_erase(connection, target), now, "restored backup", scope=gone.scope)
    day = today(target.study.time_zone, now)
    said = Decision("withdrawn", "self", day, target.scope, target.wave.code if target.wave else None)
    _take_out(connection, target, said, actor, now, "restored backup")
    return held


# ---- certificates --------------------------------------------------------------------------------------

_CERTIFICATES: Final = (
    select(
        certificate.c.number,
        certificate.c.at,
        Study.code.label("study"),
        Study.title.label("study_title"),
        func.coalesce(Participant.code, "").label("participant"),
        certificate.c.response_id.label("response"),
        certificate.c.scope,
        func.coalesce(Wave.code, "").label("wave"),
        certificate.c.responses,
        certificate.c.decided_by.label("by"),
        certificate.c.backups_gone_on,
    )
    .select_from(certificate)
    .join(Study, Study.id == certificate.c.study_id)
    .outerjoin(Participant, Participant.id == certificate.c.participant_id)
    .outerjoin(Wave, Wave.id == certificate.c.wave_id)
    .order_by(certificate.c.at.desc(), certificate.c.number)
)


def _one(connection: Connection, number: str) -> WithdrawalCertificate | None:
    row = connection.execute(_CERTIFICATES.where(certificate.c.number == number)).one_or_none()
    return WithdrawalCertificate(**row._asdict()) if row else None


def _same(connection: Connection, target: _Target) -> WithdrawalCertificate | None:
    same = [certificate.c[name].is_not_distinct_from(value) for name, value in target.key.items()]
    row = connection.execute(_CERTIFICATES.where(*same).limit(1)).one_or_none()
    return WithdrawalCertificate(**row._asdict()) if row else None


def certificate_by_number(engine: Engine, number: str) -> WithdrawalCertificate | None:
    """Return the certificate with this number, however it was typed; None when there is none."""
    signs = "".join(sign for sign in number[:60].upper() if sign.isascii() and sign.isalnum())
    if len(signs) != 13 or not signs.startswith("W"):
        return None
    with read(engine) as connection:
        return _one(connection, f"W-{signs[1:5]}-{signs[5:9]}-{signs[9:]}")


def certificate_of_response(engine: Engine, response_id: str) -> WithdrawalCertificate | None:
    """Return the newest certificate by which a response was deleted; None when there is none."""
    with read(engine) as connection:
        found = connection.execute(
            select(response.c.participant_id, response.c.wave_id).where(response.c.id == response_id)
        ).one_or_none()
        if found is None:
            return None
        about = certificate.c.response_id == response_id
        if found.participant_id is not None:
            reached = (certificate.c.scope == "all") | (certificate.c.wave_id == found.wave_id)
            about = (certificate.c.participant_id == found.participant_id) & reached
        row = connection.execute(_CERTIFICATES.where(about).limit(1)).one_or_none()
        return WithdrawalCertificate(**row._asdict()) if row else None


def certificates_of(db: Connection | Session, study_id: int) -> list[WithdrawalCertificate]:
    """Return a study's certificates, the newest first."""
    rows = db.execute(_CERTIFICATES.where(certificate.c.study_id == study_id))
    return [WithdrawalCertificate(**row._asdict()) for row in rows]
