"""The worker that runs beside the website: started with it, started again when it dies, stopped with it."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_PAUSE: Final = 2.0
"""Seconds before a worker that died is started again: one that cannot even begin must not keep a processor busy."""

_STOPS_WITHIN: Final = 5.0
"""Seconds that it has to end; what it was doing is begun again later in any case."""


@contextmanager
def running_beside(work: Callable[[], None], ends_with: Callable[[int], None]) -> Iterator[None]:
    """Have `work` done in a process of its own while the block runs.

    ends_with: called in that process with the number of this one, whose end is to be its end too. The process is a copy
    of this one, in which everything is imported: it starts at once and shares the memory.
    """
    over = threading.Event()
    first = _begun(work, ends_with)
    keeper = threading.Thread(target=_keep, args=(first, work, ends_with, over), name="worker", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _begun(work: Callable[[], None], ends_with: Callable[[int], None]) -> multiprocessing.process.BaseProcess:
    parent = os.getpid()

    def run() -> None:
        ends_with(parent)
        work()

    process = multiprocessing.get_context("fork").Process(target=run, name="long work")
    process.start()
    return process


def _keep(
    process: multiprocessing.process.BaseProcess,
    work: Callable[[], None],
    ends_with: Callable[[int], None],
    over: threading.Event,
) -> None:
    while not over.wait(_PAUSE):
        if not process.is_alive():
            process.join()
            process = _begun(work, ends_with)
    process.terminate()
    process.join(_STOPS_WITHIN)
    if process.is_alive():
        process.kill()
    process.join()
