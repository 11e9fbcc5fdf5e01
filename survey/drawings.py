"""Our own drawings: faces, pictures, signs and QR codes, as SVG that stands in the page itself.

A drawing put into ``drawings/pictures/`` is a picture that authors may name.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Literal

from markupsafe import Markup

_FOLDER = Path(__file__).parent / "drawings"

PICTURES = frozenset(path.stem for path in (_FOLDER / "pictures").glob("*.svg"))
"""Names an author may give as a picture."""


@cache
def drawing(name: str, css_class: str = "pic") -> Markup:
    """Return a drawing as inline SVG, hidden from screen readers. Raises FileNotFoundError for an unknown name."""
    text = (_FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    return Markup(text.replace("<svg ", f'<svg class="{css_class}" aria-hidden="true" focusable="false" ', 1).strip())


@cache
def face(name: str) -> Markup:
    """Return a face (feel-1 to feel-5, enjoy-1 to enjoy-5) as inline SVG."""
    return drawing(f"faces/{name}")


@cache
def degree(sign: Literal["jar", "beads"], level: int, top: int) -> Markup:
    """Return a sign that says how much or how often: a jar that is filled, or beads on a string. Level 0 to `top`.

    It has one colour, that of the text around it, and neither praises nor warns: least and most are the same jar.
    """
    return _jar(level / top) if sign == "jar" else _beads(level, top)


def _jar(full: float) -> Markup:
    surface = 51 - 29 * full
    inside = f'<path d="M8 {surface:g}H40V45q0 6-6 6H14q-6 0-6-6Z" fill="currentColor"/>' if full else ""
    glass = "M15 11v4q-8 3-8 10v20q0 8 8 8h18q8 0 8-8V25q0-7-8-10v-4"
    return _sign(
        "0 0 48 56",
        f'{inside}<g fill="none" stroke="currentColor" stroke-width="3" stroke-linejoin="round" stroke-linecap="round">'
        f'<path d="{glass}"/><rect x="11" y="3" width="26" height="8" rx="3"/></g>',
    )


def _beads(level: int, top: int) -> Markup:
    wide = 26 * top + 6
    beads = "".join(
        f'<circle cx="{26 * n + 16}" cy="16" r="10" class="{"full" if n < level else "empty"}"/>' for n in range(top)
    )
    string = f'<path d="M1 16H{wide - 1}"/>'
    return _sign(f"0 0 {wide} 32", f'<g stroke="currentColor" stroke-width="3">{string}{beads}</g>', "flip")


def _sign(box: str, inside: str, more: str = "") -> Markup:
    css = f"pic degree {more}".strip()
    return Markup(f'<svg class="{css}" viewBox="{box}" aria-hidden="true" focusable="false">{inside}</svg>')


def qr_code(text: str) -> Markup:
    """Return a QR code as SVG to stand in a page: no file, no script, no style of its own."""
    import segno  # here, because most commands draw none

    drawn = io.BytesIO()
    segno.make(text, micro=False, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, nl=False, svgclass="qr", border=4, light="#fff"
    )
    return Markup(drawn.getvalue().decode())  # drawn by us, of squares only
