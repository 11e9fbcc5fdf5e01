"""The sheets that explain the data: counts, scales, codebook, labels, missing codes, notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from survey.definition.columns import AS_TYPED
from survey.definition.counting import Counting
from survey.definition.meaning import same_words
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import StudyDefinition
from survey.export.charts import SheetChart
from survey.export.columns import ColumnSet, Variable
from survey.export.missing import MEANINGS, WORDS, Gaps
from survey.export.notes import Notes
from survey.export.sheets import length_shown
from survey.intake.identity import STATES

TYPES: Final = {
    "code": "code",
    "flag": "0/1",
    "number": "number",
    "text": "text",
    "date": "date",
    "moment": "date and time",
}


@dataclass(frozen=True)
class Look:
    """How the cells of a column are shown. What they hold is not changed: 0.123456 shown as 0.12 stays 0.123456.

    number: a number format, such as "0.00"; empty for as it is. wraps: whether long texts go on in a second line.
    """

    number: str = ""
    wraps: bool = False


WHOLE: Final = Look("0")
ONE_DECIMAL: Final = Look("0.0")
TWO_DECIMALS: Final = Look("0.00")
THREE_DECIMALS: Final = Look("0.000")
PERCENT: Final = Look("0.0%")
"""For shares from 0 to 1."""
WRAPPED: Final = Look(wraps=True)


@dataclass(frozen=True)
class SmallSheet:
    """A small sheet: its title, a sentence about what is on it, a header, rows, and how they are shown.

    looks: heading -> how its column is shown, for those that are not shown as they are. charts: they stand beside or
    below the table. widths: of the columns, in characters; without them each fits what it holds, within limits.
    """

    title: str
    about: str
    header: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    widths: tuple[float, ...] = ()
    looks: Mapping[str, Look] = field(default_factory=dict)
    charts: tuple[SheetChart, ...] = ()

    @property
    def columns(self) -> list[list[Any]]:
        """The cells column by column."""
        return [[row[place] for row in self.rows] for place in range(len(self.header))]

    def look(self, name: str) -> Look:
        """Return how the cells of a column are shown, by its heading."""
        return self.looks.get(name, _AS_IS)

    @property
    def fitting(self) -> tuple[float, ...]:
        """The widths of the columns, in characters."""
        return self.widths or tuple(
            fitting(name, cells, self.look(name)) for name, cells in zip(self.header, self.columns, strict=True)
        )

    @property
    def heights(self) -> list[float | None]:
        """The heights of the rows in points, as far as can be told before they are drawn; None for a single line.

        Excel fits a row to its texts by itself; LibreOffice needs to be told.
        """
        widths = [
            (place, width)
            for place, (name, width) in enumerate(zip(self.header, self.fitting, strict=True))
            if self.look(name).wraps
        ]
        return [height_of((row[place], width) for place, width in widths) for row in self.rows]


_AS_IS: Final = Look()
_NARROWEST: Final = 7.0
_WIDEST: Final = 60.0
"""Characters. What is longer wraps, or is cut short on the screen."""
_LINE: Final = 15.0
_HIGHEST: Final = 405.0
"""Points, of a line and of the highest row that spreadsheets have."""
_INDENT: Final = 2
"""Characters that the distance of figures takes."""
_ARROW: Final = 4
"""Characters that the arrow of the filter takes beside a heading."""


def fitting(name: str, cells: Iterable[Any], look: Look) -> float:
    """Return a column's width in characters: that of its longest cell or its heading, within limits."""
    return width_of(name, max((length_shown(cell, look.number) for cell in cells), default=0), look.number)


def width_of(name: str, longest: int, number: str = "") -> float:
    """Return the width of a column with this heading whose longest cell has so many characters as it is shown.

    number: its number format, if it has one: such figures keep a distance from what is to their right.
    """
    return min(_WIDEST, max(_NARROWEST, len(name) + _ARROW, longest + 1.5) + (_INDENT if number else 0))


def height_of(cells: Iterable[tuple[Any, float]]) -> float | None:
    """Return the height of a row in points; None for a single line. cells: each that wraps, and its column's width."""
    number = max((_lines(cell, width) for cell, width in cells), default=1)
    return None if number == 1 else min(_HIGHEST, number * _LINE)


def _lines(cell: Any, width: float) -> int:
    """Return how many lines a text takes in a column of so many characters."""
    if not isinstance(cell, str):
        return 1
    # Letters are narrower, on average, than the digit by which widths are measured.
    return sum(_lines_of(paragraph, int(1.1 * width)) for paragraph in cell.splitlines()) or 1


def _lines_of(paragraph: str, width: int) -> int:
    if len(paragraph) <= width:
        return 1
    lines, free = 1, width
    for word in paragraph.split(" "):
        if len(word) > free and free < width:
            lines, free = lines + 1, width
        lines += max(0, len(word) - 1) // width
        free -= len(word) % width + 1
    return lines


Counts = Mapping[tuple[str, str, str], int]
"""(questionnaire, wave, state) -> number of responses written."""


def counts(study: StudyDefinition, written: Counts) -> SmallSheet:
    """How many responses of each questionnaire in each wave, by state."""
    order = [wave.id for wave in study.waves]
    titles = {wave.id: wave.title for wave in study.waves}
    groups = sorted(
        {(questionnaire, wave) for questionnaire, wave, _ in written},
        key=lambda group: (group[0], order.index(group[1]) if group[1] in order else len(order)),
    )
    rows = []
    for questionnaire, wave in groups:
        by_state = [written.get((questionnaire, wave, state), 0) for state in STATES]
        rows.append((questionnaire, wave, titles.get(wave, ""), sum(by_state), *by_state))
    header = ("questionnaire", "wave", "wave title", "responses", *STATES.values())
    about = "Responses in this file by questionnaire, wave and state"
    return SmallSheet("Counts", about, header, rows)


def codebook(columns: Iterable[ColumnSet], scores: Mapping[str, Sequence[Variable]], gaps: Gaps) -> SmallSheet:
    """Every variable of every questionnaire."""
    header = (
        "questionnaire", "variable", "label", "type", "measure", "range", "missing codes", "question", "wording",
        "versions", "scales", "reversed in",
    )  # fmt: skip
    rows = [
        (found.questionnaire, *_described(variable, gaps, *served))
        for found in columns
        for served in [_scales_by_item(found.newest)]
        for variable in (*found.variables, *scores.get(found.questionnaire, ()))
    ]
    about = "Every variable: label, type, range, wording, versions, scales"
    return SmallSheet("Codebook", about, header, rows, looks={"label": WRAPPED, "wording": WRAPPED, "scales": WRAPPED})


Scales = Mapping[str, Sequence[str]]
"""Item -> the ids of scales."""


def _scales_by_item(questionnaire: Questionnaire) -> tuple[Scales, Scales]:
    """Return the scales that each item serves, by way of other scales too, and those that turn it round."""
    counting = Counting(questionnaire)
    used: dict[str, list[str]] = {}
    turned: dict[str, list[str]] = {}
    for scale in questionnaire.scales:
        for id in counting.items_of(scale.id):
            used.setdefault(id, []).append(scale.id)
        for id in scale.reversed_items:
            turned.setdefault(id, []).append(scale.id)
    return used, turned


def _described(variable: Variable, gaps: Gaps, used: Scales, turned: Scales) -> tuple[Any, ...]:
    numbers = sorted(gaps.values())
    # A column that is part of an answer (a ticked box, a first step) is no item of a scale.
    item = variable.name == variable.question if variable.group == "question" else variable.group == "score"
    return (
        variable.name,
        variable.label,
        TYPES[variable.type],
        variable.measure,
        variable.range or _codes_range(variable),
        f"{numbers[0]} to {numbers[-1]}" if variable.coded else "",
        variable.question,
        variable.wording,
        ", ".join(map(str, variable.versions)),
        ", ".join(used.get(variable.name, ()) if item else ()),
        ", ".join(turned.get(variable.name, ()) if item else ()),
    )


def _codes_range(variable: Variable) -> str:
    codes = [code for code in variable.codes if isinstance(code, int)]
    return f"{min(codes)} to {max(codes)}" if codes else ""


def value_labels(columns: Iterable[ColumnSet]) -> SmallSheet:
    """Every code of every variable, and what it was called in which versions.

    All codes are texts: a column of numbers and texts would be read as either, depending on the program.
    """
    rows = [
        (found.questionnaire, variable.name, str(code), label, ", ".join(map(str, numbers)))
        for found in columns
        for variable in found.variables
        for code in variable.codes
        for label, numbers in _called(code, variable, found)
    ]
    about = "What each code of each variable means; one row for each wording, with the versions that have it"
    header = ("questionnaire", "variable", "code", "label", "versions")
    return SmallSheet("Value labels", about, header, rows, looks={"label": WRAPPED})


def _called(code: Any, variable: Variable, columns: ColumnSet) -> list[tuple[str, list[int]]]:
    """Return the wordings of a code, the newest first, with their versions; who, where and when have none."""
    if not variable.columns:
        return [(variable.codes[code], [])]
    wordings: list[tuple[str, list[int]]] = []
    for version in reversed(columns.versions):
        column = variable.columns.get(version.sha256)
        if column is None or code not in column.codes:
            continue
        number, label = version.questionnaire.version, column.codes[code]
        for words, numbers in wordings:
            if same_words(words, label):
                numbers.insert(0, number)
                break
        else:
            wordings.append((label, [number]))
    return wordings


def missing_codes(gaps: Gaps) -> SmallSheet:
    """What each missing code means, and what an empty cell means."""
    rows: list[tuple[Any, ...]] = [
        (str(int(number)), WORDS[reason], MEANINGS[reason]) for reason, number in sorted(gaps.items(), key=_by_number)
    ]
    rows += [
        ("empty", "nothing known", "Identity and roster: not recorded. Typed text: none."),
        (
            AS_TYPED,
            "not a missing code",
            "Names the columns of its row in which the answer was typed and only looks like a missing code.",
        ),
        (
            "empty",
            "no score",
            "Scores: fewer items were answered than the scale needs, or no norms are given for the participant.",
        ),
    ]
    about = "The codes for missing answers, the same in every sheet"
    return SmallSheet("Missing codes", about, ("code", "label", "meaning"), rows, looks={"meaning": WRAPPED})


def _by_number(item: tuple[str, int]) -> int:
    return item[1]


def notes_sheet(notes: Notes) -> SmallSheet:
    """Everything that was replaced, cut, hidden or merged; a row that says so where there is nothing."""
    rows = [(note.where, note.row, note.column, note.response, note.what) for note in notes.notes]
    nothing = [("", None, "", "", "Nothing was replaced, cut, hidden or merged.")]
    about = "Everything that was replaced, cut, hidden or merged, and why"
    header = ("where", "row", "column", "response", "what was done")
    return SmallSheet("Notes", about, header, rows or nothing, looks={"where": WRAPPED, "what was done": WRAPPED})
