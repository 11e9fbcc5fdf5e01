"""Typed codes: whoever guesses waits, a class never does, and no wait holds a thread of the server."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from survey.database import Engine, read, session, write
from survey.fieldwork import end_door, new_door, study_by_code
from survey.pages.answer import tries
from survey.people.attempts import ADDRESS, DEVICE, forget_old_tries, waits_until, was_wrong
from tests.pages.strict import StrictClient, elements, look_at, strict_client, words

pytestmark = pytest.mark.usefixtures("study")

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SCHOOL = "192.0.2.7"


class Clock:
    """The time tries are counted by."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(tries, "now", clock)
    return clock


@pytest.fixture
def code(engine: Engine, settings: Any) -> str:
    """The code of an open link for parents."""
    with session(engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        return new_door(db, wave=study.waves[1], questionnaire="parent", key=settings.key("codes")).code


def type_in(client: FlaskClient, code: str, address: str = SCHOOL) -> TestResponse:
    return client.post("/", data={"code": code}, environ_overrides={"REMOTE_ADDR": address})


def box(reply: TestResponse, name: str = "code") -> str | None:
    return next(e.get("value") for e in elements(reply).iter("input") if e.get("name") == name)


def wrong_codes() -> Iterator[str]:
    syllables = [consonant + vowel for consonant in "bdfgjklmnprstvwz" for vowel in "aeiou"]
    yield from (a + b + "ba" + "ba" for a in syllables for b in syllables)


# ---- a class ---------------------------------------------------------------------------------------------


def test_a_class_of_90_at_one_address_each_wrong_three_times_in_ten_never_waits(
    app: Flask, code: str, clock: Clock
) -> None:
    chance, codes, wrong = random.Random(1), wrong_codes(), 0
    for child in range(90):
        client = strict_client(app)
        while chance.random() < 0.3:
            assert type_in(client, next(codes)).status_code == 404, f"child {child} was kept waiting"
            wrong += 1
        assert type_in(client, code).status_code == 303, f"child {child} was kept waiting"
        clock.forward(3)
    assert wrong > 20


def test_in_two_thousand_such_classes_the_address_never_waits(engine: Engine) -> None:
    """Counted as the pages count, without the pages: the most wrong tries of a class stay far below the limit."""
    chance = random.Random(2)

    def wrong_of_a_class() -> int:
        wrong = 0
        for _ in range(90):
            while chance.random() < 0.3:
                wrong += 1
        return wrong

    assert max(wrong_of_a_class() for _ in range(2000)) < ADDRESS.free / 2


# ---- who guesses -----------------------------------------------------------------------------------------


def test_a_browser_waits_after_eight_wrong_codes_and_longer_each_time(
    client: StrictClient, code: str, clock: Clock
) -> None:
    codes = wrong_codes()
    for _ in range(8):
        assert type_in(client, next(codes)).status_code == 404
    reply = type_in(client, f" {code.upper()} ")
    assert reply.status_code == 429
    assert reply.headers["Retry-After"] == "30"
    assert "Please wait 30 seconds, then try again." in words(look_at(reply))
    assert box(reply) == f" {code.upper()} ", "what was typed is still there"
    clock.forward(29)
    assert "Please wait 5 seconds" in words(look_at(type_in(client, code))), (
        "it was not looked at, and nothing is longer"
    )
    clock.forward(1)
    assert type_in(client, next(codes)).status_code == 404
    clock.forward(59)
    assert type_in(client, code).status_code == 429
    clock.forward(1)
    assert type_in(client, code).status_code == 303


def test_the_longest_wait_is_five_minutes_and_ten_quiet_minutes_forget_it(client: StrictClient, clock: Clock) -> None:
    codes, waits = wrong_codes(), []
    for _ in range(13):
        while (reply := type_in(client, next(codes))).status_code == 429:
            waits.append(int(reply.headers["Retry-After"]))
            clock.forward(waits[-1])
    assert waits == [30, 60, 120, 240, 300]
    assert "Please wait 5 minutes" in words(look_at(type_in(client, "baba baba")))
    clock.forward(300 + 601)
    for _ in range(8):
        assert type_in(client, next(codes)).status_code == 404


def test_a_right_code_forgets_the_browsers_wrong_ones(client: StrictClient, code: str, clock: Clock) -> None:
    codes = wrong_codes()
    for _ in range(7):
        type_in(client, next(codes))
    assert type_in(client, code).status_code == 303
    for _ in range(7):
        assert type_in(client, next(codes)).status_code == 404


def wrong_before(engine: Engine, tries: int) -> None:
    """Let whoever was wrong before have been wrong so many times more, in the same moment."""
    with write(engine) as connection:
        connection.execute(text("UPDATE sign_in_attempt SET failures = failures + :tries"), {"tries": tries})


def test_without_a_cookie_an_address_waits_after_three_hundred_and_is_never_shut_out(
    app: Flask, engine: Engine, code: str, clock: Clock
) -> None:
    """515 wrong codes in 8 seconds were all looked at before."""
    codes = wrong_codes()
    client = FlaskClient(app, use_cookies=False)
    assert type_in(client, next(codes)).status_code == 404
    wrong_before(engine, 289)
    looked_at = 290
    for _ in range(20):
        looked_at += type_in(client, next(codes)).status_code == 404
        clock.forward(8 / 20)
    assert looked_at == 300
    reply = type_in(client, code)
    assert (reply.status_code, reply.headers["Retry-After"], box(reply)) == (429, "5", code)
    assert type_in(client, code, "198.51.100.1").status_code == 303, "elsewhere no one waits"
    clock.forward(5)
    assert type_in(client, code).status_code == 303, "five seconds later the right code opens"
    clock.forward(601)
    assert type_in(client, next(codes)).status_code == 404
    wrong_before(engine, 297)
    assert type_in(client, next(codes)).status_code == 404, "ten minutes later they count from the first"
    assert type_in(client, code).status_code == 303


def test_a_link_never_waits(app: Flask, engine: Engine, settings: Any, clock: Clock) -> None:
    with session(engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        token = new_door(db, wave=study.waves[1], questionnaire="parent", key=settings.key("codes")).token
    client = FlaskClient(app, use_cookies=False)
    codes = wrong_codes()
    type_in(client, next(codes))
    wrong_before(engine, 298)
    assert [type_in(client, next(codes)).status_code for _ in range(2)] == [404, 429]
    assert client.get(f"/j/{token}", environ_overrides={"REMOTE_ADDR": SCHOOL}).status_code == 303


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("", "no address", True),
    ],
)
def test_an_address_is_an_ipv4_address_or_a_network_of_ipv6(app: Flask, one: str, other: str, same: bool) -> None:
    networks = set()
    for address in (one, other):
        with app.test_request_context(environ_overrides={"REMOTE_ADDR": address}):
            networks.add(tries._network())
    assert (len(networks) == 1) is same


# ---- how it is kept --------------------------------------------------------------------------------------


def test_it_is_one_cookie_and_the_database_knows_no_address(client: StrictClient, engine: Engine, clock: Clock) -> None:
    type_in(client, "baba baba")
    assert [cookie.key for cookie in (client._cookies or {}).values()] == ["me"]
    with read(engine) as connection:
        kept = connection.execute(text("SELECT * FROM sign_in_attempt")).all()
    assert SCHOOL not in str(kept)
    assert len(kept) == 3, "two of the address and one of the browser"


def test_a_day_later_nothing_is_left(client: StrictClient, engine: Engine, clock: Clock) -> None:
    type_in(client, "baba baba")
    clock.forward(24 * 3600 + 1)
    with write(engine) as connection:
        forget_old_tries(connection, clock())
        assert connection.execute(text("SELECT count(*) FROM sign_in_attempt")).scalar_one() == 0


def test_every_code_that_never_existed_gets_the_same_reply_and_stays_in_its_box(app: Flask, clock: Clock) -> None:
    pages = set()
    for typed in ("baba baba", "bab", "baba baba bab", "\u202e", "%", "zzzz zzzz", "ŵyl dda"):
        reply = type_in(strict_client(app), typed)
        assert reply.status_code == 404
        assert reply.headers.getlist("Set-Cookie"), "the next try is counted for this browser"
        assert "Check each letter" in words(look_at(reply))
        assert box(reply) == typed
        pages.add(reply.text.replace(f'value="{typed}"', ""))
    assert len(pages) == 1


def test_a_code_that_was_ended_says_so_and_counts_as_a_wrong_one(
    app: Flask, engine: Engine, settings: Any, clock: Clock
) -> None:
    """It opens nothing: to someone who guesses it is worth no more than a wrong one, and is no way out of a wait."""
    with session(engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        made = new_door(db, wave=study.waves[1], questionnaire="parent", key=settings.key("codes"))
        end_door(db, made.door, NOW - timedelta(days=1))
    client = strict_client(app)
    for _ in range(DEVICE.free):
        ended = type_in(client, made.code)
        assert ended.status_code == 404
        assert "The school has ended this survey" in words(look_at(ended))
    assert type_in(client, made.code).status_code == 429


def test_no_wait_holds_a_thread(client: StrictClient, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong receipt was answered after a second's sleep in the server's thread."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    codes = wrong_codes()
    for _ in range(40):
        client.post("/withdraw", data={"receipt": next(codes)})
        clock.forward(301)
    assert slept == []


def test_receipts_are_slowed_as_codes_are(client: StrictClient, clock: Clock) -> None:
    codes = wrong_codes()
    for _ in range(8):
        assert client.post("/withdraw", data={"receipt": next(codes)}).status_code == 404
    for address in ("/withdraw", "/withdraw/check", "/withdraw/do"):
        reply = client.post(address, data={"receipt": "ravo kimu tezo bani", "language": "cy"})
        assert reply.status_code == 429
        assert "Arhoswch 30 eiliad" in words(look_at(reply))
        assert box(reply, "receipt") == "ravo kimu tezo bani"
    assert type_in(client, "baba baba").status_code == 404, "codes are counted for themselves"


def test_forty_at_once_are_counted_each(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: was_wrong(engine, {"hall": ADDRESS, "tablet": DEVICE}, NOW), range(40)))
    with read(engine) as connection:
        rows = connection.execute(text("SELECT key, failures FROM sign_in_attempt")).all()
    assert {row.key: row.failures for row in rows} == {"hall": 40, "tablet": DEVICE.free}
    assert waits_until(engine, ["hall"], NOW) is None
    assert waits_until(engine, ["hall", "tablet"], NOW) == NOW + timedelta(seconds=30)
