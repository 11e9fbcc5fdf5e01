"""What is checked after a file was read, in the server itself, takes time by the size of the file and not by its square."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.exceptions import ServiceUnavailable

from survey.audit import COMMAND_LINE, Act
from survey.database import open_engine, upgrade, write
from survey.fieldwork.roster.identifiers import kind_of_identifier, names_for_places
from survey.fieldwork.roster.tables import MOST_PROBLEMS, Misread, ReadSheet, SentFile, read_sheets, until_too_many
from survey.pages.turns import Turn
from survey.problems import did_you_mean
from survey.responses.consent_file import import_decisions
from tests.rosters.small_field import NOW, ROSTER, SCHOOLS, Desk, publish, settings_in

HANGS = 20.0
"""Seconds. What is tested takes milliseconds; by the square of its input, or worse, it takes minutes to years."""


@pytest.mark.parametrize("said", ["a" * 50_000 + "@", "a@" * 25_000, "@" * 50_000, "a@" + "b" * 50_000, "a@b" * 15_000])
def test_what_is_almost_an_address_is_seen_at_once(said: str) -> None:
    began = time.process_time()
    assert kind_of_identifier(said) == ""
    assert time.process_time() - began < HANGS


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        ("ann@example.org", True),
        ("4a (ann@example.org)", True),
        ("x@ ann@b.c", True),
        ("@example.org", False),
        ("ann@example", False),
        ("a @b.c", False),
        ("a@@b.c", False),
    ],
)
def test_addresses_are_known_as_before(said: str, is_one: bool) -> None:
    assert kind_of_identifier(said) == ("an e-mail address" if is_one else "")


@pytest.mark.parametrize(
    ("class_", "is_one"),
    [("Ann Example", True), ("Example, Ann Mary", True), ("A Example", False), ("Year 4", False), ("Robins", False)],
)
def test_names_are_known_as_before(class_: str, is_one: bool) -> None:
    letters = "abcdefgh"
    rows = "\n".join(f'p{n},"{class_}{letters[n] if class_[-1].isalpha() else n}"' for n in range(8))
    (sheet,) = read_sheets(f"participant,class\n{rows}".encode(), "x.csv")
    assert (names_for_places(sheet, sheet.rows, 1) is not None) == is_one


def test_what_is_almost_a_name_is_seen_at_once() -> None:
    rows = "\n".join(f"p{n},Ab {'a' * 60}{n}" for n in range(10))
    (sheet,) = read_sheets(f"participant,class\n{rows}".encode(), "x.csv")
    began = time.process_time()
    assert names_for_places(sheet, sheet.rows, 1) is None
    assert time.process_time() - began < HANGS


def test_after_many_problems_a_file_is_checked_no_further_and_says_so() -> None:
    (sheet,) = read_sheets(b"a\n" + b"1\n" * 1_000, "x.csv")
    problems: list[Misread] = []
    for row in until_too_many(sheet, problems):
        problems.append(sheet.misread(row.cells[0], "No."))
    assert len(problems) == MOST_PROBLEMS + 1
    assert str(problems[-1]) == (
        "row 502: The rows from here on were not checked, because there are 500 problems before them. "
        "Please correct those first, and check the file again."
    )


def test_of_thousands_of_names_the_nearest_is_still_found() -> None:
    known = [f"p{n:05}" for n in range(20_000)]
    assert did_you_mean("P0123", known) == " Did you mean 'p00123'?"
    assert did_you_mean("school", [*known, "schools"]) == " Did you mean 'schools'?"
    assert did_you_mean("zebra", known) == ""


def test_few_wait_for_a_turn_and_the_next_hears_so_at_once() -> None:
    turn = Turn(patience=60.0, waiting=1, otherwise=lambda: ValueError("Please come again."))
    release, holds, waits = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        with turn.taken():
            holds.set()
            release.wait(60)

    def wait() -> None:
        waits.set()
        with turn.taken():
            pass

    threads = [threading.Thread(target=hold), threading.Thread(target=wait)]
    threads[0].start()
    assert holds.wait(60)
    threads[1].start()
    assert waits.wait(60)
    while turn._waiting is not None and turn._waiting._value:
        time.sleep(0.01)
    with pytest.raises(ValueError, match="Please come again"), turn.taken():
        pass
    release.set()
    for thread in threads:
        thread.join()


def test_a_turn_that_does_not_come_is_a_calm_page() -> None:
    turn = Turn(patience=0.05)
    with Flask(__name__).app_context(), turn.taken(), pytest.raises(ServiceUnavailable), turn.taken():
        pass


def test_others_write_while_a_file_of_decisions_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'chorus.sqlite'}")
    upgrade(engine)
    publish(engine, tmp_path / "study")
    desk = Desk(engine, settings_in(tmp_path))
    desk.take(SCHOOLS, None)
    desk.take(ROSTER)

    def reading(data: bytes, name: str) -> list[ReadSheet]:
        # With the database held by the import, this would wait, and end in StoreBusy.
        with write(engine) as connection:
            connection.execute(text("UPDATE study SET title = title"))
        return read_sheets(data, name)

    monkeypatch.setattr("survey.responses.consent_file.read_sheets", reading)
    data = b"participant,decision,date,by\np1,yes,2025-09-10,parent\n"
    assert len(import_decisions(engine, "small-notes", SentFile(data, "c.csv"), Act(COMMAND_LINE, NOW)).new) == 1
    engine.dispose()
