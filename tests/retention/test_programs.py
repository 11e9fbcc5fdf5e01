"""What PostgreSQL's own programs are told, when a database is copied or put back: all they need, and no password.

Programs of the same names stand in for them here and write down what they were told. That the real ones do as they are
told is shown in test_register.py, on a real server.
"""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from survey.database import Engine, open_engine
from survey.retention import CannotBackUp
from survey.retention.backup import _check_dump, _copy, _put_dump

ADDRESS = "postgresql+psycopg://chorus:not-to-be-seen@db.example:5433/answers?sslmode=require"
PROGRAM = """#!{python}
import json, os, sys
told = {{"order": sys.argv[1:], "known": {{name: os.environ.get(name) for name in {names}}}}}
with open({file!r}, "a") as file:
    file.write(json.dumps(told) + "\\n")
sys.stderr.write({says!r})
sys.exit({ends})
"""
NAMES = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSLMODE")


class Programs:
    """A folder with programs that stand in for PostgreSQL's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._told = folder / "told"

    def put(self, name: str, says: str = "", ends: int = 0) -> None:
        """Let there be a program that says this and ends so."""
        text = PROGRAM.format(python=sys.executable, names=NAMES, file=str(self._told), says=says, ends=ends)
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)

    @property
    def told(self) -> list[dict[str, Any]]:
        """What they were told, and what they knew of the database."""
        return [json.loads(line) for line in self._told.read_text().splitlines()]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return Programs(tmp_path / "bin")


@pytest.fixture
def far() -> Iterator[Engine]:
    """A database on another machine, to which nothing connects here."""
    engine = open_engine(ADDRESS)
    yield engine
    engine.dispose()


KNOWN = {
    "PGHOST": "db.example",
    "PGPORT": "5433",
    "PGUSER": "chorus",
    "PGPASSWORD": "not-to-be-seen",
    "PGDATABASE": "answers",
    "PGSSLMODE": "require",
}


def test_a_copy_is_made_into_a_file_that_is_closed_to_others_before_it_is_written(
    programs: Programs, far: Engine, tmp_path: Path
) -> None:
    programs.put("pg_dump")
    part = tmp_path / "chorus.dump.part"
    _copy(far, part)
    assert programs.told == [{"order": ["--format=custom", "--no-owner", f"--file={part}"], "known": KNOWN}]
    assert stat.S_IMODE(part.stat().st_mode) == 0o600


def test_a_copy_is_put_back_all_of_it_or_nothing(programs: Programs, far: Engine, tmp_path: Path) -> None:
    programs.put("pg_restore")
    file = tmp_path / "chorus.dump"
    _check_dump(file, far)
    _put_dump(file, far)
    looked, put = programs.told
    assert looked == {"order": ["--list", str(file)], "known": KNOWN}
    assert put["order"] == [
        *("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"),
        *("--dbname=answers", str(file)),
    ]
    assert put["known"] == KNOWN


@pytest.mark.parametrize(
    ("address", "known"),
    [
        (
            "postgresql+psycopg:///answers?host=/run/postgresql&port=5444",
            {"PGHOST": "/run/postgresql", "PGPORT": "5444"},
        ),
        ("postgresql+psycopg://chorus@db.example/answers", {"PGHOST": "db.example", "PGUSER": "chorus"}),
    ],
)
def test_what_the_address_does_not_say_is_left_to_the_program(
    programs: Programs, tmp_path: Path, address: str, known: dict[str, str]
) -> None:
    programs.put("pg_restore")
    engine = open_engine(address)
    _check_dump(tmp_path / "x.dump", engine)
    engine.dispose()
    (told,) = programs.told
    assert {name: value for name, value in told["known"].items() if value} == {**known, "PGDATABASE": "answers"}


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("pg_dump: error: no room left\nand more\n", "pg_dump did not succeed: pg_dump: error: no room left"),
        ("", "pg_dump did not succeed: it gave no reason"),
    ],
)
def test_what_the_program_says_when_it_fails_is_said(
    programs: Programs, far: Engine, tmp_path: Path, says: str, told: str
) -> None:
    programs.put("pg_dump", says, 3)
    with pytest.raises(CannotBackUp) as failed:
        _copy(far, tmp_path / "x.dump.part")
    assert str(failed.value) == told


def test_without_the_programs_it_says_what_to_run_where_they_are(
    programs: Programs, far: Engine, tmp_path: Path
) -> None:
    with pytest.raises(CannotBackUp) as no_dump:
        _copy(far, tmp_path / "chorus-20260120-090000.dump.part")
    assert str(no_dump.value) == (
        "pg_dump is not installed on this computer, so PostgreSQL cannot be copied from here. On one that has it, run: "
        "pg_dump --format=custom --file=chorus-20260120-090000.dump DATABASE"
    )
    with pytest.raises(CannotBackUp) as no_restore:
        _check_dump(tmp_path / "x.dump", far)
    assert str(no_restore.value) == (
        "pg_restore is not installed on this computer. On one that has it, run: pg_restore --clean --if-exists "
        "--single-transaction --dbname=DATABASE x.dump and then here, before anyone signs in: survey upgrade"
    )
