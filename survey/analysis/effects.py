"""Differences in standard deviations: Hedges' g with its interval, and Hedges' forms for pupils in schools.

Sources
    Hedges, L. V. (1981). Distribution theory for Glass's estimator of effect size and related estimators. Journal of
    Educational Statistics, 6, 107-128.
    Steiger, J. H. and Fouladi, R. T. (1997). Noncentrality interval estimation and the evaluation of statistical
    models. In L. L. Harlow et al. (eds), What if there were no significance tests? Erlbaum (the interval).
    Hedges, L. V. (2007). Effect sizes in cluster-randomized designs. Journal of Educational and Behavioral Statistics,
    32, 341-370.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_TAIL: Final = 0.025
"""What an interval of 95 % leaves out on either side."""

_FAR: Final = 100.0
"""Beyond such a t the library's noncentral t loses digits, and far beyond never ends; a simpler one is as good."""


@dataclass(frozen=True)
class Effect:
    """A difference in standard deviations, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClusteredEffect:
    """A difference in standard deviations after Hedges (2007), with its standard error and 95 % interval."""

    value: float
    se: float
    low: float
    high: float


@dataclass(frozen=True)
class Contrast:
    """A difference of two groups with its standard error and its 95 % interval by t; `n` of what was compared."""

    n: int
    difference: float
    se: float | None
    df: float | None
    low: float | None
    high: float | None
    p: float | None


def quantile(df: ArrayLike) -> Floats:
    """Return t's 97.5 % point for degrees of freedom of any size above 0; NaN elsewhere."""
    from scipy import special

    given = np.asarray(df, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return np.asarray(special.stdtrit(np.where(given > 0, given, np.nan), 1 - _TAIL))


def probability(t: ArrayLike, df: ArrayLike) -> Floats:
    """Return the two-sided probability of a t at least this far from 0."""
    from scipy import special

    return np.asarray(2 * special.stdtr(np.asarray(df, dtype=np.float64), -np.abs(np.asarray(t, dtype=np.float64))))


def by_t(n: int, difference: float, se: float, df: float) -> Contrast | None:
    """Return a difference with its interval; without one where its standard error or degrees of freedom are unknown."""
    if not math.isfinite(difference):
        return None
    if not (math.isfinite(se) and math.isfinite(df) and se > 0):
        return Contrast(n, float(difference), None, None, None, None, None)
    reach = float(quantile(df)) * se
    p = float(probability(difference / se, df))
    return Contrast(n, float(difference), float(se), float(df), difference - reach, difference + reach, p)


def correction(n: ArrayLike) -> Floats:
    """Return Hedges' correction for small samples, 1 - 3 / (4n - 9), of n in two groups together."""
    return np.asarray(1 - 3 / (4 * np.asarray(n, dtype=np.float64) - 9))


def hedges_g(difference: ArrayLike, sd: ArrayLike, one: ArrayLike, other: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return Hedges' g with the ends of its interval: the difference by the pooled SD, times the correction.

    `one` and `other` are how many are in each group. The interval comes from the noncentral t and takes everyone as
    independent. NaN where the SD is 0.
    """
    n, m = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        d = np.asarray(difference, dtype=np.float64) / np.asarray(sd, dtype=np.float64)
        d = np.where(np.isfinite(d), d, np.nan)
        unit = np.sqrt(1 / n + 1 / m)
        factor = correction(n + m)
        low, high = noncentral(d / unit, n + m - 2)
    return factor * d, factor * low * unit, factor * high * unit


def noncentral(t: ArrayLike, df: ArrayLike) -> tuple[Floats, Floats]:
    """Return the two noncentralities between which a noncentral t with this value lies, at 95 % (same shape as `t`)."""
    given, freedom = np.broadcast_arrays(np.asarray(t, dtype=np.float64), np.asarray(df, dtype=np.float64))
    return _noncentrality(given, freedom, 1 - _TAIL), _noncentrality(given, freedom, _TAIL)


def _noncentrality(t: Floats, df: Floats, share: float) -> Floats:
    """Return the noncentrality at which `share` of the distribution lies below t."""
    from scipy import special

    near = np.where(np.abs(t) <= _FAR, t, np.nan)
    found = np.asarray(special.nctdtrinc(df, share, near))
    # The library's root is good to about six digits. Two steps of Newton's method, with a slope from two points, give
    # the others.
    for _ in range(2):
        step = 1e-4 * (1 + np.abs(found))
        above, below = special.nctdtr(df, found + step, near), special.nctdtr(df, found - step, near)
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = (special.nctdtr(df, found, near) - share) * 2 * step / (above - below)
        found = found - np.where(np.abs(moved) < step, moved, 0.0)
    return np.where(np.isfinite(found), found, _far(t, df, share))


def _far(t: Floats, df: Floats, share: float) -> Floats:
    """Return it far out, where it is the deviation of a χ² and that of a normal, put together as squares."""
    from scipy import special

    tail = np.where(t < 0, 1 - share, share)
    with np.errstate(invalid="ignore"):
        spread = np.abs(t) * (np.sqrt(special.chdtri(df, tail) / df) - 1)
    away = np.sqrt(spread**2 + special.ndtri(share) ** 2)
    return np.where(np.isnan(t), np.nan, t + (away if share < 0.5 else -away))


def hedges_2007(
    difference: float, between: float, within: float, programme: Sequence[int], comparison: Sequence[int]
) -> tuple[ClusteredEffect, ClusteredEffect] | None:
    """Return a difference in standard deviations within schools, and in total ones, after Hedges (2007).

    `between` and `within` are the variances of the model; `programme` and `comparison` the number of pupils of each
    school in either arm, of any size. Intervals are those of a normal distribution, as published: with few schools they
    are short. None with fewer than two schools in an arm, with one pupil in each school, or without variance.
    """
    if min(len(programme), len(comparison)) < 2 or within <= 0:
        return None
    if sum(programme) + sum(comparison) <= len(programme) + len(comparison):
        return None
    icc = between / (between + within)
    inside = _within_schools(difference / math.sqrt(within), icc, programme, comparison)
    return inside, _total(difference / math.sqrt(between + within), icc, programme, comparison)


def _within_schools(d: float, icc: float, one: Sequence[int], other: Sequence[int]) -> ClusteredEffect:
    n, m = sum(one), sum(other)
    spread = (n + m) / (n * m) * (1 + (_mean_size(one, other) - 1) * icc) / (1 - icc)
    return _clustered(d, spread + d**2 / (2 * (n + m - len(one) - len(other))))


def _total(d: float, icc: float, one: Sequence[int], other: Sequence[int]) -> ClusteredEffect:
    """Return Hedges' d_T2 for schools of unequal size, equations 19 and 20."""
    n, m = sum(one), sum(other)
    both = n + m
    each = [(total**2 - _power(sizes, 2)) / (total * (len(sizes) - 1)) for total, sizes in ((n, one), (m, other))]
    b = each[0] * (len(one) - 1) + each[1] * (len(other) - 1)
    a = _fourth(one) + _fourth(other)
    lost = both - each[0] * len(one) - each[1] * len(other) + each[0] + each[1] - 2
    d *= math.sqrt(max(1 - icc * lost / (both - 2), 0.0))
    first = both / (n * m) * (1 + (_mean_size(one, other) - 1) * icc)
    second = d**2 * ((both - 2) * (1 - icc) ** 2 + a * icc**2 + 2 * b * icc * (1 - icc))
    return _clustered(d, first + second / (2 * (both - 2) * (both - 2 - icc * (both - 2 - b))))


def _clustered(d: float, variance: float) -> ClusteredEffect:
    from scipy import special

    se = math.sqrt(variance)
    reach = float(special.ndtri(1 - _TAIL)) * se
    return ClusteredEffect(d, se, d - reach, d + reach)


def _power(sizes: Sequence[int], power: int) -> int:
    return sum(size**power for size in sizes)


def _mean_size(one: Sequence[int], other: Sequence[int]) -> float:
    n, m = sum(one), sum(other)
    return m * _power(one, 2) / (n * (n + m)) + n * _power(other, 2) / (m * (n + m))


def _fourth(sizes: Sequence[int]) -> float:
    n, squares = sum(sizes), _power(sizes, 2)
    return (n**2 * squares + squares**2 - 2 * n * _power(sizes, 3)) / n**2
