"""The tables of the ledger, and the words that stand in them."""

from __future__ import annotations

from typing import Final, Literal

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from survey.database import Base, Moment
from survey.problems import Explained

Says = Literal["yes", "no", "withdrawn"]


Scope = Literal["wave", "future", "all"]


By = Literal["parent", "self", "school"]


How = Literal["paper", "phone", "online", "in person"]


Resolved = Literal["changed mind", "agreed", "one decides"]


SAYS: Final[tuple[Says, ...]] = ("yes", "no", "withdrawn")


SCOPES: Final[tuple[Scope, ...]] = ("wave", "future", "all")


DECIDERS: Final[tuple[By, ...]] = ("parent", "self", "school")


WAYS: Final[tuple[How, ...]] = ("paper", "phone", "online", "in person")


RESOLVED: Final[tuple[Resolved, ...]] = ("changed mind", "agreed", "one decides")
"""How a no and a yes that disagree were resolved: who said no thinks otherwise now; the parents agree; only one of
them may decide."""


PARENTS: Final = ("first", "second")
"""Which parent decided, where their study code is not known."""


sheet = Table(
    "sheet",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", ForeignKey("study.id"), nullable=False),
    Column("audience", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", String, nullable=False),
    Column("text", String, nullable=False),
    Column("published_at", Moment, nullable=False),
    UniqueConstraint("study_id", "audience", "version"),
)


sheet_issue = Table(
    "sheet_issue",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("sheet_id", ForeignKey("sheet.id"), nullable=False, index=True),
    # None: to every school of the study.
    Column("school_id", ForeignKey("school.id"), nullable=True),
    Column("issued_on", Date, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("recorded_by", String, nullable=False),
)


decision = Table(
    "decision",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", ForeignKey("study.id"), nullable=False, index=True),
    Column("participant_id", ForeignKey("participant.id"), nullable=False, index=True),
    # 'decision', or 'assent': the yes or no at the beginning of a questionnaire, each time.
    Column("kind", String, nullable=False),
    Column("says", String, nullable=False),
    Column("decided_by", String, nullable=False),
    # Which parent: 'first', 'second' or their study code. None where it is not known, or no parent decided.
    Column("parent", String, nullable=True),
    # How a no and a yes that disagree were resolved: this decision takes the place of all of its day and before.
    Column("resolved", String, nullable=True),
    Column("scope", String, nullable=False),
    Column("wave_id", ForeignKey("wave.id"), nullable=True),
    Column("sheet_version", Integer, nullable=True),
    # Of an assent: which questionnaire, and the SHA-256 of the text someone said yes or no to.
    Column("questionnaire", String, nullable=True),
    Column("sha256", ForeignKey("definition.sha256"), nullable=True),
    Column("how", String, nullable=True),
    Column("given_on", Date, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("recorded_by", String, nullable=False),
    CheckConstraint("kind IN ('decision', 'assent')", name="kind"),
    CheckConstraint("says IN ('yes', 'no', 'withdrawn')", name="says"),
    CheckConstraint("scope IN ('wave', 'future', 'all')", name="scope"),
    CheckConstraint("resolved IN ('changed mind', 'agreed', 'one decides')", name="resolved"),
    CheckConstraint("scope <> 'wave' OR wave_id IS NOT NULL", name="wave"),
)


class BadDecision(Explained, ValueError):
    """A decision that cannot be recorded. Its text is a sentence for the person who records it."""
