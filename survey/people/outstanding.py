"""The links people were sent, for an account or for a new password, and how those for a password end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, update
from sqlalchemy.orm import Mapped, mapped_column

from survey.database import Base, Connection, Moment


class Invitation(Base):
    """A link someone was given, what it is for, and the outcome."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    email: Mapped[str] = mapped_column(index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    role: Mapped[str | None]
    study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id"))
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str]
    ends_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)


def end_reset_links(connection: Connection, account_id: int, now: datetime) -> None:
    """End every link for a new password of an account."""
    open_ones = (Invitation.account_id == account_id, Invitation.used_at.is_(None), Invitation.withdrawn_at.is_(None))
    connection.execute(update(Invitation).where(*open_ones).values(withdrawn_at=now))
