"""What a list is compared with: the wave it is for and those before it, and never one that comes after."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey.fieldwork.roster import RosterPreview
from tests.rosters.small_field import BY_YEAR, SCHOOLS, STUDY, Desk, publish

pytestmark = pytest.mark.one_engine

HEAD = "participant,school,class,year,sex\n"
THREE_WAVES = STUDY.replace(
    "waves:\n", "waves:\n  - {wave: w0, title: Autumn 2024, opens: 2024-09-23, closes: 2024-12-20}\n", 1
).replace("[w1, w2]", "[w0, w1, w2]")


def said(preview: RosterPreview) -> dict[str, list[tuple[str, ...]]]:
    """Return what would change, without what would not."""
    parts = ("added", "moved", "changed", "left", "not_here")
    found = {name: [(change.code, *change.what) for change in getattr(preview, name)] for name in parts}
    return {name: changes for name, changes in found.items() if changes}


@pytest.fixture
def three(empty_desk: Desk, tmp_path: Path) -> Desk:
    """A study of three waves with its schools."""
    publish(empty_desk.engine, tmp_path / "study", study=THREE_WAVES)
    empty_desk.take(SCHOOLS, None)
    return empty_desk


def test_a_later_wave_says_nothing_about_an_earlier_one(three: Desk) -> None:
    """The list of the second wave was imported first: the first wave knows of no one yet."""
    three.take(HEAD + "p1,s1,4a,4,f\n", "w2")
    assert said(three.look(HEAD + "p1,s2,3b,3,f\n", "w1")) == {"added": [("p1", "s2, class 3b; in the study before")]}
    assert said(three.look(HEAD + "p2,s1,4a,4,f\n", "w1")) == {"added": [("p2", "new: s1, class 4a")]}


def test_of_several_earlier_waves_the_last_one_counts(three: Desk) -> None:
    three.take(HEAD + "p1,s1,2a,2,f\n", "w0")
    three.take(HEAD + "p1,s2,3b,3,f\n", "w1")
    assert said(three.look(HEAD + "p1,s2,4b,4,f\n", "w2")) == {"added": [("p1", "s2, class 4b; in w1 s2, class 3b")]}
    assert said(three.look(HEAD + "p1,s1,4a,4,f\n", "w2")) == {
        "moved": [("p1", "s2, class 3b in w1 → s1, class 4a", "Year group: nothing → 4")]
    }


def test_who_was_in_the_wave_before_and_is_not_in_this_list_is_said_once(three: Desk) -> None:
    three.take(HEAD + "p1,s1,2a,2,f\np2,s1,2a,2,f\np3,s2,2a,2,f\n", "w0")
    # Of another school, which this list does not name, nothing is said.
    assert said(three.look(HEAD + "p1,s1,3a,3,f\n", "w1"))["not_here"] == [("p2", "in w0: s1, class 2a")]
    assert said(three.look(HEAD + "p1,s1,4a,4,f\n", "w2"))["not_here"] == [("p2", "in w0: s1, class 2a")]


def test_every_sort_of_change_is_counted(three: Desk) -> None:
    three.take(HEAD + "p1,s1,4a,4,f\np2,s1,4a,4,f\np3,s1,4a,4,f\np4,s1,4a,4,f\n")
    preview = three.look(
        HEAD.replace("class,", "class,class_title,")
        + "p1,s1,4a,Robins,3,f\np2,s2,4b,,4,f\np3,s1,4a,Robins,4,f\np5,s1,4a,Robins,4,f\n"
    )
    assert [(len(getattr(preview, name)), name) for name in ("classes", "added", "moved", "changed", "left")] == [
        (2, "classes"),
        (1, "added"),
        (1, "moved"),
        (1, "changed"),
        (1, "left"),
    ]
    assert preview.changes == 6
    people = [*preview.added, *preview.moved, *preview.changed, *preview.left]
    assert [(one.code, one.audience) for one in people] == [(code, "pupil") for code in ("p5", "p2", "p1", "p4")]
    assert preview.unchanged == ["p3"]
    schools = three.look("school,title,arm\ns1,Ash School,programme\ns9,New School,\n", None)
    assert schools.changes == 2
    nothing = three.look(HEAD + "p1,s1,4a,4,f\np2,s1,4a,4,f\np3,s1,4a,4,f\np4,s1,4a,4,f\n")
    assert (nothing.changes, nothing.unchanged) == (0, ["p1", "p2", "p3", "p4"])


def test_what_is_confirmed_is_what_was_looked_at_wave_and_all(three: Desk) -> None:
    rows = HEAD + "p1,s1,4a,4,f\n"
    seen = {three.look(rows, wave).digest for wave in ("w0", "w1", "w2")}
    seen.add(three.look(rows, correct=True).digest)
    seen.add(three.look(HEAD + "p1,s1,4a,4,m\n").digest)
    seen.add(three.look(HEAD + "p1,s1,4b,4,f\n").digest)
    assert len(seen) == 6
    assert three.look(rows).digest == three.look(rows).digest
    before = three.look(rows).digest
    three.take(HEAD + "p1,s2,4a,4,f\n")
    assert three.look(rows).digest != before, "the field has changed meanwhile"


@pytest.mark.parametrize(
    ("row", "change"),
    [
        ("p1,s1,4a,4,f", {}),
        ("p1,s1,4b,4,f", {"moved": [("p1", "s1, class 4a → s1, class 4b")]}),
        ("p1,s2,4a,4,f", {"moved": [("p1", "s1, class 4a → s2, class 4a")]}),
        ("p1,s1,4a,5,f", {"changed": [("p1", "Year group: 4 → 5")]}),
        ("p1,s1,4a,,f", {"changed": [("p1", "Year group: 4 → nothing")]}),
        ("p1,s1,4b,5,f", {"moved": [("p1", "s1, class 4a → s1, class 4b", "Year group: 4 → 5")]}),
    ],
)
def test_in_the_same_wave_someone_stays_moves_or_changes(
    three: Desk, row: str, change: dict[str, list[tuple[str, ...]]]
) -> None:
    three.take(HEAD + "p1,s1,4a,4,f\n")
    assert said(three.look(HEAD + row + "\n")) == change


def test_a_list_without_classes_moves_nobody_out_of_theirs(three: Desk) -> None:
    three.take(HEAD + "p1,s1,4a,4,f\n")
    assert said(three.look("participant,school\np1,s1\n")) == {}
    assert said(three.look("participant,school\np1,s2\n")) == {"moved": [("p1", "s1, class 4a → s2")]}


def test_who_comes_back_is_said_to_be_back(three: Desk) -> None:
    two = HEAD + "p1,s1,4a,4,f\np2,s1,4a,4,f\n"
    three.take(two)
    three.take(HEAD + "p1,s1,4a,4,f\n", yes=[doubt.name for doubt in three.look(HEAD + "p1,s1,4a,4,f\n").doubts])
    assert three.where()["p2"] == ("s1", "4a", True)
    assert said(three.look(two)) == {"changed": [("p2", "is back")]}


def test_whether_someone_is_asked_follows_from_the_list_and_from_what_was_known(
    empty_desk: Desk, tmp_path: Path
) -> None:
    publish(empty_desk.engine, tmp_path / "study", study=BY_YEAR)
    empty_desk.take(SCHOOLS, None)
    empty_desk.take(HEAD + "p1,s1,4a,4,f\np2,s1,6a,6,f\n")
    unasked = lambda rows: [one.code for one in empty_desk.look(rows).unasked]  # noqa: E731
    # A list without years leaves the years that are known.
    assert unasked("participant,school\np1,s1\np2,s1\n") == ["p2"]
    assert unasked(HEAD + "p1,s1,4a,6,f\np2,s1,6a,4,f\n") == ["p1"]
    assert unasked(HEAD + "p1,s1,4a,,f\np2,s1,6a,3,f\n") == ["p1"]
    # Of another wave nothing is known: the year of last autumn is not this one's.
    assert [one.code for one in empty_desk.look("participant,school\np1,s1\n", "w2").unasked] == ["p1"]
