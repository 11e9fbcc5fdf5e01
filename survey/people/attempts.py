"""Guessing is slow: after some wrong tries one waits, and never for good.

What is counted is a keyed hash, of an e-mail address, a browser or the address a request came from, so that no list of
them comes to lie in the database. A day after the last wrong try nothing of it is left.

Passwords and one-time codes are counted for the account, and for each browser it was used in before: a stranger who
guesses keeps no one out of their own account. Typed codes are counted for the browser, and, far more generously, for
the address: a school or a concert hall has one address, and no class may ever notice.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from survey.database import Base, Connection, Engine, Moment, read, write

WINDOW: Final = timedelta(minutes=10)
"""Wrong tries in a row are forgotten this long after the last of them, or after the end of its wait."""

_FORGOTTEN: Final = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """How many wrong tries are free, and how long one waits then: `shortest`, twice as long each time, up to `longest`.

    in_a_row: wrong tries count until there was none for a `window`; else those of one window do, from the first on.
    """

    free: int
    shortest: timedelta
    longest: timedelta
    window: timedelta = WINDOW
    in_a_row: bool = True

    def wait_after(self, failures: int) -> timedelta:
        """Return how long one waits after so many wrong tries."""
        if failures < self.free:
            return timedelta(0)
        return min(self.shortest * (1 << min(failures - self.free, 20)), self.longest)

    def _begins_anew(self, row: Row[Any], now: datetime) -> bool:
        since = max(row.last_at, row.wait_until) if self.in_a_row else row.since
        return since is None or now - since > self.window


PASSWORD: Final = Limit(5, timedelta(seconds=30), timedelta(minutes=15))
DEVICE: Final = Limit(8, timedelta(seconds=30), timedelta(minutes=5))
ADDRESS: Final = Limit(300, timedelta(seconds=5), timedelta(seconds=5), WINDOW, in_a_row=False)
"""A school of 90 at one address makes 106 wrong tries in its worst ten minutes of a thousand (docs/codes.md)."""

ADDRESS_IN_A_DAY: Final = Limit(3000, timedelta(seconds=5), timedelta(seconds=5), timedelta(days=1), in_a_row=False)


class Attempt(Base):
    """How often someone was wrong, since when, and until when the next try waits."""

    __tablename__ = "sign_in_attempt"

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(Moment, index=True)
    wait_until: Mapped[datetime] = mapped_column(Moment)
    since: Mapped[datetime | None] = mapped_column(Moment)


def counter(secret: bytes, *what: str) -> str:
    """Return the name under which tries are counted: a keyed hash that tells nothing about the address in it."""
    return hmac.digest(secret, "\0".join(what).encode("utf-8", "surrogatepass"), hashlib.sha256).hex()


# ---- counted before they are looked at -------------------------------------------------------------------


def take_a_try(engine: Engine, key: str, now: datetime) -> datetime | None:
    """Count a try at a password as wrong before it is looked at, so that a hundred at once are a hundred tries.

    Returns None when it may be looked at; say `succeeded` when it was right. Otherwise returns the moment from which
    one may try again; a try that comes too early is not counted and makes nothing longer.
    """
    with write(engine) as connection:
        forget_old_tries(connection, now)
        return _counted(connection, key, PASSWORD, now)


def succeeded(engine: Engine, key: str) -> None:
    """Forget the wrong tries: the last one was right."""
    with write(engine) as connection:
        forget_tries(connection, [key])


# ---- counted when they were wrong ------------------------------------------------------------------------


def waits_until(engine: Engine, keys: Collection[str], now: datetime) -> datetime | None:
    """Return the moment from which a try that counts under these keys is looked at; None when it is at once.

    This only reads: who types a right code costs the database nothing more.
    """
    with read(engine) as connection:
        until = connection.scalar(select(func.max(Attempt.wait_until)).where(Attempt.key.in_(keys)))
    return until if until is not None and until > now else None


def was_wrong(engine: Engine, counted: Mapping[str, Limit], now: datetime) -> None:
    """Count a wrong try under each of these keys."""
    with write(engine) as connection:
        forget_old_tries(connection, now)
        count_wrong(connection, counted, now)


def count_wrong(connection: Connection, counted: Mapping[str, Limit], now: datetime) -> list[str]:
    """Count a wrong try under each of these keys; return the keys whose free tries are used up by it."""
    full = []
    for key in sorted(counted):  # in one order, so that two at once do not wait for each other
        _counted(connection, key, counted[key], now)
        if connection.scalar(select(Attempt.failures).where(Attempt.key == key)) == counted[key].free:
            full.append(key)
    return full


def held_until(connection: Connection, keys: Collection[str], now: datetime) -> datetime | None:
    """Return what `waits_until` does, and let no one else try under these keys until the transaction ends.

    So a hundred guesses at once are looked at one after the other, and counted each.
    """
    for key in sorted(keys):
        _begin(connection, key, now)
    rows = connection.execute(
        select(Attempt.wait_until).where(Attempt.key.in_(keys)).order_by(Attempt.key).with_for_update()
    )
    until = max(rows.scalars(), default=now)
    return until if until > now else None


def waiting_keys(connection: Connection, keys: Collection[str], now: datetime) -> set[str]:
    """Return those of these keys whose next try has to wait."""
    return set(connection.scalars(select(Attempt.key).where(Attempt.key.in_(keys), Attempt.wait_until > now)))


def forget_tries(connection: Connection, keys: Collection[str]) -> None:
    """Forget the wrong tries counted under these keys."""
    connection.execute(delete(Attempt).where(Attempt.key.in_(keys)))


def forget_old_tries(connection: Connection, now: datetime) -> None:
    """Delete what was counted more than a day ago."""
    connection.execute(delete(Attempt).where(Attempt.last_at < now - _FORGOTTEN))


def _counted(connection: Connection, key: str, limit: Limit, now: datetime) -> datetime | None:
    _begin(connection, key, now)
    row = connection.execute(select(Attempt).where(Attempt.key == key).with_for_update()).one()
    if now < row.wait_until:
        until: datetime = row.wait_until
        return until
    anew = limit._begins_anew(row, now)
    failures = 1 if anew else row.failures + 1
    connection.execute(
        update(Attempt)
        .where(Attempt.key == key)
        .values(
            failures=failures,
            last_at=now,
            wait_until=now + limit.wait_after(failures),
            since=now if anew else row.since,
        )
    )
    return None


def _begin(connection: Connection, key: str, now: datetime) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(Attempt).values(key=key, failures=0, last_at=now, wait_until=now, since=now)
    connection.execute(row.on_conflict_do_nothing())
