"""Beginning, and coming back: a door becomes a response."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, and_, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from survey.database import read, write
from survey.definition.household import WHICH_CHILD
from survey.fieldwork.consent import must_agree, still_agreed
from survey.fieldwork.doors import Door
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.performances import Performance
from survey.fieldwork.studies import Programme, School, SchoolClass, Study, Wave
from survey.fieldwork.waves import hours_of
from survey.options import ORDERS
from survey.responses.children import PLACE_COLUMNS, ChildAt, given_together
from survey.responses.erasing import PLACE_FACTS
from survey.responses.late import PAPER, too_late
from survey.responses.reading import Snapshot, locked
from survey.responses.tables import response


class UnknownDoor(LookupError):
    """There is no door with this id."""


class WaveOver(UnknownDoor):
    """The door's wave is over: no one begins any more, and anyone who has begun has had the days for late answers."""


@dataclass(frozen=True)
class Ticket:
    """What someone holds who came in.

    response  the response's id
    epoch     which sitting this is, 1 at the first; saves of this sitting carry it
    resumed   True when the response was there before
    state     'started', or 'finished' or 'withdrawn': then there is nothing left to answer
    sha256    the text the response was started under, and stays under
    """

    response: str
    epoch: int
    seed: int
    resumed: bool
    state: str
    sha256: str


@dataclass(frozen=True)
class ComingIn:
    """How someone comes in.

    once: a random text printed in the page that asks; by an open door, the same text leads to the same response, so
    that a double tap starts one. about: the first child of a parent who is asked for each child, if the roster knows.
    """

    mode: str = "own device"
    once: str | None = None
    about: ChildAt | None = None


def begin(
    engine: Engine,
    door_id: int,
    language: str,
    sha256: str,
    now: datetime,
    entry: ComingIn = ComingIn(),
) -> Ticket:
    """Start the response a door leads to, or come back to it in a new epoch.

    A personal door leads to one response. Coming back to it when it was stopped takes the stop back; when it
    was declined, it begins again with nothing answered and the consent asked anew. Finished and withdrawn
    stay so. An open door leads to a new response each time. sha256: the text to start under, a published definition's.
    Whether the door is open was asked before (door_by_token, door_by_code); here the study's rule for late answers is
    kept, and, by a personal door, that of who must have agreed before.

    Raises UnknownDoor, WaveOver, NotAgreed, StoreFull, StoreBusy.
    """
    with write(engine) as connection:
        door = connection.execute(DOOR, {"door_id": door_id}).one_or_none()
        if door is None:
            raise UnknownDoor("There is no such door.")
        if door.participant_id is not None:
            must_agree(connection, door.study_id, door.participant_id, door.wave_id)
        new = _new_id(door_id, entry.once)
        earlier = _earlier(connection, door, new, entry.once)
        if earlier is not None:
            if too_late(engine, earlier, now) and earlier.state in ("started", "stopped", "declined"):
                raise WaveOver("The wave is over.")
            return _come_back(connection, earlier, language, now)
        if entry.mode != PAPER and _has_begun_to_end(engine, door, now):
            raise WaveOver("The wave is over.")
        row = {**_first_row(door, new, language, sha256, now), "mode": entry.mode}
        if entry.about is not None:
            row |= about_child(row["facts"], entry.about, 1)
        made = connection.execute(_INSERT[connection.dialect.name], row)
        if made.rowcount == 1:
            return Ticket(new, 1, seed_of(new), resumed=False, state="started", sha256=sha256)
        # Another request was first. (On SQLite none can be: this transaction holds the write lock.)
        earlier = _earlier(connection, door, new, entry.once)
        if earlier is None:
            raise RuntimeError("A response could be neither made nor found.")
        return _come_back(connection, earlier, language, now)


def take_up(engine: Engine, response_id: str, epoch: int, now: datetime) -> Ticket | None:
    """Go on with a response that was stopped and kept, in a new epoch; None where nothing is to go on with.

    For whoever holds the pass of its last sitting: by an open door there is no other way back. epoch: that sitting's. A
    second tap leads to the sitting that the first began. Raises StoreFull, StoreBusy.
    """
    with write(engine) as connection:
        stopped = locked(connection, response_id)
        if stopped is None or too_late(engine, stopped, now):
            return None
        begun = stopped.state == "started" and stopped.participant_id is None and stopped.sequence == 0
        if begun and stopped.epoch == epoch + 1:
            return _ticket(stopped, stopped.epoch, "started")
        if stopped.state != "stopped" or stopped.epoch != epoch:
            return None
        if not still_agreed(connection, stopped.study_id, stopped.participant_id, stopped.wave_id):
            return None
        return _come_back(connection, stopped, stopped.language, now)


def _has_begun_to_end(engine: Engine, door: Row[Any], now: datetime) -> bool:
    if door.opens_at is not None or door.closes_at is not None:
        return False
    until = hours_of(engine, door.wave_id, door.school_id).begin_until
    return until is not None and now >= until


def seed_of(response_id: str) -> int:
    """Return 0..23, the same for the same response, evenly spread over responses."""
    return int.from_bytes(hashlib.sha256(response_id.encode()).digest()[:8]) % ORDERS


def new_response_id() -> str:
    """Return 22 random characters: 128 bits."""
    return secrets.token_urlsafe(16)


def _new_id(door_id: int, once: str | None) -> str:
    if once is None:
        return new_response_id()
    digest = hashlib.sha256(f"{door_id}:{once}".encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def _earlier(connection: Connection, door: Row[Any], new: str, once: str | None) -> Snapshot | None:
    if door.participant_id is None:
        return None if once is None else locked(connection, new)
    key = {name: door._mapping[name] for name in ("participant_id", "wave_id", "questionnaire")}
    found = connection.scalar(_PERSONAL, key)
    return None if found is None else locked(connection, found)


def _come_back(connection: Connection, earlier: Snapshot, language: str, now: datetime) -> Ticket:
    state = earlier.state
    if state in ("finished", "withdrawn"):
        return _ticket(earlier, earlier.epoch, state)
    epoch = earlier.epoch + 1
    changes: dict[str, Any] = {
        "epoch": epoch,
        "sequence": 0,
        "state": "started",
        "end_epoch": None,
        "end_sequence": None,
        "finished_at": None,
        "waiting": 0,
        "language": language,
        "seen_at": now,
        "revision": earlier.revision + 1,
    }
    if state == "declined":
        # What the earlier sitting may still have on its way was declined with it.
        changes |= {"assent": None, "first_epoch": epoch}
    connection.execute(update(response).where(response.c.id == earlier.id).values(changes))
    # A household has one sitting: an earlier one can go on with no child.
    further = {name: value for name, value in changes.items() if name != "assent"}
    further["revision"] = response.c.revision + 1
    goes_on = (response.c.household_id == earlier.id) & response.c.state.in_(("started", "stopped"))
    connection.execute(update(response).where(goes_on).values(further))
    return _ticket(earlier, epoch, "started")


def _ticket(earlier: Snapshot, epoch: int, state: str) -> Ticket:
    return Ticket(earlier.id, epoch, earlier.seed, resumed=True, state=state, sha256=earlier.sha256)


# ---- the first row -------------------------------------------------------------------------------------

_school_id = func.coalesce(Membership.school_id, Door.school_id)
_class_id = func.coalesce(Membership.school_class_id, Door.school_class_id)
DOOR: Final = (
    select(
        Door.id,
        Door.study_id,
        Door.wave_id,
        Door.questionnaire,
        Door.participant_id,
        Door.opens_at,
        Door.closes_at,
        _school_id.label("school_id"),
        _class_id.label("school_class_id"),
        Participant.facts.label("lasting_facts"),
        Membership.facts.label("changing_facts"),
        *PLACE_COLUMNS,
        Performance.code.label("performance_code"),
        Performance.title.label("performance"),
        Performance.held_on,
        Wave.code.label("wave"),
        func.coalesce(School.time_zone, Study.time_zone).label("time_zone"),
    )
    .join(Wave, Wave.id == Door.wave_id)
    .join(Study, Study.id == Door.study_id)
    .outerjoin(Participant, Participant.id == Door.participant_id)
    .outerjoin(Membership, and_(Membership.participant_id == Door.participant_id, Membership.wave_id == Door.wave_id))
    .outerjoin(School, School.id == _school_id)
    .outerjoin(SchoolClass, SchoolClass.id == _class_id)
    .outerjoin(Programme, Programme.id == School.programme_id)
    .outerjoin(Performance, Performance.id == Door.performance_id)
    .where(Door.id == bindparam("door_id"))
)
"""A door by `door_id`, and where people who come by it belong: by the roster, or by the door if no one is known."""
_PERSONAL: Final = select(response.c.id).where(
    response.c.participant_id == bindparam("participant_id"),
    response.c.wave_id == bindparam("wave_id"),
    response.c.questionnaire == bindparam("questionnaire"),
)
_INSERT: Final = {
    "sqlite": sqlite.insert(response).on_conflict_do_nothing().execution_options(preserve_rowcount=True),
    "postgresql": postgresql.insert(response).on_conflict_do_nothing().execution_options(preserve_rowcount=True),
}


def facts_at_start(
    lasting: Mapping[str, Any] | None, changing: Mapping[str, Any] | None, places: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the facts a response keeps: the roster's, the wave's over them, and the known places."""
    return {
        **(lasting or {}),
        **(changing or {}),
        **{name: places[name] for name in PLACE_FACTS if places.get(name)},
    }


def about_child(facts: Mapping[str, Any], child: ChildAt, number: int) -> dict[str, Any]:
    """Return what a row of a parent's child has in place of what the parent's own has.

    facts: those of the parent. number: which child of the household it is, from 1.
    """
    known = {name: value for name, value in facts.items() if name not in _OF_A_SCHOOL}
    return {
        "child": number,
        "child_id": child.child_id,
        "child_by": child.known_by,
        "school_id": child.school_id,
        "school_class_id": child.school_class_id,
        "facts": {**facts_at_start(known, None, child.places or {}), WHICH_CHILD: number},
    }


_OF_A_SCHOOL: Final = frozenset(PLACE_FACTS) - {"performance", "performance_code", "wave"}


def facts_at_door(engine: Engine, door_id: int) -> dict[str, Any]:
    """Return the facts that a response begun at a door would keep; none where there is no such door."""
    with read(engine) as connection:
        door = connection.execute(DOOR, {"door_id": door_id}).one_or_none()
    return facts_at_start(door.lasting_facts, door.changing_facts, door._asdict()) if door else {}


FEW: Final = 4
"""So many schools that give a concert together are named on a page; of more, no one reads the list."""


@dataclass(frozen=True)
class Occasion:
    """What people who come by a door were at, as far as the door knows.

    performance, day: title and day of the performance whose audience is asked; None at any other door.
    school: title of the school that gave it, or that the person belongs to; of several that gave it together, their
            titles, if they are few; else None.
    time_zone: whose clock they look at.
    """

    performance: str | None
    day: date | None
    school: str | None
    time_zone: str


def occasion_at(engine: Engine, door_id: int) -> Occasion | None:
    """Return what people who come by a door were at; None where there is no such door."""
    with read(engine) as connection:
        door = connection.execute(DOOR, {"door_id": door_id}).one_or_none()
    if door is None:
        return None
    several = [] if door.school else [one.title for one in given_together(engine, door_id)]
    school = door.school or (", ".join(several) if len(several) <= FEW else None) or None
    return Occasion(door.performance, door.held_on, school, door.time_zone)


def empty_row() -> dict[str, Any]:
    """Return what every response starts with."""
    return {
        "revision": 1,
        "epoch": 1,
        "first_epoch": 1,
        "sequence": 0,
        "answers": {},
        "stamps": {},
        "screens": {},
        "listened": {},
        "layout": None,
        "waiting": 0,
        "assent": None,
        "state": "started",
        "finished_at": None,
        "end_epoch": None,
        "end_sequence": None,
    }


def _first_row(door: Row[Any], new: str, language: str, sha256: str, now: datetime) -> dict[str, Any]:
    return {
        **empty_row(),
        "id": new,
        "study_id": door.study_id,
        "wave_id": door.wave_id,
        "questionnaire": door.questionnaire,
        "sha256": sha256,
        "door_id": door.id,
        "participant_id": door.participant_id,
        "school_id": door.school_id,
        "school_class_id": door.school_class_id,
        "language": language,
        "seed": seed_of(new),
        "facts": facts_at_start(door.lasting_facts, door.changing_facts, door._asdict()),
        "started_at": now,
        "seen_at": now,
    }
