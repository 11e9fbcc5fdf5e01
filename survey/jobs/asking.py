"""Asking for jobs: what pages and commands use. Whoever asks twice joins the job that is under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from survey.config import Settings
from survey.database import Engine, StoreError
from survey.jobs.doing import Doing, begin_again, is_gone
from survey.jobs.job import Job, JobKind, JobRecord, JobStep
from survey.jobs.queue import JobQueue
from survey.jobs.state import StudyState, state_of, still_holds

_LOOKS: Final = 0.05
"""Seconds between two looks of who waits for a job: the first ones of a short wait."""

_WORKER_WITHIN: Final = timedelta(seconds=20)
"""A worker that has given no sign for so long is not counted on."""

_TAKEN_WITHIN: Final = timedelta(seconds=5)
"""A job is written down, and then put into the queue; it is taken out, and then written down as under way. A process
that ends in between leaves it in neither place.
"""


class Jobs:
    """The jobs of an installation.

    A worker does them (`survey work`, which `survey serve` starts). Where there is none, this process does, in a thread
    of its own: then they come as well, and answering waits a little.
    """

    def __init__(self, settings: Settings, engine: Engine, kinds: Sequence[JobKind]) -> None:
        self._engine = engine
        self._queue = JobQueue(settings)
        self._kinds = {kind.name: kind for kind in kinds}
        self._doing = Doing(self._queue, engine, self._kinds)
        self._lock = threading.Lock()
        self._standing_in: threading.Thread | None = None

    def state(self, study: str) -> StudyState:
        """Return the state of a study now. Raises Refused where there is no such study."""
        return state_of(self._engine, study)

    def look(self, job: Job, now: datetime) -> JobRecord | None:
        """Return how a job stands; None for one that no one has asked for, and for one that was kept long enough.

        An outcome from which someone is gone, or whose study says something else by now, is deleted here and made anew:
        it is never shown again.
        """
        record = self._queue.record(job)
        if record is None:
            return None
        if record.is_past(now):
            self._queue.drop(job)
            return None
        if record.is_ready and not still_holds(self._engine, job.study, record.state):
            record = self._begin(job, now, anew=True)
        if record.is_over:
            return record
        if self._is_forsaken(record, now):
            record = begin_again(self._queue, record)
        if not self._is_worked(now):
            self._stand_in()
        return record

    def ready(self, job: Job) -> JobRecord | None:
        """Return how a job stands where something was made that may still be shown; nothing is begun for this."""
        record = self._queue.record(job)
        there = record is not None and record.is_ready and still_holds(self._engine, job.study, record.state)
        return record if there else None

    def ask(self, job: Job, now: datetime, *, again: bool = False) -> JobRecord:
        """Ask for a job unless it was asked for, and return how it stands. again: also where it is over."""
        record = self.look(job, now)
        if record is None or (again and record.is_over):
            record = self._begin(job, now)
        return self.look(job, now) or record

    def _begin(self, job: Job, now: datetime, *, anew: bool = False) -> JobRecord:
        kind = self._kinds[job.kind]
        asked = JobRecord(job, now, now + kind.keep, tuple(JobStep(title) for title in kind.steps), anew=anew)
        self._queue.drop(job)
        if self._queue.put_new(asked):
            self._queue.hand_over(job, first=kind.first)
        return asked

    def wait(self, job: Job, seconds: float) -> JobRecord | None:
        """Return how a job stands once it is over, and at the latest after so many seconds."""
        until, pause = time.monotonic() + seconds, _LOOKS
        while True:
            record = self.look(job, datetime.now(UTC))
            left = until - time.monotonic()
            if record is None or record.is_over or left <= 0:
                return record
            time.sleep(min(pause, left))
            pause *= 1.2

    def content(self, job: Job) -> bytes | None:
        """Return what a job made; None where there is nothing. Ask `look` first whether it may still be shown."""
        return self._queue.content(job)

    def fetched(self, record: JobRecord, now: datetime) -> None:
        """Say that what a job made was fetched, so that it is deleted soon."""
        if record.fetched is None:
            self._queue.put(replace(record, fetched=now))

    def before(self, record: JobRecord) -> int:
        """Return how many other jobs are under way, or wait before this one."""
        return sum(not one.is_over and one.asked < record.asked for one in self._queue.records())

    def _is_forsaken(self, record: JobRecord, now: datetime) -> bool:
        """Tell whether no one does a job that is not over: its process ended, perhaps before it could begin."""
        if record.is_under_way:
            return record.is_silent(now) or is_gone(record.place)
        return now - record.asked > _TAKEN_WITHIN and not self._queue.waits(record.job)

    # ---- where there is no worker ----

    def _is_worked(self, now: datetime) -> bool:
        return any(now - at < _WORKER_WITHIN and not is_gone(place) for place, at in self._queue.signs().items())

    def _stand_in(self) -> None:
        """Do what waits in a thread of this process; it begins here, after any fork."""
        with self._lock:
            if self._standing_in is None or not self._standing_in.is_alive():
                self._standing_in = threading.Thread(target=self._do_all, name="jobs", daemon=True)
                self._standing_in.start()

    def _do_all(self) -> None:
        with suppress(StoreError):  # whoever asks next is told
            while self._queue.take_one(self._doing.do):
                pass
