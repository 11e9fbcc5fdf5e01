"""Girls and boys, children with and without special needs: who is higher, whether the programme differs for them, and
who takes part in what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from survey.analysis.comparison import GroupComparison, NothingToCompare, Sides, compare
from survey.analysis.disclosure import Crossing, SafeTable, crossing, suppress
from survey.analysis.effects import Contrast
from survey.analysis.shares import Participation, participation
from survey.analysis.subgroups import SubgroupDifference, subgroup_difference
from survey.definition.study import Fact
from survey.findings.basis import Basis
from survey.findings.groups import MOST_LEVELS, in_their_order, titled
from survey.findings.outcomes import StudyOutcome
from survey.findings.people import NO, YES, Floats, People
from survey.findings.significance import Tested


@dataclass(frozen=True)
class Subgroup:
    """A level of a fact beside the fact's reference: boys beside girls. Titles are for people."""

    fact: str
    fact_title: str
    reference: str
    level: str
    reference_title: str
    level_title: str


@dataclass(frozen=True)
class SubgroupFinding(Tested):
    """An outcome in two subgroups of one wave.

    `overall` compares the subgroups, whatever their arm; it is what is tested. `by_arm` says whether the difference
    between arms differs between them; None with one arm. Both are None where they are hidden.
    """

    wave: str
    subgroup: Subgroup
    overall: GroupComparison | None
    by_arm: SubgroupDifference | None
    hidden: str | None = None

    @property
    def best(self) -> Contrast | None:
        """The difference between the subgroups."""
        return None if self.overall is None else self.overall.multilevel or self.overall.cluster_means


@dataclass(frozen=True)
class Participating:
    """How a subgroup takes part in a share of the plan, in one arm and wave. `found` is None where it is hidden."""

    share: StudyOutcome
    wave: str
    arm: str
    subgroup: Subgroup
    found: Participation | None
    hidden: str | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval of the difference from all others leaves out 0."""
        found = self.found
        return (
            found is not None and found.low is not None and found.high is not None and not found.low <= 0 <= found.high
        )


def subgroup_findings(basis: Basis) -> Iterable[SubgroupFinding]:
    """Yield every planned outcome of the wave in focus in the plan's subgroups."""
    for outcome in basis.each_outcome():
        if not outcome.planned or not basis.known(outcome, basis.wave):
            continue
        people, values = basis.people(outcome, basis.wave), basis.numbers(outcome, basis.wave)
        for fact in _facts(basis):
            for one in _of_fact(basis, fact, people.labels(fact.id), np.isfinite(values)):
                yield _finding(basis, outcome, one)


def participations(basis: Basis) -> Iterable[Participating]:
    """Yield how the plan's subgroups take part in the plan's shares, in the wave in focus, arm by arm."""
    for share in basis.shares:
        if not basis.known(share, basis.wave):
            continue
        people, values = basis.people(share, basis.wave), basis.numbers(share, basis.wave)
        arms = np.array(people.arms, dtype=object)
        for arm in basis.study.arms:
            inside = (arms == arm.id) & np.isfinite(values)
            for fact in _facts(basis) if inside.any() else ():
                labels = people.labels(fact.id)
                levels = _of_fact(basis, fact, labels, inside)
                told = basis.in_arm(share, basis.wave, arm.id).get(fact.id, frozenset())
                if not levels:
                    continue
                pairs = _chosen(labels, values, inside)
                # The levels of a fact are rows of one table, which is made safe once.
                safe = suppress(_counted(pairs), basis.threshold)
                for one in levels:
                    found = _participating(basis, share, one, pairs, safe) if one.level in told else None
                    yield Participating(share, basis.wave, arm.id, one, found, None if found else basis.hidden)


def _facts(basis: Basis) -> list[Fact]:
    return [basis.data.facts[name] for name in (basis.plan.subgroups if basis.plan else ())]


def _of_fact(basis: Basis, fact: Fact, labels: Sequence[str | None], counted: NDArray[np.bool_]) -> list[Subgroup]:
    """Return the subgroups that anyone is in, each beside the first; none where there are too many values."""
    there = {label for label, counts in zip(labels, counted.tolist(), strict=True) if counts and label is not None}
    levels = in_their_order(basis.study, fact.id, there)
    if not 2 <= len(levels) <= MOST_LEVELS:
        return []
    return [
        Subgroup(fact.id, fact.title, levels[0], level, titled(fact, levels[0]), titled(fact, level))
        for level in levels[1:]
    ]


def _finding(basis: Basis, outcome: StudyOutcome, one: Subgroup) -> SubgroupFinding:
    blank = SubgroupFinding(True, None, None, outcome, basis.wave, one, None, None, basis.hidden)
    if not all(basis.may_tell(outcome, basis.wave, one.fact, level) for level in (one.reference, one.level)):
        return blank
    people, values = basis.people(outcome, basis.wave), basis.numbers(outcome, basis.wave)
    labels = people.labels(one.fact)
    overall = _overall(basis, outcome, one, people, values)
    by_arm = None
    if basis.others:
        sides = basis.sides(people, basis.others[0])
        fact = (one.fact_title, labels)
        try:
            by_arm = subgroup_difference((outcome.title, values), sides, fact, one.reference, one.level)
        except NothingToCompare:
            by_arm = None
    return replace(blank, overall=overall, by_arm=by_arm, hidden=None)


def _overall(
    basis: Basis, outcome: StudyOutcome, one: Subgroup, people: People, values: Floats
) -> GroupComparison | None:
    titles = {one.reference: one.reference_title, one.level: one.level_title}
    groups = [titles.get(label) if label is not None else None for label in people.labels(one.fact)]
    sides = Sides(
        groups=groups,
        reference=one.reference_title,
        other=one.level_title,
        clusters=basis.clusters(people),
        group_name=one.fact_title,
        cluster_name=basis.plan.clusters if basis.plan else "school",
    )
    try:
        (found,) = compare({outcome.title: values}, sides)
    except NothingToCompare:
        return None
    return found


Pair = tuple[str, bool]


def _chosen(labels: Sequence[str | None], values: Floats, inside: NDArray[np.bool_]) -> list[Pair]:
    """Return the label of each person who counts, and whether they take part."""
    rows = zip(labels, values.tolist(), inside.tolist(), strict=True)
    return [(label, value > 0.5) for label, value, counts in rows if counts and label is not None]


def _counted(pairs: Sequence[Pair]) -> Crossing:
    """Count the levels of a fact against taking part."""
    table, _ = crossing([label for label, _ in pairs], [YES if takes else NO for _, takes in pairs])
    return table


def _participating(
    basis: Basis, share: StudyOutcome, one: Subgroup, pairs: Sequence[Pair], safe: SafeTable
) -> Participation | None:
    """Return how a level takes part, beside all other levels of its fact; None where that is hidden."""
    at = safe.rows.index(one.level)
    totals = (safe.total, *safe.column_totals, safe.row_totals[at], *safe.cells[at])
    if None in totals or len(safe.columns) < 2:
        return None
    members = [label == one.level for label, _ in pairs]
    found = participation(members, [takes for _, takes in pairs], one.level_title, share.title)
    # Everyone who is not in this level, who may be few although each shown count is not.
    others = found.rate_others
    return None if basis.is_small([others.of, others.count, others.of - others.count]) else found
