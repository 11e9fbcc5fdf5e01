"""A job: one piece of long work, and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from survey.database import Engine
from survey.jobs.state import StudyState

Tell = Callable[[str, int, int], None]
"""Tells how far a job has come: a step by its words, how much of it is done, and how much there is (0 if unknown)."""

TRIES: Final = 2
"""How often a job is begun whose worker is gone before the end: what ends a worker twice would end it again."""

AFTER_FETCHING: Final = timedelta(minutes=1)
"""So long an outcome is kept once it was fetched: a second click would cut off the download the first one began."""

FOR_OLD_FAULTS: Final = timedelta(minutes=10)
"""So long a page can say why a job failed."""

_SIGN_WITHIN: Final = timedelta(seconds=60)
"""A worker gives a sign every second or two. One that gives none for so long is gone, or its computer is."""


@dataclass(frozen=True)
class Job:
    """One piece of long work. Two that are equal are one job, however often it is asked for.

    kind: the name of a `JobKind`. study: its code. wanted: what exactly, as the kind understands it. owner: the account
    that alone may follow and fetch it; empty where everyone may who may see what it is about.
    """

    kind: str
    study: str
    wanted: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True)
class JobStep:
    """One step of a job. title: what is counted, in words ("responses read"). of: 0 as long as it is not known."""

    title: str
    done: int = 0
    of: int = 0


@dataclass(frozen=True)
class JobKind:
    """A kind of job.

    steps   the titles of its steps, in their order
    make    (database, job, moment, tell) -> what it made; raises Explained with a sentence for the person who asked
    keep    how long what it made is kept
    first   whether it goes before the jobs of other kinds that wait
    """

    name: str
    steps: tuple[str, ...]
    make: Callable[[Engine, Job, datetime, Tell], bytes]
    keep: timedelta
    first: bool = False


@dataclass(frozen=True)
class JobRecord:
    """How a job stands.

    asked    when it was asked for
    until    when what was made is deleted
    steps    how far it has come
    tries    how often it was begun
    place    the process that does it; empty while it waits, and when it is over
    sign     when that process gave its last sign
    made     when what was made was begun: what it says was so at that moment, or after
    state    the study at that moment
    fault    why nothing was made, in a sentence
    fetched  when it was fetched for the first time
    anew     whether what was made before may not be shown any more, so that this is made in its place
    """

    job: Job
    asked: datetime
    until: datetime
    steps: tuple[JobStep, ...] = ()
    tries: int = 0
    place: str = ""
    sign: datetime | None = None
    made: datetime | None = None
    state: StudyState | None = field(default=None, repr=False)
    fault: str = ""
    fetched: datetime | None = None
    anew: bool = False

    @property
    def is_ready(self) -> bool:
        """True when something was made."""
        return self.made is not None

    @property
    def is_over(self) -> bool:
        """True when nothing more will be done."""
        return self.is_ready or bool(self.fault)

    @property
    def is_under_way(self) -> bool:
        """True while a process does it, or is thought to."""
        return bool(self.place) and not self.is_over

    def is_silent(self, now: datetime) -> bool:
        """Tell whether the process that does it has given no sign for too long."""
        return self.is_under_way and (self.sign is None or now - self.sign > _SIGN_WITHIN)

    def is_past(self, now: datetime) -> bool:
        """Tell whether it has been kept for as long as it may be."""
        if self.fault:
            return now - self.asked > FOR_OLD_FAULTS
        return now > self.until or (self.fetched is not None and now - self.fetched > AFTER_FETCHING)
