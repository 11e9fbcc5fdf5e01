"""What no page of ours sends gets a calm page with every header: never a bare error, whatever stands in the request."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from survey.app import create_app
from survey.config import Settings
from survey.database import Engine, read
from survey.fieldwork.publications import Definition, Publication
from survey.pages.statics import _file, asset
from tests.pages.strict import HEADERS, StrictClient, heading, look_at, strict_client, words
from tests.pages.test_account import token

pytestmark = pytest.mark.usefixtures("study")

ANSWER = "I like the drums"


def missing_headers(reply: TestResponse) -> list[str]:
    wanted = [*HEADERS, "Cross-Origin-Opener-Policy", "Cache-Control"]
    return [header for header in wanted if len(reply.headers.getlist(header)) != 1]


def sums(engine: Engine) -> tuple[list[str], list[str]]:
    """The SHA-256 of every questionnaire published, and of every other text kept beside them."""
    with read(engine) as connection:
        questionnaires = set(connection.scalars(select(Publication.sha256)))
        all_texts = set(connection.scalars(select(Definition.sha256)))
    return sorted(questionnaires), sorted(all_texts - questionnaires)


@pytest.mark.parametrize("length", [1, 2, 11, 12, 64])
@pytest.mark.parametrize("address", ["/q/{}/en/x/look", "/q/{}/en/x", "/file/{}/x", "/check/{}/en", "/over/{}/en"])
def test_the_sum_of_a_text_that_is_no_questionnaire_is_no_page(
    client: StrictClient, engine: Engine, address: str, length: int
) -> None:
    (study_file,) = sums(engine)[1]
    assert client.get(address.format(study_file[:length])).status_code in (303, 404)


def test_a_part_of_a_questionnaires_sum_is_no_page(client: StrictClient, engine: Engine) -> None:
    for sha256 in sums(engine)[0]:
        for part in (sha256[:1], sha256[:11], sha256[:13], sha256[:12] + "z", sha256[:12].upper() + "."):
            assert client.get(f"/q/{part}/en/music/look").status_code == 404
            assert client.get(f"/over/{part}/en?as=finished").status_code == 404
        assert client.get(f"/over/{sha256[:12]}/en?as=finished").status_code == 200


@pytest.mark.parametrize("path", ["a" * 5000, "x%00y", "fonts", ".", "%2e%2e/app.py", "../app.py", "a/" * 2000, "%ff"])
def test_a_static_file_that_no_file_system_could_have_is_no_page(client: StrictClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_a_static_file_is_kept_once_however_its_address_is_written(client: StrictClient) -> None:
    assert client.get("/static/icon.svg").status_code == 200
    kept = _file.cache_info().currsize
    for dots in range(1, 20):
        client.get(f"/static/{'./' * dots}icon.svg")
    assert _file.cache_info().currsize == kept


@pytest.mark.parametrize(
    "origin", ["http://[::1", "http://]", "[", "null", "http://a\u2100b", "", "//", "http://[v1.x"]
)
def test_an_origin_no_browser_sends_is_another_site(client: StrictClient, origin: str) -> None:
    assert client.post("/", data={"code": "ravo kimu"}, headers={"Origin": origin}).status_code == 403


# ---- headers ---------------------------------------------------------------------------------------------

EVERY_KIND = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("OPTIONS", "/", 200),
    ("OPTIONS", "/static/icon.svg", 200),
    ("GET", "/static/icon.svg", 200),
    ("HEAD", "/static/icon.svg", 200),
    ("GET", "/static/nothing.css", 404),
    ("GET", "/no/such/page", 404),
    ("GET", "/office", 308),
    ("GET", "//office//", 308),
    ("GET", "/sign-in", 302),
    ("GET", "/office/", 302),
    ("DELETE", "/", 405),
    ("BREW", "/", 405),
]


@pytest.mark.parametrize(("method", "address", "status"), EVERY_KIND)
def test_every_reply_has_the_headers(client: StrictClient, method: str, address: str, status: int) -> None:
    reply = client.open(address, method=method)
    assert reply.status_code == status
    assert missing_headers(reply) == []


def test_a_post_that_is_refused_has_the_headers(client: StrictClient) -> None:
    for status, more in (
        (403, {"headers": {"Origin": "http://elsewhere.example"}}),
        (400, {"headers": {"Transfer-Encoding": "chunked"}}),
        (413, {"data": {"code": "x" * 600_000}}),
    ):
        reply = client.post("/", **more)
        assert reply.status_code == status
        assert missing_headers(reply) == []


def test_a_copy_that_is_still_good_has_the_headers_and_stays_good(client: StrictClient) -> None:
    address = asset_address(client)
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert missing_headers(again) == []
    assert "immutable" in again.headers["Cache-Control"]


def asset_address(client: StrictClient) -> str:
    with client.application.app_context():
        return asset("icon.svg")


def test_a_method_there_is_not_says_which_there_are(client: StrictClient) -> None:
    assert set(client.delete("/").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_https_is_insisted_on_where_people_come_by_it(settings: Settings) -> None:
    app = create_app(dataclasses.replace(settings, proxies=1))
    reply = app.test_client().get("/no/such/page", headers={"X-Forwarded-Proto": "https"})
    assert reply.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_database_that_is_not_ready_is_said_on_a_page_even_where_the_page_would_ask_it_for_its_language(
    settings: Settings, tmp_path: Path
) -> None:
    empty = dataclasses.replace(settings, database_url=f"sqlite:///{tmp_path / 'empty.sqlite'}")
    reply = strict_client(create_app(empty)).get("/q/0123456789ab/en/music/look")
    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "60"
    assert missing_headers(reply) == []
    assert heading(look_at(reply)) == "We are very busy just now"


def test_a_fault_nobody_thought_of_gets_a_page_in_the_persons_language_and_its_words_go_nowhere(
    app: Flask, client: StrictClient, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down() -> str:
        raise RuntimeError(ANSWER)

    app.view_functions["answer.front"] = break_down
    reply = client.get("/?language=cy")
    assert reply.status_code == 500
    assert missing_headers(reply) == []
    root = look_at(reply)
    assert root.get("lang") == "cy"
    assert heading(root) == "Aeth rhywbeth o’i le"
    assert ANSWER not in reply.text + caplog.text


def test_an_error_page_that_breaks_in_its_turn_still_gets_a_page(
    app: Flask, client: StrictClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object, **__: object) -> str:
        raise RuntimeError(ANSWER)

    monkeypatch.setattr("survey.pages.errors.render_template", break_down)
    reply = client.get("/no/such/page?language=cy")
    assert reply.status_code == 404
    assert missing_headers(reply) == []
    assert look_at(reply).get("lang") == "cy"
    assert ANSWER not in reply.text + caplog.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_fails_before_flask_has_begun_gets_a_page_and_the_headers(
    app: Flask, client: StrictClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError(ANSWER)

    monkeypatch.setattr(app, "request_context", break_down)
    reply = FlaskClient(app).open("/?language=pl", method=method)
    assert reply.status_code == 500
    assert missing_headers(reply) == []
    if method == "HEAD":
        assert reply.data == b""
    else:
        assert look_at(reply).get("lang") == "pl"
        assert ANSWER not in reply.text
    assert ANSWER not in caplog.text


NO_DATES = ("Sun, 06 Nov 99999999999 08:49:37 GMT", "Thu, 99 Foo 2025", "\xff")


@pytest.mark.parametrize("date", NO_DATES)
@pytest.mark.parametrize("header", ["If-Modified-Since", "If-Unmodified-Since", "If-Range"])
def test_a_condition_with_a_date_that_is_none_gets_the_whole_file(client: StrictClient, header: str, date: str) -> None:
    reply = client.get("/static/icon.svg", headers={header: date, "Range": "bytes=0-3"})
    assert reply.status_code == 200
    assert reply.text.endswith("</svg>")


# ---- forms -----------------------------------------------------------------------------------------------


def test_a_file_where_text_is_asked_for_is_no_text(client: StrictClient) -> None:
    fields = {"email": (io.BytesIO(b"a@example.org"), "a.txt"), "password": (io.BytesIO(b"x"), "b.txt")}
    reply = client.post("/office/sign-in", data={**fields, "csrf_token": token(client.get("/office/sign-in"))})
    assert reply.status_code == 200
    assert "Enter your password." in words(look_at(reply))


@pytest.mark.parametrize("body", ["[1]", '{"email": 1, "password": []}', "null", "{", "[" * 5000])
def test_a_form_of_json_is_no_form(client: StrictClient, body: str) -> None:
    reply = client.post("/office/sign-in", data=body, content_type="application/json")
    assert reply.status_code == 400
    look_at(reply)
