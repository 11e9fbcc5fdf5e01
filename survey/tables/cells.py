"""Cells, rows and sheets as they are read, before anything is known about what the table is for."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final, NamedTuple

from survey.tables.limits import LONGEST_CELL, MOST_MARKS

TEXT: Final = "text"
NUMBER: Final = "number"
DATE: Final = "date"
PERCENT: Final = "percent"
BOOLEAN: Final = "boolean"
UNREAD: Final = "unread"
"""A cell that a fault of the sheet is about already: say nothing more of it."""

KINDS: Final = frozenset({TEXT, NUMBER, DATE, PERCENT, BOOLEAN, UNREAD})


class SheetRead(NamedTuple):
    """A sheet begins: what follows belongs to it. A CSV file is one sheet without a name."""

    name: str
    hidden: bool = False


class RowRead(NamedTuple):
    """A row that is not blank: its number from 1, the texts of its cells up to the last that is not blank, and the kind
    of those cells that are not text, by their place from 0.
    """

    number: int
    texts: list[str]
    kinds: dict[int, str]


class FaultRead(NamedTuple):
    """What could not be read: where first (row and column from 1, 0 for none), how often, and in which row last."""

    row: int
    column: int
    message: str
    times: int = 1
    last: int = 0


Read = SheetRead | RowRead | FaultRead


def letters_of(column: int) -> str:
    """Return a column (from 1) as spreadsheets name it: D, AB."""
    letters = ""
    while column > 0:
        column, left = divmod(column - 1, 26)
        letters = chr(ord("A") + left) + letters
    return letters


class UnfitText(ValueError):
    """A text that is too long, or would take too long, to be worked on. Its text says so of its cell."""


Clean = Callable[[str], str]
"""What a cell's text goes through. Raises Unfit."""

_BLANK: Final = "\u200b\ufeff\u2060\u00a0\u202f\u200e\u200f"
"""What looks like nothing and is not: blanks without width, and those that do not break."""


def tidied(text: str) -> str:
    """Return a cell's text without blanks around it, letters with accents written in one way. Raises Unfit."""
    text = as_it_stands(text).strip().strip(_BLANK).strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def as_it_stands(text: str) -> str:
    """Return a cell's text unchanged. Raises Unfit."""
    if len(text) > LONGEST_CELL:
        raise UnfitText(f"This cell has more than {LONGEST_CELL:,} characters in it. Please shorten it.")
    if len(text) > MOST_MARKS and not text.isascii() and _most_marks(text) > MOST_MARKS:
        raise UnfitText(
            f"A letter in this cell has more than {MOST_MARKS} accents or marks on it. Please type it again."
        )
    return text


def _most_marks(text: str) -> int:
    """Return how many combining marks there are in a row at most."""
    most = marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        most = max(most, marks)
    return most
