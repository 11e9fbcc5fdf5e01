"""People who sign in. Respondents are not here; they have no accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, or_, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey.audit import Act, Actor, note
from survey.database import Base, Connection, Moment
from survey.problems import Explained


class NotPossible(Explained, ValueError):
    """Something cannot be done with an account like this. Its text is a sentence for the person who asked."""


class Grant(Base):
    """One role of an account, and where: in one study or all; for a coordinator, in one school.

    A coordinator without a school sees none.
    """

    __tablename__ = "access"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    role: Mapped[str]
    study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id"))
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))


class User(Base):
    """Someone who signs in. Nothing is kept of where from.

    confirmed_at   when they chose their password; None while they have one that works once. UTC without a zone,
                   as Flask-Security keeps it
    fs_uniquifier  what their sessions carry: a new one ends them all
    totp_secret    the second factor's secret, encrypted; totp_pending while it is being set up
    totp_step      the step of the last code used: it opens nothing again
    organisation   a hash of who they are at the organisation that signs them in, from the first time on
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(Moment)
    totp_secret: Mapped[str | None]
    totp_pending: Mapped[str | None]
    totp_step: Mapped[int | None]
    organisation: Mapped[str | None]

    grants: Mapped[list[Grant]] = relationship(Grant, lazy="selectin", cascade="all, delete-orphan", order_by=Grant.id)


def signed_in(connection: Connection, account_id: int, email: str, how: str, now: datetime) -> None:
    """Keep when someone signed in last, and write down how."""
    connection.execute(update(User).where(User.id == account_id).values(signed_in_at=now))
    note(connection, Act(Actor("account", email), now), "signed in", details={"by": how})


def bind(connection: Connection, account_id: int, organisation: str) -> bool:
    """Tie an account to its owner at the organisation, the first time; False when it is tied to someone else."""
    unbound = (User.id == account_id, or_(User.organisation.is_(None), User.organisation == organisation))
    return connection.execute(update(User).where(*unbound).values(organisation=organisation)).rowcount == 1
