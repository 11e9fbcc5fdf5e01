"""Signing in with the organisation: who comes in, and every way in which a provider's word is not enough."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from survey.audit import COMMAND_LINE, entries
from survey.config import Organisation, Settings
from survey.database import Engine, session, write
from survey.people import GivenRole, Giver, User, given
from survey.people.invitations import invite
from tests.accounts.people import EMAIL, OWN, member, set_up, sign_in
from tests.accounts.provider import CLIENT_ID, CLIENT_SECRET, SHARED, Provider
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words

pytestmark = pytest.mark.one_engine

BACK = "/office/sign-in/organisation/back"
BUTTON = "Sign in with your organisation"


@pytest.fixture
def provider(serve: Callable[[Any], str]) -> Provider:
    provider = Provider()
    provider.issuer = serve(provider.app)
    return provider


@pytest.fixture
def ours(provider: Provider) -> Organisation:
    return Organisation(provider.issuer, CLIENT_ID, CLIENT_SECRET)


@pytest.fixture
def app(make_app: Callable[..., Flask], ours: Organisation) -> Flask:
    return make_app(organisation=ours)


@pytest.fixture
def ann(app: Flask, settings: Settings) -> None:
    """Ann has an account."""
    member(app, settings)


def come(app: Flask, provider: Provider, client: StrictClient | None = None, **claims: Any) -> TestResponse:
    """Someone goes to their organisation and comes back with what it says."""
    client = client or strict_client(app)
    asked = client.get("/office/sign-in/organisation").location
    assert asked is not None
    assert asked.startswith(f"{provider.issuer}/authorize?")
    return client.get(f"{BACK}?{provider.signs_in(asked, **claims)}")


def is_out(client: StrictClient) -> bool:
    return (client.get("/office/").location or "").startswith("/office/sign-in")


def test_who_has_an_account_comes_in(app: Flask, provider: Provider, ann: None, engine: Engine) -> None:
    client = strict_client(app)
    assert come(app, provider, client).location == "/office/"
    assert client.get("/office/two-step").status_code == 200
    newest = next(entries(engine))
    assert (newest.what, newest.details) == ("signed in", {"by": "organisation"})
    assert provider.faults == []


def test_the_address_may_be_written_otherwise(app: Flask, provider: Provider, ann: None) -> None:
    assert come(app, provider, email="Ann@Example.ORG").location == "/office/"


@pytest.mark.both_engines
def test_who_is_invited_comes_in_and_needs_no_password(app: Flask, provider: Provider, engine: Engine) -> None:
    with write(engine) as connection:
        token = invite(connection, EMAIL, GivenRole("lead"), Giver(COMMAND_LINE), datetime.now(UTC))
    client = strict_client(app)
    assert BUTTON in client.get(f"/office/welcome/{token}").text
    assert come(app, provider, client).location == "/office/"
    with session(engine) as db:
        user = db.query(User).one()
    assert given(user) == (GivenRole("lead"),)
    assert user.password is None
    assert client.get(f"/office/welcome/{token}").status_code == 404, "the invitation is used"
    assert "is not right" in sign_in(strict_client(app), "any password at all").text


def test_the_way_leads_back_to_the_page_that_was_asked_for(app: Flask, provider: Provider, ann: None) -> None:
    client = strict_client(app)
    asked = client.get("/office/sign-in/organisation?next=/office/studies/small-notes").location
    assert asked is not None
    assert client.get(f"{BACK}?{provider.signs_in(asked)}").location == "/office/studies/small-notes"


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"email": "stranger@example.org"}, "no one has invited you here"),
        ({"email_verified": False}, "has not confirmed your e-mail address"),
        ({"email_verified": None}, "has not confirmed your e-mail address"),
        ({"email_verified": "true"}, "has not confirmed your e-mail address"),
        ({"email": None}, "has not confirmed your e-mail address"),
        ({"email": ["ann@example.org"]}, "no one has invited you here"),
        ({"nonce": "another"}, "did not work"),
        ({"nonce": None}, "did not work"),
        ({"aud": "another-client"}, "did not work"),
        ({"aud": "another-client", "azp": CLIENT_ID}, "did not work"),
        ({"aud": None}, "did not work"),
        ({"aud": [CLIENT_ID, "another"], "azp": "another"}, "did not work"),
        ({"iss": "https://elsewhere.example"}, "did not work"),
        ({"exp": int(time.time()) - 600}, "did not work"),
        ({"exp": None}, "did not work"),
        ({"iat": int(time.time()) + 3600}, "did not work"),
        ({"sub": None}, "did not work"),
        ({"_key": RSAKey.generate_key(2048, {"kid": "one"})}, "did not work"),
        ({"_key": RSAKey.generate_key(2048, {"kid": "two"})}, "did not work"),
        ({"_key": SHARED, "_alg": "HS256"}, "did not work"),
        ({"_no_token": True}, "did not work"),
    ],
)
def test_what_is_not_right_lets_nobody_in(
    app: Flask, provider: Provider, ann: None, claims: dict[str, Any], sentence: str
) -> None:
    client = strict_client(app)
    reply = come(app, provider, client, **claims)
    assert reply.status_code == 403
    page = look_at(reply)
    assert heading(page) == "You are not signed in"
    assert sentence in words(page)
    assert is_out(client)


def test_a_token_that_nobody_signed_is_refused_even_where_the_provider_offers_such(
    app: Flask, provider: Provider, ann: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.algorithms = ["none", "HS256", "RS256"]

    def unsigned(held: dict[str, Any]) -> str:
        now = int(time.time())
        claims = {"iss": provider.issuer, "sub": "u-1", "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        claims |= {"nonce": held["nonce"], "email": EMAIL, "email_verified": True}
        parts = [
            base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in ({"alg": "none"}, claims)
        ]
        return ".".join([*parts, ""])

    monkeypatch.setattr(provider, "_signed", unsigned)
    client = strict_client(app)
    assert come(app, provider, client).status_code == 403
    assert is_out(client)
    monkeypatch.undo()
    assert come(app, provider, client, _key=SHARED, _alg="HS256").status_code == 403


@pytest.mark.one_engine
@pytest.mark.parametrize("query", ["", "code=x", "state=x", "code=x&state=made-up", "error=access_denied&state=x"])
def test_coming_back_without_having_gone_lets_nobody_in(app: Flask, provider: Provider, ann: None, query: str) -> None:
    client = strict_client(app)
    reply = client.get(f"{BACK}?{query}")
    assert reply.status_code == 403
    assert is_out(client)


def test_what_another_browser_brought_is_of_no_use(app: Flask, provider: Provider, ann: None) -> None:
    mine, theirs = strict_client(app), strict_client(app)
    asked = mine.get("/office/sign-in/organisation").location
    theirs.get("/office/sign-in/organisation")
    assert asked is not None
    brought = provider.signs_in(asked)
    assert theirs.get(f"{BACK}?{brought}").status_code == 403
    assert is_out(theirs)
    assert mine.get(f"{BACK}?{brought}").location == "/office/"
    assert mine.get(f"{BACK}?{brought}").status_code == 403, "and only once"


def test_an_address_given_to_someone_else_at_the_organisation_opens_nothing(
    app: Flask, provider: Provider, ann: None
) -> None:
    assert come(app, provider, sub="u-1").location == "/office/"
    assert "used to belong to another person" in words(look_at(come(app, provider, sub="u-2")))
    assert come(app, provider, sub="u-1").location == "/office/"


def test_an_account_that_was_ended_stays_out(app: Flask, provider: Provider, ann: None, engine: Engine) -> None:
    from survey.admission import account_id
    from survey.people.grants import end

    end(engine, account_id(engine, EMAIL), Giver(COMMAND_LINE), datetime.now(UTC))
    assert "no one has invited you here" in words(look_at(come(app, provider)))


def test_the_second_factor_is_asked_for_unless_the_organisation_did(
    app: Flask, settings: Settings, provider: Provider
) -> None:
    set_up(member(app, settings))
    assert (come(app, provider).location or "").startswith("/office/sign-in/code")
    assert (come(app, provider, amr=["pwd"]).location or "").startswith("/office/sign-in/code")
    assert come(app, provider, amr=["pwd", "mfa"]).location == "/office/"


def test_where_it_is_required_who_comes_without_one_sets_it_up(
    make_app: Callable[..., Flask], settings: Settings, ours: Organisation, provider: Provider
) -> None:
    app = make_app(organisation=ours, two_factor=True)
    member(app, settings)
    assert come(app, provider).location == "/office/two-step"
    client = strict_client(app)
    come(app, provider, client, amr=["mfa"])
    assert client.get("/office/").location != "/office/two-step"


def test_the_button_is_there_only_where_an_organisation_is(make_app: Callable[..., Flask], ours: Organisation) -> None:
    assert BUTTON not in strict_client(make_app()).get("/office/sign-in").text
    assert strict_client(make_app()).get("/office/sign-in/organisation").status_code == 404
    assert strict_client(make_app()).get(f"{BACK}?code=x&state=y").status_code == 404
    page = strict_client(make_app(organisation=ours)).get("/office/sign-in").text
    assert BUTTON in page
    assert "Password" in page


def test_passwords_can_be_turned_off(
    make_app: Callable[..., Flask], settings: Settings, ours: Organisation, provider: Provider
) -> None:
    member(make_app(), settings)
    app = make_app(organisation=ours, passwords=False)
    client = strict_client(app)
    page = client.get("/office/sign-in")
    assert BUTTON in page.text
    assert 'type="password"' not in page.text
    assert client.post("/office/sign-in", data={"email": EMAIL, "password": OWN}).status_code == 404
    assert client.get("/office/sign-in/forgotten").status_code == 404
    assert come(app, provider, client).location == "/office/"


def test_a_provider_that_does_not_answer_is_said_in_words(make_app: Callable[..., Flask]) -> None:
    app = make_app(organisation=Organisation("http://127.0.0.1:1", CLIENT_ID, CLIENT_SECRET))
    reply = strict_client(app).get("/office/sign-in/organisation")
    assert reply.status_code == 503
    assert "is not answering" in words(look_at(reply))


def test_a_new_key_of_the_provider_is_fetched(app: Flask, provider: Provider, ann: None) -> None:
    assert come(app, provider).location == "/office/"
    provider.key = RSAKey.generate_key(2048, {"kid": "two"})
    assert come(app, provider).location == "/office/"
