"""A coordinator's link: printed on paper instead of an account, for one school of one study, ended at any time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ForeignKey, Row, delete, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from survey.audit import Act, Actor, note
from survey.database import Base, Connection, Moment
from survey.people.accounts import NotPossible
from survey.people.grants import COORDINATOR, GivenRole, Giver
from survey.people.invitations import token_hash


class CoordinatorLink(Base):
    """A link for one school of a study. Who has it is its coordinator, until it ends."""

    __tablename__ = "coordinator_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), index=True)
    school_id: Mapped[int] = mapped_column(ForeignKey("school.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str]
    ends_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class LinkSession(Base):
    """Someone who came in by a link and has not signed out. Without its row here, a session's cookie opens nothing."""

    __tablename__ = "link_session"

    key_hash: Mapped[str] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("coordinator_link.id", ondelete="CASCADE"), index=True)
    began_at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class CoordinatorLinkState:
    """A coordinator's link as it stands: its number, its place, and when it ends or was ended."""

    id: int
    study_id: int
    school_id: int
    made_at: datetime
    made_by: str
    ends_at: datetime
    ended_at: datetime | None

    def works(self, now: datetime) -> bool:
        """True while someone may come in by it."""
        return self.ended_at is None and now < self.ends_at

    @property
    def given(self) -> GivenRole:
        """What it opens, as if it were an account's."""
        return GivenRole(COORDINATOR, self.study_id, self.school_id)


_NOT_YOURS: Final = (
    "Only leads of this study and administrators can make its coordinators’ links. Please ask one of them."
)


class LinkPlace(NamedTuple):
    """The school of a study that a coordinator's link is for; `school` is its code, for the audit."""

    study_id: int
    school_id: int
    school: str


def make_link(
    connection: Connection, place: LinkPlace, ends_at: datetime, giver: Giver, now: datetime
) -> tuple[int, str]:
    """Make a link for a school; return its number and its token, which is kept nowhere: print it now.

    Raises NotPossible when the giver may not, and for an end in the past.
    """
    if not giver.may_give(GivenRole(COORDINATOR, place.study_id, place.school_id)):
        raise NotPossible(_NOT_YOURS)
    if ends_at <= now:
        raise NotPossible("This link would already have ended. Choose a later day.")
    token = secrets.token_urlsafe(18)
    row = {
        "study_id": place.study_id,
        "school_id": place.school_id,
        "token_hash": token_hash(token),
        "made_at": now,
        "made_by": str(giver.actor),
        "ends_at": ends_at,
    }
    number = connection.execute(insert(CoordinatorLink).values(row).returning(CoordinatorLink.id)).scalar_one()
    details: dict[str, int | str | bool | None] = {"school": place.school, "ends": f"{ends_at:%Y-%m-%d}"}
    note(
        connection,
        Act(giver.actor, now),
        "made a coordinator's link",
        study_id=place.study_id,
        about=f"link {number}",
        details=details,
    )
    return number, token


def end_link(connection: Connection, number: int, giver: Giver, now: datetime) -> CoordinatorLinkState:
    """End a link at once, and every session that was opened with it. Ending it twice leaves the first time.

    Raises NotPossible when there is no such link, or the giver may not.
    """
    row = connection.execute(select(CoordinatorLink).where(CoordinatorLink.id == number)).one_or_none()
    if row is None:
        raise NotPossible(f"There is no link {number}.")
    link = _link(row)
    if not giver.may_give(link.given):
        raise NotPossible(_NOT_YOURS)
    ended = connection.execute(
        update(CoordinatorLink)
        .where(CoordinatorLink.id == number, CoordinatorLink.ended_at.is_(None))
        .values(ended_at=now)
    )
    if ended.rowcount:
        about = f"link {number}"
        note(connection, Act(giver.actor, now), "ended a coordinator's link", study_id=link.study_id, about=about)
    return link


def link_by_token(connection: Connection, token: str, now: datetime) -> CoordinatorLinkState | None:
    """Return the link with this token; None when it is wrong or has ended."""
    row = connection.execute(select(CoordinatorLink).where(CoordinatorLink.token_hash == token_hash(token)))
    return _working(row.one_or_none(), now)


def begin_session(connection: Connection, link: CoordinatorLinkState, now: datetime) -> str:
    """Begin a session for someone who came in by a link; return its key, which only their cookie holds."""
    over = select(CoordinatorLink.id).where(or_(CoordinatorLink.ended_at.is_not(None), CoordinatorLink.ends_at <= now))
    connection.execute(delete(LinkSession).where(LinkSession.link_id.in_(over)))
    key = secrets.token_urlsafe(18)
    row = {"key_hash": token_hash(key), "link_id": link.id, "began_at": now}
    connection.execute(insert(LinkSession).values(row))
    return key


def link_of_session(connection: Connection, key: str, now: datetime) -> CoordinatorLinkState | None:
    """Return the link someone came in by; None when they have signed out, or the link has ended since."""
    row = connection.execute(
        select(CoordinatorLink)
        .join(LinkSession, LinkSession.link_id == CoordinatorLink.id)
        .where(LinkSession.key_hash == token_hash(key))
    )
    return _working(row.one_or_none(), now)


def end_session(connection: Connection, key: str) -> None:
    """End a session on the server: a copy of its cookie opens nothing any more. Others by the same link go on."""
    connection.execute(delete(LinkSession).where(LinkSession.key_hash == token_hash(key)))


def links_of(connection: Connection, study_id: int) -> list[CoordinatorLinkState]:
    """Return every link made for a study, the newest first."""
    rows = connection.execute(
        select(CoordinatorLink).where(CoordinatorLink.study_id == study_id).order_by(CoordinatorLink.id.desc())
    )
    return [_link(row) for row in rows]


def link_actor(link: CoordinatorLinkState, school: str) -> Actor:
    """Return who acts by a link, for the audit: "link 3 for school s1"."""
    return Actor("link", f"{link.id} for school {school}")


def _working(row: Row[Any] | None, now: datetime) -> CoordinatorLinkState | None:
    link = None if row is None else _link(row)
    return link if link is not None and link.works(now) else None


def _link(row: Row[Any]) -> CoordinatorLinkState:
    return CoordinatorLinkState(
        row.id, row.study_id, row.school_id, row.made_at, row.made_by, row.ends_at, row.ended_at
    )
