"""Tables people send: CSV and Excel files, read into cells of text that know their row and column.

Whatever cannot be read as its author sees it is said with its place, never guessed: a merged cell, a formula, an error,
a hidden sheet. Nothing here knows what a table is about; `columns` finds its columns by their headers.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter, range_boundaries

from survey.problems import did_you_mean, quoted, shortened

LARGEST_FILE: Final = 10 * 1024 * 1024
"""Bytes of the largest file that is read."""

MOST_ROWS: Final = 60_000
MOST_COLUMNS: Final = 200

_LARGEST_UNPACKED: Final = 100 * 1024 * 1024
"""Bytes of an Excel file's parts together: 60,000 rows of 30 columns, and far less than a zip bomb."""

TEXT: Final = "text"
NUMBER: Final = "number"
DATE: Final = "date"
PERCENT: Final = "percent"
BOOLEAN: Final = "boolean"
UNREAD: Final = "unread"
"""A cell that a problem of the sheet is about already: say nothing more of it."""


class Unreadable(ValueError):
    """A file that is no table. Its text says, to whoever sent it, why, and what to do."""


class Cell(NamedTuple):
    """A cell: its text as its author sees it, its row and column (from 1), and what the spreadsheet took it for.

    kind: TEXT, NUMBER, DATE (text is then YYYY-MM-DD), PERCENT, BOOLEAN (yes or no) or UNREAD. In CSV everything is
    TEXT.
    """

    text: str
    row: int
    column: int
    kind: str = TEXT


class Row(NamedTuple):
    """A row that is not blank: its number in the sheet, and a cell for each column."""

    number: int
    cells: tuple[Cell, ...]


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
        return get_column_letter(self.column) if self.column else ""

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
class Sheet:
    """A table: its headers (the first row that is not blank), the rows below, and what could not be read."""

    name: str
    header: tuple[Cell, ...]
    rows: list[Row]
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


def read_sheets(data: bytes, name: str, *, verbatim: bool = False, most_columns: int = MOST_COLUMNS) -> list[Sheet]:
    """Return the sheets of a CSV or Excel (.xlsx) file; a CSV file is one sheet without a name. Blank sheets are left
    out.

    name: the file's name, for messages. What the file is, its content says. verbatim: leave texts as they stand, blanks
    around them and all, because somebody typed them into a questionnaire. Cells that cannot be read are in each
    sheet's `problems`. Raises Unreadable when the file is too large, no table, damaged, protected or empty.
    """
    if len(data) > LARGEST_FILE:
        raise Unreadable(
            f"The file has {len(data) / 1024 / 1024:.1f} MB, and at most {LARGEST_FILE // 1024 // 1024} MB are read. "
            "Please split it, for instance into a file for each school."
        )
    if not data.strip(b"\0\r\n\t ;,\xef\xbb\xbf\xff\xfe"):
        raise Unreadable("The file is empty. Please send a table whose first row has the headers.")
    _refuse_other_kinds(data, name)
    clean = str if verbatim else _tidy
    sheets = _workbook(data, clean, most_columns) if data.startswith(b"PK") else [_csv(data, clean, most_columns)]
    if not sheets:
        raise Unreadable("The workbook has no cell with anything in it. Please send a table with headers and rows.")
    return sheets


def plain(header: str) -> str:
    """Return a header as headers are compared: without case, spaces, dashes and underscores."""
    return re.sub(r"[\s_\-.:]+", "", unicodedata.normalize("NFKC", header)).casefold()


def columns(
    sheet: Sheet, accepted: Mapping[str, Sequence[str]], required: Iterable[str] = ()
) -> tuple[dict[str, int], list[Misread]]:
    """Return where the columns are, key → index into a row's cells, and what is wrong with the headers.

    accepted: for each key, the headers that mean it; the first is the one messages name. Problems: a header that is
    not known, one that is there twice, a column without a header, a required column that is missing.
    """
    if not sheet.header:
        return {}, []
    meanings = {plain(header): key for key, headers in accepted.items() for header in headers}
    names = {key: headers[0] for key, headers in accepted.items()}
    found: dict[str, int] = {}
    problems: list[Misread] = []
    for index, cell in enumerate(sheet.header):
        key = meanings.get(plain(cell.text))
        if not cell.text:
            problems += _headless(sheet, index)
        elif key is None:
            known = did_you_mean(cell.text, [header for headers in accepted.values() for header in headers])
            hint = known or f" The headers that can be used are {quoted(names.values())}."
            problems.append(sheet.misread(cell, f"The header '{shortened(cell.text)}' is not known.{hint}"))
        elif key in found:
            first = get_column_letter(found[key] + 1)
            problems.append(
                sheet.misread(cell, f"This column means the same as column {first}. Please keep one of the two.")
            )
        else:
            found[key] = index
    missing = [names.get(key, key) for key in required if key not in found]
    if not missing:
        return found, problems
    below = _headers_below(sheet, missing)
    if below is not None:
        return found, [below]
    # Where no header is known at all, that is all there is to say.
    return found, [_missing(sheet, missing), *(problems if found else ())]


def _headers_below(sheet: Sheet, missing: Sequence[str]) -> Misread | None:
    for row in sheet.rows[:10]:
        if {plain(name) for name in missing} <= {plain(cell.text) for cell in row.cells}:
            said = (
                "The headers are in this row. Please delete what is above it, so that they are the first row "
                f"(now row {sheet.header[0].row} is taken for them)."
            )
            return Misread(sheet.name, row.number, 0, said, file=sheet.file)
    return None


def _missing(sheet: Sheet, missing: Sequence[str]) -> Misread:
    said = (
        f"The columns {quoted(missing)} are missing." if len(missing) > 1 else f"The column '{missing[0]}' is missing."
    )
    return Misread(
        sheet.name, sheet.header[0].row, 0, f"{said} The first row should hold the headers.", file=sheet.file
    )


def _headless(sheet: Sheet, index: int) -> Iterator[Misread]:
    """Yield a problem for a column without a header in which there is something."""
    filled = [row.cells[index] for row in sheet.rows if row.cells[index].text]
    if filled:
        yield sheet.misread(
            filled[0], "There is something in this column, and it has no header. Please write one or clear the column."
        )


# ---- what the file is -----------------------------------------------------------------------------------


_SAVE_AS: Final = "Please open it in your spreadsheet program and save it as Excel workbook (.xlsx) or CSV."


def _refuse_other_kinds(data: bytes, name: str) -> None:
    """Raise Unreadable for files that are no table but often sent as one, whatever their name says."""
    head = data[:4096].lstrip()
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Unreadable("The workbook is protected by a password. Please save it without one and send it again.")
        raise Unreadable(f"This is an Excel file of the old kind (.xls). {_SAVE_AS}")
    if head.startswith(b"%PDF"):
        raise Unreadable("This is a PDF, whatever its name says. Please send the table itself, as .xlsx or CSV.")
    if head.startswith(b"{\\rtf"):
        raise Unreadable("This is a text document (RTF). Please send the table as .xlsx or CSV.")
    if re.match(rb"<(?:!doctype|html|table|\?xml)", head, re.I):
        raise Unreadable(f"This is a web page or XML, whatever its name says. {_SAVE_AS}")
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        raise Unreadable("This is a picture. Please send the table itself, as .xlsx or CSV.")
    if name.lower().endswith((".xlsx", ".xlsm")) and not data.startswith(b"PK"):
        raise Unreadable(f"The name says Excel, but the file is no Excel workbook; perhaps it is damaged. {_SAVE_AS}")


# ---- CSV ------------------------------------------------------------------------------------------------


def _csv(data: bytes, clean: Callable[[str], str], most: int) -> Sheet:
    text = _decoded(data)
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise Unreadable(
            f"There is a NUL character in line {row}: the file is damaged, or no text. Please save it as CSV again."
        )
    delimiter, text = _delimiter(text)
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, line in enumerate(reader, start=1):
            cells = tuple(Cell(clean(said), number, at) for at, said in enumerate(line, start=1))
            if any(cell.text for cell in cells):
                rows.append(Row(number, cells))
                _count(rows, "The file")
    except csv.Error as error:
        raise Unreadable(_csv_fault(error, number + 1)) from error
    sheet = _sheet("", rows, [], most)
    if sheet is None:
        raise Unreadable("The file is empty. Please send a table whose first row has the headers.")
    return sheet


def _csv_fault(error: csv.Error, row: int) -> str:
    what = str(error)
    if "unexpected end" in what:
        return f'In row {row} a quotation mark (") opens and never closes. Please close it, or save the file as .xlsx.'
    if "expected after" in what:
        return f'In row {row} something follows a closing quotation mark ("). Write a " inside a text twice.'
    return f"Row {row} cannot be read: a cell is too long, or the file is no CSV. Please save it as .xlsx."


def _decoded(data: bytes) -> str:
    """Return the text, by its mark, else as UTF-8 if it is, else as what Excel on Windows writes."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return _strictly(data[len(mark) :], encoding)
    if len(data) >= 4 and len(data) % 2 == 0:
        head = data[:4000]
        # Text in our letters as UTF-16: every second byte is zero.
        if head[1::2].count(0) > len(head) * 0.4:
            return _strictly(data, "utf-16-le")
        if head[0::2].count(0) > len(head) * 0.4:
            return _strictly(data, "utf-16-be")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
    # What is two bytes in UTF-8 would come out as two odd letters: nobody writes those on purpose.
    if re.search(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}", data):
        raise Unreadable(
            f"The file mixes two encodings; the first letter that is not UTF-8 is in row {row}. "
            "Please save it once more as “CSV UTF-8” or as .xlsx."
        )
    return _strictly(data, "cp1252")


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise Unreadable(
            f"The letters of the file cannot be read (row {row}). Please save it as “CSV UTF-8” or as .xlsx."
        ) from error


def _delimiter(text: str) -> tuple[str, str]:
    """Return what parts the cells, and the text without a line 'sep=;', which spreadsheet programs hide, too."""
    told = re.match(r"sep=([,;\t|])\r?\n", text, re.I)
    if told:
        return told.group(1), text[told.end() :]
    for line in io.StringIO(text[:100_000]):
        outside = re.sub(r'"(?:[^"]|"")*"', "", line)
        counts = {delimiter: outside.count(delimiter) for delimiter in ",;\t|"}
        # The headers decide, for numbers may have a decimal comma.
        if any(counts.values()):
            return max(counts, key=lambda delimiter: counts[delimiter]), text
    return ",", text


# ---- Excel ----------------------------------------------------------------------------------------------


def _workbook(data: bytes, clean: Callable[[str], str], most: int) -> list[Sheet]:
    merged = _parts(data)
    try:
        with warnings.catch_warnings():
            # What openpyxl warns of (printer settings, colours, lists to choose from) is nothing we read.
            warnings.simplefilter("ignore")
            return list(_sheets(data, merged, clean, most))
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # whatever its parser stumbles on: these bytes come from anywhere
        raise Unreadable(f"The workbook is damaged. {_SAVE_AS}") from error


_MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z0-9:$]+)[\"']")


def _parts(data: bytes) -> dict[str, list[str]]:
    """Check an Excel file before it is read; return the ranges of merged cells of each part with a sheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            _refuse_other_zips(packed)
            return {
                info.filename: _merged(packed, info)
                for info in packed.infolist()
                if info.filename.startswith("xl/worksheets/") and info.filename.endswith(".xml")
            }
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zipfile.LargeZipFile) as error:
        raise Unreadable(f"The workbook is damaged. {_SAVE_AS}") from error


def _refuse_other_zips(packed: zipfile.ZipFile) -> None:
    parts = packed.infolist()
    names = {part.filename for part in parts}
    # A part never unpacks to more than it says here: the reader stops there.
    if sum(part.file_size for part in parts) > _LARGEST_UNPACKED or len(parts) > 2000:
        raise Unreadable(
            "The workbook unpacks to more than 100 MB, which no list of participants needs. "
            "Please copy the table alone into a new workbook."
        )
    if "xl/workbook.xml" in names:
        return
    if "xl/workbook.bin" in names:
        raise Unreadable(f"This is a binary workbook (.xlsb). {_SAVE_AS}")
    if "mimetype" in names and b"opendocument.spreadsheet" in packed.read("mimetype")[:100]:
        raise Unreadable(f"This is an OpenDocument table (.ods). {_SAVE_AS}")
    if "word/document.xml" in names:
        raise Unreadable("This is a Word document. Please send the table as .xlsx or CSV.")
    if "Index/Document.iwa" in names or "index.zip" in names:
        raise Unreadable(f"This is a table of Apple Numbers. {_SAVE_AS}")
    raise Unreadable("This is a ZIP file and no Excel workbook. Please unpack it and send the table in it.")


def _merged(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> list[str]:
    """Return the ranges of merged cells, which openpyxl does not tell of when it reads without loading all."""
    found: list[str] = []
    rest = b""
    with packed.open(info) as part:
        while piece := part.read(1 << 20):
            text = rest + piece
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise Unreadable("The workbook holds declarations no spreadsheet program writes. It was not read.")
            found += [match.decode() for match in _MERGED.findall(text)]
            rest = text[text.rfind(b"<") :][-300:]
    return found


def _sheets(
    data: bytes, merged: Mapping[str, Sequence[str]], clean: Callable[[str], str], most: int
) -> Iterator[Sheet]:
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    try:
        for worksheet in book.worksheets:
            name = str(worksheet.title)
            worksheet.reset_dimensions()  # some programs write them wrong, and cells would be left out
            rows, faults = _rows(worksheet, name, clean, most)
            if worksheet.sheet_state != "visible":
                if rows:
                    said = "This sheet is hidden. Please show it if it should be read, and delete it if not."
                    yield Sheet(name, (), [], [Misread(name, 0, 0, said)])
                continue
            path = str(getattr(worksheet, "_worksheet_path", "")).lstrip("/")
            sheet = _sheet(name, rows, [*_said_of_merged(name, merged.get(path, ())), *faults], most)
            if sheet is not None:
                yield sheet
    finally:
        book.close()


def _said_of_merged(name: str, ranges: Sequence[str]) -> Iterator[Misread]:
    for where in ranges[:100]:
        column, row, _, _ = range_boundaries(where)
        said = f"The cells {where.replace('$', '')} are merged. Please unmerge them and fill each one."
        yield Misread(name, int(row or 0), int(column or 0), said)
    if len(ranges) > 100:
        yield Misread(name, 0, 0, f"{len(ranges) - 100} more ranges of cells are merged. Please unmerge all of them.")


def _rows(worksheet: Any, name: str, clean: Callable[[str], str], most: int) -> tuple[list[Row], list[Misread]]:
    """Return the rows that are not blank, and what could not be read in them, once for each column."""
    rows: list[Row] = []
    faults: dict[tuple[int, str], list[int]] = {}
    for number, read in enumerate(worksheet.iter_rows(), start=1):
        cells = tuple(_cell(one, number, at, faults, clean) for at, one in enumerate(read[: most + 1], start=1))
        if any(cell.text or cell.kind == UNREAD for cell in cells):
            rows.append(Row(number, cells))
            _count(rows, f'The sheet "{name}"')
    return rows, [_fault(name, column, message, where) for (column, message), where in faults.items()]


_FORMULA: Final = "This cell holds a formula. Please copy the column and paste it as values."
_ERROR: Final = "This cell holds an error ({}). Please correct or clear it."


def _cell(
    read: Any, row: int, column: int, faults: dict[tuple[int, str], list[int]], clean: Callable[[str], str]
) -> Cell:
    value = read.value
    if value is None:
        return Cell("", row, column)
    if isinstance(value, str) and read.data_type not in ("f", "e"):
        return Cell(clean(value), row, column)
    if isinstance(value, bool):
        return Cell("yes" if value else "no", row, column, BOOLEAN)
    if isinstance(value, (int, float)):
        return _number(value, str(read.number_format), row, column)
    if isinstance(value, datetime) and value.time() == time():
        return Cell(value.date().isoformat(), row, column, DATE)
    if isinstance(value, date):
        text = value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
        return Cell(text, row, column, DATE)
    if isinstance(value, (time, timedelta)):
        return Cell(str(value), row, column, DATE)
    message = _ERROR.format(shortened(str(value), 20)) if read.data_type == "e" else _FORMULA
    faults.setdefault((column, message), []).append(row)
    return Cell("", row, column, UNREAD)


def _number(value: int | float, shown: str, row: int, column: int) -> Cell:
    """Return a number as the sheet shows it where that matters: 0007 under the format 0000, 94% under 0%."""
    if "%" in shown:
        return Cell(f"{value * 100:.15g}%", row, column, PERCENT)
    whole = float(value).is_integer() and abs(value) < 1e15
    if not whole:
        return Cell(f"{value:.15g}", row, column, NUMBER)
    digits = len(shown) if re.fullmatch("0{2,40}", shown) else 0
    return Cell(f"{int(value):0{digits}d}" if digits else str(int(value)), row, column, NUMBER)


def _fault(sheet: str, column: int, message: str, rows: Sequence[int]) -> Misread:
    return Misread(sheet, rows[0], column, message + and_more(rows))


def and_more(rows: Sequence[int]) -> str:
    """Return how many cells of a column have the same problem, for the end of a message about the first of them."""
    return f" (Such cells in this column: {len(rows):,}, the last in row {rows[-1]}.)" if len(rows) > 1 else ""


# ---- both -----------------------------------------------------------------------------------------------


_BLANK: Final = "\u200b\ufeff\u2060\u00a0\u202f\u200e\u200f"
"""What looks like nothing and is not: blanks without width, and those that do not break."""


def _tidy(text: str) -> str:
    """Return a cell's text without blanks around it, letters with accents written in one way."""
    return unicodedata.normalize("NFC", text.strip().strip(_BLANK).strip())


def _count(rows: list[Row], what: str) -> None:
    if len(rows) > MOST_ROWS + 1:
        raise Unreadable(f"{what} has more than {MOST_ROWS:,} rows. Please split it, for instance by school.")


def _sheet(name: str, rows: list[Row], problems: list[Misread], most: int) -> Sheet | None:
    """Return the sheet with rows of one length, or None when all of it is blank."""
    if not rows:
        return None
    width = max((cell.column for row in rows for cell in row.cells if cell.text or cell.kind == UNREAD), default=1)
    if width > most:
        what = f'The sheet "{name}"' if name else "The file"
        raise Unreadable(f"{what} has more than {most} columns. Please delete those that are not needed.")
    rows = [_padded(row, width) for row in rows]
    sheet = Sheet(name, rows[0].cells, rows[1:])
    sheet.problems = [
        Misread(name, one.row, one.column, one.message, _header(sheet, one)) for one in problems if one.column <= width
    ]
    return sheet


def _header(sheet: Sheet, problem: Misread) -> str:
    return sheet.header[problem.column - 1].text if problem.column else ""


def _padded(row: Row, width: int) -> Row:
    cells = row.cells[:width]
    return Row(row.number, cells + tuple(Cell("", row.number, at) for at in range(len(cells) + 1, width + 1)))
