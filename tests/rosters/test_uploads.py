"""Files that wait to be confirmed: sealed, their owner's, for an hour; and two rosters imported at once come in turn."""

from __future__ import annotations

import threading
import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import func, select

from survey.audit import LogFilter, entries
from survey.database import read, session
from survey.fieldwork import School, Wave, study_by_code
from survey.fieldwork.roster import RosterPreview
from survey.fieldwork.roster.tables import SentFile
from survey.fieldwork.waiting import LIFE, Owner, Waiting, drop, expire, keep, kept, upload
from tests.rosters.small_field import NOW, ROSTER, Desk, import_roster


def ann(desk: Desk, kind: str = "roster", name: str = "ann", other: int = 0) -> Owner:
    with session(desk.engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        return Owner(kind, name, study.id + other)


def waiting(desk: Desk) -> int:
    with read(desk.engine) as connection:
        return connection.scalar(select(func.count()).select_from(upload)) or 0


LISTS = Waiting({"wave": "w1", "correct": True}, b"\x00\xfflists")


def test_a_file_is_found_by_its_owner_in_its_study_for_an_hour(desk: Desk) -> None:
    owner = ann(desk)
    token = keep(desk.engine, owner, LISTS, NOW)
    assert kept(desk.engine, owner, token, NOW + LIFE) == LISTS
    assert kept(desk.engine, ann(desk, name="ben"), token, NOW) is None
    assert kept(desk.engine, ann(desk, kind="reasons"), token, NOW) is None
    assert kept(desk.engine, ann(desk, other=1), token, NOW) is None
    assert kept(desk.engine, replace(owner, study_id=None), token, NOW) is None
    assert kept(desk.engine, owner, "\0", NOW) is None
    assert kept(desk.engine, owner, "\ud800", NOW) is None
    assert kept(desk.engine, owner, token, NOW + LIFE + timedelta(seconds=1)) is None


def test_a_file_of_a_study_that_is_not_there_yet_waits_as_well(desk: Desk) -> None:
    owner = Owner("new_study", "ann")
    token = keep(desk.engine, owner, LISTS, NOW)
    assert kept(desk.engine, owner, token, NOW) == LISTS
    drop(desk.engine, owner, token, NOW)
    assert waiting(desk) == 0


def test_the_database_cannot_tell_what_waits(desk: Desk) -> None:
    words = b"a word that stands nowhere else"
    said = [("row 2", "Zebedee is not a code.")]
    token = keep(desk.engine, ann(desk), Waiting({"wave": "autumnal"}, words, said), NOW)
    with read(desk.engine) as connection:
        row = connection.execute(select(upload)).one()
    held = b"".join(one if isinstance(one, bytes) else str(one).encode() for one in row)
    assert not any(word in held for word in (words, b"Zebedee", b"autumnal", token.encode()))
    assert zlib.compress(words)[2:-4] not in held
    with pytest.raises(InvalidTag):
        Waiting.opened(row.sealed, token[::-1])


def test_the_next_file_of_the_same_person_and_kind_takes_its_place(desk: Desk) -> None:
    problems = [('sheet "Year 4", row 17, column D (Class)', "This is wrong.")]
    first = keep(desk.engine, ann(desk), LISTS, NOW)
    other = keep(desk.engine, ann(desk, kind="reasons"), LISTS, NOW)
    second = keep(desk.engine, ann(desk), Waiting(problems=problems), NOW)
    assert waiting(desk) == 2
    assert kept(desk.engine, ann(desk), first, NOW) is None
    assert kept(desk.engine, ann(desk, kind="reasons"), other, NOW) == LISTS
    found = kept(desk.engine, ann(desk), second, NOW)
    assert found is not None
    assert list(found.problems) == problems


def test_files_go_when_dropped_and_when_too_old(desk: Desk) -> None:
    first = keep(desk.engine, ann(desk), LISTS, NOW)
    drop(desk.engine, ann(desk, name="ben"), first, NOW)
    assert waiting(desk) == 1, "it is not ben's"
    drop(desk.engine, ann(desk), first, NOW)
    assert waiting(desk) == 0
    keep(desk.engine, ann(desk), LISTS, NOW)
    expire(desk.engine, NOW + LIFE)
    assert waiting(desk) == 1
    expire(desk.engine, NOW + LIFE + timedelta(seconds=1))
    assert waiting(desk) == 0


@pytest.mark.one_engine
@pytest.mark.parametrize("road", ["keep", "drop", "expire"])
def test_what_is_just_an_hour_old_stays_when_what_is_older_goes(desk: Desk, road: str) -> None:
    keep(desk.engine, ann(desk, name="old"), LISTS, NOW - timedelta(seconds=1))
    token = keep(desk.engine, ann(desk), LISTS, NOW)
    if road == "keep":
        keep(desk.engine, ann(desk, name="ben"), LISTS, NOW + LIFE)
        assert waiting(desk) == 2
    if road == "drop":
        drop(desk.engine, ann(desk, name="ben"), "none", NOW + LIFE)
        assert waiting(desk) == 1
    if road == "expire":
        expire(desk.engine, NOW + LIFE)
        assert waiting(desk) == 1
    assert kept(desk.engine, ann(desk), token, NOW + LIFE) == LISTS


def test_two_lists_taken_in_at_once_are_taken_one_after_the_other(desk: Desk) -> None:
    done: list[RosterPreview] = []
    ready = threading.Barrier(4)

    def take() -> None:
        ready.wait()
        done.append(
            import_roster(desk.engine, desk.settings, "small-notes", "w1", SentFile(ROSTER.encode(), "r.csv"), NOW)
        )

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(preview.added) for preview in done) == [0, 0, 0, 4]
    assert len(list(entries(desk.engine, LogFilter(what="imported a roster")))) == 1


def test_a_wave_opens_by_the_clock_of_the_school(desk: Desk) -> None:
    desk.take("school,title,arm,time_zone\ns1,Ash Primary,programme,Asia/Karachi\n", None)
    with session(desk.engine) as db:
        wave = db.scalars(select(Wave).where(Wave.code == "w1")).one()
        schools = {school.code: school for school in db.scalars(select(School))}
        assert wave.hours(schools["s1"])[0] == datetime(2025, 9, 22, tzinfo=ZoneInfo("Asia/Karachi"))
        assert (
            wave.hours(schools["s2"])[0] == wave.hours()[0] == datetime(2025, 9, 22, tzinfo=ZoneInfo("Europe/London"))
        )
