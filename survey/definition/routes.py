"""Who is asked a question, in words, for people who read a questionnaire rather than answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from survey.definition.conditions import All, AnyOf, Condition, Not, Test
from survey.definition.parts import Page
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import Fact
from survey.problems import listed
from survey.question import Question


class Routes:
    """The ways through one questionnaire, in words. facts: the roster's, by their names."""

    def __init__(self, questionnaire: Questionnaire, facts: Iterable[Fact] = ()) -> None:
        self._questionnaire = questionnaire
        self._facts: Mapping[str, Fact] = {fact.id: fact for fact in facts}
        counted = (one for one in questionnaire.questions if one.asks and one.stored)
        self.numbers: Mapping[str, int] = {one.id: at for at, one in enumerate(counted, start=1)}
        """Question id -> its number: as on paper, only what is stored is counted."""

    def asked_if(self, thing: Page | Question) -> str:
        """Return who gets a page or a question, as a sentence; empty where everyone does."""
        return f"Only if {self._words(thing.when, True)}." if isinstance(thing.when, Condition) else ""

    def _words(self, condition: Condition, holds: bool) -> str:
        """Return a condition in words; its contrary when `holds` is False."""
        if isinstance(condition, Not):
            return self._words(condition.part, not holds)
        if isinstance(condition, All | AnyOf):
            joint = "and" if isinstance(condition, All) is holds else "or"
            # Without the comma no one could tell what “and” and “or” each join.
            comma = "," if any(isinstance(part, All | AnyOf) for part in condition.parts) else ""
            return f"{comma} {joint} ".join(self._words(part, holds) for part in condition.parts)
        if isinstance(condition, Test):
            return self._of_fact(condition, holds) if condition.about_roster else self._of_answer(condition, holds)
        raise TypeError(f"no words for a {type(condition).__name__}")

    def _of_answer(self, test: Test, holds: bool) -> str:
        question = self._questionnaire.question(test.subject)
        which = f"question {self.numbers[question.id]}"
        if test.comparison == "answered":
            return f"{which} is {'answered' if test.values[0] is holds else 'not answered'}"
        named = _named(question, test)
        be = "is" if holds else "is not"
        if test.comparison == "contains":
            return f"{named} {be} ticked in {which}"
        return f"the answer to {which} {be} {named or _range(test)}"

    def _of_fact(self, test: Test, holds: bool) -> str:
        fact = self._facts.get(test.fact)
        title = f"“{fact.title if fact else test.fact}” in the roster"
        if test.comparison == "answered":
            return f"{title} is {'known' if test.values[0] is holds else 'not known'}"
        codes = fact.codes if fact else {}
        return f"{title} {'is' if holds else 'is not'} {_range(test, codes)}"


def _named(question: Question, test: Test) -> str:
    """Return the options with which the test holds; empty where answers are no codes."""
    many = test.comparison == "contains"
    words = [words for code, words in question.meanings.items() if test.about_answer([code] if many else code)]
    return listed([f"“{word}”" for word in words], "or")


def _range(test: Test, codes: Mapping[str, str] | None = None) -> str:
    """Return the values of a test: “5 or more”, “Girl”."""
    values = [_value(value, codes or {}) for value in test.values]
    if test.comparison == "at_least":
        return f"{values[0]} or more"
    if test.comparison == "at_most":
        return f"{values[0]} or less"
    return listed(values, "or")


def _value(value: Any, codes: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"“{codes[str(value)]}”" if str(value) in codes else str(value)
