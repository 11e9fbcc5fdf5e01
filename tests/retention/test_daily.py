"""What happens by itself, and on the command line."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from bench.faults import answers, free_port
from survey.audit import COMMAND_LINE, Actor
from survey.cli import main
from survey.config import Settings
from survey.database import Engine, StoreError, open_engine, upgrade
from survey.fieldwork.publishing import publish_folder
from survey.problems import Refused
from survey.responses.withdrawing import Withdrawal, withdraw
from survey.retention import (
    DeletionCertificate,
    Erasure,
    Register,
    back_up,
    certificate,
    counted,
    daily,
    days,
    delete_study,
    keep_promises,
    keep_watch,
    watch,
)
from tests.pages.small_study import PARENT, PUPIL, STUDY
from tests.retention.field import BEFORE, THE_DAY, Field, lay_out

NOW = datetime(2026, 1, 20, 9, tzinfo=UTC)


def test_nothing_happens_before_the_day(engine: Engine, settings: Settings, field: Field) -> None:
    assert keep_promises(engine, settings, BEFORE) == []
    assert counted(engine, field.study_id)["response"] == 19


def test_on_the_day_it_happens_by_itself_and_once(engine: Engine, settings: Settings, field: Field) -> None:
    said = keep_promises(engine, settings, THE_DAY)
    assert said[0].startswith("small-notes: the data were deleted on the day set. Certificate small-notes-2100")
    assert set(counted(engine, field.study_id).values()) == {0}
    assert [line.kind for line in Register(settings.register).lines()] == ["study"]
    assert keep_promises(engine, settings, THE_DAY) == []


@pytest.mark.one_engine
def test_one_study_that_is_not_due_or_done_already_holds_up_no_other(
    engine: Engine, settings: Settings, field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code, day in (("a-later", "2100-10-31"), ("b-done", "2100-08-31")):
        publish_as(engine, tmp_path / code, code, day)

    def first(engine: Engine, code: str, now: datetime, actor: Actor) -> DeletionCertificate:
        if code == "b-done":
            raise Refused(["Another process was first."])
        return delete_study(engine, code, now, actor)

    monkeypatch.setattr("survey.retention.daily.delete_study", first)
    (said, *_) = keep_promises(engine, settings, THE_DAY)
    assert said.startswith("small-notes: the data were deleted")
    assert [day.code for day in days(engine, THE_DAY) if day.deleted_at is None] == ["a-later", "b-done"]


def publish_as(engine: Engine, folder: Path, code: str, delete_on: str) -> None:
    """Publish the small study once more, by another code and with another day of deletion."""
    folder.mkdir()
    text = STUDY.replace("small-notes", code).replace("2100-08-31", delete_on)
    for name, words in (("study", text), ("pupil", PUPIL), ("parent", PARENT)):
        (folder / f"{name}.yaml").write_text(words, encoding="utf-8")
    publish_folder(engine, folder, datetime(2025, 9, 1, tzinfo=UTC))


def test_a_server_that_was_off_on_the_day_does_it_later(engine: Engine, settings: Settings, field: Field) -> None:
    assert keep_promises(engine, settings, THE_DAY + timedelta(days=40))
    made = certificate(engine, field.study_id)
    assert made is not None
    assert made.backups_gone.isoformat() == "2100-11-14"


def test_a_withdrawal_is_written_down_as_soon_as_it_is_done(engine: Engine, field: Field, register: Register) -> None:
    watch(engine, register)
    withdraw(
        engine, Withdrawal(scope="all", by="parent", participant_id=field.people["P1"]), actor=COMMAND_LINE, now=NOW
    )
    assert {line.kind for line in register.lines()} == {"participant", "response"}


def test_a_register_that_cannot_be_written_does_not_undo_a_withdrawal(
    engine: Engine, field: Field, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    watch(engine, Register(tmp_path / "file" / "register.jsonl"))
    made = withdraw(
        engine, Withdrawal(scope="all", by="parent", participant_id=field.people["P1"]), actor=COMMAND_LINE, now=NOW
    )
    assert made.responses == 1
    assert "cannot be used" in caplog.text


def until(condition: Callable[[], bool], patience: float = 20) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.slow
def test_of_two_servers_one_does_it_and_the_other_takes_over(
    engine: Engine, settings: Settings, field: Field, stop: threading.Event
) -> None:
    rounds: dict[str, int] = {"first": 0, "second": 0}

    def clock(name: str) -> Callable[[], datetime]:
        def now() -> datetime:
            rounds[name] += 1
            return BEFORE if rounds["first"] < 3 else THE_DAY

        return now

    first = keep_watch(settings, end := threading.Event(), every=0.05, clock=clock("first"))
    until(lambda: rounds["first"] > 0)
    second = keep_watch(settings, stop, every=0.05, clock=clock("second"))
    until(lambda: certificate(engine, field.study_id) is not None)
    assert rounds["second"] == 0
    end.set()
    first.join(10)
    until(lambda: rounds["second"] > 0)
    stop.set()
    second.join(10)
    assert not first.is_alive()
    assert not second.is_alive()


@pytest.mark.one_engine
def test_a_round_tells_the_log_what_it_did_and_a_fault_is_no_end_of_it(
    engine: Engine, settings: Settings, field: Field, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def busy(*_: object) -> list[str]:
        raise StoreError("The database is busy. Please try again.")

    with monkeypatch.context() as broken:
        broken.setattr(daily, "keep_promises", busy)
        daily._round(settings, THE_DAY)
    daily._round(settings, THE_DAY)
    told = [(record.name, record.levelname, record.getMessage()) for record in caplog.records]
    made = certificate(engine, field.study_id)
    assert made is not None
    assert told[:2] == [
        ("chorus", "ERROR", "The database is busy. Please try again."),
        ("chorus", "WARNING", f"small-notes: the data were deleted on the day set. Certificate {made.number}."),
    ]
    assert {one[:2] for one in told[2:]} <= {("chorus", "WARNING")}


@pytest.mark.one_engine
def test_what_an_older_backup_brought_back_is_said_with_its_day(
    engine: Engine, settings: Settings, field: Field
) -> None:
    register = Register(settings.register)
    register.add([Erasure(NOW, "small-notes", "participant", "P1", "all", reason="withdrawn")])
    said = keep_promises(engine, settings, NOW + timedelta(days=3))
    assert said == ["small-notes: a participant was deleted again, as on 20 January 2026."]
    assert keep_promises(engine, settings, NOW + timedelta(days=3)) == []


@pytest.mark.slow
def test_a_served_program_does_it(tmp_path: Path) -> None:
    """The real one, in processes of its own: a study whose day is today is gone before anyone comes in."""
    import os
    import signal
    import subprocess
    import sys

    engine = open_engine(f"sqlite:///{tmp_path / 'chorus.db'}")
    upgrade(engine)
    field = lay_out(engine, tmp_path / "study")
    today = datetime.now(UTC).astimezone(ZoneInfo("Europe/London")).date()
    over = STUDY.replace("2025-", "2015-").replace("2026-", "2016-").replace("2099-12-31", "2016-02-01")
    over = over.replace("2100-08-31", today.isoformat())
    for name, words in (("study", over), ("pupil", PUPIL), ("parent", PARENT)):
        (tmp_path / "study" / f"{name}.yaml").write_text(words, encoding="utf-8")
    publish_folder(engine, tmp_path / "study", datetime.now(UTC))
    said = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")}
    port = free_port()
    command = [sys.executable, "-c", "from survey.cli import main; main()", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=said | {"CHORUS_INSTANCE": str(tmp_path)})
    try:
        until(lambda: answers(port), patience=60)
        assert set(counted(engine, field.study_id).values()) == {0}
        assert certificate(engine, field.study_id) is not None
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    engine.dispose()


# ---- the command line ------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    for name in ("DATABASE_URL", "SECRET_KEY", "CHORUS_URL", "CHORUS_REGISTER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHORUS_INSTANCE", str(tmp_path))
    engine = open_engine(f"sqlite:///{tmp_path / 'chorus.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


def survey(*words: object) -> Result:
    run = CliRunner().invoke(main, [str(word) for word in words])
    assert run.exception is None or isinstance(run.exception, SystemExit), run.exception
    return run


def test_the_command_lists_studies_and_what_is_due(
    here: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = survey("retention")
    assert (run.exit_code, run.output) == (0, "No study has been published yet.\n")
    field = lay_out(here, tmp_path / "study")
    run = survey("retention")
    assert run.exit_code == 0
    assert run.output.startswith("small-notes: to be deleted on 31 August 2100, in 2")
    assert survey("retention", "apply").output == "Nothing is due.\n"
    assert survey("retention", "apply", "--today").output == "Nothing is due.\n"
    assert counted(here, field.study_id)["response"] == 19

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return THE_DAY + timedelta(days=1)

    monkeypatch.setattr("survey.cli.retention.datetime", Later)
    run = survey("retention")
    assert run.exit_code == 1
    assert "which was 1 day ago\nDue: small-notes." in run.output
    run = survey("retention", "apply")
    assert "would be deleted (decision 2, door 2, membership 2, participant 2, response 19" in run.output
    assert "add --today" in run.output
    assert counted(here, field.study_id)["response"] == 19
    run = survey("retention", "apply", "--today")
    assert "the data were deleted on the day set. Certificate small-notes-" in run.output
    assert "nothing that was deleted" in run.output
    assert set(counted(here, field.study_id).values()) == {0}
    run = survey("retention")
    assert run.exit_code == 0
    assert "deleted on 01 September 2100, certificate small-notes-21000831" in run.output


def test_a_backup_and_back_by_the_command_line(here: Engine, tmp_path: Path) -> None:
    field = lay_out(here, tmp_path / "study")
    run = survey("backup", tmp_path / "backups")
    assert run.exit_code == 0
    (file,) = (tmp_path / "backups").glob("*.sqlite")
    assert f"Written: {file}" in run.output
    withdraw(
        here,
        Withdrawal(scope="all", by="parent", participant_id=field.people["P1"]),
        actor=COMMAND_LINE,
        now=datetime.now(UTC),
    )
    refused = survey("restore", file)
    assert refused.exit_code == 1
    assert "--over" in refused.output
    here.dispose()
    run = survey("restore", file, "--over")
    assert run.exit_code == 0
    assert "small-notes: a participant was deleted again" in run.output
    assert survey("restore", tmp_path / "none.sqlite").exit_code == 1


def test_upgrade_erases_again_too(here: Engine, tmp_path: Path) -> None:
    """Someone copied an old file into place by hand, and does what the manual says: survey upgrade."""
    import shutil

    field = lay_out(here, tmp_path / "study")
    settings = Settings(tmp_path, str(here.url), "s" * 40, "http://localhost")
    file = back_up(here, settings, tmp_path / "backups", COMMAND_LINE, NOW).file
    watch(here, Register(tmp_path / "register.jsonl"))
    withdraw(
        here,
        Withdrawal(scope="all", by="parent", participant_id=field.people["P1"]),
        actor=COMMAND_LINE,
        now=datetime.now(UTC),
    )
    here.dispose()
    for name in ("chorus.db-wal", "chorus.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(file, tmp_path / "chorus.db")
    assert "a participant was deleted again" in survey("upgrade").output
    assert "erased again" not in survey("upgrade").output
