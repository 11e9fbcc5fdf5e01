"""How much room words need: a server cannot see letters, so it reckons with widths that are a little too wide."""

from __future__ import annotations

from typing import Final

SIZE: Final = 16.0
"""The size of letters in a picture."""

_NARROW: Final = frozenset("iljtfrI.,:;'’!|()[]- /")
_BROAD: Final = frozenset("mwMWQ@%—–")


def width_of(text: str) -> float:
    """Return about how wide words are, in the unit of the drawing."""
    return sum(_width(letter) for letter in text) * SIZE


def _width(letter: str) -> float:
    if letter in _NARROW:
        return 0.33
    if letter in _BROAD:
        return 0.87
    return 0.66 if letter.isupper() else 0.57


def lines_of(text: str, width: float) -> list[str]:
    """Return words in lines of at most a width; a single word may be longer. No words are one empty line."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and width_of(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
