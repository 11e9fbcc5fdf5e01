"""Files that people download: one way to send them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import IO, Final

from flask import Response, send_file

_KINDS: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


def send(file: IO[bytes] | bytes, name: str) -> Response:
    """Send a file to be kept under a name, whose ending says what kind of file it is.

    The file is sent from its beginning, and closed once its last byte has been sent.
    """
    opened = io.BytesIO(file) if isinstance(file, bytes) else file
    length = opened.seek(0, io.SEEK_END)
    opened.seek(0)
    kind = _KINDS[name.rpartition(".")[2]]
    reply = send_file(opened, mimetype=kind, as_attachment=True, download_name=name, max_age=None, etag=False)
    reply.content_length = length
    return reply


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table as CSV. The mark at its beginning tells spreadsheets that it is UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
