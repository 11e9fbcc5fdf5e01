"""Raw scores → reported ones: straight lines, tables, and rounding. Everything is done in place, for many at once."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey.scales.rule import ConversionTable, Floats, Linear, Places, Rule

_NEAR: Final = 2.0**-47
"""Two numbers nearer than this share of themselves (32 units in the last place) are one number, said in decimals."""


def convert(rule: Rule, transform: Linear | ConversionTable | None, raw: Floats) -> None:
    """Turn raw scores into the ones that are reported, in place."""
    if isinstance(transform, ConversionTable):
        raw[:] = _looked_up(raw if rule.round is None else half_up(raw, rule.round), transform)
        return
    if transform is not None:
        along(transform, raw)
    if rule.round is not None:
        raw[:] = half_up(raw, rule.round)


def convert_by_norms(rule: Rule, raw: Floats, which: Places) -> None:
    """Turn raw scores into those that norms give, in place; `which` is the place of each respondent's group, or -1.

    Norms that name bands only leave the score as it is, for everyone.
    """
    if all(group.transform is None for group in rule.norms):
        convert(rule, rule.transform, raw)
        return
    raw[which < 0] = np.nan
    for at, group in enumerate(rule.norms):
        places = np.flatnonzero(which == at)
        scores = raw[places]
        convert(rule, group.transform, scores)
        raw[places] = scores


def along(line: Linear, raw: Floats) -> None:
    """Put raw scores on a straight line, in place."""
    raw -= line.raw_from
    raw *= line.new_to - line.new_from
    raw /= line.raw_to - line.raw_from
    raw += line.new_from


def _looked_up(raw: Floats, table: ConversionTable) -> Floats:
    keys = np.array(sorted(table.values), dtype=np.float64)
    values = np.array([table.values[key] for key in sorted(table.values)], dtype=np.float64)
    above = np.searchsorted(keys, raw).clip(1, len(keys) - 1) if len(keys) > 1 else np.zeros(len(raw), dtype=int)
    below = np.maximum(above - 1, 0)
    nearest = np.where(np.abs(keys[below] - raw) <= np.abs(keys[above] - raw), below, above)
    found: Floats = np.where(same(raw, keys[nearest]), values[nearest], np.nan)
    return found


def same(one: Floats, other: Floats | float) -> NDArray[np.bool_]:
    """Tell where two numbers are one number said in decimals: 0.1 + 0.2 and 0.3."""
    near: NDArray[np.bool_] = np.abs(one - other) <= _NEAR * np.abs(other)
    return near


def half_up(values: ArrayLike, decimals: int = 0) -> Floats:
    """Round to `decimals` places (0 or more), halves going up: 2.5 → 3, 7.5 → 8, 2.675 → 2.68 at two places.

    Up means towards the greater number, below zero too: -2.5 → -2. So rounding treats every part of a scale alike, and
    a scale moved by a whole number is rounded as before. A half is a half as it reads in decimals: 1.005 counts as one
    though the nearest binary fraction is a little smaller. NaN stays NaN.
    """
    given = np.asarray(values, dtype=np.float64)
    power = 10.0**decimals
    moved = given * power + 0.5
    # Among very large numbers 32 units in the last place would be as much as the half itself.
    near = np.minimum(_NEAR * np.abs(moved), 2.0**-10)
    return np.asarray(np.floor(moved + near) / power)
