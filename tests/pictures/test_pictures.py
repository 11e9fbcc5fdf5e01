"""Charts: what is drawn stands where its number says, in both widths; and the file has nothing that could run."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
import zlib
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from survey.pictures.axis import axis_over
from survey.pictures.canvas import PHONE, WIDE
from survey.pictures.dots import DotRow, Dots, Spot
from survey.pictures.drawing import Picture, drawn, on_its_own
from survey.pictures.fonts import opened
from survey.pictures.letters import lines_of, width_of
from survey.pictures.lines import BandSpot, NamedSpot, OverDays, OverWaves, WaveLine, WithBand
from survey.pictures.stacked import Stacked, StackedRow

SVG = "{http://www.w3.org/2000/svg}"

DOTS = Dots(
    "Effects & more",
    "The table has the same numbers.",
    ("Programme schools", "Comparison schools"),
    (
        DotRow("Enjoyment of music", (Spot(0.3, 0.1, 0.5), Spot(-0.1, -0.2, 0.0)), "0.31", "0.11 to 0.51"),
        DotRow("A name <b>in</b> brackets that is long enough for more than one line", (Spot(0.2, clear=False), None)),
    ),
    "Difference in standard deviations",
    ("lower in programme schools", "higher in programme schools"),
)
BARS = Stacked(
    "How much do you like …?",
    "Shares of those who answered.",
    ("Not at all", "A bit", "Quite", "A lot", "I love it"),
    (
        StackedRow("Singing", (0.1, 0.1, 0.2, 0.2, 0.4), ("10", "10", "20", "20", "40"), "1,538"),
        StackedRow("Playing", (), note="hidden: fewer than 10"),
        StackedRow("Listening", (0.0, 0.2, 0.2, 0.3, 0.3), ("0", "20", "20", "30", "30"), "1,540"),
    ),
    "answered",
)
WAVES = OverWaves(
    "Enjoyment over the years",
    "Means with intervals.",
    ("Autumn 2024", "Autumn 2025"),
    (WaveLine("Programme", (Spot(3.0, 2.9, 3.1), Spot(3.5, 3.4, 3.6))), WaveLine("Comparison", (Spot(3.1), None))),
    "Mean score",
)
BAND = WithBand(
    "Enjoyment by years in the programme",
    "A line with its band.",
    "years in the programme",
    "Mean score",
    (BandSpot(0, 3.0, 2.9, 3.1), BandSpot(2, 3.4, 3.2, 3.6)),
    (NamedSpot(0.5, 3.2, "210 pupils", 210), NamedSpot(1.5, 3.3, "90 pupils", 90)),
    ("+0.20 a year", "95 % interval 0.10 to 0.30"),
)
DAYS = OverDays(
    "Pupils who finished, day by day",
    "The table has the same numbers.",
    "Finished so far: 40",
    (date(2026, 9, 21), date(2026, 11, 29)),
    ((date(2026, 9, 21), 0), (date(2026, 10, 5), 10), (date(2026, 11, 2), 30), (date(2026, 11, 29), 40)),
    (45, "Aim: 45"),
)
ALL = (DOTS, BARS, WAVES, DAYS, BAND)


def shapes(svg: str, name: str, look: str = "") -> list[dict[str, str]]:
    """The shapes of one kind with these words among their classes."""
    found = (dict(one.attrib) for one in ET.fromstring(svg).iter(f"{SVG}{name}"))
    return [one for one in found if set(look.split()) <= set(one.get("class", "").split())]


def words(svg: str) -> list[tuple[float, float, str, str]]:
    """Each line of words: where it begins and ends, its line, and itself."""
    found = []
    for one in ET.fromstring(svg).iter(f"{SVG}text"):
        said, x = "".join(one.itertext()), float(one.attrib["x"])
        before = {"middle": 0.5, "end": 1.0}.get(one.attrib.get("text-anchor", ""), 0.0) * width_of(said)
        found.append((x - before, x - before + width_of(said), one.attrib["y"], said))
    return found


@pytest.mark.parametrize("picture", ALL, ids=lambda one: type(one).__name__)
def test_a_picture_can_do_nothing_is_named_and_keeps_within_its_sheet(picture: Picture) -> None:
    both = drawn(picture, "one")
    for svg, form in ((both.wide, WIDE), (both.phone, PHONE)):
        root = ET.fromstring(svg)
        assert {one.tag for one in root.iter()} <= {
            f"{SVG}{name}" for name in ("svg", "title", "desc", "text", "tspan", "line", "rect", "path", "circle", "g")
        }
        assert not re.search(r"\bstyle=|\bon\w+=|href", svg)
        ids = [one.attrib["id"] for one in root.iter() if "id" in one.attrib]
        assert root.attrib["aria-labelledby"].split() == ids
        assert root.find(f"{SVG}title").text == picture.title
        assert root.find(f"{SVG}desc").text == picture.about
        height = float(root.attrib["height"])
        for left, right, y, said in words(svg):
            assert -1 <= left <= right <= form.width + 1, said
            assert 0 < float(y) < height
    assert not set(re.findall(r'id="([^"]+)"', both.wide)) & set(re.findall(r'id="([^"]+)"', both.phone))


def test_dots_and_whiskers_stand_where_their_numbers_say() -> None:
    for svg in (drawn(DOTS, "d").wide, drawn(DOTS, "d").phone):
        # Two ticks tell how the axis goes; every mark is then where it has to be, to the tenth that is written.
        ticks = {said: (left + right) / 2 for left, right, _, said in words(svg) if re.fullmatch(r"−?\d\.\d", said)}
        zero, per = ticks["0.0"], (ticks["0.4"] - ticks["0.0"]) / 0.4
        discs = [float(one["cx"]) for one in shapes(svg, "circle", "mark s0")][1:]  # the first is in the key
        assert discs == [pytest.approx(zero + per * value, abs=0.2) for value in (0.3, 0.2)]
        (square,) = shapes(svg, "rect", "mark s1")[1:]
        assert float(square["x"]) + float(square["width"]) / 2 == pytest.approx(zero - per * 0.1, abs=0.2)
        whiskers = [(float(one["x1"]), float(one["x2"])) for one in shapes(svg, "line", "whisker")]
        expected = [(0.1, 0.5), (-0.2, 0.0)]
        assert whiskers == [pytest.approx([zero + per * end for end in ends], abs=0.2) for ends in expected]
        assert len(shapes(svg, "circle", "hollow")) == 1
        (nought,) = shapes(svg, "line", "nought")
        assert float(nought["x1"]) == pytest.approx(zero, abs=0.2)
        assert "0.31 0.11 to 0.51" in [said for *_, said in words(svg)]


def test_bars_are_as_long_as_their_shares_and_hang_on_their_middle() -> None:
    svg = drawn(BARS, "b").wide
    bars = [(float(one["x"]), float(one["width"])) for one in shapes(svg, "rect") if float(one["height"]) == 30]
    middle = float(shapes(svg, "line", "middle")[0]["x1"])
    assert len(bars) == 10
    for row, shares in ((bars[:5], BARS.rows[0].shares), (bars[5:], BARS.rows[2].shares)):
        whole = sum(width for _, width in row)
        assert [width / whole for _, width in row] == pytest.approx(shares, abs=0.002)
        assert middle == pytest.approx(row[2][0] + row[2][1] / 2, abs=0.2)
    # A number stands in each bar that is wide enough for it.
    inside = [said for *_, said in words(svg) if said.isdigit()]
    assert inside == ["10", "10", "20", "20", "40", "20", "20", "30", "30"]


def test_what_is_hidden_is_said_and_not_drawn() -> None:
    alone = Stacked("t", "a", BARS.steps, (BARS.rows[1],), "answered")
    svg = drawn(alone, "h").phone
    assert "hidden: fewer than 10" in [said for *_, said in words(svg)]
    assert not shapes(svg, "line", "middle")
    assert [one for one in shapes(svg, "rect") if float(one["height"]) == 30] == []


def test_lines_leave_out_waves_without_a_number() -> None:
    svg = drawn(WAVES, "w").wide
    assert len(shapes(svg, "path", "series")) == 1
    first, second = (float(one["cy"]) for one in shapes(svg, "circle", "mark s0")[1:])
    ticks = {said: float(y) - 5 for _, _, y, said in words(svg) if re.fullmatch(r"\d\.\d", said)}
    per = (ticks["3.0"] - ticks["3.4"]) / 0.4
    assert (first, second) == (
        pytest.approx(ticks["3.0"], abs=0.2),
        pytest.approx(ticks["3.0"] - 0.5 * per, abs=0.3),
    )


def test_a_band_goes_round_its_line_and_points_are_named() -> None:
    svg = drawn(BAND, "l").wide
    (band,), (line,) = shapes(svg, "path", "band"), shapes(svg, "path", "series")
    corners = [tuple(map(float, one.split())) for one in band["d"].strip("MZ").split("L")]
    (x1, y1), (x2, y2) = (tuple(map(float, one.split())) for one in line["d"].strip("M").split("L"))
    assert [x for x, _ in corners] == [x1, x2, x2, x1]
    assert (corners[0][1] + corners[3][1]) / 2 == pytest.approx(y1, abs=0.2)
    assert (corners[1][1] + corners[2][1]) / 2 == pytest.approx(y2, abs=0.2)
    assert {"210 pupils", "90 pupils", "+0.20 a year 95 % interval 0.10 to 0.30"} <= {said for *_, said in words(svg)}


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.11, 0.51, 0.0], (0.0, 0.2, 0.4, 0.6)),
        ([-0.16, 0.34], (-0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4)),
        ([3.0, 3.0], (2.4, 2.6, 2.8, 3.0, 3.2, 3.4, 3.6)),
        ([0, 1400], (0, 500, 1000, 1500)),
    ],
)
def test_axes_have_round_numbers_and_hold_every_value(values: list[float], ticks: tuple[float, ...]) -> None:
    axis = axis_over(values)
    assert axis.ticks == ticks
    assert axis.low <= min(values) <= max(values) <= axis.high
    assert axis.said(-0.2).startswith("−") == (axis.places > 0)


@pytest.mark.parametrize("file", [b"", b"wOFF", b"OTTO" * 20, b"wOFF" + bytes(8) + b"\0\x05" + bytes(60)])
def test_a_file_that_is_no_font_of_the_web_is_not_opened(file: bytes) -> None:
    with pytest.raises(ValueError, match="not a"):
        opened(file)


def test_a_font_of_the_web_is_put_together_table_by_table() -> None:
    tables = {b"cmap": b"c" * 300, b"glyf": b"short"}
    directory, body = b"", b""
    for tag, table in tables.items():
        packed = min(zlib.compress(table), table, key=len)
        directory += struct.pack(">4sIIII", tag, 44 + 40 + len(body), len(packed), len(table), 7)
        body += packed
    font = opened(struct.pack(">4sIIHH", b"wOFF", 0x00010000, 0, 2, 0).ljust(44, b"\0") + directory + body)
    assert struct.unpack(">IHHHH", font[:12]) == (0x00010000, 2, 32, 1, 0)
    for at, (tag, table) in enumerate(tables.items()):
        name, check, begin, length = struct.unpack_from(">4sIII", font, 12 + 16 * at)
        assert (name, check, font[begin : begin + length], begin % 4) == (tag, 7, table, 0)


def test_words_are_broken_between_words_only() -> None:
    assert lines_of("Taking part in a music group after school", 170) == [
        "Taking part in a",
        "music group after",
        "school",
    ]
    assert lines_of("Unbreakable", 10) == ["Unbreakable"]


def test_a_file_of_its_own_has_its_title_its_source_and_its_style_in_it() -> None:
    svg = on_its_own(DOTS, ".picture .grid{stroke:#ddd}", "First Notes, Autumn 2026.")
    root = ET.fromstring(svg)
    said = [one[3] for one in words(svg)]
    assert said[0] == DOTS.title
    assert said[-1] == "First Notes, Autumn 2026."
    assert root.find(f"{SVG}style").text == ".picture .grid{stroke:#ddd}"
    assert root.attrib["viewBox"].split()[2] == root.attrib["width"] == "800"


def points(svg: str, look: str) -> list[tuple[float, float]]:
    """The corners of the one path of this kind."""
    (path,) = shapes(svg, "path", look)
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path["d"])]


@pytest.mark.parametrize("side", ["wide", "phone"])
def test_a_day_stands_where_the_axis_says_and_the_aim_at_its_count(side: str) -> None:
    svg = getattr(drawn(DAYS, "k"), side)
    line = points(svg, "series s0")
    (first, zero), (last, forty) = line[0], line[-1]
    days = [(day - DAYS.ends[0]).days for day, _ in DAYS.spots]
    for (x, y), day, (_, count) in zip(line, days, DAYS.spots, strict=True):
        assert x == pytest.approx(first + (last - first) * day / days[-1], abs=0.2)
        assert y == pytest.approx(zero + (forty - zero) * count / 40, abs=0.2)
    (aim,) = shapes(svg, "line", "middle")
    assert float(aim["y1"]) == float(aim["y2"]) == pytest.approx(zero + (forty - zero) * 45 / 40, abs=0.2)
    named = [said for *_, said in words(svg) if re.fullmatch(r"\d+ (Sep|Oct|Nov)", said)]
    assert named[0] == "21 Sep"
    assert 2 <= len(named) <= (7 if side == "wide" else 3)


@pytest.mark.parametrize("span", [0, 1, 6, 30, 200, 3000])
def test_an_axis_of_days_never_has_too_many_names(span: int) -> None:
    start = date(2026, 1, 1)
    ends = (start, start + timedelta(days=span))
    two = drawn(replace(DAYS, ends=ends, spots=((start, 1), (ends[1], 2)), aim=None), "k")
    for svg, most in ((two.wide, 7), (two.phone, 3)):
        named = [one for one in words(svg) if re.fullmatch(r"(\d+ [A-Z][a-z]{2}|[A-Z][a-z]{2} \d{4})", one[3])]
        assert 1 <= len(named) <= most
        assert not any(after[0] < before[1] for before, after in pairwise(named))
    assert not shapes(two.wide, "line", "middle")


def test_without_a_day_there_is_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="at least one"):
        drawn(replace(DAYS, spots=()), "k")
