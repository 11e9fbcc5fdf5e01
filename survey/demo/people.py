"""The pretended field: schools, classes, and people with their roster facts in every wave."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from survey.database import Session
from survey.definition.study import Fact
from survey.definition.study import Study as Plan
from survey.fieldwork import (
    Membership,
    Participant,
    School,
    SchoolClass,
    Study,
    Wave,
    keep_class,
    keep_school,
)
from survey.responses import facts_at_start

_NAMES = (
    *("Ashgrove", "Birchwood", "Castlegate", "Dovecote", "Eastfield", "Fernhill", "Gillbrook", "Hawthorn", "Ivybridge"),
    *("Juniper", "Kingsmead", "Larkrise", "Millstream", "Northgate", "Oakfield", "Priory", "Quarry", "Rosehill"),
    *("Stonebridge", "Thornlea", "Underwood", "Valley", "Westbrook", "Yewtree", "Applegarth", "Beechcroft"),
)
_YES_SHARE = {"fsm": 0.24, "sen": 0.16, "eal": 0.21}


@dataclass
class Place:
    """A pretended school with its classes and what is true of it."""

    school: School
    arm: str
    classes: dict[int, SchoolClass] = field(default_factory=dict)

    def codes(self, year: int | None) -> dict[str, Any]:
        """Return the school's part of the facts a response keeps."""
        its_class = self.classes.get(year) if year is not None else None
        programme = self.school.programme
        return {
            "arm": self.arm,
            "school": self.school.title,
            "school_code": self.school.code,
            "school_class": its_class.title if its_class else None,
            "school_class_code": its_class.code if its_class else None,
            "programme": programme.title if programme else None,
            "programme_code": programme.code if programme else None,
        }


@dataclass
class Person:
    """A pretended participant: where, which facts in which wave (wave code -> facts), and their row."""

    place: Place
    participant: Participant
    facts: dict[str, dict[str, Any]]

    def year(self, wave: str) -> int | None:
        """Return the year group in a wave; None when not at a primary school then."""
        year = self.facts[wave].get("year") if wave in self.facts else None
        return None if year is None else int(year)

    def at_start(self, wave: str) -> dict[str, Any]:
        """Return the facts a response of this wave keeps."""
        return facts_at_start({}, self.facts[wave], self.place.codes(self.year(wave)))


def make_places(db: Session, plan: Plan, study: Study, years: range) -> list[Place]:
    """Make as many schools per arm as the plan pretends, spread over the areas, a class for each year."""
    assert plan.pretend is not None
    places: list[Place] = []
    for arm, count in plan.pretend.schools.items():
        for n in range(count):
            name = _NAMES[len(places) % len(_NAMES)]
            school = keep_school(
                db,
                study,
                f"s{len(places) + 1:02d}",
                title=f"{name} Primary School",
                arm=arm,
                programme=study.programmes[n % len(study.programmes)] if study.programmes else None,
            )
            place = Place(school, arm)
            place.classes = {
                year: keep_class(db, school, f"y{year}", title=f"Year {year}" if year else "Reception")
                for year in years
            }
            places.append(place)
    return places


def make_pupils(
    db: Session, plan: Plan, study: Study, places: list[Place], waves: list[Wave], rng: random.Random
) -> list[Person]:
    """Make the plan's number of pupils: each in one school, a year older from wave to wave.

    Some have not yet started school in the first wave, and some have left it before the last, as in any school.
    """
    assert plan.pretend is not None
    last = max((year for work in plan.fieldwork for year in work.years or []), default=6)
    people = []
    for n in range(plan.pretend.pupils):
        place = places[n % len(places)]
        first_year = rng.randint(2 - len(waves), last)
        lasting = _lasting(plan, rng)
        joined = rng.choice([0, 0, 4, 12, 20]) if place.arm == "programme" else 0
        facts = {
            wave.code: _facts(
                plan.facts, lasting, rng, first_year + at, min(joined + 12 * at, 12 * (first_year + at)), place.arm
            )
            for at, wave in enumerate(waves)
            if 1 <= first_year + at <= last
        }
        people.append(_person(study, place, f"p{n + 1:04d}", "pupil", lasting, facts, waves, plan))
    db.add_all([person.participant for person in people])
    db.flush()
    return people


def _person(
    study: Study,
    place: Place,
    code: str,
    audience: str,
    lasting: dict[str, Any],
    facts: dict[str, dict[str, Any]],
    waves: list[Wave],
    plan: Plan,
) -> Person:
    changing = {fact.id for fact in plan.facts if fact.changes}
    participant = Participant(study=study, code=code, audience=audience, facts=lasting)
    by_code = {wave.code: wave for wave in waves}
    for wave, known in facts.items():
        year = known.get("year")
        participant.memberships.append(
            Membership(
                wave=by_code[wave],
                school=place.school,
                school_class=place.classes.get(int(year)) if year is not None else None,
                facts={name: value for name, value in known.items() if name in changing},
            )
        )
    return Person(place, participant, facts)


def _lasting(plan: Plan, rng: random.Random) -> dict[str, Any]:
    """Draw the facts that stay: those the roster does not let change."""
    return {fact.id: _drawn(fact, rng) for fact in plan.facts if not fact.changes}


def _facts(
    facts: list[Fact], lasting: Mapping[str, Any], rng: random.Random, year: int, months: int, arm: str
) -> dict[str, Any]:
    """Draw one wave's facts. What a later wave says may differ; what lasts does not."""
    known = dict(lasting)
    for fact in facts:
        if fact.changes:
            known[fact.id] = _drawn(fact, rng)
    known |= {"year": year, "months": months if arm == "programme" else 0}
    if "hours" in known:
        known["hours"] = round(max(0.0, rng.gauss(36 if arm == "programme" else 11, 8)))
    if "attendance" in known:
        known["attendance"] = round(min(100.0, rng.gauss(94, 3.5)), 1)
    if "after_school" in known:
        share = 0.32 if arm == "programme" else 0.15
        share *= 0.6 if known.get("sen") == "yes" else 1.0
        share *= 0.6 if known.get("fsm") == "yes" else 1.0
        known["after_school"] = "yes" if rng.random() < share else "no"
    names = {fact.id for fact in facts}
    return {name: value for name, value in known.items() if name in names}


def _drawn(fact: Fact, rng: random.Random) -> Any:
    if fact.kind == "yes_no":
        return "yes" if rng.random() < _YES_SHARE.get(fact.id, 0.3) else "no"
    if fact.kind == "code":
        return rng.choice(list(fact.codes))
    if fact.kind == "number":
        return round(rng.uniform(fact.min or 0, fact.max if fact.max is not None else 100))
    return "2018-09-01"


def adults(places: list[Place], count: int, rng: random.Random) -> Iterator[Place]:
    """Yield the school of each pretended adult."""
    for n in range(count):
        yield places[n % len(places)] if n < len(places) else rng.choice(places)
