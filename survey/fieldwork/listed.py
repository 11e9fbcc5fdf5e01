"""Everyone on the lists of a study's waves: where they are, what the roster says of them, and what they are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.studies import Programme, School, SchoolClass, Wave
from survey.fieldwork.waves import asked


class Listed(NamedTuple):
    """A participant in one wave, with codes of where they are. `left` is whether they are no longer there.

    `facts` are the roster's: those of the wave over the lasting ones. `asked` are ids of questionnaires.
    """

    participant: str
    audience: str
    wave: str
    arm: str | None
    programme: str | None
    school: str | None
    school_class: str | None
    facts: Mapping[str, Any]
    left: bool
    asked: tuple[str, ...]


class ListedSchool(NamedTuple):
    """A school of a study by its code, the arm it is in, and what the list of schools says of it."""

    code: str
    arm: str | None
    facts: Mapping[str, Any]


def listed_schools(connection: Connection, study_id: int) -> list[ListedSchool]:
    """Return the schools of a study, by code."""
    query = select(School.code, School.arm, School.facts).where(School.study_id == study_id).order_by(School.code)
    return [ListedSchool(*row) for row in connection.execute(query)]


def listed(connection: Connection, plan: Plan, study_id: int) -> Iterator[Listed]:
    """Yield everyone on a list of a wave of the study, by wave, school and study code."""
    query = (
        select(
            Participant.code,
            Participant.audience,
            Wave.code,
            School.arm,
            Programme.code,
            School.code,
            SchoolClass.code,
            Participant.facts,
            Membership.facts,
            Membership.left_at,
        )
        .select_from(Membership)
        .join(Participant, Participant.id == Membership.participant_id)
        .join(Wave, Wave.id == Membership.wave_id)
        .outerjoin(School, School.id == Membership.school_id)
        .outerjoin(Programme, Programme.id == School.programme_id)
        .outerjoin(SchoolClass, SchoolClass.id == Membership.school_class_id)
        .where(Participant.study_id == study_id)
        .order_by(Wave.position, School.code, Participant.code)
    )
    for code, audience, wave, arm, programme, school, school_class, lasting, changing, left in connection.execute(
        query
    ):
        facts = {**lasting, **changing}
        theirs = tuple(asked(plan, audience, facts, wave))
        yield Listed(code, audience, wave, arm, programme, school, school_class, facts, left is not None, theirs)
