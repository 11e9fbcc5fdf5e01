"""`survey serve` runs a worker beside the website: it comes back when it dies, and ends when the website does."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bench.faults import SURVEY, answers, descendants, free_port
from survey.jobs.queue import JobQueue
from survey.jobs.worker import STEPS_BACK
from tests.jobs.pieces import LONG, settings_in, small_study, until

Started = tuple[subprocess.Popen[bytes], JobQueue]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """start("--more") -> `survey serve` with a small study, once it answers, and its queue."""
    small_study(tmp_path).dispose()
    settings = settings_in(tmp_path)
    begun: list[subprocess.Popen[bytes]] = []

    def serve(*more: str) -> Started:
        port = free_port()
        said = {
            "CHORUS_INSTANCE": str(tmp_path),
            "DATABASE_URL": settings.database_url,
            "SECRET_KEY": settings.secret_key,
        }
        command = [*SURVEY, "serve", "--port", str(port), "--workers", "1", *more]
        process = subprocess.Popen(command, env=os.environ | said, stderr=subprocess.PIPE)
        begun.append(process)
        until(lambda: answers(port))
        return process, JobQueue(settings)

    yield serve
    for process in begun:
        process.kill()
        process.communicate()


def workers(server: int) -> list[int]:
    """The processes below a server that step back for others."""
    found = []
    for pid in descendants(server):
        with suppress(ProcessLookupError):
            if os.getpriority(os.PRIO_PROCESS, pid) >= STEPS_BACK:
                found.append(pid)
    return found


def is_there(pid: int) -> bool:
    with suppress(OSError):
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return False


def test_the_worker_beside_the_website_comes_back_when_it_dies_and_stops_with_it(
    start: Callable[..., Started],
) -> None:
    server, queue = start()
    until(queue.signs)
    (first,) = workers(server.pid)
    os.kill(first, signal.SIGKILL)
    until(lambda: [pid for pid in workers(server.pid) if pid != first])
    (second,) = workers(server.pid)
    until(lambda: any(place.endswith(f" {second}") for place in queue.signs()))
    server.terminate()
    assert server.wait(LONG) == 0
    assert not is_there(second)
    assert server.stderr is not None
    assert server.stderr.read() == b""
    assert not any(place.endswith(f" {second}") for place in queue.signs())


def test_the_worker_ends_when_the_website_was_killed(start: Callable[..., Started]) -> None:
    server, queue = start()
    until(queue.signs)
    (worker,) = workers(server.pid)
    server.kill()
    until(lambda: not is_there(worker))


def test_there_is_none_where_none_is_wanted(start: Callable[..., Started]) -> None:
    server, queue = start("--no-long-work")
    assert workers(server.pid) == []
    assert queue.signs() == {}
