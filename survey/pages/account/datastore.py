"""Accounts as Flask-Security asks for them: each question one short transaction, nothing held between requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_security import RoleMixin, UserMixin
from flask_security.datastore import UserDatastore

from survey.database import session
from survey.pages.store import store
from survey.people import ROLES, User


@dataclass(frozen=True)
class Role(RoleMixin):
    """A role by its name, as Flask-Security asks for it. What counts are grants."""

    name: str


class FlaskUser(UserMixin, User):
    """A user with what Flask-Security asks of one. It is mapped to the table of `User` and has no column of its own.

    It stands here and not among the people, because that library takes half a second to load, and a command that
    lists accounts or gives a role needs nothing of it.
    """

    @property
    def roles(self) -> list[Role]:  # type: ignore[override]
        """The roles of this person anywhere, by name. What counts in a study are the grants."""
        return [Role(name) for name in sorted({grant.role for grant in self.grants})]


class Accounts(UserDatastore):
    """Users in the store of the running app. What it returns belongs to no session any more."""

    def __init__(self) -> None:
        super().__init__(FlaskUser, Role)

    def find_user(self, case_insensitive: bool = False, **key: Any) -> FlaskUser | None:
        """Return the user with this one property, such as email='ann@example.org'; None when there is none."""
        with session(store().engine) as opened:
            return opened.query(FlaskUser).filter_by(**key).one_or_none()

    def find_role(self, role: str) -> Role | None:
        """Return the role with this name, or None."""
        return Role(role) if role in ROLES else None

    def put(self, model: Any) -> Any:
        """Keep what was changed about a user, at once."""
        with session(store().engine) as opened:
            return opened.merge(model)

    def commit(self) -> None:
        """Nothing is left to do: `put` has done it."""
