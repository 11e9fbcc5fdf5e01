"""Change between two waves, of those who answered in both: in each group, and the difference in differences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey.analysis.comparison import GroupComparison, Sides, compare
from survey.analysis.effects import Contrast
from survey.analysis.means import mean_by_model
from survey.analysis.mixed import Floats, numbered


@dataclass(frozen=True)
class GroupChange:
    """One group between two waves. `first` and `second` answered in either, `matched` in both, `lost` in the first
    only.

    `before` and `after` are means of the matched. `change` is their mean change with its interval: in a model with
    clusters where there are any, with clusters - 1 degrees of freedom.
    """

    group: str
    first: int
    second: int
    matched: int
    lost: int
    before: float | None
    after: float | None
    sd_before: float | None
    change: Contrast | None


@dataclass(frozen=True)
class WaveChange:
    """An outcome in two waves and two groups. `between` compares the changes: the difference in differences.

    `standardised` is it by the standard deviation before, pooled over the groups, of the matched.
    """

    outcome: str
    groups: Mapping[str, GroupChange]
    between: GroupComparison
    standardised: float | None
    notes: tuple[str, ...]
    sentence: str


def change(outcome: str, before: ArrayLike, after: ArrayLike, sides: Sides) -> WaveChange:
    """Compare the change of two groups between two waves; one row for each person who is in either (NaN for missing).

    A baseline of `sides` is not used: the change is from the first wave. Raises as
    :func:`survey.analysis.comparison.compare`.
    """
    first, second = (np.asarray(one, dtype=np.float64) for one in (before, after))
    first, second = (np.where(np.isfinite(one), one, np.nan) for one in (first, second))
    if first.shape != second.shape:
        raise ValueError(f"{len(first)} people before, but {len(second)} after")
    gain = second - first
    (between,) = compare({outcome: gain}, replace(sides, baseline=None))
    groups = {level: _of_group(level, first, second, sides) for level in (sides.reference, sides.other)}
    pooled = _pooled([first[_rows_of(level, sides) & ~np.isnan(gain)] for level in groups])
    best = between.multilevel
    difference = between.difference if best is None else best.difference
    standardised = None if difference is None or pooled is None else difference / pooled
    lost = " and ".join(f"{one.lost:,} of {one.first:,} in '{level}'" for level, one in groups.items())
    # The comparison's own note of attrition counts rows without a change; people new in the second wave are not lost.
    notes = [note for note in between.notes if between.attrition is None or note != between.attrition.sentence]
    notes.append(
        f"Change is that of people who answered in both waves. Of those in the first, the second lacks {lost}."
    )
    said = "; ".join(_said(one) for one in groups.values())
    return WaveChange(outcome, groups, between, standardised, tuple(notes), f"{outcome}: {said}. {between.sentence}")


def _rows_of(level: str, sides: Sides) -> NDArray[np.bool_]:
    placed = sides.clusters if sides.clusters is not None else sides.groups
    return np.array(
        [group == level and place is not None for group, place in zip(sides.groups, placed, strict=True)], dtype=bool
    )


def _of_group(level: str, first: Floats, second: Floats, sides: Sides) -> GroupChange:
    here = _rows_of(level, sides)
    one, two = first[here], second[here]
    both = ~np.isnan(one) & ~np.isnan(two)
    known = int(both.sum())
    clusters = None
    if sides.clusters is not None:
        clusters = numbered(sides.clusters, here)[both]
    return GroupChange(
        group=level,
        first=int((~np.isnan(one)).sum()),
        second=int((~np.isnan(two)).sum()),
        matched=known,
        lost=int((~np.isnan(one)).sum()) - known,
        before=float(one[both].mean()) if known else None,
        after=float(two[both].mean()) if known else None,
        sd_before=float(one[both].std(ddof=1)) if known > 1 else None,
        change=mean_by_model(two[both] - one[both], clusters),
    )


def _pooled(parts: list[Floats]) -> float | None:
    over = sum(len(part) - 1 for part in parts)
    if min(map(len, parts)) < 1 or over < 1:
        return None
    spread = math.sqrt(sum(float(((part - part.mean()) ** 2).sum()) for part in parts) / over)
    return spread if spread > 0 else None


def _said(one: GroupChange) -> str:
    if one.before is None or one.after is None or one.change is None:
        return f"no one in '{one.group}' answered twice"
    interval = "" if one.change.low is None else f" ({one.change.low:+.2f} to {one.change.high:+.2f})"
    return (
        f"'{one.group}' from {one.before:.2f} to {one.after:.2f}, a change of {one.change.difference:+.2f}{interval}, "
        f"n = {one.matched:,}"
    )
