"""Our own drawings: faces, pictures and signs, as SVG that stands in the page itself.

A drawing put into ``drawings/pictures/`` is a picture that authors may name.
"""

from __future__ import annotations

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
