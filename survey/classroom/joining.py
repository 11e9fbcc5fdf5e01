"""Joining a class session: by the QR code of a card, by number and pictures, or let in by the teacher.

Without cards, by the class code alone.

Wrong tries are counted for the device and the address as those of any typed code are (survey/people/attempts.py), and
besides for the card, the class session and the whole site. No school's address is ever blocked.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from survey.classroom.cards import CardFace, IssuedCard, face_of, issued
from survey.classroom.members import asked_in
from survey.classroom.sessions import LONGEST, ClassSession, by_id, is_open, state_of
from survey.classroom.tables import card, class_session, help_given, let_in, sitting
from survey.database import Engine, read, write
from survey.fieldwork.consent.study import plan_of
from survey.fieldwork.doors import (
    LESSON_SYLLABLES,
    Door,
    NewDoorWithoutKey,
    door_without_key,
    hash_of_code,
    hash_of_token,
    unused_code,
)
from survey.people.attempts import (
    WINDOW,
    Limit,
    count_wrong,
    counter,
    forget_old_tries,
    forget_tries,
    held_until,
    waiting_keys,
    waits_until,
)
from survey.responses.late import PAPER

log = logging.getLogger("survey")

_MINUTE: Final = timedelta(minutes=1)

CARD: Final = Limit(5, _MINUTE, _MINUTE, WINDOW, in_a_row=False)
CARD_IN_SESSION: Final = Limit(10, LONGEST, LONGEST, LONGEST, in_a_row=False)
"""After ten wrong tries a card is locked until the teacher lets the child in: one of 2,074 guesses finds it by then."""

SESSION: Final = Limit(60, LONGEST, LONGEST, WINDOW, in_a_row=False)
SESSION_IN_ALL: Final = Limit(120, LONGEST, LONGEST, LONGEST, in_a_row=False)
"""Then no more cards are looked at until the teacher changes the class code; QR codes and letting in still work."""

SITE: Final = Limit(2000, timedelta(0), timedelta(0), timedelta(hours=1), in_a_row=False)
"""No one waits for these; the server's log has a line for whoever looks after it."""

How = Literal["qr", "pictures", "let in", "class code"]

_CODE_LENGTH: Final = 12
"""So much of a code's hash says that a device came by the code the class session has now, not by an earlier one."""


@dataclass(frozen=True)
class Joined:
    """A device that may answer: its sitting, and the door its child comes in by."""

    sitting: int
    door: int


@dataclass(frozen=True)
class TurnedAway:
    """Why a device did not get in.

    why   'wrong': there is no such class session, it is closed, or card and pictures do not belong together;
          'wait': it was too early to look, until `until`; 'ask': the teacher has to let the child in
    """

    why: Literal["wrong", "wait", "ask"]
    until: datetime | None = None


class FoundByCode(NamedTuple):
    """What a class code opens: a class session, and by which of its codes (the beginning of the code's hash).

    with_cards: whether its children have cards
    """

    class_session: int
    code: str
    with_cards: bool = True


@dataclass(frozen=True)
class TriedCard:
    """What was typed and chosen: the class session the code led to, the number, and the pictures in order.

    device: limits of the device and the address it counts for, by their keys. before: the sitting the device had.
    """

    found: FoundByCode
    number: int
    pictures: tuple[str, ...]
    device: Mapping[str, Limit] = field(default_factory=dict)
    before: int | None = None


# ---- by number and pictures --------------------------------------------------------------------------------


def session_by_code(engine: Engine, typed: str, key: bytes, now: datetime) -> FoundByCode | None:
    """Return the class session a typed class code opens; None when it is wrong, or of one that is over."""
    hashed = hash_of_code(typed, key)
    query = select(class_session.c.id, class_session.c.door_id).where(
        class_session.c.code_hash == hashed, *is_open(now)
    )
    with read(engine) as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else FoundByCode(row.id, hashed[:_CODE_LENGTH], row.door_id is None)


def session_of(engine: Engine, sitting_id: int, now: datetime) -> FoundByCode | None:
    """Return what the class code opens that a device came in by, or would have; None when it may not answer there now.

    So a device that is handed on needs no class code for the next card.
    """
    query = (
        select(class_session.c.id, class_session.c.code_hash, class_session.c.door_id)
        .join(sitting, sitting.c.class_session_id == class_session.c.id)
        .where(sitting.c.id == sitting_id, sitting.c.closed_at.is_(None), *is_open(now))
    )
    with read(engine) as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else FoundByCode(row.id, (row.code_hash or "")[:_CODE_LENGTH], row.door_id is None)


def join_by_pictures(engine: Engine, tried: TriedCard, secret: bytes, now: datetime) -> Joined | TurnedAway:
    """Let a device in when number and pictures are those of a card of the class.

    secret: the application's key for counting tries. Tries for one card are looked at one after the other, and a number
    without a card takes the same way as one with a card. A right try forgets the wrong ones of card and device.
    """
    with write(engine) as connection:
        it = by_id(connection, tried.found.class_session)
        limits = _limits(secret, tried)
        forget_old_tries(connection, now)
        held = _held(connection, limits, now)
        if held is not None:
            return held
        found = _with_pictures(connection, tried, it, now)
        if found is not None:
            assert it is not None
            forget_tries(connection, [*limits.card, *tried.device])
            return _seat(connection, it, found, "pictures", tried.before, now)
        for key in count_wrong(connection, limits.all, now):
            if key in limits.alarming:
                log.warning("Many wrong tries at class codes and cards: %s", limits.alarming[key])
        return TurnedAway("wrong")


@dataclass(frozen=True)
class _Limits:
    """The limits a try counts for, by their keys."""

    device: Mapping[str, Limit]
    card: Mapping[str, Limit]
    session: Mapping[str, Limit]
    site: Mapping[str, Limit]

    @property
    def all(self) -> dict[str, Limit]:
        return {**self.device, **self.card, **self.session, **self.site}

    @property
    def alarming(self) -> dict[str, str]:
        """Keys of the limits that someone should hear of, and what they mean."""
        found = dict.fromkeys(self.site, "2,000 in an hour on the whole site")
        found |= dict.fromkeys(self.session, "one class session takes no more, until its code is changed")
        return found | {key: "one address" for key, limit in self.device.items() if limit.free >= 300}


def _limits(secret: bytes, tried: TriedCard) -> _Limits:
    session_id, code, _ = tried.found
    return _Limits(
        tried.device,
        {
            _card_key(secret, session_id, tried.number, "ten minutes"): CARD,
            _card_key(secret, session_id, tried.number, "session"): CARD_IN_SESSION,
        },
        {
            _session_key(secret, session_id, code, "ten minutes"): SESSION,
            _session_key(secret, session_id, code, "session"): SESSION_IN_ALL,
        },
        {counter(secret, "site"): SITE},
    )


def _card_key(secret: bytes, session_id: int, number: int, what: str) -> str:
    return counter(secret, "card", str(session_id), str(number), what)


def _session_key(secret: bytes, session_id: int, code: str, what: str) -> str:
    return counter(secret, "class session", str(session_id), code, what)


def _held(connection: Connection, limits: _Limits, now: datetime) -> TurnedAway | None:
    until = held_until(connection, [*limits.device, *limits.card, *limits.session], now)
    if until is None:
        return None
    return TurnedAway("ask") if until - now > timedelta(minutes=10) else TurnedAway("wait", until)


def _with_pictures(
    connection: Connection, tried: TriedCard, it: ClassSession | None, now: datetime
) -> IssuedCard | None:
    """Return the card that was tried; None when it is not right. Every try looks at as much."""
    query = select(*_CARD_COLUMNS).where(
        card.c.school_class_id == (it.school_class_id if it else 0), card.c.number == tried.number
    )
    row = connection.execute(query).one_or_none()
    right = hmac.compare_digest(row.pictures if row else " ".join("????"), " ".join(tried.pictures))
    if not right or row is None or it is None or not it.with_cards or state_of(it, now) == "ended":
        return None
    if not (it.code_hash or "").startswith(tried.found.code):
        return None  # the class code has been changed since
    found = _issued(row)
    return found if _is_asked(connection, it, found) else None


_CARD_COLUMNS: Final = (card.c.id, card.c.participant_id, card.c.number, card.c.pictures, card.c.issued_at)


def _issued(row: Any) -> IssuedCard:
    return IssuedCard(row.id, row.participant_id, face_of(row.number, row.pictures), row.issued_at)


def _is_asked(connection: Connection, it: ClassSession, found: IssuedCard) -> bool:
    plan = plan_of(connection, it.study_id)
    there = asked_in(connection, plan, it.place, it.questionnaire) if plan else []
    return any(one.id == found.participant_id for one in there)


def locked_cards(
    connection: Connection, session_id: int, numbers: Iterable[int], secret: bytes, now: datetime
) -> set[int]:
    """Return the numbers of cards that were tried wrongly so often that only the teacher can let their child in."""
    keys = {_card_key(secret, session_id, number, "session"): number for number in numbers}
    return {keys[key] for key in waiting_keys(connection, keys, now)}


def joins_are_held(engine: Engine, it: ClassSession, secret: bytes, now: datetime) -> bool:
    """Tell whether a class session looks at no more cards until its code is changed."""
    code = (it.code_hash or "")[:_CODE_LENGTH]
    keys = [_session_key(secret, it.id, code, what) for what in ("ten minutes", "session")]
    return waits_until(engine, keys, now) is not None


def unlock(connection: Connection, session_id: int, number: int, secret: bytes) -> None:
    """Forget the wrong tries at a card."""
    forget_tries(connection, [_card_key(secret, session_id, number, what) for what in ("ten minutes", "session")])


# ---- by a QR code ------------------------------------------------------------------------------------------


def join_by_token(engine: Engine, token: str, before: int | None, now: datetime) -> Joined | None:
    """Let a device in by the QR code of a card, or by the one a teacher shows; None when it opens nothing now.

    before: the sitting the device had.
    """
    by_teacher = let_in.c.token_hash == hash_of_token(token)
    with write(engine) as connection:
        shown = _let_in(connection, by_teacher, before, now)
        if shown is not None:
            return shown
        row = connection.execute(select(*_CARD_COLUMNS).where(card.c.token_hash == hash_of_token(token))).one_or_none()
        if row is None:
            return None
        found = _issued(row)
        for session_id in connection.scalars(
            select(class_session.c.id)
            .join(card, card.c.school_class_id == class_session.c.school_class_id)
            .where(card.c.id == found.id, class_session.c.door_id.is_(None), *is_open(now))
            .order_by(class_session.c.id.desc())
        ).all():
            it = by_id(connection, session_id)
            if it is not None and _is_asked(connection, it, found):
                return _seat(connection, it, found, "qr", before, now)
    return None


def join_by_shown_code(engine: Engine, typed: str, key: bytes, before: int | None, now: datetime) -> Joined | None:
    """Let a device in by the code a teacher shows for one child; None when it opens nothing."""
    with write(engine) as connection:
        return _let_in(connection, let_in.c.code_hash == hash_of_code(typed, key), before, now)


def _not_over(connection: Connection, session_id: int, now: datetime) -> ClassSession | None:
    """Return a class session; None where it has ended, or there is none."""
    it = by_id(connection, session_id)
    return None if it is None or state_of(it, now) == "ended" else it


def _let_in(connection: Connection, condition: ColumnElement[bool], before: int | None, now: datetime) -> Joined | None:
    row = connection.execute(
        select(let_in.c.id, let_in.c.class_session_id, *_CARD_COLUMNS[1:], card.c.id.label("card_id"))
        .join(card, card.c.id == let_in.c.card_id)
        .where(condition)
        .with_for_update()
    ).one_or_none()
    it = _not_over(connection, row.class_session_id, now) if row else None
    if row is None or it is None:
        return None
    connection.execute(delete(let_in).where(let_in.c.id == row.id))
    found = IssuedCard(row.card_id, row.participant_id, face_of(row.number, row.pictures), row.issued_at)
    return _seat(connection, it, found, "let in", before, now)


@dataclass(frozen=True)
class ShownWay:
    """A way in for the teacher's screen: the token of a QR code and the same as a typed code. Kept nowhere."""

    face: CardFace
    token: str
    code: str


def show_way_in(connection: Connection, session_id: int, number: int, key: bytes, now: datetime) -> ShownWay | None:
    """Make a way in for one child, good once and in this class session only; the one shown before stops working.

    key: the application's key for codes. None when the class session is over or has no such card.
    """
    it = _not_over(connection, session_id, now)
    if it is None:
        return None
    found = next((one for one in issued(connection, it.school_class_id) if one.face.number == number), None)
    if found is None:
        return None
    token, code = secrets.token_urlsafe(16), unused_code(connection, LESSON_SYLLABLES, key)
    connection.execute(delete(let_in).where(let_in.c.class_session_id == session_id, let_in.c.card_id == found.id))
    row = {"class_session_id": session_id, "card_id": found.id, "token_hash": hash_of_token(token)}
    connection.execute(insert(let_in).values(**row, code_hash=code.hash, made_at=now))
    return ShownWay(found.face, token, code.code)


# ---- without cards -----------------------------------------------------------------------------------------


def join_without_card(engine: Engine, session_id: int, before: int | None, now: datetime) -> Joined | None:
    """Let a device in for one more child of a class session without cards; None when it is over, or has cards.

    before: the sitting the device had.
    """
    with write(engine) as connection:
        it = _not_over(connection, session_id, now)
        if it is None or it.door_id is None:
            return None
        return _sit_down(connection, _NewSitting(it.id, None, it.door_id, "class code"), before, now)


# ---- a device and its child --------------------------------------------------------------------------------


def _seat(
    connection: Connection, it: ClassSession, found: IssuedCard, how: How, before: int | None, now: datetime
) -> Joined:
    """Let a device answer for a card."""
    if how == "let in":
        # The teacher looked: whatever other device was in with this card is out.
        others = sitting.c.card_id == found.id, sitting.c.closed_at.is_(None)
        connection.execute(update(sitting).where(*others).values(closed_at=now))
    door = door_of(connection, it, found)
    return _sit_down(connection, _NewSitting(it.id, found.id, door, how), before, now)


class _NewSitting(NamedTuple):
    class_session_id: int
    card_id: int | None
    door_id: int
    how: How


def _sit_down(connection: Connection, new: _NewSitting, before: int | None, now: datetime) -> Joined:
    """Begin a sitting. The one the device had before ends: whoever had it has given it away."""
    if before is not None:
        connection.execute(update(sitting).where(sitting.c.id == before).values(closed_at=now))
    row = {**new._asdict(), "joined_at": now}
    made = connection.execute(insert(sitting).values(row).returning(sitting.c.id)).scalar_one()
    return Joined(made, new.door_id)


def door_of(connection: Connection, it: ClassSession, found: IssuedCard) -> int:
    """Return the personal door of a child in a class session, made when it is first needed."""
    there = select(Door.id).where(
        Door.participant_id == found.participant_id,
        Door.wave_id == it.wave_id,
        Door.questionnaire == it.questionnaire,
        Door.ended_at.is_(None),
        Door.id.in_(select(sitting.c.door_id).where(sitting.c.class_session_id == it.id)),
    )
    known = connection.scalar(there.limit(1))
    if known is not None:
        return known
    person = NewDoorWithoutKey(found.participant_id, it.questionnaire, it.school_id, it.school_class_id)
    return door_without_key(connection, it.study_id, it.wave_id, person)


Seat = Literal["open", "paused", "closed", "ended"]


def seat_of(engine: Engine, sitting_id: int, now: datetime) -> Seat:
    """Return whether a device in a class session may answer.

    'open'; 'paused': the class waits; 'closed': not with this device any more; 'ended': the class session is over.
    """
    query = (
        select(sitting.c.closed_at, class_session.c.ended_at, class_session.c.ends_by, class_session.c.paused_at)
        .join(class_session, class_session.c.id == sitting.c.class_session_id)
        .where(sitting.c.id == sitting_id)
    )
    with read(engine) as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return "closed"
    state = state_of(row, now)
    if state == "ended":
        return "ended"
    return "closed" if row.closed_at is not None else state


def mode_of(engine: Engine, sitting_id: int) -> str | None:
    """Return how the child of a sitting answers on a device, as the teacher said of the child, or else of the class.

    None when nothing was said.
    """
    query = (
        select(func.coalesce(help_given.c.mode, class_session.c.mode))
        .join(class_session, class_session.c.id == sitting.c.class_session_id)
        .outerjoin(
            help_given,
            (sitting.c.class_session_id == help_given.c.class_session_id)
            & (sitting.c.card_id == help_given.c.card_id)
            & (help_given.c.mode != PAPER),
        )
        .where(sitting.c.id == sitting_id)
    )
    with read(engine) as connection:
        mode: str | None = connection.scalar(query)
    return mode


def has_begun(engine: Engine, sitting_id: int, response_id: str) -> None:
    """Keep which response a device answers."""
    with write(engine) as connection:
        connection.execute(update(sitting).where(sitting.c.id == sitting_id).values(response_id=response_id))
