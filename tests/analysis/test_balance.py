"""Standardised differences of schools, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from survey.analysis.balance import LARGE, Spread, spread, standardised_difference


def test_a_spread_leaves_out_what_is_not_known() -> None:
    assert spread([1.0, 2.0, np.nan, 3.0]) == Spread(3, 2.0, 1.0)
    assert spread([4.0]) == Spread(1, 4.0, None)
    assert spread([np.nan]) == Spread(0, None, None)


def test_a_difference_is_divided_by_the_root_of_the_mean_variance() -> None:
    # Variances 1 and 7: √((1 + 7) / 2) = 2, and the means lie 3 apart.
    assert standardised_difference(Spread(5, 10.0, 1.0), Spread(9, 7.0, 7**0.5)) == pytest.approx(1.5)
    assert standardised_difference(Spread(5, 7.0, 1.0), Spread(9, 10.0, 7**0.5)) == pytest.approx(-1.5)


def test_it_does_not_grow_with_the_number_of_schools() -> None:
    few, many = [1.0, 2.0, 3.0], [1.0, 2.0, 3.0] * 40
    for schools in (few, many):
        shifted = [one + 0.5 for one in schools]
        assert standardised_difference(spread(shifted), spread(schools)) == pytest.approx(0.5, rel=0.25)


def test_nothing_is_told_where_nothing_varies_or_too_few_are_known() -> None:
    assert standardised_difference(Spread(3, 1.0, 0.0), Spread(3, 2.0, 0.0)) is None
    assert standardised_difference(Spread(1, 1.0, None), Spread(3, 2.0, 1.0)) is None
    assert standardised_difference(Spread(0, None, None), Spread(3, 2.0, 1.0)) is None


def test_a_large_difference_is_that_of_the_what_works_clearinghouse() -> None:
    assert LARGE == 0.25
