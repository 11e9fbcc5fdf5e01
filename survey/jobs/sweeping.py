"""Deleting what jobs made: what is too old, what was fetched, and at once what someone is gone from."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

from survey.config import Settings
from survey.database import Engine
from survey.jobs.queue import JobQueue
from survey.jobs.state import still_holds


def sweep(queue: JobQueue, engine: Engine, now: datetime) -> None:
    """Delete every outcome that may not be shown any more, and what is left of jobs that are over.

    Raises StoreError where the database or the queue cannot be reached.
    """
    if not queue.is_there:
        return
    for record in queue.records():
        gone = record.is_ready and not still_holds(engine, record.job.study, record.state)
        if gone or record.is_past(now):
            queue.drop(record.job)
    queue.tidy()


def forget_everything(settings: Settings) -> None:
    """Delete all jobs and everything they made: nothing from before a restored backup holds after it."""
    with closing(JobQueue(settings)) as queue:
        if queue.is_there:
            queue.clear()
