"""Is this the password? Asked so that guessing is slow and the answer tells nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final

from flask_security.utils import verify_password

from survey.admission import tidy
from survey.pages.account import device
from survey.pages.account.datastore import Accounts, FlaskUser
from survey.pages.account.pages import now
from survey.pages.store import store
from survey.pages.turns import Turn
from survey.people.attempts import counter, succeeded, take_a_try
from survey.people.passwords import HASHER, LONGEST, normal, one_time_password
from survey.problems import amount

# A crowd of guesses costs one core and 64 MiB, and gets a 503.
_ONE_PASSWORD: Final = Turn(patience=5.0)


@dataclass(frozen=True)
class Checked:
    """What became of a try: whom it was right for, or how long to wait before the next. Neither: it was wrong."""

    user: FlaskUser | None = None
    wait: timedelta | None = None


@cache
def _nobodys() -> str:
    """What is checked for an unknown address, so that knowing it and not knowing it take the same time."""
    return HASHER.hash(one_time_password())


def is_password(user: FlaskUser | None, password: str) -> bool:
    """True when this is the user's password. Takes as long for no one as for someone."""
    kept = user.password if user else None
    with _ONE_PASSWORD.taken():
        right = verify_password(normal(password[:LONGEST]), kept or _nobodys())
    return bool(kept and right and len(password) <= LONGEST)


def who(email: str, password: str) -> Checked:
    """Return the active user with this address and password, without saying why there is none.

    Wrong tries are counted for the address; in a browser this account signed in with before, for that browser.
    """
    address = tidy(email)
    user = Accounts().find_user(email=address)
    known = device.known(user)
    what = ("device", str(user.id), known) if user is not None and known else ("address", address)
    return _counted(what, lambda: user if is_password(user, password) and user is not None and user.active else None)


def still_theirs(user: FlaskUser, password: str) -> Checked:
    """Check the password of someone who is signed in: a session left open is no place to guess it."""
    return _counted(("now", str(user.id)), lambda: user if is_password(user, password) else None)


def _counted(what: tuple[str, ...], check: Callable[[], FlaskUser | None]) -> Checked:
    engine, moment = store().engine, now()
    key = counter(store().settings.key("tries"), *what)
    until = take_a_try(engine, key, moment)
    if until is not None:
        return Checked(wait=until - moment)
    found = check()
    if found is not None:
        succeeded(engine, key)
    return Checked(found)


def choose(user: FlaskUser, password: str) -> None:
    """Keep the password a user chose. What worked before no longer does, and every session of theirs ends."""
    user.password = hashed(password)
    user.confirmed_at = now().replace(tzinfo=None)
    end_sessions(user)


def hashed(password: str) -> str:
    """Return the hash of a password that was chosen, made in turn with the checks."""
    with _ONE_PASSWORD.taken():
        return HASHER.hash(normal(password))


def end_sessions(user: FlaskUser) -> None:
    """End every session of a user on every device, a copied cookie's too, and keep what was changed about them."""
    Accounts().set_uniquifier(user)


def in_words(wait: timedelta) -> str:
    """Return how long to wait as people say it: 30 seconds, 4 minutes. Never less than it is."""
    seconds = int(wait.total_seconds()) + 1
    if seconds <= 90:
        return amount(seconds, "second")
    return f"{-(-seconds // 60)} minutes"
