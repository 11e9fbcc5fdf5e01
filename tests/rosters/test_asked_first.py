"""What is imported only after a yes, because it is more often a mistake: in the library, the office and the command."""

from __future__ import annotations

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from survey.fieldwork.roster import RosterPreview
from survey.problems import Refused
from tests.rosters.small_field import Desk
from tests.rosters.test_broken_files import workbook

# What these ask of the database, the other tests of the roster ask of both engines.
pytestmark = pytest.mark.one_engine

HEAD = "participant,school,class,year\n"


def rows(*classes: str, people: int = 8, school: str = "s1") -> str:
    """Return the rows of some classes, each with so many pupils."""
    return "".join(f"{name}-{n:02d},{school},{name},3\n" for name in classes for n in range(people))


def asked(preview: RosterPreview) -> list[str]:
    return [sentence for doubt in preview.doubts for sentence in doubt.said]


# ---- who would leave ------------------------------------------------------------------------------------


def test_a_list_without_one_class_of_four_is_asked_about_before_anyone_leaves(desk: Desk) -> None:
    desk.take(HEAD + rows("3a", "3b", "4a", "4b"))
    three = HEAD + rows("3a", "3b", "4a")
    assert asked(desk.look(three)) == [
        (
            "Class 4b of school s1 is not in this file, so its 8 people would leave: "
            "4b-00, 4b-01, 4b-02, 4b-03, 4b-04, 4b-05, 4b-06 and 4b-07."
        )
    ]
    with pytest.raises(Refused, match="Nothing has been imported") as refused:
        desk.take(three)
    assert "Class 4b of school s1" in refused.value.reasons[0]
    assert not any(left for _, _, left in desk.where().values())
    desk.take(three, yes=["left"])
    assert sum(left for _, _, left in desk.where().values()) == 8


def test_a_list_of_one_class_alone_says_which_classes_and_how_much_of_the_school_would_leave(desk: Desk) -> None:
    desk.take(HEAD + rows("3a", "3b", "4a"))
    said = asked(desk.look(HEAD + rows("4a")))
    assert said[0].startswith("16 of the 24 pupils of school s1 are not in this file and would leave: 3a-00, ")
    assert said[0].endswith(" and 6 more.")
    assert [sentence.split(",")[0] for sentence in said[1:]] == [
        "Class 3a of school s1 is not in this file",
        "Class 3b of school s1 is not in this file",
    ]


def test_four_of_a_school_of_six_are_asked_about(desk: Desk) -> None:
    desk.take(HEAD + rows("4a", people=6))
    assert asked(desk.look(HEAD + rows("4a", people=2))) == [
        "4 of the 6 pupils of school s1 are not in this file and would leave: 4a-02, 4a-03, 4a-04 and 4a-05."
    ]


def test_one_in_three_may_leave_without_a_question_and_more_may_not(desk: Desk) -> None:
    desk.take(HEAD + rows("4a", people=30))
    assert asked(desk.look(HEAD + rows("4a", people=20))) == []
    assert len(asked(desk.look(HEAD + rows("4a", people=19)))) == 1


def test_each_school_is_looked_at_by_itself(desk: Desk) -> None:
    """Most of a small school is a few of a large file."""
    everyone = rows("4a", people=60) + rows("5x", people=6, school="s2")
    desk.take(HEAD + everyone)
    said = asked(desk.look(HEAD + rows("4a", people=60) + rows("5x", people=2, school="s2")))
    assert said == [
        "4 of the 6 pupils of school s2 are not in this file and would leave: 5x-02, 5x-03, 5x-04 and 5x-05."
    ]


def test_parents_and_staff_who_would_leave_are_asked_about_like_pupils(desk: Desk) -> None:
    head = "participant,audience,school\n"
    desk.take(head + "t1,staff,s1\nt2,staff,s1\nt3,staff,s1\n")
    assert asked(desk.look(head + "t1,staff,s1\n")) == [
        "2 of the 3 members of staff of school s1 are not in this file and would leave: t2 and t3."
    ]


def test_a_class_with_a_new_name_is_not_one_that_left(desk: Desk) -> None:
    desk.take(HEAD + rows("4a", "4b"))
    assert asked(desk.look(HEAD + rows("4a", "4b").replace(",4b,", ",4B Wrens,"))) == []


def test_a_list_without_classes_leaves_everyone_in_theirs(desk: Desk) -> None:
    desk.take(HEAD + rows("4a", "4b"))
    people = [row.split(",")[0] for row in rows("4a", "4b").splitlines()]
    assert asked(desk.look("participant,school\n" + "".join(f"{code},s1\n" for code in people))) == []
    whole_class = desk.look("participant,school\n" + "".join(f"{code},s1\n" for code in people if "4a" in code))
    assert "Class 4b of school s1 is not in this file, so its 8 people" in asked(whole_class)[1]


# ---- codes that may have lost their zeros -----------------------------------------------------------------

NUMBERS = [["participant", "school", "class", "year"], *([n, "s1", "4 Wrens", 4] for n in range(1, 7))]


def test_codes_that_are_numbers_are_asked_about_on_the_first_list(desk: Desk) -> None:
    file = workbook(NUMBERS)
    assert asked(desk.look(file, name="roster.xlsx")) == [
        (
            "6 new study codes are numbers with no zeros in front: 1, 2, 3, 4, 5 and 6. A spreadsheet turns a code like "
            "0001 into 1, so zeros may have been lost. Please compare them with the list they come from."
        )
    ]
    with pytest.raises(Refused, match="zeros may have been lost"):
        desk.take(file, name="roster.xlsx")
    assert desk.where() == {}
    desk.take(file, name="roster.xlsx", yes=["codes"])
    assert len(desk.where()) == 6


def test_a_csv_that_a_spreadsheet_saved_is_asked_about_as_well(desk: Desk) -> None:
    assert "1 and 2" in asked(desk.look("participant,school\n1,s1\n2,s1\n"))[0]


def test_once_the_codes_of_a_study_are_known_to_be_plain_numbers_nobody_is_asked_again(desk: Desk) -> None:
    desk.take("participant,school\n1,s1\n2,s1\n", yes=["codes"])
    assert asked(desk.look("participant,school\n1,s1\n2,s1\n3,s1\n10,s2\n")) == []


def test_codes_that_are_shorter_than_those_with_zeros_are_asked_about(desk: Desk) -> None:
    desk.take("participant,school\n0001,s1\n0002,s1\n")
    assert (
        "1 new study code is a number with no zeros in front: 17." in asked(desk.look("participant,school\n17,s2\n"))[0]
    )
    assert asked(desk.look("participant,school\n1017,s2\n")) == []


def test_codes_shown_with_their_zeros_or_with_letters_are_not_asked_about(desk: Desk) -> None:
    def as_text(_: Workbook, sheet: Worksheet) -> None:
        for row in range(2, 8):
            sheet.cell(row, 1).number_format = "0000"

    assert asked(desk.look(workbook(NUMBERS, as_text), name="roster.xlsx")) == []
    assert asked(desk.look("participant,school\np1,s1\n")) == []


def test_new_schools_whose_codes_are_numbers_are_asked_about(desk: Desk) -> None:
    new = "school,title,arm\n8,Elm Primary,\n"
    assert "1 new school code is a number with no zeros in front: 8." in asked(desk.look(new, None))[0]
    assert desk.problems("school,title,arm\n7,Cedar Secondary,\n", None) == [
        (
            "row 2, column A (school): '7' is new, and '07' is in the study: they differ only in zeros. "
            "Please spell each school's code the same way throughout."
        )
    ]


def test_a_class_that_lost_its_zero_is_not_a_second_class(desk: Desk) -> None:
    desk.take("participant,school,class\np1,s1,04\np2,s2,4\n")
    assert desk.problems("participant,school,class\np1,s1,4\np2,s2,4\n", "w2") == [
        "row 2, column C (class): The class '4' is '04' in the study. Please spell it the same way."
    ]
    assert desk.problems("participant,school,class\np3,07,04\np4,07,4\n") == [
        "row 3, column C (class): The class '4' is written '04' in row 2. Please spell it the same way."
    ]


def test_a_child_of_a_parent_is_found_by_the_zeros_it_lost(desk: Desk) -> None:
    said = desk.problems("participant,school,audience,parent_of\n0012,s1,pupil,\na1,s1,parent,12\n")
    assert said == [
        (
            "row 3, column D (parent_of): There is no pupil '12' in the study or in this file. Did you mean '0012'? "
            "Please correct the code, or import the pupils' roster first."
        )
    ]
