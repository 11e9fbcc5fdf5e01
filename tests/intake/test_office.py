"""Data from another system in the browser: checked, then confirmed; every problem on one page; only who sees answers may."""

from __future__ import annotations

import io
import zlib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from survey.admission import add_user
from survey.app import create_app
from survey.audit import COMMAND_LINE, Act, entries
from survey.config import Settings
from survey.database import Engine, upgrade
from survey.fieldwork.roster.tables import SentFile
from survey.intake import Destination, import_answers
from survey.responses import Record, stream
from tests.intake.field import table
from tests.intake.test_rewritten import workbook
from tests.pages.small_study import make_study
from tests.pages.strict import StrictClient, strict_client
from tests.pages.test_account import OWN, choose, sign_in, token

NOW = datetime(2026, 9, 1, tzinfo=UTC)
HERE = "/office/studies/small-notes/answers"
ROWS = [{"school": "s1", "came": 1}, {"school": "s2", "came": 0, "state": "finished", "language": "en"}]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")


@pytest.fixture
def app(settings: Settings, tmp_path: Path) -> Flask:
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    (tmp_path / "study").mkdir()
    make_study(engine, tmp_path / "study")
    return app


@pytest.fixture
def engine(app: Flask) -> Engine:
    engine: Engine = app.extensions["chorus"].engine
    return engine


@pytest.fixture
def lead(app: Flask, settings: Settings, engine: Engine) -> StrictClient:
    client = strict_client(app)
    email = "lead@example.org"
    sign_in(client, add_user(engine, email, ["lead"], study="small-notes"), email)
    assert choose(client, OWN).status_code == 302
    return client


def kept(engine: Engine) -> list[Record]:
    return [one for one in stream(engine, 1, "parent") if one.mode == "imported"]


def send(client: StrictClient, data: bytes, **more: str) -> TestResponse:
    fields: dict[str, Any] = {
        "csrf_token": token(client.get(HERE)),
        "questionnaire": "parent",
        "wave": "w2",
        "ignore": "",
        **more,
    }
    fields["file"] = FileStorage(io.BytesIO(data), "codes.csv") if data else ""
    boundary, body = encode_multipart(fields)
    return client.post(HERE, data=body, content_type=f'multipart/form-data; boundary="{boundary}"')


def check(client: StrictClient, data: bytes, **more: str) -> TestResponse:
    """Send a file and go to the page it leads to."""
    reply = send(client, data, **more)
    return client.get(reply.location) if reply.status_code == 303 else reply


def confirm(client: StrictClient, address: str | None) -> TestResponse:
    assert address is not None
    form = {"csrf_token": token(client.get(HERE)), "do": "import"}
    return client.post(address, data=form, follow_redirects=True)


def test_look_confirm_and_once_more(lead: StrictClient, engine: Engine) -> None:
    sent = send(lead, table(*ROWS))
    page = lead.get(sent.location)
    assert "Check before you import" in page.text
    assert kept(engine) == []
    done = confirm(lead, sent.location)
    assert "Answers imported" in done.text
    assert "2 responses added" in done.text
    assert sorted(record.answers["came"] for record in kept(engine)) == [0, 1]
    (entry,) = [entry for entry in entries(engine) if entry.what == "imported answers"]
    assert (str(entry.actor), entry.about) == ("lead@example.org", "parent w2")
    assert "no longer here" in confirm(lead, sent.location).text, "it was confirmed, and waits no more"
    page = check(lead, table(*ROWS))
    assert "there is nothing to import" in page.text
    assert len(kept(engine)) == 2


def test_every_problem_stands_on_the_page(lead: StrictClient, engine: Engine) -> None:
    page = check(lead, table(*[row | {"came": 7} for row in ROWS]))
    assert "This file has 2 problems" in page.text
    assert "row 2, column B (came)" in page.text
    assert "which are 0, 1. Please correct it." in page.text
    assert kept(engine) == []


def test_what_a_spreadsheet_made_of_an_answer_stands_on_the_page(lead: StrictClient, engine: Engine) -> None:
    page = check(lead, workbook({"school": "s1", "came": True}, {"school": date(2024, 2, 1), "came": 1}))
    assert "sheet &#34;codes&#34;, row 2, column B (came)" in page.text
    assert "A spreadsheet has turned what was here into TRUE or FALSE." in page.text
    assert "row 3, column A (school)" in page.text
    assert "A spreadsheet has turned this code into a date or a time. Please import the CSV as it was" in page.text
    assert kept(engine) == []


def test_a_title_above_the_headings_does_no_harm(lead: StrictClient, engine: Engine) -> None:
    data = b"Exported on 1 September 2026,\n\n" + table(*ROWS)
    sent = send(lead, data)
    assert "2 responses added" in confirm(lead, sent.location).text
    assert len(kept(engine)) == 2
    wrong = b"Exported on 1 September 2026,\n\n" + table({"school": "s1", "came": 7})
    assert "row 4, column B (came)" in check(lead, wrong).text


def test_very_many_problems_are_counted(lead: StrictClient) -> None:
    page = check(lead, table(*[{"came": 7}] * 230))
    assert "This file has 230 problems" in page.text
    assert "30 more rows: This is not one of" in page.text


def test_a_column_can_be_left_unread(lead: StrictClient) -> None:
    data = table(*[row | {"Notes": "x"} for row in ROWS])
    assert "There is no column &#39;Notes&#39;" in check(lead, data).text
    assert "Check before you import" in check(lead, data, ignore=" notes , other").text


@pytest.mark.parametrize(
    ("data", "more", "sentence"),
    [
        (b"", {}, "Choose a file."),
        (b"x", {"questionnaire": "none"}, "Choose the questionnaire."),
        (b"x", {"wave": ""}, "Choose the wave."),
        (b"%PDF-1.4", {}, "This is a PDF"),
        (table(*ROWS), {"wave": "w1"}, "is not asked in wave"),
        (table(*ROWS), {"csrf_token": "old"}, "This page was open for too long."),
    ],
)
def test_what_is_missing_is_said(lead: StrictClient, data: bytes, more: dict[str, str], sentence: str) -> None:
    page = check(lead, data, **more)
    assert sentence in page.text
    assert "Error:" in page.text


def test_before_it_is_confirmed_no_answer_lies_on_the_server_that_it_could_read(
    lead: StrictClient, engine: Engine, tmp_path: Path
) -> None:
    send(lead, table({"school": "s1", "came": 1, "response": "zwiebelfisch"}))
    held = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"zwiebelfisch" not in held
    assert zlib.compress(table({"school": "s1", "came": 1, "response": "zwiebelfisch"})) not in held


def test_what_no_longer_fits_when_it_is_confirmed_is_not_imported(lead: StrictClient, engine: Engine) -> None:
    first, second = table({"response": "r1", "came": 1}), table({"response": "r1", "came": 0})
    sent = send(lead, second)
    import_answers(engine, Destination("small-notes", "parent", "w2"), SentFile(first, "a.csv"), Act(COMMAND_LINE, NOW))
    done = confirm(lead, sent.location)
    assert done.status_code == 409
    assert "has changed since you checked this file" in done.text
    assert [record.answers["came"] for record in kept(engine)] == [1]


@pytest.mark.slow
def test_a_large_file_waits_too(lead: StrictClient, engine: Engine) -> None:
    """More than an ordinary post may hold; texts that do not shrink."""
    rows = [{"school": "s1", "came": n % 2, "response": f"{n * 7919 % 10**9:09d}-{n}"} for n in range(3_000)]
    done = confirm(lead, send(lead, table(*rows)).location)
    assert "3,000 responses added" in done.text
    assert len(kept(engine)) == 3_000
