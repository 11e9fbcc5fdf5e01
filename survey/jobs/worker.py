"""The worker: a process that does jobs, one at a time, and leaves the processors to respondents."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from survey.config import Settings
from survey.database import Engine, StoreError
from survey.jobs.doing import Doing, begin_again, is_gone, place
from survey.jobs.job import JobKind
from survey.jobs.queue import JobQueue
from survey.jobs.sweeping import sweep

if TYPE_CHECKING:
    from huey import Huey

STEPS_BACK: Final = 10
"""How far a worker steps back (nice): a processor is its own only while no one else wants it."""

_LOOKS: Final = 0.3
"""Seconds between two looks into an empty queue."""

_SIGNS: Final = 5.0
"""Seconds between two signs that a worker is there, and between two looks for what is to be deleted."""

_log = logging.getLogger("survey")

_STOPS_WITHIN: Final = 1.0
"""Seconds that a job has to come to its end when the worker stops; one that needs longer is begun again later."""


def work(settings: Settings, engine: Engine, kinds: Sequence[JobKind]) -> None:
    """Do jobs until stopped by a signal; to be called in the main thread of a process of its own."""
    # Whatever serves pages names this module as well, and needs none of it.
    from huey.consumer import Consumer
    from huey.signals import SIGNAL_INTERRUPTED

    os.nice(STEPS_BACK)
    # What goes wrong is said by us: in the job's own record, or below. huey would repeat it several times a second.
    logging.getLogger("huey").setLevel(logging.CRITICAL)
    queue = JobQueue(settings)
    doing = Doing(queue, engine, {kind.name: kind for kind in kinds})
    huey = _reached(queue, doing)
    over = threading.Event()
    signs = threading.Thread(target=_give_signs, args=(queue, engine, over), name="signs", daemon=True)

    class Stoppable(Consumer):  # type: ignore[misc]  # huey has no types
        """Gives signs as soon as it can be told to stop: a sign that is never taken back lets others wait for it."""

        def start(self) -> None:
            super().start()
            signs.start()

    consumer = Stoppable(
        huey,
        periodic=False,
        initial_delay=_LOOKS,
        max_delay=_LOOKS,
        scheduler_interval=60,
        shutdown_timeout=_STOPS_WITHIN,
    )
    stopped: list[object] = []
    huey.signal(SIGNAL_INTERRUPTED)(lambda _signal, task: stopped.append(task))
    consumer.run()
    over.set()
    signs.join()
    with suppress(StoreError):
        queue.sign_off(place())
        _begin_again(queue, place())
    if stopped:
        os._exit(0)  # its thread is in the middle of arithmetic, and would keep the process from ending


def _reached(queue: JobQueue, doing: Doing) -> Huey:
    """Return the queue for the worker, once it can be reached."""
    told = False
    while True:
        try:
            huey = queue.done_by(doing.do)
            _begin_again(queue)
            return huey
        except StoreError as fault:
            if not told:
                _log.error("%s", fault)
            told = True
            time.sleep(_SIGNS)


def _begin_again(queue: JobQueue, mine: str = "") -> None:
    """Put jobs back into the queue whose process has ended. mine: also those of this process, which is told to stop."""
    for record in queue.records():
        if record.is_under_way and (record.place == mine or is_gone(record.place)):
            begin_again(queue, record, in_order=record.place == mine)


def _give_signs(queue: JobQueue, engine: Engine, over: threading.Event) -> None:
    here, told = place(), False
    while True:
        try:
            now = datetime.now(UTC)
            queue.sign(here, now)
            sweep(queue, engine, now)
            told = False
        except StoreError as fault:  # the next time may do; until then those who ask do without this worker
            if not told:
                _log.error("%s", fault)
            told = True
        if over.wait(_SIGNS):
            return
