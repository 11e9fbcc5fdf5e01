"""What is left to someone who guesses: the limits as the pages keep them, the codes as they are made, and the odds of both.

One guesser is one address, with as many browsers as they like, who types as fast as anything is looked at, all year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import event, select, update

from survey.classroom.acting import let_child_in
from survey.classroom.cards import PICTURES, PLACES
from survey.classroom.joining import SESSION_IN_ALL, TriedCard, join_by_pictures, session_by_code
from survey.classroom.sessions import begin_session, end, session_by_id
from survey.database import Engine, session, write
from survey.fieldwork import Participant, new_door, study_by_code
from survey.fieldwork.doors import SYLLABLES, LeadsTo, letters_of
from survey.pages.answer import tries
from survey.people.attempts import ADDRESS_IN_A_DAY, Attempt
from survey.responses import receipts
from tests.classroom.in_app import Class
from tests.pages.strict import strict_client

pytestmark = pytest.mark.slow

ACCEPTED: Final = 1 / 1000
"""A year, for one guesser, to find any of all the codes that are live."""

DAY, LESSONS = 24 * 3600, 190 * 8 * 3600
"""Seconds of a day; and of a year's class sessions, each as long as one can be."""

LIVE = {"links": 200, "people": 10_000, "receipts": 10_000, "class sessions": 50, "shown": 50}
"""How many codes of a sort there are at a time in a large installation."""


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def robins(tmp_path: Path) -> Class:
    return Class(tmp_path)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(tries, "now", clock)
    return clock


def looked_at(robins: Class, typed: str) -> bool:
    """Type a code in a browser that is new; tell whether it was looked at."""
    return strict_client(robins.app).post("/", data={"code": typed}).status_code == 404


def step_between(robins: Class, clock: Clock) -> int:
    """Return how many seconds pass from one guess that is looked at to the next, once the free ones are used up."""
    assert not looked_at(robins, "bada bada")
    for seconds in range(1, 400):
        clock.time += timedelta(seconds=1)
        if looked_at(robins, "bada bada"):
            return seconds
    raise AssertionError("never looked at again: an address must not be shut out")


def codes_like(code: str) -> int:
    """Return how many codes there are of the same length."""
    return int(len(SYLLABLES) ** (len(letters_of(code)) / 2))


def test_one_guesser_finds_any_live_code_less_than_once_in_a_thousand_years(
    robins: Class, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    free = 0
    while looked_at(robins, "bada bada"):
        free += 1
        if free == 20:  # then 260 more of the same pages
            with write(robins.engine) as connection:
                connection.execute(update(Attempt).where(Attempt.failures == 20).values(failures=280))
            free = 280
        assert free <= 300, "without a cookie, and at once"
    steps = [step_between(robins, clock)]
    with write(robins.engine) as connection:
        # The rest of the day's free guesses, which would be the same pages 2,700 times more.
        connection.execute(update(Attempt).where(Attempt.failures >= free).values(failures=ADDRESS_IN_A_DAY.free))
    clock.time += timedelta(minutes=11)
    assert looked_at(robins, "bada bada")
    steps.append(step_between(robins, clock))
    a_day = ADDRESS_IN_A_DAY.free + DAY // min(steps)
    a_year = 365 * a_day
    in_lessons = 190 * ADDRESS_IN_A_DAY.free + LESSONS // min(steps)

    odds = {}
    open_code, personal_code = codes_of_doors(robins)
    odds["any of 200 open links"] = LIVE["links"] * a_year / codes_like(open_code)
    odds["any of 10,000 personal codes"] = LIVE["people"] * a_year / codes_like(personal_code)
    odds["any of 10,000 receipts"] = LIVE["receipts"] * a_year / len(SYLLABLES) ** receipts.LENGTH
    shown = let_child_in(robins.engine, robins.now, 1, (robins.codes, robins.tries), robins.act).code
    odds["any of 50 codes that teachers show"] = LIVE["shown"] * in_lessons / codes_like(shown)
    anonymous = begin_session(robins.engine, robins.rooms.robins, "pupil", robins.codes, robins.act, with_cards=False)
    it = session_by_id(robins.engine, anonymous)
    assert it is not None
    odds["any of 50 class codes without cards"] = LIVE["class sessions"] * in_lessons / codes_like(it.code or "")
    a_card = SESSION_IN_ALL.free / len(PICTURES) ** PLACES
    odds["any card in any of 50 class sessions"] = (
        LIVE["class sessions"] * in_lessons / codes_like(robins.now.code) * a_card
    )
    with capsys.disabled():
        print(f"\none guesser: {free} guesses at once, then one in {min(steps)} s; {a_day:,} a day, {a_year:,} a year")
        for what, chance in odds.items():
            print(f"  {what}: once in {1 / chance:,.0f} years")
    assert free == 300, "twice what a school of 90 types wrong in its worst ten minutes"
    assert {what: chance for what, chance in odds.items() if chance > ACCEPTED} == {}


def codes_of_doors(robins: Class) -> tuple[str, str]:
    """Return the code of a new open link, and that of a new personal one."""
    with session(robins.engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        someone = db.scalars(select(Participant)).first()
        made = (
            new_door(db, wave=study.waves[1], questionnaire="pupil", key=robins.codes, to=LeadsTo(participant=person))
            for person in (None, someone)
        )
        open_, personal = (one.code for one in made)
        return open_, personal


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Give the statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def heard(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", heard)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", heard)


def test_no_such_class_one_that_has_ended_and_a_wrong_card_are_as_much_work(robins: Class) -> None:
    """The times would waver; what is done for each is the same, statement by statement."""
    code = robins.now.code
    found = session_by_code(robins.engine, code, robins.codes, datetime.now(UTC))
    assert found is not None
    wrong = ("key",) * 4 if robins.cards[2].face.pictures != ("key",) * 4 else ("hat",) * 4

    def work(act: Callable[[], object]) -> list[str]:
        with statements(robins.engine) as sent:
            act()
        return sent

    def type_code(typed: str) -> Callable[[], object]:
        return lambda: strict_client(robins.app).post("/", data={"code": typed})

    def try_card(number: int, pictures: tuple[str, ...]) -> Callable[[], object]:
        tried = TriedCard(found, number, pictures)
        return lambda: join_by_pictures(robins.engine, tried, robins.tries, datetime.now(UTC))

    type_code("dada dada da")()  # what is prepared once
    try_card(5, wrong)()
    try_card(5, wrong)()
    never, wrong_card, no_card = (
        work(one) for one in (type_code("baba baba ba"), try_card(2, wrong), try_card(39, wrong))
    )
    end(robins.engine, robins.id, robins.act)
    ended, after_the_end = work(type_code(code)), work(try_card(3, robins.cards[3].face.pictures))
    assert never == ended
    assert wrong_card == no_card == after_the_end
