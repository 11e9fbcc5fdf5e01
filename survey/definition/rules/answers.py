"""Which answers to a question matter for a condition: a finite list that stands for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta
from itertools import combinations
from typing import Any, Final

from survey.definition.conditions import Test
from survey.question import BLANK, Question, missing

_MOST_LISTED: Final = 10
"""With more codes than this in its tests, a question with several answers is tried by ones, all and none."""


def possible_answers(question: Question, tests: Iterable[Test], *, many: bool) -> list[Any]:
    """Return stored values such that, if any answer fits the tests, one of these does.

    Not asked (None), left blank, every code; for several answers every set of the codes in question; for numbers and
    dates the bounds in the tests and of the question, and a value on either side of each.
    """
    common: list[Any] = [None, missing(BLANK)]
    mentioned = [value for test in tests if test.comparison != "answered" for value in test.values]
    if many:
        return common + _sets(question, mentioned)
    codes = _codes(question)
    if codes:
        return common + codes
    if any(isinstance(value, str) for value in mentioned):
        return common + _days(mentioned)
    return common + _numbers(question, mentioned)


def _codes(question: Question) -> list[int]:
    for column in question.columns():
        if column.key == question.id and column.codes and column.type == "code":
            return list(column.codes)
    return []


def _sets(question: Question, mentioned: list[Any]) -> list[list[Any]]:
    codes = sorted({value for value in mentioned if isinstance(value, int)})
    others = [code for code in _flags(question) if code not in codes][:1]
    if len(codes) > _MOST_LISTED:
        return [[code] for code in codes] + [codes, others]
    alone = _exclusive(question)
    found = [list(some) for size in range(1, len(codes) + 1) for some in combinations(codes, size)]
    return [some for some in found if len(some) == 1 or not alone & set(some)] + [others]


def _flags(question: Question) -> list[int]:
    return list(getattr(question, "labels", {}))


def _exclusive(question: Question) -> set[int]:
    return {option.code for option in getattr(question, "choices", []) if option.exclusive}


def _numbers(question: Question, mentioned: list[Any]) -> list[float]:
    # The step between two answers: a smaller one would invent answers, a larger one overlook them.
    step = 10.0 ** -int(getattr(question, "decimals", 0))
    bounds = [float(value) for value in mentioned]
    low, high = getattr(question, "min", None), getattr(question, "max", None)
    bounds += [float(end) for end in (low, high) if end is not None] or [0.0]
    around = {bound + move for bound in bounds for move in (-step, 0.0, step)}
    return sorted(
        value for value in around if (low is None or value >= float(low)) and (high is None or value <= float(high))
    )


def _days(mentioned: list[Any]) -> list[str]:
    found = set()
    for value in mentioned:
        text = str(value)
        day = date.fromisoformat(text if len(text) == 10 else f"{text}-01")
        for move in (-40, -1, 0, 1, 40):
            with suppress(OverflowError):  # the calendar ends in the years 1 and 9999
                found.add((day + timedelta(days=move)).isoformat()[: len(text)])
    return sorted(found)
