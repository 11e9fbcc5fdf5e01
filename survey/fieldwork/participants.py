"""Who takes part: participants by their study codes, and where each of them is in each wave. No names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.database import Base, Json, Moment
from survey.fieldwork.studies import School, SchoolClass, Study, Wave


class Participant(Base):
    """Someone who takes part, known by a study code. `facts` are the roster facts that do not change."""

    __tablename__ = "participant"
    __table_args__ = (UniqueConstraint("study_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    code: Mapped[str]
    audience: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    study: Mapped[Study] = relationship()
    memberships: Mapped[list[Membership]] = relationship(back_populates="participant")


class Membership(Base):
    """A participant in one wave: school, class, and the roster facts that may change.

    Someone who left stays here, with when and why: `left_why` is 'roster' (a later list of the school is without them)
    or 'reported' (the school said so).
    """

    __tablename__ = "membership"

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), primary_key=True)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"), index=True)
    school_class_id: Mapped[int | None] = mapped_column(ForeignKey("school_class.id"), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    left_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    left_why: Mapped[str | None] = mapped_column(default=None)

    participant: Mapped[Participant] = relationship(back_populates="memberships")
    wave: Mapped[Wave] = relationship()
    school: Mapped[School | None] = relationship()
    school_class: Mapped[SchoolClass | None] = relationship()


kinship = Table(
    "kinship",
    Base.metadata,
    Column("parent_id", ForeignKey("participant.id"), primary_key=True),
    Column("pupil_id", ForeignKey("participant.id"), primary_key=True),
    Index("ix_kinship_pupil_id", "pupil_id"),
)
"""Which parents answer about which pupils: both are participants of one study."""

linkage = Table(
    "linkage",
    Base.metadata,
    Column("participant_id", ForeignKey("participant.id"), primary_key=True),
    Column("study_id", ForeignKey("study.id"), nullable=False),
    Column("hash", String, nullable=False),
    UniqueConstraint("study_id", "hash"),
)
"""A keyed hash of someone's identifier elsewhere, for linking to data of others. The key is not in the database."""
