"""One column set over all versions: retired columns in their place, codes merged, contradictions on the notes."""

from __future__ import annotations

from typing import Any

import pytest

from survey.definition.questionnaire import Questionnaire
from survey.definition.rules.names import RESERVED
from survey.export.columns import _codes, in_one_order
from survey.intake import identity
from survey.intake.identity import IDENTITY, IdentityColumn
from tests.export.sample import (
    FULL,
    ONE,
    SECOND,
    Response,
    csv_rows,
    csv_zip,
    later,
    rows,
    source,
    study,
    told,
    versions,
    workbook,
)

BOTH = [Response("r1", FULL), Response("r2", {"sing": 3, "plays": 0, "drums": 1}, sha256=SECOND, wave="w2")]


def two_versions(second: dict[str, Any]) -> Any:
    return workbook(source(*BOTH, of=[ONE, second]))


@pytest.mark.parametrize(
    ("orders", "merged"),
    [
        ([["a", "b", "c"]], ["a", "b", "c"]),
        ([["a", "b", "c"], ["a", "c"]], ["a", "b", "c"]),
        ([["a", "b", "c"], ["c"]], ["a", "b", "c"]),
        ([["a", "b"], ["x", "b", "y"]], ["a", "x", "b", "y"]),
        ([["a", "b", "c", "d"], ["a", "d", "e"], ["e", "a"]], ["e", "a", "b", "c", "d"]),
        ([["a"], []], ["a"]),
    ],
)
def test_what_is_retired_stays_behind_what_it_stood_behind(orders: list[list[str]], merged: list[str]) -> None:
    assert in_one_order(orders) == merged


def test_columns_of_both_versions_stand_in_one_order() -> None:
    names = list(rows(two_versions(later()), "Codes · pupil")[0])
    start = names.index("sing")
    assert names[start : start + 6] == ["sing", "dance", "plays", "instrument", "instrument_other", "drums"]


def test_each_response_is_read_by_the_version_it_was_answered_in() -> None:
    first, second = rows(two_versions(later()), "Codes · pupil")
    assert (first["version"], first["dance"], first["drums"]) == (1, 1, -4)
    assert (second["version"], second["dance"], second["drums"]) == (2, -4, 1)


def test_each_response_is_scored_by_its_own_versions_rule() -> None:
    book = two_versions(later())
    first, second = rows(book, "Scores · pupil")
    assert (first["joy"], first["joy_n"]) == (3, 2)
    assert (second["joy"], second["joy_n"]) == (2, 2)
    said = [row["what was done"] for row in rows(book, "Notes") if row["column"] == "joy"]
    assert said == [
        "The rule differs between versions 1 and 2. Each response is scored by the rule of its version.",
        "The items are coded differently in versions 1 and 2. Each has rows of its own.",
    ]


def test_other_words_for_the_same_are_told_and_the_newest_stand() -> None:
    book = two_versions(later())
    said = {row["what was done"] for row in rows(book, "Notes") if row["column"] == "sing"}
    assert said == {"Version 1 and version 2 differ: code 3 was “A lot” and is now “Very much”."}
    assert [row["sing"] for row in rows(book, "Labels · pupil")] == ["Very much", "Very much"]


def _instead(**options: Any) -> dict[str, Any]:
    """Return version 2 with other options at some questions, as an older Chorus published them."""
    second = later()
    pages = [
        {
            **page,
            "questions": [
                {**question, "options": options.get(question["question"], question.get("options"))}
                if question["question"] in options
                else question
                for question in page["questions"]
            ],
        }
        for page in second["pages"]
    ]
    return {**second, "pages": pages}


def test_a_code_that_meant_something_else_is_called_by_both_words() -> None:
    """No old answer is called by the new word alone: not in the labels, the codebook or the value labels."""
    drums = [{"code": "1", "label": "Drums"}, {"code": "2", "label": "Viola"}, {"code": "8", "label": "Something else"}]
    homes = [{"code": "1", "label": "In school"}, {"code": "2", "label": "At home"}]
    given = [Response("r1", FULL | {"instrument": 2}), Response("r2", {"instrument": 2, "plays": 1}, sha256=SECOND)]
    book = workbook(source(*given, of=[ONE, _instead(instrument=drums, places=homes)]))
    labels = [
        (r["code"], r["label"], r["versions"]) for r in rows(book, "Value labels") if r["variable"] == "instrument"
    ]
    assert labels == [
        ("1", "Drums", "1, 2"), ("2", "Viola", "2"), ("2", "Violin", "1"), ("8", "Something else", "1, 2"),
    ]  # fmt: skip
    assert [row["instrument"] for row in rows(book, "Labels · pupil")] == ["Viola (version 1: Violin)"] * 2
    described = {row["variable"]: row["label"] for row in rows(book, "Codebook")}
    assert described["places_1"] == "Where: In school (version 1: Where: In class)"
    assert described["places_2"] == "Where: At home"


def test_words_that_changed_twice_and_mean_the_same_are_one_meaning() -> None:
    third = {**later(), "version": "3"}
    third["options"] = {"agree3": [*third["options"]["agree3"][:2], {"code": "3", "label": "Lots", "was": "Very much"}]}
    versions = [Questionnaire.from_data(one) for one in (ONE, later(), third)]
    found = [(one.version, one.question("sing"), one.question("sing").columns()[0]) for one in reversed(versions)]
    assert _codes(found)[3] == "Lots"
    assert _codes(found[::2])[3] == "Lots (version 1: A lot)", "no one said that these are one"


def test_codes_of_both_versions_keep_their_labels() -> None:
    second = later()
    page, rest = second["pages"]
    instrument = {**page["questions"][2], "options": [{"code": "1", "label": "Drums"}, {"code": "3", "label": "Lute"}]}
    page = {**page, "questions": [*page["questions"][:2], instrument, *page["questions"][3:]]}
    book = two_versions({**second, "pages": [page, rest]})
    labels = {row["code"]: row["label"] for row in rows(book, "Value labels") if row["variable"] == "instrument"}
    assert labels == {"1": "Drums", "3": "Lute", "2": "Violin", "8": "Something else"}
    assert rows(book, "Labels · pupil")[0]["instrument"] == "Something else"
    assert [note["what was done"] for note in told(rows(book, "Notes")) if note["column"] == "instrument"] == [
        "Version 1 and version 2 differ: code 2 (Violin) is no longer offered.",
        "Version 1 and version 2 differ: code 8 (Something else) is no longer offered.",
        "Version 1 and version 2 differ: code 3 (Lute) is new.",
    ]


@pytest.mark.parametrize("kind", ["several", "ranking"])
def test_options_with_a_column_each_are_told_like_those_of_a_single_choice(kind: str) -> None:
    """Once for the question, not again at each of its columns."""
    options = [
        {"code": "1", "label": "In class"},
        {"code": "2", "label": "At home"},
        {"code": "3", "label": "In a club"},
    ]
    changed = [
        {"code": "1", "label": "In lessons", "was": "In class"},
        options[2],
        {"code": "4", "label": "On a stage"},
    ]
    made = []
    for number, offered in (("1", options), ("2", changed)):
        question = {"question": "places", "kind": kind, "ask": "Where?", "short": "Where", "options": offered}
        pages = [{"page": "p", "questions": [question]}]
        made.append(
            {**ONE, "version": number, "scales": [], "pages": pages, "audience": "staff", "reader": {"age": "16"}}
        )
    book = workbook(source(Response("r1", {}), Response("r2", {}, sha256=SECOND), of=made))
    assert [(note["column"], note["what was done"]) for note in told(rows(book, "Notes"))] == [
        ("places", f"Version 1 and version 2 differ: {what}.")
        for what in (
            "code 1 was “In class” and is now “In lessons”",
            "code 2 (At home) is no longer offered",
            "code 4 (On a stage) is new",
        )
    ]


def test_a_code_with_other_words_has_a_row_for_each_with_its_versions() -> None:
    """Also where both words mean the same; who, where and when are the same in every version."""
    labels = [
        (row["code"], row["label"], row["versions"])
        for row in rows(two_versions(later()), "Value labels")
        if row["variable"] in ("sing", "wave")
    ]
    assert labels == [
        ("w1", "Autumn", None), ("w2", "Spring", None),
        ("1", "No", "1, 2"), ("2", "A bit", "1, 2"), ("3", "Very much", "2"), ("3", "A lot", "1"),
    ]  # fmt: skip


@pytest.mark.parametrize("title", ["Value labels", "Missing codes"])
def test_codes_on_one_sheet_are_all_texts(title: str) -> None:
    assert {type(row["code"]) for row in rows(two_versions(later()), title)} == {str}


def test_a_question_that_changes_its_words_or_its_kind_is_told() -> None:
    second = later()
    page, rest = second["pages"]
    hours = {"question": "hours", "kind": "short_text", "ask": "How long?"}
    questions = [hours if question["question"] == "hours" else question for question in rest["questions"]]
    book = two_versions({**second, "pages": [page, {**rest, "questions": questions}]})
    said = {row["what was done"] for row in rows(book, "Notes") if row["column"] == "hours"}
    assert said == {
        "Version 1 and version 2 differ: the column held values of type number, and now of type text.",
        "Version 1 and version 2 differ: the question was “How many hours?” and is now “How long?”.",
    }


def test_the_codebook_describes_every_column_once() -> None:
    book = two_versions(later())
    described = {row["variable"]: row for row in rows(book, "Codebook")}
    names = [*rows(book, "Codes · pupil")[0], "joy", "joy_n", "joy_band"]
    assert list(described) == names
    assert described["dance"]["versions"] == "1"
    assert described["sing"]["versions"] == "1, 2"
    assert (described["sing"]["range"], described["sing"]["missing codes"]) == ("1 to 3", "-9 to -1")
    assert (described["drums"]["scales"], described["drums"]["reversed in"]) == ("joy", None)
    assert described["places_1"]["label"] == "Where: In class"
    assert described["instrument_other"]["missing codes"] is None


def test_reversed_items_are_named_in_the_codebook() -> None:
    described = {row["variable"]: row for row in rows(workbook(source(Response("r", FULL))), "Codebook")}
    assert (described["dance"]["scales"], described["dance"]["reversed in"]) == ("joy", "joy")
    assert (described["sing"]["scales"], described["sing"]["reversed in"]) == ("joy", None)


def test_a_grids_stem_stands_before_its_statement_and_a_gap_as_its_fallback() -> None:
    questions = [
        {"question": "name", "kind": "short_text", "ask": "Which?"},
        {"grid": "g", "kind": "rating", "ask": "How true is it?", "options": ONE["options"]["agree3"],
         "statements": [{"question": "safe", "ask": "I play {name|an instrument} well."}]},
    ]  # fmt: skip
    data = {**ONE, "audience": "staff", "reader": {"age": "16"}, "scales": []}
    book = workbook(source(Response("r", {"safe": 1}), of=[{**data, "pages": [{"page": "p", "questions": questions}]}]))
    described = {row["variable"]: row for row in rows(book, "Codebook")}
    assert described["safe"]["wording"] == "How true is it? I play an instrument well."


def test_a_question_called_like_a_column_of_every_file_gets_another_name() -> None:
    questions = [{"question": "mode", "kind": "yes_no", "ask": "Do you like modes?"}]
    data = {**ONE, "pages": [{"page": "p", "questions": questions}], "scales": []}
    book = workbook(source(Response("r", {"mode": 1}), of=[data]))
    row = rows(book, "Codes · pupil")[0]
    assert (row["mode"], row["q_mode"]) == ("own device", 1)
    assert "q_mode" in rows(book, "Notes")[0]["what was done"]


def test_names_are_unique_whatever_the_case_and_short() -> None:
    long = "a_question_with_a_name_of_32_sig"
    questions = [
        {"question": long, "kind": "yes_no", "ask": "A?"},
        {"question": long[:-1], "kind": "yes_no", "ask": "B?"},
    ]
    data = {**ONE, "pages": [{"page": "p", "questions": questions}], "scales": []}
    book = workbook(source(Response("r", {}), of=[data]), per_screen=True)
    names = [name.casefold() for name in rows(book, "Codes · pupil")[0]]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 32


def test_very_young_readers_are_flagged() -> None:
    young = {**ONE, "reader": {"age": "4"}}
    assert rows(workbook(source(Response("r", FULL), of=[young])), "Codes · pupil")[0]["age_caution"] == 1
    assert "age_caution" not in rows(workbook(source(Response("r", FULL))), "Codes · pupil")[0]


def test_a_new_identity_column_is_one_entry_of_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    weekday = IdentityColumn(
        "best",  # the name of a question, too
        "Day of the week",
        lambda row, _: row.started_at.isoweekday(),
        "code",
        codes=lambda _: {6: "Saturday"},
        beside_scores=True,
    )
    monkeypatch.setattr(identity, "IDENTITY", (*IDENTITY, weekday))
    given = source(*BOTH[:1])
    book = workbook(given)
    codes, labels, scores = (rows(book, f"{kind} · pupil")[0] for kind in ("Codes", "Labels", "Scores"))
    assert (codes["best"], labels["best"], scores["best"]) == (6, "Saturday", 6)
    assert codes["q_best"] == "everything"
    assert [row["label"] for row in rows(book, "Codebook") if row["variable"] == "best"] == ["Day of the week"]
    assert [row["label"] for row in rows(book, "Value labels") if row["variable"] == "best"] == ["Saturday"]
    assert csv_rows(csv_zip(given), "csv/pupil-codes.csv")[0]["best"] == "6"
    assert "best" in identity.known_names(study())
    assert "best" in identity.taken_names(study(), [version.questionnaire for version in versions(ONE)])


def test_names_that_authors_cannot_give_are_those_of_columns() -> None:
    kept = {name for name, owner in RESERVED.items() if owner == "every data file"}
    # `id` is what a table to be scored calls its rows.
    assert kept - {"id"} <= {column.name for column in IDENTITY}


def test_a_fact_whose_title_has_braces_is_labelled_with_them() -> None:
    facts = [{"fact": "sex", "title": "Sex {f, m}", "kind": "code", "codes": {"f": "Girl", "m": "Boy"}}]
    book = workbook(source(*BOTH[:1], facts=facts))
    assert "Sex {f, m} (roster)" in [row["label"] for row in rows(book, "Codebook")]
