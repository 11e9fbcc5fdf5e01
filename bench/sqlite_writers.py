"""How long saves wait for one another on one SQLite file: with our queue before the write lock, and without.

    .venv/bin/python -m bench sqlite_writers

Each thread is one respondent who saves page after page with no pause, as hard as a server can be driven. Prints a
line per round: saves a second, then the wait for one save in milliseconds (median, 95th, 99th percentile, longest).
"""

from __future__ import annotations

import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np

from survey import database
from survey.fieldwork import keep_study, keep_waves, new_door, publish
from survey.responses import SavedPage, begin, load, save

PAGE = {f"question_{number}": number for number in range(2)}


def prepare(url: str) -> tuple[int, str]:
    """Make a database with one open door; return the door's id and the definition's SHA-256."""
    engine = database.open_engine(url)
    database.upgrade(engine)
    text = "a definition"
    digest = sha256(text.encode()).hexdigest()
    with database.session(engine) as session:
        study = keep_study(session, "bench", title="Bench")
        wave = keep_waves(session, study, [("w1", "Wave 1", None, None)])["w1"]
        publish(session, "bench", "pupil", 1, text)
        door = new_door(session, wave=wave, questionnaire="pupil", key=b"bench").door.id
    engine.dispose()
    return door, digest


def respond(engine: database.Engine, door: int, digest: str, until: float, waits: list[float]) -> None:
    """Save pages until the time is up, at least one; note each save's wait in seconds."""
    now = datetime.now(UTC)
    ticket = begin(engine, door, "en", digest, now)
    number = 0
    while not number or time.perf_counter() < until:
        number += 1
        now += timedelta(seconds=1)
        page = {f"{key}_{number % 12}": value for key, value in PAGE.items()}
        snapshot = load(engine, ticket.response)
        started = time.perf_counter()
        saved = save(
            engine, ticket.response, SavedPage(1, number, f"page_{number % 12}", page, now=now, ms=4000), seen=snapshot
        )
        waits.append(time.perf_counter() - started)
        if saved.outcome != "new":
            raise RuntimeError(f"A save was {saved.outcome}.")


class Round(NamedTuple):
    """How one process serves: so many threads, for so long, with our queue or without it."""

    threads: int
    seconds: float
    queue: bool


def serve(url: str, door: int, digest: str, how: Round, out: object) -> None:
    """Be one process of a server with so many threads."""
    engine = database.open_engine(url, threads=how.threads)
    if not how.queue:
        database._queues.pop(engine)
    waits: list[list[float]] = [[] for _ in range(how.threads)]
    until = time.perf_counter() + how.seconds
    people = [threading.Thread(target=respond, args=(engine, door, digest, until, mine)) for mine in waits]
    for person in people:
        person.start()
    for person in people:
        person.join()
    engine.dispose()
    out.put([wait for mine in waits for wait in mine])  # type: ignore[attr-defined]


def measure(threads: int, processes: int, seconds: float, queue: bool) -> np.ndarray:
    """Return the waits of one round, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        door, digest = prepare(url)
        start = multiprocessing.get_context("spawn")
        out = start.Queue()
        servers = [
            start.Process(target=serve, args=(url, door, digest, Round(threads, seconds, queue), out))
            for _ in range(processes)
        ]
        for server in servers:
            server.start()
        waits = [out.get() for _ in servers]
        for server in servers:
            server.join()
        return np.concatenate(waits) * 1000


def run(*, small: bool = False) -> Iterator[str]:
    """Yield a line per round, with and without the queue in turn, so that the machine's noise falls on both.

    small: a moment of two threads, to see that all of it runs; the figures say nothing.
    """
    threads, processes, seconds, rounds = (2, 1, 0.1, 1) if small else (32, 2, 5.0, 3)
    yield f"{processes} processes of {threads} threads, {seconds:g} s a round"
    yield "  queue    saves/s    p50    p95    p99   longest (ms)"
    for _ in range(rounds):
        for queue in (False, True):
            waits = measure(threads, processes, seconds, queue)
            middle, most, nearly_all = np.percentile(waits, [50, 95, 99])
            yield (
                f"  {'with' if queue else 'without':8} {len(waits) / seconds:7.0f} {middle:6.1f} {most:6.1f} "
                f"{nearly_all:6.1f} {waits.max():9.1f}"
            )
