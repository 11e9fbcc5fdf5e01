"""What a spreadsheet makes of answers when it saves a file: 007 becomes 7, TRUE a yes, 1-2 a day in February.

What was typed cannot be told from what is left of it, so such a cell is refused, never read. The sentences name no
answer: they say what the spreadsheet made of it, and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from survey.definition.columns import is_shortened
from survey.fieldwork.roster.tables import BOOLEAN, DATE, NUMBER, PERCENT, TEXT, Cell

MADE: Final = {
    NUMBER: "a number",
    DATE: "a date or a time",
    PERCENT: "a percentage",
    BOOLEAN: "TRUE or FALSE",
}
"""What the cells of each kind are called; those of kind TEXT stand as someone typed them."""

_ERRORS: Final = ("#NAME?", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NULL!", "#N/A")
_WRITTEN_BY_ONE: Final = re.compile(
    # A number, a sum of money, a percentage, a date in figures, a time; a date with a month; yes and no; an error.
    r"[^\w]*[0-9][0-9\W]*(?:e[+-]?[0-9]+)?(?:[ap]m)?\W*|[0-9]{1,2}[ -]\w{3}(?:[ -][0-9]{2,4})?|\w{3}[ -][0-9]{2,4}"
    r"|true|false|wahr|falsch|vrai|faux|verdadero|falso|vero|" + "|".join(map(re.escape, _ERRORS)),
    re.I,
)
_LONGEST_WRITTEN: Final = 60
"""Characters of the longest thing a spreadsheet writes by itself; longer texts cost the expression above its time."""
_ESCAPED: Final = re.compile("_x00[01][0-9a-f]_", re.I)
_CELL_HOLDS: Final = 32_767

_TEXT_AGAIN: Final = (
    "Please import the CSV as it was exported, or format the column as text and enter again what was typed."
)


def made_of_text(cell: Cell, *, in_workbook: bool, as_typed: bool, saved: bool) -> str | None:
    """Return what is wrong with a cell in which a text should stand as someone typed it; None where nothing is.

    as_typed: the file says itself that this is what was typed, although it looks like something else. saved: a
    spreadsheet has rewritten texts of this CSV.
    """
    if cell.kind in MADE:
        return (
            f"A spreadsheet has turned this text into {MADE[cell.kind]}, so what was typed has been lost. {_TEXT_AGAIN}"
        )
    if not in_workbook:
        return _made_of_text_in_csv(cell.text, as_typed, saved)
    if _ESCAPED.search(cell.text):
        return (
            "A spreadsheet has replaced a control character by its code (_x000b_ or similar). "
            "Please import the CSV as it was exported."
        )
    if len(cell.text.encode("utf-16-le", "surrogatepass")) // 2 >= _CELL_HOLDS:
        return (
            f"A cell of a workbook holds {_CELL_HOLDS:,} characters, so the end of this text may be missing. "
            "Please import the CSV as it was exported."
        )
    return None


def _made_of_text_in_csv(text: str, as_typed: bool, saved: bool) -> str | None:
    if is_shortened(text) and not as_typed:
        return f"{_ROUNDED} {_TEXT_AGAIN}"
    if saved and len(text) <= _LONGEST_WRITTEN and _WRITTEN_BY_ONE.fullmatch(text.strip()):
        return f"A spreadsheet has saved this file, and may have changed this text. {_CSV_AGAIN}"
    return None


_CSV_AGAIN: Final = "Please import the CSV as it was exported, or open it again with its text columns imported as text."
_ROUNDED: Final = (
    "A spreadsheet writes a long number like this (1.23E+19), so what was typed, or its last digits, may be lost."
)


def made_of_code(cell: Cell) -> str | None:
    """Return what is wrong with a cell in which the code of something should stand; None where nothing is."""
    if cell.kind == TEXT and is_shortened(cell.text):
        return f"{_ROUNDED} {_TEXT_AGAIN}"
    if cell.text.strip() in _ERRORS:
        return f"A spreadsheet took this code for a formula and wrote {cell.text.strip()} instead. {_CSV_AGAIN}"
    if cell.kind not in MADE or (cell.kind == NUMBER and cell.text.isdecimal()):
        return None
    return f"A spreadsheet has turned this code into {MADE[cell.kind]}. {_TEXT_AGAIN}"


class Codes:
    """The codes that are known for something, found by what spreadsheets leave of them: 0007 by 7."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = frozenset(known)
        self._by_rest: dict[str, str] = {}
        for code in sorted(self._known, reverse=True):
            # With several, the one with the most zeros is named.
            self._by_rest[_rest(code)] = code

    def fault(self, cell: Cell, *, saved: bool) -> str | None:
        """Return what is wrong with a code that may have lost its zeros. saved: a spreadsheet rewrote this CSV."""
        code = cell.text.strip()
        if not code.isdecimal() or (code in self._known and cell.kind != NUMBER and not saved):
            return None
        other = self._by_rest.get(_rest(code), code)
        if len(other) <= len(code):
            return None
        return (
            f"'{code}' may be '{other}' without its zeros, which spreadsheets drop. "
            "Please format the column as text and write the code in full."
        )


def _rest(code: str) -> str:
    return code.lstrip("0") if code.isdecimal() else code
