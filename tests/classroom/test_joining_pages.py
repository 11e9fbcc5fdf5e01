"""How a child's device gets into a class session, page by page, without a script; and when it may no longer answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey.classroom.acting import let_child_in, replace_card
from survey.classroom.sessions import end, go_on, pause
from tests.classroom.in_app import Class
from tests.pages.strict import heading, look_at, words


@pytest.fixture
def robins(tmp_path: Path) -> Class:
    return Class(tmp_path)


def test_a_child_types_the_code_and_the_number_and_picks_four_pictures(robins: Class) -> None:
    device = robins.device()
    reply = robins.type_in(device, 3)
    assert (reply.status_code, reply.location) == (303, "/welcome")
    assert "/sing_enjoy?n=1" in robins.begin(device)
    assert robins.states() == [("started", "own device")]


def test_a_qr_code_is_traded_at_once_for_a_cookie(robins: Class) -> None:
    device = robins.device()
    token = robins.cards[1].token
    reply = device.get(f"/j/{token}")
    assert (reply.status_code, reply.location, reply.headers["Referrer-Policy"]) == (303, "/welcome", "no-referrer")
    assert token not in str(device.get_cookie("me"))
    assert "/sing_enjoy" in robins.begin(device)


def test_only_looking_at_the_head_of_a_link_joins_nothing(robins: Class) -> None:
    device = robins.device()
    assert device.head(f"/j/{robins.cards[1].token}").status_code == 404
    assert device.get_cookie("me") is None


def test_the_teacher_lets_a_child_in_by_a_code_of_its_own(robins: Class) -> None:
    shown = let_child_in(robins.engine, robins.now, 4, (robins.codes, robins.tries), robins.act)
    device = robins.device()
    assert device.post("/", data={"code": shown.code}).location == "/welcome"
    assert "/sing_enjoy" in robins.begin(device)


def test_wrong_closed_and_unknown_look_the_same(robins: Class) -> None:
    code, devices = robins.now.code, [robins.device() for _ in range(3)]
    never = "baba baba"
    unknown = devices[0].post("/", data={"code": never})
    end(robins.engine, robins.id, robins.act)
    closed = devices[1].post("/", data={"code": code})
    card, no_card = devices[2].get(f"/j/{robins.cards[1].token}"), devices[2].get("/j/never-made")
    assert {unknown.status_code, closed.status_code, card.status_code, no_card.status_code} == {404}
    assert unknown.text.replace(never, "TYPED") == closed.text.replace(code, "TYPED")
    assert card.data == no_card.data


def test_a_wrong_card_and_one_that_does_not_exist_look_the_same(robins: Class) -> None:
    other = tuple(reversed(robins.cards[2].face.pictures))
    pictures = other if other != robins.cards[2].face.pictures else ("key",) * 4
    wrong = robins.type_in(robins.device(), 2, pictures)
    missing = robins.type_in(robins.device(), 39, pictures)
    device = robins.device()
    robins.type_in(device, 2, pictures)
    device.post("/join", data={"number": "2"})
    for place in (1, 2, 3):
        device.post(f"/join/picture/{place}", data={"picture": robins.cards[2].face.pictures[place - 1]})
    end(robins.engine, robins.id, robins.act)
    ended = device.post("/join/picture/4", data={"picture": robins.cards[2].face.pictures[3]})
    assert wrong.status_code == 404
    assert wrong.data == missing.data == ended.data
    assert "Look at your card and try again, or ask your teacher." in words(look_at(wrong))


def test_after_five_wrong_tries_the_page_says_how_long_to_wait(robins: Class) -> None:
    wrong = ("key", "key", "key", "key" if robins.cards[2].face.pictures[3] != "key" else "hat")
    for _ in range(5):
        robins.type_in(robins.device(), 2, wrong)
    reply = robins.type_in(robins.device(), 2)
    assert reply.status_code == 429
    assert "Please wait 60 seconds, then try again." in words(look_at(reply))


def test_a_number_that_is_none_stays_in_the_box(robins: Class) -> None:
    device = robins.device()
    device.post("/", data={"code": robins.now.code})
    for typed in ("", "0", "41", "seven", "٣"):
        reply = device.post("/join", data={"number": typed})
        assert "Type the number on your card." in words(look_at(reply))
        assert f'value="{typed}"' in reply.text


def test_a_picture_picked_again_is_not_one_more(robins: Class) -> None:
    device = robins.device()
    device.post("/", data={"code": robins.now.code})
    device.post("/join", data={"number": "3"})
    right = robins.cards[3].face.pictures
    device.post("/join/picture/1", data={"picture": "key" if right[0] != "key" else "hat"})
    device.post("/join/picture/1", data={"picture": right[0]})
    device.post("/join/picture/2", data={"picture": right[1]})
    device.post("/join/picture/2", data={"picture": right[1]})
    device.post("/join/picture/3", data={"picture": right[2]})
    assert device.post("/join/picture/4", data={"picture": right[3]}).location == "/welcome"


def test_every_page_leads_back_to_what_is_missing(robins: Class) -> None:
    device = robins.device()
    for address in ("/join", "/join/picture/2"):
        assert device.get(address).location == "/"
        assert device.post(address, data={"number": "1", "picture": "key"}).location == "/"
    device.post("/", data={"code": robins.now.code})
    assert device.get("/join/picture/1").location == "/join"
    device.post("/join", data={"number": "1"})
    assert device.get("/join/picture/3").location == "/join/picture/1"
    assert device.get("/join/picture/5").status_code == 404
    assert "Pick one picture." in words(look_at(device.post("/join/picture/1", data={})))
    assert device.post("/join/picture/1", data={"picture": "kazoo"}).status_code == 400


def test_what_is_chosen_in_a_pause_is_saved_and_the_next_page_waits(robins: Class) -> None:
    device = robins.device()
    robins.type_in(device, 2)
    question = robins.begin(device)
    pause(robins.engine, robins.id, robins.act)
    reply = device.post(question, data={"q_sing_enjoy": "4"})
    assert reply.status_code == 303
    waiting = look_at(device.get(reply.location))
    assert heading(waiting) == "Please wait for your teacher"
    assert "Card 2" in words(waiting)
    go_on(robins.engine, robins.id, robins.act)
    assert "/play_enjoy" in robins.follow(device, device.get("/go"))


def test_ending_the_session_clears_every_device(robins: Class) -> None:
    device, front = robins.device(), robins.device()
    device.get(f"/j/{robins.cards[2].token}")
    front.get(f"/j/{robins.cards[3].token}")
    question = robins.begin(device)
    end(robins.engine, robins.id, robins.act)
    reply = device.post(question, data={"q_sing_enjoy": "4"})
    assert heading(look_at(reply)) == "The class has finished"
    assert device.get_cookie("me") is None
    reply = front.get("/")
    assert (reply.location, front.get_cookie("me")) == ("/", None)
    assert heading(look_at(front.get("/"))) == "Enter your code"


def test_a_new_card_shuts_out_the_device_that_had_the_old_one(robins: Class) -> None:
    device = robins.device()
    device.get(f"/j/{robins.cards[2].token}")
    robins.begin(device)
    replace_card(robins.engine, robins.now, 2, robins.tries, robins.act)
    assert heading(look_at(device.get("/go"))) == "Ask your teacher"


def test_a_child_who_has_finished_is_told_so_and_the_next_child_can_come_in(robins: Class) -> None:
    device = robins.device()
    robins.type_in(device, 2)
    question = robins.begin(device)
    question = robins.follow(device, device.post(question, data={"q_sing_enjoy": "4"}))
    assert "/over/" in robins.follow(device, device.post(question, data={"q_play_enjoy": "5"}))
    assert robins.type_in(device, 3).location == "/welcome"
    robins.begin(device)
    assert sorted(state for state, _ in robins.states()) == ["finished", "started"]


def test_a_child_who_joins_in_welsh_is_asked_in_welsh_to_the_last_picture(robins: Class) -> None:
    device = robins.device()
    reply = device.post("/?language=cy", data={"code": robins.now.code})
    assert reply.location == "/join?language=cy"
    reply = device.post(reply.location, data={"number": "3"})
    for place, name in enumerate(robins.cards[3].face.pictures, 1):
        assert reply.location == f"/join/picture/{place}?language=cy"
        page = look_at(device.get(reply.location))
        assert page.get("lang") == "cy"
        back = next(a.get("href") for a in page.iter("a") if (a.get("href") or "").startswith("/join"))
        assert back.endswith("?language=cy")
        reply = device.post(reply.location, data={"picture": name})
    assert reply.location == "/welcome?language=cy"
