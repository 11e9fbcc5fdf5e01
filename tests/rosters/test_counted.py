"""How many are in each list, who is asked nothing, and a list written back: each line of it, and of no other study."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from sqlalchemy import select

from survey.audit import COMMAND_LINE
from survey.database import read
from survey.fieldwork import SchoolClass, Study
from survey.fieldwork.participants import kinship
from survey.fieldwork.roster import write_linkage, write_roster
from survey.fieldwork.roster.writing import WaveCount, wave_counts
from survey.fieldwork.unasked import Unasked, said_of, unasked_in
from survey.responses.withdrawing import Withdrawal, withdraw
from tests.rosters.small_field import BY_YEAR, NOW, ROSTER, SCHOOLS, STUDY, Desk, publish
from tests.rosters.test_linkage import LINKED, WITH_UPNS, expected, hashes, linked

__all__ = ["linked"]

pytestmark = pytest.mark.one_engine

EMPTY = WaveCount("w2", "Autumn 2026", {}, 0, 0)


def study_id(desk: Desk) -> int:
    with read(desk.engine) as connection:
        return connection.scalars(select(Study.id).where(Study.code == desk.study)).one()


def counted(desk: Desk) -> list[WaveCount]:
    return wave_counts(desk.engine, study_id(desk))


def written(desk: Desk, wave: str = "w1") -> list[str]:
    out = io.StringIO()
    number = write_roster(desk.engine, desk.study, wave, out)
    lines = out.getvalue().splitlines()
    assert number == len(lines) - 1
    return lines


@pytest.fixture
def twin(desk: Desk, tmp_path: Path) -> Desk:
    """Another study in the same database, with the same waves and schools."""
    publish(desk.engine, tmp_path / "twin", study=STUDY.replace("small-notes", "twin"))
    other = Desk(desk.engine, desk.settings, "twin")
    other.take(SCHOOLS.replace("Ash", "Oak"), None)
    return other


def test_a_wave_is_counted_by_audience_with_those_who_left_and_the_schools_apart(desk: Desk) -> None:
    assert counted(desk) == [WaveCount("w1", "Autumn 2025", {}, 0, 0), EMPTY]
    desk.take(ROSTER)
    assert counted(desk) == [WaveCount("w1", "Autumn 2025", {"parent": 1, "pupil": 3}, 0, 2), EMPTY]
    assert counted(desk)[0].total == 4
    desk.take(ROSTER.replace("p2,pupil,s1,4a,Robins,,4,m,no\n", "").replace("p1 p2", "p1"), yes=["left"])
    assert counted(desk) == [WaveCount("w1", "Autumn 2025", {"parent": 1, "pupil": 2}, 1, 2), EMPTY]
    desk.take("participant,school\np8,s2\n", "w2")
    assert counted(desk)[1] == WaveCount("w2", "Autumn 2026", {"pupil": 1}, 0, 1)
    # The only one of a school leaves: no one of that school is in the list.
    desk.take("participant,school\np7,s1\n", "w2")
    desk.take("participant,school\np9,s2\n", "w2", yes=["left"])
    assert counted(desk)[1] == WaveCount("w2", "Autumn 2026", {"pupil": 2}, 1, 2)


def test_a_list_is_written_with_everything_it_was_imported_with(desk: Desk) -> None:
    desk.take(ROSTER)
    assert written(desk) == [
        "participant,audience,school,class,class_title,parent_of,year,attendance,clubs,sex,fsm,began",
        "a1,parent,s1,,,p1 p2,,,,,,",
        "p1,pupil,s1,4a,Robins,,4,,,f,yes,",
        "p2,pupil,s1,4a,Robins,,4,,,m,no,",
        "p3,pupil,s2,4,Year 4,,4,,,m,,",
    ]
    assert written(desk, "w2") == [
        "participant,audience,school,class,class_title,parent_of,year,attendance,clubs,sex,fsm,began"
    ]
    desk.take(ROSTER.replace("p3,pupil,s2,4,Year 4,,4,m,\n", "p4,pupil,s2,4,Year 4,,4,m,\n"), yes=["left"])
    assert [line.split(",")[0] for line in written(desk)] == ["participant", "a1", "p1", "p2", "p4"]


def test_a_list_without_parents_is_written_without_their_column(desk: Desk) -> None:
    desk.take("participant,school,attendance\np1,s1,93.5\n")
    assert written(desk) == [
        "participant,audience,school,class,class_title,year,attendance,clubs,sex,fsm,began",
        "p1,pupil,s1,,,,93.5,,,,",
    ]


# ---- who is asked nothing ---------------------------------------------------------------------------------


def test_who_is_asked_nothing_is_listed_with_where_they_are(empty_desk: Desk, tmp_path: Path) -> None:
    publish(empty_desk.engine, tmp_path / "study", study=BY_YEAR)
    empty_desk.take(SCHOOLS, None)
    rows = (
        "participant,audience,school,class,year\np1,pupil,s1,4a,4\np2,pupil,s1,4a,\np3,pupil,s2,6b,6\nt1,staff,s2,,\n"
        "p4,pupil,s1,4a,\np5,pupil,s1,4a,6\n"
    )
    empty_desk.take(rows)
    empty_desk.take(rows.replace("p4,pupil,s1,4a,\n", ""), yes=["left"])
    empty_desk.take("participant,school,class,year\np2,s1,5a,5\n", "w2")
    withdraw(empty_desk.engine, Withdrawal("all", "parent", 6), COMMAND_LINE, NOW)
    (study,) = [study_id(empty_desk)]
    from survey.definition.reading import parse_study

    plan = parse_study(BY_YEAR)
    p2 = Unasked("p2", "pupil", "w1", "no year", "", 1, "4a")
    p3 = Unasked("p3", "pupil", "w1", "year", "6", 2, "6b")
    t1 = Unasked("t1", "staff", "w1", "audience", "", 2, "")
    again = Unasked("p2", "pupil", "w2", "year", "5", 1, "5a")
    with read(empty_desk.engine) as connection:
        assert list(unasked_in(connection, plan, study)) == [p2, p3, t1, again]
        assert list(unasked_in(connection, plan, study, wave="w1")) == [p2, p3, t1]
        assert list(unasked_in(connection, plan, study, {1})) == [p2, again]
        assert list(unasked_in(connection, plan, study, set())) == []
        assert list(unasked_in(connection, plan, study + 1)) == []


def test_the_sentences_count_and_name_the_years_in_their_order() -> None:
    def of(audience: str, why: str, *years: str) -> list[Unasked]:
        return [Unasked(f"p{at}", audience, "w1", why, year) for at, year in enumerate(years)]  # type: ignore[arg-type]

    assert said_of(of("pupil", "year", "10", "2", "R", "2", "11")) == [
        (
            "5 pupils are in year groups 2, R, 10 and 11, which no questionnaire of this wave asks, so they will not be asked "
            "anything."
        )
    ]
    assert said_of(of("pupil", "year", "5")) == [
        "1 pupil is in year group 5, which no questionnaire of this wave asks, so they will not be asked anything."
    ]
    assert said_of([*of("staff", "audience", "", ""), *of("parent", "audience", "")]) == [
        "2 members of staff will not be asked anything: no questionnaire of this wave is for staff.",
        "1 parent will not be asked anything: no questionnaire of this wave is for parents.",
    ]
    assert said_of(of("pupil", "no year", *[""] * 1200))[0].startswith("1,200 pupils have no year group, so they")
    assert said_of([]) == []


# ---- another study ----------------------------------------------------------------------------------------


def test_a_list_of_one_study_knows_and_changes_nothing_of_another(desk: Desk, twin: Desk) -> None:
    twin.take(ROSTER)
    before = (written(twin), twin.where(), twin.where("w2"), counted(twin))
    preview = desk.look("participant,school,class,year\np1,s1,9z,3\n")
    assert [(change.code, *change.what) for change in preview.added] == [("p1", "new: s1, class 9z")]
    assert (preview.left, preview.not_here, preview.moved, preview.doubts) == ([], [], [], [])
    desk.take("participant,audience,school,class,parent_of,year\np1,pupil,s1,9z,,3\nb1,parent,s1,,p1,\n")
    desk.take("participant,audience,school,class,parent_of,year\np9,pupil,s1,9z,,3\nb1,parent,s1,,p9,\n", yes=["left"])
    desk.take("school,title,arm\ns1,Elm Primary,programme\n", None)
    assert (written(twin), twin.where(), twin.where("w2"), counted(twin)) == before
    assert desk.where() == {"p1": ("s1", "9z", True), "b1": ("s1", None, False), "p9": ("s1", "9z", False)}
    with read(desk.engine) as connection:
        assert len(connection.execute(select(kinship)).all()) == 3
        assert sorted(connection.scalars(select(SchoolClass.code))) == ["4", "4a", "9z"]
    assert desk.problems("participant,school,audience,parent_of\nc1,s1,parent,p2\n") == [
        (
            "row 2, column D (parent_of): There is no pupil 'p2' in the study or in this file. Please correct the code, or "
            "import the pupils' roster first."
        )
    ]


def test_who_withdrew_from_one_study_is_known_in_another(desk: Desk, twin: Desk) -> None:
    twin.take(ROSTER)
    withdraw(desk.engine, Withdrawal("all", "parent", 1), COMMAND_LINE, NOW)
    assert twin.facts("p1") == ({}, {})
    desk.take(ROSTER)
    assert desk.facts("p1") == ({"sex": "f", "fsm": "yes"}, {"year": 4})
    twin.take(ROSTER)
    assert twin.facts("p1") == ({}, {}), "a later list brings nothing back"


def test_hashes_of_one_study_are_not_given_with_those_of_another(linked: Desk, tmp_path: Path) -> None:
    linked.take(WITH_UPNS)
    publish(linked.engine, tmp_path / "twin", LINKED, STUDY.replace("small-notes", "twin"))
    twin = Desk(linked.engine, linked.settings, "twin")
    twin.take(SCHOOLS, None)
    twin.take("participant,school,upn\nq1,s1,P207000016049\n")
    assert hashes(linked) == {"p1": expected(linked, "P207000016049"), "p2": expected(linked, "B801200005001")}
    out = io.StringIO()
    assert write_linkage(twin.engine, "twin", out, COMMAND_LINE, NOW) == 1
    (line,) = out.getvalue().splitlines()[1:]
    assert line.startswith("q1,")
    assert line.removeprefix("q1,") != expected(linked, "P207000016049"), "the study's code is in it"
