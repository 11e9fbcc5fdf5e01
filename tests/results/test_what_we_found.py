"""“What we found”: every number in a picture and in its table is that of the analysis, and that of the workbook."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from survey.export.findings import findings_sheets
from survey.export.study import StudyTables
from survey.findings import sentences
from survey.findings.answers import Answer, answers
from survey.findings.study import StudyFindings, analyse
from survey.pictures.dots import Dots
from survey.pictures.drawing import drawn
from survey.pictures.lines import OverWaves, WithBand
from survey.pictures.stacked import Stacked
from survey.results.figures import HIDDEN, Figure
from survey.results.found import FoundSection, found
from survey.results.scales import outcome_lines, scale_sections
from tests.findings.pretended import PLANNED, Pretended, found_tables, questionnaires, study


@pytest.fixture(scope="module")
def findings() -> StudyFindings:
    return found_tables().findings


@pytest.fixture(scope="module")
def tables() -> StudyTables:
    return found_tables()


@pytest.fixture(scope="module")
def sections(tables: StudyTables) -> list[FoundSection]:
    return found(tables, study(PLANNED), None)


@pytest.fixture(scope="module")
def workbook(findings: StudyFindings) -> dict[str, list[dict[str, Any]]]:
    return {
        sheet.title: [dict(zip(sheet.header, row, strict=True)) for row in sheet.rows]
        for sheet in findings_sheets(findings)
    }


def answer_of(sections: list[FoundSection], id: str) -> Answer:
    (one,) = [part.answer for part in sections if part.answer.id == id]
    return one


def figures_of(sections: list[FoundSection], prefix: str) -> list[Figure]:
    return [one for part in sections for one in part.figures if one.id.startswith(prefix)]


def cells(figure: Figure) -> Iterator[dict[str, str]]:
    """The rows of a figure's table by heading; of headings that come twice the second has a 2 behind it."""
    names: list[str] = []
    for heading in figure.table.headings:
        names.append(f"{heading} 2" if heading in names else heading)
    yield from (dict(zip(names, row, strict=True)) for row in figure.table.rows)


def said(value: float | None, places: int = 2) -> str:
    """A number as the page has it, written another way."""
    if value is None:
        return ""
    text = f"{round(value, places) + 0.0:,.{places}f}"
    return text.replace("-", "−")


# ── the answers ──
def test_the_truth_of_the_made_up_study_is_recovered_in_the_order_of_the_evaluation(
    sections: list[FoundSection],
) -> None:
    assert [part.answer.id for part in sections] == [
        "question-1", "exposure", "subgroups", "share-club", "share-dislikes", "roster", "staff", "costs",
    ]  # fmt: skip
    joy = answer_of(sections, "question-1")
    # The programme adds 0.8 to joy, and nothing to anything else.
    assert joy.question == "Do children find more joy in music?"
    assert joy.short == ("Yes: higher in programme schools than in comparison schools in Joy in music.",)
    assert (joy.certainty, joy.how_sure) == ("clear", "Clear difference, after correction for many tests")
    assert answer_of(sections, "roster").certainty != "clear"
    calm = answer_of(sections, "staff")
    assert "exploratory" in calm.how_sure
    assert answer_of(sections, "costs").short == ("£130.00 per pupil and year, which counts as low.",)


def test_what_the_plan_does_not_name_is_never_called_clear(findings: StudyFindings) -> None:
    (calm,) = [one for one in findings.comparisons if one.outcome.id == "sample.calm" and one.wave == "w2"]
    sure = dataclasses.replace(calm, p=1e-9)
    assert (sure.certainty, dataclasses.replace(calm, p=None).certainty) == ("possible", "unknown")


def test_an_answer_is_only_as_sure_after_correction_as_its_probability(findings: StudyFindings) -> None:
    (joy,) = [one for one in findings.comparisons if one.outcome.id == "sample.joy" and one.wave == "w2"]
    unclear = dataclasses.replace(joy, p=0.02, p_corrected=0.06)
    (first, *_) = answers(dataclasses.replace(findings, comparisons=(unclear,)))
    assert first.certainty == "possible"
    assert first.short == ("Possibly higher in Joy in music.",)
    assert first.how_sure == "Possible difference, which is not clear after correction for many tests"


# ── numbers ──
def test_differences_are_those_of_the_analysis_and_of_the_workbook(
    findings: StudyFindings, sections: list[FoundSection], workbook: dict[str, list[dict[str, Any]]]
) -> None:
    sheet = {(row["outcome"], row["wave"]): row for row in workbook["Comparison"]}
    seen = 0
    for part in sections:
        for figure in part.figures:
            mine = [one for one in part.answer.comparisons if figure.id.endswith(f"differences-{one.outcome.unit}")]
            for one, row in zip(mine, cells(figure) if mine else (), strict=True):
                told = sheet[one.outcome.id, "w2"]
                size = sentences.size(one.outcome, one.best)
                by, places = (100, 0) if one.outcome.unit == "share" else (1, 2)
                names = (
                    ("difference", "from", "to") if size.unit == "percentage points" else ("in SD", "SD from", "SD to")
                )
                value, low, high = (by * told[name] for name in names)
                sign = "+" if by == 100 and round(value) > 0 else ""
                assert row["Difference"] == sign + said(value, places)
                assert [end.lstrip("+") for end in row["95 % interval"].split(" to ")] == [
                    said(low, places),
                    said(high, places),
                ]
                assert (row["n"], row["n 2"]) == (f"{told['n programme']:,}", f"{told['n other']:,}")
                shown = row["Programme schools: mean"], row["Comparison schools: mean"]
                if by == 1:
                    assert shown == (said(told["mean programme"]), said(told["mean other"]))
                else:
                    assert shown == tuple(f"{100 * told[name]:.0f} %" for name in ("mean programme", "mean other"))
                assert row["p corrected"] == (said(told["p corrected"], 3) if told["p corrected"] else "–") or (
                    row["p corrected"] == "<0.001" and told["p corrected"] < 0.0005
                )
                # What is drawn is what is written.
                (spot,) = [r.spots[0] for r in figure.picture.rows if r.name == one.outcome.title]
                assert (spot.value, spot.low, spot.high) == (value, low, high)
                assert spot.clear == (one.certainty == "clear")
                seen += 1
    assert seen == 4


def test_means_are_those_of_the_analysis_and_of_the_workbook(
    findings: StudyFindings, tables: StudyTables, workbook: dict[str, list[dict[str, Any]]]
) -> None:
    for outcome in (line.outcome for line in outcome_lines(findings)):
        (waves,) = [f for part in scale_sections(tables, None, outcome) for f in part.figures if f.id == "waves"]
        assert isinstance(waves.picture, OverWaves)
        sheet = [row for row in workbook["Means"] if row["outcome"] == outcome.id and row["arm"] != "everyone"]
        assert len(sheet) == 4
        for row, told in zip(cells(waves), sheet, strict=True):
            assert (row["Arm"], row["Wave"]) == (told["arm"], told["wave"])
            assert (row["Asked"], row["n"], row["Schools"]) == tuple(
                f"{told[name]:,}" for name in ("asked", "n", "clusters")
            )
            assert (row["Mean"], row["SD"]) == (said(told["mean"]), said(told["sd"]))
            assert row["Mean of the model"] == said(told["mean of model"])
            assert row["95 % interval"] == f"{said(told['from'])} to {said(told['to'])}"
        by = 100 if outcome.unit == "share" else 1
        drawn_ = [(s.value, s.low, s.high) for line in waves.picture.series for s in line.spots]
        assert drawn_ == [(by * t["mean of model"], by * t["from"], by * t["to"]) for t in sheet]


def test_slopes_changes_groups_and_who_takes_part_are_those_of_the_workbook(
    sections: list[FoundSection], tables: StudyTables, workbook: dict[str, list[dict[str, Any]]]
) -> None:
    (slopes,) = figures_of(sections, "exposure-slopes")
    sheet = [row for row in workbook["Exposure"] if (row["outcome"], row["wave"]) == ("sample.joy", "w2")]
    for row, told in zip(cells(slopes), sheet, strict=True):
        assert row["For each year in the programme"].lstrip("+") == said(told["slope"])
        assert (row["n"], row["In standard deviations"]) == (f"{told['n']:,}", said(told["in SD"]))
    (line,) = figures_of(sections, "exposure-line")
    assert isinstance(line.picture, WithBand)
    bands = [r for r in workbook["Exposure bands"] if (r["outcome"], r["wave"]) == ("sample.joy", "w2")]
    assert [(row["n"], row["Mean"]) for row in cells(line)] == [
        (f"{r['n']:,}" if r["n"] is not None else HIDDEN, said(r["mean"])) for r in bands
    ]

    groups = [row for figure in figures_of(sections, "subgroups-") for row in cells(figure)]
    sheet = [row for row in workbook["Subgroups"] if row["outcome"] == "sample.joy"]
    assert len(groups) == len(sheet) == 2
    for row, told in zip(groups, sheet, strict=True):
        assert (row["Group"], row["n"], row["Mean"]) == (
            told["group"],
            f"{told['n group']:,}",
            said(told["mean group"]),
        )
        assert (row["Compared with"], row["Mean 2"]) == (told["compared with"], said(told["mean compared"]))
        assert (row["Difference"], row["95 % interval"]) == (
            said(told["in SD"]),
            f"{said(told['SD from'])} to {said(told['SD to'])}",
        )

    parts = [row for figure in figures_of(sections, "share-club-groups") for row in cells(figure)]
    sheet = [r for r in workbook["Participation"] if (r["outcome"], r["arm"]) == ("share.club", "programme")]
    for row, told in zip(parts, sheet, strict=True):
        assert (row["Do"], row["Of"], row["Share"]) == (
            f"{told['of group']:,}", f"{told['group size']:,}", f"{100 * told['share of group']:.0f} %",
        )  # fmt: skip
        assert row["Difference, points"] == said(100 * told["difference"], 0)

    (joy,) = [one for one in tables.findings.outcomes if one.id == "sample.joy"]
    (change,) = [f for part in scale_sections(tables, None, joy) for f in part.figures if f.id == "change"]
    sheet = [row for row in workbook["Change"] if row["outcome"] == "sample.joy"]
    for row, told in zip(cells(change), sheet, strict=True):
        assert row["Change"] == said(told["change"])
        assert row["In both"] == (f"{told['matched']:,}" if told["matched"] is not None else "")


def test_who_pays_is_drawn_and_written_as_it_is_calculated(findings: StudyFindings, tables: StudyTables) -> None:
    costs = dataclasses.replace(findings.costs, payers={"schools": 3_000.0, "the trust": 900.0}, salaries=3_000.0)
    told = dataclasses.replace(tables, findings=dataclasses.replace(findings, costs=costs))
    part = found(told, study(PLANNED), None)[-1]
    assert part.answer.short[1:] == (
        "Salaries are 77 % of it: £100.00 per pupil and year.",
        "Who pays, per pupil and year: schools £100.00 (77 %) and the trust £30.00 (23 %).",
    )
    (figure,) = part.figures
    assert isinstance(figure.picture, Dots)
    assert [(row.name, row.spots[0].value, row.said) for row in figure.picture.rows] == [
        ("Schools", 100.0, "£100.00"), ("The trust", 30.0, "£30.00"),
    ]  # fmt: skip
    assert dict(figure.table.rows)["Of that, paid by: the trust"] == "£30.00"


def test_every_picture_of_the_page_can_be_drawn_and_says_that_its_table_has_the_same(
    sections: list[FoundSection],
) -> None:
    kinds = set()
    for part in sections:
        for figure in part.figures:
            assert len({len(row) for row in figure.table.rows} | {len(figure.table.headings)}) == 1
            if figure.picture is not None:
                kinds.add(type(figure.picture))
                assert figure.title in drawn(figure.picture, figure.id).wide
                assert "table below" in figure.picture.about
    assert kinds == {Dots, WithBand, Stacked}
    ids = [figure.id for part in sections for figure in part.figures]
    assert len(set(ids)) == len(ids)


def test_what_is_hidden_is_neither_drawn_nor_written() -> None:
    pretended = Pretended(study(PLANNED))
    pretended.school("P1", "programme", 60)
    pretended.school("C1", "comparison", 9)
    findings = analyse(pretended.data, questionnaires(), ["w1", "w2"])
    sections = found(StudyTables(findings, None, None, questionnaires()), study(PLANNED), None)
    joy = answer_of(sections, "question-1")
    assert joy.certainty == "unknown"
    assert joy.short == ("Too few people to say anything of Joy in music.",)
    (figure,) = figures_of(sections, "question-1-differences")
    assert figure.picture is None
    assert figure.table.rows == (("Joy in music", HIDDEN, *[""] * 10),)
