"""CSV, as RFC 4180 has it: UTF-8, lines end in CR LF, line ends within an answer stay as typed.

Texts go out as typed, also those that begin with = + - @: an apostrophe before them would change what someone
said. Whoever opens a CSV in a spreadsheet should import such columns as text; the workbook needs no such care.
"""

from __future__ import annotations

import csv
import shutil
import zipfile
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import IO, Any, Final

from survey.export.columns import Variable
from survey.export.contents import SmallSheet
from survey.export.sink import Dataset, Frame, Sink, tell_of_no_sheet
from survey.export.table import Cells, DataTable, in_words
from survey.export.text import for_csv

PLAIN: Final = "csv"
FOR_EXCEL: Final = "csv-for-excel"
"""Folders of the zip: the same files without and with a byte order mark, by which Excel knows UTF-8."""


class CsvFile:
    """One CSV under construction: a header of names, then rows that are added column by column."""

    def __init__(self, name: str, header: Sequence[str]) -> None:
        self.name = name
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with the CSV
        self._text = TextIOWrapper(self._file, encoding="utf-8", newline="", write_through=False)
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow(header)

    def add(self, cells: Sequence[Cells]) -> None:
        """Add rows; texts have gone through :func:`for_csv`."""
        self._writer.writerows(zip(*cells, strict=True))

    def bytes(self) -> IO[bytes]:
        """Return the file from its start."""
        self._text.flush()
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Let go of the file."""
        self._text.close()


def cleaned(
    variables: Sequence[Variable], cells: Sequence[Cells], tell: Callable[[int, str, str], None]
) -> list[Cells]:
    """Return the columns with texts as a CSV can hold them. tell(row from 0, column, what was done)."""
    return [
        column if variable.codes and variable.group == "question" else _clean(variable.name, column, tell)
        for variable, column in zip(variables, cells, strict=True)
    ]


def _clean(name: str, column: Cells, tell: Callable[[int, str, str], None]) -> Cells:
    result: Cells | None = None
    for row, cell in enumerate(column):
        if cell.__class__ is not str or (cell.isascii() and "\x00" not in cell):
            continue
        text, what = for_csv(cell)
        if what is not None:
            result = list(column) if result is None else result
            result[row] = text
            tell(row, name, what)
    return column if result is None else result


def sheet_file(contents: SmallSheet) -> CsvFile:
    """Return a small sheet as a CSV."""
    file = CsvFile(file_name(contents), contents.header)
    file.add(_without_faults(contents.columns))
    return file


def _without_faults(cells: Sequence[Cells]) -> list[Cells]:
    return [[for_csv(cell)[0] if isinstance(cell, str) else cell for cell in column] for column in cells]


def file_name(contents: SmallSheet) -> str:
    """Return the name of a small sheet's file: “Value labels” is value-labels.csv."""
    return f"{contents.title.lower().replace(' ', '-')}.csv"


def write_zip(
    readme: Sequence[tuple[str, Any]],
    files: Sequence[CsvFile],
    made: datetime,
    out: IO[bytes],
    wrote: Callable[[int, int], None] = tell_of_no_sheet,
) -> None:
    """Write the zip: a read me, and each CSV plain and for Excel. wrote: told how many CSVs of how many are in it."""
    moment = made.astimezone(UTC)
    stamp = (max(moment.year, 1980), *moment.timetuple()[1:6])

    def entry(name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, stamp)
        info.compress_type = zipfile.ZIP_DEFLATED
        return info

    with zipfile.ZipFile(out, "w", compresslevel=1) as archive:
        text = "\r\n".join(f"{what}: {value}" if what else f"{value}" for what, value in readme) + "\r\n"
        archive.writestr(entry("read-me.txt"), for_csv(text)[0].encode())
        for number, file in enumerate(files):
            wrote(number, len(files))
            for folder, mark in ((PLAIN, b""), (FOR_EXCEL, BOM_UTF8)):
                with archive.open(entry(f"{folder}/{file.name}"), "w", force_zip64=True) as target:
                    target.write(mark)
                    shutil.copyfileobj(file.bytes(), target, 1 << 20)


class CsvZip(Sink):
    """A zip of CSVs: labels, codes and scores of each questionnaire, and what explains them."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self._files: list[CsvFile] = []
        self._grown: dict[str, CsvFile] = {}

    def begin(self, dataset: Dataset) -> None:
        """Begin the three files of a questionnaire."""
        name = dataset.columns.questionnaire
        names = [variable.name for variable in dataset.columns.variables]
        self._files += [
            CsvFile(f"{name}-labels.csv", names),
            CsvFile(f"{name}-codes.csv", names),
            CsvFile(f"{name}-scores.csv", [variable.name for variable in dataset.score_variables]),
        ]

    def add(self, dataset: Dataset, table: DataTable, scores: list[Cells]) -> None:
        """Add rows to the three files."""
        labels, codes, scored = self._files[-3:]
        tell = self.frame.teller(f"{labels.name}, {codes.name}", table)
        cells = cleaned(table.variables, table.cells, tell)
        words = self.frame.words
        labels.add([in_words(v, column, words) for v, column in zip(table.variables, cells, strict=True)])
        codes.add(cells)
        scored.add([*(cells[place] for place in dataset.beside_scores), *scores])

    def grow(self, sheet: SmallSheet, cells: list[Cells]) -> None:
        """Add rows to a sheet that has none of its own."""
        if sheet.title not in self._grown:
            self._grown[sheet.title] = sheet_file(sheet)
        self._grown[sheet.title].add(_without_faults(cells))

    def finish(self, readme: Sequence[tuple[str, Any]], sheets: Sequence[SmallSheet], out: IO[bytes]) -> None:
        """Write the zip."""
        about = [*readme, ("", ""), *self._about(sheets)]
        self._files += [
            self._grown.pop(sheet.title) if sheet.title in self._grown else sheet_file(sheet) for sheet in sheets
        ]
        write_zip(about, self._files, self.frame.made, out, self.frame.wrote)

    def close(self) -> None:
        """Let go of the files."""
        for file in (*self._files, *self._grown.values()):
            file.close()

    def _about(self, sheets: Sequence[SmallSheet]) -> Iterator[tuple[str, str]]:
        yield f"{PLAIN}/", "UTF-8"
        yield f"{FOR_EXCEL}/", "the same files with a byte order mark, so that Excel knows they are UTF-8"
        for file in self._files:
            yield file.name, "one row per response"
        for sheet in sheets:
            yield file_name(sheet), sheet.about
