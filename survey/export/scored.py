"""Scores for any table of answers: a CSV of codes in, a CSV of scale scores out."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from survey.definition.questionnaire import Questionnaire
from survey.definition.scale import Scale
from survey.definition.study import MissingCodes
from survey.problems import Refused, did_you_mean, shortened
from survey.question import Column, Question
from survey.scales import Rule, rule_for, score

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
class _Plan:
    """What each column of the table is: carried over, an item with its numbers, or only checked."""

    path: str
    header: list[str]
    kept: int | None
    lookups: dict[int, _Lookup]
    items: dict[str, int] = field(default_factory=dict)


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


def score_table(questionnaire: Questionnaire, answers: Path, out: IO[str], missing: MissingCodes | None = None) -> int:
    """Score every row of a CSV of answers and write a CSV of scores; return the number of rows.

    The columns of `answers` are question ids (and the 0/1 columns of several-choices questions), values are
    codes; blank, and the study's missing codes, are missing. `out` gets a row per input row: the `id` column where
    there is one, then for each scale its score (blank when too few items were answered) and `<scale>_n`, the
    number of items answered. Raises BadTable, with the row and column of each fault, before anything is written
    for the rows at fault.
    """
    if not questionnaire.scales:
        raise BadTable([f"{questionnaire.id} has no scales, so there is nothing to score. Please add 'scales:'."])
    rules = [(scale, rule_for(scale, questionnaire)) for scale in questionnaire.scales]
    codes = frozenset(str(code) for code in (missing or MissingCodes()).model_dump().values())
    rows = _rows(answers)
    plan = _plan(str(answers), next(rows, (1, None))[1], questionnaire, codes)
    absent = _absent(plan, rules)
    if absent:
        raise BadTable(absent)
    writer = csv.writer(out)
    first = [KEPT] if plan.kept is not None else []
    writer.writerow(first + [name for scale, _ in rules for name in (scale.id, f"{scale.id}_n")])
    faults: list[str] = []
    done = 0
    while taken := list(islice(rows, _ROWS_AT_ONCE)):
        numbers, chunk = [number for number, _ in taken], [row for _, row in taken]
        columns = _numbers(plan, chunk, numbers, faults)
        if not faults:
            writer.writerows(_scored(plan, rules, columns, chunk))
        done += len(chunk)
        if len(faults) >= _ENOUGH_FAULTS:
            faults.append("There may be more; these are the first.")
            break
    if faults:
        raise BadTable(faults)
    return done


def item_numbers(
    questionnaire: Questionnaire, path: str, columns: dict[str, list[str]], rows: Sequence[int]
) -> dict[str, NDArray[np.float64]]:
    """Return the numbers of answers to items: a column of texts for each item, NaN for no answer.

    `columns` are codes by question id, as for :func:`score_table`; `rows` are the numbers of their rows in the file
    `path`, for messages. Raises BadTable, with the row and column of each fault.
    """
    codes = frozenset(str(code) for code in MissingCodes().model_dump().values())
    known = {column.name: (q, column) for q in questionnaire.questions for column in q.columns()}
    plan = _Plan(path, list(columns), None, {at: _Lookup(*known[name], codes) for at, name in enumerate(columns)})
    faults: list[str] = []
    found = _numbers(plan, list(zip(*columns.values(), strict=True)), rows, faults)
    if faults:
        raise BadTable(faults[:_ENOUGH_FAULTS])
    return {name: found[at] for at, name in enumerate(columns)}


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


def _plan(path: str, header: list[str] | None, questionnaire: Questionnaire, missing: frozenset[str]) -> _Plan:
    if header is None or not any(name.strip() for name in header):
        raise BadTable([f"{path}: is empty. The first row names the columns: id and question ids."])
    known = {column.name: (q, column) for q in questionnaire.questions for column in q.columns()}
    names = [name.strip() for name in header]
    plan = _Plan(path, names, names.index(KEPT) if KEPT in names else None, {})
    faults = []
    for at, name in enumerate(names):
        if names.index(name) != at:
            faults.append(f"{path}: row 1, column {at + 1}: '{shortened(name)}' is there twice. Please remove one.")
        elif name in known:
            plan.lookups[at] = _Lookup(*known[name], missing)
            plan.items[name] = at
        elif name != KEPT:
            faults.append(
                f"{path}: row 1, column {at + 1}: '{shortened(name)}' is not a question of {questionnaire.id}. "
                f"Columns are question ids, and 'id'.{did_you_mean(name, known) or ' Please rename or remove it.'}"
            )
    if faults:
        raise BadTable(faults[:_ENOUGH_FAULTS])
    return plan


def _absent(plan: _Plan, rules: Sequence[tuple[Scale, Rule]]) -> list[str]:
    """Name the scales none of whose items is in the table: a score of nothing is a mistake, not a missing value."""
    return [
        f"{plan.path}: row 1: no item of scale '{scale.id}' is there ({', '.join(rule.items)}). "
        "Please add its columns, or blank ones."
        for scale, rule in rules
        if not any(item in plan.items for item in rule.items)
    ]


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


def _scored(
    plan: _Plan,
    rules: Sequence[tuple[Scale, Rule]],
    columns: dict[int, NDArray[np.float64]],
    chunk: Sequence[Sequence[str]],
) -> Iterator[tuple[object, ...]]:
    empty = np.full(len(chunk), np.nan)
    cells: list[Sequence[object]] = []
    if plan.kept is not None:
        cells.append([row[plan.kept] for row in chunk])
    for _, rule in rules:
        matrix = np.column_stack([columns[plan.items[i]] if i in plan.items else empty for i in rule.items])
        scores = score(matrix, rule)
        cells.append(["" if np.isnan(value) else _plain(value) for value in scores.score.tolist()])
        cells.append(scores.answered.tolist())
    return zip(*cells, strict=True)


def _plain(value: float) -> str:
    """Write a score with every digit it has, and no “.0” behind a whole number."""
    return repr(int(value)) if value == int(value) else repr(value)
