"""What each audience and year group is asked in a wave, and when a wave takes answers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from survey.database import Engine, session
from survey.definition.reading import parse_study
from survey.fieldwork import study_by_code
from survey.fieldwork.waves import Hours, asked, forget_hours, hours, hours_of, last_day, plan_of, wave_at
from survey.responses import SavedPage, save
from tests.filled import keep_school
from tests.pages.small_study import PUPIL, STUDY
from tests.waves.conftest import Ground

PLAN = parse_study(
    STUDY.replace(
        "  - {questionnaire: pupil, audience: pupil, waves: [w1, w2]}",
        "  - {questionnaire: young, audience: pupil, years: [1, 2], waves: [w1, w2]}\n"
        "  - {questionnaire: pupil, audience: pupil, years: [3, 4], waves: [w2]}\n"
        "  - {questionnaire: every, audience: pupil, waves: [w1, w2]}\n"
        "  - {questionnaire: concert, audience: parent, waves: [w2], open_link_only: yes}",
    )
)


@pytest.mark.parametrize(
    ("audience", "facts", "wave", "gets"),
    [
        ("pupil", {"year": 1}, "w1", ["young", "every"]),
        ("pupil", {"year": 2.0}, "w2", ["young", "every"]),
        ("pupil", {"year": "2"}, "w2", ["young", "every"]),
        ("pupil", {"year": 3}, "w1", ["every"]),
        ("pupil", {"year": 3}, "w2", ["pupil", "every"]),
        ("pupil", {"year": 5}, "w2", ["every"]),
        ("pupil", {}, "w2", ["every"]),
        ("pupil", {"year": None}, "w2", ["every"]),
        ("parent", {}, "w1", []),
        ("parent", {"year": 1}, "w2", ["parent"]),
        ("staff", {}, "w2", []),
        ("pupil", {"year": 1}, "w9", []),
    ],
)
def test_who_gets_what(audience: str, facts: dict[str, object], wave: str, gets: list[str]) -> None:
    assert asked(PLAN, audience, facts, wave) == gets


@pytest.mark.parametrize(
    ("now", "wave"),
    [
        ("2020-01-01T00:00", "w1"),
        ("2025-12-19T23:59", "w1"),
        ("2025-12-20T00:00", "w2"),  # between the two, the next one
        ("2099-12-31T23:59", "w2"),
        ("2100-01-01T00:00", "w2"),  # after the last, the last
    ],
)
def test_people_work_on_the_wave_that_is_open_or_comes_next_or_was_last(now: str, wave: str) -> None:
    assert wave_at(PLAN, moment(now)) == wave


def test_the_last_day_is_that_before_the_midnight_by_its_clock() -> None:
    midnight = datetime(2025, 10, 27, tzinfo=ZoneInfo("Europe/London"))
    assert last_day(midnight) == date(2025, 10, 26)
    assert last_day(None) is None


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "state", "begins"),
    [
        ("2025-09-21T22:59:59", "not open yet", False),
        ("2025-09-21T23:00:00", "open", True),
        ("2025-12-19T23:59:59", "open", True),
        ("2025-12-20T00:00:00", "late", True),
        ("2025-12-22T00:00:00", "late", False),
        ("2026-01-02T23:59:59", "late", False),
        ("2026-01-03T00:00:00", "closed", False),
    ],
)
def test_days_are_those_of_the_studys_clock(ground: Ground, now: str, state: str, begins: bool) -> None:
    ground.published(datetime(2025, 9, 22).date(), datetime(2025, 12, 19).date())  # noqa: DTZ001 - only its day
    with session(ground.engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        when = hours(study.waves[0], None, plan_of(ground.engine, study))
    assert (when.state(moment(now)), when.begins(moment(now))) == (state, begins)


def test_a_school_elsewhere_keeps_its_own_days(ground: Ground) -> None:
    ground.published(datetime(2025, 9, 22).date(), datetime(2025, 10, 24).date())  # noqa: DTZ001 - only its day
    with session(ground.engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        school = keep_school(db, study, "kochi", title="Kochi School", arm="programme")
        school.time_zone = "Asia/Kolkata"
        db.flush()
        when = hours(study.waves[0], school, plan_of(ground.engine, study))
        wave_id, school_id = study.waves[0].id, school.id
    assert when == Hours(
        moment("2025-09-21T18:30"), moment("2025-10-24T18:30"), moment("2025-10-26T18:30"), moment("2025-11-07T18:30")
    )
    assert hours_of(ground.engine, wave_id, school_id) == when
    # In Britain the clocks go back on 26 October: the late days still end at midnight.
    assert hours_of(ground.engine, wave_id, None).finish_until == moment("2025-11-08T00:00")


def test_a_wave_without_days_is_always_open() -> None:
    now = datetime.now(UTC)
    assert (Hours().state(now), Hours().begins(now), Hours().is_over(now)) == ("open", True, False)


def test_a_save_asks_for_the_hours_once_a_minute_at_most(ground: Ground) -> None:
    walker = ground.walker().come_in(ground.door("p001"))
    assert walker.screen == "sing_enjoy"
    (response,) = _ids(ground.engine)
    forget_hours(ground.engine)
    asked_for = []
    for number in (1, 2, 3):
        with _counted(ground.engine) as statements:
            save(
                ground.engine,
                response,
                SavedPage(1, number, "sing_enjoy", {"sing_enjoy": number}, now=datetime.now(UTC)),
            )
        asked_for.append(any("FROM wave" in statement for statement in statements))
    assert asked_for == [True, False, False]


def test_a_started_response_keeps_its_version_over_a_publication_in_mid_wave(ground: Ground) -> None:
    link = ground.door("p001")
    early = ground.walker().come_in(link).post({"q_sing_enjoy": "4"})
    today = datetime.now(UTC).date()
    changed = PUPIL.replace("version: 1", "version: 2").replace("How much do you like playing", "How fine is playing")
    ground.published(today - timedelta(days=30), today + timedelta(days=30), pupil=changed)
    assert "How much do you like playing music?" in early.open(early.address).heading
    back = ground.walker().open(link)
    assert "How much do you like playing music?" in back.heading, "also on another device"
    back.post({"q_play_enjoy": "2"})
    fresh = ground.walker().come_in(ground.door("p002")).post({"q_sing_enjoy": "1"})
    assert "How fine is playing music?" in fresh.heading
    with ground.engine.connect() as connection:
        versions = connection.exec_driver_sql(
            "SELECT publication.version, response.state FROM response JOIN publication "
            "ON publication.sha256 = response.sha256 ORDER BY publication.version"
        ).all()
    assert [tuple(row) for row in versions] == [(1, "finished"), (2, "started")]


def _ids(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT id FROM response").scalars())


class _counted:
    """The statements sent to a database meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statements: list[str] = []

    def _note(self, _c: object, _cursor: object, statement: str, *_rest: object) -> None:
        self._statements.append(statement)

    def __enter__(self) -> list[str]:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self._statements

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)
