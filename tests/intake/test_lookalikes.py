"""A typed -5 stays a text: what looks like a missing code is read as one only where nothing else is possible."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest

from survey.audit import COMMAND_LINE, Act
from survey.database import Engine
from survey.export.store import export
from survey.fieldwork.roster.tables import SentFile
from survey.intake import Destination, Taken, import_answers, look
from survey.intake.lookalikes import Lookalike, reading_of
from survey.question import missing
from survey.responses import Record, stream
from tests.intake.field import table
from tests.intake.sample import NOW, RIGHT
from tests.intake.test_rewritten import workbook

ASK = (
    "'{0}' in a column of text can be a missing code or what the person wrote. Please add a column 'as_typed' to the "
    "file: leave it empty if {0} is the code, and write best in it if the person wrote {0}."
)


def looked(engine: Engine, *rows: dict[str, Any]) -> Taken:
    return look(engine, Destination("sample", "pupil", "w1"), SentFile(table(*rows), "a.csv"), NOW)


def answers(engine: Engine, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Import rows and return what is kept of each, in the order of their codes."""
    taken = import_answers(
        engine, Destination("sample", "pupil", "w1"), SentFile(table(*rows), "a.csv"), Act(COMMAND_LINE, NOW)
    )
    assert taken.problems == ()
    records: list[Record] = sorted(stream(engine, 1, "pupil"), key=lambda record: str(record.participant))
    return [dict(record.answers) for record in records]


def exported(engine: Engine, what: str) -> list[dict[str, str]]:
    out = io.BytesIO()
    export("sample", engine, "csv", out, NOW)
    text = zipfile.ZipFile(out).read(f"csv/pupil-{what}.csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_typed_minus_five_stays_a_text_in_every_file(engine: Engine) -> None:
    """Nothing is “not reached” in a response that was finished, so nothing but the text is possible."""
    (kept,) = answers(engine, RIGHT | {"best": "-5", "instrument_other": "-5"})
    assert (kept["best"], kept["instrument.other"]) == ("-5", "-5")
    (codes,), (labels,) = exported(engine, "codes"), exported(engine, "labels")
    assert (codes["best"], codes["instrument_other"], codes["as_typed"]) == ("-5", "-5", "00 best")
    assert (labels["best"], labels["instrument_other"]) == ("-5", "-5")


@pytest.mark.parametrize("typed", ["-4", "-2", "-6", " -5 "])
def test_a_code_that_says_what_cannot_be_is_what_was_typed(engine: Engine, typed: str) -> None:
    """The question is in the version, no one withdrew, and the answers lead to it."""
    (kept,) = answers(engine, RIGHT | {"best": typed})
    assert kept["best"] == typed


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, "-9"), ({}, "-8"), ({}, "-7"), ({}, "-3"), ({}, " -9 "), ({"state": "stopped"}, "-5")],
)
def test_what_could_be_both_is_asked_about(shared: Engine, change: dict[str, Any], code: str) -> None:
    (problem,) = looked(shared, RIGHT | {"best": code} | change).problems
    assert (problem.row, problem.header, problem.message) == (2, "best", ASK.format(code.strip()))


def test_one_question_is_asked_for_each_column_and_code(shared: Engine) -> None:
    rows = [RIGHT | {"participant": f"P00{n}", "best": "-8" if n == 2 else "-9"} for n in (1, 2, 3, 4)]
    first, second = looked(shared, *rows).problems
    assert (first.row, second.row) == (2, 3)
    assert first.message == ASK.format("-9") + " (Such cells in this column: 3, the last in row 5.)"
    assert second.message == ASK.format("-8")


def test_the_column_as_typed_answers_it_for_a_whole_file(engine: Engine) -> None:
    first = RIGHT | {"best": "-9", "as_typed": ""}
    second = RIGHT | {"participant": "P002", "best": "-9", "as_typed": "best"}
    third = RIGHT | {"participant": "P003", "best": "-8", "as_typed": "00"}
    kept = answers(engine, first, second, third)
    assert [one["best"] for one in kept] == [missing("blank"), "-9", missing("dont_know")]


def test_a_name_that_is_no_typed_column_is_told(shared: Engine) -> None:
    for name in ("bets", "sing"):
        (problem,) = looked(shared, RIGHT | {"as_typed": name}).problems
        assert problem.header == "as_typed"
        assert problem.message == (
            f"There is no column '{name}' with typed answers. Please correct the name, or clear this cell."
        )


def test_a_question_that_was_not_shown_keeps_its_code() -> None:
    """A text behind a question that was not led to: the code, however the file came about."""
    assert reading_of("not_shown", "finished") is Lookalike.CODE_IF_NOT_SHOWN
    assert reading_of("not_reached", "declined") is Lookalike.CODE
    assert reading_of("withdrawn", "withdrawn") is Lookalike.CODE


def test_a_number_cell_can_be_a_code_and_is_never_a_text(shared: Engine) -> None:
    """In a workbook -9 as a number is a code, where the file says so; -5 typed may have been -05."""
    said = RIGHT | {"best": -9, "as_typed": "00"}
    assert not look(shared, Destination("sample", "pupil", "w1"), SentFile(workbook(said), "a.xlsx"), NOW).problems
    for row in (RIGHT | {"best": -5}, RIGHT | {"best": -6}, RIGHT | {"best": -9, "as_typed": "00 best"}):
        (problem,) = look(shared, Destination("sample", "pupil", "w1"), SentFile(workbook(row), "a.xlsx"), NOW).problems
        assert problem.message.startswith("A spreadsheet has turned this text into a number")


def test_a_shortened_number_that_was_typed_so_comes_back(engine: Engine) -> None:
    (kept,) = answers(
        engine, RIGHT | {"best": "1E+05", "instrument_other": "1E+05", "as_typed": "best instrument_other"}
    )
    assert (kept["best"], kept["instrument.other"]) == ("1E+05", "1E+05")
    (codes,) = exported(engine, "codes")
    assert codes["as_typed"] == "00 instrument_other best"
