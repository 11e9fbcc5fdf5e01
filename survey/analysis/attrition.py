"""How many were lost on the way, and whether the two sides were alike before: how far a comparison can be believed.

Sources
    What Works Clearinghouse (2017). Standards Handbook, version 4.0, table II.1: the most attrition may differ between
    two groups, by how much there is of it, if the bias is to stay below 0.05 standard deviations under cautious and
    under optimistic assumptions; and section II.B on differences at baseline (0.05 and 0.25 standard deviations).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

# fmt: off
_CAUTIOUS: Final = (
    5.7, 5.8, 5.9, 5.9, 6.0, 6.1, 6.2, 6.3, 6.3, 6.3, 6.3, 6.2, 6.2, 6.1, 6.0, 5.9, 5.9, 5.8, 5.7, 5.5,
    5.4, 5.3, 5.2, 5.1, 4.9, 4.8, 4.7, 4.5, 4.4, 4.3, 4.1, 4.0, 3.8, 3.6, 3.5, 3.3, 3.2, 3.1, 2.9, 2.8,
    2.6, 2.5, 2.3, 2.1, 2.0, 1.8, 1.6, 1.5, 1.3, 1.2, 1.0, 0.9, 0.7, 0.6, 0.4, 0.3, 0.2, 0.0,
)
_OPTIMISTIC: Final = (
    10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.7, 10.8, 10.9, 10.9, 10.9, 10.9, 10.9, 10.9, 10.8, 10.8, 10.7, 10.6, 10.5,
    10.3, 10.2, 10.0, 9.9, 9.7, 9.5, 9.4, 9.2, 9.0, 8.8, 8.6, 8.4, 8.2, 8.0, 7.8, 7.6, 7.4, 7.2, 7.0, 6.7, 6.5,
    6.3, 6.0, 5.8, 5.6, 5.3, 5.1, 4.9, 4.6, 4.4, 4.2, 3.9, 3.7, 3.5, 3.2, 3.0, 2.8, 2.6, 2.3,
)
# fmt: on
"""Percentage points of difference, by per cent of attrition overall, 0 to 57; above that, attrition is called high."""

Boundary = Literal["low under cautious assumptions", "low only under optimistic assumptions", "high"]
Balance = Literal["alike", "adjust", "not alike"]

ALIKE: Final = 0.05
ADJUSTABLE: Final = 0.25


@dataclass(frozen=True)
class Attrition:
    """Who is missing from a comparison: shares (0 to 1) of the rows of the table that have no outcome.

    `cautious` and `optimistic` are the most the shares may differ at this overall share, None where no difference is
    small enough.
    """

    rows: Mapping[str, int]
    lost: Mapping[str, int]
    overall: float
    by: Mapping[str, float]
    differential: float
    cautious: float | None
    optimistic: float | None
    boundary: Boundary
    sentence: str


@dataclass(frozen=True)
class BaselineDifference:
    """How far apart the two sides were before, among those compared: Hedges' g of the baseline, in three categories."""

    baseline: str
    n: int
    difference: float
    category: Balance
    sentence: str


def attrition(rows: Mapping[str, int], lost: Mapping[str, int]) -> Attrition:
    """Return the attrition of two groups from their rows and how many of these have no outcome.

    Raises ValueError unless there are two groups, each with a row.
    """
    if len(rows) != 2 or min(rows.values()) < 1:
        raise ValueError("attrition compares two groups, each with at least one row")
    by = {level: lost[level] / count for level, count in rows.items()}
    overall = sum(lost.values()) / sum(rows.values())
    one, other = by.values()
    differential = abs(one - other)
    cautious, optimistic = _at(_CAUTIOUS, overall), _at(_OPTIMISTIC, overall)
    boundary: Boundary = "high"
    # A share is a quotient of whole numbers; one that equals the boundary must not miss it by rounding.
    if optimistic is not None and differential <= optimistic + 1e-12:
        boundary = "low only under optimistic assumptions"
    if cautious is not None and differential <= cautious + 1e-12:
        boundary = "low under cautious assumptions"
    said = _said(rows, lost, by, differential, overall, boundary)
    return Attrition(dict(rows), dict(lost), overall, by, differential, cautious, optimistic, boundary, said)


def _at(table: tuple[float, ...], overall: float) -> float | None:
    """Return the boundary (0 to 1) at a share; between two whole per cents, the narrower of theirs."""
    percent = round(overall * 100, 9)
    if math.ceil(percent) >= len(table):
        return None
    return min(table[math.floor(percent)], table[math.ceil(percent)]) / 100


def _said(
    rows: Mapping[str, int],
    lost: Mapping[str, int],
    by: Mapping[str, float],
    differential: float,
    overall: float,
    boundary: Boundary,
) -> str:
    if not any(lost.values()):
        return "Attrition: every row in the table has this outcome. People who are not in the table are not counted."
    each = " and ".join(f"{100 * share:.1f} % in '{level}'" for level, share in by.items())
    return (
        f"Attrition: {sum(lost.values()):,} of {sum(rows.values()):,} ({100 * overall:.1f} %) have no outcome, {each}: "
        f"a difference of {100 * differential:.1f} points. Attrition is {boundary} (What Works Clearinghouse)."
    )


def baseline_difference(baseline: str, n: int, g: float) -> BaselineDifference:
    """Return what a difference at baseline (Hedges' g, among n people compared) means."""
    size = abs(g)
    category: Balance = "alike" if size <= ALIKE else "adjust" if size <= ADJUSTABLE else "not alike"
    meaning = {
        "alike": "the two sides were alike at the start.",
        "adjust": "small enough to adjust for: please read the adjusted difference.",
        "not alike": "above 0.25, too far apart for adjustment to be trusted.",
    }[category]
    said = f"Baseline '{baseline}' of the {n:,} compared: a difference of {g:.2f} standard deviations, {meaning}"
    return BaselineDifference(baseline, n, g, category, said)
