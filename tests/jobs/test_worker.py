"""Workers are processes of their own: they die, are stopped, and come back, and no job is lost by that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakeredis import TcpFakeServer

from bench.faults import free_port
from survey.database import Engine
from survey.export.downloads import DOWNLOAD, download
from survey.jobs.asking import Jobs
from survey.jobs.doing import place
from survey.jobs.job import JobRecord
from survey.jobs.queue import JobQueue, QueueUnreachable
from survey.jobs.sweeping import forget_everything
from tests.jobs.pieces import JOB, LONG, Pieces, at_once, over, settings_in, someone_withdraws, until
from tests.jobs.worker import GO_ON

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """start(command, …) -> a process that ends with the test."""
    with ExitStack() as stack:

        def process(*command: object, **environment: str) -> subprocess.Popen[bytes]:
            begun = subprocess.Popen(
                [sys.executable, *map(str, command)], cwd=ROOT, env=os.environ | environment, stderr=subprocess.PIPE
            )
            stack.callback(begun.communicate)
            stack.callback(begun.kill)
            return begun

        yield process


@contextmanager
def running_redis(port: int) -> Iterator[str]:
    """Run a Redis that speaks as a real one does, over a socket; give its address."""
    server = TcpFakeServer(("127.0.0.1", port), server_type="redis")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{port}/0"
    server.shutdown()
    server.server_close()


@pytest.fixture
def redis() -> Iterator[str]:
    """The address of a Redis."""
    with running_redis(free_port()) as address:
        yield address


def now() -> datetime:
    return datetime.now(UTC)


def doing(queue: JobQueue, worker: subprocess.Popen[bytes]) -> JobRecord:
    """Wait until a worker is in the middle of the job; return how it stands."""
    found: list[JobRecord] = []

    def there() -> bool:
        found[:] = [one for one in queue.records() if one.place.endswith(f" {worker.pid}") and one.steps[0].of == 2]
        return bool(found)

    until(there)
    return found[0]


@pytest.mark.parametrize("kept", ["in a file", "in Redis"])
def test_a_worker_killed_in_the_middle_loses_nothing(
    tmp_path: Path, engine: Engine, start: Start, request: pytest.FixtureRequest, kept: str
) -> None:
    address = request.getfixturevalue("redis") if kept == "in Redis" else None
    settings = settings_in(tmp_path, address)
    queue, never = JobQueue(settings), Pieces()
    words = ("-m", "tests.jobs.worker", tmp_path, *([address] if address else []))
    first = start(*words)
    until(queue.signs)
    jobs = Jobs(settings, engine, [never.kind])
    jobs.ask(JOB, now())
    assert doing(queue, first).tries == 1
    first.send_signal(signal.SIGKILL)
    first.wait(LONG)
    second = start(*words)
    assert doing(queue, second).tries == 2
    (tmp_path / GO_ON).touch()
    assert over(jobs).is_ready
    assert jobs.content(JOB) == b"made by a worker"
    assert never.made == [], "this process asked, and did nothing itself"
    someone_withdraws(engine)
    until(lambda: queue.content(JOB) is None)  # nobody asks: the worker looks


def test_a_worker_that_is_stopped_in_the_middle_hands_its_job_back_at_once(
    tmp_path: Path, engine: Engine, start: Start
) -> None:
    settings = settings_in(tmp_path)
    queue = JobQueue(settings)
    worker = start("-m", "tests.jobs.worker", tmp_path)
    until(queue.signs)
    Jobs(settings, engine, [Pieces().kind]).ask(JOB, now())
    doing(queue, worker)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(LONG) == 0
    assert worker.stderr is not None
    assert worker.stderr.read() == b""
    (record,) = queue.records()
    assert (record.place, record.tries) == ("", 0)
    assert queue.waits(JOB)
    assert queue.signs() == {}


SLOW_TO_LISTEN = """
import runpy, sys, time
from huey.consumer import Consumer

listen = Consumer._set_signal_handlers
Consumer._set_signal_handlers = lambda self: (time.sleep(0.5), listen(self))
runpy.run_module("tests.jobs.worker", run_name="__main__", alter_sys=True)
"""


def test_a_worker_that_is_stopped_as_soon_as_it_is_there_takes_its_sign_back(
    tmp_path: Path, engine: Engine, start: Start
) -> None:
    queue = JobQueue(settings_in(tmp_path))
    worker = start("-c", SLOW_TO_LISTEN, tmp_path)
    until(queue.signs)
    worker.terminate()
    assert worker.wait(LONG) == 0
    assert queue.signs() == {}


def test_where_the_worker_has_died_the_process_that_asks_does_the_job(
    tmp_path: Path, engine: Engine, start: Start
) -> None:
    settings = settings_in(tmp_path)
    queue, pieces = JobQueue(settings), at_once()
    worker = start("-m", "tests.jobs.worker", tmp_path)
    until(queue.signs)
    jobs = Jobs(settings, engine, [pieces.kind])
    jobs.ask(JOB, now())
    doing(queue, worker)
    worker.kill()
    worker.wait(LONG)
    assert over(jobs).is_ready
    assert pieces.made == [JOB]


def test_the_command_makes_the_files_that_pages_ask_for(tmp_path: Path, engine: Engine, start: Start) -> None:
    settings = replace(settings_in(tmp_path), secret_key="s" * 40)
    queue = JobQueue(settings)
    command = start(
        "-c",
        "from survey.cli import main; main()",
        "work",
        CHORUS_INSTANCE=str(tmp_path),
        DATABASE_URL=settings.database_url,
        SECRET_KEY=settings.secret_key,
    )
    until(queue.signs)
    jobs, job = Jobs(settings, engine, [DOWNLOAD]), download("small-notes", "xlsx", "ann@example.org")
    asked = jobs.ask(job, now())
    assert over(jobs, job).is_ready
    assert (jobs.content(job) or b"").startswith(b"PK")
    assert f" {command.pid}" in next(iter(queue.signs())), "not this process, which is"
    assert place() not in queue.signs()
    assert asked.job == job


def test_the_queue_on_redis_keeps_what_the_one_in_a_file_keeps(tmp_path: Path, engine: Engine, redis: str) -> None:
    settings = settings_in(tmp_path, redis)
    pieces = at_once()
    jobs, queue = Jobs(settings, engine, [pieces.kind]), JobQueue(settings)
    first, later = JOB, replace(JOB, wanted=("b",))
    jobs.ask(first, now())
    jobs.ask(later, now())
    assert over(jobs, first).is_ready
    assert over(jobs, later).is_ready
    assert [record.job for record in queue.records()] == [first, later]
    assert queue.content(later) == b"what was made, answer 4711"
    jobs.ask(first, now(), again=True)
    assert over(jobs, first).is_ready
    assert pieces.made == [first, later, first]
    forget_everything(settings)
    assert queue.records() == []
    assert queue.content(later) is None


def test_a_redis_that_is_away_is_said_in_a_sentence(tmp_path: Path, engine: Engine) -> None:
    jobs = Jobs(settings_in(tmp_path, f"redis://127.0.0.1:{free_port()}/0"), engine, [at_once().kind])
    with pytest.raises(QueueUnreachable, match="where CHORUS_QUEUE names a Redis, that it is running"):
        jobs.ask(JOB, now())


def test_a_worker_waits_for_a_redis_that_is_away_and_says_so_once(tmp_path: Path, engine: Engine, start: Start) -> None:
    port = free_port()
    worker = start("-m", "tests.jobs.worker", tmp_path, f"redis://127.0.0.1:{port}/0")
    assert worker.stderr is not None
    assert b"where CHORUS_QUEUE names a Redis" in worker.stderr.readline()
    with running_redis(port) as address:
        settings = settings_in(tmp_path, address)
        until(JobQueue(settings).signs)
        (tmp_path / GO_ON).touch()
        jobs = Jobs(settings, engine, [Pieces().kind])
        jobs.ask(JOB, now())
        assert over(jobs).is_ready
        worker.terminate()
        assert worker.wait(LONG) == 0
        assert worker.stderr.read() == b""
