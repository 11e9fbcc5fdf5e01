"""A device of a class session goes from hand to hand: whose card it is, the next card, and nothing left of the last."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from survey.classroom.acting import sign_out
from survey.classroom.joining import seat_of
from survey.classroom.sessions import begin_session, change_code, end, pause
from survey.classroom.tables import sitting
from survey.database import read, session
from survey.fieldwork import new_door, study_by_code
from tests.classroom.in_app import Class
from tests.pages.strict import StrictClient, heading, look_at, words


@pytest.fixture
def robins(tmp_path: Path) -> Class:
    return Class(tmp_path)


def half_way(robins: Class, number: int = 2) -> StrictClient:
    """Return the device of a child who has answered the first question."""
    device = robins.device()
    robins.type_in(device, number)
    question = robins.begin(device)
    assert "/play_enjoy" in robins.follow(device, device.post(question, data={"q_sing_enjoy": "4"}))
    return device


def choose_blue_paper(device: StrictClient) -> None:
    assert (
        device.post(
            "/look", data={"leave": "use", "from": "/join", "paper": "blue", "size": "normal", "space": "normal"}
        ).status_code
        == 303
    )
    assert cookie(device).endswith("~b")


def finish(robins: Class, device: StrictClient) -> str:
    """Answer the last question; return the address of the last page, which has not been opened."""
    question = robins.follow(device, device.get("/go"))
    reply = device.post(question, data={"q_play_enjoy": "5"})
    while "/over/" not in reply.location:
        reply = device.get(reply.location)
    return reply.location


def pick(robins: Class, device: StrictClient, number: int) -> None:
    """Type the number of a card, and pick its pictures."""
    reply = device.post("/join", data={"number": str(number)})
    for name in robins.cards[number].face.pictures:
        reply = device.post(reply.location, data={"picture": name})
    assert reply.location == "/welcome"


def seats(robins: Class) -> list[str]:
    with read(robins.engine) as connection:
        there = connection.scalars(select(sitting.c.id).order_by(sitting.c.id)).all()
    return [seat_of(robins.engine, one, robins.act.now) for one in there]


def cookie(device: StrictClient) -> str:
    kept = device.get_cookie("me")
    assert kept is not None
    return kept.value


def test_the_front_page_asks_with_the_card_and_not_with_the_time(robins: Class) -> None:
    device = half_way(robins)
    page = look_at(device.get(device.get("/").location))
    assert heading(page) == "Is this you?"
    assert "Card 2" in words(page)
    assert "ago" not in words(page)
    assert len(page.findall(".//ol[@class='slots centre']/li")) == 4


def test_a_yes_goes_on_in_the_same_sitting_and_back_shows_nothing_of_before(robins: Class) -> None:
    device = half_way(robins)
    device.get("/")
    assert device.post("/turn", data={"turn": "same"}).location == "/go"
    question = robins.follow(device, device.get("/go"))
    assert "/play_enjoy" in question
    before = device.get(question.partition("?")[0] + "/back").location
    assert "checked" not in device.get(before).text
    end(robins.engine, robins.id, robins.act)
    assert heading(look_at(device.get("/go"))) == "The class has finished", "it is still a device of the class session"


def test_a_no_leads_to_the_next_card_of_the_class_and_its_child_gets_the_device(robins: Class) -> None:
    device = half_way(robins)
    choose_blue_paper(device)
    device.get("/")
    reply = device.post("/turn", data={"turn": "mine"})
    assert reply.location.partition("?")[0] == "/join"
    assert reply.headers["Clear-Site-Data"] == '"cache"'
    assert heading(look_at(device.get(reply.location))) == "Type the number on your card"
    pick(robins, device, 3)
    assert cookie(device).endswith("~"), "how the pages looked goes with the child"
    assert "/sing_enjoy" in robins.begin(device)
    assert robins.states() == [("started", "own device")] * 2
    assert seats(robins) == ["closed", "open"]


def test_next_person_on_the_last_page_leads_to_the_next_card(robins: Class) -> None:
    device = half_way(robins)
    over = finish(robins, device)
    page = look_at(device.get(over))
    assert "Next person" in words(page)
    assert cookie(device).startswith("c"), "the response is out of the cookie with its last page"
    reply = device.post("/turn", data={"turn": "next"})
    assert reply.location.partition("?")[0] == "/join"
    pick(robins, device, 4)
    assert "/sing_enjoy" in robins.begin(device)
    assert sorted(state for state, _ in robins.states()) == ["finished", "started"]


def test_a_child_who_comes_in_again_after_the_end_is_told_so_and_hands_the_device_on(robins: Class) -> None:
    device = half_way(robins)
    device.get(finish(robins, device))
    device.get(f"/j/{robins.cards[2].token}")
    page = look_at(device.get("/welcome"))
    assert heading(page) == "All done. Thank you!"
    assert device.post("/turn", data={"turn": "next"}).location.partition("?")[0] == "/join"


def test_a_card_that_is_scanned_asks_nothing_and_clears_what_the_child_before_left(robins: Class) -> None:
    device = half_way(robins)
    choose_blue_paper(device)
    reply = device.get(f"/j/{robins.cards[5].token}")
    assert (reply.location, reply.headers["Clear-Site-Data"]) == ("/welcome", '"cache"')
    assert cookie(device).endswith("~")
    assert "/sing_enjoy" in robins.begin(device)
    assert seats(robins) == ["closed", "open"]


def test_the_same_card_scanned_again_goes_on_and_keeps_how_the_pages_look(robins: Class) -> None:
    device = half_way(robins)
    choose_blue_paper(device)
    reply = device.get(f"/j/{robins.cards[2].token}")
    assert "Clear-Site-Data" not in reply.headers
    assert cookie(device).endswith("~b")
    assert "/play_enjoy" in robins.begin(device)
    assert robins.states() == [("started", "own device")]


def test_after_the_end_of_the_session_next_person_leads_to_the_code_of_the_next_one(robins: Class) -> None:
    """The tablets stay open on the last page, and the next class session comes an hour later."""
    device = half_way(robins)
    device.get(finish(robins, device))
    end(robins.engine, robins.id, robins.act)
    assert device.post("/turn", data={"turn": "next"}).location.partition("?")[0] == "/"
    robins.id = begin_session(robins.engine, robins.rooms.robins, "pupil", robins.codes, robins.act)
    assert robins.type_in(device, 3).location == "/welcome"


def test_a_device_that_was_signed_out_is_not_handed_on_without_the_class_code(robins: Class) -> None:
    device = half_way(robins)
    device.get(finish(robins, device))
    sign_out(robins.engine, robins.now, 2, robins.tries, robins.act)
    assert device.post("/turn", data={"turn": "next"}).location.partition("?")[0] == "/"


def test_with_a_new_class_code_a_device_of_the_class_is_still_handed_on(robins: Class) -> None:
    device = half_way(robins)
    device.get(finish(robins, device))
    change_code(robins.engine, robins.id, robins.codes, robins.act)
    device.post("/turn", data={"turn": "next"})
    pick(robins, device, 3)


def test_in_a_pause_the_front_page_waits_for_the_teacher(robins: Class) -> None:
    device = half_way(robins)
    pause(robins.engine, robins.id, robins.act)
    page = look_at(device.get(device.get("/").location))
    assert heading(page) == "Please wait for your teacher"
    assert "Card 2" in words(page)


def open_link(robins: Class) -> str:
    with session(robins.engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        wave = next(wave for wave in study.waves if wave.id == robins.rooms.robins.wave_id)
        return f"/j/{new_door(db, wave=wave, questionnaire='pupil', key=robins.codes).token}"


def test_an_open_link_asks_and_a_yes_leads_back_into_the_class_session(robins: Class) -> None:
    device = half_way(robins)
    assert device.get(open_link(robins)).location == "/turn"
    assert "Card 2" in words(look_at(device.get("/turn")))
    device.post("/turn", data={"turn": "same"})
    assert "/play_enjoy" in robins.follow(device, device.get("/go"))
    end(robins.engine, robins.id, robins.act)
    assert heading(look_at(device.get("/go"))) == "The class has finished"


def test_once_the_session_has_ended_an_open_link_asks_nothing_and_leaves_the_class(robins: Class) -> None:
    device, link = half_way(robins), open_link(robins)
    end(robins.engine, robins.id, robins.act)
    assert device.get(link).location == "/welcome"
    assert heading(look_at(device.get("/welcome"))) == "Do you want to tell us about music?"


def test_a_class_code_from_an_old_tab_leaves_nothing_of_the_child_before(robins: Class) -> None:
    device = half_way(robins)
    reply = device.post("/", data={"code": robins.now.code})
    assert (reply.location, reply.headers["Clear-Site-Data"]) == ("/join", '"cache"')
    pick(robins, device, 3)
    assert seats(robins) == ["closed", "open"]


def test_a_card_that_must_be_let_in_shows_where_the_teachers_code_is_typed(robins: Class) -> None:
    device = robins.device()
    wrong = ("key", "key", "key", "key" if robins.cards[2].face.pictures[3] != "key" else "hat")
    page = look_at(robins.type_in(device, 2, wrong))
    assert [link.get("href") for link in page.iter("a") if link.get("class") == "next second"] == ["/join", "/"]
    assert heading(look_at(device.get("/"))) == "Enter your code"


def test_how_the_pages_look_can_be_chosen_on_the_way_in_without_typing_the_code_again(robins: Class) -> None:
    device = robins.device()
    device.post("/", data={"code": robins.now.code})
    choose_blue_paper(device)
    back = device.post(
        "/look", data={"leave": "use", "from": "/join", "paper": "blue", "size": "normal", "space": "normal"}
    ).location
    assert heading(look_at(device.get(back))) == "Type the number on your card"
    pick(robins, device, 3)
    assert cookie(device).endswith("~b")
