"""What may be shown of the answers to one question: counts by wave in which no small one can be worked out.

One table holds how often each answer was given in each wave; its columns add up to the number who answered, its rows to
all waves (survey/analysis/disclosure.py). What follows from counts, such as a mean, is shown only where all of those
counts are. How many were asked and gave no answer is no secret: it says how good a question is, not what people said.
Why they gave none is protected like an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from survey.analysis.disclosure import Crossing, SafeTable, suppress, suppress_options

ALL: Final = "all"
"""Stands for all waves together."""


@dataclass(frozen=True)
class ShownCounts:
    """Counts as they may be shown, by row and by wave, and their sums by wave; None is hidden.

    If there are several waves, ALL is the last.
    """

    waves: tuple[str, ...]
    counts: Mapping[tuple[Any, str], int | None]
    sums: Mapping[str, int | None]

    def count(self, row: Any, wave: str) -> int | None:
        """Return how often an answer was given in a wave."""
        return self.counts[row, wave]

    def all_shown(self, wave: str) -> bool:
        """Return whether every count of a wave is shown."""
        return all(count is not None for (_, at), count in self.counts.items() if at == wave)


def protected(counts: Mapping[Any, Sequence[int]], waves: Sequence[str], threshold: int) -> ShownCounts:
    """Return what may be shown. counts: for each answer (at least one), how often in each of the waves."""
    rows = list(counts)
    cells = np.array([counts[row] for row in rows], dtype=np.int64).reshape(len(rows), len(waves))
    safe = _suppressed(Crossing(tuple(map(str, rows)), tuple(waves), cells), threshold)
    named = _named(waves)
    shown: dict[tuple[Any, str], int | None] = {}
    for row, found, total in zip(rows, safe.cells, safe.row_totals, strict=True):
        shown |= zip(((row, wave) for wave in named), (*found, total), strict=False)
    return ShownCounts(named, shown, dict(zip(named, (*safe.column_totals, safe.total), strict=False)))


def _suppressed(table: Crossing, threshold: int) -> SafeTable:
    if table.cells.sum() >= threshold:
        return suppress(table, threshold)
    # Fewer answered altogether than a table shows: there is nothing to choose.
    rows, columns = len(table.rows), len(table.columns)
    nothing = (None,) * columns
    return SafeTable(table.rows, table.columns, (nothing,) * rows, (None,) * rows, nothing, None, threshold, ())


def _named(waves: Sequence[str]) -> tuple[str, ...]:
    return (*waves, ALL) if len(waves) > 1 else tuple(waves)


def each(counts: Sequence[int], waves: Sequence[str], threshold: int) -> dict[str, int | None]:
    """Return counts of waves that are parts of nothing else, and of all together, as they may be shown.

    All together are shown only where each wave is: the difference would be a wave.
    """
    found: dict[str, int | None] = {
        wave: count if count >= threshold else None for wave, count in zip(waves, counts, strict=True)
    }
    return _with_all(found, waves)


def _with_all(found: dict[str, int | None], waves: Sequence[str]) -> dict[str, int | None]:
    if len(waves) > 1:
        known = [count for count in found.values() if count is not None]
        found[ALL] = sum(known) if len(known) == len(waves) else None
    return found


def reasons(
    counts: Mapping[Any, Sequence[int]], waves: Sequence[str], silent: Mapping[str, int | None], threshold: int
) -> dict[str, Mapping[Any, int]]:
    """Return why there was no answer, by wave: the waves in which every reason was given often enough.

    How many gave no answer is known, so that to hide one small reason others would have to be hidden with it. All waves
    together are told only where each is. counts: for each reason, how often in each of the waves. silent: how many gave
    no answer, by wave, as the numbers asked and answered tell; where they do not, the reasons must not tell it either.
    """
    told: dict[str, Mapping[Any, int]] = {}
    for at, wave in enumerate(waves):
        mine = {reason: numbers[at] for reason, numbers in counts.items()}
        if mine and min(mine.values()) >= threshold and silent[wave] is not None:
            told[wave] = mine
    if len(waves) > 1 and len(told) == len(waves) and silent[ALL] is not None:
        told[ALL] = {reason: sum(numbers) for reason, numbers in counts.items()}
    return told


def ticked(counts: Sequence[int], shown: ShownCounts, threshold: int) -> dict[str, int | None]:
    """Return how many ticked one option of a question with several choices, by wave; None where hidden."""
    waves = [wave for wave in shown.waves if wave != ALL]
    found: dict[str, int | None] = {}
    for wave, count in zip(waves, counts, strict=True):
        answered = shown.sums[wave]
        found[wave] = None if answered is None else suppress_options([count], answered, threshold)[0]
    return _with_all(found, waves)
