"""Who is in a class in a wave, and what the children of it are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from survey.classroom.tables import card
from survey.database import Engine, read, session
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.finding import find_place
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.studies import School, SchoolClass, Wave
from survey.fieldwork.waves import asked
from survey.problems import Refused, listed

PUPIL = "pupil"


class ClassMember(NamedTuple):
    """A child who is in a class in a wave; facts: the roster's, those of the wave over the lasting ones."""

    id: int
    code: str
    facts: Mapping[str, Any]


class ClassInWave(NamedTuple):
    """A class in a wave: its id and title, its school, how many children are in it and how many of them have a card."""

    id: int
    title: str
    school_id: int
    school: str
    children: int
    cards: int


@dataclass(frozen=True)
class WaveAndClass:
    """A class in a wave of a study."""

    study_id: int
    wave_id: int
    school_class_id: int


def classes_in(engine: Engine, wave_id: int, schools: set[int] | None) -> list[ClassInWave]:
    """Return the classes that have children in a wave, by school and class. schools: ids; None for all."""
    query = (
        select(
            SchoolClass.id,
            SchoolClass.title,
            School.id,
            School.title,
            func.count(Membership.participant_id),
            func.count(card.c.id),
        )
        .join(School, School.id == SchoolClass.school_id)
        .join(Membership, Membership.school_class_id == SchoolClass.id)
        .join(Participant, Participant.id == Membership.participant_id)
        .outerjoin(
            card, (card.c.participant_id == Participant.id) & (card.c.school_class_id == Membership.school_class_id)
        )
        .where(Membership.wave_id == wave_id, Membership.left_at.is_(None), Participant.audience == PUPIL)
        .group_by(SchoolClass.id, SchoolClass.title, School.id, School.title)
        .order_by(School.title, SchoolClass.title, SchoolClass.id)
    )
    if schools is not None:
        query = query.where(School.id.in_(schools))
    with read(engine) as connection:
        return [ClassInWave(*row) for row in connection.execute(query)]


def members(connection: Connection, place: WaveAndClass) -> list[ClassMember]:
    """Return the children who are in a class in a wave, by study code."""
    query = (
        select(Participant.id, Participant.code, Participant.facts, Membership.facts)
        .join(Membership, Membership.participant_id == Participant.id)
        .where(
            Membership.wave_id == place.wave_id,
            Membership.school_class_id == place.school_class_id,
            Membership.left_at.is_(None),
            Participant.audience == PUPIL,
        )
        .order_by(Participant.code)
    )
    return [ClassMember(id_, code, {**lasting, **now}) for id_, code, lasting, now in connection.execute(query)]


def asked_in(connection: Connection, plan: Plan, place: WaveAndClass, questionnaire: str) -> list[ClassMember]:
    """Return the children of a class who get a questionnaire in a wave, by study code."""
    wave = connection.scalar(select(Wave.code).where(Wave.id == place.wave_id)) or ""
    there = members(connection, place)
    return [one for one in there if questionnaire in asked(plan, PUPIL, one.facts, wave)]


class FoundClass(NamedTuple):
    """A class in a wave, found by its codes; its title, and its school's."""

    where: WaveAndClass
    title: str
    school: str


def find_class(engine: Engine, study: str, wave: str, codes: tuple[str, str]) -> FoundClass:
    """Return a class of a wave. codes: of the school and of the class. Raises Refused with what there is."""
    with session(engine) as db:
        its_study, its_wave, its_school = find_place(db, study, wave, codes[0])
        assert its_school is not None
        for one in its_school.classes:
            if one.code == codes[1]:
                return FoundClass(WaveAndClass(its_study.id, its_wave.id, one.id), one.title, its_school.title)
        there = listed(sorted(one.code for one in its_school.classes)) or "none"
        raise Refused([f"{its_school.title} has no class '{codes[1]}'. Its classes: {there}."])
