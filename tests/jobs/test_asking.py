"""Long work is asked for once, followed, and fetched; what someone is gone from is never given to anyone."""

from __future__ import annotations

import logging
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from survey.database import Engine
from survey.export.sink import CannotExport
from survey.jobs.asking import Jobs
from survey.jobs.doing import place
from survey.jobs.job import AFTER_FETCHING, FOR_OLD_FAULTS, Job
from survey.jobs.queue import FILE, JobQueue
from survey.jobs.state import StudyState, state_of
from survey.jobs.sweeping import sweep
from tests.jobs.pieces import JOB, Pieces, at_once, over, settings_in, someone_withdraws, until


@pytest.fixture
def queue(tmp_path: Path) -> JobQueue:
    return JobQueue(settings_in(tmp_path))


def now() -> datetime:
    return datetime.now(UTC)


def jobs_with(pieces: Pieces, engine: Engine, folder: Path) -> Jobs:
    return Jobs(settings_in(folder), engine, [pieces.kind])


def test_two_clicks_are_one_job_and_both_get_what_it_made(tmp_path: Path, engine: Engine) -> None:
    pieces = Pieces(told=(3, 12))
    first, second = (jobs_with(pieces, engine, tmp_path) for _ in range(2))  # two processes of a server
    first.ask(JOB, now())
    until(lambda: pieces.made)
    assert not second.ask(JOB, now()).is_over
    until(lambda: (step := second.look(JOB, now())) is not None and step.steps[0].of == 12)
    record = second.look(JOB, now())
    assert record is not None
    assert [(step.title, step.done, step.of) for step in record.steps] == [("pieces made", 3, 12)]
    pieces.go_on.set()
    assert over(first).is_ready
    assert first.content(JOB) == second.content(JOB) == b"what was made, answer 4711"
    assert pieces.made == [JOB]
    second.ask(JOB, now())
    assert pieces.made == [JOB], "it is there already"
    second.ask(JOB, now(), again=True)
    over(second)
    assert pieces.made == [JOB, JOB]


def test_jobs_of_two_people_are_two_and_the_later_knows_how_many_come_first(tmp_path: Path, engine: Engine) -> None:
    pieces = Pieces()
    jobs = jobs_with(pieces, engine, tmp_path)
    mine, theirs = replace(JOB, owner="ann@example.org"), replace(JOB, owner="bob@example.org")
    first = jobs.ask(mine, now())
    second = jobs.ask(theirs, now())
    assert (jobs.before(first), jobs.before(second)) == (0, 1)
    pieces.go_on.set()
    over(jobs, theirs)
    assert pieces.made == [mine, theirs]


def test_a_refusal_is_said_in_its_own_words_and_a_fault_without_the_words_it_came_with(
    tmp_path: Path, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    pieces = at_once()
    pieces.fault = CannotExport("pupil has 2,000,000 rows. Please choose fewer waves.")
    jobs = jobs_with(pieces, engine, tmp_path)
    jobs.ask(JOB, now())
    assert over(jobs).fault == "pupil has 2,000,000 rows. Please choose fewer waves."
    pieces.fault = ValueError("answer 4711")
    with caplog.at_level(logging.ERROR, logger="survey"):
        jobs.ask(JOB, now(), again=True)
        assert over(jobs).fault.startswith("This did not work because of a fault in Chorus.")
    assert "ValueError in a job (piece)" in caplog.text
    assert "4711" not in caplog.text
    assert "pieces.py" in caplog.text, "where it was is told"
    assert jobs.look(JOB, now() + FOR_OLD_FAULTS * 2) is None


def test_a_job_about_no_study_says_so(tmp_path: Path, engine: Engine) -> None:
    jobs = jobs_with(at_once(), engine, tmp_path)
    job = Job("piece", "small-note")
    jobs.ask(job, now())
    assert "small-note" in over(jobs, job).fault


def test_after_a_withdrawal_nothing_from_before_it_is_given_and_it_is_made_anew(tmp_path: Path, engine: Engine) -> None:
    pieces = at_once()
    jobs = jobs_with(pieces, engine, tmp_path)
    jobs.ask(JOB, now())
    over(jobs)
    someone_withdraws(engine)
    pieces.go_on.clear()
    record = jobs.look(JOB, now())
    assert record is not None
    assert record.anew
    assert not record.is_over
    assert jobs.content(JOB) is None
    pieces.go_on.set()
    assert over(jobs).state == state_of(engine, "small-notes")
    assert len(pieces.made) == 2


def test_who_withdraws_while_it_is_made_is_not_in_what_is_given(tmp_path: Path, engine: Engine) -> None:
    pieces = Pieces()
    jobs = jobs_with(pieces, engine, tmp_path)
    jobs.ask(JOB, now())
    until(lambda: pieces.made)
    someone_withdraws(engine)
    pieces.go_on.set()
    assert over(jobs).anew
    assert len(pieces.made) == 2


@pytest.mark.parametrize(
    ("later", "holds"),
    [
        (StudyState("sha", 5, 0, 12, 47), True),  # more people have answered
        (StudyState("sha", 6, 0, 10, 40), False),  # something was done
        (StudyState("sha", 5, 1, 10, 41), False),  # someone withdrew
        (StudyState("sha", 5, 0, 9, 40), False),  # a response is gone
        (StudyState("new", 5, 0, 10, 40), False),  # the study says something else
    ],
)
def test_what_was_made_holds_until_something_is_taken_away_or_changed(later: StudyState, holds: bool) -> None:
    assert StudyState("sha", 5, 0, 10, 40).holds_in(later) == holds


def test_the_sweep_deletes_what_does_not_hold_what_is_old_and_what_was_fetched(
    tmp_path: Path, engine: Engine, queue: JobQueue
) -> None:
    jobs = jobs_with(at_once(), engine, tmp_path)
    jobs.ask(JOB, now())
    record = over(jobs)
    sweep(queue, engine, now())
    assert jobs.content(JOB) is not None
    jobs.fetched(record, now())
    sweep(queue, engine, now())
    assert jobs.content(JOB) is not None, "a second click must not cut the download off"
    sweep(queue, engine, now() + AFTER_FETCHING * 1.1)
    assert queue.content(JOB) is queue.record(JOB) is None
    jobs.ask(JOB, now())
    over(jobs)
    sweep(queue, engine, now() + timedelta(hours=1.1))
    assert queue.content(JOB) is queue.record(JOB) is None
    jobs.ask(JOB, now())
    over(jobs)
    someone_withdraws(engine)
    sweep(queue, engine, now())
    assert queue.content(JOB) is queue.record(JOB) is None


def test_nothing_in_the_queues_files_can_be_read(tmp_path: Path, engine: Engine, queue: JobQueue) -> None:
    """Not the answers, nor who asked for what; and what is deleted is not there any more."""
    job = replace(JOB, wanted=("x" * 40_000,), owner="ann@example.org")
    jobs = jobs_with(at_once(), engine, tmp_path)
    jobs.ask(job, now())
    over(jobs, job)
    kept = queue.content(job)
    assert kept is not None

    def files() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE}*"))

    there = files()
    assert len(there) > 40_000
    for secret in (b"4711", b"what was made", b"ann@example.org", b"xxxx", b"small-notes"):
        assert secret not in there
    queue.clear()
    assert len(files()) < 100_000
    assert queue.records() == []


@pytest.mark.parametrize("changed", ["the secret", "the program"])
def test_what_was_kept_under_another_secret_or_by_another_program_cannot_be_opened_and_is_deleted(
    tmp_path: Path, engine: Engine, queue: JobQueue, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    jobs, settings = jobs_with(at_once(), engine, tmp_path), settings_in(tmp_path)
    jobs.ask(JOB, now())
    over(jobs)
    assert queue.record(JOB) is not None
    if changed == "the secret":
        settings = replace(settings, secret_key="another secret, long enough for anyone")
    else:
        monkeypatch.setattr("survey.jobs.queue._program", lambda: b"another program")
    other = JobQueue(settings)
    assert other.content(JOB) is other.record(JOB) is None
    assert queue.record(JOB) is not None
    other.tidy()
    assert queue.record(JOB) is None


def test_a_job_whose_process_ended_is_begun_again_and_after_two_times_says_why_not(
    tmp_path: Path, engine: Engine, queue: JobQueue
) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    pieces = at_once()
    jobs = jobs_with(pieces, engine, tmp_path)
    asked = jobs.ask(JOB, now())
    over(jobs)
    here = place().rpartition(" ")[0]
    queue.put(replace(asked, place=f"{here} {ended.pid}", sign=now(), tries=1))
    jobs.look(JOB, now())
    assert over(jobs).is_ready
    assert len(pieces.made) == 2
    queue.put(replace(asked, place=f"{here} {ended.pid}", sign=now(), tries=2))
    assert "stopped twice before it was finished" in over(jobs).fault
    queue.put(replace(asked, place="another-computer 1", sign=now(), tries=1))
    record = jobs.look(JOB, now())
    assert record is not None
    assert record.is_under_way, "it may well be at work"
    jobs.look(JOB, now() + timedelta(minutes=2))
    assert over(jobs).is_ready, "it has not been heard of for too long"


def test_a_job_that_is_in_no_queue_any_more_is_put_there_again(tmp_path: Path, engine: Engine, queue: JobQueue) -> None:
    """A worker that ends at the wrong moment has taken it out, and not yet written down that it does it."""
    pieces = at_once()
    jobs = jobs_with(pieces, engine, tmp_path)
    asked = jobs.ask(JOB, now())
    over(jobs)
    queue.put(replace(asked, asked=now() - timedelta(minutes=1)))
    assert over(jobs).is_ready
    assert len(pieces.made) == 2
