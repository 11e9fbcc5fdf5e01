"""Roster facts in questionnaires: the study has to know them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from survey.definition.conditions import Test
from survey.definition.languages import texts
from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import Fact, StudyDefinition
from survey.definition.wording import UnreadableWording, checked_gaps
from survey.problems import About, did_you_mean, quoted, shortened

ALWAYS_KNOWN: Final = ("school", "class", "wave", "arm", "programme", "performance")
"""What is known of a participant without being a fact of the roster."""


def facts_used(questionnaire: Questionnaire, study: StudyDefinition) -> Iterator[Fault]:
    """Every fact in a condition or a wording is one of the study's, with a value it can have."""
    facts = {fact.id: fact for fact in study.facts}
    said = set()
    for _, thing in questionnaire.conditional():
        for test in thing.when.tests() if thing.when is not None else ():
            if test.about_roster and test.at not in said:
                said.add(test.at)
                yield from _test(test, facts)
    for place in texts(questionnaire):
        try:
            found = checked_gaps(place.text)
        except UnreadableWording:
            continue  # told by the rule about piping
        for gap in found:
            if gap.about_roster and gap.fact not in facts and gap.fact not in ALWAYS_KNOWN:
                message = _unknown(f"'{{{gap.name}|…}}'", gap.fact, facts)
                yield Fault(place.at, message, about=About("fact", gap.fact))


def _unknown(where: str, fact: str, facts: dict[str, Fact]) -> str:
    hint = did_you_mean(fact, [*facts, *ALWAYS_KNOWN]) or " Please add it under 'facts' in study.yaml."
    return f"{where} uses the roster fact '{shortened(fact)}', which the study does not have.{hint}"


def _test(test: Test, facts: dict[str, Fact]) -> Iterator[Fault]:
    fact = facts.get(test.fact)
    if fact is None:
        if test.fact not in ALWAYS_KNOWN:
            message = _unknown("this condition", test.fact, facts)
            yield Fault(test.at, message, key=True, about=About("fact", test.fact))
        return
    if test.comparison == "answered":
        return
    for word in test.values:
        wrong = _impossible(fact, str(word))
        if wrong:
            yield Fault(
                test.at,
                f"'{shortened(str(word))}' cannot be the roster fact '{fact.id}': {wrong}. Please change it",
            )


def _impossible(fact: Fact, word: str) -> str | None:
    if fact.codes and word not in fact.codes:
        return f"its codes are {quoted(fact.codes)}"
    if fact.kind == "yes_no" and word not in ("yes", "no"):
        return "it is yes or no"
    if fact.kind != "number":
        return None
    try:
        number = float(word)
    except ValueError:
        return "it is a number"
    low = fact.min if fact.min is not None else float("-inf")
    high = fact.max if fact.max is not None else float("inf")
    return None if low <= number <= high else f"it goes from {low:g} to {high:g}"
