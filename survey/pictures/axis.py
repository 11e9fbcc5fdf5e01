"""An axis with round numbers on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

MINUS: Final = "\N{MINUS SIGN}"

_STEPS: Final = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Axis:
    """An axis from one number to another, with the numbers that are written beside it. `unit` follows each of them."""

    low: float
    high: float
    ticks: tuple[float, ...]
    places: int
    unit: str = ""

    def at(self, value: float, start: float, length: float) -> float:
        """Return where a number is, on an axis that begins at `start` and is so long; beyond its ends: the end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return start + share * length

    def said(self, tick: float) -> str:
        """Return a number as it is written beside the axis."""
        value = f"{abs(tick):,.{self.places}f}"
        return f"{MINUS if tick < 0 and float(value.replace(',', '')) else ''}{value}{self.unit}"


def axis_over(values: Iterable[float], about: int = 5, unit: str = "") -> Axis:
    """Return an axis that all values lie on, with about so many steps of 1, 2, 2.5 or 5 times a power of ten.

    Raises ValueError where there are no values.
    """
    given = list(values)
    if not given:
        raise ValueError("an axis needs at least one number")
    low, high = min(given), max(given)
    if low == high:
        low, high = low - 0.5, high + 0.5
    power = 10.0 ** floor(log10((high - low) / about))
    step = next(power * times for times in _STEPS if power * times >= (high - low) / about * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    ticks = tuple(round(at * step, 10) for at in range(first, last + 1))
    places = next(n for n in range(12) if all(abs(round(tick, n) - tick) < 1e-9 for tick in ticks))
    return Axis(ticks[0], ticks[-1], ticks, places, unit)
