"""Scores for any table of answers: a CSV of codes in, a CSV of scale scores out."""

from __future__ import annotations

import csv
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from survey.definition.questionnaire import Questionnaire
from survey.definition.study import MissingCodes
from survey.export.scores import without_norms
from survey.problems import Refused, did_you_mean, listed, quoted, shortened
from survey.question import Column, Question
from survey.scales import Beside, Rule, banded, has_bands, rules_for, score_each

KEPT: Final = "id"
"""A column of this name is carried over as it is."""

_ROWS_AT_ONCE: Final = 20_000
_ENOUGH_FAULTS: Final = 50
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_NOTHING: Final = ("", " ", ".", "NA", "NaN", "nan")
"""What programs write for no answer."""


class BadTable(Refused):
    """A table that cannot be scored; its reasons are sentences, each with its place."""


@dataclass
class ScoredTable:
    """How many rows were scored, and what to know beside the scores: sentences."""

    rows: int
    notes: Sequence[str] = ()


@dataclass
class _Plan:
    """What each column of the table is: carried over, an item with its numbers, a fact, or only checked.

    `not_shown` is the code of a question that routing passed by, and `missing` are all codes for no answer.
    """

    path: str
    header: list[str]
    kept: int | None
    missing: MissingCodes
    lookups: dict[int, _Lookup] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    facts: dict[str, int] = field(default_factory=dict)

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(str(code) for code in self.missing.model_dump().values())


class _Lookup(dict[str, float]):
    """The number of each code of one column, learned as codes turn up; NaN is no answer.

    Raises KeyError for what the question cannot be answered with.
    """

    def __init__(self, question: Question, column: Column, missing: frozenset[str]) -> None:
        super().__init__(dict.fromkeys((*_NOTHING, *missing), np.nan))
        self._question = question
        self._column = column

    def __missing__(self, text: str) -> float:
        number = self._number(text.strip())
        self[text] = number
        return number

    def _number(self, text: str) -> float:
        if self._column.type == "text" or self._column.type == "date":
            return np.nan
        if not _NUMBER.fullmatch(text):
            raise KeyError(text)
        number = float(text)
        if self._column.codes and number not in self._column.codes:
            raise KeyError(text)
        if self._column.key != self._column.name:
            return number
        limits = self._question.number_range if not self._column.codes else None
        if limits and not limits[0] <= number <= limits[1]:
            raise KeyError(text)
        scored = self._question.number(int(number) if self._column.codes else number)
        return np.nan if scored is None else scored

    @property
    def allowed(self) -> str:
        """What the column can hold, in words."""
        if self._column.codes:
            return "the codes " + ", ".join(str(code) for code in self._column.codes)
        limits = self._question.number_range
        return f"numbers from {limits[0]:g} to {limits[1]:g}" if limits else "numbers"


def score_table(
    questionnaire: Questionnaire, answers: Path, out: IO[str], missing: MissingCodes | None = None
) -> ScoredTable:
    """Score every row of a CSV of answers and write a CSV of scores.

    The columns of `answers` are question ids (and the 0/1 columns of several-choices questions), values are
    codes; blank, and the study's missing codes, are missing. Where a scale has norms, a column for each roster fact
    they are given by is needed too: `sex` or, as in Chorus's own files, `roster_sex` (`year_group` for year). `out`
    gets a row per input row: the `id` column where there is one, then for each scale its score (blank when too few
    items were answered), `<scale>_n`, the number of items answered, and `<scale>_band` where it has bands. Raises
    BadTable, with the row and column of each fault, before anything is written for the rows at fault.
    """
    if not questionnaire.scales:
        raise BadTable([f"{questionnaire.id} has no scales, so there is nothing to score. Please add 'scales:'."])
    scoring = _Scoring(rules_for(questionnaire), questionnaire.audience)
    rows = _rows(answers)
    header = next(rows, (1, None))[1]
    plan = _plan(_Plan(str(answers), header or [], None, missing or MissingCodes()), questionnaire, scoring)
    absent = _absent(plan, scoring)
    if absent:
        raise BadTable(absent)
    writer = csv.writer(out)
    writer.writerow([*([KEPT] if plan.kept is not None else []), *scoring.columns])
    faults: list[str] = []
    done = 0
    while taken := list(islice(rows, _ROWS_AT_ONCE)):
        numbers, chunk = [number for number, _ in taken], [row for _, row in taken]
        columns = _numbers(plan, chunk, numbers, faults)
        if not faults:
            kept = [] if plan.kept is None else [[row[plan.kept] for row in chunk]]
            writer.writerows(zip(*kept, *scoring.cells(plan, columns, chunk), strict=True))
        done += len(chunk)
        if len(faults) >= _ENOUGH_FAULTS:
            faults.append("There may be more; these are the first.")
            break
    if faults:
        raise BadTable(faults)
    return ScoredTable(done, scoring.notes)


@dataclass(frozen=True)
class ItemAnswers:
    """The answers to items, by question: their numbers, NaN for no answer, and whether each was not shown."""

    numbers: dict[str, NDArray[np.float64]]
    not_shown: dict[str, NDArray[np.bool_]]


def item_answers(
    questionnaire: Questionnaire, path: str, columns: dict[str, list[str]], rows: Sequence[int]
) -> ItemAnswers:
    """Return the answers to items from a column of texts for each.

    `columns` are codes by question id, as for :func:`score_table`; `rows` are the numbers of their rows in the file
    `path`, for messages. Raises BadTable, with the row and column of each fault.
    """
    known = {column.name: (q, column) for q in questionnaire.questions for column in q.columns()}
    plan = _Plan(path, list(columns), None, MissingCodes())
    plan.lookups = {at: _Lookup(*known[name], plan.codes) for at, name in enumerate(columns)}
    faults: list[str] = []
    found = _numbers(plan, list(zip(*columns.values(), strict=True)), rows, faults)
    if faults:
        raise BadTable(faults[:_ENOUGH_FAULTS])
    return ItemAnswers(
        {name: found[at] for at, name in enumerate(columns)},
        {name: _not_shown(plan, texts) for name, texts in columns.items()},
    )


def _not_shown(plan: _Plan, texts: Iterable[str]) -> NDArray[np.bool_]:
    code = str(plan.missing.not_shown)
    return np.array([text.strip() == code for text in texts], dtype=bool)


def known_facts(texts: Iterable[str], missing: MissingCodes | None = None) -> list[str | None]:
    """Return the values of a roster fact from the texts of its column; None where it is unknown."""
    nothing = {*_NOTHING, *map(str, (missing or MissingCodes()).model_dump().values())}
    return [None if (value := text.strip()) in nothing else value for text in texts]


def fact_columns(fact: str, taken: Container[str]) -> list[str]:
    """Return the names that the column of a roster fact can have: its own, where no question has that name, or the
    one it has in Chorus's own files.
    """
    return [*([] if fact in taken else [fact]), "year_group" if fact == "year" else f"roster_{fact}"]


class _Scoring:
    """Scores the rows of a table, some at a time, and counts those for whom there are no norms."""

    def __init__(self, rules: dict[str, Rule], audience: str) -> None:
        self.rules = rules
        self._audience = audience
        self._without_norms = dict.fromkeys(rules, 0)
        self.questions = list(dict.fromkeys(id for rule in rules.values() for id in rule.questions))
        self.facts = list(dict.fromkeys(fact for rule in rules.values() for fact in rule.facts))

    @property
    def columns(self) -> list[str]:
        """The names of the columns that are written."""
        return [
            name
            for id, rule in self.rules.items()
            for name in (id, f"{id}_n", *([f"{id}_band"] if has_bands(rule, self._audience) else []))
        ]

    @property
    def notes(self) -> list[str]:
        """Sentences about scores that could not be given."""
        return [
            f"{id}: {without_norms(self.rules[id], count, 'row')}" for id, count in self._without_norms.items() if count
        ]

    def cells(
        self, plan: _Plan, columns: dict[int, NDArray[np.float64]], chunk: Sequence[Sequence[str]]
    ) -> list[Sequence[object]]:
        """Return the cells of :attr:`columns` for some rows of the table."""
        empty = np.full(len(chunk), np.nan)
        there = {id: columns[plan.items[id]] for id in self.questions if id in plan.items}
        matrix = np.column_stack([there.get(id, empty) for id in self.questions])
        passed_by = {id for rule in self.rules.values() for id in rule.passed_by if id in there}
        beside = Beside(
            {id: _not_shown(plan, (row[plan.items[id]] for row in chunk)) for id in passed_by},
            {fact: known_facts((row[at] for row in chunk), plan.missing) for fact, at in plan.facts.items()},
        )
        cells: list[Sequence[object]] = []
        scored = score_each(matrix, self.questions, list(self.rules.values()), beside=beside)
        for (id, rule), scores in zip(self.rules.items(), scored, strict=True):
            self._without_norms[id] += scores.without_norms
            cells.append(["" if np.isnan(value) else _plain(value) for value in scores.score.tolist()])
            cells.append(scores.answered.tolist())
            if has_bands(rule, self._audience):
                cells.append(banded(scores, rule, self._audience, beside).tolist())
        return cells


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV with their numbers, header first; empty lines are none. Raises BadTable."""
    try:
        with path.open("r", encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=head.count)
            yield from _even(path, csv.reader(file, delimiter=delimiter, strict=True))
    except UnicodeDecodeError as error:
        raise BadTable(
            [f"{path}: is not UTF-8 text (from byte {error.start}). Please save it as “CSV UTF-8” and try again."]
        ) from error
    except OSError as error:
        raise BadTable([f"{path}: cannot be read ({error.strerror}). Please check the name."]) from error


def _even(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    width = None
    number = 0
    try:
        for number, row in enumerate(reader, start=1):
            if not row and width != 1:
                continue
            row = row or [""]
            if width is None:
                width = len(row)
            if len(row) != width:
                raise BadTable([_uneven(path, number, len(row), width)])
            yield number, row
    except csv.Error as error:
        raise BadTable(
            [f"{path}: row {number + 1} is broken ({error}). Please look for a quotation mark that is not closed."]
        ) from error


def _uneven(path: Path, number: int, columns: int, width: int) -> str:
    return (
        f"{path}: row {number} has {columns} columns, but the headings have {width}. Each row needs the same number. "
        "Please look for a missing or unquoted comma."
    )


def _plan(plan: _Plan, questionnaire: Questionnaire, scoring: _Scoring) -> _Plan:
    """Find out what each column of the table is. Raises BadTable."""
    if not any(name.strip() for name in plan.header):
        raise BadTable([f"{plan.path}: is empty. The first row names the columns: id and question ids."])
    known = {column.name: (q, column) for q in questionnaire.questions for column in q.columns()}
    of_facts = {name: fact for fact in scoring.facts for name in fact_columns(fact, known)}
    names = plan.header = [name.strip() for name in plan.header]
    plan.kept = names.index(KEPT) if KEPT in names else None
    faults = []
    for at, name in enumerate(names):
        here = f"{plan.path}: row 1, column {at + 1}: '{shortened(name)}'"
        if names.index(name) != at:
            faults.append(f"{here} is there twice. Please remove one.")
        elif name in known:
            plan.lookups[at] = _Lookup(*known[name], plan.codes)
            plan.items[name] = at
        elif (fact := of_facts.get(name)) is not None:
            if fact in plan.facts:
                faults.append(f"{here} is the same fact as '{names[plan.facts[fact]]}'. Please remove one.")
            plan.facts[fact] = at
        elif name != KEPT:
            hint = did_you_mean(name, (*known, *of_facts)) or " Please rename or remove it."
            faults.append(f"{here} is not a question of {questionnaire.id}. Columns are question ids, and 'id'.{hint}")
    if faults:
        raise BadTable(faults[:_ENOUGH_FAULTS])
    return plan


def _absent(plan: _Plan, scoring: _Scoring) -> list[str]:
    """Name the scales none of whose items is in the table, and the facts that norms need: a score of nothing is a
    mistake, not a missing value.
    """
    without = [
        f"{plan.path}: row 1: no item of scale '{id}' is there ({', '.join(rule.questions)}). "
        "Please add its columns, or blank ones."
        for id, rule in scoring.rules.items()
        if not any(question in plan.items for question in rule.questions)
    ]
    unknown = [
        f"{plan.path}: row 1: scale '{id}' has norms by {listed(rule.own_facts)}, and there is no column "
        f"{quoted(fact_columns(fact, plan.items), 'or')}. Please add it; a cell can be empty where it is unknown."
        for id, rule in scoring.rules.items()
        for fact in rule.own_facts
        if fact not in plan.facts
    ]
    return without + unknown


def _numbers(
    plan: _Plan, chunk: Sequence[Sequence[str]], rows: Sequence[int], faults: list[str]
) -> dict[int, NDArray[np.float64]]:
    """Return the numbers of each known column (length: rows of the chunk); add a fault for each bad code."""
    columns = {}
    for at, texts in enumerate(zip(*chunk, strict=True)):
        lookup = plan.lookups.get(at)
        if lookup is None:
            continue
        try:
            columns[at] = np.array([lookup[text] for text in texts])
        except KeyError:
            faults.extend(_bad_codes(plan, at, texts, rows))
    return columns


def _bad_codes(plan: _Plan, at: int, texts: Sequence[str], rows: Sequence[int]) -> Iterator[str]:
    lookup = plan.lookups[at]
    for row, text in zip(rows, texts, strict=True):
        try:
            lookup[text]
        except KeyError:
            yield (
                f"{plan.path}: row {row}, column '{plan.header[at]}': '{shortened(text, 20)}' is not an answer. "
                f"It takes {lookup.allowed}, or an empty cell. Please correct it."
            )


def _plain(value: float) -> str:
    """Write a score with every digit it has, and no “.0” behind a whole number."""
    return repr(int(value)) if value == int(value) else repr(value)
