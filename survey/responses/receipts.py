"""Receipts: the code on an adult's thank-you page, with which they can take their answers back without an account.

The code follows from the response and a key of the installation, so that it need not be stored to be shown once more to
anyone who still holds the response's pass soon after; the database keeps its hash.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Column, Connection, Engine, ForeignKey, String, Table, insert, select

from survey.database import Base, Moment, read, write
from survey.fieldwork.doors import SYLLABLES, is_rude, letters_of
from survey.responses.reading import locked
from survey.responses.tables import response

receipt = Table(
    "receipt",
    Base.metadata,
    Column("code_hash", String, primary_key=True),
    Column("response_id", ForeignKey("response.id"), nullable=False, unique=True),
    Column("made_at", Moment, nullable=False),
)

LENGTH: Final = 8
"""Syllables of a receipt: 80^8, so that no one finds another's by trying, however patiently."""

_MOST_TRIES: Final = 1000


def make_receipt(connection: Connection, response_id: str, key: bytes, now: datetime) -> str:
    """Return the receipt of a response, made now unless it has one. key: Settings.key("receipts")."""
    found = _own(connection, response_id, key)
    if found is not None:
        return found
    for letters in _candidates(response_id, key):
        code_hash = _hash(letters, key)
        if connection.scalar(select(receipt.c.response_id).where(receipt.c.code_hash == code_hash)) is None:
            connection.execute(insert(receipt).values(code_hash=code_hash, response_id=response_id, made_at=now))
            return _in_groups(letters)
    raise RuntimeError("No receipt is free. Has the key been set to the same text twice?")


def keep_receipt(engine: Engine, response_id: str, key: bytes, now: datetime) -> str:
    """Return the receipt of a response that nobody ended and whose answers so far are kept; made now unless it has one.

    Raises StoreFull, StoreBusy.
    """
    with write(engine) as connection:
        locked(connection, response_id)  # or two taps would make two
        return make_receipt(connection, response_id, key, now)


def receipt_of(engine: Engine, response_id: str, key: bytes) -> str | None:
    """Return the receipt a response was given; None when it has none."""
    with read(engine) as connection:
        return _own(connection, response_id, key)


@dataclass(frozen=True)
class Receipted:
    """What a receipt stands for: a response, without what was answered."""

    response: str
    study_id: int
    participant_id: int | None
    questionnaire: str
    sha256: str
    language: str
    state: str
    finished_at: datetime | None


def response_by_receipt(engine: Engine, typed: str, key: bytes) -> Receipted | None:
    """Return what a typed receipt stands for; None when there is no such receipt.

    Case, spaces and dashes do not matter, nor does 0 for o or 1 for i. Every receipt, however wrong, takes the same
    road and so the same time.
    """
    letters = letters_of(typed)
    query = (
        select(*[response.c[name] for name in list(Receipted.__dataclass_fields__)[1:]])
        .add_columns(response.c.id)
        .join(receipt, receipt.c.response_id == response.c.id)
        .where(receipt.c.code_hash == _hash(letters, key))
    )
    with read(engine) as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    values = row._asdict()
    return Receipted(response=values.pop("id"), **values)


def _own(connection: Connection, response_id: str, key: bytes) -> str | None:
    made = connection.scalar(select(receipt.c.code_hash).where(receipt.c.response_id == response_id))
    if made is None:
        return None
    for letters in _candidates(response_id, key):
        if hmac.compare_digest(_hash(letters, key), made):
            return _in_groups(letters)
    return None  # made with an earlier key: it still opens nothing, and cannot be shown again


def _candidates(response_id: str, key: bytes) -> list[str]:
    """Return codes for a response, always the same and in the same order, none of them rude."""
    found = []
    for attempt in range(_MOST_TRIES):
        number = int.from_bytes(hmac.digest(key, f"{response_id}:{attempt}".encode(), hashlib.sha256))
        letters = ""
        for _ in range(LENGTH):
            number, place = divmod(number, len(SYLLABLES))
            letters += SYLLABLES[place]
        if not is_rude(letters):
            found.append(letters)
        if len(found) == _ENOUGH:
            break
    return found


_ENOUGH: Final = 5
"""Two responses with the same code are rarer than one in a million years; five in a row do not happen."""


def _hash(letters: str, key: bytes) -> str:
    return hmac.digest(key, b"receipt:" + letters.encode(), hashlib.sha256).hex()


def _in_groups(letters: str) -> str:
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))
