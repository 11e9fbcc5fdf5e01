"""The tables of the classroom: cards, class sessions, and which device answers for which card."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, String, Table, UniqueConstraint

from survey.database import Base, Moment

MOST_CARDS: Final = 40
"""The highest number of a card: a class is not larger, and a child can type two digits."""

# Everything that hangs on a participant goes with them when the study's data are deleted; a class session holds
# nothing about a person, and stays. One without cards goes with the door its children came in by.

card = Table(
    "card",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("school_class_id", ForeignKey("school_class.id"), nullable=False),
    Column("participant_id", ForeignKey("participant.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    # Four names of pictures, in order, with spaces between.
    Column("pictures", String, nullable=False),
    Column("token_hash", String, nullable=False, unique=True),
    Column("issued_at", Moment, nullable=False),
    CheckConstraint(f"number BETWEEN 1 AND {MOST_CARDS}", name="number"),
    UniqueConstraint("school_class_id", "number"),
    UniqueConstraint("school_class_id", "participant_id"),
)

class_session = Table(
    "class_session",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", ForeignKey("study.id"), nullable=False, index=True),
    Column("wave_id", ForeignKey("wave.id"), nullable=False),
    Column("school_class_id", ForeignKey("school_class.id"), nullable=False, index=True),
    Column("questionnaire", String, nullable=False),
    # Without cards: the door that every child comes in by. Empty where each child has a card.
    Column("door_id", ForeignKey("door.id"), nullable=True),
    # How the children answer, where the teacher said so of the whole class and nothing else of a child.
    Column("mode", String, nullable=True),
    # As the teacher's screen shows it, and the hash it is looked up by. Both are emptied when the session ends.
    Column("code", String, nullable=True),
    Column("code_hash", String, nullable=True, unique=True),
    Column("opened_at", Moment, nullable=False),
    # It ends by itself then, if no one ends it before.
    Column("ends_by", Moment, nullable=False),
    Column("paused_at", Moment, nullable=True),
    Column("ended_at", Moment, nullable=True),
)

sitting = Table(
    "sitting",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("class_session_id", ForeignKey("class_session.id"), nullable=False, index=True),
    # Empty in a class session without cards.
    Column("card_id", ForeignKey("card.id"), nullable=True, index=True),
    Column("door_id", ForeignKey("door.id"), nullable=False),
    # Empty until the child has said yes or no on the first page.
    Column("response_id", ForeignKey("response.id"), nullable=True, index=True),
    Column("how", String, nullable=False),
    Column("joined_at", Moment, nullable=False),
    # The device answers no more: it was given to the next child, or the teacher did something.
    Column("closed_at", Moment, nullable=True),
    CheckConstraint("how IN ('qr', 'pictures', 'let in', 'class code')", name="how"),
)
"""One device that came in with one card, in one class session; in one without cards, for one child."""

let_in = Table(
    "let_in",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("class_session_id", ForeignKey("class_session.id"), nullable=False),
    Column("card_id", ForeignKey("card.id"), nullable=False),
    Column("token_hash", String, nullable=False, unique=True),
    Column("code_hash", String, nullable=False, unique=True),
    Column("made_at", Moment, nullable=False),
    UniqueConstraint("class_session_id", "card_id"),
)
"""A way in that the teacher shows on their own screen: good once, and in this class session only."""

help_given = Table(
    "help_given",
    Base.metadata,
    Column("class_session_id", ForeignKey("class_session.id"), primary_key=True),
    Column("card_id", ForeignKey("card.id"), primary_key=True),
    Column("mode", String, nullable=False),
)
"""How a child answers in a class session, where that is not on a device by themselves."""
