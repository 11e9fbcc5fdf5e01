"""Who is analysed: everyone who was asked something in a wave, with their place, their facts and their numbers.

Rows are people who were asked, not people who answered: who has no score stays in, so that attrition can be told. Where
an audience came by open links, no one knows how many might have come, and rows are those who began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from survey.definition.study import Fact, StudyDefinition

Floats = NDArray[np.float64]

YES: Final = "yes"
NO: Final = "no"


class Place(NamedTuple):
    """Where someone is: codes, None where there is none."""

    arm: str | None
    programme: str | None
    school: str | None
    school_class: str | None


class Row(NamedTuple):
    """Someone in one wave. `key` is the study code, the same in every wave, or the response's id for an open link."""

    key: str
    place: Place
    facts: Mapping[str, Any]


class Answered(NamedTuple):
    """A response to a questionnaire: whose it is, and what came of it, which is nothing until it is finished.

    `scores` are by scale, `shares` by the name of the plan's share.
    """

    row: Row
    scores: Mapping[str, float]
    shares: Mapping[str, float]


class OnList(NamedTuple):
    """Someone on a wave's list: who they are, which questionnaires they are asked, and whether they left."""

    row: Row
    audience: str
    asked: tuple[str, ...]
    left: bool


@dataclass
class StudyData:
    """What an analysis reads of a study: the lists of its waves, and the responses."""

    study: StudyDefinition
    lists: Mapping[str, Sequence[OnList]]
    """wave -> everyone on its list."""
    answers: dict[tuple[str, str], list[Answered]] = field(default_factory=lambda: defaultdict(list))
    """(questionnaire, wave) -> responses."""

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """The study's facts by name."""
        return {fact.id: fact for fact in self.study.facts}

    def people(self, questionnaire: str, wave: str) -> People:
        """Return everyone who was asked a questionnaire in a wave, or answered it all the same."""
        given = {one.row.key: one for one in self.answers.get((questionnaire, wave), ())}
        listed = [
            one.row
            for one in self.lists.get(wave, ())
            if questionnaire in one.asked and (not one.left or one.row.key in given)
        ]
        there = {row.key for row in listed}
        others = [one.row for key, one in given.items() if key not in there]
        rows = [*listed, *others]
        return People(self.facts, rows, [given.get(row.key) for row in rows])

    def listed(self, audience: str, wave: str) -> People:
        """Return everyone of an audience on a wave's list who has not left."""
        rows = [one.row for one in self.lists.get(wave, ()) if one.audience == audience and not one.left]
        return People(self.facts, rows, [None] * len(rows))


@dataclass(frozen=True)
class People:
    """Some people in one wave, column by column; each column has an entry for each of them."""

    facts: Mapping[str, Fact]
    rows: Sequence[Row]
    answers: Sequence[Answered | None]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def keys(self) -> list[str]:
        """Who they are."""
        return [row.key for row in self.rows]

    @cached_property
    def arms(self) -> list[str | None]:
        """Their arms."""
        return [row.place.arm for row in self.rows]

    def clusters(self, of: str) -> list[str | None]:
        """Return their schools, or (of “school_class”) their classes, which are told apart by school."""
        if of == "school":
            return [row.place.school for row in self.rows]
        return [
            None if row.place.school is None or row.place.school_class is None else "/".join(row.place[2:])  # type: ignore[arg-type]
            for row in self.rows
        ]

    def scores(self, scale: str) -> Floats:
        """Return their scores on a scale; NaN for none."""
        return self._of(lambda one: one.scores.get(scale, np.nan))

    def shares(self, name: str) -> Floats:
        """Return 1 or 0 for each as the items of a share say; NaN where they were not answered."""
        return self._of(lambda one: one.shares.get(name, np.nan))

    def _of(self, number: Callable[[Answered], float]) -> Floats:
        return np.array([np.nan if one is None else number(one) for one in self.answers], dtype=np.float64)

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
