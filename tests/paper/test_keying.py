"""Two people key a paper: what each may do, what becomes of what they read, and what is left of it."""

from __future__ import annotations

import csv
import io
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from survey.audit import Actor, LogFilter, entries
from survey.database import read, session, write
from survey.export.store import export
from survey.fieldwork import Participant, study_by_code
from survey.fieldwork.consent import Decision, decide, ledger_of
from survey.fieldwork.doors import Door
from survey.fieldwork.participants import Membership
from survey.paper.keying import differences, key_in, paper_of, ready_for, settle
from survey.responses import PastResponse, Record, begin, stream
from survey.responses.keyings import (
    CannotKey,
    Filled,
    answered_by,
    drop_keying,
    forget_keyings,
    has_response,
    hold,
    keep_keying,
    keying,
    keyings_of,
    paper_by_id,
    papers,
)
from survey.responses.withdrawing import Withdrawal
from survey.responses.withdrawing import withdraw as withdraw_all
from tests.filled import add_responses
from tests.paper.study import CODE, DAY, FULL, NOW, OnPaper

ANN, BEN = Actor("account", "ann@uni.org"), Actor("account", "ben@uni.org")


def key(study: OnPaper, code: str, typed: Mapping[str, str], who: str) -> tuple[str, int]:
    sheet = study.sheet(code)
    found = sheet.read(typed, NOW.date())
    assert found.faults == ()
    account, actor = (study.ann, ANN) if who == "ann" else (study.ben, BEN)
    return key_in(study.engine, sheet, account, actor, found, NOW)


def faults(study: OnPaper, code: str, typed: Mapping[str, str]) -> dict[str, str]:
    return dict(study.sheet(code).read(typed, NOW.date()).faults)


def one(study: OnPaper, questionnaire: str = "pupil") -> Record:
    (record,) = stream(study.engine, study.study_id, questionnaire)
    return record


def none(study: OnPaper) -> bool:
    return list(stream(study.engine, study.study_id, "pupil")) == []


def kept(study: OnPaper) -> list[Any]:
    """What is in the table of keyings."""
    with read(study.engine) as connection:
        return list(connection.scalars(select(keying.c.answers)))


@pytest.fixture
def code(study: OnPaper) -> str:
    return study.print(participants=["P001"]).papers[0].code


def test_two_who_read_the_same_make_a_response_and_what_they_keyed_is_emptied(study: OnPaper, code: str) -> None:
    assert key(study, code, FULL, "ann") == ("first", 0)
    assert none(study)
    assert key(study, code.upper().replace(" ", "-"), FULL | {"q_places": "1,2", "q_songs": " 12"}, "ben") == (
        "equal",
        0,
    )
    record = one(study)
    assert record.answers == {
        "sing_enjoy": 5,
        "plays": 1,
        "instrument": 8,
        "instrument.other": "banjo",
        "places": [1, 2],
        "songs": 12,
    }
    assert (record.mode, record.language, record.state, record.assent) == ("paper", "en", "finished", True)
    assert (record.participant, record.school, record.school_class) == ("P001", "s1", "4r")
    assert record.started_at == datetime(2026, 3, 20, 12, tzinfo=UTC)
    assert record.facts["year"] == 4
    assert kept(study) == [{}, {}]
    assert [state.state for state in papers(study.engine, study.study_id)] == ["done"]


def test_nobody_keys_a_paper_twice_or_a_third_time(study: OnPaper, code: str) -> None:
    key(study, code, FULL, "ann")
    with pytest.raises(CannotKey, match="You have already entered this form"):
        key(study, code, FULL, "ann")
    paper = study.sheet(code).paper
    with pytest.raises(CannotKey, match="You have already entered this form"):
        ready_for(study.engine, paper, study.ann)
    ready_for(study.engine, paper, study.ben)
    key(study, code, FULL | {"q_songs": "13"}, "ben")
    with pytest.raises(CannotKey, match="Two people have already entered"):
        ready_for(study.engine, paper, 999)
    assert none(study)


def test_differences_are_settled_question_by_question_and_the_audit_knows_the_questions_only(
    study: OnPaper, code: str
) -> None:
    key(study, code, FULL, "ann")
    theirs = FULL | {"q_songs": "13", "q_instrument-other": "banjos", "q_sing_enjoy": "m", "date": ""}
    assert key(study, code, theirs, "ben") == ("differs", 4)
    sheet = study.sheet(code)
    with read(study.engine) as connection:
        gaps = differences(sheet, keyings_of(connection, sheet.paper.id))
    assert [(gap.name, gap.first, gap.second) for gap in gaps] == [
        ("date", "20 March 2026", "no date"),
        ("sing_enjoy", "A great deal", "more than one ticked"),
        ("instrument", "Something else: banjo", "Something else: banjos"),
        ("songs", "12", "13"),
    ]
    chosen = {"date": "first", "sing_enjoy": "second", "instrument": "first"}
    assert settle(study.engine, sheet, BEN, chosen, {}, NOW).faults == (
        ("choose-songs", "Choose one of the three answers."),
    )
    bad = settle(study.engine, sheet, BEN, chosen | {"songs": "other"}, {"q_songs": "twelve"}, NOW)
    assert bad.faults[0][0] == "q_songs"
    assert none(study)
    assert settle(study.engine, sheet, BEN, chosen | {"songs": "other"}, {"q_songs": "31"}, NOW).faults == ()
    answers = one(study).answers
    assert (answers["songs"], answers["instrument.other"]) == (31, "banjo")
    assert answers["sing_enjoy"] == {"missing": "multiple"}
    assert kept(study) == [{}, {}]
    deed = next(entries(study.engine, LogFilter(what="resolved a form")))
    assert deed.actor == BEN
    assert deed.about == "P001"
    assert deed.details == {
        "questionnaire": "pupil", "wave": "w1", "differences": 4, "questions": "date sing_enjoy instrument songs",
    }  # fmt: skip
    said = " ".join(f"{entry.what} {entry.about} {entry.details}" for entry in entries(study.engine))
    assert not any(answer in said for answer in ("banjo", "31", "A great deal", "13"))


def test_settling_needs_two_readings_and_happens_once(study: OnPaper, code: str) -> None:
    key(study, code, FULL, "ann")
    sheet = study.sheet(code)
    with pytest.raises(CannotKey, match="Two people have to"):
        settle(study.engine, sheet, ANN, {}, {}, NOW)
    key(study, code, FULL | {"q_songs": "13"}, "ben")
    assert settle(study.engine, sheet, ANN, {"songs": "second"}, {}, NOW).faults == ()
    with pytest.raises(CannotKey, match="are already stored"):
        settle(study.engine, sheet, ANN, {"songs": "first"}, {}, NOW)
    assert one(study).answers["songs"] == 13


def test_a_no_on_paper_is_a_no_and_nothing_else(study: OnPaper, code: str) -> None:
    no = {"assent": "0", "date": "20.3.26"}
    assert "clear the other fields" in faults(study, code, no | {"q_songs": "12"})["assent"].lower()
    assert "Enter 1 for yes or 0 for no" in faults(study, code, {"q_songs": "12"})["assent"]
    key(study, code, no, "ann")
    assert key(study, code, no, "ben") == ("equal", 0)
    record = one(study)
    assert (record.state, record.assent, record.answers) == ("declined", False, {})


def test_where_one_read_a_yes_and_one_a_no_that_is_settled_first(study: OnPaper, code: str) -> None:
    key(study, code, FULL, "ann")
    assert key(study, code, {"assent": "0"}, "ben") == ("differs", 1)
    sheet = study.sheet(code)
    assert settle(study.engine, sheet, ANN, {"assent": "other"}, {}, NOW).faults
    assert settle(study.engine, sheet, ANN, {"assent": "first"}, {}, NOW).again
    assert none(study)
    assert [state.state for state in papers(study.engine, study.study_id)] == ["entered once"]
    assert key(study, code, FULL, "ben") == ("equal", 0)
    assert one(study).answers["songs"] == 12


def test_a_no_that_was_settled_leaves_no_answer(study: OnPaper, code: str) -> None:
    key(study, code, FULL, "ann")
    key(study, code, {"assent": "0", "date": "20 3 2026"}, "ben")
    assert settle(study.engine, study.sheet(code), ANN, {"assent": "second"}, {}, NOW).faults == ()
    assert (one(study).state, one(study).answers, kept(study)) == ("declined", {}, [{}, {}])


def test_every_fault_is_said_at_its_field_and_nothing_is_kept(study: OnPaper, code: str) -> None:
    wrong = FULL | {"q_sing_enjoy": "7", "q_places": "1 9", "q_songs": "300", "date": "20 3 2027", "q_plays": "yes"}
    found = faults(study, code, wrong)
    assert set(found) == {"q_sing_enjoy", "q_places", "q_songs", "date", "q_plays"}
    assert found["q_sing_enjoy"].startswith("Type what is printed beside the ticked box: 1, 2, 3, 4, 5, dk, skip.")
    assert found["q_songs"].startswith("Write a number of 200 or less.")
    assert kept(study) == []


def test_what_cannot_be_read_counts_as_a_blank_and_is_counted(study: OnPaper, code: str) -> None:
    found = study.sheet(code).read({"assent": "1", "q_songs": "?", "q_sing_enjoy": "?"}, NOW.date())
    assert found.unreadable == 2
    assert found.filled is not None
    assert found.filled.answers["songs"] == {"missing": "blank"}


def test_an_answer_the_way_led_past_is_kept_as_keyed_and_flagged(study: OnPaper, code: str) -> None:
    typed = FULL | {"q_plays": "0"}
    assert study.sheet(code).read(typed, NOW.date()).flagged == (3,)
    key(study, code, typed, "ann")
    key(study, code, typed, "ben")
    assert one(study).answers["instrument"] == 8


def test_a_blank_the_way_led_past_is_no_blank(study: OnPaper, code: str) -> None:
    typed = {"assent": "1", "q_plays": "0", "q_sing_enjoy": "3"}
    key(study, code, typed, "ann")
    key(study, code, typed, "ben")
    blank = {"missing": "blank"}
    assert one(study).answers == {"sing_enjoy": 3, "plays": 0, "places": blank, "songs": blank}
    assert one(study).started_at == NOW  # no date on the paper


def test_what_hangs_on_the_roster_is_there_for_those_it_is_asked_of(study: OnPaper) -> None:
    papers = {paper.participant: paper for paper in study.print().papers}
    assert [row.question.id for row in study.sheet(papers["P003"].code).rows][-1] == "old_enough"
    assert [row.question.id for row in study.sheet(papers["P001"].code).rows][-1] == "songs"


def test_only_one_answer_counts_for_a_participant(study: OnPaper, code: str) -> None:
    again = study.print(participants=["P001"]).papers[0].code
    for who in ("ann", "ben"):
        key(study, code, FULL, who)
    with pytest.raises(CannotKey, match="already"):
        key(study, again, FULL, "ann")


def test_who_answered_on_a_screen_is_not_keyed(study: OnPaper, code: str) -> None:
    paper = study.sheet(code).paper
    begin(study.engine, paper.door_id, "en", paper.sha256, NOW)
    with pytest.raises(CannotKey, match="on a screen or on another form"):
        ready_for(study.engine, paper, study.ann)
    with pytest.raises(CannotKey):
        key(study, code, FULL, "ann")
    assert kept(study) == []


def test_two_people_at_the_same_time_are_a_first_and_a_second(study: OnPaper, code: str) -> None:
    gate = threading.Barrier(2)
    outcomes: list[object] = []

    def go(who: str) -> None:
        gate.wait()
        try:
            outcomes.append(key(study, code, FULL, who)[0])
        except CannotKey as fault:
            outcomes.append(str(fault))

    threads = [threading.Thread(target=go, args=(who,)) for who in ("ann", "ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["equal", "first"]
    assert one(study).answers["songs"] == 12


def test_one_person_in_two_tabs_at_the_same_time_has_keyed_once(study: OnPaper, code: str) -> None:
    gate = threading.Barrier(2)
    outcomes: list[str] = []

    def go() -> None:
        gate.wait()
        try:
            outcomes.append(key(study, code, FULL, "ann")[0])
        except CannotKey as fault:
            outcomes.append(str(fault)[: len("You have already entered this form")])

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["You have already entered this form", "first"]
    assert none(study)


def test_open_copies_are_told_apart_by_their_number(study: OnPaper) -> None:
    made = study.print("staff", copies=3)
    codes = [paper.code for paper in made.papers]
    assert [code.rsplit(" ", 1)[1] for code in codes] == ["1", "2", "3"]
    typed = {"q_joined": "9 2019", "q_comments": "More time.\r\nPlease."}
    for code in codes[:2]:
        key(study, code, typed, "ann")
        assert key(study, code, typed, "ben") == ("equal", 0)
    records = list(stream(study.engine, study.study_id, "staff"))
    assert len(records) == 2
    assert records[0].answers == {"joined": "2019-09", "comments": "More time.\nPlease."}
    assert records[0].assent is None
    assert paper_of(study.engine, study.settings, study.study_id, codes[0].rsplit(" ", 1)[0]) is None


def test_a_code_of_another_study_or_of_nothing_is_no_paper(study: OnPaper, code: str) -> None:
    assert paper_of(study.engine, study.settings, study.study_id + 1, code) is None
    for typed in ("", "zzz", "\0", "12", "🎵", code + " 7", "9" * 400):
        assert paper_of(study.engine, study.settings, study.study_id, typed) is None


def withdraw(study: OnPaper) -> int:
    with write(study.engine) as connection:
        with session(study.engine) as db:
            found = study_by_code(db, CODE)
            assert found is not None
            person = db.query(Participant).filter_by(study_id=found.id, code="P001").one_or_none()
            assert person is not None
        decide(connection, found, person.id, Decision("withdrawn", "parent", DAY), ANN, NOW)
    return person.id


def test_who_withdrew_is_not_keyed_and_gets_no_paper(study: OnPaper, code: str) -> None:
    key(study, code, FULL, "ann")
    withdraw(study)
    with pytest.raises(CannotKey, match="consent"):
        key(study, code, FULL, "ben")
    assert none(study)
    made = study.print()
    assert [paper.participant for paper in made.papers] == ["P002", "P003"]
    assert made.left_out == ("No form for 1: the consent to ask them is missing, or they said no.",)


def test_withdrawing_throws_away_what_one_person_has_keyed(study: OnPaper, code: str) -> None:
    other = study.print(participants=["P002"]).papers[0].code
    key(study, code, FULL, "ann")
    key(study, other, FULL, "ann")
    withdraw_all(
        study.engine, Withdrawal(scope="all", by="parent", participant_id=withdraw_id(study)), actor=ANN, now=NOW
    )
    assert len(kept(study)) == 1
    there = {state.paper.participant: state.state for state in papers(study.engine, study.study_id)}
    assert there == {"P001": "printed", "P002": "entered once"}


def test_withdrawing_leaves_nothing_of_a_paper_that_was_done(study: OnPaper, code: str) -> None:
    for who in ("ann", "ben"):
        key(study, code, FULL, who)
    withdraw_all(
        study.engine, Withdrawal(scope="all", by="parent", participant_id=withdraw_id(study)), actor=ANN, now=NOW
    )
    assert kept(study) == []
    assert (one(study).state, one(study).answers) == ("withdrawn", {})


def test_what_was_keyed_of_someone_can_be_thrown_away(study: OnPaper, code: str) -> None:
    other = study.print(participants=["P002"]).papers[0].code
    key(study, code, FULL, "ann")
    key(study, other, FULL, "ann")
    with write(study.engine) as connection:
        assert forget_keyings(connection, [withdraw_id(study)]) == 1
        assert connection.scalar(select(func.count()).select_from(keying)) == 1


@pytest.mark.one_engine
@pytest.mark.parametrize("dropped", ["ann", "ben"])
def test_of_a_paper_that_is_keyed_again_the_other_reading_stays_and_is_the_first(
    study: OnPaper, code: str, dropped: str
) -> None:
    both = {"ann": study.ann, "ben": study.ben}
    other = study.sheet(study.print(participants=["P002"]).papers[0].code).paper.id
    this = study.sheet(code).paper.id
    with write(study.engine) as connection:
        for paper_id in (this, other):
            for who, account in both.items():
                keep_keying(connection, paper_id, account, Filled({"songs": len(who)}, True, None), NOW)
        drop_keying(connection, this, both[dropped])
        left = [(one.turn, one.account_id) for one in keyings_of(connection, this)]
        assert left == [(1, account) for who, account in both.items() if who != dropped]
        assert [(one.turn, one.account_id) for one in keyings_of(connection, other)] == [(1, study.ann), (2, study.ben)]
        assert keep_keying(connection, this, both[dropped], Filled({}, True, None), NOW) == 2


def withdraw_id(study: OnPaper) -> int:
    with session(study.engine) as db:
        found = study_by_code(db, CODE)
        assert found is not None
        person = db.query(Participant).filter_by(study_id=found.id, code="P001").one_or_none()
        assert person is not None
        return person.id


def test_the_yes_on_paper_is_in_the_ledger_with_its_day(study: OnPaper, code: str) -> None:
    for who in ("ann", "ben"):
        key(study, code, FULL, who)
    with read(study.engine) as connection:
        (line,) = ledger_of(connection, withdraw_id(study))
    assert (line.kind, line.says, line.how, line.given_on) == ("assent", "yes", "paper", DAY)


def test_the_export_says_paper_and_has_the_code_of_more_than_one_tick(study: OnPaper, code: str) -> None:
    typed = FULL | {"q_sing_enjoy": "m", "q_places": "dk"}
    for who in ("ann", "ben"):
        key(study, code, typed, who)
    out = io.BytesIO()
    export(CODE, study.engine, "csv", out, NOW)
    with zipfile.ZipFile(out) as archive:
        name = next(name for name in archive.namelist() if "pupil" in name and "codes" in name)
        (row,) = csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")))
    assert row["mode"] == "paper"
    assert (row["sing_enjoy"], row["instrument"], row["instrument_other"]) == ("-3", "8", "banjo")
    assert row["songs"] == "12"
    assert row["participant"] == "P001"
    assert row["seconds"] == "", "no one knows how long it took"


# ---- whose paper it is, and whether they have answered ---------------------------------------------------


@pytest.mark.one_engine
def test_a_paper_is_found_in_its_own_study_only(study: OnPaper, code: str) -> None:
    sheet = study.sheet(code).paper
    assert paper_by_id(study.engine, study.study_id, sheet.id) == sheet
    assert paper_by_id(study.engine, study.study_id + 1, sheet.id) is None
    assert paper_by_id(study.engine, study.study_id, sheet.id + 1) is None
    assert [one.paper for one in papers(study.engine, study.study_id)] == [sheet]
    assert papers(study.engine, study.study_id + 1) == []


@pytest.mark.one_engine
def test_the_list_says_how_far_each_paper_is_and_who_has_entered_it_in_their_order(study: OnPaper, code: str) -> None:
    assert [(one.state, one.keyers) for one in papers(study.engine, study.study_id)] == [("printed", ())]
    key(study, code, FULL, "ben")
    assert [(one.state, one.keyers) for one in papers(study.engine, study.study_id)] == [("entered once", (study.ben,))]
    key(study, code, FULL | {"q_songs": "13"}, "ann")
    assert [(one.state, one.keyers) for one in papers(study.engine, study.study_id)] == [
        ("to resolve", (study.ben, study.ann))
    ]
    with read(study.engine) as connection:
        keyed = keyings_of(connection, study.sheet(code).paper.id)
    assert [(one.turn, one.email, one.filled.answers["songs"]) for one in keyed] == [
        (1, BEN.name, 12),
        (2, ANN.name, 13),
    ]


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("others", "state"),
    [
        ({"wave_id": 2}, None),
        ({"questionnaire": "staff"}, None),
        ({"participant_id": 2}, None),
        ({}, "finished"),
        ({"state": "withdrawn"}, "withdrawn"),
    ],
)
def test_only_an_answer_to_the_same_questionnaire_in_the_same_wave_stands_in_the_way(
    study: OnPaper, code: str, others: dict[str, Any], state: str | None
) -> None:
    sheet = study.sheet(code).paper
    assert (sheet.wave_id, sheet.questionnaire, sheet.participant_id) == (1, "pupil", 1)
    its = {"wave_id": 1, "questionnaire": "pupil", "participant_id": 1} | others
    past = PastResponse(study_id=study.study_id, sha256=sheet.sha256, started_at=NOW, ended_at=NOW, **its)
    add_responses(study.engine, [past])
    with read(study.engine) as connection:
        assert has_response(connection, sheet) == state
        assert has_response(connection, replace(sheet, participant_id=None)) is None
        assert answered_by(connection, 1, "pupil") == ({1} if state else {2} if "participant_id" in others else set())


@pytest.mark.one_engine
def test_a_paper_that_is_done_or_gone_is_not_held(study: OnPaper, code: str) -> None:
    its_id = study.sheet(code).paper.id
    with write(study.engine) as connection:
        hold(connection, its_id)
        with pytest.raises(
            CannotKey, match=r"^This form is no longer listed\. Print a new one if it is still needed\.$"
        ):
            hold(connection, its_id + 1)
    for who in ("ann", "ben"):
        key(study, code, FULL, who)
    done = r"^The answers of this form are already stored\. It does not have to be entered again\.$"
    with write(study.engine) as connection, pytest.raises(CannotKey, match=done):
        hold(connection, its_id)


@pytest.mark.one_engine
def test_of_several_people_and_waves_only_what_was_keyed_of_these_goes(study: OnPaper) -> None:
    made = {paper.participant: study.sheet(paper.code).paper for paper in study.print().papers}
    one, two, three = (made[code] for code in ("P001", "P002", "P003"))
    with write(study.engine) as connection:
        for sheet in (one, two, three):
            keep_keying(connection, sheet.id, study.ann, Filled({"songs": 1}, True, None), NOW)
        keep_keying(connection, two.id, study.ben, Filled({"songs": 2}, True, None), NOW)
        them = [int(sheet.participant_id or 0) for sheet in (one, two)]
        assert forget_keyings(connection, them, one.wave_id + 1) == 0
        assert forget_keyings(connection, []) == 0
        assert forget_keyings(connection, them, one.wave_id) == 3
        assert connection.scalars(select(keying.c.paper_id)).all() == [three.id]


@pytest.mark.one_engine
def test_the_door_of_a_printed_form_is_where_its_person_is(study: OnPaper) -> None:
    study.print(participants=["P001"])
    with read(study.engine) as connection:
        (door,) = connection.execute(select(Door.participant_id, Door.school_id, Door.school_class_id)).all()
        (there,) = connection.execute(
            select(Membership.participant_id, Membership.school_id, Membership.school_class_id).where(
                Membership.participant_id == door.participant_id
            )
        ).all()
    assert tuple(door) == tuple(there)
    assert None not in door
