"""Links and typed codes: what opens a door, and what does not."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from survey.database import Engine, read, session
from survey.fieldwork import NewDoor, door_by_code, door_by_token, end_door, new_door
from survey.fieldwork.doors import Door, LeadsTo, OwnTimes, Shut, is_rude
from survey.fieldwork.waves import Hours
from tests.store.field import KEY, NOW, Field


@pytest.fixture
def door(engine: Engine, field: Field) -> NewDoor:
    """A door open for an hour."""
    with session(engine) as db:
        return new_door(
            db,
            wave=field.autumn,
            questionnaire="pupil",
            key=KEY,
            to=LeadsTo(school_class=field.robins),
            times=OwnTimes(opens_at=NOW, closes_at=NOW + timedelta(hours=1)),
        )


def by_code(engine: Engine, code: str, now: datetime = NOW, key: bytes = KEY) -> Door | None:
    with session(engine) as db:
        return door_by_code(db, code, key, now)


def by_token(engine: Engine, token: str, now: datetime = NOW) -> Door | None:
    with session(engine) as db:
        return door_by_token(db, token, now)


def test_a_link_and_a_code_open_the_same_door(engine: Engine, field: Field, door: NewDoor) -> None:
    found = by_code(engine, door.code)
    linked = by_token(engine, door.token)
    assert found is not None
    assert linked is not None
    assert found.id == linked.id == door.door.id
    assert (found.study.code, found.wave.code, found.questionnaire) == ("music", "w1", "pupil")
    assert (found.school_id, found.school_class_id) == (field.north_school.id, field.robins.id)


def test_codes_are_syllables_in_groups(engine: Engine, field: Field, door: NewDoor) -> None:
    syllable = "[bdfgjklmnprstvwz][aeiou]"
    assert re.fullmatch(f"({syllable}{syllable} ){{3}}{syllable}", door.code)
    with session(engine) as db:
        personal = new_door(db, wave=field.autumn, questionnaire="pupil", key=KEY, to=LeadsTo(participant=field.pupil))
    assert re.fullmatch(f"({syllable}{syllable} ){{3}}{syllable}{syllable}", personal.code)
    assert re.fullmatch(r"[\w-]{22}", door.token)


def test_case_spaces_and_dashes_do_not_matter(engine: Engine, door: NewDoor) -> None:
    first, second = door.code[:9], door.code[10:]
    for typed in (door.code.upper(), first + second, f"{first}-{second}", f"  {first}\u00a0{second.title()}\n"):
        assert by_code(engine, typed) is not None, typed


@pytest.mark.one_engine
def test_a_nought_counts_as_o_and_a_one_as_i(monkeypatch: pytest.MonkeyPatch, engine: Engine, field: Field) -> None:
    letters = iter("rovikimobelaso")
    monkeypatch.setattr("survey.fieldwork.doors.secrets.choice", lambda _: next(letters))
    with session(engine) as db:
        made = new_door(db, wave=field.autumn, questionnaire="pupil", key=KEY)
    assert made.code == "rovi kimo bela so"
    for typed in ("r0vi kimo bela so", "R0V1K1M0BELAS0", "rov1-kim0 bela-s0"):
        assert by_code(engine, typed, datetime(2025, 10, 1, tzinfo=UTC)) is not None, typed
    for typed in ("rovl kimo bela so", "r8vi kimo bela so", "rvi kmo bla s"):
        assert by_code(engine, typed, datetime(2025, 10, 1, tzinfo=UTC)) is None, typed


@pytest.mark.parametrize("typed", ["", "bobo", "\x00", "\ud800", "la " * 100_000, "' OR 1=1 --", "%", "ŵyl"])
def test_wrong_codes_and_links_open_nothing(engine: Engine, door: NewDoor, typed: str) -> None:
    assert by_code(engine, typed) is None
    assert by_token(engine, typed) is None


def test_a_code_does_not_open_under_another_installations_key(engine: Engine, door: NewDoor) -> None:
    assert by_code(engine, door.code, key=b"another key") is None


def test_a_door_that_is_shut_says_why(engine: Engine, door: NewDoor) -> None:
    early, over = NOW - timedelta(seconds=1), NOW + timedelta(hours=1)
    for found in (by_code(engine, door.code), by_token(engine, door.token)):
        assert found is not None
        assert found.shut is None
    for moment, why in ((early, Shut("early", NOW.date())), (over, Shut("over", NOW.date()))):
        for found in (by_code(engine, door.code, moment), by_token(engine, door.token, moment)):
            assert found is not None
            assert (found.shut, found.comes_back) == (why, False)
    with session(engine) as db:
        found = door_by_code(db, door.code, KEY, NOW)
        assert found is not None
        end_door(db, found, NOW)
        end_door(db, found, NOW + timedelta(minutes=5))
        assert found.ended_at == NOW
    for found in (by_code(engine, door.code), by_token(engine, door.token, over)):
        assert found is not None
        assert found.shut == Shut("ended"), "that it was ended counts for more than the day"


def test_neither_token_nor_code_is_in_the_database(engine: Engine, door: NewDoor) -> None:
    with read(engine) as connection:
        kept = str(connection.execute(text("SELECT * FROM door")).all())
    assert door.token not in kept
    assert door.code not in kept
    assert door.code.replace(" ", "") not in kept


def test_no_code_is_rude(monkeypatch: pytest.MonkeyPatch, engine: Engine, field: Field) -> None:
    letters = iter("nudilalalalalapipimamamamamabamerosilavato")
    monkeypatch.setattr("survey.fieldwork.doors.secrets.choice", lambda _: next(letters))
    with session(engine) as db:
        made = new_door(db, wave=field.autumn, questionnaire="pupil", key=KEY)
    assert made.code == "bame rosi lava to", "the first two drawn are deleted"
    assert is_rude("lapedo")
    assert not is_rude("ravokimu")


def test_a_code_in_use_is_not_given_out_again(monkeypatch: pytest.MonkeyPatch, engine: Engine, field: Field) -> None:
    letters = iter("ravokimupelasoravokimupelasozanebimolavato")
    monkeypatch.setattr("survey.fieldwork.doors.secrets.choice", lambda _: next(letters))
    with session(engine) as db:
        codes = [new_door(db, wave=field.autumn, questionnaire="pupil", key=KEY).code for _ in range(2)]
    assert codes == ["ravo kimu pela so", "zane bimo lava to"]


def test_a_wave_has_its_hours_in_the_studys_time_zone(engine: Engine, field: Field) -> None:
    with session(engine) as db:
        opens, over = db.merge(field.autumn).hours()
    assert opens == datetime(2025, 9, 14, 23, 0, tzinfo=UTC)
    assert over == datetime(2025, 10, 24, 23, 0, tzinfo=UTC), "at the end of the last day, still summer time"


LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("now", "shut"),
    [
        (datetime(2026, 6, 1, 22, 59, tzinfo=UTC), Shut("early", date(2026, 6, 2))),
        (datetime(2026, 6, 1, 23, 0, tzinfo=UTC), None),
        (datetime(2026, 6, 22, 22, 59, tzinfo=UTC), None),
        (datetime(2026, 6, 22, 23, 0, tzinfo=UTC), Shut("over", date(2026, 6, 20))),
    ],
)
def test_a_shut_door_names_the_days_people_were_told_of(now: datetime, shut: Shut | None) -> None:
    """By the school's clock, which is an hour ahead; and the last day, not the two days of grace after it."""
    opens, closes = datetime(2026, 6, 2, tzinfo=LONDON), datetime(2026, 6, 21, tzinfo=LONDON)
    grace = Hours(opens, closes, closes + timedelta(days=2), closes + timedelta(days=14))
    assert Door().shut_at(now, grace, LONDON) == shut
    assert Door(opens_at=opens.astimezone(UTC)).shut_at(now, Hours(), LONDON) == (
        shut if shut and shut.why == "early" else None
    )
