"""The zip of CSVs: as RFC 4180 has it, twice, with everything that explains them."""

from __future__ import annotations

import io

import pytest

from survey.export.study import Export
from tests.export.sample import FULL, NOW, Response, csv_rows, csv_zip, source

GIVEN = source(Response("r1", FULL), Response("r2", FULL | {"best": 'two\nlines, "quoted"'}))
FILES = [
    "pupil-labels.csv", "pupil-codes.csv", "pupil-scores.csv", "counts.csv", "fieldwork.csv", "scales.csv",
    "scale-items.csv", "items.csv", "findings.csv", "means.csv", "comments.csv", "codebook.csv", "value-labels.csv",
    "missing-codes.csv", "notes.csv",
]  # fmt: skip


def test_every_file_is_there_plain_and_for_excel() -> None:
    names = csv_zip(GIVEN).namelist()
    assert names[0] == "read-me.txt"
    assert sorted(names[1:]) == sorted(f"{folder}/{name}" for folder in ("csv", "csv-for-excel") for name in FILES)


@pytest.mark.parametrize("name", FILES)
def test_the_file_for_excel_is_the_plain_one_behind_a_byte_order_mark(name: str) -> None:
    archive = csv_zip(GIVEN)
    plain = archive.read(f"csv/{name}")
    assert not plain.startswith(b"\xef\xbb\xbf")
    assert archive.read(f"csv-for-excel/{name}") == b"\xef\xbb\xbf" + plain


def test_lines_end_in_cr_lf_and_line_ends_within_an_answer_stay() -> None:
    text = csv_zip(GIVEN).read("csv/pupil-codes.csv").decode()
    lines = text.split("\r\n")
    assert len(lines) == 4
    assert lines[3] == ""
    assert lines[2].endswith('"two\nlines, ""quoted"""')
    assert csv_rows(csv_zip(GIVEN), "csv/pupil-codes.csv")[1]["best"] == 'two\nlines, "quoted"'


def test_dates_and_times_are_iso() -> None:
    row = csv_rows(csv_zip(GIVEN), "csv/pupil-codes.csv")[0]
    assert (row["started"], row["since"]) == ("2025-09-20 10:00:00", "2024-02-29")


def test_the_read_me_names_every_file_and_says_what_this_is() -> None:
    text = csv_zip(GIVEN).read("read-me.txt").decode()
    assert "Study: sample\r\n" in text
    assert "Responses to pupil: 2\r\n" in text
    assert all(f"{name}: " in text for name in FILES)


def test_the_same_data_give_the_same_bytes() -> None:
    def made() -> bytes:
        out = io.BytesIO()
        Export(GIVEN, NOW).write("csv", out)
        return out.getvalue()

    assert made() == made()


def test_no_name_and_no_upn_is_in_any_file() -> None:
    archive = csv_zip(GIVEN)
    for name in archive.namelist():
        content = archive.read(name).decode()
        assert not any(secret in content for secret in ("Alice", "A123456789012", "Cecilia"))
