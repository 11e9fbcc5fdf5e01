"""A school beside schools like it: how its people answered in the wave in focus, and how those of similar schools did.

Schools are alike by the facts about schools that are numbers, such as size and the share of free school meals: the
distance between two is the root of the mean squared difference, each fact in its standard deviations over all schools.
Where nothing is known of schools, a school stands beside all others.

A school is shown only with enough people, and only where nothing hidden could be worked out from it and from what is
shown of areas and arms (survey/analysis/grouping.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from survey.analysis.balance import spread
from survey.analysis.effects import Contrast, by_t
from survey.analysis.grouping import groups_shown
from survey.analysis.means import GroupMean, group_mean
from survey.definition.study import StudyDefinition
from survey.findings.basis import Basis
from survey.findings.outcomes import StudyOutcome
from survey.findings.people import Floats, Row, SchoolRow
from survey.findings.people import People as Group
from survey.findings.people import Place as PlaceOfRow

LIKE: Final = 6
"""A school stands beside the so many schools that are most like it."""

FEWEST: Final = 4
"""Schools: the mean of fewer would tell a head about another school."""


@dataclass(frozen=True)
class SchoolStanding:
    """One outcome of one school (its code) in the wave in focus, beside `schools` schools like it.

    own: of its people; like: of those of the other schools. Both are None where they are hidden, and `hidden` says why.
    """

    outcome: StudyOutcome
    wave: str
    school: str
    own: GroupMean | None
    like: GroupMean | None
    schools: int
    hidden: str | None = None

    @property
    def difference(self) -> Contrast | None:
        """How far the school lies above schools like it, in standard deviations of the people there; None if unknown.

        The interval is Welch's: the school's mean varies with its people, that of the others with their schools.
        """
        if self.own is None or self.like is None or self.own.model is None or self.like.model is None:
            return None
        mine, theirs, unit = self.own.model, self.like.model, self.like.sd
        if not unit or None in (mine.se, mine.df, theirs.se, theirs.df):
            return None
        return _welch(mine, theirs, unit)


def _welch(mine: Contrast, theirs: Contrast, unit: float) -> Contrast | None:
    """Return the difference of two independent means, divided by `unit` (Welch 1947, Biometrika 34, 28-35)."""
    parts = [((one.se or 0.0) ** 2, one.df or 1.0) for one in (mine, theirs)]
    variance = sum(part for part, _ in parts)
    df = variance**2 / sum(part**2 / df for part, df in parts) if variance else math.nan
    gap = mine.difference - theirs.difference
    return by_t(mine.n + theirs.n, gap / unit, math.sqrt(variance) / unit, df)


def alike_by(study: StudyDefinition) -> tuple[str, ...]:
    """Return by which facts about schools they are alike or not: their names."""
    return tuple(fact.id for fact in study.school_facts if fact.kind == "number")


def school_standings(basis: Basis) -> Iterable[SchoolStanding]:
    """Yield each scale of the plan for each school that has anyone, in the wave in focus."""
    near = _nearest(basis)
    for outcome in basis.outcomes:
        if outcome.planned and outcome.questionnaire is not None and outcome.unit == "points":
            yield from _of_outcome(basis, outcome, near)


def _of_outcome(basis: Basis, outcome: StudyOutcome, near: Mapping[str, Sequence[str]]) -> Iterable[SchoolStanding]:
    people, values = basis.people(outcome, basis.wave), basis.numbers(outcome, basis.wave)
    at = np.array([row.place.school for row in people.rows], dtype=object)
    shown = _shown(people, values, basis.threshold)
    for school in sorted({name for name, value in zip(at, values, strict=True) if name and np.isfinite(value)}):
        like = [name for name in near.get(school, ()) if name in shown][:LIKE]
        about = (outcome, basis.wave, school)
        if school not in shown:
            yield SchoolStanding(*about, None, None, 0, basis.hidden)
        elif len(like) < FEWEST:
            own = group_mean(values[at == school])
            yield SchoolStanding(*about, own, None, 0, f"Fewer than {FEWEST} schools like it can be shown beside it.")
        else:
            others = np.isin(at, like)
            theirs = group_mean(values[others], list(at[others]))
            yield SchoolStanding(*about, group_mean(values[at == school]), theirs, len(like))


def _shown(people: Group, values: Floats, threshold: int) -> frozenset[str]:
    """Return the schools whose mean may be shown, beside everyone's, the arms' and the areas'."""
    places = [row.place for row in people.rows]
    ways = {
        "school": [one.school for one in places],
        "arm": [one.arm for one in places],
        "programme": [one.programme for one in places],
    }
    counted = np.where(np.isfinite(values), 0, -1).astype(np.int64)
    found = groups_shown(ways, counted, 1, threshold, people.respondents)
    # An area that is shown elsewhere, but would have to go here, takes its schools with it.
    known = {one.programme for one, count in zip(places, counted, strict=True) if one.programme and count == 0}
    gone = {one.school for one in places if one.programme in known - found["programme"]}
    return found["school"] - gone


def _nearest(basis: Basis) -> Mapping[str, Sequence[str]]:
    """Return for each school all others, the most similar first."""
    names = alike_by(basis.study)
    schools = _all_schools(basis)
    if not names:
        return {one.code: [other.code for other in schools if other.code != one.code] for one in schools}
    nowhere = PlaceOfRow(None, None, None, None)
    facts = Group(basis.data.facts, [Row(None, nowhere, one.facts) for one in schools])
    columns = [facts.numbers(name) for name in names]
    # What does not vary, or of which hardly anything is known, tells no schools apart.
    table = np.column_stack([column / (spread(column).sd or 1.0) for column in columns])
    return {one.code: _by_distance(schools, table, place) for place, one in enumerate(schools)}


def _by_distance(schools: Sequence[SchoolRow], table: Floats, place: int) -> list[str]:
    apart = (table - table[place]) ** 2
    known = np.isfinite(apart)
    counts = known.sum(axis=1)
    far = np.sqrt(np.where(known, apart, 0.0).sum(axis=1) / np.maximum(counts, 1))
    # Two schools of which nothing is known in common are not known to be alike.
    order = [at for at in np.argsort(far, kind="stable").tolist() if at != place and counts[at]]
    return [schools[at].code for at in order]


def _all_schools(basis: Basis) -> list[SchoolRow]:
    """Return every school on the list of schools, and any other that someone is in, by code."""
    listed = {one.code: one for one in basis.data.schools}
    there = {one.row.place.school for wave in basis.waves for one in basis.data.lists.get(wave, ())}
    others = [SchoolRow(code, None, {}) for code in there if code is not None and code not in listed]
    return sorted([*listed.values(), *others], key=lambda one: one.code)
