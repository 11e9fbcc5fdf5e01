"""Typed answers that look like a missing code: -9 is “left blank”, and someone may have written just that.

Our own files say which is which, in the column AS_TYPED. Where a file has no such column, the rest of the row may leave
one reading only; else it is asked about, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from survey.definition.columns import AS_TYPED, UNTOUCHED
from survey.fieldwork.roster.tables import ReadRow, ReadSheet
from survey.question import REASONS
from survey.responses.reading import OVER

_CHANGED: Final = "0"


class Lookalike(Enum):
    """What a cell that looks like a missing code is."""

    CODE = auto()
    TYPED = auto()
    CODE_IF_NOT_SHOWN = auto()
    """The code, where the other answers lead past the question; typed, where they lead to it."""
    UNCLEAR = auto()


class AsTyped:
    """What a file says, in the column AS_TYPED, of its typed answers. index: where that column is; None without one."""

    def __init__(self, sheet: ReadSheet, index: int | None) -> None:
        self._index = index
        self.told = index is not None
        self.saved = index is not None and any(row.cells[index].text.strip() == _CHANGED for row in sheet.rows)
        """Whether a spreadsheet has rewritten texts of this file: UNTOUCHED is not what it was."""

    def names(self, row: ReadRow) -> frozenset[str]:
        """Return, in lower case, the columns in which this row has what was typed."""
        if self._index is None:
            return frozenset()
        said = row.cells[self._index].text.casefold().replace(",", " ").split()
        return frozenset(name for name in said if name not in (UNTOUCHED, _CHANGED))


def reading_of(reason: str, state: str) -> Lookalike:
    """Return what a text that looks like the code for a reason is, where a file does not say so itself.

    state: of the response. Whether a question was reached, or is in the version, follows from the row: a code that
    says what cannot be is no code. Why nothing was said at a question that was asked follows from nothing.
    """
    if state in OVER:
        return Lookalike.CODE
    if reason in REASONS or (reason == "not_reached" and state != "finished"):
        return Lookalike.UNCLEAR
    return Lookalike.CODE_IF_NOT_SHOWN if reason in ("not_shown", "household") else Lookalike.TYPED


UNCLEAR: Final = (
    "'{code}' in a column of text can be a missing code or what the person wrote. Please add a column '"
    + AS_TYPED
    + "' to the file: leave it empty if {code} is the code, and write {column} in it if the person wrote {code}."
)


def gaps_for(reading: Lookalike, gaps: Mapping[str, str]) -> Mapping[str, str]:
    """Return the missing codes that a cell with this reading is held against."""
    return {} if reading is Lookalike.TYPED else gaps
