"""Answers on the wrong card: given to the right child, exchanged, set aside and given back. Nothing is lost."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from survey.classroom.acting import (
    answers_by,
    exchange_answers,
    give_answers,
    give_back,
    set_answers_aside,
    sign_out,
)
from survey.classroom.joining import seat_of
from survey.classroom.listing import class_list, participant_with
from survey.database import Engine, read, session
from survey.export.store import Stored
from survey.export.study import Export
from survey.fieldwork import Decision, Participant, decide
from survey.problems import Refused
from survey.responses import count, finish, load, stream
from survey.responses.tables import response, save
from survey.responses.withdrawing import Withdrawal, withdraw
from tests.classroom.class_of_six import ROBINS
from tests.classroom.conftest import NOW, SECRET, TEACHER, OpenClass, act


def whose(engine: Engine) -> dict[str, dict[str, Any]]:
    """Return the answers that count, by study code."""
    query = select(Participant.code, response.c.answers).join(response, response.c.participant_id == Participant.id)
    with read(engine) as connection:
        return {row.code: row.answers for row in connection.execute(query)}


def saved(engine: Engine) -> int:
    with read(engine) as connection:
        return len(connection.execute(select(save.c.sequence)).all())


def in_the_data(open_class: OpenClass) -> list[str | None]:
    found = stream(open_class.engine, open_class.rooms.robins.study_id, "pupil", ("w2",))
    return sorted(one.participant or "" for one in found if one.answers and one.participant)


def test_answers_are_given_to_the_right_child_and_both_go_on(open_class: OpenClass) -> None:
    """The child with card 2 answered on card 1."""
    device = open_class.scan(1)
    ticket = open_class.start(device)
    open_class.answer(ticket, "sing_enjoy", 4)
    before = saved(open_class.engine)
    give_answers(open_class.engine, open_class.now, (1, 2), "wrong card", act(1))
    assert whose(open_class.engine) == {ROBINS[1]: {"sing_enjoy": 4}}
    assert saved(open_class.engine) == before, "nothing is lost"
    assert seat_of(open_class.engine, device.sitting, NOW) == "closed"
    assert open_class.answer(ticket, "play_enjoy", 5) == "refused", (
        "what the device still sends is not the other child's"
    )
    again = open_class.start(open_class.scan(2))
    assert (again.response, again.resumed) == (ticket.response, True)
    assert open_class.answer(again, "play_enjoy", 1) == "new"
    fresh = open_class.start(open_class.scan(1))
    assert (fresh.response != ticket.response, fresh.resumed) == (True, False)


def test_the_answers_get_the_facts_of_the_child_they_are_given_to(open_class: OpenClass) -> None:
    ticket = open_class.start(open_class.scan(1))
    before = load(open_class.engine, ticket.response)
    give_answers(open_class.engine, open_class.now, (1, 2), "wrong card", act(1))
    after = load(open_class.engine, ticket.response)
    assert before is not None
    assert after is not None
    assert (before.facts["year"], after.facts["year"]) == (1, 2)
    assert after.facts["school_class"] == "Robins"


def test_two_children_who_swapped_cards_get_their_own_answers(open_class: OpenClass) -> None:
    for number, value in ((1, 1), (2, 5)):
        open_class.answer(open_class.start(open_class.scan(number)), "sing_enjoy", value)
    with pytest.raises(Refused, match="Card 2 has answers of its own"):
        give_answers(open_class.engine, open_class.now, (1, 2), "wrong card", act(1))
    exchange_answers(open_class.engine, open_class.now, (1, 2), "wrong card", act(1))
    assert whose(open_class.engine) == {ROBINS[0]: {"sing_enjoy": 5}, ROBINS[1]: {"sing_enjoy": 1}}
    for number in (1, 2):
        assert open_class.answer(open_class.start(open_class.scan(number)), "play_enjoy", 3) == "new"


def test_finished_answers_stay_finished_when_they_are_given_to_another_child(open_class: OpenClass) -> None:
    ticket = open_class.start(open_class.scan(1))
    open_class.answer(ticket, "sing_enjoy", 4)
    open_class.answer(ticket, "play_enjoy", 4)
    finish(open_class.engine, ticket.response, ticket.epoch, 3, NOW)
    give_answers(open_class.engine, open_class.now, (1, 3), "wrong card", act(1))
    after = load(open_class.engine, ticket.response)
    assert after is not None
    assert (after.state, after.finished_at, len(after.answers)) == ("finished", NOW, 2)


def test_answers_set_aside_are_in_no_data_until_they_are_given_back(open_class: OpenClass) -> None:
    open_class.answer(open_class.start(open_class.scan(1)), "sing_enjoy", 4)
    open_class.answer(open_class.start(open_class.scan(2)), "sing_enjoy", 2)
    study = open_class.rooms.robins.study_id
    before = count(open_class.engine, study, "pupil", ("w2",))
    set_answers_aside(open_class.engine, open_class.now, 1, "internet", act(1))
    assert in_the_data(open_class) == [ROBINS[1]]
    assert count(open_class.engine, study, "pupil", ("w2",)) == before - 1
    there = class_list(open_class.engine, open_class.now, SECRET, lambda *_: (0, 2), NOW)
    assert [(one.number, one.reason) for one in there.aside] == [(1, "internet")]
    give_back(open_class.engine, open_class.now, there.aside[0].response, 1, act(2))
    assert whose(open_class.engine) == {ROBINS[0]: {"sing_enjoy": 4}, ROBINS[1]: {"sing_enjoy": 2}}
    assert class_list(open_class.engine, open_class.now, SECRET, lambda *_: (0, 2), NOW).aside == ()


def test_a_file_says_that_responses_were_set_aside(open_class: OpenClass) -> None:
    def said() -> list[str]:
        export = Export(Stored(open_class.engine, "small-notes"), NOW)
        export.write("csv", io.BytesIO())
        return [note.what for note in export.notes.notes if "set aside" in note.what]

    open_class.answer(open_class.start(open_class.scan(1)), "sing_enjoy", 4)
    assert said() == []
    set_answers_aside(open_class.engine, open_class.now, 1, "internet", act(1))
    (sentence,) = said()
    assert sentence.endswith("are not in this file. The class session lists them.")


def test_a_child_can_start_again_from_the_first_question(open_class: OpenClass) -> None:
    first = open_class.start(open_class.scan(1))
    open_class.answer(first, "sing_enjoy", 4)
    set_answers_aside(open_class.engine, open_class.now, 1, "disruption", act(1))
    again = open_class.start(open_class.scan(1))
    assert (again.resumed, again.response == first.response) == (False, False)
    assert open_class.answer(again, "sing_enjoy", 1) == "new"
    aside = class_list(open_class.engine, open_class.now, SECRET, lambda *_: (0, 2), NOW).aside
    with pytest.raises(Refused, match="Card 1 has answers of its own"):
        give_back(open_class.engine, open_class.now, aside[0].response, 1, act(2))


def test_signing_a_card_out_keeps_the_answers_and_the_next_sitting_goes_on(open_class: OpenClass) -> None:
    first = open_class.start(open_class.scan(1))
    open_class.answer(first, "sing_enjoy", 4)
    sign_out(open_class.engine, open_class.now, 1, SECRET, act(1))
    again = open_class.start(open_class.scan(1))
    assert (again.resumed, again.response, again.epoch) == (True, first.response, 2)
    assert whose(open_class.engine) == {ROBINS[0]: {"sing_enjoy": 4}}


def test_a_child_without_consent_is_given_no_answers(open_class: OpenClass) -> None:
    with session(open_class.engine) as db:
        third = db.scalars(select(Participant).where(Participant.code == ROBINS[2])).one()
        decide(db.connection(), third.study, third.id, Decision("no", "parent", date(2026, 1, 5)), TEACHER, NOW)
    open_class.answer(open_class.start(open_class.scan(1)), "sing_enjoy", 4)
    with pytest.raises(Refused, match="The child with card 3 does not have the consent"):
        give_answers(open_class.engine, open_class.now, (1, 3), "wrong card", act(1))
    assert whose(open_class.engine) == {ROBINS[0]: {"sing_enjoy": 4}}, "nothing has changed"


def test_a_withdrawal_reaches_answers_that_were_set_aside(open_class: OpenClass) -> None:
    ticket = open_class.start(open_class.scan(1))
    open_class.answer(ticket, "sing_enjoy", 4)
    set_answers_aside(open_class.engine, open_class.now, 1, "wrong card", act(1))
    with read(open_class.engine) as connection:
        first = connection.scalar(select(Participant.id).where(Participant.code == ROBINS[0])) or 0
    withdraw(open_class.engine, Withdrawal(participant_id=first, scope="all", by="parent"), TEACHER, NOW)
    gone = load(open_class.engine, ticket.response)
    assert gone is not None
    assert (gone.state, gone.answers) == ("withdrawn", {})
    with read(open_class.engine) as connection:
        left = select(save.c.sequence).where(save.c.response_id == ticket.response)
        assert connection.execute(left).all() == []


def test_what_cannot_be_moved_is_said(open_class: OpenClass) -> None:
    for numbers, said in (((1, 2), "Card 1 has no answers"), ((1, 9), "no child with card 9")):
        with pytest.raises(Refused, match=said):
            give_answers(open_class.engine, open_class.now, numbers, "wrong card", act())
    with pytest.raises(Refused, match="Card 4 has no answers"):
        set_answers_aside(open_class.engine, open_class.now, 4, "wrong card", act())
    open_class.start(open_class.scan(1))
    for numbers in ((1, 2), (1, 1)):
        with pytest.raises(Refused, match="no answers"):
            exchange_answers(open_class.engine, open_class.now, numbers, "wrong card", act())
    with pytest.raises(Refused, match="no longer set aside"):
        give_back(open_class.engine, open_class.now, "A" * 22, 1, act())


def test_how_a_child_answers_reaches_the_data(open_class: OpenClass) -> None:
    answers_by(open_class.engine, open_class.now, 1, "read aloud", act())
    first = open_class.start(open_class.scan(1))
    second = open_class.start(open_class.scan(2))
    answers_by(open_class.engine, open_class.now, 2, "helped by an adult", act())
    with pytest.raises(Refused, match="has already started on a device"):
        answers_by(open_class.engine, open_class.now, 2, "paper", act())
    modes = {one.id: one.mode for one in stream(open_class.engine, open_class.rooms.robins.study_id, "pupil")}
    assert (modes[first.response], modes[second.response]) == ("read aloud", "helped by an adult")
    answers_by(open_class.engine, open_class.now, 1, "own device", act())
    changed = load(open_class.engine, first.response)
    assert changed is not None
    assert changed.mode == "own device"


def test_every_deed_is_in_the_activity_log_without_an_answer(open_class: OpenClass) -> None:
    for number in (1, 2):
        open_class.answer(open_class.start(open_class.scan(number)), "sing_enjoy", 4)
    answers_by(open_class.engine, open_class.now, 1, "read aloud", act())
    exchange_answers(open_class.engine, open_class.now, (1, 2), "wrong card", act())
    give_answers(open_class.engine, open_class.now, (1, 3), "wrong card", act())
    set_answers_aside(open_class.engine, open_class.now, 2, "device", act())
    sign_out(open_class.engine, open_class.now, 3, SECRET, act())
    with read(open_class.engine) as connection:
        rows = connection.execute(text("SELECT actor, what, about, details FROM audit ORDER BY id DESC LIMIT 5")).all()
    assert [(row.what, row.details) for row in reversed(rows)] == [
        ("recorded how a child answers", '{"card":1,"mode":"read aloud","wave":"w2"}'),
        ("exchanged the answers of two children", '{"card":1,"reason":"wrong card","wave":"w2","with":2}'),
        ("gave answers to the right child", '{"card":1,"reason":"wrong card","to":3,"wave":"w2"}'),
        ("set answers aside", '{"card":2,"reason":"device","wave":"w2"}'),
        ("signed a card out of its devices", '{"card":3,"wave":"w2"}'),
    ]
    assert {(row.actor, row.about) for row in rows} == {("1 for school s1", "4r")}


def test_only_cards_of_the_class_lead_to_a_study_code(open_class: OpenClass) -> None:
    assert participant_with(open_class.engine, open_class.now, 2) == ROBINS[1]
    assert participant_with(open_class.engine, open_class.now, 7) is None
