"""Pages saved per second: ours beside the most a form can do, on the same server with as many processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.faults import descendants, free_port, listens
from bench.respondents import Measured, crowd
from survey.fieldwork.doors import OwnTimes

THREADS = 16
FOLDER = Path(__file__).parent.parent / "questionnaires"
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)  # a door with times of its own does not follow its wave


@dataclass(frozen=True)
class Size:
    """How much is measured. people: how many at once; seconds: of a round; workers: processes of a server."""

    people: tuple[int, ...]
    seconds: float = float(os.environ.get("BENCH_SECONDS", "6"))
    rounds: int = 2
    workers: int = 2
    hanging: tuple[tuple[int, int], ...] = ((0, 300), (40, 0), (100, 0))
    """Unfinished bodies and half-sent heads beside which people answer."""
    crowd: int = 32
    """How many answer while a process is killed, or the server stopped."""

    @property
    def warming(self) -> float:
        """Seconds before anything is measured."""
        return min(1.0, self.seconds)


SMALL = Size((2,), seconds=0.2, rounds=1, workers=1, hanging=((2, 3),), crowd=2)
"""To see that all of it runs; the figures say nothing."""


def run(*, small: bool = False) -> Iterator[str]:
    """Yield a line for each number of respondents: theirs, ours, the ratio, the posts' times, the CPU per page."""
    size = SMALL if small else Size((1, 8, 32, 100))
    rounds = f"{size.rounds} rounds of {size.seconds:g} s each"
    yield f"{size.workers} processes of {THREADS} threads; {rounds}; the better one counts"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = study(folder)
        with (
            server("ceiling", folder, size.workers) as (their_port, their_pid),
            server("ours", folder, size.workers) as (our_port, our_pid),
        ):
            warm(size, their_port, "/page/1", "/page/")
            warm(size, our_port, start, "/q/")
            for people in size.people:
                theirs = best(size, their_port, their_pid, people, "/page/1", "/page/")
                ours = best(size, our_port, our_pid, people, start, "/q/")
                yield _line(people, theirs, ours)


def warm(size: Size, port: int, start: str, counts: str) -> None:
    """Let a few people answer for a while, whose times do not count."""
    asyncio.run(crowd(port, min(8, size.crowd), size.warming, start, counts))


def best(size: Size, port: int, pid: int, people: int, start: str, counts: str) -> tuple[float, Measured, float]:
    """Return (pages a second, times, server's CPU in ms a page) of the better of some rounds."""
    rounds = []
    for _ in range(size.rounds):
        cpu, begun = _cpu(pid), time.perf_counter()
        measured = asyncio.run(crowd(port, people, size.seconds, start, counts))
        took = time.perf_counter() - begun
        pages = len(measured.posts)
        rounds.append((pages / took, measured, 1000 * (_cpu(pid) - cpu) / max(1, pages)))
    return max(rounds, key=lambda round_: round_[0])


def _line(people: int, theirs: tuple[float, Measured, float], ours: tuple[float, Measured, float]) -> str:
    def told(name: str, figures: tuple[float, Measured, float]) -> str:
        rate, measured, cpu = figures
        p50, p95, p99 = (percentile(measured.posts, share) for share in (0.50, 0.95, 0.99))
        bad = f", {measured.faults} FAULTS" if measured.faults else ""
        return (
            f"  {name:8} {rate:6.0f} pages/s   POST p50 {p50:5.1f}  p95 {p95:6.1f}  p99 {p99:6.1f} ms   "
            f"CPU {cpu:4.2f} ms/page{bad}"
        )

    head = f"{people} respondents: ours / ceiling = {ours[0] / theirs[0]:.2f}"
    return "\n".join([head, told("ceiling", theirs), told("ours", ours)])


def percentile(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def _cpu(pid: int) -> float:
    """Return the CPU seconds a server and its workers have used so far."""
    tick = os.sysconf("SC_CLK_TCK")
    total = 0
    for one in [pid, *descendants(pid)]:
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / tick


def study(folder: Path, questionnaire: str = "pupil-ks2") -> str:
    """Publish the shipped study in a new database; return the path of an open link to one of its questionnaires."""
    from survey.config import Settings
    from survey.database import open_engine, session, upgrade
    from survey.fieldwork import new_door, study_by_code
    from survey.fieldwork.publishing import publish_folder

    settings = Settings.from_environment({"CHORUS_INSTANCE": str(folder)})
    engine = open_engine(settings.database_url)
    upgrade(engine)
    publish_folder(engine, FOLDER, datetime.now(UTC))
    with session(engine) as db:
        study = study_by_code(db, "first-notes")
        assert study is not None
        door = new_door(
            db,
            wave=study.waves[-1],
            questionnaire=questionnaire,
            key=settings.key("codes"),
            times=OwnTimes(opens_at=ALWAYS),
        )
    engine.dispose()
    return f"/j/{door.token}"


@contextmanager
def server(app: str, folder: Path, workers: int, kind: str = "granian") -> Iterator[tuple[int, int]]:
    """Run one of the apps of bench/serving.py in processes of a kind of server; give its port and process id."""
    port = free_port()
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SECRET_KEY")} | {
        "CHORUS_INSTANCE": str(folder),
        "BENCH_DATABASE": str(folder / "ceiling.db"),
    }
    command = [sys.executable, "-m", "bench.serving", kind, app, str(port), str(workers), str(THREADS)]
    process = subprocess.Popen(command, env=env, cwd=FOLDER.parent)
    try:
        _wait_for(port, process, workers)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], workers: int) -> None:
    until = time.monotonic() + 300  # a busy machine has been seen to take one minute
    while sum(listens(one, port) for one in (process.pid, *descendants(process.pid))) < workers:
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the server did not start")
        time.sleep(0.05)
    time.sleep(0.5)
