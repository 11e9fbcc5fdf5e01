"""The two tables of answers: what a response holds now, and the append-only log of how it came to that.

A save is never changed. Saves are removed only with the whole of what someone withdrew: a trigger lets a
DELETE through when their response is 'withdrawn' or 'declined', and no other.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from survey.database import Base, Json, Moment

response = Table(
    "response",
    Base.metadata,
    Column("id", String, primary_key=True),
    Column("study_id", ForeignKey("study.id"), nullable=False),
    Column("wave_id", ForeignKey("wave.id"), nullable=False),
    Column("questionnaire", String, nullable=False),
    Column("sha256", ForeignKey("definition.sha256"), nullable=False),
    Column("door_id", ForeignKey("door.id"), nullable=True),
    Column("participant_id", ForeignKey("participant.id"), nullable=True),
    Column("school_id", ForeignKey("school.id"), nullable=True),
    Column("school_class_id", ForeignKey("school_class.id"), nullable=True),
    Column("language", String, nullable=False),
    Column("mode", String, nullable=False),
    Column("seed", Integer, nullable=False),
    # The roster facts as they were at the start: one row then serves routing, piping and export.
    Column("facts", Json, nullable=False),
    # Rises with every change, so that a change made from an older reading is noticed.
    Column("revision", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    # Saves of an epoch before this one belong to what was declined.
    Column("first_epoch", Integer, nullable=False),
    # The highest sequence of the current epoch.
    Column("sequence", Integer, nullable=False),
    Column("answers", Json, nullable=False),
    Column("stamps", Json, nullable=False),
    Column("screens", Json, nullable=False),
    Column("listened", Json, nullable=False, server_default="{}"),
    # How the options lay on the pages it was answered on: the words that devices said, each once.
    Column("layout", String, nullable=True),
    # Answers that the device of the current sitting has kept, by what it said, and that have not come.
    Column("waiting", Integer, nullable=False, server_default="0"),
    Column("assent", Boolean, nullable=True),
    Column("state", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("finished_at", Moment, nullable=True),
    # Where the finish, or the stop, stands among the saves: earlier ones that arrive late are still taken.
    Column("end_epoch", Integer, nullable=True),
    Column("end_sequence", Integer, nullable=True),
    # Of a parent with several children: each child has a row, and the further ones name the first of the household.
    Column("household_id", ForeignKey("response.id"), nullable=True),
    Column("child", Integer, nullable=False, server_default="1"),
    Column("child_id", ForeignKey("participant.id"), nullable=True, index=True),
    Column("child_by", String, nullable=True),
    # Who answered a further row: the participant's own row of a wave is the first.
    Column("parent_id", ForeignKey("participant.id"), nullable=True, index=True),
    CheckConstraint("child_by IN ('roster', 'typed')", name="child_by"),
    CheckConstraint("state IN ('started', 'finished', 'stopped', 'declined', 'withdrawn')", name="state"),
    UniqueConstraint("participant_id", "wave_id", "questionnaire"),
    Index("uq_response_household_id_child", "household_id", "child", unique=True),
    Index("ix_response_study_id", "study_id", "questionnaire", "wave_id"),
)

save = Table(
    "save",
    Base.metadata,
    Column("response_id", ForeignKey("response.id"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("screen", String, nullable=False),
    Column("answers", Json, nullable=False),
    Column("ms", Integer, nullable=True),
    Column("device_at", Moment, nullable=True),
    Column("layout", String, nullable=True),
    Column("received_at", Moment, nullable=False),
    CheckConstraint("epoch >= 1 AND sequence >= 1", name="key"),
    # One tree instead of a table and its index: a commit writes a page less.
    sqlite_with_rowid=False,
)

set_aside = Table(
    "set_aside",
    Base.metadata,
    Column("response_id", ForeignKey("response.id"), primary_key=True),
    # Whose response it was when it was set aside: their withdrawal reaches it still.
    Column("participant_id", ForeignKey("participant.id"), nullable=False, index=True),
    Column("reason", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String, nullable=False),
)
"""Responses that count for no one: nothing of them is deleted, and no data file has them until they are given back."""
