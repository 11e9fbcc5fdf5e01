"""The study a ledger belongs to: its rules, its people and its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Connection,
    select,
)
from sqlalchemy.orm import Session

from survey.database import storable
from survey.definition.reading import parse_study
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.participants import Participant, kinship
from survey.fieldwork.publications import Definition
from survey.fieldwork.studies import School, Study


@lru_cache(maxsize=16)
def _parsed(text: str) -> Plan:
    return parse_study(text)


def plan_of(db: Connection | Session, study_id: int) -> Plan | None:
    """Return the study's published study.yaml; None when none was published."""
    text = db.scalar(select(Definition.text).join(Study, Study.sha256 == Definition.sha256).where(Study.id == study_id))
    return _parsed(text) if text is not None else None


class InStudy(Protocol):
    """The study a decision is about: a row of it, or the study itself."""

    @property
    def id(self) -> int:
        """The study's id."""

    @property
    def time_zone(self) -> str:
        """Where its days begin and end."""


@dataclass(frozen=True)
class StudyRow:
    """A study as the ledger needs it."""

    id: int
    code: str
    time_zone: str


def study_row(db: Connection | Session, code: str) -> StudyRow | None:
    """Return the study with this code, or None."""
    if not storable(code):
        return None
    row = db.execute(select(Study.id, Study.code, Study.time_zone).where(Study.code == code)).one_or_none()
    return StudyRow(row.id, row.code, row.time_zone) if row else None


def schools_of(db: Connection | Session, study_id: int) -> dict[str, str]:
    """Return code -> title of a study's schools, by title."""
    found = db.execute(select(School.code, School.title).where(School.study_id == study_id).order_by(School.title))
    return {row.code: row.title for row in found}


def school_id_of(db: Connection | Session, study_id: int, code: str) -> int | None:
    """Return the id of the study's school with this code, or None."""
    if not storable(code):
        return None
    return db.scalar(select(School.id).where(School.study_id == study_id, School.code == code))


def children_of(db: Connection | Session, participant_id: int) -> list[tuple[int, str]]:
    """Return (id, code) of the pupils whose parent a participant is, by the school's list."""
    query = (
        select(Participant.id, Participant.code)
        .join(kinship, kinship.c.pupil_id == Participant.id)
        .where(kinship.c.parent_id == participant_id)
        .order_by(Participant.code)
    )
    return [(row.id, row.code) for row in db.execute(query)]


def parents_of(db: Connection | Session, participant_id: int) -> list[str]:
    """Return the codes of a pupil's parents, by the school's list."""
    query = (
        select(Participant.code)
        .join(kinship, kinship.c.parent_id == Participant.id)
        .where(kinship.c.pupil_id == participant_id)
        .order_by(Participant.code)
    )
    return list(db.scalars(query))


def parents_by_child(db: Connection | Session, study_id: int) -> dict[str, set[str]]:
    """Return the codes of a study's pupils' parents, by the pupil's code."""
    child = Participant.__table__.alias()
    query = (
        select(child.c.code, Participant.code)
        .select_from(kinship)
        .join(child, child.c.id == kinship.c.pupil_id)
        .join(Participant, Participant.id == kinship.c.parent_id)
        .where(Participant.study_id == study_id)
    )
    found: dict[str, set[str]] = {}
    for pupil, parent in db.execute(query):
        found.setdefault(pupil, set()).add(parent)
    return found


def time_zone_of(db: Connection | Session, study_id: int) -> str:
    """Return where a study's days begin and end."""
    return db.execute(select(Study.time_zone).where(Study.id == study_id)).scalar_one()


def today(time_zone: str, now: datetime) -> date:
    """Return which day it is in a time zone."""
    return now.astimezone(ZoneInfo(time_zone)).date()
