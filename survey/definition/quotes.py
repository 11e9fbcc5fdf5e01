"""Quotes that are opened and not closed on their line, found in the lines themselves.

YAML goes on to the next quote, lines further down, and complains about what follows there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_ENTRY: Final = re.compile(r"(?P<indent> *)(?P<dashes>(?:- +)*)(?:(?P<key>[^\s'\"\[{#][^:#]*|\"[^\"]*\"|'[^']*'):\s+)?")
_NEW: Final = re.compile(r" *(?:- |-$|[\w-]+:(?: |$)|[\"'][\w-]+[\"']:(?: |$))")
_BLOCK: Final = re.compile(r"[|>][+-]?[0-9]?[+-]?\s*(?:#.*)?$")

_LONGEST_LINE: Final = 10_000
"""Characters of a line in which quotes are looked for."""


@dataclass(frozen=True)
class OpenQuote:
    """Where a quote is opened (line and column from 0), and with which character."""

    line: int
    column: int
    quote: str


def open_quote(lines: Sequence[str], last: int) -> OpenQuote | None:
    """Return the first quote, on the lines up to `last` (from 0), that the next key or dash finds still open."""
    within = -1
    for number, line in enumerate(lines[: last + 1]):
        line = line[:_LONGEST_LINE]
        indent = len(line) - len(line.lstrip(" "))
        if not line.strip() or (within >= 0 and indent > within):
            continue  # a text behind '|' or '>' may hold any quotes
        entry = _ENTRY.match(line)
        assert entry is not None
        within = -1
        if _BLOCK.match(line, entry.end()):
            within = indent
            continue
        column = _left_open(line, entry.end())
        if column is not None and begins_anew(lines[number + 1 :]):
            return OpenQuote(number, column, line[column])
    return None


def begins_anew(lines: Sequence[str]) -> bool:
    """Tell whether the first of these lines that is not empty begins with a key or a dash, or there is none."""
    following = next((line for line in lines if line.strip()), None)
    return following is None or bool(_NEW.match(following))


def _left_open(line: str, at: int) -> int | None:
    """Return the column of a quote that opens a text at or behind a column and is not closed on the line."""
    flow = line[at : at + 1] in ("{", "[")
    starts = True
    while at < len(line):
        char = line[at]
        if char == "#" and line[at - 1 : at] == " ":
            return None
        if starts and char in "\"'":
            end = _closed(line, at)
            if end is None:
                return at
            at, starts = end, False
        else:
            # In braces and brackets a text begins behind each of these; elsewhere only at the start of the value.
            starts = (flow and (char in "{[," or (char == " " and line[at - 1] in ":,"))) or (starts and char == " ")
            at += 1
    return None


def _closed(line: str, at: int) -> int | None:
    """Return the column behind the quote that closes the one at a column."""
    quote = line[at]
    at += 1
    while at < len(line):
        escaped = line[at] == "\\" if quote == '"' else line.startswith("''", at)
        if escaped:
            at += 2
        elif line[at] == quote:
            return at + 1
        else:
            at += 1
    return None
