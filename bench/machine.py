"""What this machine is like, and how much it wavers."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator
from statistics import median
from time import perf_counter


def describe() -> Iterator[str]:
    """Yield what the figures were measured on: cores, a fixed piece of work repeated, a durable write repeated."""
    yield f"machine: {os.cpu_count()} cores, Python {platform.python_version()}"
    yield _spread("a fixed loop", [_loop() for _ in range(15)])
    yield _spread("a durable write of 4 kB", list(_writes(40)))


def _loop() -> float:
    start = perf_counter()
    sum(n * n for n in range(200_000))
    return perf_counter() - start


def _writes(count: int) -> Iterator[float]:
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(count):
            start = perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            yield perf_counter() - start


def _spread(what: str, times: list[float]) -> str:
    ms = sorted(1000 * time for time in times)
    return f"  {what}: median {median(ms):.2f} ms, from {ms[0]:.2f} to {ms[-1]:.2f} ms"
