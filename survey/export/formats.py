"""The formats of an export. A new one is a module with its Sink, and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from survey.export.csv import CsvZip
from survey.export.sink import Frame, Sink
from survey.export.workbook import Workbook


@dataclass(frozen=True)
class ExportFormat:
    """One format.

    name: in commands and addresses. ending: of the file's name. title: what it is called on a button. sink: begins a
    file of it.
    """

    name: str
    ending: str
    media_type: str
    title: str
    sink: Callable[[Frame], Sink]


FORMATS: Final[Mapping[str, ExportFormat]] = {
    one.name: one
    for one in (
        ExportFormat(
            "xlsx",
            ".xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "workbook",
            Workbook,
        ),
        ExportFormat("csv", ".zip", "application/zip", "CSV files", CsvZip),
    )
}
"""By their names, the usual one first."""
