"""A process that forks takes no open database along: every worker holds its own locks, or does not write at all."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from survey.database import open_engine, upgrade
from tests.faults.locks import has_locks

ROOT = Path(__file__).parents[2]

REFUSED = (
    "This process was started by another that had the database open, so it cannot write to it safely. "
    "Please start it with: survey serve"
)

PARENT = textwrap.dedent(
    """
    import os, sys
    from sqlalchemy import text
    from survey.database import StoreError, open_engine, read, write

    engine = open_engine(sys.argv[1])

    def touch():
        with write(engine) as connection:
            connection.execute(text("UPDATE study SET title = title"))

    def in_a_child(do):
        sys.stdout.flush()
        if (child := os.fork()) == 0:
            try:
                do()
            finally:
                sys.stdout.flush()
                os._exit(0)
        os.waitpid(child, 0)
    """
)


def run(url: str, *lines: str) -> list[str]:
    """Run a process with an engine, `touch` and `in_a_child`; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", PARENT + "\n".join(lines), url],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.stdout.splitlines()


@pytest.fixture
def url(sqlite_url: str) -> str:
    """A database with its tables."""
    engine = open_engine(sqlite_url)
    upgrade(engine)
    engine.dispose()
    return sqlite_url


def test_a_child_holds_locks_of_its_own_though_its_parent_had_used_the_database(url: str) -> None:
    said = run(
        url,
        "from tests.faults.locks import has_locks",
        "def child():",
        "    touch()",
        f"    print('child', has_locks(os.getpid(), {url.removeprefix('sqlite:///')!r}))",
        "touch()",
        "in_a_child(child)",
    )
    assert said == ["child True"]


def test_a_child_of_a_process_in_the_middle_of_its_work_is_refused(url: str) -> None:
    said = run(
        url,
        "def child():",
        "    try:",
        "        touch()",
        "    except StoreError as refused:",
        "        print(refused)",
        "with read(engine) as connection:",
        "    connection.execute(text('SELECT 1'))",
        "    in_a_child(child)",
        "touch()",
        "print('parent goes on')",
    )
    assert said == [REFUSED, "parent goes on"]


def test_a_connection_thrown_away_without_being_closed_does_no_harm_to_a_child(url: str) -> None:
    said = run(
        url,
        "connection = engine.raw_connection()",
        "connection.cursor().execute('SELECT count(*) FROM study').fetchall()",
        "connection.detach()",
        "del connection",
        "in_a_child(lambda: (touch(), print('written')))",
    )
    assert said == ["written"]


def test_the_list_of_locks_tells_who_holds_the_database(url: str) -> None:
    file = url.removeprefix("sqlite:///")
    engine = open_engine(url)
    assert not has_locks(os.getpid(), file)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM study")
        assert has_locks(os.getpid(), file)
    engine.dispose()
    assert not has_locks(os.getpid(), file)
