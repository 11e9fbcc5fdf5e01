"""Responses whose answers to the items of a scale mean the same, kept for what is said about the scale as a whole.

A new version may give an item more points, turn it round, or ask another in its place. What was answered before it then
has figures of its own: no version's answers are read by another's rule, and none are lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survey.definition.scale import Scale
from survey.export.columns import AnsweredVersion, wording_of
from survey.scales import Beside, Rule

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class CodedResponses:
    """Responses with one coding: their places among all; their answers to the rule's questions as asked (responses ×
    questions) and their scores, NaN for none; and what scoring looks at beside them.
    """

    places: Places
    items: Numbers
    scores: Numbers
    beside: Beside

    def chosen(self, where: Flags) -> CodedResponses:
        """Return those for whom `where` is true."""
        if where.all():
            return self
        return CodedResponses(self.places[where], self.items[where], self.scores[where], self.beside.chosen(where))


@dataclass
class ScaleCoding:
    """One way in which the items of a scale are coded, the versions that have it (oldest first), and their responses.

    scale, rule: those of the newest of the versions.
    """

    scale: Scale
    rule: Rule
    versions: list[AnsweredVersion]
    _places: list[Places] = field(default_factory=list, repr=False)
    _items: list[Numbers] = field(default_factory=list, repr=False)
    _not_shown: list[Flags] = field(default_factory=list, repr=False)
    _scores: list[Numbers] = field(default_factory=list, repr=False)
    _facts: dict[str, list[Any]] = field(default_factory=dict, repr=False)

    @property
    def numbers(self) -> str:
        """The numbers of its versions, as 1, 2."""
        return ", ".join(dict.fromkeys(str(version.questionnaire.version) for version in self.versions))

    def has(self, sha256: str) -> bool:
        """Return whether a version, by the SHA-256 of its text, codes the items in this way."""
        return any(version.sha256 == sha256 for version in self.versions)

    def add(self, places: Places, items: Numbers, scores: Numbers, beside: Beside) -> None:
        """Keep responses: their places among all, their items (a column for each question of the rule), and scores."""
        self._places.append(places.astype(np.int32))
        self._items.append(items)
        self._scores.append(scores)
        if self.rule.passed_by:
            none = np.zeros(len(places), dtype=bool)
            flags = [beside.not_shown.get(question, none) for question in self.rule.questions]
            self._not_shown.append(np.column_stack(flags))
        for fact in self.rule.facts:
            # An older version may have had norms without this fact.
            self._facts.setdefault(fact, []).extend(beside.facts.get(fact) or [None] * len(places))

    @property
    def whole(self) -> CodedResponses:
        """All of its responses."""
        if not self._places:
            facts: dict[str, list[Any]] = {fact: [] for fact in self.rule.facts}
            none = np.empty((0, len(self.rule.questions)))
            return CodedResponses(np.empty(0, dtype=np.intp), none, np.empty(0), Beside(facts=facts))
        flags = np.concatenate(self._not_shown) if self._not_shown else None
        not_shown = {} if flags is None else {one: flags[:, at] for at, one in enumerate(self.rule.questions)}
        return CodedResponses(
            np.concatenate(self._places),
            np.concatenate(self._items),
            np.concatenate(self._scores),
            Beside(not_shown, self._facts),
        )

    def wording(self, item: str) -> str:
        """Return the newest wording of an item; of one that is a scale, its title."""
        for version in reversed(self.versions):
            for scale in version.questionnaire.scales:
                if scale.id == item:
                    return scale.title
            for question in version.questionnaire.questions:
                if question.id == item:
                    return wording_of(question)
        raise KeyError(item)


def codings_of(
    id: str, versions: Sequence[AnsweredVersion], rules: Mapping[str, Mapping[str, Rule]]
) -> list[ScaleCoding]:
    """Return the ways in which versions (oldest first) code the items of a scale, the newest first.

    rules: by SHA-256 and id.
    """
    found: list[ScaleCoding] = []
    for version in versions:
        rule = rules[version.sha256].get(id)
        if rule is None:
            continue
        scale = version.questionnaire.scale(id)
        alike = next((one for one in found if _coded(one.rule) == _coded(rule)), None)
        if alike is None:
            found.insert(0, ScaleCoding(scale, rule, [version]))
            continue
        alike.versions.append(version)
        alike.scale, alike.rule = scale, rule
        # The way of the newest version stands first, also where an older version had it before.
        found.remove(alike)
        found.insert(0, alike)
    return found


def _coded(rule: Rule) -> tuple[Any, ...]:
    """Return what makes the numbers behind a score: the items, and what an answer to each counts."""
    items = (rule.items, rule.reverse, rule.low, rule.high, rule.recodes, rule.weights, rule.not_shown)
    return (*items, rule.score == "count", {item: _coded(part) for item, part in rule.parts.items()})
