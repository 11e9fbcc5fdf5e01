"""Files as schools send them, and the message each one gets."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from survey.fieldwork.roster import looked_at
from tests.rosters.small_field import ROSTER, Desk

pytestmark = pytest.mark.one_engine


def workbook(rows: Sequence[Sequence[Any]], change: Callable[[Workbook, Worksheet], None] | None = None) -> bytes:
    """Return a workbook with these rows on the sheet "Year 4", after `change` did something to it."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Year 4"
    for row in rows:
        sheet.append(list(row))
    if change:
        change(book, sheet)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


HEADER = ["participant", "school", "class", "year"]


def merged(book: Workbook, sheet: Worksheet) -> None:
    sheet.merge_cells("C2:C3")


def hidden(book: Workbook, sheet: Worksheet) -> None:
    other = book.create_sheet("Old list")
    other.append(["participant", "school"])
    other.append(["p9", "s1"])
    other.sheet_state = "hidden"


def percent(book: Workbook, sheet: Worksheet) -> None:
    sheet["C2"].number_format = "0.0%"


def packed(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return file.getvalue()


def bomb() -> bytes:
    """A workbook of 130 kB that unpacks to 120 MB."""
    return packed(xl__workbook_xml=b"<workbook/>", xl__worksheets__sheet1_xml=b" " * (120 * 1024 * 1024))


def entities() -> bytes:
    """A workbook whose sheet declares entities: a billion laughs."""
    sheet = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet><sheetData/></worksheet>'
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook([HEADER]))) as whole, zipfile.ZipFile(file, "w") as other:
        for name in whole.namelist():
            other.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else whole.read(name))
    return file.getvalue()


ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 96
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "Workbook".encode("utf-16-le") + b"\0" * 96

SAVE_AS = "Please open it in your spreadsheet program and save it as an Excel workbook (.xlsx) or CSV."
STAYS = (
    "which stay in school. Please delete the column: the study code is enough, and the school keeps the list "
    "that says who is who."
)
DATE_CODE = (
    "The spreadsheet has a date here (2026-04-03). If it turned a code like 3-4 into a date, format the column as "
    "text and type the code again."
)
DATE_NUMBER = (
    "The spreadsheet has a date here (2026-04-03), and it should be a number. If it turned a number into a date, format "
    "the column as number and type it again."
)

# What is sent, under which name, and what is said of it.
BROKEN: dict[str, tuple[Callable[[], bytes] | bytes | str, str, list[str]]] = {
    # ---- files that are no table ----
    "empty file": (b"", "roster.csv", ["The file is empty. Please choose a table with headings in its first row."]),
    "only commas": (
        ",,,\n,,,\n",
        "roster.csv",
        ["The file is empty. Please choose a table with headings in its first row."],
    ),
    "empty workbook": (
        lambda: workbook([]),
        "roster.xlsx",
        ["The workbook is empty. Please choose one with headings and rows."],
    ),
    "a PDF renamed": (
        b"%PDF-1.7\n1 0 obj",
        "roster.xlsx",
        ["This is a PDF, whatever its name says. Please choose the table itself, as .xlsx or CSV."],
    ),
    "has a password": (
        ENCRYPTED,
        "roster.xlsx",
        ["The workbook has a password. Please save it without one and choose it again."],
    ),
    "old Excel file": (OLD_EXCEL, "roster.xls", [f"This is an old Excel file (.xls). {SAVE_AS}"]),
    "a web page renamed": (
        "<html><table><tr><td>participant</td></tr></table></html>",
        "roster.xls",
        [f"This is a web page or XML, whatever its name says. {SAVE_AS}"],
    ),
    "OpenDocument": (
        lambda: packed(mimetype=b"application/vnd.oasis.opendocument.spreadsheet", content_xml=b"<x/>"),
        "roster.ods",
        [f"This is an OpenDocument spreadsheet (.ods). {SAVE_AS}"],
    ),
    "Word": (
        lambda: packed(word__document_xml=b"<x/>"),
        "roster.docx",
        ["This is a Word document. Please save the table as .xlsx or CSV."],
    ),
    "a picture": (
        b"\x89PNG\r\n\x1a\n",
        "roster.png",
        ["This is a picture. Please choose the table itself, as .xlsx or CSV."],
    ),
    "a workbook cut short": (
        lambda: workbook([HEADER, ["p1", "s1", "4a", 4]])[:-200],
        "roster.xlsx",
        [f"The workbook is damaged. {SAVE_AS}"],
    ),
    "a workbook without its insides": (
        lambda: packed(xl__workbook_xml=b"<workbook"),
        "roster.xlsx",
        [f"The workbook is damaged. {SAVE_AS}"],
    ),
    "zip bomb": (
        bomb,
        "roster.xlsx",
        [("The workbook unpacks to more than 100 MB. Please copy only the table into a new workbook.")],
    ),
    "a billion laughs": (
        entities,
        "roster.xlsx",
        [
            "The workbook contains declarations that no spreadsheet program writes, so it was not read. Please save it again in your spreadsheet program."
        ],
    ),
    "too large": (
        lambda: b"participant,school\n" + b" " * (11 * 1024 * 1024),
        "roster.csv",
        [
            "The file is 11.0 MB, and Chorus reads at most 10 MB. Please split it, for instance into a file for each school."
        ],
    ),
    "too many rows": (
        lambda: b"participant,school\n" + b"p1,s1\n" * 60_001,
        "roster.csv",
        ["The file has more than 60,000 rows. Please split it, for instance by school."],
    ),
    # ---- letters ----
    "two encodings in one file": (
        "participant,school,class_title\np1,s1,Bären\n".encode() + "p2,s1,Füchse\n".encode("cp1252"),
        "roster.csv",
        [
            (
                "The file mixes two encodings; the first character that is not UTF-8 is in row 3. "
                "Please save it again as “CSV UTF-8” or as .xlsx."
            )
        ],
    ),
    "letters of no encoding": (
        b"participant,school,class_title\np1,s1,B\x81ren\n",
        "roster.csv",
        ["The characters in the file cannot be read (row 2). Please save it as “CSV UTF-8” or as .xlsx."],
    ),
    "UTF-16 cut in the middle of a letter": (
        "participant,school\np1,s1\n".encode("utf-16")[:-1],
        "roster.csv",
        ["The characters in the file cannot be read (row 2). Please save it as “CSV UTF-8” or as .xlsx."],
    ),
    "NUL bytes": (
        b"participant,school\np1\0,s1\n",
        "roster.csv",
        [
            "There is a NUL character in line 2, so the file is damaged or is not a text file. Please save it as CSV again."
        ],
    ),
    "a quotation mark that never closes": (
        'participant,school\np1,"s1\np2,s1\n',
        "roster.csv",
        ['In row 2 a quotation mark (") is opened and never closed. Please close it, or save the file as .xlsx.'],
    ),
    "text after a quotation": (
        'participant,school\np1,"s1"x\n',
        "roster.csv",
        ['In row 2 something follows a closing quotation mark ("). Please write a " inside a text twice.'],
    ),
    "curly quotation marks": (
        "participant,school\n“p1”,s1\n",
        "roster.csv",
        ["row 2, column A (participant): There are quotation marks around the study code. Please delete them."],
    ),
    # ---- what spreadsheets do ----
    "merged cells": (
        lambda: workbook([HEADER, ["p1", "s1", "4a", 4], ["p2", "s1", None, 4]], merged),
        "roster.xlsx",
        ['sheet "Year 4", row 2, column C (class): The cells C2:C3 are merged. Please unmerge them and fill each one.'],
    ),
    "formulas": (
        lambda: workbook([HEADER, ["p1", "s1", "4a", "=2+2"], ["p2", "s1", "4a", "=D2"]]),
        "roster.xlsx",
        [
            (
                'sheet "Year 4", row 2, column D (year): This cell has a formula in it. Please copy the column and paste '
                "it as values. (Such cells in this column: 2, the last in row 3.)"
            )
        ],
    ),
    "an error in a cell": (
        lambda: workbook([HEADER, ["p1", "s1", "4a", "#REF!"]]),
        "roster.xlsx",
        ['sheet "Year 4", row 2, column D (year): This cell has an error in it (#REF!). Please correct or clear it.'],
    ),
    "a hidden sheet": (
        lambda: workbook([HEADER, ["p1", "s1", "4a", 4]], hidden),
        "roster.xlsx",
        ['sheet "Old list": This sheet is hidden. Please unhide it if it should be read, or delete it.'],
    ),
    "dates for classes": (
        lambda: workbook([HEADER, ["p1", "s1", date(2026, 4, 3), 4]]),
        "roster.xlsx",
        [f'sheet "Year 4", row 2, column C (class): {DATE_CODE}'],
    ),
    "dates for numbers": (
        lambda: workbook([HEADER, ["p1", "s1", "4a", datetime(2026, 4, 3)]]),  # noqa: DTZ001 - as Excel has it
        "roster.xlsx",
        [f'sheet "Year 4", row 2, column D (year): {DATE_NUMBER}'],
    ),
    "percent": (
        lambda: workbook([["participant", "school", "attendance"], ["p1", "s1", 0.935]], percent),
        "roster.xlsx",
        [
            (
                'sheet "Year 4", row 2, column C (attendance): The sheet shows 93.5%. '
                "Please write the number without the % sign: 93.5."
            )
        ],
    ),
    "leading zeros lost in a workbook": (
        lambda: workbook([["participant", "school"], ["007", "s1"], [7, "s1"]]),
        "roster.xlsx",
        [
            (
                "sheet \"Year 4\", row 3, column A (participant): '7' is new, and '007' is in this file: they differ only in "
                "zeros, which the spreadsheet has removed: format the column as text. "
                "Please spell each participant's code the same way throughout."
            )
        ],
    ),
    "leading zeros lost in a school's code": (
        "participant,school\np1,7\n",
        "roster.csv",
        [
            (
                "row 2, column B (school): The study has no school '7'. Did you mean '07'? (Each such code is listed once.)"
            )
        ],
    ),
    "decimal commas": (
        "participant;school;attendance\np1;s1;93,5\n",
        "roster.csv",
        ["row 2, column C (attendance): '93,5' has a comma. Please write decimals with a point: 93.5."],
    ),
    "a row of totals at the end": (
        "participant,school,year\np1,s1,4\nTotal,,1\n",
        "roster.csv",
        [
            (
                "row 3, column A (participant): This looks like a row of totals. Please delete it: every row is one "
                "participant."
            ),
            "row 3, column B (school): This row names no school. Please fill in every row.",
        ],
    ),
    # ---- headers ----
    "rows above the headers that are no title": (
        "Roster of Ash Primary,2025\n,\nparticipant,school\np1,s1\n",
        "roster.csv",
        [
            (
                "row 3: The headings are in this row. Please delete everything above it, so that they are in the "
                "first row (row 1 is now read as the headings)."
            ),
        ],
    ),
    "two headers alike": (
        "participant,school,Class,class\np1,s1,4a,4b\n",
        "roster.csv",
        ["row 1, column D (class): This column means the same as column C. Please keep only one of them."],
    ),
    "a misspelt header": (
        "participant,school,clas\np1,s1,4a\n",
        "roster.csv",
        ["row 1, column C (clas): The heading 'clas' is not one Chorus knows. Did you mean 'class'?"],
    ),
    "no headers at all": (
        "p1,s1,4a\np2,s1,4a\n",
        "roster.csv",
        [
            "row 1: The columns 'participant' and 'school' are missing. The first row should have the headings.",
        ],
    ),
    "a column without a header": (
        "participant,school,\np1,s1,\np2,s1,x\n",
        "roster.csv",
        [
            (
                "row 3, column C: This column has no heading, but there is something in it. Please add a "
                "heading, or clear the column."
            )
        ],
    ),
    # ---- who is asked ----
    "the same code twice": (
        "participant,school\np1,s1\np2,s1\np1,s2\n",
        "roster.csv",
        [
            "row 4, column A (participant): The participant 'p1' is here for the second time. The first is in row 2. Please remove one."
        ],
    ),
    "codes that differ in capitals": (
        "participant,school\np1,s1\nP1,s1\n",
        "roster.csv",
        [
            (
                "row 3, column A (participant): 'P1' is new, and 'p1' is in this file: they differ only in capitals. "
                "Please spell each participant's code the same way throughout."
            )
        ],
    ),
    "no code": (
        "participant,school\n,s1\n",
        "roster.csv",
        ["row 2, column A (participant): This row has no study code. Please add it, or delete the row."],
    ),
    "no school": (
        "participant,school\np1,\n",
        "roster.csv",
        ["row 2, column B (school): This row names no school. Please fill in every row."],
    ),
    "unknown school": (
        "participant,school\np1,s9\np2,s9\n",
        "roster.csv",
        [
            (
                "row 2, column B (school): The study has no school 's9'. "
                "Please import it in a list of schools first, or correct the code. (Each such code is listed once.)"
            )
        ],
    ),
    "a class written in two ways": (
        "participant,school,class\np1,s1,4a\np2,s1,4A\n",
        "roster.csv",
        ["row 3, column C (class): The class '4A' is written '4a' in row 2. Please spell it the same way."],
    ),
    "a class with two titles": (
        "participant,school,class,class title\np1,s1,4a,Robins\np2,s1,4a,Wrens\n",
        "roster.csv",
        [
            "row 3, column D (class title): The class '4a' has two titles: 'Robins' in row 2, and 'Wrens' here. Please keep one of them."
        ],
    ),
    "an unknown audience": (
        "participant,school,audience\np1,s1,teacher\n",
        "roster.csv",
        ["row 2, column C (audience): There is no audience 'teacher'. Please write pupil, parent or staff."],
    ),
    "an unknown child": (
        "participant,school,audience,parent_of\na1,s1,parent,p1 p8\np1,s1,,\n",
        "roster.csv",
        [
            (
                "row 2, column D (parent_of): There is no pupil 'p8' in the study or in this file. "
                "Please correct the code, or import the pupils' roster first."
            )
        ],
    ),
    "a pupil with children": (
        "participant,school,parent_of\np2,s1,\np1,s1,p2\n",
        "roster.csv",
        [
            "row 3, column C (parent_of): Only a parent can have children here, and this row is for a pupil. Please clear this cell."
        ],
    ),
    # ---- facts ----
    "an unknown code of a fact": (
        "participant,school,sex\np1,s1,x\n",
        "roster.csv",
        [
            (
                "row 2, column C (sex): 'x' is not one of the study's codes. Write f (Girl) or m (Boy), or clear the cell "
                "where it is not known."
            )
        ],
    ),
    "a number out of range": (
        "participant,school,year group\np1,s1,13\n",
        "roster.csv",
        ["row 2, column C (year group): 13 is out of range: the study says 0 to 6."],
    ),
    "a word for a number": (
        "participant,school,attendance\np1,s1,good\n",
        "roster.csv",
        [
            (
                "row 2, column C (attendance): 'good' is not a number. Write a number from 0 to 100, or clear the cell "
                "where it is not known."
            )
        ],
    ),
    "neither yes nor no": (
        "participant,school,fsm\np1,s1,maybe\n",
        "roster.csv",
        [
            (
                "row 2, column C (fsm): 'maybe' is neither yes nor no. Write yes or no, or clear the cell where it is not "
                "known."
            )
        ],
    ),
    "a date written the other way": (
        "participant,school,began\np1,s1,01/09/2025\n",
        "roster.csv",
        ["row 2, column C (began): '01/09/2025' is not a date. Please write year-month-day, like 2018-09-01."],
    ),
    # ---- schools ----
    "an unknown arm": (
        "school,title,arm\ns9,Elm Primary,programm\n",
        "schools.csv",
        ["row 2, column C (arm): The study has no arm 'programm'. Did you mean 'programme'?"],
    ),
    "an unknown time zone": (
        "school,title,arm,time_zone\ns9,Elm Primary,,London\n",
        "schools.csv",
        ["row 2, column D (time_zone): There is no time zone 'London'. Please write one such as Europe/London."],
    ),
    "a school without a code and one without a title": (
        "school,title,arm\n,Elm Primary,\ns9,,\n",
        "schools.csv",
        [
            "row 2, column A (school): A school needs a code. Please fill in every row.",
            "row 3, column B (title): A school needs a title, which pages and tables show. Please add it.",
        ],
    ),
    "an unknown programme": (
        "school,title,arm,programme\ns9,Elm Primary,,east\n",
        "schools.csv",
        ["row 2, column D (programme): The study has no programme 'east'. There are: 'north'."],
    ),
    "a code that is too long, or a formula": (
        f"school,title,arm\n{'s' * 41},Elm Primary,\n@s9,Elm School,\n",
        "schools.csv",
        [
            f"row {row}, column A (school): A code has at most 40 characters, and does not begin with =, + or @. Please change it."
            for row in (2, 3)
        ],
    ),
    "a title without a class": (
        "participant,school,class,class_title\np1,s1,,Robins\n",
        "roster.csv",
        ["row 2, column D (class_title): There is a class title but no class. Please add the class's code."],
    ),
    "more children than a parent has": (
        f"participant,school,audience,parent_of\na1,s1,parent,{' '.join(f'p{n}' for n in range(21))}\n",
        "roster.csv",
        ["row 2, column D (parent_of): A parent can have at most 20 children here. Please check this cell."],
    ),
    "the same school twice": (
        "school,title,arm\ns9,Elm Primary,\ns9,Elm School,\n",
        "schools.csv",
        [
            "row 3, column A (school): The school 's9' is here for the second time. The first is in row 2. Please remove one."
        ],
    ),
    # ---- who someone is ----
    "a column of names": (
        "participant,Pupil name,school\np1,Ann Example,s1\n",
        "roster.csv",
        [f"row 1, column B (Pupil name): This column looks like names, {STAYS}"],
    ),
    "first names and dates of birth": (
        "participant,firstName,school,D.O.B\np1,Ann,s1,2017-01-02\n",
        "roster.csv",
        [
            f"row 1, column B (firstName): This column looks like names, {STAYS}",
            f"row 1, column D (D.O.B): This column looks like dates of birth, {STAYS}",
        ],
    ),
    "a column of UPNs": (
        "participant,UPN,school\np1,P207000016049,s1\n",
        "roster.csv",
        [f"row 1, column B (UPN): This column looks like unique pupil numbers, {STAYS}"],
    ),
    "UPNs under another header": (
        "participant,school,class\np1,s1,P207000016049\np2,s1,B801200005001\n",
        "roster.csv",
        [
            (
                "row 2, column C (class): This cell has what looks like a unique pupil number in it. Please delete it: "
                "such things stay in school. (Such cells in this column: 2, the last in row 3.)"
            )
        ],
    ),
    "UPNs as study codes": (
        "participant,school\nP207000016049,s1\n",
        "roster.csv",
        [
            (
                "row 2, column A (participant): This cell has what looks like a unique pupil number in it. Please delete "
                "it: such things stay in school."
            )
        ],
    ),
    "an e-mail address in a title": (
        "participant,school,class,class_title\np1,s1,4a,4a (ann@example.org)\n",
        "roster.csv",
        [
            (
                "row 2, column D (class_title): This cell has what looks like an e-mail address in it. Please delete it: "
                "such things stay in school."
            )
        ],
    ),
    "names as study codes": (
        "participant,school\nAnn Example,s1\n",
        "roster.csv",
        [
            (
                "row 2, column A (participant): This looks like a name or a word. A study code has at least one digit, "
                "like p0012. Names stay in school."
            )
        ],
    ),
    "dates of birth as study codes": (
        "participant,school\n01022017,s1\n13052016,s1\n",
        "roster.csv",
        [
            (
                "row 2, column A (participant): The study codes look like dates of birth. Please use codes that say nothing "
                "about a person, like p0012."
            )
        ],
    ),
    "a date as a study code": (
        lambda: workbook([["participant", "school"], [date(2017, 2, 1), "s1"]]),
        "roster.xlsx",
        [
            (
                'sheet "Year 4", row 2, column A (participant): This is a date, and a study code cannot be a date. If the '
                "spreadsheet turned a code into a date, format the column as text and type the code again."
            )
        ],
    ),
    "NHS numbers as study codes": (
        "participant,school\n9434765919,s1\n4505577104,s1\n",
        "roster.csv",
        [
            (
                "row 2, column A (participant): The study codes look like NHS numbers. Please use codes that say nothing "
                "about a person, like p0012."
            )
        ],
    ),
    "a class called by its teacher": (
        "participant,school,class,class_title\np1,s1,4a,Miss Honey\n",
        "roster.csv",
        [
            (
                "row 2, column D (class_title): This looks like a person's name, and names stay in school. "
                "Please give the class another title."
            )
        ],
    ),
    "a class whose code is its teacher": (
        "participant,school,class\np1,s1,Mr Brown\n",
        "roster.csv",
        [("row 2, column C (class): This looks like a person's name, and names stay in school. Please use a code.")],
    ),
    "pupils' names for classes": (
        "participant,school,class\n" + "".join(f"p{n},s1,Ann Example{'abcdefg'[n]}\n" for n in range(7)),
        "roster.csv",
        [
            (
                "row 2, column C (class): This column looks like people's names, another one in nearly every row. "
                "Names stay in school."
            )
        ],
    ),
    "names for a parent's children": (
        "participant,school,audience,parent_of\na1,s1,parent,Ann Ben\n",
        "roster.csv",
        [
            (
                "row 2, column D (parent_of): This should be the study codes of children, separated by spaces, and there "
                "is something else in it. Please correct it."
            )
        ],
    ),
    "a title with a sign that turns the writing": (
        "participant,school,class,class_title\np1,s1,4a,Robins\u202egnis\n",
        "roster.csv",
        [
            (
                "row 2, column D (class_title): This text is longer than 200 characters, or has "
                "characters that cannot be printed. Please type it again."
            )
        ],
    ),
    "a formula in a title": (
        'participant,school,class,class_title\np1,s1,4a,"=HYPERLINK(""x"")"\n',
        "roster.csv",
        ["row 2, column D (class_title): This text begins with =, which spreadsheets read as a formula."],
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_gets_its_message_and_changes_nothing(desk: Desk, what: str) -> None:
    made, name, messages = BROKEN[what]
    sent = made() if callable(made) else made
    assert desk.problems(sent, None if name.startswith("schools") else "w1", name) == messages
    assert desk.where() == {}


IDENTIFYING = list(BROKEN)[
    list(BROKEN).index("a column of names") : list(BROKEN).index("a title with a sign that turns the writing")
]
"""Files that say who someone is: of these nothing is kept, not even their problems."""


@pytest.mark.slow
def test_of_a_file_that_says_who_someone_is_nothing_is_kept(desk: Desk) -> None:
    for what, (made, name, _) in BROKEN.items():
        if isinstance(made, str):
            wave = None if name.startswith("schools") else "w1"
            _, lists = looked_at(desk.engine, desk.settings, "small-notes", wave, [(made.encode(), name)])
            odd = what in ("curly quotation marks", "a row of totals at the end")  # a code that is none may be a name
            assert lists.identifying is (what in IDENTIFYING or odd), what


@pytest.mark.slow
def test_what_says_who_someone_is_is_in_no_message(desk: Desk) -> None:
    said = str([desk.problems(sent, "w1", name) for sent, name, _ in BROKEN.values() if isinstance(sent, str)])
    for secret in (
        "Ann Example",
        "Ben",
        "'Ann'",
        "P207",
        "B8012",
        "ann@",
        "Honey",
        "2017-01-02",
        "9434765919",
        "01022017",
    ):
        assert secret not in said


def test_codes_that_lost_their_zeros_are_known_by_those_of_the_study(desk: Desk) -> None:
    desk.take("participant,school\n0012,s1\n")
    (said,) = desk.problems(workbook([["participant", "school"], [12, "s1"]]), name="roster.xlsx")
    assert "'12' is new, and '0012' is in the study: they differ only in zeros, which the spreadsheet" in said


def long_workbook(rows: Iterable[list[str | float]]) -> bytes:
    """Return a workbook of one sheet; its rows are written as text, for which openpyxl would take half of the test."""
    small, file = zipfile.ZipFile(io.BytesIO(workbook([["Roster"]]))), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as large:
        for name in small.namelist():
            part = small.read(name)
            if name.endswith("sheet1.xml"):
                before, after = re.split(rb"<sheetData>.*</sheetData>", part, flags=re.DOTALL)
                lines = ("".join(["<row>", *map(_cell, row), "</row>"]) for row in rows)
                part = b"".join([before, b"<sheetData>", "".join(lines).encode(), b"</sheetData>", after])
            large.writestr(name, part)
    return file.getvalue()


def _cell(value: str | float) -> str:
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>' if isinstance(value, str) else f"<c><v>{value}</v></c>"


@pytest.mark.slow
def test_fifty_thousand_rows_are_taken_in(desk: Desk) -> None:
    header = ["participant", "school", "class", "year", "attendance", "sex", "fsm"]
    people = ([f"p{n:05d}", "s1" if n % 2 else "s2", f"{n % 6}x", n % 6, 93.5, "f", "no"] for n in range(50_000))
    file = long_workbook([header, *people])
    done = desk.take(file, name="roster.xlsx")
    assert len(done.added) == 50_000
    assert desk.take(file, name="roster.xlsx").changes == 0
    assert len(desk.where()) == 50_000


def test_what_only_looks_odd_is_taken(desk: Desk) -> None:
    """Blank rows, blanks around, any case of headers, labels for codes, numbers as text."""
    odd = "\ufeff Participant ;SCHOOL; Class ;Year Group;Sex\n\n p1\u00a0;s1;4a;4.0;Girl\n;;;;\n"
    assert [change.code for change in desk.take(odd).added] == ["p1"]
    assert desk.facts("p1") == ({"sex": "f"}, {"year": 4})
    assert desk.problems(ROSTER.encode("utf-16")) == []
    lines = 'participant,school,class,class_title\np2,s1,Year\u00a04,"The\nRobins"\n'
    assert [change.what for change in desk.take(lines, yes=["left"]).classes] == [("new: The Robins",)]
    assert desk.where()["p2"] == ("s1", "Year 4", False)
