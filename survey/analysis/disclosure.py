"""Tables of counts in which no one can be found: small counts are hidden, and what would let a reader work them out.

A count below the threshold is hidden, 0 too: a 0 tells that everyone in a row is in the other columns. Rows, columns
and totals add up, so hiding one count alone hides nothing. Others are hidden with it until, with every published number
known, each small count could be 0 and could be threshold - 1. Groups of people that are shown beside everyone are
protected in another way (survey/analysis/grouping.py).

How others are chosen: for each small count, and for the lowest and the highest number it must be able to be, the
cheapest change of the table that adds up again is found, in whole numbers. Changing what is hidden costs next to
nothing, a small count little, a total much. Whatever has to change is hidden, so that change is itself the proof of
safety. Afterwards everything that turns out not to be needed is shown again. A change of hidden counts alone is looked
for first, as a flow: it needs no optimiser, which is asked only where more has to be hidden.

Sources
    Willenborg, L. and de Waal, T. (2001). Elements of Statistical Disclosure Control. Springer, chapter 8.
    Kelly, J. P., Golden, B. L. and Assad, A. A. (1992). Cell suppression: disclosure protection for sensitive tabular
    data. Networks, 22, 397-417.
    Ford, L. R. and Fulkerson, D. R. (1956). Maximal flow through a network. Canadian Journal of Mathematics, 8,
    399-404.
    Fischetti, M. and Salazar, J. J. (1999). Models and algorithms for the 2-dimensional cell suppression problem in
    statistical disclosure control. Mathematical Programming, 84, 283-312.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey.analysis.columns import in_order
from survey.problems import amount

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Truths = NDArray[np.bool_]
Wholes = NDArray[np.int64]
Floats = NDArray[np.float64]

USUAL: Final = 10
"""The smallest count a table shows, unless a study says otherwise."""

LOWEST: Final = 3
"""A study cannot set a lower one."""

_TOTAL: Final = 30.0
"""What hiding a total costs, in cells of its size: readers miss totals most."""

_HIDDEN: Final = 1e-3
"""What changing a hidden count by 1 costs."""


@dataclass(frozen=True)
class Crossing:
    """Counts of rows × columns before anything is hidden, with the labels of both."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Wholes


@dataclass(frozen=True)
class SafeTable:
    """A table as it may be shown: None is a hidden count. `notes` are sentences to print with it."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[int | None, ...], ...]
    row_totals: tuple[int | None, ...]
    column_totals: tuple[int | None, ...]
    total: int | None
    threshold: int
    notes: tuple[str, ...]


def crossing(rows: Sequence[str | None], columns: Sequence[str | None]) -> tuple[Crossing, int]:
    """Count two columns of labels against each other. Returns the counts, and how many have a gap and are not counted.

    Labels come in order: numbers by size, before words by the alphabet.
    """
    pairs = [(row, column) for row, column in zip(rows, columns, strict=True) if row is not None and column is not None]
    down = tuple(sorted({row for row, _ in pairs}, key=in_order))
    across = tuple(sorted({column for _, column in pairs}, key=in_order))
    row_at, column_at = ({label: at for at, label in enumerate(labels)} for labels in (down, across))
    cells = np.zeros((len(down), len(across)), dtype=np.int64)
    for row, column in pairs:
        cells[row_at[row], column_at[column]] += 1
    return Crossing(down, across, cells), len(rows) - len(pairs)


def suppress(table: Crossing, threshold: int = USUAL) -> SafeTable:
    """Return a table with its small counts hidden, and those that would give them away.

    Raises ValueError for a threshold below 3, or counts below 0.
    """
    if threshold < LOWEST:
        raise ValueError(_too_low(threshold))
    if table.cells.shape != (len(table.rows), len(table.columns)) or (table.cells < 0).any():
        raise ValueError("a table has a count of 0 or more for each row and column")
    whole = _with_totals(table.cells)
    hidden = _protect(whole, threshold)
    return _safe(table, whole, hidden, threshold)


def suppress_options(counts: ArrayLike, asked: int, threshold: int = USUAL) -> list[int | None]:
    """Return how many ticked each option of a several-choices question, of all who were asked; None where hidden.

    Options do not add up, so none is hidden for the sake of another; but those who did not tick one are `asked` less
    those who did, and must not be few either. Raises ValueError for a threshold below 3.
    """
    if threshold < LOWEST:
        raise ValueError(_too_low(threshold))
    return [
        int(count) if count >= threshold and asked - count >= threshold else None
        for count in np.asarray(counts).tolist()
    ]


def _too_low(threshold: int) -> str:
    return f"a table may not show counts below {LOWEST}, so the threshold cannot be {threshold}"


def _with_totals(cells: Wholes) -> Wholes:
    """Return counts with their sums added at the end of every direction."""
    for axis in range(cells.ndim):
        cells = np.concatenate([cells, cells.sum(axis=axis, keepdims=True)], axis=axis)
    return cells


# ── which counts to hide ──────────────────────────────────────────────────────────────────────────────────
def _protect(counts: Wholes, threshold: int) -> Truths:
    """Return which counts to hide (same shape): totals stand at the end of both directions."""
    system = _System(counts, threshold)
    small = counts.ravel() < threshold
    hidden = small.copy()
    proofs: dict[int, Truths] = {}
    # The count that has furthest to go needs most room, which the others can then use.
    flat = counts.ravel()
    for cell in sorted(np.flatnonzero(small).tolist(), key=lambda one: -max(flat[one], threshold - 1 - flat[one])):
        proof = system.proof(cell, hidden)
        assert proof is not None  # totals can be hidden too, so there is always a way
        proofs[cell] = proof
        hidden |= proof
    _show_again(system, hidden, small, proofs)
    return hidden.reshape(counts.shape)


def _show_again(system: _System, hidden: Truths, never: Truths, proofs: dict[int, Truths]) -> None:
    """Show what need not be hidden, the largest first: where every proof that uses it has another without it."""
    others = np.flatnonzero(hidden & ~never).tolist()
    for cell in sorted(others, key=lambda one: -system.cost[one]):
        hidden[cell] = False
        again: dict[int, Truths] = {}
        for small, proof in proofs.items():
            if proof[cell]:
                found = system.proof(small, hidden, only_hidden=True)
                if found is None:
                    hidden[cell] = True
                    break
                again[small] = found
        else:
            proofs.update(again)


class _System:
    """The counts of a table and how they add up."""

    def __init__(self, counts: Wholes, threshold: int) -> None:
        self._grid = counts
        self._counts = counts.ravel().astype(np.float64)
        self._threshold = threshold
        self._equations = _equations(counts.shape)
        totals = sum(np.indices(counts.shape)[axis] == size - 1 for axis, size in enumerate(counts.shape))
        self.cost = np.sqrt(1 + self._counts) * np.where(totals.ravel() > 0, _TOTAL, 1.0)

    def proof(self, cell: int, hidden: Truths, *, only_hidden: bool = False) -> Truths | None:
        """Return which counts change when this one goes down to 0, and up to the highest it must be able to be.

        With `only_hidden` only hidden counts may change, and None says that there is no such change.
        """
        changed = np.zeros(len(self._counts), dtype=bool)
        for aim in (0, self._threshold - 1):
            step = aim - self._counts[cell]
            if step == 0:
                continue
            change = self._rectangle(cell, step, hidden)
            if change is None:
                change = self._cheapest(cell, step, hidden | changed, only_hidden)
            if change is None:
                return None
            changed |= change
        return changed

    def _rectangle(self, cell: int, step: float, hidden: Truths) -> Truths | None:
        """Return the simplest change, if what is hidden allows it: two rows and two columns change crosswise."""
        row, column = divmod(cell, self._grid.shape[1])
        last = self._grid.shape[0] - 1, self._grid.shape[1] - 1
        if row == last[0] or column == last[1]:
            return None
        inner, free = self._grid[:-1, :-1], hidden.reshape(self._grid.shape)[:-1, :-1]
        # Two corners go the way of this count, and need as many if that is down; the other two go the other way.
        if step < 0:
            good = free & (inner >= -step) & free[row][None, :] & free[:, column][:, None]
        else:
            enough = free & (inner >= step)
            good = free & enough[row][None, :] & enough[:, column][:, None]
        good[row, :] = good[:, column] = False
        if not good.any():
            return None
        far_row, far_column = divmod(int(np.argmax(good)), good.shape[1])
        found = np.zeros(self._grid.shape, dtype=bool)
        found[np.ix_([row, far_row], [column, far_column])] = True
        return found.ravel()

    def _cheapest(self, cell: int, step: float, hidden: Truths, only_hidden: bool) -> Truths | None:
        """Return the change that hides least: the optimiser is asked only where more than what is hidden has to."""
        row, column = divmod(cell, self._grid.shape[1])
        moved = _flow(self._grid, hidden.reshape(self._grid.shape), (row, column), int(step))
        if moved is None:
            return None if only_hidden else self._change(cell, step, hidden, only_hidden)
        # A change that hides one number more is dearer than this one, unless this one goes a very long way.
        dearer = 0.9 * np.min(self.cost[~hidden], initial=np.inf)
        if only_hidden or _HIDDEN * np.abs(moved).sum() < dearer:
            found: Truths = moved.ravel() != 0
            return found
        return self._change(cell, step, hidden, only_hidden)

    def _change(self, cell: int, step: float, hidden: Truths, only_hidden: bool) -> Truths | None:
        # A small command must start quickly, so the optimiser is loaded where it is used.
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import hstack

        size = len(self._counts)
        # What is hidden is nearly free: not quite, or the change would wander through it without need.
        cost = np.where(hidden, _HIDDEN, self.cost)
        most = np.where(hidden | (not only_hidden), np.inf, 0.0)
        up, down = most.copy(), np.minimum(most, self._counts)
        low = np.zeros(2 * size)
        up[cell], down[cell] = max(step, 0.0), max(-step, 0.0)
        low[cell], low[size + cell] = up[cell], down[cell]
        answer = milp(
            np.concatenate([cost, cost]),
            constraints=LinearConstraint(hstack([self._equations, -self._equations]), 0, 0),
            bounds=Bounds(low, np.concatenate([up, down])),
            integrality=np.ones(2 * size, dtype=np.int64),
        )
        if answer.x is None:
            return None
        moved = np.rint(answer.x[:size] - answer.x[size:])
        found: Truths = moved != 0
        return found


def _flow(counts: Wholes, free: Truths, cell: tuple[int, int], step: int) -> Wholes | None:
    """Return how a table with its totals can change by free counts alone when one of them moves by a step; None if not.

    Rows and columns are the places of a network, and each count is a pipe between its row and its column; a total runs
    the other way. That all adds up means that whatever comes to a place goes on. So a count can rise by 3 where 3 can
    flow back from its column to its row by other pipes, and the ways are found one by one (Ford and Fulkerson). Going
    through a pipe one way raises the count without end, the other way lowers it, to 0 at the most.
    """
    rows = counts.shape[0]
    total = np.zeros(counts.shape, dtype=bool)
    total[-1, :-1] = total[:-1, -1] = True
    room: list[dict[int, int]] = [{} for _ in range(sum(counts.shape))]
    for row, column in np.argwhere(free).tolist():
        if (row, column) != cell:
            down, up = int(counts[row, column]), _NO_END
            across, back = (down, up) if total[row, column] else (up, down)
            room[row][rows + column], room[rows + column][row] = across, back
    ends = cell[0], rows + cell[1]
    start, aim = ends if (step < 0) != bool(total[cell]) else ends[::-1]
    flowed = np.zeros((len(room), len(room)), dtype=np.int64)
    left = abs(step)
    while left:
        way = _way(room, start, aim)
        if way is None:
            return None
        by = min(left, *(room[one][other] for one, other in way))
        for one, other in way:
            room[one][other] -= by
            room[other][one] += by
            flowed[one, other] += by
        left -= by
    moved: Wholes = np.where(total, -1, 1) * (flowed[:rows, rows:] - flowed[rows:, :rows].T)
    moved[cell] = step
    return moved


_NO_END: Final = 1 << 60


def _way(room: Sequence[Mapping[int, int]], start: int, aim: int) -> list[tuple[int, int]] | None:
    """Return the shortest way through pipes with room left, step by step; None where there is none."""
    before = {start: start}
    places = [start]
    for place in places:
        for other, left in room[place].items():
            if left and other not in before:
                before[other] = place
                places.append(other)
        if aim in before:
            break
    else:
        return None
    way = []
    while aim != start:
        way.append((before[aim], aim))
        aim = before[aim]
    return way


def _equations(shape: tuple[int, ...]) -> csr_array:
    """Return every sum of a table with totals at its ends as a sparse row: the parts 1, their total -1."""
    from scipy.sparse import csr_array

    places = np.arange(int(np.prod(shape))).reshape(shape)
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    at = 0
    for axis, size in enumerate(shape):
        for line in np.moveaxis(places, axis, -1).reshape(-1, size):
            rows += [at] * size
            columns += line.tolist()
            values += [1.0] * (size - 1) + [-1.0]
            at += 1
    return csr_array((values, (rows, columns)), shape=(at, places.size))


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────
def _safe(table: Crossing, whole: Wholes, hidden: Truths, threshold: int) -> SafeTable:
    said = [
        [None if gone else int(count) for count, gone in zip(counts, gones, strict=True)]
        for counts, gones in zip(whole.tolist(), hidden.tolist(), strict=True)
    ]
    return SafeTable(
        rows=table.rows,
        columns=table.columns,
        cells=tuple(tuple(row[:-1]) for row in said[:-1]),
        row_totals=tuple(row[-1] for row in said[:-1]),
        column_totals=tuple(said[-1][:-1]),
        total=said[-1][-1],
        threshold=threshold,
        notes=_notes(whole, hidden, threshold),
    )


def _notes(whole: Wholes, hidden: Truths, threshold: int) -> tuple[str, ...]:
    small = int((hidden & (whole < threshold)).sum())
    others = int(hidden.sum()) - small
    if not small:
        return (f"No count is hidden: none is below {threshold}.",)
    notes = [f"{amount(small, 'count')} below {threshold} hidden."]
    if others:
        notes.append(f"{amount(others, 'larger count')} hidden, from which those could be worked out.")
    return tuple(notes)
