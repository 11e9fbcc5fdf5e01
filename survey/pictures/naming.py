"""The names of what is drawn, above the drawing: a mark or a colour with its word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from survey.pictures.canvas import LINE, Canvas
from survey.pictures.letters import width_of

_ROOM: Final = 22.0
"""From the middle of a mark to its word, and as much again to the next."""


def named_series(sheet: Canvas, names: Sequence[str], x: float, y: float) -> float:
    """Write the names of series, each with its mark. Returns the line below them."""
    return _named(sheet, names, (x, y), lambda at, left, line: sheet.mark(at, left + 8, line - 5))


def named_steps(sheet: Canvas, names: Sequence[str], looks: Sequence[str], place: tuple[float, float]) -> float:
    """Write the names of steps, each with a box of its colour. Returns the line below them."""
    return _named(sheet, names, place, lambda at, left, line: sheet.box(looks[at], (left, line - 13), 15, 15))


def _named(
    sheet: Canvas, names: Sequence[str], place: tuple[float, float], draw: Callable[[int, float, float], None]
) -> float:
    begin, y = place
    x = begin
    for at, name in enumerate(names):
        room = _ROOM + width_of(name)
        if x > begin and x + room > sheet.form.width:
            x, y = begin, y + LINE + 4
        draw(at, x, y)
        sheet.words(x + _ROOM, y, name)
        x += room + _ROOM
    return y + LINE + 4
