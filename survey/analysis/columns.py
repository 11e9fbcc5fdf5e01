"""The columns of a table from outside, as labels and as numbers: what the commands that measure are given."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from survey.problems import did_you_mean, shortened

if TYPE_CHECKING:
    from survey.analysis.mixed import Floats

MOST_COLUMNS: Final = 5_000
"""Columns of the widest table that is read."""

NOTHING: Final = frozenset(("", ".", "NA", "N/A", "NaN", "nan", "NULL", "null", "None"))
"""What programs write where there is no value."""

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_ENOUGH: Final = 10
"""Faults of a column that are told one by one."""


class UnusableTable(ValueError):
    """A table that cannot be measured; `sentences` say why, each with its place."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def in_order(label: str) -> tuple[int, float, str]:
    """Return what labels are sorted by: numbers by their size, then words by the alphabet."""
    try:
        return 0, float(label), label
    except ValueError:
        return 1, 0.0, label


@dataclass(frozen=True)
class Columns:
    """A table by columns: the texts of each, and the number of each row in the file."""

    name: str
    texts: dict[str, list[str]]
    rows: list[int]

    def labels(self, column: str) -> list[str | None]:
        """Return a column as labels, None where there is none. Raises UnusableTable where it has no such column."""
        return [None if text in NOTHING else text for text in self._texts(column)]

    def numbers(self, column: str, missing: Collection[float] = ()) -> Floats:
        """Return a column as numbers, NaN where there is none; `missing` are numbers that stand for none.

        Raises UnusableTable where there is no such column, and with the row of each text that is not a number.
        """
        import numpy as np

        found = np.empty(len(self.rows))
        faults = []
        known = dict.fromkeys(NOTHING, float("nan"))
        for at, text in enumerate(self._texts(column)):
            number = known.get(text)
            if number is None:
                number = float(text) if _NUMBER.fullmatch(text) else None
                if number is None or number in (float("inf"), float("-inf")):
                    faults.append(self._not_a_number(column, at, text))
                    continue
                known[text] = number = float("nan") if number in missing else number
            found[at] = number
        if len(faults) > _ENOUGH:
            faults[_ENOUGH:] = [f"{len(faults) - _ENOUGH:,} more cells of '{column}' are not numbers."]
        if faults:
            raise UnusableTable(*faults)
        return found

    def _texts(self, column: str) -> list[str]:
        if column not in self.texts:
            known = list(self.texts)
            there = ", ".join(known[:12]) + (f" and {len(known) - 12:,} more" if len(known) > 12 else "")
            raise UnusableTable(
                f"{self.name} has no column '{shortened(column)}'."
                f"{did_you_mean(column, known) or f' Its columns are: {there}.'}"
            )
        return self.texts[column]

    def _not_a_number(self, column: str, at: int, text: str) -> str:
        comma = " Please write decimals with a point." if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text) else ""
        return f"{self.name}: row {self.rows[at]}, column '{column}': '{shortened(text, 20)}' is not a number.{comma}"


def read_columns(data: bytes, name: str) -> Columns:
    """Return the columns of a CSV or Excel file, read in a process of its own; of a workbook, its first sheet.

    Raises UnusableTable, with sentences, when it cannot be read, has no header, two columns of one name, or no rows.
    """
    from survey.tables.apart import read_apart
    from survey.tables.limits import Refusal

    try:
        sheets = read_apart(data, name, verbatim=False, most_columns=MOST_COLUMNS)
    except Refusal as refusal:
        raise UnusableTable(f"{name}: {refusal}") from refusal
    sheet = next((one for one in sheets if one.rows and not one.hidden), None)
    if sheet is None or len(sheet.rows) < 2:
        raise UnusableTable(f"{name} has no rows below a header. The first row names the columns.")
    if sheet.faults:
        raise UnusableTable(*(f"{name}: row {fault.row}: {fault.message}" for fault in sheet.faults[:_ENOUGH]))
    header, *rows = sheet.rows
    _check_header(name, header.texts)
    width = len(header.texts)
    for row in rows:
        if len(row.texts) > width:
            raise UnusableTable(f"{name}: row {row.number} has more cells than the header has names ({width}).")
    filled: Sequence[Sequence[str]] = [[*row.texts, *[""] * (width - len(row.texts))] for row in rows]
    columns = {
        column: list(texts) for column, texts in zip(header.texts, zip(*filled, strict=True), strict=True) if column
    }
    return Columns(name, columns, [row.number for row in rows])


def _check_header(name: str, header: Sequence[str]) -> None:
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise UnusableTable(f"{name} has two columns called '{shortened(twice[0])}'. Please rename one.")
