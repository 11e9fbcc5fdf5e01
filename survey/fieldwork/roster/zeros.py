"""Codes whose zeros a spreadsheet takes away: 0001 becomes 1 as soon as a program takes the column for numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_DIGITS = re.compile(r"[0-9]+")


def bare(code: str) -> str:
    """Return a code without capitals and without zeros in front of its numbers, to compare it with others."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", code.casefold())


def may_have_lost_zeros(new: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return those of the new codes that may have had zeros in front when they were written.

    known: the codes that the study has. Where none of these says how codes look, every new one that is a number alone
    is doubtful. Where some begin with 0, those shorter than they are; where all are plain numbers, none.
    """
    numbers = [code for code in new if _DIGITS.fullmatch(code)]
    before = [code for code in known if _DIGITS.fullmatch(code)]
    longest = max((len(code) for code in (*numbers, *before) if _has_zero(code)), default=0)
    plain = [code for code in numbers if not _has_zero(code)]
    if longest:
        return [code for code in plain if len(code) < longest]
    return [] if before else plain


def _has_zero(code: str) -> bool:
    return len(code) > 1 and code.startswith("0")


class Spellings:
    """Known codes by what is left of them without zeros and capitals, for the hint about a code that is not known."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._by_bare: dict[str, str] = {}

    def hint(self, code: str) -> str:
        """Return “ Did you mean '0001'?” when a known code differs in zeros or capitals alone; else ""."""
        if not self._by_bare:
            self._by_bare = {bare(one): one for one in self._known}
        near = self._by_bare.get(bare(code))
        return f" Did you mean '{near}'?" if near is not None else ""
