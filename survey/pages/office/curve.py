"""The curve of a wave: how many had finished by the end of each day, as points of a drawing.

As with the bars, the lengths are worked out here and the page stretches the drawing: the security policy forbids style
attributes. Beside it stands a table that says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from survey.progress import DayCount

WIDTH, HEIGHT = 100.0, 40.0


@dataclass(frozen=True)
class Curve:
    """Days, and the points of the line: 'x,y x,y …' in a field of WIDTH by HEIGHT, zero at the bottom."""

    days: tuple[DayCount, ...]
    points: str
    area: str
    most: int


def curve(days: Sequence[DayCount]) -> Curve | None:
    """Return the curve of some days; None when no one has finished yet, or all on one day: that needs no drawing."""
    if len(days) < 2:
        return None
    most = days[-1].so_far
    step = WIDTH / (len(days) - 1)
    at = [(round(n * step, 2), round(HEIGHT - HEIGHT * day.so_far / most, 2)) for n, day in enumerate(days)]
    points = " ".join(f"{x:g},{y:g}" for x, y in at)
    return Curve(tuple(days), points, f"0,{HEIGHT:g} {points} {WIDTH:g},{HEIGHT:g}", most)
