"""Lines over waves, a line with its band over an amount, and a count that grows day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from survey.pictures.axis import Axis, axis_over
from survey.pictures.canvas import LINE, Canvas, SheetSize
from survey.pictures.dots import Spot
from survey.pictures.letters import width_of
from survey.pictures.naming import named_series

_DEEP: Final = 220.0
"""How deep a plot of lines is."""

_BESIDE: Final = 9.0
"""How far series stand apart at the same wave, so that no whisker hides another."""


@dataclass(frozen=True)
class WaveLine:
    """A series: its name, and a spot for each wave, None where there is none."""

    name: str
    spots: tuple[Spot | None, ...]


@dataclass(frozen=True)
class OverWaves:
    """A picture of lines over waves, at least two. unit: follows each number of the axis."""

    title: str
    about: str
    waves: tuple[str, ...]
    series: tuple[WaveLine, ...]
    measure: str
    unit: str = ""


@dataclass(frozen=True)
class BandSpot:
    """Where the line and the ends of its band are at an amount."""

    at: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class NamedSpot:
    """A point beside the line: where, what, and the words above it. `size` is how many it stands for."""

    at: float
    value: float
    words: str
    size: int


@dataclass(frozen=True)
class WithBand:
    """A picture of a line with its band. amount: what lies along the bottom; measure: what goes up.

    said: the line in words, and its interval; empty where there is no line.
    """

    title: str
    about: str
    amount: str
    measure: str
    band: tuple[BandSpot, ...]
    points: tuple[NamedSpot, ...]
    said: tuple[str, str] = ("", "")
    unit: str = ""


@dataclass(frozen=True)
class OverDays:
    """A picture of a count that grows from day to day. ends: the first and the last day of the axis.

    spots: day -> how many by its end, in order. measure: says the last count too. aim: the count to reach, and its
    words; None where there is none.
    """

    title: str
    about: str
    measure: str
    ends: tuple[date, date]
    spots: tuple[tuple[date, int], ...]
    aim: tuple[float, str] | None = None


def draw_over_waves(picture: OverWaves, form: SheetSize) -> Canvas:
    """Return the drawing. Raises ValueError where no series has a spot."""
    numbers = [n for one in picture.series for spot in one.spots if spot is not None for n in spot.numbers()]
    axis = axis_over(numbers, unit=picture.unit)
    sheet = Canvas(form)
    y = named_series(sheet, [one.name for one in picture.series], 0.0, 16.0)
    left, top = _up(sheet, axis, picture.measure, y)
    length = form.width - left - 8
    step = length / len(picture.waves)
    for at, wave in enumerate(picture.waves):
        sheet.paragraph(left + (at + 0.5) * step, top + _DEEP + LINE + 2, wave, step - 6, "soft", "middle")
    for number, one in enumerate(picture.series):
        aside = (number - (len(picture.series) - 1) / 2) * 2 * _BESIDE
        _line(sheet, number, one, axis, (left + step / 2 + aside, step, top))
    return sheet


def _line(sheet: Canvas, number: int, one: WaveLine, axis: Axis, place: tuple[float, float, float]) -> None:
    first, step, top = place
    known = [
        (first + at * step, _height(axis, spot.value, top), spot)
        for at, spot in enumerate(one.spots)
        if spot is not None
    ]
    if len(known) > 1:
        sheet.path(f"series s{number % 4}", [(x, y) for x, y, _ in known])
    for x, y, spot in known:
        if spot.low is not None and spot.high is not None:
            ends = (x, _height(axis, spot.low, top)), (x, _height(axis, spot.high, top))
            sheet.line(f"whisker s{number % 4}", *ends)
        sheet.mark(number, x, y)


def draw_with_band(picture: WithBand, form: SheetSize) -> Canvas:
    """Return the drawing. Raises ValueError where there is neither a band nor a point."""
    heights = [n for spot in picture.band for n in (spot.value, spot.low, spot.high)]
    axis = axis_over([*heights, *(point.value for point in picture.points)], unit=picture.unit)
    amounts = axis_over([*(spot.at for spot in picture.band), *(point.at for point in picture.points)])
    sheet = Canvas(form)
    y = 16.0
    if picture.said[0]:
        y = _lead(sheet, picture.said, y) + 8
    left, top = _up(sheet, axis, picture.measure, y)
    length = form.width - left - 24

    def place(at: float, value: float) -> tuple[float, float]:
        return amounts.at(at, left + 12, length), _height(axis, value, top)

    for tick in amounts.ticks:
        sheet.words(place(tick, 0)[0], top + _DEEP + LINE, amounts.said(tick), "soft", "middle")
    sheet.words(left + 12 + length / 2, top + _DEEP + 2 * LINE + 4, picture.amount, "soft", "middle")
    if picture.band:
        above = [place(spot.at, spot.high) for spot in picture.band]
        below = [place(spot.at, spot.low) for spot in reversed(picture.band)]
        sheet.path("band", [*above, *below], closed=True)
        sheet.path("series s0", [place(spot.at, spot.value) for spot in picture.band])
    for point in picture.points:
        x, at = place(point.at, point.value)
        sheet.mark(0, x, at, size=4 + min(7.0, point.size**0.5 / 3))
        half = width_of(point.words) / 2
        sheet.words(min(max(x, half), form.width - half), at - 16, point.words, "soft", "middle")
    return sheet


_YEAR: Final = 365

_DAYS_APART: Final = (1, 2, 7, 14, 28, 56, 91, 182, 364)
"""How many days there can be between two days of an axis."""


def draw_over_days(picture: OverDays, form: SheetSize) -> Canvas:
    """Return the drawing. Raises ValueError where there is no spot."""
    if not picture.spots:
        raise ValueError("a picture of days needs at least one")
    aim = [] if picture.aim is None else [picture.aim[0]]
    axis = axis_over([0.0, *aim, *(float(count) for _, count in picture.spots)])
    sheet = Canvas(form)
    left, top = _up(sheet, axis, picture.measure, 16.0)
    first, last = picture.ends
    length, span = form.width - left - 16, max(1, (last - first).days)

    def place(day: date, count: float) -> tuple[float, float]:
        share = min(max((day - first).days / span, 0.0), 1.0)
        return left + 8 + share * length, _height(axis, count, top)

    for day in _days_named(first, last, 3 if form.narrow else 7):
        x = place(day, 0)[0]
        words = _short(day, span)
        half = width_of(words) / 2
        sheet.line("grid", (x, top + _DEEP), (x, top + _DEEP + 5))
        sheet.words(min(x, form.width - half), top + _DEEP + LINE + 2, words, "soft", "middle")
    points = [place(day, count) for day, count in picture.spots]
    floor = top + _DEEP
    sheet.path("band", [(points[0][0], floor), *points, (points[-1][0], floor)], closed=True)
    sheet.path("series s0", points)
    sheet.mark(0, *points[-1], size=5)
    if picture.aim is not None:
        value, words = picture.aim
        sheet.line("middle", place(first, value), place(last, value))
        sheet.words(left + 8, _height(axis, value, top) - 7, words, "soft")
    return sheet


def _days_named(first: date, last: date, most: int) -> list[date]:
    """Return days of an axis, evenly apart, at most so many."""
    span = (last - first).days
    step = next((days for days in _DAYS_APART if span // days < most), max(1, span))
    return [first + timedelta(days=at) for at in range(0, span + 1, step)]


def _short(day: date, span: int) -> str:
    """Return a day as an axis of so many days names it: with its year where there are several of a name."""
    return f"{day.day} {day:%b}" if span < _YEAR else f"{day:%b %Y}"


def _lead(sheet: Canvas, said: tuple[str, str], y: float) -> float:
    """Write what the line says, and its interval on the same line where both have room. Returns the line below."""
    if width_of(" ".join(said)) < sheet.form.width:
        sheet.lead(0.0, y, *said)
        return y + LINE
    return sheet.paragraph(
        0.0, sheet.paragraph(0.0, y, said[0], sheet.form.width, "bold"), said[1], sheet.form.width, "soft"
    )


def _up(sheet: Canvas, axis: Axis, measure: str, y: float) -> tuple[float, float]:
    """Draw the axis that goes up, its name above it. Returns where the plot begins at the left and at the top."""
    below = sheet.paragraph(0.0, y, measure, sheet.form.width, "soft")
    top = below - 4
    left = max(width_of(axis.said(tick)) for tick in axis.ticks) + 12
    for tick in axis.ticks:
        at = _height(axis, tick, top)
        sheet.line("grid", (left, at), (sheet.form.width, at))
        sheet.words(left - 8, at + 5, axis.said(tick), "soft", "end")
    return left, top


def _height(axis: Axis, value: float, top: float) -> float:
    return top + _DEEP - axis.at(value, 0.0, _DEEP)
