"""Long work for tests: a study, and jobs that take exactly as long as a test wants."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from survey.audit import COMMAND_LINE
from survey.config import Settings
from survey.database import Engine, open_engine, read, upgrade, write
from survey.export.store import Chosen
from survey.jobs.asking import Jobs
from survey.jobs.job import Job, JobKind, JobRecord, Tell
from survey.responses import PastResponse, insert_responses
from survey.responses.tables import response
from survey.responses.withdrawing import Withdrawal, withdraw
from tests.pages.small_study import make_study

JOB = Job("piece", "small-notes", ("a",))
LONG = 120.0
"""Seconds within which anything here has happened, on a busy machine too."""


def settings_in(folder: Path, queue: str | None = None) -> Settings:
    return Settings(folder, f"sqlite:///{folder / 'chorus.db'}", "a secret of the tests, long enough", "", queue=queue)


def small_study(folder: Path) -> Engine:
    engine = open_engine(settings_in(folder).database_url)
    upgrade(engine)
    (folder / "study").mkdir()
    make_study(engine, folder / "study")
    return engine


@dataclass
class Pieces:
    """Counts what is made, and lets it go on when the test says so. told: what it tells of its step before it waits."""

    told: tuple[int, int] = (0, 0)
    fault: Exception | None = None
    go_on: threading.Event = field(default_factory=threading.Event)
    made: list[Job] = field(default_factory=list)

    def make(self, engine: Engine, job: Job, now: datetime, tell: Tell) -> bytes:
        tell("pieces made", *self.told)
        self.made.append(job)
        assert self.go_on.wait(LONG)
        if self.fault is not None:
            raise self.fault
        return b"what was made, answer 4711"

    @property
    def kind(self) -> JobKind:
        return JobKind("piece", ("pieces made",), self.make, keep=timedelta(hours=1))


def at_once() -> Pieces:
    """Pieces that wait for nothing."""
    pieces = Pieces()
    pieces.go_on.set()
    return pieces


def jobs_that(work: Callable[[Chosen], Any], engine: Engine, settings: Settings) -> Jobs:
    """Jobs that work out results by a function of the test's: of the wave up to which they go, and of a group."""

    def make(engine: Engine, job: Job, now: datetime, tell: Tell) -> bytes:
        until, group = job.wanted or ("", "")
        return pickle.dumps(work(Chosen(until or None, group or None)))

    return Jobs(settings, engine, [JobKind("results", (), make, keep=timedelta(hours=1))])


def over(jobs: Jobs, job: Job = JOB) -> JobRecord:
    record = jobs.wait(job, LONG)
    assert record is not None
    assert record.is_over, record
    return record


def until(there: Callable[[], object]) -> None:
    """Wait until something is true."""
    before = datetime.now(UTC)
    while not there():
        assert datetime.now(UTC) - before < timedelta(seconds=LONG)
        threading.Event().wait(0.02)


def someone_withdraws(engine: Engine) -> None:
    with read(engine) as connection:
        one = connection.scalars(select(response.c.id).where(response.c.state == "finished")).first()
    withdraw(engine, Withdrawal(scope="all", by="self", response_id=one), COMMAND_LINE, datetime.now(UTC))


def someone_answers(engine: Engine) -> None:
    """One more parent begins, and saves nothing yet."""
    with read(engine) as connection:
        other = connection.execute(select(response).where(response.c.questionnaire == "parent")).first()
    assert other is not None
    again = PastResponse(
        study_id=other.study_id,
        wave_id=other.wave_id,
        questionnaire="parent",
        sha256=other.sha256,
        started_at=datetime.now(UTC),
        state="started",
    )
    with write(engine) as connection:
        insert_responses(connection, [again])
