"""What a spreadsheet makes of answers is refused, cell by cell, and never kept as if someone had typed it."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell import Cell as ExcelCell

from survey.database import Engine
from survey.fieldwork.roster.tables import NUMBER, Cell, SentFile
from survey.intake import Destination, Taken, look
from survey.intake.rewritten import Codes
from tests.intake.field import table
from tests.intake.sample import NOW, RIGHT, field

pytestmark = pytest.mark.slow

AGAIN = "Please import the CSV as it was exported, or format the column as text and enter again what was typed."


@pytest.fixture
def engine(shared: Engine) -> Engine:
    return shared


def workbook(*rows: dict[str, Any], formats: dict[str, str] | None = None) -> bytes:
    """Return rows as the sheet “codes” of a workbook, each value as the kind of cell that it is."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "codes"
    names = list(dict.fromkeys(name for row in rows for name in row))
    sheet.append(names)
    for row in rows:
        sheet.append([row.get(name) for name in names])
        for name, shown in (formats or {}).items():
            cell = sheet.cell(sheet.max_row, names.index(name) + 1)
            assert isinstance(cell, ExcelCell)
            cell.number_format = shown
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def in_workbook(
    engine: Engine, *rows: dict[str, Any], formats: dict[str, str] | None = None, wave: str = "w1"
) -> Taken:
    data = workbook(*rows, formats=formats)
    return look(engine, Destination("sample", "pupil", wave), SentFile(data, "saved.xlsx"), NOW)


def in_csv(engine: Engine, *rows: dict[str, Any], wave: str = "w1") -> Taken:
    return look(engine, Destination("sample", "pupil", wave), SentFile(table(*rows), "saved.csv"), NOW)


@pytest.mark.parametrize("column", ["best", "instrument_other"])
@pytest.mark.parametrize(
    ("typed", "saved", "shown", "made"),
    [
        ("007", 7, "General", "a number"),
        ("007", 7, "000", "a number"),
        ("1e5", 100000, "0.00E+00", "a number"),
        ("12345678901234567890", 1.23456789012346e19, "General", "a number"),
        ("0.30", 0.1 + 0.2, "General", "a number"),
        ("TRUE", True, "General", "TRUE or FALSE"),
        ("2024-01-01", date(2024, 1, 1), "yyyy-mm-dd", "a date or a time"),
        ("1-2", datetime(2024, 2, 1, 9, 30), "yyyy-mm-dd hh:mm", "a date or a time"),  # noqa: DTZ001
        ("half past 9", time(9, 30), "hh:mm", "a date or a time"),
        ("94%", 0.94, "0%", "a percentage"),
    ],
)
def test_a_text_that_a_spreadsheet_rewrote_is_refused_by_cell(
    engine: Engine, column: str, typed: str, saved: Any, shown: str, made: str
) -> None:
    taken = in_workbook(engine, RIGHT | {column: saved}, formats={column: shown})
    (problem,) = taken.problems
    assert (problem.sheet, problem.row, problem.header) == ("codes", 2, column)
    assert (
        problem.message == f"A spreadsheet has turned this text into {made}, so what was typed has been lost. {AGAIN}"
    )
    assert taken.added == 0
    assert not in_workbook(engine, RIGHT | {column: typed}, formats={column: "@"}).problems, "as text it is right"
    assert not in_csv(engine, RIGHT | {column: typed}).problems, "as it is in the CSV it is right"


def test_every_such_cell_is_told_and_its_row_is_not_imported(engine: Engine) -> None:
    rows = [RIGHT | {"participant": f"P00{n}", "best": n} for n in (1, 2, 3)] + [RIGHT | {"participant": "P004"}]
    taken = in_workbook(engine, *rows)
    assert [(problem.row, problem.letter) for problem in taken.problems] == [(2, "L"), (3, "L"), (4, "L")]


def test_numbers_stay_right_where_numbers_belong(engine: Engine) -> None:
    taken = in_workbook(engine, RIGHT | {"hours": 2.0, "sing": 3.0, "since": date(2024, 2, 29), "dance": -8})
    assert not taken.problems
    assert taken.added == 1


@pytest.mark.parametrize(
    ("column", "saved", "sentence"),
    [
        ("hours", True, "Write a number, such as 20. A spreadsheet has turned what was here into TRUE or FALSE."),
        (
            "hours",
            date(2024, 5, 1),
            "Write a number, such as 20. A spreadsheet has turned what was here into a date or a time.",
        ),
        (
            "sing",
            date(2024, 1, 2),
            (
                "This is not one of the question's codes, which are 1, 2, 3. Please correct it. "
                "A spreadsheet has turned what was here into a date or a time."
            ),
        ),
        (
            "plays",
            True,
            (
                "This is not one of the question's codes, which are 0, 1. Please correct it. "
                "A spreadsheet has turned what was here into TRUE or FALSE."
            ),
        ),
    ],
)
def test_a_wrong_number_or_code_says_what_the_spreadsheet_made_of_it(
    engine: Engine, column: str, saved: Any, sentence: str
) -> None:
    (problem,) = in_workbook(engine, RIGHT | {column: saved}).problems
    assert (problem.header, problem.message) == (column, sentence)


def test_a_control_character_that_a_spreadsheet_wrote_out_is_refused(engine: Engine) -> None:
    """LibreOffice saves a vertical tab as six characters, which come back as typed text."""
    (problem,) = in_workbook(engine, RIGHT | {"best": "one_x005F_x000b_two"}).problems
    assert problem.message.startswith("A spreadsheet has replaced a control character by its code (_x000b_")
    assert not in_csv(engine, RIGHT | {"best": "one_x000b_two"}).problems


def test_a_text_that_fills_a_cell_may_have_been_cut(engine: Engine) -> None:
    (problem,) = in_workbook(engine, RIGHT | {"best": "x" * 32_767}).problems
    assert problem.message.startswith("A cell of a workbook holds 32,767 characters, so the end of this text may be")


@pytest.mark.parametrize("saved", ["1E+05", "1.23457E+19", " 1.00E+05 "])
@pytest.mark.parametrize("column", ["best", "instrument_other"])
def test_a_long_number_shortened_in_a_csv_is_refused(engine: Engine, column: str, saved: str) -> None:
    (problem,) = in_csv(engine, RIGHT | {column: saved}).problems
    assert (problem.row, problem.header) == (2, column)
    assert problem.message.startswith("A spreadsheet writes a long number like this")
    assert problem.message.endswith(AGAIN)
    assert not in_csv(engine, RIGHT | {column: "1e5"}).problems, "as people type it"


@pytest.mark.parametrize("saved", ["1.2E+01", "1e1", "1E+1"])
def test_a_number_without_its_last_digits_is_no_answer(engine: Engine, saved: str) -> None:
    (problem,) = in_csv(engine, RIGHT | {"hours": saved}).problems
    assert problem.header == "hours"
    assert "without their last digits" in problem.message


@pytest.mark.parametrize("saved", ["1,5", "0,125", "12,50"])
def test_a_comma_in_a_number_is_not_guessed_at(engine: Engine, saved: str) -> None:
    (problem,) = in_csv(engine, RIGHT | {"hours": saved}).problems
    assert problem.message == (
        "Please write numbers without commas, such as 1500, and decimals with a point, such as 1.5."
    )


@pytest.mark.parametrize(
    ("column", "saved", "made"),
    [
        ("participant", date(2024, 2, 1), "a date or a time"),
        ("participant", 1.5, "a number"),
        ("class", date(2024, 2, 1), "a date or a time"),
        ("school", 0.5, "a number"),
        ("mode", True, "TRUE or FALSE"),
        ("response", 1.23456789012346e19, "a number"),
    ],
)
def test_a_code_that_a_spreadsheet_rewrote_is_refused(engine: Engine, column: str, saved: Any, made: str) -> None:
    (problem,) = in_workbook(engine, RIGHT | {column: saved}).problems
    assert problem.header == column
    assert problem.message == f"A spreadsheet has turned this code into {made}. {AGAIN}"


def test_a_code_without_its_zeros_is_told_with_the_code_it_may_be(engine: Engine) -> None:
    row = {name: value for name, value in RIGHT.items() if name != "participant"}
    for taken in (
        in_workbook(engine, row | {"school": 123}, wave="w2"),
        in_csv(engine, row | {"school": "123"}, wave="w2"),
    ):
        (problem,) = taken.problems
        assert problem.header == "school"
        assert problem.message == (
            "'123' may be '0123' without its zeros, which spreadsheets drop. "
            "Please format the column as text and write the code in full."
        )


def test_a_code_that_is_there_with_and_without_zeros_is_certain_only_as_text() -> None:
    known = Codes(["7", "007", "12", "a7"])
    said = "'7' may be '007' without its zeros, which spreadsheets drop. "
    for cell, saved, fault in [
        (Cell("7", 2, 1), False, False),
        (Cell("7", 2, 1), True, True),
        (Cell("7", 2, 1, NUMBER), False, True),
        (Cell("07", 2, 1), False, True),
        (Cell("12", 2, 1, NUMBER), True, False),
        (Cell("0007", 2, 1, NUMBER), False, False),
        (Cell("a7", 2, 1), True, False),
    ]:
        found = known.fault(cell, saved=saved)
        assert (found is not None) is fault
        assert not fault or (
            found is not None and found.partition("Please")[0] == said.replace("'7'", f"'{cell.text}'")
        )


@pytest.mark.parametrize(
    "text",
    ["7", "-0.5", "1,5", "TRUE", "falsch", "01/02/2024", "2024-01-01", "12-May", "May 24", "9:30", "9:30 PM", "94%", "£5.00",
     "1.2e5", "#NAME?", "#N/A"],
)  # fmt: skip
@pytest.mark.parametrize("column", ["best", "instrument_other"])
def test_in_a_csv_that_a_spreadsheet_saved_a_text_it_could_have_written_is_refused(
    engine: Engine, column: str, text: str
) -> None:
    """Our files carry 00, of which every spreadsheet makes 0: then 7 may have been 007, and FALSE falsch."""
    (problem,) = in_csv(engine, RIGHT | {column: text, "as_typed": "0"}).problems
    assert (problem.row, problem.header) == (2, column)
    assert problem.message == (
        "A spreadsheet has saved this file, and may have changed this text. Please import the CSV as it was "
        "exported, or open it again with its text columns imported as text."
    )
    for untouched in ("00", ""):
        assert not in_csv(engine, RIGHT | {column: text, "as_typed": untouched}).problems


@pytest.mark.parametrize("text", ["everything", "1st", "line 1\nline 2", "I am 7", "true love", "7up"])
def test_words_in_such_a_csv_are_what_they_were(engine: Engine, text: str) -> None:
    assert not in_csv(engine, RIGHT | {"best": text, "as_typed": "0"}).problems


def test_the_id_of_a_response_that_became_an_error_is_refused(engine: Engine) -> None:
    """Ids may begin with a dash, and spreadsheets take those for formulas: the row would come a second time."""
    (problem,) = in_csv(engine, RIGHT | {"response": "#NAME?"}).problems
    assert problem.header == "response"
    assert problem.message.startswith("A spreadsheet took this code for a formula and wrote #NAME? instead.")


def test_a_file_that_a_spreadsheet_saved_is_refused_on_the_command_line_too(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from survey.cli import main
    from survey.config import Settings

    environment = {"CHORUS_INSTANCE": str(tmp_path / "instance")}
    made = field(Settings.from_environment(environment).database_url)
    made.dispose()
    file = tmp_path / "saved.xlsx"
    file.write_bytes(workbook(RIGHT | {"best": 7}))
    options = ["--study", "sample", "--questionnaire", "pupil", "--wave", "w1"]
    run = CliRunner().invoke(main, ["answers", "import", str(file), *options], env=environment)
    assert run.exit_code == 1
    assert 'sheet "codes", row 2, column L (best): A spreadsheet has turned this text into a number' in run.output
    assert "Nothing was imported, because of 1 problem." in run.output
