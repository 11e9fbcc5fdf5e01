"""Doing jobs: in a worker, or in the process that asks where there is none. How far it has come is written down."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

from survey.database import Engine, StoreError
from survey.jobs.job import TRIES, Job, JobKind, JobRecord, JobStep
from survey.jobs.queue import JobQueue
from survey.jobs.state import state_of
from survey.problems import Explained

_WRITES: Final = 0.4
"""Seconds between two times that a job says how far it has come."""

_STOPPED: Final = (
    "This stopped twice before it was finished, perhaps because the computer ran out of memory or was switched off. "
    "Please try again when fewer people are answering. If it happens again, please tell your IT support."
)
_BROKEN: Final = "This did not work because of a fault in Chorus. Please tell your IT support: its log has the place."

_log = logging.getLogger("survey")


def place() -> str:
    """Return the name of this process: its computer, and its number there."""
    return f"{socket.gethostname()} {os.getpid()}"


def is_gone(place: str) -> bool:
    """Tell whether a process of this computer has ended. Of another computer's that cannot be told from here."""
    computer, _, number = place.rpartition(" ")
    if computer != socket.gethostname():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def begin_again(queue: JobQueue, record: JobRecord, *, in_order: bool = False) -> JobRecord:
    """Put a job whose process is gone into the queue again; return how it stands now.

    One that was begun too often has failed. in_order: its process was told to stop, which does not count.
    """
    tries = record.tries - in_order
    if tries >= TRIES:
        failed = replace(record, place="", sign=None, fault=_STOPPED)
        queue.put(failed)
        return failed
    waits = replace(record, place="", sign=None, tries=tries)
    queue.put(waits)
    queue.hand_over(record.job, first=True)
    return waits


class Doing:
    """Does jobs of these kinds, one at a time."""

    def __init__(self, queue: JobQueue, engine: Engine, kinds: Mapping[str, JobKind]) -> None:
        self._queue, self._engine, self._kinds = queue, engine, kinds

    def do(self, job: Job) -> None:
        """Do a job that was taken out of the queue, unless it is done, under way, or no longer wanted.

        Nothing is raised: what went wrong is said to who asked, and the place of a fault of ours is logged.
        """
        record = self._queue.record(job)
        if record is None or record.is_over or record.is_under_way:
            return
        begun = replace(record, place=place(), sign=datetime.now(UTC), tries=record.tries + 1)
        with _Telling(self._queue, begun) as telling:
            done = self._done(job, telling)
        self._queue.put(done)

    def _done(self, job: Job, telling: _Telling) -> JobRecord:
        over = replace(telling.record, place="", sign=None)
        try:
            # The state before the answers are read: who withdraws meanwhile is still in it, and it holds no more.
            now, state = datetime.now(UTC), state_of(self._engine, job.study)
            content = self._kinds[job.kind].make(self._engine, job, now, telling.tell)
            self._queue.keep(job, content)
        except Explained as fault:
            return replace(over, fault=" ".join(fault.reasons))
        except Exception as error:
            # Only the kind and the place of the fault: its words could hold an answer.
            bare = (Exception, Exception(type(error).__name__), error.__traceback__)
            _log.error("%s in a job (%s)", type(error).__name__, job.kind, exc_info=bare)
            return replace(over, fault=_BROKEN)
        return replace(over, made=now, state=state)


class _Telling:
    """Writes down, while its block runs, how far a job has come and that its process is there."""

    def __init__(self, queue: JobQueue, record: JobRecord) -> None:
        self._queue, self.record = queue, record
        self._steps = {step.title: step for step in record.steps}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, name="telling", daemon=True)

    def __enter__(self) -> _Telling:
        self._queue.put(self.record)
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _place: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def tell(self, title: str, done: int, of: int) -> None:
        """Say how far a step has come."""
        self._steps[title] = JobStep(title, done, of)

    def _write(self) -> None:
        while not self._over.wait(_WRITES):
            now = replace(self.record, sign=datetime.now(UTC), steps=tuple(self._steps.values()))
            with suppress(StoreError):  # the next time may do
                self._queue.put(now)
