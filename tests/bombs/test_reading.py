"""Every table that is made to stop its reader gets a sentence, and an honest one is read as before."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import survey.tables.excel
from survey.bounded import Exceeded
from survey.fieldwork.roster.tables import UnreadableTable, read_sheets
from survey.problems import Refused
from survey.tables import apart
from survey.tables.cells import RowRead, tidied
from survey.tables.formats import format_of
from survey.tables.limits import Refusal
from survey.tables.reading import read
from tests.bombs import tables as bombs
from tests.bombs.said import SAID


def said_of(data: bytes, name: str) -> list[str]:
    """What is said of a file: the one sentence, or the first problems of its sheets."""
    try:
        return [str(problem) for sheet in read_sheets(data, name) for problem in sheet.problems[:2]]
    except UnreadableTable as fault:
        return [str(fault)]


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize("bomb", SAID, ids=lambda bomb: bomb.__name__)
def test_a_table_made_to_stop_its_reader_gets_a_sentence(bomb: Callable[[], bytes]) -> None:
    name = "list.xlsx" if bomb in bombs.EXCEL else "list.csv"
    said = said_of(bombs.made(bomb), name)
    assert any(SAID[bomb] in one for one in said) if SAID[bomb] else not said


def test_every_one_of_them_is_here_or_stops_later() -> None:
    later = {
        "almost_an_address",
        "almost_a_name",
        "faults_in_every_row",
        "headers_nobody_knows",
        "children_by_the_thousand",
    }
    assert {bomb.__name__ for bomb in (*bombs.EXCEL, *bombs.CSV)} == {bomb.__name__ for bomb in SAID} | later


def test_a_workbook_of_nothing_but_elements_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey.tables.excel._Budget, "__init__", lambda budget: setattr(budget, "elements", 1_000))
    rows = "".join(f"<row r='{n}'><c/><c/></row>" for n in range(2, 1_000))
    with pytest.raises(Refusal, match="far more than its cells need"):
        list(read(bombs.xlsx(bombs.sheet(rows)), "x.xlsx", verbatim=False, most_columns=200))


def test_more_cells_than_can_be_worked_on_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("survey.tables.size.MOST_CELLS", 10)
    with pytest.raises(Refusal, match=r"more than 10 cells \(4 rows of 3 columns and more\)"):
        list(read(b"a,b,c\n1,2,3\n" * 5, "x.csv", verbatim=False, most_columns=200))


@pytest.mark.parametrize("marks", [30, 31])
def test_thirty_marks_on_a_letter_are_writing_and_more_are_not(marks: int) -> None:
    text = "a" + "\u0301" * marks
    if marks == 30:
        assert tidied(text).startswith("á")
    else:
        with pytest.raises(ValueError, match="accents or marks"):
            tidied(text)


# ---- what comes back is not believed ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        ["row", 1, ["a"], {}],  # before any sheet
        ["sheet", "x"],
        ["sheet", "x", False, 1],
        ["sheet", 1, False],
        ["something else"],
        {"sheet": "x"},
        [["sheet", "x", False]],
        ["sheet", "x", False, ["row", -1, ["a"], {}]],
    ],
)
def test_an_answer_that_is_none_ends_the_reading(line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Exceeded):
        apart._Reply(3).tables(iter([json.dumps(line).encode()]))


@pytest.mark.parametrize(
    "row",
    [
        [0, ["a"], {}],
        [-1, ["a"], {}],
        [10**9, ["a"], {}],
        [1, [], {}],
        [1, ["a"] * 4, {}],
        [1, [1], {}],
        [1, [["a"]], {}],
        [1, ["a" * 50_001], {}],
        [1, ["a"], {"9": "text"}],
        [1, ["a"], {"0": "number; drop table"}],
        [1, ["a"], {"0": 7}],
        [1, ["a"], {"x": "text"}],
    ],
)
def test_a_row_that_is_none_ends_the_reading(row: Any) -> None:
    lines = [json.dumps(line).encode() for line in (["sheet", "x", False], ["row", *row])]
    with pytest.raises(Exceeded):
        apart._Reply(3).tables(iter(lines))


def test_rows_come_in_their_order() -> None:
    lines = [
        json.dumps(line).encode() for line in (["sheet", "x", False], ["row", 2, ["a"], {}], ["row", 2, ["b"], {}])
    ]
    with pytest.raises(Exceeded):
        apart._Reply(3).tables(iter(lines))


def test_who_sent_a_file_hears_that_it_took_too_long_and_that_others_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for fault, kind, said in (
        (Exceeded, UnreadableTable, "takes too long"),
        # Nothing is wrong with this file, so it is no problem of the file's.
        (survey.bounded.Busy, Refused, "busy reading other files"),
    ):

        @contextmanager
        def failing(*_: Any, fault: type[Exception] = fault, **__: Any) -> Iterator[Iterator[bytes]]:
            raise fault
            yield

        monkeypatch.setattr(apart, "reading", failing)
        with pytest.raises(kind, match=said):
            read_sheets(b"a,b\n1,2\n", "x.csv")


# ---- honest workbooks are read as the library that writes them reads them ---------------------------------


FORMATS = [
    "General",
    "0",
    "0000",
    "0.00",
    "0%",
    "0.0%",
    "yyyy-mm-dd",
    "d/m/yy h:mm",
    "h:mm",
    "[h]:mm:ss",
    '"d"0',
    "[Red]0",
    "mmm yy",
]

FIRST = datetime.datetime(1900, 3, 1)  # noqa: DTZ001 - sheets know no zones
LAST = datetime.datetime(2100, 1, 1)  # noqa: DTZ001

CELLS = st.one_of(
    st.none(),
    st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=12).filter(lambda text: text[:1] != "="),
    st.integers(-(10**12), 10**12),
    st.floats(-1e9, 1e9, allow_nan=False),
    st.booleans(),
    st.dates(datetime.date(1900, 3, 1), datetime.date(2100, 1, 1)),
    st.datetimes(FIRST, LAST).map(lambda at: at.replace(microsecond=0)),
    st.times().map(lambda at: at.replace(microsecond=0)),
    st.timedeltas(datetime.timedelta(0), datetime.timedelta(days=900)).map(
        lambda span: datetime.timedelta(seconds=span.seconds)
    ),
)


@pytest.mark.filterwarnings("ignore:Cell .* is marked as a date")
@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.lists(st.tuples(CELLS, st.sampled_from(FORMATS)), min_size=1, max_size=5), min_size=1, max_size=5),
    since_1904=st.booleans(),
)
def test_a_workbook_is_read_as_openpyxl_reads_it(rows: list[list[tuple[Any, str]]], since_1904: bool) -> None:
    book = openpyxl.Workbook()
    if since_1904:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for down, row in enumerate(rows, 1):
        for across, (value, shown) in enumerate(row, 1):
            cell = book.active.cell(down, across, value)
            if isinstance(value, int | float) and not isinstance(value, bool):
                cell.number_format = shown
    file = io.BytesIO()
    book.save(file)
    mine = {
        (row.number, at): text
        for row in read(file.getvalue(), "x.xlsx", verbatim=True, most_columns=200)
        if isinstance(row, RowRead)
        for at, text in enumerate(row.texts, 1)
        if text
    }
    theirs = openpyxl.load_workbook(io.BytesIO(file.getvalue())).active
    assert mine == {
        (cell.row, cell.column): said
        for line in theirs.iter_rows()
        for cell in line
        if cell.data_type != "e" and (said := as_text(cell.value, cell.number_format))
    }


def as_text(value: Any, shown: str) -> str:
    """A value of openpyxl's as our tables say it."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    if isinstance(value, int | float):
        if "%" in shown:
            return f"{value * 100:.15g}%"
        if not float(value).is_integer() or abs(value) >= 1e15:
            return f"{value:.15g}"
        return f"{int(value):04d}" if shown == "0000" else str(int(value))
    return str(value)


@pytest.mark.parametrize("number", range(60))
def test_formats_with_a_number_are_dates_where_openpyxl_says_so(number: int) -> None:
    code = openpyxl.styles.numbers.BUILTIN_FORMATS.get(number)
    mine = format_of(number, {})
    assert mine.date == openpyxl.styles.numbers.is_date_format(code)
    assert mine.duration == openpyxl.styles.numbers.is_timedelta_format(code)
    assert mine.percent == ("%" in (code or ""))
