"""What a list of schools says of schools: read by the study's file, kept, corrected, and never by half."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey.database import Engine, read
from survey.fieldwork.listed import listed_schools
from survey.problems import Refused
from tests.rosters.small_field import STUDY, Desk, publish, settings_in

FACTS = """
school_facts:
  - {fact: size, title: Number of pupils, kind: number, min: 20, max: 900}
  - {fact: intensity, title: Intensity, kind: code, codes: {full: As planned, light: Less intensive}}
  - {fact: academy, title: Academy, kind: yes_no}
"""
LIST = """school,title,arm,Number of pupils,intensity,academy
s1,Ash Primary,programme,312,Less intensive,yes
s2,Birch Primary,comparison,,,no
"""


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Desk:
    publish(engine, tmp_path, FACTS, STUDY)
    return Desk(engine, settings_in(tmp_path))


def kept(desk: Desk) -> dict[str, dict[str, object]]:
    with read(desk.engine) as connection:
        return {one.code: dict(one.facts) for one in listed_schools(connection, 1)}


def test_facts_are_read_by_their_names_or_titles_and_kept(desk: Desk) -> None:
    desk.take(LIST, None)
    assert kept(desk) == {"s1": {"size": 312, "intensity": "light", "academy": "yes"}, "s2": {"academy": "no"}}


def test_a_later_list_corrects_what_it_says_and_leaves_the_rest(desk: Desk) -> None:
    desk.take(LIST, None)
    preview = desk.take("school,title,arm,size\ns1,Ash Primary,programme,330\ns2,Birch Primary,comparison,\n", None)
    assert [(change.code, change.what) for change in preview.schools] == [("s1", ("size: 312 → 330",))]
    assert kept(desk)["s1"] == {"size": 330, "intensity": "light", "academy": "yes"}
    desk.take("school,title,arm,size\ns1,Ash Primary,programme,\n", None)
    assert kept(desk)["s1"] == {"intensity": "light", "academy": "yes"}
    assert not desk.take("school,title,arm,size\ns1,Ash Primary,programme,\n", None).changes


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("1200,full,no", "900"),
        ("many,full,no", "many"),
        ("300,ful,no", "ful"),
        ("300,full,perhaps", "neither yes nor no"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_place_and_nothing_is_kept(
    desk: Desk, cells: str, said: str
) -> None:
    text = f"school,title,arm,size,intensity,academy\ns1,Ash Primary,programme,{cells}\n"
    (problem,) = desk.problems(text, None)
    assert said in problem
    with pytest.raises(Refused):
        desk.take(text, None)
    assert kept(desk) == {}


def test_a_fact_about_schools_has_no_place_in_a_roster_of_people(desk: Desk) -> None:
    desk.take(LIST, None)
    problems = desk.problems("participant,school,size\np1,s1,312\n")
    assert any("size" in one for one in problems)
