"""The sheets of an analysis: what stands in a cell is what was found, and nothing hidden stands anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from survey.export.contents import SmallSheet
from survey.export.findings import _Table, findings_sheets
from survey.findings.study import StudyFindings, analyse
from tests.findings.pretended import Pretended, questionnaires, study, usual


def rows_of(sheets: list[SmallSheet], title: str) -> list[dict[str, Any]]:
    (sheet,) = [one for one in sheets if one.title == title]
    return [dict(zip(sheet.header, row, strict=True)) for row in sheet.rows]


@pytest.fixture(scope="module")
def found() -> StudyFindings:
    return analyse(usual().data, questionnaires(), ["w1", "w2"])


@pytest.fixture(scope="module")
def sheets(found: StudyFindings) -> list[SmallSheet]:
    return findings_sheets(found)


def test_a_leading_row_says_what_the_comparison_says(found: StudyFindings, sheets: list[SmallSheet]) -> None:
    (one,) = [one for one in found.comparisons if one.outcome.id == "sample.joy" and one.wave == "w2"]
    (row,) = [row for row in rows_of(sheets, "Comparison") if (row["outcome"], row["wave"]) == ("sample.joy", "w2")]
    adjusted = one.found.adjusted
    assert row["analysis"] == "adjusted"
    assert (row["difference"], row["from"], row["to"]) == (adjusted.difference, adjusted.low, adjusted.high)
    assert (row["in SD"], row["SD from"], row["SD to"]) == (adjusted.g, adjusted.g_low, adjusted.g_high)
    assert (row["p"], row["p corrected"]) == (one.p, one.p_corrected)
    assert (row["n programme"], row["clusters other"]) == (one.found.n["programme"], 6)
    assert row["attrition"] == one.found.attrition.overall


def test_the_other_ways_stand_on_a_sheet_of_their_own(found: StudyFindings, sheets: list[SmallSheet]) -> None:
    (one,) = [one for one in found.comparisons if one.outcome.id == "sample.joy" and one.wave == "w2"]
    ways = {
        row["analysis"]: row
        for row in rows_of(sheets, "Robustness")
        if (row["outcome"], row["wave"]) == ("sample.joy", "w2")
    }
    assert set(ways) == {
        "plain, people independent",
        "multilevel",
        "cluster means",
        "least squares, CR2",
        "adjusted least squares, CR2",
    }
    assert ways["cluster means"]["difference"] == one.found.cluster_means.difference
    assert ways["plain, people independent"]["in SD"] == one.found.g.value
    assert ways["multilevel"]["ICC"] == one.found.multilevel.icc


def test_change_has_a_row_for_each_arm_and_one_for_their_difference(
    found: StudyFindings, sheets: list[SmallSheet]
) -> None:
    (one,) = [one for one in found.changes if one.outcome.id == "sample.joy"]
    rows = {row["arm"]: row for row in rows_of(sheets, "Change") if row["outcome"] == "sample.joy"}
    assert list(rows) == ["programme", "comparison", "difference of changes"]
    group = one.found.groups["programme"]
    assert (rows["programme"]["matched"], rows["programme"]["change"]) == (group.matched, group.change.difference)
    assert rows["difference of changes"]["change"] == one.best.difference


def test_bands_slopes_and_subgroups_are_those_that_were_found(found: StudyFindings, sheets: list[SmallSheet]) -> None:
    (slope,) = [one for one in found.exposures if one.outcome.id == "sample.joy" and one.wave == "w2"]
    (row,) = [row for row in rows_of(sheets, "Exposure") if (row["outcome"], row["wave"]) == ("sample.joy", "w2")]
    assert (row["slope"], row["n"], row["for each"]) == (
        slope.found.slope.difference,
        slope.found.n,
        "year in the programme",
    )
    bands = [r for r in rows_of(sheets, "Exposure bands") if (r["outcome"], r["wave"]) == ("sample.joy", "w2")]
    assert [band["n"] for band in bands] == [band.n for band in slope.found.bands]
    (sub,) = [one for one in found.subgroups if one.outcome.id == "sample.joy" and one.subgroup.fact == "sex"]
    (row,) = [r for r in rows_of(sheets, "Subgroups") if (r["outcome"], r["group"]) == ("sample.joy", "Boy")]
    assert row["difference"] == sub.best.difference
    assert row["that differs by"] == sub.by_arm.difference.difference
    assert row["arms differ in group by"] == sub.by_arm.within["m"].multilevel.difference


def test_every_note_of_a_finding_is_on_the_sheet_of_notes(found: StudyFindings, sheets: list[SmallSheet]) -> None:
    there = {(row["outcome"], row["wave"], row["note"]) for row in rows_of(sheets, "Notes on findings")}
    for one in found.comparisons:
        assert {(one.outcome.id, one.wave, note) for note in one.found.notes} <= there


def test_charts_show_the_planned_outcomes_of_the_newest_wave(sheets: list[SmallSheet]) -> None:
    (effects,) = [sheet for sheet in sheets if sheet.title == "Effects"]
    (chart,) = effects.charts
    drawn = [effects.rows[at][0] for at in chart.series[0].rows]
    assert drawn == ["Joy in music", "Attendance", "Reads as expected", "In the club", "Has little joy"]
    (means,) = [sheet for sheet in sheets if sheet.title == "Means"]
    assert len(means.charts) == 5
    for chart in means.charts:
        assert [series.name for series in chart.series] == ["Programme schools", "Comparison schools"]
        for series in chart.series:
            assert [means.rows[at][means.header.index("wave")] for at in series.rows] == ["Autumn 2024", "Autumn 2025"]


def test_a_hidden_finding_has_a_row_that_says_so_and_no_figure() -> None:
    pretended = Pretended(study())
    pretended.school("P1", "programme", 30)
    pretended.school("C1", "comparison", 7)
    hidden = findings_sheets(analyse(pretended.data, questionnaires(), ["w1", "w2"]))
    (row,) = [r for r in rows_of(hidden, "Comparison") if (r["outcome"], r["wave"]) == ("sample.joy", "w2")]
    figures = {name for name, cell in row.items() if isinstance(cell, int | float)}
    assert figures == set()
    assert row["analysis"] == "hidden"
    assert "hidden: fewer than 10 people" in row["finding"]


def test_a_cell_under_no_heading_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="meen"):
        _Table("Means", "Means", {}).sheet([{"meen": 1}])
