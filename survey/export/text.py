"""What the file formats can hold of a text. A text goes out as typed; what cannot is replaced or cut, and told."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 32_767
"""UTF-16 code units in a cell of a workbook."""

REPLACEMENT: Final = "\ufffd"

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_CSV: Final = re.compile("[\x00\ud800-\udfff]")
# A workbook's reader takes _x0041_ for an A. Typed by a person it is six characters and a letter.
_LOOKS_ESCAPED: Final = re.compile("_x(?=[0-9A-Fa-f]{4}_)")
_TO_ESCAPE: Final = re.compile("[&<>\r]")
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def for_workbook(text: str) -> tuple[str, str | None]:
    """Return a text as a workbook can hold it, and a sentence about what was done to it (None: nothing)."""
    if not _NOT_IN_XML.search(text) and len(text) * 2 <= LONGEST:
        return text, None
    said = []
    found = _NOT_IN_XML.findall(text)
    if found:
        text = _NOT_IN_XML.sub(REPLACEMENT, text)
        said.append(f"A workbook cannot hold {_names(found)}; replaced by U+FFFD.")
    length = utf16_length(text)
    if length > LONGEST:
        text = _cut(text)
        said.append(
            f"The text has {length:,} characters and a cell holds {LONGEST:,}: it was cut here. The CSV has all of it."
        )
    return text, " ".join(said) or None


def for_csv(text: str) -> tuple[str, str | None]:
    """Return a text as a CSV in UTF-8 can hold it, and a sentence about what was done to it (None: nothing)."""
    found = _NOT_IN_CSV.findall(text)
    if not found:
        return text, None
    return _NOT_IN_CSV.sub(REPLACEMENT, text), f"A CSV cannot hold {_names(found)}; replaced by U+FFFD."


def utf16_length(text: str) -> int:
    """Return the length as a spreadsheet counts it: a character beyond U+FFFF counts twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")[: LONGEST * 2]
    # Half of a pair at the cut is left out.
    return units.decode("utf-16-le", "ignore")


def _names(found: list[str]) -> str:
    distinct = sorted(set(found))
    named = ", ".join(f"U+{ord(character):04X}" for character in distinct[:5])
    more = f" and {len(distinct) - 5} others" if len(distinct) > 5 else ""
    times = f" ({len(found)} times)" if len(found) > 1 else ""
    return f"{named}{more}{times}"


def string_xml(text: str) -> str:
    """Return the inside of an inline string of a workbook: a text that :func:`for_workbook` has let through.

    What looks like one of the format's escapes is cut into two runs, so that no reader, strict or not, takes it
    for one.
    """
    if "_x" in text and _LOOKS_ESCAPED.search(text):
        at = [match.start() + 1 for match in _LOOKS_ESCAPED.finditer(text)]
        runs = [text[i:j] for i, j in zip([0, *at], [*at, len(text)], strict=True)]
        return "".join(f'<r><t xml:space="preserve">{_escaped(run)}</t></r>' for run in runs)
    return f'<t xml:space="preserve">{_escaped(text)}</t>'


def _escaped(text: str) -> str:
    return _TO_ESCAPE.sub(lambda match: _ESCAPES[match[0]], text)
