"""Charts as they stand in a workbook: drawn by Excel and LibreOffice themselves, from the cells they refer to.

A chart holds references to cells, so that it changes with them. Colours differ in lightness too, and lines in their
marks, for those who print in grey or cannot tell the colours apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any, Final

from openpyxl.chart import BarChart, LineChart
from openpyxl.chart.data_source import AxDataSource, NumData, NumDataSource, NumRef, NumVal, StrData, StrRef, StrVal
from openpyxl.chart.error_bar import ErrorBars
from openpyxl.chart.marker import Marker
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, ParagraphProperties
from openpyxl.utils import get_column_letter, quote_sheetname

from survey.export.charts import ChartKind, ChartSeries, SheetChart, height_of


@dataclass(frozen=True)
class ChartTable:
    """What a chart refers to: a sheet's title, header and rows, and the number formats of its columns by heading."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    formats: Mapping[str, str]

    def cells(self, column: str, rows: Sequence[int]) -> str:
        """Return the reference to cells of a column. Raises ValueError for a heading or rows that are not there."""
        letter = get_column_letter(self._place(column, rows) + 1)
        sheet = quote_sheetname(self.title)
        # The header is the first row of the sheet.
        parts = [f"{sheet}!${letter}${first + 2}:${letter}${last + 2}" for first, last in _stretches(rows)]
        return parts[0] if len(parts) == 1 else f"({','.join(parts)})"

    def values(self, column: str, rows: Sequence[int]) -> list[Any]:
        """Return the cells themselves. Raises ValueError as :meth:`cells`."""
        place = self._place(column, rows)
        return [self.rows[row][place] for row in rows]

    def _place(self, column: str, rows: Sequence[int]) -> int:
        if column not in self.header:
            raise ValueError(f"the sheet {self.title} has no column {column!r}")
        if not rows or min(rows) < 0 or max(rows) >= len(self.rows):
            raise ValueError(f"a chart on the sheet {self.title} needs rows of its table")
        return self.header.index(column)


def _stretches(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return rows as stretches of rows that follow each other: the first and the last of each."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found


WIDTH: Final = 20.0
"""Centimetres, of every chart."""

_ROW: Final = 0.53
"""Centimetres of a row that does not wrap; none is lower."""

_COLOURS: Final = ("1F3B6F", "E69F00", "7A7A7A", "56B4E9", "8C2D04", "B8D4A0")
"""Of groups, each next to one much lighter or darker. After Okabe and Ito (2008), Color Universal Design."""

_STEPS: Final = ("00224E", "2F4A6D", "57606E", "7D7C78", "A69D75", "D3C164", "FEE838")
"""Of answers in an order, from dark to light: the colour map cividis (Nuñez, Anderton and Renslow 2018, PLOS ONE)."""

_MARKS: Final = ("circle", "square", "triangle", "diamond", "x", "plus")
_GREY: Final = "595959"
_HAIR: Final = 9525
"""Three quarters of a point, in the unit of drawings."""


def places(charts: Sequence[SheetChart], columns: int, rows: int) -> list[str]:
    """Return the cell at which each chart stands: none over another, nor over the table of so many columns and rows."""
    right, free, below = get_column_letter(columns + 2), 2, rows + 4
    found = []
    for chart in charts:
        high = ceil(height_of(chart) / _ROW) + 2
        if chart.beside is None:
            found.append(f"A{below}")
            below += high
        else:
            start = max(free, chart.beside + 2)
            found.append(f"{right}{start}")
            free = start + high
    return found


class Whiskers:
    """The lengths of all whiskers of a workbook, which stand on a sheet of their own.

    A whisker holds distances from its point, and a table has the ends of its interval. LibreOffice draws no whisker
    whose length is not in a cell.
    """

    title: Final = "Chart data"
    about: Final = "How far the whiskers in the charts reach below and above their points"
    header: Final = ("sheet", "chart", "series", "label", "below", "above")

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []

    def add(self, chart: SheetChart, series: ChartSeries, table: ChartTable) -> ErrorBars:
        """Return the error bars of a series, and keep their lengths."""
        first = len(self.rows)
        columns = (chart.labels, series.column, series.low, series.high)
        cells = zip(*(table.values(column, series.rows) for column in columns), strict=True)
        name = series.name or series.column
        self.rows += [
            (table.title, chart.title, name, label, _distance(low, value), _distance(value, high))
            for label, value, low, high in cells
        ]
        mine = ChartTable(self.title, self.header, self.rows, {})
        rows = range(first, len(self.rows))
        made = ErrorBars(
            errDir="y",
            errBarType="both",
            errValType="cust",
            minus=NumDataSource(numRef=_numbers("below", rows, mine)),
            plus=NumDataSource(numRef=_numbers("above", rows, mine)),
        )
        made.spPr = GraphicalProperties(ln=LineProperties(solidFill=_GREY, w=2 * _HAIR))
        return made


def _distance(low: float | None, high: float | None) -> float | None:
    return None if low is None or high is None else high - low


def drawn(chart: SheetChart, table: ChartTable, whiskers: Whiskers) -> BarChart | LineChart:
    """Return the chart as openpyxl has it. Raises ValueError for headings or rows that the table does not have."""
    made = _bars(chart) if chart.kind in ("bars", "shares") else _lines()
    colours = _colours(chart)
    for place, series in enumerate(chart.series):
        one = Series(
            idx=place,
            order=place,
            tx=SeriesLabel(v=series.name or series.column),
            cat=_names(chart.labels, chart.series[0].rows, table),
            val=NumDataSource(numRef=_numbers(series.column, series.rows, table)),
        )
        _paint(one, chart.kind, colours[place], place)
        if series.low and series.high:
            one.errBars = whiskers.add(chart, series, table)
        made.series.append(one)
    _dress(made, chart, table)
    if any(series.low and series.high for series in chart.series):
        _reach(made.y_axis, chart, table)
    return made


def _bars(chart: SheetChart) -> BarChart:
    made = BarChart()
    made.type = "bar"
    stacked = chart.kind == "shares"
    made.grouping = "percentStacked" if stacked else "clustered"
    made.overlap = 100 if stacked else 0
    made.gapWidth = 40 if stacked else 60
    # Bars that lie begin at the bottom unless told otherwise.
    made.x_axis.scaling.orientation = "maxMin"
    made.y_axis.crosses = "max"
    return made


def _lines() -> LineChart:
    made = LineChart()
    made.y_axis.crosses = "min"
    return made


def _colours(chart: SheetChart) -> list[str]:
    number = len(chart.series)
    if chart.kind != "shares":
        return [_COLOURS[place % len(_COLOURS)] for place in range(number)]
    last = len(_STEPS) - 1
    return [_STEPS[round(place * last / max(1, number - 1))] for place in range(number)]


def _paint(series: Any, kind: ChartKind, colour: str, place: int) -> None:
    if kind in ("bars", "shares"):
        series.graphicalProperties = GraphicalProperties(solidFill=colour)
        series.graphicalProperties.line = LineProperties(solidFill="FFFFFF" if kind == "shares" else colour, w=_HAIR)
        series.invertIfNegative = False
        return
    series.marker = Marker(symbol=_MARKS[place % len(_MARKS)], size=8)
    series.marker.graphicalProperties = GraphicalProperties(solidFill=colour)
    series.marker.graphicalProperties.line = LineProperties(solidFill=colour)
    series.smooth = False
    line = LineProperties(noFill=True) if kind == "points" else LineProperties(solidFill=colour, w=2 * _HAIR)
    series.graphicalProperties = GraphicalProperties(ln=line)


def _numbers(column: str, rows: Sequence[int], table: ChartTable) -> NumRef:
    """Return cells of numbers, with what they hold, for programs that draw a chart before they read the cells."""
    numbers = table.values(column, rows)
    points = [NumVal(idx=place, v=repr(number)) for place, number in enumerate(numbers) if number is not None]
    cache = NumData(formatCode="General", ptCount=len(numbers), pt=points)
    return NumRef(f=table.cells(column, rows), numCache=cache)


def _names(column: str, rows: Sequence[int], table: ChartTable) -> AxDataSource:
    texts = [str(cell) for cell in table.values(column, rows)]
    points = [StrVal(idx=place, v=text) for place, text in enumerate(texts)]
    return AxDataSource(strRef=StrRef(f=table.cells(column, rows), strCache=StrData(ptCount=len(points), pt=points)))


def _dress(made: Any, chart: SheetChart, table: ChartTable) -> None:
    made.title = chart.title
    made.title.overlay = False
    made.title.tx.rich.p[0].pPr = _text(1200, bold=True)
    made.width, made.height = WIDTH, height_of(chart)
    made.style = None
    made.roundedCorners = False
    names, numbers = made.x_axis, made.y_axis
    for axis, title in ((names, chart.axes[0]), (numbers, chart.axes[1])):
        # Excel and LibreOffice leave out an axis that does not say it is there.
        axis.delete = False
        if title:
            axis.title = title
            axis.title.overlay = False
            axis.title.tx.rich.p[0].pPr = _text(1000, bold=False)
    # Names stand at the edge, also where values are below nought.
    names.tickLblPos = "low"
    names.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=_GREY, w=_HAIR))
    numbers.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="D9D9D9", w=_HAIR))
    numbers.number_format = "0%" if chart.kind == "shares" else table.formats.get(chart.series[0].column, "General")
    numbers.numFmt.sourceLinked = False
    if len(chart.series) == 1:
        made.legend = None
    else:
        made.legend.position = "b"
        made.legend.overlay = False


def _reach(axis: Any, chart: SheetChart, table: ChartTable) -> None:
    """Make an axis long enough for its whiskers, which programs leave out of account. Points have nought on theirs."""
    named = [(column, one.rows) for one in chart.series for column in (one.column, one.low, one.high) if column]
    cells = [cell for column, rows in named for cell in table.values(column, rows) if cell is not None]
    if chart.kind == "points":
        cells.append(0.0)
    if not cells or min(cells) == max(cells):
        return
    step = _step(max(cells) - min(cells))
    axis.scaling.min, axis.scaling.max = floor(min(cells) / step) * step, ceil(max(cells) / step) * step
    axis.majorUnit = step


def _step(span: float) -> float:
    """Return a round number of which about five make up a span above 0: 1, 2 or 5 times a power of ten."""
    power: float = 10.0 ** floor(log10(span / 5))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= span / 5)


def _text(size: int, *, bold: bool) -> ParagraphProperties:
    """Return the look of a title; size in hundredths of a point."""
    return ParagraphProperties(defRPr=CharacterProperties(sz=size, b=bold))
