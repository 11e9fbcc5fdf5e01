"""Several tests at once: probabilities corrected, so that one of many is not taken for a finding.

Sources
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics, 6,
    65-70. Hochberg, Y. (1988). A sharper Bonferroni procedure for multiple tests of significance. Biometrika, 75,
    800-802. Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal
    Statistical Society, Series B, 57, 289-300.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Correction = Literal["holm", "hochberg", "benjamini_hochberg", "bonferroni", "none"]


def corrected(probabilities: Sequence[float | None], method: Correction) -> list[float | None]:
    """Return the corrected probability of each test, in the same order; a test without one (None) is not counted.

    `holm`, `hochberg` and `bonferroni` hold the chance of even one false finding; `benjamini_hochberg` the share of
    false ones among the findings. Raises ValueError for what is not a probability.
    """
    known = np.array([p for p in probabilities if p is not None], dtype=np.float64)
    if ((known < 0) | (known > 1) | np.isnan(known)).any():
        raise ValueError("a probability lies between 0 and 1")
    order = np.argsort(known, kind="stable")
    found = np.empty(len(known))
    found[order] = np.minimum(_METHODS[method](known[order]), 1.0)
    rest = iter(found.tolist())
    return [None if p is None else next(rest) for p in probabilities]


Floats = NDArray[np.float64]


def _holm(p: Floats) -> Floats:
    return np.asarray(np.maximum.accumulate(p * np.arange(len(p), 0, -1)))


def _hochberg(p: Floats) -> Floats:
    return np.asarray(np.minimum.accumulate((p * np.arange(len(p), 0, -1))[::-1])[::-1])


def _benjamini_hochberg(p: Floats) -> Floats:
    return np.asarray(np.minimum.accumulate((p * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1])


_METHODS: Final[dict[Correction, Callable[[Floats], Floats]]] = {
    "holm": _holm,
    "hochberg": _hochberg,
    "benjamini_hochberg": _benjamini_hochberg,
    "bonferroni": lambda p: p * len(p),
    "none": lambda p: p,
}
