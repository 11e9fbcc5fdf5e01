"""Charts on the small sheets, described by the headings and rows they show.

`survey.export.drawn` puts them into a workbook. Nothing of openpyxl is needed before that, and pages show small sheets
without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

ChartKind = Literal["bars", "shares", "line", "points"]


@dataclass(frozen=True)
class ChartSeries:
    """One series of a chart: the cells of one column in some rows.

    column: the heading of the column. rows: rows of the sheet's table, from 0: a range, or any rows in order. name:
    what the legend calls it; empty for the heading. low, high: headings of the columns with the ends of its intervals,
    for a line and for points.
    """

    column: str
    rows: Sequence[int]
    name: str = ""
    low: str = ""
    high: str = ""


@dataclass(frozen=True)
class SheetChart:
    """A chart that stands on a small sheet.

    kind: "bars" are clustered bars, "shares" bars stacked to 100 %, both lying, the first row on top; "line" is a line
    with marks; "points" are dots with whiskers.
    labels: the heading of the column that names the rows; each series needs rows of the same names in the same order.
    axes: the titles of the axis of the labels and of the axis of the values; either may be empty.
    beside: the row of the table (from 0) beside which it stands, to the right of the last column; None puts it below
    the table. Charts that would cover each other move down.
    """

    kind: ChartKind
    title: str
    labels: str
    series: tuple[ChartSeries, ...]
    axes: tuple[str, str] = ("", "")
    beside: int | None = None

    def __post_init__(self) -> None:
        if not self.series:
            raise ValueError(f"the chart {self.title!r} has no series")


_FEW: Final = 6
"""So many names stand below an axis without being turned."""


def height_of(chart: SheetChart) -> float:
    """Return the height of a chart in centimetres: bars that lie need room for each of them."""
    rows = max(len(series.rows) for series in chart.series)
    if chart.kind not in ("bars", "shares"):
        # Many names below an axis are turned, and take half of the chart.
        return 9.0 if rows <= _FEW else 14.0
    bars = rows * (len(chart.series) if chart.kind == "bars" else 1)
    return min(40.0, 4.5 + max(0.9 * rows, 0.45 * bars))
