"""The sheet of comments: what people typed, each beside the question it answers.

It is for people who may see single answers. Neither a study code nor a school stands beside a text: to read comments,
one need not know whose they are. The data sheets have the same texts in their rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from survey.export.columns import ColumnSet
from survey.export.contents import WRAPPED, SmallSheet
from survey.export.table import Cells, DataTable
from survey.intake.identity import AUDIENCES
from survey.responses import Record

COMMENTS: Final = SmallSheet(
    "Comments",
    "What people typed, one text in each row",
    ("questionnaire", "variable", "question", "wave", "audience", "arm", "text"),
    [],
    (16, 20, 40, 10, 18, 14, 80),
    {"question": WRAPPED, "text": WRAPPED},
)


class CommentRows:
    """Finds what was typed to one questionnaire. unfinished: in unfinished responses as well."""

    def __init__(self, columns: ColumnSet, *, unfinished: bool = False) -> None:
        self._columns = columns
        self._unfinished = unfinished
        self._typed = [
            place
            for place, variable in enumerate(columns.variables)
            if variable.group == "question" and variable.typed and variable.type == "text"
        ]

    def of(self, table: DataTable, rows: Sequence[Record]) -> list[Cells]:
        """Return the rows of :data:`COMMENTS` for some responses and their table, column by column."""
        audience = AUDIENCES[self._columns.newest.audience]
        found = [
            (self._columns.questionnaire, variable.name, variable.wording, row.wave, audience, row.arm, cell)
            for variable, cells in ((table.variables[place], table.cells[place]) for place in self._typed)
            for row, cell in zip(rows, cells, strict=True)
            if cell.__class__ is str and cell.strip() and (self._unfinished or row.state == "finished")
        ]
        return [list(column) for column in zip(*found, strict=True)]
