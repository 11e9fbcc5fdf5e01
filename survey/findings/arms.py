"""The arms of a study: the mean of each, and the programme's beside every other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from survey.analysis.comparison import GroupComparison, NothingToCompare, compare
from survey.analysis.effects import Contrast
from survey.analysis.means import GroupMean, group_mean
from survey.findings.basis import Basis
from survey.findings.outcomes import StudyOutcome
from survey.findings.significance import Tested

EVERYONE: Final = ""
"""The arm of a mean over all arms."""


@dataclass(frozen=True)
class ArmMean:
    """The mean of an outcome in one wave and one arm (EVERYONE: all of them). `found` is None where it is hidden."""

    outcome: StudyOutcome
    wave: str
    arm: str
    found: GroupMean | None
    hidden: str | None = None


@dataclass(frozen=True)
class ArmComparison(Tested):
    """The programme's arm beside another in one wave, adjusted for the first wave where people can be matched."""

    wave: str
    reference: str
    found: GroupComparison | None
    hidden: str | None = None

    @property
    def best(self) -> Contrast | None:
        """What to lead with: the adjusted model or the multilevel one, else the clusters' means."""
        return None if self.found is None else self.found.best or self.found.cluster_means


def arm_means(basis: Basis) -> Iterable[ArmMean]:
    """Yield the means of every outcome in every wave: of everyone, then of each arm that has anyone."""
    for outcome in basis.each_outcome():
        for wave in basis.waves:
            if basis.known(outcome, wave) or basis.group is not None:
                yield from _means_of(basis, outcome, wave)


def _means_of(basis: Basis, outcome: StudyOutcome, wave: str) -> Iterable[ArmMean]:
    values, people = basis.numbers(outcome, wave), basis.people(outcome, wave)
    clusters = basis.clusters(people)
    arms = np.array(people.arms, dtype=object)
    for arm in (EVERYONE, *(one.id for one in basis.study.arms)):
        rows = np.ones(len(values), dtype=bool) if arm == EVERYONE else arms == arm
        known = rows & np.isfinite(values)
        if not (known if basis.group is None else rows).any():
            continue
        if basis.are_few(people, known) or not _may_tell(basis, outcome, wave, arm):
            yield ArmMean(outcome, wave, arm, None, basis.hidden)
            continue
        places = None if clusters is None else [one for one, inside in zip(clusters, rows, strict=True) if inside]
        yield ArmMean(outcome, wave, arm, group_mean(values[rows], places))


def _may_tell(basis: Basis, outcome: StudyOutcome, wave: str, *arms: str) -> bool:
    """Tell whether figures of arms may be shown: an arm is part of everyone, from whom others could be taken away."""
    told = {EVERYONE, *basis.arms_shown(outcome, wave)}
    return basis.may_tell_all(outcome, wave) and told.issuperset(arms)


def arm_comparisons(basis: Basis) -> Iterable[ArmComparison]:
    """Yield the comparison of every outcome in every wave with each other arm."""
    for reference in basis.others:
        for outcome in basis.each_outcome():
            for wave in basis.waves:
                found = _comparison(basis, outcome, wave, reference)
                if found is not None:
                    yield found


def _comparison(basis: Basis, outcome: StudyOutcome, wave: str, reference: str) -> ArmComparison | None:
    if not (basis.known(outcome, wave) or basis.group is not None):
        return None
    blank = ArmComparison(outcome.planned, None, None, outcome, wave, reference, None, basis.hidden)
    people, arms = basis.people(outcome, wave), (basis.programme, reference)
    if not _may_tell(basis, outcome, wave, *arms):
        return blank if set(arms) <= set(people.arms) else None
    values, baseline = basis.numbers(outcome, wave), basis.baseline(outcome, wave)
    sides = basis.sides(people, reference, baseline)
    try:
        (found,) = compare({outcome.title: values}, sides)
    except NothingToCompare:
        return None
    if basis.is_small(found.n.values()):
        return blank
    if basis.group is not None:
        # Means of those who had answered before would be means of a part of the group.
        found = replace(found, baseline=None)
    if (
        baseline is not None
        and found.adjusted is not None
        and (
            basis.is_small([found.adjusted.n])
            or basis.are_few(people, np.isfinite(values + baseline) & people.inside(arms))
        )
    ):
        found = replace(found, adjusted=None, baseline=None)
    return replace(blank, found=found, hidden=None)
