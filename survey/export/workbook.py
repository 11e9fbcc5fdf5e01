"""The workbook: openpyxl makes the book and what its rows stand in; rows are put in as they were kept."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import IO, Any, Final

import openpyxl
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.packaging.core import DocumentProperties
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.functions import tostring

from survey.export.columns import Variable
from survey.export.contents import THREE_DECIMALS, SmallSheet, height_of, width_of
from survey.export.drawn import ChartTable, Whiskers, drawn, places
from survey.export.sheets import COLUMNS, ROWS, SURELY_SHORT, DataSheet, Styles, cleaned
from survey.export.sink import CannotExport, Dataset, Frame, Sink, tell_of_no_sheet
from survey.export.table import Cells, DataTable
from survey.export.text import for_workbook

README: Final = "Read me"
DAY_FORMAT: Final = "yyyy-mm-dd"
MOMENT_FORMAT: Final = "yyyy-mm-dd hh:mm:ss"
LONGEST_TITLE: Final = 31
WIDEST_PAGE: Final = 300
"""So many characters across are printed on one page's width: more would be too small to read."""

_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
# A font is named, or each program takes its own: the one named is what a new workbook has.
_BOLD: Final = Font(name="Calibri", size=11, bold=True)
_LINK: Final = Font(name="Calibri", size=11, underline="single")
_UPRIGHT: Final = Alignment(vertical="top", wrap_text=True)
_TOP: Final = Alignment(vertical="top")
# Figures keep a distance from the words to their right, and their heading from the arrow of its filter.
_FIGURES: Final = Alignment(horizontal="right", indent=1)
_FIGURES_ABOVE_LINES: Final = Alignment(horizontal="right", vertical="top", indent=1)
_OVER_FIGURES: Final = Alignment(horizontal="right", indent=2)
_MARGINS: Final = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.7, header=0.3, footer=0.3)
# Deflate's lowest level: a third of the time of the usual one, a fifth more bytes.
_LEVEL: Final = 1
_LARGE: Final = 1 << 31


def sheet_title(kind: str, questionnaire: str, taken: set[str]) -> str:
    """Return a sheet's title, such as “Labels · pupil-ks2”: at most 31 characters, allowed, not taken; take it."""
    wanted = _FORBIDDEN.sub("-", f"{kind} · {questionnaire}").strip("'")
    title, number = wanted[:LONGEST_TITLE], 2
    while title.casefold() in taken:
        tail = f" {number}"
        title, number = wanted[: LONGEST_TITLE - len(tail)] + tail, number + 1
    taken.add(title.casefold())
    return title


class WorkbookFile:
    """A workbook under construction: data sheets that grow by rows, then everything else, then :meth:`save`."""

    def __init__(self, title: str, language: str, made: datetime) -> None:
        self._book = openpyxl.Workbook(write_only=True)
        self._made = made.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        self._book.properties = DocumentProperties(
            title=for_workbook(title)[0],
            creator="Chorus",
            language=language,
            created=self._made,
            modified=self._made,
        )
        self._first = self._book.create_sheet(README)
        self._styles = Styles(self._style(DAY_FORMAT), self._style(MOMENT_FORMAT))
        self._sheets: list[DataSheet] = []
        self._small: dict[str, SmallSheet] = {}
        self._grown: dict[str, DataSheet] = {}
        self._whiskers = Whiskers()

    def _style(self, number_format: str, alignment: Alignment | None = None) -> int:
        cell = WriteOnlyCell(self._first)
        cell.number_format = number_format
        if alignment is not None:
            cell.alignment = alignment
        return int(cell.style_id)

    def data_sheet(
        self, title: str, variables: Sequence[Variable], words: Mapping[int, str] | None = None
    ) -> DataSheet:
        """Begin a data sheet; with `words` (missing number -> meaning) one of labels rather than codes."""
        styles = [self._styles_with(one.shown_as, _FIGURES) if one.shown_as else self._styles for one in variables]
        sheet = DataSheet(title, variables, styles, words)
        self._sheets.append(sheet)
        return sheet

    def sheet(self, contents: SmallSheet) -> None:
        """Add a small sheet, with its own rows or those that were given to :meth:`grow`."""
        sheet = self._grown.pop(contents.title, None) or self._begun(contents)
        _add(sheet, contents)
        self._sheets.append(sheet)
        self._small[contents.title] = contents

    def rows_of(self, title: str) -> int:
        """Return how many rows a small sheet that is not added yet has so far."""
        return self._grown[title].rows if title in self._grown else 0

    def grow(self, contents: SmallSheet, cells: Sequence[Cells]) -> None:
        """Add rows, column by column, to a small sheet that is not added yet."""
        if contents.title not in self._grown:
            self._grown[contents.title] = self._begun(contents)
        sheet = self._grown[contents.title]
        _add(sheet, replace(contents, rows=list(zip(*cells, strict=True))))

    def _begun(self, contents: SmallSheet) -> DataSheet:
        variables = [Variable(name, name, "number", "nominal") for name in contents.header]
        return DataSheet(contents.title, variables, self._styles_of(contents))

    def _styles_of(self, contents: SmallSheet) -> list[Styles]:
        """Return the styles of each column. Where a text can take several lines, its neighbours begin on the first."""
        looks = [contents.look(name) for name in contents.header]
        if not any(look.wraps for look in looks):
            return [self._styles_with(look.number, _FIGURES if look.number else None) for look in looks]
        plain = [_FIGURES_ABOVE_LINES if look.number else _TOP for look in looks]
        return [
            self._styles_with(look.number, _UPRIGHT if look.wraps else other)
            for look, other in zip(looks, plain, strict=True)
        ]

    def _styles_with(self, number: str, alignment: Alignment | None) -> Styles:
        return Styles(
            self._style(DAY_FORMAT, alignment),
            self._style(MOMENT_FORMAT, alignment),
            self._style(number or "General", alignment),
        )

    def save(
        self,
        readme: Iterable[tuple[str, Any]],
        contents: Iterable[tuple[str, str]],
        out: IO[bytes],
        wrote: Callable[[int, int], None] = tell_of_no_sheet,
    ) -> None:
        """Write the workbook. readme: (what, value); contents: (sheet title, what is on it), linked.

        wrote: told how many sheets of how many are in the file.
        """
        listed = list(contents)
        for sheet in self._sheets:
            self._write_frame(sheet)
        if self._whiskers.rows:
            listed.append(self._add_whiskers())
        self._write_readme(readme, listed)
        frame = BytesIO()
        self._book.save(frame)
        with zipfile.ZipFile(frame) as made, zipfile.ZipFile(out, "w", compresslevel=_LEVEL) as file:
            self._put_together(made, file, wrote)

    def close(self) -> None:
        """Let go of the rows that were kept."""
        for sheet in (*self._sheets, *self._grown.values()):
            sheet.close()

    def _write_readme(self, readme: Iterable[tuple[str, Any]], contents: Iterable[tuple[str, str]]) -> None:
        page = self._first
        _set_page_up(page, across=1)
        widths = (32.0, 100.0)
        for letter, width in zip("AB", widths, strict=True):
            page.column_dimensions[letter].width = width
        page.freeze_panes = "A2"
        page.append([self._text("Read me", bold=True), self._text("", bold=True)])
        for row, (what, value) in enumerate(readme, start=2):
            page.row_dimensions[row].height = height_of(zip((what, value), widths, strict=True))
            page.append([self._text(what), self._value(value)])
        page.append([self._text("Sheets", bold=True), self._text("What is on them", bold=True)])
        for title, about in contents:
            link = self._text(title)
            quoted = title.replace("'", "''")
            link.hyperlink = Hyperlink(ref="A1", location=f"'{quoted}'!A1")
            link.font = _LINK
            page.append([link, self._text(about)])

    def _text(self, text: str, *, bold: bool = False) -> Cell:
        cell = WriteOnlyCell(self._first, for_workbook(text)[0])
        cell.data_type = "s"
        cell.alignment = _UPRIGHT
        if bold:
            cell.font = _BOLD
        return cell

    def _value(self, value: Any) -> Cell:
        if isinstance(value, str):
            return self._text(value)
        cell = WriteOnlyCell(self._first, value)
        cell.alignment = Alignment(horizontal="left", vertical="top")
        if isinstance(value, datetime):
            cell.number_format = MOMENT_FORMAT
        return cell

    def _write_frame(self, sheet: DataSheet) -> None:
        page: Any = self._book.create_sheet(sheet.title)
        small = self._small.get(sheet.title)
        widths = small.fitting if small is not None else _widths(sheet)
        for number, width in enumerate(widths, start=1):
            page.column_dimensions[get_column_letter(number)].width = width
        page.freeze_panes = "B2"
        page.print_title_rows = "1:1"
        page.print_title_cols = "A:A"
        _set_page_up(page, across=0 if small is None else math.ceil(sum(widths) / WIDEST_PAGE))
        if small is not None and small.charts:
            self._draw(page, small)
        last = get_column_letter(len(sheet.variables))
        page.auto_filter.ref = f"A1:{last}{sheet.rows + 1}"
        page.append([self._heading(page, one, small) for one in sheet.variables])

    def _heading(self, page: Any, variable: Variable, small: SmallSheet | None) -> Cell:
        cell = WriteOnlyCell(page, variable.name)
        cell.data_type = "s"
        cell.font = _BOLD
        if variable.shown_as or (small is not None and small.look(variable.name).number):
            cell.alignment = _OVER_FIGURES
        return cell

    def _draw(self, page: Any, contents: SmallSheet) -> None:
        """Put a sheet's charts beside or below its table."""
        formats = {name: look.number for name, look in contents.looks.items() if look.number}
        table = ChartTable(contents.title, contents.header, contents.rows, formats)
        at = places(contents.charts, len(contents.header), len(contents.rows))
        for chart, place in zip(contents.charts, at, strict=True):
            page.add_chart(drawn(chart, table, self._whiskers), place)

    def _add_whiskers(self) -> tuple[str, str]:
        """Add the sheet of what the charts need and no other sheet has; return its title and what is on it."""
        kept = self._whiskers
        looks = {"below": THREE_DECIMALS, "above": THREE_DECIMALS}
        self.sheet(SmallSheet(kept.title, kept.about, kept.header, kept.rows, looks=looks))
        self._write_frame(self._sheets[-1])
        return kept.title, kept.about

    def _put_together(self, made: zipfile.ZipFile, file: zipfile.ZipFile, wrote: Callable[[int, int], None]) -> None:
        # The read me is the first sheet; the others follow in their order.
        rows = {f"xl/worksheets/sheet{place}.xml": sheet for place, sheet in enumerate(self._sheets, start=2)}
        written = 0
        for name in made.namelist():
            info = zipfile.ZipInfo(name, (max(self._made.year, 1980), *self._made.timetuple()[1:6]))
            info.compress_type = zipfile.ZIP_DEFLATED
            sheet = rows.get(name)
            if sheet is not None:
                wrote(written, len(rows))
                written += 1
            content = made.read(name)
            if name == "docProps/core.xml":
                content = self._properties()
            large = sheet is not None and sheet.size > _LARGE
            with file.open(info, "w", force_zip64=large) as entry:
                for piece in _with_rows(content, sheet):
                    entry.write(piece)

    def _properties(self) -> bytes:
        # Saving sets the time of the last change to the clock's; the same data are to give the same bytes.
        self._book.properties.modified = self._made
        xml: bytes | str = tostring(self._book.properties.to_tree())
        return xml.encode() if isinstance(xml, str) else xml


def _set_page_up(page: Any, across: int) -> None:
    """Let a sheet be printed on A4, each page with the sheet's name and its number.

    across: on so many pages beside each other; 0 for as many as it takes at full size, as a sheet of eighty columns.
    """
    page.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    page.page_setup.orientation = "landscape"
    page.page_margins = _MARGINS
    page.oddFooter.left.text, page.oddFooter.right.text = "&A", "&P / &N"
    if across:
        page.page_setup.fitToWidth, page.page_setup.fitToHeight = across, 0
        page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _with_rows(frame: bytes, sheet: DataSheet | None) -> Iterator[bytes]:
    if sheet is None:
        yield frame
        return
    before, end, after = frame.rpartition(b"</sheetData>")
    yield before
    yield from sheet.xml()
    yield end + after


def _widths(sheet: DataSheet) -> list[float]:
    pairs = zip(sheet.variables, sheet.longest, strict=True)
    return [width_of(variable.name, longest, variable.shown_as) for variable, longest in pairs]


def _add(sheet: DataSheet, contents: SmallSheet) -> None:
    cells = [[_clean(cell) for cell in column] for column in contents.columns]
    sheet.add(sheet.fragments(cells), contents.heights)


def _clean(cell: Any) -> Any:
    # What Python calls printable, a workbook can hold.
    if not isinstance(cell, str) or (cell.isprintable() and len(cell) < SURELY_SHORT):
        return cell
    return for_workbook(cell)[0]


# ---- an export as a workbook ---------------------------------------------------------------------------


class Workbook(Sink):
    """Labels, codes and scores of each questionnaire, and what explains them, as sheets of one workbook."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self._file = WorkbookFile(frame.study.title, frame.study.language, frame.made)
        self._taken = {README.casefold()}
        self._sheets: list[tuple[str, str]] = []
        self._full: set[str] = set()
        self._labels: DataSheet
        self._codes: DataSheet
        self._scores: DataSheet

    def begin(self, dataset: Dataset) -> None:
        """Begin the three sheets of a questionnaire. Raises CannotExport where it is larger than a sheet."""
        name = dataset.columns.questionnaire
        _check_size(name, dataset.expected, len(dataset.columns.variables))
        of = f" of “{dataset.columns.newest.title}” ({name})"
        variables = dataset.columns.variables
        title = self._title("Labels", name, f"Answers{of} in words")
        self._labels = self._file.data_sheet(title, variables, self.frame.words)
        title = self._title("Codes", name, f"Answers{of} in numbers")
        self._codes = self._file.data_sheet(title, variables)
        title = self._title("Scores", name, f"Scale scores{of}")
        self._scores = self._file.data_sheet(title, dataset.score_variables)
        for sheet in (self._labels, self._scores):
            sheet.shares(self._codes)

    def _title(self, kind: str, name: str, about: str) -> str:
        title = sheet_title(kind, name, self._taken)
        self._sheets.append((title, about))
        return title

    def add(self, dataset: Dataset, table: DataTable, scores: list[Cells]) -> None:
        """Add rows to the three sheets. Raises CannotExport where they have become more than a sheet holds."""
        tell = self.frame.teller(f"{self._labels.title}, {self._codes.title}", table)
        cells = cleaned(table.variables, table.cells, tell)
        # What looks alike on several sheets is written once.
        codes = self._codes.fragments(cells)
        beside = [codes[place] for place in dataset.beside_scores]
        self._labels.add(self._labels.fragments(cells, codes))
        self._codes.add(codes)
        self._scores.add([*beside, *self._scores.fragments(scores, first=len(beside))])
        _check_size(dataset.columns.questionnaire, self._codes.rows, 1)

    def grow(self, sheet: SmallSheet, cells: list[Cells]) -> None:
        """Add rows to a sheet that has none of its own, as many as it holds; the notes say where there were more."""
        room = ROWS - 1 - self._file.rows_of(sheet.title)
        if len(cells[0]) > room and sheet.title not in self._full:
            self._full.add(sheet.title)
            what = f"The sheet holds {ROWS - 1:,} rows and there are more. The data sheets and the CSV have all texts."
            self.frame.notes.add(sheet.title, what)
        self._file.grow(sheet, [column[:room] for column in cells])

    def finish(self, readme: Sequence[tuple[str, Any]], sheets: Sequence[SmallSheet], out: IO[bytes]) -> None:
        """Write the workbook. Raises CannotExport where a sheet has become too long."""
        for sheet in sheets:
            _check_size(sheet.title, len(sheet.rows), 1)
            self._file.sheet(sheet)
        self._file.save(
            readme, [*self._sheets, *((sheet.title, sheet.about) for sheet in sheets)], out, self.frame.wrote
        )

    def close(self) -> None:
        """Let go of the rows that were kept."""
        self._file.close()


class TablesOnly(Sink):
    """The sheets of what was found, and no answer of anyone: a workbook to be shared."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self._file = WorkbookFile(frame.study.title, frame.study.language, frame.made)

    def begin(self, dataset: Dataset) -> None:
        """Begin nothing: what people answered does not go into this file."""

    def add(self, dataset: Dataset, table: DataTable, scores: list[Cells]) -> None:
        """Add nothing."""

    def finish(self, readme: Sequence[tuple[str, Any]], sheets: Sequence[SmallSheet], out: IO[bytes]) -> None:
        """Write the workbook."""
        for sheet in sheets:
            self._file.sheet(sheet)
        self._file.save(readme, ((sheet.title, sheet.about) for sheet in sheets), out, self.frame.wrote)

    def close(self) -> None:
        """Let go of the rows that were kept."""
        self._file.close()


def _check_size(name: str, rows: int, columns: int) -> None:
    if rows < ROWS and columns <= COLUMNS:
        return
    fault = f"{rows:,} rows" if rows >= ROWS else f"{columns:,} columns"
    raise CannotExport(
        f"{name} has {fault}, and a sheet holds {ROWS - 1:,} rows and {COLUMNS:,} columns. "
        "Please choose --format csv, or fewer waves."
    )
