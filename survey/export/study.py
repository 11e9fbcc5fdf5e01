"""A study into one file: read once, row by row, into every sheet at the same time."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from importlib.metadata import version as installed_version
from itertools import islice
from typing import IO, Any, Final, Protocol
from zoneinfo import ZoneInfo

from survey.definition.questionnaire import Questionnaire
from survey.definition.study import StudyDefinition
from survey.export import contents
from survey.export.answers import FINISHED, QuestionnaireCounts
from survey.export.columns import AnsweredVersion, column_set
from survey.export.comments import COMMENTS, CommentRows
from survey.export.contents import SmallSheet
from survey.export.fieldwork import fieldwork
from survey.export.findings import findings_sheets
from survey.export.formats import FORMATS, TABLES, ExportFormat
from survey.export.gathering import Gathering
from survey.export.items import items, items_of_group
from survey.export.missing import Gaps
from survey.export.notes import Notes
from survey.export.scales import scale_items, scales
from survey.export.scores import ScoreTables
from survey.export.sink import CannotExport, Dataset, Frame, Sink
from survey.export.structure import Responses, flags, structure_sheets
from survey.export.table import Cells, DataTable, Tabulator
from survey.fieldwork.listed import Listed, ListedSchool
from survey.findings.groups import find_group, see_that_anyone_is_in
from survey.findings.study import StudyFindings, analyse
from survey.progress import ArmFlow, Progress, flows
from survey.responses import Record

ROWS_AT_ONCE: Final = 250
"""So many responses are in memory at a time: few enough that their answers stay in the processor's cache meanwhile."""


_SET_ASIDE: Final = (
    "Responses that were set aside in the classroom, because they were given with the wrong card or the child started "
    "again, are not in this file. The class session lists them."
)


READ: Final = "responses read"
ANALYSED: Final = "analyses done"
PREPARED: Final = "tables prepared"
WRITTEN: Final = "sheets written"
"""The steps of an export, by what they count."""

Tell = Callable[[str, int, int], None]
"""Told how far an export has come: a step, how much of it is done, and how much there is."""


def tell_no_one(_step: str, _done: int, _of: int) -> None:
    """Tell no one how far an export has come."""


class ExportSource(Protocol):
    """Where an export reads from."""

    @property
    def study(self) -> StudyDefinition:
        """The study as it is now."""

    def questionnaires(self) -> Mapping[str, Sequence[AnsweredVersion]]:
        """Every published version of every questionnaire, in the order in which sheets are to stand."""

    def rows(self, questionnaire: str) -> Iterator[Record]:
        """Yield the responses to a questionnaire, always in the same order."""

    def count(self, questionnaire: str) -> int:
        """Return how many responses there are at this moment."""

    def leaves_out(self, questionnaire: str) -> bool:
        """Tell whether responses were set aside, so that they are not among the rows."""

    def listed(self) -> Iterable[Listed]:
        """Yield everyone on the lists of the study's waves."""

    def schools(self) -> Iterable[ListedSchool]:
        """Return the study's schools."""

    def progress(self, now: datetime) -> Progress:
        """Return who was asked, and what they did."""


@dataclass(frozen=True)
class ExportChoice:
    """What goes into a file. waves: codes; None for all. per_screen: also seconds and uses of Listen for each screen.

    unfinished: unfinished responses count on the sheets about scales, items and comments as well. (The data sheets have
    every response.)
    """

    waves: Sequence[str] | None = None
    per_screen: bool = False
    unfinished: bool = False


_ONLY_SOME: Final = (
    "The sheets about scales and items are in the workbook of all waves only: two workbooks of different waves could be"
    " subtracted from each other."
)

EVERYTHING: Final = ExportChoice()


@dataclass(frozen=True)
class StudyTables:
    """What pages show of a study: what was found, and the sheets about its questions and scales, made safe.

    questionnaires: the newest version of each that anyone was asked, by id. items, scales: of all waves only, because
    their sums less those of some waves would be figures of the rest; None where waves were chosen. Of a group there are
    findings and items; reliability is that of everyone. flows: what became of the people asked, by questionnaire, and
    by_link: how many responses came by links for everyone; of everyone in all waves only.
    """

    findings: StudyFindings
    items: SmallSheet | None
    scales: SmallSheet | None
    questionnaires: Mapping[str, Questionnaire]
    flows: Mapping[str, Sequence[ArmFlow]] = field(default_factory=dict)
    by_link: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Export:
    """One export of a study: what was chosen, what was found, what has to be told.

    chosen: the name of the group that the analysis is of, such as sex=f; None for everyone.
    """

    source: ExportSource
    made: datetime
    waves: Sequence[str] | None = None
    per_screen: bool = False
    unfinished: bool = False
    chosen: str | None = None
    tell: Tell = tell_no_one
    notes: Notes = field(default_factory=Notes)
    written: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.study = self.source.study
        self.gaps = Gaps(self.study.missing)
        self.group = None if self.chosen is None else find_group(self.study, self.chosen)

    @cached_property
    def gathering(self) -> Gathering:
        """What the analysis reads. A file without an analysis never asks for it, nor who is on the study's lists."""
        answers = self.group is not None
        return Gathering(self.study, self.source.listed(), self.source.schools(), answers=answers)

    def write(self, form: str, out: IO[bytes]) -> StudyFindings | None:
        """Write the file, and return what was found; None where no one has finished anything.

        form: the name of one of FORMATS; of one that is not explained None is returned, as nothing was looked for.
        Raises CannotExport.
        """
        wanted = FORMATS[form]
        sink = self._sink(wanted)
        try:
            datasets = self.read(sink, wanted)
            found = self._findings(datasets) if wanted.explained else None
            sheets = self._explaining(datasets, found, wanted.microdata) if wanted.explained else []
            sink.finish(self._readme(datasets, wanted.microdata), sheets, out)
        finally:
            sink.close()
        return found

    def analyse(self) -> StudyFindings | None:
        """Return what was found, and write nothing; None where no one has finished anything."""
        return self._findings(self._only_read())

    def tables(self) -> StudyTables | None:
        """Return what pages show, and write nothing; None where no one has finished anything."""
        datasets = self._only_read()
        found = self._findings(datasets)
        if found is None:
            return None
        least = self.study.disclosure.threshold
        scored = {dataset.columns.questionnaire: dataset.scores for dataset in datasets}
        items = self._items(datasets) if self.waves is None else None
        newest = {dataset.columns.questionnaire: dataset.columns.newest for dataset in datasets}
        if self.waves is not None or self.group is not None:
            return StudyTables(found, items, None, newest)
        fieldwork = self.source.progress(self.made)
        by_link = Counter(one.questionnaire for one in fieldwork.by_link)
        return StudyTables(
            found,
            items,
            scales(scored, self._whose, least),
            newest,
            flows(fieldwork, least),
            {name: number for name, number in by_link.items() if number >= least},
        )

    def _items(self, datasets: Sequence[Dataset]) -> SmallSheet:
        counts = [dataset.counts for dataset in datasets]
        if self.group is None:
            return items(counts, self.study, self.gaps, self.notes, self._whose)
        return items_of_group(counts, self.gathering.data, self.group, self.gaps, self.notes)

    def _only_read(self) -> list[Dataset]:
        wanted = FORMATS[TABLES]
        sink = self._sink(wanted)
        try:
            return self.read(sink, wanted)
        finally:
            sink.close()

    def _sink(self, wanted: ExportFormat) -> Sink:
        return wanted.sink(Frame(self.study, self.made, self.gaps.words, self.notes, partial(self.tell, WRITTEN)))

    def read(self, sink: Sink, wanted: ExportFormat) -> list[Dataset]:
        """Read every response, give it to the sink, and return what was read."""
        published = self.source.questionnaires()
        datasets = [dataset for name, versions in published.items() if (dataset := self._dataset(name, versions))]
        for dataset in datasets:
            sink.begin(dataset)
            self._fill(dataset, sink, wanted, datasets)
        return datasets

    def _dataset(self, name: str, versions: Sequence[AnsweredVersion]) -> Dataset | None:
        """Return the beginnings of a questionnaire's sheets; None where no one has been asked it."""
        expected = self.source.count(name)
        if not expected:
            return None
        columns = column_set(self.study, versions, self.notes, per_screen=self.per_screen)
        tabulator = Tabulator(self.study, columns, self.gaps, self.notes, f"Codes · {name}")
        scores = ScoreTables(columns, self.notes, f"Scores · {name}", unfinished=self.unfinished)
        counts = QuestionnaireCounts(columns, unfinished=self.unfinished)
        comments = CommentRows(columns, unfinished=self.unfinished)
        return Dataset(columns, tabulator, scores, counts, comments, Responses(), expected)

    @property
    def _whose(self) -> str:
        """Which responses count on the sheets about scales, items and comments, in words."""
        return "all responses, also unfinished ones" if self.unfinished else FINISHED

    def _fill(self, dataset: Dataset, sink: Sink, wanted: ExportFormat, datasets: Sequence[Dataset]) -> None:
        name = dataset.columns.questionnaire
        for rows in _by(ROWS_AT_ONCE, self.source.rows(name)):
            table = dataset.tabulator.table(rows)
            sink.add(dataset, table, self._gathered(dataset, table, rows) if wanted.explained else [])
            if wanted.explained and wanted.microdata and (comments := dataset.comments.of(table, rows)):
                sink.grow(COMMENTS, comments)
            dataset.written += len(rows)
            self.written.update((name, row.wave, row.state) for row in rows)
            # More may have come since they were counted.
            done = sum(one.written for one in datasets)
            self.tell(READ, done, max(done, sum(one.expected for one in datasets)))
        if self.source.leaves_out(name):
            self.notes.add(f"Codes · {name}", _SET_ASIDE)
        # People go on answering while this is written: the truth lies between the two counts, and nowhere else.
        if not dataset.expected <= dataset.written <= self.source.count(name):
            raise CannotExport(
                f"The file would hold {dataset.written} responses to {name}, and the database has {dataset.expected}. "
                "Nothing was written. Please try again. If it happens again, please tell your IT support."
            )

    def _gathered(self, dataset: Dataset, table: DataTable, rows: Sequence[Record]) -> list[Cells]:
        """Keep what the sheets that explain the data need of some rows; return the cells of their scores."""
        scores = dataset.scores.add(table, rows)
        self.gathering.add(dataset, table, rows, scores)
        dataset.counts.add(table, rows)
        dataset.responses.add(rows)
        return scores

    def _findings(self, datasets: Sequence[Dataset]) -> StudyFindings | None:
        """Return the analysis of what was read; None where no one has finished anything."""
        finished = {wave for (_, wave, state) in self.written if state == "finished"}
        waves = [wave.id for wave in self.study.waves if wave.id in finished]
        if not waves:
            return None
        newest = {dataset.columns.questionnaire: dataset.columns.newest for dataset in datasets}
        if self.group is not None:
            see_that_anyone_is_in(self.group, self.gathering.data)
        return analyse(self.gathering.data, newest, waves, self.group, partial(self.tell, ANALYSED))

    def _explaining(
        self, datasets: Sequence[Dataset], findings: StudyFindings | None, microdata: bool
    ) -> list[SmallSheet]:
        """Return the sheets that explain the data; without microdata, none that tells of a single response."""
        columns = [dataset.columns for dataset in datasets]
        scored = {dataset.columns.questionnaire: dataset.scores for dataset in datasets}
        least = 0 if microdata else self.study.disclosure.threshold
        for scores in scored.values():
            scores.tell_without_norms()
        if some := not microdata and self.waves is not None:
            # Sums over all waves less those over some of them would be figures of the rest, however few these are.
            self.notes.add("Read me", _ONLY_SOME)
        if self.group is not None:
            return [
                *(findings_sheets(findings) if findings is not None else ()),
                *(() if some else [self._items(datasets)]),
                contents.notes_sheet(self.notes.of_no_one()),
            ]
        variables = {name: scores.variables for name, scores in scored.items()}
        parts: list[Callable[[], Iterable[SmallSheet]]] = [
            lambda: findings_sheets(findings) if findings is not None else (),
            lambda: [contents.counts(self.study, self.written)],
            *(() if some else self._summed(datasets, least)),
            lambda: [fieldwork(self.source.progress(self.made), self.study, self.waves, by_school=microdata)],
            lambda: [replace(COMMENTS, about=f"{COMMENTS.about}, of {self._whose}")] if microdata else [],
            lambda: self._flags(datasets) if microdata else [],
            lambda: [contents.codebook(columns, variables, self.gaps)],
            lambda: [contents.value_labels(columns), contents.missing_codes(self.gaps)],
            # The last: the others tell what it says.
            lambda: [contents.notes_sheet(self.notes if microdata else self.notes.of_no_one())],
        ]
        made: list[SmallSheet] = []
        for done, part in enumerate(parts):
            self.tell(PREPARED, done, len(parts))
            made += part()
        self.tell(PREPARED, len(parts), len(parts))
        return made

    def _summed(self, datasets: Sequence[Dataset], least: int) -> list[Callable[[], Iterable[SmallSheet]]]:
        """Return what makes the sheets whose figures go over all waves.

        least: how many people a figure is of, at the least.
        """
        scored = {dataset.columns.questionnaire: dataset.scores for dataset in datasets}
        return [
            lambda: [scales(scored, self._whose, least)],
            lambda: [scale_items(scored, self._whose, least)],
            lambda: structure_sheets(scored, self.notes),
            lambda: [self._items(datasets)],
        ]

    def _flags(self, datasets: Sequence[Dataset]) -> list[SmallSheet]:
        """Return the sheet of flags, where there is any."""
        read = {dataset.columns.questionnaire: (dataset.scores, dataset.responses) for dataset in datasets}
        sheet = flags(read, self.notes)
        return [sheet] if sheet.rows else []

    @property
    def _filters(self) -> str:
        chosen = [] if self.waves is None else [f"waves {', '.join(self.waves)}"]
        chosen += [] if self.group is None else [f"only {self.group.title} ({self.group.id})"]
        return "; ".join(chosen) or "none: every response"

    def _readme(self, datasets: Sequence[Dataset], microdata: bool) -> list[tuple[str, Any]]:
        study = self.study
        waves = [wave for wave in study.waves if self.waves is None or wave.id in self.waves]
        lines: list[tuple[str, Any]] = [
            ("Study", study.id),
            ("Title", study.title),
            ("Waves", "; ".join(f"{wave.id}: {wave.title}" for wave in waves)),
            ("Filters", self._filters),
            *((f"Not asked: {one.who}", one.because) for one in study.not_asked),
            ("Scales, Scale items, Items", f"These count {self._whose}."),
            ("Made", self.made.astimezone(ZoneInfo(study.time_zone)).replace(tzinfo=None, microsecond=0)),
            ("Times", f"All dates and times are those of {study.time_zone}."),
            ("Made with", f"Chorus {installed_version('chorus-survey')}, Python {platform.python_version()}"),
        ]
        for dataset in datasets:
            name = dataset.columns.questionnaire
            lines.append((f"Responses to {name}", dataset.written))
            for version in dataset.columns.versions:
                lines.append((f"{name}, version {version.questionnaire.version}", f"SHA-256 {version.sha256}"))
        answered = {dataset.columns.questionnaire for dataset in datasets}
        lines += [(f"Responses to {name}", 0) for name in self.source.questionnaires() if name not in answered]
        if not microdata:
            lines.append(("Answers", "Tables only. No row of this file is one person, and small counts are hidden."))
            return lines
        lines += [
            ("Rows", "One row is one response. There are no names in this file: participants have study codes."),
            ("Missing answers", "Negative numbers in the codes, words in the labels: see Missing codes."),
            ("Texts", "What people typed is unchanged. Characters that a file cannot hold are listed under Notes."),
        ]
        return lines


def _by(size: int, rows: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(rows, size)):
        yield chunk
