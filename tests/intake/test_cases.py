"""Whole ways, as they went wrong: out to a file, through a spreadsheet, back; and the same study with a second version."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from survey.audit import COMMAND_LINE, Act
from survey.database import Engine
from survey.definition.columns import AS_TYPED
from survey.fieldwork.publishing import publish_folder
from survey.fieldwork.roster.tables import SentFile
from survey.intake import Destination, Taken, import_answers
from survey.problems import Refused
from tests.intake.cases import (
    NAME,
    NOW,
    QUESTIONS,
    ROW,
    exported,
    folder,
    imported,
    questionnaire,
    started,
)
from tests.intake.field import table

TYPED = [
    "007", "TRUE", "1e5", "12345678901234567890", "2024-01-01", "-5", "-9", "-05", "=1+1", "@home", "1-2", "0.10", "plain words",
    "#N/A", "two\nlines", "  two spaces  ", "-0",
]  # fmt: skip
CHANGED = {"007", "TRUE", "1e5", "12345678901234567890", "2024-01-01", "0.10", "-0", "-5", "-9", "-05"}
"""Those of which the spreadsheet below makes something else, or another sort of cell."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Version 1 with a response for each text, each of which came in as it was typed."""
    made = started(f"sqlite:///{tmp_path}/case.sqlite", tmp_path / "study")
    rows = [
        ROW
        | {"response": f"k{n}", "phone": text, "plays": n % 2, "what": text if n % 2 else "", AS_TYPED: "phone what"}
        for n, text in enumerate(TYPED)
    ]
    assert imported(made, *rows).added == len(TYPED)
    yield made
    made.dispose()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Engine]:
    """The same study on another server, still without answers."""
    made = started(f"sqlite:///{tmp_path}/other.sqlite", tmp_path / "other")
    yield made
    made.dispose()


def read_by_a_spreadsheet(text: str) -> Any:
    """Return what a spreadsheet has in a cell when it opens a CSV, as LibreOffice and Excel both do it."""
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text) if len(text) < 16 else float(text)
    if re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text):
        return float(text)
    if text in ("TRUE", "FALSE"):
        return text == "TRUE"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text):
        return datetime.fromisoformat(text)
    return text or None


def saved_as_workbook(rows: Sequence[dict[str, str]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append([read_by_a_spreadsheet(cell) for cell in row.values()])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # no text that begins with = is a formula here
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def saved_as_csv(rows: Sequence[dict[str, str]]) -> bytes:
    def shown(value: Any) -> str:
        if isinstance(value, bool):
            return str(value).upper()
        if isinstance(value, float) and not value.is_integer():
            return f"{value:g}"
        return f"{value:.5E}" if isinstance(value, float) and value > 1e11 else str(value if value is not None else "")

    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(rows[0])
    for row in rows:
        values = [read_by_a_spreadsheet(cell) for cell in row.values()]
        writer.writerow([shown(int(v) if isinstance(v, float) and v.is_integer() and v < 1e11 else v) for v in values])
    return out.getvalue().encode()


def brought(engine: Engine, data: bytes) -> Taken:
    return import_answers(engine, Destination("case", NAME, "w1"), SentFile(data, "saved"), Act(COMMAND_LINE, NOW))


def without_ids(rows: Sequence[dict[str, str]]) -> list[tuple[str, ...]]:
    return sorted(tuple(value for name, value in row.items() if name != "response") for row in rows)


def test_what_goes_out_comes_back_exactly_whatever_was_typed(engine: Engine, other: Engine) -> None:
    rows = exported(engine)
    assert {row["phone"] for row in rows} == set(TYPED)
    taken = brought(other, table(*rows))
    assert (taken.problems, taken.added) == ((), len(TYPED))
    for what in ("codes", "labels"):
        assert without_ids(exported(other, f"{NAME}-{what}")) == without_ids(exported(engine, f"{NAME}-{what}"))


@pytest.mark.parametrize(
    ("save", "refused"),
    [(saved_as_workbook, CHANGED), (saved_as_csv, CHANGED | {"1-2", "=1+1", "#N/A"})],
    ids=["workbook", "CSV"],
)
def test_a_spreadsheet_in_between_is_refused_cell_by_cell(
    engine: Engine, other: Engine, save: Callable[[Sequence[dict[str, str]]], bytes], refused: set[str]
) -> None:
    """Every text that it changed; in a CSV also those that it could have written. Words and codes are read as ever."""
    rows = exported(engine)
    taken = brought(other, save(rows))
    assert all("spreadsheet" in problem.message for problem in taken.problems)
    assert {(problem.row, problem.header) for problem in taken.problems} == {
        (at, name) for at, row in enumerate(rows, start=2) for name in ("phone", "what") if row[name] in refused
    }
    assert (taken.added, exported_count(other)) == (0, 0)


def exported_count(engine: Engine) -> int:
    try:
        return len(exported(engine))
    except KeyError:
        return 0  # no one has answered, so there is no file


def test_a_text_behind_a_question_that_was_not_shown_is_told_from_one_that_was_typed(other: Engine) -> None:
    """Without as_typed: -6 is the code where the answers lead past the question, and typed where they lead to it."""
    past, led = ROW | {"plays": 0, "what": "-6"}, ROW | {"response": "k2", "plays": 1, "what": "-6"}
    assert imported(other, past, led).added == 2
    assert {(row["plays"], row["what"], row[AS_TYPED]) for row in exported(other)} == {
        ("0", "-6", "00"),
        ("1", "-6", "00 what"),
    }


def test_a_second_version_that_means_other_things_never_stands_beside_the_first_ones_answers(
    engine: Engine, tmp_path: Path
) -> None:
    before = exported(engine, "codebook")
    worse = {
        "coffee": QUESTIONS["coffee"].replace("Keurig", "Pods"),
        "instrument": QUESTIONS["instrument"].replace("Cello", "Viola"),
        "turned": "{question: turned, kind: short_text, ask: How many years?}",
    }
    with pytest.raises(Refused):
        publish_folder(engine, folder(tmp_path / "study", questionnaire(2, **worse)), NOW)
    assert exported(engine, "codebook") == before
    better: dict[str, str | None] = {
        "coffee": QUESTIONS["coffee"].replace("Keurig}", "Pods, was: Keurig}"),
        "instrument": QUESTIONS["instrument"].replace("{code: 8", "{code: 3, label: Viola}, {code: 8"),
        "turned": None,
        "turned_v2": "{question: turned_v2, kind: short_text, ask: How many years?}",
    }
    publish_folder(engine, folder(tmp_path / "study", questionnaire(2, **better)), NOW)
    later = {name: value for name, value in ROW.items() if name != "turned"}
    assert imported(engine, later | {"response": "v2", "version": 2, "instrument": 3, "turned_v2": "seven"}).added == 1
    labels = exported(engine, f"{NAME}-labels")
    assert {(row["version"], row["instrument"], row["turned"], row["turned_v2"]) for row in labels} == {
        ("1", "Cello", "7", "not in this version"),
        ("2", "Viola", "not in this version", "seven"),
    }
