"""Our own drawings: faces, pictures, signs and QR codes, as SVG that stands in the page itself.

A drawing put into ``drawings/pictures/`` is a picture that authors may name.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

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


def qr_code(text: str) -> Markup:
    """Return a QR code as SVG to stand in a page: no file, no script, no style of its own."""
    import segno  # here, because most commands draw none

    drawn = io.BytesIO()
    segno.make(text, micro=False, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, nl=False, svgclass="qr", border=4, light="#fff"
    )
    return Markup(drawn.getvalue().decode())  # drawn by us, of squares only
