"""What was promised of answers holds for what long work made of them: deleted on the day, and not back with a backup."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.faults import free_port
from survey.audit import COMMAND_LINE
from survey.config import Settings
from survey.database import Engine
from survey.jobs.asking import Jobs
from survey.jobs.job import Job
from survey.jobs.queue import FILE, JobQueue
from survey.retention import back_up, keep_promises, restore
from tests.jobs.pieces import JOB, at_once, over, settings_in

AFTER_THE_DAY = datetime(2100, 9, 2, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def made(engine: Engine, settings: Settings, job: Job = JOB) -> JobQueue:
    """Have something made that would be kept for two hundred years."""
    kind = replace(at_once().kind, keep=timedelta(days=200 * 365))
    jobs = Jobs(settings, engine, [kind])
    jobs.ask(job, datetime.now(UTC))
    assert over(jobs, job).is_ready
    return JobQueue(settings)


def test_a_study_that_is_deleted_takes_with_it_what_was_made_of_it(engine: Engine, settings: Settings) -> None:
    queue = made(engine, settings)
    keep_promises(engine, settings, AFTER_THE_DAY - timedelta(days=60))
    assert queue.content(JOB) is not None, "its day has not come"
    keep_promises(engine, settings, AFTER_THE_DAY)
    assert queue.content(JOB) is queue.record(JOB) is None


def test_what_was_promised_of_answers_does_not_wait_for_a_redis_that_is_away(
    engine: Engine, settings: Settings
) -> None:
    away = replace(settings, queue=f"redis://127.0.0.1:{free_port()}/0")
    said = keep_promises(engine, away, AFTER_THE_DAY)
    assert any("the data were deleted" in line for line in said)
    assert any("CHORUS_QUEUE" in line for line in said)


def test_a_backup_holds_nothing_that_was_made_and_restoring_one_leaves_nothing(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    queue = made(engine, settings)
    backup = back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, datetime.now(UTC)).file
    assert not list((tmp_path / "backups").glob(f"*{FILE}*"))
    restore(settings, backup, COMMAND_LINE, datetime.now(UTC), over=True)
    assert queue.records() == []
    assert queue.content(JOB) is None
