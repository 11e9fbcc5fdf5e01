"""Doing on the account pages what people do: for tests of accounts."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from survey.admission import add_user
from survey.config import Settings
from survey.people.second import STEP, code_at
from tests.pages.strict import StrictClient, strict_client
from tests.pages.test_account import EMAIL, OWN, choose, sign_in, token

__all__ = [
    "EMAIL",
    "OWN",
    "choose",
    "code_now",
    "enter_code",
    "member",
    "post",
    "secret_on",
    "set_up",
    "sign_in",
    "token",
]


def post(client: FlaskClient, address: str, page: str | None = None, **data: Any) -> TestResponse:
    """Send a form with the token of the page it stands on."""
    return client.post(address, data={"csrf_token": token(client.get(page or address)), **data})


def member(app: Flask, settings: Settings, role: str = "researcher", email: str = EMAIL, **where: Any) -> StrictClient:
    """Return a browser whose owner has a role and their own password."""
    client = strict_client(app)
    sign_in(client, add_user(app.extensions["chorus"].engine, email, [role], **where), email)
    assert choose(client, OWN).status_code == 302
    return client


def secret_on(page: TestResponse) -> bytes:
    """Return the secret that a set-up page shows as text."""
    found = re.search(r'class="key-text">([A-Z2-7 ]+)<', page.text)
    assert found
    return base64.b32decode(found[1].replace(" ", ""))


def code_now(secret: bytes, steps: int = 0, now: datetime | None = None) -> str:
    """Return the code an app shows, or will show some steps later."""
    return code_at(secret, int((now or datetime.now(UTC)).timestamp()) // STEP + steps)


def set_up(client: FlaskClient, now: datetime | None = None) -> tuple[bytes, list[str]]:
    """Turn on two-step sign-in; return the secret and the recovery codes."""
    secret = secret_on(client.get("/office/two-step"))
    reply = post(client, "/office/two-step", code=code_now(secret, now=now))
    return secret, re.findall(r"<li><code>([a-z2-9-]{14})</code></li>", reply.text)


def enter_code(client: FlaskClient, code: str) -> TestResponse:
    return post(client, "/office/sign-in/code", code=code)
