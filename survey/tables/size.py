"""How much of a table has been read, counted while it is read."""

from __future__ import annotations

from survey.tables.cells import RowRead
from survey.tables.limits import MOST_CELLS, MOST_CHARACTERS, MOST_ROWS, Refusal


class Size:
    """Counts the rows, columns, cells and characters of a sheet. `what` is its name in a sentence."""

    def __init__(self, what: str, most_columns: int) -> None:
        self._what = what
        self._most_columns = most_columns
        self._rows = self._width = self._characters = 0

    def add(self, row: RowRead) -> None:
        """Count a row. Raises Refusal when the table is then too large."""
        self._rows += 1
        self._width = max(self._width, len(row.texts))
        self._characters += sum(map(len, row.texts))
        if self._width > self._most_columns:
            raise Refusal(
                f"{self._what} has more than {self._most_columns:,} columns. Please delete those that are not needed."
            )
        if self._rows > MOST_ROWS + 1:
            raise Refusal(f"{self._what} has more than {MOST_ROWS:,} rows. Please split it, for instance by school.")
        if self._rows * self._width > MOST_CELLS:
            raise Refusal(
                f"{self._what} has more than {MOST_CELLS:,} cells ({self._rows:,} rows of {self._width} columns and "
                "more). Please delete columns that are not needed, or split it, for instance by school."
            )
        if self._characters > MOST_CHARACTERS:
            raise Refusal(
                f"{self._what} has more than {MOST_CHARACTERS:,} characters in it. Please split it, for "
                "instance by school."
            )
