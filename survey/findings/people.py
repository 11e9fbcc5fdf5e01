"""Who is analysed: everyone who was asked something in a wave, with their place, their facts and their numbers.

Rows are people who were asked, not people who answered: who has no score stays in, so that attrition can be told. Where
an audience came by open links, no one knows how many might have come, and rows are those who began.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from survey.definition.study import Fact, StudyDefinition

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

YES: Final = "yes"
NO: Final = "no"


class Place(NamedTuple):
    """Where someone is: codes, None where there is none."""

    arm: str | None
    programme: str | None
    school: str | None
    school_class: str | None


class Row(NamedTuple):
    """Someone in one wave. `key` is the study code, the same in every wave; None for an open link."""

    key: str | None
    place: Place
    facts: Mapping[str, Any]


class OnList(NamedTuple):
    """Someone on a wave's list: who they are, which questionnaires they are asked, and whether they left."""

    row: Row
    audience: str
    asked: tuple[str, ...]
    left: bool


class SchoolRow(NamedTuple):
    """A school by its code, its arm, and the facts about it."""

    code: str
    arm: str | None
    facts: Mapping[str, Any]


@dataclass
class ResponseColumns:
    """The responses to a questionnaire in a wave: whose they are, and what came of each.

    `numbers` are columns of one length: scores by scale, and shares by their name. NaN stands for none, as for a
    response that is not finished. `further` tells which are about a parent's further child, and `respondents` who
    answered: the same number for each child of one parent. `chosen` are columns of the same length, where they are
    kept: of each question with options the place of the answer among its codes, from 0; else SILENT, PASSED_BY or
    NOT_COUNTED.
    """

    rows: list[Row] = field(default_factory=list)
    further: list[bool] = field(default_factory=list)
    respondents: array[int] = field(default_factory=lambda: array("q"))
    numbers: dict[str, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    chosen: dict[str, array[int]] = field(default_factory=lambda: defaultdict(lambda: array("h")))

    def add(
        self, row: Row, numbers: Mapping[str, float], *, further: bool = False, household: str | None = None
    ) -> None:
        """Add a response; each has a number in every column. household: the id that rows of one parent share."""
        # Of a large study a number takes less room than an id, and is as good as one while the analysis lasts.
        self.respondents.append(len(self.rows) if household is None else hash(household))
        self.rows.append(row)
        self.further.append(further)
        for name, number in numbers.items():
            self.numbers[name].append(number)


@dataclass
class StudyData:
    """What an analysis reads of a study: the lists of its waves, and the responses."""

    study: StudyDefinition
    lists: Mapping[str, list[OnList]]
    """wave -> everyone on its list."""
    schools: Sequence[SchoolRow] = ()
    answers: dict[tuple[str, str], ResponseColumns] = field(default_factory=lambda: defaultdict(ResponseColumns))
    """(questionnaire, wave) -> responses."""

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """The study's facts by name, those about schools among them: they are true of everyone there."""
        return {fact.id: fact for fact in (*self.study.facts, *self.study.school_facts)}

    def people(self, questionnaire: str, wave: str, *, once: bool = False) -> People:
        """Return everyone who was asked a questionnaire in a wave, or answered it all the same.

        Parents are there once for each child they answered about; once: only once, for what the family was asked.
        """
        answers = self.answers.get((questionnaire, wave), ResponseColumns())
        given = {row.key: at for at, row in enumerate(answers.rows) if row.key is not None}
        rows, places = [], []
        for one in self.lists.get(wave, ()):
            at = given.get(one.row.key or "", NOWHERE)
            if questionnaire in one.asked and (not one.left or at != NOWHERE):
                rows.append(one.row)
                places.append(at)
        there = set(places)
        others = [at for at in range(len(answers.rows)) if at not in there and not (once and answers.further[at])]
        rows += [answers.rows[at] for at in others]
        return People(self.facts, rows, answers, [*places, *others])

    def listed(self, audience: str, wave: str) -> People:
        """Return everyone of an audience on a wave's list who has not left."""
        rows = [one.row for one in self.lists.get(wave, ()) if one.audience == audience and not one.left]
        return People(self.facts, rows)


SILENT: Final = -1
PASSED_BY: Final = -2
NOT_COUNTED: Final = -3
"""What stands in place of an answer: asked and not answered; passed by, as earlier answers led elsewhere; or anything
else, such as no finished response."""

NOWHERE: Final = -1
"""Where the answer of someone stands who gave none."""


@dataclass(frozen=True)
class People:
    """Some people in one wave, column by column; each column has an entry for each of them.

    `places` are where the answer of each stands among `answers`.
    """

    facts: Mapping[str, Fact]
    rows: Sequence[Row]
    answers: ResponseColumns = field(default_factory=ResponseColumns)
    places: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, inside: Sequence[bool]) -> People:
        """Return some of these people. inside: for each, whether they stay."""
        rows = [row for row, stays in zip(self.rows, inside, strict=True) if stays]
        places = [place for place, stays in zip(self.places, inside, strict=True) if stays] if self.places else ()
        return People(self.facts, rows, self.answers, places)

    @cached_property
    def keys(self) -> list[Hashable]:
        """Who they are, the same in every wave; who came by an open link is no one that anyone could find again."""
        return [object() if row.key is None else row.key for row in self.rows]

    @cached_property
    def respondents(self) -> NDArray[np.int64]:
        """Who answers, as numbers: one parent who answers about several children is one person."""
        numbers = np.arange(len(self), dtype=np.int64)
        places = np.asarray(self.places, dtype=np.int64)
        there = np.flatnonzero(places != NOWHERE)
        if len(there):
            who = np.array(self.answers.respondents, dtype=np.int64)[places[there]]
            numbers[there] = len(self) + np.unique(who, return_inverse=True)[1]
        return numbers

    @cached_property
    def arms(self) -> list[str | None]:
        """Their arms."""
        return [row.place.arm for row in self.rows]

    def inside(self, arms: Collection[str]) -> Truths:
        """Return whether each is in one of these arms."""
        return np.array([arm in arms for arm in self.arms], dtype=bool)

    def clusters(self, of: str) -> list[str | None]:
        """Return their schools, or (of “school_class”) their classes, which are told apart by school."""
        if of == "school":
            return [row.place.school for row in self.rows]
        return [
            None if row.place.school is None or row.place.school_class is None else "/".join(row.place[2:])  # type: ignore[arg-type]
            for row in self.rows
        ]

    def answered(self, name: str) -> Floats:
        """Return the scores on a scale, or 1 and 0 as the items of a share say; NaN for none."""
        column = self.answers.numbers.get(name)
        if column is None:
            return np.full(len(self), np.nan)
        places = np.asarray(self.places, dtype=np.int64)
        return np.where(places == NOWHERE, np.nan, np.array(column)[places])

    def chosen(self, question: str) -> NDArray[np.int64]:
        """Return the place of each one's answer to a question among its codes; SILENT, PASSED_BY, NOT_COUNTED."""
        column = self.answers.chosen.get(question)
        if column is None:
            return np.full(len(self), NOT_COUNTED, dtype=np.int64)
        places = np.asarray(self.places, dtype=np.int64)
        return np.where(places == NOWHERE, NOT_COUNTED, np.array(column, dtype=np.int64)[places])

    def numbers(self, fact: str) -> Floats:
        """Return a fact of kind: number; NaN where it is not known."""
        return np.array([_number(row.facts.get(fact)) for row in self.rows], dtype=np.float64)

    def labels(self, fact: str) -> list[str | None]:
        """Return a fact as the code of a group: its code, “yes” or “no”, or a number as it is written."""
        kind = self.facts[fact].kind
        read = _yes_no if kind == "yes_no" else _plain_number if kind == "number" else _code
        return [read(row.facts.get(fact)) for row in self.rows]

    def reached(self, fact: str, codes: Iterable[str]) -> Floats:
        """Return 1 for each whose code is among these, 0 for another, NaN where it is not known."""
        wanted = frozenset(codes)
        return np.array([np.nan if one is None else float(one in wanted) for one in self.labels(fact)])

    def is_yes(self, fact: str) -> Floats:
        """Return 1 and 0 for a fact of kind: yes_no; NaN where it is not known."""
        return self.reached(fact, [YES])


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def _plain_number(value: Any) -> str | None:
    number = _number(value)
    return None if np.isnan(number) else f"{number:g}"


def _code(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _yes_no(value: Any) -> str | None:
    said = str(value).strip().lower()
    return YES if said in ("yes", "true", "1") else NO if said in ("no", "false", "0") else None
