"""The sheet about items: every question, what was answered to it in each wave, and what can be shown of that.

Small counts are hidden, and others from which they could be worked out: the sheet is made to be copied from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import sqrt
from typing import Any, Final

import numpy as np

from survey.definition.study import StudyDefinition
from survey.definition.wording import fill
from survey.export.answers import FINISHED, AnswerCounts, QuestionnaireCounts
from survey.export.charts import ChartSeries, SheetChart
from survey.export.columns import Variable
from survey.export.contents import PERCENT, TWO_DECIMALS, WHOLE, WRAPPED, SmallSheet
from survey.export.missing import WORDS, Gaps
from survey.export.notes import Notes
from survey.export.protecting import ALL, ShownCounts, each, protected, reasons, ticked
from survey.findings.groups import Group, shown_of_answers
from survey.findings.people import PASSED_BY, SILENT, StudyData
from survey.question import Question

_HEADER: Final = (
    "questionnaire", "variable", "label", "wave", "row", "code", "answer", "asked", "answered", "count",
    "share of asked", "share of answered", "mean", "sd", "lowest", "lower quartile", "median", "upper quartile",
    "highest", "remark", "name in charts",
)  # fmt: skip

_LOOKS: Final = {
    "label": WRAPPED,
    "answer": WRAPPED,
    **dict.fromkeys(("asked", "answered", "count"), WHOLE),
    **dict.fromkeys(("share of asked", "share of answered"), PERCENT),
    **dict.fromkeys(("mean", "sd", "lowest", "lower quartile", "median", "upper quartile", "highest"), TWO_DECIMALS),
}

ASKED: Final = ("blank", "dont_know", "rather_not", "multiple")
"""Reasons of those who were asked and gave no answer; the others were not asked."""

_MOST_BARS: Final = 24
_LONGEST_NAME: Final = 70
HIDDEN: Final = "hidden"
_UNSAID: Final = "reasons for no answer hidden"
_GIVEN: Final = "given"
"""The one row of answers that are not codes."""

_Figures = tuple[float | None, ...]
_NO_FIGURES: Final[_Figures] = (None,) * 7


def items(
    found: Sequence[QuestionnaireCounts], study: StudyDefinition, gaps: Gaps, notes: Notes, whose: str = FINISHED
) -> SmallSheet:
    """Return the sheet of every question of every questionnaire, with charts of ratings. What is hidden is noted.

    whose: which responses were counted, in words.
    """
    rows: list[tuple[Any, ...]] = []
    charts: list[SheetChart] = []
    for counts in found:
        sheet = _ItemSheet(counts, study, gaps, len(rows))
        rows += sheet.rows
        charts += sheet.charts()
    hidden = sum(row[-2] != "" for row in rows)
    if hidden:
        notes.add("Items", _why_hidden(hidden, study.disclosure.threshold))
    about = f"Every question by wave, of {whose}: asked, answered, and each answer with its share; charts on the right"
    return SmallSheet("Items", about, _HEADER, rows, looks=_LOOKS, charts=tuple(charts))


def items_of_group(
    found: Sequence[QuestionnaireCounts], data: StudyData, group: Group, gaps: Gaps, notes: Notes
) -> SmallSheet:
    """Return the sheet of how one group answered the questions with options, of finished responses, wave by wave.

    found: the counts of everyone, in all waves. A question is hidden of a group wherever a count of everyone is hidden.
    """
    rows: list[tuple[Any, ...]] = []
    for counts in found:
        rows += _GroupSheet(counts, data, group, gaps).rows
    hidden = sum(row[-2] != "" and row[4] == "question" for row in rows)
    if hidden:
        least = data.study.disclosure.threshold
        notes.add("Items", f"{hidden:,} questions are hidden for this group: {_WHY_GROUPS.format(least=least)}")
    about = f"{group.title}: every question with options by wave, of {FINISHED}: asked, answered, and each answer"
    return SmallSheet("Items", about, _HEADER, rows, looks=_LOOKS)


_WHY_GROUPS: Final = (
    "fewer than {least} people gave one of the answers, or so few could be worked out from this group and others."
)


def _why_hidden(rows: int, threshold: int) -> str:
    return (
        f"{rows:,} rows have empty cells, where a count is below {threshold} or would give such a count away. The "
        "study file sets this number (disclosure: threshold)."
    )


@dataclass(frozen=True)
class _Numbers:
    """How many were asked, by wave, and what of their answers is shown."""

    asked: Mapping[str, int | None]
    shown: ShownCounts

    @property
    def silent(self) -> dict[str, int | None]:
        """How many were asked and gave no answer, by wave; None where that is not told."""
        pairs = ((wave, self.asked[wave], self.shown.sums[wave]) for wave in self.shown.waves)
        return {
            wave: None if asked is None or answered is None else asked - answered for wave, asked, answered in pairs
        }


@dataclass(frozen=True)
class _Answer:
    """One answer and how often it was given; said: False for a reason why there was none."""

    code: str
    words: str
    count: int | None
    said: bool = True


@dataclass(frozen=True)
class _Bar:
    """What a chart can show of one question in one wave: the row of each code."""

    wave: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class _RatedItem:
    """A rated question as the charts see it: its codes and labels, and a bar for each wave."""

    question: Question
    labels: tuple[str, ...]
    bars: list[_Bar] = field(default_factory=list)


class _ItemSheet:
    """The rows of one questionnaire. first: how many rows of others stand above them."""

    def __init__(self, counts: QuestionnaireCounts, study: StudyDefinition, gaps: Gaps, first: int) -> None:
        self._counts, self._gaps, self._first = counts, gaps, first
        self._threshold = study.disclosure.threshold
        self._titles = {wave.id: wave.title for wave in study.waves}
        order = [wave.id for wave in study.waves if wave.id in counts.waves]
        self._waves = [*order, *(wave for wave in counts.waves if wave not in order)]
        self._name = counts.columns.questionnaire
        self._questions = {
            question.id: question for version in counts.columns.versions for question in version.questionnaire.questions
        }
        self._main: dict[str, _Numbers] = {}
        self._rated: list[_RatedItem | None] = []
        self.rows: list[tuple[Any, ...]] = []
        for variable in counts.columns.variables:
            if variable.group == "question":
                self._add(variable)

    # ---- rows --------------------------------------------------------------------------------------------

    def _add(self, variable: Variable) -> None:
        waves = [
            wave for wave in self._waves if self._counts.waves[wave].has(variable) and self._may_ask(variable, wave)
        ]
        if not waves:
            return
        if variable.private:
            self._add_own_words(variable, waves)
        elif variable.type == "flag" and variable.question in self._main:
            self._add_option(variable, waves)
        else:
            self._add_question(variable, waves)

    def _may_ask(self, variable: Variable, wave: str) -> bool:
        """Tell whether a question is asked in a wave at all: where it never is, that no one was asked hides nothing."""
        return any(
            version.questionnaire.may_ask(variable.question, {"wave": wave})
            for version in self._counts.columns.versions
            if variable.question in version.questionnaire.names
        )

    def _add_question(self, variable: Variable, waves: Sequence[str]) -> None:
        question = self._questions[variable.question]
        codes = list(variable.codes)
        given = {code: [self._of(wave, variable).given[code] for wave in waves] for code in codes}
        if not codes:
            given = {_GIVEN: [self._of(wave, variable).answered for wave in waves]}
        shown = protected(given, waves, self._threshold)
        silent = self._silent(variable, question, waves)
        asked = [sum(numbers) for numbers in zip(*given.values(), *silent.values(), strict=True)]
        numbers = _Numbers(each(asked, waves, self._threshold), shown)
        self._main.setdefault(variable.question, numbers)
        told = reasons(silent, waves, numbers.silent, self._threshold)
        item = _RatedItem(question, tuple(variable.codes.values())) if _is_rated(variable, question) else None
        if item is not None or variable.name == variable.question:
            self._rated.append(item)
        for wave in shown.waves:
            figures = self._figures(variable, question, waves, wave, shown)
            unsaid = wave not in told and numbers.silent[wave] != 0
            first = self._put_answers(variable, wave, numbers, figures, remark=_UNSAID if unsaid else "")
            if item is not None and shown.all_shown(wave) and (wave != ALL or len(shown.waves) == 1):
                item.bars.append(_Bar(wave, tuple(range(first, first + len(codes)))))
            for reason, count in told.get(wave, {}).items():
                code = str(int(self._gaps[reason]))
                self._put(variable, wave, numbers, _Answer(code, WORDS[reason], count, said=False))

    def _put_answers(
        self, variable: Variable, wave: str, numbers: _Numbers, figures: _Figures, *, remark: str = ""
    ) -> int:
        """Add the row of a question in a wave, and one for each code. Returns the place of the first of these."""
        self._put(variable, wave, numbers, figures=figures, remark=remark)
        first = self._first + len(self.rows)
        for code, words in variable.codes.items():
            self._put(variable, wave, numbers, _Answer(str(code), words, numbers.shown.count(code, wave)))
        return first

    def _add_option(self, variable: Variable, waves: Sequence[str]) -> None:
        main = self._main[variable.question]
        there = [wave for wave in main.shown.waves if wave != ALL]
        ticks = [self._of(wave, variable).given[1] if wave in waves else 0 for wave in there]
        counts = ticked(ticks, main.shown, self._threshold)
        for wave in main.shown.waves:
            if wave == ALL or wave in waves:
                self._put(variable, wave, main, _Answer("1", variable.codes[1], counts[wave]))

    def _add_own_words(self, variable: Variable, waves: Sequence[str]) -> None:
        """Tell only how many typed something: whether they were asked hangs on another answer."""
        counts = each([self._of(wave, variable).texts for wave in waves], waves, self._threshold)
        for wave, count in counts.items():
            self._put(variable, wave, None, _Answer("", "typed", count))

    def _of(self, wave: str, variable: Variable) -> AnswerCounts:
        return self._counts.waves[wave].of(variable)

    def _silent(self, variable: Variable, question: Question, waves: Sequence[str]) -> dict[str, list[int]]:
        """Return how many gave no answer, by reason and wave: the reasons that there can be."""
        can_be = {
            "blank": True,
            "dont_know": bool(question.dont_know),
            "rather_not": bool(question.rather_not),
            "multiple": any(self._counts.waves[wave].on_paper for wave in waves),
        }
        found = {reason: [self._of(wave, variable).missing[self._gaps[reason]] for wave in waves] for reason in ASKED}
        return {reason: counts for reason, counts in found.items() if can_be[reason] or any(counts)}

    def _put(
        self,
        variable: Variable,
        wave: str,
        numbers: _Numbers | None,
        answer: _Answer | None = None,
        *,
        figures: _Figures = _NO_FIGURES,
        remark: str = "",
    ) -> None:
        """Add a row: of a question, or of an answer to it. numbers: None for words typed beside another answer."""
        asked = numbers.asked[wave] if numbers else None
        answered = numbers.shown.sums[wave] if numbers else None
        if answer is None:
            words: tuple[Any, ...] = ("question", "", "")
            rest: tuple[Any, ...] = (None, None, None)
            hidden = None in (asked, answered)
        else:
            words = ("answer" if answer.said else "no answer", answer.code, answer.words)
            of_answered = answered if answer.said else None
            rest = (answer.count, _share(answer.count, asked), _share(answer.count, of_answered))
            hidden = answer.count is None
        name = self._in_charts(variable, wave) if answer is not None and answer.said else ""
        remarks = "; ".join(part for part in (HIDDEN if hidden else "", remark) if part)
        place = (self._name, variable.name, variable.label, wave)
        self.rows.append((*place, *words, asked, answered, *rest, *figures, remarks, name))

    def _in_charts(self, variable: Variable, wave: str) -> str:
        """Return what charts call a question in a wave; empty where they do not show it."""
        question = self._questions[variable.question]
        if not _is_rated(variable, question) or (wave == ALL and len(self._waves) > 1):
            return ""
        title = fill(question.title, {}, {})
        short = title if len(title) <= _LONGEST_NAME else f"{title[: _LONGEST_NAME - 1]}…"
        return short if len(self._waves) == 1 else f"{short} ({self._titles.get(wave, wave)})"

    # ---- figures -----------------------------------------------------------------------------------------

    def _figures(
        self, variable: Variable, question: Question, waves: Sequence[str], wave: str, shown: ShownCounts
    ) -> _Figures:
        """Return mean, sd, lowest, quartiles and highest: of ratings the first two, none where counts are hidden."""
        mine = waves if wave == ALL else [wave]
        if variable.type == "number":
            # All waves less the others are one wave.
            if any(not shown.count(_GIVEN, one) for one in (*mine, wave)):
                return _NO_FIGURES
            return _spread(self._numbers(variable, mine))
        if not _is_rated(variable, question) or not shown.all_shown(wave):
            return _NO_FIGURES
        numbers = {
            number: shown.count(code, wave) or 0
            for code in variable.codes
            if (number := question.number(code)) is not None
        }
        return (*_spread(numbers)[:2], *_NO_FIGURES[2:])

    def _numbers(self, variable: Variable, waves: Sequence[str]) -> Mapping[float, int]:
        found: dict[float, int] = {}
        for wave in waves:
            for number, count in self._of(wave, variable).given.items():
                found[number] = found.get(number, 0) + count
        return found

    # ---- charts ------------------------------------------------------------------------------------------

    def charts(self) -> Iterator[SheetChart]:
        """Yield a chart for each run of rated questions that have the same answers, not too many in one."""
        for labels, run in groupby(self._rated, key=lambda item: None if item is None else item.labels):
            there = [item for item in run if item is not None and item.bars]
            if labels is None or not there:
                continue
            most = max(1, _MOST_BARS // max(len(item.bars) for item in there))
            for start in range(0, len(there), most):
                part = there[start : start + most]
                if sum(len(item.bars) for item in part) > 1:
                    yield self._chart(part, labels)

    def _chart(self, part: Sequence[_RatedItem], labels: Sequence[str]) -> SheetChart:
        bars = [bar for item in part for bar in item.bars]
        series = tuple(
            ChartSeries("share of answered", tuple(bar.rows[place] for bar in bars), label)
            for place, label in enumerate(labels)
        )
        stems = {item.question.stem for item in part}
        stem = stems.pop() if len(stems) == 1 else None
        title = fill(stem, {}, {}) if stem else f"{self._counts.columns.newest.title}: {labels[0]} to {labels[-1]}"
        beside = bars[0].rows[0]
        return SheetChart("shares", title, "name in charts", series, ("", "Share of those who answered"), beside)


def is_choice(variable: Variable) -> bool:
    """Tell whether a column holds the one answer to a question that was chosen among options."""
    whole = variable.group == "question" and variable.name == variable.question
    return whole and bool(variable.codes) and variable.type != "flag" and not variable.private


class _GroupSheet(_ItemSheet):
    """The rows of one questionnaire, of one group."""

    def __init__(self, counts: QuestionnaireCounts, data: StudyData, group: Group, gaps: Gaps) -> None:
        self._data, self._group = data, group
        super().__init__(counts, data.study, gaps, 0)

    def _add(self, variable: Variable) -> None:
        waves = [wave for wave in self._waves if self._counts.waves[wave].has(variable)]
        if not waves or not is_choice(variable):
            return
        question = self._questions[variable.question]
        everyone = protected(
            {code: [self._of(wave, variable).given[code] for wave in waves] for code in variable.codes},
            waves,
            self._threshold,
        )
        for wave in waves:
            numbers = self._numbers_of(variable, wave, told=everyone.all_shown(wave))
            if numbers is not None:
                self._put_answers(
                    variable, wave, numbers, self._figures(variable, question, [wave], wave, numbers.shown)
                )

    def _numbers_of(self, variable: Variable, wave: str, *, told: bool) -> _Numbers | None:
        """Return what is shown of the group, nothing of which is if not told; None if no one in the group was asked."""
        people = self._data.people(self._name, wave)
        inside = np.array(self._group.among(people), dtype=bool)
        if not inside.any():
            return None
        answers, kinds = people.chosen(variable.name), len(variable.codes)
        passed_by = answers == PASSED_BY
        if told:
            # Who was passed by had said something else before, and is counted like one more answer.
            counted = np.where(passed_by, kinds, answers)
            among = shown_of_answers(self._data.study, people, counted, kinds + bool(passed_by.any()))
            told = self._group.code in among.get(self._group.by, ())
        counts = np.bincount(answers[inside & (answers >= 0)], minlength=kinds).tolist()
        told = told and any(counts)
        silent = int((answers[inside] == SILENT).sum())
        shown = {(code, wave): count if told else None for code, count in zip(variable.codes, counts, strict=True)}
        answered = sum(counts) if told else None
        asked = None if answered is None else answered + silent
        return _Numbers({wave: asked}, ShownCounts((wave,), shown, {wave: answered}))


def _is_rated(variable: Variable, question: Question) -> bool:
    return question.rated and bool(variable.codes) and variable.name == variable.question


def _share(count: int | None, of: int | None) -> float | None:
    return None if count is None or not of else count / of


def _spread(counts: Mapping[float, int]) -> _Figures:
    """Return mean, sd (n - 1), lowest, lower quartile, median, upper quartile and highest of numbers and their counts.

    Quartiles are those of R's type 7: on a straight line between the two numbers beside them.
    """
    values = np.array(sorted(counts), dtype=float)
    weights = np.array([counts[value] for value in sorted(counts)])
    n = int(weights.sum())
    if not n:
        return _NO_FIGURES
    mean = float(values @ weights) / n
    sd = sqrt(float(((values - mean) ** 2) @ weights) / (n - 1)) if n > 1 else None
    ends = np.cumsum(weights)
    quartiles = [_at(values, ends, (n - 1) * share) for share in (0, 0.25, 0.5, 0.75, 1)]
    return (mean, sd, *quartiles)


def _at(values: Any, ends: Any, place: float) -> float:
    """Return what stands at a place (from 0) of the sorted numbers; ends: how many stand up to each value."""
    low = int(place)
    below, above = (
        float(values[np.searchsorted(ends, at, side="right")]) for at in (low, min(low + 1, int(ends[-1]) - 1))
    )
    return below + (above - below) * (place - low)
