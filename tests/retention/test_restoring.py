"""What is said before a backup is made or put back, word for word, and what the activity log knows of it afterwards."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select, update

from survey.audit import COMMAND_LINE, Act, LogFilter, entries, note
from survey.config import Settings
from survey.database import Engine, open_engine, read, write
from survey.fieldwork import Participant, Study
from survey.responses.tables import response
from survey.responses.withdrawing import Withdrawal, withdraw
from survey.retention import (
    Backup,
    CannotBackUp,
    Erasure,
    Register,
    apply_register,
    back_up,
    kept_too_long,
    restore,
)
from survey.retention.applying import DEED
from survey.retention.backup import _put_file, backups_in, longest_kept, too_old
from tests.retention.field import Field
from tests.store import field as store_field

pytestmark = pytest.mark.one_engine

NOW = datetime(2026, 1, 20, 9, 5, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def made(engine: Engine, settings: Settings, field: Field, tmp_path: Path) -> Backup:
    return back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, NOW)


def said(do: Callable[[], object]) -> str:
    with pytest.raises(CannotBackUp) as refused:
        do()
    return str(refused.value)


# ---- making one -------------------------------------------------------------------------------------------


def test_a_backup_is_named_by_its_second_and_never_written_over(
    engine: Engine, settings: Settings, made: Backup
) -> None:
    folder = made.file.parent
    assert made.file.name == "chorus-20260120-090507.sqlite"
    assert (folder / "chorus-20260120-090507.sqlite.sha256").read_text() == f"{made.sha256}  {made.file.name}\n"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    again = said(lambda: back_up(engine, settings, folder, COMMAND_LINE, NOW))
    assert again == f"{made.file} already exists. Please try again in a second."
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    other = back_up(engine, settings, folder, COMMAND_LINE, NOW + SECOND)
    assert other.file.name == "chorus-20260120-090508.sqlite"
    assert (other.removed, other.longest, made.longest) == ([], 35, 35)
    assert [file.name for _, file in backups_in(folder)] == [made.file.name, other.file.name]
    line = next(entries(engine, LogFilter(what="made a backup")))
    assert (line.about, line.details, line.actor) == (other.file.name, {"removed": 0}, COMMAND_LINE)
    assert (settings.instance / "backups.txt").read_text() == f"{folder.absolute()}\n", "each folder once"


def test_where_nothing_can_be_written_it_says_so(
    engine: Engine, settings: Settings, field: Field, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / "backups"
    told = said(lambda: back_up(engine, settings, folder, COMMAND_LINE, NOW))
    assert told == (
        f"{folder}: a backup cannot be written there (Not a directory). No backup was made. Please choose another folder."
    )
    assert not (settings.instance / "backups.txt").exists()


def test_the_register_lies_beside_the_backup(engine: Engine, settings: Settings, field: Field, tmp_path: Path) -> None:
    withdraw(engine, Withdrawal("all", "parent", field.people["P1"]), COMMAND_LINE, NOW)
    made = back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, NOW)
    there = Register(made.file.parent / "register.jsonl").lines()
    assert {line.key for line in there} == {"P1", field.responses["P1"]}
    assert there == Register(settings.register).lines()


@pytest.mark.parametrize(("age", "gone"), [(35 * 86400 - 1, False), (35 * 86400, False), (35 * 86400 + 1, True)])
def test_a_backup_is_too_old_after_the_days_the_study_states(
    engine: Engine, settings: Settings, made: Backup, age: int, gone: bool
) -> None:
    now, folder = NOW + timedelta(seconds=age), made.file.parent
    assert longest_kept(engine, now) == 35
    assert too_old(folder, 35, now) == kept_too_long(engine, settings, now) == ([made.file] if gone else [])
    assert too_old(folder, None, now) == too_old(folder / "none", 35, now) == []


# ---- putting one back -------------------------------------------------------------------------------------


def test_each_reason_not_to_put_a_file_back_is_a_sentence(
    engine: Engine, settings: Settings, made: Backup, tmp_path: Path
) -> None:
    def told(file: Path, over: bool = True) -> str:
        return said(lambda: restore(settings, file, COMMAND_LINE, NOW, over=over))

    none, letter, changed = tmp_path / "none.sqlite", tmp_path / "letter.txt", tmp_path / made.file.name
    assert told(none) == f"There is no file {none}. Please give the file of a backup."
    letter.write_text("Dear all")
    assert told(letter) == f"{letter} is not a Chorus backup. Nothing was changed."
    database = Path(str(engine.url.database))
    assert told(database) == f"{database} is the database itself. Please give the file of a backup."
    changed.write_bytes(made.file.read_bytes()[:-1] + b"!")
    beside = tmp_path / f"{changed.name}.sha256"
    beside.write_text(f"{made.sha256}  {changed.name}\n")
    assert told(changed) == (
        f"{changed} has changed since it was written: its SHA-256 is not the one in {beside.name}. Please use another backup."
    )
    for content in (b"", b"\xff\xfe"):
        beside.write_bytes(content)
        assert "its SHA-256 is not the one" in told(changed)
    newer = tmp_path / "newer.sqlite"
    with closing(sqlite3.connect(newer)) as opened:
        opened.execute("CREATE TABLE alembic_version (version_num TEXT)")
        opened.commit()
    assert told(newer) == f"{newer} was made by a newer version of Chorus. Install that version first."
    with closing(sqlite3.connect(newer)) as opened:
        opened.execute("INSERT INTO alembic_version VALUES ('9999')")
        opened.commit()
    assert told(newer) == f"{newer} was made by a newer version of Chorus. Install that version first."


def test_a_damaged_backup_is_said_to_be(engine: Engine, settings: Settings, made: Backup, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.sqlite"
    page = 4096
    content = bytearray(made.file.read_bytes())
    # A page in the middle, of which nothing is read to find out which version the file is of.
    content[40 * page : 41 * page] = b"\xff" * page
    damaged.write_bytes(content)
    told = said(lambda: restore(settings, damaged, COMMAND_LINE, NOW, over=True))
    assert told == f"{damaged} is damaged. Nothing was changed. Please use another backup."


@pytest.mark.parametrize("last", ["audit", "answer"])
def test_a_database_that_is_there_is_said_with_when_it_was_last_changed(
    engine: Engine, settings: Settings, made: Backup, last: str
) -> None:
    when = {name: NOW + timedelta(days=1 if name == last else -1) for name in ("audit", "answer")}
    with write(engine) as connection:
        note(connection, Act(COMMAND_LINE, when["audit"]), "something")
        connection.execute(update(response).values(seen_at=when["answer"]))
    told = said(lambda: restore(settings, made.file, COMMAND_LINE, NOW))
    assert told == (
        f"There is a database already, last changed on 21 January 2026 at 09:05 UTC. To replace it with "
        f"{made.file.name}, stop the server, make a backup of what is there, and add --over. Nothing was changed."
    )


def test_where_there_is_no_database_yet_a_backup_is_put_without_a_question(
    settings: Settings, made: Backup, tmp_path: Path, field: Field
) -> None:
    elsewhere = Settings(
        tmp_path / "new", f"sqlite:///{tmp_path / 'new' / 'chorus.sqlite'}", "s" * 40, "http://localhost"
    )
    elsewhere.instance.mkdir()
    applied = restore(elsewhere, made.file, COMMAND_LINE, NOW)
    assert (applied.done, applied.certificates, applied.waiting) == ([], [], 0)
    engine = open_engine(elsewhere.database_url)
    line = next(entries(engine))
    assert (line.what, line.about, line.actor) == ("restored a backup", made.file.name, COMMAND_LINE)
    assert line.details == {"erased_again": 0, "made": "2026-01-20T09:05:07+00:00"}
    engine.dispose()


def test_what_was_erased_since_is_counted_and_a_file_of_another_name_has_no_moment(
    engine: Engine, settings: Settings, made: Backup, field: Field, tmp_path: Path
) -> None:
    for code in ("P1", "P2"):
        withdraw(engine, Withdrawal("all", "parent", field.people[code]), COMMAND_LINE, NOW)
    engine.dispose()
    copy = tmp_path / "from-the-safe.sqlite"
    copy.write_bytes(made.file.read_bytes())
    applied = restore(settings, copy, COMMAND_LINE, NOW + SECOND, over=True)
    again = open_engine(settings.database_url)
    line = next(entries(again, LogFilter(what="restored a backup")))
    assert line.details == {"erased_again": len(applied.done), "made": None}
    assert {one.key for one in applied.done} >= {"P1", "P2"}
    deeds = [(one.about, one.details) for one in entries(again, LogFilter(study_id=field.study_id, what=DEED))]
    assert ("P1", {"kind": "participant", "scope": "all", "wave": "", "first": "2026-01-20"}) in deeds
    assert {about for about, details in deeds if details["kind"] == "response"} <= {""}, "no response is named"
    again.dispose()


def test_a_database_that_someone_writes_into_is_not_written_over(
    engine: Engine, settings: Settings, made: Backup, field: Field
) -> None:
    """A command that runs at that moment. The wait, as long as any writer's, is cut short here."""

    @event.listens_for(engine, "checkout")
    def _hurry(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout = 30")

    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE study SET title = 'Changed meanwhile'")
        told = said(lambda: _put_file(made.file, engine))
        other.execute("COMMIT")
    assert told == "The database is in use. Stop the server, and try again. Nothing was changed."
    with read(engine) as connection:
        assert connection.scalar(select(Study.title)) == "Changed meanwhile"
    _put_file(made.file, engine)
    with read(engine) as connection:
        assert connection.scalar(select(Study.title)) == "Small notes"


def test_a_sum_is_read_whatever_the_file_is_called(settings: Settings, made: Backup, tmp_path: Path) -> None:
    file = tmp_path / "of the old machine.sqlite"
    file.write_bytes(made.file.read_bytes())
    file.with_name(f"{file.name}.sha256").write_text(f"{made.sha256}  {file.name}\n")
    elsewhere = Settings(tmp_path, f"sqlite:///{tmp_path / 'new.sqlite'}", "s" * 40, "http://localhost")
    assert restore(elsewhere, file, COMMAND_LINE, NOW).done == []


def test_a_backup_is_named_by_the_moment_whatever_the_machine_s_clock_says(
    engine: Engine, settings: Settings, field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        made = back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, NOW.astimezone(ZoneInfo("Europe/Warsaw")))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert made.file.name == "chorus-20260120-090507.sqlite"
    assert backups_in(made.file.parent) == [(NOW, made.file)]


def test_an_old_backup_goes_with_its_sum_or_without(engine: Engine, settings: Settings, made: Backup) -> None:
    folder = made.file.parent
    (folder / f"{made.file.name}.sha256").unlink()
    other = back_up(engine, settings, folder, COMMAND_LINE, NOW + timedelta(days=1))
    late = back_up(engine, settings, folder, COMMAND_LINE, NOW + timedelta(days=40))
    assert late.removed == [made.file, other.file]
    assert {file.name for file in folder.glob("chorus-*")} == {late.file.name, f"{late.file.name}.sha256"}


# ---- doing again what was erased --------------------------------------------------------------------------


def test_who_is_only_in_another_study_waits(engine: Engine, settings: Settings, field: Field) -> None:
    """A study with the same code for someone else: they are not the one who withdrew."""
    other = store_field.lay_out(engine)
    assert other.pupil.code == "P001"
    register = Register(settings.register)
    register.add(
        [
            Erasure(NOW, "small-notes", "participant", "P001", "all", reason="withdrawn"),
            Erasure(NOW, "music", "participant", "P1", "all", reason="withdrawn"),
            Erasure(NOW, "music", "response", field.responses["P1"], "wave", "w1", "withdrawn"),
        ]
    )
    applied = apply_register(engine, register, NOW)
    assert (applied.done, applied.waiting) == ([], 3)
    with read(engine) as connection:
        assert connection.scalar(select(Participant.facts).where(Participant.code == "P001")) == {"sex": "f", "year": 3}
        assert connection.scalar(select(response.c.state).where(response.c.id == field.responses["P1"])) == "finished"
