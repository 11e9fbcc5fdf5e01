"""Guessing is slow: after five wrong tries one waits, longer each time, and never for good.

What is counted is a keyed hash of an address, so that an unknown address is treated as a known one is, and no
list of addresses comes to lie in the database. A browser that this account signed in with before counts for itself:
a stranger who guesses keeps nobody out of their own account. Nothing is counted by IP address: a school has one.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from survey.database import Base, Connection, Engine, Moment, write

FREE: Final = 5
"""Wrong tries before the first wait."""

WINDOW: Final = timedelta(minutes=10)
"""Wrong tries are forgotten this long after the last of them, or after the end of its wait."""

SHORTEST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)

_FORGOTTEN: Final = timedelta(days=1)


class Attempt(Base):
    """How often in a row somebody was wrong, and until when the next try waits."""

    __tablename__ = "sign_in_attempt"

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(Moment)
    wait_until: Mapped[datetime] = mapped_column(Moment)


def counter(secret: bytes, *what: str) -> str:
    """Return the name under which tries are counted: a keyed hash that tells nothing about the address in it."""
    return hmac.digest(secret, "\0".join(what).encode("utf-8", "surrogatepass"), hashlib.sha256).hex()


def wait_after(failures: int) -> timedelta:
    """Return how long one waits after so many wrong tries in a row."""
    if failures < FREE:
        return timedelta(0)
    return min(SHORTEST_WAIT * (1 << min(failures - FREE, 20)), LONGEST_WAIT)


def take_a_try(engine: Engine, key: str, now: datetime) -> datetime | None:
    """Count a try as wrong before it is looked at, so that a hundred at once are a hundred tries.

    Returns None when it may be looked at; say `succeeded` when it was right. Otherwise returns the moment from which
    one may try again; a try that comes too early is not counted and makes nothing longer.
    """
    with write(engine) as connection:
        connection.execute(delete(Attempt).where(Attempt.last_at < now - _FORGOTTEN))
        _begin(connection, key, now)
        row = connection.execute(select(Attempt).where(Attempt.key == key).with_for_update()).one()
        if now < row.wait_until:
            until: datetime = row.wait_until
            return until
        failures = 1 if now - max(row.last_at, row.wait_until) > WINDOW else row.failures + 1
        changed = {"failures": failures, "last_at": now, "wait_until": now + wait_after(failures)}
        connection.execute(update(Attempt).where(Attempt.key == key).values(changed))
    return None


def succeeded(engine: Engine, key: str) -> None:
    """Forget the wrong tries: the last one was right."""
    with write(engine) as connection:
        connection.execute(delete(Attempt).where(Attempt.key == key))


def _begin(connection: Connection, key: str, now: datetime) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(Attempt).values(key=key, failures=0, last_at=now, wait_until=now)
    connection.execute(row.on_conflict_do_nothing())
