"""Files that people download: one way to send them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import IO, Final

from flask import Response, send_file

from survey.export.lists import FORMS, ListForm, write_list

_KINDS: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
    "svg": "image/svg+xml",
    "png": "image/png",
}


def send(file: IO[bytes] | bytes, name: str, media_type: str | None = None) -> Response:
    """Send a file to be kept under a name, whose ending says what kind of file it is where `media_type` does not.

    The file is sent from its beginning, and closed once its last byte has been sent.
    """
    opened = io.BytesIO(file) if isinstance(file, bytes) else file
    length = opened.seek(0, io.SEEK_END)
    opened.seek(0)
    kind = media_type or _KINDS[name.rpartition(".")[2]]
    reply = send_file(opened, mimetype=kind, as_attachment=True, download_name=name, max_age=None, etag=False)
    reply.content_length = length
    return reply


def send_list(
    columns: Sequence[str], rows: Iterable[Sequence[str | int]], title: str, name: str, form: ListForm
) -> Response:
    """Send a list as CSV or a workbook, as write_list makes them. name: without its ending."""
    file = io.BytesIO()
    write_list(columns, rows, title, form, file)
    return send(file, f"{name}.{form}")


def send_both(columns: Sequence[str], rows: Sequence[Sequence[str | int]], title: str, name: str) -> Response:
    """Send a list once as a workbook and once as CSV, in one zip: for what can be made and sent only once.

    name: of the zip and of the two files in it, without an ending.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as together:
        for form in FORMS:
            with together.open(f"{name}.{form}", "w") as part:
                write_list(columns, rows, title, form, part)
    return send(file, f"{name}.zip")


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table as CSV. The mark at its beginning tells spreadsheets that it is UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
