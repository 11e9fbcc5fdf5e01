"""Values as school information systems write them: read where they can mean one thing, said, and refused where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey.definition.study import Fact
from survey.fieldwork.roster import Lists, RosterPreview, looked_at
from survey.fieldwork.roster.meanings import shown
from tests.rosters.small_field import STUDY, Desk, publish

pytestmark = pytest.mark.one_engine

HEAD = "participant,school,class,"


def rows(column: str, *values: str) -> str:
    """Return a list with one more column, a row for each value."""
    return f"{HEAD}{column}\n" + "".join(f'p{n},s1,4a,"{value}"\n' for n, value in enumerate(values))


def read(preview: RosterPreview) -> list[str]:
    assert preview.problems == []
    return [one.said for one in preview.readings]


def values(desk: Desk, name: str, number: int) -> list[object]:
    return [{**desk.facts(f"p{n}")[0], **desk.facts(f"p{n}")[1]}.get(name) for n in range(number)]


@pytest.fixture
def needs(empty_desk: Desk, tmp_path: Path) -> Desk:
    """The small study with special educational needs, once as yes or no and once by kind of support."""
    more = """  - {fact: sen, title: Special educational needs, kind: yes_no}
  - {fact: support, title: Special educational needs support, kind: code,
     codes: {a: No special educational needs, b: SEN support, c: EHC plan}}
fieldwork:"""
    publish(empty_desk.engine, tmp_path / "study", study=STUDY.replace("fieldwork:", more))
    empty_desk.take("school,title,arm\ns1,Ash Primary,\n", None)
    return empty_desk


def test_year_groups_in_a_school_s_words_are_read_and_said(desk: Desk) -> None:
    file = rows("year", "Year 4", "Yr 4", "Y4", "04", " 4 ", "4", "NC Year 4", "YEAR GROUP 4", "Year 5")
    assert read(desk.look(file)) == [
        "Year group: “Year 4”, “Yr 4”, “Y4”, “04”, “NC Year 4” and “YEAR GROUP 4” are read as 4 (6 rows).",
        "Year group: “Year 5” is read as 5 (1 row).",
    ]
    desk.take(file)
    assert values(desk, "year", 9) == [4, 4, 4, 4, 4, 4, 4, 4, 5]


def test_reception_is_0_where_the_study_s_years_begin_with_0(desk: Desk, tmp_path: Path) -> None:
    file = rows("year", "R", "Reception", "Year R")
    assert read(desk.look(file)) == ["Year group: “R”, “Reception” and “Year R” are read as 0 (3 rows)."]
    publish(
        desk.engine, tmp_path / "study", study=STUDY.replace("kind: number, min: 0, max: 6", "kind: number, min: 1")
    )
    assert desk.problems(file) == [
        (
            "row 2, column D (year): 'R', 'Reception' and 'Year R' are not year groups of this study. Write a number, such "
            "as 4 for Year 4, or leave out the rows of pupils who are not in the study. (3 rows: 2, 3 and 4.)"
        )
    ]


def test_what_is_no_year_group_of_the_study_is_refused_once_with_what_to_write(desk: Desk) -> None:
    assert desk.problems(rows("year", *["N2"] * 9, "N1", "4/5", "Year 9", "P4")) == [
        (
            "row 2, column D (year): 'N2', 'N1', '4/5' and 'P4' are not year groups of this study. Write a number from 0 "
            "to 6, such as 4 for Year 4, or leave out the rows of pupils who are not in the study. "
            "(12 rows: 2, 3, 4, 5, 6 and 7 more.)"
        ),
        "row 13, column D (year): Year 9 is out of range: the study says 0 to 6.",
    ]


def test_a_number_that_is_no_year_group_is_not_read_as_one(desk: Desk) -> None:
    (said,) = desk.problems(rows("attendance", "Y90", "R"))
    assert "'Y90' and 'R' are not numbers. Write a number from 0 to 100" in said


def test_sex_is_read_by_the_labels_of_its_codes(desk: Desk) -> None:
    assert read(desk.look(rows("sex", "F", "Female", "M", "male", "Girl"))) == [
        "Sex: “Female” is read as f (Girl) (1 row).",
        "Sex: “male” is read as m (Boy) (1 row).",
    ]
    (said,) = desk.problems(rows("sex", "U", "X", "U"))
    assert said == (
        "row 2, column D (sex): 'U' and 'X' are not among the study's codes. Write f (Girl) or m (Boy), or clear the cell "
        "where it is not known. (3 rows: 2, 3 and 4.)"
    )


def test_codes_whose_labels_mean_something_else_are_not_guessed(desk: Desk, tmp_path: Path) -> None:
    """A code m may be the morning."""
    publish(desk.engine, tmp_path / "study", study=STUDY.replace("{f: Girl, m: Boy}", "{f: Full day, m: Morning}"))
    (said,) = desk.problems(rows("sex", "Male"))
    assert "'Male' is not one of the study's codes. Write f (Full day) or m (Morning)" in said


def test_yes_and_no_as_systems_write_them_are_read_and_said(desk: Desk) -> None:
    assert read(desk.look(rows("fsm", "T", "F", "Yes", "Y", "true", "0", "no"))) == [
        "Free school meals: “T”, “Y” and “true” are read as yes (3 rows).",
        "Free school meals: “F” and “0” are read as no (2 rows).",
    ]
    assert desk.problems(rows("fsm", "eligible", "Ever 6", "eligible")) == [
        (
            "row 2, column D (fsm): 'eligible' and 'Ever 6' are neither yes nor no. Write yes or no, or clear the cell where "
            "it is not known. (3 rows: 2, 3 and 4.)"
        )
    ]


def test_needs_are_read_as_schools_code_them(needs: Desk) -> None:
    file = f"{HEAD}sen,support\np0,s1,4a,K,K\np1,s1,4a,E,E\np2,s1,4a,N,N\n"
    assert read(needs.look(file)) == [
        "Special educational needs: “K” and “E” are read as yes (2 rows).",
        "Special educational needs: “N” is read as no (1 row).",
        "Special educational needs support: “K” is read as b (SEN support) (1 row).",
        "Special educational needs support: “E” is read as c (EHC plan) (1 row).",
        "Special educational needs support: “N” is read as a (No special educational needs) (1 row).",
    ]
    needs.take(file)
    assert values(needs, "sen", 3) == ["yes", "yes", "no"]
    assert values(needs, "support", 3) == ["b", "c", "a"]


def test_a_word_that_is_no_need_is_refused_and_not_taken_for_a_no(needs: Desk) -> None:
    assert read(needs.look(rows("sen", "none", "No SEN", "yes", "SEN support", "EHCP"))) == [
        "Special educational needs: “none” and “No SEN” are read as no (2 rows).",
        "Special educational needs: “SEN support” and “EHCP” are read as yes (2 rows).",
    ]
    assert needs.problems(rows("sen", "maybe", "P")) == [
        (
            "row 2, column D (sen): 'maybe' and 'P' are neither yes nor no. Write yes or no, or clear the cell where it is "
            "not known. (2 rows: 2 and 3.)"
        )
    ]
    (said,) = needs.problems(rows("support", "maybe"))
    assert "'maybe' is not one of the study's codes." in said


def test_a_code_is_shown_with_its_label_unless_that_says_the_same() -> None:
    fact = Fact.model_validate({"fact": "sex", "title": "Sex", "kind": "code", "codes": {"f": "Girl", "m": "M"}})
    assert [shown(code, fact) for code in ("f", "m", "x")] == ["f (Girl)", "m", "x"]


def test_faults_of_a_column_are_said_by_their_kind(desk: Desk) -> None:
    assert desk.problems(rows("attendance", "good", "1,5", "101", "bad", "102")) == [
        (
            "row 2, column D (attendance): 'good' and 'bad' are not numbers. Write a number from 0 to 100, or clear the cell "
            "where it is not known. (2 rows: 2 and 5.)"
        ),
        "row 3, column D (attendance): '1,5' has a comma. Please write decimals with a point: 1.5.",
        "row 4, column D (attendance): 101 and 102 are out of range: the study says 0 to 100. (2 rows: 4 and 6.)",
    ]
    assert desk.problems(rows("began", "soon", "2018-13-01")) == [
        (
            "row 2, column D (began): 'soon' and '2018-13-01' are not dates. Please write year-month-day, like 2018-09-01. "
            "(2 rows: 2 and 3.)"
        )
    ]


def test_k_and_e_mean_needs_in_no_other_column(desk: Desk) -> None:
    assert len(desk.problems(rows("fsm", "K", "E"))) == 1


def test_the_preview_of_a_kept_list_says_the_same(desk: Desk) -> None:
    files = [(rows("year", "Year 4").encode(), "a.csv"), (rows("year", "Y4").replace("p0", "p9").encode(), "b.csv")]
    preview, lists = looked_at(desk.engine, desk.settings, "small-notes", "w1", files)
    assert read(preview) == ["Year group: “Year 4” and “Y4” are read as 4 (2 rows)."]
    assert Lists.unpacked(lists.packed()).readings == lists.readings
