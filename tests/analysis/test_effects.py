"""Differences in standard deviations beside R's effectsize (golden/make.R) and beside what is published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from survey.analysis.effects import correction, hedges_2007, hedges_g, noncentral, probability, quantile
from tests.scales.golden_files import results, table

GOLDEN = Path(__file__).parent / "golden"


def of_two(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """Return Hedges' g of `one` against `other`, with its interval."""
    n, m = len(one), len(other)
    pooled = np.sqrt(((n - 1) * one.var(ddof=1) + (m - 1) * other.var(ddof=1)) / (n + m - 2))
    value, low, high = hedges_g(one.mean() - other.mean(), pooled, n, m)
    return float(value), float(low), float(high)


def test_published_d() -> None:
    # Cohen's d of 1..4 against 3..7, as in the tests of Python's and R's effect size packages: -1.707825127659933.
    value, _, _ = of_two(np.arange(1.0, 5), np.arange(3.0, 8))
    assert value / float(correction(9)) == pytest.approx(-1.707825127659933, abs=1e-14)
    assert float(correction(9)) == pytest.approx(1 - 3 / 27)


def test_published_cars() -> None:
    # effectsize, documentation of cohens_d: mpg of 13 manual and 19 automatic cars, -1.48 [-2.27, -0.67].
    _, rows = table("cars", GOLDEN)
    golden = results("cars", GOLDEN)
    found = of_two(*(rows[rows[:, 1] == side, 0] for side in (0, 1)))
    factor = float(correction(32))
    assert np.array(found) / factor == pytest.approx([-1.48, -2.27, -0.67], abs=0.005)
    assert np.array(found) / factor == pytest.approx([golden[what, ""] for what in ("d", "d_low", "d_high")], abs=1e-6)


def test_published_extra_sleep() -> None:
    # The data of Student (1908): d -0.83, as in the documentation of effectsize and of base R's t.test (t = -1.8608).
    _, rows = table("extra_sleep", GOLDEN)
    golden = results("sleep", GOLDEN)
    one, other = (rows[rows[:, 1] == side, 0] for side in (1, 2))
    found = np.array(of_two(one, other)) / float(correction(20))
    assert found == pytest.approx([golden[what, ""] for what in ("d", "d_low", "d_high")], abs=1e-6)
    assert found[0] * np.sqrt(10 * 10 / 20) == pytest.approx(-1.8608, abs=5e-5)


def test_the_noncentral_t_is_that_of_r() -> None:
    golden = results("noncentral", GOLDEN)
    assert len(golden) == 12
    for (side, item), expected in golden.items():
        t, df = map(float, item.split())
        low, high = noncentral(t, df)
        assert float(high if side == "0.025" else low) == pytest.approx(expected, rel=1e-8, abs=1e-8), item


@pytest.mark.parametrize("t", [80.0, -300.0, 5000.0, -1e9])
def test_far_out_there_is_still_an_interval(t: float) -> None:
    # At 1e9 the library's noncentral t does not come back.
    low, high = noncentral(t, 40.0)
    assert low < t < high


@pytest.mark.parametrize("df", [3.0, 40.0, 5000.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_far_out_it_goes_on_from_near_by(df: float, sign: int) -> None:
    near, far = (np.array(noncentral(sign * t, df)) / t for t in (99.9, 100.1))
    assert far == pytest.approx(near, rel=5e-4)


def test_no_standard_deviation_no_g() -> None:
    assert np.isnan(hedges_g([1.0, 0.0], [0.0, 0.0], 5, 5)).all()


def test_published_points_of_t() -> None:
    # Any table of t: 2.228 at 10 degrees of freedom, 2.086 at 20; below 0 degrees there is none.
    assert quantile([10, 20]) == pytest.approx([2.228, 2.086], abs=5e-4)
    assert np.isnan(quantile(0))
    assert probability(-2.228, 10) == pytest.approx(0.05, abs=1e-4)


def test_published_pupils_in_schools() -> None:
    # eefAnalytics, crtFREQ on its data set crtData: g within schools 0.81 (0.10 to 1.52), total 0.67 (0.07 to 1.28), from
    # a difference of 3.1097 with variances 5.6737 and 14.7794, and so many pupils in 10 and 12 schools.
    programme = [13, 33, 30, 15, 5, 24, 14, 8, 1, 1]
    comparison = [30, 12, 4, 11, 16, 9, 21, 6, 4, 2, 5, 1]
    found = hedges_2007(3.1097086, 5.6737234, 14.7793987, programme, comparison)
    assert found is not None
    within, total = found
    assert (within.value, within.low, within.high) == pytest.approx((0.81, 0.10, 1.52), abs=0.005)
    assert (total.value, total.low, total.high) == pytest.approx((0.67, 0.07, 1.28), abs=0.005)


def test_schools_of_one_size_by_the_simpler_formulas() -> None:
    # Hedges (2007), equations 13 to 16 for clusters of equal size, to which those for unequal ones must come down.
    n, m, difference, between, within = 20, 12, 0.3, 0.2, 0.8
    found = hedges_2007(difference, between, within, [n] * m, [n] * m)
    assert found is not None
    icc, both = 0.2, 2 * n * m
    total = difference * np.sqrt(1 - 2 * (n - 1) * icc / (both - 2))
    first = 2 / (n * m) * (1 + (n - 1) * icc)
    bend = ((both - 2) * (1 - icc) ** 2 + n * (both - 2 * n) * icc**2 + 2 * (both - 2 * n) * icc * (1 - icc)) / (
        2 * (both - 2) * ((both - 2) - 2 * (n - 1) * icc)
    )
    assert found[1].value == pytest.approx(total)
    assert found[1].se ** 2 == pytest.approx(first + total**2 * bend)
    inside = difference / np.sqrt(0.8)
    assert found[0].value == pytest.approx(inside)
    assert found[0].se ** 2 == pytest.approx(first / 0.8 + inside**2 / (2 * (both - 2 * m)))


def test_one_school_in_an_arm_has_no_form_of_hedges() -> None:
    assert hedges_2007(1.0, 0.1, 1.0, [20], [20, 20]) is None


def test_one_pupil_in_each_school_has_no_form_of_hedges() -> None:
    assert hedges_2007(1.0, 0.1, 1.0, [1, 1], [1, 1, 1]) is None
