"""Killed servers, full disks, held locks: what was acknowledged is there, nothing is there by half."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError

from survey import database
from survey.database import Engine, StoreBusy, StoreFull, open_engine, read, session, upgrade, write
from survey.fieldwork import Participant, Study
from survey.prepared import Prepared
from survey.responses import SavedPage, begin, finish, load, save, saving
from survey.responses.tables import response as responses
from survey.responses.tables import save as log
from tests.store.field import NOW, SHA, Field, lay_out

SERVER = textwrap.dedent(
    """
    import sys
    from concurrent.futures import ThreadPoolExecutor
    from tests.store.field import NOW, SHA
    from survey.database import open_engine
    from survey.responses import SavedPage, begin, save

    url, door = sys.argv[1], int(sys.argv[2])
    engine = open_engine(url)

    def respond(_):
        response = begin(engine, door, "en", SHA, NOW).response
        number = 0
        while True:
            number += 1
            answers = {f"q{number % 7}": number, "why": "x" * 500}
            assert save(engine, response, SavedPage(1, number, "page", answers, NOW)).outcome == "new"
            sys.stdout.write(f"{response} {number}\\n")
            sys.stdout.flush()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(respond, range(4)))
    """
)


def kill_in_the_middle(url: str, door: int) -> dict[str, int]:
    """Run a server of four respondents, kill it without warning; return the last save acknowledged to each."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, url, str(door)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as server:
        assert server.stdout is not None
        lines: list[str] = []
        # Until each has been acknowledged once: on a busy machine one of the four may begin late.
        while len(lines) < 150 or (len(lines) < 3000 and len({line.split()[0] for line in lines}) < 4):
            lines.append(server.stdout.readline())
            assert lines[-1], "the server ended by itself"
        server.send_signal(signal.SIGKILL)
        lines += server.stdout.readlines()
    assert server.returncode == -signal.SIGKILL
    acknowledged: dict[str, int] = {}
    for line in lines:
        if line.endswith("\n"):  # the last line may be cut
            response, number = line.split()
            acknowledged[response] = max(acknowledged.get(response, 0), int(number))
    return acknowledged


def settle(engine: Engine) -> None:
    """Wait until PostgreSQL has noticed that its client is dead, and ended what it was doing for it."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        until = time.monotonic() + 20
        while engine.dialect.name == "postgresql" and connection.scalar(others):
            assert time.monotonic() < until
            time.sleep(0.02)


def test_a_killed_server_loses_nothing_it_acknowledged(engine: Engine, field: Field, database_url: str) -> None:
    acknowledged = kill_in_the_middle(database_url, field.open_door)
    assert len(acknowledged) == 4
    settle(engine)
    for response, last in acknowledged.items():
        snapshot = load(engine, response)
        assert snapshot is not None
        with read(engine) as connection:
            rows = connection.execute(
                select(log.c.sequence, log.c.answers).where(log.c.response_id == response).order_by("sequence")
            ).all()
        assert len(rows) >= last
        assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
        made: dict[str, object] = {}
        for row in rows:
            made |= row.answers
        assert snapshot.answers == made, "the log and the answers are of one moment"
        assert snapshot.sequence == len(rows)
        going_on = save(engine, response, SavedPage(1, len(rows) + 1, "page", {"q0": 0}, now=NOW))
        assert going_on.outcome == "new"
    if engine.dialect.name == "sqlite":
        with read(engine) as connection:
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def test_a_full_disk_is_said_and_nothing_is_half_written(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url, threads=1)
    upgrade(engine)
    field = lay_out(engine)
    response = begin(engine, field.pupils_door, "en", SHA, NOW).response
    save(engine, response, SavedPage(1, 1, "page", {"q": 1}, now=NOW))
    with read(engine) as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count = {pages + 4}"))
    before = load(engine, response)
    with pytest.raises(StoreFull) as fault:
        save(engine, response, SavedPage(1, 2, "page", {"why": "my secret " * 4000}, now=NOW))
    assert "make room" in str(fault.value)
    assert "my secret" not in str(fault.value)
    assert load(engine, response) == before
    with read(engine) as connection:
        assert connection.scalar(select(log.c.sequence).where(log.c.sequence > 1)) is None
    assert save(engine, response, SavedPage(1, 2, "page", {"q": 2}, now=NOW)).outcome == "new", (
        "what is small still fits"
    )
    with read(engine) as connection:
        connection.execute(text(f"PRAGMA max_page_count = {pages + 4000}"))
    again = save(engine, response, SavedPage(1, 3, "page", {"why": "my secret " * 4000}, now=NOW))
    assert again.outcome == "new"
    engine.dispose()


def test_a_full_disk_is_said_of_sessions_as_well(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url, threads=1)
    upgrade(engine)
    field = lay_out(engine)
    with read(engine) as connection:
        connection.execute(text(f"PRAGMA max_page_count = {connection.scalar(text('PRAGMA page_count'))}"))
    many = [
        Participant(study_id=field.study.id, code=f"X{number}", audience="pupil", facts={"x": "y" * 400})
        for number in range(200)
    ]
    with pytest.raises(StoreFull), session(engine) as db:
        db.add_all(many)
    engine.dispose()


@contextmanager
def held_by_someone_else(url: str) -> Iterator[None]:
    """Another process's writer holds the database."""
    other = open_engine(url)
    with write(other) as connection:
        connection.execute(text("UPDATE response SET revision = revision"))
        yield
    other.dispose()


def test_a_database_held_for_too_long_is_said(
    database_url: str, engine: Engine, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = begin(engine, field.pupils_door, "en", SHA, NOW).response
    monkeypatch.setattr(database, "_PATIENCE", 0.3)
    impatient = open_engine(database_url)
    before = load(engine, response)
    with held_by_someone_else(database_url):
        assert load(impatient, response) == before, "reading waits for no one"
        started = time.monotonic()
        with pytest.raises(StoreBusy, match="try again"):
            save(impatient, response, SavedPage(1, 1, "page", {"q": 1}, now=NOW))
        assert time.monotonic() - started < 5
    assert save(impatient, response, SavedPage(1, 1, "page", {"q": 1}, now=NOW)).outcome == "new"
    impatient.dispose()


def test_a_writer_waits_for_another_process_and_then_goes_on(database_url: str, engine: Engine, field: Field) -> None:
    response = begin(engine, field.pupils_door, "en", SHA, NOW).response
    with ThreadPoolExecutor(1) as thread:
        with held_by_someone_else(database_url):
            waiting = thread.submit(save, engine, response, SavedPage(1, 1, "page", {"q": 1}, NOW))
            time.sleep(0.2)
            assert not waiting.done()
        assert waiting.result(timeout=10).outcome == "new"


def test_a_session_that_has_read_can_still_write_after_others_wrote(engine: Engine, field: Field) -> None:
    with session(engine) as db:
        study = db.get_one(Study, field.study.id)
        begin(engine, field.pupils_door, "en", SHA, NOW)  # someone else, in between
        study.title = "Music, second year"
    with session(engine) as db:
        assert db.get_one(Study, field.study.id).title == "Music, second year"


def test_what_fails_in_a_transaction_is_undone_whole(engine: Engine, field: Field) -> None:
    response = begin(engine, field.pupils_door, "en", SHA, NOW).response
    before = load(engine, response)

    def break_down(connection: Connection, *_: object) -> None:
        assert connection.scalar(select(log.c.sequence)) == 1, "the save is in the log, and not yet in the response"
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(saving, "_taken", break_down)
        with pytest.raises(KeyboardInterrupt):
            save(engine, response, SavedPage(1, 1, "page", {"q": 1}, now=NOW))
    assert load(engine, response) == before
    assert save(engine, response, SavedPage(1, 1, "page", {"q": 1}, now=NOW)).outcome == "new"


def test_no_answer_gets_into_an_exception(engine: Engine, field: Field) -> None:
    response = begin(engine, field.pupils_door, "en", SHA, NOW).response
    row = {"response_id": response, "epoch": 1, "sequence": 1, "screen": None, "answers": {"why": "my secret"}}
    with pytest.raises(DBAPIError) as fault, write(engine) as connection:
        connection.execute(insert(log), {**row, "received_at": NOW})
    with pytest.raises((DBAPIError, sqlite3.IntegrityError)) as at_the_driver, write(engine) as connection:
        Prepared(insert(log)).changed(connection, {**row, "received_at": NOW})
    shown = f"{fault.value} {fault.value!r} {fault.value.orig} {fault.value.__cause__!r}"
    shown += f"{at_the_driver.value} {at_the_driver.value!r} {at_the_driver.value.__cause__!r}"
    assert "my secret" not in shown
    assert response not in shown


def _child(url: str, door: int, out: object) -> None:
    engine = database_of_the_parent[0]
    response = begin(engine, door, "en", SHA, NOW).response
    for number in range(1, 31):
        save(engine, response, SavedPage(1, number, "page", {"q": number}, now=NOW))
    out.put(json.dumps([response, 30]))  # type: ignore[attr-defined]


database_of_the_parent: list[Engine] = []


def test_forked_servers_do_not_share_their_parents_connections(database_url: str, engine: Engine, field: Field) -> None:
    """Gunicorn's --preload forks after the app has been made, and perhaps used."""
    parents = begin(engine, field.open_door, "en", SHA, NOW).response
    database_of_the_parent[:] = [engine]
    fork = multiprocessing.get_context("fork")
    out = fork.Queue()
    children = [fork.Process(target=_child, args=(database_url, field.open_door, out)) for _ in range(3)]
    for child in children:
        child.start()
    for number in range(1, 31):
        save(engine, parents, SavedPage(1, number, "page", {"q": number}, now=NOW))
    done = [json.loads(out.get(timeout=30)) for _ in children]
    for child in children:
        child.join()
        assert child.exitcode == 0
    for response, number in [*done, [parents, 30]]:
        snapshot = load(engine, response)
        assert snapshot is not None
        assert (snapshot.answers, snapshot.sequence) == ({"q": number}, 30)


def test_finish_and_late_saves_from_many_threads_agree(engine: Engine, field: Field) -> None:
    response = begin(engine, field.pupils_door, "en", SHA, NOW).response
    together = threading.Barrier(8)

    def act(number: int) -> str:
        together.wait()
        if number == 5:
            return finish(engine, response, 1, 5, NOW).outcome
        return save(engine, response, SavedPage(1, number, f"p{number}", {f"q{number}": number}, now=NOW)).outcome

    with ThreadPoolExecutor(8) as threads:
        outcomes = dict(zip(range(1, 9), threads.map(act, range(1, 9)), strict=True))
    assert [outcomes[number] for number in (1, 2, 3, 4, 5)] == ["new"] * 5
    snapshot = load(engine, response)
    assert snapshot is not None
    assert (snapshot.state, snapshot.end) == ("finished", (1, 5))
    kept = {f"q{number}": number for number in range(1, 9) if number != 5 and outcomes[number] == "new"}
    assert snapshot.answers == kept
    with read(engine) as connection:
        assert len(connection.execute(select(responses.c.id)).all()) == 1
