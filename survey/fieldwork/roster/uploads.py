"""Lists somebody uploaded and has not confirmed yet. They die on confirming, on cancelling, and after an hour.

Never the file is kept: of one without problems what would be taken in, checked and without identifiers; of one with
problems only these, and not even these when it held what says who somebody is.
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, String, Table, delete, insert, select

from survey.database import Base, Engine, Moment, read, write
from survey.fieldwork.roster.tables import Misread

LIFE: Final = timedelta(hours=1)

upload = Table(
    "upload",
    Base.metadata,
    Column("id", String, primary_key=True),
    Column("study_id", ForeignKey("study.id"), nullable=False),
    Column("actor", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("wave", String, nullable=True),
    Column("correct", Boolean, nullable=False),
    Column("digest", String, nullable=False),
    Column("lists", LargeBinary, nullable=False),
)


@dataclass(frozen=True)
class Upload:
    """What was looked at: for which wave, whether facts may be corrected, its digest, and the lists themselves.

    Without a digest it had problems and cannot be confirmed: `lists` then holds these.
    """

    id: str
    wave: str | None
    correct: bool
    digest: str
    lists: bytes

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Place and message of each problem."""
        return [(place, said) for place, said in json.loads(zlib.decompress(self.lists))] if not self.digest else []


def packed_problems(problems: Sequence[Misread]) -> bytes:
    """Return problems as an upload keeps them."""
    return zlib.compress(json.dumps([(problem.place, problem.message) for problem in problems]).encode())


def expire_uploads(engine: Engine, now: datetime) -> None:
    """Throw away what has waited for an hour. For whatever runs regularly; the functions below do it besides."""
    with read(engine) as connection:
        if connection.scalar(select(upload.c.id).where(upload.c.at < now - LIFE).limit(1)) is None:
            return
    with write(engine) as connection:
        connection.execute(delete(upload).where(upload.c.at < now - LIFE))


def keep_upload(
    engine: Engine, study_id: int, actor: str, wave: str | None, correct: bool, digest: str, lists: bytes, now: datetime
) -> str:
    """Keep lists until they are confirmed; return the upload's id. What this actor uploaded before goes."""
    new = secrets.token_urlsafe(16)
    with write(engine) as connection:
        connection.execute(delete(upload).where(upload.c.at < now - LIFE))
        connection.execute(delete(upload).where(upload.c.study_id == study_id, upload.c.actor == actor))
        row = {"id": new, "study_id": study_id, "actor": actor, "at": now, "wave": wave}
        connection.execute(insert(upload).values(**row, correct=correct, digest=digest, lists=lists))
    return new


def kept_upload(engine: Engine, study_id: int, actor: str, upload_id: str, now: datetime) -> Upload | None:
    """Return what this actor uploaded in this study; None when it is not theirs, done with, or too old."""
    if "\0" in upload_id:
        return None
    query = select(upload.c.id, upload.c.wave, upload.c.correct, upload.c.digest, upload.c.lists).where(
        upload.c.id == upload_id, upload.c.study_id == study_id, upload.c.actor == actor, upload.c.at >= now - LIFE
    )
    with read(engine) as connection:
        row = connection.execute(query).one_or_none()
    return Upload(*row) if row else None


def drop_upload(engine: Engine, study_id: int, actor: str, upload_id: str, now: datetime) -> None:
    """Throw an upload away, and every one that is too old."""
    with write(engine) as connection:
        connection.execute(delete(upload).where(upload.c.at < now - LIFE))
        connection.execute(
            delete(upload).where(upload.c.id == upload_id, upload.c.study_id == study_id, upload.c.actor == actor)
        )
