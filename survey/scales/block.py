"""A part of the matrix, worked on with memory that is taken once: answers → sums of what they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from survey.scales.rule import Floats, Recode, Rule

_TILE: Final = 512
"""Respondents whose answers are turned at once: as many as keep one piece of each row in the fastest cache."""


def _runs(marks: Sequence[int]) -> list[tuple[slice, slice]]:
    """Return where numbers that follow each other lie in `marks`, and which numbers these are, as pairs of slices."""
    runs: list[tuple[int, int, int]] = []
    for row, at in enumerate(marks):
        if runs and runs[-1][1] + runs[-1][2] == at:
            runs[-1] = (*runs[-1][:2], runs[-1][2] + 1)
        else:
            runs.append((row, at, 1))
    return [(slice(row, row + n), slice(at, at + n)) for row, at, n in runs]


class AnswerBlock:
    """The part of the matrix that is worked on: a row per item of each scale, a column per respondent.

    Turned that way, everything numpy does runs along respondents, in the same order for any size of block. The
    memory is taken once and used for every block.
    """

    def __init__(self, rules: Sequence[Rule], columns: Sequence[int], size: int) -> None:
        items = [(rule, at) for rule in rules for at in range(len(rule.items))]
        self.size = size
        self._items = items
        self._copies = _runs(columns)
        self._turns = [(row, rule.low[at] + rule.high[at]) for row, (rule, at) in enumerate(items) if rule.reverse[at]]
        self._recodes = [
            (row, recode)
            for row, (rule, at) in enumerate(items)
            if rule.recodes and (recode := rule.recodes[at]) is not None
        ]
        self._passed_by = [
            (row, rule.items[at], rule.not_shown)
            for row, (rule, at) in enumerate(items)
            if rule.not_shown is not None and rule.items[at] not in rule.parts
        ]
        self._weights = [(row, rule.weights[at]) for row, (rule, at) in enumerate(items) if rule.weights]
        self._weights_of = [np.array(rule.weights) for rule in rules]
        ends = np.cumsum([len(rule.items) for rule in rules]).tolist()
        self._scales = [slice(end - len(rule.items), end) for rule, end in zip(rules, ends, strict=True)]
        self._lowest = np.full(len(items), np.nan)
        self._highest = np.full(len(items), np.nan)
        self._all_values = np.zeros((len(items), size))
        self._all_there = np.empty((len(items), size), dtype=bool)
        self._never_negative = all(rule.counted_range(at)[0] >= 0 for rule, at in items)

    def take(self, part: NDArray[Any]) -> None:
        """Copy what the scales need of these respondents, and note the lowest and the highest of each item."""
        self._values, self._there = self._all_values[:, : len(part)], self._all_there[:, : len(part)]
        values = self._values
        for start in range(0, len(part), _TILE):
            tile = slice(start, start + _TILE)
            for rows, columns in self._copies:
                np.copyto(values[rows, tile], part[tile, columns].T)
        np.fmin(self._lowest, np.fmin.reduce(values, axis=1), out=self._lowest)
        np.fmax(self._highest, np.fmax.reduce(values, axis=1), out=self._highest)

    def count(self, part: slice, not_shown: Mapping[str, NDArray[np.bool_]]) -> None:
        """Turn numbers into what they count, and make what is missing zero. `part` are these respondents' places."""
        values = self._values
        for row, turn in self._turns:
            np.subtract(turn, values[row], out=values[row])
        for row, recode in self._recodes:
            recode_in_place(values[row], recode)
        for row, item, counted in self._passed_by:
            if item in not_shown:
                np.copyto(values[row], counted, where=not_shown[item][part])
        np.equal(values, values, out=self._there)  # Only NaN is not itself.
        if self._never_negative:
            np.fmax(values, 0.0, out=values)  # Three times as fast as the general way.
        else:
            np.copyto(values, 0.0, where=~self._there)
        for row, weight in self._weights:
            values[row] *= weight

    def weigh(self, scale: int, total: Floats) -> None:
        """Write the weight of the answered items of one scale (by its place among the rules)."""
        # A single column numpy would add in another order, as in add().
        there = self._all_there[self._scales[scale], : max(2, len(total))]
        total[:] = np.add.reduce(there * self._weights_of[scale][:, np.newaxis], axis=0)[: len(total)]

    def add(self, sums: Floats, answered: NDArray[np.int16]) -> None:
        """Write each scale's sum of answered items and their number (both: scales × respondents of this block)."""
        for rows, total, count in zip(self._scales, sums, answered, strict=True):
            there = self._there[rows].view(np.uint8)
            if len(total) == 1:
                # A single column numpy would add in another order, which shows in the last digit of decimals.
                total[:] = np.add.reduce(self._all_values[rows, :2], axis=0)[:1]
            else:
                np.add.reduce(self._values[rows], axis=0, out=total)
            count[:] = np.add.reduce(there, axis=0, dtype=np.uint8 if len(there) < 256 else np.int16)

    def refuse_strangers(self) -> None:
        """Raise ValueError where one of the blocks had numbers outside their item's range."""
        for (rule, at), lowest, highest in zip(self._items, self._lowest, self._highest, strict=True):
            if rule.items[at] in rule.parts:
                continue  # A score comes from here, and may be off its ends in the last digit.
            refuse_strangers(rule, at, lowest, highest)


def refuse_strangers(rule: Rule, at: int, lowest: float, highest: float) -> None:
    """Raise ValueError, naming the item but not the answer, where numbers are outside an item's range."""
    if lowest < rule.low[at] or highest > rule.high[at]:
        raise ValueError(
            f"item '{rule.items[at]}' has numbers outside {rule.low[at]:g} to {rule.high[at]:g}. "
            "Please turn codes for missing answers into NaN before scoring"
        )


def recode_in_place(values: Floats, recode: Recode) -> None:
    """Replace numbers by what they count; NaN stays NaN."""
    found = np.where(np.isnan(values), np.nan, recode.otherwise)
    for number, counted in recode.values.items():
        np.copyto(found, counted, where=values == number)
    values[:] = found
