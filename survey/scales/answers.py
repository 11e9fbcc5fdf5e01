"""Stored answers → numbers, a column for each question."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from survey.question import Question
from survey.scales.rule import Floats


def numbers(question: Question, values: Sequence[Any]) -> Floats:
    """Return the numbers of n stored values of one question (length n); NaN where there is none.

    None stands for no value at all, a mapping for a stated reason (“I don't know”). The question is asked once for
    each distinct value, not once per respondent.
    """
    plain = [None if isinstance(value, dict) else value for value in values]
    try:
        distinct = set(plain)
    except TypeError:  # A list of ticked options: has no number, but that is the question's to say.
        return np.array([_number(question, value) for value in plain], dtype=np.float64)
    found = {value: _number(question, value) for value in distinct}
    return np.fromiter(map(found.__getitem__, plain), dtype=np.float64, count=len(plain))


def _number(question: Question, value: Any) -> float:
    number = None if value is None else question.number(value)
    return math.nan if number is None else number


def matrix(questions: Sequence[Question], answers: Sequence[Mapping[str, Any]]) -> Floats:
    """Return the numbers of n responses to k questions, as an array n × k with NaN for what is missing.

    Each response is its stored answers, key -> value; an absent key was never answered. The array is laid out by
    columns, which is how it is filled and how it is scored fastest.
    """
    filled = np.empty((len(answers), len(questions)), order="F")
    ids = [question.id for question in questions]
    # Response by response, as each then lies in the cache: twice as fast as question by question.
    given = zip(*[tuple(map(response.get, ids)) for response in answers], strict=True)
    for at, (question, values) in enumerate(zip(questions, given, strict=False)):
        filled[:, at] = numbers(question, values)
    return filled
