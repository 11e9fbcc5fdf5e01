"""How long one waits after wrong tries, and when they are forgotten: at each boundary, and on either side of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from survey.database import Engine, open_engine, read, upgrade
from survey.people.attempts import Attempt, Limit, succeeded, take_a_try, waits_until, was_wrong

NOW = datetime(2026, 1, 20, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
THREE = Limit(3, timedelta(seconds=30), timedelta(minutes=4))
"""Three are free; then 30 seconds, one minute, two, and four at most."""
IN_A_WINDOW = Limit(3, timedelta(seconds=5), timedelta(seconds=5), timedelta(minutes=10), in_a_row=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('limits')}/limits.sqlite")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A name of this test's own: all share one database."""
    return str(request.node.name)


def wrong(engine: Engine, key: str, limit: Limit, *moments: datetime) -> datetime | None:
    """Count wrong tries at these moments; return when one may try again, seen from the last."""
    for now in moments:
        was_wrong(engine, {key: limit}, now)
    return waits_until(engine, [key], moments[-1])


def failures(engine: Engine, key: str) -> int | None:
    with read(engine) as connection:
        return connection.scalar(select(Attempt.failures).where(Attempt.key == key))


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (1, 0), (2, 0), (3, 30), (4, 60), (5, 120), (6, 240), (7, 240), (90, 240), (10_000, 240)],
)
def test_the_wait_doubles_up_to_the_longest(failures: int, seconds: int) -> None:
    assert THREE.wait_after(failures) == timedelta(seconds=seconds)


def test_the_last_free_try_waits_for_nothing_and_the_next_one_does(made: Engine, key: str) -> None:
    assert wrong(made, key, THREE, NOW, NOW) is None
    assert wrong(made, key, THREE, NOW) == NOW + timedelta(seconds=30)


def test_a_try_during_the_wait_is_not_counted_and_one_at_its_end_is(made: Engine, key: str) -> None:
    wrong(made, key, THREE, NOW, NOW, NOW)
    end = NOW + timedelta(seconds=30)
    assert wrong(made, key, THREE, end - SECOND) == end
    assert failures(made, key) == 3
    assert waits_until(made, [key], end) is None, "the wait is over at its end"
    assert wrong(made, key, THREE, end) == end + timedelta(seconds=60)


@pytest.mark.parametrize(("past", "anew"), [(-SECOND, False), (timedelta(0), False), (SECOND, True)])
def test_tries_in_a_row_are_forgotten_a_window_after_the_end_of_their_wait(
    made: Engine, key: str, past: timedelta, anew: bool
) -> None:
    """Not after the last of them: who waits as they are told to must not begin with free tries again."""
    wrong(made, key, THREE, *[NOW] * 3)
    end = NOW + timedelta(seconds=30)
    wrong(made, key, THREE, end + THREE.window + past)
    assert failures(made, key) == (1 if anew else 4)


@pytest.mark.parametrize(("past", "anew"), [(-SECOND, False), (timedelta(0), False), (SECOND, True)])
def test_without_a_wait_they_are_forgotten_a_window_after_the_last(
    made: Engine, key: str, past: timedelta, anew: bool
) -> None:
    wrong(made, key, THREE, NOW, NOW + SECOND)
    wrong(made, key, THREE, NOW + SECOND + THREE.window + past)
    assert failures(made, key) == (1 if anew else 3)


@pytest.mark.parametrize(("past", "anew"), [(-SECOND, False), (timedelta(0), False), (SECOND, True)])
def test_tries_of_a_window_count_from_the_first_of_them(made: Engine, key: str, past: timedelta, anew: bool) -> None:
    wrong(made, key, IN_A_WINDOW, NOW, NOW + timedelta(minutes=9))
    wrong(made, key, IN_A_WINDOW, NOW + IN_A_WINDOW.window + past)
    assert failures(made, key) == (1 if anew else 3)
    # What begins anew begins with this try.
    wrong(made, key, IN_A_WINDOW, NOW + IN_A_WINDOW.window + past + timedelta(minutes=9))
    assert failures(made, key) == (2 if anew else 1)


def test_of_several_names_the_longest_wait_holds(made: Engine, key: str) -> None:
    wrong(made, f"{key} a", THREE, *[NOW] * 3)
    wrong(made, f"{key} b", Limit(1, timedelta(minutes=9), timedelta(minutes=9)), NOW)
    names = [f"{key} a", f"{key} b", f"{key} unknown"]
    assert waits_until(made, names, NOW) == NOW + timedelta(minutes=9)
    assert waits_until(made, names[:1], NOW) == NOW + timedelta(seconds=30)
    assert waits_until(made, names[2:], NOW) is None


def test_a_password_is_counted_before_it_is_looked_at_and_forgotten_when_right(made: Engine, key: str) -> None:
    assert [take_a_try(made, key, NOW) for _ in range(5)] == [None] * 5
    assert take_a_try(made, key, NOW) == NOW + timedelta(seconds=30)
    succeeded(made, key)
    assert take_a_try(made, key, NOW) is None


@pytest.mark.parametrize(("past", "kept"), [(-SECOND, True), (timedelta(0), True), (SECOND, False)])
def test_a_day_after_the_last_wrong_try_nothing_is_left(made: Engine, key: str, past: timedelta, kept: bool) -> None:
    wrong(made, key, THREE, NOW)
    was_wrong(made, {f"{key} another": THREE}, NOW + timedelta(days=1) + past)
    assert failures(made, key) == (1 if kept else None)
