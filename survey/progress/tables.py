"""The table of reasons: why someone who was asked in a wave did not answer, as the school says."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table

from survey.database import Base, Moment

reason = Table(
    "reason",
    Base.metadata,
    # A reason goes with the participant when the study's data are deleted.
    Column("participant_id", ForeignKey("participant.id", ondelete="CASCADE"), primary_key=True),
    Column("wave_id", ForeignKey("wave.id"), primary_key=True, index=True),
    # Empty when it is true of everything someone is asked in the wave.
    Column("questionnaire", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String, nullable=False),
    CheckConstraint("reason IN ('absent', 'refused', 'excused', 'left', 'other')", name="reason"),
)
