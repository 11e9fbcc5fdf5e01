"""The audit as a file: one line a deed, the newest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Final

from survey.audit import LogEntry, who
from survey.export.lists import ListForm, write_list

COLUMNS: Final = ("when", "who", "what", "study", "about", "details")


def write_audit(lines: Iterable[LogEntry], studies: dict[int, str], form: ListForm, out: IO[bytes]) -> None:
    """Write lines of the audit as CSV or a workbook. Times are UTC. studies: codes by id."""
    rows = [
        (
            f"{line.at:%Y-%m-%d %H:%M:%S}",
            who(line.actor),
            line.what,
            studies.get(line.study_id or 0, ""),
            line.about,
            line.particulars,
        )
        for line in lines
    ]
    write_list(COLUMNS, rows, "Activity log", form, out)
