"""Which groups of people may be shown beside everyone, and beside each other: girls and boys, year groups, areas.

A group is shown whole or not at all: how many they are, their mean, how often they gave each answer. It is hidden where
one of its counts is below the threshold. As everyone is shown too, the hidden groups together can be worked out by
subtraction. So more groups are hidden, the smallest first, until the hidden ones together are no longer few. People
whose group is not known count as a hidden group.

Two ways of grouping can give away more together than each does alone. If every girl of a year is in one class, that
year less that class is its boys. So the groups of every two ways are joined wherever they have people in common. How
many people two groups share can be worked out if that is the only link between the one side and the other (a bridge of
the graph). If they are few, one of the two groups is hidden.

Counts are of people. A parent who answered about several children is one person in each group in which one of them is.

Sources
    Willenborg, L. and de Waal, T. (2001). Elements of Statistical Disclosure Control. Springer, chapters 6 and 8.
    Tarjan, R. E. (1974). A note on finding the bridges of a graph. Information Processing Letters, 2, 160-161.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Wholes = NDArray[np.int64]
Truths = NDArray[np.bool_]


def groups_shown(
    ways: Mapping[str, Sequence[str | None]],
    answers: Wholes,
    kinds: int,
    threshold: int,
    respondents: Wholes | None = None,
) -> dict[str, frozenset[str]]:
    """Return the groups that may be shown, for each way of grouping people.

    ways: for each way, the group of each person; None where it is not known. answers: what each person is counted
    under, a number from 0 to kinds - 1; below 0 for a person who does not count. respondents: numbers of the people who
    gave each answer, where one may have given several, such as a parent about each child; without it, each gave one.
    All groups that are returned may be shown at the same time, and everyone as well: how many gave each answer, and
    what follows from that.
    """
    counts = answers >= 0
    who = None if respondents is None else np.unique(respondents[counts], return_inverse=True)[1]
    # Where everyone answered once, answers are people.
    several = who is not None and len(who) > who.max(initial=-1) + 1
    counted = _Counted(answers[counts], kinds, threshold, who if several else None)
    found = {name: _Way(labels, counts, counted) for name, labels in ways.items()}
    for one in found.values():
        one.hide_enough()
    while any(_hide_between(one, other, counted) for one, other in combinations(found.values(), 2)):
        pass
    return {name: one.shown for name, one in found.items()}


@dataclass(frozen=True)
class _Counted:
    """The answers of people who count, and what is few. who: numbers of the people, where some gave several answers."""

    answers: Wholes
    kinds: int
    threshold: int
    who: Wholes | None = None

    def by(self, *places: Wholes, sizes: Sequence[int]) -> Wholes:
        """Count people by their groups in one or two ways, and by their answers: each once in each cell."""
        shape = (*sizes, self.kinds)
        at = np.ravel_multi_index([*places, self.answers], shape)
        if self.who is not None:
            size = len(self.who)
            at = np.unique(at.astype(np.int64) * size + self.who) // size
        return np.bincount(at, minlength=int(np.prod(shape))).reshape(shape)

    def few(self, table: Wholes) -> Truths:
        """Tell where there is anyone, and fewer than the threshold gave one of the answers."""
        found: Truths = (table.sum(axis=-1) > 0) & (table < self.threshold).any(axis=-1)
        return found


class _Way:
    """One way of grouping: its groups, how many of each gave each answer, and which are hidden."""

    def __init__(self, labels: Sequence[str | None], counts: Truths, counted: _Counted) -> None:
        at = {label: place for place, label in enumerate(dict.fromkeys(labels))}
        self._names = list(at)
        self._counted = counted
        self._places = np.array([at[label] for label in labels], dtype=np.int64)[counts]
        self._cells = counted.by(self._places, sizes=[len(at)])
        self.sizes = self._cells.sum(axis=-1)
        self.hidden: Truths = counted.few(self._cells)
        if None in at:
            self.hidden[at[None]] = True

    def __len__(self) -> int:
        return len(self._names)

    def hide_enough(self) -> None:
        """Hide groups, the smallest first, until all that are hidden are many together."""
        while not self.hidden.all() and self._counted.few(self._together()):
            self.hidden[np.argmin(np.where(self.hidden, self.sizes.max() + 1, self.sizes))] = True

    def _together(self) -> Wholes:
        """Count the people of all hidden groups. Who is in two of them counts once, so their counts cannot be added."""
        found: Wholes = self._counted.by(self.hidden[self._places].astype(np.int64), sizes=[2])[1]
        return found

    @property
    def shown(self) -> frozenset[str]:
        """The groups that are shown; one that would be hidden alone is shown too: it is everyone less the others."""
        alone = 1 == self.hidden.sum() < len(self)
        pairs = zip(self._names, [False] * len(self) if alone else self.hidden.tolist(), strict=True)
        return frozenset(name for name, hidden in pairs if name is not None and not hidden)

    @property
    def seen(self) -> Wholes:
        """Where each person is seen to be: their group + 1, or 0 for all that are hidden."""
        found: Wholes = np.where(self.hidden, 0, np.arange(len(self)) + 1)[self._places]
        return found


def _hide_between(one: _Way, other: _Way, counted: _Counted) -> bool:
    """Hide a group where two ways of grouping together tell of few. Returns whether one had to be hidden."""
    table = counted.by(one.seen, other.seen, sizes=[len(one) + 1, len(other) + 1])
    joined = table.sum(axis=-1) > 0
    return any(
        _hide_one(one, other, (here, there))
        for here, there in np.argwhere(counted.few(table)).tolist()
        if _is_bridge(joined, here, there)
    )


def _hide_one(one: _Way, other: _Way, meeting: tuple[int, int]) -> bool:
    """Hide the smaller of two groups that meet, as :attr:`_Way.seen` numbers them; False where nothing is left.

    Where both are hidden already, the smallest group that is shown has to go.
    """
    there = [(way, place - 1) for way, place in zip((one, other), meeting, strict=True) if place]
    there = there or [(way, at) for way in (one, other) for at in np.flatnonzero(~way.hidden).tolist()]
    if not there:
        return False
    way, group = min(there, key=lambda found: found[0].sizes[found[1]])
    way.hidden[group] = True
    way.hide_enough()
    return True


def _is_bridge(joined: Truths, row: int, column: int) -> bool:
    """Tell whether rows and columns that have someone in common fall apart without this one pair."""
    rows, columns = {row}, set[int]()
    left = joined.copy()
    left[row, column] = False
    while True:
        columns_now = set(np.flatnonzero(left[sorted(rows)].any(axis=0)).tolist())
        if column in columns_now:
            return False
        rows_now = rows | set(np.flatnonzero(left[:, sorted(columns_now)].any(axis=1)).tolist())
        if rows_now == rows and columns_now == columns:
            return True
        rows, columns = rows_now, columns_now
