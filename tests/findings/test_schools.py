"""The schools of the arms beside each other, and findings by what is true of a school."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from survey.export.findings import findings_sheets
from survey.export.gathering import Gathering
from survey.export.study import StudyTables
from survey.fieldwork.listed import Listed, ListedSchool
from survey.findings import sentences
from survey.findings.people import SchoolRow
from survey.findings.schools import FEWEST
from survey.findings.study import StudyFindings, analyse
from survey.results.figures import HIDDEN
from survey.results.found import FoundSection, found
from tests.findings.pretended import PLAN, Pretended, questionnaires, study

FACTS = """
school_facts:
  - {fact: size, title: Number of pupils, kind: number}
  - {fact: academy, title: Academies, kind: yes_no}
  - {fact: intensity, title: Intensity, kind: code, codes: {full: As planned, light: Less intensive}}
"""
MATCHED = PLAN.replace("matched_on: [size]", "matched_on: [size, the town they are in]").replace(
    "subgroups: [sex, sen]", "subgroups: [sex, intensity]"
)
SIZES = {"programme": [200, 260, 320, 380, 250, 300], "comparison": [220, 240, 330, 350, 260, 400]}


def analysed(schools: int = 6) -> StudyFindings:
    """Six schools in each arm; of each arm so many tell of themselves. A light programme adds less."""
    pretended = Pretended(study(MATCHED + FACTS))
    rows = []
    for arm in ("programme", "comparison"):
        for number in range(6):
            light = arm == "programme" and number % 2 == 1
            pretended.school(f"{arm}-{number}", arm, 30, effect=0.0 if arm == "comparison" else 0.3 if light else 1.3)
            told: dict[str, Any] = {"size": SIZES[arm][number], "academy": "yes" if number < 2 else "no"}
            told |= {"intensity": "light" if light else "full"} if arm == "programme" else {}
            rows.append(SchoolRow(f"{arm}-{number}", arm, told if number < schools else {}))
    pretended.data.schools = rows
    # What is true of a school is true of everyone there, as the gathering hands it on.
    facts = {one.code: one.facts for one in rows}
    for wave, listed in pretended.data.lists.items():
        pretended.data.lists[wave] = [
            one._replace(row=one.row._replace(facts={**one.row.facts, **facts[one.row.place.school]})) for one in listed
        ]
    return analyse(pretended.data, questionnaires(), ["w1", "w2"])


@pytest.fixture(scope="module")
def told() -> StudyFindings:
    return analysed()


def of(findings: StudyFindings, fact: str) -> Any:
    (one,) = [one for one in findings.schools if one.fact == fact]
    return one


def section(findings: StudyFindings, id: str) -> FoundSection:
    tables = StudyTables(findings, None, None, questionnaires())
    (one,) = [part for part in found(tables, study(MATCHED + FACTS), None) if part.answer.id == id]
    return one


def test_means_and_the_standardised_difference_are_those_of_the_schools(told: StudyFindings) -> None:
    size = of(told, "size")
    here, there = np.array(SIZES["programme"]), np.array(SIZES["comparison"])
    assert (size.here.n, size.here.mean, size.here.sd) == (6, here.mean(), here.std(ddof=1))
    apart = (here.mean() - there.mean()) / np.sqrt((here.var(ddof=1) + there.var(ddof=1)) / 2)
    assert size.difference == pytest.approx(apart)
    assert (size.matched, size.is_large) == (True, False)


def test_a_yes_or_no_is_the_share_of_schools(told: StudyFindings) -> None:
    academy = of(told, "academy")
    assert (academy.unit, academy.here.mean, academy.there.mean) == ("share", 2 / 6, 2 / 6)
    assert academy.difference == 0
    assert not academy.matched


def test_what_one_arm_has_nothing_of_is_not_compared(told: StudyFindings) -> None:
    assert [one.fact for one in told.schools] == ["size", "academy"]


def test_the_page_says_what_they_were_matched_on_and_how_alike_they_are(told: StudyFindings) -> None:
    part = section(told, "schools")
    assert part.answer.question == "How alike are programme schools and comparison schools?"
    assert part.answer.short == ("Much alike in Number of pupils and Academies.",)
    assert part.answer.rests[0] == "Schools were matched on number of pupils and the town they are in."
    (figure,) = part.figures
    size = of(told, "size")
    assert figure.table.rows[0] == (
        "Number of pupils", "yes", "6", f"{size.here.mean:.2f}", f"{size.here.sd:.2f}", "6", f"{size.there.mean:.2f}",
        f"{size.there.sd:.2f}", f"{size.difference:.2f}".replace("-", sentences.MINUS),
    )  # fmt: skip
    assert [row.spots[0].value for row in figure.picture.rows] == [one.difference for one in told.schools]
    (sheet,) = [one for one in findings_sheets(told) if one.title == "Schools"]
    row = dict(zip(sheet.header, sheet.rows[0], strict=True))
    assert (row["mean programme"], row["mean other"], row["in SD"]) == (
        size.here.mean,
        size.there.mean,
        size.difference,
    )
    assert row["finding"] == sentences.of_schools(told, size)


def test_a_large_difference_is_said(told: StudyFindings) -> None:
    size = dataclasses.replace(of(told, "size"), difference=-0.4)
    part = section(dataclasses.replace(told, schools=(size,)), "schools")
    assert part.answer.short == ("Apart in Number of pupils, by more than an adjustment can make up for.",)


def test_of_too_few_schools_nothing_is_told() -> None:
    few = analysed(FEWEST - 1)
    size = of(few, "size")
    assert (size.here, size.there, size.difference) == (None, None, None)
    assert sentences.of_schools(few, size) == f"Number of pupils is hidden: fewer than {FEWEST} schools in an arm."
    part = section(few, "schools")
    assert part.answer.short == ("Too few schools to say.",)
    (figure,) = part.figures
    assert figure.picture is None
    assert figure.table.rows[0][2:] == (HIDDEN, *[""] * 6)


def test_schools_of_one_arm_are_compared_by_how_intensive_their_programme_is(told: StudyFindings) -> None:
    (one,) = [x for x in told.subgroups if x.outcome.id == "sample.joy" and x.subgroup.fact == "intensity"]
    assert (one.subgroup.reference_title, one.subgroup.level_title) == ("As planned", "Less intensive")
    assert one.overall.n == {"As planned": 90, "Less intensive": 90}
    assert one.best.difference < 0
    assert one.by_arm is None


def test_the_facts_of_a_school_are_handed_on_with_everyone_in_it() -> None:
    place = ("programme", None, "s1", None)
    person = Listed("p1", "pupil", "w1", *place, {"sex": "f", "intensity": "not theirs"}, False, ("sample",))
    gathering = Gathering(study(MATCHED + FACTS), [person], [ListedSchool("s1", "programme", {"intensity": "light"})])
    (one,) = gathering.data.lists["w1"]
    assert (one.row.facts["sex"], one.row.facts["intensity"]) == ("f", "light")
