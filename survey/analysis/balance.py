"""How alike two groups of schools are in what was known of them before anything began.

Sources
    P. C. Austin (2009). Balance diagnostics for comparing the distribution of baseline covariates between treatment
    groups in propensity-score matched samples. Statistics in Medicine 28, 3083-3107: the standardised difference,
    (mean - mean) / √((variance + variance) / 2), which does not grow with the number of schools as a test would.
    What Works Clearinghouse (2022). Procedures and standards handbook, version 5.0: baseline differences of more than
    0.25 standard deviations are too large for an adjustment to make up for.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

LARGE: Final = 0.25
"""A standardised difference above it, either way, is large."""


@dataclass(frozen=True)
class Spread:
    """How many have a number, their mean, and their standard deviation (n - 1); None where there are too few."""

    n: int
    mean: float | None
    sd: float | None


def spread(values: ArrayLike) -> Spread:
    """Return the spread of numbers; NaN is left out."""
    given = np.asarray(values, dtype=np.float64)
    known = given[np.isfinite(given)]
    return Spread(
        len(known),
        float(known.mean()) if len(known) else None,
        float(known.std(ddof=1)) if len(known) > 1 else None,
    )


def standardised_difference(here: Spread, there: Spread) -> float | None:
    """Return how far `here` lies above `there`, in standard deviations; None where none varies or too few are."""
    if here.mean is None or there.mean is None or here.sd is None or there.sd is None:
        return None
    pooled = sqrt((here.sd**2 + there.sd**2) / 2)
    return (here.mean - there.mean) / pooled if pooled else None
