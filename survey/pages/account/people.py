"""Letting somebody in: an account with a password that works until its owner has chosen an own one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Final

from survey.config import Settings
from survey.database import Engine, session
from survey.pages.account.passwords import HASHER, one_time_password
from survey.people import Grant, User, keep_roles

ROLES: Final[dict[str, tuple[str, list[str]]]] = {
    "researcher": ("Sees counts, tables and data, as far as the study's access allows", []),
    "lead": ("Leads the research: sees everything of every study", []),
    "coordinator": ("Looks after the fieldwork of schools; sees no answers", []),
    "administrator": ("Looks after the installation and its accounts", []),
}
"""Every role there is: what it is called, and what it is for."""

_LONGEST: Final = 254
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")


class CannotAdd(ValueError):
    """Somebody cannot be let in like this. Its text is a sentence for whoever asked."""


def add_user(engine: Engine, settings: Settings, email: str, roles: Sequence[str]) -> str:
    """Make an account and return its one-time password, which is kept nowhere.

    The first sign in with it leads to the page to choose an own password; after that it no longer works. Raises
    CannotAdd for an address that is none or has an account, and for an unknown role.
    """
    address = tidy(email)
    if not _ADDRESS.fullmatch(address) or len(address) > _LONGEST:
        raise CannotAdd(f"{email!r} is not an e-mail address. Give one such as name@example.org.")
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        wrong = f"There is no role {unknown[0]!r}." if unknown else "An account needs a role."
        raise CannotAdd(f"{wrong} The roles are {', '.join(ROLES)}.")
    password = one_time_password()
    with session(engine) as opened:
        if opened.query(User).filter_by(email=address).first():
            raise CannotAdd(f"{address} has an account already. For a new password, renew that one.")
        known = keep_roles(opened, ROLES)
        user = User(email=address, active=True)
        for role in dict.fromkeys(roles):
            user.roles.append(known[role])
            user.grants.append(Grant(role=role))
        _give(user, password)
        opened.add(user)
    return password


def renew_password(engine: Engine, settings: Settings, email: str) -> str:
    """Return a new one-time password for an account whose owner forgot theirs; it is signed out everywhere.

    Raises CannotAdd when nobody has that address.
    """
    password = one_time_password()
    with session(engine) as opened:
        user = opened.query(User).filter_by(email=tidy(email)).first()
        if user is None:
            raise CannotAdd(f"Nobody has an account with the address {email!r}.")
        _give(user, password)
    return password


def tidy(email: str) -> str:
    """Return an e-mail address as it is kept and looked up: in small letters, without spaces around it.

    Characters that cannot be seen are left out, which databases and pages may not take (NUL).
    """
    return "".join(filter(str.isprintable, email)).strip().casefold()


def _give(user: User, password: str) -> None:
    user.password = HASHER.hash(password)
    user.confirmed_at = None  # until its owner has chosen an own password
    user.fs_uniquifier = secrets.token_hex(16)
