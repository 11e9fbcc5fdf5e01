"""Who there is: the accounts someone looks after, with what they were granted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from survey.database import Engine, session
from survey.people.accounts import User
from survey.people.grants import ADMINISTRATOR, GivenRole, Giver


@dataclass(frozen=True)
class Held:
    """A role someone has: its number, what it is, and whether the person looking may take it away."""

    id: int
    given: GivenRole
    mine_to_take: bool


@dataclass(frozen=True)
class Member:
    """Someone who signs in, as the person looking may see them.

    elsewhere: they have roles beside those shown here, so only others may renew or end the account. chosen: they have
    chosen a password, or their organisation vouched for them.
    """

    id: int
    email: str
    held: tuple[Held, ...]
    elsewhere: bool
    chosen: bool
    signed_in_at: datetime | None
    two_step: bool
    self: bool


def members(engine: Engine, giver: Giver) -> list[Member]:
    """Return the active accounts someone looks after: an administrator all, a lead those of their studies."""
    with session(engine) as db:
        users = db.scalars(select(User).where(User.active).order_by(User.email)).all()
    return [one for one in (_member(user, giver) for user in users) if one is not None]


def member(engine: Engine, account_id: int, giver: Giver) -> Member | None:
    """Return one active account, None when there is none or the person looking does not look after it."""
    with session(engine) as db:
        user = db.scalars(select(User).where(User.id == account_id, User.active)).one_or_none()
    return None if user is None else _member(user, giver)


def _member(user: User, giver: Giver) -> Member | None:
    self = user.id == giver.account_id
    seen = [(grant, GivenRole(grant.role, grant.study_id, grant.school_id)) for grant in user.grants]
    held = tuple(Held(grant.id, given, not self) for grant, given in seen if self or giver.may_give(given))
    if not held and not giver.may_give(GivenRole(ADMINISTRATOR)):
        return None
    return Member(
        id=user.id,
        email=user.email,
        held=held,
        elsewhere=len(held) < len(seen),
        chosen=user.confirmed_at is not None,
        signed_in_at=user.signed_in_at,
        two_step=user.totp_secret is not None,
        self=self,
    )
