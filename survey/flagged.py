"""Words in what people type that someone should look at soon: that a child is hurt, afraid, or in danger.

A word is found whole, whatever its case and accents; a phrase is found when its words stand one after the other. The
lists that ship with the program are in ``translations/flagged/LANGUAGE.txt``, one word or phrase a line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "translations" / "flagged"

_WORD: Final = re.compile(r"[^\W_]+")

# Letters that phones write one way and lists another, and those that accents do not explain.
_ALIKE: Final = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "ه": "ہ", "ۀ": "ہ", "ة": "ہ", "ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe"}
)
# Inside a word these are not read: it's and its, hurt‑ing with a soft hyphen, the joiners of Urdu.
_UNREAD: Final = re.compile("['’ʼ`´\u00ad\u200b-\u200f\u2060\ufeff\u0640]")


def words_of(text: str) -> list[str]:
    """Return the words of a text, one after the other, as they are compared: without case and accents."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    # Case-folding can bring accents back.
    plain = unicodedata.normalize("NFKD", plain)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _WORD.findall(_UNREAD.sub("", plain.translate(_ALIKE)))


class Flags:
    """Words and phrases to look for."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._starts: dict[str, list[list[str]]] = {}
        for phrase in phrases:
            words = words_of(phrase)
            if words:
                self._starts.setdefault(words[0], []).append(words)

    def found_in(self, text: str) -> bool:
        """Tell whether one of the words or phrases is in a text."""
        words = words_of(text)
        return any(
            words[at : at + len(phrase)] == phrase
            for at, word in enumerate(words)
            for phrase in self._starts.get(word, ())
        )


@cache
def shipped(language: str) -> tuple[str, ...]:
    """Return the words and phrases that ship with the program for a language; none where it has no list."""
    path = _FOLDER / f"{language}.txt"
    if language not in shipped_languages():
        return ()
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


@cache
def shipped_languages() -> frozenset[str]:
    """Return the languages that a list ships for."""
    return frozenset(path.stem for path in _FOLDER.glob("*.txt"))
