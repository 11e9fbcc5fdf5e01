"""The sheets about what the items of a questionnaire measure together, and about responses worth a second look."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from survey.analysis.quality import QualityFlags, quality_flags
from survey.analysis.reliability import NoSolution
from survey.analysis.structure import Structure, structure
from survey.export.charts import ChartSeries, SheetChart
from survey.export.contents import TWO_DECIMALS, WRAPPED, SmallSheet
from survey.export.notes import Notes
from survey.export.scores import ScoreTables
from survey.responses import Record

Numbers = NDArray[np.float64]

FEWEST_ITEMS: Final = 3
"""With fewer no one asks for a structure, so nothing is said."""

MOST_FACTORS: Final = 6
"""Columns for loadings; more factors than that are told of in the notes."""

_ID: Final = "S22"
"""As long as the id of a response is."""


class Responses:
    """Which response each row of a questionnaire's scores is, its wave, and how many seconds it took (NaN: unknown)."""

    def __init__(self) -> None:
        self.ids: list[NDArray[np.bytes_]] = []
        self.waves: list[str] = []
        self.seconds: array[float] = array("d")

    def add(self, rows: Sequence[Record]) -> None:
        """Keep some responses, in the order in which their scores are kept."""
        self.ids.append(np.array([row.id.encode() for row in rows], dtype=_ID))
        self.waves += [row.wave for row in rows]
        self.seconds.extend(map(_seconds, rows))


def _seconds(row: Record) -> float:
    """Return how long a finished response took. No one knows how long it took on paper."""
    if row.finished_at is None or row.mode == "paper":
        return np.nan
    return (row.finished_at - row.started_at).total_seconds()


def _every_item(scores: ScoreTables) -> tuple[list[str], Numbers, list[tuple[float, float]]]:
    """Return the items of all scales, each once: ids, answers as asked (n × k), and the ends of their ranges.

    Answers count as they are coded in the newest version; others are NaN, and so are those of responses that do not
    count.
    """
    columns: dict[str, Numbers] = {}
    ends: dict[str, tuple[float, float]] = {}
    for codings in scores.codings.values():
        rule, found = codings[0].rule, codings[0].whole
        for at, question in enumerate(rule.questions):
            if question not in columns:
                columns[question] = np.full(scores.rows, np.nan)
                columns[question][found.places] = found.items[:, at]
        for rated in (rule, *rule.parts.values()):
            # An item that is a scale is no item here: its own items are.
            own = zip(rated.items, rated.low, rated.high, strict=True)
            ends |= {item: (low, high) for item, low, high in own if item in columns and item not in ends}
    items = [item for item in columns if item in ends]
    answers = np.column_stack([columns[item] for item in items]) if items else np.empty((0, 0))
    return items, answers, [ends[item] for item in items]


def _wording(scores: ScoreTables, item: str) -> str:
    return next(one[0].wording(item) for one in scores.codings.values() if item in one[0].rule.questions)


# ── structure ──
_LOADINGS: Final = tuple(f"factor {number}" for number in range(1, MOST_FACTORS + 1))
_STRUCTURE: Final = ("questionnaire", "item", "wording", "scales", "n", *_LOADINGS, "communality")
_EIGENVALUES: Final = ("questionnaire", "number", "eigenvalue", "by chance", "above chance")


def structure_sheets(scored: Mapping[str, ScoreTables], notes: Notes) -> list[SmallSheet]:
    """Return the loadings of all scale items on the factors they have, and the eigenvalues that say how many there are.

    Why a questionnaire is not among them is said on the notes. Sheets without rows are left out.
    """
    loadings: list[tuple[Any, ...]] = []
    values: list[tuple[Any, ...]] = []
    charts = []
    for name, scores in scored.items():
        items, answers, _ = _every_item(scores)
        try:
            found = structure(items, answers)
        except NoSolution as reason:
            if len(items) >= FEWEST_ITEMS:
                notes.add("Structure", f"{name}: {reason}")
            continue
        for note in found.notes:
            notes.add("Structure", f"{name}: {note}")
        loadings += _loaded(name, scores, found)
        start = len(values)
        values += _compared(name, found)
        rows = range(start, len(values))
        lines = (ChartSeries("eigenvalue", rows, "of the answers"), ChartSeries("by chance", rows, "by chance"))
        charts.append(SheetChart("line", f"{name}: how many factors", "number", lines, ("Factor", "Eigenvalue"), start))
    shown = dict.fromkeys((*_LOADINGS, "communality", "eigenvalue", "by chance"), TWO_DECIMALS)
    about = "What the items of all scales measure together: loadings on factors (minres, varimax), all waves together"
    more = "Eigenvalues beside those of random answers: factors count as long as they are above chance"
    sheets = [
        SmallSheet("Structure", about, _STRUCTURE, loadings, looks=shown | {"wording": WRAPPED}),
        SmallSheet("Eigenvalues", more, _EIGENVALUES, values, looks=shown, charts=tuple(charts)),
    ]
    return [sheet for sheet in sheets if sheet.rows]


def _loaded(name: str, scores: ScoreTables, found: Structure) -> Iterator[tuple[Any, ...]]:
    for item, loads, shared in zip(found.items, found.loadings, found.communalities, strict=True):
        first = [*loads[:MOST_FACTORS], *[None] * (MOST_FACTORS - len(loads))]
        theirs = ", ".join(id for id in scores.scales if item in scores.rule(id).questions)
        yield (name, item, _wording(scores, item), theirs, found.n, *first, shared)


def _compared(name: str, found: Structure) -> Iterator[tuple[Any, ...]]:
    for number, (value, chance) in enumerate(zip(found.eigenvalues, found.chance, strict=True), start=1):
        yield name, number, value, chance, "yes" if number <= found.factors else "no"


# ── flags ──
_FLAGS: Final = ("questionnaire", "response", "wave", "same answer throughout", "only extremes", "fast", "seconds")


def flags(scored: Mapping[str, tuple[ScoreTables, Responses]], notes: Notes) -> SmallSheet:
    """Return the responses worth a second look. None of them is left out anywhere for that."""
    rows: list[tuple[Any, ...]] = []
    for name, (scores, responses) in scored.items():
        items, answers, ends = _every_item(scores)
        if not items:
            continue
        seconds = np.array(responses.seconds)
        found = quality_flags(answers, [low for low, _ in ends], [high for _, high in ends], seconds)
        if found.counted:
            notes.add("Flags", f"{name}: {found.sentence}")
        rows += _flagged(name, found, responses, seconds)
    about = "Responses worth a second look: the same answer throughout, only extremes, very fast. All figures have them"
    return SmallSheet("Flags", about, _FLAGS, rows)


def _flagged(name: str, found: QualityFlags, responses: Responses, seconds: Numbers) -> Iterator[tuple[Any, ...]]:
    ids = np.concatenate(responses.ids) if responses.ids else np.empty(0, dtype=_ID)
    for at in np.flatnonzero(found.straight | found.extremes | found.fast).tolist():
        marks = (int(one[at]) for one in (found.straight, found.extremes, found.fast))
        took = None if np.isnan(seconds[at]) else round(float(seconds[at]))
        yield (name, ids[at].decode(), responses.waves[at], *marks, took)
