"""Short lists that leave the building, such as who to remind: a workbook of one sheet, or a CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import IO, Any, Final, Literal

from survey.export.text import for_csv, for_workbook

ListForm = Literal["csv", "xlsx"]
FORMS: Final[tuple[ListForm, ...]] = ("csv", "xlsx")

_WIDEST: Final = 60


def form_of(name: str) -> ListForm | None:
    """Return what a file's name says it is: csv or xlsx; None when neither."""
    ending = name.lower().rpartition(".")[2]
    return next((form for form in FORMS if form == ending), None)


def write_list(
    columns: Sequence[str], rows: Iterable[Sequence[str | int]], title: str, form: ListForm, out: IO[bytes]
) -> None:
    """Write a header and rows. Texts stay texts: a code like 0012 keeps its noughts, and none becomes a formula.

    title: of the workbook's sheet.
    """
    if form == "csv":
        _write_csv(columns, rows, out)
    else:
        _write_workbook(columns, list(rows), title, out)


def _write_csv(columns: Sequence[str], rows: Iterable[Sequence[str | int]], out: IO[bytes]) -> None:
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_for_csv(cell) for cell in row] for row in rows)
    out.write(text.getvalue().encode("utf-8-sig"))


def _for_csv(cell: str | int) -> str | int:
    return for_csv(cell)[0] if isinstance(cell, str) else cell


def _write_workbook(columns: Sequence[str], rows: Sequence[Sequence[str | int]], title: str, out: IO[bytes]) -> None:
    # Most lists are CSV files; only this one needs the library of workbooks.
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    from survey.export.workbook import sheet_title

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(sheet_title("List", title, set()))
    for place, name in enumerate(columns):
        longest = max([len(name) + 2, *(len(str(row[place])) for row in rows)])
        sheet.column_dimensions[get_column_letter(place + 1)].width = min(longest + 1, _WIDEST)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"

    def cell_of(value: str | int) -> Any:
        if isinstance(value, int):
            return WriteOnlyCell(sheet, value)
        cell = WriteOnlyCell(sheet, for_workbook(value)[0])
        cell.data_type = "s"
        return cell

    header = [cell_of(name) for name in columns]
    for cell in header:
        cell.font = Font(name="Calibri", size=11, bold=True)
    sheet.append(header)
    for row in rows:
        sheet.append([cell_of(value) for value in row])
    book.save(out)
