"""What the analysis of a study reads, gathered while its responses pass on their way into a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from survey.definition.study import CountedAnswer, StudyDefinition
from survey.export.missing import MissingNumber
from survey.export.sink import Dataset
from survey.export.table import Cells, DataTable
from survey.fieldwork.listed import Listed
from survey.findings.people import Answered, OnList, Place, Row, StudyData
from survey.responses import Record


class Gathering:
    """Keeps, of each response, whose it is, its scores, and whether it counts for the plan's shares."""

    def __init__(self, study: StudyDefinition, listed: Iterable[Listed]) -> None:
        lists: dict[str, list[OnList]] = {wave.id: [] for wave in study.waves}
        self._rows: dict[tuple[str, str], Row] = {}
        for one in listed:
            row = Row(one.participant, Place(one.arm, one.programme, one.school, one.school_class), one.facts)
            self._rows[one.participant, one.wave] = row
            lists[one.wave].append(OnList(row, one.audience, one.asked, one.left))
        self.data = StudyData(study, lists)
        self._shares = study.plan.shares if study.plan else []

    def add(self, dataset: Dataset, table: DataTable, rows: Sequence[Record], scores: Sequence[Cells]) -> None:
        """Keep some responses of a questionnaire, with the cells of its data and of its scores. Only finished count."""
        name = dataset.columns.questionnaire
        at = {variable.name: place for place, variable in enumerate(dataset.scores.variables)}
        given = {scale: scores[at[scale]] for scale in dataset.scores.scales}
        shares = {
            share.id: _counted(share, dataset, table.cells) for share in self._shares if share.questionnaire == name
        }
        for place, row in enumerate(rows):
            if row.state in ("declined", "withdrawn"):
                continue
            finished = row.state == "finished"
            self.data.answers[name, row.wave].append(
                Answered(
                    self._row(row),
                    _at(given, place) if finished else {},
                    _at(shares, place) if finished else {},
                )
            )

    def _row(self, record: Record) -> Row:
        if record.participant is not None and (listed := self._rows.get((record.participant, record.wave))):
            return listed
        place = Place(record.arm, record.programme, record.school, record.school_class)
        return Row(record.participant or record.id, place, record.facts)


def _at(columns: Mapping[str, Sequence[Any]], place: int) -> dict[str, float]:
    return {name: float(column[place]) for name, column in columns.items() if column[place] is not None}


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
