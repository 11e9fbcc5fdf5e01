"""Excel workbooks (.xlsx), read in one pass from one end to the other.

Only what says what a cell shows is read: the list of sheets, the shared texts, the number formats, the cells and which
of them are merged. Styles, names, pictures and whatever else a workbook holds are never unpacked. No step takes time
by the square of anything, and each counts what it reads (docs/decisions/0021).
"""

from __future__ import annotations

import io
import math
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from xml.parsers import expat

from survey.problems import shortened
from survey.tables.cells import BOOLEAN, TEXT, UNREAD, Clean, FaultRead, Read, RowRead, SheetRead, UnfitText
from survey.tables.formats import (
    GENERAL,
    SINCE_1900,
    SINCE_1904,
    NumberFormat,
    date_shown,
    format_of,
    number_shown,
    written_date,
)
from survey.tables.limits import (
    DEEPEST,
    LARGEST_UNPACKED,
    LAST_COLUMN,
    LAST_ROW,
    LONGEST_CELL,
    LONGEST_NAME,
    MOST_CELLS,
    MOST_CHARACTERS,
    MOST_ELEMENTS,
    MOST_FAULTS,
    MOST_PARTS,
    MOST_SHEETS,
    SAVE_AS,
    Refusal,
)
from survey.tables.size import Size

_DAMAGED: Final = f"The workbook is damaged. {SAVE_AS}"
_TOO_MUCH: Final = "The workbook unpacks to more than 100 MB. Please copy only the table into a new workbook."

_BROKEN: Final = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError),
    *(expat.ExpatError, ValueError, LookupError, OverflowError),
)
"""What reading stumbles on where a workbook is not as a spreadsheet program writes it: they come from anywhere."""


def read_workbook(data: bytes, clean: Clean, most_columns: int) -> Iterator[Read]:
    """Yield the sheets of a workbook that hold anything. Raises Refusal when it is not one, damaged, or too large."""
    try:
        # Counted before the list of parts is read: a list of a million takes half a gigabyte.
        if data.count(b"PK\x01\x02") > MOST_PARTS:
            raise Refusal(_TOO_MUCH)
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            _refuse_other_zips(packed)
            yield from _ExcelFile(packed, clean, most_columns).sheets()
    except Refusal:
        raise
    except _BROKEN as error:
        raise Refusal(_DAMAGED) from error


def _refuse_other_zips(packed: zipfile.ZipFile) -> None:
    parts = packed.infolist()
    names = {part.filename for part in parts}
    # A part never unpacks to more than it says here: the reader stops there.
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED or len(parts) > MOST_PARTS:
        raise Refusal(_TOO_MUCH)
    if "xl/workbook.xml" in names:
        return
    if "xl/workbook.bin" in names:
        raise Refusal(f"This is a binary workbook (.xlsb). {SAVE_AS}")
    if "mimetype" in names and b"opendocument.spreadsheet" in packed.read("mimetype")[:100]:
        raise Refusal(f"This is an OpenDocument spreadsheet (.ods). {SAVE_AS}")
    if "word/document.xml" in names:
        raise Refusal("This is a Word document. Please save the table as .xlsx or CSV.")
    if "Index/Document.iwa" in names or "index.zip" in names:
        raise Refusal(f"This is an Apple Numbers file. {SAVE_AS}")
    raise Refusal("This is a ZIP file, not an Excel workbook. Please unzip it and choose the table in it.")


# ---- XML ------------------------------------------------------------------------------------------------


Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str], None]
Said = Callable[[str], None]


@dataclass
class _Budget:
    """How many elements may still be read in the whole workbook."""

    elements: int = MOST_ELEMENTS


def _parsed(
    packed: zipfile.ZipFile, name: str, budget: _Budget, start: Start, end: End | None = None, said: Said | None = None
) -> Iterator[None]:
    """Parse a part of the workbook, and yield after each piece of it. Names come without their prefix."""
    info = packed.getinfo(name)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refusal(_DAMAGED)
    depth = 0
    plain: dict[str, str] = {}

    def started(tag: str, attributes: Attributes) -> None:
        nonlocal depth
        depth += 1
        budget.elements -= 1
        if depth > DEEPEST or budget.elements < 0:
            raise Refusal(
                "The workbook contains far more than its cells need, or is nested too deeply, so it was not read. "
                "Please copy only the table into a new workbook."
            )
        start(plain.get(tag) or _known(plain, tag), attributes)

    def ended(tag: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(plain[tag])

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 1 << 16
    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.StartDoctypeDeclHandler = _no_declarations
    if said is not None:
        parser.CharacterDataHandler = said
    with packed.open(info) as part:
        while piece := part.read(1 << 18):
            parser.Parse(piece, False)
            yield
    parser.Parse(b"", True)
    yield


def _known(plain: dict[str, str], tag: str) -> str:
    """Return a name without its prefix, and remember it. Raises Refusal for names by the thousand."""
    name = tag.rpartition(":")[2]
    if len(plain) > 10_000:
        raise Refusal(_DAMAGED)
    plain[tag] = name
    return name


def _no_declarations(*_: Any) -> None:
    raise Refusal(
        "The workbook contains declarations that no spreadsheet program writes, so it was not read. "
        "Please save it again in your spreadsheet program."
    )


def _all(pieces: Iterator[None]) -> None:
    for _ in pieces:
        pass


class _Text:
    """Puts the text of <t> and <v> together, which may come in pieces. Of a text that is too long, no more is kept than
    shows that it is.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._pieces: list[str] = []
        self._length = 0

    def add(self, piece: str) -> None:
        """Add a piece."""
        if self.wanted and self._length <= LONGEST_CELL:
            self._length += len(piece)
            self._pieces.append(piece)

    def taken(self) -> str:
        """Return the text, and begin another."""
        if not self._pieces:
            return ""
        text = "".join(self._pieces)
        self._pieces = []
        self._length = 0
        return text


# ---- a workbook -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    """A sheet in the workbook's list: its name, where it lies, and whether it is hidden."""

    name: str
    part: str
    hidden: bool


@dataclass
class _Contents:
    """What the parts beside the sheets say."""

    entries: list[_Entry]
    texts: list[str | UnfitText]
    formats: list[NumberFormat]
    epoch: datetime = SINCE_1900


class _ExcelFile:
    def __init__(self, packed: zipfile.ZipFile, clean: Clean, most_columns: int) -> None:
        self._packed = packed
        self._clean = clean
        self._most_columns = most_columns
        self._budget = _Budget()

    def sheets(self) -> Iterator[Read]:
        """Yield every sheet: SheetRead, then its rows, then its faults."""
        contents = self._contents()
        characters = 0
        for entry in contents.entries:
            # Of a hidden sheet nothing is read but that there is something in it.
            sheet = _Sheet(entry, contents, self._clean, LAST_COLUMN if entry.hidden else self._most_columns)
            yield SheetRead(entry.name, entry.hidden)
            for _ in _parsed(self._packed, entry.part, self._budget, sheet.start, sheet.end, sheet.text.add):
                for row in sheet.ready:
                    characters += sum(map(len, row.texts))
                    yield row
                if characters > MOST_CHARACTERS:
                    raise Refusal(
                        f"The workbook has more than {MOST_CHARACTERS:,} characters in it. "
                        "Please split it, for instance by school."
                    )
                if entry.hidden and sheet.ready:
                    break
                sheet.ready.clear()
            else:
                yield from sheet.faults()

    def _contents(self) -> _Contents:
        parts = dict(self._related())
        contents = self._list({id: part for id, (kind, part) in parts.items() if kind == "worksheet"})
        for kind, part in parts.values():
            if kind == "sharedStrings":
                contents.texts = self._texts(part)
            elif kind == "styles":
                contents.formats = self._formats(part)
        return contents

    def _related(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield what the workbook refers to: its id, and its kind and where it lies."""
        found: list[tuple[str, tuple[str, str]]] = []

        def start(tag: str, attributes: Attributes) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                part = posixpath.normpath(posixpath.join("xl", attributes["Target"])).lstrip("/")
                found.append((attributes["Id"], (attributes["Type"].rpartition("/")[2], part)))

        _all(_parsed(self._packed, "xl/_rels/workbook.xml.rels", self._budget, start))
        if len(found) > MOST_PARTS:
            raise Refusal(_DAMAGED)
        yield from found

    def _list(self, parts: dict[str, str]) -> _Contents:
        contents = _Contents([], [], [])

        def start(tag: str, attributes: Attributes) -> None:
            if tag == "workbookPr" and attributes.get("date1904") in ("1", "true"):
                contents.epoch = SINCE_1904
            if tag != "sheet":
                return
            id = next((value for name, value in attributes.items() if name.endswith(":id")), "")
            if id not in parts:
                return  # a sheet with nothing but a chart
            name = attributes["name"]
            name = name if len(name) <= LONGEST_NAME else shortened(name, LONGEST_NAME)
            contents.entries.append(_Entry(name, parts[id], attributes.get("state", "visible") != "visible"))

        _all(_parsed(self._packed, "xl/workbook.xml", self._budget, start))
        if len(contents.entries) > MOST_SHEETS:
            raise Refusal(
                f"The workbook has more than {MOST_SHEETS} sheets. Please copy those that matter into a new workbook."
            )
        if len({entry.part for entry in contents.entries}) < len(contents.entries):
            raise Refusal(_DAMAGED)  # one sheet under many names would be read as often
        return contents

    def _texts(self, part: str) -> list[str | UnfitText]:
        """Return the texts that cells refer to by number, cleaned, or what is wrong with one."""
        found: list[str | UnfitText] = []
        text = _Text()
        phonetic = 0
        characters = 0

        def start(tag: str, _attributes: Attributes) -> None:
            nonlocal phonetic
            if tag == "rPh":
                phonetic += 1
            text.wanted = tag == "t" and not phonetic

        def end(tag: str) -> None:
            nonlocal phonetic, characters
            text.wanted = False
            if tag == "rPh":
                phonetic -= 1
            elif tag == "si":
                said = text.taken().replace("x005F_", "")
                characters += len(said)
                if len(found) >= MOST_CELLS or characters > MOST_CHARACTERS:
                    raise Refusal(
                        f"The workbook has more than {MOST_CHARACTERS:,} characters in it. "
                        "Please split it, for instance by school."
                    )
                found.append(_cleaned(self._clean, said))

        _all(_parsed(self._packed, part, self._budget, start, end, text.add))
        return found

    def _formats(self, part: str) -> list[NumberFormat]:
        """Return the number format of each style that cells refer to by number."""
        codes: dict[int, str] = {}
        numbers: list[int] = []
        within = False

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal within
            if tag == "numFmt":
                codes[int(attributes["numFmtId"])] = attributes["formatCode"]
            elif tag == "cellXfs":
                within = True
            elif tag == "xf" and within:
                numbers.append(int(attributes.get("numFmtId", "0")))

        def end(tag: str) -> None:
            nonlocal within
            within = within and tag != "cellXfs"

        _all(_parsed(self._packed, part, self._budget, start, end))
        made: dict[int, NumberFormat] = {number: format_of(number, codes) for number in set(numbers)}
        return [made[number] for number in numbers]


def _cleaned(clean: Clean, text: str) -> str | UnfitText:
    try:
        return clean(text)
    except UnfitText as fault:
        return fault


# ---- a sheet --------------------------------------------------------------------------------------------


_FORMULA: Final = "This cell has a formula in it. Please copy the column and paste it as values."
_ERROR: Final = "This cell has an error in it ({}). Please correct or clear it."
_RANGE: Final = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?[A-Z]{1,3}\$?\d{1,7})?")
_MOST_MERGED: Final = 100


@dataclass
class _Seen:
    """How often a fault is there, and where first and last."""

    row: int
    count: int = 0
    last: int = 0


@dataclass
class _Cell:
    """A cell while it is read."""

    column: int
    kind: str
    style: int
    formula: bool = False
    value: str | None = None


class _Sheet:
    """Takes the elements of a sheet as they come; `ready` has the rows that are complete."""

    def __init__(self, entry: _Entry, contents: _Contents, clean: Clean, most_columns: int) -> None:
        self._what = f'The sheet "{entry.name}"'
        self._contents = contents
        self._clean = clean
        self._most_columns = most_columns
        self._size = Size(self._what, most_columns)
        self._letters: dict[str, int] = {}
        self._number = 0
        self._row: dict[int, tuple[str, str]] | None = None
        self._column = 0
        self._cell: _Cell | None = None
        self._phonetic = 0
        self._faults: dict[tuple[int, str], _Seen] = {}
        self._more_faults = 0
        self._merged: list[str] = []
        self._more_merged = 0
        self.text = _Text()
        self.ready: list[RowRead] = []

    # ---- elements ----

    def start(self, tag: str, attributes: Attributes) -> None:
        """An element begins."""
        cell = self._cell
        if cell is None:
            if tag == "c" and self._row is not None:
                self._begin_cell(attributes)
            elif tag == "row":
                self._begin_row(attributes)
            elif tag == "mergeCell":
                self._merge(attributes["ref"])
        elif tag == "v":
            self.text.wanted = True
        elif tag == "f":
            cell.formula = True
        elif tag == "rPh":
            self._phonetic += 1
        elif tag == "t":
            self.text.wanted = not self._phonetic

    def end(self, tag: str) -> None:
        """An element ends."""
        cell = self._cell
        if cell is None:
            if tag == "row":
                self._end_row()
        elif tag == "c":
            self._end_cell(cell)
        elif tag == "v":
            self.text.wanted = False
            cell.value = self.text.taken() or None
        elif tag == "t":
            self.text.wanted = False
        elif tag == "rPh":
            self._phonetic -= 1

    def _begin_row(self, attributes: Attributes) -> None:
        told = attributes.get("r")
        number = self._number + 1 if told is None else _whole(told)
        if number > LAST_ROW:
            raise Refusal(
                f"{self._what} has a row with the number {number:,}, and a sheet has at most {LAST_ROW:,} rows. "
                "Please copy only the table into a new workbook."
            )
        if number <= self._number:
            raise Refusal(_DAMAGED)  # a row that comes again: which of the two is meant?
        self._number = number
        self._row = {}
        self._column = 0

    def _begin_cell(self, attributes: Attributes) -> None:
        told = attributes.get("r")
        self._column = self._column + 1 if told is None else self._column_of(told)
        if self._column > LAST_COLUMN:
            raise Refusal(_DAMAGED)
        self._cell = _Cell(self._column, attributes.get("t", "n"), _whole(attributes.get("s", "0")))

    def _column_of(self, place: str) -> int:
        letters = place.rstrip("0123456789")
        column = self._letters.get(letters)
        if column is None:
            if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
                raise Refusal(_DAMAGED)
            column = 0
            for letter in letters.upper():
                column = column * 26 + ord(letter) - ord("A") + 1
            self._letters[letters] = column
        return column

    def _end_cell(self, cell: _Cell) -> None:
        self._cell = None
        row = self._row
        assert row is not None
        within = self.text.taken()
        if cell.kind == "inlineStr":
            cell.value = within
        text, kind = self._read(cell)
        if not text and kind != UNREAD:
            return
        if cell.column in row:
            raise Refusal(_DAMAGED)  # a cell that comes again
        # Of a row that is too wide, that it is too wide is all that has to be known.
        row[min(cell.column, self._most_columns + 1)] = (text, kind)

    def _end_row(self) -> None:
        cells, self._row = self._row, None
        if not cells:
            return
        texts = [""] * max(cells)
        kinds: dict[int, str] = {}
        for column, (text, kind) in cells.items():
            texts[column - 1] = text
            if kind != TEXT:
                kinds[column - 1] = kind
        row = RowRead(self._number, texts, kinds)
        self._size.add(row)
        self.ready.append(row)

    # ---- what a cell says ----

    def _read(self, cell: _Cell) -> tuple[str, str]:
        """Return a cell's text and kind; note what cannot be read."""
        value = cell.value
        if cell.formula:
            return self._unread(cell, _FORMULA)
        if value is None:
            return "", TEXT
        if cell.kind == "s":
            return self._fit(cell, self._contents.texts[int(value)])
        if cell.kind in ("str", "inlineStr"):
            return self._fit(cell, _cleaned(self._clean, value))
        if cell.kind == "b":
            return ("yes" if int(value) else "no"), BOOLEAN
        if cell.kind == "d":
            return written_date(value)
        if cell.kind == "e":
            return self._unread(cell, _ERROR.format(shortened(value, 20)))
        return self._numeric(cell, float(value))

    def _fit(self, cell: _Cell, text: str | UnfitText) -> tuple[str, str]:
        return (text, TEXT) if isinstance(text, str) else self._unread(cell, str(text))

    def _numeric(self, cell: _Cell, number: float) -> tuple[str, str]:
        if not math.isfinite(number):
            return self._unread(cell, _ERROR.format("#NUM!"))
        formats = self._contents.formats
        shown = formats[cell.style] if cell.style < len(formats) else GENERAL
        try:
            return date_shown(number, self._contents.epoch, shown) if shown.date else number_shown(number, shown)
        except (ValueError, OverflowError):
            return self._unread(cell, _ERROR.format("#VALUE!"))

    def _unread(self, cell: _Cell, message: str) -> tuple[str, str]:
        key = (cell.column, message)
        seen = self._faults.get(key)
        if seen is None:
            if len(self._faults) >= MOST_FAULTS:
                self._more_faults += 1
                return "", UNREAD
            seen = self._faults[key] = _Seen(self._number)
        seen.count += 1
        seen.last = self._number
        return "", UNREAD

    def _merge(self, where: str) -> None:
        if len(self._merged) >= _MOST_MERGED:
            self._more_merged += 1
        elif _RANGE.fullmatch(where):
            self._merged.append(where.replace("$", ""))
        else:
            raise Refusal(_DAMAGED)

    def faults(self) -> Iterator[FaultRead]:
        """Yield what could not be read, once for each column and fault."""
        for where in self._merged:
            found = _RANGE.fullmatch(where)
            assert found is not None
            said = f"The cells {where} are merged. Please unmerge them and fill each one."
            yield FaultRead(int(found[2]), self._column_of(found[1]), said)
        if self._more_merged:
            said = f"{self._more_merged:,} more ranges of cells are merged. Please unmerge all of them."
            yield FaultRead(0, 0, said)
        for (column, message), seen in self._faults.items():
            yield FaultRead(seen.row, column, message, seen.count, seen.last)
        if self._more_faults:
            yield FaultRead(0, 0, f"{self._more_faults:,} more cells cannot be read.")


def _whole(text: str) -> int:
    """Return a number of a row or a style. Raises ValueError for any other text."""
    if len(text) > 20:
        raise ValueError("no number of a row")
    number = float(text)
    if not number.is_integer() or number < 0:
        raise ValueError("no number of a row")
    return int(number)
