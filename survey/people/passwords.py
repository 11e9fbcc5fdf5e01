"""Passwords: made once for someone new, chosen by themselves, hashed with argon2."""

from __future__ import annotations

import secrets
import unicodedata
from typing import Final

from argon2 import PasswordHasher

SHORTEST: Final = 12
"""Characters of a password at least (NIST SP 800-63B-4 asks for 8, and 15 where it stands alone)."""

LONGEST: Final = 200
"""Characters of a password that are looked at: anyone who sends a book gets an error, not a busy server."""

HASHER: Final = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
"""Argon2id with the second recommended choice of RFC 9106: 64 MiB, three passes, four lanes."""

# What people choose first when twelve characters are asked for, without its digits and signs at the end and
# with the letters that digits stand for ("P@ssw0rd1234" is "password"). A list of our own, short by intention.
_COMMONEST: Final = """
abcdefghijkl abcdefghijklm abcdefghijklmnop administrator administration asdfghjkl asdfghjklqw baseball
changeme changemenow chocolate chorus chorusschool choruschorus computer correcthorse
correcthorsebatterystaple dragon evaluation football goodmorning helloworld iloveyou iloveyouso iloveyoutoo
letmein letmeinnow letmeinplease liverpool liverpoolfc manchester manchesterunited master monkey music
musicmusic nopassword onetwothree password passwordone passwordpassword passwort princess professor qazwsx
qazwsxedc qazwsxedcrfv questionnaire qwerty qwertyqwerty qwertyuiop qwertyuiopas qwertz qwertzuiop research
researcher school secret secretpassword sunshine superman superstar survey surveysurvey teacher
thisismypassword trustno university welcome welcomehome welcometo whatever yourpassword mypassword
"""
_STANDS_FOR: Final = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"})
_COMMON: Final = frozenset(_COMMONEST.split())
_ROWS: Final = ("0123456789" * 20, "abcdefghijklmnopqrstuvwxyz" * 8)
_TRIMMED: Final = "0123456789!?.,-_#*+ "

# No letters or digits that are taken for one another when read from paper.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def one_time_password() -> str:
    """Return sixteen random characters in groups of four, 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def normal(password: str) -> str:
    """Return a password as it is hashed: the same on every keyboard that can write it (Unicode's NFKC)."""
    return unicodedata.normalize("NFKC", password)


def fault_of(password: str, email: str) -> str | None:
    """Return what stands against a password someone chose, as a sentence; None when it is good."""
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. Three or four words in a row are easy to remember."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    if _is_common(password):
        return "Many people use this password, so it is easy to guess. Please choose a different one."
    plain = password.casefold()
    if plain in (email.casefold(), email.casefold().split("@")[0]):
        return "This is your e-mail address, so it is easy to guess. Please choose a different password."
    return None


def _is_common(password: str) -> bool:
    plain = password.casefold()
    if len(set(plain)) <= 3 or _is_a_row(plain):
        return True
    bare = plain.strip(_TRIMMED)
    return bool({bare, bare.translate(_STANDS_FOR), plain.translate(_STANDS_FOR)} & _COMMON)


def _is_a_row(plain: str) -> bool:
    """True for 123456789012, zyxwvutsrqponm, abcabcabcabc: a stretch of a row, or one short piece again and again."""
    again = any(plain == (plain[:length] * len(plain))[: len(plain)] for length in range(1, 5))
    return again or any(plain in row or plain in row[::-1] for row in _ROWS)
