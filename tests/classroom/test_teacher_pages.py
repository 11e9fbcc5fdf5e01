"""The teacher's pages: start a class session, see how far each card is, and put right what goes wrong. Never an answer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from werkzeug.test import TestResponse

from survey.audit import Actor
from survey.classroom.cards import card_of, count_cards
from survey.classroom.joining import FoundByCode, TriedCard, join_by_pictures
from survey.database import read, session, write
from survey.fieldwork import Decision, Membership, Participant, Wave, decide
from survey.pages.office import steps
from survey.responses.tables import response
from tests.classroom.in_app import Class
from tests.pages.strict import StrictClient, heading, look_at, words
from tests.pages.test_account import token

HOME = "/office/studies/small-notes/classroom"


@pytest.fixture
def robins(tmp_path: Path) -> Class:
    return Class(tmp_path)


def do(client: StrictClient, address: str, **sent: str) -> TestResponse:
    """Press a button of a page, with the page's token."""
    return client.post(address, data={"csrf_token": token(client.get(address)), **sent})


def after(client: StrictClient, reply: TestResponse) -> str:
    """Return what the page says to which a button led."""
    assert reply.status_code == 303
    return words(look_at(client.get(reply.location)))


def state_of(client: StrictClient, robins: Class, number: int) -> str:
    """Return how the list describes a card."""
    root = look_at(client.get(robins.office()))
    found = [a for a in root.iter("a") if (a.get("href") or "").endswith(f"/cards/{number}")]
    (only,) = (" ".join("".join(a.itertext()).split()) for a in found)
    return only.removeprefix(f"Card {number} ")


def answering(robins: Class, number: int, *values: str) -> tuple[StrictClient, str]:
    """Come in with a card and answer the first questions; return the device and the address it is at."""
    device = robins.device()
    device.get(f"/j/{robins.cards[number].token}")
    address = robins.begin(device)
    for name, value in zip(("sing_enjoy", "play_enjoy"), values, strict=False):
        address = robins.follow(device, device.post(address, data={f"q_{name}": value}))
    return device, address


# ---- starting ----------------------------------------------------------------------------------------------


def test_a_teacher_starts_a_session_in_three_steps(robins: Class) -> None:
    teacher = robins.teacher()
    do(teacher, robins.office(), do="end")
    page = words(look_at(teacher.get(HOME)))
    assert "Robins, Ash Primary" in page
    assert "Wrens" not in page, "another school's class"
    reply = do(teacher, HOME, **{"class": str(robins.rooms.robins.school_class_id), "questionnaire": "pupil"})
    page = after(teacher, reply)
    assert re.search(r"Class code [a-z]{4} [a-z]{4} [a-z]{2} ", page)
    assert "6 cards: 6 not started" in page


def test_what_is_missing_is_said(robins: Class) -> None:
    lead = robins.lead()
    assert "Choose a class." in words(look_at(do(lead, HOME, questionnaire="pupil")))
    wrens = str(robins.rooms.wrens.school_class_id)
    reply = do(lead, HOME, **{"class": wrens, "questionnaire": "pupil"})
    assert reply.status_code == 400
    assert "Wrens has no cards yet. Please make and print them first." in words(look_at(reply))
    opened = token(lead.get(HOME))
    with write(robins.engine) as connection:
        connection.execute(update(Membership).values(left_at=datetime.now(UTC)))
    reply = lead.post(HOME, data={"csrf_token": opened, "class": wrens, "questionnaire": "pupil"})
    root = look_at(reply)
    assert "Choose a class." in words(root)
    assert not [e for e in root.iter("a") if e.get("href") == "#class"], "every child has left meanwhile"


def test_the_code_fills_the_board(robins: Class) -> None:
    page = look_at(robins.teacher().get(robins.office("/board")))
    assert robins.now.code in words(page)
    assert "localhost" in words(page)


def test_a_page_that_was_open_too_long_changes_nothing(robins: Class) -> None:
    teacher = robins.teacher()
    for address, sent in ((robins.office(), {"do": "end"}), (robins.office("/cards/1"), {"do": "new card"})):
        reply = teacher.post(address, data=sent)
        assert reply.status_code == 400
        assert "open for too long" in words(look_at(reply))
    assert robins.now.ended_at is None


# ---- cards -------------------------------------------------------------------------------------------------


def test_cards_are_printed_once_eight_to_a_page_with_a_list_for_the_teacher(robins: Class) -> None:
    lead, address = robins.lead(), f"{HOME}/classes/{robins.rooms.wrens.school_class_id}/cards"
    assert "2 children, 0 with a card." in words(look_at(lead.get(address)))
    reply = do(lead, address, do="new")
    assert "Card 1 Wrens" in words(look_at(reply))
    assert "Card 2 w002" in words(look_at(reply))
    assert reply.text.count('class="qr"') == 2
    assert "Replace all cards" in words(look_at(lead.get(address)))
    again = do(lead, address, do="new")
    assert "Card 1 Wrens" not in words(look_at(again)), "they are made only once"


def test_replacing_cards_says_first_what_stops(robins: Class) -> None:
    teacher = robins.teacher()
    address = f"{HOME}/classes/{robins.rooms.robins.school_class_id}/cards"
    assert "Replacing all cards stops the 6 cards that Robins has now." in words(look_at(teacher.get(address)))
    old = robins.cards[1].token
    look_at(do(teacher, address, do="again"))
    assert robins.device().get(f"/j/{old}").status_code == 404


# ---- the list ----------------------------------------------------------------------------------------------


def test_the_list_says_in_words_how_far_each_card_is(robins: Class) -> None:
    teacher = robins.teacher()
    robins.device().get(f"/j/{robins.cards[1].token}")
    answering(robins, 2, "4")
    answering(robins, 3, "4", "5")
    assert state_of(teacher, robins, 1) == "On the first page"
    assert state_of(teacher, robins, 2) == "Answering 1 of 2"
    assert state_of(teacher, robins, 3) == "Finished"
    assert state_of(teacher, robins, 4) == "Not started"
    assert "3 not started" in words(look_at(teacher.get(robins.office())))


def test_a_child_who_said_no_is_finished_like_the_others(robins: Class) -> None:
    device = robins.device()
    device.get(f"/j/{robins.cards[1].token}")
    device.post("/welcome", data={"assent": "no"})
    teacher = robins.teacher()
    assert state_of(teacher, robins, 1) == "Finished"
    assert "Start again" not in words(look_at(teacher.get(robins.office("/cards/1"))))


def test_a_child_without_consent_does_not_take_part_and_the_card_opens_nothing(robins: Class) -> None:
    with session(robins.engine) as db:
        second = db.scalars(select(Participant).where(Participant.code == "r002")).one()
        said = Decision("no", "parent", robins.now.opened_at.date())
        decide(
            db.connection(), second.study, second.id, said, Actor("account", "lead@example.org"), robins.now.opened_at
        )
    assert state_of(robins.teacher(), robins, 2) == "Not taking part"
    device = robins.device()
    device.get(f"/j/{robins.cards[2].token}")
    assert heading(look_at(device.get("/welcome"))) == "There is nothing to answer here for you just now."
    assert robins.states() == []


def test_cards_that_need_the_teacher_come_first(robins: Class) -> None:
    teacher = robins.teacher()
    answering(robins, 5, "4")
    answering(robins, 5)
    answering(robins, 6, "4")
    with write(robins.engine) as connection:
        before = robins.now.opened_at.replace(year=robins.now.opened_at.year - 1)
        ticket = response.c.participant_id == connection.scalar(text("SELECT id FROM participant WHERE code = 'r006'"))
        connection.execute(update(response).where(ticket).values(seen_at=before))
    wrong = ("key",) * 4 if robins.cards[4].face.pictures != ("key",) * 4 else ("hat",) * 4
    for minute in range(12):
        when = robins.now.opened_at.replace(microsecond=0) + (robins.now.ends_by - robins.now.opened_at) * minute / 400
        join_by_pictures(
            robins.engine,
            TriedCard(FoundByCode(robins.id, (robins.now.code_hash or "")[:12]), 4, wrong),
            robins.tries,
            when,
        )
    page = look_at(teacher.get(robins.office()))
    order = [m[1] for a in page.iter("a") if (m := re.search(r"/cards/(\d+)$", a.get("href") or ""))]
    assert order == ["5", "4", "6", "1", "2", "3"]
    assert state_of(teacher, robins, 5).startswith("On two devices")
    assert state_of(teacher, robins, 4) == "Locked after wrong tries"
    assert state_of(teacher, robins, 6).startswith("No answer for ")


def test_the_list_refreshes_only_when_it_is_asked_to(robins: Class) -> None:
    teacher = robins.teacher()
    assert "http-equiv" not in teacher.get(robins.office()).text
    page = teacher.get(robins.office("?every=20"))
    assert '<meta http-equiv="refresh" content="20">' in page.text
    assert "Stop refreshing" in words(look_at(page))


def test_no_page_shows_an_answer(robins: Class) -> None:
    """The same class, answered in two ways, looks the same to the teacher: letter by letter."""
    seen = []
    for values in (("1", "5"), ("5", "1")):
        answering(robins, 2, values[0])
        answering(robins, 3, *values)
        teacher = robins.teacher()
        pages = [robins.office(rest) for rest in ("", "/board", "/end", "/cards/2", "/cards/3")]
        seen.append([re.sub(r'value="[^"]{40,}"', "", teacher.get(page).text) for page in (*pages, HOME)])
        for card in ("2", "3"):
            do(teacher, robins.office(f"/cards/{card}"), do="aside", why="other")
        with write(robins.engine) as connection:
            connection.execute(text("DELETE FROM set_aside"))
    assert seen[0] == seen[1]


# ---- what a teacher does -----------------------------------------------------------------------------------


def test_letting_a_child_in_shows_a_qr_code_and_a_code_that_work_once(robins: Class) -> None:
    teacher = robins.teacher()
    page = look_at(do(teacher, robins.office("/cards/4"), do="let in"))
    assert heading(page) == "Let in card 4"
    code = next("".join(e.itertext()) for e in page.iter("p") if e.get("class") == "code way-in")
    device = robins.device()
    assert device.post("/", data={"code": code}).location == "/welcome"
    assert robins.device().post("/", data={"code": code}).status_code == 404
    robins.begin(device)
    assert state_of(teacher, robins, 4).startswith("Answering")


def test_a_new_card_is_shown_to_be_printed_and_the_old_one_stops(robins: Class) -> None:
    page = look_at(do(robins.teacher(), robins.office("/cards/4"), do="new card"))
    assert "Card 4 Robins" in words(page)
    assert robins.device().get(f"/j/{robins.cards[4].token}").status_code == 404


def test_absent_and_does_not_want_to_reach_the_response_rates(robins: Class) -> None:
    teacher = robins.teacher()
    for card, why, said in (("1", "absent", "Absent"), ("2", "refused", "Does not want to")):
        assert f"Card {card}: Saved." in after(
            teacher, do(teacher, robins.office(f"/cards/{card}"), do="reason", reason=why)
        )
        assert state_of(teacher, robins, int(card)) == said
    with read(robins.engine) as connection:
        kept = connection.execute(text("SELECT reason, questionnaire FROM reason ORDER BY reason")).all()
    assert [tuple(row) for row in kept] == [("absent", "pupil"), ("refused", "pupil")]
    after(teacher, do(teacher, robins.office("/cards/1"), do="reason", reason="none"))
    assert state_of(teacher, robins, 1) == "Not started"


def test_how_a_child_answers_is_seen_in_the_list_and_kept_in_the_data(robins: Class) -> None:
    teacher = robins.teacher()
    after(teacher, do(teacher, robins.office("/cards/1"), do="mode", mode="read aloud"))
    after(teacher, do(teacher, robins.office("/cards/2"), do="mode", mode="paper"))
    assert state_of(teacher, robins, 1) == "Not started Read aloud by an adult"
    assert state_of(teacher, robins, 2) == "On paper"
    answering(robins, 1)
    assert robins.states() == [("started", "read aloud")]


def test_two_children_on_each_others_cards_are_put_right(robins: Class) -> None:
    teacher, card = robins.teacher(), robins.office("/cards/1")
    answering(robins, 1, "4")
    answering(robins, 2, "2")
    reply = do(teacher, card, do="give", card="2", why="wrong card")
    assert "Card 2 has answers of its own." in words(look_at(reply))
    assert "Choose a reason." in words(look_at(do(teacher, card, do="exchange", card="2")))
    assert "Choose the card of the child" in words(look_at(do(teacher, card, do="give", why="other")))
    page = after(teacher, do(teacher, card, do="exchange", card="2", why="wrong card"))
    assert "Card 1: The answers of the two children are exchanged." in page
    page = after(teacher, do(teacher, card, do="give", card="3", why="wrong card"))
    assert "The answers now belong to the other child." in page
    assert state_of(teacher, robins, 1) == "Not started"
    assert state_of(teacher, robins, 3) == "Answering 1 of 2"


def test_answers_set_aside_are_listed_and_can_be_given_back(robins: Class) -> None:
    teacher = robins.teacher()
    answering(robins, 1, "4")
    page = after(teacher, do(teacher, robins.office("/cards/1"), do="aside", why="internet"))
    assert "Answers from card 1 (the internet failed): give to" in page
    assert state_of(teacher, robins, 1) == "Not started"
    which = re.search(r'name="which" value="(\w+)"', teacher.get(robins.office()).text)
    assert which is not None
    with read(robins.engine) as connection:
        assert connection.scalar(text("SELECT response_id FROM set_aside")) not in teacher.get(robins.office()).text
    reply = do(teacher, robins.office(), do="give back", which=which[1])
    assert "Choose the card of the child" in words(look_at(reply))
    reply = do(teacher, robins.office(), do="give back", which="nothing", card="1")
    assert "no longer set aside" in words(look_at(reply))
    page = after(teacher, do(teacher, robins.office(), do="give back", which=which[1], card="1"))
    assert "The answers now belong to the child with that card." in page
    reply = do(teacher, robins.office(), do="give back", which=which[1], card="1")
    assert "no longer set aside" in words(look_at(reply)), "pressed twice: said, though there is nothing to lead to now"
    assert state_of(teacher, robins, 1) == "Answering 1 of 2"


def test_a_device_that_is_handed_on_does_not_count_as_a_second_one(robins: Class) -> None:
    """Card 1's child gives the tablet away unfinished, and goes on with another one."""
    teacher = robins.teacher()
    for by_pictures in (True, False):
        tablet, _ = answering(robins, 1, "4") if by_pictures else answering(robins, 1)
        if by_pictures:
            robins.type_in(tablet, 2)
        else:
            tablet.get(f"/j/{robins.cards[3].token}")
        robins.begin(tablet)
    answering(robins, 1)
    assert state_of(teacher, robins, 1) == "Answering 1 of 2"
    assert state_of(teacher, robins, 2).startswith("Answering")


def test_a_child_on_paper_who_comes_in_all_the_same_answers_on_a_device(robins: Class) -> None:
    teacher = robins.teacher()
    after(teacher, do(teacher, robins.office("/cards/1"), do="mode", mode="paper"))
    answering(robins, 1, "4")
    assert robins.states() == [("started", "own device")]


def test_signing_out_clears_two_devices(robins: Class) -> None:
    teacher = robins.teacher()
    device, _ = answering(robins, 1, "4")
    answering(robins, 1)
    assert state_of(teacher, robins, 1).startswith("On two devices")
    after(teacher, do(teacher, robins.office("/cards/1"), do="sign out"))
    assert state_of(teacher, robins, 1) == "Answering 1 of 2"
    assert heading(look_at(device.get("/go"))) == "Ask your teacher"


def test_pausing_continuing_changing_the_code_and_ending(robins: Class) -> None:
    teacher, old = robins.teacher(), robins.now.code
    assert "The children wait now." in after(teacher, do(teacher, robins.office(), do="pause"))
    assert "The children can go on." in after(teacher, do(teacher, robins.office(), do="continue"))
    after(teacher, do(teacher, robins.office(), do="new code"))
    assert robins.now.code != old
    answering(robins, 1, "4")
    assert "1 child has not finished." in words(look_at(teacher.get(robins.office("/end"))))
    assert "This class session has ended." in after(teacher, do(teacher, robins.office(), do="end"))
    assert teacher.get(robins.office("/board")).status_code == 303
    assert do(teacher, robins.office("/cards/2"), do="let in").status_code == 400
    assert do(teacher, robins.office(), do="nonsense").status_code == 400


def test_a_response_is_known_by_its_card(robins: Class) -> None:
    answering(robins, 6, "4")
    with read(robins.engine) as connection:
        its_id = connection.scalar(text("SELECT response_id FROM sitting WHERE response_id IS NOT NULL"))
    assert card_of(robins.engine, str(its_id)) == robins.cards[6].face


def test_cards_count_as_a_way_in_among_the_steps_to_a_wave(robins: Class) -> None:
    cards = count_cards(robins.engine, robins.rooms.robins.study_id)
    with session(robins.engine) as db:
        step = steps._links(db, db.get_one(Wave, robins.rooms.robins.wave_id), cards, {})
        none = steps._links(db, db.get_one(Wave, robins.rooms.robins.wave_id), 0, {})
    assert (step.done, step.more) == (True, "6 cards for From 2026 on")
    assert (none.done, none.more) == (False, "none yet for From 2026 on")


def test_questionnaires_of_one_title_are_told_apart_by_their_years() -> None:
    from types import SimpleNamespace

    from survey.definition.reading import read_folder
    from survey.demo import shipped_study
    from survey.pages.office import classroom

    seen = SimpleNamespace(plan=read_folder(shipped_study()).study)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classroom, "_title", lambda study, name: "Music and me")
        told = [classroom._title_and_years(seen, name) for name in ("pupil-ks1", "pupil-ks2", "parent")]  # type: ignore[arg-type]
    assert told == ["Music and me (years 1 and 2)", "Music and me (years 3, 4, 5 and 6)", "Music and me"]
