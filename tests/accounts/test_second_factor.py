"""Two-step sign-in: the RFC's own codes, setting up, signing in, and what happens when the phone is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from survey.admission import add_user, renew_password
from survey.audit import entries
from survey.config import Settings
from survey.database import Engine, write
from survey.people import second
from survey.people.second import DRIFT, STEP, code_at, step_of
from tests.accounts.conftest import Clock
from tests.accounts.people import EMAIL, OWN, choose, code_now, enter_code, member, post, secret_on, set_up, sign_in
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words

pytestmark = pytest.mark.one_engine

RFC_SECRET = b"12345678901234567890"
WRONG = "This code is not right."


# ---- codes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert code_at(RFC_SECRET, seconds // STEP, digits=8) == code
    assert code_at(RFC_SECRET, seconds // STEP) == code[-6:]


@pytest.mark.parametrize(("steps", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_early_or_late(steps: int, accepted: bool) -> None:
    now = datetime.fromtimestamp(1111111111, UTC)
    found = step_of(RFC_SECRET, code_now(RFC_SECRET, steps, now), now, None)
    assert (found is not None) is accepted
    assert DRIFT == 1


def test_a_code_is_read_as_people_type_it_and_nothing_else_is_one() -> None:
    now = datetime.fromtimestamp(59, UTC)
    assert step_of(RFC_SECRET, " 287 082 ", now, None) == 1
    for typed in ("", "287083", "28708", "2870822", "٢٨٧٠٨٢", "x" * 5000, "\ud800287082" + "1"):
        assert step_of(RFC_SECRET, typed, now, None) is None


def test_a_used_step_and_all_before_it_open_nothing() -> None:
    now = datetime.fromtimestamp(1111111111, UTC)
    here = 1111111111 // STEP
    assert step_of(RFC_SECRET, code_at(RFC_SECRET, here), now, here) is None
    assert step_of(RFC_SECRET, code_at(RFC_SECRET, here - 1), now, here) is None
    assert step_of(RFC_SECRET, code_at(RFC_SECRET, here + 1), now, here) == here + 1


# ---- setting up and signing in ---------------------------------------------------------------------------


@pytest.mark.both_engines
def test_a_code_from_the_app_turns_it_on_and_ten_recovery_codes_are_shown_once(
    app: Flask, settings: Settings, engine: Engine
) -> None:
    client = member(app, settings)
    page = client.get("/office/two-step")
    assert "<svg" in page.text
    assert secret_on(page) == secret_on(client.get("/office/two-step")), "the same until it was confirmed"
    assert WRONG in post(client, "/office/two-step", code="000000").text
    secret, codes = set_up(client)
    assert len(set(codes)) == 10
    again = client.get("/office/two-step")
    assert heading(look_at(again)) == "Two-step sign-in is on"
    assert "You have 10 unused recovery codes." in words(look_at(again))
    with engine.connect() as connection:
        held = str(connection.execute(text("SELECT * FROM account")).all())
        held += str(connection.execute(text("SELECT * FROM recovery_code")).all())
    assert secret.hex() not in held
    assert second.in_letters(secret).replace(" ", "") not in held
    assert not any(code in held or code.replace("-", "") in held for code in codes)
    assert "turned on two-step sign-in" in [entry.what for entry in entries(engine)]


def test_signing_in_takes_the_password_and_then_a_code(app: Flask, settings: Settings, clock: Clock) -> None:
    secret, _ = set_up(member(app, settings), clock.now())
    client = strict_client(app)
    reply = sign_in(client, OWN)
    assert (reply.location or "").startswith("/office/sign-in/code")
    assert (client.get("/office/").location or "").startswith("/office/sign-in"), "half way is not in"
    assert WRONG in enter_code(client, "123").text
    clock.forward(minutes=1)
    assert enter_code(client, code_now(secret, now=clock.now())).location == "/office/"
    assert client.get("/office/two-step").status_code == 200


def test_a_code_opens_once(app: Flask, settings: Settings, clock: Clock) -> None:
    secret, _ = set_up(member(app, settings), clock.now())
    clock.forward(minutes=2)
    code = code_now(secret, now=clock.now())
    first, second_browser = strict_client(app), strict_client(app)
    sign_in(first, OWN)
    sign_in(second_browser, OWN)
    assert enter_code(first, code).status_code == 302
    assert WRONG in enter_code(second_browser, code).text, "who looked over the shoulder has nothing"
    assert WRONG in enter_code(second_browser, code_now(secret, -1, clock.now())).text, "nor with the one before"
    clock.forward(seconds=30)
    assert enter_code(second_browser, code_now(secret, now=clock.now())).status_code == 302


def test_the_code_that_set_it_up_is_used_as_well(app: Flask, settings: Settings, clock: Clock) -> None:
    secret, _ = set_up(member(app, settings), clock.now())
    client = strict_client(app)
    sign_in(client, OWN)
    assert WRONG in enter_code(client, code_now(secret, -1, clock.now())).text


def test_each_recovery_code_works_once(app: Flask, settings: Settings, engine: Engine) -> None:
    _, codes = set_up(member(app, settings))
    for typed in (codes[0], codes[1].replace("-", " ").upper()):
        client = strict_client(app)
        sign_in(client, OWN)
        assert enter_code(client, typed).location == "/office/"
    client = strict_client(app)
    sign_in(client, OWN)
    assert WRONG in enter_code(client, codes[0]).text
    assert enter_code(client, codes[2]).status_code == 302
    assert "You have 7 unused recovery codes." in words(look_at(client.get("/office/two-step")))
    used = [entry for entry in entries(engine) if entry.what == "used a recovery code"]
    assert [entry.details for entry in used] == [{"left": 7}, {"left": 8}, {"left": 9}]


def test_new_recovery_codes_end_the_old_ones(app: Flask, settings: Settings) -> None:
    client = member(app, settings)
    _, old = set_up(client)
    assert WRONG in post(client, "/office/two-step/codes", "/office/two-step", code="000000").text
    page = post(client, "/office/two-step/codes", "/office/two-step", code=old[0])
    assert heading(look_at(page)) == "Your recovery codes"
    other = strict_client(app)
    sign_in(other, OWN)
    assert WRONG in enter_code(other, old[1]).text


def test_turning_it_off_takes_a_code_and_ends_other_sessions(app: Flask, settings: Settings) -> None:
    client = member(app, settings)
    _, codes = set_up(client)
    other = strict_client(app)
    sign_in(other, OWN)
    enter_code(other, codes[0])
    assert other.get("/office/two-step").status_code == 200
    assert WRONG in post(client, "/office/two-step/off", "/office/two-step", code="1").text
    assert post(client, "/office/two-step/off", "/office/two-step", code=codes[1]).status_code == 302
    assert other.get("/office/two-step").status_code == 302
    assert client.get("/office/two-step").status_code == 200
    assert sign_in(strict_client(app), OWN).location == "/office/"


@pytest.mark.both_engines
def test_half_way_ends_after_ten_minutes(app: Flask, settings: Settings, clock: Clock) -> None:
    secret, _ = set_up(member(app, settings), clock.now())
    client = strict_client(app)
    sign_in(client, OWN)
    clock.forward(minutes=11)
    assert (client.get("/office/sign-in/code").location or "").startswith("/office/sign-in")
    reply = client.post("/office/sign-in/code", data={"code": code_now(secret, now=clock.now())})
    assert reply.location == "/office/sign-in"


def test_half_way_ends_with_a_renewed_password(app: Flask, settings: Settings, engine: Engine) -> None:
    _, codes = set_up(member(app, settings))
    client = strict_client(app)
    sign_in(client, OWN)
    address = "/office/sign-in/code"
    form = client.get(address)
    renew_password(engine, EMAIL)
    from tests.accounts.people import token

    assert client.post(address, data={"csrf_token": token(form), "code": codes[0]}).location == "/office/sign-in"


def test_renewing_a_password_takes_the_second_factor_off(app: Flask, settings: Settings, engine: Engine) -> None:
    set_up(member(app, settings))
    client = strict_client(app)
    assert sign_in(client, renew_password(engine, EMAIL)).location == "/office/password"


@pytest.mark.both_engines
def test_a_secret_copied_to_another_account_opens_nothing(app: Flask, settings: Settings, engine: Engine) -> None:
    secret, _ = set_up(member(app, settings))
    set_up(member(app, settings, email="ben@example.org"))
    with write(engine) as connection:
        connection.execute(
            text(
                "UPDATE account SET totp_step = NULL, "
                "totp_secret = (SELECT totp_secret FROM account WHERE email = 'ann@example.org')"
            )
        )
    ben = strict_client(app)
    sign_in(ben, OWN, "ben@example.org")
    assert WRONG in enter_code(ben, code_now(secret)).text
    ann = strict_client(app)
    sign_in(ann, OWN)
    assert enter_code(ann, code_now(secret)).status_code == 302


# ---- who must --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["researcher", "lead", "administrator"])
def test_where_it_is_required_nothing_opens_before_it_is_set_up(
    make_app: Callable[..., Flask], settings: Settings, role: str
) -> None:
    app = make_app(two_factor=True)
    client = strict_client(app)
    sign_in(client, add_user(app.extensions["chorus"].engine, EMAIL, [role]))
    assert choose(client, OWN).location == "/office/two-step"
    assert client.get("/office/").location == "/office/two-step"
    assert "a password alone is not enough" in words(look_at(client.get("/office/two-step")))
    _, codes = set_up(client)
    assert client.get("/office/").status_code in (200, 302)
    assert client.get("/office/").location != "/office/two-step"
    post(client, "/office/two-step/off", "/office/two-step", code=codes[0])
    assert client.get("/office/").location == "/office/two-step", "another phone is set up at once"


@pytest.mark.both_engines
def test_a_coordinator_sees_no_answer_and_may_do_without(make_app: Callable[..., Flask], settings: Settings) -> None:
    app = make_app(two_factor=True)
    client = member(app, settings, "coordinator", study="small-notes", school="s1")
    assert client.get("/office/").location != "/office/two-step"


@pytest.mark.parametrize(
    ("address", "said", "needed"),
    [
        ("https://survey.example.org", None, True),
        ("http://localhost:8000", None, False),
        ("http://localhost:8000", True, True),
        ("https://survey.example.org", False, False),
    ],
)
def test_it_is_required_where_others_can_reach_the_server(
    tmp_path: Path, address: str, said: bool | None, needed: bool
) -> None:
    assert Settings(tmp_path, "", "s" * 40, address, two_factor=said).needs_second_factor is needed


def test_a_setup_page_asks_strangers_to_sign_in(app: Flask, client: StrictClient) -> None:
    assert (client.get("/office/two-step").location or "").startswith("/office/sign-in")


@pytest.fixture
def client(app: Flask) -> StrictClient:
    return strict_client(app)
