"""Blank is never one thing: each reason for having no answer has its code, and a response shows which."""

from __future__ import annotations

from typing import Any

import pytest

from tests.export.sample import FULL, ONE, SECOND, Response, later, rows, source, workbook


def codes(response: Response, **options: Any) -> dict[str, Any]:
    return rows(workbook(source(response, **options)), "Codes · pupil")[0]


@pytest.mark.parametrize(("reason", "code"), [("blank", -9), ("dont_know", -8), ("rather_not", -7), ("multiple", -3)])
def test_what_the_respondent_said_instead(reason: str, code: int) -> None:
    for id in ("sing", "hours", "since", "best", "places"):
        assert codes(Response("r", FULL | {id: {"missing": reason}}))[id] == code


def test_not_shown_is_what_routing_led_past() -> None:
    row = codes(Response("r", {key: value for key, value in FULL.items() if key[:10] != "instrument"} | {"plays": 0}))
    assert row["instrument"] == -6
    assert row["instrument_other"] is None


def test_an_answer_given_before_the_mind_was_changed_counts_as_not_shown() -> None:
    row = codes(Response("r", FULL | {"plays": 0}))
    assert row["instrument"] == -6
    assert row["instrument_other"] is None


def test_not_reached_is_what_comes_after_the_last_answer_of_who_stopped() -> None:
    row = codes(Response("r", {"sing": 3, "plays": 1}, state="stopped"))
    assert row["dance"] == -9, "was passed, so it was left blank"
    assert [row[id] for id in ("instrument", "places", "places_1", "hours", "since", "best")] == [-5] * 6


def test_who_stopped_was_not_shown_what_an_earlier_answer_ruled_out() -> None:
    row = codes(Response("r", {"sing": 3, "dance": 1, "plays": 0}, state="stopped"))
    assert (row["instrument"], row["places"]) == (-6, -5)


def test_what_hangs_on_a_question_not_reached_is_not_reached() -> None:
    row = codes(Response("r", {"sing": 3}, state="started"))
    assert (row["plays"], row["instrument"]) == (-5, -5)


def test_nobody_reached_anything_who_declined() -> None:
    row = codes(Response("r", {}, state="declined"))
    assert [row[id] for id in ("sing", "instrument", "places_2", "best")] == [-5] * 4


def test_who_finished_left_blank_what_was_shown() -> None:
    row = codes(Response("r", {"plays": 0}))
    assert [row[id] for id in ("sing", "instrument", "best")] == [-9, -6, -9]


def test_not_in_this_version() -> None:
    row = codes(Response("r", FULL), of=[ONE, later()])
    assert (row["drums"], row["dance"]) == (-4, 1)
    row = codes(Response("r", {"sing": 1, "drums": 2}, sha256=SECOND), of=[ONE, later()])
    assert (row["drums"], row["dance"]) == (2, -4)


def test_who_withdrew_is_a_row_without_answers() -> None:
    row = codes(Response("r", FULL, state="withdrawn"), of=[ONE, later()])
    assert row["response"] == "r"
    answers = {name: cell for name, cell in row.items() if name.split("_")[0] in (*FULL, "drums")}
    assert answers.pop("instrument_other") is None
    assert set(answers.values()) == {-2}
    assert len(answers) == 11


def test_a_study_may_have_its_own_numbers() -> None:
    missing = {"blank": "-90", "dont_know": "-80"}
    book = workbook(source(Response("r", {"sing": {"missing": "dont_know"}}), missing=missing))
    row = rows(book, "Codes · pupil")[0]
    assert (row["sing"], row["dance"], row["instrument"]) == (-80, -90, -6)
    said = {line["code"]: line["label"] for line in rows(book, "Missing codes")}
    assert said["-90"] == "left blank"
    assert said["-80"] == "I don't know"
    assert "-9" not in said


def test_every_missing_code_has_its_words_on_the_labels_and_on_its_sheet() -> None:
    given = source(
        Response("r1", {"sing": {"missing": "blank"}, "plays": 0}),
        Response("r2", {"sing": {"missing": "dont_know"}}),
        Response("r3", {"sing": {"missing": "rather_not"}}),
        Response("r4", {"sing": {"missing": "multiple"}}),
        Response("r5", {}, state="stopped"),
        Response("r6", {}, state="withdrawn"),
        Response("r7", {"sing": 1}, sha256=SECOND),
        of=[ONE, later()],
    )
    book = workbook(given)
    labels = rows(book, "Labels · pupil")
    assert [row["sing"] for row in labels] == [
        "left blank",
        "I don't know",
        "I don't want to say",
        "more than one answer on paper",
        "not reached (stopped earlier)",
        "withdrawn",
        "No",
    ]
    assert labels[0]["instrument"] == "not shown (routing)"
    assert labels[6]["dance"] == "not in this version"
    assert [row["code"] for row in rows(book, "Missing codes")][:8] == [str(code) for code in range(-9, -1)]
