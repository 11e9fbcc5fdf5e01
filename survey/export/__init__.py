"""Files that leave the building: a workbook, or a zip of CSVs. No name can reach them: no name is read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import IO

from survey.database import Engine
from survey.export.formats import FORMATS, Format
from survey.export.sink import CannotExport
from survey.export.store import Stored
from survey.export.study import Export

__all__ = ["FORMATS", "CannotExport", "Export", "Format", "Stored", "export"]


def export(
    study: str,
    engine: Engine,
    form: str,
    out: IO[bytes],
    now: datetime,
    *,
    waves: Sequence[str] | None = None,
    seconds_per_screen: bool = False,
) -> None:
    """Write a study's answers and scores: “xlsx” is one workbook, “csv” a zip of CSVs.

    form: the name of one of FORMATS. now: aware; stands on the read me and in the document's properties. The same data
    and the same `now` give the same bytes. waves: codes of waves; None for all. seconds_per_screen: also a column for
    each screen.
    Raises CannotExport with a sentence; then what is in `out` is of no use.
    """
    stored = Stored(engine, study, None if waves is None else tuple(waves))
    Export(stored, now, waves, seconds_per_screen).write(form, out)
