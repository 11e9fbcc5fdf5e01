"""Two studies in one database whose schools, waves and questionnaires are called the same: each has its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select

from survey.database import Engine, session
from survey.fieldwork import (
    School,
    SchoolClass,
    Study,
    VersionTaken,
    Wave,
    current,
    keep_programmes,
    keep_study,
    keep_waves,
    publish,
    publish_study,
    published,
    study_by_code,
    text_of,
)
from survey.fieldwork.doors import Door
from survey.fieldwork.publications import text_beginning, texts_before
from survey.fieldwork.waves import Hours
from tests.filled import keep_class, keep_school
from tests.store.field import NOW, SHA, TEXT, Field

pytestmark = pytest.mark.one_engine

SECOND = timedelta(seconds=1)


def put(engine: Engine, study: str, version: int, text: str, questionnaire: str = "pupil") -> bool:
    with session(engine) as db:
        return publish(db, study, questionnaire, version, text, NOW)


@pytest.fixture
def maths(engine: Engine, field: Field) -> int:
    """Another study; returns its id."""
    with session(engine) as db:
        return keep_study(db, "maths", title="Mathematics", language="cy", time_zone="Europe/Dublin").id


# ---- versions ---------------------------------------------------------------------------------------------


def test_each_study_counts_its_own_versions(engine: Engine, field: Field, maths: int) -> None:
    assert put(engine, "maths", 1, "sums") is True, "although music has a version 1 of other words"
    assert put(engine, "maths", 3, "more sums") is True
    assert put(engine, "music", 2, "two") is True, "although maths has a higher one"
    assert put(engine, "music", 1, TEXT) is False
    assert put(engine, "music", 3, "more sums") is True, "the same words, kept once"
    assert put(engine, "maths", 1, "staff", "staff") is True
    with pytest.raises(VersionTaken):
        put(engine, "maths", 2, "two")
    assert current(engine, maths) == {
        "pupil": sha256(b"more sums").hexdigest(),
        "staff": sha256(b"staff").hexdigest(),
    }
    assert current(engine, field.study.id) == {"pupil": sha256(b"more sums").hexdigest()}
    assert [(one.questionnaire, one.version) for one in published(engine, maths)] == [
        ("pupil", 1),
        ("pupil", 3),
        ("staff", 1),
    ]
    assert [one.version for one in published(engine, field.study.id)] == [1, 2, 3]
    assert [one.version for one in published(engine, maths, "staff")] == [1]
    with session(engine) as db:
        assert texts_before(db, "music", "pupil", 3) == [TEXT, "two"]
        assert texts_before(db, "maths", "pupil", 3) == ["sums"]
        assert texts_before(db, "maths", "pupil", 1) == texts_before(db, "maths", "staff", 1) == []


def test_only_the_one_questionnaire_whose_sum_begins_so_is_found(engine: Engine, field: Field) -> None:
    plan = "study: music"
    with session(engine) as db:
        publish_study(db, "music", plan)
    assert text_of(engine, sha256(plan.encode()).hexdigest()) == plan
    assert text_beginning(engine, sha256(plan.encode()).hexdigest()) is None, "that is no questionnaire"
    texts = {}
    for number in range(300):
        sum_ = sha256(str(number).encode()).hexdigest()
        texts.setdefault(sum_[:2], []).append((str(number), sum_))
    (one, its), (other, theirs) = next(pair for pair in texts.values() if len(pair) == 2 and pair[0][1][:2] != SHA[:2])
    put(engine, "music", 2, one)
    assert text_beginning(engine, its[:2]) == (its, one)
    put(engine, "music", 3, other)
    assert its[:2] == theirs[:2]
    assert text_beginning(engine, its[:2]) is None, "two begin so"
    assert text_beginning(engine, theirs) == (theirs, other)
    assert text_beginning(engine, f"{its[:6]}é") is None


# ---- the field --------------------------------------------------------------------------------------------


def test_schools_classes_areas_and_waves_of_the_same_code_are_two(engine: Engine, field: Field, maths: int) -> None:
    with session(engine) as db:
        study = study_by_code(db, "maths")
        assert study is not None
        assert (study.title, study.language, study.time_zone) == ("Mathematics", "cy", "Europe/Dublin")
        areas = keep_programmes(db, study, [("north", "Up there")])
        school = keep_school(db, study, "s01", title="Another School", arm=None, programme=areas["north"])
        keep_class(db, school, "4r", title="Wrens")
        keep_class(db, keep_school(db, study, "s02", title="Second", arm=None), "4r", title="Owls")
        keep_waves(db, study, [("w1", "Spring", None, None)])
    with session(engine) as db:
        schools = db.execute(
            select(Study.code, School.code, School.title, School.arm).join(Study).order_by(School.id)
        ).all()
        classes = db.execute(
            select(Study.code, School.code, SchoolClass.title)
            .join(School, School.id == SchoolClass.school_id)
            .join(Study, Study.id == School.study_id)
            .order_by(SchoolClass.id)
        ).all()
        waves = db.execute(select(Study.code, Wave.code, Wave.title, Wave.position).join(Study).order_by(Wave.id)).all()
        assert [tuple(one) for one in schools] == [
            ("music", "s01", "Hill School", "programme"),
            ("music", "s02", "Dale School", "comparison"),
            ("maths", "s01", "Another School", None),
            ("maths", "s02", "Second", None),
        ]
        assert [tuple(one) for one in classes] == [
            ("music", "s01", "Robins"),
            ("maths", "s01", "Wrens"),
            ("maths", "s02", "Owls"),
        ]
        assert [tuple(one) for one in waves] == [
            ("music", "w1", "Autumn", 1),
            ("music", "w2", "Summer", 2),
            ("maths", "w1", "Spring", 1),
        ]


def test_what_is_kept_again_is_changed_and_not_made_twice(engine: Engine, field: Field) -> None:
    with session(engine) as db:
        study = keep_study(db, "music", title="Music now")
        keep_programmes(db, study, [("north", "Far north"), ("south", "The South")])
        waves = keep_waves(
            db, study, [("w2", "First", date(2026, 6, 2), None), ("w1", "Second", None, date(2025, 10, 25))]
        )
        assert list(waves) == ["w1", "w2"]
        school = keep_school(db, study, "s01", title="Hilltop", arm=None)
        keep_class(db, school, "4r", title="Wrens")
    with session(engine) as db:
        study = study_by_code(db, "music")
        assert study is not None
        assert (study.title, study.language, study.time_zone) == ("Music now", "en", "Europe/London")
        assert [(one.code, one.title) for one in study.programmes] == [("north", "Far north"), ("south", "The South")]
        assert [(one.code, one.title, one.opens, one.closes) for one in study.waves] == [
            ("w2", "First", date(2026, 6, 2), None),
            ("w1", "Second", None, date(2025, 10, 25)),
        ]
        assert next((one.code, one.title, one.arm, one.programme) for one in study.schools) == (
            "s01",
            "Hilltop",
            None,
            None,
        )
        assert [(one.code, one.title) for one in study.schools[0].classes] == [("4r", "Wrens")]
        assert study_by_code(db, "musik") is None
        assert study_by_code(db, "\0") is None


# ---- when a door opens ------------------------------------------------------------------------------------

WAVE = Hours(NOW, NOW + 10 * SECOND, NOW + 12 * SECOND, NOW + 20 * SECOND)


def is_open(door: Door, now: datetime, wave: Hours = WAVE) -> bool:
    return door.shut_at(now, wave, UTC) is None


@pytest.mark.parametrize(
    ("seconds", "begins", "leads_back"),
    [(-1, False, False), (0, True, True), (11, True, True), (12, False, True), (19, False, True), (20, False, False)],
)
def test_a_door_that_follows_its_wave_opens_and_leads_back_with_it(
    seconds: int, begins: bool, leads_back: bool
) -> None:
    now = NOW + seconds * SECOND
    personal, open_ = Door(participant_id=1), Door()
    assert (is_open(personal, now), personal.leads_back(now, WAVE)) == (begins, leads_back)
    assert (is_open(open_, now), open_.leads_back(now, WAVE)) == (begins, False), "no one knows who began"
    ended = Door(participant_id=1, ended_at=NOW - SECOND)
    assert not is_open(ended, now)
    assert not ended.leads_back(now, WAVE)
    assert is_open(personal, now, Hours())
    assert personal.leads_back(now, Hours())


@pytest.mark.parametrize(
    ("opens", "closes", "open_at"),
    [(3, 6, [3, 5]), (3, None, [3, 5, 6, 30]), (None, 6, [-1, 0, 3, 5]), (30, 40, [30])],
)
def test_a_door_with_times_of_its_own_keeps_to_them(opens: int | None, closes: int | None, open_at: list[int]) -> None:
    times = {
        name: None if at is None else NOW + at * SECOND for name, at in (("opens_at", opens), ("closes_at", closes))
    }
    door = Door(participant_id=1, **times)
    assert door.has_own_times
    assert [at for at in (-1, 0, 3, 5, 6, 30) if is_open(door, NOW + at * SECOND)] == open_at
    assert not any(door.leads_back(NOW + at * SECOND, WAVE) for at in (0, 3, 15))
