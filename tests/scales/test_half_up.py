"""Rounding: halves go up, as the decimals read and not as binary fractions happen to lie."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.scales import Linear, Rule, half_up, score


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (2.5, 0, 3.0),
        (7.5, 0, 8.0),
        (2.4999, 0, 2.0),
        (0.5, 0, 1.0),
        (1.5, 0, 2.0),
        # Python and numpy round these down: they lie a little below the half in binary.
        (2.675, 2, 2.68),
        (1.005, 2, 1.01),
        (0.285, 2, 0.29),
        (1.115, 2, 1.12),
        (0.145, 2, 0.15),
        (8.345, 2, 8.35),
        (1.0005, 3, 1.001),
        (0.0000005, 6, 0.000001),
        (0.1 + 0.2 + 2.2, 0, 3.0),
        # Up is towards the greater number, below zero too.
        (-2.5, 0, -2.0),
        (-2.51, 0, -3.0),
        (-0.5, 0, 0.0),
        (-1.005, 2, -1.0),
        # A clear miss stays one.
        (2.67499, 2, 2.67),
        (2.6749999999, 2, 2.67),
        (12345678.4999999, 0, 12345678.0),
        (69818989.0, 6, 69818989.0),
    ],
)
def test_as_the_decimals_read(value: float, decimals: int, expected: float) -> None:
    found = half_up([value], decimals)
    assert found.tolist() == [expected]


def test_a_rounded_score_is_the_decimal_itself() -> None:
    assert [repr(value) for value in half_up([2.675, 0.285, 33.333], 2).tolist()] == ["2.68", "0.29", "33.33"]


def test_what_is_missing_stays_missing() -> None:
    assert np.isnan(half_up([np.nan])).all()


@settings(deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(0, 6), st.integers(0, 6))
def test_agrees_with_decimal_arithmetic(digits: int, written: int, decimals: int) -> None:
    exact = Decimal(digits).scaleb(-written)
    step = Decimal(1).scaleb(-decimals)
    expected = ((exact / step + Decimal("0.5")).to_integral_value(ROUND_FLOOR)) * step
    assert half_up([float(exact)], decimals).tolist() == [float(expected)]


@settings(deadline=None)
@given(st.integers(-10_000, 10_000), st.integers(-50, 50))
def test_a_scale_moved_by_a_whole_number_is_rounded_as_before(eighths: int, moved: int) -> None:
    value = eighths / 8
    assert half_up([value + moved]) == half_up([value]) + moved


def test_every_score_of_eight_items_is_rounded_as_its_fraction() -> None:
    # Every score that eight five-point items can have, carried to 0 to 100 and rounded to one decimal.
    by = Rule(tuple("abcdefgh"), (False,) * 8, (1.0,) * 8, (5.0,) * 8, "mean", False, 8, 1, Linear(1, 5, 0, 100))
    for total in range(8, 41):
        answers = [[total // 8 + (at < total % 8) for at in range(8)]]
        exact = (Decimal(total) / 8 - 1) / 4 * 100
        expected = (exact * 10 + Decimal("0.5")).to_integral_value(ROUND_FLOOR) / 10
        assert score(answers, by).score.tolist() == [float(expected)]
