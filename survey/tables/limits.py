"""How large a table may be. Each limit is far above an honest table and keeps reading in seconds and megabytes."""

from __future__ import annotations

from typing import Final

LARGEST_FILE: Final = 10 * 1024 * 1024
"""Bytes of the largest file that is read."""

LARGEST_UNPACKED: Final = 100 * 1024 * 1024
"""Bytes of a workbook's parts together: 60,000 rows of 30 columns, and far less than a zip bomb."""

MOST_PARTS: Final = 2_000
"""Parts of a workbook."""

MOST_ELEMENTS: Final = 10_000_000
"""Elements of XML in a workbook: one with 100 MB has about six million."""

DEEPEST: Final = 100
"""Elements of XML within each other; a workbook needs ten."""

MOST_SHEETS: Final = 200
MOST_ROWS: Final = 60_000
MOST_CELLS: Final = 5_000_000
"""Cells of a table with their blank ones: rows times columns."""

MOST_CHARACTERS: Final = 30_000_000
"""Characters of all cells together: a workbook can say one long text in every cell."""

LONGEST_CELL: Final = 50_000
"""Characters of a cell; the longest answer has 40,000."""

LONGEST_NAME: Final = 100
"""Characters of a sheet's name, which stands in every message about it; spreadsheet programs allow 31."""

MOST_MARKS: Final = 30
"""Combining marks on one letter (UAX 15, stream-safe text): sorting them takes time by their square."""

MOST_FAULTS: Final = 1_000
"""Faults of a sheet that are told one by one."""

LAST_ROW: Final = 1_048_576
LAST_COLUMN: Final = 16_384
"""Rows and columns of the largest sheet a spreadsheet program can make."""

SAVE_AS: Final = "Please open it in your spreadsheet program and save it as an Excel workbook (.xlsx) or CSV."


class Refusal(ValueError):
    """A file that is not read. Its text says why, and what to do, to the person who sent it."""
