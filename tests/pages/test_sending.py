"""Downloads: one function sends them all, whole, under a name that says what they are."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask import Flask

from survey.pages import sending
from survey.pages.sending import csv_of, send, send_list

ROOM = Path(sending.__file__).parent


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("list.csv", "text/csv"),
        ("data.2026.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("data.zip", "application/zip"),
    ],
)
def test_a_file_is_sent_whole_from_its_beginning(app: Flask, name: str, kind: str) -> None:
    file = io.BytesIO(b"all of it")
    file.seek(4)
    with app.test_request_context():
        reply = send(file, name)
    assert (reply.mimetype, reply.content_length) == (kind, 9)
    assert reply.headers["Content-Disposition"] == f"attachment; filename={name}"
    reply.direct_passthrough = False
    assert reply.get_data() == b"all of it"


def test_a_table_is_utf_8_that_spreadsheets_know_as_such() -> None:
    assert csv_of(["where"], [["Füchse"]]) == b"\xef\xbb\xbfwhere\r\nF\xc3\xbcchse\r\n"


def test_a_list_gets_the_ending_of_what_it_is(app: Flask) -> None:
    with app.test_request_context():
        reply = send_list(["code"], [["p1"]], "Codes", "study-codes", "csv")
    assert reply.headers["Content-Disposition"] == "attachment; filename=study-codes.csv"


def test_no_page_sends_a_download_of_its_own() -> None:
    own = {
        str(module.relative_to(ROOM))
        for module in ROOM.rglob("*.py")
        if re.search(r"send_file|as_attachment|Content-Disposition", module.read_text("utf-8"))
    }
    assert own == {"sending.py"}
