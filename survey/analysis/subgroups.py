"""Whether a difference differs: between girls and boys, or children with and without free school meals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from survey.analysis.comparison import GroupComparison, NothingToCompare, Sides, compare
from survey.analysis.effects import Contrast, by_t
from survey.analysis.mixed import fit, numbered, sums


@dataclass(frozen=True)
class SubgroupDifference:
    """An outcome compared in two subgroups. `difference` is the difference of the differences: that of `level` less
    that of `reference`, in one model of everyone; None where it cannot be computed, and a note says why.
    """

    outcome: str
    fact: str
    reference: str
    level: str
    within: Mapping[str, GroupComparison]
    difference: Contrast | None
    notes: tuple[str, ...]
    sentence: str


def subgroup_difference(
    outcome: tuple[str, ArrayLike], sides: Sides, fact: tuple[str, Sequence[str | None]], reference: str, level: str
) -> SubgroupDifference:
    """Compare the two sides on an outcome in two subgroups of a roster's fact, and the subgroups' differences.

    The model of everyone has side, subgroup and both together, and a random intercept for each cluster; its degrees of
    freedom are Satterthwaite's. A baseline is used within the subgroups only. Raises NothingToCompare where a subgroup
    lacks a side, and ValueError where lengths differ.
    """
    (name, given), (title, labels) = outcome, fact
    y = np.asarray(given, dtype=np.float64)
    within = {}
    for one in (reference, level):
        chosen = [label == one for label in labels]
        try:
            within[one] = compare({name: np.where(chosen, y, np.nan)}, _only(sides, chosen))[0]
        except NothingToCompare as error:
            raise NothingToCompare(f"In '{title}' {one}: {error}") from error
    told = _interaction(y, sides, labels, reference, level)
    notes = []
    unknown = sum(label not in (reference, level) for label in labels)
    if unknown:
        notes.append(f"{unknown:,} left out: '{title}' is neither '{reference}' nor '{level}'.")
    if told is None or told.low is None:
        notes.append("There are too few people to say whether the differences differ.")
    notes.append("Whether differences differ takes about four times as many people to tell: please read with care.")
    return SubgroupDifference(
        name, title, reference, level, within, told, tuple(notes), _said(name, title, reference, level, told)
    )


def _only(sides: Sides, chosen: Sequence[bool]) -> Sides:
    """Return the sides with people outside the subgroup taken out, so that they are not counted as lost."""
    return replace(sides, groups=[group if keep else None for group, keep in zip(sides.groups, chosen, strict=True)])


def _interaction(
    y: np.ndarray, sides: Sides, labels: Sequence[str | None], reference: str, level: str
) -> Contrast | None:
    placed = sides.clusters if sides.clusters is not None else sides.groups
    kept = np.array(
        [
            group in (sides.reference, sides.other) and label in (reference, level) and place is not None
            for group, label, place in zip(sides.groups, labels, placed, strict=True)
        ],
        dtype=bool,
    ) & np.isfinite(y)
    side = np.array([group == sides.other for group in sides.groups], dtype=np.float64)[kept]
    sub = np.array([label == level for label in labels], dtype=np.float64)[kept]
    clusters = None if sides.clusters is None else numbered(sides.clusters, kept)
    found = fit(sums(y[kept][:, None], np.column_stack([sub, side, sub * side]), clusters))
    df = float(found.df[0, 3])
    if math.isnan(df) and clusters is not None:
        left = float(found.rows[0] - found.clusters[0] - 3)
        df = left if left > 0 else math.nan
    return by_t(int(found.rows[0]), float(found.coefficients[0, 3]), float(found.se[0, 3]), df)


def _said(name: str, title: str, reference: str, level: str, told: Contrast | None) -> str:
    if told is None:
        return f"{name}: whether the difference differs by '{title}' cannot be said."
    interval = "" if told.low is None else f" (95 % interval {told.low:+.3g} to {told.high:+.3g})"
    unclear = told.low is None or told.high is None or told.low <= 0 <= told.high
    clear = "no clear sign that the difference differs" if unclear else "the difference differs"
    return (
        f"{name}: {clear} by '{title}': {told.difference:+.3g} for '{level}' beside '{reference}'{interval}; "
        f"n = {told.n:,}."
    )
