"""Links that let someone choose a password: an invitation to come in, or the way back for who forgot theirs.

A link works once and for seven days. Only its hash is kept; opening the page uses nothing up, choosing a password does.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from survey.audit import PROGRAM, Act, Actor, note
from survey.database import Connection
from survey.people.accounts import NotPossible, User
from survey.people.grants import GivenRole, Giver, check, give, may_change
from survey.people.outstanding import Invitation, end_reset_links

DAYS: Final = 7
"""Days a link works."""

BETWEEN: Final = timedelta(minutes=5)
"""A forgotten password brings one mail in this time, however often someone asks."""

Purpose = Literal["invitation", "reset"]


@dataclass(frozen=True)
class Invited:
    """An invitation or a reset link as it stands. `given` is what an invitation brings; None for a reset link."""

    id: int
    purpose: Purpose
    email: str
    account_id: int | None
    given: GivenRole | None
    made_at: datetime
    made_by: str
    ends_at: datetime


def invite(connection: Connection, email: str, wanted: GivenRole, giver: Giver, now: datetime) -> str:
    """Invite someone; return the token of the link, which is kept nowhere.

    Raises NotPossible when the role is none, the giver may not give it, or the address has an account or is invited.
    """
    check(wanted)
    if not giver.may_give(wanted):
        raise NotPossible(
            f"You cannot give the role {wanted.role} there, because it goes further than your own. Ask a lead "
            "or an administrator."
        )
    if connection.scalar(select(User.id).where(User.email == email, User.active)) is not None:
        raise NotPossible(f"{email} already has an account. Please give that account the role instead.")
    if connection.scalar(select(Invitation.id).where(_open(now), Invitation.email == email)) is not None:
        raise NotPossible(f"{email} has already been invited. Send that invitation again, or cancel it first.")
    place = {"role": wanted.role, "study_id": wanted.study_id, "school_id": wanted.school_id}
    token = _make(connection, "invitation", email, giver.actor, now, **place)
    note(
        connection,
        Act(giver.actor, now),
        "invited a person",
        study_id=wanted.study_id,
        about=email,
        details={"role": wanted.role},
    )
    return token


def send_again(connection: Connection, invitation_id: int, giver: Giver, now: datetime) -> tuple[Invited, str]:
    """Give an invitation a new link for seven days; the old one is dead. Return the invitation and the new token."""
    invited = _of_giver(connection, invitation_id, giver)
    token = secrets.token_urlsafe(24)
    changed = {"token_hash": token_hash(token), "ends_at": now + timedelta(days=DAYS)}
    connection.execute(update(Invitation).where(Invitation.id == invitation_id).values(changed))
    _note(connection, giver, "sent an invitation again", invited, now)
    return invited, token


def withdraw(connection: Connection, invitation_id: int, giver: Giver, now: datetime) -> Invited:
    """Withdraw an invitation: its link is dead from now on."""
    invited = _of_giver(connection, invitation_id, giver)
    connection.execute(update(Invitation).where(Invitation.id == invitation_id).values(withdrawn_at=now))
    _note(connection, giver, "cancelled an invitation", invited, now)
    return invited


def not_used(connection: Connection) -> list[Invited]:
    """Return the invitations no one has used or cancelled, expired ones too; the newest first."""
    rows = connection.execute(
        select(Invitation)
        .where(Invitation.purpose == "invitation", Invitation.used_at.is_(None), Invitation.withdrawn_at.is_(None))
        .order_by(Invitation.id.desc())
    )
    return [_invited(row) for row in rows]


def reset_link(connection: Connection, account_id: int, giver: Giver, now: datetime) -> str:
    """Return the token of a link with which someone chooses a new password; earlier ones are dead.

    Raises NotPossible for an account that has ended, and when the giver could not take all its roles away.
    """
    email = connection.scalar(select(User.email).where(User.id == account_id, User.active))
    if email is None:
        raise NotPossible("This account is closed. Please invite the person again instead.")
    may_change(connection, account_id, giver)
    end_reset_links(connection, account_id, now)
    token = _make(connection, "reset", email, giver.actor, now, account_id=account_id)
    note(connection, Act(giver.actor, now), "made a link for a new password", about=email)
    return token


def forgotten(connection: Connection, email: str, now: datetime) -> str | None:
    """Return the token of a link for someone who says they forgot their password; None when nothing is to be sent.

    That is for an unknown address, and when they were sent one minutes ago.
    """
    account_id = connection.scalar(select(User.id).where(User.email == email, User.active))
    if account_id is None:
        return None
    recent = select(Invitation.id).where(
        Invitation.account_id == account_id, Invitation.made_at > now - BETWEEN, Invitation.made_by == str(PROGRAM)
    )
    if connection.scalar(recent.limit(1)) is not None:
        return None
    end_reset_links(connection, account_id, now)
    token = _make(connection, "reset", email, PROGRAM, now, account_id=account_id)
    note(connection, Act(PROGRAM, now), "sent a link for a forgotten password", about=email)
    return token


def by_token(connection: Connection, token: str, now: datetime) -> Invited | None:
    """Return what a link is for; None when it is wrong, used, withdrawn or too old."""
    row = connection.execute(select(Invitation).where(Invitation.token_hash == token_hash(token), _open(now)))
    found = row.one_or_none()
    return None if found is None else _invited(found)


def invitation_for(connection: Connection, email: str, now: datetime) -> Invited | None:
    """Return the open invitation of an address, which an organisation has just vouched for; None when there is none."""
    row = connection.execute(
        select(Invitation).where(Invitation.email == email, Invitation.purpose == "invitation", _open(now))
    ).first()
    return None if row is None else _invited(row)


def use(connection: Connection, invited: Invited, password_hash: str | None, now: datetime) -> int:
    """Use a link up and return the account's id: made by an invitation, with a new password by a reset link.

    password_hash: None for someone whom their organisation signs in. Every earlier session of the account ends.
    Raises NotPossible when someone else was first.
    """
    first = connection.execute(update(Invitation).where(Invitation.id == invited.id, _open(now)).values(used_at=now))
    if first.rowcount != 1:
        raise NotPossible("This link has already been used. If that was not you, tell the person who gave it to you.")
    mine = {
        "password": password_hash,
        "active": True,
        "confirmed_at": now.astimezone(UTC).replace(tzinfo=None),
        "fs_uniquifier": secrets.token_hex(16),
    }
    actor = Actor("account", invited.email)
    if invited.given is None:
        return _renew(connection, invited, mine, actor, now)
    return _let_in(connection, invited, invited.given, mine, actor, now)


def token_hash(token: str) -> str:
    """Return what is kept of a link's token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _renew(connection: Connection, invited: Invited, mine: dict[str, Any], actor: Actor, now: datetime) -> int:
    changed = connection.execute(update(User).where(User.id == invited.account_id, User.active).values(mine))
    if changed.rowcount != 1 or invited.account_id is None:
        raise NotPossible("This account is closed. Please ask an administrator.")
    note(connection, Act(actor, now), "chose a new password with a link", about=invited.email)
    return invited.account_id


def _let_in(
    connection: Connection, invited: Invited, wanted: GivenRole, mine: dict[str, Any], actor: Actor, now: datetime
) -> int:
    there = connection.execute(select(User.id, User.active).where(User.email == invited.email)).one_or_none()
    if there is not None and there.active:
        # Someone made the account in the meantime, perhaps with more than this invitation's maker could give.
        raise NotPossible("There is already an account with this e-mail address. Please sign in with it.")
    if there is None:
        made = connection.execute(insert(User).values(email=invited.email, **mine).returning(User.id))
        account_id = made.scalar_one()
    else:
        account_id = there.id
        connection.execute(update(User).where(User.id == account_id).values(mine))
    note(connection, Act(actor, now), "accepted an invitation", about=invited.email)
    give(connection, account_id, wanted, Giver(actor), now)
    return account_id


def _make(connection: Connection, purpose: Purpose, email: str, actor: Actor, now: datetime, **place: Any) -> str:
    token = secrets.token_urlsafe(24)
    row = {
        "purpose": purpose,
        "email": email,
        "token_hash": token_hash(token),
        "made_at": now,
        "made_by": str(actor),
        "ends_at": now + timedelta(days=DAYS),
        **place,
    }
    connection.execute(insert(Invitation).values(row))
    return token


def _open(now: datetime) -> ColumnElement[bool]:
    return ~or_(Invitation.used_at.is_not(None), Invitation.withdrawn_at.is_not(None), Invitation.ends_at <= now)


def _of_giver(connection: Connection, invitation_id: int, giver: Giver) -> Invited:
    row = connection.execute(select(Invitation).where(Invitation.id == invitation_id).with_for_update()).one_or_none()
    if row is None or row.purpose != "invitation":
        raise NotPossible("There is no such invitation. Go back to People and choose one.")
    if row.used_at is not None or row.withdrawn_at is not None:
        raise NotPossible("This invitation has since been used or cancelled.")
    invited = _invited(row)
    if invited.given is not None and not giver.may_give(invited.given):
        raise NotPossible("You cannot change this invitation. Please ask an administrator.")
    return invited


def _invited(row: Row[Any]) -> Invited:
    wanted = GivenRole(row.role, row.study_id, row.school_id) if row.role else None
    return Invited(row.id, row.purpose, row.email, row.account_id, wanted, row.made_at, row.made_by, row.ends_at)


def _note(connection: Connection, giver: Giver, what: str, invited: Invited, now: datetime) -> None:
    study_id = invited.given.study_id if invited.given else None
    note(connection, Act(giver.actor, now), what, study_id=study_id, about=invited.email)
