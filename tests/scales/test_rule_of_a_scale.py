"""From the questionnaire's words to a rule, and from stored answers to numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from survey.definition.scale import Scale
from survey.scales import ConversionTable, Linear, Recode, Rule, ScoreBand, matrix, numbers, rules_for, score


@dataclass
class Item:
    """A question as scoring sees it; counts how often it is asked for a number."""

    id: str
    number_range: tuple[float, float] | None = (1.0, 5.0)
    asked: int = 0

    def value_of(self, word: str, /) -> int:
        return int(word)

    def number(self, value: Any, /) -> float | None:
        self.asked += 1
        return None if isinstance(value, (dict, list)) or value == 9 else float(value)


class Paper:
    """A questionnaire as scoring sees it."""

    def __init__(self, *items: Item) -> None:
        self._items = {item.id: item for item in items}
        self.scales: list[Scale] = []

    def question(self, id: str, /) -> Item:
        return self._items[id]

    def scale(self, id: str, /) -> Scale:
        return next(scale for scale in self.scales if scale.id == id)


def scale(**said: Any) -> Scale:
    plain = {"scale": "liking", "title": "Liking", "items": ["a", "b", "c"], "score": "mean", "direction": "More"}
    return Scale.model_validate({**plain, **said})


def rule_for(scale: Scale, paper: Paper) -> Rule:
    """The rule of a scale as one of a questionnaire."""
    paper.scales = [scale]
    return rules_for(paper)[scale.id]


PAPER = Paper(Item("a"), Item("b", (0.0, 4.0)), Item("c"))


def test_each_item_has_the_range_of_its_own_question() -> None:
    by = rule_for(scale(items=["a", {"item": "b", "reverse": True}, "c"]), PAPER)
    assert by == Rule(
        items=("a", "b", "c"),
        reverse=(False, True, False),
        low=(1.0, 0.0, 1.0),
        high=(5.0, 4.0, 5.0),
        score="mean",
        prorate=False,
        needs=3,
    )


@pytest.mark.parametrize(
    ("needs", "count"), [(None, 3), ("2 of 3", 2), ("60%", 2), ("67%", 3), ("33%", 1), ("1%", 1), ("100%", 3)]
)
def test_needs_is_a_count_and_a_share_is_rounded_up(needs: str | None, count: int) -> None:
    assert rule_for(scale(needs=needs), PAPER).needs == count


def test_sum_prorating_rounding_and_bands_come_along() -> None:
    said = scale(
        score="sum", prorate=True, round=0, bands={"self": [{"from": 0, "to": 15, "label": "Any"}], "parent": []}
    )
    by = rule_for(said, PAPER)
    assert (by.score, by.prorate, by.round) == ("sum", True, 0)
    assert by.bands == {"self": (ScoreBand(0, 15, "Any"),), "parent": ()}


def test_a_line_and_a_table_come_along() -> None:
    assert rule_for(scale(transform={"linear": [1, 5, 0, 100]}), PAPER).transform == Linear(1, 5, 0, 100)
    assert rule_for(scale(transform={"table": {7: 7, 8: 9.51}}), PAPER).transform == ConversionTable(
        {7.0: 7.0, 8.0: 9.51}
    )


def test_an_item_without_numbers_is_named() -> None:
    with pytest.raises(ValueError, match="scale 'liking' uses 'b', whose answers have no numbers"):
        rule_for(scale(), Paper(Item("a"), Item("b", None), Item("c")))


def test_reasons_for_no_answer_and_answers_without_a_number_are_missing_never_zero() -> None:
    values = [1, 5, {"missing": "dont_know"}, {"missing": "rather_not"}, {"missing": "blank"}, None, 9, 3]
    np.testing.assert_array_equal(numbers(Item("a"), values), [1, 5, *[np.nan] * 5, 3])


def test_a_question_is_asked_once_for_each_distinct_value() -> None:
    item = Item("a")
    found = numbers(item, [1, 2, 3, None, {"missing": "blank"}] * 1000)
    assert item.asked == 3
    assert np.nansum(found) == 6000


def test_a_list_of_ticks_has_no_number() -> None:
    np.testing.assert_array_equal(numbers(Item("a"), [[1, 2], 3, None]), [np.nan, 3, np.nan])


def test_the_matrix_has_a_row_per_response_and_a_column_per_question() -> None:
    answers = [{"a": 1, "b": 2, "other": 7}, {"a": {"missing": "dont_know"}}, {}]
    found = matrix([Item("a"), Item("b")], answers)
    np.testing.assert_array_equal(found, [[1, 2], [np.nan, np.nan], [np.nan, np.nan]])


def test_nobody_gives_an_empty_matrix() -> None:
    assert matrix([Item("a"), Item("b")], []).shape == (0, 2)


def test_from_stored_answers_to_a_score() -> None:
    by = rule_for(scale(items=["a", {"item": "b", "reverse": True}, "c"], needs="2 of 3"), PAPER)
    answers = [
        {"a": 5, "b": 0, "c": 5},
        {"a": 4, "b": {"missing": "dont_know"}, "c": 1},
        {"a": 4, "b": {"missing": "dont_know"}},
    ]
    found = score(matrix([PAPER.question(item) for item in by.items], answers), by)
    np.testing.assert_allclose(found.score, [14 / 3, 2.5, np.nan])
    assert found.answered.tolist() == [3, 2, 1]


INNER = [
    ({}, (3.0, 14.0)),
    ({"score": "mean"}, (1.0, 14 / 3)),
    ({"transform": {"linear": [3, 14, 0, 100]}}, (0.0, 100.0)),
    ({"transform": {"linear": [3, 14, 10, 0]}}, (0.0, 10.0)),
    ({"transform": {"table": {3: 7, 4: 9.5, 14: 8}}}, (7.0, 9.5)),
    ({"norms": {"groups": [{"for": {"sex": "f"}, "bands": [{"from": 3, "to": 14, "label": "Any"}]}]}}, (3.0, 14.0)),
    (
        {
            "norms": {
                "mean": 50,
                "sd": 10,
                "groups": [{"for": {"sex": "f"}, "mean": 8, "sd": 5}, {"for": {"sex": "m"}, "mean": 3, "sd": 2}],
            }
        },
        (40.0, 105.0),
    ),
    ({"norms": {"groups": [{"for": {"sex": "f"}, "table": {3: 1, 4: 99}}]}}, (1.0, 99.0)),
]
"""A scale of three items, and the lowest and highest score it can have."""


@pytest.mark.parametrize(("said", "ends"), INNER)
def test_an_item_that_is_a_scale_has_the_range_of_its_score(said: dict[str, Any], ends: tuple[float, float]) -> None:
    inner = scale(scale="inner", **{"score": "sum", **said})
    outer = scale(items=[{"item": "inner", "reverse": True}], score="sum")
    paper = Paper(Item("a"), Item("b", (1.0, 4.0)), Item("c"))
    paper.scales = [outer, inner]
    made = rules_for(paper)
    assert (made["liking"].low[0], made["liking"].high[0]) == pytest.approx(ends)
    assert made["liking"].parts == {"inner": made["inner"]}
    assert made["liking"].parts["inner"] is made["inner"]


def test_recodes_counts_weights_and_norms_come_along() -> None:
    said = scale(
        items=["a", {"item": "b", "recode": {"1": 9, "2": 0}, "weight": 2}, "c"],
        score="sum",
        recode={"1": 0, "2": 1},
        not_shown=0,
        norms={
            "mean": 50,
            "sd": 10,
            "groups": [{"for": {"sex": "f", "age": "5 to 7", "sen": "yes"}, "mean": 8, "sd": 4}],
        },
    )
    by = rule_for(said, PAPER)
    assert [recode and recode.values for recode in by.recodes] == [{1: 0, 2: 1}, {1: 9, 2: 0}, {1: 0, 2: 1}]
    assert by.weights == (1, 2, 1)
    assert by.not_shown == 0
    (group,) = by.norms
    assert group.whom == {"sex": "f", "age": (5, 7), "sen": "yes"}
    assert group.transform == Linear(8, 12, 50, 60)
    assert rule_for(scale(score="count", counts=["1", "4"]), PAPER).recodes[0] == Recode({1: 1.0, 4: 1.0}, 0.0)
    assert rule_for(scale(), PAPER).recodes == rule_for(scale(), PAPER).weights == ()
