"""Scores by recodes, counts, routing, scales of scales and norms, in the workbook and beside what is said about them."""

from __future__ import annotations

from typing import Any

import pytest

from survey.export.scales import rule_in_words
from tests.export.sample import FULL, ONE, SECOND, Response, later, rows, source, study, versions, workbook

pytestmark = pytest.mark.one_engine


def scale(id: str, items: list[Any], score: str = "sum", **said: Any) -> dict[str, Any]:
    return {"scale": id, "title": f"The {id}", "items": items, "score": score, "direction": "High is more", **said}


DRUMS = {
    "question": "drums",
    "kind": "rating",
    "ask": "Do you like drums?",
    "options": "agree3",
    "when": {"plays": "yes"},
}
PAGES = [{**ONE["pages"][0], "questions": [*ONE["pages"][0]["questions"], DRUMS]}, ONE["pages"][1]]
NORMS = {
    "mean": "50",
    "sd": "10",
    "groups": [
        {"for": {"sex": "f"}, "mean": "4", "sd": "2"},
        {"for": {"sex": "m", "year": "3 to 4"}, "mean": "3", "sd": "2"},
    ],
}
BANDS = [{"from": "2", "to": "3", "label": "Low"}, {"from": "4", "to": "6", "label": "High"}]
SCALES = [
    scale("liked", ["sing", {"item": "dance", "reverse": "yes"}], needs="1 of 2", prorate="yes", round="0"),
    scale("beats", ["drums"], recode={"1": "0", "2": "0", "3": "2"}, not_shown="0"),
    scale("both", ["liked", {"item": "beats", "weight": "2"}]),
    scale("both_t", ["both"], norms=NORMS, round="1"),
    scale("often", ["sing", "dance"], "count", counts=["2", "3"], needs="1 of 2"),
    scale("cut", ["liked"], norms={"groups": [{"for": {"sex": "f"}, "bands": BANDS}]}),
]
RULES = {**ONE, "pages": PAGES, "scales": SCALES}


def facts(**said: Any) -> dict[str, Any]:
    return {"year": 4, "sex": "f", "fsm": True, **said}


RESPONSES = [
    Response("r1", FULL | {"drums": 3}, facts=facts()),
    Response("r2", FULL | {"plays": 0, "sing": 1, "dance": {"missing": "dont_know"}}, facts=facts(sex="m")),
    Response("r3", FULL | {"drums": {"missing": "blank"}}, facts=facts(sex="m", year=6)),
    Response("r4", FULL | {"drums": 1, "sing": 2}, facts=facts(sex=None)),
    Response("r5", {"sing": 3}, state="stopped", finished_at=None, facts=facts()),
]
BOOK = workbook(source(*RESPONSES, of=[RULES]))


def column(name: str) -> list[Any]:
    return [row[name] for row in rows(BOOK, "Scores · pupil")]


def test_the_score_of_a_scale_within_another_counts_prorated_and_rounded() -> None:
    # r2: 1 of one item, twice that; r5 was stopped before dancing.
    assert column("liked") == [6, 2, 6, 5, 6]
    assert column("both") == [6 + 2 * 2, 2, None, 5, None]
    assert column("both_n") == [2, 2, 1, 2, 1]


def test_an_item_counts_that_routing_passed_by_and_not_one_that_was_left_or_not_reached() -> None:
    assert column("beats") == [2, 0, None, 0, None]
    assert column("beats_n") == [1, 1, 0, 1, 0]


def test_norms_are_those_of_the_roster_and_notes_count_who_has_none() -> None:
    assert column("both_t") == [80, 45, None, None, None]
    notes = {row["column"]: row["what was done"] for row in rows(BOOK, "Notes")}
    assert notes["both_t"] == (
        "1 response has no score: sex and year unknown, or outside the groups that norms are given for."
    )
    assert notes["cut"] == "3 responses have no band: sex unknown, or outside the groups that norms are given for."


def test_bands_by_norms_have_a_column() -> None:
    assert column("cut_band") == ["High", None, None, None, "High"]


def test_a_count_is_of_answered_items() -> None:
    assert column("often") == [1, 0, 1, 1, 1]
    assert column("often_n") == [2, 1, 2, 2, 1]


def test_the_sheet_of_scales_says_every_rule_in_words() -> None:
    said = {row["scale"]: row["rule"] for row in rows(BOOK, "Scales") if row["group"] == "all"}
    assert said == {
        "liked": "prorated sum of 2 items; at least 1 answered; rounded to 0 decimals, halves up",
        "beats": (
            "sum of 1 item; at least 1 answered; answers recoded 1 to 0, 2 to 0, 3 to 2; an item that was not shown "
            "counts 0"
        ),
        "both": "weighted sum of 2 scales (liked, beats); at least 2 with a score; weights liked 1, beats 2",
        "both_t": (
            "sum of 1 scale (both); at least 1 with a score; then put on mean 50, sd 10 by norms for sex and year; "
            "rounded to 1 decimals, halves up"
        ),
        "often": "count of 2 items answered 2 or 3; at least 1 answered",
        "cut": "sum of 1 scale (liked); at least 1 with a score; bands by norms for sex",
    }


def test_items_show_what_they_count() -> None:
    found = {(row["scale"], row["item"]): row for row in rows(BOOK, "Scale items")}
    drums = found["beats", "drums"]
    assert (drums["direction"], drums["range"], drums["answered"], drums["mean"]) == (
        "recoded",
        "0 to 2",
        3,
        pytest.approx(2 / 3),
    )
    assert found["often", "sing"]["direction"] == "counted"
    liked = found["both", "liked"]
    assert (liked["wording"], liked["range"], liked["answered"], liked["mean"]) == ("The liked", "2 to 6", 4, 4.75)


def test_the_codebook_names_scales_by_way_of_other_scales() -> None:
    book = {row["variable"]: row for row in rows(BOOK, "Codebook")}
    assert book["drums"]["scales"] == "beats, both, both_t"
    assert book["dance"]["scales"] == "liked, both, both_t, often, cut"
    assert book["dance"]["reversed in"] == "liked"
    assert book["liked"]["scales"] == "both, both_t, cut"
    assert book["both_n"]["label"] == "The both: scales with a score"
    assert book["liked_n"]["label"] == "The liked: items answered"


def test_a_rule_that_changes_within_a_scale_of_scales_is_noted_for_both() -> None:
    second = later(pages=PAGES, scales=[SCALES[0], {**SCALES[1], "recode": {"1": "0", "2": "1", "3": "2"}}, SCALES[2]])
    first = {**RULES, "scales": SCALES[:3]}
    given = source(
        Response("r1", FULL | {"drums": 2}), Response("r2", FULL | {"drums": 2}, sha256=SECOND), of=[first, second]
    )
    book = workbook(given)
    assert [row["both"] for row in rows(book, "Scores · pupil")] == [6, 6 + 2 * 1]
    changed = [row["column"] for row in rows(book, "Notes") if row["what was done"].startswith("The rule differs")]
    assert changed == ["beats", "both"]


def test_other_words_about_a_scale_and_other_bands_are_no_other_rule() -> None:
    groups = [{"for": {"sex": "f"}, "bands": [BANDS[0] | {"to": "4"}, BANDS[1] | {"from": "5"}]}]
    second = later(
        pages=PAGES, scales=[SCALES[0] | {"title": "Other words"}, SCALES[5] | {"norms": {"groups": groups}}]
    )
    first = {**RULES, "scales": [SCALES[0], SCALES[5]]}
    given = source(Response("r1", FULL), Response("r2", FULL, sha256=SECOND), of=[first, second])
    assert not [row for row in rows(workbook(given), "Notes") if "rule" in row["what was done"]]


def test_mixed_items_are_told_in_words() -> None:
    questionnaire = versions(
        {**RULES, "scales": [*SCALES[:2], scale("mix", ["sing", "liked"], "mean", needs="1 of 2")]}
    )[0].questionnaire
    assert rule_in_words(questionnaire.scale("mix"), ("liked",)) == (
        "mean of 1 item and 1 scale (liked); at least 1 with a score"
    )


def test_the_facts_of_a_study_are_the_ones_that_norms_use() -> None:
    assert {fact.id for fact in study().facts} >= {"sex", "year"}
