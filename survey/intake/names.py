"""What the columns of a data file are called: the same names going out and coming in."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from survey.definition.questionnaire import Questionnaire
from survey.definition.study import Study

LONGEST: Final = 32

IDENTITY: Final = (
    "response", "participant", "wave", "arm", "programme", "school", "class", "performance",
    "year_group", "audience",
    "questionnaire", "version", "language", "mode", "state", "started", "finished", "seconds",
)  # fmt: skip
"""The columns that say who, where and when, in their order."""

CAUTION: Final = "age_caution"
"""One more, in questionnaires for readers who may be younger than CAUTIOUS_BELOW (years)."""

CAUTIOUS_BELOW: Final = 5


def fact_column(fact: str) -> str:
    """Return the name of a roster fact's column."""
    return f"roster_{fact}"[:LONGEST]


def roster_columns(study: Study) -> list[str]:
    """Return the names of the roster facts' columns; the year group stands among the identity columns."""
    return [fact_column(fact.id) for fact in study.facts if fact.id != "year"]


def taken_names(study: Study, versions: Iterable[Questionnaire]) -> set[str]:
    """Return, in lower case, the names of all columns that belong to no question."""
    cautious = {CAUTION} if any(version.reader.age < CAUTIOUS_BELOW for version in versions) else set()
    return {name.casefold() for name in (*IDENTITY, *roster_columns(study))} | cautious


def question_column(name: str, taken: Collection[str]) -> str:
    """Return the name of a question's column where these names, in lower case, are those of other columns."""
    return name if name.casefold() not in taken else f"q_{name}"[:LONGEST]
