"""The formats of an export. A new one is a module with its Sink, and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from survey.export.csv import CsvZip
from survey.export.sink import Frame, Sink

_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

TABLES: Final = "tables"
"""The format without anything that a single person answered."""


@dataclass(frozen=True)
class ExportFormat:
    """One format.

    name: in commands and addresses. ending: of the file's name, behind `mark`. title: what it is called on a button.
    about: what is in it, and for what. sink: begins a file of it. microdata: whether it holds what single people
    answered. explained: whether it has scores, and sheets that explain the data; for one without them nothing is
    scored, counted or analysed.
    """

    name: str
    ending: str
    media_type: str
    title: str
    about: str
    sink: Callable[[Frame], Sink]
    microdata: bool = True
    explained: bool = True
    mark: str = ""


def _workbook(frame: Frame) -> Sink:
    # Pages name the formats; only what writes one loads the library of workbooks.
    from survey.export.workbook import Workbook

    return Workbook(frame)


def _tables_only(frame: Frame) -> Sink:
    from survey.export.workbook import TablesOnly

    return TablesOnly(frame)


FORMATS: Final[Mapping[str, ExportFormat]] = {
    one.name: one
    for one in (
        ExportFormat(
            "xlsx",
            ".xlsx",
            _WORKBOOK,
            "workbook",
            "Everything in one file: the answers in words and in codes, the scores, everything that was found with "
            "its charts, the scales, the codebook and notes.",
            _workbook,
        ),
        ExportFormat(
            "csv",
            ".zip",
            "application/zip",
            "CSV files",
            "For a program such as R or SPSS: the sheets of the workbook as plain files, without charts.",
            CsvZip,
        ),
        ExportFormat(
            TABLES,
            ".xlsx",
            _WORKBOOK,
            "tables",
            "To share, and for a report: everything that was found, without any single answer and with small counts "
            "hidden.",
            _tables_only,
            microdata=False,
            mark="-tables",
        ),
    )
}
"""By their names, the usual one first."""
