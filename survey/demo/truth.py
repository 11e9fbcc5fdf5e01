"""What is true in the pretended data: each person's latent value on each scale, in standard deviations."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from survey.definition.counting import number_of, recoded
from survey.definition.questionnaire import Questionnaire
from survey.definition.scale import Scale, ScaleItem
from survey.definition.study import Pretend
from survey.question import Question


class Truth:
    """Draws latent values with the effects that the study pretends.

    A value is school + person + wave + effects: schools differ by `school_sd`; a person's own part correlates with
    itself from wave to wave by `retest`; effects are those of study.yaml, in standard deviations.
    """

    def __init__(self, pretend: Pretend, rng: random.Random) -> None:
        self._pretend = pretend
        self._rng = rng
        self._schools: dict[tuple[str, str], float] = {}
        self._people: dict[tuple[Any, str], float] = {}
        self._parts: dict[tuple[str, int], Mapping[str, Sequence[Signed]]] = {}

    def beside(self, rng: random.Random) -> Truth:
        """Return the same truth about schools with chance of its own: who is drawn by it changes nothing for others."""
        other = Truth(self._pretend, rng)
        other._schools = self._schools
        return other

    def latents(self, questionnaire: Questionnaire, person: object, facts: Mapping[str, Any]) -> dict[str, float]:
        """Return scale id -> latent value of one person in one wave; `person` tells people apart.

        A scale made of scales alone has no value of its own: what is pretended of it is pretended of those, which its
        questions belong to.
        """
        found = {}
        for scale, whole in self._wholes(questionnaire).items():
            found[scale] = self.latent(f"{questionnaire.id}.{scale}", person, facts)
            found[scale] += sum(sign * self._effect(f"{questionnaire.id}.{other}", facts) for other, sign in whole)
        return found

    def _wholes(self, questionnaire: Questionnaire) -> Mapping[str, Sequence[Signed]]:
        """Return, for each scale with questions of its own, the scales it is part of; remembered."""
        known = (questionnaire.id, questionnaire.version)
        if known not in self._parts:
            self._parts[known] = wholes(questionnaire)
        return self._parts[known]

    def latent(self, outcome: str, person: object, facts: Mapping[str, Any]) -> float:
        """Return the latent value of one person in one wave on an outcome: questionnaire.scale, or roster.fact."""
        retest = self._pretend.retest
        # Key stages ask the same child about the same thing: what lasts belongs to the child, not to the form.
        stable = self._of(self._people, (person, outcome.split(".")[1].removesuffix("_ks1")), 1.0)
        school = self._of(self._schools, (str(facts.get("school_code")), outcome), self._pretend.school_sd)
        passing = self._rng.gauss(0, 1)
        return school + sqrt(retest) * stable + sqrt(1 - retest) * passing + self._effect(outcome, facts)

    def _of(self, known: dict[Any, float], key: Any, sd: float) -> float:
        if key not in known:
            known[key] = self._rng.gauss(0, sd)
        return known[key]

    def _effect(self, outcome: str, facts: Mapping[str, Any]) -> float:
        total = 0.0
        for name, size in self._pretend.effects.get(outcome, {}).items():
            if name == "programme":
                total += size * (facts.get("arm") == "programme")
            elif name == "per_year":
                total += size * float(facts.get("months") or 0) / 12
            else:
                fact, _, code = name.partition(".")
                value = facts.get(fact)
                total += size * (str(value) == code if code else _number(value))
        return total


def _number(value: Any) -> float:
    return 0.0 if value in (None, "") else float(value)


Signed = tuple[str, int]
"""A scale's id, and 1, or -1 where it is high when the other is low."""


def wholes(questionnaire: Questionnaire) -> dict[str, list[Signed]]:
    """Return, for each scale that has questions of its own, the scales that it is part of, by way of others too."""
    scales = {scale.id: scale for scale in questionnaire.scales}
    above: dict[str, list[Signed]] = {}
    for outer in questionnaire.scales:
        for item in outer.items:
            if item.item in scales:
                above.setdefault(item.item, []).append((outer.id, -1 if item.reverse else 1))

    def over(id: str) -> list[Signed]:
        direct = above.get(id, [])
        return [*direct, *((far, sign * its) for outer, sign in direct for far, its in over(outer))]

    asked = [scale for scale in questionnaire.scales if any(item.item not in scales for item in scale.items)]
    return {scale.id: over(scale.id) for scale in asked}


class Loadings:
    """Which scales each question serves, and in which direction."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        scales = {scale.id for scale in questionnaire.scales}
        self._of: dict[str, list[Signed]] = {}
        for scale in questionnaire.scales:
            for item in scale.items:
                if item.item not in scales:
                    turned = item.reverse or _falls(questionnaire, scale, item)
                    self._of.setdefault(item.item, []).append((scale.id, -1 if turned else 1))

    def latent(self, question: Question, latents: Mapping[str, float]) -> float:
        """Return the latent value behind one question: the mean over its scales, or half the general feeling."""
        served = self._of.get(question.id)
        if served:
            return sum(sign * latents[scale] for scale, sign in served) / len(served)
        return 0.5 * sum(latents.values()) / len(latents) if latents else 0.0


def _falls(questionnaire: Questionnaire, scale: Scale, item: ScaleItem) -> bool:
    """Tell whether the highest answer counts less than the lowest: by a recode, or as it is not among those counted."""
    table = scale.recoding(item)
    if scale.score == "count" and scale.counts:
        question = questionnaire.question(item.item)
        counted = [number_of(question, word) for word in scale.counts]
        low, high = question.number_range or (0.0, 0.0)
        return sum(counted) / len(counted) < (low + high) / 2
    if table is None:
        return False
    counts = recoded(questionnaire.question(item.item), table)
    return counts[max(counts)] < counts[min(counts)]
