"""Responses worth a look: the same answer throughout, too fast, only extremes. Flags, no deletions.

Source
    Meade, A. W. and Craig, S. B. (2012). Identifying careless responses in survey data. Psychological Methods, 17,
    437-455.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST_ITEMS: Final = 6
"""With fewer rated items answered, nothing is flagged: a child who likes everything says so."""

FAST: Final = 1 / 3
"""Below this share of the median time a response is flagged as fast."""


@dataclass(frozen=True)
class QualityFlags:
    """One truth value for each response (length n); a response may have several flags.

    `straight`: the same answer, as it was ticked, to every rated item answered. `extremes`: only the lowest and the
    highest, both of them used. `fast`: less than a third of the median time. `counted` responses had items enough to be
    looked at, `timed` a time.
    """

    straight: NDArray[np.bool_]
    extremes: NDArray[np.bool_]
    fast: NDArray[np.bool_]
    counted: int
    timed: int
    sentence: str


def quality_flags(
    answers: ArrayLike, low: Sequence[float], high: Sequence[float], seconds: ArrayLike | None = None
) -> QualityFlags:
    """Flag responses by their answers to rated items (n × k, as ticked, NaN for missing) and their time.

    `low` and `high` are the ends of each item's range; items with other ends are compared by where in their range an
    answer lies. Scales with reversed items show straight answers best. Raises ValueError where lengths differ.
    """
    given = np.asarray(answers, dtype=np.float64)
    bottom, top = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != len(bottom) or len(bottom) != len(top):
        raise ValueError(f"{len(bottom)} and {len(top)} ends of ranges for answers of the shape {given.shape}")
    place = (given - bottom) / np.where(top > bottom, top - bottom, 1.0)
    there = ~np.isnan(place)
    enough = there.sum(axis=1) >= FEWEST_ITEMS
    smallest = np.min(np.where(there, place, np.inf), axis=1, initial=np.inf)
    largest = np.max(np.where(there, place, -np.inf), axis=1, initial=-np.inf)
    straight = enough & (largest - smallest < 1e-9)
    at_ends = np.all(~there | (np.abs(place) < 1e-9) | (np.abs(place - 1) < 1e-9), axis=1)
    extremes = enough & at_ends & ~straight
    taken = np.full(len(given), np.nan) if seconds is None else np.asarray(seconds, dtype=np.float64)
    if len(taken) != len(given):
        raise ValueError(f"{len(given)} responses, but {len(taken)} times")
    timed = np.isfinite(taken)
    fast = timed & (np.where(timed, taken, np.inf) < FAST * (np.median(taken[timed]) if timed.any() else 0.0))
    said = (
        f"Of {int(enough.sum()):,} responses with at least {FEWEST_ITEMS} rated items, {int(straight.sum()):,} gave "
        f"the same answer throughout and {int(extremes.sum()):,} only extremes; of {int(timed.sum()):,} with a time, "
        f"{int(fast.sum()):,} took less than a third of the median. They are flagged; none is left out."
    )
    return QualityFlags(straight, extremes, fast, int(enough.sum()), int(timed.sum()), said)
