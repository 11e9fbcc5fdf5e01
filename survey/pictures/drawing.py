"""A picture drawn: for a page, in the two widths that it needs, or as a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from survey.pictures.canvas import LINE, PHONE, WIDE, Canvas, SheetSize
from survey.pictures.dots import Dots, draw_dots
from survey.pictures.letters import lines_of
from survey.pictures.lines import OverDays, OverWaves, WithBand, draw_over_days, draw_over_waves, draw_with_band
from survey.pictures.stacked import Stacked, draw_stacked

Picture = Dots | Stacked | OverWaves | OverDays | WithBand


@dataclass(frozen=True)
class Drawn:
    """A picture for wide pages and for phones; the style sheet shows one of them."""

    wide: str
    phone: str


def drawn(picture: Picture, key: str) -> Drawn:
    """Return a picture for a page. key: its own there, for ids: letters, digits and dashes."""
    wide, phone = (
        _canvas(picture, form).svg(picture.title, picture.about, f"{key}-{name}")
        for form, name in ((WIDE, "w"), (PHONE, "p"))
    )
    return Drawn(wide, phone)


def on_its_own(picture: Picture, style: str, source: str) -> str:
    """Return a picture as a file: with its title above it, its source below, on white, and its style sheet in it."""
    inside = _canvas(picture, WIDE)
    sheet = Canvas(WIDE)
    lines = lines_of(picture.title, WIDE.width * 0.86)
    for at, line in enumerate(lines):
        sheet.words(0.0, 20 + at * (LINE + 4), line, "head")
    sheet.lower(inside, 12 + len(lines) * (LINE + 4))
    sheet.paragraph(0.0, sheet.height + LINE + 4, source, WIDE.width, "soft")
    svg = sheet.svg(picture.title, picture.about, "picture")
    begin = svg.index(">") + 1
    paper = '<rect x="-20" y="-20" width="100%" height="100%" fill="#fff"/>'
    wider = _with_margin(svg[:begin], sheet.height + 4)
    return f"{wider}<style>{escape(style)}</style>{paper}{svg[begin:]}"


def _with_margin(head: str, height: float) -> str:
    """Return the head of a picture with a margin of 20 on every side."""
    width, high = WIDE.width + 40, height + 40
    start = head.index("viewBox=")
    end = head.index(" role=")
    return f'{head[:start]}viewBox="-20 -20 {width:.0f} {high:.0f}" width="{width:.0f}" height="{high:.0f}"{head[end:]}'


def _canvas(picture: Picture, form: SheetSize) -> Canvas:
    if isinstance(picture, Dots):
        return draw_dots(picture, form)
    if isinstance(picture, Stacked):
        return draw_stacked(picture, form)
    if isinstance(picture, OverWaves):
        return draw_over_waves(picture, form)
    if isinstance(picture, OverDays):
        return draw_over_days(picture, form)
    return draw_with_band(picture, form)
