"""A parent's further children: a row for each, which belongs to the household's first response."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from survey.database import read, scrub, write
from survey.definition.household import MOST_CHILDREN
from survey.responses.begin import about_child, empty_row, new_response_id, seed_of
from survey.responses.children import ChildAt, pupil_by_code
from survey.responses.erasing import erase
from survey.responses.reading import OVER, Snapshot, further_children, locked
from survey.responses.tables import response

_INSERT: Final = {
    "sqlite": sqlite.insert(response).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(response).on_conflict_do_nothing(),
}


def set_child(engine: Engine, household: str, number: int, child: ChildAt, now: datetime) -> Snapshot | None:
    """Keep where a further child of a household is: a row of its own the first time, a correction after that.

    household: the id of the first response. number: which child it is, from 2; the next free where that one was
    removed. Saying the same twice is once. Returns the child's row; None when the household takes nothing more.
    """
    with write(engine) as connection:
        first = locked(connection, household)
        if first is None or first.state != "started" or not 2 <= number <= MOST_CHILDREN:
            return None
        there = _row(connection, household, number)
        if there is not None and there.state in OVER:
            # What was removed stays removed, with its number.
            number, there = _free(connection, household), None
        if there is None:
            connection.execute(_INSERT[connection.dialect.name], _new_row(first, number, child, now))
        elif there.state == "started" and (there.school_id, there.child_id) != (child.school_id, child.child_id):
            changes = about_child(first.facts, child, number) | {"revision": there.revision + 1}
            connection.execute(update(response).where(response.c.id == there.id).values(changes))
        found = _row(connection, household, number)
        return found if found is not None and found.state == "started" else None


def set_first_child(engine: Engine, household: str, child: ChildAt | None, now: datetime) -> Snapshot | None:
    """Keep where the first child of a household is; None takes back what was said.

    household: the id of the first response. A study code that was typed goes with another school. Returns the row; None
    when the household takes nothing more.
    """
    with write(engine) as connection:
        first = locked(connection, household)
        if first is None or first.state != "started":
            return None
        at = child or ChildAt(None)
        if first.school_id != at.school_id:
            changes = about_child(first.facts, at, 1) | {"revision": first.revision + 1, "seen_at": now}
            connection.execute(update(response).where(response.c.id == household).values(changes))
        return locked(connection, household)


def _row(connection: Connection, household: str, number: int) -> Snapshot | None:
    query = select(response.c.id).where(response.c.household_id == household, response.c.child == number)
    found = connection.scalar(query)
    return None if found is None else locked(connection, found)


def _new_row(first: Snapshot, number: int, child: ChildAt, now: datetime) -> dict[str, Any]:
    new = new_response_id()
    return {
        **empty_row(),
        "id": new,
        **{name: getattr(first, name) for name in ("study_id", "wave_id", "questionnaire", "sha256", "door_id")},
        **{name: getattr(first, name) for name in ("language", "mode", "assent")},
        **about_child(first.facts, child, number),
        "participant_id": None,
        "parent_id": first.participant_id,
        "household_id": first.id,
        # A household has one sitting, so that another device is noticed whichever child it is at.
        "epoch": first.epoch,
        "first_epoch": first.epoch,
        "seed": seed_of(new),
        "started_at": now,
        "seen_at": now,
    }


def next_number(engine: Engine, household: str) -> int:
    """Return the number of the next further child of a household; one that was removed keeps its number."""
    with read(engine) as connection:
        return _free(connection, household)


def _free(connection: Connection, household: str) -> int:
    highest = connection.scalar(select(func.max(response.c.child)).where(response.c.household_id == household))
    return (highest or 1) + 1


def remove_child(engine: Engine, household: str, number: int, now: datetime) -> None:
    """Take a further child out of a household: what was answered about it is deleted, for good."""
    with write(engine) as connection:
        first = locked(connection, household)
        there = _row(connection, household, number)
        if first is None or first.state != "started" or there is None or there.state != "started":
            return
        erase(connection, [there.id], now, "deleted by the respondent")
    scrub(engine)


def give_code(engine: Engine, row: Snapshot, code: str) -> bool:
    """Keep which child of the roster a parent's row is about, by the study code that the parent typed.

    It counts only with the school the row is about, and only where the roster does not say already. An empty code takes
    back what was typed. Returns False when no child at that school has it.
    """
    with write(engine) as connection:
        before = locked(connection, row.id)
        if before is None or before.state != "started" or before.child_by == "roster":
            return False
        found = None
        if code:
            found = pupil_by_code(connection, before.study_id, before.wave_id, before.school_id, code)
            if found is None or found in _others(connection, before):
                return False
        changes = {"child_id": found, "child_by": "typed" if code else None, "revision": before.revision + 1}
        connection.execute(update(response).where(response.c.id == before.id).values(changes))
        return True


def _others(connection: Connection, before: Snapshot) -> set[int | None]:
    """Return the children that the household's other rows are about."""
    first = before if before.household_id is None else locked(connection, before.household_id)
    rows = [one for one in (first, *further_children(connection, before.household)) if one is not None]
    return {one.child_id for one in rows if one.id != before.id}
