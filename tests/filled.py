"""Schools, classes and answers put straight into a database, for tests and the bench: the program imports them from files.

The rows are those that importing a roster and answering the pages leave behind.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from survey.database import Engine, Session, write
from survey.fieldwork import Programme, School, SchoolClass, Study
from survey.responses import PastResponse, insert_responses


def keep_school(
    session: Session, study: Study, code: str, *, title: str, arm: str | None, programme: Programme | None = None
) -> School:
    """Return the school with this code, made or brought up to date."""
    school = session.scalars(select(School).where(School.study == study, School.code == code)).one_or_none()
    if school is None:
        session.add(school := School(study=study, code=code, title=title))
    school.title, school.arm, school.programme = title, arm, programme
    session.flush()
    return school


def keep_class(session: Session, school: School, code: str, *, title: str) -> SchoolClass:
    """Return the class with this code in its school, made or renamed."""
    found = session.scalars(
        select(SchoolClass).where(SchoolClass.school == school, SchoolClass.code == code)
    ).one_or_none()
    if found is None:
        session.add(found := SchoolClass(school=school, code=code, title=title))
    found.title = title
    session.flush()
    return found


def add_responses(engine: Engine, responses: Iterable[PastResponse]) -> int:
    """Add responses with their saves, all in one transaction. Returns how many."""
    with write(engine) as connection:
        return insert_responses(connection, responses)
