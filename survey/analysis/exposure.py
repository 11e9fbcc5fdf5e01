"""The longer a child has been involved, the …: how an outcome goes up with each year in the programme, and by bands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from survey.analysis.effects import Contrast, by_t, quantile
from survey.analysis.mixed import Floats, MixedFits, fit, numbered, sums


@dataclass(frozen=True)
class ExposureBand:
    """People whose exposure is from `low` up to below `high` (None: no end), and their outcome.

    `n` is None where it is hidden.
    """

    low: float
    high: float | None
    n: int | None
    mean: float | None
    sd: float | None


@dataclass(frozen=True)
class ExposureLine:
    """Where the model's line is at an exposure, with its 95 % interval there; None where that is not known."""

    at: float
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ExposureSlope:
    """How an outcome goes with exposure. `slope.difference` is for one unit of exposure, such as a year.

    `standardised` is it by `denominator`, √(variance between + variance within) of the model without exposure on the
    same rows, or the plain standard deviation without clusters. It is a connection, not a cause: those who stay longer
    may differ. `line` is the model's line where bands with anyone begin and end, for a picture.
    """

    outcome: str
    exposure: str
    n: int
    clusters: int | None
    slope: Contrast | None
    denominator: float | None
    standardised: float | None
    bands: tuple[ExposureBand, ...]
    notes: tuple[str, ...]
    sentence: str
    line: tuple[ExposureLine, ...] = ()


def exposure_slope(
    outcome: tuple[str, ArrayLike],
    exposure: tuple[str, ArrayLike],
    clusters: Sequence[str | None] | None = None,
    bands: Sequence[float] = (0, 1, 2, 3),
) -> ExposureSlope:
    """Return how an outcome (a name, and a number for each person) goes with exposure (likewise; NaN for missing).

    Pass the people of the programme only, unless those without exposure are meant to count. With `clusters` the model
    has a random intercept for each, and Satterthwaite's degrees of freedom. `bands` are where they begin, in order.
    Raises ValueError where lengths differ.
    """
    (name, given), (unit, amount) = outcome, exposure
    y, years = np.asarray(given, dtype=np.float64), np.asarray(amount, dtype=np.float64)
    placed = (
        np.ones(len(y), dtype=bool) if clusters is None else np.array([one is not None for one in clusters], dtype=bool)
    )
    if not len(y) == len(years) == len(placed):
        raise ValueError(f"{len(y)} outcomes, {len(years)} exposures and {len(placed)} clusters")
    kept = placed & np.isfinite(y) & np.isfinite(years)
    schools = None if clusters is None else numbered(clusters, kept)
    found, slope, denominator = _fitted(y[kept], years[kept], schools)
    notes = [f"{int((~kept).sum()):,} left out: no '{name}' or no '{unit}'."] if not kept.all() else []
    if slope is None:
        notes.append(f"There is no slope: too few people, or '{unit}' or '{name}' does not vary.")
    if found.singular[0]:
        notes.append("Singular fit: the model finds no variance between clusters.")
    if clusters is None:
        notes.append("People are treated as independent; without clusters the interval is too short.")
    notes.append("A connection, not a cause: those who stay longer may differ from those who leave.")
    standardised = None if slope is None or denominator is None else slope.difference / denominator
    told = _bands(y[kept], years[kept], bands)
    return ExposureSlope(
        name,
        unit,
        int(kept.sum()),
        None if schools is None else len(set(schools.tolist())),
        slope,
        denominator,
        standardised,
        told,
        tuple(notes),
        _said(name, unit, slope, standardised),
        () if slope is None else _line(found, slope, _ends(told), schools is not None),
    )


def _fitted(y: Floats, years: Floats, clusters: np.ndarray | None) -> tuple[MixedFits, Contrast | None, float | None]:
    found = fit(sums(y[:, None], years[:, None], clusters))
    alone = fit(sums(y[:, None], np.zeros((len(y), 0)), clusters))
    df = float(found.df[0, 1])
    if math.isnan(df) and clusters is not None:
        # At the edge of no variance between: as many degrees as are left within clusters.
        left = float(found.rows[0] - found.clusters[0] - 1)
        df = left if left > 0 else math.nan
    slope = by_t(int(found.rows[0]), float(found.coefficients[0, 1]), float(found.se[0, 1]), df)
    variance = float(alone.within[0]) + (0.0 if clusters is None else float(alone.between[0]))
    return found, slope, math.sqrt(variance) if variance > 0 else None


def _line(found: MixedFits, slope: Contrast, ends: Sequence[float], clustered: bool) -> tuple[ExposureLine, ...]:
    """Return the line at some exposures. How high it lies is known by clusters: no more degrees of freedom than these
    less one, nor than the slope has.
    """
    constant, each = found.coefficients[0].tolist()
    (of_constant, both), (_, of_each) = found.covariance[0].tolist()
    df = slope.df
    if df is not None and clustered:
        df = min(df, float(found.clusters[0]) - 1)
    told = []
    for at in ends:
        value = constant + each * at
        variance = of_constant + 2 * at * both + at**2 * of_each
        reach = None if df is None or not df > 0 or variance < 0 else float(quantile(df)) * math.sqrt(variance)
        low, high = (None, None) if reach is None else (value - reach, value + reach)
        told.append(ExposureLine(at, value, low, high))
    return tuple(told)


def _ends(bands: Sequence[ExposureBand]) -> list[float]:
    """Return where bands with anyone in them begin and end, in order; the last, which has no end, is as long as the
    one before it.
    """
    usual = bands[-1].low - bands[-2].low if len(bands) > 1 else 1.0
    ends = {end for band in bands if band.n for end in (band.low, band.low + usual if band.high is None else band.high)}
    return sorted(ends)


def _bands(y: Floats, years: Floats, begins: Sequence[float]) -> tuple[ExposureBand, ...]:
    found = []
    for low, high in zip(begins, [*begins[1:], None], strict=True):
        inside = y[(years >= low) & (years < (math.inf if high is None else high))]
        found.append(
            ExposureBand(
                low,
                high,
                len(inside),
                float(inside.mean()) if len(inside) else None,
                float(inside.std(ddof=1)) if len(inside) > 1 else None,
            )
        )
    return tuple(found)


def _said(name: str, unit: str, slope: Contrast | None, standardised: float | None) -> str:
    if slope is None:
        return f"{name}: nothing can be said about '{unit}'."
    interval = "" if slope.low is None else f" (95 % interval {slope.low:+.3g} to {slope.high:+.3g})"
    in_sd = "" if standardised is None else f", {standardised:+.2f} standard deviations"
    return f"{name}: {slope.difference:+.3g} for each unit of '{unit}'{interval}{in_sd}; n = {slope.n:,}."
