"""The second factor: one-time codes from an app (TOTP, RFC 6238), and ten recovery codes for the day it is lost.

The secret an app and this database share is stored encrypted; a recovery code only as a keyed hash. A code opens once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import ForeignKey, delete, func, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from survey.database import Base, Connection, Moment
from survey.people.accounts import User

STEP: Final = 30
"""Seconds a code is shown for."""

DRIFT: Final = 1
"""Steps a phone's clock may be early or late."""

RECOVERY_CODES: Final = 10

# No letters or digits that are taken for one another when read from paper.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class RecoveryCode(Base):
    """The keyed hash of a code on someone's sheet of paper, and when it was used."""

    __tablename__ = "recovery_code"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(frozen=True)
class Keys:
    """The installation's keys for second factors: one hides the secrets, one hashes the recovery codes."""

    secrets: bytes
    recovery: bytes


# ---- codes -----------------------------------------------------------------------------------------------


def new_secret() -> bytes:
    """Return 160 random bits, what RFC 4226 recommends."""
    return secrets.token_bytes(20)


def code_at(secret: bytes, step: int, digits: int = 6) -> str:
    """Return the code of one step: the number of half minutes since 1970."""
    return TOTP(secret, digits, SHA1(), STEP).generate(step * STEP).decode()


def step_of(secret: bytes, typed: str, now: datetime, used: int | None) -> int | None:
    """Return the step whose code was typed, None when it is wrong, too old, too early, or of a step `used` already."""
    digits = "".join(filter(str.isdigit, typed[:40]))
    here = int(now.timestamp()) // STEP
    found = None
    for step in range(here - DRIFT, here + DRIFT + 1):
        same = hmac.compare_digest(code_at(secret, step).encode(), digits.encode("utf-8", "surrogatepass"))
        if same and (used is None or step > used):
            found = step
    return found


def in_letters(secret: bytes) -> str:
    """Return a secret as people type it into an app: groups of four letters and digits (base 32)."""
    letters = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def address_for_app(secret: bytes, email: str, issuer: str = "Chorus") -> str:
    """Return the otpauth: address that goes into the QR code."""
    asked = urlencode({"secret": base64.b32encode(secret).decode().rstrip("="), "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(f'{issuer}:{email}', safe=':@')}?{asked}"


# ---- secrets in the database -----------------------------------------------------------------------------


def _hide(keys: Keys, account_id: int, secret: bytes) -> str:
    # With the account inside, a secret copied to another row opens nothing.
    return _fernet(keys).encrypt(f"{account_id}:{secret.hex()}".encode()).decode()


def _show(keys: Keys, account_id: int, hidden: str | None) -> bytes | None:
    if hidden is None:
        return None
    try:
        owner, _, secret = _fernet(keys).decrypt(hidden.encode()).decode().partition(":")
    except InvalidToken:  # the installation's secret key is another one now
        return None
    return bytes.fromhex(secret) if owner == str(account_id) else None


def _fernet(keys: Keys) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(keys.secrets))


def begin(connection: Connection, account_id: int, keys: Keys) -> bytes:
    """Return the secret of an account that is being set up: the same on each call until it was confirmed."""
    hidden = connection.scalar(select(User.totp_pending).where(User.id == account_id))
    secret = _show(keys, account_id, hidden)
    if secret is None:
        secret = new_secret()
        connection.execute(
            update(User).where(User.id == account_id).values(totp_pending=_hide(keys, account_id, secret))
        )
    return secret


def confirm(connection: Connection, account_id: int, typed: str, keys: Keys, now: datetime) -> list[str] | None:
    """Turn the second factor on when the code typed is the app's; return new recovery codes, or None."""
    hidden = connection.scalar(select(User.totp_pending).where(User.id == account_id).with_for_update())
    secret = _show(keys, account_id, hidden)
    step = None if secret is None else step_of(secret, typed, now, None)
    if step is None:
        return None
    changed = {"totp_secret": hidden, "totp_pending": None, "totp_step": step}
    connection.execute(update(User).where(User.id == account_id).values(changed))
    return new_recovery_codes(connection, account_id, keys)


def take_off(connection: Connection, account_id: int) -> None:
    """Take the second factor off an account, with its recovery codes."""
    changed = {"totp_secret": None, "totp_pending": None, "totp_step": None}
    connection.execute(update(User).where(User.id == account_id).values(changed))
    connection.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))


def opens(connection: Connection, account_id: int, typed: str, keys: Keys, now: datetime) -> str | None:
    """Use up what was typed: return 'code' or 'recovery code' when it opens this account, None when it does not."""
    if _takes_code(connection, account_id, typed, keys, now):
        return "code"
    if _takes_recovery_code(connection, account_id, typed, keys, now):
        return "recovery code"
    return None


def _takes_code(connection: Connection, account_id: int, typed: str, keys: Keys, now: datetime) -> bool:
    row = connection.execute(select(User.totp_secret, User.totp_step).where(User.id == account_id)).one_or_none()
    secret = None if row is None else _show(keys, account_id, row.totp_secret)
    step = None if secret is None or row is None else step_of(secret, typed, now, row.totp_step)
    if step is None:
        return False
    # Of two who send the same code at the same moment, one changes the row.
    unused = or_(User.totp_step.is_(None), User.totp_step < step)
    used = connection.execute(update(User).where(User.id == account_id, unused).values(totp_step=step))
    return used.rowcount == 1


# ---- recovery codes --------------------------------------------------------------------------------------


def new_recovery_codes(connection: Connection, account_id: int, keys: Keys) -> list[str]:
    """Return ten new recovery codes, kept only as hashes; earlier ones stop working."""
    connection.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = ["-".join(_group() for _ in range(3)) for _ in range(RECOVERY_CODES)]
    rows = [{"account_id": account_id, "hash": _recovery_hash(code, account_id, keys)} for code in codes]
    connection.execute(insert(RecoveryCode), rows)
    return codes


def recovery_codes_left(connection: Connection, account_id: int) -> int:
    """Return how many recovery codes were not used yet."""
    unused = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return connection.scalar(unused) or 0


def _takes_recovery_code(connection: Connection, account_id: int, typed: str, keys: Keys, now: datetime) -> bool:
    used = connection.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.hash == _recovery_hash(typed, account_id, keys),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return used.rowcount == 1


def _group() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(4))


def _recovery_hash(typed: str, account_id: int, keys: Keys) -> str:
    letters = "".join(letter for letter in typed[:60].casefold() if letter in _LETTERS)
    return hmac.digest(keys.recovery, f"{account_id}:{letters}".encode(), hashlib.sha256).hex()
