"""A mean with its interval, from people who come in schools."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey.analysis.effects import Contrast, by_t
from survey.analysis.mixed import Floats, fit, numbered, sums


@dataclass(frozen=True)
class GroupMean:
    """The mean of a group: `n` have the outcome, of `asked`. Without an interval there are too few clusters or people.

    `mean` is that of people, `sd` their standard deviation. `model` is the mean of the model with clusters, in which a
    small school counts for more than its people, with its interval; without clusters it is the plain one.
    """

    asked: int
    n: int
    clusters: int | None
    mean: float | None
    sd: float | None
    model: Contrast | None

    @property
    def leading(self) -> float | None:
        """The mean to tell first: that of the model, as differences and intervals are; without one, the plain mean."""
        return self.mean if self.model is None else self.model.difference


def group_mean(values: ArrayLike, clusters: Sequence[str | None] | None = None) -> GroupMean:
    """Return the mean of an outcome (a number for each person, NaN for missing); clusters - 1 degrees of freedom.

    With `clusters`, people without one are left out of everything but `asked`. Raises ValueError where lengths differ.
    """
    given = np.asarray(values, dtype=np.float64)
    there = np.isfinite(given)
    if clusters is not None:
        if len(clusters) != len(given):
            raise ValueError(f"{len(given)} people, but {len(clusters)} clusters")
        there &= np.array([one is not None for one in clusters], dtype=bool)
    known = given[there]
    placed = None if clusters is None else numbered(clusters, there)
    return GroupMean(
        asked=len(given),
        n=len(known),
        clusters=None if placed is None else len(set(placed.tolist())),
        mean=float(known.mean()) if len(known) else None,
        sd=float(known.std(ddof=1)) if len(known) > 1 else None,
        model=mean_by_model(known, placed),
    )


def mean_by_model(known: Floats, clusters: NDArray[np.int64] | None) -> Contrast | None:
    """Return the mean of numbers: that of the model where there are clusters (numbers from 0), else the plain one."""
    found = fit(sums(known[:, None], np.zeros((len(known), 0)), clusters))
    if math.isnan(found.coefficients[0, 0]):
        return by_t(len(known), float(known.mean()), math.nan, math.nan) if len(known) else None
    df = float(found.rows[0] if clusters is None else found.clusters[0]) - 1
    return by_t(int(found.rows[0]), float(found.coefficients[0, 0]), float(found.se[0, 0]), df if df > 0 else math.nan)
