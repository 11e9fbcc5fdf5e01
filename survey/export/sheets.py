"""Rows of a large sheet as XML, a few thousand at a time, kept in a file until the workbook is put together.

openpyxl makes an object of each cell and an element of each object: 11 seconds for 20,000 × 80. A data sheet has
few distinct cells, so here each distinct cell is put into words once, and a row is one string operation. What the
rows stand in (header, styles, widths, filters) is openpyxl's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any, Final

from survey.export.columns import Variable
from survey.export.missing import MissingNumber
from survey.export.table import Cells
from survey.export.text import LONGEST, for_workbook, string_xml

ROWS: Final = 1_048_576
COLUMNS: Final = 16_384
"""What a sheet can have, header included."""

_MOST_REMEMBERED: Final = 2_000
# Spreadsheets know no zones: their moments are those of a clock on a wall.
_DAY_NOUGHT: Final = datetime(1899, 12, 30)  # noqa: DTZ001
# Before it, spreadsheets disagree about which day a number is: one of them has a 29 February 1900.
_FIRST_SURE_DAY: Final = date(1900, 3, 1)
_FIRST_SURE_MOMENT: Final = datetime(1900, 3, 1)  # noqa: DTZ001
_ONE_DAY: Final = timedelta(days=1)
_EXACT: Final = 10**15
SURELY_SHORT: Final = LONGEST // 2
"""Texts of fewer characters fit into a cell, whatever the characters."""


@dataclass(frozen=True)
class Styles:
    """Numbers of the workbook's cell styles for days, for moments, and for all else in a column (0: none)."""

    day: int
    moment: int
    other: int = 0


class _Fragments(dict[Any, str]):
    """Cell -> its XML behind the reference, learned as cells turn up."""

    def __init__(self, styles: Styles) -> None:
        super().__init__({None: "/>", "": "/>"})
        self._styles = styles
        self._style = f' s="{styles.other}"' if styles.other else ""

    def __missing__(self, cell: Any) -> str:
        fragment = self._made(cell)
        if len(self) < _MOST_REMEMBERED:
            self[cell] = fragment
        return fragment

    def _made(self, cell: Any) -> str:
        if isinstance(cell, str):
            return self._style + string_fragment(cell)
        if isinstance(cell, datetime):
            if cell < _FIRST_SURE_MOMENT:
                return string_fragment(cell.isoformat(" "))
            return f' s="{self._styles.moment}"><v>{(cell - _DAY_NOUGHT) / _ONE_DAY!r}</v></c>'
        if isinstance(cell, date):
            if cell < _FIRST_SURE_DAY:
                return string_fragment(cell.isoformat())
            return f' s="{self._styles.day}"><v>{(cell - _DAY_NOUGHT.date()).days}</v></c>'
        if isinstance(cell, int) and abs(cell) >= _EXACT:
            # A spreadsheet keeps 15 digits of a number. As text it keeps them all.
            return self._style + string_fragment(str(cell))
        return f"{self._style}><v>{cell!r}</v></c>"


def length_shown(cell: Any, number: str = "") -> int:
    """Return how many characters wide a cell is as it is shown. number: the number format of its column."""
    if cell is None:
        return 0
    if isinstance(cell, str):
        if "\n" in cell:
            return max(map(len, cell.splitlines()), default=0)
        # Capitals are wider than the digit by which widths are measured, and ids of responses are full of them.
        capitals = sum(map(str.isupper, cell)) if len(cell) <= _LONGEST_WORDS else 0
        return len(cell) + capitals // 5
    if isinstance(cell, date):
        return len("2026-01-01 00:00:00") if isinstance(cell, datetime) else len("2026-01-01")
    if not number:
        return min(len(str(cell)), _MOST_DIGITS)
    decimals = len(number.partition(".")[2].rstrip("%"))
    percent = number.endswith("%")
    return len(f"{cell * (100 if percent else 1):.{decimals}f}") + percent


_LONGEST_WORDS: Final = 60
"""Texts of more characters are as wide as a column gets, whatever their letters."""

_MOST_DIGITS: Final = 11
"""So many characters of a number are shown, unless its column has a format."""


def string_fragment(text: str) -> str:
    """Return the XML of an inline string behind its reference. No formula can be made of it."""
    return f' t="inlineStr"><is>{string_xml(text)}</is></c>'


class DataSheet:
    """A large sheet: one header row of names, then rows that are added a table at a time.

    styles: of every column, or of each. words: missing number -> what it means, for a sheet of labels; without it,
    codes stay codes.
    """

    def __init__(
        self,
        title: str,
        variables: Sequence[Variable],
        styles: Styles | Sequence[Styles],
        words: Mapping[int, str] | None = None,
    ) -> None:
        self.title = title
        self.variables = list(variables)
        self.rows = 0
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with the sheet
        from openpyxl.utils import get_column_letter

        letters = [get_column_letter(number) for number in range(1, len(self.variables) + 1)]
        self._row = '<row r="#">' + "".join(f'<c r="{letter}#"%s' for letter in letters) + "</row>"
        self._gaps = {number: string_fragment(word) for number, word in (words or {}).items()}
        self._labelled = words is not None
        each = [styles] * len(self.variables) if isinstance(styles, Styles) else styles
        self._prepared = [self._fragments(*pair) for pair in zip(self.variables, each, strict=True)]
        self._words = dict(words or {})
        self._longest = [0] * len(self.variables)
        self._shared: DataSheet | None = None

    def _fragments(self, variable: Variable, styles: Styles) -> _Fragments:
        fragments = _Fragments(styles)
        if self._labelled and variable.codes:
            if variable.coded:
                fragments.update(self._gaps)
            for code, label in variable.codes.items():
                fragments[code] = string_fragment(for_workbook(label)[0])
        return fragments

    def fragments(
        self, cells: Sequence[Cells], codes: Sequence[list[str]] | None = None, first: int = 0
    ) -> list[list[str]]:
        """Return what stands behind the references of cells, given column by column from the column `first` on.

        The cells' texts have gone through :func:`cleaned`. codes: the fragments of the same cells on a sheet without
        words, which are those of this one wherever it has no words of its own.
        """
        for place, (variable, column) in enumerate(zip(self.variables[first:], cells, strict=True), start=first):
            if codes is None or self._has_words(variable):
                self._longest[place] = max(self._longest[place], self._longest_in(variable, column))
        return [
            codes[place] if codes is not None and not self._has_words(variable) else self._column(place, column)
            for place, (variable, column) in enumerate(zip(self.variables[first:], cells, strict=True), start=first)
        ]

    def _longest_in(self, variable: Variable, cells: Cells) -> int:
        words = {**self._words, **variable.codes} if self._labelled and variable.codes else self._words
        distinct = set(cells)
        if words and (variable.codes or variable.coded):
            distinct = {words.get(cell, cell) for cell in distinct}
        return max((length_shown(cell, variable.shown_as) for cell in distinct), default=0)

    def shares(self, codes: DataSheet) -> None:
        """Remember another sheet, whose fragments stand in columns of the same names here."""
        self._shared = codes

    @property
    def longest(self) -> list[int]:
        """The number of characters of the longest cell of each column as it is shown, the header left out."""
        names = [variable.name for variable in self.variables]
        if self._shared is None:
            return self._longest
        there = dict(zip((one.name for one in self._shared.variables), self._shared.longest, strict=True))
        return [mine or there.get(name, 0) for name, mine in zip(names, self._longest, strict=True)]

    def _has_words(self, variable: Variable) -> bool:
        return self._labelled and (bool(variable.codes) or variable.coded)

    def add(self, fragments: Sequence[list[str]], heights: Sequence[float | None] = ()) -> None:
        """Add rows, given column by column as what stands behind their references (:meth:`fragments`).

        heights: of the rows, in points; None, or none at all, for the usual one.
        """
        template = self._row
        rows = [
            template.replace("#", str(number)) % row
            for number, row in enumerate(zip(*fragments, strict=True), start=self.rows + 2)
        ]
        for place, height in enumerate(heights):
            if height is not None:
                rows[place] = rows[place].replace("<row ", f'<row ht="{height:g}" ', 1)
        self.rows += len(rows)
        self._file.write("".join(rows).encode())

    def _column(self, place: int, cells: Cells) -> list[str]:
        variable, fragments, gaps = self.variables[place], self._prepared[place], self._gaps
        if variable.group == "question" and variable.type == "text":
            return _texts(cells, gaps)
        if gaps and variable.coded and not variable.codes:
            return [gaps[cell] if cell.__class__ is MissingNumber else fragments[cell] for cell in cells]
        return [fragments[cell] for cell in cells]

    @property
    def size(self) -> int:
        """Bytes of XML so far."""
        return self._file.tell()

    def xml(self) -> Iterator[bytes]:
        """Yield the XML of all rows but the header, in pieces."""
        self._file.seek(0)
        while piece := self._file.read(1 << 20):
            yield piece

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _texts(cells: Cells, gaps: Mapping[int, str]) -> list[str]:
    """Return the XML of typed texts, of which nearly each is another: none is remembered."""
    return [
        string_fragment(cell)
        if cell.__class__ is str and cell
        else gaps.get(cell) or f"><v>{cell!r}</v></c>"
        if cell.__class__ is MissingNumber
        else "/>"
        for cell in cells
    ]


def cleaned(
    variables: Sequence[Variable], cells: Sequence[Cells], tell: Callable[[int, str, str], None]
) -> list[Cells]:
    """Return the columns with texts as a workbook can hold them. tell(row from 0, column, what was done)."""
    return [
        column if variable.codes and variable.group == "question" else _clean(variable.name, column, tell)
        for variable, column in zip(variables, cells, strict=True)
    ]


def _clean(name: str, column: Cells, tell: Callable[[int, str, str], None]) -> Cells:
    result: Cells | None = None
    for row, cell in enumerate(column):
        # What Python calls printable, a workbook can hold: nearly every text, and at once.
        if cell.__class__ is not str or (len(cell) < SURELY_SHORT and cell.isprintable()):
            continue
        text, what = for_workbook(cell)
        if what is not None:
            result = list(column) if result is None else result
            result[row] = text
            tell(row, name, what)
    return column if result is None else result
