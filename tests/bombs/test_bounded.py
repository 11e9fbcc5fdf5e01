"""A reading in a process of its own ends when it has used what it may use, and others do not notice."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import survey.bounded
from survey.bounded import AT_ONCE, MOST_WAITING, Bounds, Busy, Exceeded, reading

FEW = Bounds(cpu=1, seconds=20.0, memory=200 * 1024 * 1024, answer=1024 * 1024)


def lines_of(how: str, bounds: Bounds = FEW, data: bytes = b"") -> list[bytes]:
    with reading("tests.bombs.greedy", data, bounds, (how,), lean=True) as lines:
        return list(lines)


def test_what_goes_in_comes_back_line_by_line() -> None:
    assert lines_of("repeat", data=b"one\ntwo\n") == [b"one\n", b"two\n"]


@pytest.mark.parametrize("how", ["spin", "eat", "talk", "say one endless line", "stop half way"])
def test_a_reading_that_takes_too_much_is_ended(how: str) -> None:
    began = time.monotonic()
    with pytest.raises(Exceeded):
        lines_of(how)
    # A reading without bounds would never end; this one is ended after a second of a busy machine's time.
    assert time.monotonic() - began < 60


def test_a_reading_that_only_waits_is_ended_by_the_clock() -> None:
    with pytest.raises(Exceeded):
        lines_of("sleep", Bounds(cpu=1, seconds=0.5, memory=FEW.memory, answer=1000))


def test_a_reading_writes_no_file_and_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "no one must read this")
    (said,) = lines_of("say what it knows")
    assert b"SECRET_KEY" not in said
    with pytest.raises(Exceeded):
        lines_of("write")
    written = Path("/tmp/chorus-greedy")
    assert not written.exists() or written.stat().st_size == 0


def test_an_answer_that_was_cut_is_none_even_where_a_server_collects_its_processes() -> None:
    """Where children are not waited for, each seems to have ended well."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with pytest.raises(Exceeded):
            lines_of("spin")
        assert lines_of("repeat", data=b"whole\n") == [b"whole\n"]
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_when_the_caller_goes_away_the_reading_ends() -> None:
    with reading("tests.bombs.greedy", b"", FEW, ("sleep",), lean=True):
        pass  # the block ends before the process does
    assert lines_of("repeat", data=b"next\n") == [b"next\n"]


def test_few_are_read_at_once_few_wait_and_the_others_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey.bounded, "PATIENCE", 30.0)
    release = threading.Event()
    begun = threading.Semaphore(0)

    def hold() -> str:
        try:
            with survey.bounded._turn():
                begun.release()
                release.wait(30)
                return "read"
        except Busy:
            return "busy"

    with ThreadPoolExecutor(10) as pool:
        first = [pool.submit(hold) for _ in range(AT_ONCE)]
        for _ in first:
            assert begun.acquire(timeout=30)
        others = [pool.submit(hold) for _ in range(MOST_WAITING + 3)]
        # Those who are sent away come back at once; the others only when there is room.
        done = [one for one in others if _ends(one)]
        assert [one.result() for one in done] == ["busy"] * 3
        release.set()
        assert sorted(one.result() for one in (*first, *others)) == ["busy"] * 3 + ["read"] * (AT_ONCE + MOST_WAITING)


def _ends(one: object) -> bool:
    try:
        one.result(timeout=1.0)  # type: ignore[attr-defined]
    except TimeoutError:
        return False
    return True


def test_patience_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey.bounded, "PATIENCE", 0.1)
    release = threading.Event()
    begun = threading.Semaphore(0)

    def hold() -> None:
        with survey.bounded._turn():
            begun.release()
            release.wait(30)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(AT_ONCE):
            pool.submit(hold)
            assert begun.acquire(timeout=30)
        try:
            with pytest.raises(Busy):
                lines_of("repeat")
        finally:
            release.set()
