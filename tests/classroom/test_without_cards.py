"""A class session without cards: the class code alone lets any number of children in, and no one is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, update

from survey.classroom.joining import join_by_token, join_without_card
from survey.classroom.sessions import answers_of_all_by, begin_session, end, pause, session_by_id
from survey.database import read, write
from survey.fieldwork.links import end_link, open_links
from survey.responses.tables import response
from tests.classroom.in_app import Class
from tests.classroom.test_teacher_pages import HOME, after, do
from tests.pages.strict import StrictClient, heading, look_at, words


class Anonymous(Class):
    """The class of six again, in a class session without cards."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        end(self.engine, self.id, self.act)
        self.with_cards = self.id
        self.id = begin_session(self.engine, self.rooms.robins, "pupil", self.codes, self.act, with_cards=False)

    def come_in(self) -> StrictClient:
        device = self.device()
        assert device.post("/", data={"code": self.now.code}).location == "/welcome"
        return device

    def answer(self, device: StrictClient, address: str, *values: str) -> str:
        for name, value in zip(("sing_enjoy", "play_enjoy"), values, strict=False):
            address = self.follow(device, device.post(address, data={f"q_{name}": value}))
        return address

    def next(self, device: StrictClient) -> None:
        reply = device.post("/turn", data={"turn": "next"})
        assert (reply.location, reply.headers["Clear-Site-Data"]) == ("/welcome", '"cache"')


@pytest.fixture
def robins(tmp_path: Path) -> Anonymous:
    return Anonymous(tmp_path)


def rows(robins: Class) -> list[dict[str, object]]:
    names = ("participant_id", "school_class_id", "state", "answers", "facts", "mode")
    with read(robins.engine) as connection:
        query = select(*(response.c[name] for name in names)).order_by(response.c.started_at)
        return [row._asdict() for row in connection.execute(query) if row.school_class_id is not None]


def test_the_class_code_alone_lets_any_number_in_and_each_answers_for_the_class_only(robins: Anonymous) -> None:
    tablet, other = robins.come_in(), robins.come_in()
    robins.answer(tablet, robins.begin(tablet), "4", "5")
    # One tap, and the same tablet is the next child's: no code, no card.
    robins.next(tablet)
    robins.answer(tablet, robins.begin(tablet), "2")
    robins.begin(other)
    first, second, third = rows(robins)
    assert [one["state"] for one in (first, second, third)] == ["finished", "started", "started"]
    assert first["answers"] == {"sing_enjoy": 4, "play_enjoy": 5}
    assert second["answers"] == {"sing_enjoy": 2}
    for one in (first, second, third):
        assert one["participant_id"] is None
        assert one["school_class_id"] == robins.rooms.robins.school_class_id
        assert one["facts"] == {
            "arm": "programme",
            "programme": "Northmouth",
            "programme_code": "north",
            "school": "Ash Primary",
            "school_code": "s1",
            "wave": "w2",
            "school_class": "Robins",
            "school_class_code": "4r",
        }, "where the class is, and nothing about a child"


def test_on_a_device_that_is_used_the_class_code_asks_whose_turn_it_is(robins: Anonymous) -> None:
    tablet = robins.come_in()
    at = robins.answer(tablet, robins.begin(tablet), "4")
    reply = tablet.post("/", data={"code": robins.now.code})
    assert reply.location == "/turn"
    page = look_at(tablet.get("/turn"))
    assert heading(page) == "Is this you?"
    assert "Card" not in words(page)
    assert tablet.post("/turn", data={"turn": "same"}).location == "/go"
    assert robins.follow(tablet, tablet.get("/go")).partition("?")[0] == at.partition("?")[0], "the same child goes on"
    reply = tablet.post("/turn", data={"turn": "mine"})
    assert reply.location == "/welcome"
    robins.begin(tablet)
    assert [one["answers"] for one in rows(robins)] == [{"sing_enjoy": 4}, {}]


def test_the_teacher_sees_how_many_devices_are_how_far_and_no_card(robins: Anonymous) -> None:
    teacher = robins.teacher()
    assert "No child has come in yet." in words(look_at(teacher.get(robins.office())))
    robins.come_in()
    tablet = robins.come_in()
    robins.answer(tablet, robins.begin(tablet), "4", "5")
    robins.next(tablet)
    robins.begin(tablet)
    tablet.post("/turn", data={"turn": "mine"})
    tablet.post("/welcome", data={"assent": "no"})
    idle = robins.come_in()
    robins.begin(idle)
    with write(robins.engine) as connection:
        long_ago = robins.now.opened_at.replace(year=2020)
        newest = select(response.c.id).order_by(response.c.started_at.desc()).limit(1).scalar_subquery()
        connection.execute(update(response).where(response.c.id == newest).values(seen_at=long_ago))
    page = words(look_at(teacher.get(robins.office())))
    for said in (
        "1 No answer for some minutes 1 On the first page 2 Finished 1 Not finished, device handed on",
        "A device that goes from hand to hand counts for each child.",
        "no one can tell whose answers are whose",
    ):
        assert said in page
    assert "Card 1" not in page
    assert teacher.get(robins.office("/cards/1")).status_code == 404
    assert "2 children have not finished" in words(look_at(teacher.get(robins.office("/end"))))
    assert "card" not in words(look_at(teacher.get(robins.office("/board"))))


def test_a_card_opens_no_session_without_cards_and_a_session_with_cards_is_another_one(robins: Anonymous) -> None:
    assert robins.device().get(f"/j/{robins.cards[1].token}").status_code == 404
    assert join_by_token(robins.engine, robins.cards[1].token, None, robins.act.now) is None
    both = begin_session(robins.engine, robins.rooms.robins, "pupil", robins.codes, robins.act)
    assert both not in (robins.id, robins.with_cards)
    assert (
        begin_session(robins.engine, robins.rooms.robins, "pupil", robins.codes, robins.act, with_cards=False)
        == robins.id
    )
    assert join_without_card(robins.engine, both, None, robins.act.now) is None


def test_it_is_started_like_any_other_and_needs_no_cards(robins: Anonymous) -> None:
    lead = robins.lead()
    sent = {"class": str(robins.rooms.wrens.school_class_id), "questionnaire": "pupil", "cards": "without"}
    assert "Without cards: the class code lets every child in" in after(lead, do(lead, HOME, **sent))


def test_a_pause_and_the_end_hold_for_devices_without_a_card(robins: Anonymous) -> None:
    tablet, done = robins.come_in(), robins.come_in()
    robins.answer(done, robins.begin(done), "4", "5")
    at = robins.begin(tablet)
    pause(robins.engine, robins.id, robins.act)
    assert heading(look_at(tablet.get(at))) == "Please wait for your teacher"
    end(robins.engine, robins.id, robins.act)
    tablet.post(at, data={"q_sing_enjoy": "1"})
    assert done.post("/turn", data={"turn": "next"}).status_code == 200, "the class has finished: no next child"
    assert [one["answers"] for one in rows(robins)][1] == {}
    assert robins.device().post("/", data={"code": "baba baba"}).status_code == 404
    assert join_without_card(robins.engine, robins.id, None, robins.act.now) is None


def test_how_a_whole_class_answers_is_said_once_and_reaches_the_data(robins: Anonymous) -> None:
    teacher = robins.teacher()
    assert "Saved." in after(teacher, do(teacher, robins.office(), do="class mode", mode="read aloud"))
    robins.begin(robins.come_in())
    answers_of_all_by(robins.engine, robins.id, None, robins.act)
    robins.begin(robins.come_in())
    assert [one["mode"] for one in rows(robins)] == ["read aloud", "own device"]
    assert do(teacher, robins.office(), do="class mode", mode="paper").status_code == 400


def test_its_door_is_no_link_that_anyone_could_end_or_hang_up(robins: Anonymous) -> None:
    study, it = robins.rooms.robins.study_id, session_by_id(robins.engine, robins.id)
    assert it is not None
    assert it.door_id is not None
    assert it.door_id not in [one.door for one in open_links(robins.engine, study)]
    assert not end_link(robins.engine, study, it.door_id, robins.act.actor, robins.act.now)
