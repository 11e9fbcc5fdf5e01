"""What the items of a scale can count, and which scores come of them: the one source of a scale's ranges.

An answer has a number (its question's). The number becomes what it counts by `reverse`, `recode`, `counts` and
`weight`; together they make the raw score, and this the reported one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from survey.definition.questionnaire import Questionnaire
from survey.definition.scale import Scale, ScaleItem, number_range
from survey.question import Question

Range = tuple[float, float]

_NOT_WHOLE: Final = 0.5
"""Stands for all the scores of a scale that are not whole numbers."""


# ---- answers -----------------------------------------------------------------------------------------------


class Uncounted(ValueError):
    """A word that is no answer with a number; its text says why."""

    def __init__(self, word: str, why: str) -> None:
        super().__init__(why)
        self.word = word


def number_of(question: Question, word: str) -> float:
    """Return the number of an answer as an author writes it: a code, or yes. Raises Uncounted."""
    try:
        number = question.number(question.value_of(word))
    except ValueError as error:
        raise Uncounted(word, str(error)) from error
    if number is None:
        raise Uncounted(word, "this answer has no number")
    return number


def answers_of(question: Question) -> dict[int, float]:
    """Return the code and the number of each answer that has one; nothing where numbers are typed."""
    found = {code: question.number(code) for code in question.meanings}
    return {code: number for code, number in found.items() if number is not None}


def recoded(question: Question, table: dict[str, float]) -> dict[float, float]:
    """Return what each number counts, of a table of answers as the author wrote it. Raises Uncounted."""
    return {number_of(question, word): counted for word, counted in table.items()}


# ---- scores ------------------------------------------------------------------------------------------------


class Counting:
    """What can be known of a questionnaire's scales before anyone answers.

    `order` are the ids of its scales, each behind those that it is made of; scales in a circle, and those that are made
    of them, are in `circular` instead. `depth` says how many scales lie within each other: 1 for one made of questions.
    """

    def __init__(self, questionnaire: Questionnaire) -> None:
        self._questions = {question.id: question for question in questionnaire.questions}
        self._scales = {scale.id: scale for scale in questionnaire.scales}
        self.made_of = {
            id: [entry.item for entry in scale.items if self._is_scale(entry.item)]
            for id, scale in self._scales.items()
        }
        self.depth: dict[str, int] = {}
        waiting = dict.fromkeys(self._scales)
        while ready := [id for id in waiting if all(part in self.depth for part in self.made_of[id])]:
            for id in ready:
                self.depth[id] = 1 + max((self.depth[part] for part in self.made_of[id]), default=0)
                del waiting[id]
        self.order = list(self.depth)
        self.circular = list(waiting)
        self._ranges: dict[str, Range | None] = {}
        self._steps: dict[str, float] = {}
        self._behind: dict[str, dict[str, None]] = {}
        for id in self.order:
            self._behind[id] = self._items_behind(id)
            self._ranges[id] = self._reported(self._scales[id])
            self._steps[id] = self._step(self._scales[id])

    def _is_scale(self, id: str) -> bool:
        return id not in self._questions and id in self._scales

    def _items_behind(self, id: str) -> dict[str, None]:
        found: dict[str, None] = {}
        for entry in self._scales[id].items:
            found[entry.item] = None
            if self._is_scale(entry.item):
                found |= self._behind[entry.item]
        return found

    def question(self, entry: ScaleItem) -> Question | None:
        """Return the question that an item is; None for a scale, and for what is not there."""
        return self._questions.get(entry.item)

    def scale(self, entry: ScaleItem) -> Scale | None:
        """Return the scale that an item is; None for a question, and for what is not there."""
        return self._scales[entry.item] if self._is_scale(entry.item) else None

    def items_of(self, id: str) -> list[str]:
        """Return the ids of the questions and the scales that a scale is made of, by way of other scales too."""
        return list(self._behind[id])

    def circle(self) -> list[str]:
        """Return a circle of scales that are made of each other, the first again at its end; empty without one."""
        if not self.circular:
            return []
        way = [self.circular[0]]
        while way.count(way[-1]) < 2:
            way.append(next(part for part in self.made_of[way[-1]] if part in self.circular))
        return way[way.index(way[-1]) :]

    # ---- ranges ----

    def item_range(self, scale: Scale, entry: ScaleItem) -> Range | None:
        """Return the lowest and the highest that an item can count, before its weight; None where it is not known."""
        if scale.score == "count":
            return 0.0, 1.0
        question = self.question(entry)
        if question is None:
            return self._ranges.get(entry.item)
        table = scale.recoding(entry)
        found = _ends(table.values()) if table else question.number_range
        if found is None or scale.not_shown is None:
            return found
        return min(found[0], scale.not_shown), max(found[1], scale.not_shown)

    def raw_range(self, scale: Scale) -> Range | None:
        """Return the lowest and the highest raw score, or None where an item has no range."""
        ranges = [self.item_range(scale, entry) for entry in scale.items]
        there = [found for found in ranges if found is not None]
        if len(there) < len(ranges):
            return None
        weights = [entry.weight for entry in scale.items]
        low, high = (sum(w * found[end] for w, found in zip(weights, there, strict=True)) for end in (0, 1))
        return (low / sum(weights), high / sum(weights)) if scale.score == "mean" else (low, high)

    def reported_range(self, scale: Scale) -> Range | None:
        """Return the lowest and highest score after transformation and norms, or None where it is not known."""
        return self._ranges.get(scale.id)

    def _reported(self, scale: Scale) -> Range | None:
        found = self._converted(scale)
        table = scale.transform.table if scale.transform else None
        if found is None or scale.round is None or table or (scale.norms and any(g.table for g in scale.norms.groups)):
            return found  # A table gives scores as they are reported.
        return _rounded(found[0], scale.round), _rounded(found[1], scale.round)

    def _converted(self, scale: Scale) -> Range | None:
        raw = self.raw_range(scale)
        norms = scale.norms
        if norms is not None and norms.transforms:
            if tables := [group.table for group in norms.groups if group.table]:
                return _ends(value for table in tables for value in table.values())
            return None if raw is None else _on_norms(scale, raw)
        if raw is None or scale.transform is None:
            return raw
        if scale.transform.table:
            return _ends(scale.transform.table.values())
        return _ends(scale.transform.linear[2:]) if scale.transform.linear else None

    def step(self, scale: Scale) -> float:
        """Return the distance between two scores that follow each other; 0 where there is none, or it is not known."""
        return self._steps.get(scale.id, 0.0)

    def _step(self, scale: Scale) -> float:
        if scale.round is not None:
            return float(10**-scale.round)
        normed = scale.norms is not None and scale.norms.transforms
        if scale.transform is not None or normed or scale.score == "mean" or scale.prorate:
            return 0.0
        return 1.0 if self.counts_whole(scale) else 0.0

    # ---- whole numbers ----

    def counts_whole(self, scale: Scale) -> bool:
        """Tell whether every item of a scale counts whole numbers only, weight included."""
        return all(self._whole_counts(scale, entry) is not None for entry in scale.items)

    def possible_sums(self, scale: Scale) -> list[int] | None:
        """Return every sum that answers to all items can make, in order; None where not all are whole numbers.

        The time it takes grows with the range of the sums.
        """
        # The bits of a number stand for the sums from the lowest on: adding what one item can count moves all of them.
        lowest, bits = 0, 1
        for entry in scale.items:
            counted = self._whole_counts(scale, entry)
            if counted is None:
                return None
            least = min(counted)
            moved = 0
            for value in counted:
                moved |= bits << (value - least)
            lowest, bits = lowest + least, moved
        return [lowest + at for at in range(bits.bit_length()) if bits >> at & 1]

    def _whole_counts(self, scale: Scale, entry: ScaleItem) -> Sequence[int] | None:
        """Return the whole numbers that an item can count, weight included; None where others are among them."""
        listed, found = self._listed(scale, entry), self.item_range(scale, entry)
        every = listed if listed is not None else found
        if every is None or not all(float(value).is_integer() for value in (*every, entry.weight)):
            return None
        weight = int(entry.weight)
        if listed is not None:
            return [int(value) * weight for value in listed]
        return range(int(every[0]) * weight, int(every[1]) * weight + 1, weight)

    def _listed(self, scale: Scale, entry: ScaleItem) -> list[float] | None:
        """Return what an item can count where that is a list rather than a range."""
        if scale.score == "count":
            return [0.0, 1.0]
        part = self.scale(entry)
        if part is not None:
            return None if self.step(part) == 1.0 else [_NOT_WHOLE]
        table = scale.recoding(entry)
        if not table:
            return None
        return [*table.values(), *([] if scale.not_shown is None else [scale.not_shown])]


def _ends(values: Iterable[float]) -> Range:
    every = list(values)
    return min(every), max(every)


def _rounded(value: float, decimals: int) -> float:
    """Round as scores are, halves going up; a half is one as it reads in decimals."""
    power = 10.0**decimals
    return math.floor(value * power + 0.5 + 1e-9) / power


def _on_norms(scale: Scale, raw: Range) -> Range | None:
    norms = scale.norms
    if norms is None or norms.mean is None or norms.sd is None:
        return None
    groups = [(group.mean, group.sd) for group in norms.groups if group.mean is not None and group.sd is not None]
    return _ends(norms.mean + norms.sd * (end - mean) / sd for mean, sd in groups for end in raw) if groups else None


# ---- norms -------------------------------------------------------------------------------------------------


def overlapping(one: dict[str, str], other: dict[str, str]) -> bool:
    """Tell whether someone could be in both of two norm groups, given by facts."""
    return all(_meet(one[fact], other[fact]) for fact in one.keys() & other.keys())


def _meet(one: str, other: str) -> bool:
    first, second = (number_range(text) or _single(text) for text in (one, other))
    if first is None or second is None:
        return one.strip() == other.strip()
    return first[0] <= second[1] and second[0] <= first[1]


def _single(text: str) -> Range | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number, number
