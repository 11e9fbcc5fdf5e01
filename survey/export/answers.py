"""How often each answer was given: counted table by table, so that no row is kept.

The counts are those of one questionnaire: of each column in each wave, how often each code, number and missing code
stood there. What may be shown of them is decided elsewhere (survey/export/protecting.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from survey.export.columns import ColumnSet, Variable
from survey.export.missing import MissingNumber
from survey.export.table import Cells, DataTable
from survey.responses import Record

FINISHED: Final = "finished responses"
"""Which responses count, in words, unless a file is asked to count more."""


@dataclass
class AnswerCounts:
    """The cells of one column in one wave: how often each code or number was given, how many texts, and why not."""

    given: Counter[Any] = field(default_factory=Counter)
    missing: Counter[int] = field(default_factory=Counter)
    texts: int = 0

    @property
    def answered(self) -> int:
        """How many gave an answer."""
        return self.given.total() + self.texts

    def add(self, variable: Variable, cells: Cells) -> None:
        """Count more cells. Texts and days are counted, and not kept."""
        if variable.codes:
            # Codes are never below 0, and missing codes always are: one pass at the speed of C.
            for cell, number in Counter(cells).items():
                self._add(cell, number)
            return
        self.missing.update(cell for cell in cells if cell.__class__ is MissingNumber)
        there = [cell for cell in cells if cell is not None and cell.__class__ is not MissingNumber]
        if variable.type == "number":
            self.given.update(cell for cell in there if isinstance(cell, int | float))
        else:
            self.texts += len(there)

    def _add(self, cell: Any, number: int) -> None:
        if cell.__class__ is MissingNumber:
            self.missing[cell] += number
        elif cell is not None:
            self.given[cell] += number


class WaveCounts:
    """What was answered in one wave, column by column; and how many responses there were, and of which versions."""

    def __init__(self) -> None:
        self.responses = 0
        self.on_paper = 0
        self.versions: set[str] = set()
        self._found: dict[str, AnswerCounts] = {}

    def of(self, variable: Variable) -> AnswerCounts:
        """Return the counts of a column."""
        return self._found.setdefault(variable.name, AnswerCounts())

    def has(self, variable: Variable) -> bool:
        """Return whether a version that was answered in this wave has the column."""
        return not self.versions.isdisjoint(variable.columns)


class QuestionnaireCounts:
    """What was answered to one questionnaire, wave by wave. unfinished: count unfinished responses as well."""

    def __init__(self, columns: ColumnSet, *, unfinished: bool = False) -> None:
        self.columns = columns
        self.waves: dict[str, WaveCounts] = {}
        self._unfinished = unfinished
        self._places = [place for place, one in enumerate(columns.variables) if one.group == "question"]

    def add(self, table: DataTable, rows: Sequence[Record]) -> None:
        """Count the answers in some rows and their table."""
        for wave, places in self._by_wave(rows):
            found = self.waves.setdefault(wave, WaveCounts())
            found.responses += len(places)
            found.on_paper += sum(rows[place].mode == "paper" for place in places)
            found.versions |= {rows[place].sha256 for place in places}
            for at in self._places:
                variable, cells = table.variables[at], table.cells[at]
                found.of(variable).add(variable, cells if len(places) == len(rows) else _chosen(cells, places))

    def _by_wave(self, rows: Sequence[Record]) -> Iterator[tuple[str, list[int]]]:
        places: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            if self._unfinished or row.state == "finished":
                places.setdefault(row.wave, []).append(place)
        yield from places.items()


def _chosen(cells: Cells, places: Sequence[int]) -> Cells:
    return [cells[places[0]]] if len(places) == 1 else list(itemgetter(*places)(cells))
