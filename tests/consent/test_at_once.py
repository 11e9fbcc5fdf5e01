"""Someone withdraws while answers arrive, and while someone begins: nothing is left, whoever comes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from survey.audit import COMMAND_LINE
from survey.database import read
from survey.fieldwork import NotAgreed
from survey.responses import SavedPage, finish, load, save
from survey.responses.tables import response
from survey.responses.withdrawing import Withdrawal, withdraw
from tests.consent.conftest import Lay
from tests.consent.study import NOW, SENTINEL, Tuned, everything

ROUNDS = 8


def together(*deeds: Callable[[], object]) -> None:
    """Do all at the same moment; raise what any of them raises."""
    ready = threading.Barrier(len(deeds))

    def one(deed: Callable[[], object]) -> object:
        ready.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        for done in [pool.submit(one, deed) for deed in deeds]:
            done.result(timeout=60)


def out(tuned: Tuned, code: str, scope: str = "all") -> object:
    return withdraw(
        tuned.engine,
        Withdrawal(scope=scope, by="parent", participant_id=tuned.person(code)),
        actor=COMMAND_LINE,
        now=NOW,
    )


def test_a_save_that_comes_after_is_refused(lay: Lay) -> None:
    tuned = lay()
    its_id = tuned.begin("P1")
    seen = load(tuned.engine, its_id)
    out(tuned, "P1")
    refused = save(tuned.engine, its_id, SavedPage(1, 1, "music", {"why": SENTINEL}, now=NOW), seen=seen)
    assert refused.outcome == "refused"
    assert finish(tuned.engine, its_id, 1, 2, NOW).outcome == "refused"
    assert SENTINEL not in everything(tuned.engine)


def test_saves_that_come_at_the_same_moment_leave_nothing(lay: Lay) -> None:
    tuned = lay()
    for code in ("P1", "P2", "P3", "P4", "P5", "P6"):
        its_id = tuned.begin(code)

        def saves(its_id: str = its_id) -> None:
            for number in range(1, ROUNDS):
                save(tuned.engine, its_id, SavedPage(1, number, "music", {"why": SENTINEL}, now=NOW))

        together(saves, saves, lambda code=code: out(tuned, code))  # type: ignore[misc]
        snapshot = load(tuned.engine, its_id)
        assert snapshot is not None
        assert (snapshot.state, snapshot.answers) == ("withdrawn", {})
    assert SENTINEL not in everything(tuned.engine)
    with read(tuned.engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM save")) == 0


@pytest.mark.parametrize("scope", ["all", "future"])
def test_who_begins_at_the_same_moment_is_refused_or_reached(lay: Lay, scope: str) -> None:
    tuned = lay()
    for code in ("P1", "P2", "P3", "P4", "P5", "P6"):

        def begins(code: str = code) -> None:
            try:
                tuned.begin(code)
            except NotAgreed:
                return

        together(begins, begins, lambda code=code: out(tuned, code, scope))  # type: ignore[misc]
        with pytest.raises(NotAgreed):
            tuned.begin(code)
        with read(tuned.engine) as connection:
            states = connection.scalars(
                select(response.c.state).where(response.c.participant_id == tuned.person(code))
            ).all()
        if scope == "all":
            assert set(states) <= {"withdrawn"}, "whoever began before is reached"


def test_two_withdrawals_at_the_same_moment_are_one(lay: Lay) -> None:
    tuned = lay()
    tuned.answer("P1")
    together(lambda: out(tuned, "P1"), lambda: out(tuned, "P1"), lambda: out(tuned, "P1"))
    with read(tuned.engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM decision")) == 1
        assert connection.scalar(text("SELECT count(*) FROM certificate")) == 1
