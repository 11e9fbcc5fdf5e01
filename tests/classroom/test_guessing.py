"""Guessing at cards: what is counted, who waits, and the odds that remain (forms.md, section 4)."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import text, update

from survey.classroom.acting import let_child_in
from survey.classroom.cards import PICTURES
from survey.classroom.joining import (
    SITE,
    Joined,
    TurnedAway,
    join_by_pictures,
    join_by_token,
    joins_are_held,
    locked_cards,
)
from survey.classroom.sessions import LONGEST, change_code
from survey.database import read, write
from survey.people.attempts import DEVICE, Attempt, count_wrong, counter
from tests.classroom.conftest import KEY, NOW, SECRET, OpenClass, act

ALL = len(PICTURES) ** 4
"""How many cards there can be: 20,736."""


def wrong(open_class: OpenClass, number: int) -> tuple[str, ...]:
    """Return pictures that are not those of a card."""
    right = open_class.cards[number].face.pictures if number in open_class.cards else ()
    return next(one for one in product(PICTURES, repeat=4) if one != right)


def guess(open_class: OpenClass, number: int, now: datetime = NOW) -> Joined | TurnedAway:
    return join_by_pictures(open_class.engine, open_class.tried(number, wrong(open_class, number)), SECRET, now)


def locked(open_class: OpenClass, now: datetime) -> set[int]:
    with read(open_class.engine) as connection:
        return locked_cards(connection, open_class.id, range(1, 7), SECRET, now)


def guess_all_session(open_class: OpenClass, numbers: list[int]) -> int:
    """Guess as often as anything is looked at, from a new device each time; return how many guesses were."""
    looked_at, now, end = 0, NOW, NOW + LONGEST - timedelta(minutes=1)
    while now < end:
        turned = [guess(open_class, number, now) for number in numbers]
        looked_at += sum(one == TurnedAway("wrong") for one in turned)
        if all(one == TurnedAway("ask") for one in turned):
            break
        now += timedelta(seconds=61)
    return looked_at


def test_the_right_pictures_let_a_child_in(open_class: OpenClass) -> None:
    assert isinstance(join_by_pictures(open_class.engine, open_class.tried(5), SECRET, NOW), Joined)


def test_five_wrong_tries_at_a_card_make_a_minute_and_ten_lock_it(open_class: OpenClass) -> None:
    for _ in range(5):
        assert guess(open_class, 2) == TurnedAway("wrong")
    minute = NOW + timedelta(minutes=1)
    assert guess(open_class, 2) == TurnedAway("wait", minute)
    assert join_by_pictures(open_class.engine, open_class.tried(2), SECRET, NOW) == TurnedAway("wait", minute), (
        "nor is the right card looked at"
    )
    assert isinstance(join_by_pictures(open_class.engine, open_class.tried(3), SECRET, NOW), Joined), (
        "others do not wait"
    )
    now = minute
    for _ in range(5):
        assert guess(open_class, 2, now) == TurnedAway("wrong")
        now += timedelta(minutes=1)
    assert join_by_pictures(open_class.engine, open_class.tried(2), SECRET, now) == TurnedAway("ask")
    assert locked(open_class, now) == {2}


def test_letting_a_child_in_unlocks_the_card_and_its_qr_code_was_never_locked(open_class: OpenClass) -> None:
    guess_all_session(open_class, [2])
    later = NOW + timedelta(minutes=20)
    assert isinstance(join_by_token(open_class.engine, open_class.cards[2].token, None, later), Joined)
    let_child_in(open_class.engine, open_class.now, 2, (KEY, SECRET), act(20))
    assert locked(open_class, later) == set()
    assert isinstance(join_by_pictures(open_class.engine, open_class.tried(2), SECRET, later), Joined)


def test_a_right_try_forgets_the_wrong_ones_of_the_card_and_the_device(open_class: OpenClass) -> None:
    device = {"this browser": DEVICE}
    for _ in range(4):
        join_by_pictures(
            open_class.engine, replace(open_class.tried(2, wrong(open_class, 2)), device=device), SECRET, NOW
        )
    assert isinstance(
        join_by_pictures(open_class.engine, replace(open_class.tried(2), device=device), SECRET, NOW), Joined
    )
    for _ in range(4):
        assert guess(open_class, 2) == TurnedAway("wrong")
    with read(open_class.engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM sign_in_attempt WHERE key = 'this browser'")) == 0


def test_a_number_without_a_card_is_answered_as_one_with_a_card(open_class: OpenClass) -> None:
    with_card = [guess(open_class, 2) for _ in range(6)]
    without = [guess(open_class, 33) for _ in range(6)]
    assert with_card == without


@pytest.mark.one_engine
def test_one_card_is_guessed_once_in_two_thousand(open_class: OpenClass) -> None:
    """Ten tries of 20,736: 0.05 %."""
    looked_at = guess_all_session(open_class, [2])
    assert looked_at == 10
    assert looked_at / ALL < 0.0005


@pytest.mark.one_engine
@pytest.mark.slow
def test_some_card_of_a_class_is_guessed_once_in_a_hundred_and_seventy(open_class: OpenClass) -> None:
    """At most 120 tries in a class session, whatever the cards and the devices: 0.58 %; the class code is known."""
    looked_at, now = 0, NOW
    for minute in range(60):
        for number in range(1, 6):  # fifty in ten minutes, so that sixty never hold the guesser up
            looked_at += guess(open_class, minute % 7 * 5 + number, now) == TurnedAway("wrong")
        now += timedelta(seconds=61)
    assert looked_at == 120
    assert looked_at / ALL < 0.0058


def test_a_class_session_takes_no_more_until_its_code_is_changed(open_class: OpenClass) -> None:
    count = 0
    for number in list(range(7, 41)) * 2:
        if guess(open_class, number) == TurnedAway("ask"):
            break
        count += 1
    assert count == 60, "sixty within ten minutes"
    assert joins_are_held(open_class.engine, open_class.now, SECRET, NOW)
    assert join_by_pictures(open_class.engine, open_class.tried(1), SECRET, NOW) == TurnedAway("ask")
    assert isinstance(open_class.scan(1), Joined), "QR codes cannot be guessed, and still work"
    change_code(open_class.engine, open_class.id, KEY, act())
    assert not joins_are_held(open_class.engine, open_class.now, SECRET, NOW)
    assert isinstance(join_by_pictures(open_class.engine, open_class.tried(1), SECRET, NOW), Joined)


def test_who_came_by_the_earlier_code_gets_no_more_tries_with_the_new_one(open_class: OpenClass) -> None:
    earlier = open_class.tried(1)
    change_code(open_class.engine, open_class.id, KEY, act())
    assert join_by_pictures(open_class.engine, earlier, SECRET, NOW) == TurnedAway("wrong")
    for number in range(7, 67):
        join_by_pictures(open_class.engine, replace(earlier, number=number), SECRET, NOW)
    assert not joins_are_held(open_class.engine, open_class.now, SECRET, NOW), "they are counted for the code they had"


@pytest.mark.one_engine
def test_a_class_of_thirty_that_types_badly_never_waits_for_the_class_session(open_class: OpenClass) -> None:
    """Each child wrong two times in a row: 60 wrong tries in an hour, on cards of their own."""
    for minute, number in enumerate([*range(1, 7), *range(7, 31)]):
        now = NOW + timedelta(minutes=2 * minute)
        assert [guess(open_class, number, now) for _ in range(2)] == [TurnedAway("wrong")] * 2


def test_guesses_at_the_same_moment_are_counted_each(open_class: OpenClass) -> None:
    with ThreadPoolExecutor(6) as threads:
        turned = list(threads.map(lambda _: guess(open_class, 2), range(24)))
    assert turned.count(TurnedAway("wrong")) == 5


def test_many_wrong_tries_on_the_whole_site_are_said_in_the_log(
    open_class: OpenClass, caplog: pytest.LogCaptureFixture
) -> None:
    key = counter(SECRET, "site")
    with write(open_class.engine) as connection:
        count_wrong(connection, {key: SITE}, NOW)
        connection.execute(update(Attempt).where(Attempt.key == key).values(failures=SITE.free - 1))
    with caplog.at_level(logging.WARNING, "survey"):
        guess(open_class, 3)
    assert "2,000 in an hour on the whole site" in caplog.text
    assert guess(open_class, 3) == TurnedAway("wrong"), "no one waits for it"


def test_nothing_counted_says_what_it_counts(open_class: OpenClass) -> None:
    guess(open_class, 2)
    with read(open_class.engine) as connection:
        keys = connection.execute(text("SELECT key FROM sign_in_attempt")).scalars().all()
    assert len(keys) == 5
    assert all(len(key) == 64 and int(key, 16) for key in keys)
