"""Answers from elsewhere in the browser: look, then confirm; every problem on one page; only who may see answers may."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from survey.app import create_app
from survey.audit import entries
from survey.config import Settings
from survey.database import Engine, upgrade
from survey.pages.account.people import add_user
from survey.responses import Record, stream
from tests.intake.field import table
from tests.intake.test_rewritten import workbook
from tests.pages.small_study import make_study
from tests.pages.strict import StrictClient, strict_client
from tests.pages.test_account import OWN, choose, sign_in, token

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
    sign_in(client, add_user(engine, settings, email, ["lead"], study="small-notes"), email)
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


def hidden(page: TestResponse) -> dict[str, str]:
    form = page.text.partition('<form method="post" action="' + HERE + "/take")[2].partition("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


def test_look_confirm_and_once_more(lead: StrictClient, engine: Engine) -> None:
    page = send(lead, table(*ROWS))
    assert "What this file would add" in page.text
    assert kept(engine) == []
    sent = hidden(page)
    done = lead.post(f"{HERE}/take", data=sent, follow_redirects=True)
    assert "2 added, 0 there already" in done.text
    assert sorted(record.answers["came"] for record in kept(engine)) == [0, 1]
    (entry,) = [entry for entry in entries(engine) if entry.what == "imported answers"]
    assert (str(entry.actor), entry.about) == ("lead@example.org", "parent w2")
    again = lead.post(f"{HERE}/take", data=sent, follow_redirects=True)
    assert "0 added, 2 there already" in again.text
    page = send(lead, table(*ROWS))
    assert "there is nothing to do" in page.text
    assert len(kept(engine)) == 2


def test_every_problem_stands_on_the_page(lead: StrictClient, engine: Engine) -> None:
    page = send(lead, table(*[row | {"came": 7} for row in ROWS]))
    assert "This file has 2 problems" in page.text
    assert "row 2, column B (came)" in page.text
    assert "This is not a code of this question. Its codes are 1, 0." in page.text
    assert kept(engine) == []


def test_what_a_spreadsheet_made_of_an_answer_stands_on_the_page(lead: StrictClient, engine: Engine) -> None:
    page = send(lead, workbook({"school": "s1", "came": True}, {"school": date(2024, 2, 1), "came": 1}))
    assert "sheet &#34;codes&#34;, row 2, column B (came)" in page.text
    assert "A spreadsheet has turned what was here into TRUE or FALSE." in page.text
    assert "row 3, column A (school)" in page.text
    assert "A spreadsheet has turned this code into a date or a time. Please import the CSV as it was" in page.text
    assert kept(engine) == []


def test_very_many_problems_are_counted(lead: StrictClient) -> None:
    page = send(lead, table(*[{"came": 7}] * 230))
    assert "This file has 230 problems" in page.text
    assert "30 more rows: This is not a code" in page.text


def test_a_column_can_be_left_unread(lead: StrictClient) -> None:
    data = table(*[row | {"Notes": "x"} for row in ROWS])
    assert "There is no column &#39;Notes&#39;" in send(lead, data).text
    assert "What this file would add" in send(lead, data, ignore=" notes , other").text


@pytest.mark.parametrize(
    ("data", "more", "sentence"),
    [
        (b"", {}, "Choose a file."),
        (b"x", {"questionnaire": "none"}, "Choose what was answered."),
        (b"x", {"wave": ""}, "Choose the wave it was answered in."),
        (b"%PDF-1.4", {}, "This is a PDF"),
        (table(*ROWS), {"wave": "w1"}, "is not asked in wave"),
        (table(*ROWS), {"csrf_token": "old"}, "This page was open for too long."),
    ],
)
def test_what_is_missing_is_said(lead: StrictClient, data: bytes, more: dict[str, str], sentence: str) -> None:
    page = send(lead, data, **more)
    assert sentence in page.text
    assert "Error:" in page.text


@pytest.mark.parametrize("content", ["", "no base 64", "eNo=", "QUJD"])
def test_what_travelled_in_the_page_must_be_ours(lead: StrictClient, engine: Engine, content: str) -> None:
    sent = hidden(send(lead, table(*ROWS))) | {"content": content}
    assert "Please choose the file again" in lead.post(f"{HERE}/take", data=sent).text
    assert kept(engine) == []


def test_a_file_changed_on_the_way_is_checked_again(lead: StrictClient, engine: Engine) -> None:
    wrong = hidden(send(lead, table(*ROWS))) | {"wave": "w1"}
    assert "is not asked in wave" in lead.post(f"{HERE}/take", data=wrong).text
    assert kept(engine) == []


def test_a_large_file_travels_too(lead: StrictClient, engine: Engine) -> None:
    """More than an ordinary post may hold; texts that do not shrink."""
    rows = [{"school": "s1", "came": n % 2, "response": f"{n * 7919 % 10**9:09d}-{n}"} for n in range(3_000)]
    data = table(*rows)
    done = lead.post(f"{HERE}/take", data=hidden(send(lead, data)), follow_redirects=True)
    assert "3,000 added" in done.text
    assert len(kept(engine)) == 3_000
