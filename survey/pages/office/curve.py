"""A small curve on a card: how many had finished by the end of each day, as points of a drawing.

The lengths are worked out here and the page stretches the drawing: the security policy forbids style attributes. The
numbers stand beside it, and “Progress” has the same curve with an axis and a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from survey.progress import DayCount

WIDTH, HEIGHT = 100.0, 40.0


@dataclass(frozen=True)
class Curve:
    """The points of a line, and of the area below it: 'x,y x,y …' in a field of WIDTH by HEIGHT, zero at the bottom."""

    points: str
    area: str


def curve(days: Sequence[DayCount]) -> Curve | None:
    """Return the curve of some days; None when no one has finished yet, or all on one day: that needs no drawing."""
    if len(days) < 2:
        return None
    step, most = WIDTH / (len(days) - 1), days[-1].so_far
    at = [(round(n * step, 2), round(HEIGHT - HEIGHT * day.so_far / most, 2)) for n, day in enumerate(days)]
    points = " ".join(f"{x:g},{y:g}" for x, y in at)
    return Curve(points, f"0,{HEIGHT:g} {points} {WIDTH:g},{HEIGHT:g}")
