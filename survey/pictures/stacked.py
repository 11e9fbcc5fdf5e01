"""Answers in an order as bars beside each other that hang on their middle: how many lean to either side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from survey.pictures.canvas import LINE, Canvas, SheetSize
from survey.pictures.letters import lines_of, width_of
from survey.pictures.naming import named_steps

_LABEL: Final = 236.0
_HIGH: Final = 30.0
_LEAST: Final = 27.0
"""A bar that is narrower has no number in it."""

_LOOKS: Final = {
    2: ("d1", "d5"),
    3: ("d1", "d3", "d5"),
    4: ("d1", "d2", "d4", "d5"),
    5: ("d1", "d2", "d3", "d4", "d5"),
    6: ("d1", "d1", "d2", "d4", "d5", "d5"),
    7: ("d1", "d1", "d2", "d3", "d4", "d5", "d5"),
}

MOST_STEPS: Final = max(_LOOKS)


@dataclass(frozen=True)
class StackedRow:
    """A row: its name, the share (0 to 1) of each step with how it is said, and what stands at the right.

    shares: none where they are hidden; `note` then says so in their place.
    """

    name: str
    shares: tuple[float, ...]
    words: tuple[str, ...] = ()
    said: str = ""
    note: str = ""


@dataclass(frozen=True)
class Stacked:
    """A picture of answers in an order. steps: their names, from the lowest, two to seven; said: heads the right."""

    title: str
    about: str
    steps: tuple[str, ...]
    rows: tuple[StackedRow, ...]
    said: str = ""


def draw_stacked(picture: Stacked, form: SheetSize) -> Canvas:
    """Return the drawing. Raises KeyError for too many or too few steps."""
    looks = _LOOKS[len(picture.steps)]
    sheet = Canvas(form)
    y = named_steps(sheet, picture.steps, looks, (0.0, 16.0))
    if picture.said:
        sheet.words(form.width, y, picture.said, "soft", "end")
        y += LINE
    begin = 0.0 if form.narrow else _LABEL
    length = form.width - begin - (0.0 if form.narrow else 76.0)
    left = [_left(row.shares) for row in picture.rows if row.shares]
    right = [sum(row.shares) - _left(row.shares) for row in picture.rows if row.shares]
    per = length / ((max(left) + max(right)) if left else 1.0)
    middle = begin + (max(left) if left else 0.0) * per
    rows = Canvas(form)  # the line in the middle lies below what stands on it
    top = y - 8
    for row in picture.rows:
        y = _row(rows, row, looks, (middle, per), y)
    if left:
        sheet.line("middle", (middle, top), (middle, y - 4))
    sheet.lay(rows)
    return sheet


def _left(shares: Sequence[float]) -> float:
    """Return how much hangs to the left: the lower half of the steps, and half of the one in the middle."""
    half = len(shares) // 2
    return sum(shares[:half]) + (shares[half] / 2 if len(shares) % 2 else 0.0)


def _row(sheet: Canvas, row: StackedRow, looks: Sequence[str], scale: tuple[float, float], y: float) -> float:
    form = sheet.form
    if form.narrow:
        room = form.width - width_of(row.said) - 10
        below = sheet.paragraph(0.0, y + 8, row.name, room)
        sheet.words(form.width, y + 8, row.said, "soft", "end")
        top, end = below - 12, below - 12 + _HIGH + 16
    else:
        lines = len(lines_of(row.name, _LABEL - 20))
        high = max(lines * LINE, _HIGH)
        top = y + (high - _HIGH) / 2
        sheet.paragraph(0.0, y + high / 2 - (lines - 1) * LINE / 2 + 5, row.name, _LABEL - 20)
        sheet.words(form.width, top + 21, row.said, "soft", "end")
        end = y + high + 12
    _bars(sheet, row, looks, scale, top)
    return end


def _bars(sheet: Canvas, row: StackedRow, looks: Sequence[str], scale: tuple[float, float], y: float) -> None:
    middle, per = scale
    if not row.shares:
        sheet.words(0.0 if sheet.form.narrow else _LABEL, y + 21, row.note, "soft")
        return
    x = middle - _left(row.shares) * per
    for look, share, word in zip(looks, row.shares, row.words, strict=True):
        wide = share * per
        sheet.box(look, (x, y), wide, _HIGH)
        if wide >= _LEAST:
            sheet.words(x + wide / 2, y + 21, word, "on" if look in ("d1", "d5") else "off", "middle")
        x += wide
