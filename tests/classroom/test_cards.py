"""Cards of a class: numbered, drawn by the system, kept as a hash, and revoked when they are made again."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from survey.classroom.acting import replace_card
from survey.classroom.cards import PICTURES, card_of, make_cards
from survey.classroom.joining import Joined, join_by_pictures, join_by_token, seat_of
from survey.database import Engine, read, session
from survey.drawings import PICTURES as DRAWN
from survey.fieldwork import Membership, Participant
from survey.problems import Refused
from tests.classroom.class_of_six import ROBINS, Rooms
from tests.classroom.conftest import NOW, SECRET, OpenClass, act


def test_every_child_gets_a_number_and_four_of_twelve_pictures(engine: Engine, rooms: Rooms) -> None:
    made = make_cards(engine, rooms.robins, act())
    assert [new.face.number for new in made] == [1, 2, 3, 4, 5, 6]
    assert [new.participant for new in made] == list(ROBINS)
    assert all(len(new.face.pictures) == 4 and set(new.face.pictures) <= set(PICTURES) for new in made)
    assert len({new.face.pictures for new in made}) > 1
    assert len(PICTURES) == len(set(PICTURES)) == 12
    assert set(PICTURES) <= DRAWN


def test_only_a_hash_of_the_qr_code_is_kept(engine: Engine, rooms: Rooms) -> None:
    made = make_cards(engine, rooms.robins, act())
    with read(engine) as connection:
        kept = str(connection.execute(text("SELECT * FROM card")).all())
        noted = str(connection.execute(text("SELECT * FROM audit")).all())
    assert all(len(new.token) == 22 for new in made)
    assert not any(new.token in kept + noted for new in made)


def test_cards_are_made_only_for_children_who_have_none(engine: Engine, rooms: Rooms) -> None:
    make_cards(engine, rooms.robins, act())
    assert make_cards(engine, rooms.robins, act()) == []
    with session(engine) as db:
        db.add(new := Participant(study_id=rooms.robins.study_id, code="r000", audience="pupil", facts={}))
        db.flush()
        db.add(
            Membership(
                participant_id=new.id,
                wave_id=rooms.robins.wave_id,
                school_id=rooms.school,
                school_class_id=rooms.robins.school_class_id,
                facts={},
            )
        )
    (late,) = make_cards(engine, rooms.robins, act())
    assert (late.participant, late.face.number) == ("r000", 7), "the others keep their numbers"


def test_a_class_has_at_most_forty_cards(engine: Engine, rooms: Rooms) -> None:
    with session(engine) as db:
        for number in range(35):
            db.add(new := Participant(study_id=rooms.robins.study_id, code=f"x{number}", audience="pupil", facts={}))
            db.flush()
            db.add(
                Membership(
                    participant_id=new.id,
                    wave_id=rooms.robins.wave_id,
                    school_id=rooms.school,
                    school_class_id=rooms.robins.school_class_id,
                    facts={},
                )
            )
    with pytest.raises(Refused, match="A class can have 40 cards"):
        make_cards(engine, rooms.robins, act())


def test_a_new_card_keeps_its_number_and_the_old_one_opens_nothing(open_class: OpenClass) -> None:
    device = open_class.scan(3)
    new = replace_card(open_class.engine, open_class.now, 3, SECRET, act())
    old = open_class.cards[3]
    assert new.face.number == 3
    assert join_by_token(open_class.engine, old.token, None, NOW) is None
    assert isinstance(join_by_token(open_class.engine, new.token, None, NOW), Joined)
    assert isinstance(join_by_pictures(open_class.engine, open_class.tried(3, new.face.pictures), SECRET, NOW), Joined)
    assert seat_of(open_class.engine, device.sitting, NOW) == "closed"


def test_making_all_cards_again_revokes_all(open_class: OpenClass) -> None:
    again = make_cards(open_class.engine, open_class.rooms.robins, act(), again=True)
    assert [new.face.number for new in again] == list(open_class.cards)
    assert [join_by_token(open_class.engine, old.token, None, NOW) for old in open_class.cards.values()] == [None] * 6


def test_a_response_says_with_which_card_it_is_answered(open_class: OpenClass) -> None:
    ticket = open_class.start(open_class.scan(4))
    assert card_of(open_class.engine, ticket.response) == open_class.cards[4].face
    assert card_of(open_class.engine, "A" * 22) is None


def test_the_activity_log_has_the_number_of_cards_and_no_more(engine: Engine, rooms: Rooms) -> None:
    make_cards(engine, rooms.robins, act())
    with read(engine) as connection:
        row = connection.execute(text("SELECT what, about, details FROM audit ORDER BY id DESC")).first()
    assert row is not None
    assert (row.what, row.about, row.details) == ("made cards", "4r", '{"again":false,"cards":6}')
