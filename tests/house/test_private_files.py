"""No one else on the machine reads what Chorus writes: whatever the umask, and when it was too open before."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from survey import private
from survey.audit import COMMAND_LINE
from survey.cli import main
from survey.config import Settings
from survey.database import open_engine, read, upgrade, write
from survey.demo import clear
from survey.retention.backup import back_up
from tests.pages.small_study import make_study

HOUSE = Path(__file__).parents[2] / "survey"


@pytest.fixture(params=[0o000, 0o022], ids=["umask 000", "umask 022"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def too_open(folder: Path) -> list[str]:
    """What others could read below a folder: its mode and its name."""
    return sorted(f"{mode(path):o} {path.relative_to(folder)}" for path in folder.rglob("*") if mode(path) & 0o077)


@pytest.fixture
def installation(tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """installation("export", …) runs a command of an installation with a small study, and returns what it said."""
    instance = tmp_path / "instance"
    for name in ("DATABASE_URL", "SECRET_KEY", "CHORUS_REGISTER", "CHORUS_LINKAGE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHORUS_INSTANCE", str(instance))

    def run(*words: object) -> str:
        done = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    run("upgrade")
    engine = open_engine(Settings.from_environment().database_url)
    folder = tmp_path / "study"
    folder.mkdir(mode=0o700)
    make_study(engine, folder)
    engine.dispose()
    return run


def test_an_installation_is_for_its_owner_only(tmp_path: Path, installation: Callable[..., str]) -> None:
    instance = tmp_path / "instance"
    engine = open_engine(Settings.from_environment().database_url)
    try:
        with write(engine) as connection:
            connection.exec_driver_sql("UPDATE study SET title = 'Small'")
        with read(engine) as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM response").scalar_one() == 17
        there = {path.name for path in instance.iterdir()}
        assert {"chorus.db", "chorus.db-wal", "chorus.db-shm", "chorus.db-queue", "secret"} <= there
        assert too_open(tmp_path / "instance") == []
        assert mode(instance) == 0o700
    finally:
        engine.dispose()


def test_every_file_a_command_writes_is_for_its_owner_only(tmp_path: Path, installation: Callable[..., str]) -> None:
    files = tmp_path / "files"
    files.mkdir(mode=0o700)
    installation("export", "small-notes", "--format", "xlsx", "--out", files / "data.xlsx")
    installation("export", "small-notes", "--format", "csv", "--out", files / "data.zip")
    installation("audit", "small-notes", "--out", files / "audit.csv")
    installation("consent", "list", "small-notes", "--out", files / "consent.csv")
    installation("paper", "small-notes", "parent", "--wave", "w2", "--copies", 2, "--out", files / "papers.html")
    installation("roster", "list", "small-notes", "--wave", "w2", "--out", files / "roster.csv")
    (files / "answers.csv").write_text("sing_enjoy,play_enjoy\n1,2\n", encoding="utf-8")
    (files / "answers.csv").chmod(0o600)
    installation("score", tmp_path / "study" / "pupil.yaml", files / "answers.csv", "--out", files / "scores.csv")
    installation("roster", "key", files / "linkage.key")
    installation("backup", files / "backups")
    assert len(list(files.rglob("*"))) >= 9
    assert too_open(files) == []
    instance = tmp_path / "instance"
    assert too_open(instance) == []


def test_what_was_too_open_before_is_closed(tmp_path: Path, installation: Callable[..., str]) -> None:
    instance, backups = tmp_path / "instance", tmp_path / "backups"
    installation("backup", backups)
    (instance / "uploads").mkdir()
    ours = [*instance.iterdir(), *backups.iterdir(), instance, tmp_path / "list.csv"]
    (tmp_path / "list.csv").write_text("old", encoding="utf-8")
    for path in ours:
        path.chmod(0o777 if path.is_dir() else 0o666)
    (backups / "notes.txt").write_text("someone else's", encoding="utf-8")
    (backups / "notes.txt").chmod(0o644)
    backups.chmod(0o755)
    installation("roster", "list", "small-notes", "--wave", "w2", "--out", tmp_path / "list.csv")
    engine = open_engine(Settings.from_environment().database_url)
    back_up(engine, Settings.from_environment(), backups, COMMAND_LINE, datetime(2030, 1, 1, tzinfo=UTC))
    engine.dispose()
    assert too_open(instance) == []
    assert mode(instance) == 0o700
    assert mode(tmp_path / "list.csv") == 0o600
    assert too_open(backups) == ["644 notes.txt"], "what is not ours stays as it is"
    assert mode(backups) == 0o755, "and so does a folder that holds other things"


def test_a_folder_that_also_holds_other_things_stays_open_and_what_is_ours_in_it_is_closed(
    tmp_path: Path, installation: Callable[..., str]
) -> None:
    instance = tmp_path / "instance"
    (instance / "website").mkdir()
    for path in (instance, instance / "website", instance / "chorus.db", instance / "secret"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    installation("audit", "small-notes", "--out", tmp_path / "audit.csv")
    assert mode(instance) == 0o755
    assert too_open(instance) == ["755 website"]


def test_the_demonstrations_folder_is_for_its_owner_only(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    folder.chmod(0o777)
    clear(folder)
    assert mode(folder) == 0o700
    assert too_open(folder) == []


def test_closing_a_database_to_others_keeps_the_locks_of_this_process(tmp_path: Path) -> None:
    """SQLite's locks are gone as soon as the process closes any descriptor of the file, so none may be opened."""
    place = tmp_path / "chorus.sqlite"
    engine = open_engine(f"sqlite:///{place}")
    upgrade(engine)
    place.chmod(0o644)
    with write(engine) as connection:
        connection.exec_driver_sql("UPDATE study SET title = 'x'")
        private.reserve(place)
        private.close_to_others(place, tmp_path / "chorus.sqlite-wal", tmp_path / "chorus.sqlite-shm")
        held = Path("/proc/locks").read_text(encoding="ascii")
        assert re.search(rf"\b{os.getpid()}\b.*:{(tmp_path / 'chorus.sqlite').stat().st_ino}\b", held), "the read lock"
        other = sqlite3.connect(place, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
    engine.dispose()
    assert mode(place) == 0o600


def test_a_file_is_written_whole_or_not_at_all_and_links_are_followed(tmp_path: Path, umask: int) -> None:
    old, link = tmp_path / "old.csv", tmp_path / "link.csv"
    old.write_text("before", encoding="utf-8")
    old.chmod(0o644)
    with suppress(RuntimeError), private.writing(old, "w") as file:
        file.write("half")
        raise RuntimeError
    assert old.read_text(encoding="utf-8") == "before"
    link.symlink_to(old)
    with private.writing(link, "w") as file:
        file.write("after")
    assert old.read_text(encoding="utf-8") == "after"
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.csv", "old.csv"]


WRITES = re.compile(
    r"\.write_text\(|\.write_bytes\(|\bopen\((?:[^()]*, )?\"[wax]b?\+?\"|os\.open\(|\bO_CREAT\b|\.mkdir\(|mkstemp|mkdtemp|NamedTemporaryFile"
)
ELSEWHERE = {
    "survey/private.py": "this is where it is done",
    "survey/database.py": "the queue's file, by private.descriptor",
    "survey/retention/register.py": "by private.descriptor; a folder opened to be synchronised",
    "survey/retention/backup.py": "a file or a folder opened to be synchronised",
    "survey/definition/unpacking.py": "folders below one that is closed",
    "survey/export/workbook.py": "an entry of a workbook",
    "survey/pages/sending.py": "an entry of a zip that is held in memory",
}


def test_nothing_in_the_house_writes_a_file_by_another_road() -> None:
    """Whatever is written goes through survey/private.py; what looks like writing elsewhere says here why it is none."""
    found = {
        str(path.relative_to(HOUSE.parent))
        for path in sorted(HOUSE.rglob("*.py"))
        if WRITES.search(path.read_text("utf-8"))
    }
    assert found == set(ELSEWHERE)


def test_a_folder_opens_to_its_owner_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        made = private.folder(tmp_path / "uploads")
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert private.folder(made) == made
