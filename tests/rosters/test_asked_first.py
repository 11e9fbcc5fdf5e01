"""What is imported only after a yes, because it is more often a mistake: in the library, the office and the command."""

from __future__ import annotations

import pytest

from survey.fieldwork.publishing import Refused
from survey.fieldwork.roster import Preview
from tests.rosters.small_field import Desk

HEAD = "participant,school,class,year\n"


def rows(*classes: str, people: int = 8, school: str = "s1") -> str:
    """Return the rows of some classes, each with so many pupils."""
    return "".join(f"{name}-{n:02d},{school},{name},3\n" for name in classes for n in range(people))


def asked(preview: Preview) -> list[str]:
    return [sentence for doubt in preview.doubts for sentence in doubt.said]


# ---- who would leave ------------------------------------------------------------------------------------


def test_a_list_without_one_class_of_four_is_asked_about_before_anybody_leaves(desk: Desk) -> None:
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
    everybody = rows("4a", people=60) + rows("5x", people=6, school="s2")
    desk.take(HEAD + everybody)
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


def test_a_list_without_classes_leaves_everybody_in_theirs(desk: Desk) -> None:
    desk.take(HEAD + rows("4a", "4b"))
    people = [row.split(",")[0] for row in rows("4a", "4b").splitlines()]
    assert asked(desk.look("participant,school\n" + "".join(f"{code},s1\n" for code in people))) == []
    whole_class = desk.look("participant,school\n" + "".join(f"{code},s1\n" for code in people if "4a" in code))
    assert "Class 4b of school s1 is not in this file, so its 8 people" in asked(whole_class)[1]
