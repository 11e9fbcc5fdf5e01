"""Numbers → scores: several scales at once, those within others first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey.scales.block import AnswerBlock, recode_in_place, refuse_strangers
from survey.scales.conversion import convert, convert_by_norms
from survey.scales.norms import groups_of
from survey.scales.rule import NOTHING_BESIDE, Beside, Floats, Rule, Scores

_CELLS: Final = 131_072
"""Cells worked on at once: one megabyte, which stays in the cache of one core together with what it came from."""


def score(matrix: ArrayLike, rule: Rule, *, beside: Beside = NOTHING_BESIDE, cells: int = _CELLS) -> Scores:
    """Score n respondents: `matrix` is n × k a column for each of `rule.questions`, NaN for missing.

    The matrix is not changed. `beside` is what the rule looks at beside the answers; what it does not hold is unknown.
    `cells` is how many numbers are worked on at once; it changes the speed, not the scores. Raises ValueError for a
    matrix of another width, and for numbers outside an item's range (a code for “missing” would otherwise be scored as
    an answer).
    """
    return score_each(matrix, rule.questions, (rule,), beside=beside, cells=cells)[0]


def score_each(
    matrix: ArrayLike,
    items: Sequence[str],
    rules: Sequence[Rule],
    *,
    beside: Beside = NOTHING_BESIDE,
    cells: int = _CELLS,
) -> tuple[Scores, ...]:
    """Score several scales in one pass; the columns of `matrix` (n × k) are named by `items`.

    An item may serve several scales, and the scales within scales are scored first. Returns the scores in the order of
    `rules`. Raises ValueError as :func:`score` does, and for an item that has no column.
    """
    given = np.asarray(matrix)
    if given.ndim != 2 or given.shape[1] != len(items):
        raise ValueError(f"scoring {len(items)} items needs a column for each, not an array {given.shape}")
    scored = _Scored(given, {item: at for at, item in enumerate(items)}, beside, cells)
    for level in _levels(rules):
        scored.add(level)
    return tuple(scored.scores[id(rule)] for rule in rules)


def _levels(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Return these rules and those within them, each once, in levels: each behind the level of what it is made of."""
    depths: dict[int, int] = {}
    levels: list[list[Rule]] = []

    def place(rule: Rule) -> int:
        if id(rule) not in depths:
            depths[id(rule)] = depth = max((place(part) + 1 for part in rule.parts.values()), default=0)
            levels.extend([] for _ in range(depth + 1 - len(levels)))
            levels[depth].append(rule)
        return depths[id(rule)]

    for rule in rules:
        place(rule)
    return levels


class _Scored:
    """The scores of one matrix, level by level: `scores` are kept by the identity of their rule."""

    def __init__(self, given: NDArray[Any], column: Mapping[str, int], beside: Beside, cells: int) -> None:
        self._given, self._column, self._beside, self._cells = given, column, beside, cells
        self.scores: dict[int, Scores] = {}

    def add(self, rules: Sequence[Rule]) -> None:
        """Score rules whose parts have been scored. Raises ValueError as :func:`score_each` does."""
        matrix, columns = self._columns(rules)
        count = len(matrix)
        sums = np.empty((len(rules), count))
        answered = np.empty((len(rules), count), dtype=np.int16)
        weights = {at: np.empty(count) for at, rule in enumerate(rules) if _divides(rule) and rule.weights}
        size = max(2, min(count, self._cells // max(1, sum(len(rule.items) for rule in rules))))
        block = AnswerBlock(rules, columns, size)
        with np.errstate(invalid="ignore"):  # Infinities are refused in words, below.
            for start in range(0, count, block.size):
                part = slice(start, min(start + block.size, count))
                block.take(matrix[part])
                block.count(part, self._beside.not_shown)
                block.add(sums[:, part], answered[:, part])
                for at, weight in weights.items():
                    block.weigh(at, weight[part])
        block.refuse_strangers()
        for at, (rule, raw, n) in enumerate(zip(rules, sums, answered, strict=True)):
            self.scores[id(rule)] = self._finished(rule, raw, n, weights.get(at))

    def _finished(self, rule: Rule, raw: Floats, answered: NDArray[np.int16], weight: Floats | None) -> Scores:
        """Turn sums of answered items into scores, in place, and return them."""
        which = groups_of(rule.norms, self._beside.facts, len(raw)) if rule.norms else None
        without = 0
        for start in range(0, len(raw), self._cells):
            part = slice(start, start + self._cells)
            _make_raw(rule, raw[part], answered[part], None if weight is None else weight[part])
            if which is None:
                convert(rule, rule.transform, raw[part])
                continue
            without += int(np.count_nonzero(~np.isnan(raw[part]) & (which[part] < 0)))
            convert_by_norms(rule, raw[part], which[part])
        return Scores(raw, answered, without)

    def _columns(self, rules: Sequence[Rule]) -> tuple[NDArray[Any], list[int]]:
        """Return a matrix, and the column in it of each item of each rule; scores of scales stand in columns too."""
        gone = [item for rule in rules for item in rule.items if item not in rule.parts and item not in self._column]
        if gone:
            raise ValueError(f"the scale's item '{gone[0]}' has no column")
        if not any(rule.parts for rule in rules):
            return self._given, [self._column[item] for rule in rules for item in rule.items]
        found: dict[int | str, NDArray[Any]] = {}
        for rule in rules:
            for item in rule.items:
                part = rule.parts.get(item)
                if part is None:
                    found[item] = self._given[:, self._column[item]]
                else:
                    found[id(part)] = self.scores[id(part)].score
        matrix = np.empty((len(self._given), len(found)), order="F")
        for at, values in enumerate(found.values()):
            matrix[:, at] = values
        place = {key: at for at, key in enumerate(found)}
        keys = [id(rule.parts[item]) if item in rule.parts else item for rule in rules for item in rule.items]
        return matrix, [place[key] for key in keys]


def turned(matrix: ArrayLike, rule: Rule, beside: Beside = NOTHING_BESIDE) -> Floats:
    """Return what each item of a rule counts, before its weight: n × items, NaN for missing.

    `matrix` has a column for each of `rule.questions`. Reversed items are turned round, recoded ones recoded, those of
    a count are 0 or 1, and an item that is a scale has its score. Raises ValueError as :func:`score` does.
    """
    given = np.array(matrix, dtype=np.float64)
    questions = rule.questions
    if given.ndim != 2 or given.shape[1] != len(questions):
        raise ValueError(f"scoring {len(questions)} items needs a column for each, not an array {given.shape}")
    column = {id: given[:, at] for at, id in enumerate(questions)}
    parts = dict(zip(rule.parts, score_each(given, questions, tuple(rule.parts.values()), beside=beside), strict=True))
    found = np.empty((len(given), len(rule.items)))
    for at, item in enumerate(rule.items):
        values = parts[item].score if item in parts else column[item]
        if len(values) and item not in parts:
            refuse_strangers(rule, at, np.fmin.reduce(values), np.fmax.reduce(values))
        found[:, at] = rule.low[at] + rule.high[at] - values if rule.reverse[at] else values
        if rule.recodes and (recode := rule.recodes[at]) is not None:
            recode_in_place(found[:, at], recode)
        if rule.not_shown is not None and item in beside.not_shown and item not in parts:
            found[beside.not_shown[item], at] = rule.not_shown
    return found


def _divides(rule: Rule) -> bool:
    """Tell whether a raw score is a mean of the items that were answered, or comes from one."""
    return rule.score == "mean" or (rule.score == "sum" and rule.prorate)


def _make_raw(rule: Rule, raw: Floats, answered: NDArray[np.int16], weight: Floats | None) -> None:
    """Turn sums of answered items into raw scores, in place. `weight`: of the answered items, where they have any."""
    every = rule.score == "sum" and not rule.prorate
    raw[answered < (len(rule.items) if every else rule.needs)] = np.nan
    if not _divides(rule):
        return
    if rule.score == "sum":
        # Times first: a sum without gaps then comes out exactly.
        raw *= sum(rule.weights) if weight is not None else len(rule.items)
    np.divide(raw, answered if weight is None else weight, out=raw)  # Where nothing is answered, NaN / 0 is NaN.
