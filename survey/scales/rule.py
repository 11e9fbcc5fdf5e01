"""What scoring takes and what it gives: rules, what stands beside the answers, and scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Linear:
    """A straight line: `raw_from` becomes `new_from`, and `raw_to` becomes `new_to`. Raises ValueError for no line."""

    raw_from: float
    raw_to: float
    new_from: float
    new_to: float

    def __post_init__(self) -> None:
        if self.raw_from == self.raw_to:
            raise ValueError(f"a line needs two ends, and both are {self.raw_from:g}")


@dataclass(frozen=True)
class ConversionTable:
    """A conversion table: raw score -> the score to report. What it does not hold becomes missing."""

    values: Mapping[float, float]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("a conversion table without entries makes every score missing")


@dataclass(frozen=True)
class ScoreBand:
    """A named range of scores, both ends included."""

    from_: float
    to: float
    label: str


@dataclass(frozen=True)
class Recode:
    """What the answers to one item count: its number -> what it counts. Any other number counts `otherwise`."""

    values: Mapping[float, float]
    otherwise: float = math.nan


@dataclass(frozen=True)
class NormsOfGroup:
    """The norms of one group: whom they hold for (fact -> its value, or a range), and a line, a table or neither.

    `bands` are the group's own; empty where they are the same for everyone.
    """

    whom: Mapping[str, str | tuple[float, float]]
    transform: Linear | ConversionTable | None = None
    bands: tuple[ScoreBand, ...] = ()


@dataclass(frozen=True)
class Beside:
    """What scoring looks at beside the answers of n respondents.

    `not_shown`: question -> for each respondent, whether routing passed it by (length n). `facts`: fact of the roster
    -> its value for each respondent (length n), None or an empty text where it is unknown.
    """

    not_shown: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    facts: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def chosen(self, where: NDArray[np.bool_]) -> Beside:
        """Return the same of some of the respondents: those for whom `where` (length n) is true."""
        places = np.flatnonzero(where).tolist()
        return Beside(
            {question: flags[where] for question, flags in self.not_shown.items()},
            {fact: [values[place] for place in places] for fact, values in self.facts.items()},
        )


@dataclass(frozen=True)
class Rule:
    """How the answers to some items become one score.

    `items` are ids of questions, or of scales, whose rules are then in `parts`; `reverse`, `low` and `high` say for
    each item whether it is turned round, and its own lowest and highest number. `recodes` and `weights` are empty where
    no item has any, else one for each item. `needs` is how many items must be answered, 1 to all. `not_shown` is what
    an item counts that was not shown; None: it is missing. `round` is a number of decimals, or None. `bands` are kept
    by who answered. Raises ValueError for a rule that contradicts itself.
    """

    items: tuple[str, ...]
    reverse: tuple[bool, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    score: Literal["mean", "sum", "count"]
    prorate: bool
    needs: int
    round: int | None = None
    transform: Linear | ConversionTable | None = None
    bands: Mapping[str, tuple[ScoreBand, ...]] = field(default_factory=dict)
    recodes: tuple[Recode | None, ...] = ()
    weights: tuple[float, ...] = ()
    not_shown: float | None = None
    parts: Mapping[str, Rule] = field(default_factory=dict)
    norms: tuple[NormsOfGroup, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.items)
        if not count == len(self.reverse) == len(self.low) == len(self.high):
            raise ValueError("each item needs its direction, its lowest and its highest number")
        if len(self.recodes) not in (0, count) or len(self.weights) not in (0, count):
            raise ValueError("where one item has a recode or a weight, each needs a place for its own")
        if not all(0 < weight < math.inf for weight in self.weights):
            raise ValueError("a weight is more than 0")
        if not 1 <= self.needs <= count:
            raise ValueError(f"{self.needs} of {count} items cannot be needed")
        for at, (item, low, high) in enumerate(zip(self.items, self.low, self.high, strict=True)):
            if item in self.items[:at]:
                raise ValueError(f"item '{item}' is there twice")
            if not (math.isfinite(low) and math.isfinite(high) and low <= high):
                raise ValueError(f"item '{item}' has no range: {low:g} to {high:g}")

    @property
    def questions(self) -> tuple[str, ...]:
        """The ids of the questions behind the score, by way of other scales too; each once. `items` without scales."""
        behind = (self.parts[item].questions if item in self.parts else (item,) for item in self.items)
        return tuple(dict.fromkeys(id for ids in behind for id in ids))

    @property
    def own_facts(self) -> tuple[str, ...]:
        """The roster facts that its norms look at; each once."""
        return tuple(dict.fromkeys(fact for group in self.norms for fact in group.whom))

    @property
    def facts(self) -> tuple[str, ...]:
        """The roster facts that norms look at, by way of other scales too; each once."""
        inner = (fact for part in self.parts.values() for fact in part.facts)
        return tuple(dict.fromkeys([*self.own_facts, *inner]))

    @property
    def passed_by(self) -> frozenset[str]:
        """The questions that count something where they were not shown, by way of other scales too."""
        own = [item for item in self.items if self.not_shown is not None and item not in self.parts]
        return frozenset(own).union(*(part.passed_by for part in self.parts.values()))

    @property
    def normed(self) -> bool:
        """Whether norms make another score, rather than name bands only."""
        return any(group.transform is not None for group in self.norms)

    def counted_range(self, at: int) -> tuple[float, float]:
        """Return the lowest and the highest that the item at a place can count, before its weight."""
        recode = self.recodes[at] if self.recodes else None
        ends = [self.low[at], self.high[at]]
        if recode is not None:
            ends = [value for value in (*recode.values.values(), recode.otherwise) if not math.isnan(value)]
        if self.not_shown is not None and self.items[at] not in self.parts:
            ends.append(self.not_shown)
        return min(ends), max(ends)

    @property
    def raw_range(self) -> tuple[float, float]:
        """The lowest and the highest raw score that can be, before transformation and rounding."""
        weights = self.weights or (1.0,) * len(self.items)
        ranges = [self.counted_range(at) for at in range(len(self.items))]
        low, high = (math.fsum(w * ends[side] for w, ends in zip(weights, ranges, strict=True)) for side in (0, 1))
        return (low / math.fsum(weights), high / math.fsum(weights)) if self.score == "mean" else (low, high)


@dataclass(frozen=True)
class Scores:
    """Scores of n respondents, NaN where missing, and how many items each of them answered (integers).

    `without_norms` is how many have enough answers for a score, and are in no group that has norms.
    """

    score: Floats
    answered: NDArray[np.int16]
    without_norms: int = 0


NOTHING_BESIDE: Final = Beside()
"""No routing and no roster."""
