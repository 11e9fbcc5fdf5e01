"""The page “What we found”: the evaluation's questions with their answers, each with its figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from survey.analysis.costs import CostPerChild
from survey.definition.study import CountedAnswer, StudyDefinition
from survey.export.contents import SmallSheet
from survey.export.study import StudyTables
from survey.findings import sentences
from survey.findings.answers import Answer, answers
from survey.findings.outcomes import share_id
from survey.pictures.dots import DotRow, Dots, Spot
from survey.pictures.drawing import Picture
from survey.pictures.stacked import Stacked, StackedRow
from survey.results.figures import (
    Figure,
    FigureTable,
    balance_of_schools,
    band,
    count,
    differences,
    participation,
    shares_of_arms,
    slopes,
    subgroups,
)
from survey.results.questions import AskedQuestion, asked_questions, most_given, question_figures


@dataclass(frozen=True)
class FoundSection:
    """A question of the evaluation: its answer, and its figures in the order in which they are shown."""

    answer: Answer
    figures: tuple[Figure, ...]


def found(tables: StudyTables, study: StudyDefinition, items: SmallSheet | None) -> list[FoundSection]:
    """Return the evaluation's questions with their answers, of the wave in focus.

    items: the sheet of every question of all waves, of which the wave in focus is shown.
    """
    return [
        section for one in answers(tables.findings) if (section := _section(tables, study, items, one)).answer.short
    ]


def _section(tables: StudyTables, study: StudyDefinition, items: SmallSheet | None, answer: Answer) -> FoundSection:
    if not answer.answers_to:
        return FoundSection(answer, tuple(_figures(tables, study, items, answer)))
    asked = [] if items is None else list(_last_asked(tables, items, answer.answers_to))
    figures = question_figures([question for question, _ in asked], f"{answer.id}-answers")
    waves = dict.fromkeys(tables.findings.waves[wave] for _, wave in asked)
    told = tuple(most_given(question) for question, _ in asked)
    rests = (f"Asked last in {' and '.join(waves)}.", *answer.rests)
    return FoundSection(replace(answer, short=told[:1], told=told[1:], rests=rests), tuple(figures))


def _last_asked(tables: StudyTables, items: SmallSheet, names: Iterable[str]) -> Iterator[tuple[AskedQuestion, str]]:
    """Yield questions (questionnaire.question) as they were answered in the last wave of which a share can be shown."""
    for name in names:
        first, _, id = name.partition(".")
        questionnaire = tables.questionnaires.get(first)
        if questionnaire is None:
            continue
        asked = [
            (one, wave)
            for wave in reversed(list(tables.findings.waves))
            for one in asked_questions(items, questionnaire, wave)
            if one.id == id
        ]
        yield from next(([one] for one in asked if one[0].has_shares), asked[:1])


def _figures(tables: StudyTables, study: StudyDefinition, items: SmallSheet | None, answer: Answer) -> Iterator[Figure]:
    findings, id = tables.findings, answer.id
    share = next((one.outcome for one in answer.comparisons if one.outcome.id.startswith("share.")), None)
    share = share or next((one.share for one in answer.participation), None)
    if share is not None:
        if answer.means:
            yield shares_of_arms(findings, answer.means, f"{id}-arms")
        if answer.participation:
            yield participation(findings, answer.participation, f"{id}-groups")
        counted = {share_id(one): one for one in (study.plan.shares if study.plan else ())}
        if share.id in counted and items is not None:
            yield from _items_of(counted[share.id], tables, items, f"{id}-items")
    elif answer.comparisons:
        yield from differences(findings, answer.comparisons, f"{id}-differences")
    if answer.exposures:
        # The line of the surest finding: the others stand in the picture below it.
        surest = sorted(answer.exposures, key=lambda one: one.certainty != answer.certainty)
        lines = (band(findings, one, f"{id}-line") for one in surest)
        yield from (line for line in [next((one for one in lines if one is not None), None)] if line is not None)
        yield slopes(findings, answer.exposures, f"{id}-slopes")
    for fact in dict.fromkeys(one.subgroup.fact for one in answer.subgroups):
        part = [one for one in answer.subgroups if one.subgroup.fact == fact]
        yield subgroups(findings, part, f"{id}-{fact.replace('_', '-')}")
    if answer.schools:
        yield balance_of_schools(findings, answer.schools, f"{id}-balance")
    if answer.costs is not None:
        yield _costs(answer.costs, f"{id}-table")


def _items_of(counted: CountedAnswer, tables: StudyTables, items: SmallSheet, id: str) -> Iterator[Figure]:
    """Yield what was answered to the questions that a share counts."""
    questionnaire = tables.questionnaires.get(counted.questionnaire or "")
    if questionnaire is not None:
        asked = asked_questions(items, questionnaire, tables.findings.wave)
        yield from question_figures([one for one in asked if one.id in counted.items], id)


def _costs(costs: CostPerChild, id: str) -> Figure:
    rows = (
        ("Pupils, year by year", ", ".join(map(count, costs.pupils))),
        ("To start, once", f"£{costs.start_up:,.0f}"),
        ("Each year", f"£{costs.running:,.0f}"),
        ("Three years in all", f"£{costs.total:,.0f}"),
        ("Per pupil and year", f"£{costs.per_pupil_year:,.2f}"),
        *([("Of that, salaries", sentences.pounds(costs.for_each(costs.salaries)))] if costs.salaries else []),
        *(
            (f"Of that, paid by: {payer}", sentences.pounds(costs.for_each(amount)))
            for payer, amount in costs.payers.items()
        ),
        ("Rating", costs.rating),
    )
    picture = _payers(costs) if costs.payers else _to_start_and_to_run(costs)
    return Figure(id, picture.title, picture, FigureTable(("What", "Amount"), rows))


_AMOUNTS: Final = "The table below the picture has the amounts."


def _payers(costs: CostPerChild) -> Picture:
    """Return who pays how much for a pupil in a year, the most first."""
    rows = []
    for payer, amount in costs.payers.items():
        each = costs.for_each(amount)
        share = sentences.percent(amount / costs.total) if costs.total else ""
        rows.append(DotRow(payer[:1].upper() + payer[1:], (Spot(each),), sentences.pounds(each), share))
    measure = "Pounds per pupil and year"
    return Dots("Who pays", f"{measure}. {_AMOUNTS}", (measure,), tuple(rows), measure, reach=(0.0,))


def _to_start_and_to_run(costs: CostPerChild) -> Picture:
    """Return which part of all costs is paid once, and which every year."""
    to_start = costs.start_up / costs.total if costs.total else 0.0
    shares = (to_start, 1 - to_start)
    bar = StackedRow("All costs", shares, tuple(map(sentences.percent, shares)), f"£{costs.total:,.0f}")
    title = "What the money goes into, over three years"
    return Stacked(title, f"Shares of all costs. {_AMOUNTS}", ("To start, once", "To run it"), (bar,))
