"""What sort of file it is, and what its cells say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from survey.tables.cells import Read, as_it_stands, tidied
from survey.tables.csv import read_csv
from survey.tables.limits import SAVE_AS, Refusal


def read(data: bytes, name: str, *, verbatim: bool, most_columns: int) -> Iterator[Read]:
    """Yield the sheets of a CSV or Excel (.xlsx) file, each followed by its rows and what could not be read in it.

    name: the file's name, for messages. What the file is, its content says. verbatim: leave texts as they stand, blanks
    around them and all. Raises Refusal when the file is no table, damaged, protected or too large.
    """
    _refuse_other_kinds(data, name)
    clean = as_it_stands if verbatim else tidied
    if not data.startswith(b"PK"):
        return read_csv(data, clean, most_columns)
    # Its modules take as long to load as all the others.
    from survey.tables.excel import read_workbook

    return read_workbook(data, clean, most_columns)


def _refuse_other_kinds(data: bytes, name: str) -> None:
    """Raise Refusal for files that are no table but often sent as one, whatever their name says."""
    head = data[:4096].lstrip()
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Refusal("The workbook has a password. Please save it without one and choose it again.")
        raise Refusal(f"This is an old Excel file (.xls). {SAVE_AS}")
    if head.startswith(b"%PDF"):
        raise Refusal("This is a PDF, whatever its name says. Please choose the table itself, as .xlsx or CSV.")
    if head.startswith(b"{\\rtf"):
        raise Refusal("This is a text document (RTF). Please save the table as .xlsx or CSV.")
    if re.match(rb"<(?:!doctype|html|table|\?xml)", head, re.I):
        raise Refusal(f"This is a web page or XML, whatever its name says. {SAVE_AS}")
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        raise Refusal("This is a picture. Please choose the table itself, as .xlsx or CSV.")
    if name.lower().endswith((".xlsx", ".xlsm")) and not data.startswith(b"PK"):
        raise Refusal(f"The name ends like an Excel workbook, but the file is not one; it may be damaged. {SAVE_AS}")
