"""Addresses within a text: each keeps its own direction, and is broken only where a reader would break it."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

_ADDRESS: Final = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'()]*[^\s<>\"'().,;:!?]"  # a page
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+",  # somewhere to write to
    re.ASCII,
)
_JOINTS: Final = re.compile(r"(?<=[/@])(?!/|$)|(?<=[^/.])(?=[.?])")
"""Where a line may end: after a slash or an @, before a full stop."""

_LONGEST: Final = 24
"""Characters of a piece that fits on the narrowest screen: it stays in one line, whatever hyphens it has."""


def own_direction(address: str) -> Markup:
    """Return an address, from left to right whatever stands around it, that is broken only at its joints."""
    return Markup('<bdi class="address" dir="ltr">{}</bdi>').format(
        Markup("<wbr>").join(_piece(piece) for piece in _JOINTS.split(address))
    )


def _piece(text: str) -> Markup:
    return Markup("<span>{}</span>").format(text) if len(text) <= _LONGEST else escape(text)


def with_addresses(text: str) -> Markup:
    """Return a text to stand in a page, each address in it as `own_direction` has it."""
    found, at = [], 0
    for match in _ADDRESS.finditer(text):
        found += [escape(text[at : match.start()]), own_direction(match[0])]
        at = match.end()
    return Markup().join([*found, escape(text[at:])])


def isolated(text: str) -> str:
    """Return a text of unknown direction that is to stand within a sentence: neither turns the other round."""
    return f"\u2068{text}\u2069"
