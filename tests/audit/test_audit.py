"""Who did what: lines that stay, that can be read and taken away, and in which no answer is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from survey.audit import COMMAND_LINE, PROGRAM, RESPONDENT, Act, Actor, LogFilter, choices, entries, note
from survey.cli import main
from survey.config import Settings
from survey.database import Engine, encode, open_engine, read, session, upgrade, write
from survey.fieldwork import study_by_code
from survey.responses.withdrawing import Withdrawal, certificate, withdraw
from survey.retention import back_up, delete_study, keep_promises
from tests.pages.strict import heading, look_at, words
from tests.pages.visitors import ADMINISTRATOR, LEAD, Visitors
from tests.retention.field import SENTINEL, THE_DAY, lay_out

NOW = datetime(2026, 1, 20, 9, tzinfo=UTC)
ANN = Actor("account", "ann@uni.org")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    upgrade(opened)
    yield opened
    opened.dispose()


@pytest.mark.parametrize("order", ["UPDATE audit SET what = 'nothing'", "DELETE FROM audit"])
def test_a_line_is_neither_changed_nor_removed(engine: Engine, order: str) -> None:
    with write(engine) as connection:
        note(connection, Act(ANN, NOW), "imported a roster", about="w2", details={"added": 3})
    with pytest.raises(DatabaseError), write(engine) as connection:
        connection.execute(text(order))
    (line,) = entries(engine)
    assert (line.what, line.actor) == ("imported a roster", ANN)


def test_nor_are_all_of_them_at_once(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    upgrade(engine)
    with write(engine) as connection:
        note(connection, Act(ANN, NOW), "imported a roster")
    with pytest.raises(DatabaseError), write(engine) as connection:
        connection.execute(text("TRUNCATE audit"))
    assert len(list(entries(engine))) == 1
    engine.dispose()


def test_lines_are_chosen_by_person_deed_and_day(engine: Engine) -> None:
    with write(engine) as connection:
        for n, who in enumerate((ANN, COMMAND_LINE, PROGRAM, RESPONDENT, ANN)):
            note(connection, Act(who, NOW + timedelta(days=n)), f"did {n % 2}", details={"n": n})
    assert [line.details["n"] for line in entries(engine)] == [4, 3, 2, 1, 0]
    assert [line.details["n"] for line in entries(engine, LogFilter(actor=ANN))] == [4, 0]
    assert [line.details["n"] for line in entries(engine, LogFilter(actor=PROGRAM))] == [2]
    assert [line.details["n"] for line in entries(engine, LogFilter(what="did 1"))] == [3, 1]
    days = LogFilter(since=NOW + timedelta(days=1), until=NOW + timedelta(days=3))
    assert [line.details["n"] for line in entries(engine, days)] == [2, 1]
    actors, deeds = choices(engine)
    assert set(actors) == {ANN, COMMAND_LINE, PROGRAM, RESPONDENT}
    assert deeds == ["did 0", "did 1"]


def test_a_line_reads_as_a_sentence(engine: Engine) -> None:
    with write(engine) as connection:
        note(
            connection, Act(ANN), "imported a roster", about="w2", details={"left_school": 3, "again": True, "x": None}
        )
    (line,) = entries(engine)
    assert line.deed == "imported a roster: w2"
    assert sorted(line.particulars.split(", ")) == ["again yes", "left school 3"]


# ---- no answer is in it ----------------------------------------------------------------------------------


def everything_answered(engine: Engine) -> set[str]:
    with read(engine) as connection:
        found = connection.scalars(text("SELECT answers FROM response UNION SELECT answers FROM save")).all()
    return {one for one in found if one not in ("{}", "")}


def test_no_answer_is_in_the_audit_after_all_of_it(engine: Engine, tmp_path: Path, database_url: str) -> None:
    """A whole study: published, answered, partly withdrawn, backed up, deleted."""
    settings = Settings(tmp_path, database_url, "s" * 40, "http://localhost")
    field = lay_out(engine, tmp_path / "study")
    answered = everything_answered(engine)
    assert any(SENTINEL in one for one in answered)
    withdraw(
        engine,
        Withdrawal(scope="wave", by="self", participant_id=field.people["P1"], wave="w2"),
        actor=RESPONDENT,
        now=NOW,
    )
    withdraw(engine, Withdrawal(scope="all", by="parent", participant_id=field.people["P2"]), actor=ANN, now=NOW)
    if engine.dialect.name == "sqlite":
        back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, NOW)
    with read(engine) as connection:
        whose = select(certificate.c.number, certificate.c.participant_id).order_by(certificate.c.number)
        before = connection.execute(whose).all()
        delete_study(engine, "small-notes", THE_DAY, ANN)
        after = connection.execute(whose).all()
    assert [row.number for row in before] == [row.number for row in after], "certificates stay"
    assert [row.participant_id for row in after] == [None, None], "and no longer say whose"
    keep_promises(engine, settings, THE_DAY)
    lines = list(entries(engine))
    assert len(lines) >= 5
    said = "\n".join(encode([line.what, line.about, line.details, str(line.actor)]) for line in lines)
    assert SENTINEL not in said
    for one in answered:
        assert one not in said
    for word in ("sing_enjoy", "play_enjoy", "came"):
        assert word not in said, "not even which question"


# ---- the pages -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def visitors(tmp_path_factory: pytest.TempPathFactory) -> Visitors:
    made = Visitors(tmp_path_factory.mktemp("audit"))
    with session(made.engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        for n in range(60):
            note(db, Act(ANN, NOW), "imported a roster", study_id=study.id, about=f"file{n}", details={"added": n})
        note(db, Act(PROGRAM, NOW + timedelta(days=3)), "<b>did</b>", study_id=study.id, about="=1+1")
    return made


PAGE = "/office/studies/small-notes/audit"


def test_the_page_shows_the_newest_first_and_leads_to_the_older(visitors: Visitors) -> None:
    client = visitors.browser(LEAD)
    root = look_at(client.get(PAGE))
    assert heading(root) == "Activity log"
    (table,) = root.iter("table")
    rows = [["".join(cell.itertext()) for cell in row] for body in table.iter("tbody") for row in body]
    assert len(rows) == 50
    assert rows[0] == ["23 January 2026, 09:00", "Chorus", "<b>did</b>: =1+1", ""]
    assert rows[1][1:] == ["ann@uni.org", "imported a roster: file59", "added 59"]
    (older,) = [a.get("href") for a in root.iter("a") if a.text == "Show older entries"]
    assert older is not None
    root = look_at(client.get(older))
    assert "imported a roster: file0" in words(root)
    assert "file59" not in words(root)
    assert not [a for a in root.iter("a") if a.text == "Show older entries"]


def test_it_can_be_narrowed_down(visitors: Visitors) -> None:
    client = visitors.browser(LEAD)

    def shown(**asked: str) -> str:
        (table,) = look_at(client.get(PAGE, query_string=asked)).iter("table")
        return " ".join("".join(table.itertext()).split())

    assert "file" not in shown(who="program:")
    assert "=1+1" not in shown(what="imported a roster")
    assert "file" not in shown(on="2026-01-23")
    assert "There are no entries to show" in words(look_at(client.get(PAGE, query_string={"on": "1999-01-01"})))


@pytest.mark.parametrize("on", ["yesterday", "2026-13-01", "9999-12-31", "\0"])
def test_a_day_that_is_none_is_said(visitors: Visitors, on: str) -> None:
    reply = visitors.browser(LEAD).get(PAGE, query_string={"on": on, "who": "\0", "what": "\0", "before": "x" * 50})
    assert reply.status_code == 200
    root = look_at(reply)
    assert "Please enter the date as year, month and day" in words(root)


def test_both_files_hold_every_line(visitors: Visitors) -> None:
    client = visitors.browser(LEAD)
    reply = client.get(f"{PAGE}.csv")
    rows = list(csv.reader(io.StringIO(reply.data.decode("utf-8-sig"))))
    assert rows[0] == ["when", "who", "what", "study", "about", "details"]
    assert len([row for row in rows if row[2] == "imported a roster"]) == 60
    assert rows[1][2] == "downloaded the activity log"
    reply = client.get(f"{PAGE}.xlsx", query_string={"what": "imported a roster"})
    book = openpyxl.load_workbook(io.BytesIO(reply.data))
    assert book.active is not None
    assert len(list(book.active.iter_rows())) == 61
    assert client.get(f"{PAGE}.csv", query_string={"on": "never"}).status_code == 400


def test_an_administrator_reads_the_audit_of_the_installation(visitors: Visitors) -> None:
    root = look_at(visitors.browser(ADMINISTRATOR).get("/office/audit"))
    assert heading(root) == "Activity log of the whole installation"
    assert "small-notes" in words(root)
    reply = visitors.browser(ADMINISTRATOR).get("/office/audit.csv")
    assert reply.data.count(b"imported a roster") == 60


# ---- the command -----------------------------------------------------------------------------------------


def test_the_command_says_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "SECRET_KEY", "CHORUS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHORUS_INSTANCE", str(tmp_path))
    engine = open_engine(f"sqlite:///{tmp_path / 'chorus.db'}")
    upgrade(engine)
    lay_out(engine, tmp_path / "study")

    def survey(*said: object) -> tuple[int, str]:
        run = CliRunner().invoke(main, [str(word) for word in said])
        assert run.exception is None or isinstance(run.exception, SystemExit), run.exception
        return run.exit_code, run.output

    status, said = survey("audit")
    assert status == 0
    assert "[small-notes] the command line published the study: small-notes (new 3)" in said
    assert survey("audit", "small-notes")[1].count("\n") == said.count("\n")
    assert survey("audit", "none") == (1, "There is no study 'none'. The only one is 'small-notes'.\n")
    assert survey("audit", "--out", tmp_path / "a.txt")[0] == 1
    for form in ("csv", "xlsx"):
        assert survey("audit", "--out", tmp_path / f"a.{form}")[0] == 0
        assert (tmp_path / f"a.{form}").stat().st_size > 100
    engine.dispose()
