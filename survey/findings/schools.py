"""The schools of the arms beside each other, by the list of schools: were they alike before anything began?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from survey.analysis.balance import LARGE, Spread, spread, standardised_difference
from survey.definition.study import Fact
from survey.findings.basis import Basis
from survey.findings.people import NO, YES, Floats, People, Row, SchoolRow
from survey.findings.people import Place as PlaceOfRow

FEWEST: Final = 3
"""With fewer schools in an arm a mean would be that of a school, or tell one of two schools about the other."""


@dataclass(frozen=True)
class SchoolFinding:
    """One fact about schools in the programme's arm (`here`) and in another (`there`).

    unit: “points” of a number, or “share” of schools. matched: whether the plan says that the arms were matched on it.
    difference: standardised. here, there and difference are None where they are hidden, and `hidden` says why.
    """

    fact: str
    title: str
    unit: Literal["points", "share"]
    reference: str
    matched: bool
    here: Spread | None
    there: Spread | None
    difference: float | None
    hidden: str | None = None

    @property
    def is_large(self) -> bool:
        """Whether the arms differ by more than an adjustment can make up for."""
        return self.difference is not None and abs(self.difference) > LARGE


def school_findings(basis: Basis) -> Iterable[SchoolFinding]:
    """Yield every fact about schools, beside each other arm; a fact that an arm has nothing of is left out."""
    schools = {arm: [one for one in basis.data.schools if one.arm == arm] for arm in (basis.programme, *basis.others)}
    for reference in basis.others:
        for fact in basis.study.school_facts:
            for title, unit, numbers in _numbers(fact, [schools[basis.programme], schools[reference]]):
                found = _finding(basis, fact, (title, unit), reference, numbers)
                if found is not None:
                    yield found


def _finding(
    basis: Basis, fact: Fact, told: tuple[str, Literal["points", "share"]], reference: str, numbers: list[Floats]
) -> SchoolFinding | None:
    here, there = map(spread, numbers)
    if not here.n or not there.n:
        return None
    about = (fact.id, *told, reference, fact.id in basis.matched_names)
    if min(here.n, there.n) < FEWEST:
        return SchoolFinding(*about, None, None, None, f"Hidden: fewer than {FEWEST} schools in an arm.")
    return SchoolFinding(*about, here, there, standardised_difference(here, there))


Numbered = tuple[str, Literal["points", "share"], list[Floats]]
"""A title, a unit, and a number for each school of each group."""


def _numbers(fact: Fact, groups: list[list[SchoolRow]]) -> Iterable[Numbered]:
    """Yield a fact as numbers: itself, or for each code but the first the share of schools that have it."""
    nowhere = PlaceOfRow(None, None, None, None)
    people = [People({fact.id: fact}, [Row(None, nowhere, one.facts) for one in group]) for group in groups]
    if fact.kind == "number":
        yield fact.title, "points", [one.numbers(fact.id) for one in people]
        return
    levels = (
        {YES: fact.title}
        if fact.kind == "yes_no"
        else {code: f"{fact.title}: {fact.codes[code]}" for code in fact.codes}
    )
    first = NO if fact.kind == "yes_no" else next(iter(fact.codes))
    for code, title in levels.items():
        if code != first:
            yield title, "share", [np.asarray(one.reached(fact.id, [code])) for one in people]
