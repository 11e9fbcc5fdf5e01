"""No study code of a participant stands in an address: addresses are kept in histories, logs and bookmarks."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import upgrade
from tests.pages.strict import strict_client
from tests.pages.test_account import OWN, choose, sign_in, token
from tests.rosters.small_field import SCHOOLS, Desk, publish, settings_in

pytestmark = pytest.mark.slow

HERE = "/office/studies/small-notes"
CODES = ("zq7731", "zq7732", "zq7733")
ROSTER = """participant,audience,school,class,parent_of,year
zq7731,pupil,s1,4a,,4
zq7732,pupil,s1,4a,,4
zq7733,parent,s1,,zq7731,
"""
FILES = {
    "roster": {"wave": "w2", "content": ROSTER},
    "consent/file": {
        "content": "participant,decision,date,by\nzq7731,no,2025-09-10,parent\nzq7732,yes,2025-09-10,parent"
    },
    "progress/reasons": {"wave": "w1", "content": "participant,reason\nzq7731,absent\n"},
}
WRONG = {
    "roster": {"wave": "w2", "content": ROSTER.replace("s1", "s9")},
    "consent/file": {
        "content": "participant,decision,date,by\nzq7731,perhaps,2025-09-10,parent\nzq7739,no,2025-09-10,parent"
    },
    "progress/reasons": {"wave": "w1", "content": "participant,reason\nzq7731,tired\nzq7739,absent\n"},
}


class Wanderer:
    """Goes to every address that the pages lead to, and remembers them all."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self.addresses: set[str] = set()

    def wander(self, start: str) -> None:
        """Read every page that can be reached by links from an address."""
        open_, read = [start], set()
        while open_:
            address = open_.pop()
            if address in read:
                continue
            read.add(address)
            reply = self._client.get(address)
            found = set(self.seen(address, reply))
            # The tables of progress link to themselves, ordered and narrowed in each way: their addresses are enough.
            open_ += [one for one in found if one.startswith("/office/") and "?" not in one and "sign-out" not in one]

    def seen(self, address: str, reply: TestResponse) -> Iterator[str]:
        """Yield the addresses a reply leads to."""
        said = [reply.location] if reply.location else []
        if reply.mimetype == "text/html":
            said += re.findall(r'(?:href|action|src)="([^"#]+)', reply.text)
        for one in said:
            there = urljoin(address, unquote(one.replace("&amp;", "&")))
            self.addresses.add(there)
            parts = urlsplit(there)
            yield f"{parts.path}?{parts.query}" if parts.query else parts.path

    def post(self, address: str, form: dict[str, Any]) -> TestResponse:
        """Send a form, follow where it leads, and wander on from there."""
        form["csrf_token"] = token(self._client.get(f"{HERE}/roster"))
        kind = "multipart/form-data" if any(isinstance(value, tuple) for value in form.values()) else None
        reply = self._client.post(address, data=form, content_type=kind)
        assert reply.status_code < 400, (address, reply.status_code)
        list(self.seen(address, reply))
        return self._client.get(reply.location) if reply.location else reply

    def upload(self, where: str, content: str, **fields: str) -> TestResponse:
        """Send a file, and return its problems or its preview."""
        reply = self.post(f"{HERE}/{where}", {**fields, "file": (io.BytesIO(content.encode()), "file.csv")})
        self.seen_at(reply)
        return reply

    def seen_at(self, reply: TestResponse) -> None:
        """Remember the addresses on a page."""
        list(self.seen(reply.request.path, reply))


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    settings: Settings = settings_in(tmp_path)
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    publish(engine, tmp_path / "study")
    desk = Desk(engine, settings)
    desk.take(SCHOOLS, None)
    desk.take(ROSTER)
    return app


@pytest.fixture
def wanderer(app: Flask) -> Wanderer:
    store = app.extensions["chorus"]
    client = strict_client(app)
    password = add_user(store.engine, "lead@example.org", ["lead"], study="small-notes")
    sign_in(client, password, "lead@example.org")
    assert choose(client, OWN).status_code == 302
    return Wanderer(client)


def person_of(wanderer: Wanderer) -> str:
    return next(one for one in sorted(wanderer.addresses) if re.fullmatch(rf"{HERE}/consent/people/\d+", one))


def test_no_page_form_or_redirect_has_a_code_in_an_address(wanderer: Wanderer) -> None:
    for where, fields in WRONG.items():
        assert "problems" in wanderer.upload(where, **fields).text
    for where, fields in FILES.items():
        page = wanderer.upload(where, **fields)
        assert "zq7731" in page.text, "the preview names who it is about, and its address does not"
        done = wanderer.post(page.request.path, {"do": "import", "yes": ["left", "codes"]})
        wanderer.seen_at(done)
    wanderer.wander(f"{HERE}/consent/schools/s1")
    person = person_of(wanderer)
    slip = {"says": "no", "by": "parent", "given_on": "2025-09-10", "scope": "all"}
    wanderer.seen_at(wanderer.post(person, dict(slip)))
    wanderer.seen_at(wanderer.post(person, {**slip, "says": "yes"}))
    missing = f"{HERE}/progress/missing?wave=w1&school=s1"
    wanderer.seen_at(wanderer.post(missing, {"participant": ["zq7732"], "reason": "absent"}))
    wanderer.seen_at(wanderer.post(f"{HERE}/paper/print", {"wave": "w1", "questionnaire": "pupil", "place": "s1"}))
    wanderer.seen_at(wanderer.post(f"{person}/withdraw", {"scope": "all", "by": "parent", "sure": "yes"}))
    wanderer.wander("/office/")
    assert len(wanderer.addresses) > 60
    assert [one for one in sorted(wanderer.addresses) if any(code in one for code in CODES)] == []


def test_no_address_has_a_gap_for_a_code(app: Flask) -> None:
    gaps = {gap for rule in app.url_map.iter_rules() for gap in rule.arguments}
    assert gaps & {"participant", "pupil", "person_code", "who"} == set()
