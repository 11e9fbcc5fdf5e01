"""Which children a parent is asked about: those of the roster, by a personal link; a school, by an open one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, Row, Select, and_, func, select

from survey.database import read, storable
from survey.fieldwork.consent import still_agreed
from survey.fieldwork.doors import Door
from survey.fieldwork.participants import Membership, Participant, kinship
from survey.fieldwork.performances import performance_school
from survey.fieldwork.studies import Programme, School, SchoolClass

KnownBy = Literal["roster", "typed"]


@dataclass(frozen=True)
class ChildAt:
    """A child a parent answers about: where they are and, if it is known, whose study code they have.

    known_by: how the study code came to be known, by the school's roster or as the parent typed it; None without one.
    places: what a response keeps of where someone is (facts_at_start).
    """

    school_id: int | None
    school_class_id: int | None = None
    child_id: int | None = None
    known_by: KnownBy | None = None
    places: Mapping[str, Any] | None = None


PLACE_COLUMNS: Final = (
    School.arm,
    School.code.label("school_code"),
    School.title.label("school"),
    SchoolClass.code.label("school_class_code"),
    SchoolClass.title.label("school_class"),
    Programme.code.label("programme_code"),
    Programme.title.label("programme"),
)
"""What a response keeps of where someone is (facts_at_start)."""

_WHERE: Final = (School.id.label("school_id"), SchoolClass.id.label("school_class_id"), *PLACE_COLUMNS)


def known_children(engine: Engine, study_id: int, parent_id: int, wave_id: int) -> list[ChildAt]:
    """Return the children of a parent that the roster has in a wave; those at the parent's own school first.

    A child for whom someone has said no, who has withdrawn, or who has left is not among them. Two children of one
    class cannot be told apart without a name, so neither's code is known.
    """
    query = (
        select(kinship.c.pupil_id, *_WHERE)
        .join(Participant, Participant.id == kinship.c.pupil_id)
        .join(Membership, and_(Membership.participant_id == Participant.id, Membership.wave_id == wave_id))
        .join(School, School.id == Membership.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Membership.school_class_id)
        .outerjoin(Programme, Programme.id == School.programme_id)
        .where(kinship.c.parent_id == parent_id, Membership.left_at.is_(None), School.arm.is_not(None))
        .order_by(Participant.code)
    )
    own = select(Membership.school_id).where(Membership.participant_id == parent_id, Membership.wave_id == wave_id)
    with read(engine) as connection:
        rows = [
            row for row in connection.execute(query).all() if still_agreed(connection, study_id, row.pupil_id, wave_id)
        ]
        home = connection.scalar(own)
    found = [_known(row) for row in rows]
    found.sort(key=lambda one: one.school_id != home)
    return _told_apart(found)


def _known(row: Row[Any]) -> ChildAt:
    return ChildAt(row.school_id, row.school_class_id, row.pupil_id, "roster", row._asdict())


def _told_apart(children: Sequence[ChildAt]) -> list[ChildAt]:
    there = Counter((one.school_id, one.school_class_id) for one in children)
    return [
        one if there[one.school_id, one.school_class_id] == 1 else replace(one, child_id=None, known_by=None)
        for one in children
    ]


@dataclass(frozen=True)
class SchoolToChoose:
    """A school a parent can say that a child is at."""

    id: int
    code: str
    title: str
    programme_id: int | None


_TO_CHOOSE: Final = (
    select(School.id, School.code, School.title, School.programme_id)
    .where(School.arm.is_not(None))
    .order_by(School.title, School.code)
)


def schools_to_choose(engine: Engine, study_id: int) -> list[SchoolToChoose]:
    """Return the schools of a study that take part in it, by title."""
    return _chosen_from(engine, _TO_CHOOSE.where(School.study_id == study_id))


def given_together(engine: Engine, door_id: int) -> list[SchoolToChoose]:
    """Return the schools that give the performance together whose link this is, by title: those that are in the study.

    None where it is one school's, where no one said which schools they are, and by every other link.
    """
    query = (
        _TO_CHOOSE.join(performance_school, performance_school.c.school_id == School.id)
        .join(Door, Door.performance_id == performance_school.c.performance_id)
        .where(Door.id == door_id, Door.school_id.is_(None))
    )
    return _chosen_from(engine, query)


def may_be_at_any(engine: Engine, door_id: int) -> bool:
    """Tell whether a link is that of a performance of several schools, so that it does not say where a child is."""
    query = select(Door.id).where(
        Door.id == door_id, Door.performance_id.is_not(None), Door.school_id.is_(None), Door.participant_id.is_(None)
    )
    with read(engine) as connection:
        return connection.scalar(query) is not None


def _chosen_from(engine: Engine, query: Select[int, str, str, int | None]) -> list[SchoolToChoose]:
    with read(engine) as connection:
        return [SchoolToChoose(*row) for row in connection.execute(query)]


def at_school(engine: Engine, study_id: int, school: str) -> ChildAt | None:
    """Return a child at the school with this code, of whom nothing else is known; None when there is no such school."""
    if not storable(school):
        return None
    query = (
        select(*_WHERE)
        .select_from(School)
        .outerjoin(SchoolClass, SchoolClass.id.is_(None))
        .outerjoin(Programme, Programme.id == School.programme_id)
        .where(School.study_id == study_id, School.code == school, School.arm.is_not(None))
    )
    with read(engine) as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else ChildAt(row.school_id, places=row._asdict())


def pupil_by_code(connection: Connection, study_id: int, wave_id: int, school_id: int | None, code: str) -> int | None:
    """Return the id of the pupil with a study code at a school in a wave; None: there is none, or someone said no."""
    if not storable(code):
        return None
    query = (
        select(Participant.id)
        .join(Membership, and_(Membership.participant_id == Participant.id, Membership.wave_id == wave_id))
        .where(
            Participant.study_id == study_id,
            Participant.audience == "pupil",
            func.lower(Participant.code) == code.lower(),
            Membership.school_id == school_id,
            Membership.left_at.is_(None),
        )
    )
    found: int | None = connection.scalar(query)
    return found if found is not None and still_agreed(connection, study_id, found, wave_id) else None
