"""Is this the password? Asked so that guessing is slow and the answer tells nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Final

from flask_security.utils import verify_password

from survey.pages.account.datastore import Accounts
from survey.pages.account.passwords import HASHER, LONGEST, normal, one_time_password
from survey.pages.account.people import tidy
from survey.pages.turns import Turn
from survey.people import User

# A crowd of guesses costs one core and 64 MiB, and gets a 503.
_ONE_PASSWORD: Final = Turn(patience=5.0)


@cache
def _nobodys() -> str:
    """What is checked for an unknown address, so that knowing it and not knowing it take the same time."""
    return HASHER.hash(one_time_password())


def is_password(user: User | None, password: str) -> bool:
    """True when this is the user's password. Takes as long for nobody as for somebody."""
    kept = user.password if user else None
    with _ONE_PASSWORD.taken():
        right = verify_password(normal(password[:LONGEST]), kept or _nobodys())
    return bool(kept and right and len(password) <= LONGEST)


def who(email: str, password: str) -> User | None:
    """Return the active user with this address and password; None without saying why."""
    user = Accounts().find_user(email=tidy(email))
    return user if is_password(user, password) and user is not None and user.active else None


def choose(user: User, password: str) -> None:
    """Keep the password a user chose. What worked before no longer does, and every session of theirs ends."""
    with _ONE_PASSWORD.taken():
        user.password = HASHER.hash(normal(password))
    user.confirmed_at = datetime.now(UTC).replace(tzinfo=None)
    end_sessions(user)


def end_sessions(user: User) -> None:
    """End every session of a user on every device, a copied cookie's too, and keep what was changed about them."""
    Accounts().set_uniquifier(user)
