"""Three servers with our pages: speed, memory, slow clients, a killed process, a restart."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.faults import descendants, lines_left_hanging, listens
from bench.pages import SMALL, Size, best, percentile, server, study, warm
from bench.respondents import Browser, Measured, crowd, respond
from bench.serving import KINDS


def run(*, small: bool = False) -> Iterator[str]:
    """Yield some lines for each server."""
    size = SMALL if small else Size((32, 100))
    with TemporaryDirectory() as name:
        folder = Path(name)
        start = study(folder)
        for kind in KINDS:
            # Our pages take seconds to load, and other parts serve them at a small size too; one kind is tried whole.
            whole = not small or kind == next(iter(KINDS))
            yield kind
            app, walk = ("ceiling", ("/page/1", "/page/")) if small else ("ours", (start, "/q/"))
            with server(app, folder, size.workers, kind) as (port, pid):
                yield from _speed(size, port, pid, walk)
                if whole:
                    yield from _beside_hanging(size, port, walk)
                if not small:  # the restart below disturbs respondents in the same way
                    doomed = _workers(pid, port)[0]
                    told = _disturbed(size, port, walk, doomed, signal.SIGKILL)
                    yield f"  a process killed (-9) under load: {told}"
            if whole:
                yield _restarted(size, kind, folder, app, walk)


Walk = tuple[str, str]
"""Where a respondent begins, and how the addresses of the pages begin that count."""


def _speed(size: Size, port: int, pid: int, walk: Walk) -> Iterator[str]:
    warm(size, port, *walk)
    for people in size.people:
        yield f"  {people} respondents: {_told(*best(size, port, pid, people, *walk))}"
    yield f"  memory of its processes: {_memory(pid):.0f} MB"


def _beside_hanging(size: Size, port: int, walk: Walk) -> Iterator[str]:
    for bodies, heads in size.hanging:
        with lines_left_hanging(port, bodies, heads):
            yield f"  beside {bodies} unfinished bodies and {heads} half-sent heads: {_beside(size, port, walk)}"
        time.sleep(size.warming)


def _told(rate: float, measured: Measured, cpu: float) -> str:
    p50, p95, p99 = (percentile(measured.posts, share) for share in (0.50, 0.95, 0.99))
    return f"{rate:4.0f} pages/s, p50 {p50:.0f} p95 {p95:.0f} p99 {p99:.0f} ms, CPU {cpu:.2f} ms a page"


def _workers(pid: int, port: int) -> list[int]:
    return [one for one in descendants(pid) if listens(one, port)]


def _memory(pid: int) -> float:
    """Return the memory of a process and all below it that belongs to them alone or by their share, in MB."""
    total = 0
    for one in (pid, *descendants(pid)):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def _beside(size: Size, port: int, walk: Walk) -> str:
    """Return how respondents fare for a while, or that they do not."""
    try:
        answering = crowd(port, min(8, size.crowd), size.seconds, *walk)
        measured = asyncio.run(asyncio.wait_for(answering, size.seconds + 10))
    except TimeoutError:
        return f"no page within {size.seconds + 10:.0f} s"
    return f"{len(measured.posts) / size.seconds:.0f} pages/s, {_slowest(measured)}"


def _restarted(size: Size, kind: str, folder: Path, app: str, walk: Walk) -> str:
    """Start a server, stop it gently under load; return how long both took, and how many lost a page by it."""
    begun = time.perf_counter()
    with server(app, folder, size.workers, kind) as (port, pid):
        up = time.perf_counter() - begun
        warm(size, port, *walk)
        gone = list[float]()

        def wait() -> None:
            time.sleep(size.seconds / 3)
            asked = time.perf_counter()
            while _workers(pid, port):
                time.sleep(0.02)
            gone.append(time.perf_counter() - asked)

        watching = threading.Thread(target=wait)
        watching.start()
        told = _disturbed(size, port, walk, pid, signal.SIGTERM)
        watching.join()
    return f"  starts in {up:.1f} s; stopped gently under load within {gone[0]:.1f} s: {told}"


def _disturbed(size: Size, port: int, walk: Walk, process: int, how: signal.Signals) -> str:
    """Send a process a signal in the middle; return how many respondents had to open the page again."""
    timer = threading.Timer(size.seconds / 3, os.kill, (process, how))
    timer.start()
    broken, measured = asyncio.run(_going_on(size, port, walk))
    timer.join()
    return f"{broken} of {size.crowd} respondents lost a page on its way, {_slowest(measured)}"


def _slowest(measured: Measured) -> str:
    return f"slowest {1000 * max(measured.posts):.0f} ms" if measured.posts else "no page in time"


async def _going_on(size: Size, port: int, walk: Walk) -> tuple[int, Measured]:
    """Let a crowd answer, who open the link again when the server is lost; return how often, and their posts."""
    until, broken, measured = time.perf_counter() + size.seconds, 0, Measured()
    start, counts = walk

    async def one(number: int) -> None:
        nonlocal broken
        while time.perf_counter() < until:
            browser = Browser("127.0.0.1", port)
            try:
                await respond(browser, start, until, measured, random.Random(number), counts)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)  # nothing was sent
            except (OSError, EOFError):
                broken += 1
                await asyncio.sleep(0.05)
            finally:
                browser.close()

    await asyncio.gather(*(one(number) for number in range(size.crowd)))
    return broken, measured
