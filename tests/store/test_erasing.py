"""What is erased, how many responses held anything, and which of it has to be erased again from an older backup."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from survey.database import Engine, read, write
from survey.responses import SavedPage, Ticket, finish, save
from survey.responses.erasing import erase, erasure
from survey.responses.tables import response
from survey.responses.tables import save as log
from tests.store.field import NOW

LATER = NOW + timedelta(hours=1)

# what is there before -> for each new state: whether it held answers, and whether it is noted
BEFORE: dict[str, dict[str, tuple[int, int]]] = {
    "begun, and nothing saved": {"withdrawn": (0, 1), "declined": (0, 0)},
    "an answer": {"withdrawn": (1, 1), "declined": (1, 1)},
    "an answer, finished": {"withdrawn": (1, 1), "declined": (1, 1)},
    "an answer that was taken back": {"withdrawn": (1, 1), "declined": (1, 1)},
    "an answer without its save": {"withdrawn": (1, 1), "declined": (1, 1)},
    "declined before": {"withdrawn": (0, 1), "declined": (0, 0)},
    "withdrawn before": {"withdrawn": (0, 0), "declined": (0, 0)},
}


def prepare(engine: Engine, its_id: str, what: str) -> None:
    if what.endswith(" before"):
        with write(engine) as connection:
            erase(connection, [its_id], NOW, "earlier", state=what.removesuffix(" before"))  # type: ignore[arg-type]
    if what == "an answer without its save":
        with write(engine) as connection:
            connection.execute(update(response).where(response.c.id == its_id).values(answers={"sing_enjoy": 4}))
    elif what.startswith("an answer"):
        save(engine, its_id, SavedPage(1, 1, "singing", {"sing_enjoy": 4}, now=NOW, listened=1))
    if what == "an answer that was taken back":
        save(engine, its_id, SavedPage(1, 2, "singing", {"sing_enjoy": None}, now=NOW))
    if what == "an answer, finished":
        finish(engine, its_id, 1, 2, NOW)


def noted(engine: Engine) -> int:
    with read(engine) as connection:
        return connection.scalar(select(func.count()).select_from(erasure)) or 0


def row(engine: Engine, its_id: str) -> dict[str, Any]:
    with read(engine) as connection:
        return dict(connection.execute(select(response).where(response.c.id == its_id)).one()._mapping)


@pytest.mark.one_engine
@pytest.mark.parametrize("state", ["withdrawn", "declined"])
@pytest.mark.parametrize("what", BEFORE)
def test_what_held_anything_is_counted_and_noted(engine: Engine, ticket: Ticket, what: str, state: str) -> None:
    its_id = ticket.response
    prepare(engine, its_id, what)
    before = noted(engine)
    with write(engine) as connection:
        held = erase(connection, [its_id], LATER, "a reason", state=state, scope="all")  # type: ignore[arg-type]
    assert (held, noted(engine) - before) == BEFORE[what][state]
    now = row(engine, its_id)
    assert (now["state"], now["answers"], now["stamps"], now["screens"]) == (state, {}, {}, {})
    assert now["listened"] == {}
    assert (now["finished_at"], now["end_epoch"], now["end_sequence"]) == (None, None, None)
    with read(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(log)) == 0
        if BEFORE[what][state][1]:
            line = connection.execute(select(erasure).order_by(erasure.c.id.desc())).first()
            assert line is not None
            assert (line.at, line.study, line.kind, line.key) == (LATER, "music", "response", its_id)
            assert (line.scope, line.wave, line.reason) == ("all", "w1", "a reason")


@pytest.mark.one_engine
def test_who_declined_keeps_their_facts_and_who_withdrew_only_where_they_were(engine: Engine, ticket: Ticket) -> None:
    its_id = ticket.response
    facts = row(engine, its_id)["facts"]
    assert "year" in facts
    for state in ("declined", "withdrawn"):
        with write(engine) as connection:
            erase(connection, [its_id], LATER, "a reason", state=state)  # type: ignore[arg-type]
        kept = row(engine, its_id)["facts"]
        assert kept == (facts if state == "declined" else {name: facts[name] for name in kept})
    assert {"year", "sex"}.isdisjoint(kept)
    assert kept["school_code"] == "s01"


@pytest.mark.one_engine
def test_where_nothing_is_said_of_how_far_it_went_it_is_the_wave(engine: Engine, ticket: Ticket) -> None:
    with write(engine) as connection:
        erase(connection, [ticket.response], LATER, "a reason")
        assert connection.execute(select(erasure.c.scope, erasure.c.wave)).all() == [("wave", "w1")]


@pytest.mark.one_engine
@pytest.mark.parametrize(("minutes", "seen"), [(-1, 0), (0, 0), (1, 1)])
def test_when_the_clock_goes_back_nobody_was_seen_earlier(
    engine: Engine, ticket: Ticket, minutes: int, seen: int
) -> None:
    before = row(engine, ticket.response)
    with write(engine) as connection:
        erase(connection, [ticket.response], NOW + timedelta(minutes=minutes), "a reason")
    now = row(engine, ticket.response)
    assert now["seen_at"] == NOW + timedelta(minutes=seen)
    assert now["revision"] == before["revision"] + 1
