"""The sheet Comments: what was typed, and nothing that says who typed it."""

from __future__ import annotations

import pytest

from survey.export import workbook as export_workbook
from tests.export.sample import (
    FULL,
    ONE,
    SECOND,
    Response,
    Source,
    csv_rows,
    csv_zip,
    later,
    rows,
    source,
    versions,
    workbook,
)

GIVEN = source(
    Response("r1", FULL),
    Response(
        "r2", FULL | {"best": "two\nlines", "instrument": 1, "instrument.other": None}, wave="w2", arm="comparison"
    ),
    Response("r3", FULL | {"best": {"missing": "blank"}, "instrument": 1, "instrument.other": None}),
    Response("r4", FULL | {"best": "began, and did not finish"}, state="stopped"),
    Response("r5", {}, state="withdrawn"),
)

TYPED = [
    ("pupil", "instrument_other", "Which instrument?", "w1", "pupil", "programme", "a harp"),
    ("pupil", "best", "What is best?", "w1", "pupil", "programme", "everything"),
    ("pupil", "best", "What is best?", "w2", "pupil", "comparison", "two\nlines"),
]


def test_each_text_of_a_finished_response_has_a_row() -> None:
    assert sorted(tuple(row.values()) for row in rows(workbook(GIVEN), "Comments")) == sorted(TYPED)


def test_no_code_of_a_person_and_no_school_stands_beside_a_text() -> None:
    found = rows(workbook(GIVEN), "Comments")
    assert list(found[0]) == ["questionnaire", "variable", "question", "wave", "audience", "arm", "text"]
    said = " ".join(str(cell) for row in found for cell in row.values())
    assert not any(secret in said for secret in ("P001", "r1", "0123", "Hill School", "4B"))


def test_the_csv_has_the_same_rows() -> None:
    given = [{key: value or "" for key, value in row.items()} for row in rows(workbook(GIVEN), "Comments")]
    assert csv_rows(csv_zip(GIVEN), "csv/comments.csv") == given


def test_a_text_that_looks_like_a_formula_stays_a_text_and_long_ones_wrap() -> None:
    book = workbook(source(Response("r1", {"best": "=1+1"}), Response("r2", {"best": "so much to say " * 30})))
    page = book["Comments"]
    assert (page["G2"].value, page["G2"].data_type) == ("=1+1", "s")
    assert page["G3"].alignment.wrap_text
    assert page.row_dimensions[3].height > 60
    assert page.auto_filter.ref == "A1:G3"


def test_texts_of_all_questionnaires_and_versions_stand_on_one_sheet() -> None:
    staff = {**ONE, "questionnaire": "staff", "audience": "staff", "reader": {"age": "16"}}
    answers = {"best": "mine"}
    given = Source(
        {
            "pupil": [Response("r1", answers), Response("r2", answers, sha256=SECOND)],
            "staff": [Response("r3", answers)],
        },
        {"pupil": versions(ONE, later()), "staff": versions(staff)},
    )
    found = [(row["questionnaire"], row["audience"]) for row in rows(workbook(given), "Comments")]
    assert found == [("pupil", "pupil"), ("pupil", "pupil"), ("staff", "member of staff")]


def test_more_comments_than_a_sheet_holds_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data sheets hold them all, so that the file is made."""
    monkeypatch.setattr(export_workbook, "ROWS", 100)
    given = source(*[Response(f"r{n}", FULL) for n in range(60)])
    book = workbook(given)
    assert len(rows(book, "Comments")) == 99
    (note,) = [row for row in rows(book, "Notes") if row["where"] == "Comments"]
    assert note["what was done"].startswith("The sheet holds 99 rows and there are more.")
    assert len(csv_rows(csv_zip(given), "csv/comments.csv")) == 120


def test_where_no_one_typed_anything_the_sheet_has_a_header_only() -> None:
    assert rows(workbook(source(Response("r1", {"sing": 1}))), "Comments") == []
    assert csv_rows(csv_zip(source(Response("r1", {"sing": 1}))), "csv/comments.csv") == []
