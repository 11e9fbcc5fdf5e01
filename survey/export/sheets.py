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

from openpyxl.utils import get_column_letter

from survey.export.columns import Variable
from survey.export.missing import Gap
from survey.export.table import Cells
from survey.export.text import for_workbook, string_xml

ROWS: Final = 1_048_576
COLUMNS: Final = 16_384
"""What a sheet can have, header included."""

_MOST_REMEMBERED: Final = 5_000
# Spreadsheets know no zones: their moments are those of a clock on a wall.
_DAY_NOUGHT: Final = datetime(1899, 12, 30)  # noqa: DTZ001
# Before it, spreadsheets disagree about which day a number is: one of them has a 29 February 1900.
_FIRST_SURE_DAY: Final = date(1900, 3, 1)
_FIRST_SURE_MOMENT: Final = datetime(1900, 3, 1)  # noqa: DTZ001
_ONE_DAY: Final = timedelta(days=1)
_EXACT: Final = 10**15


@dataclass(frozen=True)
class Styles:
    """Numbers of the workbook's cell styles for days and for moments."""

    day: int
    moment: int


class _Fragments(dict[Any, str]):
    """Cell -> its XML behind the reference, learned as cells turn up."""

    def __init__(self, styles: Styles) -> None:
        super().__init__({None: "/>", "": "/>"})
        self._styles = styles

    def __missing__(self, cell: Any) -> str:
        fragment = self._made(cell)
        if len(self) < _MOST_REMEMBERED:
            self[cell] = fragment
        return fragment

    def _made(self, cell: Any) -> str:
        if isinstance(cell, str):
            return string_fragment(cell)
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
            return string_fragment(str(cell))
        return f"><v>{cell!r}</v></c>"


def string_fragment(text: str) -> str:
    """Return the XML of an inline string behind its reference. No formula can be made of it."""
    return f' t="inlineStr"><is>{string_xml(text)}</is></c>'


class DataSheet:
    """A large sheet: one header row of names, then rows that are added a table at a time.

    words: missing number -> what it means, for a sheet of labels; without it, codes stay codes.
    """

    def __init__(
        self, title: str, variables: Sequence[Variable], styles: Styles, words: Mapping[int, str] | None = None
    ) -> None:
        self.title = title
        self.variables = list(variables)
        self.rows = 0
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with the sheet
        letters = [get_column_letter(number) for number in range(1, len(self.variables) + 1)]
        self._row = '<row r="#">' + "".join(f'<c r="{letter}#"%s' for letter in letters) + "</row>"
        self._gaps = {number: string_fragment(word) for number, word in (words or {}).items()}
        self._fragments = [self._prepared(variable, styles, words) for variable in self.variables]

    def _prepared(self, variable: Variable, styles: Styles, words: Mapping[int, str] | None) -> _Fragments:
        fragments = _Fragments(styles)
        if words is not None and variable.codes:
            if variable.coded:
                fragments.update(self._gaps)
            for code, label in variable.codes.items():
                fragments[code] = string_fragment(for_workbook(label)[0])
        return fragments

    def add(self, cells: Sequence[Cells]) -> None:
        """Add rows, given column by column; texts have gone through :func:`for_workbook`."""
        columns = [
            self._column(variable, fragments, column)
            for variable, fragments, column in zip(self.variables, self._fragments, cells, strict=True)
        ]
        template = self._row
        rows = [
            template.replace("#", str(number)) % row
            for number, row in enumerate(zip(*columns, strict=True), start=self.rows + 2)
        ]
        self.rows += len(rows)
        self._file.write("".join(rows).encode())

    def _column(self, variable: Variable, fragments: _Fragments, cells: Cells) -> list[str]:
        if variable.group == "question" and variable.type == "text":
            return _texts(cells, self._gaps)
        if self._gaps and variable.coded and not variable.codes:
            gaps = self._gaps
            return [gaps[cell] if cell.__class__ is Gap else fragments[cell] for cell in cells]
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
        if cell.__class__ is Gap
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
        if cell.__class__ is not str:
            continue
        text, what = for_workbook(cell)
        if what is not None:
            result = list(column) if result is None else result
            result[row] = text
            tell(row, name, what)
    return column if result is None else result
