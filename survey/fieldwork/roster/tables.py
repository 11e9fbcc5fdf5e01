"""Tables people send: CSV and Excel files, read into cells of text that know their row and column.

Whatever cannot be read as its author sees it is said with its place, never guessed: a merged cell, a formula, an error,
a hidden sheet. Nothing here knows what a table is about; `columns` finds its columns by their headers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, overload

from survey.problems import Nearest, quoted, shortened
from survey.tables.apart import TableRead, read_apart
from survey.tables.cells import BOOLEAN as BOOLEAN
from survey.tables.cells import DATE as DATE
from survey.tables.cells import NUMBER as NUMBER
from survey.tables.cells import PERCENT as PERCENT
from survey.tables.cells import TEXT as TEXT
from survey.tables.cells import UNREAD as UNREAD
from survey.tables.cells import FaultRead, RowRead, letters_of
from survey.tables.limits import Refusal

MOST_COLUMNS: Final = 200


class UnreadableTable(ValueError):
    """A file that is no table. Its text says, to the person who sent it, why, and what to do."""


class Cell(NamedTuple):
    """A cell: its text as its author sees it, its row and column (from 1), and what the spreadsheet took it for.

    kind: TEXT, NUMBER, DATE (text is then YYYY-MM-DD), PERCENT, BOOLEAN (yes or no) or UNREAD. In CSV everything is
    TEXT.
    """

    text: str
    row: int
    column: int
    kind: str = TEXT


class RowCells(Sequence[Cell]):
    """The cells of a row, as many as the sheet has columns. Each is made when it is asked for: a large table has
    millions, and most are looked at once.
    """

    __slots__ = ("_read", "_width")

    def __init__(self, read: RowRead, width: int) -> None:
        self._read = read
        self._width = width

    def __len__(self) -> int:
        return self._width

    @overload
    def __getitem__(self, at: int) -> Cell: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Cell, ...]: ...
    def __getitem__(self, at: int | slice) -> Cell | tuple[Cell, ...]:
        if isinstance(at, slice):
            return tuple(map(self._cell, range(self._width)[at]))
        return self._cell(range(self._width)[at])

    def __iter__(self) -> Iterator[Cell]:
        return map(self._cell, range(self._width))

    def _cell(self, at: int) -> Cell:
        number, texts, kinds = self._read
        if at >= len(texts):
            return Cell("", number, at + 1)
        return Cell(texts[at], number, at + 1, kinds.get(at, TEXT))


class ReadRow(NamedTuple):
    """A row that is not blank: its number in the sheet, and a cell for each column."""

    number: int
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Misread:
    """One problem, with its place. `row` and `column` count from 1, 0 where the problem has none; `sheet` is empty for
    CSV, which has no sheets; `header` is the column's; `file` is the file's name where there are several.
    """

    sheet: str
    row: int
    column: int
    message: str
    header: str = ""
    file: str = ""

    @property
    def letter(self) -> str:
        """The column as spreadsheets name it: D."""
        return letters_of(self.column) if self.column else ""

    @property
    def place(self) -> str:
        """The place as a spreadsheet's user names it: sheet "Year 4", row 17, column D (Class)."""
        parts = [self.file] if self.file else []
        if self.sheet:
            parts.append(f'sheet "{self.sheet}"')
        if self.row:
            parts.append(f"row {self.row}")
        if self.column:
            header = f" ({shortened(self.header)})" if self.header else ""
            parts.append(f"column {self.letter}{header}")
        return ", ".join(parts)

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


@dataclass
class ReadSheet:
    """A table: its headers (the first row that is not blank), the rows below, and what could not be read."""

    name: str
    header: tuple[Cell, ...]
    rows: list[ReadRow]
    problems: list[Misread] = field(default_factory=list)
    file: str = ""
    """The file's name, where there are several."""

    def misread(self, cell: Cell, message: str) -> Misread:
        """Return a problem of this sheet at a cell."""
        header = self.header[cell.column - 1].text if cell.column <= len(self.header) else ""
        return Misread(self.name, cell.row, cell.column, message, header, self.file)

    def has(self, *headers: str) -> bool:
        """True when every one of these headers is there, whatever its case and spaces."""
        there = {plain(cell.text) for cell in self.header}
        return all(plain(header) in there for header in headers)


class SentFile(NamedTuple):
    """A file as it was sent: its bytes, and its name, which is for messages."""

    data: bytes
    name: str


def read_sheets(data: bytes, name: str, *, verbatim: bool = False, most_columns: int = MOST_COLUMNS) -> list[ReadSheet]:
    """Return the sheets of a CSV or Excel (.xlsx) file; a CSV file is one sheet without a name. Blank sheets are left
    out.

    name: the file's name, for messages. What the file is, its content says. verbatim: leave texts as they stand, blanks
    around them and all, because someone typed them into a questionnaire. Cells that cannot be read are in each
    sheet's `problems`. Raises Unreadable when the file is too large, no table, damaged, protected or empty.
    """
    try:
        tables = read_apart(data, name, verbatim=verbatim, most_columns=most_columns)
    except Refusal as refusal:
        raise UnreadableTable(str(refusal)) from refusal
    sheets = [sheet for table in tables if (sheet := _sheet(table)) is not None]
    if sheets:
        return sheets
    if [table.name for table in tables] == [""]:
        raise UnreadableTable("The file is empty. Please choose a table with headings in its first row.")
    raise UnreadableTable("The workbook is empty. Please choose one with headings and rows.")


_LONGEST_HEADER: Final = 200
"""Characters of a header that are compared: the longest one that means anything has far fewer."""


def plain(header: str) -> str:
    """Return a header as headers are compared: without case, spaces, dashes and underscores."""
    return re.sub(r"[\s_\-.:]+", "", unicodedata.normalize("NFKC", header[:_LONGEST_HEADER])).casefold()


MOST_PROBLEMS: Final = 500
"""Problems of a file after which it is read no further: more would be the same again, and each takes time."""

_MOST_HINTS: Final = 50
"""Headers for which the nearest known one is looked for."""


def until_too_many(sheet: ReadSheet, problems: list[Misread]) -> Iterator[ReadRow]:
    """Yield a sheet's rows until there are too many problems; then add one that says so, and stop."""
    for row in sheet.rows:
        if len(problems) >= MOST_PROBLEMS:
            said = (
                f"The rows from here on were not checked, because there are {len(problems):,} problems "
                "before them. Please correct those first, and check the file again."
            )
            problems.append(Misread(sheet.name, row.number, 0, said, file=sheet.file))
            return
        yield row


_DEEPEST: Final = 10
"""Rows among which the headings are looked for."""


@dataclass(frozen=True)
class Below:
    """A sheet that begins with its headings: the rows above that are left out, or why they cannot be."""

    sheet: ReadSheet
    above: tuple[int, ...] = ()
    fault: Misread | None = None


def without_title(sheet: ReadSheet, known: Callable[[str], bool]) -> Below:
    """Return a sheet from its headings on. known: tells whether a text is a heading.

    Rows above the headings are left out where each holds less than half as much as the headings do, as a title does.
    Where one holds more, that is said.
    """
    rows = [ReadRow(sheet.header[0].row, sheet.header), *sheet.rows[:_DEEPEST]] if sheet.header else []
    found = [sum(1 for cell in row.cells if cell.text and known(cell.text)) for row in rows]
    best = found.index(max(found)) if found else 0
    if best == 0 or found[best] < 2:
        return Below(sheet)
    header = rows[best]
    if not all(_is_title(row, header) for row in rows[:best]):
        said = (
            "The headings are in this row. Please delete everything above it, so that they are in the first row "
            f"(row {rows[0].number} is now read as the headings)."
        )
        return Below(sheet, fault=Misread(sheet.name, header.number, 0, said, file=sheet.file))
    problems = [
        replace(problem, header=header.cells[problem.column - 1].text if problem.column else "")
        for problem in sheet.problems
        if problem.row == 0 or problem.row >= header.number
    ]
    headed = ReadSheet(sheet.name, tuple(header.cells), sheet.rows[best:], problems, sheet.file)
    return Below(headed, tuple(row.number for row in rows[:best]))


def _is_title(row: ReadRow, header: ReadRow) -> bool:
    filled, wide = (sum(1 for cell in one.cells if cell.text) for one in (row, header))
    return filled == 1 or filled * 2 < wide


def columns(
    sheet: ReadSheet, accepted: Mapping[str, Sequence[str]], required: Iterable[str] = ()
) -> tuple[ReadSheet, dict[str, int], list[Misread]]:
    """Return a sheet from its headings on, where its columns are (key → index into a row's cells), and what is wrong
    with its headings.

    accepted: for each key, the headings that mean it; the first is the one messages name. Problems: a heading that is
    not known, one that is there twice, a column without a heading, a required column that is missing.
    """
    if not sheet.header:
        return sheet, {}, []
    meanings = {plain(header): key for key, headers in accepted.items() for header in headers}
    below = without_title(sheet, lambda text: plain(text) in meanings)
    if below.fault is not None:
        return sheet, {}, [below.fault]
    sheet = below.sheet
    names = {key: headers[0] for key, headers in accepted.items()}
    nearest = Nearest(header for headers in accepted.values() for header in headers)
    found: dict[str, int] = {}
    problems: list[Misread] = []
    for index, cell in enumerate(sheet.header):
        key = meanings.get(plain(cell.text))
        if not cell.text:
            problems += _headless(sheet, index)
        elif key is None:
            known = nearest.hint(cell.text) if len(problems) < _MOST_HINTS else ""
            hint = known or f" The headings that can be used are {quoted(names.values())}."
            problems.append(sheet.misread(cell, f"The heading '{shortened(cell.text)}' is not one Chorus knows.{hint}"))
        elif key in found:
            first = letters_of(found[key] + 1)
            problems.append(
                sheet.misread(cell, f"This column means the same as column {first}. Please keep only one of them.")
            )
        else:
            found[key] = index
    missing = [names.get(key, key) for key in required if key not in found]
    if not missing:
        return sheet, found, problems
    # Where no header is known at all, that is all there is to say.
    return sheet, found, [_missing(sheet, missing), *(problems if found else ())]


def _missing(sheet: ReadSheet, missing: Sequence[str]) -> Misread:
    said = (
        f"The columns {quoted(missing)} are missing." if len(missing) > 1 else f"The column '{missing[0]}' is missing."
    )
    return Misread(
        sheet.name, sheet.header[0].row, 0, f"{said} The first row should have the headings.", file=sheet.file
    )


def _headless(sheet: ReadSheet, index: int) -> Iterator[Misread]:
    """Yield a problem for a column without a header in which there is something."""
    filled = [row.cells[index] for row in sheet.rows if row.cells[index].text]
    if filled:
        yield sheet.misread(
            filled[0],
            "This column has no heading, but there is something in it. Please add a heading, or clear the column.",
        )


def and_more(rows: Sequence[int]) -> str:
    """Return how many cells of a column have the same problem, for the end of a message about the first of them."""
    return _and_more(len(rows), rows[-1])


def _and_more(count: int, last: int) -> str:
    return f" (Such cells in this column: {count:,}, the last in row {last}.)" if count > 1 else ""


# ---- from what was read ---------------------------------------------------------------------------------


def _sheet(table: TableRead) -> ReadSheet | None:
    """Return a table as a sheet with rows of one length, or None when all of it is blank."""
    if table.hidden:
        said = "This sheet is hidden. Please unhide it if it should be read, or delete it."
        return ReadSheet(table.name, (), [], [Misread(table.name, 0, 0, said)]) if table.rows else None
    if not table.rows:
        return None
    width = max(len(row.texts) for row in table.rows)
    rows = [ReadRow(row.number, RowCells(row, width)) for row in table.rows]
    sheet = ReadSheet(table.name, tuple(rows[0].cells), rows[1:])
    sheet.problems = [_misread(sheet, fault) for fault in table.faults if fault.column <= width]
    return sheet


def _misread(sheet: ReadSheet, fault: FaultRead) -> Misread:
    header = sheet.header[fault.column - 1].text if fault.column else ""
    more = _and_more(fault.times, fault.last)
    return Misread(sheet.name, fault.row, fault.column, fault.message + more, header)
