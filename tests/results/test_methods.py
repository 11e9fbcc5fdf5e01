"""The methods appendix: what it says was done is what was done, and its counts are those of the lists."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from survey.export.study import StudyTables
from survey.findings.sentences import MINUS
from survey.findings.study import StudyFindings, analyse
from survey.progress import ALL_ARMS, ArmFlow
from survey.results.figures import HIDDEN, FigureTable
from survey.results.methods import MethodsAppendix, MethodsPart, methods, page
from tests.findings.pretended import PLAN, PLANNED, found_tables, questionnaires, study, usual

FLOWS = {
    "sample": (
        ArmFlow("w1", "programme", 2, 35, 32, 30, 20, 0, is_first=True),
        ArmFlow("w2", ALL_ARMS, 3, 1200, 1200, None, None, None, is_first=False),
    )
}
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def appendix() -> MethodsAppendix:
    return methods(study(PLANNED), replace(found_tables(), flows=FLOWS, by_link={"sample": 41}), NOW)


def part(made: MethodsAppendix, id: str) -> MethodsPart:
    (one,) = [one for one in made.parts if one.id == id]
    return one


def said(made: MethodsAppendix, id: str) -> str:
    one = part(made, id)
    return " ".join([*one.told, *one.points])


def test_the_parts_come_in_the_order_in_which_a_study_is_done(appendix: MethodsAppendix) -> None:
    assert [one.id for one in appendix.parts] == [
        "design", "samples", "counted", "scales", "missing", "models", "tests", "hidden", "departures",
    ]  # fmt: skip


def test_it_says_what_this_plan_says(appendix: MethodsAppendix) -> None:
    assert "not put into the arms at random, and were matched on size" in said(appendix, "design")
    assert "corrected by Holm’s step-down method" in said(appendix, "tests")
    assert "In the plan: Joy in music" in said(appendix, "tests")
    assert "Exploratory, and neither corrected nor called clear: Calm." in said(appendix, "tests")
    assert "a slope for each year in the programme" in said(appendix, "models")
    assert "by Sex and Special needs" in said(appendix, "models")
    assert "A count below 10 is hidden" in said(appendix, "hidden")


def test_people_are_followed_as_they_were_counted(appendix: MethodsAppendix) -> None:
    ((caption, table),) = part(appendix, "samples").tables
    assert caption == "Music and you (sample)"
    assert table.rows == (
        ("Autumn 2024", "Programme schools", "2", "35", "32", "30", "20", "62 %", ""),
        ("Autumn 2025", "All", "3", "1,200", "1,200", HIDDEN, HIDDEN, HIDDEN, HIDDEN),
    )
    assert "41 responses to Music and you came by links for everyone" in said(appendix, "samples")


def test_another_plan_has_other_methods() -> None:
    plan = PLAN.replace("matched_on: [size]", "randomised: yes") + "  correction: benjamini_hochberg\n  adjust: none\n"
    findings = analyse(usual(study(plan)).data, questionnaires(), ["w1", "w2"])
    tables = StudyTables(findings, None, None, questionnaires())
    made = methods(study(plan), tables, NOW)
    assert "Schools were put into the arms at random." in said(made, "design")
    assert "false discovery rate" in said(made, "tests")
    assert "adjusted for the same person" not in said(made, "models")
    assert "Not adjusted" not in said(made, "departures")


def test_who_is_missing_from_a_comparison_is_told_as_the_analysis_has_it(appendix: MethodsAppendix) -> None:
    findings: StudyFindings = found_tables().findings
    ((_, table),) = part(appendix, "departures").tables
    told = iter(table.rows)
    for one in findings.comparisons:
        if one.planned and one.found is not None and one.found.attrition is not None:
            row = next(told)
            lost = one.found.attrition
            assert row[2:5] == tuple(
                f"{100 * share:.0f} %" for share in (lost.overall, lost.by["programme"], lost.by["comparison"])
            )
            assert row[5] == lost.boundary
            if one.found.baseline is not None:
                assert row[7] == f"{one.found.baseline.n:,}"
    assert next(told, None) is None


def test_every_question_stands_there_with_its_answers_and_how_it_is_scored(appendix: MethodsAppendix) -> None:
    written = page(appendix)
    for words in (
        "How much do you sing?",
        "1\N{NO-BREAK SPACE}Little",
        "3\N{NO-BREAK SPACE}Much",
        "mean of 2 items; at least 2 answered",
    ):
        assert words in written
    assert "http" not in written.replace("http://www.w3.org", ""), "the file asks no one for anything"


def test_columns_of_figures_are_told_from_words_and_set_at_the_right() -> None:
    headings = ("Scale", "n", "Interval", "Share", "Change", "Waves", "Opened", "Nothing")
    rows = (
        ("1", "1,208", "0.82 to 0.86", "12 %", "+0.20", "1 and 2", "22 September 2025", ""),
        ("Joy", HIDDEN, "", "100 %", f"{MINUS}0.08 to +0.10", "3", "19 December 2025", ""),
    )
    assert FigureTable(headings, rows).are_figures == (False, True, True, True, True, False, False, False)
