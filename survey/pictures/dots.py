"""Dots with whiskers, row below row: groups side by side, or differences beside the line where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from survey.pictures.axis import Axis, axis_over
from survey.pictures.canvas import LINE, Canvas, SheetSize
from survey.pictures.letters import width_of
from survey.pictures.naming import named_series

_LABEL: Final = 236.0
"""Where a wide plot begins: names stand to the left of it."""

_SAID: Final = 176.0
"""Room at the right of a wide plot for what is said of each row."""

_APART: Final = 20.0
"""From one series of a row to the next."""


@dataclass(frozen=True)
class Spot:
    """A value with the ends of its interval, which may be unknown. clear: the interval leaves out no difference."""

    value: float
    low: float | None = None
    high: float | None = None
    clear: bool = True

    def numbers(self) -> Iterator[float]:
        """Yield the value and the ends that are known."""
        yield from (one for one in (self.value, self.low, self.high) if one is not None)


@dataclass(frozen=True)
class DotRow:
    """A row: its name, a spot for each series (None where there is none), and what is said of it at the right."""

    name: str
    spots: tuple[Spot | None, ...]
    said: str = ""
    more: str = ""

    @property
    def has_words(self) -> bool:
        """Whether anything is said at the right."""
        return bool(self.said or self.more)


@dataclass(frozen=True)
class Dots:
    """A picture of dots. series: their names; one alone needs none.

    measure: what the axis shows. ends: what lies to the left and to the right of nought, where a line is drawn; None
    where nought means nothing. said: the heading of what is said at the right. unit: follows each number of the axis.
    reach: numbers that the axis goes as far as, whatever the values, so that small ones look small.
    """

    title: str
    about: str
    series: tuple[str, ...]
    rows: tuple[DotRow, ...]
    measure: str
    ends: tuple[str, str] | None = None
    said: str = ""
    unit: str = ""
    reach: tuple[float, ...] = ()


def draw_dots(picture: Dots, form: SheetSize) -> Canvas:
    """Return the drawing. Raises ValueError where no row has a spot."""
    values = [number for row in picture.rows for spot in row.spots if spot is not None for number in spot.numbers()]
    axis = axis_over(
        [*values, *picture.reach, *([0.0] if picture.ends else [])], about=4 if form.narrow else 6, unit=picture.unit
    )
    sheet = Canvas(form)
    begin, length = _plot(form, any(row.has_words for row in picture.rows), axis)
    top = _heading(sheet, picture, begin)
    rows = Canvas(form)  # what stands on the grid is drawn after it
    y = top + 6
    for row in picture.rows:
        y = _row(rows, row, (axis, begin, length), y)
    _grid(sheet, picture, (axis, begin, length), (top, y))
    sheet.lay(rows)
    return sheet


def _plot(form: SheetSize, said: bool, axis: Axis) -> tuple[float, float]:
    """Return where the plot begins, and how long it is: the numbers at the ends of the axis need room too."""
    if form.narrow:
        aside = max(18.0, *(width_of(axis.said(tick)) / 2 + 2 for tick in (axis.ticks[0], axis.ticks[-1])))
        return aside, form.width - 2 * aside
    return _LABEL, form.width - _LABEL - (_SAID if said else 24.0)


def _heading(sheet: Canvas, picture: Dots, begin: float) -> float:
    """Draw the names of the series, and what the numbers at the right are. Returns where rows may begin."""
    y = 16.0
    if len(picture.series) > 1:
        y = named_series(sheet, picture.series, 0.0 if sheet.form.narrow else begin - 8, y)
    if picture.said and not sheet.form.narrow:
        sheet.words(sheet.form.width, 16.0, picture.said, "soft", "end")
        y = max(y, 16.0 + LINE)
    elif picture.said:
        y = sheet.paragraph(0.0, y, picture.said, sheet.form.width, "soft")
    return y - 8 if y > 16.0 else 4.0


def _row(sheet: Canvas, row: DotRow, plot: tuple[Axis, float, float], y: float) -> float:
    """Draw a row from y on; return where the next one begins."""
    narrow, width = sheet.form.narrow, sheet.form.width
    spots = [(at, spot) for at, spot in enumerate(row.spots) if spot is not None]
    spread = _APART * max(0, len(spots) - 1)
    if narrow:
        beside = width_of(f"{row.said} {row.more}") if row.has_words else 0.0
        room = width - beside - 12 if beside < width * 0.55 else width
        below = sheet.paragraph(0.0, y + 14, row.name, room)
        if row.has_words and room < width:
            _said(sheet, row, y + 14)
        elif row.has_words:
            _said(sheet, row, below)
            below += LINE
        middle = below + 2 + spread / 2
    else:
        below = sheet.paragraph(0.0, y + 16, row.name, _LABEL - 24)
        high = max(below - y - 10, spread + 22)
        middle = y + high / 2
        if row.has_words:
            _said(sheet, row, middle + 5)
    for place, (at, spot) in enumerate(spots):
        _spot(sheet, at, spot, plot, middle - spread / 2 + place * _APART)
    return middle + spread / 2 + 20 if narrow else y + high + 16


def _said(sheet: Canvas, row: DotRow, y: float) -> None:
    sheet.pair(sheet.form.width, y, row.said, row.more)


def _spot(sheet: Canvas, series: int, spot: Spot, plot: tuple[Axis, float, float], y: float) -> None:
    axis, begin, length = plot
    if spot.low is not None and spot.high is not None:
        ends = (axis.at(spot.low, begin, length), y), (axis.at(spot.high, begin, length), y)
        sheet.line(f"whisker s{series % 4}", *ends)
    sheet.mark(series, axis.at(spot.value, begin, length), y, hollow=not spot.clear)


def _grid(sheet: Canvas, picture: Dots, plot: tuple[Axis, float, float], over: tuple[float, float]) -> None:
    axis, begin, length = plot
    top, bottom = over
    free = -100.0
    for tick in axis.ticks:
        x, half = axis.at(tick, begin, length), width_of(axis.said(tick)) / 2
        nought = picture.ends is not None and tick == 0
        sheet.line("nought" if nought else "grid", (x, top), (x, bottom))
        if x - half > free:
            sheet.words(x, bottom + LINE, axis.said(tick), "soft", "middle")
            free = x + half + 6
    y = bottom + 2 * LINE + 2
    if picture.ends is not None:
        y = _ends(sheet, picture.ends, plot, y)
    sheet.paragraph(begin + length / 2, y, picture.measure, length + 80, "soft", "middle")


def _ends(sheet: Canvas, ends: tuple[str, str], plot: tuple[Axis, float, float], y: float) -> float:
    """Write what lies on either side of nought. Returns the line below."""
    axis, begin, length = plot
    nought = axis.at(0.0, begin, length)
    left, right = ends
    # Either side may be too short for its words: they then stand at the ends of the axis, one below the other.
    if width_of(left) + 40 < nought and width_of(right) + 40 < sheet.form.width - nought:
        sheet.arrow(nought - 10, y, -1)
        sheet.words(nought - 34, y, left, "soft", "end")
        sheet.arrow(nought + 10, y, 1)
        sheet.words(nought + 34, y, right, "soft")
        return y + LINE
    first, last = begin - 14, begin + length + 14
    sheet.arrow(first + 18, y, -1)
    y = sheet.paragraph(first + 24, y, left, sheet.form.width - 30, "soft")
    sheet.arrow(last - 18, y, 1)
    return sheet.paragraph(last - 24, y, right, sheet.form.width - 30, "soft", "end")
