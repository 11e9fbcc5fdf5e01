"""A sheet on which a picture is drawn: shapes and words with classes, whose looks one style sheet has.

No shape has a style of its own, so that the pages' security policy can stay strict; the file that is downloaded brings
the style sheet with it. Numbers are rounded to a tenth: no eye sees less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

from survey.pictures.letters import lines_of

Anchor = Literal["start", "middle", "end"]

LINE: Final = 20.0
"""From one line of words to the next."""

MARKS: Final = 4
"""So many series can be told apart by shape, also in grey."""


@dataclass(frozen=True)
class SheetSize:
    """How wide a picture is, and whether names stand above what they name, as on a phone, or beside it."""

    width: float
    narrow: bool


WIDE: Final = SheetSize(760.0, narrow=False)
PHONE: Final = SheetSize(340.0, narrow=True)


class Canvas:
    """Shapes in the order in which they were drawn; `height` grows with what is put on it."""

    def __init__(self, form: SheetSize) -> None:
        self.form = form
        self.height = 0.0
        self._parts: list[str] = []

    def reach(self, y: float) -> None:
        """Make the sheet at least so high."""
        self.height = max(self.height, y)

    def words(self, x: float, y: float, text: str, look: str = "", anchor: Anchor = "start") -> None:
        """Write one line of words; y is the line they stand on."""
        turned = "" if anchor == "start" else f' text-anchor="{anchor}"'
        named = f' class="{look}"' if look else ""
        self._parts.append(f'<text x="{_number(x)}" y="{_number(y)}"{named}{turned}>{escape(text)}</text>')
        self.reach(y + 6)

    def paragraph(self, x: float, y: float, text: str, width: float, look: str = "", anchor: Anchor = "start") -> float:
        """Write words over as many lines as they need; y is the first one. Returns the line below the last."""
        for line in lines_of(text, width):
            self.words(x, y, line, look, anchor)
            y += LINE
        return y

    def pair(self, x: float, y: float, bold: str, more: str) -> None:
        """Write something important and what follows it on one line, which ends at x."""
        rest = f'<tspan class="soft"> {escape(more)}</tspan>' if more else ""
        said = f'<tspan class="bold">{escape(bold)}</tspan>{rest}'
        self._parts.append(f'<text x="{_number(x)}" y="{_number(y)}" text-anchor="end">{said}</text>')
        self.reach(y + 6)

    def lead(self, x: float, y: float, bold: str, more: str) -> None:
        """Write something important and what follows it on one line, which begins at x."""
        said = f'<tspan class="bold">{escape(bold)}</tspan><tspan class="soft"> {escape(more)}</tspan>'
        self._parts.append(f'<text x="{_number(x)}" y="{_number(y)}">{said}</text>')
        self.reach(y + 6)

    def lower(self, other: Canvas, by: float) -> None:
        """Lay what was drawn on another sheet over this one, so much lower."""
        self._parts.append(f'<g transform="translate(0 {_number(by)})">{"".join(other._parts)}</g>')
        self.reach(other.height + by)

    def lay(self, other: Canvas) -> None:
        """Lay what was drawn on another sheet over this one."""
        self._parts += other._parts
        self.reach(other.height)

    def line(self, look: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw a straight line."""
        (x1, y1), (x2, y2) = start, end
        ends = f'x1="{_number(x1)}" y1="{_number(y1)}" x2="{_number(x2)}" y2="{_number(y2)}"'
        self._parts.append(f'<line class="{look}" {ends}/>')
        self.reach(max(y1, y2))

    def box(self, look: str, corner: tuple[float, float], width: float, height: float) -> None:
        """Draw a rectangle from its corner at the top."""
        x, y = corner
        size = f'width="{_number(width)}" height="{_number(height)}"'
        self._parts.append(f'<rect class="{look}" x="{_number(x)}" y="{_number(y)}" {size}/>')
        self.reach(y + height)

    def path(self, look: str, points: list[tuple[float, float]], *, closed: bool = False) -> None:
        """Draw a line through points, or the area within them."""
        steps = "L".join(f"{_number(x)} {_number(y)}" for x, y in points)
        self._parts.append(f'<path class="{look}" d="M{steps}{"Z" if closed else ""}"/>')
        self.reach(max(y for _, y in points))

    def mark(self, series: int, x: float, y: float, *, size: float = 7.0, hollow: bool = False) -> None:
        """Draw the mark of a series: a disc, a square, a triangle or a diamond. hollow: nothing clear."""
        look = f"mark s{series % MARKS}{' hollow' if hollow else ''}"
        if series % MARKS == 0:
            self._parts.append(f'<circle class="{look}" cx="{_number(x)}" cy="{_number(y)}" r="{_number(size)}"/>')
            self.reach(y + size)
        elif series % MARKS == 1:
            side = size * 0.88
            self.box(look, (x - side, y - side), 2 * side, 2 * side)
        else:
            far = size * 1.15
            corners = [(x, y - far), (x + far, y + far * 0.8), (x - far, y + far * 0.8)]
            diamond = [(x, y - far), (x + far, y), (x, y + far), (x - far, y)]
            self.path(look, corners if series % MARKS == 2 else diamond, closed=True)

    def arrow(self, x: float, y: float, way: int) -> None:
        """Draw an arrow beside words on the line y: from x to the left (-1) or the right (1). Fonts may lack it."""
        end, middle = x + 18 * way, y - 5.5
        self.line("arrow", (x, middle), (end, middle))
        self.path("arrow", [(end - 6 * way, middle - 5), (end, middle), (end - 6 * way, middle + 5)])

    def svg(self, title: str, about: str, key: str) -> str:
        """Return the picture. key: makes the ids of its title and description its own on a page."""
        width, height = _number(self.form.width), _number(self.height + 4)
        named = f'role="img" aria-labelledby={quoteattr(f"{key}-t {key}-d")}'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="picture {"narrow" if self.form.narrow else "wide"}" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" {named}>'
        )
        told = f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(about)}</desc>'
        return f"{head}{told}{''.join(self._parts)}</svg>"


def _number(value: float) -> str:
    said = f"{value:.1f}"
    return said[:-2] if said.endswith(".0") else said
