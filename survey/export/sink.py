"""What every format of an export has: a file that grows by tables of rows, one questionnaire after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from survey.definition.study import StudyDefinition
from survey.export.answers import QuestionnaireCounts
from survey.export.columns import ColumnSet, Variable
from survey.export.comments import CommentRows
from survey.export.contents import SmallSheet
from survey.export.notes import Notes
from survey.export.scores import ScoreTables
from survey.export.structure import Responses
from survey.export.table import Cells, DataTable, Tabulator
from survey.problems import Explained


def tell_of_no_sheet(_done: int, _of: int) -> None:
    """Tell no one how many sheets are written."""


class CannotExport(Explained, RuntimeError):
    """The export cannot be made, or would not be true. Its text is a sentence for the researcher."""


@dataclass
class Dataset:
    """One questionnaire under way into a file."""

    columns: ColumnSet
    tabulator: Tabulator
    scores: ScoreTables
    counts: QuestionnaireCounts
    comments: CommentRows
    responses: Responses
    expected: int
    written: int = 0

    @property
    def beside_scores(self) -> list[int]:
        """The places of the columns that stand beside the scores."""
        return [place for place, column in enumerate(self.columns.identity) if column.beside_scores]

    @property
    def score_variables(self) -> list[Variable]:
        """The columns of the scores sheet."""
        return [*(self.columns.variables[place] for place in self.beside_scores), *self.scores.variables]


@dataclass(frozen=True)
class Frame:
    """What a file says of itself. words: missing number -> what it means; notes: where a sink tells what it changed.

    wrote: told how many sheets of how many are in the file.
    """

    study: StudyDefinition
    made: datetime
    words: Mapping[int, str]
    notes: Notes
    wrote: Callable[[int, int], None] = tell_of_no_sheet

    def teller(self, where: str, table: DataTable) -> Callable[[int, str, str], None]:
        """Return what notes that a text of a table was changed: (row from 0, column, what was done)."""
        responses = table.cells[0]

        def tell(row: int, column: str, what: str) -> None:
            self.notes.add(where, what, row=table.first + row + 1, column=column, response=str(responses[row]))

        return tell


class Sink(ABC):
    """A file under construction: :meth:`begin` for each questionnaire, then its tables, then :meth:`finish`."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    @abstractmethod
    def begin(self, dataset: Dataset) -> None:
        """Begin a questionnaire. Raises CannotExport where the format cannot hold it."""

    @abstractmethod
    def add(self, dataset: Dataset, table: DataTable, scores: list[Cells]) -> None:
        """Add rows. scores: the cells of the dataset's own score columns; none in a format that is not explained."""

    def grow(self, sheet: SmallSheet, cells: list[Cells]) -> None:
        """Add rows, column by column, to one of the sheets that :meth:`finish` is given without rows.

        It is for sheets too long to be kept.
        """
        # A format without a place for them leaves them out.
        del sheet, cells

    @abstractmethod
    def finish(self, readme: Sequence[tuple[str, Any]], sheets: Sequence[SmallSheet], out: IO[bytes]) -> None:
        """Write the file. readme: (what, value); sheets: those that explain the data."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what was kept meanwhile."""
