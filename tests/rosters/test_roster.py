"""Who is asked: added, moved, changed, left and back, over waves, and nothing by halves."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from sqlalchemy import func, select

from survey.audit import COMMAND_LINE, Act, entries
from survey.database import read
from survey.fieldwork import Participant, School, kinship
from survey.fieldwork.roster import Lists, RosterPreview, import_lists, looked_at, write_roster
from survey.fieldwork.roster.importing import ImportChoices
from survey.problems import Refused
from tests.rosters.small_field import NOW, ROSTER, SCHOOLS, Desk


def codes(preview: RosterPreview) -> dict[str, list[str]]:
    parts = {name: getattr(preview, name) for name in ("added", "moved", "changed", "left")}
    return {name: [change.code for change in part] for name, part in parts.items() if part}


def told(preview: RosterPreview) -> list[str]:
    """What would change of participants, as a person reads it."""
    return [
        f"{change.code}: {'; '.join(change.what)}"
        for part in (preview.added, preview.moved, preview.changed, preview.left)
        for change in part
    ]


def test_looking_changes_nothing(desk: Desk) -> None:
    preview = desk.look(ROSTER)
    assert preview.problems == []
    assert codes(preview) == {"added": ["p1", "p2", "p3", "a1"]}
    assert [change.code for change in preview.classes] == ["s1, 4a", "s2, 4"]
    assert desk.where() == {}


def test_a_list_is_taken_in(desk: Desk) -> None:
    desk.take(ROSTER)
    assert desk.where() == {
        "p1": ("s1", "4a", False),
        "p2": ("s1", "4a", False),
        "p3": ("s2", "4", False),
        "a1": ("s1", None, False),
    }
    assert desk.facts("p1") == ({"sex": "f", "fsm": "yes"}, {"year": 4})
    assert desk.facts("p3") == ({"sex": "m"}, {"year": 4})
    with read(desk.engine) as connection:
        parent = Participant.__table__.alias()
        pairs = connection.execute(
            select(parent.c.code, Participant.code)
            .select_from(kinship)
            .join(parent, parent.c.id == kinship.c.parent_id)
            .join(Participant, Participant.id == kinship.c.pupil_id)
        ).all()
    assert sorted(map(tuple, pairs)) == [("a1", "p1"), ("a1", "p2")]


def test_the_same_file_twice_changes_nothing(desk: Desk) -> None:
    desk.take(ROSTER)
    lines = len(list(entries(desk.engine)))
    again = desk.take(ROSTER)
    assert again.changes == 0
    assert again.unchanged == ["p1", "p2", "p3", "a1"]
    assert desk.take(SCHOOLS, None).changes == 0
    assert len(list(entries(desk.engine))) == lines


def test_schools_and_roster_come_in_one_workbook_or_several_files(empty_desk: Desk) -> None:
    files = [(SCHOOLS.encode(), "schools.csv"), (ROSTER.encode(), "roster.csv")]
    preview, lists = looked_at(empty_desk.engine, empty_desk.settings, "small-notes", "w1", files)
    assert preview.problems == []
    assert (len(preview.schools), len(preview.added)) == (3, 4)
    done = import_lists(
        empty_desk.engine, "small-notes", "w1", lists, Act(COMMAND_LINE, NOW), ImportChoices(digest=preview.digest)
    )
    assert done.digest == preview.digest
    assert len(empty_desk.where()) == 4


def test_a_school_is_added_and_changed_but_stays_in_its_arm(desk: Desk) -> None:
    preview = desk.take("school,title,arm,time_zone\ns1,Ash School,programme,Europe/Dublin\n", None)
    assert [change.what for change in preview.schools] == [
        ("title: Ash Primary → Ash School", "time_zone: nothing → Europe/Dublin")
    ]
    with read(desk.engine) as connection:
        zone, programme = connection.execute(
            select(School.time_zone, School.programme_id).where(School.code == "s1")
        ).one()
    assert zone == "Europe/Dublin"
    assert programme is not None, "a list without programmes leaves them as they are"
    other = "school,title,arm\ns1,Ash School,comparison\n"
    assert desk.problems(other, None) == [
        (
            "row 2, column C (arm): The school s1 is in programme, and a school does not change its arm. "
            "If the first value was wrong, choose “Correct facts that should not change” (--correct)."
        )
    ]
    assert desk.take(other, None, correct=True).corrected == 1


def test_who_moves_class_or_school_is_moved_and_not_left(desk: Desk) -> None:
    desk.take(ROSTER)
    preview = desk.take("participant,school,class,year\np1,s1,4b,4\np2,s2,4,4\np3,s2,4,4\n")
    assert told(preview) == ["p1: s1, class 4a → s1, class 4b", "p2: s1, class 4a → s2, class 4"]
    assert desk.where()["p2"] == ("s2", "4", False)
    assert desk.facts("p2")[0] == {"sex": "m", "fsm": "no"}


def test_who_is_not_in_the_list_of_their_school_any_more_has_left_and_may_come_back(desk: Desk) -> None:
    desk.take(ROSTER)
    gone = desk.take("participant,school,class\np1,s1,4a\n", yes=["left"])
    assert told(gone) == ["p2: was in s1, class 4a"]
    assert desk.where()["p2"] == ("s1", "4a", True)
    assert desk.where()["p3"] == ("s2", "4", False), "the list says nothing of this school"
    assert desk.where()["a1"] == ("s1", None, False), "the list says nothing of parents"
    back = desk.take("participant,school,class\np1,s1,4a\np2,s1,4a\n")
    assert told(back) == ["p2: is back"]
    assert desk.where()["p2"] == ("s1", "4a", False)


def test_a_child_keeps_code_and_links_through_the_waves_and_into_secondary_school(desk: Desk) -> None:
    desk.take(ROSTER)
    with read(desk.engine) as connection:
        before = dict(map(tuple, connection.execute(select(Participant.code, Participant.id))))
    preview = desk.take("participant,school,class,year\np1,07,7x,6\np3,s2,5,5\nq9,s2,5,5\n", "w2")
    assert told(preview) == [
        "p3: s2, class 5; in w1 s2, class 4",
        "q9: new: s2, class 5",
        "p1: s1, class 4a in w1 → 07, class 7x; Year group: nothing → 6",
    ]
    assert preview.left == []
    with read(desk.engine) as connection:
        after = dict(map(tuple, connection.execute(select(Participant.code, Participant.id))))
        assert connection.scalar(select(func.count()).select_from(kinship)) == 2
    assert {code: after[code] for code in before} == before
    assert desk.where("w1")["p1"] == ("s1", "4a", False)
    assert desk.where("w2")["p1"] == ("07", "7x", False)


def test_who_was_there_in_an_earlier_wave_and_is_not_listed_now_is_named(desk: Desk) -> None:
    desk.take(ROSTER)
    preview = desk.look("participant,school\np1,s1\n", "w2")
    assert [(change.code, change.what) for change in preview.not_here] == [("p2", ("in w1: s1, class 4a",))]
    assert preview.left == []


def test_facts_that_change_are_changed_and_cleared(desk: Desk) -> None:
    desk.take("participant,school,year,attendance,clubs\np1,s1,4,93.5,y\n")
    assert desk.facts("p1")[1] == {"year": 4, "attendance": 93.5, "clubs": "yes"}
    preview = desk.take("participant,school,year,attendance\np1,s1,5,\n")
    assert told(preview) == ["p1: Year group: 4 → 5; Attendance: 93.5 → nothing"]
    assert desk.facts("p1")[1] == {"year": 5, "clubs": "yes"}


def test_a_fact_that_does_not_change_keeps_its_first_value_unless_corrected(desk: Desk) -> None:
    desk.take(ROSTER)
    later = "participant,school,class,sex,fsm\np1,s1,5a,f,no\np2,s1,5a,m,no\np3,s2,5,Boy,yes\n"
    preview = desk.take(later, "w2")
    assert [str(note) for note in preview.notes] == [
        (
            "row 2, column E (fsm): p1: Free school meals was 'yes' on the first roster, and this fact does not change. "
            "'yes' is kept and 'no' is not used. "
            "If the first value was wrong, choose “Correct facts that should not change” (--correct)."
        )
    ]
    assert desk.facts("p1", "w2")[0]["fsm"] == "yes"
    assert desk.facts("p3", "w2")[0] == {"sex": "m", "fsm": "yes"}, "what was not known before is filled in"
    corrected = desk.take(later, "w2", correct=True)
    assert told(corrected) == ["p1: Free school meals: yes → no, corrected"]
    assert corrected.corrected == 1
    assert desk.facts("p1", "w2")[0]["fsm"] == "no"
    assert next(entries(desk.engine)).details["corrected"] == 1


def test_an_audience_is_for_the_whole_study(desk: Desk) -> None:
    desk.take(ROSTER)
    assert desk.problems("participant,audience,school\na1,staff,s1\n") == [
        "row 2, column A (participant): a1 is a parent in this study, and a code belongs to one person for the whole study. Please correct the code or the audience."
    ]


def test_links_of_parents_are_replaced_and_removed(desk: Desk) -> None:
    desk.take(ROSTER)
    less = "participant,audience,school,parent_of\na1,parent,s1,p1\n"
    assert told(desk.take(less)) == ["a1: parent of: p1, p2 → p1"]
    assert told(desk.take(less.replace(",p1", ","))) == ["a1: parent of: p1 → no one"]


def test_nothing_is_half_taken_in(desk: Desk) -> None:
    desk.take(ROSTER)
    with pytest.raises(Refused) as refused:
        desk.take("participant,school,class\np7,s1,4c\np8,s9,4c\n")
    assert refused.value.reasons[-1] == "Nothing was imported. Please correct the file and try again."
    assert "p7" not in desk.where()


def test_what_is_confirmed_is_what_was_looked_at(desk: Desk) -> None:
    preview, lists = looked_at(desk.engine, desk.settings, "small-notes", "w1", [(ROSTER.encode(), "r.csv")])
    desk.take("participant,school\np1,s2\n")
    with pytest.raises(Refused, match="have changed since this preview"):
        import_lists(
            desk.engine, "small-notes", "w1", lists, Act(COMMAND_LINE, NOW), ImportChoices(digest=preview.digest)
        )
    assert desk.where() == {"p1": ("s2", None, False)}


def test_lists_are_packed_without_places_and_come_back_as_they_were(desk: Desk) -> None:
    preview, lists = looked_at(desk.engine, desk.settings, "small-notes", "w1", [(ROSTER.encode(), "secret name.csv")])
    kept = Lists.unpacked(lists.packed())
    assert kept.packed() == lists.packed()
    done = import_lists(
        desk.engine, "small-notes", "w1", kept, Act(COMMAND_LINE, NOW), ImportChoices(digest=preview.digest)
    )
    assert done.digest == preview.digest


def test_the_audit_has_counts_and_no_code(desk: Desk) -> None:
    desk.take(ROSTER)
    line = next(entries(desk.engine))
    assert (line.what, line.about, line.actor) == ("imported a roster", "w1", COMMAND_LINE)
    assert line.details["added"] == 4
    assert set(map(type, line.details.values())) <= {int, str}
    assert not any(code in str(line.details) for code in ("p1", "p2", "a1"))


@pytest.mark.parametrize(
    ("study", "wave", "message"),
    [
        ("small-note", "w1", "There is no study 'small-note'. Did you mean 'small-notes'?"),
        ("small-notes", "w3", "There is no wave 'w3'. There are 'w1' and 'w2'."),
        ("small-notes", None, "A roster is for one wave. Please add --wave with the name of the wave."),
    ],
)
def test_study_and_wave_must_be_there(desk: Desk, study: str, wave: str | None, message: str) -> None:
    with pytest.raises(Refused) as refused:
        looked_at(desk.engine, desk.settings, study, wave, [(ROSTER.encode(), "r.csv")])
    assert refused.value.reasons == [message]


def test_the_list_written_back_can_be_taken_in_and_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.take(ROSTER)
    desk.take("participant,school,class,year\np1,s1,4a,4\n", yes=["left"])  # p2 has left
    out = io.StringIO()
    assert write_roster(desk.engine, "small-notes", "w1", out) == 3
    assert out.getvalue().splitlines() == [
        "participant,audience,school,class,class_title,parent_of,year,attendance,clubs,sex,fsm,began",
        "a1,parent,s1,,,p1 p2,,,,,,",
        "p1,pupil,s1,4a,Robins,,4,,,f,yes,",
        "p3,pupil,s2,4,Year 4,,4,,,m,,",
    ]
    assert desk.take(out.getvalue()).changes == 0
