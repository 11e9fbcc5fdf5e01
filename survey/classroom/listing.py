"""The teacher's list of a class session: each card with how far its child is, in words and counts. Never an answer.

Without cards: how many devices are how far.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from survey.classroom.cards import IssuedCard, issued
from survey.classroom.joining import locked_cards
from survey.classroom.members import asked_in, members
from survey.classroom.sessions import ClassSession
from survey.classroom.tables import card, help_given, sitting
from survey.database import Engine, read
from survey.fieldwork.consent import standings
from survey.fieldwork.consent.study import plan_of
from survey.progress.tables import reason
from survey.responses.late import PAPER
from survey.responses.tables import response, set_aside

IDLE: Final = timedelta(minutes=5)
"""So long without an answer, and a child may need the teacher."""

TITLES: Final[dict[str, str]] = {
    "two devices": "On two devices",
    "locked": "Locked after wrong tries",
    "waiting": "Waiting to send",
    "idle": "No answer for some minutes",
    "not started": "Not started",
    "first page": "On the first page",
    "answering": "Answering",
    "finished": "Finished",
    "stopped": "Stopped",
    "absent": "Absent",
    "refused": "Does not want to",
    "excused": "Excused",
    "left": "Left the school",
    "other": "Other reason",
    PAPER: "On paper",
    "no consent": "Not taking part",
    "handed on": "Not finished, device handed on",
}
"""What each state is called, in the order of the list: cards that need the teacher first.

'waiting': the device has said that it keeps answers which have not all come. One that has no network at all is silent
and cannot say so: it is one of 'idle' (docs/decisions/0029).
"""

NEEDS_YOU: Final = frozenset({"two devices", "locked", "waiting", "idle"})

Count = Callable[[str, str, Mapping[str, Any], Mapping[str, Any]], tuple[int, int]]
"""Counts questions from (SHA-256 of the definition, language, answers, facts): how many are answered, of how many."""


@dataclass(frozen=True)
class CardState:
    """How far the child with a card is.

    state     one of TITLES
    answered  questions answered, of `of` the child is asked; None unless they are answering or have stopped
    minutes   since the last answer, for 'waiting' and 'idle'
    mode      how the child answers, where the teacher said so
    begun     whether there are answers that can be given to another child, or set aside
    """

    number: int
    state: str
    answered: int | None = None
    of: int | None = None
    minutes: int | None = None
    mode: str | None = None
    begun: bool = False


@dataclass(frozen=True)
class AsideState:
    """Answers of a class session's questionnaire that were set aside: from which card, when, and why."""

    response: str
    number: int
    at: datetime
    reason: str


@dataclass(frozen=True)
class ClassList:
    """A class session's list: its cards, the answers set aside, and how many children have no card yet.

    devices: without cards, how many are in each state; one that went from hand to hand counts for each child.
    """

    cards: tuple[CardState, ...]
    aside: tuple[AsideState, ...]
    without_card: int
    devices: Mapping[str, int] = field(default_factory=dict)

    def count(self, state: str) -> int:
        """Return how many cards, or devices, are in a state."""
        return sum(one.state == state for one in self.cards) + self.devices.get(state, 0)

    def card(self, number: int) -> CardState | None:
        """Return the state of the card with this number; None when no child of the list has it."""
        return next((one for one in self.cards if one.number == number), None)


def class_list(engine: Engine, it: ClassSession, secret: bytes, count: Count, now: datetime) -> ClassList:
    """Return the list of a class session: cards that need the teacher first, then by state and number.

    secret: the application's key for counting tries. A child who said no counts as finished: that is between the child
    and the study.
    """
    with read(engine) as connection:
        if not it.with_cards:
            return ClassList((), (), 0, _devices(connection, it, now))
        known = _InClass(connection, it)
        numbers = [one.face.number for one in known.cards]
        locked = locked_cards(connection, it.id, numbers, secret, now)
    order = {state: place for place, state in enumerate(TITLES)}
    cards = [known.state(one, count, now, one.face.number in locked) for one in known.cards]
    cards.sort(key=lambda one: (order[one.state], one.number))
    return ClassList(tuple(cards), tuple(known.aside), known.without_card)


def _devices(connection: Connection, it: ClassSession, now: datetime) -> dict[str, int]:
    """Return how many devices of a class session without cards are in each state, in the order of TITLES."""
    query = (
        select(sitting.c.closed_at, response.c.state, response.c.seen_at, response.c.waiting)
        .outerjoin(response, response.c.id == sitting.c.response_id)
        .where(sitting.c.class_session_id == it.id)
    )
    found = Counter(state for row in connection.execute(query) if (state := _device_state(row, it, now)))
    return {state: found[state] for state in TITLES if found[state]}


def _device_state(row: Any, it: ClassSession, now: datetime) -> str | None:
    """Return how far the child on a device is; None where no child began before it was given to the next one."""
    if row.state is None:
        return "first page" if row.closed_at is None else None
    if row.state != "started":
        return "stopped" if row.state in ("stopped", "withdrawn") else "finished"
    if row.waiting:
        return "waiting"
    if row.closed_at is not None:
        return "handed on"
    return "idle" if it.state(now) == "open" and now - row.seen_at >= IDLE else "answering"


class _InClass:
    """What is in the database about the children of a class session."""

    def __init__(self, connection: Connection, it: ClassSession) -> None:
        self._it = it
        plan = plan_of(connection, it.study_id)
        there = {one.id for one in asked_in(connection, plan, it.place, it.questionnaire)} if plan else set()
        cards = issued(connection, it.school_class_id)
        have = {one.participant_id for one in cards}
        self.cards = [one for one in cards if one.participant_id in there]
        self.without_card = sum(one not in have for one in there)
        self._agreed = {
            one.id
            for one in (standings(connection, plan, it.study_id, it.wave, {it.school_id}) if plan else ())
            if one.standing.state == "yes"
        }
        self._responses = self._by_participant(connection, there)
        self._reasons = self._why(connection, there)
        devices = select(sitting.c.card_id).where(sitting.c.class_session_id == it.id, sitting.c.closed_at.is_(None))
        self._devices = Counter(connection.scalars(devices))
        helped = select(help_given.c.card_id, help_given.c.mode).where(help_given.c.class_session_id == it.id)
        self._modes = {row.card_id: row.mode for row in connection.execute(helped)}
        self.aside = self._set_aside(connection)

    def _by_participant(self, connection: Connection, there: set[int]) -> dict[int, Row[Any]]:
        names = ("participant_id", "state", "sha256", "language", "answers", "facts", "seen_at", "waiting")
        query = select(*(response.c[name] for name in names)).where(
            response.c.wave_id == self._it.wave_id,
            response.c.questionnaire == self._it.questionnaire,
            response.c.participant_id.in_(there),
        )
        return {row.participant_id: row for row in connection.execute(query)}

    def _why(self, connection: Connection, there: set[int]) -> dict[int, str]:
        query = select(reason.c.participant_id, reason.c.reason).where(
            reason.c.wave_id == self._it.wave_id,
            reason.c.questionnaire.in_(("", self._it.questionnaire)),
            reason.c.participant_id.in_(there),
        )
        return {row.participant_id: row.reason for row in connection.execute(query)}

    def _set_aside(self, connection: Connection) -> list[AsideState]:
        query = (
            select(set_aside.c.response_id, card.c.number, set_aside.c.at, set_aside.c.reason)
            .join(response, response.c.id == set_aside.c.response_id)
            .join(card, card.c.participant_id == set_aside.c.participant_id)
            .where(
                card.c.school_class_id == self._it.school_class_id,
                response.c.wave_id == self._it.wave_id,
                response.c.questionnaire == self._it.questionnaire,
                response.c.state.not_in(("declined", "withdrawn")),
            )
            .order_by(set_aside.c.at, set_aside.c.response_id)
        )
        return [AsideState(*row) for row in connection.execute(query)]

    def state(self, one: IssuedCard, count: Count, now: datetime, locked: bool) -> CardState:
        """Return how far the child with a card is."""
        given = self._responses.get(one.participant_id)
        mode = self._modes.get(one.id)
        if given is not None and given.state in ("finished", "declined"):
            return CardState(one.face.number, "finished", mode=mode, begun=given.state == "finished")
        name = self._name(one, given, now, locked)
        if given is None or given.state == "withdrawn":
            return CardState(one.face.number, name, mode=mode)
        answered, of = count(given.sha256, given.language, given.answers, given.facts)
        minutes = int((now - given.seen_at).total_seconds()) // 60 if name in ("waiting", "idle") else None
        return CardState(one.face.number, name, answered, of, minutes, mode, begun=True)

    def _name(self, one: IssuedCard, given: Row[Any] | None, now: datetime, locked: bool) -> str:
        state = given.state if given is not None else None
        if state in ("stopped", "withdrawn"):
            return "stopped"
        if self._devices[one.id] > 1:
            return "two devices"
        if locked:
            return "locked"
        if given is not None:
            silent = self._it.state(now) == "open" and now - given.seen_at >= IDLE
            return "waiting" if given.waiting else "idle" if silent else "answering"
        if self._devices[one.id]:
            return "first page"
        if one.participant_id in self._reasons:
            return self._reasons[one.participant_id]
        if self._modes.get(one.id) == PAPER:
            return PAPER
        return "not started" if one.participant_id in self._agreed else "no consent"


def participant_with(engine: Engine, it: ClassSession, number: int) -> str | None:
    """Return the study code of the child with a card; None when the class has no such card."""
    with read(engine) as connection:
        codes = {one.id: one.code for one in members(connection, it.place)}
        return next(
            (
                codes[one.participant_id]
                for one in issued(connection, it.school_class_id)
                if one.face.number == number and one.participant_id in codes
            ),
            None,
        )
