"""What every finding of a study rests on: whose numbers they are, what is compared, and what has to be hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from survey.analysis.comparison import Sides
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import StudyDefinition
from survey.findings.groups import ARM, Group, Shown, arms_shown, labels_of, shown_in_arms
from survey.findings.outcomes import StudyOutcome, roster_outcomes, scale_outcomes, share_outcomes
from survey.findings.people import Floats, People, StudyData, Truths

Tell = Callable[[int, int], None]
"""Told how many analyses of how many are done: each outcome is looked at for its means, its comparison, and so on."""


def tell_no_one(_done: int, _of: int) -> None:
    """Tell no one how far an analysis has come."""


class Basis:
    """A study, the waves that count, and what its plan says; people and numbers are read once and remembered.

    `wave` is the one in focus, the last of `waves`. `programme` is the arm that has the programme, `others` all others.
    `outcomes` are compared between arms: scales, facts of the roster, shares. `group` is whom the figures are of, None
    for everyone: people are those of the group in each wave, and nothing is planned of them.
    """

    def __init__(
        self,
        data: StudyData,
        questionnaires: Mapping[str, Questionnaire],
        waves: Sequence[str],
        group: Group | None = None,
        tell: Tell = tell_no_one,
    ) -> None:
        self.data, self.study, self.plan, self.group = data, data.study, data.study.plan, group
        self.waves, self.wave = list(waves), waves[-1]
        self.threshold = self.study.disclosure.threshold
        self.shares = share_outcomes(self.study, questionnaires)
        outcomes = [*scale_outcomes(self.study, questionnaires), *roster_outcomes(self.study), *self.shares]
        self.outcomes = [replace(one, planned=one.planned and group is None) for one in outcomes]
        self.programme = _programme(self.study)
        self.others = [arm.id for arm in self.study.arms if arm.id != self.programme]
        self._everyone: dict[tuple[str, str], People] = {}
        self._people: dict[tuple[str, str], People] = {}
        self._numbers: dict[tuple[str, str], Floats] = {}
        self._shown: dict[tuple[str, str], tuple[frozenset[str], Mapping[str | None, Shown]]] = {}
        # Means and subgroups once; comparison and change beside each other arm; each exposure that the plan names.
        # Of a group there are means, comparison and exposure.
        times = (1 if group else 2) * (1 + len(self.others)) + len(self.plan.exposure if self.plan else ())
        self._tell, self._done, self._of = tell, 0, times * len(self.outcomes)

    def each_outcome(self) -> Iterator[StudyOutcome]:
        """Yield the outcomes, and tell how many analyses are done when the next one is asked for."""
        for outcome in self.outcomes:
            yield outcome
            self._done += 1
            self._tell(self._done, self._of)

    def everyone(self, outcome: StudyOutcome, wave: str) -> People:
        """Return who is asked about an outcome in a wave, in whatever group."""
        key = (outcome.asked_of, wave)
        if key not in self._everyone:
            self._everyone[key] = outcome.people(self.data, wave)
        return self._everyone[key]

    def people(self, outcome: StudyOutcome, wave: str) -> People:
        """Return who is asked about an outcome in a wave and is in the group."""
        if self.group is None:
            return self.everyone(outcome, wave)
        key = (outcome.asked_of, wave)
        if key not in self._people:
            everyone = self.everyone(outcome, wave)
            self._people[key] = everyone.only(self.group.among(everyone))
        return self._people[key]

    def numbers(self, outcome: StudyOutcome, wave: str) -> Floats:
        """Return an outcome of everyone who is asked about it in a wave; NaN where there is none."""
        key = (outcome.id, wave)
        if key not in self._numbers:
            self._numbers[key] = outcome.numbers(self.people(outcome, wave))
        return self._numbers[key]

    def known(self, outcome: StudyOutcome, wave: str) -> int:
        """Return how many have a number."""
        return int(np.isfinite(self.numbers(outcome, wave)).sum())

    def tells_of(self, outcome: StudyOutcome) -> bool:
        """Tell whether there is anything to say of an outcome, if only that it is hidden."""
        if self.group is None:
            return any(self.known(outcome, wave) for wave in self.waves)
        # Whether it is known of a few of them is not told: only that they were asked.
        return any(len(self.people(outcome, wave)) for wave in self.waves)

    def arms_shown(self, outcome: StudyOutcome, wave: str) -> frozenset[str]:
        """Return the arms of which figures of an outcome may be shown."""
        return self._may_be_shown(outcome, wave)[0]

    def in_arm(self, outcome: StudyOutcome, wave: str, arm: str) -> Shown:
        """Return the groups of which figures of an outcome may be shown in one arm."""
        return self._may_be_shown(outcome, wave)[1].get(arm, {})

    def may_tell(self, outcome: StudyOutcome, wave: str, by: str, code: str) -> bool:
        """Tell whether figures of an outcome may be shown of a group, in every arm in which anyone is."""
        if by == ARM:
            return code in self.arms_shown(outcome, wave)
        people = self.everyone(outcome, wave)
        arms = {arm for arm, label in zip(people.arms, labels_of(people, by), strict=True) if label == code}
        shown = self._may_be_shown(outcome, wave)[1]
        return bool(arms) and all(code in shown[arm].get(by, ()) for arm in arms)

    def may_tell_all(self, outcome: StudyOutcome, wave: str) -> bool:
        """Tell whether figures of an outcome may be shown of the people that all of this is about."""
        return self.group is None or self.may_tell(outcome, wave, self.group.by, self.group.code)

    def _may_be_shown(self, outcome: StudyOutcome, wave: str) -> tuple[frozenset[str], Mapping[str | None, Shown]]:
        key = (outcome.id, wave)
        if key not in self._shown:
            people = self.everyone(outcome, wave)
            clusters, values = self.clusters(people), outcome.numbers(people)
            if clusters is not None:
                values = np.where([one is None for one in clusters], np.nan, values)
            arms = arms_shown(people, values, self.threshold)
            self._shown[key] = arms, shown_in_arms(self.study, people, values, outcome.unit)
        return self._shown[key]

    def clusters(self, people: People) -> list[str | None] | None:
        """Return the clusters of people; None where no one has one."""
        found = people.clusters(self.plan.clusters if self.plan else "school")
        return found if any(one is not None for one in found) else None

    def sides(self, people: People, reference: str, baseline: Floats | None = None) -> Sides:
        """Return the programme's arm beside another."""
        comparison = self.plan.comparison if self.plan else None
        return Sides(
            groups=people.arms,
            reference=reference,
            other=self.programme,
            clusters=self.clusters(people),
            baseline=baseline,
            group_name="arm",
            cluster_name=self.plan.clusters if self.plan else "school",
            baseline_name=f"the same in {self.title(self.waves[0])}",
            randomised=bool(comparison and comparison.randomised),
            matched_on=self.matched_on,
        )

    @property
    def matched_names(self) -> list[str]:
        """What the arms were matched on, as the plan has it: names of facts about schools, or words."""
        return self.plan.comparison.matched_on if self.plan else []

    @property
    def matched_on(self) -> tuple[str, ...]:
        """What the arms were matched on, in words as they stand inside a sentence."""
        titles = {fact.id: fact.title for fact in self.study.school_facts}
        words = (titles.get(name, name) for name in self.matched_names)
        return tuple(word[:1].lower() + word[1:] if word[1:2].islower() else word for word in words)

    def title(self, wave: str) -> str:
        """Return what a wave is called."""
        return self.study.wave(wave).title

    def baseline(self, outcome: StudyOutcome, wave: str) -> Floats | None:
        """Return what each person of a wave had in the first one; None where nothing is to be adjusted for."""
        first = self.waves[0]
        if wave == first or (self.plan is not None and self.plan.adjust == "none"):
            return None
        before = self.everyone(outcome, first)
        known = dict(zip(before.keys, outcome.numbers(before).tolist(), strict=True))
        found = np.array([known.get(key, np.nan) for key in self.people(outcome, wave).keys], dtype=np.float64)
        return found if np.isfinite(found).any() else None

    def is_small(self, counts: Iterable[int]) -> bool:
        """Tell whether one of the counts is below the threshold."""
        return any(count < self.threshold for count in counts)

    def are_few(self, people: People, inside: Truths) -> bool:
        """Tell whether fewer people than the threshold gave these answers; a parent of several children is one."""
        return len(np.unique(people.respondents[inside])) < self.threshold

    @property
    def hidden(self) -> str:
        """The sentence for what is hidden."""
        return f"Hidden: fewer than {self.threshold} people, or a figure that would give so few away."


def _programme(study: StudyDefinition) -> str:
    """Return the arm that has the programme: as the plan says, else the one of that name, else the first."""
    if study.plan is not None:
        return study.plan.comparison.programme
    named = [arm.id for arm in study.arms if arm.id == "programme"]
    return named[0] if named else study.arms[0].id
