"""A picture as PNG, for documents that take no SVG: twice as many dots as it is wide, so that it is sharp in print."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from survey import private
from survey.pictures.fonts import opened

_TIMES: Final = 2.0

FAMILY: Final = "Atkinson Hyperlegible Next"


class NoFonts(Exception):
    """There are no fonts to write with; the message says what to do."""


def png_of(svg: str, fonts: Path) -> bytes:
    """Return a picture that has its style in it as PNG. fonts: the folder of the pages' fonts.

    Letters that those do not have come from the fonts of the machine. Raises NoFonts.
    """
    # Half a megabyte of program, which no other page needs.
    import resvg_py

    files = sorted(fonts.glob("atkinson-*.woff"))
    if not files:
        raise NoFonts(
            "The fonts for pictures are missing on this server, so there is no PNG. Please download the SVG, or ask "
            "your IT support to run “make fonts”."
        )
    made = resvg_py.svg_to_bytes(
        svg_string=svg.replace('"Atkinson Web"', f'"{FAMILY}"'),
        zoom=_TIMES,
        background="#ffffff",
        font_files=[str(file) for file in _unpacked(tuple(files))],
        font_family=FAMILY,
    )
    return bytes(made)


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder of this process, which goes with it."""
    return tempfile.TemporaryDirectory(prefix="chorus-fonts-")


@lru_cache(maxsize=2)
def _unpacked(files: Sequence[Path]) -> list[Path]:
    found = []
    for file in files:
        place = Path(_folder().name) / f"{file.stem}.ttf"
        private.write(place, opened(file.read_bytes()))
        found.append(place)
    return found
