"""Small sheets as they are shown: number formats over whole numbers, widths, long texts in several lines, and charts."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import coordinate_to_tuple

from survey.export.charts import ChartSeries, SheetChart, height_of
from survey.export.contents import PERCENT, TWO_DECIMALS, WRAPPED, SmallSheet, fitting
from survey.export.drawn import places
from survey.export.workbook import WorkbookFile

HEADER = ("outcome", "g", "low", "high", "never", "often", "remarks")
REMARK = "The interval holds nought, so that the study cannot tell in which direction the difference goes. "
ROWS: list[tuple[Any, ...]] = [
    ("Attitude", 0.123456789, -0.1, 0.35, 0.25, 0.75, REMARK * 3),
    ("Singing", -0.2, -0.5, 0.1, 0.123456, 0.876544, "Short."),
    ("Hidden", None, None, None, None, None, ""),
]
LOOKS = {"g": TWO_DECIMALS, "never": PERCENT, "often": PERCENT, "remarks": WRAPPED}
ALL = range(3)


def chart(kind: Any = "bars", *series: ChartSeries, **how: Any) -> SheetChart:
    return SheetChart(kind, f"All {kind}", "outcome", series or (ChartSeries("g", ALL),), **how)


def sheet(*charts: SheetChart, title: str = "It's all") -> SmallSheet:
    return SmallSheet(title, "For a test", HEADER, ROWS, looks=LOOKS, charts=charts)


def file_of(*sheets: SmallSheet) -> bytes:
    file, out = WorkbookFile("Test", "en", datetime(2026, 7, 1, tzinfo=UTC)), io.BytesIO()
    try:
        for one in sheets:
            file.sheet(one)
        file.save([("What", "value")], [(one.title, one.about) for one in sheets], out)
    finally:
        file.close()
    return out.getvalue()


def opened(*sheets: SmallSheet) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(file_of(*sheets)))


def drawings(*sheets: SmallSheet) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(file_of(*sheets))) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("xl/charts/chart"))
        return [archive.read(name).decode() for name in names]


def test_a_format_rounds_what_is_shown_and_not_what_is_there() -> None:
    page = opened(sheet())["It's all"]
    assert (page["B2"].value, page["B2"].number_format) == (0.123456789, "0.00")
    assert (page["E3"].value, page["E3"].number_format) == (0.123456, "0.0%")
    assert (page["C2"].value, page["C2"].number_format) == (-0.1, "General")


def test_long_texts_go_on_in_a_second_line_and_their_row_is_high_enough() -> None:
    page = opened(sheet())["It's all"]
    assert page["G2"].alignment.wrap_text
    assert not page["A2"].alignment.wrap_text
    assert page["A2"].alignment.vertical == page["B2"].alignment.vertical == page["G2"].alignment.vertical == "top"
    lines = len(REMARK * 3) / page.column_dimensions["G"].width
    assert lines * 13 <= page.row_dimensions[2].height <= (lines + 2) * 15
    assert page.row_dimensions[3].height is None


def test_a_sheet_without_long_texts_has_no_heights() -> None:
    page = opened(SmallSheet("Plain", "", ("a", "b"), [(1, "x" * 200)]))["Plain"]
    assert page.row_dimensions[2].height is None
    assert page["B2"].alignment.vertical is None


@pytest.mark.parametrize(
    ("cells", "look", "width"),
    [
        (["x" * 30], WRAPPED, 31.5),
        (["x" * 300], WRAPPED, 60),
        (["QMASKT0onhgVyweTkWullw"], WRAPPED, 24.5),
        ([1], TWO_DECIMALS, 9),
        ([123456.789], TWO_DECIMALS, 12.5),
        ([0.123456789123, 1], PERCENT, 9.5),
        (["one\nline is the longer", None], WRAPPED, 19.5),
        ([], WRAPPED, 7),
    ],
)
def test_columns_are_as_wide_as_what_they_show(cells: list[Any], look: Any, width: float) -> None:
    assert fitting("n", cells, look) == width
    assert fitting("a heading", cells, look) == max(15 if look.number else 13, width)


def test_a_chart_refers_to_the_cells_of_its_sheet() -> None:
    (drawing,) = drawings(sheet(chart("bars", ChartSeries("g", range(1, 3), "Girls"))))
    assert re.findall("<f>(.*?)</f>", drawing) == ["'It''s all'!$A$3:$A$4", "'It''s all'!$B$3:$B$4"]
    assert "<v>Girls</v>" in drawing
    assert re.findall("<v>(.*?)</v>", drawing)[1:] == ["Singing", "Hidden", "-0.2"], "a hidden number is not 0"


def test_rows_need_not_follow_each_other() -> None:
    (drawing,) = drawings(sheet(chart("bars", ChartSeries("g", (0, 2)))))
    assert re.findall("<f>(.*?)</f>", drawing)[1] == "('It''s all'!$B$2:$B$2,'It''s all'!$B$4:$B$4)"
    assert re.findall("<v>(.*?)</v>", drawing)[1:] == ["Attitude", "Hidden", "0.123456789"]


def test_axes_are_there_and_say_what_they_measure() -> None:
    for drawing in drawings(*[sheet(chart(kind, axes=("Outcome", "Size")), title=kind) for kind in KINDS]):
        assert drawing.count('<delete val="0"') == 2
        assert "<a:t>Outcome</a:t>" in drawing
        assert "<a:t>Size</a:t>" in drawing
        assert "3D" not in drawing


KINDS = ("bars", "shares", "line", "points")


def test_shares_are_stacked_to_the_whole_and_named_in_per_cent() -> None:
    (drawing,) = drawings(sheet(chart("shares", ChartSeries("never", ALL), ChartSeries("often", ALL))))
    assert '<grouping val="percentStacked"' in drawing
    assert 'formatCode="0%"' in drawing
    assert '<overlap val="100"' in drawing
    assert '<legendPos val="b"' in drawing


def test_a_chart_of_one_series_needs_no_legend() -> None:
    assert "<legend>" not in drawings(sheet(chart()))[0]


def test_groups_can_be_told_apart_without_colour() -> None:
    """Neighbouring bars differ in lightness, lines in their marks as well."""
    series = [ChartSeries("g", ALL, f"group {n}") for n in range(4)]
    bars, lines = drawings(sheet(chart("bars", *series)), sheet(chart("line", *series), title="two"))
    found = list(dict.fromkeys(re.findall('<a:srgbClr val="([0-9A-F]{6})"', bars)))[-6:]
    assert len(set(re.findall('<symbol val="(.*?)"', lines))) == 4
    lightness = [_lightness(colour) for colour in found if colour not in ("595959", "D9D9D9")][:4]
    assert all(abs(one - other) > 0.08 for one, other in pairwise(lightness))


def test_steps_go_from_dark_to_light() -> None:
    steps = [ChartSeries("g", ALL, f"step {n}") for n in range(5)]
    (drawing,) = drawings(sheet(chart("shares", *steps)))
    colours = re.findall('<ser>.*?<a:srgbClr val="([0-9A-F]{6})"', drawing)
    lightness = [_lightness(colour) for colour in colours]
    assert len(lightness) == 5
    assert lightness == sorted(lightness)
    assert min(high - low for low, high in pairwise(lightness)) > 0.05


def _lightness(colour: str) -> float:
    """Return the relative luminance of a colour, as a grey print has it (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_whiskers_reach_from_low_to_high_and_their_lengths_are_cells() -> None:
    points = chart("points", ChartSeries("g", ALL, low="low", high="high"))
    book = opened(sheet(points))
    assert book.sheetnames == ["Read me", "It's all", "Chart data"]
    rows = list(book["Chart data"].iter_rows(min_row=2, values_only=True))
    assert [row[:4] for row in rows] == [("It's all", "All points", "g", name) for name, *_ in ROWS]
    assert rows[0][4:] == pytest.approx((0.223456789, 0.226543211))
    assert rows[2][4:] == (None, None)
    (drawing,) = drawings(sheet(points))
    whiskers = re.search("<errBars>.*</errBars>", drawing)
    assert whiskers is not None
    assert re.findall("<f>(.*?)</f>", whiskers[0]) == ["'Chart data'!$E$2:$E$4", "'Chart data'!$F$2:$F$4"]
    links = {cell.value for (cell, _) in book["Read me"].iter_rows() if cell.hyperlink}
    assert links == {"It's all", "Chart data"}


def test_the_axis_is_as_long_as_the_whiskers() -> None:
    (drawing,) = drawings(sheet(chart("points", ChartSeries("g", ALL, low="low", high="high"))))
    low, high = (float(re.findall(f'<{end} val="(.*?)"', drawing)[0]) for end in ("min", "max"))
    assert low <= -0.5
    assert high >= 0.35


def test_a_second_chart_finds_its_own_whiskers() -> None:
    """Whiskers of all charts stand on one sheet: each chart refers to its own rows."""
    first = chart("points", ChartSeries("g", range(2), low="low", high="high"))
    second = chart("line", ChartSeries("g", range(1, 3), "Boys", low="low", high="high"))
    found = [re.findall(r"'Chart data'!\$E.*?<", drawing) for drawing in drawings(sheet(first, second))]
    assert found == [["'Chart data'!$E$2:$E$3<"], ["'Chart data'!$E$4:$E$5<"]]


def test_charts_stand_beside_or_below_the_table_and_not_over_each_other() -> None:
    charts = [chart(beside=0), chart(), chart("points", beside=2), chart(), chart(beside=200)]
    cells = [coordinate_to_tuple(cell) for cell in places(charts, columns=7, rows=3)]
    beside = [cells[0], cells[2], cells[4]]
    assert all(column > 7 for _, column in beside)
    assert [cells[1][1], cells[3][1]] == [1, 1]
    assert cells[1][0] > 4
    lowest_row = 15 * 2.54 / 72
    for (upper, _), (lower, _), one in [
        (beside[0], beside[1], charts[0]),
        (beside[1], beside[2], charts[2]),
        (cells[1], cells[3], charts[1]),
    ]:
        assert (lower - upper) * lowest_row > height_of(one)
    assert beside[2] == (202, 9)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (chart("bars", ChartSeries("weight", ALL)), "has no column 'weight'"),
        (chart("bars", ChartSeries("g", range(1, 4))), "rows of its table"),
        (chart("bars", ChartSeries("g", range(0))), "rows of its table"),
    ],
)
def test_a_chart_of_what_is_not_there_is_refused(wrong: SheetChart, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        file_of(sheet(wrong))


def test_a_chart_has_a_series() -> None:
    with pytest.raises(ValueError, match="'None' has no series"):
        SheetChart("bars", "None", "outcome", ())


def test_the_same_charts_give_the_same_bytes() -> None:
    one = sheet(*[chart(kind, beside=0) for kind in KINDS])
    assert file_of(one) == file_of(one)
