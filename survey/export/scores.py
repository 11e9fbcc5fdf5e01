"""Scale scores of an export: each response by the rule of the version that was answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from survey.definition.meaning import scoring_rule
from survey.definition.scale import Scale
from survey.export.columns import AnsweredVersion, ColumnSet, Variable, in_one_order, wording_of
from survey.export.notes import Notes
from survey.export.table import Cells, DataTable, by_version
from survey.intake.identity import Measure, Type
from survey.problems import listed
from survey.responses import Record
from survey.scales import Beside, Rule, Scores, banded, has_bands, matrix, rules_for, score_each

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LEFT_OUT: Final = (
    "Responses with a different range from the newest are left out of the figures of the scale and its items."
)


class ScoreTables:
    """Scores tables, and keeps the items of each scale for what is said about the scale as a whole."""

    def __init__(self, columns: ColumnSet, notes: Notes, where: str) -> None:
        self._columns = columns
        self._rules = {version.sha256: rules_for(version.questionnaire) for version in columns.versions}
        orders = [[scale.id for scale in version.questionnaire.scales] for version in columns.versions]
        self.scales = {id: _newest(columns, id) for id in in_one_order(orders)}
        self._questions = {
            version.sha256: [version.questionnaire.question(id) for id in _asked(self._rules[version.sha256].values())]
            for version in columns.versions
        }
        self._items: dict[str, list[Numbers]] = {id: [] for id in self.scales}
        self._not_shown: dict[str, list[Flags]] = {id: [] for id in self.scales}
        self._scored: dict[str, list[Numbers]] = {id: [] for id in self.scales}
        self._facts: dict[str, list[Any]] = {fact: [] for id in self.scales for fact in self.rule(id).facts}
        self._without_norms = dict.fromkeys(self.scales, 0)
        self._notes, self._where = notes, where
        self._waves: list[str] = []
        self._years: Cells = []
        self._year_place = [variable.name for variable in columns.variables].index("year_group")
        self.variables = [variable for scale in self.scales.values() for variable in self._variables(scale)]
        self._tell_changes()

    def _tell_changes(self) -> None:
        for id in self.scales:
            with_it = [version for version in self._columns.versions if id in self._rules[version.sha256]]
            for older, newer in pairwise(with_it):
                numbers = f"{older.questionnaire.version} and {newer.questionnaire.version}"
                if scoring_rule(older.questionnaire, id) != scoring_rule(newer.questionnaire, id):
                    what = (
                        f"The rule differs between versions {numbers}. Each response is scored by the rule of its "
                        "version."
                    )
                    self._notes.add(self._where, what, column=id)
                for item in self._other_ranges(id, older, newer):
                    what = f"The answers to {item} have another range in versions {numbers}. {_LEFT_OUT}"
                    self._notes.add("Scales, Scale items", what, column=id)

    def _other_ranges(self, id: str, older: AnsweredVersion, newer: AnsweredVersion) -> list[str]:
        """Return the items of a scale whose numbers go from and to elsewhere in another version."""
        was, now = self._rules[older.sha256][id], self._rules[newer.sha256][id]
        return [id for id in was.questions if id in now.questions and _range(was, id) != _range(now, id)]

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
            variable(f"{scale.id}_n", f"{scale.title}: {self._answered(scale)}", "number", "scale"),
        ]
        if self._has_bands(scale.id):
            found.append(variable(f"{scale.id}_band", f"{scale.title}: band", "text", "ordinal"))
        return found

    def _answered(self, scale: Scale) -> str:
        """Return what the column with the number of answered items is called."""
        return "scales with a score" if len(self.rule(scale.id).parts) == len(scale.items) else "items answered"

    def _has_bands(self, id: str) -> bool:
        return has_bands(self.rule(id), self._columns.newest.audience)

    def rule(self, id: str) -> Rule:
        """Return the newest rule of a scale."""
        return next(rules[id] for rules in reversed(self._rules.values()) if id in rules)

    def add(self, table: DataTable, rows: Sequence[Record]) -> list[Cells]:
        """Return the cells of :attr:`variables` for a table; a score that cannot be given is None."""
        self._waves += [row.wave for row in rows]
        for fact, values in self._facts.items():
            values += [row.facts.get(fact) for row in rows]
        self._years += table.cells[self._year_place]
        given = {id: Scores(np.full(len(rows), np.nan), np.zeros(len(rows), dtype=np.int16)) for id in self.scales}
        there = {id: np.zeros(len(rows), dtype=bool) for id in self.scales}
        kept = {id: np.full((len(rows), len(self.rule(id).questions)), np.nan) for id in self.scales}
        for sha256, places in by_version(rows).items():
            where = np.arange(len(rows)) if places is None else np.array(places)
            numbers = matrix(self._questions[sha256], [table.answers[place] for place in where.tolist()])
            for id, found in self._score(sha256, numbers, table, rows, where).items():
                given[id].score[where], given[id].answered[where], there[id][where] = found.score, found.answered, True
                self._without_norms[id] += found.without_norms
            self._keep(sha256, numbers, where, kept)
        cells: list[Cells] = []
        for id, scores in given.items():
            self._items[id].append(kept[id])
            self._not_shown[id].append(self._flags(table, id))
            self._scored[id].append(scores.score)
            cells.append([None if value != value else _plain(value) for value in scores.score.tolist()])
            cells.append(
                [n if yes else None for n, yes in zip(scores.answered.tolist(), there[id].tolist(), strict=True)]
            )
            if self._has_bands(id):
                beside = Beside(facts=_facts([self.rule(id)], rows))
                cells.append(banded(scores, self.rule(id), self._columns.newest.audience, beside).tolist())
        return cells

    def _score(
        self, sha256: str, numbers: Numbers, table: DataTable, rows: Sequence[Record], places: NDArray[np.intp]
    ) -> dict[str, Scores]:
        """Return the scores of the rows of one version, by scale."""
        rules = self._rules[sha256]
        if not rules:
            return {}
        passed_by = {id for rule in rules.values() for id in rule.passed_by}
        beside = Beside(
            {id: np.array(table.not_shown(id), dtype=bool)[places] for id in passed_by},
            _facts(rules.values(), [rows[place] for place in places.tolist()]),
        )
        names = [question.id for question in self._questions[sha256]]
        return dict(zip(rules, score_each(numbers, names, list(rules.values()), beside=beside), strict=True))

    def _keep(self, sha256: str, numbers: Numbers, places: NDArray[np.intp], kept: Mapping[str, Numbers]) -> None:
        """Keep the answers to the questions of each scale, in place, where they have the range of the newest rule."""
        rules, names = self._rules[sha256], [question.id for question in self._questions[sha256]]
        for id in rules:
            for at, question in enumerate(self.rule(id).questions):
                if question in names and _range(rules[id], question) == _range(self.rule(id), question):
                    kept[id][places, at] = numbers[:, names.index(question)]

    def _flags(self, table: DataTable, id: str) -> Flags:
        """Return rows × questions of a scale: whether a question was not shown, where the newest rule asks for it."""
        rule = self.rule(id)
        found = np.zeros((len(table), len(rule.questions)), dtype=bool)
        for at, question in enumerate(rule.questions):
            if question in rule.passed_by:
                found[:, at] = table.not_shown(question)
        return found

    def tell_without_norms(self) -> None:
        """Put on the notes how many responses have no score because no norms hold for them."""
        for id, count in self._without_norms.items():
            if count:
                self._notes.add(self._where, without_norms(self.rule(id), count), column=id)

    def wording(self, item: str) -> str:
        """Return the newest wording of an item; of one that is a scale, its title."""
        if item in self.scales:
            return self.scales[item].title
        for version in reversed(self._columns.versions):
            for question in version.questionnaire.questions:
                if question.id == item:
                    return wording_of(question)
        raise KeyError(item)

    def items(self, id: str) -> Numbers:
        """Return the answers to a scale's questions as asked, rows × questions of the newest rule; NaN for none."""
        return _whole(self._items[id], len(self.rule(id).questions))

    def beside(self, id: str) -> Beside:
        """Return what scoring looks at beside the answers, for the rows of :meth:`items`."""
        rule = self.rule(id)
        facts = {fact: self._facts[fact] for fact in rule.facts}
        if not rule.passed_by:
            return Beside(facts=facts)
        flags = _whole(self._not_shown[id], len(rule.questions)).astype(bool)
        return Beside({question: flags[:, at] for at, question in enumerate(rule.questions)}, facts)

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


def _whole(parts: Sequence[NDArray[Any]], *width: int) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty((0, *width))


def _asked(rules: Iterable[Rule]) -> list[str]:
    """Return the questions of several rules, each once."""
    return list(dict.fromkeys(id for rule in rules for id in rule.questions))


def _facts(rules: Iterable[Rule], rows: Sequence[Record]) -> dict[str, list[Any]]:
    """Return the roster facts that norms look at, for each row."""
    names = {fact for rule in rules for fact in rule.facts}
    return {name: [row.facts.get(name) for row in rows] for name in names}


def _newest(columns: ColumnSet, id: str) -> Scale:
    for version in reversed(columns.versions):
        for scale in version.questionnaire.scales:
            if scale.id == id:
                return scale
    raise KeyError(id)


def without_norms(rule: Rule, count: int, of: str = "response") -> str:
    """Return the sentence that says why a number of people have enough answers for a scale, but no score by norms.

    of: what is counted, as one of them is called.
    """
    facts = listed(rule.own_facts)
    whose = f"1 {of} has" if count == 1 else f"{count:,} {of}s have"
    what = "score" if rule.normed else "band"
    return f"{whose} no {what}: {facts} unknown, or outside the groups that norms are given for."


def _plain(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _range(rule: Rule, question: str) -> tuple[float, float] | None:
    """Return the range of a question in a rule or in the rules it is made of; None where it is not part of it."""
    if question in rule.items:
        at = rule.items.index(question)
        return rule.low[at], rule.high[at]
    return next((_range(part, question) for part in rule.parts.values() if question in part.questions), None)
