"""What is analysed: scales of questionnaires, facts of the roster that count as outcomes, and the plan's shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from survey.definition.counting import Counting
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import CountedAnswer, StudyDefinition
from survey.findings.people import People, StudyData

ROSTER_AUDIENCE = "pupil"
"""Whose facts the roster holds."""


@dataclass(frozen=True)
class StudyOutcome:
    """Something that can be compared between people.

    id          questionnaire.scale, roster.fact, or share.name
    unit        “points” of a scale or a fact, or “share”: 0 or 1 for each person
    planned     whether the plan names it; what it does not is exploratory
    direction   what a high number means; empty for a fact
    counted     what its responses are about, if not their respondents: “classes”
    once        whether parents are asked about it once, where they are asked other things for each child
    """

    id: str
    title: str
    unit: Literal["points", "share"]
    planned: bool
    audience: str
    questionnaire: str | None = None
    name: str = ""
    reached: tuple[str, ...] = ()
    direction: str = ""
    counted: str = ""
    once: bool = False

    @property
    def asked_of(self) -> str:
        """A name for the people who are asked about it: the same for outcomes of the same people."""
        return f"{self.questionnaire or f'list of {self.audience}'}{' once' if self.once else ''}"

    def people(self, data: StudyData, wave: str) -> People:
        """Return who is asked about it in a wave."""
        if self.questionnaire is not None:
            return data.people(self.questionnaire, wave, once=self.once)
        return data.listed(self.audience, wave)

    def numbers(self, people: People) -> NDArray[np.float64]:
        """Return it for each of these people; NaN where it is not known."""
        if self.questionnaire is not None:
            return people.answered(self.id if self.unit == "share" else self.name)
        if self.unit == "points":
            return people.numbers(self.name)
        return people.reached(self.name, self.reached) if self.reached else people.is_yes(self.name)


def scale_outcomes(study: StudyDefinition, questionnaires: Mapping[str, Questionnaire]) -> list[StudyOutcome]:
    """Return every scale of every questionnaire, those of the plan first and in its order."""
    planned = study.plan.outcomes if study.plan else []
    found = {
        f"{name}.{scale.id}": StudyOutcome(
            f"{name}.{scale.id}",
            scale.title,
            "points",
            f"{name}.{scale.id}" in planned,
            questionnaire.audience,
            name,
            scale.id,
            direction=scale.direction,
            counted=questionnaire.about.many if questionnaire.about else "",
            once=_is_once(questionnaire, scale.id),
        )
        for name, questionnaire in questionnaires.items()
        for scale in questionnaire.scales
    }
    return _in_order(planned, found)


def _is_once(questionnaire: Questionnaire, scale: str) -> bool:
    once = questionnaire.of_the_family
    return bool(once) and not once.isdisjoint(Counting(questionnaire).items_of(scale))


def _in_order(planned: Iterable[str], found: Mapping[str, StudyOutcome]) -> list[StudyOutcome]:
    first = [found[id] for id in planned if id in found]
    return [*first, *(one for one in found.values() if one not in first)]


def roster_outcomes(study: StudyDefinition) -> list[StudyOutcome]:
    """Return the plan's outcomes from the roster."""
    facts = {fact.id: fact for fact in study.facts}
    return [
        StudyOutcome(
            f"roster.{one.fact}",
            one.title or facts[one.fact].title,
            "points" if facts[one.fact].kind == "number" else "share",
            True,
            ROSTER_AUDIENCE,
            name=one.fact,
            reached=tuple(one.reached),
        )
        for one in (study.plan.roster_outcomes if study.plan else ())
    ]


def facts_of(study: StudyDefinition) -> set[str]:
    """Return the facts that an analysis of the study reads."""
    plan = study.plan
    if plan is None:
        return set()
    found = {*plan.subgroups, *(one.fact for one in plan.roster_outcomes), *(str(one.fact) for one in plan.shares)}
    return (found | {one.fact for one in plan.exposure}) - {"None"}


def share_id(share: CountedAnswer) -> str:
    """Return the id under which a share of the plan is analysed."""
    return f"share.{share.id}"


def share_outcomes(study: StudyDefinition, questionnaires: Mapping[str, Questionnaire]) -> list[StudyOutcome]:
    """Return the plan's shares; one of a questionnaire that no one was asked is left out."""
    return [
        _share(one, questionnaires)
        for one in (study.plan.shares if study.plan else ())
        if one.questionnaire is None or one.questionnaire in questionnaires
    ]


def _share(one: CountedAnswer, questionnaires: Mapping[str, Questionnaire]) -> StudyOutcome:
    if one.questionnaire is None:
        return StudyOutcome(share_id(one), one.title, "share", True, ROSTER_AUDIENCE, name=str(one.fact))
    audience = questionnaires[one.questionnaire].audience
    once = not questionnaires[one.questionnaire].of_the_family.isdisjoint(one.items)
    return StudyOutcome(share_id(one), one.title, "share", True, audience, one.questionnaire, one.id, once=once)
