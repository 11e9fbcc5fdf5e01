"""Files that have been checked and wait to be confirmed: by the sender alone, for an hour, and sealed.

What waits is encrypted with a key made from the token in the address of its preview. The database keeps only a hash of
that token, so neither the database nor a backup of it can tell what a file said before someone has confirmed it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, ColumnElement, ForeignKey, LargeBinary, String, Table, and_, delete, insert, select

from survey.database import Base, Engine, Moment, read, write

LIFE: Final = timedelta(hours=1)

upload = Table(
    "upload",
    Base.metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("study_id", ForeignKey("study.id"), nullable=True),
    Column("actor", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)


@dataclass(frozen=True)
class Owner:
    """Whose file it is, of which kind, and in which study. study_id: None for a study that is not there yet."""

    kind: str
    actor: str
    study_id: int | None = None


@dataclass(frozen=True)
class Waiting:
    """What waits, or the problems why it cannot be confirmed.

    chosen    what was chosen in the form, and what the preview has to know besides
    content   what will be applied, and nothing else; empty where there are problems
    problems  place and message of each
    token     under which it waits, as far as it does
    until     until when
    """

    chosen: Mapping[str, Any] = field(default_factory=dict)
    content: bytes = b""
    problems: Sequence[tuple[str, str]] = ()
    token: str = field(default="", compare=False)
    until: datetime | None = field(default=None, compare=False)

    def _packed(self) -> bytes:
        said = zlib.compress(json.dumps([dict(self.chosen), list(self.problems)]).encode())
        return len(said).to_bytes(4, "big") + said + self.content

    @classmethod
    def _unpacked(cls, data: bytes) -> Waiting:
        end = 4 + int.from_bytes(data[:4], "big")
        chosen, problems = json.loads(zlib.decompress(data[4:end]))
        return cls(chosen, data[end:], tuple((place, message) for place, message in problems))

    def sealed(self, token: str) -> bytes:
        """Return this as bytes that only `opened` with the same token can read."""
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(_digest(token, b"key")).encrypt(nonce, self._packed(), None)

    @classmethod
    def opened(cls, sealed: bytes, token: str) -> Waiting:
        """Return what was sealed with this token. Raises cryptography's InvalidTag for any other token."""
        return cls._unpacked(AESGCM(_digest(token, b"key")).decrypt(sealed[:12], sealed[12:], None))


def keep(engine: Engine, owner: Owner, waiting: Waiting, now: datetime) -> str:
    """Keep a file until it is confirmed, and return its token. The owner's last file of this kind goes."""
    token = secrets.token_urlsafe(16)
    row = {"id": _id(token), "kind": owner.kind, "study_id": owner.study_id, "actor": owner.actor, "at": now}
    with write(engine) as connection:
        connection.execute(delete(upload).where(upload.c.at < now - LIFE))
        connection.execute(delete(upload).where(_of(owner)))
        connection.execute(insert(upload).values(**row, sealed=waiting.sealed(token)))
    return token


def kept(engine: Engine, owner: Owner, token: str, now: datetime) -> Waiting | None:
    """Return what waits under a token; None when it is not the owner's, has been dealt with, or is too old."""
    return _opened(engine, token, _of(owner), now)


def looked_at(engine: Engine, kind: str, token: str, now: datetime) -> Waiting | None:
    """Return what waits under a token for anyone who has it, to be looked at: only its sender can confirm it.

    None as in `kept`.
    """
    return _opened(engine, token, upload.c.kind == kind, now)


def waits_until(engine: Engine, kind: str, token: str, now: datetime) -> datetime | None:
    """Return until when something waits under a token, without unsealing it; None when nothing does."""
    query = select(upload.c.at).where(upload.c.id == _id(token), upload.c.kind == kind, upload.c.at >= now - LIFE)
    with read(engine) as connection:
        at: datetime | None = connection.scalar(query)
    return at + LIFE if at is not None else None


def _opened(engine: Engine, token: str, whose: ColumnElement[bool], now: datetime) -> Waiting | None:
    query = select(upload.c.sealed, upload.c.at).where(upload.c.id == _id(token), whose, upload.c.at >= now - LIFE)
    with read(engine) as connection:
        found = connection.execute(query).one_or_none()
    return replace(Waiting.opened(found.sealed, token), token=token, until=found.at + LIFE) if found else None


def drop(engine: Engine, owner: Owner, token: str, now: datetime) -> None:
    """Delete one of the owner's files, and every file that is too old."""
    with write(engine) as connection:
        connection.execute(delete(upload).where(upload.c.at < now - LIFE))
        connection.execute(delete(upload).where(upload.c.id == _id(token), _of(owner)))


def expire(engine: Engine, now: datetime) -> None:
    """Delete what has waited for an hour. For a job that runs regularly; the functions above do it as well."""
    with read(engine) as connection:
        if connection.scalar(select(upload.c.id).where(upload.c.at < now - LIFE).limit(1)) is None:
            return
    with write(engine) as connection:
        connection.execute(delete(upload).where(upload.c.at < now - LIFE))


def _of(owner: Owner) -> ColumnElement[bool]:
    return and_(
        upload.c.kind == owner.kind,
        upload.c.actor == owner.actor,
        upload.c.study_id.is_not_distinct_from(owner.study_id),
    )


def _id(token: str) -> str:
    return _digest(token, b"id").hex()


def _digest(token: str, purpose: bytes) -> bytes:
    return hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=32, person=purpose).digest()
