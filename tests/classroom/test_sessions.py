"""Class sessions: when one can be started, what its code opens and for how long, pausing and ending."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from survey.classroom.acting import let_child_in, sign_out
from survey.classroom.cards import make_cards
from survey.classroom.joining import (
    Joined,
    TurnedAway,
    join_by_pictures,
    join_by_shown_code,
    join_by_token,
    seat_of,
    session_by_code,
    session_of,
)
from survey.classroom.members import classes_in
from survey.classroom.sessions import (
    LONGEST,
    begin_session,
    change_code,
    end,
    go_on,
    open_sessions,
    pause,
    questionnaires_for_pupils,
)
from survey.database import Engine, read
from survey.fieldwork.doors import is_rude
from survey.problems import Refused
from tests.classroom.class_of_six import Rooms
from tests.classroom.conftest import KEY, NOW, SECRET, OpenClass, act


def opened(open_class: OpenClass, typed: str) -> int | None:
    """Return which class session a typed code opens."""
    found = session_by_code(open_class.engine, typed, KEY, NOW)
    return None if found is None else found.class_session


def test_a_session_needs_cards_and_a_questionnaire_its_children_are_asked(engine: Engine, rooms: Rooms) -> None:
    with pytest.raises(Refused, match="Robins has no cards yet"):
        begin_session(engine, rooms.robins, "pupil", KEY, act())
    make_cards(engine, rooms.robins, act())
    with pytest.raises(Refused, match="No child in Robins is asked this questionnaire"):
        begin_session(engine, rooms.robins, "parent", KEY, act())
    with pytest.raises(Refused, match="There is no such class or questionnaire"):
        begin_session(engine, rooms.robins, "nothing", KEY, act())


def test_a_session_cannot_start_on_a_day_on_which_the_wave_is_closed(engine: Engine, rooms: Rooms) -> None:
    make_cards(engine, rooms.robins, act())
    with pytest.raises(Refused, match="From 2026 on does not take answers today"):
        begin_session(engine, rooms.robins, "pupil", KEY, act(-60 * 24 * 90))


def test_starting_twice_leads_to_the_same_session(open_class: OpenClass) -> None:
    assert begin_session(open_class.engine, open_class.rooms.robins, "pupil", KEY, act(1)) == open_class.id
    end(open_class.engine, open_class.id, act(2))
    again = begin_session(open_class.engine, open_class.rooms.robins, "pupil", KEY, act(3))
    assert again != open_class.id


def test_the_class_code_is_five_syllables_however_it_is_typed(open_class: OpenClass) -> None:
    code = open_class.now.code or ""
    assert len(code) == len("ravo kimu pe")
    assert not is_rude(code.replace(" ", ""))
    for typed in (code, code.upper(), code.replace(" ", ""), f"  {code}-"):
        assert opened(open_class, typed) == open_class.id
    assert session_by_code(open_class.engine, code, b"another key", NOW) is None


def test_the_code_dies_with_the_session_and_a_new_session_has_another(open_class: OpenClass) -> None:
    code = open_class.now.code or ""
    end(open_class.engine, open_class.id, act(1))
    assert session_by_code(open_class.engine, code, KEY, NOW) is None
    with read(open_class.engine) as connection:
        assert connection.execute(text("SELECT code, code_hash FROM class_session")).all() == [(None, None)]


def test_a_session_nobody_ends_is_over_after_eight_hours(open_class: OpenClass) -> None:
    device, late = open_class.scan(1), NOW + LONGEST
    assert seat_of(open_class.engine, device.sitting, late - timedelta(seconds=1)) == "open"
    assert seat_of(open_class.engine, device.sitting, late) == "ended"
    assert session_by_code(open_class.engine, open_class.now.code or "", KEY, late) is None
    assert join_by_token(open_class.engine, open_class.cards[1].token, None, late) is None
    assert open_sessions(open_class.engine, open_class.rooms.robins.study_id, None, late) == []


def test_a_pause_lets_devices_wait_and_ending_shuts_them_out(open_class: OpenClass) -> None:
    device = open_class.scan(1)
    pause(open_class.engine, open_class.id, act(1))
    pause(open_class.engine, open_class.id, act(2))
    assert seat_of(open_class.engine, device.sitting, NOW) == "paused"
    go_on(open_class.engine, open_class.id, act(3))
    assert seat_of(open_class.engine, device.sitting, NOW) == "open"
    end(open_class.engine, open_class.id, act(4))
    end(open_class.engine, open_class.id, act(5))
    assert seat_of(open_class.engine, device.sitting, NOW) == "ended"
    with read(open_class.engine) as connection:
        noted = connection.execute(
            text("SELECT what FROM audit WHERE what LIKE '% class session' ORDER BY id")
        ).scalars()
        assert list(noted) == [
            "started a class session",
            "paused a class session",
            "continued a class session",
            "ended a class session",
        ], "each once, however often the button was pressed"
        assert (
            connection.execute(
                text("SELECT count(*) FROM door WHERE ended_at IS NULL AND participant_id IS NOT NULL")
            ).scalar()
            == 0
        )


def test_after_the_end_neither_code_nor_card_opens_anything(open_class: OpenClass) -> None:
    shown = let_child_in(open_class.engine, open_class.now, 2, (KEY, SECRET), act())
    end(open_class.engine, open_class.id, act(1))
    assert join_by_token(open_class.engine, open_class.cards[2].token, None, NOW) is None
    assert join_by_token(open_class.engine, shown.token, None, NOW) is None
    assert join_by_shown_code(open_class.engine, shown.code, KEY, None, NOW) is None
    assert join_by_pictures(open_class.engine, open_class.tried(2), SECRET, NOW) == TurnedAway("wrong")


def test_a_changed_code_ends_the_old_one_and_children_inside_go_on(open_class: OpenClass) -> None:
    device, old = open_class.scan(1), open_class.now.code or ""
    change_code(open_class.engine, open_class.id, KEY, act(1))
    assert session_by_code(open_class.engine, old, KEY, NOW) is None
    assert opened(open_class, open_class.now.code or "") == open_class.id
    assert seat_of(open_class.engine, device.sitting, NOW) == "open"


def test_a_device_stays_in_its_session_until_it_is_signed_out_or_the_session_ends(open_class: OpenClass) -> None:
    engine, first, second = open_class.engine, open_class.scan(1), open_class.scan(2)
    by_code = session_by_code(engine, open_class.now.code or "", KEY, NOW)
    assert by_code is not None
    assert session_of(engine, first.sitting, NOW) == session_of(engine, second.sitting, NOW) == by_code
    change_code(engine, open_class.id, KEY, act())
    changed = session_of(engine, first.sitting, NOW)
    assert changed is not None
    assert (changed.class_session, changed.code == by_code.code) == (open_class.id, False)
    sign_out(engine, open_class.now, 1, SECRET, act(1))
    assert session_of(engine, first.sitting, NOW) is None
    assert session_of(engine, second.sitting, NOW) == changed
    assert session_of(engine, second.sitting, NOW + LONGEST) is None
    end(engine, open_class.id, act(2))
    assert session_of(engine, second.sitting, NOW + timedelta(minutes=3)) is None
    assert session_of(engine, 999, NOW) is None


def test_what_the_teacher_shows_for_one_child_is_good_once(open_class: OpenClass) -> None:
    first = let_child_in(open_class.engine, open_class.now, 2, (KEY, SECRET), act())
    second = let_child_in(open_class.engine, open_class.now, 2, (KEY, SECRET), act())
    assert join_by_token(open_class.engine, first.token, None, NOW) is None, "the one shown before stopped working"
    assert isinstance(join_by_shown_code(open_class.engine, second.code.upper(), KEY, None, NOW), Joined)
    assert join_by_token(open_class.engine, second.token, None, NOW) is None, "it was used"
    with pytest.raises(Refused, match="no child with card 9"):
        let_child_in(open_class.engine, open_class.now, 9, (KEY, SECRET), act())


def test_a_card_of_another_class_is_not_one_of_this_session(open_class: OpenClass) -> None:
    (wren, _) = make_cards(open_class.engine, open_class.rooms.wrens, act())
    assert join_by_token(open_class.engine, wren.token, None, NOW) is None
    assert open_class.scan(1) is not None


def test_the_lists_to_choose_from(open_class: OpenClass) -> None:
    robins = open_class.rooms.robins
    both = classes_in(open_class.engine, robins.wave_id, None)
    assert [(one.title, one.school, one.children, one.cards) for one in both] == [
        ("Robins", "Ash Primary", 6, 6),
        ("Wrens", "Birch Primary", 2, 0),
    ]
    assert [one.title for one in classes_in(open_class.engine, robins.wave_id, {open_class.rooms.school})] == ["Robins"]
    assert questionnaires_for_pupils(open_class.engine, robins.study_id, "w2") == ["pupil"]
    assert [one.id for one in open_sessions(open_class.engine, robins.study_id, {open_class.rooms.school}, NOW)] == [
        open_class.id
    ]
    assert open_sessions(open_class.engine, robins.study_id, set(), NOW) == []
