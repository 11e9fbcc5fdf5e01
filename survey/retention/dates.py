"""The day on which a study's data are deleted, and how far away it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select

from survey.database import Engine, read, storable
from survey.definition.reading import parse_study
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.publications import Definition
from survey.fieldwork.studies import Study
from survey.retention.tables import deletion

WARNING: Final = 30
"""Days before the deletion from which on everyone concerned is told."""


@dataclass(frozen=True)
class DeletionDay:
    """The deletion of one study's data.

    delete_on   the day its file states     today       the day it is in the study's time zone
    backups     days after which a backup is deleted
    deleted_at  when it was done, by the study's clock; None before
    number      of the certificate; None before
    """

    study_id: int
    code: str
    title: str
    delete_on: date
    today: date
    backups: int
    deleted_at: datetime | None
    number: str | None

    @property
    def days_left(self) -> int:
        """Days until the deletion; 0 on the day, less after it."""
        return (self.delete_on - self.today).days

    @property
    def is_due(self) -> bool:
        """True from the day on, until it is done."""
        return self.deleted_at is None and self.days_left <= 0

    @property
    def is_near(self) -> bool:
        """True from 30 days before, until it is done."""
        return self.deleted_at is None and self.days_left <= WARNING

    @property
    def backups_gone(self) -> date:
        """The day on which the last backup that holds the data is to be gone, if they are deleted on their day."""
        return max(self.delete_on, self.today) + timedelta(days=self.backups)


_STUDIES = (
    select(
        Study.id,
        Study.code,
        Study.title,
        Definition.text,
        deletion.c.at.label("deleted_at"),
        deletion.c.number,
    )
    .join(Definition, Definition.sha256 == Study.sha256)
    .outerjoin(deletion, deletion.c.study_id == Study.id)
    .order_by(Study.code)
)


def days(engine: Engine, now: datetime) -> list[DeletionDay]:
    """Return the day of every published study, by its code."""
    with read(engine) as connection:
        return [_day(row, now) for row in connection.execute(_STUDIES)]


def day_of(engine: Engine, code: str, now: datetime) -> DeletionDay | None:
    """Return the day of one study; None when there is no published study with this code."""
    if not storable(code):
        return None
    with read(engine) as connection:
        row = connection.execute(_STUDIES.where(Study.code == code)).one_or_none()
    return None if row is None else _day(row, now)


@lru_cache(maxsize=16)
def _parsed(text: str) -> Plan:
    return parse_study(text)


def _day(row: Row[tuple[int, str, str, str, datetime, str]], now: datetime) -> DeletionDay:
    plan = _parsed(row.text)
    done: datetime | None = row.deleted_at
    return DeletionDay(
        row.id,
        row.code,
        row.title,
        plan.retention.delete_on,
        today(plan, now),
        plan.retention.backups,
        done and done.astimezone(ZoneInfo(plan.time_zone)),
        row.number,
    )


def today(plan: Plan, now: datetime) -> date:
    """Return the day it is where the study is."""
    return now.astimezone(ZoneInfo(plan.time_zone)).date()
