"""One outcome in full: the arms side by side, over waves, compared, by exposure and by subgroup, and its questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from survey.export.contents import SmallSheet
from survey.export.study import StudyTables
from survey.findings import sentences
from survey.findings.outcomes import StudyOutcome
from survey.findings.study import StudyFindings
from survey.results.figures import (
    Figure,
    FigureTable,
    arms_over_waves,
    band,
    changes,
    count,
    decimal,
    differences,
    slopes,
    subgroups_of,
)
from survey.results.questions import asked_questions, question_figures


@dataclass(frozen=True)
class ScaleSection:
    """A part of an outcome's page: its heading, what was found in sentences, figures, and notes to know beside them."""

    id: str
    heading: str
    told: tuple[str, ...]
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class OutcomeLine:
    """An outcome in a list: what it is, and what was found of it in a sentence."""

    outcome: StudyOutcome
    said: str


def outcome_lines(findings: StudyFindings) -> list[OutcomeLine]:
    """Return every outcome with what was found of it in the wave in focus, those of the plan first."""
    said = {
        one.outcome: sentences.of_comparison(findings, one)
        for one in reversed(findings.comparisons)
        if one.wave == findings.wave
    }
    lines = [OutcomeLine(one, said.get(one, "")) for one in findings.outcomes]
    return sorted(lines, key=lambda line: not line.outcome.planned)


def scale_sections(tables: StudyTables, items: SmallSheet | None, outcome: StudyOutcome) -> list[ScaleSection]:
    """Return the page of an outcome, of the wave in focus; sections that have nothing are left out.

    items: the sheet of every question of all waves.
    """
    found = [*_arms(tables.findings, outcome), *_others(tables.findings, outcome), *_asked(tables, items, outcome)]
    return [one for one in found if one.figures]


def _arms(findings: StudyFindings, outcome: StudyOutcome) -> Iterator[ScaleSection]:
    over_waves = [one for one in findings.comparisons if one.outcome == outcome]
    compared = [one for one in over_waves if one.wave == findings.wave]
    means = [one for one in findings.means if one.outcome == outcome and one.arm]
    notes = tuple(dict.fromkeys(note for one in compared if one.found is not None for note in one.found.notes))
    figures = [*([arms_over_waves(findings, means, "waves")] if means else [])]
    figures += differences(findings, over_waves, "difference", by_wave=True) if over_waves else []
    told = tuple(sentences.of_comparison(findings, one) for one in compared)
    yield ScaleSection("arms", "The arms side by side", told, tuple(figures), notes)
    changed = [one for one in findings.changes if one.outcome == outcome and one.wave == findings.wave]
    figure = changes(findings, changed[:1], "change") if changed else None
    yield ScaleSection(
        "change",
        "Change",
        tuple(sentences.of_change(findings, one) for one in changed[:1]),
        () if figure is None else (figure,),
        tuple(dict.fromkeys(note for one in changed[:1] if one.found is not None for note in one.found.notes)),
    )


def _others(findings: StudyFindings, outcome: StudyOutcome) -> Iterator[ScaleSection]:
    exposed = [one for one in findings.exposures if one.outcome == outcome and one.wave == findings.wave]
    for one in exposed:
        if one.found is not None:
            of = "" if one.fact == findings.exposures[0].fact else f"-{one.fact.replace('_', '-')}"
            line = band(findings, one, f"line{of}")
            slope = slopes(findings, [one], f"slope{of}")
            figures = (slope,) if line is None else (line, replace(slope, picture=None))
            said = (sentences.of_exposure(findings, one),)
            yield ScaleSection(f"exposure{of}", f"Each {one.found.exposure}", said, figures, one.found.notes)
    apart = [one for one in findings.subgroups if one.outcome == outcome]
    if apart:
        told = tuple(map(sentences.of_subgroup, apart))
        yield ScaleSection("subgroups", "Subgroups", told, (subgroups_of(findings, apart, "groups"),))


def _asked(tables: StudyTables, items: SmallSheet | None, outcome: StudyOutcome) -> Iterator[ScaleSection]:
    questionnaire = tables.questionnaires.get(outcome.questionnaire or "")
    if questionnaire is None or items is None or outcome.unit == "share":
        return
    scale = next((one for one in questionnaire.scales if one.id == outcome.name), None)
    names = {one.item for one in scale.items} if scale is not None else set()
    asked = [one for one in asked_questions(items, questionnaire, tables.findings.wave) if one.id in names]
    told = ("How the questions of the scale were answered, in all arms together.",)
    yield ScaleSection("questions", "Its questions", told, tuple(question_figures(asked, "question")))


def reliability(scales: SmallSheet | None, outcome: StudyOutcome) -> FigureTable | None:
    """Return how reliable a scale is, for everyone and by wave and year group; None where that is not known."""
    if scales is None:
        return None
    told = [dict(zip(scales.header, row, strict=True)) for row in scales.rows]
    mine = [row for row in told if (row["questionnaire"], row["scale"]) == (outcome.questionnaire, outcome.name)]
    rows = tuple(
        (
            str(row["group"]),
            count(row["scored"]) if row["scored"] is not None else "",
            decimal(row["mean"]),
            decimal(row["sd"]),
            decimal(row["alpha"]),
            f"{decimal(row['alpha from'])} to {decimal(row['alpha to'])}" if row["alpha from"] is not None else "",
            decimal(row["omega total"]),
        )
        for row in mine
    )
    headings = ("Group", "Scored", "Mean", "SD", "Alpha", "95 % interval", "Omega total")
    return FigureTable(headings, rows) if rows else None
