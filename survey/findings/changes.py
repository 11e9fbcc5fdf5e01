"""How the programme's arm and the others changed between two waves, of people who answered in both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from survey.analysis.change import WaveChange, change
from survey.analysis.comparison import NothingToCompare
from survey.analysis.effects import Contrast
from survey.findings.basis import Basis
from survey.findings.outcomes import StudyOutcome
from survey.findings.people import People
from survey.findings.significance import Tested


@dataclass(frozen=True)
class ArmChange(Tested):
    """An outcome in two waves and two arms. `found` is None where it is hidden."""

    first: str
    wave: str
    reference: str
    found: WaveChange | None
    hidden: str | None = None

    @property
    def best(self) -> Contrast | None:
        """The difference in differences."""
        return None if self.found is None else self.found.between.multilevel or self.found.between.cluster_means


def arm_changes(basis: Basis) -> Iterable[ArmChange]:
    """Yield the change of every outcome between every two waves, beside each other arm."""
    for reference in basis.others:
        for outcome in basis.each_outcome():
            for first, wave in combinations(basis.waves, 2):
                found = _change(basis, outcome, (first, wave), reference)
                if found is not None:
                    yield found


def _change(basis: Basis, outcome: StudyOutcome, waves: tuple[str, str], reference: str) -> ArmChange | None:
    people = [basis.people(outcome, wave) for wave in waves]
    numbers = [
        dict(zip(there.keys, basis.numbers(outcome, wave).tolist(), strict=True))
        for there, wave in zip(people, waves, strict=True)
    ]
    # People are where they are in the second wave; those who are not on its list are where they were.
    rows = {key: row for there in people for key, row in zip(there.keys, there.rows, strict=True)}
    before, after = (np.array([of.get(key, np.nan) for key in rows]) for of in numbers)
    if not (np.isfinite(before) & np.isfinite(after)).any():
        return None
    both = People(basis.data.facts, list(rows.values()))
    again = np.array([np.isfinite(numbers[0].get(key, np.nan) + numbers[1][key]) for key in people[1].keys], dtype=bool)
    try:
        found = change(outcome.title, before, after, basis.sides(both, reference))
    except NothingToCompare:
        return None
    groups = found.groups.values()
    few = basis.is_small(group.matched for group in groups) or any(
        basis.are_few(people[1], people[1].inside([arm]) & again) for arm in (basis.programme, reference)
    )
    # Everyone of a wave less those who answered both times are those who did not: none, or many.
    apart = [count - group.matched for group in groups for count in (group.first, group.second)]
    if few or basis.is_small(count for count in apart if count):
        return ArmChange(outcome.planned, None, None, outcome, *waves, reference, None, basis.hidden)
    return ArmChange(outcome.planned, None, None, outcome, *waves, reference, found)
