"""The export of 20,000 responses × 80 columns out of a database, beside bare loops over the same cells, with memory.

Each measurement is in a process of its own, which had done nothing before. CPU seconds say more than those of the
clock where a machine has other things to do; both are the best of some runs.
"""

from __future__ import annotations

import csv
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

import openpyxl

from bench.answered import COLUMNS, NAME, POOL, STUDY, database
from survey.database import open_engine
from survey.export.columns import column_set
from survey.export.contents import SmallSheet
from survey.export.csv import CsvFile, cleaned
from survey.export.formats import FORMATS, ExportFormat
from survey.export.missing import Gaps
from survey.export.notes import Notes
from survey.export.sink import Dataset, Sink
from survey.export.store import Stored, export
from survey.export.table import Cells, DataTable, Tabulator

RESPONSES, FEW = 20_000, 20
"""How many responses are exported, and how many where the bench itself is tried."""

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


class Codes(Sink):
    """One plain CSV of codes: the least that an export can be."""

    def begin(self, dataset: Dataset) -> None:
        self._file = CsvFile("codes", [variable.name for variable in dataset.columns.variables])

    def add(self, dataset: Dataset, table: DataTable, scores: list[Cells]) -> None:
        self._file.add(cleaned(table.variables, table.cells, self.frame.teller("codes", table)))

    def finish(self, readme: Sequence[tuple[str, Any]], sheets: Sequence[SmallSheet], out: IO[bytes]) -> None:
        shutil.copyfileobj(self._file.bytes(), out)

    def close(self) -> None:
        self._file.close()


CODES = ExportFormat("codes", ".csv", "text/csv", "codes", "Codes alone.", Codes, explained=False)


def ours(form: str, url: str, path: Path) -> None:
    """Export the study in a format."""
    engine = open_engine(url)
    with patch.dict(FORMATS, {CODES.name: CODES}), path.open("wb") as out:
        export(STUDY, engine, form, out, NOW)
    engine.dispose()


def only_read(url: str, path: Path) -> None:
    """Read the responses and let go of them."""
    engine = open_engine(url)
    path.write_text(str(sum(1 for _ in Stored(engine, STUDY).rows(NAME))))
    engine.dispose()


def cells_of(url: str, responses: int) -> Iterator[tuple[Any, ...]]:
    """Yield rows of finished cells, for the bare loops: those of some responses, again and again."""
    engine = open_engine(url)
    stored = Stored(engine, STUDY)
    columns = column_set(stored.study, stored.questionnaires()[NAME], Notes())
    tabulator = Tabulator(stored.study, columns, Gaps(stored.study.missing), Notes())
    table = tabulator.table(list(islice(stored.rows(NAME), POOL)))
    engine.dispose()
    if len(columns.variables) != COLUMNS:
        raise AssertionError(f"the bench's data have {len(columns.variables)} columns, not {COLUMNS}")
    rows = list(zip(*table.cells, strict=True))
    for number, row in enumerate(islice(cycle(rows), responses)):
        yield f"response{number:014}", f"P{number:06}", *row[2:]


def bare_workbook(responses: int, url: str, path: Path) -> None:
    """Write one sheet with openpyxl alone."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Codes")
    for row in cells_of(url, responses):
        sheet.append(row)
    book.save(path)


def bare_csv(responses: int, url: str, path: Path) -> None:
    """Write one CSV with Python's csv alone."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(cells_of(url, responses))


# ---- measuring -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """Seconds of CPU and of the clock, megabytes above what the process had at its start, and those of the file."""

    cpu: float
    clock: float
    peak: float
    size: float

    def __str__(self) -> str:
        return f"{self.cpu:6.2f} s CPU, {self.clock:6.2f} s, peak memory +{self.peak:4.0f} MB, file {self.size:5.1f} MB"


def measured(work: Callable[[str, Path], None], url: str, times: int) -> Figure:
    """Return the best of some runs, each in a process of its own."""
    context = multiprocessing.get_context("fork")
    found = []
    for _ in range(times):
        mine, its = context.Pipe(duplex=False)
        process = context.Process(target=_measure, args=(work, url, its))
        process.start()
        its.close()
        found.append(mine.recv())
        process.join()
    return Figure(*(min(figures) for figures in zip(*found, strict=True)))


def _measure(work: Callable[[str, Path], None], url: str, out: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        before = _memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the highest so far is forgotten
        clock, cpu = time.perf_counter(), time.process_time()
        work(url, path)
        cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
        out.send((cpu, clock, (_memory("VmHWM") - before) / 1024, path.stat().st_size / 1e6))
    out.close()


def _memory(name: str) -> int:
    """Return a figure of this process's memory, in kilobytes."""
    for line in Path(f"/proc/{os.getpid()}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise LookupError(name)


def run(*, small: bool = False) -> Iterator[str]:
    """Yield the figures as lines. small: of so few responses that they say nothing, to see that all of it runs."""
    responses, times = (FEW, 1) if small else (RESPONSES, 3)
    with tempfile.TemporaryDirectory() as folder:
        places = Path(folder, "many"), Path(folder, "quarter")
        for place in places:
            place.mkdir()
        url, quarter = (database(place, n) for place, n in zip(places, (responses, responses // 4), strict=True))
        yield f"{responses:,} responses × {COLUMNS} columns from SQLite; best of {times} (bare openpyxl: 1)"
        yield _line("responses read, nothing written", measured(only_read, url, times))
        yield "workbook"
        bare = measured(partial(bare_workbook, responses), url, 1)
        yield _line("bare openpyxl, one sheet of cells", bare)
        yield _line("ours, whole", measured(partial(ours, "xlsx"), url, times), bare)
        yield _line(f"ours, whole, {responses // 4:,} responses", measured(partial(ours, "xlsx"), quarter, times))
        yield "CSV"
        bare = measured(partial(bare_csv, responses), url, times)
        yield _line("bare csv, cells", bare)
        yield _line("ours, codes alone", measured(partial(ours, CODES.name), url, times), bare)
        yield _line("ours, whole, zipped", measured(partial(ours, "csv"), url, times), bare)


def _line(what: str, figure: Figure, bare: Figure | None = None) -> str:
    ratio = f"   {figure.cpu / bare.cpu:5.2f} × bare" if bare else ""
    return f"  {what:34} {figure}{ratio}"
