"""Tables made to stop their reader. Each is made here, and small; what it does to a careless reader is said."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from functools import cache

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def xlsx(
    sheet: str | bytes,
    *,
    strings: str = "",
    styles: str = "",
    workbook: str = "",
    names: Iterable[tuple[str, str]] = (("Roster", "worksheets/sheet1.xml"),),
    more: Iterable[tuple[str, bytes]] = (),
) -> bytes:
    """Return a workbook with this XML as its sheet, beside what every workbook has."""
    names = list(names)
    sheets = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="s{n}"/>' for n, (name, _) in enumerate(names, 1))
    related = "".join(
        f'<Relationship Id="s{n}" Type="{RELATED}/worksheet" Target="{part}"/>' for n, (_, part) in enumerate(names, 1)
    )
    for kind, there in (("sharedStrings", strings), ("styles", styles)):
        related += f'<Relationship Id="{kind}" Type="{RELATED}/{kind}" Target="{kind}.xml"/>' if there else ""
    parts: list[tuple[str, str | bytes]] = [
        (
            "[Content_Types].xml",
            f'<Types xmlns="{TYPES}"><Override PartName="/xl/workbook.xml" ContentType="{BOOK}"/></Types>',
        ),
        (
            "xl/workbook.xml",
            f'<workbook xmlns="{NAMESPACE}" xmlns:r="{RELATED}"><sheets>{sheets}</sheets>{workbook}</workbook>',
        ),
        ("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>'),
        ("xl/worksheets/sheet1.xml", sheet),
    ]
    if strings:
        parts.append(("xl/sharedStrings.xml", f'<sst xmlns="{NAMESPACE}">{strings}</sst>'))
    if styles:
        parts.append(("xl/styles.xml", f'<styleSheet xmlns="{NAMESPACE}">{styles}</styleSheet>'))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, content in (*parts, *more):
            packed.writestr(name, content)
    return file.getvalue()


def sheet(rows: str, after: str = "") -> str:
    """Return the XML of a sheet with the XML of its rows."""
    return f'<worksheet xmlns="{NAMESPACE}"><sheetData>{rows}</sheetData>{after}</worksheet>'


def cell(text: str, place: str = "") -> str:
    """Return the XML of a cell with a text of its own."""
    at = f' r="{place}"' if place else ""
    return f'<c{at} t="inlineStr"><is><t>{text}</t></is></c>'


HEADER = f'<row r="1">{cell("participant")}{cell("school")}</row>'
ROWS = HEADER + f'<row r="2">{cell("p1")}{cell("s1")}</row>'

MARKS = "a" + "\u0301\u0327" * 20_000
"""Sorting these marks takes a second, and a cell of twice as many four times that."""


def merged_without_end() -> bytes:
    return xlsx(sheet(ROWS, "<mergeCell " * 300_000))


def merged_by_the_thousand() -> bytes:
    ranges = "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(1, 50_000))
    return xlsx(sheet(ROWS, f"<mergeCells>{ranges}</mergeCells>"))


def a_row_with_a_number_in_thousands_of_millions() -> bytes:
    return xlsx(sheet(HEADER + f'<row r="2000000000">{cell("p1")}{cell("s1")}</row>'))


def cells_in_the_last_column() -> bytes:
    return xlsx(sheet(HEADER + "".join(f'<row r="{n}">{cell("x", f"XFD{n}")}</row>' for n in range(2, 2_000))))


def one_long_text_in_every_cell() -> bytes:
    rows = "".join(f'<row r="{n}"><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>' for n in range(2, 20_000))
    return xlsx(sheet(HEADER + rows), strings=f"<si><t>{'x' * 32_000}</t></si>")


def shared_texts_by_the_hundred_thousand() -> bytes:
    return xlsx(sheet(ROWS), strings="<si/>" * 200_000)


def a_format_of_brackets() -> bytes:
    formats = f'<numFmts><numFmt numFmtId="200" formatCode="{"[" * 200_000}"/></numFmts>'
    return xlsx(sheet(ROWS), styles=f'{formats}<cellXfs><xf numFmtId="200"/></cellXfs>')


def styles_by_the_hundred_thousand() -> bytes:
    return xlsx(sheet(ROWS), styles=f"<cellXfs>{'<xf/>' * 100_000}</cellXfs>")


def names_by_the_hundred_thousand() -> bytes:
    return xlsx(sheet(ROWS), workbook=f"<definedNames>{'<definedName/>' * 100_000}</definedNames>")


def a_dimension_of_everything() -> bytes:
    rows = ROWS.replace("<row", '<row spans="1:16384"')
    return xlsx(
        f'<worksheet xmlns="{NAMESPACE}"><dimension ref="A1:XFD1048576"/><sheetData>{rows}</sheetData></worksheet>'
    )


def entities() -> bytes:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    declared = f'<!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>'
    return xlsx(
        f'{declared}<worksheet xmlns="{NAMESPACE}"><sheetData><row>{cell("&a8;")}</row></sheetData></worksheet>'
    )


def entities_in_utf_16() -> bytes:
    text = f'<!DOCTYPE x [<!ENTITY a "ha">]><worksheet xmlns="{NAMESPACE}"><sheetData/></worksheet>'
    return xlsx(text.encode("utf-16"))


def deeply_nested() -> bytes:
    return xlsx(sheet(ROWS, "<x>" * 200_000 + "</x>" * 200_000))


def other_names_for_elements() -> bytes:
    return xlsx(sheet(ROWS, "".join(f"<x{n}/>" for n in range(50_000))))


def a_number_of_many_digits() -> bytes:
    return xlsx(sheet(HEADER + f'<row r="2"><c><v>{"9" * 200_000}</v></c>{cell("s1")}</row>'))


def a_text_of_a_million_letters() -> bytes:
    return xlsx(sheet(HEADER + f'<row r="2">{cell("x" * 1_000_000)}{cell("s1")}</row>'))


def marks_in_a_workbook() -> bytes:
    return xlsx(sheet(HEADER + f'<row r="2">{cell(MARKS)}{cell("s1")}</row>'))


def one_sheet_under_many_names() -> bytes:
    return xlsx(sheet(ROWS), names=[(f"n{n}", "worksheets/sheet1.xml") for n in range(150)])


def sheets_by_the_thousand() -> bytes:
    names = [(f"n{n}", f"worksheets/sheet{n}.xml") for n in range(1, 1_500)]
    more = [(f"xl/{part}", sheet(ROWS).encode()) for _, part in names[1:]]
    return xlsx(sheet(ROWS), names=names, more=more)


def errors_of_every_sort() -> bytes:
    rows = "".join(f'<row r="{n}"><c t="e"><v>#E{n}!</v></c></row>' for n in range(2, 5_000))
    return xlsx(sheet(HEADER + rows))


def parts_by_the_thousand() -> bytes:
    """So many entries in the list of a zip, of which each takes half a kilobyte once it is read."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for n in range(20_000):
            packed.writestr(zipfile.ZipInfo(f"{n}"), b"")
    return file.getvalue()


def unpacks_to_more_than_is_read() -> bytes:
    return xlsx(b" " * (110 * 1024 * 1024))


def packed_in_another_way() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(sheet(ROWS)))) as one, zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as other:
        for name in one.namelist():
            other.writestr(name, one.read(name))
    return file.getvalue()


def columns_by_the_million() -> bytes:
    return b"participant,school\np1,s1" + b",a" * 4_000_000 + b"\n"


def marks() -> bytes:
    return "\n".join(["participant,school", *(f"{MARKS},s1" for _ in range(20))]).encode()


def marks_in_headers() -> bytes:
    return f"participant,school,{MARKS}\np1,s1,x\n".encode()


def one_cell_that_never_ends() -> bytes:
    return b'participant,school\np1,"' + b"x" * 9_000_000


def quotes_without_end() -> bytes:
    return b'"a""' * 500_000


def nothing_but_nul() -> bytes:
    return b"participant,school\n" + b"\0" * 2_000_000


def almost_an_address() -> bytes:
    """What looks like an e-mail address to its last letter, at which a search begins again one letter on."""
    return "\n".join(["participant,school", *(f"p{n},{'a' * 40_000}@" for n in range(40))]).encode()


def almost_a_name() -> bytes:
    """What is a name but for its last character: there are a thousand million ways to part it into words."""
    lines = (f"p{n},s1,Ab {'a' * 40}{n}" for n in range(20))
    return "\n".join(["participant,school,class", *lines]).encode()


def faults_in_every_row() -> bytes:
    lines = (f"no one{n},nowhere{n},maybe,what,when,how" for n in range(5_000))
    return "\n".join(["participant,school,decision,reason,date,by", *lines]).encode()


def headers_nobody_knows() -> bytes:
    return ",".join(["participant", *(f"participan{n}" for n in range(190))]).encode() + b"\np1\n"


def children_by_the_thousand() -> bytes:
    children = " ".join(f"p{n}" for n in range(7_000))
    rows = "\n".join(f"a{n},s1,parent,{children}" for n in range(100))
    return f"participant,school,audience,parent_of\n{rows}\n".encode()


@cache
def made(bomb: Callable[[], bytes]) -> bytes:
    """Return a bomb, made once for all the tests that send it: some take as long to make as to read."""
    return bomb()


EXCEL: tuple[Callable[[], bytes], ...] = (
    merged_without_end,
    merged_by_the_thousand,
    a_row_with_a_number_in_thousands_of_millions,
    cells_in_the_last_column,
    one_long_text_in_every_cell,
    shared_texts_by_the_hundred_thousand,
    a_format_of_brackets,
    styles_by_the_hundred_thousand,
    names_by_the_hundred_thousand,
    a_dimension_of_everything,
    entities,
    entities_in_utf_16,
    deeply_nested,
    other_names_for_elements,
    a_number_of_many_digits,
    a_text_of_a_million_letters,
    marks_in_a_workbook,
    one_sheet_under_many_names,
    sheets_by_the_thousand,
    errors_of_every_sort,
    parts_by_the_thousand,
    unpacks_to_more_than_is_read,
    packed_in_another_way,
)
CSV: tuple[Callable[[], bytes], ...] = (
    columns_by_the_million,
    marks,
    marks_in_headers,
    one_cell_that_never_ends,
    quotes_without_end,
    nothing_but_nul,
    almost_an_address,
    almost_a_name,
    faults_in_every_row,
    headers_nobody_knows,
    children_by_the_thousand,
)
