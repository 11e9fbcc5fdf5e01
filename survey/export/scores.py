"""Scale scores of an export: each response by the rule of the version that was answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from survey.definition.meaning import scoring_rule
from survey.definition.scale import Scale
from survey.export.codings import Flags, Numbers, Places, codings_of
from survey.export.columns import ColumnSet, Variable, in_one_order
from survey.export.notes import Notes
from survey.export.table import Cells, DataTable, by_version
from survey.intake.identity import Measure, Type
from survey.problems import listed
from survey.responses import Record
from survey.scales import Beside, Rule, Scores, banded, has_bands, matrix, rules_for, score_each

EVERYONE: Final = "all"
"""The group of all responses."""


def group_of_wave(wave: str) -> str:
    """Return what the group of everyone in one wave is called."""
    return f"wave {wave}"


@dataclass(frozen=True)
class ScorePartition:
    """Groups into which rows are divided: name -> which rows. of_all_waves: parts of people, each in all waves at once.

    In one wave such a part is shown elsewhere, so that its figures in all waves could be taken apart.
    """

    groups: Mapping[str, NDArray[np.bool_]]
    of_all_waves: bool = False


class ScoreTables:
    """Scores tables, and keeps the items of each scale for what is said about the scale as a whole.

    unfinished: whether responses that are not finished count there as well.
    """

    def __init__(self, columns: ColumnSet, notes: Notes, where: str, *, unfinished: bool = False) -> None:
        self._columns = columns
        self._rules = {version.sha256: rules_for(version.questionnaire) for version in columns.versions}
        orders = [[scale.id for scale in version.questionnaire.scales] for version in columns.versions]
        self.scales = {id: _newest(columns, id) for id in in_one_order(orders)}
        self._questions = {
            version.sha256: [version.questionnaire.question(id) for id in _asked(self._rules[version.sha256].values())]
            for version in columns.versions
        }
        self.codings = {id: codings_of(id, columns.versions, self._rules) for id in self.scales}
        self._unfinished = unfinished
        self._done = 0
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
                if not any(coding.has(older.sha256) and coding.has(newer.sha256) for coding in self.codings[id]):
                    what = f"The items are coded differently in versions {numbers}. Each has rows of its own."
                    self._notes.add("Scales, Scale items", what, column=id)

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

        score = variable(scale.id, f"{scale.title}: {scale.direction}", "number", "scale")
        found = [
            replace(
                score, shown_as=_shown_as([self._rules[one.sha256].get(scale.id) for one in self._columns.versions])
            ),
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
        self._years += table.cells[self._year_place]
        counts = np.array([self._unfinished or row.state == "finished" for row in rows], dtype=bool)
        given = {id: Scores(np.full(len(rows), np.nan), np.zeros(len(rows), dtype=np.int16)) for id in self.scales}
        there = {id: np.zeros(len(rows), dtype=bool) for id in self.scales}
        for sha256, places in by_version(rows).items():
            where = np.arange(len(rows)) if places is None else np.array(places)
            numbers = matrix(self._questions[sha256], [table.answers[place] for place in where.tolist()])
            beside = self._beside(sha256, table, rows, where)
            for id, found in self._score(sha256, numbers, beside).items():
                given[id].score[where], given[id].answered[where], there[id][where] = found.score, found.answered, True
                self._without_norms[id] += found.without_norms
                self._keep(id, sha256, _ScoredRows(where, numbers, found, beside), counts[where])
        self._done += len(rows)
        cells: list[Cells] = []
        for id, scores in given.items():
            cells.append([None if value != value else _plain(value) for value in scores.score.tolist()])
            cells.append(
                [n if yes else None for n, yes in zip(scores.answered.tolist(), there[id].tolist(), strict=True)]
            )
            if self._has_bands(id):
                facts = Beside(facts=_facts([self.rule(id)], rows))
                cells.append(banded(scores, self.rule(id), self._columns.newest.audience, facts).tolist())
        return cells

    def _beside(self, sha256: str, table: DataTable, rows: Sequence[Record], places: Places) -> Beside:
        """Return what the rules of a version look at beside the answers, for its rows."""
        rules = self._rules[sha256]
        passed_by = {id for rule in rules.values() for id in rule.passed_by}
        return Beside(
            {id: np.array(table.not_shown(id), dtype=bool)[places] for id in passed_by},
            _facts(rules.values(), [rows[place] for place in places.tolist()]),
        )

    def _score(self, sha256: str, numbers: Numbers, beside: Beside) -> dict[str, Scores]:
        """Return the scores of the rows of one version, by scale."""
        rules = self._rules[sha256]
        if not rules:
            return {}
        names = [question.id for question in self._questions[sha256]]
        return dict(zip(rules, score_each(numbers, names, list(rules.values()), beside=beside), strict=True))

    def _keep(self, id: str, sha256: str, scored: _ScoredRows, counts: Flags) -> None:
        """Keep the answers to the questions of a scale, and its scores, of those rows of a version that count."""
        mine = scored if counts.all() else scored.chosen(counts)
        coding = next(one for one in self.codings[id] if one.has(sha256))
        names = [question.id for question in self._questions[sha256]]
        items = mine.numbers[:, [names.index(question) for question in coding.rule.questions]]
        coding.add(mine.places + self._done, items, mine.scores.score, mine.beside)

    def tell_without_norms(self) -> None:
        """Put on the notes how many responses have no score because no norms hold for them."""
        for id, count in self._without_norms.items():
            if count:
                self._notes.add(self._where, without_norms(self.rule(id), count), column=id)

    @property
    def rows(self) -> int:
        """How many responses there are in all."""
        return self._done

    def partitions(self) -> list[ScorePartition]:
        """Return which rows belong to everyone; to each wave; and to each year group, where there are several."""
        waves, years = np.array(self._waves, dtype=object), np.array(self._years, dtype=object)
        found = [ScorePartition({EVERYONE: np.ones(len(waves), dtype=bool)})]
        named = list(dict.fromkeys(self._waves))
        if len(named) > 1:
            found.append(ScorePartition({group_of_wave(wave): waves == wave for wave in named}))
        known = sorted({year for year in self._years if isinstance(year, int | float)})
        if len(known) > 1:
            by_year = {f"year group {year:g}": years == year for year in known}
            found.append(ScorePartition(by_year, of_all_waves=len(named) > 1))
        return found


def _shown_as(rules: Iterable[Rule | None]) -> str:
    """Return the number format of a score by any of these rules: two decimals, unless all give whole numbers."""
    return "" if all(rule is None or _is_whole(rule) for rule in rules) else "0.00"


def _is_whole(rule: Rule) -> bool:
    if rule.round is not None:
        return rule.round == 0
    plain = rule.score == "count" or (rule.score == "sum" and not rule.prorate)
    return plain and rule.transform is None and not rule.normed and all(map(_is_whole, rule.parts.values()))


class _ScoredRows(NamedTuple):
    """Some rows of one version, scored: their places in their table, their answers in numbers, and the scores."""

    places: Places
    numbers: Numbers
    scores: Scores
    beside: Beside

    def chosen(self, where: Flags) -> _ScoredRows:
        """Return those rows for which `where` is true."""
        scores = Scores(self.scores.score[where], self.scores.answered[where])
        return _ScoredRows(self.places[where], self.numbers[where], scores, self.beside.chosen(where))


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
