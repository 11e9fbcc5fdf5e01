"""What the checker knows of scores before anyone answers: their ranges, their steps, and every sum there can be."""

from __future__ import annotations

import pytest

from survey.definition.counting import Counting, overlapping
from survey.definition.scale import number_range
from tests.language.examples import good, told

PAGES = """
options:
  agree3: [{code: 1, label: Disagree}, {code: 2, label: Neither}, {code: 3, label: Agree}]
pages:
  - page: one
    questions:
      - {question: a, kind: rating, ask: Statement A, options: agree3}
      - {question: b, kind: rating, ask: Statement B, options: agree3}
      - {question: c, kind: number, ask: How many hours, min: 0, max: 4000}
"""


def known(rest: str, items: str = "[a, b]", score: str = "sum") -> tuple[Counting, object]:
    scale = f"scales:\n  - {{scale: joy, title: Joy, items: {items}, score: {score}, direction: Up{rest}}}\n"
    questionnaire = good(PAGES + scale)
    return Counting(questionnaire), questionnaire.scale("joy")


@pytest.mark.parametrize(
    ("rest", "items", "score", "ends", "step"),
    [
        ("", "[a, b]", "sum", (2, 6), 1),
        ("", "[a, b]", "mean", (1, 3), 0),
        (", round: 1", "[a, b]", "mean", (1, 3), 0.1),
        (", transform: {linear: [2, 6, 100, 0]}", "[a, b]", "sum", (0, 100), 0),
        (", transform: {table: {2: 7, 3: 8.5, 4: 9, 5: 11, 6: 10}}", "[a, b]", "sum", (7, 11), 0),
        (", round: 0, transform: {table: {2: 7, 3: 8.5, 4: 9, 5: 11, 6: 10.5}}", "[a, b]", "sum", (7, 11), 1),
        (", round: 1, transform: {linear: [1, 3, 0.04, 0.97]}", "[a, b]", "mean", (0, 1), 0.1),
        ("", "[a, {item: b, weight: 2}]", "sum", (3, 9), 1),
        ("", "[a, {item: b, weight: 0.5}]", "sum", (1.5, 4.5), 0),
        (", round: 0", "[a, {item: b, weight: 0.5}]", "sum", (2, 5), 1),
        (", recode: {1: 0, 2: 0, 3: 2}", "[a, b]", "sum", (0, 4), 1),
        (", recode: {1: 0, 2: 0.5, 3: 1}", "[a, b]", "sum", (0, 2), 0),
        (", counts: [3]", "[a, b]", "count", (0, 2), 1),
        (", needs: 1 of 2, prorate: yes", "[a, b]", "sum", (2, 6), 0),
        (", norms: {mean: 50, sd: 10, groups: [{for: {sex: f}, mean: 4, sd: 3}]}", "[a, b]", "sum", (43.33, 56.67), 0),
        (
            ", round: 0, norms: {mean: 50, sd: 10, groups: [{for: {sex: f}, mean: 4, sd: 3}]}",
            "[a, b]",
            "sum",
            (43, 57),
            1,
        ),
        (
            ", norms: {groups: [{for: {sex: f}, table: {2: 5, 3: 20, 4: 50, 5: 80, 6: 99}}]}",
            "[a, b]",
            "sum",
            (5, 99),
            0,
        ),
    ],
)
def test_range_and_step(rest: str, items: str, score: str, ends: tuple[float, float], step: float) -> None:
    counting, scale = known(rest, items, score)
    assert counting.reported_range(scale) == pytest.approx(ends, abs=0.005)
    assert counting.step(scale) == pytest.approx(step)


def test_an_item_that_was_not_shown_widens_the_range() -> None:
    routed = PAGES.replace("Statement B, options: agree3", "Statement B, options: agree3, when: {a: 3}")
    questionnaire = good(
        f"{routed}scales: [{{scale: joy, title: Joy, items: [a, b], score: sum, not_shown: 0, direction: Up}}]\n"
    )
    assert Counting(questionnaire).raw_range(questionnaire.scale("joy")) == (0, 6)


def chain(length: int) -> str:
    scales = "".join(
        f"  - {{scale: s{n}, title: S{n}, items: [{f's{n - 1}' if n > 1 else 'a'}], score: sum, direction: Up, source: Own}}\n"
        for n in range(1, length + 1)
    )
    return f"{PAGES}scales:\n{scales}"


def test_ten_scales_may_lie_within_each_other_and_no_more() -> None:
    questionnaire = good(chain(10))
    assert Counting(questionnaire).depth == {f"s{n}": n for n in range(1, 11)}
    assert [message for message in told(chain(12)) if "to no scale" not in message] == [
        "scale 's11' is made of scales that are made of scales, 11 in all. 10 is the most. Please make it of questions"
    ]


@pytest.mark.parametrize(
    ("rest", "items", "sums"),
    [
        ("", "[a, b]", [2, 3, 4, 5, 6]),
        ("", "[a, {item: b, weight: 3}]", [4, 5, 6, 7, 8, 9, 10, 11, 12]),
        ("", "[{item: a, weight: 2}, {item: b, weight: 4}]", [6, 8, 10, 12, 14, 16, 18]),
        (", recode: {1: 0, 2: 0, 3: 5}", "[a, b]", [0, 5, 10]),
        (", recode: {1: -1, 2: 0, 3: 1}", "[a, b]", [-2, -1, 0, 1, 2]),
        (", recode: {1: 0, 2: 0.5, 3: 1}", "[a, b]", None),
        ("", "[a, {item: b, weight: 1.5}]", None),
    ],
)
def test_every_sum_there_can_be(rest: str, items: str, sums: list[int] | None) -> None:
    counting, scale = known(rest, items)
    assert counting.possible_sums(scale) == sums


def test_sums_of_many_answers() -> None:
    counting, scale = known("", "[a, b, c]")
    assert counting.possible_sums(scale) == list(range(2, 4007))


def test_a_table_holds_the_sums_that_weights_can_make_and_no_more_are_asked_for() -> None:
    table = ", ".join(f"{raw}: {raw}" for raw in (6, 8, 10, 12, 14, 16, 18))
    scale = (
        "scales: [{scale: joy, title: Joy, items: [{item: a, weight: 2}, {item: b, weight: 4}], score: sum, "
        f"direction: Up, source: Own, transform: {{table: {{{table}}}}}}}]\n"
    )
    assert [message for message in told(PAGES + scale) if "in no scale" not in message] == []


def test_groups_of_norms_meet_where_one_person_could_be_in_both() -> None:
    assert overlapping({"sex": "f"}, {"age": "5 to 9"})
    assert overlapping({"sex": "f", "age": "5 to 9"}, {"sex": "f", "age": "9"})
    assert overlapping({"age": "5 to 9"}, {"age": "7.5 to 12"})
    assert not overlapping({"sex": "f", "age": "5 to 9"}, {"sex": "m", "age": "5 to 9"})
    assert not overlapping({"age": "5 to 9"}, {"age": "10"})
    assert not overlapping({"age": "5 to 9"}, {"age": "old"})


@pytest.mark.parametrize(
    ("text", "ends"),
    [("5 to 10", (5, 10)), ("-2.5 to 3", (-2.5, 3)), ("5", None), ("5 - 10", None), ("f", None), ("5 to ten", None)],
)
def test_a_range_is_two_numbers_with_to_between_them(text: str, ends: tuple[float, float] | None) -> None:
    assert number_range(text) == ends
