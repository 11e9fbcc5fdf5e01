"""Answers → scale scores: arrays in, arrays out.

A :class:`Rule` is everything a questionnaire says about one scale; :func:`score` applies it to a matrix of numbers, one
row per respondent and one column per item, NaN where there is no answer. “I don't know”, a refusal and an item that was
not shown are all NaN: never zero. The rules, in the order in which they are applied:

1. A reversed item becomes (lowest + highest) - x, over its own range. Only the items the author named are reversed.
2. With fewer than `needs` items answered the score is missing.
3. The raw score is the mean of the answered items. A prorated sum is that mean times the number of items. A sum that is
   not prorated is missing as soon as one item is, whatever `needs` says: the sum of fewer items means something else.
4. The transformation: a straight line, or a table. A raw score that the table does not hold is missing.
5. Rounding, half up (see :func:`half_up`). It is the last step, with one exception: a table gives its values as they
   are to be reported, so there it is the raw score that is rounded, before it is looked up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey.definition.questionnaire import Questionnaire
from survey.definition.scale import Scale, Transform
from survey.question import Question

Floats = NDArray[np.float64]

_CELLS: Final = 131_072
"""Cells worked on at once: one megabyte, which stays in the cache of one core together with what it came from."""

_TILE: Final = 512
"""Respondents whose answers are turned at once: as many as keep one piece of each row in the fastest cache."""

_NEAR: Final = 2.0**-47
"""Two numbers nearer than this share of themselves (32 units in the last place) are one number, said in decimals."""


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
class Rule:
    """How the answers to some items become one score.

    `items` are question ids; `reverse`, `low` and `high` say for each whether it is turned round, and its own lowest
    and highest number. `needs` is how many items must be answered, 1 to all. `round` is a number of decimals, or None.
    `bands` are kept by who answered. Raises ValueError for a rule that contradicts itself.
    """

    items: tuple[str, ...]
    reverse: tuple[bool, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    score: Literal["mean", "sum"]
    prorate: bool
    needs: int
    round: int | None = None
    transform: Linear | ConversionTable | None = None
    bands: Mapping[str, tuple[ScoreBand, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.items)
        if not count == len(self.reverse) == len(self.low) == len(self.high):
            raise ValueError("each item needs its direction, its lowest and its highest number")
        if not 1 <= self.needs <= count:
            raise ValueError(f"{self.needs} of {count} items cannot be needed")
        for at, (item, low, high) in enumerate(zip(self.items, self.low, self.high, strict=True)):
            if item in self.items[:at]:
                raise ValueError(f"item '{item}' is there twice")
            if not (math.isfinite(low) and math.isfinite(high) and low <= high):
                raise ValueError(f"item '{item}' has no range: {low:g} to {high:g}")

    @property
    def raw_range(self) -> tuple[float, float]:
        """The lowest and the highest raw score that can be, before transformation and rounding."""
        low, high = math.fsum(self.low), math.fsum(self.high)
        return (low, high) if self.score == "sum" else (low / len(self.items), high / len(self.items))


@dataclass(frozen=True)
class Scores:
    """Scores of n respondents, NaN where missing, and how many items each of them answered (integers)."""

    score: Floats
    answered: NDArray[np.int16]


def rule_for(scale: Scale, questionnaire: Questionnaire) -> Rule:
    """Return the rule of a scale, each item with the range of its own question.

    Raises ValueError where an item has no numbers (the checker refuses such a scale before it is published).
    """
    ranges = [_range(scale.id, questionnaire.question(entry.item)) for entry in scale.items]
    return Rule(
        items=tuple(entry.item for entry in scale.items),
        reverse=tuple(entry.reverse for entry in scale.items),
        low=tuple(low for low, _ in ranges),
        high=tuple(high for _, high in ranges),
        score=scale.score,
        prorate=scale.prorate,
        needs=scale.needed,
        round=scale.round,
        transform=_transformation(scale.transform),
        bands={
            who: tuple(ScoreBand(band.low, band.high, band.label) for band in bands)
            for who, bands in scale.bands.items()
        },
    )


def _range(scale: str, question: Question) -> tuple[float, float]:
    found = question.number_range
    if found is None:
        raise ValueError(f"scale '{scale}' uses '{question.id}', whose answers have no numbers")
    return found


def _transformation(given: Transform | None) -> Linear | ConversionTable | None:
    if given is None:
        return None
    if given.linear is not None:
        return Linear(*given.linear)
    return ConversionTable(dict(given.table or {}))


# ── answers → numbers ─────────────────────────────────────────────────────────────────────────────────────
def numbers(question: Question, values: Sequence[Any]) -> Floats:
    """Return the numbers of n stored values of one question (length n); NaN where there is none.

    None stands for no value at all, a mapping for a stated reason (“I don't know”). The question is asked once for
    each distinct value, not once per respondent.
    """
    plain = [None if isinstance(value, dict) else value for value in values]
    try:
        distinct = set(plain)
    except TypeError:  # A list of ticked options: has no number, but that is the question's to say.
        return np.array([_number(question, value) for value in plain], dtype=np.float64)
    found = {value: _number(question, value) for value in distinct}
    return np.fromiter(map(found.__getitem__, plain), dtype=np.float64, count=len(plain))


def _number(question: Question, value: Any) -> float:
    number = None if value is None else question.number(value)
    return math.nan if number is None else number


def matrix(questions: Sequence[Question], answers: Sequence[Mapping[str, Any]]) -> Floats:
    """Return the numbers of n responses to k questions, as an array n × k with NaN for what is missing.

    Each response is its stored answers, key -> value; an absent key was never answered. The array is laid out by
    columns, which is how it is filled and how it is scored fastest.
    """
    filled = np.empty((len(answers), len(questions)), order="F")
    ids = [question.id for question in questions]
    # Response by response, as each then lies in the cache: twice as fast as question by question.
    given = zip(*[tuple(map(response.get, ids)) for response in answers], strict=True)
    for at, (question, values) in enumerate(zip(questions, given, strict=False)):
        filled[:, at] = numbers(question, values)
    return filled


# ── numbers → scores ──────────────────────────────────────────────────────────────────────────────────────
def score(matrix: ArrayLike, rule: Rule, *, cells: int = _CELLS) -> Scores:
    """Score n respondents: `matrix` is n × k with a column for each of `rule.items`, in that order, NaN for missing.

    The matrix is not changed. `cells` is how many numbers are worked on at once; it changes the speed, not the scores.
    Raises ValueError for a matrix of another width, and for numbers outside an item's range (a code for “missing”
    would otherwise be scored as an answer).
    """
    return score_each(matrix, rule.items, (rule,), cells=cells)[0]


def score_each(
    matrix: ArrayLike, items: Sequence[str], rules: Sequence[Rule], *, cells: int = _CELLS
) -> tuple[Scores, ...]:
    """Score several scales in one pass; the columns of `matrix` (n × k) are named by `items`.

    An item may serve several scales. Returns the scores in the order of `rules`. Raises ValueError as
    :func:`score` does, and for an item that has no column.
    """
    given = np.asarray(matrix)
    if given.ndim != 2 or given.shape[1] != len(items):
        raise ValueError(f"scoring {len(items)} items needs a column for each, not an array {given.shape}")
    column = {item: at for at, item in enumerate(items)}
    gone = [item for rule in rules for item in rule.items if item not in column]
    if gone:
        raise ValueError(f"the scale's item '{gone[0]}' has no column")
    count = len(given)
    sums = np.empty((len(rules), count))
    answered = np.empty((len(rules), count), dtype=np.int16)
    block = _Block(rules, column, max(2, min(count, cells // max(1, sum(len(rule.items) for rule in rules)))))
    with np.errstate(invalid="ignore"):  # Infinities are refused in words, below.
        for start in range(0, count, block.size):
            part = slice(start, min(start + block.size, count))
            block.take(given[part])
            block.add(sums[:, part], answered[:, part])
    block.refuse_strangers()
    for rule, raw, n in zip(rules, sums, answered, strict=True):
        for start in range(0, count, cells):
            part = slice(start, start + cells)
            _finish(rule, raw[part], n[part])
    return tuple(Scores(raw, n) for raw, n in zip(sums, answered, strict=True))


def turned(matrix: ArrayLike, rule: Rule) -> Floats:
    """Return a copy of `matrix` (n × k, columns as `rule.items`) with the reversed items turned round.

    Raises ValueError as :func:`score` does.
    """
    given = np.array(matrix, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != len(rule.items):
        raise ValueError(f"scoring {len(rule.items)} items needs a column for each, not an array {given.shape}")
    low, high = np.array(rule.low), np.array(rule.high)
    for at, values in enumerate(given.T):
        if len(values):
            _refuse_strangers(rule, at, np.fmin.reduce(values), np.fmax.reduce(values))
    reverse = np.array(rule.reverse, dtype=bool)
    given[:, reverse] = (low + high)[reverse] - given[:, reverse]
    return given


def _runs(marks: Sequence[int]) -> list[tuple[slice, slice]]:
    """Return where numbers that follow each other lie in `marks`, and which numbers these are, as pairs of slices."""
    runs: list[tuple[int, int, int]] = []
    for row, at in enumerate(marks):
        if runs and runs[-1][1] + runs[-1][2] == at:
            runs[-1] = (*runs[-1][:2], runs[-1][2] + 1)
        else:
            runs.append((row, at, 1))
    return [(slice(row, row + n), slice(at, at + n)) for row, at, n in runs]


class _Block:
    """The part of the matrix that is worked on: a row per item of each scale, a column per respondent.

    Turned that way, everything numpy does runs along respondents, in the same order for any size of block. The
    memory is taken once and used for every block.
    """

    def __init__(self, rules: Sequence[Rule], column: Mapping[str, int], size: int) -> None:
        items = [(rule, at) for rule in rules for at in range(len(rule.items))]
        self.size = size
        self._items = items
        self._copies = _runs([column[rule.items[at]] for rule, at in items])
        self._turns = [(row, rule.low[at] + rule.high[at]) for row, (rule, at) in enumerate(items) if rule.reverse[at]]
        ends = np.cumsum([len(rule.items) for rule in rules]).tolist()
        self._scales = [slice(end - len(rule.items), end) for rule, end in zip(rules, ends, strict=True)]
        self._lowest = np.full(len(items), np.nan)
        self._highest = np.full(len(items), np.nan)
        self._all_values = np.zeros((len(items), size))
        self._all_there = np.empty((len(items), size), dtype=bool)
        self._never_negative = all(low >= 0 for rule in rules for low in rule.low)

    def take(self, part: NDArray[Any]) -> None:
        """Copy what the scales need of these respondents, turn what is reversed and make what is missing zero."""
        self._values, self._there = self._all_values[:, : len(part)], self._all_there[:, : len(part)]
        values = self._values
        for start in range(0, len(part), _TILE):
            tile = slice(start, start + _TILE)
            for rows, columns in self._copies:
                np.copyto(values[rows, tile], part[tile, columns].T)
        np.fmin(self._lowest, np.fmin.reduce(values, axis=1), out=self._lowest)
        np.fmax(self._highest, np.fmax.reduce(values, axis=1), out=self._highest)
        for row, turn in self._turns:
            np.subtract(turn, values[row], out=values[row])
        np.equal(values, values, out=self._there)  # Only NaN is not itself.
        if self._never_negative:
            np.fmax(values, 0.0, out=values)  # Three times as fast as the general way.
        else:
            np.copyto(values, 0.0, where=~self._there)

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
            _refuse_strangers(rule, at, lowest, highest)


def _refuse_strangers(rule: Rule, at: int, lowest: float, highest: float) -> None:
    """Raise ValueError, naming the item but not the answer, where numbers are outside an item's range."""
    if lowest < rule.low[at] or highest > rule.high[at]:
        raise ValueError(
            f"item '{rule.items[at]}' has numbers outside {rule.low[at]:g} to {rule.high[at]:g}. "
            "Please turn codes for missing answers into NaN before scoring"
        )


def _finish(rule: Rule, raw: Floats, answered: NDArray[np.int16]) -> None:
    """Turn sums of answered items into scores, in place."""
    count = len(rule.items)
    whole = rule.score == "sum" and not rule.prorate
    raw[answered < (count if whole else rule.needs)] = np.nan
    if not whole:
        if rule.score == "sum":
            raw *= count  # Times first: a sum without gaps then comes out exactly.
        np.divide(raw, answered, out=raw)  # Where nothing is answered, NaN / 0 is NaN.
    if isinstance(rule.transform, ConversionTable):
        raw[:] = _looked_up(raw if rule.round is None else half_up(raw, rule.round), rule.transform)
        return
    if rule.transform is not None:
        _along(rule.transform, raw)
    if rule.round is not None:
        raw[:] = half_up(raw, rule.round)


def _along(line: Linear, raw: Floats) -> None:
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
    found: Floats = np.where(_same(raw, keys[nearest]), values[nearest], np.nan)
    return found


def _same(one: Floats, other: Floats | float) -> NDArray[np.bool_]:
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


def band(scores: ArrayLike, bands: Sequence[ScoreBand]) -> NDArray[np.object_]:
    """Return the label of the band that holds each score (length n), None where the score is missing or in no band.

    Both ends belong to a band. Where one ends at the very score at which the next begins, the score is in the next.
    """
    given = np.asarray(scores, dtype=np.float64)
    labels = np.full(given.shape, None, dtype=object)
    for one in bands:
        inside = (given >= one.from_) & (given <= one.to)
        labels[inside | _same(given, one.from_) | _same(given, one.to)] = one.label
    return labels
