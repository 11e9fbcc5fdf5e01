"""Guessing is slow, and never keeps someone out of their own account."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from survey.config import Settings
from survey.database import Engine
from survey.pages.account.checking import in_words
from survey.people.attempts import PASSWORD, counter, succeeded, take_a_try
from tests.accounts.conftest import Clock
from tests.accounts.people import EMAIL, OWN, choose, code_now, enter_code, member, post, set_up, sign_in
from tests.pages.strict import strict_client

pytestmark = pytest.mark.one_engine

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WAIT = "There have been too many wrong tries."


def test_waits_begin_after_five_and_double_up_to_a_quarter_of_an_hour() -> None:
    assert [PASSWORD.wait_after(n).total_seconds() for n in (0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 10_000)] == [
        *(0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900)
    ]


def test_a_try_too_early_is_not_looked_at_and_makes_nothing_longer(engine: Engine) -> None:
    for _ in range(5):
        assert take_a_try(engine, "ann", NOW) is None
    until = take_a_try(engine, "ann", NOW)
    assert until == NOW + timedelta(seconds=30)
    for second in range(29):
        assert take_a_try(engine, "ann", NOW + timedelta(seconds=second)) == until
    assert take_a_try(engine, "ben", NOW) is None, "everyone waits for themselves"
    assert take_a_try(engine, "ann", until) is None
    assert take_a_try(engine, "ann", until) == until + timedelta(minutes=1)


def test_wrong_tries_are_forgotten_after_ten_quiet_minutes_and_by_a_right_one(engine: Engine) -> None:
    for minute in (0, 1, 2, 3):
        assert take_a_try(engine, "ann", NOW + timedelta(minutes=minute)) is None
    later = NOW + timedelta(minutes=13, seconds=1)
    for _ in range(5):
        assert take_a_try(engine, "ann", later) is None
    assert take_a_try(engine, "ann", later) is not None
    succeeded(engine, "ann")
    assert take_a_try(engine, "ann", later) is None


@pytest.mark.both_engines
def test_of_fifty_at_once_five_are_looked_at(engine: Engine) -> None:
    with ThreadPoolExecutor(10) as threads:
        taken = list(threads.map(lambda _: take_a_try(engine, "ann", NOW), range(50)))
    assert taken.count(None) == 5


@pytest.mark.both_engines
def test_what_is_counted_names_nobody(engine: Engine) -> None:
    take_a_try(engine, counter(b"k" * 32, "address", EMAIL), NOW)
    with engine.connect() as connection:
        held = str(connection.execute(text("SELECT * FROM sign_in_attempt")).all())
    assert "ann" not in held
    assert counter(b"k" * 32, "address", EMAIL) != counter(b"x" * 32, "address", EMAIL)


@pytest.mark.both_engines
def test_old_lines_are_thrown_away(engine: Engine) -> None:
    take_a_try(engine, "long ago", NOW - timedelta(days=2))
    take_a_try(engine, "now", NOW)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT key FROM sign_in_attempt")).all() == ["now"]


# ---- on the pages ----------------------------------------------------------------------------------------


def wrong(app: Flask, times: int, email: str = EMAIL) -> TestResponse:
    """Someone guesses, in a browser that no one signed in with."""
    client = strict_client(app)
    for _ in range(times):
        reply = sign_in(client, "not this one", email)
    return reply


@pytest.mark.parametrize("email", [EMAIL, "no one@example.org"])
def test_the_sixth_wrong_password_waits_and_says_how_long_for_unknown_addresses_too(
    app: Flask, settings: Settings, clock: Clock, email: str
) -> None:
    member(app, settings)
    assert wrong(app, 5, email).status_code == 200
    reply = wrong(app, 1, email)
    assert reply.status_code == 429
    assert re.search(
        r"There have been too many wrong tries. Please wait (?:30|2\d) seconds, then try again.", reply.text
    )
    assert 20 <= int(reply.headers["Retry-After"]) <= 31
    clock.forward(seconds=31)
    assert wrong(app, 1, email).status_code == 200
    reply = wrong(app, 1, email)
    assert re.search(r"wait (?:60|5\d|61) seconds", reply.text)


def test_while_waiting_the_right_password_is_not_looked_at_either(app: Flask, settings: Settings, clock: Clock) -> None:
    member(app, settings)
    wrong(app, 5)
    assert WAIT in sign_in(strict_client(app), OWN).text
    clock.forward(seconds=31)
    assert sign_in(strict_client(app), OWN).location == "/office/"


def test_who_guesses_keeps_nobody_out_of_a_browser_they_signed_in_with(app: Flask, settings: Settings) -> None:
    mine = member(app, settings)
    post(mine, "/office/sign-out", "/office/password")
    wrong(app, 6)
    assert WAIT in sign_in(strict_client(app), OWN).text, "a new browser waits"
    assert sign_in(mine, OWN).location == "/office/"


def test_such_a_browser_has_a_counter_of_its_own(app: Flask, settings: Settings) -> None:
    mine = member(app, settings)
    post(mine, "/office/sign-out", "/office/password")
    for _ in range(5):
        sign_in(mine, "not this one")
    assert WAIT in sign_in(mine, OWN).text
    assert sign_in(strict_client(app), OWN).location == "/office/", "and others do not wait for it"


def test_the_cookie_of_a_device_is_of_use_to_its_account_only(app: Flask, settings: Settings) -> None:
    ann, ben = member(app, settings), member(app, settings, email="ben@example.org")
    wrong(app, 6)
    cookie = ben.get_cookie("device", path="/office/sign-in")
    assert cookie is not None
    assert cookie.http_only
    assert "ben" not in cookie.value
    stolen = strict_client(app)
    for value in (cookie.value, "made.up", f"{cookie.value}x", "."):
        stolen.set_cookie("device", value, path="/office/sign-in")
        assert WAIT in sign_in(stolen, OWN).text
    assert ann.get("/office/two-step").status_code == 200, "who is in stays in"


@pytest.mark.both_engines
def test_codes_are_slowed_as_well_and_a_right_one_begins_afresh(app: Flask, settings: Settings, clock: Clock) -> None:
    secret, _ = set_up(member(app, settings), clock.now())
    client = strict_client(app)
    sign_in(client, OWN)
    for _ in range(5):
        assert enter_code(client, "000000").status_code == 200
    clock.forward(seconds=1)
    reply = enter_code(client, code_now(secret, 1, clock.now()))
    assert reply.status_code == 429
    again = strict_client(app)
    sign_in(again, OWN)
    assert WAIT in enter_code(again, code_now(secret, 1, clock.now())).text, "in every browser"
    clock.forward(seconds=60)
    assert enter_code(client, code_now(secret, now=clock.now())).status_code == 302


def test_a_session_left_open_is_no_place_to_guess_the_password(app: Flask, settings: Settings) -> None:
    client = member(app, settings)
    for _ in range(5):
        assert "is not right" in choose(client, "four words in one row", current="no").text
    reply = choose(client, "four words in one row", current=OWN)
    assert reply.status_code == 429
    assert WAIT in reply.text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 second"), (30, "31 seconds"), (89, "90 seconds"), (90, "2 minutes"), (900, "16 minutes")],
)
def test_a_wait_is_said_in_words(seconds: float, said: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == said
