"""Information sheets: their versions, and to whom they were sent out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    Connection,
    insert,
    select,
)
from sqlalchemy.orm import Session

from survey.audit import Act, note
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.consent.study import InStudy, today
from survey.fieldwork.consent.tables import BadDecision, sheet, sheet_issue
from survey.fieldwork.finding import not_there
from survey.fieldwork.publications import VersionTaken
from survey.fieldwork.studies import School, Study


def keep_sheets(db: Session, plan: Plan, now: datetime) -> list[tuple[str, int]]:
    """Keep the information sheets of a study's file. Returns audience and version of each that is new.

    Raises VersionTaken when a sheet's words changed without a higher version: parents agreed to the words they read.
    """
    added: list[tuple[str, int]] = []
    study_id = db.scalars(select(Study.id).where(Study.code == plan.id)).one()
    for consent in plan.consent:
        new = consent.sheet
        kept = db.execute(
            select(sheet.c.version, sheet.c.title, sheet.c.text)
            .where(sheet.c.study_id == study_id, sheet.c.audience == consent.audience)
            .order_by(sheet.c.version.desc())
        ).all()
        same = next((row for row in kept if row.version == new.version), None)
        newest = kept[0].version if kept else 0
        if same is not None and (same.title, same.text) == (new.title, new.text) and newest == new.version:
            continue
        if new.version <= newest:
            raise VersionTaken(
                f"The information sheet for audience {consent.audience} has different words from version {newest}, "
                f"and people agreed to the words they read. Please set 'version: {newest + 1}' in its "
                "sheet and publish again."
            )
        db.execute(
            insert(sheet).values(
                study_id=study_id,
                audience=consent.audience,
                version=new.version,
                title=new.title,
                text=new.text,
                published_at=now,
            )
        )
        added.append((consent.audience, new.version))
    return added


@dataclass(frozen=True)
class PublishedSheet:
    """A published version of an information sheet."""

    audience: str
    version: int
    title: str
    text: str
    published_at: datetime


def sheets_of(db: Connection | Session, study_id: int) -> list[PublishedSheet]:
    """Return every version of every information sheet, by audience, the newest first."""
    rows = db.execute(
        select(*[sheet.c[name] for name in PublishedSheet.__dataclass_fields__])
        .where(sheet.c.study_id == study_id)
        .order_by(sheet.c.audience, sheet.c.version.desc())
    )
    return [PublishedSheet(**row._asdict()) for row in rows]


def sheet_id_of(db: Connection | Session, study_id: int, audience: str, version: int | None) -> int | None:
    """Return the id of a version of a sheet, by default of the newest."""
    query = select(sheet.c.id).where(sheet.c.study_id == study_id, sheet.c.audience == audience)
    query = query if version is None else query.where(sheet.c.version == version)
    return db.scalar(query.order_by(sheet.c.version.desc()).limit(1))


@dataclass(frozen=True)
class Issue:
    """A sheet that was sent out. school: the code; None for all schools."""

    audience: str
    version: int
    school: str | None
    issued_on: date
    recorded_at: datetime
    recorded_by: str


def issues_of(db: Connection | Session, study_id: int) -> list[Issue]:
    """Return when which sheet went to which school, the newest record first."""
    rows = db.execute(
        select(
            sheet.c.audience,
            sheet.c.version,
            School.code.label("school"),
            sheet_issue.c.issued_on,
            sheet_issue.c.recorded_at,
            sheet_issue.c.recorded_by,
        )
        .join(sheet, sheet.c.id == sheet_issue.c.sheet_id)
        .outerjoin(School, School.id == sheet_issue.c.school_id)
        .where(sheet.c.study_id == study_id)
        .order_by(sheet_issue.c.id.desc())
    )
    return [Issue(**row._asdict()) for row in rows]


@dataclass(frozen=True)
class SentSheet:
    """An information sheet that was sent out on a day: to schools by their codes, or to all (None).

    version: None for the newest.
    """

    audience: str
    schools: Sequence[str] | None
    on: date
    version: int | None = None


def issued(db: Connection, study: InStudy, sent: SentSheet, act: Act) -> int:
    """Record that an information sheet was sent out.

    Returns how many records are new: a sheet recorded twice for the same day is one.
    Raises BadDecision for a sheet, a school or a day that is not there.
    """
    audience, schools, on = sent.audience, sent.schools, sent.on
    if on > today(study.time_zone, act.now):
        raise BadDecision(f"{on} is in the future. Please record the sheet once it has been sent.")
    sheet_id = sheet_id_of(db, study.id, audience, sent.version)
    if sheet_id is None:
        raise BadDecision(
            f"No information sheet for {audience} is published. Please put it under consent: in study.yaml, "
            "and run: survey publish FOLDER"
        )
    added = 0
    for school_id in _school_ids(db, study.id, schools):
        there = select(sheet_issue.c.id).where(
            sheet_issue.c.sheet_id == sheet_id,
            sheet_issue.c.school_id.is_not_distinct_from(school_id),
            sheet_issue.c.issued_on == on,
        )
        if db.scalar(there) is None:
            db.execute(
                insert(sheet_issue).values(
                    sheet_id=sheet_id,
                    school_id=school_id,
                    issued_on=on,
                    recorded_at=act.now,
                    recorded_by=str(act.actor),
                )
            )
            added += 1
    if added:
        about = ", ".join(schools) if schools is not None and len(schools) <= 5 else f"{len(schools or ())} schools"
        details: dict[str, int | str | bool | None] = {"audience": audience, "issued_on": on.isoformat(), "new": added}
        note(
            db,
            act,
            "recorded an information sheet as sent",
            study_id=study.id,
            about="all schools" if schools is None else about,
            details=details,
        )
    return added


def _school_ids(db: Connection, study_id: int, schools: Sequence[str] | None) -> list[int | None]:
    if schools is None:
        return [None]
    rows = db.execute(select(School.code, School.id).where(School.study_id == study_id, School.code.in_(schools)))
    found = {row.code: row.id for row in rows}
    missing = [code for code in schools if code not in found]
    if missing:
        there = db.scalars(select(School.code).where(School.study_id == study_id))
        raise BadDecision(not_there("school", missing[0], there))
    return [found[code] for code in schools]
