"""Headings in a school's own words: read where they can mean one column; all that has to be changed in one answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from survey.fieldwork.roster import looked_at
from tests.rosters.small_field import STUDY, Desk, publish
from tests.rosters.test_broken_files import STAYS, workbook

pytestmark = pytest.mark.one_engine

OFFICE: list[list[Any]] = [
    ["Riverside - pupil list for music study"],
    [],
    ["Pupil No.", "Forename", "Surname", "Reg Group", "NC Year", "Gender", "PP?", "House"],
    ["0007", "Ava", "Example", "4 Wrens", "Year 4", "F", "Y", "Red"],
    ["0008", "Ben", "Sample", "4 Robins", "Year 4", "Male", "N", "Blue"],
    [],
    ["0010", "Dee", "Instance", "4 Robins", "Year 4", "M", "Y", "Blue"],
]


def merge_title(_: Workbook, sheet: Worksheet) -> None:
    sheet.merge_cells("A1:H1")


def read(desk: Desk, file: bytes) -> list[str]:
    preview = desk.look(file, name="list.xlsx")
    assert preview.problems == []
    return [one.said for one in preview.readings]


def test_what_an_office_sends_gets_one_answer_and_once_that_is_done_it_is_imported(desk: Desk) -> None:
    sent = workbook(OFFICE, merge_title)
    assert desk.problems(sent, name="list.xlsx") == [
        f'sheet "Year 4", row 3, column B (Forename): This column looks like names, {STAYS}',
        f'sheet "Year 4", row 3, column C (Surname): This column looks like names, {STAYS}',
        (
            "sheet \"Year 4\", row 3: Some headings have to be changed. Rename 'Pupil No.' (column A) to 'participant' if it has the "
            "study codes. Add a column 'school' with the school's code in every row. Delete 'PP?' (column G) and 'House' "
            "(column H), which the study does not use."
        ),
    ]
    # The answer, followed: two columns of names, PP? and House deleted, one heading changed, a column added.
    followed = [[row[0], *row[3:6], "s1"] if len(row) > 1 else row for row in OFFICE]
    followed[2][0], followed[2][-1] = "participant", "school"
    file = workbook(followed)
    assert read(desk, file) == [
        "Row 1 above the headings is left out.",
        "The column “Reg Group” is read as “class”.",
        "The column “NC Year” is read as “Year group”.",
        "The column “Gender” is read as “Sex”.",
        "Year group: “Year 4” is read as 4 (3 rows).",
        "Sex: “Male” is read as m (Boy) (1 row).",
    ]
    desk.take(file, name="list.xlsx")
    assert desk.where() == {
        "0007": ("s1", "4 Wrens", False),
        "0008": ("s1", "4 Robins", False),
        "0010": ("s1", "4 Robins", False),
    }
    assert desk.facts("0008") == ({"sex": "m"}, {"year": 4})


def test_of_a_list_with_names_nothing_is_kept_and_no_name_is_said(desk: Desk) -> None:
    sent = (workbook(OFFICE, merge_title), "list.xlsx")
    preview, lists = looked_at(desk.engine, desk.settings, "small-notes", "w1", [sent])
    assert lists.identifying
    assert lists.people == []
    said = "".join(map(str, preview.problems))
    assert not any(name in said for name in ("Ava", "Example", "Ben", "Sample", "Riverside"))


def test_what_is_wrong_in_the_rows_is_said_in_the_same_answer(desk: Desk) -> None:
    rows = [["Pupil No.", "Reg", "NC Year"], ["0007", "4 Wrens", "N2"], ["Ava", "Miss Honey", "Year 4"]]
    said = desk.problems(workbook(rows), name="list.xlsx")
    assert said[0].startswith("sheet \"Year 4\", row 1: Some headings have to be changed. Rename 'Pupil No.'")
    assert "row 3, column A (Pupil No.): This looks like a name or a word." in said[1]
    assert "row 3, column B (Reg): This looks like a person's name" in said[2]
    assert "row 2, column C (NC Year): 'N2' is not a year group of this study." in said[3]


def test_headings_of_a_school_system_that_are_not_the_study_s_are_all_named_at_once(desk: Desk) -> None:
    said = desk.problems("UPN,Year group,Reg,Gender,SEN status,FSM eligible,EAL\nx,Year 4,4B,F,K,T,Y\n")
    assert said == [
        f"row 1, column A (UPN): This column looks like unique pupil numbers, {STAYS}",
        (
            "row 1: Some headings have to be changed. Add a column 'participant' with the study code in every row. Add a column "
            "'school' with the school's code in every row. Delete 'SEN status' (column E) and 'EAL' (column G), which the "
            "study does not use. If one of them is 'attendance', 'clubs' or 'began', rename it instead."
        ),
    ]


@pytest.mark.parametrize(
    ("title", "heading", "read_as"),
    [
        ("Free school meals", "FSM eligible", True),
        ("Free school meals in the last six years", "FSM eligible", False),
        ("Free school meals in the last six years", "FSM Ever 6", True),
        ("Free school meals", "FSM Ever 6", False),
    ],
)
def test_meals_now_and_meals_in_six_years_are_not_taken_for_each_other(
    desk: Desk, tmp_path: Path, title: str, heading: str, read_as: bool
) -> None:
    publish(desk.engine, tmp_path / "study", study=STUDY.replace("title: Free school meals", f"title: {title}"))
    preview = desk.look(f"participant,school,{heading}\np1,s1,no\n")
    assert [one.said for one in preview.readings] == (
        [f"The column “{heading}” is read as “{title}”."] if read_as else []
    )
    assert bool(preview.problems) != read_as


def test_a_column_of_ours_is_never_replaced_by_a_school_s_word(desk: Desk) -> None:
    (said,) = desk.problems("participant,school,class,Reg\np1,s1,4a,4b\n")
    assert said.startswith("row 1, column D (Reg): The heading 'Reg' is not one Chorus knows.")


def test_two_headings_that_mean_the_same_are_not_chosen_between(desk: Desk) -> None:
    (said,) = desk.problems("participant,school,Reg,Form\np1,s1,4a,4b\n")
    assert "'Reg' (column C) and 'Form' (column D)" in said


def test_a_title_above_the_headings_is_left_out_and_said(desk: Desk) -> None:
    preview = desk.look("Roster of Ash Primary,\n,\nparticipant,school\np1,s1\n\np2,s1\n")
    assert preview.problems == []
    assert [one.said for one in preview.readings] == ["Row 1 above the headings is left out."]
    assert [change.code for change in preview.added] == ["p1", "p2"]


def test_a_column_of_a_school_system_is_no_slip_of_the_pen_for_one_of_ours(desk: Desk, tmp_path: Path) -> None:
    publish(desk.engine, tmp_path / "study", study=STUDY.replace("fact: clubs", "fact: hours"))
    (said,) = desk.problems("participant,House,hous\np1,Red,3\n")
    assert "Did you mean 'hours'" in said.split("'hous'")[1]
    assert "Delete 'House' (column B), which the study does not use." in said
    assert desk.problems("participant,school,House\np1,s1,Red\n") == [
        (
            "row 1, column C (House): The heading 'House' is not one Chorus knows. Please delete the column, which the study "
            "does not use."
        )
    ]


def test_a_list_of_schools_is_told_what_each_missing_column_holds(desk: Desk) -> None:
    assert desk.problems("school_name,zzz\nElm Primary,1\n", None, "schools.csv") == [
        (
            "row 1: Some headings have to be changed. Add a column 'school' with the school's code in every row. Add a column "
            "'arm' with a value in every row. Delete 'zzz' (column B), which the study does not use."
        )
    ]


@pytest.mark.parametrize("heading", ["title", "school_title", "school_name", "School Name"])
def test_a_list_of_schools_is_known_by_what_only_schools_have(desk: Desk, heading: str) -> None:
    assert desk.problems(f"school,{heading}\ns9,Elm Primary\n", None, "schools.csv") == [
        "row 1: Some headings have to be changed. Add a column 'arm' with a value in every row."
    ]
    assert desk.problems("school,time_zone\ns9,Europe/London\n", None, "schools.csv") == [
        (
            "row 1: Some headings have to be changed. Add a column 'title' with the school's name in every row. Add a column "
            "'arm' with a value in every row."
        )
    ]


def test_below_a_title_a_cell_that_cannot_be_read_is_said_with_its_own_heading(desk: Desk) -> None:
    rows = [["Ash Primary, Year 4", "", "=1+1"], ["participant", "school", "class", "year"], ["p1", "s1", "4a", "=2+2"]]
    assert desk.problems(workbook(rows), name="list.xlsx") == [
        'sheet "Year 4", row 3, column D (year): This cell has a formula in it. Please copy the column and paste it as values.'
    ]
