"""What items measure together, and flagged responses, on sheets: the same figures as the analysis gives of the answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from survey.analysis.structure import structure
from tests.export.sample import ONE, Response, rows, source, workbook

ITEMS = [f"i{at}" for at in range(8)]
AGREE = [{"code": str(code), "label": f"{code}"} for code in range(1, 6)]
QUESTIONNAIRE: dict[str, Any] = {
    **ONE,
    "options": {"agree5": AGREE},
    "pages": [
        {
            "page": "first",
            "questions": [
                {"question": item, "kind": "rating", "ask": f"How much is {item}?", "options": "agree5"}
                for item in ITEMS
            ],
        }
    ],
    "scales": [
        {"scale": "one", "title": "One", "items": ITEMS[:4], "score": "mean", "direction": "Higher is more"},
        {"scale": "two", "title": "Two", "items": ITEMS[3:], "score": "mean", "direction": "Higher is more"},
    ],
}


@pytest.fixture(scope="module")
def answers() -> np.ndarray:
    rng = np.random.default_rng(5)
    traits = rng.normal(size=(80, 2))
    return np.clip(np.rint(3 + traits.repeat(4, axis=1) + rng.normal(0, 0.7, (80, 8))), 1, 5)


@pytest.fixture(scope="module")
def book(answers: np.ndarray) -> Any:
    given = [Response(f"r{at}", dict(zip(ITEMS, map(int, row), strict=True))) for at, row in enumerate(answers)]
    begun = given[0].started_at
    mixed = dict(zip(ITEMS, (1, 2, 3, 4, 5, 4, 3, 2), strict=True))
    given += [
        Response("straight", dict.fromkeys(ITEMS, 4)),
        Response("extreme", {item: 1 + 4 * (at % 2) for at, item in enumerate(ITEMS)}),
        Response("hasty", mixed, finished_at=begun + timedelta(seconds=40)),
        Response("paper", mixed, finished_at=begun, mode="paper"),
    ]
    return workbook(source(*given, of=(QUESTIONNAIRE,)))


def test_loadings_and_eigenvalues_are_those_of_the_answers(book: Any, answers: np.ndarray) -> None:
    more = np.array([[4] * 8, [1, 5] * 4, [1, 2, 3, 4, 5, 4, 3, 2], [1, 2, 3, 4, 5, 4, 3, 2]])
    expected = structure(ITEMS, np.vstack([answers, more]))
    told = rows(book, "Structure")
    assert [row["item"] for row in told] == ITEMS
    assert [row["factor 1"] for row in told] == pytest.approx([one[0] for one in expected.loadings])
    assert [row["communality"] for row in told] == pytest.approx(expected.communalities)
    assert told[3]["scales"] == "one, two"
    assert {row["n"] for row in told} == {84}
    values = rows(book, "Eigenvalues")
    assert [row["eigenvalue"] for row in values] == pytest.approx(expected.eigenvalues)
    assert [row["above chance"] for row in values] == ["yes"] * expected.factors + ["no"] * (8 - expected.factors)


def test_responses_worth_a_second_look_are_listed_and_stay(book: Any) -> None:
    told = {row["response"]: row for row in rows(book, "Flags")}
    assert told["straight"]["same answer throughout"] == 1
    assert told["extreme"]["only extremes"] == 1
    assert (told["hasty"]["fast"], told["hasty"]["seconds"]) == (1, 40)
    assert "paper" not in told
    assert len(rows(book, "Scores · pupil")) == 84
    notes = " ".join(str(row["what was done"]) for row in rows(book, "Notes"))
    assert "none is left out" in notes


def test_too_few_answers_have_no_structure_and_the_notes_say_so() -> None:
    book = workbook(source(Response("r1", dict.fromkeys(ITEMS, 2)), of=(QUESTIONNAIRE,)))
    assert "Structure" not in book.sheetnames
    assert any("a structure needs 30" in str(row["what was done"]) for row in rows(book, "Notes"))
