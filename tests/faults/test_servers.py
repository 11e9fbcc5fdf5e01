"""A real server under load, with everything that can happen to it: nothing acknowledged is lost or kept twice.

The faults are those of bench/faults.py, which tells them longer and prints a table.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import faults
from bench.faults import FAULTS, WAYS, Installation, go_on, happening, load, master_killed, outcome, postgresql_stopped
from tests.faults.locks import has_locks, users
from tests.postgres import running_postgres


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "SECONDS", 0.2)
    monkeypatch.setattr(faults, "PEOPLE", 6)
    # Some are in the middle of a post at any moment, and the server has something left for starting again.
    monkeypatch.setattr(faults, "PAUSE", 0.02)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "wsgi.py"])
def test_nothing_is_lost_when_the_first_process_is_killed_beside_a_reader(way: str, tmp_path: Path) -> None:
    told = master_killed(tmp_path, way, look=every_worker_holds_locks)
    assert told.acknowledged > 20
    assert (told.lost, told.doubled) == (0, 0)


def every_worker_holds_locks(place: Installation) -> None:
    """See in the kernel's list of locks that each process which has the database open holds a lock of its own."""
    working = users(place.file) & set(place.workers)
    assert working, "no process has the database open"
    assert {worker for worker in working if not has_locks(worker, place.file)} == set()


def test_nothing_is_lost_or_doubled_whatever_happens_to_one_server(tmp_path: Path) -> None:
    place = Installation(tmp_path)
    place.start()
    try:
        with load(place, faults.PEOPLE) as tally:
            for fault in FAULTS.values():
                fault(place)
                go_on(tally)
    finally:
        place.kill()
    told = outcome("everything", place, tally)
    assert told.acknowledged > 100
    assert (told.lost, told.doubled) == (0, 0)


def test_nothing_is_lost_when_postgresql_stops_and_comes_back(tmp_path: Path) -> None:
    with running_postgres() as server:
        place = Installation(tmp_path, server.url(server.create_database()))
        told = happening(*postgresql_stopped(server), place)
    assert told.acknowledged > 20
    assert (told.lost, told.doubled) == (0, 0)
