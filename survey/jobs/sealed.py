"""huey, on an SQLite file or on Redis, with everything in it sealed."""

from __future__ import annotations

import pickle
import secrets
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from huey import Huey, PriorityRedisHuey, SqliteHuey
from huey.serializer import Serializer

from survey.forks import Owned

_PATIENCE: Final = 20
"""Seconds to wait for another process that writes."""


def in_file(name: str, file: Path, key: bytes) -> Huey:
    """Return huey on an SQLite file. key: 32 bytes, with which everything is sealed."""
    sealing = _Sealing(key)
    return SqliteHuey(
        name, filename=str(file), timeout=_PATIENCE, factory=_Shredding, serializer=sealing, results=False
    )


def in_redis(name: str, address: str, key: bytes) -> Huey:
    """Return huey on a Redis. key: 32 bytes, with which everything is sealed."""
    return PriorityRedisHuey(f"chorus-{name}", url=address, serializer=_Sealing(key), results=False)


class _Sealing(Serializer):  # type: ignore[misc] # huey ships no types
    """Seals whatever goes into the queue with a key that is kept outside it: it can be neither read there nor forged.

    What is not ours cannot be opened, so that unpickling it is safe: it comes from this program.
    """

    def __init__(self, key: bytes) -> None:
        super().__init__()
        self._cipher = AESGCM(key)

    def _serialize(self, data: object) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._cipher.encrypt(nonce, pickle.dumps(data), None)

    def _deserialize(self, data: bytes) -> Any:
        return pickle.loads(self._cipher.decrypt(bytes(data[:12]), bytes(data[12:]), None))


class _Shredding(Owned):
    """A connection to the queue's file that leaves no copy of what is deleted, and gives back the space."""

    def __init__(self, database: Any, *more: Any, **named: Any) -> None:
        super().__init__(database, *more, **named)
        for pragma in ("auto_vacuum = FULL", "secure_delete = ON", "synchronous = NORMAL"):
            self.execute(f"PRAGMA {pragma}").close()
