"""On the day a study's data are deleted, nothing is left that says which child had which card."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select

from survey.audit import COMMAND_LINE
from survey.classroom import card, class_session, help_given, let_in, sitting
from survey.classroom.acting import answers_by, let_child_in, set_answers_aside
from survey.classroom.joining import join_without_card
from survey.classroom.sessions import begin_session
from survey.database import read
from survey.responses.tables import response, set_aside
from survey.retention.deletion import delete_study
from tests.classroom.conftest import KEY, SECRET, OpenClass, act


def test_cards_and_sittings_go_with_the_participants(open_class: OpenClass) -> None:
    open_class.answer(open_class.start(open_class.scan(1)), "sing_enjoy", 4)
    set_answers_aside(open_class.engine, open_class.now, 1, "device", act())
    answers_by(open_class.engine, open_class.now, 2, "read aloud", act())
    let_child_in(open_class.engine, open_class.now, 3, (KEY, SECRET), act())
    tables = (card, sitting, help_given, let_in, set_aside, response)

    def rows() -> list[int]:
        with read(open_class.engine) as connection:
            return [connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables]

    assert min(rows()) > 0
    delete_study(open_class.engine, "small-notes", datetime(2100, 9, 1, 12, tzinfo=UTC), COMMAND_LINE)
    assert rows() == [0] * len(tables)
    with read(open_class.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(class_session)) == 1, "it says nothing about a child"


def test_a_class_session_without_cards_goes_with_the_door_its_children_came_in_by(open_class: OpenClass) -> None:
    engine, rooms = open_class.engine, open_class.rooms
    without = begin_session(engine, rooms.robins, rooms.questionnaire, KEY, act(), with_cards=False)
    joined = join_without_card(engine, without, None, act().now)
    assert joined is not None
    open_class.answer(open_class.start(joined), "sing_enjoy", 4)
    delete_study(engine, "small-notes", datetime(2100, 9, 1, 12, tzinfo=UTC), COMMAND_LINE)
    with read(engine) as connection:
        assert connection.scalars(select(class_session.c.id)).all() == [open_class.id]
        for table in (sitting, response):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
