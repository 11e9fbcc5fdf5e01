"""The arrays themselves: what goes in is not changed, what comes out has its type and shape, and ends are ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from survey.scales import (
    ConversionTable,
    Linear,
    Rule,
    ScoreBand,
    band,
    half_up,
    matrix,
    numbers,
    score,
    score_each,
    turned,
)

NAN = np.nan
THREE = Rule(("a", "b", "c"), (False, True, False), (1.0, 0.0, -2.0), (5.0, 10.0, 2.0), "mean", False, 2)


class Said:
    """A question whose answers are their own numbers; of "none" it has none."""

    def __init__(self, name: str = "a") -> None:
        self.id = name
        self.asked: list[Any] = []

    number_range = (1.0, 5.0)

    def number(self, value: Any, /) -> float | None:
        self.asked.append(value)
        return None if value == "none" or isinstance(value, list) else value


# ---- reversing ----------------------------------------------------------------------------------------------


def test_the_reversed_items_of_a_matrix_are_turned_round_over_their_own_range() -> None:
    given = np.array([[1, 0, -2], [5, 10, 2], [3, 4, 1], [NAN, NAN, NAN]])
    before = given.copy()
    np.testing.assert_array_equal(turned(given, THREE), [[1, 10, -2], [5, 0, 2], [3, 6, 1], [NAN] * 3])
    np.testing.assert_array_equal(given, before)
    both = Rule(("a", "b"), (True, True), (1.0, 2.0), (5.0, 4.0), "mean", False, 1)
    np.testing.assert_array_equal(turned([[1, 2], [5, 3]], both), [[5, 4], [1, 3]])


def test_whole_numbers_that_go_in_come_out_as_numbers_that_can_be_missing() -> None:
    found = turned([[1, 2, 0]], THREE)
    assert found.dtype == np.float64
    assert turned(np.empty((0, 3)), THREE).shape == (0, 3)


@pytest.mark.parametrize("row", [[1, 2], [1, 2, 0, 0]])
def test_a_matrix_of_another_width_is_not_turned(row: list[int]) -> None:
    with pytest.raises(ValueError, match=r"^scoring 3 items needs a column for each, not an array \(1, \d\)$"):
        turned([row], THREE)
    with pytest.raises(ValueError, match=r"^scoring 3 items needs a column for each, not an array \(\d,\)$"):
        turned(row, THREE)


@pytest.mark.parametrize(("column", "number"), [(0, 0.999), (0, 5.001), (1, -1), (1, 11), (2, -3), (2, 3), (2, -9)])
def test_a_number_outside_its_item_s_range_is_not_turned(column: int, number: float) -> None:
    rows = np.array([[1.0, 5.0, 0.0], [5.0, 0.0, 2.0], [NAN, NAN, NAN]])
    rows[1, column] = number
    name, low, high = THREE.items[column], THREE.low[column], THREE.high[column]
    said = f"^item '{name}' has numbers outside {low:g} to {high:g}\\. Please turn codes for missing answers into NaN"
    with pytest.raises(ValueError, match=said):
        turned(rows, THREE)
    with pytest.raises(ValueError, match=said):
        score(rows, THREE)


# ---- answers and numbers -------------------------------------------------------------------------------------


def test_a_value_without_a_number_and_a_reason_are_not_numbers() -> None:
    found = numbers(Said(), [2, None, "none", {"missing": "blank"}, 4])
    np.testing.assert_array_equal(found, [2, NAN, NAN, NAN, 4])
    assert found.dtype == np.float64


def test_where_there_are_lists_every_value_is_asked_for() -> None:
    found = numbers(Said(), [[1, 2], 3, None, "none"])
    np.testing.assert_array_equal(found, [NAN, 3, NAN, NAN])
    assert found.dtype == np.float64
    assert numbers(Said(), [[1]]).dtype == np.float64


def test_whole_numbers_are_not_cut_to_whole_numbers_afterwards() -> None:
    assert numbers(Said(), [1, 2]).dtype == numbers(Said(), []).dtype == np.float64


def test_the_matrix_is_laid_out_by_columns() -> None:
    found = matrix([Said("a"), Said("b")], [{"a": 1, "b": 2}, {"b": 3}, {}])
    np.testing.assert_array_equal(found, [[1, 2], [NAN, 3], [NAN, NAN]])
    assert found.flags.f_contiguous
    assert found.dtype == np.float64


# ---- scores --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [1, 2, 3, 7, 1_000_000])
@pytest.mark.parametrize("order", ["C", "F"])
def test_scores_do_not_hang_on_how_many_are_worked_on_at_once(cells: int, order: Any) -> None:
    every = np.array([[a, b, c] for a in (1, 3, NAN) for b in (0, 4, NAN) for c in (-2, 1, NAN)], order=order)
    other = Rule(("c", "a"), (True, False), (-2.0, 1.0), (2.0, 5.0), "sum", True, 1, 1)
    found = score_each(every, ("a", "b", "c"), (THREE, other), cells=cells)
    for row, (mean, total, n, m) in enumerate(
        zip(found[0].score, found[1].score, found[0].answered, found[1].answered, strict=True)
    ):
        a, b, c = every[row]
        items = [value for value in (a, 10 - b, c) if not np.isnan(value)]
        assert n == len(items)
        assert np.isnan(mean) if len(items) < 2 else mean == pytest.approx(sum(items) / len(items))
        pair = [value for value in (-c, a) if not np.isnan(value)]
        assert m == len(pair)
        assert np.isnan(total) if not pair else total == pytest.approx(sum(pair) * 2 / len(pair))
    assert found[0].answered.dtype == np.int16
    assert found[0].score.dtype == np.float64


def test_many_respondents_are_scored_as_each_alone_whatever_tile_they_fall_into() -> None:
    rows = np.array([[1 + n % 5, n % 11, n % 5 - 2] for n in range(1100)], dtype=float)
    rows[::7, 1] = NAN
    together = score(rows, THREE)
    for n in (0, 1, 511, 512, 513, 1023, 1024, 1025, 1099):
        alone = score(rows[n : n + 1], THREE)
        assert (alone.score[0], alone.answered[0]) == (together.score[n], together.answered[n])


def test_scores_are_missing_at_one_answer_fewer_than_are_needed() -> None:
    for needs in (1, 2, 3):
        rule = Rule(THREE.items, (False,) * 3, (1.0,) * 3, (5.0,) * 3, "mean", False, needs)
        rows = [[2] * n + [NAN] * (3 - n) for n in range(4)]
        found = score(rows, rule)
        assert [not np.isnan(one) for one in found.score] == [n >= needs for n in range(4)]
        assert found.answered.tolist() == [0, 1, 2, 3]


# ---- transformations -----------------------------------------------------------------------------------------


def by_table(raw: list[float], table: dict[float, float], decimals: int | None = None) -> list[float]:
    rule = Rule(("a",), (False,), (0.0,), (100.0,), "sum", False, 1, decimals, ConversionTable(table))
    return [None if np.isnan(one) else one for one in score([[one] for one in raw], rule).score]  # type: ignore[misc]


def test_every_entry_of_a_table_is_found_and_nothing_between_or_beside_them() -> None:
    table = {10.0: 1.0, 0.0: 5.0, 3.0: 2.5, 4.0: 7.0, 20.0: 9.0}
    assert by_table([0, 3, 4, 10, 20], table) == [5, 2.5, 7, 1, 9]
    assert by_table([1, 2, 3.5, 5, 9, 11, 15, 19, 21, 100], table) == [None] * 10
    assert by_table([3.0000001, 2.9999999, 10.001], table) == [None] * 3


@pytest.mark.parametrize("table", [{5.0: 1.0}, {5.0: 1.0, 6.0: 2.0}, {4.0: 2.0, 5.0: 1.0}])
def test_a_table_of_one_or_two_entries_is_looked_up_as_any_other(table: dict[float, float]) -> None:
    assert by_table([0, 5, 100], table) == [None, 1, None]


def test_a_score_that_is_not_there_is_not_looked_up() -> None:
    rule = Rule(
        ("a", "b"), (False, False), (0.0, 0.0), (9.0, 9.0), "sum", False, 1, None, ConversionTable({0.0: 1.0, 9.0: 2.0})
    )
    assert np.isnan(score([[NAN, 0.0], [NAN, NAN]], rule).score).all()


@pytest.mark.parametrize(
    ("line", "raw", "new"),
    [
        (Linear(1, 5, 0, 100), [1, 2, 3, 5], [0, 25, 50, 100]),
        (Linear(1, 5, 100, 0), [1, 2, 3, 5], [100, 75, 50, 0]),
        (Linear(5, 1, 10, 20), [1, 3, 5], [20, 15, 10]),
        (Linear(2, 4, -1, 1), [1, 2, 3, 4], [-2, -1, 0, 1]),
    ],
)
def test_a_line_leads_through_both_of_its_points(line: Linear, raw: list[float], new: list[float]) -> None:
    rule = Rule(("a",), (False,), (1.0,), (5.0,), "mean", False, 1, None, line)
    assert score([[one] for one in raw], rule).score.tolist() == new


# ---- ends ----------------------------------------------------------------------------------------------------


def test_a_band_ends_where_it_ends() -> None:
    step = 1e-9
    found = band([2 - step, 2, 2 + step, 4 - step, 4, 4 + step, NAN], (ScoreBand(2, 4, "Here"),))
    assert found.tolist() == [None, "Here", "Here", "Here", "Here", None, None]
    assert found.dtype == object
    assert band([3, 5], (ScoreBand(2, 4, "A much longer name than the first"), ScoreBand(5, 5, "B"))).tolist()[1] == "B"


def test_what_is_nearer_than_decimals_can_tell_is_the_same_number_and_no_more() -> None:
    unit = np.spacing(3.0)
    near, far = 3.0 + 16 * unit, 3.0 + 4096 * unit
    assert band([near, far], (ScoreBand(1, 3, "Low"),)).tolist() == ["Low", None]
    for table in ({3.0: 1.0}, {3.0: 1.0, 50.0: 2.0}, {1.0: 5.0, 2.0: 6.0, 3.0: 1.0, 50.0: 2.0}, {1.0: 5.0, 3.0: 1.0}):
        assert by_table([near, far], table) == [1, None]


@pytest.mark.parametrize(("decimals", "found"), [(None, None), (0, None), (1, 7.0), (2, None)])
def test_what_is_looked_up_is_rounded_to_the_scale_s_own_decimals(decimals: int | None, found: float | None) -> None:
    assert by_table([2.25], {2.3: 7.0, 40.0: 1.0}, decimals) == [found]


@pytest.mark.parametrize("decimals", [0, 1, 2, 3])
def test_whole_numbers_are_rounded_to_numbers(decimals: int) -> None:
    found = half_up([1, 2, -3], decimals)
    assert found.dtype == np.float64
    assert found.tolist() == [1.0, 2.0, -3.0]


@pytest.mark.parametrize(
    ("value", "decimals", "rounded"),
    [
        (0.5, 0, 1), (-0.5, 0, 0), (1.4999, 0, 1), (-1.5, 0, -1), (-1.5001, 0, -2), (0.05, 1, 0.1), (-0.05, 1, 0),
        (1.25, 1, 1.3), (1.2499, 1, 1.2), (2.675, 2, 2.68), (1e15, 0, 1e15),
    ],
)  # fmt: skip
def test_halves_go_up_and_what_is_less_goes_down(value: float, decimals: int, rounded: float) -> None:
    assert float(half_up(value, decimals)) == rounded


# ---- rules that contradict themselves ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"reverse": (False,)}, "each item needs its direction, its lowest and its highest number"),
        ({"low": (1.0,)}, "each item needs its direction, its lowest and its highest number"),
        ({"high": (5.0,) * 3}, "each item needs its direction, its lowest and its highest number"),
        ({"needs": 0}, "0 of 2 items cannot be needed"),
        ({"needs": 3}, "3 of 2 items cannot be needed"),
        ({"items": ("a", "a")}, "item 'a' is there twice"),
        ({"low": (1.0, 6.0)}, "item 'b' has no range: 6 to 5"),
        ({"low": (NAN, 1.0)}, "item 'a' has no range: nan to 5"),
        ({"high": (5.0, np.inf)}, "item 'b' has no range: 1 to inf"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_in_these_words(changed: dict[str, Any], sentence: str) -> None:
    right: dict[str, Any] = {
        "items": ("a", "b"), "reverse": (False, False), "low": (1.0, 1.0), "high": (5.0, 5.0), "score": "mean",
        "prorate": False, "needs": 1,
    }  # fmt: skip
    assert Rule(**right, round=0)
    assert Rule(**{**right, "needs": 2, "low": (5.0, 1.0)})
    with pytest.raises(ValueError) as fault:
        Rule(**{**right, **changed})
    assert str(fault.value) == sentence


def test_a_line_without_length_and_an_empty_table_are_refused_in_these_words() -> None:
    with pytest.raises(ValueError) as fault:
        Linear(2, 2, 0, 1)
    assert str(fault.value) == "a line needs two ends, and both are 2"
    with pytest.raises(ValueError) as fault:
        ConversionTable({})
    assert str(fault.value) == "a conversion table without entries makes every score missing"


@pytest.mark.parametrize("items", [255, 256, 257])
def test_as_many_items_are_counted_as_were_answered_also_where_a_byte_ends(items: int) -> None:
    names = tuple(f"i{n}" for n in range(items))
    rule = Rule(names, (False,) * items, (0.0,) * items, (1.0,) * items, "sum", False, items)
    found = score([[1.0] * items, [NAN] + [1.0] * (items - 1)], rule)
    assert found.answered.tolist() == [items, items - 1]
    assert (found.score[0], np.isnan(found.score[1])) == (items, True)
