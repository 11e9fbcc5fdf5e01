"""Results are worked out once, by a worker, and kept while they are true: an analysis takes seconds.

What the worker made is sealed, for all processes that serve pages; each keeps what it has opened in its memory. Neither
is shown once someone is gone from it, and the worker deletes it (survey/jobs/sweeping.py): whoever could compare it
with later results would see what that person had said.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Final

from survey.database import Engine
from survey.export.store import ALL_OF_IT, Chosen, tables
from survey.export.study import ANALYSED, READ, StudyTables
from survey.jobs.asking import Jobs
from survey.jobs.job import Job, JobKind, JobRecord, Tell
from survey.jobs.queue import QueueUnreachable
from survey.jobs.state import StudyState

FRESH: Final = timedelta(minutes=10)
"""So long results are shown although more people have answered meanwhile. Whoever withdraws is gone at once."""

_MOST: Final = 48
"""Results kept in memory at a time, of a study, a wave and a group each."""


@dataclass(frozen=True)
class WorkedOut:
    """Results as they were at a moment. tables: None where no one had finished anything. fault: why there are none."""

    tables: StudyTables | None
    made: datetime
    state: StudyState
    fault: str = ""

    def is_fresh(self, state: StudyState, now: datetime) -> bool:
        """Tell whether there is no need to work them out again for a study in this state."""
        return self.state == state or now - self.made < FRESH


def _make(engine: Engine, job: Job, now: datetime, tell: Tell) -> bytes:
    return pickle.dumps(tables(job.study, engine, now, _chosen(job), tell))


def _job(study: str, chosen: Chosen) -> Job:
    """Return the job that works out results."""
    return Job(RESULTS.name, study, () if chosen == ALL_OF_IT else (chosen.until or "", chosen.group or ""))


def _chosen(job: Job) -> Chosen:
    until, group = job.wanted or ("", "")
    return Chosen(until or None, group or None)


RESULTS: Final = JobKind("results", (READ, ANALYSED), _make, keep=timedelta(hours=12), first=True)


class ResultsDesk:
    """Has results worked out, and keeps what it has opened."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, Chosen], WorkedOut] = OrderedDict()

    def results(self, study: str, chosen: Chosen, now: datetime, patience: float) -> WorkedOut | JobRecord:
        """Return the results of a study; how the job stands where they take longer.

        patience: seconds to wait for results that are not there yet, since they were asked for. Results that others
        have added answers to are shown for FRESH, and after that while newer ones are worked out.
        """
        state = self._jobs.state(study)
        kept = self._true((study, chosen), state)
        if kept is not None and kept.is_fresh(state, now):
            return kept
        job = _job(study, chosen)
        record = self._jobs.ask(job, now)
        if kept is None:
            # Who comes back to see how far it is does not hold a thread again for as long.
            left = patience - (now - record.asked).total_seconds()
            record = self._jobs.wait(job, max(0.0, left)) or record
        if record.fault:
            return kept or WorkedOut(None, record.asked, state, record.fault)
        known = kept is not None and record.made == kept.made
        found = kept if known else self._opened(record) or kept
        if found is not None and not found.is_fresh(state, now):
            self._jobs.ask(job, now, again=True)
        return found or record

    def _true(self, key: tuple[str, Chosen], state: StudyState) -> WorkedOut | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            if not kept.state.holds_in(state):
                del self._kept[key]
                return None
            self._kept.move_to_end(key)
            return kept

    def kept(self, study: str) -> WorkedOut | None:
        """Return the results of all waves where they are there and still true. Nothing is worked out for this."""
        kept = self._true((study, ALL_OF_IT), self._jobs.state(study))
        if kept is not None:
            return kept
        with suppress(QueueUnreachable):  # the page that asks has other things to show
            record = self._jobs.ready(_job(study, ALL_OF_IT))
            return None if record is None else self._opened(record)
        return None

    def _opened(self, record: JobRecord) -> WorkedOut | None:
        """Return what a job made, and keep it; None where it is not over."""
        content = self._jobs.content(record.job) if record.is_ready else None
        if content is None or record.made is None or record.state is None:
            return None
        # What comes out of the queue was sealed by this program, and by no one else.
        found = WorkedOut(pickle.loads(content), record.made, record.state)
        with self._lock:
            self._kept[record.job.study, _chosen(record.job)] = found
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return found


@lru_cache(maxsize=4)
def desk(jobs: Jobs) -> ResultsDesk:
    """Return the one place of this process where results are kept."""
    return ResultsDesk(jobs)
