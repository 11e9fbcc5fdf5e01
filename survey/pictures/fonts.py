"""The pages' fonts as programs read them that know no fonts of the web: WOFF, taken apart and put together again.

Source
    W3C (2012). WOFF File Format 1.0: a header, a directory, and each table compressed by itself.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

_HEADER: Final = struct.Struct(">4sIIHH")
_TABLES: Final = 44
"""Where the directory of a WOFF begins."""


def opened(woff: bytes) -> bytes:
    """Return the font that is in a WOFF. Raises ValueError for a file that is none."""
    try:
        mark, flavour, _, number, _ = _HEADER.unpack_from(woff)
        if mark != b"wOFF" or not number:
            raise ValueError("this file is not a WOFF")
        tables = [struct.unpack_from(">4sIIII", woff, _TABLES + 20 * at) for at in range(number)]
        return _put_together(flavour, [(tag, check, _table(woff, *place)) for tag, *place, check in tables])
    except (struct.error, zlib.error) as fault:
        raise ValueError("this file is not a whole WOFF") from fault


def _table(woff: bytes, begin: int, packed: int, length: int) -> bytes:
    held = woff[begin : begin + packed]
    table = zlib.decompress(held) if packed < length else held
    if len(table) != length:
        raise ValueError("this file is not a whole WOFF")
    return table


def _put_together(flavour: int, tables: list[tuple[bytes, int, bytes]]) -> bytes:
    """Return a font of tables: its directory says where each is, in a form made for looking them up by halves."""
    power = len(tables).bit_length() - 1
    span = 16 * 2**power
    head = struct.pack(">IHHHH", flavour, len(tables), span, power, 16 * len(tables) - span)
    begin = len(head) + 16 * len(tables)
    directory, body = b"", b""
    for tag, check, table in tables:
        directory += struct.pack(">4sIII", tag, check, begin + len(body), len(table))
        body += table + bytes(-len(table) % 4)
    return head + directory + body
