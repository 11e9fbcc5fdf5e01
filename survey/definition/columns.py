"""What the columns of a data file are called: the same names going out and coming in."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from survey.definition.questionnaire import Questionnaire
from survey.question import Column, Question

LONGEST: Final = 32

AS_TYPED: Final = "as_typed"
"""One more, in questionnaires that are answered by typing: what a cell with an answer cannot say of itself.

First UNTOUCHED, which a spreadsheet makes a 0 when it rewrites the texts of a CSV; then the columns of the row in which
someone typed what looks like a missing code, or like a number that a spreadsheet has shortened.
"""

UNTOUCHED: Final = "00"

_NEGATIVE: Final = re.compile(r"-0*([1-9][0-9]*)(?:\.0*)?")
_SHORTENED: Final = re.compile(r"[+-]?[0-9](?:\.[0-9]+)?E\+[0-9]{2,3}")


def question_column(name: str, taken: Collection[str]) -> str:
    """Return the name of a question's column where these names, in lower case, are those of other columns."""
    return name if name.casefold() not in taken else f"q_{name}"[:LONGEST]


def has_typed(questionnaire: Questionnaire) -> bool:
    """Tell whether some answer to a questionnaire is typed, so that its files have the column AS_TYPED."""
    return any(
        is_typed(question, column)
        for question in questionnaire.questions
        if question.stored
        for column in question.columns()
    )


def is_typed(question: Question, column: Column) -> bool:
    """Tell whether a column holds what someone typed: a text, own words behind “something else”, or a number."""
    return column.key in question.own_words or (column.type == "number" and column.key == column.name)


def is_shortened(text: str) -> bool:
    """Tell whether a text is how spreadsheets write a long number, 1.23457E+19: its last digits may be lost."""
    return "E+" in text and _SHORTENED.fullmatch(text.strip()) is not None


def could_be_code(text: str, codes: Collection[int]) -> bool:
    """Tell whether a text is one of these missing codes, or becomes one in a spreadsheet: -5, -05, -5.0."""
    if "-" not in text or (found := _NEGATIVE.fullmatch(text.strip())) is None:
        return False
    return len(found[1]) < 4 and -int(found[1]) in codes
