"""Scale scores of an export: each response by the rule of the version that was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from survey.definition.questionnaire import Questionnaire
from survey.definition.scale import Scale
from survey.export.columns import AnsweredVersion, ColumnSet, Variable, in_one_order, wording_of
from survey.export.notes import Notes
from survey.export.table import Cells, DataTable, by_version
from survey.intake.identity import Measure, Type
from survey.responses import Record
from survey.scales import Rule, ScoreBand, band, matrix, rule_for, score_each

Numbers = NDArray[np.float64]

SELF: Final = "self"
"""Whose bands hold for people who answer about themselves, where none are given for their audience."""


_LEFT_OUT: Final = (
    "Responses with a different range from the newest are left out of the figures of the scale and its items."
)


class ScoreTables:
    """Scores tables, and keeps the items of each scale for what is said about the scale as a whole."""

    def __init__(self, columns: ColumnSet, notes: Notes, where: str) -> None:
        self._columns = columns
        self._rules = {
            version.sha256: {scale.id: rule_for(scale, version.questionnaire) for scale in version.questionnaire.scales}
            for version in columns.versions
        }
        orders = [[scale.id for scale in version.questionnaire.scales] for version in columns.versions]
        self.scales = {id: _newest(columns, id) for id in in_one_order(orders)}
        self._questions = {
            version.sha256: [version.questionnaire.question(id) for id in _items(version.questionnaire)]
            for version in columns.versions
        }
        self._items: dict[str, list[Numbers]] = {id: [] for id in self.scales}
        self._scored: dict[str, list[Numbers]] = {id: [] for id in self.scales}
        self._waves: list[str] = []
        self._years: Cells = []
        self._year_place = [variable.name for variable in columns.variables].index("year_group")
        self.variables = [variable for scale in self.scales.values() for variable in self._variables(scale)]
        self._tell_changes(notes, where)

    def _tell_changes(self, notes: Notes, where: str) -> None:
        for id in self.scales:
            with_it = [version for version in self._columns.versions if id in self._rules[version.sha256]]
            for older, newer in pairwise(with_it):
                numbers = f"{older.questionnaire.version} and {newer.questionnaire.version}"
                if _rule_of(older.questionnaire, id) != _rule_of(newer.questionnaire, id):
                    what = (
                        f"The rule differs between versions {numbers}. Each response is scored by the rule of its "
                        "version."
                    )
                    notes.add(where, what, column=id)
                for item in self._other_ranges(id, older, newer):
                    what = f"The answers to {item} have another range in versions {numbers}. {_LEFT_OUT}"
                    notes.add("Scales, Scale items", what, column=id)

    def _other_ranges(self, id: str, older: AnsweredVersion, newer: AnsweredVersion) -> list[str]:
        """Return the items of a scale whose numbers go from and to elsewhere in another version."""
        was, now = self._rules[older.sha256][id], self._rules[newer.sha256][id]
        return [item for item in was.items if item in now.items and _range(was, item) != _range(now, item)]

    def _variables(self, scale: Scale) -> list[Variable]:
        versions = tuple(
            sorted(
                {
                    version.questionnaire.version
                    for version in self._columns.versions
                    if scale.id in self._rules[version.sha256]
                }
            )
        )

        def variable(name: str, label: str, type: Type, measure: Measure) -> Variable:
            return Variable(name, label, type, measure, {}, "score", versions=versions)

        found = [
            variable(scale.id, f"{scale.title}: {scale.direction}", "number", "scale"),
            variable(f"{scale.id}_n", f"{scale.title}: items answered", "number", "scale"),
        ]
        if self._bands(scale.id):
            found.append(variable(f"{scale.id}_band", f"{scale.title}: band", "text", "ordinal"))
        return found

    def _bands(self, id: str) -> tuple[ScoreBand, ...]:
        bands = self.rule(id).bands
        return bands.get(self._columns.newest.audience) or bands.get(SELF) or ()

    def rule(self, id: str) -> Rule:
        """Return the newest rule of a scale."""
        return next(rules[id] for rules in reversed(self._rules.values()) if id in rules)

    def add(self, table: DataTable, rows: Sequence[Record]) -> list[Cells]:
        """Return the cells of :attr:`variables` for a table; a score that cannot be given is None."""
        self._waves += [row.wave for row in rows]
        self._years += table.cells[self._year_place]
        given = {id: np.full(len(rows), np.nan) for id in self.scales}
        answered: dict[str, Cells] = {id: [None] * len(rows) for id in self.scales}
        kept = {id: np.full((len(rows), len(self.rule(id).items)), np.nan) for id in self.scales}
        for sha256, places in by_version(rows).items():
            where = np.arange(len(rows)) if places is None else np.array(places)
            self._score(sha256, table, where, given, answered, kept)
        cells: list[Cells] = []
        for id, scores in given.items():
            self._items[id].append(kept[id])
            self._scored[id].append(scores)
            cells += [[None if value != value else _plain(value) for value in scores.tolist()], answered[id]]
            if bands := self._bands(id):
                cells.append(band(scores, bands).tolist())
        return cells

    def _score(
        self,
        sha256: str,
        table: DataTable,
        places: NDArray[np.intp],
        given: Mapping[str, Numbers],
        answered: Mapping[str, Cells],
        kept: Mapping[str, Numbers],
    ) -> None:
        """Score the rows of one version, in place: scores, numbers of items answered, and the items themselves."""
        rules, questions = self._rules[sha256], self._questions[sha256]
        if not rules:
            return
        numbers = matrix(questions, [table.answers[place] for place in places.tolist()])
        names = [question.id for question in questions]
        for id, result in zip(rules, score_each(numbers, names, list(rules.values())), strict=True):
            given[id][places] = result.score
            for place, n in zip(places.tolist(), result.answered.tolist(), strict=True):
                answered[id][place] = n
            for at, item in enumerate(self.rule(id).items):
                if _range(rules[id], item) == _range(self.rule(id), item):
                    kept[id][places, at] = numbers[:, names.index(item)]

    def wording(self, item: str) -> str:
        """Return the newest wording of an item."""
        for version in reversed(self._columns.versions):
            for question in version.questionnaire.questions:
                if question.id == item:
                    return wording_of(question)
        raise KeyError(item)

    def items(self, id: str) -> Numbers:
        """Return the answers to a scale's items as asked, rows × items of the newest rule; NaN for none."""
        return _whole(self._items[id], len(self.rule(id).items))

    def scores(self, id: str) -> Numbers:
        """Return the scores of a scale; NaN where none could be given."""
        return _whole(self._scored[id])

    def groups(self) -> dict[str, NDArray[np.bool_]]:
        """Return which rows belong to everyone, to each wave and to each year group, where there are several."""
        waves, years = np.array(self._waves, dtype=object), np.array(self._years, dtype=object)
        found = {"all": np.ones(len(waves), dtype=bool)}
        named = list(dict.fromkeys(self._waves))
        if len(named) > 1:
            found |= {f"wave {wave}": waves == wave for wave in named}
        known = sorted({year for year in self._years if isinstance(year, int | float)})
        if len(known) > 1:
            found |= {f"year group {year:g}": years == year for year in known}
        return found


def _whole(parts: list[Numbers], *width: int) -> Numbers:
    return np.concatenate(parts) if parts else np.empty((0, *width))


def _items(questionnaire: Questionnaire) -> list[str]:
    return list(dict.fromkeys(entry.item for scale in questionnaire.scales for entry in scale.items))


def _newest(columns: ColumnSet, id: str) -> Scale:
    for version in reversed(columns.versions):
        for scale in version.questionnaire.scales:
            if scale.id == id:
                return scale
    raise KeyError(id)


def _rule_of(questionnaire: Questionnaire, id: str) -> Mapping[str, Any]:
    """Return what makes the score of a scale, without the words about it."""
    return questionnaire.scale(id).model_dump(exclude={"title", "direction", "source", "note", "bands"})


def _plain(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _range(rule: Rule, item: str) -> tuple[float, float] | None:
    """Return the range of an item in a rule; None where it is not part of it."""
    if item not in rule.items:
        return None
    at = rule.items.index(item)
    return rule.low[at], rule.high[at]
