"""Accounts as Flask-Security asks for them: each question one short transaction, nothing held between requests."""

from __future__ import annotations

from typing import Any

from flask_security.datastore import UserDatastore

from survey.database import session
from survey.pages.store import store
from survey.people import ROLES, Role, User


class Accounts(UserDatastore):
    """Users in the store of the running app. What it returns belongs to no session any more."""

    def __init__(self) -> None:
        super().__init__(User, Role)

    def find_user(self, case_insensitive: bool = False, **key: Any) -> User | None:
        """Return the user with this one property, such as email='ann@example.org'; None when there is none."""
        with session(store().engine) as opened:
            return opened.query(User).filter_by(**key).one_or_none()

    def find_role(self, role: str) -> Role | None:
        """Return the role with this name, or None."""
        return Role(role) if role in ROLES else None

    def put(self, model: Any) -> Any:
        """Keep what was changed about a user, at once."""
        with session(store().engine) as opened:
            return opened.merge(model)

    def commit(self) -> None:
        """Nothing is left to do: `put` has done it."""
