"""The 20,000 × 80 workbook and CSV, beside bare openpyxl and csv loops over the same cells, with peak memory.

Responses come as from the database, one after the other, and go through everything: why an answer is absent,
codes, words, scores. The bare loops get finished cells. Each measurement is in a process of its own, which had
done nothing before.
"""

from __future__ import annotations

import csv
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

from survey.definition.questionnaire import Questionnaire
from survey.definition.study import StudyDefinition
from survey.export.columns import AnsweredVersion, column_set
from survey.export.csv import CsvFile
from survey.export.missing import Gaps
from survey.export.notes import Notes
from survey.export.study import ROWS_AT_ONCE, Export
from survey.export.table import DataTable, Tabulator, in_words
from survey.export.workbook import WorkbookFile
from survey.question import Pretence

ROWS, COLUMNS = 20_000, 80
FEW = ROWS // 4
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SHA256 = "0" * 64
POOL = 500
"""So many different responses are made; the rest repeat them under other ids."""

TEXTS = [
    "I like the drums best",
    "It was loud =)",
    "Dwi'n hoffi canu",
    "مجھے موسیقی پسند ہے",
    "+1",
    "a < b & c",
    "fun " * 20,
]


@dataclass(frozen=True)
class Response:
    """A response as the store gives it."""

    id: str
    answers: dict[str, Any]
    state: str
    facts: dict[str, Any]
    participant: str
    wave: str
    started_at: datetime
    seen_at: datetime
    finished_at: datetime | None
    arm: str = "programme"
    programme: str = "north"
    school: str = "s01"
    school_class: str = "4B"
    sha256: str = SHA256
    language: str = "en"
    mode: str = "own device"
    screens: Any = None


@cache
def questionnaire() -> Questionnaire:
    """A questionnaire whose data has 80 columns: mostly ratings, some choices, numbers, dates and texts."""
    ratings = [
        {"question": f"item_{n:02}", "kind": "rating", "ask": f"How true is statement {n} of you?", "options": "agree5"}
        for n in range(1, 44)
    ]
    others: list[dict[str, Any]] = [
        {"question": "plays", "kind": "yes_no", "ask": "Do you play?"},
        {"question": "instrument", "kind": "choice", "ask": "Which?", "options": "places", "when": {"plays": "yes"}},
        {"question": "places", "kind": "several", "ask": "Where?", "options": "places"},
        {"question": "hours", "kind": "number", "ask": "How many hours?", "min": "0", "max": "40"},
        {"question": "since", "kind": "date", "ask": "Since when?"},
        {"question": "best", "kind": "short_text", "ask": "What is best?"},
        {"question": "more", "kind": "long_text", "ask": "Anything else?"},
    ]
    labels = ["Not at all true", "Hardly true", "Somewhat true", "Mostly true", "Completely true"]
    rooms = ["In class", "After school", "At home", "In a concert hall"]
    return Questionnaire.from_data(
        {
            "questionnaire": "bench",
            "version": "1",
            "title": "Bench",
            "audience": "pupil",
            "reader": {"age": "9"},
            "languages": ["en"],
            "options": {
                "agree5": [{"code": str(n), "label": label} for n, label in enumerate(labels, 1)],
                "places": [{"code": str(n), "label": label} for n, label in enumerate(rooms, 1)],
            },
            "pages": [{"page": "all", "questions": ratings + others}],
            "scales": [
                {
                    "scale": f"scale_{n}",
                    "title": f"Scale {n}",
                    "items": [f"item_{item:02}" for item in range(n * 8 + 1, n * 8 + 9)],
                    "score": "mean",
                    "needs": "6 of 8",
                    "direction": "High is much",
                }
                for n in range(5)
            ],
        }
    )


@cache
def study() -> StudyDefinition:
    """A study with roster facts."""
    return StudyDefinition.model_validate(
        {
            "study": "bench",
            "title": "Bench",
            "arms": [{"arm": "programme", "title": "Programme schools"}],
            "waves": [{"wave": "w1", "title": "Autumn 2025", "opens": "2025-09-15", "closes": "2025-10-24"}],
            "facts": [
                {"fact": "sex", "title": "Sex", "kind": "code", "codes": {"f": "Girl", "m": "Boy"}},
                *[{"fact": f"fact_{n}", "title": f"Fact {n}", "kind": "number"} for n in range(1, 8)],
            ],
            "fieldwork": [{"questionnaire": "bench", "audience": "pupil", "waves": ["w1"]}],
            "retention": {"delete_on": "2035-08-31"},
            "access": {"tables": ["researcher"], "microdata": ["researcher"]},
        }
    )


@cache
def pool() -> list[Response]:
    """Return different responses: most finished, some stopped half way."""
    chance = random.Random(20)
    made = []
    for number in range(POOL):
        answers: dict[str, Any] = {}
        for question in questionnaire().questions:
            answers |= question.pretend(Pretence(chance, chance.gauss(0, 1), TEXTS))
            if chance.random() < 0.05:
                answers[question.id] = {"missing": "dont_know"}
        finished = chance.random() > 0.05
        if not finished:
            answers = dict(list(answers.items())[: len(answers) // 2])
        began = datetime(2025, 9, 20, 9, tzinfo=UTC) + timedelta(seconds=number)
        facts = {"sex": chance.choice("fm"), **{f"fact_{n}": chance.randrange(40) for n in range(1, 8)}}
        ended = began + timedelta(minutes=9)
        state = "finished" if finished else "stopped"
        made.append(Response("", answers, state, facts, "", "w1", began, ended, ended if finished else None))
    return made


def responses(rows: int) -> Iterator[Response]:
    """Yield so many responses, each with its own id."""
    different = pool()
    for number in range(rows):
        yield replace(different[number % POOL], id=f"response{number:014}", participant=f"P{number:06}")


@dataclass(frozen=True)
class Source:
    """What the export reads from, in place of the database."""

    count_of: int
    study: StudyDefinition

    def questionnaires(self) -> dict[str, list[AnsweredVersion]]:
        return {"bench": [AnsweredVersion(SHA256, questionnaire())]}

    def rows(self, questionnaire: str) -> Iterator[Any]:
        return responses(self.count_of)

    def count(self, questionnaire: str) -> int:
        return self.count_of


def tables(rows: int) -> Iterator[DataTable]:
    """Yield the data as tables, a thousand rows at a time."""
    columns = column_set(study(), [AnsweredVersion(SHA256, questionnaire())], Notes())
    tabulator = Tabulator(study(), columns, Gaps(study().missing), Notes())
    chunk: list[Any] = []
    for response in responses(rows):
        chunk.append(response)
        if len(chunk) == ROWS_AT_ONCE:
            yield tabulator.table(chunk)
            chunk = []
    if chunk:
        yield tabulator.table(chunk)


@cache
def cells(labels: bool) -> list[tuple[Any, ...]]:
    """Return the cells of the pool's rows, for the bare loops."""
    table = next(tables(POOL))
    words = Gaps(study().missing).words
    columns = table.cells
    if labels:
        columns = [in_words(v, column, words) for v, column in zip(table.variables, table.cells, strict=True)]
    return list(zip(*columns, strict=True))


def bare_rows(rows: int, labels: bool = False) -> Iterator[list[Any]]:
    made = cells(labels)
    for number in range(rows):
        yield [f"response{number:014}", f"P{number:06}", *made[number % POOL][2:]]


# ---- what is measured ----------------------------------------------------------------------------------


def _bare_workbook(path: Path, rows: int, sheets: tuple[bool, ...]) -> None:
    book = openpyxl.Workbook(write_only=True)
    for labels in sheets:
        sheet = book.create_sheet("Labels" if labels else "Codes")
        for row in bare_rows(rows, labels):
            sheet.append(row)
    book.save(path)


def bare_workbook(path: Path, rows: int) -> None:
    _bare_workbook(path, rows, (False,))


def bare_workbook_twice(path: Path, rows: int) -> None:
    _bare_workbook(path, rows, (True, False))


def codes_workbook(path: Path, rows: int) -> None:
    file = WorkbookFile("Bench", "en", NOW)
    sheet = None
    for table in tables(rows):
        sheet = sheet or file.data_sheet("Codes", table.variables)
        sheet.add(table.cells)
    with path.open("wb") as out:
        file.save([], [], out)
    file.close()


def whole_workbook(path: Path, rows: int) -> None:
    with path.open("wb") as out:
        Export(Source(rows, study()), NOW).write("xlsx", out)


def bare_csv(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in bare_rows(rows):
            writer.writerow(row)


def codes_csv(path: Path, rows: int) -> None:
    file = None
    for table in tables(rows):
        file = file or CsvFile("codes", [variable.name for variable in table.variables])
        file.add(table.cells)
    assert file is not None
    path.write_bytes(file.bytes().read())
    file.close()


def whole_csv(path: Path, rows: int) -> None:
    with path.open("wb") as out:
        Export(Source(rows, study()), NOW).write("csv", out)


def only_tables(path: Path, rows: int) -> None:
    for _ in tables(rows):
        pass
    path.touch()


@dataclass(frozen=True)
class Figure:
    """Seconds of wall clock, and megabytes above what the process had at its start, and of the file."""

    seconds: float
    peak: float
    size: float

    def __str__(self) -> str:
        return f"{self.seconds:6.2f} s, peak memory +{self.peak:4.0f} MB, file {self.size:5.1f} MB"


def measured(work: Callable[[Path, int], None], rows: int, times: int = 3) -> Figure:
    """Return the best of some runs, each in a process of its own."""
    context = multiprocessing.get_context("fork")
    found = []
    for _ in range(times):
        mine, its = context.Pipe(duplex=False)
        process = context.Process(target=_measure, args=(work, rows, its))
        process.start()
        its.close()
        found.append(mine.recv())
        process.join()
    return Figure(*(min(figures) for figures in zip(*found, strict=True)))


def _measure(work: Callable[[Path, int], None], rows: int, out: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        before = _memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the highest so far is forgotten
        start = time.perf_counter()
        work(path, rows)
        seconds = time.perf_counter() - start
        out.send((seconds, (_memory("VmHWM") - before) / 1024, path.stat().st_size / 1e6))
    out.close()


def _memory(name: str) -> int:
    """Return a figure of this process's memory, in kilobytes."""
    for line in Path(f"/proc/{os.getpid()}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise LookupError(name)


def _beside(what: str, ours: Figure, bare: Figure) -> str:
    return f"  {what:34} {ours}   {ours.seconds / bare.seconds:5.2f} × bare"


def run() -> list[str]:
    """Measure everything; return the lines to print."""
    pool()
    for labels in (False, True):
        cells(labels)
    made = next(tables(1))
    if len(made.variables) != COLUMNS:
        raise AssertionError(f"the bench's data has {len(made.variables)} columns, not {COLUMNS}")
    bare_codes, bare_both = measured(bare_workbook, ROWS, 1), measured(bare_workbook_twice, ROWS, 1)
    plain = measured(bare_csv, ROWS)
    few, many = measured(whole_workbook, FEW), measured(whole_workbook, ROWS)
    return [
        f"{ROWS:,} responses × {COLUMNS} columns; best of 3 (bare openpyxl: 1)",
        f"  {'answers → cells alone':34} {measured(only_tables, ROWS)}",
        "workbook",
        f"  {'bare openpyxl, Codes':34} {bare_codes}",
        _beside("ours, Codes", measured(codes_workbook, ROWS), bare_codes),
        f"  {'bare openpyxl, Labels + Codes':34} {bare_both}",
        _beside("ours, everything (scores, codebook)", many, bare_both),
        f"  {f'ours, everything, {FEW:,} responses':34} {few}",
        "CSV",
        f"  {'bare csv, codes':34} {plain}",
        _beside("ours, codes", measured(codes_csv, ROWS), plain),
        _beside("ours, everything, twice, zipped", measured(whole_csv, ROWS), plain),
    ]
