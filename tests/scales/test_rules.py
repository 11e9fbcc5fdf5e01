"""How answers become a score: each rule by itself, with numbers that can be worked out on paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from survey.scales import ConversionTable, Linear, Rule, score, score_each, turned

NONE = np.nan


def rule(count: int = 3, /, **said: object) -> Rule:
    """A mean of five-point items, all needed, none reversed, unless something else is said."""
    plain = {
        "items": tuple("abcdefghijklmnopqrstuvwxyz"[:count]),
        "reverse": (False,) * count,
        "low": (1.0,) * count,
        "high": (5.0,) * count,
        "score": "mean",
        "prorate": False,
        "needs": count,
    }
    return Rule(**{**plain, **said})


def scores(matrix: list[list[float]], by: Rule) -> list[float | None]:
    return [None if np.isnan(value) else value for value in score(matrix, by).score.tolist()]


def test_a_mean_is_the_mean_of_the_items() -> None:
    assert scores([[1, 2, 3], [5, 5, 5]], rule()) == [2.0, 5.0]


def test_a_sum_is_the_sum_of_the_items() -> None:
    assert scores([[1, 2, 3], [5, 5, 5]], rule(score="sum")) == [6.0, 15.0]


def test_a_reversed_item_is_turned_round_over_its_own_range() -> None:
    by = rule(reverse=(False, True, True), high=(5.0, 5.0, 4.0), low=(1.0, 1.0, 0.0), score="sum")
    # b: (1 + 5) - 2 = 4; c: (0 + 4) - 1 = 3.
    assert scores([[5, 2, 1]], by) == [5 + 4 + 3]


def test_only_named_items_are_reversed() -> None:
    answers = [[1, 2, 5]]
    assert scores(answers, rule(score="sum")) == [8.0]
    assert scores(answers, rule(score="sum", reverse=(True, False, False))) == [12.0]


@pytest.mark.parametrize(("needs", "expected"), [(1, 3.0), (2, 3.0), (3, None)])
def test_too_few_answers_give_no_score(needs: int, expected: float | None) -> None:
    assert scores([[2, NONE, 4]], rule(needs=needs)) == [expected]


def test_what_is_missing_is_left_out_of_the_mean_and_never_counts_as_zero() -> None:
    assert scores([[2, NONE, 4], [NONE, NONE, 1]], rule(needs=1)) == [3.0, 1.0]


def test_a_reversed_item_that_is_missing_stays_missing() -> None:
    by = rule(needs=2, reverse=(False, True, False))
    assert scores([[2, NONE, 4]], by) == [3.0]


def test_nobody_home_gives_no_score_and_no_answers() -> None:
    found = score([[NONE, NONE, NONE]], rule(needs=1))
    assert np.isnan(found.score).all()
    assert found.answered.tolist() == [0]


def test_answered_items_are_counted_even_where_there_is_no_score() -> None:
    found = score([[1, NONE, NONE], [1, 2, NONE], [1, 2, 3]], rule())
    assert found.answered.tolist() == [1, 2, 3]
    assert np.issubdtype(found.answered.dtype, np.integer)


def test_a_prorated_sum_is_the_mean_times_the_number_of_items() -> None:
    by = rule(4, score="sum", prorate=True, needs=3)
    assert scores([[1, 2, 3, NONE], [1, 2, 3, 4]], by) == [8.0, 10.0]


def test_a_sum_that_is_not_prorated_is_missing_with_any_item_whatever_is_needed() -> None:
    by = rule(4, score="sum", needs=3)
    assert scores([[1, 2, 3, NONE], [1, 2, 3, 4]], by) == [None, 10.0]


def test_prorated_sums_are_rounded_half_up() -> None:
    # As the Strengths and Difficulties Questionnaire does it: five items of 0 to 2, three needed.
    by = rule(4, score="sum", prorate=True, needs=2, round=0, low=(0.0,) * 4, high=(2.0,) * 4)
    # 1 + 1 + 0 of three items: mean 2/3, times four 2.67. 2 + 0 + 1 of three: 4.
    assert scores([[1, 1, 0, NONE], [2, 0, 1, NONE], [0, 1, NONE, NONE]], by) == [3.0, 4.0, 2.0]


def test_halves_go_up() -> None:
    by = rule(2, round=0)
    assert scores([[2, 3], [1, 2], [4, 5]], by) == [3.0, 2.0, 5.0]


def test_a_line_carries_both_ends_exactly() -> None:
    by = rule(transform=Linear(1, 5, 0, 100))
    assert scores([[1, 1, 1], [5, 5, 5], [3, 3, 3], [2, 2, 2]], by) == [0.0, 100.0, 50.0, 25.0]


def test_a_line_may_run_downwards() -> None:
    by = rule(transform=Linear(1, 5, 10, 0))
    assert scores([[1, 1, 1], [5, 5, 5], [4, 4, 4]], by) == [10.0, 0.0, 2.5]


def test_rounding_comes_after_a_line() -> None:
    # Mean 1.333…; rounded first it would be 1 and the score 0.
    by = rule(transform=Linear(1, 5, 0, 100), round=0)
    assert scores([[1, 1, 2]], by) == [8.0]


def test_a_table_gives_each_raw_score_its_value() -> None:
    by = rule(score="sum", transform=ConversionTable({raw: 2.5 * raw + 0.13 for raw in range(3, 16)}))
    assert scores([[1, 1, 1], [5, 5, 5], [1, 2, 3]], by) == [7.63, 37.63, 15.13]


def test_a_raw_score_that_the_table_does_not_hold_is_missing() -> None:
    by = rule(score="sum", transform=ConversionTable({3: 10.0, 5: 20.0}))
    assert scores([[1, 1, 1], [1, 1, 2], [1, 1, 3], [5, 5, 5]], by) == [10.0, None, 20.0, None]


def test_a_table_of_one_entry_is_a_table() -> None:
    assert scores([[1, 1, 1], [1, 1, 2]], rule(score="sum", transform=ConversionTable({3: 10.0}))) == [10.0, None]


def test_a_prorated_sum_is_rounded_before_it_is_looked_up_and_the_value_is_left_as_given() -> None:
    table = ConversionTable({raw: raw + 0.51 for raw in range(4, 21)})
    by = rule(4, score="sum", prorate=True, needs=3, transform=table)
    answers = [[1, 2, 2, NONE]]  # 5/3 × 4 = 6.67
    assert scores(answers, by) == [None]
    assert scores(answers, replace(by, round=0)) == [7.51]


def test_decimal_keys_of_a_table_are_found_though_sums_are_binary() -> None:
    by = rule(2, score="sum", low=(0.0, 0.0), high=(1.0, 1.0), transform=ConversionTable({0.3: 7.0}))
    assert 0.1 + 0.2 != 0.3
    assert scores([[0.1, 0.2]], by) == [7.0]


def test_an_item_may_serve_two_scales_turned_in_one_and_not_in_the_other() -> None:
    liking = rule(2, items=("music", "school"))
    worry = rule(2, items=("tests", "school"), reverse=(False, True))
    found = score_each([[5, 4, 1], [1, 2, 3]], ("music", "school", "tests"), (liking, worry))
    assert found[0].score.tolist() == [4.5, 1.5]
    assert found[1].score.tolist() == [1.5, 3.5]


@pytest.mark.parametrize("columns", ["abc", "cba", "cxab", "axbc", "abxc", "xaxxbxcx"])
def test_columns_may_stand_in_any_order_and_between_others(columns: str) -> None:
    names = [f"{name}{at}" if name == "x" else name for at, name in enumerate(columns)]
    answers = [{"a": 1, "b": 5, "c": 3}.get(name, 99) for name in names]
    found = score_each([answers], names, (rule(reverse=(False, True, False), score="sum"),))[0]
    assert found.score.tolist() == [1 + 1 + 3]


def test_items_below_zero_are_scored_as_any_other() -> None:
    by = rule(2, low=(-3.0, -3.0), high=(3.0, 3.0), reverse=(False, True), needs=1)
    assert scores([[-3, 2], [NONE, 3], [-1, NONE]], by) == [-2.5, -3.0, -1.0]


def test_a_scale_of_more_items_than_a_byte_counts() -> None:
    many = 300
    names = tuple(f"item_{at}" for at in range(many))
    by = rule(1, items=names, reverse=(False,) * many, low=(1.0,) * many, high=(5.0,) * many, needs=many)
    found = score(np.full((2, many), 4.0), by)
    assert found.answered.tolist() == [many, many]
    assert found.score.tolist() == [4.0, 4.0]


def test_nobody_gives_empty_scores() -> None:
    found = score(np.empty((0, 3)), rule())
    assert found.score.shape == found.answered.shape == (0,)


def test_scoring_leaves_the_answers_as_they_were() -> None:
    answers = np.array([[1.0, np.nan, 5.0]])
    before = answers.copy()
    score(answers, rule(reverse=(True, True, True), needs=1, transform=Linear(1, 5, 0, 1)))
    turned(answers, rule(reverse=(True, True, True)))
    np.testing.assert_array_equal(answers, before)


@pytest.mark.parametrize("stranger", [-9.0, 0.0, 6.0, np.inf, -np.inf])
def test_a_code_for_missing_is_refused_and_the_sentence_names_the_item_but_not_the_answer(stranger: float) -> None:
    for calculate in (score, turned):
        with pytest.raises(ValueError, match="item 'b' has numbers outside 1 to 5") as refused:
            calculate([[1, 2, 3], [1, stranger, 3], [1, 2, NONE]], rule(reverse=(False, True, False)))
        assert f"{stranger:g}" not in str(refused.value)


def test_infinities_of_both_signs_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="item 'a' has numbers outside"):
        score([[np.inf, -np.inf, 3]], rule(reverse=(True, False, False)))


def test_no_rules_give_no_scores() -> None:
    assert score_each([[1, 2]], ("a", "b"), ()) == ()


def test_a_stranger_in_a_later_block_is_refused_too() -> None:
    answers = np.full((100, 3), 2.0)
    answers[-1, 2] = 7
    with pytest.raises(ValueError, match="item 'c'"):
        score(answers, rule(), cells=30)


@pytest.mark.parametrize("shape", [(4,), (4, 2), (4, 4), (2, 3, 1)])
def test_a_matrix_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    for calculate in (score, turned):
        with pytest.raises(ValueError, match="a column for each"):
            calculate(np.ones(shape), rule())


def test_an_item_without_a_column_is_named() -> None:
    with pytest.raises(ValueError, match="item 'b' has no column"):
        score_each([[1, 2]], ("a", "c"), (rule(),))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"needs": 0}, "0 of 3 items cannot be needed"),
        ({"needs": 4}, "4 of 3 items cannot be needed"),
        ({"reverse": (True,)}, "each item needs its direction"),
        ({"low": (1.0, 6.0, 1.0)}, "item 'b' has no range"),
        ({"high": (5.0, 5.0, np.inf)}, "item 'c' has no range"),
        ({"items": ("a", "b", "a")}, "item 'a' is there twice"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(said: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        rule(**said)


def test_a_line_without_length_and_a_table_without_entries_are_refused() -> None:
    with pytest.raises(ValueError, match="two ends"):
        Linear(1, 1, 0, 100)
    with pytest.raises(ValueError, match="without entries"):
        ConversionTable({})


def test_the_raw_range_is_that_of_the_items() -> None:
    by = rule(low=(1.0, 0.0, 1.0), high=(5.0, 4.0, 3.0))
    assert by.raw_range == (2 / 3, 4.0)
    assert replace(by, score="sum").raw_range == (2.0, 12.0)
