"""Answers → scale scores: arrays in, arrays out.

A :class:`Rule` is everything a questionnaire says about one scale; :func:`score` applies it to a matrix of numbers, one
row per respondent and one column per question, NaN where there is no answer. “I don't know”, a refusal and an item that
was not shown are all NaN: never zero, unless the rule says what an item counts that was not shown. The rules, in the
order in which they are applied:

1. An item that is a scale itself has the score of that scale, rounded and converted as that scale says.
2. A reversed item becomes (lowest + highest) - x, over its own range. Only the items the author named are reversed. A
   recoded item becomes what its table says. In a count an item becomes 1 where its answer counts, else 0. An item that
   was not shown becomes what the rule says for it, and counts as answered.
3. With fewer than `needs` items answered the score is missing.
4. The raw score is the mean of the answered items, each as heavy as its weight. A prorated sum is that mean times the
   sum of all weights: times the number of items where none has a weight. A sum that is not prorated is missing as soon
   as one item is, whatever `needs` says: the sum of fewer items means something else. A count is that of the answered
   items.
5. The transformation: a straight line, or a table; or the norms of the respondent's group, by mean and standard
   deviation or by a table. A raw score that the table does not hold is missing, and so is the score of a respondent
   for whom there are no norms.
6. Rounding, half up (see :func:`half_up`). It is the last step, with one exception: a table gives its values as they
   are to be reported, so there it is the raw score that is rounded, before it is looked up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey.definition import counting
from survey.definition.conditions import fact_value
from survey.definition.questionnaire import Questionnaire
from survey.definition.scale import Band, NormGroup, Norms, Scale, ScaleItem, Transform, number_range
from survey.question import Question

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_CELLS: Final = 131_072
"""Cells worked on at once: one megabyte, which stays in the cache of one core together with what it came from."""

_TILE: Final = 512
"""Respondents whose answers are turned at once: as many as keep one piece of each row in the fastest cache."""

_NEAR: Final = 2.0**-47
"""Two numbers nearer than this share of themselves (32 units in the last place) are one number, said in decimals."""

SELF: Final = "self"
"""Whose bands hold for people who answer about themselves, where none are given for their audience."""


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


# ── a questionnaire's words → rules ───────────────────────────────────────────────────────────────────────
def rules_for(questionnaire: Questionnaire) -> dict[str, Rule]:
    """Return the rule of each scale of a questionnaire, by its id, each item with the range of its own question.

    A scale within another is one and the same rule. Raises ValueError where an item has no numbers (the checker refuses
    such a scale before it is published).
    """
    made = _Rules(questionnaire)
    return {scale.id: made.of(scale) for scale in questionnaire.scales}


class _Rules:
    """Makes the rules of one questionnaire, each once."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self._questionnaire = questionnaire
        self._made: dict[str, Rule] = {}

    def of(self, scale: Scale) -> Rule:
        if scale.id not in self._made:
            self._made[scale.id] = self._make(scale)
        return self._made[scale.id]

    def _make(self, scale: Scale) -> Rule:
        parts = {entry.item: self._part(entry.item) for entry in scale.items}
        found = {id: self.of(part) for id, part in parts.items() if isinstance(part, Scale)}
        asked = {id: part for id, part in parts.items() if not isinstance(part, Scale)}
        ranges = [
            _score_range(found[entry.item]) if entry.item in found else _range(scale.id, asked[entry.item])
            for entry in scale.items
        ]
        recodes = [_recode(scale, entry, asked.get(entry.item)) for entry in scale.items]
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
            bands={who: _bands(bands) for who, bands in scale.bands.items()},
            recodes=tuple(recodes) if any(recodes) else (),
            weights=tuple(entry.weight for entry in scale.items) if scale.weighs else (),
            not_shown=scale.not_shown,
            parts=found,
            norms=_norms(scale.norms),
        )

    def _part(self, id: str) -> Question | Scale:
        try:
            return self._questionnaire.question(id)
        except KeyError:
            return self._questionnaire.scale(id)


def _range(scale: str, question: Question) -> tuple[float, float]:
    found = question.number_range
    if found is None:
        raise ValueError(f"scale '{scale}' uses '{question.id}', whose answers have no numbers")
    return found


def _score_range(rule: Rule) -> tuple[float, float]:
    """Return the lowest and the highest score that a rule can give, before rounding."""
    raw = rule.raw_range
    found = [end for line in (rule.transform, *(group.transform for group in rule.norms)) for end in _ends(line, raw)]
    return (min(found), max(found)) if found else raw


def _ends(line: Linear | ConversionTable | None, raw: tuple[float, float]) -> Iterable[float]:
    if isinstance(line, ConversionTable):
        return line.values.values()
    if line is None:
        return ()
    found = np.array(raw)
    _along(line, found)
    return float(found[0]), float(found[1])


def _recode(scale: Scale, entry: ScaleItem, question: Question | None) -> Recode | None:
    if question is None:
        return None
    if scale.score == "count":
        return Recode({counting.number_of(question, word): 1.0 for word in scale.counts or ()}, 0.0)
    table = scale.recoding(entry)
    return None if table is None else Recode(counting.recoded(question, table))


def _transformation(given: Transform | None) -> Linear | ConversionTable | None:
    if given is None:
        return None
    if given.linear is not None:
        return Linear(*given.linear)
    return ConversionTable(dict(given.table or {}))


def _bands(bands: Sequence[Band]) -> tuple[ScoreBand, ...]:
    return tuple(ScoreBand(band.low, band.high, band.label) for band in bands)


def _norms(given: Norms | None) -> tuple[NormsOfGroup, ...]:
    return tuple(_norms_of(given, group) for group in given.groups) if given else ()


def _norms_of(given: Norms, group: NormGroup) -> NormsOfGroup:
    whom = {fact: number_range(text) or text.strip() for fact, text in group.whom.items()}
    line: Linear | ConversionTable | None = ConversionTable(group.table) if group.table else None
    if group.mean is not None and group.sd is not None and given.mean is not None and given.sd is not None:
        line = Linear(group.mean, group.mean + group.sd, given.mean, given.mean + given.sd)
    return NormsOfGroup(whom, line, _bands(group.bands))


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
NOTHING_BESIDE: Final = Beside()
"""No routing and no roster."""


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
        block = _Block(rules, columns, size)
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
                _convert(rule, rule.transform, raw[part])
                continue
            without += int(np.count_nonzero(~np.isnan(raw[part]) & (which[part] < 0)))
            _convert_by_norms(rule, raw[part], which[part])
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
            _refuse_strangers(rule, at, np.fmin.reduce(values), np.fmax.reduce(values))
        found[:, at] = rule.low[at] + rule.high[at] - values if rule.reverse[at] else values
        if rule.recodes and (recode := rule.recodes[at]) is not None:
            _recode_in_place(found[:, at], recode)
        if rule.not_shown is not None and item in beside.not_shown and item not in parts:
            found[beside.not_shown[item], at] = rule.not_shown
    return found


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
            _recode_in_place(values[row], recode)
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
            _refuse_strangers(rule, at, lowest, highest)


def _refuse_strangers(rule: Rule, at: int, lowest: float, highest: float) -> None:
    """Raise ValueError, naming the item but not the answer, where numbers are outside an item's range."""
    if lowest < rule.low[at] or highest > rule.high[at]:
        raise ValueError(
            f"item '{rule.items[at]}' has numbers outside {rule.low[at]:g} to {rule.high[at]:g}. "
            "Please turn codes for missing answers into NaN before scoring"
        )


def _recode_in_place(values: Floats, recode: Recode) -> None:
    """Replace numbers by what they count; NaN stays NaN."""
    found = np.where(np.isnan(values), np.nan, recode.otherwise)
    for number, counted in recode.values.items():
        np.copyto(found, counted, where=values == number)
    values[:] = found


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


def _convert(rule: Rule, transform: Linear | ConversionTable | None, raw: Floats) -> None:
    """Turn raw scores into the ones that are reported, in place."""
    if isinstance(transform, ConversionTable):
        raw[:] = _looked_up(raw if rule.round is None else half_up(raw, rule.round), transform)
        return
    if transform is not None:
        _along(transform, raw)
    if rule.round is not None:
        raw[:] = half_up(raw, rule.round)


def _convert_by_norms(rule: Rule, raw: Floats, which: Places) -> None:
    """Turn raw scores into those that norms give, in place; `which` is the place of each respondent's group, or -1.

    Norms that name bands only leave the score as it is, for everyone.
    """
    if all(group.transform is None for group in rule.norms):
        _convert(rule, rule.transform, raw)
        return
    raw[which < 0] = np.nan
    for at, group in enumerate(rule.norms):
        places = np.flatnonzero(which == at)
        scores = raw[places]
        _convert(rule, group.transform, scores)
        raw[places] = scores


def groups_of(norms: Sequence[NormsOfGroup], facts: Mapping[str, Sequence[Any]], count: int) -> Places:
    """Return, for each of `count` respondents, the place of the group whose norms hold for them; -1 for none.

    `facts`: fact of the roster -> its value for each. Each combination of values is looked at once.
    """
    names = list(dict.fromkeys(fact for group in norms for fact in group.whom))
    if any(name not in facts for name in names):
        return np.full(count, -1, dtype=np.intp)
    distinct = [list(dict.fromkeys(facts[name])) for name in names]
    combined = np.zeros(count, dtype=np.intp)
    for name, values in zip(names, distinct, strict=True):
        place = {value: at for at, value in enumerate(values)}
        mine = np.fromiter(map(place.__getitem__, facts[name]), dtype=np.intp, count=count)
        combined = combined * max(1, len(values)) + mine
    found, which = np.unique(combined, return_inverse=True)
    groups = np.empty(len(found), dtype=np.intp)
    for at, number in enumerate(found.tolist()):
        known: dict[str, Any] = {}
        for name, values in zip(reversed(names), reversed(distinct), strict=True):
            number, place_of_value = divmod(number, len(values))
            known[name] = values[place_of_value]
        groups[at] = _group_of(norms, known)
    return groups[which]


def _group_of(norms: Sequence[NormsOfGroup], facts: Mapping[str, Any]) -> int:
    known = {fact: fact_value(value) for fact, value in facts.items() if value is not None and value != ""}
    for at, group in enumerate(norms):
        if all(fact in known and _fits(known[fact], wanted) for fact, wanted in group.whom.items()):
            return at
    return -1


_AS_NUMBER: Final = {"yes": 1.0, "no": 0.0}
"""How a data file says yes and no."""


def _fits(value: float | str, wanted: str | tuple[float, float]) -> bool:
    if isinstance(wanted, tuple):
        return not isinstance(value, str) and wanted[0] <= value <= wanted[1]
    return value in (fact_value(wanted), _AS_NUMBER.get(wanted))


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


def _bands_for(rule: Rule, audience: str) -> tuple[ScoreBand, ...]:
    return rule.bands.get(audience) or rule.bands.get(SELF) or ()


def has_bands(rule: Rule, audience: str) -> bool:
    """Tell whether the scores of people of an audience have bands."""
    return bool(_bands_for(rule, audience)) or any(group.bands for group in rule.norms)


def banded(scores: Scores, rule: Rule, audience: str, beside: Beside = NOTHING_BESIDE) -> NDArray[np.object_]:
    """Return the label of the band of each score, by the bands of who answered or by those of the norms.

    `audience` is who answered; without bands for them, those of people who answer about themselves hold. None where
    the score is missing or in no band, and where no norms hold for the respondent.
    """
    if not any(group.bands for group in rule.norms):
        return band(scores.score, _bands_for(rule, audience))
    which = groups_of(rule.norms, beside.facts, len(scores.score))
    labels = np.full(len(which), None, dtype=object)
    for at, group in enumerate(rule.norms):
        places = np.flatnonzero(which == at)
        labels[places] = band(scores.score[places], group.bands)
    return labels


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
