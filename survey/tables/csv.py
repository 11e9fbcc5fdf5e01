"""CSV, in every spelling that spreadsheet programs write: delimiters, line ends, encodings."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from survey.tables.cells import UNREAD, Clean, FaultRead, Read, RowRead, SheetRead, UnfitText
from survey.tables.limits import MOST_FAULTS, Refusal
from survey.tables.size import Size


def read_csv(data: bytes, clean: Clean, most_columns: int) -> Iterator[Read]:
    """Yield the one sheet of a CSV file. Raises Refusal when it is no CSV, or too large."""
    text = _decoded(data)
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise Refusal(
            f"There is a NUL character in line {row}, so the file is damaged or is not a text file. Please save it "
            "as CSV again."
        )
    delimiter, text = _delimiter(text)
    yield SheetRead("")
    size = Size("The file", most_columns)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = faults = 0
    try:
        for number, line in enumerate(reader, start=1):
            read, unfit = _row(number, line, clean, most_columns)
            faults += len(unfit)
            yield from unfit[: max(0, MOST_FAULTS - faults + len(unfit))]
            if read is not None:
                size.add(read)
                yield read
    except csv.Error as error:
        raise Refusal(_fault(error, number + 1)) from error
    if faults > MOST_FAULTS:
        yield FaultRead(0, 0, f"{faults - MOST_FAULTS:,} more cells cannot be read.")


def _row(number: int, line: list[str], clean: Clean, most: int) -> tuple[RowRead | None, list[FaultRead]]:
    """Return a line as a row, None when it is blank. Of a line of millions of cells only the first are worked on."""
    unfit: list[FaultRead] = []
    kinds: dict[int, str] = {}
    texts: list[str] = []
    beyond = line[most:]
    for at, said in enumerate(line[:most]):
        try:
            texts.append(clean(said))
        except UnfitText as fault:
            texts.append("")
            kinds[at] = UNREAD
            unfit.append(FaultRead(number, at + 1, str(fault)))
    # That there is one cell too many is all that has to be known of the others.
    texts += ["…"] if any(map(str.strip, beyond)) else []
    while texts and not texts[-1] and len(texts) - 1 not in kinds:
        texts.pop()
    return (RowRead(number, texts, kinds) if texts else None), unfit


def _fault(error: csv.Error, row: int) -> str:
    what = str(error)
    if "unexpected end" in what:
        return (
            f'In row {row} a quotation mark (") is opened and never closed. Please close it, or save the file as .xlsx.'
        )
    if "expected after" in what:
        return f'In row {row} something follows a closing quotation mark ("). Please write a " inside a text twice.'
    return f"Row {row} cannot be read: a cell is too long, or the file is not a CSV. Please save it as .xlsx."


def _decoded(data: bytes) -> str:
    """Return the text, by its mark, else as UTF-8 if it is, else as what Excel on Windows writes."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return _strictly(data[len(mark) :], encoding)
    if len(data) >= 4 and len(data) % 2 == 0:
        head = data[:4000]
        # Text in our letters as UTF-16: every second byte is zero.
        if head[1::2].count(0) > len(head) * 0.4:
            return _strictly(data, "utf-16-le")
        if head[0::2].count(0) > len(head) * 0.4:
            return _strictly(data, "utf-16-be")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
    # What is two bytes in UTF-8 would come out as two odd letters: no one writes those on purpose.
    if re.search(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}", data):
        raise Refusal(
            f"The file mixes two encodings; the first character that is not UTF-8 is in row {row}. "
            "Please save it again as “CSV UTF-8” or as .xlsx."
        )
    return _strictly(data, "cp1252")


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise Refusal(
            f"The characters in the file cannot be read (row {row}). Please save it as “CSV UTF-8” or as .xlsx."
        ) from error


_BEGINNING: Final = 100_000
"""Characters in which the first line with a delimiter is looked for."""


def _delimiter(text: str) -> tuple[str, str]:
    """Return what parts the cells, and the text without a line 'sep=;', which spreadsheet programs hide, too."""
    told = re.match(r"sep=([,;\t|])\r?\n", text, re.I)
    if told:
        return told.group(1), text[told.end() :]
    for line in io.StringIO(text[:_BEGINNING]):
        pieces = line.split('"')
        # Every second piece stands in quotes; after one that is never closed, the last does not.
        outside = "".join(pieces[::2] if len(pieces) % 2 else [*pieces[::2], pieces[-1]])
        counts = {delimiter: outside.count(delimiter) for delimiter in ",;\t|"}
        # The headers decide, for numbers may have a decimal comma.
        if any(counts.values()):
            return max(counts, key=lambda delimiter: counts[delimiter]), text
    return ",", text
