"""What a child types comes out as typed, or its replacement is on the notes. The file stays one that opens."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.export.text import LONGEST, for_csv, for_workbook, utf16_length
from tests.export.sample import FULL, Response, csv_rows, csv_zip, rows, source, told, workbook, workbook_bytes

AS_TYPED = [
    "=)",
    "=1+1",
    "=HYPERLINK(A1)",
    "+1",
    "-",
    "-9",
    "@home",
    "'quoted'",
    '"quoted", and more',
    "0123",
    "1.0",
    "2025-09-20",
    "TRUE",
    "#N/A",
    "<script>alert(1)</script>",
    "a < b & c > d; &amp; &#65;",
    "]]>",
    "../../etc/passwd",
    "line one\nline two\n\nline four",
    "\ttab\tstop ",
    "  spaces around  ",
    "مرحبا بالعالم",
    "مجھے موسیقی پسند ہے",
    "👨‍👩‍👧‍👦 👩🏽‍🎤 🏴󠁧󠁢󠁷󠁬󠁳󠁿",
    "e\u0301 is not é",
    "\u202eright to left\u202c",
    "_x0041_",
    "_x000B_ and _x005F_x0041_ and _x0041_x0042_",
    "_xyz_ _x00 41_",
    "\x7f\x85\xa0",
    "%s %d %% {0} {name}",
]

REPLACED = {
    "\x0b": "\ufffd",
    "a\x00b": "a\ufffdb",
    "\x01\x02 \x1f": "\ufffd\ufffd \ufffd",
    "half \ud83d of a pair": "half \ufffd of a pair",
    "\ude00\ud83d": "\ufffd\ufffd",
    "\ufffe and \uffff": "\ufffd and \ufffd",
}


def typed(text: str) -> Response:
    return Response("r1", FULL | {"best": text})


@pytest.mark.parametrize("text", AS_TYPED, ids=ascii)
def test_a_text_comes_out_of_the_workbook_as_typed(text: str) -> None:
    book = workbook(source(typed(text)))
    for title in ("Codes · pupil", "Labels · pupil"):
        (cell,) = (cell for cell in book[title][2] if book[title].cell(1, cell.column).value == "best")
        assert cell.value == text
        assert cell.data_type == "s"
    assert not told(rows(book, "Notes"))


@pytest.mark.parametrize("text", AS_TYPED, ids=ascii)
def test_a_text_comes_out_of_the_csv_as_typed(text: str) -> None:
    archive = csv_zip(source(typed(text)))
    for name in ("codes", "labels"):
        assert csv_rows(archive, f"csv/pupil-{name}.csv")[0]["best"] == text


@pytest.mark.parametrize("text", REPLACED, ids=ascii)
def test_what_a_workbook_cannot_hold_is_replaced_and_named(text: str) -> None:
    book = workbook(source(Response("r0", FULL), typed(text)))
    assert rows(book, "Codes · pupil")[1]["best"] == REPLACED[text]
    assert rows(book, "Labels · pupil")[1]["best"] == REPLACED[text]
    (note,) = told(rows(book, "Notes"))
    assert (note["row"], note["column"], note["response"]) == (3, "best", "r1")
    assert note["where"] == "Labels · pupil, Codes · pupil"
    for character in set(text) - set(REPLACED[text]):
        assert f"U+{ord(character):04X}" in note["what was done"]


def test_a_csv_replaces_only_what_utf_8_or_its_readers_cannot_hold() -> None:
    archive = csv_zip(source(typed("\x0b \x00 \ud83d \ufffe")))
    assert csv_rows(archive, "csv/pupil-codes.csv")[0]["best"] == "\x0b \ufffd \ufffd \ufffe"
    (note,) = told(csv_rows(archive, "csv/notes.csv"))
    assert note["what was done"] == "A CSV cannot hold U+0000, U+D83D (2 times); replaced by U+FFFD."


def test_a_carriage_return_stays() -> None:
    assert rows(workbook(source(typed("a\rb\r\nc"))), "Codes · pupil")[0]["best"] == "a\rb\r\nc"


@pytest.mark.parametrize(("character", "kept"), [("x", 32_767), ("😀", 16_383), ("é", 32_767)])
def test_a_long_text_is_cut_at_a_cells_end_and_whole_in_the_csv(character: str, kept: int) -> None:
    text = character * 40_000
    book = workbook(source(typed(text)))
    assert rows(book, "Codes · pupil")[0]["best"] == character * kept
    (note,) = told(rows(book, "Notes"))
    assert "32,767" in note["what was done"]
    assert "The CSV has all of it" in note["what was done"]
    assert csv_rows(csv_zip(source(typed(text))), "csv/pupil-codes.csv")[0]["best"] == text


def test_a_text_of_exactly_a_cells_length_is_whole() -> None:
    text = "x" * 32_767
    book = workbook(source(typed(text)))
    assert rows(book, "Codes · pupil")[0]["best"] == text
    assert not told(rows(book, "Notes"))


def test_own_words_and_roster_are_as_safe_as_answers() -> None:
    facts = {"sex": "=1+1", "joined": "\x0b", "fsm": "<&>"}
    given = source(Response("r1", FULL | {"instrument.other": "=\x0b"}, facts=facts))
    row = rows(workbook(given), "Codes · pupil")[0]
    assert row["instrument_other"] == "=\ufffd"
    assert (row["roster_sex"], row["roster_joined"], row["roster_fsm"]) == ("=1+1", "\ufffd", "<&>")


def test_wordings_titles_and_labels_are_as_safe_as_answers() -> None:
    from tests.export.sample import ONE

    pages = [{"page": "p", "questions": [
        {"question": "q", "kind": "choice", "ask": "=1+1 \x0b _x0041_",
         "options": [{"code": "1", "label": "=2"}, {"code": "2", "label": "\x01"}]}
    ]}]  # fmt: skip
    data = {key: value for key, value in ONE.items() if key not in ("pages", "scales", "options")} | {"pages": pages}
    book = workbook(source(Response("r1", {"q": 1}), Response("r2", {"q": 2}), of=[data], title="=3 \x02"))
    assert [row["q"] for row in rows(book, "Labels · pupil")] == ["=2", "\ufffd"]
    wording = {row["variable"]: row["wording"] for row in rows(book, "Codebook")}["q"]
    assert wording == "=1+1 \ufffd _x0041_"
    assert book["Read me"]["B3"].value == "=3 \ufffd"
    assert book["Read me"]["B3"].data_type == "s"


def test_the_parts_of_the_file_are_well_formed_and_hold_no_formula() -> None:
    answers = [FULL | {"best": text, "instrument.other": text} for text in [*AS_TYPED, *REPLACED, "y" * 70_000]]
    file = workbook_bytes(source(*[Response(f"r{n}", given) for n, given in enumerate(answers)]))
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            root = ElementTree.fromstring(archive.read(name))
            if name.startswith("xl/worksheets/sheet"):
                check_sheet(root)


MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def check_sheet(root: ElementTree.Element) -> None:
    """Rows and cells in order, each at its reference, each of a sort that can be, and no formula."""
    assert not list(root.iter(f"{MAIN}f"))
    for number, row in enumerate(root.iter(f"{MAIN}row"), start=1):
        assert row.get("r") == str(number)
        letters = [re.fullmatch(r"([A-Z]+)(\d+)", cell.get("r", "")) for cell in row]
        assert all(match is not None and match[2] == str(number) for match in letters)
        columns = [openpyxl.utils.column_index_from_string(match[1]) for match in letters if match]
        assert columns == sorted(set(columns))
        for cell in row:
            if cell.get("t") == "inlineStr":
                text = "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
                assert utf16_length(text) <= LONGEST
                runs = [part.text or "" for part in cell.iter(f"{MAIN}t")]
                assert not any(re.search("_x[0-9A-Fa-f]{4}_", run) for run in runs)
            else:
                assert cell.get("t") in (None, "n")
                assert all(child.tag == f"{MAIN}v" and float(child.text or "") is not None for child in cell)


ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_a_workbook_can_hold_what_is_made_of_it(text: str) -> None:
    made, said = for_workbook(text)
    assert (made == text) == (said is None)
    assert len(made) == len(text)
    assert all(old == new or new == "\ufffd" for old, new in zip(text, made, strict=True))
    ElementTree.fromstring(f"<t>{made.replace('&', '&amp;').replace('<', '&lt;')}</t>".encode())


@given(st.lists(ANY_TEXT, min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_whatever_is_typed_a_csv_gives_back(texts: list[str]) -> None:
    made = [for_csv(text)[0] for text in texts]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([*made, "end"])
    assert next(csv.reader(io.StringIO(out.getvalue().encode().decode(), newline=""))) == [*made, "end"]


@given(st.lists(ANY_TEXT, min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
@pytest.mark.slow
def test_whatever_is_typed_the_workbook_opens_and_has_it(texts: list[str]) -> None:
    given_texts = [Response(f"r{n}", FULL | {"best": text}) for n, text in enumerate(texts)]
    found = [row["best"] for row in rows(workbook(source(*given_texts)), "Codes · pupil")]
    assert found == [for_workbook(text)[0] or None for text in texts]
