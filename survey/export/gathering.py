"""What the analysis of a study reads, gathered while its responses pass on their way into a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from survey.definition.study import CountedAnswer, StudyDefinition
from survey.export.items import ASKED, is_choice
from survey.export.missing import Gaps, MissingNumber
from survey.export.sink import Dataset
from survey.export.table import Cells, DataTable
from survey.fieldwork.listed import Listed, ListedSchool
from survey.findings.outcomes import facts_of, share_id
from survey.findings.people import NOT_COUNTED, PASSED_BY, SILENT, OnList, Place, Row, SchoolRow, StudyData
from survey.responses import Record


class Gathering:
    """Keeps, of each response, whose it is, its scores, and whether it counts for the plan's shares.

    Of a study of any size that has to stay small: places and facts, of which there are few different ones, are kept
    once, and only the facts that the plan speaks of. answers: whether answers to questions with options are kept too.
    """

    def __init__(
        self,
        study: StudyDefinition,
        listed: Iterable[Listed],
        schools: Iterable[ListedSchool] = (),
        *,
        answers: bool = False,
    ) -> None:
        self._answers = answers
        its_schools = [SchoolRow(*school) for school in schools]
        self._of_school = {school.code: school.facts for school in its_schools}
        self._own = {fact.id for fact in study.school_facts}
        self._shares = study.plan.shares if study.plan else []
        self._facts = sorted(facts_of(study))
        self._places: dict[Place, Place] = {}
        self._known: dict[tuple[Any, ...], Mapping[str, Any]] = {}
        self._rows: dict[tuple[str, str], Row] = {}
        lists: dict[str, list[OnList]] = {wave.id: [] for wave in study.waves}
        for one in listed:
            row = self._row(one.participant, Place(one.arm, one.programme, one.school, one.school_class), one.facts)
            self._rows[one.participant, one.wave] = row
            lists[one.wave].append(OnList(row, one.audience, one.asked, one.left))
        self.data = StudyData(study, lists, its_schools)

    def add(self, dataset: Dataset, table: DataTable, rows: Sequence[Record], scores: Sequence[Cells]) -> None:
        """Keep some responses of a questionnaire, with the cells of its data and of its scores. Only finished count."""
        name = dataset.columns.questionnaire
        at = {variable.name: place for place, variable in enumerate(dataset.scores.variables)}
        columns: dict[str, Sequence[Any]] = {scale: scores[at[scale]] for scale in dataset.scores.scales}
        for share in self._shares:
            if share.questionnaire == name:
                columns[share_id(share)] = _counted(share, dataset, table.cells)
        kept = [place for place, row in enumerate(rows) if row.state not in ("declined", "withdrawn")]
        for place in kept:
            row = rows[place]
            counts = row.state == "finished"
            numbers = {name: _number(column[place]) if counts else np.nan for name, column in columns.items()}
            answers = self.data.answers[name, row.wave]
            answers.add(self._row_of(row), numbers, further=row.child > 1, household=row.household)
        if self._answers:
            self._keep_answers(dataset, table, [(place, rows[place]) for place in kept])

    def _keep_answers(self, dataset: Dataset, table: DataTable, rows: Sequence[tuple[int, Record]]) -> None:
        gaps = Gaps(self.data.study.missing)
        why = {gaps["not_shown"]: PASSED_BY} | {gaps[reason]: SILENT for reason in ASKED}
        for at, variable in enumerate(dataset.columns.variables):
            if not is_choice(variable):
                continue
            places = {code: place for place, code in enumerate(variable.codes)}
            cells = table.cells[at]
            for place, row in rows:
                chosen = self.data.answers[dataset.columns.questionnaire, row.wave].chosen[variable.name]
                chosen.append(_place_of(cells[place], places, why) if row.state == "finished" else NOT_COUNTED)

    def _row_of(self, record: Record) -> Row:
        place = Place(record.arm, record.programme, record.school, record.school_class)
        if record.child > 1:
            # Not the parent's row on the list: this is about another child, who may be at another school.
            known = record.participant is not None and record.child_code is not None
            return self._row(f"{record.participant}/{record.child_code}" if known else None, place, record.facts)
        if record.participant is not None and (one := self._rows.get((record.participant, record.wave))):
            return one
        return self._row(record.participant, place, record.facts)

    def _row(self, key: str | None, place: Place, facts: Mapping[str, Any]) -> Row:
        of_school = self._of_school.get(place.school or "", {})
        told = tuple((of_school if name in self._own else facts).get(name) for name in self._facts)
        known = self._known.setdefault(told, dict(zip(self._facts, told, strict=True)))
        return Row(key, self._places.setdefault(place, place), known)


def _place_of(cell: Any, places: Mapping[Any, int], why: Mapping[Any, int]) -> int:
    if cell is None or cell.__class__ is MissingNumber:
        return why.get(cell, NOT_COUNTED)
    return places[cell]


def _number(cell: Any) -> float:
    return np.nan if cell is None else float(cell)


def _counted(share: CountedAnswer, dataset: Dataset, cells: Sequence[Cells]) -> list[float]:
    """Return 1 or 0 for each row as the codes of the share's items say; NaN where an answer that decides is missing."""
    at = {variable.question: place for place, variable in enumerate(dataset.columns.variables) if _is_item(variable)}
    codes = frozenset(share.codes)
    items = np.array(
        [
            [
                np.nan if cell is None or cell.__class__ is MissingNumber else float(cell in codes)
                for cell in cells[at[item]]
            ]
            for item in share.items
            if item in at
        ]
    )
    if not len(items):
        return [np.nan] * len(cells[0])
    known = ~np.isnan(items)
    # One item that counts settles “any”, whatever the others would have been; one that does not settles “all”.
    settles = 1.0 if share.of == "any" else 0.0
    settled = (known & (items == settles)).any(axis=0)
    rest = np.where(known.all(axis=0), 1.0 - settles, np.nan)
    return [float(one) for one in np.where(settled, settles, rest)]


def _is_item(variable: Any) -> bool:
    return bool(variable.group == "question" and variable.name == variable.question)
