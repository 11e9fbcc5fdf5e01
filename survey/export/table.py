"""Responses into columns of cells: one pass per column, each distinct answer encoded once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from survey.definition.columns import AS_TYPED, UNTOUCHED, could_be_code, is_shortened
from survey.definition.study import StudyDefinition
from survey.export.columns import ColumnSet, Variable
from survey.export.missing import Absence, Absences, Gaps, MissingNumber
from survey.export.notes import Notes
from survey.intake.identity import Origin, date_of
from survey.question import Column
from survey.responses import Record

Cell = int | float | str | date | datetime | None
"""What a cell holds: a Gap (an int) for a missing answer, None for an empty cell."""

Cells = list[Any]
"""The cells of one column; Any, because the fast ways through them know no unions."""


@dataclass(frozen=True)
class DataTable:
    """Some rows of a questionnaire's data, column by column: cells[i] are the cells of variables[i]."""

    variables: Sequence[Variable]
    cells: list[Cells]
    answers: list[Mapping[str, Any]]
    """The answers of each row as they count: none behind a question that was not led to, none of who withdrew."""
    first: int
    """The number of the first row, from 1."""
    absent: Sequence[Absence] = ()
    """For each row, why a question has no answer; questions that have one are there too."""
    code_of_not_shown: int | None = None

    def __len__(self) -> int:
        return len(self.answers)

    def not_shown(self, question: str) -> list[bool]:
        """Return, for each row, whether it is certain that routing passed a question by."""
        return [why.get(question) == self.code_of_not_shown for why in self.absent]


_PLAIN: Final = frozenset((int, float, str))
_MOST_REMEMBERED: Final = 20_000


class _Encoded(dict[Any, Any]):
    """Stored value -> cell, learned as values turn up; lists come as tuples."""

    def __init__(self, column: Column, gaps: Gaps) -> None:
        super().__init__()
        self._gaps = frozenset(gaps.values())
        self.clashes: list[int] = []
        """Numbers given as answers that stand for missing ones as well."""
        self._encode: Callable[[Any], Any] = column.encode
        self._date = column.type == "date"
        self.as_typed = column.encode is str
        """Whether a text is a cell as it is, so that no text need be remembered."""

    def __missing__(self, value: Any) -> Any:
        cell = self._encode(value)
        if self._date:
            cell = date_of(cell)
        elif cell.__class__ is float and cell.is_integer():
            # 1 and 1.0 are one number, and are to look alike wherever they stand.
            cell = int(cell)
        if cell.__class__ is int and cell in self._gaps and cell not in self.clashes:
            self.clashes.append(cell)
        if len(self) < _MOST_REMEMBERED:
            self[value] = cell
        return cell


class Tabulator:
    """Turns responses to one questionnaire into tables, some rows at a time."""

    def __init__(self, study: StudyDefinition, columns: ColumnSet, gaps: Gaps, notes: Notes, where: str = "") -> None:
        self.columns = columns
        self._gaps = gaps
        self._notes = notes
        self._where = where
        self._done = 0
        self._told: set[tuple[str, int]] = set()
        self._versions = {version.sha256: version.questionnaire for version in columns.versions}
        self._absences = {sha256: Absences(questionnaire, gaps) for sha256, questionnaire in self._versions.items()}
        self._encoded = {
            (variable.name, sha256): _Encoded(column, gaps)
            for variable in columns.variables
            for sha256, column in variable.columns.items()
        }
        self._identity = columns.identity
        self._origin = Origin(study, self._versions)
        self._per_screen = any(variable.group == "time" for variable in columns.variables)
        self._keys = list({column.key for variable in columns.variables for column in variable.columns.values()})
        self._typed = [place for place, variable in enumerate(columns.variables) if variable.typed]
        self._as_typed = [place for place, variable in enumerate(columns.variables) if variable.name == AS_TYPED]

    def table(self, rows: Sequence[Record]) -> DataTable:
        """Return the table of these rows. Raises KeyError for a version that the columns do not know."""
        looked_at = [self._look(row) for row in rows]
        absent = [absence for absence, _ in looked_at]
        answers = [given for _, given in looked_at]
        parts = by_version(rows)
        values = _by_key(self._keys, answers)
        cells = [[column.read(row, self._origin) for row in rows] for column in self._identity]
        # What is known of screens is decoded each time it is asked for.
        screens = [(row.screens, row.listened) for row in rows] if self._per_screen else []
        for variable in self.columns.variables[len(cells) :]:
            if variable.group == "time":
                cells.append([_seconds(visited.get(variable.question)) for visited, _ in screens])
            elif variable.group == "listened":
                cells.append([listened.get(variable.question) for _, listened in screens])
            else:
                cells.append(self._answered(variable, values, absent, parts, rows))
        for place in self._as_typed:
            cells[place] = self._looking_like_something_else(cells, len(rows))
        table = DataTable(self.columns.variables, cells, answers, self._done + 1, absent, self._gaps["not_shown"])
        self._done += len(rows)
        self._tell_clashes()
        return table

    def _looking_like_something_else(self, cells: Sequence[Cells], rows: int) -> Cells:
        """Return, for each row, UNTOUCHED and the columns with an answer that only looks like something else."""
        said = [UNTOUCHED] * rows
        codes = frozenset(map(int, self._gaps.values()))
        for place in self._typed:
            variable = self.columns.variables[place]
            for row, cell in enumerate(cells[place]):
                if cell.__class__ is int:
                    found = cell in codes
                else:
                    found = cell.__class__ is str and (
                        (not variable.private and could_be_code(cell, codes)) or is_shortened(cell)
                    )
                if found:
                    said[row] += f" {variable.name}"
        return said

    def _tell_clashes(self) -> None:
        """Say, once, where an answer looks like a missing code."""
        for (name, _), encoded in self._encoded.items():
            for number in [number for number in encoded.clashes if (name, number) not in self._told]:
                self._told.add((name, number))
                meaning = self._gaps.words[number]
                what = (
                    f"{number} was given as an answer, and is the code for “{meaning}” too: the labels tell them apart."
                )
                self._notes.add(self._where, what, column=name)

    def _look(self, row: Record) -> tuple[Absence, Mapping[str, Any]]:
        """Return why answers of a row are absent, and the answers that count."""
        absences = self._absences[row.sha256]
        absence, hidden = absences.of(row.state, row.answers, row.facts)
        if row.state == "withdrawn":
            return absence, {}
        unseen = {key for id in hidden for key in absences.keys(id) if key in row.answers}
        if not unseen:
            return absence, row.answers
        answers = dict(row.answers)
        for key in unseen:
            del answers[key]
        return absence, answers

    def _answered(
        self,
        variable: Variable,
        values: Mapping[str, Sequence[Any]],
        absent: list[Absence],
        parts: Mapping[str, Sequence[int] | None],
        rows: Sequence[Record],
    ) -> Cells:
        """Return the cells of a question's column, version by version."""
        not_there = None if variable.private else self._gaps["not_in_version"]
        cells: Cells = [not_there] * len(rows)
        for sha256, places in parts.items():
            column = variable.columns.get(sha256)
            if column is None:
                self._leave(cells, places, rows, variable)
                continue
            encoded = self._encoded[variable.name, sha256]
            given = values[column.key]
            mine = given if places is None else [given[place] for place in places]
            why = absent if places is None else [absent[place] for place in places]
            found = self._encode(variable, encoded, mine, why)
            if places is None:
                return found
            for place, cell in zip(places, found, strict=True):
                cells[place] = cell
        return cells

    def _leave(self, cells: Cells, places: Sequence[int] | None, rows: Sequence[Record], variable: Variable) -> None:
        """Say “withdrawn” rather than “not in this version” where both are true."""
        if variable.private:
            return
        for place in range(len(cells)) if places is None else places:
            if rows[place].state == "withdrawn":
                cells[place] = self._gaps["withdrawn"]

    def _encode(
        self,
        variable: Variable,
        encoded: _Encoded,
        values: Sequence[Any],
        absent: Sequence[Absence],
    ) -> Cells:
        id = variable.question
        if variable.private:
            return [value if value.__class__ is str else None for value in values]
        other = self._other(encoded)
        if encoded.as_typed and variable.type == "text":
            return [
                value if value.__class__ is str else why[id] if value is None else other(value)
                for value, why in zip(values, absent, strict=True)
            ]
        try:
            return [
                encoded[value] if value.__class__ in _PLAIN else why[id] if value is None else other(value)
                for value, why in zip(values, absent, strict=True)
            ]
        except (KeyError, TypeError, ValueError):
            return [
                why[id] if value is None else self._unfit(variable, row, encoded, value)
                for row, (value, why) in enumerate(zip(values, absent, strict=True))
            ]

    def _other(self, encoded: _Encoded) -> Callable[[Any], Any]:
        gaps = self._gaps

        def cell(value: Any) -> Any:
            if value.__class__ is dict:
                return gaps.of(value)
            return encoded[tuple(value) if value.__class__ is list else value]

        return cell

    def _unfit(self, variable: Variable, row: int, encoded: _Encoded, value: Any) -> Any:
        """Encode one value; leave the cell empty, and say so, where it does not fit its question."""
        try:
            return self._other(encoded)(value)
        except (KeyError, TypeError, ValueError):
            what = "The stored answer does not fit its question. The cell is empty."
            self._notes.add(self._where, what, row=self._done + row + 2, column=variable.name)
            return None


def _by_key(keys: Sequence[str], answers: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]]:
    """Return key -> the value in each row, None for none.

    Row by row: to look up one key in all rows, then the next, takes twice as long, as no row is still in the cache.
    """
    rows = [tuple(map(given.get, keys)) for given in answers]
    return dict(zip(keys, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(keys, ())


def by_version(rows: Sequence[Record]) -> dict[str, list[int] | None]:
    """Return the places of each version's rows; None stands for all of them."""
    shas = {row.sha256 for row in rows}
    if len(shas) == 1:
        return {shas.pop(): None}
    places: dict[str, list[int] | None] = {}
    for sha256 in sorted(shas):
        places[sha256] = [place for place, row in enumerate(rows) if row.sha256 == sha256]
    return places


def _seconds(ms: int | None) -> float | int | None:
    return None if ms is None else ms / 1000


# ---- words ---------------------------------------------------------------------------------------------


def in_words(variable: Variable, cells: Iterable[Any], words: Mapping[int, str]) -> Cells:
    """Return cells with labels for codes, and words for missing answers. words: missing number -> what it means."""
    if variable.codes:
        labels: dict[Any, Any] = {**words, **variable.codes}
        return [labels.get(cell, cell) for cell in cells]
    if variable.coded:
        return [words[cell] if cell.__class__ is MissingNumber else cell for cell in cells]
    return list(cells)
