"""Every route of the app and who may open it. A route that is not in the table, or is there in vain, fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from survey.config import Settings
from survey.database import Engine
from survey.pages.account.people import add_user
from tests.pages.strict import strict_client
from tests.pages.test_account import OWN, choose, sign_in

ANYBODY, RESPONDENT, SIGNED_IN, RESEARCHER = "anybody", "respondent with a pass", "signed in", "researcher"

ROUTES = {
    # coming in
    "GET /": ANYBODY,
    "POST /": ANYBODY,
    "GET /j/<token>": ANYBODY,
    "GET /look": ANYBODY,
    "POST /look": ANYBODY,
    # answering
    "GET /welcome": RESPONDENT,
    "POST /welcome": RESPONDENT,
    "GET /go": RESPONDENT,
    "GET /q/<version>/<language>/<name>": RESPONDENT,
    "POST /q/<version>/<language>/<name>": RESPONDENT,
    "GET /q/<version>/<language>/<name>/back": RESPONDENT,
    "GET /q/<version>/<language>/<name>/look": RESPONDENT,
    "POST /q/<version>/<language>/<name>/look": RESPONDENT,
    "GET /q/<version>/<language>/<name>/stop": RESPONDENT,
    "POST /q/<version>/<language>/<name>/stop": RESPONDENT,
    "GET /check/<version>/<language>": RESPONDENT,
    "POST /check/<version>/<language>": RESPONDENT,
    "GET /check/<version>/<language>/back": RESPONDENT,
    "GET /over/<version>/<language>": RESPONDENT,
    # files that are the same for everybody
    "GET /static/<path:path>": ANYBODY,
    "GET /favicon.ico": ANYBODY,
    "GET /file/<version>/<path:path>": ANYBODY,
    # signing in
    "GET /sign-in": ANYBODY,
    "GET /office/sign-in": ANYBODY,
    "POST /office/sign-in": ANYBODY,
    "POST /office/sign-out": ANYBODY,
    "GET /office/password": SIGNED_IN,
    "POST /office/password": SIGNED_IN,
    # the researcher's pages
    "GET /office/": RESEARCHER,
    "GET /office/studies/<code>": RESEARCHER,
    "GET /office/studies/<code>/data.<any(xlsx, csv):form>": RESEARCHER,
    "GET /office/studies/<code>/questionnaires/<questionnaire>/<int:version>.json": RESEARCHER,
}

EXAMPLES = {
    "<code>": "small-notes",
    "<any(xlsx, csv):form>": "csv",
    "<questionnaire>": "pupil",
    "<int:version>": "1",
}


def names(rule: Rule) -> Iterator[str]:
    """Yield a rule as the table writes it, once for each method of its own."""
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        yield f"{method} {rule.rule}"


def test_the_table_has_every_route_and_no_other(app: Flask) -> None:
    there = sorted(name for rule in app.url_map.iter_rules() for name in names(rule))
    assert there == sorted(ROUTES)


def request(name: str) -> tuple[str, str]:
    method, address = name.split(" ", 1)
    for gap, example in EXAMPLES.items():
        address = address.replace(gap, example)
    return method, address


BEHIND_A_DOOR = [name for name, who in ROUTES.items() if who in (SIGNED_IN, RESEARCHER)]


@pytest.mark.parametrize("name", BEHIND_A_DOOR)
def test_a_stranger_is_led_to_the_sign_in_page(app: Flask, study: None, name: str) -> None:
    method, address = request(name)
    reply = strict_client(app).open(address, method=method)
    assert reply.status_code == 302
    assert (reply.location or "").split("?")[0] == "/office/sign-in"


@pytest.mark.parametrize("name", [name for name, who in ROUTES.items() if who == RESEARCHER and name != "GET /office/"])
def test_who_is_signed_in_without_the_role_is_told_so(
    app: Flask, engine: Engine, settings: Settings, study: None, name: str
) -> None:
    client = strict_client(app)
    sign_in(client, add_user(engine, settings, "ann@example.org", ["coordinator"]))
    choose(client, OWN)
    method, address = request(name)
    assert client.open(address, method=method).status_code == 403


@pytest.mark.parametrize("name", [name for name, who in ROUTES.items() if who == RESEARCHER])
def test_a_researcher_opens_it(app: Flask, engine: Engine, settings: Settings, study: None, name: str) -> None:
    client = strict_client(app)
    sign_in(client, add_user(engine, settings, "ann@example.org", ["researcher"]))
    choose(client, OWN)
    method, address = request(name)
    reply = client.open(address, method=method)
    assert reply.status_code == 200 or reply.location == "/office/studies/small-notes"


@pytest.mark.parametrize("name", [name for name, who in ROUTES.items() if who in (ANYBODY, RESPONDENT)])
def test_no_other_route_asks_anybody_to_sign_in(app: Flask, study: None, name: str) -> None:
    if "/office/" in name or name == "GET /sign-in":
        return
    method, address = request(name)
    reply = app.test_client().open(address.replace("<", "").replace(">", ""), method=method)
    assert "sign-in" not in (reply.location or "")
    assert not any(header.startswith("office=") for header in reply.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("name", [name for name, who in ROUTES.items() if who == RESPONDENT])
def test_without_a_pass_nobody_sees_or_changes_an_answer(app: Flask, study: None, engine: Engine, name: str) -> None:
    """Such a page says how to come in, leads there, or is the same for everybody; nothing is kept."""
    from sqlalchemy import text

    def kept() -> list[object]:
        with engine.connect() as connection:
            return [connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in ("response", "save")]

    before = kept()
    method, address = request(name)
    reply = app.test_client().open(address.replace("<", "").replace(">", ""), method=method)
    assert reply.status_code < 500
    assert kept() == before
