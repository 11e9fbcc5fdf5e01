"""Where jobs are kept: their queue, how each stands, and what was made. Everything in it is sealed.

It is huey on an SQLite file of its own in the instance folder; on several machines huey on Redis, which all of them
reach. Neither belongs to the database: a backup holds none of it, and a large file does not keep answers from being
written.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag

from survey import private
from survey.config import Settings
from survey.database import StoreError
from survey.jobs.job import Job, JobRecord

if TYPE_CHECKING:
    from huey import Huey

FILE: Final = "jobs.db"
"""The file in the instance folder. config.py knows what ours are called there."""

_JOB: Final = "job-"
_WORKER: Final = "worker-"


class QueueUnreachable(StoreError):
    """Long work can neither be asked for nor followed just now. Its text is a sentence."""


class JobQueue:
    """The jobs of an installation. All methods raise QueueUnreachable where the queue cannot be reached."""

    def __init__(self, settings: Settings) -> None:
        self._address, self._file = settings.queue, settings.instance / FILE
        # What another version of the program has kept may have another shape: it cannot be opened, and is deleted.
        self._secret = settings.key("jobs")
        self._do: Callable[[Job], None] = _not_here

    @property
    def is_there(self) -> bool:
        """True when there may be jobs: the file of the queue is made with the first."""
        return self._address is not None or self._file.exists()

    def close(self) -> None:
        """Let go of the queue; it is opened again when it is needed."""
        for name in ("_standing", "_made", "_task"):
            kept = self.__dict__.pop(name, None)
            if kept is not None and name != "_task":
                kept.storage.close()

    # ---- how jobs stand ----

    def record(self, job: Job) -> JobRecord | None:
        """Return how a job stands; None for one that no one has asked for, or that was deleted."""
        with _reached():
            record: JobRecord | None = self._opened(self._standing.get_raw(self._name(job), peek=True))
            return record

    def records(self) -> list[JobRecord]:
        """Return how all jobs stand, in the order in which they were asked for."""
        with _reached():
            kept = self._standing.storage.result_items()
        found = [self._opened(value) for key, value in kept.items() if key.startswith(_JOB)]
        return sorted((one for one in found if one is not None), key=lambda one: one.asked)

    def put(self, record: JobRecord) -> None:
        """Write down how a job stands."""
        with _reached():
            self._standing.put(self._name(record.job), record)

    def put_new(self, record: JobRecord) -> bool:
        """Write down a job that is not there yet; return False, and change nothing, where another was first."""
        with _reached():
            return bool(self._standing.put_if_empty(self._name(record.job), record))

    def drop(self, job: Job) -> None:
        """Delete a job and what it made."""
        with _reached():
            self._made.delete(self._name(job))
            self._standing.delete(self._name(job))

    def clear(self) -> None:
        """Delete everything: jobs, what they made, and who works."""
        with _reached():
            for kept in (self._made, self._standing):
                kept.flush()
        self.tidy()

    def tidy(self) -> None:
        """Delete what an earlier version or another key has left, and see that nothing deleted is left in the log."""
        with _reached():
            for key, value in self._standing.storage.result_items().items():
                if self._opened(value) is None:
                    self._made.delete(key)
                    self._standing.delete(key)
            if self._address is None:
                self._standing.storage.sql("PRAGMA wal_checkpoint(TRUNCATE)", results=True)

    # ---- what was made ----

    def content(self, job: Job) -> bytes | None:
        """Return what a job made; None where there is nothing."""
        with _reached():
            content: bytes | None = self._opened(self._made.get_raw(self._name(job), peek=True))
            return content

    def keep(self, job: Job, content: bytes) -> None:
        """Keep what a job made."""
        with _reached():
            self._made.put(self._name(job), content)

    # ---- workers ----

    def sign(self, place: str, now: datetime) -> None:
        """Write down that a worker is at work."""
        with _reached():
            self._standing.put(f"{_WORKER}{place}", (place, now))

    def sign_off(self, place: str) -> None:
        """Write down that a worker is gone."""
        with _reached():
            self._standing.delete(f"{_WORKER}{place}")

    def signs(self) -> dict[str, datetime]:
        """Return the workers, and when each gave its last sign."""
        with _reached():
            kept = self._standing.storage.result_items()
        found = [self._opened(value) for key, value in kept.items() if key.startswith(_WORKER)]
        return dict(one for one in found if one is not None)

    # ---- the queue itself ----

    def hand_over(self, job: Job, *, first: bool) -> None:
        """Put a job into the queue; first: before others that wait."""
        with _reached():
            self._task(job, priority=int(first))

    def waits(self, job: Job) -> bool:
        """Tell whether a job is in the queue."""
        with _reached():
            assert self._task
            return any(task.args == (job,) for task in self._standing.pending())

    def done_by(self, do: Callable[[Job], None]) -> Huey:
        """Return the queue for a process that does what is in it, by `do`."""
        self._do = do
        with _reached():
            assert self._task  # the queue knows now what it is to call
        return self._standing

    def take_one(self, do: Callable[[Job], None]) -> bool:
        """Do the next job, by `do`; return False where there is none."""
        huey = self.done_by(do)
        try:
            with _reached():
                task = huey.dequeue()
        except InvalidTag:  # sealed with another key: it is out of the queue now
            return True
        if task is not None:
            huey.execute(task)
        return task is not None

    # ---- inside ----

    @cached_property
    def _key(self) -> bytes:
        return hmac.digest(self._secret, _program(), hashlib.sha256)

    @cached_property
    def _standing(self) -> Huey:
        """The queue and how jobs stand: many small things, which are read together."""
        return self._open("jobs")

    @cached_property
    def _task(self) -> Any:
        def do(job: Job) -> None:
            self._do(job)

        return self._standing.task(name="job")(do)

    @cached_property
    def _made(self) -> Huey:
        """What jobs made: few large things, of which one is read at a time."""
        return self._open("made")

    def _open(self, name: str) -> Huey:
        # Only what asks for long work, or does it, needs huey: most commands do neither.
        from survey.jobs.sealed import in_file, in_redis

        if self._address is None:
            private.reserve(self._file)
            return in_file(name, self._file, self._key)
        if find_spec("redis") is None:
            raise QueueUnreachable(
                "CHORUS_QUEUE names a Redis, and the Python package for it is not installed. Please run: "
                "pip install 'chorus-survey[redis]'"
            )
        return in_redis(name, self._address, self._key)

    def _opened(self, kept: Any) -> Any:
        """Return what was sealed; None for nothing, and for what was sealed with another key or by another version."""
        if not isinstance(kept, bytes | memoryview):
            return None
        try:
            return self._standing.serializer.deserialize(kept)
        except (InvalidTag, AttributeError, ImportError, TypeError, pickle.UnpicklingError):
            return None

    def _name(self, job: Job) -> str:
        said = json.dumps([job.kind, job.study, job.wanted, job.owner]).encode()
        return _JOB + hashlib.blake2b(said, digest_size=16, key=self._key).hexdigest()


@cache
def _program() -> bytes:
    """Return a digest of this program's text: on all machines the same, and another after every change."""
    text = hashlib.sha256()
    for file in sorted(Path(__file__).parents[1].rglob("*.py")):
        text.update(file.read_bytes())
    return text.digest()


def _not_here(_job: Job) -> None:
    raise RuntimeError("this process asks for jobs, and does none")


@contextmanager
def _reached() -> Iterator[None]:
    """Say in a sentence that the queue cannot be reached."""
    faults: tuple[type[Exception], ...] = (sqlite3.Error, OSError, *_faults_of_redis())
    try:
        yield
    except faults as fault:
        raise QueueUnreachable(
            "The list of long work cannot be reached. Please check that Chorus can write to its instance folder and, "
            "where CHORUS_QUEUE names a Redis, that it is running."
        ) from fault


@cache
def _faults_of_redis() -> tuple[type[Exception], ...]:
    if find_spec("redis") is None:
        return ()
    from redis.exceptions import RedisError

    return (RedisError,)
