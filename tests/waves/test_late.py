"""A wave's end, and the study's rule for late answers: who may begin, who may finish, what is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from survey.responses import Record, stream
from tests.pages.strict import words
from tests.pages.walker import Walker
from tests.waves.conftest import Ground

USED = "You have already finished this survey"
OVER = "This survey is over. Thank you."


def day(days_ago: int) -> str:
    """The day so many days ago, as a page says it."""
    found = datetime.now(UTC).date() - timedelta(days=days_ago)
    return found.strftime("%-d %B" if found.year == datetime.now(UTC).year else "%-d %B %Y")


def closed(days_ago: int) -> str:
    return f"This survey closed on {day(days_ago)}"


def record(ground: Ground) -> Record:
    with ground.engine.connect() as connection:
        study = connection.exec_driver_sql("SELECT id FROM study").scalar()
    (only,) = stream(ground.engine, int(study or 0), "pupil")
    return only


def answers(ground: Ground) -> dict[str, Any]:
    return dict(record(ground).answers)


def first_page(ground: Ground, link: str) -> Walker:
    walker = ground.walker().come_in(link)
    assert walker.screen == "sing_enjoy"
    return walker.post({"q_sing_enjoy": "4"})


def test_on_the_last_day_and_not_before_the_first(ground: Ground) -> None:
    link = ground.door()
    assert ground.walker().come_in(link).screen == "sing_enjoy"
    ground.ends(-30)
    assert ground.walker().come_in(link).screen == "sing_enjoy", "a door follows its wave, also to other days"
    today = datetime.now(UTC).date()
    ground.published(today + timedelta(days=2), today + timedelta(days=30))
    early = ground.walker().open(link)
    assert (early.heading, early.reply.status_code) == (f"This survey opens on {day(-2)}", 404)


@pytest.mark.parametrize(("days", "rule", "may"), [(1, 2, True), (4, 2, False), (1, 0, False)])
def test_beginning_after_the_last_day(ground: Ground, days: int, rule: int, may: bool) -> None:
    link = ground.door()
    ground.ends(days, f"late: {{begin: {rule}, finish: 14}}")
    walker = ground.walker().come_in(link)
    assert (walker.screen == "sing_enjoy") is may
    assert (walker.reply.status_code == 404) is not may
    assert may or walker.heading == closed(days), "the day people were told of, whatever the days of grace"


def test_someone_at_the_door_when_the_wave_ends_begins_nothing(ground: Ground) -> None:
    walker = ground.walker().open(ground.door())
    assert walker.place == "welcome"
    ground.ends(10)
    walker.post({"assent": "yes"})
    assert walker.heading == closed(10)
    with ground.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM response").scalar() == 0


def test_whoever_has_begun_saves_and_finishes_within_the_days_for_it(ground: Ground) -> None:
    walker = first_page(ground, ground.door("p001"))
    ground.ends(10)
    walker.post({"q_play_enjoy": "5"})
    assert walker.place == "over"
    assert record(ground).state == "finished"
    assert answers(ground) == {"sing_enjoy": 4, "play_enjoy": 5}


def test_whoever_has_begun_comes_back_by_their_link_within_the_days_for_it(ground: Ground) -> None:
    link = ground.door("p001")
    first_page(ground, link)
    ground.ends(10)
    again = ground.walker().open(link)
    assert again.screen == "play_enjoy"
    again.post({"q_play_enjoy": "5"})
    assert record(ground).state == "finished"
    assert ground.walker().open(link).heading == USED


def test_after_that_a_save_is_refused_calmly_and_nothing_is_lost(ground: Ground) -> None:
    link = ground.door("p001")
    walker = first_page(ground, link)
    address = walker.address
    ground.ends(16)
    walker.post({"q_play_enjoy": "5"})
    assert walker.reply.status_code == 200
    assert walker.heading == OVER
    assert "Your answers so far are kept." in words(walker.page)
    assert (record(ground).state, answers(ground)) == ("started", {"sing_enjoy": 4})
    assert walker.client.get_cookie("me") is None, "the next child on this device starts with nothing"
    assert walker.open("/go").place == ""
    again = ground.walker().open(link)
    assert again.heading == closed(16)
    assert "Your answers so far are kept." in words(again.page)
    assert walker.open(address).place == ""
    assert answers(ground) == {"sing_enjoy": 4}


def test_an_open_door_is_not_come_back_by_but_its_page_goes_on(ground: Ground) -> None:
    link = ground.door()
    walker = first_page(ground, link)
    ground.ends(10)
    assert ground.walker().open(link).heading == closed(10), "after late.begin no one begins"
    walker.post({"q_play_enjoy": "5"})
    assert record(ground).state == "finished"


def test_going_on_later_ends_on_the_same_calm_page(ground: Ground) -> None:
    walker = first_page(ground, ground.door("p001"))
    ground.ends(16)
    assert walker.open("/go").heading == OVER
    assert record(ground).state == "started"


def test_answers_may_still_be_thrown_away_when_all_is_over(ground: Ground) -> None:
    walker = first_page(ground, ground.door("p001"))
    ground.ends(16)
    walker.open(f"{walker.address.partition('?')[0]}/stop")
    walker.post({"stop": "stop"}).post({"keep": "throw"})
    assert (record(ground).state, answers(ground)) == ("withdrawn", {})
