"""The pretended field: schools, and people who grow, move, go on to secondary school, are absent, say no, or leave."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Any, NamedTuple

from survey.definition.study import Fact
from survey.definition.study import StudyDefinition as Plan
from survey.demo.truth import Truth

_NAMES = (
    *("Ashgrove", "Birchwood", "Castlegate", "Dovecote", "Eastfield", "Fernhill", "Gillbrook", "Hawthorn", "Ivybridge"),
    *("Juniper", "Kingsmead", "Larkrise", "Millstream", "Northgate", "Oakfield", "Priory", "Quarry", "Rosehill"),
    *("Stonebridge", "Thornlea", "Underwood", "Valley", "Westbrook", "Yewtree", "Applegarth", "Beechcroft"),
)
_TYPICAL = {"size": (270, 80), "fsm_share": (25, 9), "earlier_results": (62, 9), "attendance": (94, 3.5)}
"""Mean and standard deviation of facts that are numbers, of schools and of pupils."""
_OF_THE_PROGRAMME = "intensity"
"""A fact that only schools with the programme have."""
_LIGHT = 0.6
"""Hours in lessons where the programme is less intensive, as a share of the hours elsewhere."""
_YES_SHARE = {"fsm": 0.24, "sen": 0.16, "eal": 0.21}
_LEAVES_THE_AREA = 0.02
"""Share of pupils who are on no roster any more a year later."""
_GOES_ON = 0.7
"""The share of people who finish primary school whose secondary school takes part, so that they stay on the roster."""


@dataclass(frozen=True)
class PretendedSchool:
    """A pretended school; a secondary school is in no arm."""

    code: str
    title: str
    arm: str | None
    programme: str | None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def secondary(self) -> bool:
        """Whether pupils come here from the study's primary schools."""
        return self.arm is None


@dataclass(frozen=True)
class PretendedStanding:
    """Where someone is in one wave, and what the roster says of them; `year` is None for adults."""

    wave: str
    place: PretendedSchool
    year: int | None
    facts: Mapping[str, Any]

    @property
    def class_code(self) -> str:
        """The class, by its code; adults have none."""
        return "" if self.year is None else f"y{self.year}"

    @property
    def class_title(self) -> str:
        """The class, as people call it."""
        return "" if self.year is None else f"Year {self.year}" if self.year else "Reception"

    @property
    def known(self) -> dict[str, Any]:
        """What routing, piping and effects may look at."""
        place = self.place
        where = {"school": place.title, "school_code": place.code, "arm": place.arm, "programme_code": place.programme}
        where["wave"] = self.wave
        return {**place.facts, **self.facts, **{name: value for name, value in where.items() if value}}


@dataclass
class PretendedPerson:
    """A pretended participant.

    refused: a parent said no before anyone asked. withdrawn: the wave after which everything is taken back.
    """

    code: str
    audience: str
    at: dict[str, PretendedStanding] = field(default_factory=dict)
    parent_of: str = ""
    refused: bool = False
    withdrawn: str | None = None


@dataclass(frozen=True)
class PretendedField:
    """Everyone and everything of the pretended study; roster facts are those of the plan, by their ids."""

    schools: list[PretendedSchool]
    secondaries: list[PretendedSchool]
    people: list[PretendedPerson]

    def of(self, audience: str) -> Iterator[PretendedPerson]:
        """Yield the participants of one audience."""
        return (person for person in self.people if person.audience == audience)


def make_field(plan: Plan, rng: random.Random) -> PretendedField:
    """Make the schools, pupils, parents and staff that the plan's `pretend` section asks for."""
    assert plan.pretend is not None
    schools = list(_schools(plan))
    truth = Truth(plan.pretend, random.Random(f"{plan.pretend.seed} roster"))
    areas: list[str | None] = [area.id for area in plan.programmes]
    secondaries = [
        PretendedSchool(f"h{n + 1:02d}", f"{name} High School", None, area)
        for n, (area, name) in enumerate(zip(areas or [None], reversed(_NAMES), strict=False))
    ]
    drawing = _Drawing(plan, rng, truth)
    pupils = [_pupil(drawing, n, schools, secondaries) for n in range(plan.pretend.pupils)]
    return PretendedField(schools, secondaries, [*pupils, *_parents(plan, pupils, rng), *_staff(plan, schools, rng)])


def _schools(plan: Plan) -> Iterator[PretendedSchool]:
    assert plan.pretend is not None
    areas = [area.id for area in plan.programmes]
    # A generator of their own: what is said of schools changes nothing about the people in them.
    rng = random.Random(f"{plan.pretend.seed} schools")
    matched = plan.plan.comparison.matched_on if plan.plan else []
    firsts: list[PretendedSchool] = []
    count = 0
    for arm, many in plan.pretend.schools.items():
        for n in range(many):
            name, lap = _NAMES[count % len(_NAMES)], count // len(_NAMES)
            count += 1
            title = f"{name} Primary School" + (f" {lap + 1}" if lap else "")
            twin = firsts[n].facts if n < len(firsts) else {}
            facts = {
                fact.id: _of_school(fact, twin.get(fact.id) if fact.id in matched else None, rng)
                for fact in plan.school_facts
                if arm == "programme" or fact.id != _OF_THE_PROGRAMME
            }
            school = PretendedSchool(f"s{count:02d}", title, arm, areas[n % len(areas)] if areas else None, facts)
            if arm == next(iter(plan.pretend.schools)):
                firsts.append(school)
            yield school


def _of_school(fact: Fact, twin: Any, rng: random.Random) -> Any:
    """Draw a fact about a school; of one that was matched to another on it (`twin` is that one's), something near."""
    if isinstance(twin, int | float):
        return round(_within(fact, rng.gauss(twin, 0.3 * _typical(fact)[1])))
    return _drawn(fact, rng)


# ── pupils ────────────────────────────────────────────────────────────────────────────────────────────────
class _Drawing(NamedTuple):
    """What pupils are drawn with: the plan, chance, and the truth about facts that the study pretends effects on."""

    plan: Plan
    rng: random.Random
    truth: Truth


def _pupil(
    drawing: _Drawing, n: int, schools: list[PretendedSchool], secondaries: list[PretendedSchool]
) -> PretendedPerson:
    """Make one pupil: a year older from wave to wave. Some have not started school in the first, some go on."""
    plan, rng = drawing.plan, drawing.rng
    assert plan.pretend is not None
    shares = plan.pretend.missing
    waves = [wave.id for wave in plan.waves]
    last = max((year for work in plan.fieldwork for year in work.years or []), default=6)
    place = schools[n % len(schools)]
    first_year = rng.randint(2 - len(waves), last)
    joined = rng.choice([0, 0, 4, 12, 20])
    lasting = {fact.id: _drawn(fact, rng) for fact in plan.facts if not fact.changes}
    person = PretendedPerson(f"p{n + 1:04d}", "pupil", refused=rng.random() < shares.refused)
    months = 0  # spent in programme schools: they go with a child who moves
    for at, wave in enumerate(waves):
        year = first_year + at
        if year < 1:
            continue
        if person.at:
            months += 12 if place.arm == "programme" else 0
        elif place.arm == "programme":
            months = min(joined, 12 * (year - 1))
        others = secondaries if year > last else schools
        found = _place_of(plan, place, year > last, bool(person.at), others, rng)
        if found is None or not _has_year(plan, year):
            break
        place = found
        standing = PretendedStanding(wave, place, year, {**lasting, "year": year, "months": months})
        person.at[wave] = replace(standing, facts=lasting | _changing(drawing, person.code, standing))
    if person.at and not person.refused and rng.random() < shares.withdrawn:
        person.withdrawn = rng.choice(list(person.at))
    return person


def _place_of(
    plan: Plan,
    before: PretendedSchool,
    grown: bool,
    known: bool,
    others: list[PretendedSchool],
    rng: random.Random,
) -> PretendedSchool | None:
    """Return the school of a pupil in the next wave; None for who is on no roster any more.

    others: schools they may go to, secondary schools for those who have grown out of theirs.
    """
    assert plan.pretend is not None
    if grown:
        if before.secondary:
            return before
        theirs = [one for one in others if one.programme == before.programme]
        return theirs[0] if theirs and rng.random() < _GOES_ON else None
    if known and rng.random() < plan.pretend.missing.moved:
        return rng.choice([other for other in others if other is not before] or [before])
    return None if known and rng.random() < _LEAVES_THE_AREA else before


def _has_year(plan: Plan, year: int) -> bool:
    known = next((fact for fact in plan.facts if fact.id == "year"), None)
    return known is None or known.max is None or year <= known.max


def _changing(drawing: _Drawing, code: str, known: PretendedStanding) -> dict[str, Any]:
    """Draw one wave's facts that may change, all of them and in order, so that chance is the same for every study.

    known: where the pupil is, with the facts that are settled already.
    """
    plan, rng = drawing.plan, drawing.rng
    found = {fact.id: _drawn(fact, rng) for fact in plan.facts if fact.changes}
    programme = known.place.arm == "programme"
    share = (0.32 if programme else 0.15) * (0.6 if known.facts.get("sen") == "yes" else 1.0)
    share *= 0.6 if known.facts.get("fsm") == "yes" else 1.0
    stays = rng.random() < share
    light = _LIGHT if known.place.facts.get(_OF_THE_PROGRAMME) == "light" else 1.0
    drawn = {
        "year": known.year,
        "months": known.facts["months"],
        "hours_lessons": round(max(0.0, rng.gauss(28 * light if programme else 10, 5))),
        "hours_after": round(max(0.0, rng.gauss(14, 4))) if stays else 0,
        "after_school": "yes" if stays else "no",
    }
    drawn |= {
        fact.id: _as_value(fact, drawing.truth.latent(f"roster.{fact.id}", code, known.known))
        for fact in plan.facts
        if fact.changes and plan.pretend is not None and f"roster.{fact.id}" in plan.pretend.effects
    }
    return found | {name: value for name, value in drawn.items() if name in found}


def _as_value(fact: Fact, latent: float) -> Any:
    """Return the value of a fact behind which a latent value stands: a number, or one of its codes, low ones first.

    Without effects, codes are equally frequent.
    """
    if fact.kind == "number":
        return _within(fact, _typical(fact)[0] + latent * _typical(fact)[1])
    codes = list(fact.codes) or ["no", "yes"]
    return codes[min(len(codes) - 1, int(NormalDist().cdf(latent) * len(codes)))]


def _typical(fact: Fact) -> tuple[float, float]:
    """Return the mean and the standard deviation of a fact; of one that is not known, from its range."""
    low, high = fact.min or 0, fact.max if fact.max is not None else 100
    return _TYPICAL.get(fact.id, ((low + high) / 2, (high - low) / 6))


def _within(fact: Fact, value: float) -> float:
    high = fact.max if fact.max is not None else value
    return round(max(fact.min or 0, min(high, value)), 1)


def _drawn(fact: Fact, rng: random.Random) -> Any:
    if fact.kind == "yes_no":
        return "yes" if rng.random() < _YES_SHARE.get(fact.id, 0.3) else "no"
    if fact.kind == "code":
        return rng.choice(list(fact.codes))
    if fact.kind == "number":
        return round(_within(fact, rng.gauss(*_typical(fact))))
    return "2018-09-01"


# ── adults ────────────────────────────────────────────────────────────────────────────────────────────────
def _parents(plan: Plan, pupils: list[PretendedPerson], rng: random.Random) -> Iterator[PretendedPerson]:
    """Yield parents who are followed: about as many as half of the people who answer in a wave, each of one pupil.

    They are on the roster of the school their child is at, for as long as it is a primary school.
    """
    assert plan.pretend is not None
    there = [pupil for pupil in pupils if pupil.at and not pupil.refused]
    many = min(len(there), plan.pretend.parents // (2 * len(plan.waves)))
    for n, child in enumerate(rng.sample(there, many)):
        at = {
            wave: PretendedStanding(wave, known.place, None, {})
            for wave, known in child.at.items()
            if not known.place.secondary
        }
        if at:
            theirs = [child, *_siblings(plan, child, there, n)]
            yield PretendedPerson(f"g{n + 1:04d}", "parent", at, parent_of=" ".join(one.code for one in theirs))


_SECOND_CHILD = 0.3
"""The share of parents with another child at a school of the study."""


def _siblings(plan: Plan, child: PretendedPerson, there: list[PretendedPerson], n: int) -> Iterator[PretendedPerson]:
    """Yield another child of the nth parent, if there is one: at the same school or, as often, at another."""
    assert plan.pretend is not None
    # Chance of its own: a brother or a sister changes nothing about anyone else.
    rng = random.Random(f"{plan.pretend.seed} sibling {n}")
    if rng.random() >= _SECOND_CHILD:
        return
    school, same = next(iter(child.at.values())).place, rng.random() < 0.5
    found = [one for one in there if one is not child and (next(iter(one.at.values())).place is school) is same]
    if found:
        yield rng.choice(found)


def _staff(plan: Plan, schools: list[PretendedSchool], rng: random.Random) -> Iterator[PretendedPerson]:
    """Yield members of staff: as many as answer in a wave and a few more, the schools in turn."""
    assert plan.pretend is not None
    if not schools:
        return
    waves = [wave.id for wave in plan.waves]
    for n in range(-(-plan.pretend.staff // len(waves))):
        place = schools[n % len(schools)]
        stays = waves if rng.random() < 0.85 else waves[: rng.randint(1, len(waves))]
        at = {wave: PretendedStanding(wave, place, None, {}) for wave in stays}
        yield PretendedPerson(f"t{n + 1:03d}", "staff", at)
