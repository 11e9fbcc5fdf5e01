"""A study into one file: read once, row by row, into every sheet at the same time."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version as installed_version
from itertools import islice
from typing import IO, Any, Final, Literal, Protocol
from zoneinfo import ZoneInfo

from survey.definition.study import Study
from survey.export import contents, csv
from survey.export.columns import ColumnSet, Variable, Version, column_set
from survey.export.contents import Sheet
from survey.export.missing import Gaps
from survey.export.notes import Notes
from survey.export.scales import scale_items, scales
from survey.export.scores import Scores
from survey.export.sheets import COLUMNS, ROWS, DataSheet
from survey.export.sheets import cleaned as for_workbook
from survey.export.table import Cells, Table, Tabulator, in_words
from survey.export.workbook import README, WorkbookFile, sheet_title
from survey.responses import Record

Format = Literal["xlsx", "csv"]

ROWS_AT_ONCE: Final = 1_000
"""So many responses are in memory at a time."""


class CannotExport(RuntimeError):
    """The export cannot be made, or would not be true. Its text is a sentence for the researcher."""


class Source(Protocol):
    """Where an export reads from."""

    @property
    def study(self) -> Study:
        """The study as it is now."""

    def questionnaires(self) -> Mapping[str, Sequence[Version]]:
        """Every published version of every questionnaire, in the order in which sheets are to stand."""

    def rows(self, questionnaire: str) -> Iterator[Record]:
        """Yield the responses to a questionnaire, always in the same order."""

    def count(self, questionnaire: str) -> int:
        """Return how many responses there are at this moment."""


@dataclass
class _Part:
    """One questionnaire under way into a file."""

    columns: ColumnSet
    tabulator: Tabulator
    scores: Scores
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


@dataclass
class Export:
    """One export of a study: what was chosen, what was found, what has to be told."""

    source: Source
    made: datetime
    waves: Sequence[str] | None = None
    seconds_per_screen: bool = False
    notes: Notes = field(default_factory=Notes)
    written: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.study = self.source.study
        self.gaps = Gaps(self.study.missing)

    def write(self, form: Format, out: IO[bytes]) -> None:
        """Write the file. Raises CannotExport."""
        sink: _Sink = _Workbook(self) if form == "xlsx" else _Csv(self)
        try:
            self._write(sink, out)
        finally:
            sink.close()

    def _write(self, sink: _Sink, out: IO[bytes]) -> None:
        published = self.source.questionnaires()
        parts = [part for name, versions in published.items() if (part := self._part(name, versions))]
        for part in parts:
            sink.begin(part)
            self._fill(part, sink)
        sheets = self._explaining(parts)
        sink.finish(self._readme(parts), sheets, out)

    def _part(self, name: str, versions: Sequence[Version]) -> _Part | None:
        """Return the beginnings of a questionnaire's sheets; None where nobody has been asked it."""
        expected = self.source.count(name)
        if not expected:
            return None
        columns = column_set(self.study, versions, self.notes, seconds_per_screen=self.seconds_per_screen)
        tabulator = Tabulator(self.study, columns, self.gaps, self.notes, f"Codes · {name}")
        return _Part(columns, tabulator, Scores(columns, self.notes, f"Scores · {name}"), expected)

    def _fill(self, part: _Part, sink: _Sink) -> None:
        name = part.columns.questionnaire
        for rows in _by(ROWS_AT_ONCE, self.source.rows(name)):
            table = part.tabulator.table(rows)
            sink.add(part, table, part.scores.add(table, rows))
            part.written += len(rows)
            self.written.update((name, row.wave, row.state) for row in rows)
        # People go on answering while this is written: the truth lies between the two counts, and nowhere else.
        if not part.expected <= part.written <= self.source.count(name):
            raise CannotExport(
                f"The file would hold {part.written} responses to {name}, and the database has {part.expected}. "
                "Nothing was written. Please try again, and tell whoever looks after the server if it happens again."
            )

    def _explaining(self, parts: Sequence[_Part]) -> list[Sheet]:
        columns = [part.columns for part in parts]
        scored = {part.columns.questionnaire: part.scores for part in parts}
        return [
            contents.counts(self.study, self.written),
            scales(scored),
            scale_items(scored),
            contents.codebook(columns, {name: scores.variables for name, scores in scored.items()}, self.gaps),
            contents.value_labels(columns),
            contents.missing_codes(self.gaps),
            contents.notes_sheet(self.notes),
        ]

    def _readme(self, parts: Sequence[_Part]) -> list[tuple[str, Any]]:
        study = self.study
        waves = [wave for wave in study.waves if self.waves is None or wave.id in self.waves]
        lines: list[tuple[str, Any]] = [
            ("Study", study.id),
            ("Title", study.title),
            ("Waves", "; ".join(f"{wave.id}: {wave.title}" for wave in waves)),
            ("Filters", "none: every response" if self.waves is None else f"waves {', '.join(self.waves)}"),
            ("Made", self.made.astimezone(ZoneInfo(study.time_zone)).replace(tzinfo=None, microsecond=0)),
            ("Times", f"All dates and times are those of {study.time_zone}."),
            ("Made with", f"Chorus {installed_version('chorus-survey')}, Python {platform.python_version()}"),
        ]
        for part in parts:
            name = part.columns.questionnaire
            lines.append((f"Responses to {name}", part.written))
            for version in part.columns.versions:
                lines.append((f"{name}, version {version.questionnaire.version}", f"SHA-256 {version.sha256}"))
        answered = {part.columns.questionnaire for part in parts}
        lines += [(f"Responses to {name}", 0) for name in self.source.questionnaires() if name not in answered]
        lines += [
            ("Rows", "One row is one response. Nobody's name is in this file: participants have study codes."),
            ("Missing answers", "Negative numbers in the codes, words in the labels: see Missing codes."),
            ("Texts", "What people typed stands as typed. What a file cannot hold is listed under Notes."),
        ]
        return lines


def _by(size: int, rows: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(rows, size)):
        yield chunk


# ---- the two kinds of file -----------------------------------------------------------------------------


class _Sink(Protocol):
    def begin(self, part: _Part) -> None: ...

    def add(self, part: _Part, table: Table, scores: list[Cells]) -> None: ...

    def finish(self, readme: list[tuple[str, Any]], sheets: Sequence[Sheet], out: IO[bytes]) -> None: ...

    def close(self) -> None: ...


def _teller(notes: Notes, where: str, table: Table) -> Callable[[int, str, str], None]:
    responses = table.cells[0]

    def tell(row: int, column: str, what: str) -> None:
        notes.add(where, what, row=table.first + row + 1, column=column, response=str(responses[row]))

    return tell


class _Workbook:
    def __init__(self, export: Export) -> None:
        self._export = export
        study = export.study
        self._file = WorkbookFile(study.title, study.language, export.made)
        self._taken = {README.casefold()}
        self._sheets: list[tuple[str, str]] = []
        self._labels: DataSheet
        self._codes: DataSheet
        self._scores: DataSheet

    def begin(self, part: _Part) -> None:
        name = part.columns.questionnaire
        _check_size(name, part.expected, len(part.columns.variables))
        of = f" of “{part.columns.newest.title}” ({name})"
        words = self._export.gaps.words
        variables = part.columns.variables
        title = self._title("Labels", name, f"Answers{of} in words")
        self._labels = self._file.data_sheet(title, variables, words)
        title = self._title("Codes", name, f"Answers{of} in numbers")
        self._codes = self._file.data_sheet(title, variables)
        title = self._title("Scores", name, f"Scale scores{of}")
        self._scores = self._file.data_sheet(title, part.score_variables)

    def _title(self, kind: str, name: str, about: str) -> str:
        title = sheet_title(kind, name, self._taken)
        self._sheets.append((title, about))
        return title

    def add(self, part: _Part, table: Table, scores: list[Cells]) -> None:
        tell = _teller(self._export.notes, f"{self._labels.title}, {self._codes.title}", table)
        cells = for_workbook(table.variables, table.cells, tell)
        self._labels.add(cells)
        self._codes.add(cells)
        self._scores.add([*(cells[place] for place in part.beside_scores), *scores])
        _check_size(part.columns.questionnaire, self._codes.rows, 1)

    def finish(self, readme: list[tuple[str, Any]], sheets: Sequence[Sheet], out: IO[bytes]) -> None:
        for sheet in sheets:
            _check_size(sheet.title, len(sheet.rows), 1)
            self._file.sheet(sheet)
        self._file.save(readme, [*self._sheets, *((sheet.title, sheet.about) for sheet in sheets)], out)

    def close(self) -> None:
        self._file.close()


def _check_size(name: str, rows: int, columns: int) -> None:
    if rows < ROWS and columns <= COLUMNS:
        return
    fault = f"{rows:,} rows" if rows >= ROWS else f"{columns:,} columns"
    raise CannotExport(
        f"{name} has {fault}, and a sheet holds {ROWS - 1:,} rows and {COLUMNS:,} columns. "
        "Please choose --format csv, or fewer waves."
    )


class _Csv:
    def __init__(self, export: Export) -> None:
        self._export = export
        self._files: list[csv.CsvFile] = []

    def begin(self, part: _Part) -> None:
        name = part.columns.questionnaire
        names = [variable.name for variable in part.columns.variables]
        score_names = [variable.name for variable in part.score_variables]
        self._files += [
            csv.CsvFile(f"{name}-labels.csv", names),
            csv.CsvFile(f"{name}-codes.csv", names),
            csv.CsvFile(f"{name}-scores.csv", score_names),
        ]

    def add(self, part: _Part, table: Table, scores: list[Cells]) -> None:
        labels, codes, scored = self._files[-3:]
        tell = _teller(self._export.notes, f"{labels.name}, {codes.name}", table)
        cells = csv.cleaned(table.cells, [variable.name for variable in table.variables], tell)
        words = self._export.gaps.words
        labels.add([in_words(v, column, words) for v, column in zip(table.variables, cells, strict=True)])
        codes.add(cells)
        scored.add([*(cells[place] for place in part.beside_scores), *scores])

    def finish(self, readme: list[tuple[str, Any]], sheets: Sequence[Sheet], out: IO[bytes]) -> None:
        about = [*readme, ("", ""), *self._about(sheets)]
        self._files += [csv.sheet_file(sheet) for sheet in sheets]
        csv.write_zip(about, self._files, self._export.made, out)

    def close(self) -> None:
        for file in self._files:
            file.close()

    def _about(self, sheets: Sequence[Sheet]) -> Iterator[tuple[str, str]]:
        yield f"{csv.PLAIN}/", "UTF-8"
        yield f"{csv.FOR_EXCEL}/", "the same files with a byte order mark, so that Excel knows they are UTF-8"
        for file in self._files:
            yield file.name, "one row per response"
        for sheet in sheets:
            yield csv.file_name(sheet), sheet.about
