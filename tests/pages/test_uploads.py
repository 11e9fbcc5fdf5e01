"""Every file that is sent goes one way: one form, one table of problems, one preview; and nothing is lost on the way."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

import survey
from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import Engine, upgrade
from survey.fieldwork.publishing import Refused
from survey.pages.turns import Turn
from tests.pages.strict import StrictClient, look_at, strict_client, words
from tests.pages.test_account import OWN, choose, sign_in, token
from tests.rosters.small_field import ROSTER, SCHOOLS, Desk, publish, settings_in

HERE = "/office/studies/small-notes"
TEMPLATES = Path(survey.__file__).parent / "templates"
KINDS = {"answers", "consent_file", "new_study", "reasons", "roster"}
DECISIONS = b"participant,decision,date,by\np1,yes,2025-09-10,parent\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def app(settings: Settings, tmp_path: Path) -> Flask:
    app = create_app(settings)
    engine: Engine = app.extensions["chorus"].engine
    upgrade(engine)
    publish(engine, tmp_path / "study")
    desk = Desk(engine, settings)
    desk.take(SCHOOLS, None)
    desk.take(ROSTER)
    return app


@pytest.fixture
def lead(app: Flask, settings: Settings) -> StrictClient:
    client = strict_client(app)
    password = add_user(app.extensions["chorus"].engine, "lead@example.org", ["lead"], study="small-notes")
    sign_in(client, password, "lead@example.org")
    assert choose(client, OWN).status_code == 302
    return client


def send(client: StrictClient, where: str, content: bytes, **fields: Any) -> TestResponse:
    form = {"csrf_token": token(client.get(f"{HERE}/{where}")), **fields}
    form["file"] = FileStorage(io.BytesIO(content), "file.csv")
    boundary, body = encode_multipart(form)
    return client.post(f"{HERE}/{where}", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def confirm(client: StrictClient, address: str | None) -> TestResponse:
    assert address is not None
    return client.post(address, data={"csrf_token": token(client.get(address)), "do": "import"})


def decisions(app: Flask) -> int:
    with app.extensions["chorus"].engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM decision").scalar() or 0)


def test_all_kinds_have_the_same_pages(app: Flask) -> None:
    there: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        if "/check/<upload>" in rule.rule or rule.endpoint.removeprefix("office.") in KINDS:
            base, _, rest = rule.rule.partition("/check/<upload>")
            there.setdefault(base, set()).add(f"{rest or rule.endpoint.removeprefix('office.').rpartition('_')[2]}")
    assert len(there) == len(KINDS)
    assert all({"check", "/problems.csv"} <= pages for pages in there.values())


@pytest.mark.parametrize("mark", ['type="file"', 'class="faulty"', 'name="do" value="import"'])
def test_no_template_draws_a_file_field_a_table_of_problems_or_the_buttons_itself(mark: str) -> None:
    drawn = {file.name for file in TEMPLATES.rglob("*.html") if mark in file.read_text("utf-8")}
    assert drawn == {"upload-parts.html"}


def test_a_file_that_is_confirmed_while_others_are_imported_is_not_lost(
    app: Flask, lead: StrictClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = send(lead, "consent/file", DECISIONS)

    def busy(turn: Turn) -> Any:
        raise Refused(["Other files are being read."])

    with monkeypatch.context() as patched:
        patched.setattr(Turn, "taken", busy)
        reply = confirm(lead, sent.location)
    assert reply.status_code == 400
    assert "this one has not been imported yet" in words(look_at(reply))
    assert decisions(app) == 0
    assert confirm(lead, sent.location).status_code == 303
    assert decisions(app) == 1


def test_a_page_that_was_open_for_too_long_changes_nothing_and_loses_nothing(app: Flask, lead: StrictClient) -> None:
    sent = send(lead, "consent/file", DECISIONS)
    stale = lead.post(sent.location or "", data={"csrf_token": "old", "do": "import"})
    assert stale.status_code == 400
    assert "Please press the button again." in words(look_at(stale))
    assert decisions(app) == 0
    assert confirm(lead, sent.location).status_code == 303
    assert decisions(app) == 1


def test_a_cancelled_file_is_deleted(app: Flask, lead: StrictClient) -> None:
    sent = send(lead, "consent/file", DECISIONS)
    form = {"csrf_token": token(lead.get(sent.location or "")), "do": "cancel"}
    assert lead.post(sent.location or "", data=form).location == f"{HERE}/consent/file"
    assert lead.get(sent.location or "").location == f"{HERE}/consent/file?gone=1"
    assert decisions(app) == 0


@pytest.mark.parametrize("where", ["roster", "consent/file", "progress/reasons"])
def test_a_file_that_is_too_large_gets_a_sentence_without_being_read(lead: StrictClient, where: str) -> None:
    reply = send(lead, where, bytes(11 * 1024 * 1024))
    assert reply.location == f"{HERE}/{where}?large=1"
    assert "The file is larger than 10 MB." in words(look_at(lead.get(reply.location)))


def test_files_of_two_kinds_wait_beside_each_other(app: Flask, lead: StrictClient) -> None:
    sent = send(lead, "consent/file", DECISIONS)
    send(lead, "progress/reasons", b"participant,reason\np1,absent\n", wave="w1")
    assert confirm(lead, sent.location).status_code == 303
    assert decisions(app) == 1
