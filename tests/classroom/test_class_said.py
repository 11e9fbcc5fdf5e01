"""What a class said, the same day: pages for the head and for the class, once the class session has ended."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from survey.classroom.sessions import end
from survey.database import read, write
from survey.fieldwork import Participant, SchoolClass
from survey.fieldwork.publications import current
from survey.fieldwork.publishing import publish_folder
from survey.responses import PastResponse, PastSave, insert_responses
from survey.responses.tables import response
from tests.classroom.in_app import Class
from tests.pages.small_study import STUDY
from tests.pages.strict import heading, look_at, words

HOME = "/office/studies/small-notes/classroom"


@pytest.fixture
def robins(tmp_path: Path) -> Class:
    """A class of six in a study whose tables hide counts below 3, so that six answers are enough."""
    it = Class(tmp_path)
    chosen = "waves: [w1, w2], show_class: [sing_enjoy, play_enjoy]}"
    text = STUDY.replace("waves: [w1, w2]}", chosen, 1) + "\ndisclosure: {threshold: 3}\n"
    (tmp_path / "study" / "study.yaml").write_text(text, encoding="utf-8")
    publish_folder(it.engine, tmp_path / "study", datetime.now(UTC))
    return it


def all_answer(robins: Class, *answers: dict[str, int]) -> None:
    """Let each child of the class finish, with these answers."""
    it, now = robins.now, datetime.now(UTC)
    sha256 = current(robins.engine, it.study_id)["pupil"]
    with write(robins.engine) as connection:
        children = connection.scalars(select(Participant.id).where(Participant.code.like("r0%"))).all()
        insert_responses(
            connection,
            [
                PastResponse(
                    study_id=it.study_id,
                    wave_id=it.wave_id,
                    questionnaire="pupil",
                    sha256=sha256,
                    started_at=now,
                    ended_at=now,
                    participant_id=child,
                    school_id=it.school_id,
                    school_class_id=it.school_class_id,
                    saves=[PastSave("one", answer, now)],
                )
                for child, answer in zip(children, answers, strict=False)
            ],
        )


LIKES = {"sing_enjoy": 5, "play_enjoy": 1}


def test_when_the_class_session_has_ended_its_teacher_reads_what_most_of_the_class_said(robins: Class) -> None:
    all_answer(robins, *[LIKES] * 6)
    teacher = robins.teacher()
    early = teacher.get(robins.office("/said"))
    assert early.status_code == 409
    assert "Please end the class session first." in words(look_at(early))
    end(robins.engine, robins.id, robins.act)
    assert "What Robins, " in words(look_at(teacher.get(HOME)))
    page = look_at(teacher.get(robins.office("/said")))
    assert heading(page) == "What Robins said"
    said = words(page)
    assert "6 children have finished." in said
    most, few = (
        said.index("Most of the children How much do you like singing"),
        said.index("Few or none of the children How much do you like playing"),
    )
    assert most < few
    assert "6 of 6" not in said
    shown = words(look_at(teacher.get(robins.office("/said/class"))))
    assert "How much do you like singing with your class? Most of us: " in shown
    assert "playing music" not in shown, "what few like is for the head"


def test_a_class_that_is_too_small_is_told_how_many_have_to_answer(robins: Class) -> None:
    all_answer(robins, *[LIKES] * 5)
    end(robins.engine, robins.id, robins.act)
    teacher = robins.teacher()
    assert "6 children have to answer a question before this page can say anything" in words(
        look_at(teacher.get(robins.office("/said")))
    )
    assert teacher.get(robins.office("/said/class")).location == robins.office("/said")


def test_who_is_of_another_class_does_not_count(robins: Class) -> None:
    all_answer(robins, *[LIKES] * 6)
    with read(robins.engine) as connection:
        wrens = connection.scalar(select(SchoolClass.id).where(SchoolClass.title == "Wrens"))
    with write(robins.engine) as connection:
        robin = response.c.school_class_id == robins.now.school_class_id
        one = select(response.c.id).where(robin).limit(1).scalar_subquery()
        connection.execute(update(response).where(response.c.id == one).values(school_class_id=wrens))
    end(robins.engine, robins.id, robins.act)
    assert "5 children have finished." in words(look_at(robins.teacher().get(robins.office("/said"))))
