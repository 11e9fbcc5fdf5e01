"""What remains of a study whose data were deleted: that it happened, how much it was, and who took part where.

A row of `deletion` is what the database's triggers ask for before they let answers go, and it is never changed
or removed: deletion has one road, and the road is written down.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from survey.database import Base, Moment

deletion = Table(
    "deletion",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    # One each: a study whose data were deleted takes no answers any more.
    Column("study_id", ForeignKey("study.id"), nullable=False, unique=True),
    Column("number", String, nullable=False, unique=True),
    Column("at", Moment, nullable=False),
    # The day the study's file stated.
    Column("due", Date, nullable=False),
    Column("by", String, nullable=False),
    Column("backups_gone", Date, nullable=False),
    # Set when an older backup had brought the data back: when they were deleted first.
    Column("first_at", Moment, nullable=True),
)

deletion_count = Table(
    "deletion_count",
    Base.metadata,
    Column("deletion_id", ForeignKey("deletion.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("before", Integer, nullable=False),
    Column("after", Integer, nullable=False),
)

deletion_note = Table(
    "deletion_note",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("deletion_id", ForeignKey("deletion.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    # 'emptied': the bytes are gone; 'busy': they could not be removed yet; 'server': they are the server's to remove
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
)

remaining_count = Table(
    "remaining_count",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("deletion_id", ForeignKey("deletion.id"), nullable=False),
    # 'asked': on the roster, name is the audience; 'answered': responses, name is the questionnaire
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("wave", String, nullable=False),
    Column("school", String, nullable=True),
    Column("state", String, nullable=True),
    Column("number", Integer, nullable=False),
    UniqueConstraint("deletion_id", "kind", "name", "wave", "school", "state"),
    Index("ix_remaining_count_deletion_id", "deletion_id"),
)

LEDGERS = (deletion, deletion_count, deletion_note, remaining_count)
"""Tables to which rows are only ever added."""
