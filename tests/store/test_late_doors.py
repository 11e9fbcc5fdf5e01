"""How long answers are taken from someone who came in by a door with times of its own, to the second."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module

import pytest
from sqlalchemy import update

from survey.database import Engine, open_engine, upgrade, write
from survey.fieldwork.doors import Door
from survey.fieldwork.waves import Hours
from survey.responses import Ticket, begin, late, load
from survey.responses.begin import WaveOver
from survey.responses.reading import Snapshot
from tests.store.field import NOW, SHA, Field, lay_out

CLOSES = NOW + timedelta(days=30)
WAVE = Hours(NOW, CLOSES, CLOSES + timedelta(days=2), CLOSES + timedelta(days=14))
"""Fourteen days to finish."""
DOOR_CLOSES = NOW + timedelta(days=60)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, Snapshot]:
    """Someone who has begun by the pupil's door."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('late')}/late.sqlite")
    upgrade(engine)
    ticket: Ticket = begin(engine, lay_out(engine).pupils_door, "en", SHA, NOW)
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    return engine, snapshot


def too_late(
    begun: tuple[Engine, Snapshot],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    *,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    wave: Hours = WAVE,
    **changed: object,
) -> bool:
    engine, snapshot = begun
    with write(engine) as connection:
        times = {"opens_at": opens_at, "closes_at": closes_at}
        connection.execute(update(Door).where(Door.id == snapshot.door_id).values(**times))
    monkeypatch.setattr(late, "hours_of", lambda *_: wave)
    return late.too_late(engine, replace(snapshot, **changed), now)  # type: ignore[arg-type]


AFTER_ALL = DOOR_CLOSES + timedelta(days=14)


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (NOW, False),
        (CLOSES, False),
        (CLOSES + timedelta(days=14), False),
        (DOOR_CLOSES, False),
        (DOOR_CLOSES + SECOND, False),
        (AFTER_ALL - SECOND, False),
        (AFTER_ALL, True),
        (AFTER_ALL + SECOND, True),
    ],
)
def test_a_door_of_its_own_times_has_the_study_s_late_days_after_it_closes(
    begun: tuple[Engine, Snapshot], now: datetime, over: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert too_late(begun, now, monkeypatch, closes_at=DOOR_CLOSES) is over


def test_a_door_that_opens_on_its_own_day_and_never_closes_takes_answers(
    begun: tuple[Engine, Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not too_late(begun, AFTER_ALL + timedelta(days=900), monkeypatch, opens_at=NOW)


@pytest.mark.parametrize(("past", "over"), [(-SECOND, False), (timedelta(0), True), (SECOND, True)])
def test_a_door_without_times_of_its_own_ends_with_the_wave(
    begun: tuple[Engine, Snapshot], past: timedelta, over: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert WAVE.finish_until is not None
    assert too_late(begun, WAVE.finish_until + past, monkeypatch) is over


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("times", "may"),
    [({"opens_at": None}, False), ({"opens_at": NOW}, True), ({"closes_at": DOOR_CLOSES}, True)],
)
def test_at_a_door_with_times_of_its_own_one_may_begin_although_the_wave_is_over(
    engine: Engine, field: Field, times: dict[str, datetime], may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with write(engine) as connection:
        connection.execute(update(Door).where(Door.id == field.open_door).values(**times))
    # The package has a function of the module's name.
    monkeypatch.setattr(import_module("survey.responses.begin"), "hours_of", lambda *_: WAVE)
    assert WAVE.begin_until is not None
    begin(engine, field.open_door, "en", SHA, WAVE.begin_until - SECOND)
    for now in (WAVE.begin_until, WAVE.begin_until + SECOND):
        if may:
            assert not begin(engine, field.open_door, "en", SHA, now).resumed
        else:
            with pytest.raises(WaveOver, match=r"^The wave is over\.$"):
                begin(engine, field.open_door, "en", SHA, now)


def test_without_a_door_the_wave_decides_and_paper_is_never_too_late(
    begun: tuple[Engine, Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert too_late(begun, AFTER_ALL, monkeypatch, closes_at=AFTER_ALL + SECOND, door_id=None)
    assert not too_late(begun, AFTER_ALL, monkeypatch, door_id=None, mode=late.PAPER)


def test_a_wave_without_an_end_is_never_over(begun: tuple[Engine, Snapshot], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not too_late(begun, AFTER_ALL, monkeypatch, wave=Hours(NOW))
