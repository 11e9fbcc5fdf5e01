"""A study and its field: programmes (areas), schools, classes and waves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from survey.database import Base, Json, Moment, storable


class Study(Base):
    """One study."""

    __tablename__ = "study"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    language: Mapped[str] = mapped_column(default="en")
    time_zone: Mapped[str] = mapped_column(default="Europe/London")
    sha256: Mapped[str | None] = mapped_column(ForeignKey("definition.sha256"))
    """The text of study.yaml as it stands now."""
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
    """When its data were deleted because their day had come; the study is over from then on."""

    programmes: Mapped[list[Programme]] = relationship(back_populates="study", order_by="Programme.id")
    schools: Mapped[list[School]] = relationship(back_populates="study", order_by="School.id")
    waves: Mapped[list[Wave]] = relationship(back_populates="study", order_by="Wave.position")


class Programme(Base):
    """A programme, or area, that schools belong to."""

    __tablename__ = "programme"
    __table_args__ = (UniqueConstraint("study_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    code: Mapped[str]
    title: Mapped[str]

    study: Mapped[Study] = relationship(back_populates="programmes")


class School(Base):
    """A school and the arm of the study it is in."""

    __tablename__ = "school"
    __table_args__ = (UniqueConstraint("study_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programme.id"))
    arm: Mapped[str | None]
    code: Mapped[str]
    title: Mapped[str]
    time_zone: Mapped[str | None] = mapped_column(default=None)
    """Where its days begin and end, when that is not the study's zone."""
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What the list of schools says of it: size, share of pupils with free school meals, earlier results."""

    study: Mapped[Study] = relationship(back_populates="schools")
    programme: Mapped[Programme | None] = relationship()
    classes: Mapped[list[SchoolClass]] = relationship(back_populates="school", order_by="SchoolClass.id")


class SchoolClass(Base):
    """A class of a school."""

    __tablename__ = "school_class"
    __table_args__ = (UniqueConstraint("school_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"))
    code: Mapped[str]
    title: Mapped[str]

    school: Mapped[School] = relationship(back_populates="classes")


class Wave(Base):
    """One round of asking. `opens` and `closes` are days: a school's in its time zone, else in the study's."""

    __tablename__ = "wave"
    __table_args__ = (UniqueConstraint("study_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    position: Mapped[int]
    code: Mapped[str]
    title: Mapped[str]
    opens: Mapped[date | None]
    closes: Mapped[date | None]

    study: Mapped[Study] = relationship(back_populates="waves")

    def hours(self, school: School | None = None) -> tuple[datetime | None, datetime | None]:
        """Return the moment the wave opens and the moment it is over, for the doors of the wave.

        school: whose people come in by the door; the days are then those of its time zone.
        """
        zone = ZoneInfo((school.time_zone if school else None) or self.study.time_zone)
        opens = datetime.combine(self.opens, time(), zone) if self.opens else None
        over = datetime.combine(self.closes + timedelta(days=1), time(), zone) if self.closes else None
        return opens, over


def study_by_code(session: Session, code: str) -> Study | None:
    """Return the study with this code, or None."""
    if not storable(code):
        return None
    return session.scalars(select(Study).where(Study.code == code)).one_or_none()


def keep_study(
    session: Session, code: str, *, title: str, language: str = "en", time_zone: str = "Europe/London"
) -> Study:
    """Return the study with this code, made or brought up to date."""
    study = study_by_code(session, code)
    if study is None:
        session.add(study := Study(code=code))
    study.title, study.language, study.time_zone = title, language, time_zone
    session.flush()
    return study


def keep_programmes(session: Session, study: Study, programmes: Iterable[tuple[str, str]]) -> dict[str, Programme]:
    """Make or rename programmes, given as (code, title). Returns all of the study's by code; removes none."""
    here = {programme.code: programme for programme in study.programmes}
    for code, title in programmes:
        if code not in here:
            session.add(made := Programme(study=study, code=code, title=title))
            here[code] = made
        here[code].title = title
    session.flush()
    return here


def keep_waves(
    session: Session, study: Study, waves: Iterable[tuple[str, str, date | None, date | None]]
) -> dict[str, Wave]:
    """Make or change waves, given in order as (code, title, opens, closes).

    Returns all by code; removes none.
    """
    here = {wave.code: wave for wave in study.waves}
    for position, (code, title, opens, closes) in enumerate(waves, start=1):
        if code not in here:
            session.add(made := Wave(study=study, code=code, position=position, title=title))
            here[code] = made
        wave = here[code]
        wave.position, wave.title, wave.opens, wave.closes = position, title, opens, closes
    session.flush()
    return here
