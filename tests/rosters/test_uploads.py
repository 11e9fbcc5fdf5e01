"""Lists that wait to be confirmed: their owner's, for an hour; and two lists taken in at once are one after the other."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from survey.audit import COMMAND_LINE, entries
from survey.database import read, session
from survey.fieldwork import School, Wave, study_by_code
from survey.fieldwork.roster import (
    LIFE,
    Misread,
    Preview,
    drop_upload,
    expire_uploads,
    keep_upload,
    kept_upload,
    packed_problems,
    take_in,
)
from survey.fieldwork.roster.uploads import upload
from tests.rosters.small_field import NOW, ROSTER, Desk


def study_id(desk: Desk) -> int:
    with session(desk.engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        return study.id


def waiting(desk: Desk) -> int:
    with read(desk.engine) as connection:
        return connection.scalar(select(func.count()).select_from(upload)) or 0


def test_an_upload_is_found_by_its_owner_in_its_study_for_an_hour(desk: Desk) -> None:
    study = study_id(desk)
    new = keep_upload(desk.engine, study, "ann", "w1", True, "digest", b"\x00\xfflists", NOW)
    found = kept_upload(desk.engine, study, "ann", new, NOW + LIFE)
    assert found is not None
    assert (found.wave, found.correct, found.digest, found.lists, found.problems) == (
        "w1", True, "digest", b"\x00\xfflists", [],
    )  # fmt: skip
    assert kept_upload(desk.engine, study, "ben", new, NOW) is None
    assert kept_upload(desk.engine, study + 1, "ann", new, NOW) is None
    assert kept_upload(desk.engine, study, "ann", "\0", NOW) is None
    assert kept_upload(desk.engine, study, "ann", new, NOW + LIFE + timedelta(seconds=1)) is None


def test_the_next_upload_of_the_same_person_takes_its_place(desk: Desk) -> None:
    study = study_id(desk)
    problems = [Misread("Year 4", 17, 4, "This is wrong.", "Class")]
    keep_upload(desk.engine, study, "ann", "w1", False, "digest", b"lists", NOW)
    new = keep_upload(desk.engine, study, "ann", "w1", False, "", packed_problems(problems), NOW)
    assert waiting(desk) == 1
    found = kept_upload(desk.engine, study, "ann", new, NOW)
    assert found is not None
    assert found.problems == [('sheet "Year 4", row 17, column D (Class)', "This is wrong.")]


def test_uploads_go_when_dropped_and_when_too_old(desk: Desk) -> None:
    study = study_id(desk)
    first = keep_upload(desk.engine, study, "ann", "w1", False, "digest", b"lists", NOW)
    drop_upload(desk.engine, study, "ben", first, NOW)
    assert waiting(desk) == 1, "it is not ben's"
    drop_upload(desk.engine, study, "ann", first, NOW)
    assert waiting(desk) == 0
    keep_upload(desk.engine, study, "ann", "w1", False, "digest", b"lists", NOW)
    expire_uploads(desk.engine, NOW + LIFE)
    assert waiting(desk) == 1
    expire_uploads(desk.engine, NOW + LIFE + timedelta(seconds=1))
    assert waiting(desk) == 0


def test_two_lists_taken_in_at_once_are_taken_one_after_the_other(desk: Desk) -> None:
    done: list[Preview] = []
    ready = threading.Barrier(4)

    def take() -> None:
        ready.wait()
        done.append(
            take_in(desk.engine, desk.settings, "small-notes", "w1", ROSTER.encode(), "r.csv", COMMAND_LINE, NOW)
        )

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(preview.added) for preview in done) == [0, 0, 0, 4]
    assert len(list(entries(desk.engine, what="imported a roster"))) == 1


def test_a_wave_opens_by_the_clock_of_the_school(desk: Desk) -> None:
    desk.take("school,title,arm,time_zone\ns1,Ash Primary,programme,Asia/Karachi\n", None)
    with session(desk.engine) as db:
        wave = db.scalars(select(Wave).where(Wave.code == "w1")).one()
        schools = {school.code: school for school in db.scalars(select(School))}
        assert wave.hours(schools["s1"])[0] == datetime(2025, 9, 22, tzinfo=ZoneInfo("Asia/Karachi"))
        assert (
            wave.hours(schools["s2"])[0] == wave.hours()[0] == datetime(2025, 9, 22, tzinfo=ZoneInfo("Europe/London"))
        )
