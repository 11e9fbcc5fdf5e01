"""What each may do where: a role in one study or all, for coordinators in one school. And who may give it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select, update

from survey.audit import Act, Actor, note
from survey.database import Connection, Engine, write
from survey.people.accounts import Grant, NotPossible, User
from survey.people.outstanding import end_reset_links
from survey.people.second import take_off

ADMINISTRATOR: Final = "administrator"
LEAD: Final = "lead"
RESEARCHER: Final = "researcher"
COORDINATOR: Final = "coordinator"

ROLES: Final = {
    RESEARCHER: "Sees counts, tables and answers, as far as the study's access allows",
    LEAD: "Leads the research: sees and decides everything of the study",
    COORDINATOR: "Looks after the fieldwork of one school: sees who has taken part, and no one's own answers",
    ADMINISTRATOR: "Looks after the installation and its accounts: sees no answers",
}
"""Every role there is, and what it is for."""


@dataclass(frozen=True)
class GivenRole:
    """A role and where: study_id None for all studies, school_id only for a coordinator."""

    role: str
    study_id: int | None = None
    school_id: int | None = None


@dataclass(frozen=True)
class Giver:
    """Who gives or takes roles: the account's id and what it was granted. `grants` None may do everything.

    That is the command line: who can run it can read the database.
    """

    actor: Actor
    account_id: int | None = None
    grants: tuple[GivenRole, ...] | None = None

    def may_give(self, wanted: GivenRole) -> bool:
        """Tell whether this person may give and take a role.

        An administrator looks after all accounts; a lead gives what belongs to their own studies, and no more.
        """
        if self.grants is None or any(grant.role == ADMINISTRATOR for grant in self.grants):
            return True
        leads = {grant.study_id for grant in self.grants if grant.role == LEAD}
        return wanted.role != ADMINISTRATOR and (None in leads or (wanted.study_id in leads))


def given(user: User) -> tuple[GivenRole, ...]:
    """Return what an account was granted."""
    return tuple(GivenRole(grant.role, grant.study_id, grant.school_id) for grant in user.grants)


def check(wanted: GivenRole) -> None:
    """Raise NotPossible, with a sentence, for a role that does not exist or does not go with its place."""
    if wanted.role not in ROLES:
        raise NotPossible(f"There is no role {wanted.role!r}. The roles are {', '.join(ROLES)}.")
    if wanted.role == ADMINISTRATOR and (wanted.study_id or wanted.school_id):
        raise NotPossible("An administrator looks after the whole installation. Leave the study out, or choose lead.")
    if wanted.role == COORDINATOR and wanted.school_id is None:
        raise NotPossible("A coordinator looks after one school. Say which study and which school.")
    if wanted.role != COORDINATOR and wanted.school_id is not None:
        raise NotPossible(f"Only a coordinator belongs to one school. Leave the school out for a {wanted.role}.")


def give(connection: Connection, account_id: int, wanted: GivenRole, giver: Giver, now: datetime) -> None:
    """Give an account a role. Giving it twice changes nothing.

    Raises NotPossible when the role and its place do not go together, when the giver may not give it, and when they
    would give it to themselves.
    """
    check(wanted)
    _refuse_own(giver, account_id)
    if not giver.may_give(wanted):
        raise NotPossible(
            f"You cannot give the role {wanted.role} there, because it goes further than your own. Ask a lead "
            "or an administrator."
        )
    email = _email(connection, account_id)
    if wanted in _of(connection, account_id):
        return
    # Their maker could not give all that they open from now on.
    end_reset_links(connection, account_id, now)
    connection.execute(insert(Grant).values(account_id=account_id, **_columns(wanted)))
    note(
        connection, Act(giver.actor, now), "gave a role", study_id=wanted.study_id, about=email, details=_noted(wanted)
    )


def take(connection: Connection, account_id: int, grant_id: int, giver: Giver, now: datetime) -> GivenRole:
    """Take a role away from an account, at once; return what it was.

    Raises NotPossible for a role the giver could not give, their own, the last administrator's, and one that is gone.
    """
    _refuse_own(giver, account_id)
    row = connection.execute(select(Grant).where(Grant.id == grant_id, Grant.account_id == account_id)).one_or_none()
    if row is None:
        raise NotPossible("This role has already been removed.")
    was = GivenRole(row.role, row.study_id, row.school_id)
    if not giver.may_give(was):
        raise NotPossible(f"You cannot remove the role {was.role}: only a person who may give it can.")
    if was.role == ADMINISTRATOR:
        _refuse_last_administrator(connection, account_id)
    email = _email(connection, account_id)
    connection.execute(delete(Grant).where(Grant.id == grant_id))
    note(connection, Act(giver.actor, now), "removed a role", study_id=was.study_id, about=email, details=_noted(was))
    return was


def end(engine: Engine, account_id: int, giver: Giver, now: datetime) -> None:
    """End an account: its sessions at once, its roles, its password and second factor. Its address stays.

    Raises NotPossible when the giver could not take each of its roles away, for oneself and the last administrator.
    """
    with write(engine) as connection:
        _refuse_own(giver, account_id)
        may_change(connection, account_id, giver)
        if any(grant.role == ADMINISTRATOR for grant in _of(connection, account_id)):
            _refuse_last_administrator(connection, account_id)
        email = _email(connection, account_id)
        connection.execute(delete(Grant).where(Grant.account_id == account_id))
        take_off(connection, account_id)
        end_reset_links(connection, account_id, now)
        ended = {
            "active": False,
            "password": None,
            "confirmed_at": None,
            "organisation": None,
            "fs_uniquifier": secrets.token_hex(16),
        }
        connection.execute(update(User).where(User.id == account_id).values(ended))
        note(connection, Act(giver.actor, now), "closed an account", about=email)


def may_change(connection: Connection, account_id: int, giver: Giver) -> None:
    """Raise NotPossible unless the giver could take away every role of an account.

    A password or a second factor opens all that its owner may do, so only who could give all of it may renew it.
    """
    held = _of(connection, account_id)
    if not all(giver.may_give(grant) for grant in held) or (not held and not giver.may_give(GivenRole(ADMINISTRATOR))):
        raise NotPossible("This account also has roles that you cannot manage. Please ask an administrator.")


def second_factor_off(engine: Engine, account_id: int, giver: Giver, now: datetime) -> None:
    """Take the second factor off the account of someone who lost their phone and their codes; end its sessions.

    Raises NotPossible when the giver could not take each of its roles away.
    """
    with write(engine) as connection:
        may_change(connection, account_id, giver)
        email = _email(connection, account_id)
        take_off(connection, account_id)
        connection.execute(update(User).where(User.id == account_id).values(fs_uniquifier=secrets.token_hex(16)))
        note(connection, Act(giver.actor, now), "turned off two-step sign-in for an account", about=email)


def _refuse_own(giver: Giver, account_id: int) -> None:
    if giver.account_id == account_id:
        raise NotPossible("You cannot change your own roles. Please ask another lead or an administrator.")


def _refuse_last_administrator(connection: Connection, account_id: int) -> None:
    """Refuse when no one else could look after accounts. Locks, so that two cannot end each other at once."""
    others = (
        select(User.id)
        .join(Grant, Grant.account_id == User.id)
        .where(Grant.role == ADMINISTRATOR, User.active)
        .with_for_update()
    )
    if not set(connection.scalars(others)) - {account_id}:
        raise NotPossible("This is the last administrator. Please make another person an administrator first.")


def _of(connection: Connection, account_id: int) -> list[GivenRole]:
    rows = connection.execute(select(Grant.role, Grant.study_id, Grant.school_id).where(Grant.account_id == account_id))
    return [GivenRole(row.role, row.study_id, row.school_id) for row in rows]


def _email(connection: Connection, account_id: int) -> str:
    email = connection.scalar(select(User.email).where(User.id == account_id))
    if email is None:
        raise NotPossible("There is no such account. Go back to People and choose one.")
    return email


def _columns(wanted: GivenRole) -> dict[str, str | int | None]:
    return {"role": wanted.role, "study_id": wanted.study_id, "school_id": wanted.school_id}


def _noted(grant: GivenRole) -> dict[str, int | str | bool | None]:
    noted: dict[str, int | str | bool | None] = {"role": grant.role}
    return noted | ({"school": grant.school_id} if grant.school_id is not None else {})
