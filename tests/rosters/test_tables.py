"""Tables people send are read as they see them, from CSV in every spelling and from Excel."""

from __future__ import annotations

import datetime
import io

import pytest
from openpyxl import Workbook

from survey.fieldwork.roster.tables import (
    DATE,
    NUMBER,
    PERCENT,
    UNREAD,
    ReadSheet,
    UnreadableTable,
    columns,
    read_sheets,
)

TABLE = [["participant", "school"], ["p1", "Königsallee"], ["p2", "Ysgol y Bont"]]


def texts(sheet: ReadSheet) -> list[list[str]]:
    return [[cell.text for cell in cells] for cells in (sheet.header, *(row.cells for row in sheet.rows))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_csv_is_read_in_every_spelling(delimiter: str, end: str, encoding: str) -> None:
    text = end.join(delimiter.join(row) for row in TABLE) + end
    (sheet,) = read_sheets(text.encode(encoding), "roster.csv")
    assert texts(sheet) == TABLE
    assert not sheet.problems


@pytest.mark.parametrize(
    ("headings", "says"),
    [
        ("a", "b.csv, row 1: The columns 'date' and 'by' are missing. The first row should have the headings."),
        ("a,date", "b.csv, row 1: The column 'by' is missing. The first row should have the headings."),
        ("a,date,by,z", "b.csv, row 1, column D (z): The heading 'z' is not one Chorus knows. The headings that can be used are 'a', 'date' and 'by'."),
        ("a,date,by,a", "b.csv, row 1, column D (a): This column means the same as column A. Please keep only one of them."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_headings_is_said_with_the_file(headings: str, says: str) -> None:
    (sheet,) = read_sheets(f"{headings}\n1,2,3,4\n".encode(), "b.csv")
    sheet.file = "b.csv"
    _, _, problems = columns(sheet, {"a": ("a",), "date": ("date", "day"), "by": ("by",)}, ("a", "date", "by"))
    assert str(problems[0]) == says


def test_quotes_hold_delimiters_and_line_ends() -> None:
    (sheet,) = read_sheets(b'a,b\r\n"x, y","1\r\n2"\r\n"say ""hi""",3\r\n', "x.csv")
    assert texts(sheet) == [["a", "b"], ["x, y", "1\r\n2"], ['say "hi"', "3"]]
    assert [row.number for row in sheet.rows] == [2, 3]


def test_blank_rows_and_blanks_without_width_are_nothing() -> None:
    (sheet,) = read_sheets("\ufeff\n a \u00a0,b\n,\n\u200b,\n1,\u200b2\n".encode(), "x.csv")
    assert texts(sheet) == [["a", "b"], ["1", "2"]]
    assert sheet.rows[0].number == 5


def test_excel_says_what_it_takes_a_cell_for() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["code", "class", "attendance", "born", "hours", "sen", "sum"])
    sheet.append([7, 7.0, 0.94, datetime.date(2018, 9, 1), 36.1 + 0.2, True, "=1+1"])
    sheet["A2"].number_format = "0000"
    sheet["C2"].number_format = "0%"
    file = io.BytesIO()
    book.save(file)
    (read,) = read_sheets(file.getvalue(), "x.xlsx")
    assert [(cell.text, cell.kind) for cell in read.rows[0].cells[:5]] == [
        ("0007", NUMBER),
        ("7", NUMBER),
        ("94%", PERCENT),
        ("2018-09-01", DATE),
        ("36.3", NUMBER),
    ]
    assert read.rows[0].cells[5].text == "yes"
    assert read.rows[0].cells[6].kind == UNREAD
    assert [str(problem) for problem in read.problems] == [
        (
            'sheet "Sheet", row 2, column G (sum): This cell has a formula in '
            "it. Please copy the column and paste it as values."
        )
    ]


def test_columns_are_found_by_their_headers() -> None:
    (sheet,) = read_sheets(b"Class_Title, PARTICIPANT\n4b,p1\n", "x.csv")
    headed, found, problems = columns(sheet, {"participant": ["participant"], "title": ["class_title", "class name"]})
    assert headed == sheet
    assert found == {"title": 0, "participant": 1}
    assert problems == []


def test_what_is_wrong_with_headers_is_said_with_the_column() -> None:
    (sheet,) = read_sheets(b"particpant,class,Class,\np1,4b,4b,x\n", "x.csv")
    _, _, problems = columns(sheet, {"participant": ["participant"], "class": ["class"]}, ["participant"])
    assert [str(problem) for problem in problems] == [
        "row 1: The column 'participant' is missing. The first row should have the headings.",
        "row 1, column A (particpant): The heading 'particpant' is not one Chorus knows. Did you mean 'participant'?",
        "row 1, column C (Class): This column means the same as column B. Please keep only one of them.",
        (
            "row 2, column D: This column has no heading, but there is something in it. Please add a heading, or "
            "clear the column."
        ),
    ]


@pytest.mark.slow
def test_a_file_that_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(UnreadableTable, match=r"10\.0 MB, and Chorus reads at most 10 MB"):
        read_sheets(b"a" * (10 * 1024 * 1024 + 1), "x.csv")
    with pytest.raises(UnreadableTable, match="more than 60,000 rows"):
        read_sheets(b"a\n" + b"1\n" * 60_001, "x.csv")
    with pytest.raises(UnreadableTable, match="more than 200 columns"):
        read_sheets(b"a," * 201 + b"b\n", "x.csv")
