"""What was answered to each question: rated ones as bars, all as tables; of the sheet of items, which is made safe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from survey.definition.questionnaire import Questionnaire
from survey.definition.wording import fill
from survey.export.contents import SmallSheet
from survey.findings import sentences
from survey.pictures.dots import DotRow, Dots, Spot
from survey.pictures.drawing import Picture
from survey.pictures.stacked import MOST_STEPS, Stacked, StackedRow
from survey.problems import listed
from survey.results.figures import HIDDEN, Figure, FigureTable, count, decimal

_SHARES: Final = "Shares in per cent of those who answered. The table below the picture has the same numbers."

_MOST_ROWS: Final = 16
"""So many bars are in one picture at most."""


@dataclass(frozen=True)
class AnswerRow:
    """An answer to a question: its words, how many gave it, and their share of those who answered; None is hidden."""

    words: str
    count: int | None
    share: float | None


@dataclass(frozen=True)
class PlaceRow:
    """An option that was given a place among others: its words, how many gave it one, and the mean place; 1 is first.

    Both numbers are None where they are hidden.
    """

    words: str
    answered: int | None
    mean: float | None


@dataclass(frozen=True)
class AskedQuestion:
    """A question in one wave, as it may be shown. rated: its answers go from low to high. stem: what it is part of.

    places: of the options of a question that puts them in order.
    """

    id: str
    title: str
    stem: str
    rated: bool
    asked: int | None
    answered: int | None
    mean: float | None
    answers: tuple[AnswerRow, ...]
    places: tuple[PlaceRow, ...] = ()

    @property
    def is_shown(self) -> bool:
        """Whether every count is shown."""
        return self.answered is not None and all(one.count is not None for one in self.answers)

    @property
    def has_shares(self) -> bool:
        """Whether the share of any answer is shown."""
        return any(one.share for one in self.answers)


def asked_questions(items: SmallSheet, questionnaire: Questionnaire, wave: str) -> list[AskedQuestion]:
    """Return the questions of a questionnaire that were asked in a wave, in its order."""
    at = {name: place for place, name in enumerate(items.header)}
    rows = [row for row in items.rows if (row[at["questionnaire"]], row[at["wave"]]) == (questionnaire.id, wave)]
    questions = {question.id: question for question in questionnaire.questions}
    # Each option of a question that takes several, or puts them in order, has a column of its own. What else has one,
    # such as the first step of two, was answered on the way, and is in the sheet of items.
    options = {
        column.name: (one.id, column.option)
        for one in questions.values()
        for column in one.columns()
        if column.option or column.name == one.id
    }
    found = []
    for id, part in groupby(rows, key=lambda row: options.get(row[at["variable"]], (row[at["variable"]],))[0]):
        told = [dict(zip(items.header, row, strict=True)) for row in part]
        whole = next((row for row in told if row["row"] == "question"), None)
        question = questions.get(id)
        if whole is None or question is None:
            continue
        words = {name: option for name, (_, option) in options.items()}
        places = tuple(_places(told, words))
        found.append(
            AskedQuestion(
                id=id,
                title=fill(question.title, {}, {}),
                stem=fill(question.stem, {}, {}) if question.stem else "",
                rated=any(row["name in charts"] for row in told),
                asked=whole["asked"],
                answered=whole["answered"],
                mean=None if places else whole["mean"],
                answers=tuple(_answers(told, words)),
                places=places,
            )
        )
    return found


def _answers(rows: Iterable[Mapping[str, Any]], options: Mapping[str, str]) -> Iterator[AnswerRow]:
    """Yield the answers of a question; of one that takes several, its options, which have a variable each."""
    for row in rows:
        if row["row"] == "answer" and row["code"] != "":
            words = options.get(row["variable"]) or str(row["answer"])
            yield AnswerRow(words, row["count"], row["share of answered"])


def _places(rows: Iterable[Mapping[str, Any]], options: Mapping[str, str]) -> Iterator[PlaceRow]:
    """Yield the places of a question that puts its options in order."""
    for row in rows:
        if row["row"] == "question" and options.get(row["variable"]):
            yield PlaceRow(options[row["variable"]], row["answered"], row["mean"])


_NAMED: Final = 3
"""So many answers are named in the sentence about a question."""


def most_given(one: AskedQuestion) -> str:
    """Return the sentence about a question's answers: the most frequent ones with their shares, or the first places."""
    placed = sorted((place.mean, place.words) for place in one.places if place.mean is not None)
    if placed:
        first = [f"“{words}” ({decimal(mean)})" for mean, words in placed[:_NAMED]]
        return f"{one.title}: {listed(first)} come first, with the mean place of each."
    shown = [answer for answer in one.answers if answer.share is not None and answer.count]
    if one.answered is None or not shown:
        return f"{one.title}: too few people to say."
    most = sorted(shown, key=lambda answer: -(answer.share or 0.0))[:_NAMED]
    named = [f"“{answer.words}” ({sentences.percent(answer.share)})" for answer in most]
    return f"{one.title}: {listed(named)}; {one.answered:,} answered."


def question_figures(questions: Sequence[AskedQuestion], id: str) -> list[Figure]:
    """Return figures of questions: rated ones that follow each other and have the same answers are one picture."""
    figures: list[Figure] = []
    for key, run in groupby(questions, key=_together):
        part = list(run)
        size = _MOST_ROWS if key else 1
        for start in range(0, len(part), size):
            some, name = part[start : start + size], f"{id}-{len(figures) + 1}"
            figures.append(_rated(some, name) if key else _counted(some[0], name))
    return figures


def _together(one: AskedQuestion) -> tuple[str, ...]:
    """Return what questions in one picture share; nothing for one that has none, and stands alone."""
    if not one.rated or not 2 <= len(one.answers) <= MOST_STEPS:
        return ()
    return (one.stem, *(answer.words for answer in one.answers))


def _rated(questions: Sequence[AskedQuestion], id: str) -> Figure:
    steps = tuple(answer.words for answer in questions[0].answers)
    title = questions[0].stem or (questions[0].title if len(questions) == 1 else f"{steps[0]} to {steps[-1]}")
    rows = tuple(
        StackedRow(
            one.title,
            tuple(answer.share or 0.0 for answer in one.answers),
            tuple(f"{100 * (answer.share or 0.0):.0f}" for answer in one.answers),
            count(one.answered),
        )
        if one.is_shown and one.answered
        else StackedRow(one.title, (), said=count(one.answered), note=HIDDEN)
        for one in questions
    )
    headings = ("Question", "Asked", "Answered", *steps, "Mean")
    cells = tuple(
        (one.title, count(one.asked), count(one.answered), *map(_share, one.answers), decimal(one.mean))
        for one in questions
    )
    return Figure(id, title, Stacked(title, _SHARES, steps, rows, "answered"), FigureTable(headings, cells))


def _share(answer: AnswerRow) -> str:
    if answer.count is None:
        return HIDDEN
    return f"{sentences.percent(answer.share)} ({answer.count:,})" if answer.share is not None else count(answer.count)


def _counted(one: AskedQuestion, id: str) -> Figure:
    """Return a question whose answers have no order, or none at all: shares, the largest first, and a table."""
    if one.places:
        return _in_places(one, id)
    asked = (("Asked", count(one.asked) or HIDDEN, ""), ("Answered", count(one.answered) or HIDDEN, ""))
    given = tuple(
        (answer.words, HIDDEN if answer.count is None else count(answer.count), "")
        if answer.share is None
        else (answer.words, count(answer.count), sentences.percent(answer.share))
        for answer in one.answers
    )
    mean = (("Mean", decimal(one.mean), ""),) if one.mean is not None and not one.answers else ()
    rows = (*asked, *given, *mean)
    if not any(share for *_, share in rows):
        rows = tuple(row[:-1] for row in rows)
    headings = ("Answer", "n", "Share")[: len(rows[0])]
    return Figure(id, one.title, _shares(one), FigureTable(headings, rows))


_MEAN_PLACE: Final = "Mean place; 1 is first"


def _in_places(one: AskedQuestion, id: str) -> Figure:
    """Return a question that puts its options in order: the mean place of each, the first one on top."""
    ordered = sorted(one.places, key=lambda place: len(one.places) if place.mean is None else place.mean)
    rows = tuple(
        DotRow(place.words, (None,), more=HIDDEN)
        if place.mean is None
        else DotRow(place.words, (Spot(place.mean),), decimal(place.mean))
        for place in ordered
    )
    about = f"{_MEAN_PLACE}. The table below the picture has the same numbers."
    drawn = Dots(one.title, about, (_MEAN_PLACE,), rows, _MEAN_PLACE, reach=(1.0, float(len(rows))))
    cells = tuple(
        (place.words, HIDDEN if place.mean is None else count(place.answered), decimal(place.mean)) for place in ordered
    )
    is_any = any(place.mean is not None for place in ordered)
    return Figure(id, one.title, drawn if is_any else None, FigureTable(("Option", "n", "Mean place"), cells))


_OF_ANSWERED: Final = "Share of those who answered"


def _shares(one: AskedQuestion) -> Picture | None:
    """Return the shares of a question's answers as dots, the most given first; None where none is shown."""
    ordered = sorted(one.answers, key=lambda answer: -(answer.share or 0.0))
    if not any(answer.share is not None for answer in ordered):
        return None
    rows = tuple(
        DotRow(answer.words, (None,), more=HIDDEN)
        if answer.share is None
        else DotRow(answer.words, (Spot(100 * answer.share),), sentences.percent(answer.share))
        for answer in ordered
    )
    about = f"{_OF_ANSWERED}. The table below the picture has the same numbers."
    return Dots(one.title, about, (_OF_ANSWERED,), rows, _OF_ANSWERED, unit=" %", reach=(0.0,))
