"""Is it an answer that a form would have taken? One question after the other, by the form's own rules and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from survey.definition.conditions import ROSTER, All, AnyOf, Condition, Not, Test
from survey.definition.household import is_further
from survey.definition.questionnaire import Questionnaire
from survey.journey import Journey
from survey.problems import listed
from survey.question import (
    BLANK,
    DONT_KNOW,
    MULTIPLE,
    RATHER_NOT,
    Question,
    Tampered,
    UnfitCell,
    Wrong,
    is_missing,
    missing,
)

Answers = Mapping[str, Any]

_MOST_KEPT: Final = 50_000
_NOT_OFFERED: Final = {
    DONT_KNOW: "“I don’t know” is not offered for this question. Please correct this cell.",
    RATHER_NOT: "“I don’t want to say” is not offered for this question. Please correct this cell.",
}


@dataclass(frozen=True)
class Found:
    """What the cells of one question are: answers (key -> value), or the sentence about what is wrong with them."""

    answers: Answers
    fault: str | None = None


class Checker:
    """Checks answers to one version of a questionnaire. What is alike is looked at once."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self.questionnaire = questionnaire
        self._kept: dict[tuple[str, ...], Found] = {}

    @cached_property
    def journey(self) -> Journey:
        """The ways through the questionnaire."""
        return Journey(self.questionnaire)

    @cached_property
    def asked(self) -> list[Question]:
        """The questions whose answers are kept, in order."""
        return [question for question in self.questionnaire.questions if question.asks and question.stored]

    @cached_property
    def _unforced(self) -> dict[str, Question]:
        """Each question as it is read here: a blank stays a blank, and no order of options is told."""
        return {question.id: _unforced(question) for question in self.asked}

    def found(self, question: Question, cells: Mapping[str, str], gaps: Mapping[str, str]) -> Found:
        """Return what stands in the cells (column of the question -> text) of one question.

        gaps: missing code -> reason; empty where what looks like a missing code was typed.
        """
        key = (question.id, "coded" if gaps else "typed", *cells.values(), *cells)
        known = self._kept.get(key)
        if known is None:
            known = self._found(question, cells, gaps)
            if len(self._kept) < _MOST_KEPT:
                self._kept[key] = known
        return known

    def _found(self, question: Question, cells: Mapping[str, str], gaps: Mapping[str, str]) -> Found:
        try:
            return Found(self.checked(question, question.decode(cells, gaps)))
        except Wrong as wrong:
            return Found({}, wrong.message.format(**wrong.gaps) if wrong.gaps else wrong.message)
        except Tampered:
            return Found({}, "This cannot be an answer to this question. Please correct it.")

    def checked(self, question: Question, answers: Answers) -> dict[str, Any]:
        """Return answers to one question as its form would have given them.

        Raises Wrong, with the form's sentence, or Tampered, when a form would not have taken them.
        """
        kept = dict(answers)
        for part in question.parts:
            value = answers.get(part.key)
            if value is None or not question.asks_part(part, answers):
                continue
            if is_missing(value):
                _see_that_it_is_offered(question, value["missing"])
                continue
            read = self._unforced[question.id].read(part, question.fill(part, answers))
            own = read if len(question.parts) == 1 else {part.key: read[part.key]}
            if any(own.get(key) != given for key, given in answers.items() if key in own and not _nothing(given)):
                raise UnfitCell("The columns of this question contradict each other. Please correct them.")
            kept |= own
        return kept

    def shows(self, question: Question, answers: Answers, facts: Mapping[str, Any]) -> bool:
        """Tell whether these answers and facts lead to a question."""
        return question.id not in self.journey.hidden(answers, facts)

    def unseen(self, answers: Answers, facts: Mapping[str, Any]) -> Iterator[tuple[Question, str]]:
        """Yield each question with an answer that these answers and facts do not lead to, and why not, in words."""
        hidden = self.journey.hidden(answers, facts)
        if not hidden:
            return
        for question in self.asked:
            if question.id in hidden and any(not _nothing(answers.get(key)) for key in question.keys):
                once = question.id in self.questionnaire.of_the_family and is_further(facts)
                yield question, "child is 1" if once else in_words(self._condition(question))

    def seen(self, answers: Answers, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answers without what stands behind questions that were not led to."""
        hidden = self.journey.hidden(answers, facts)
        gone = {key for question in self.asked if question.id in hidden for key in question.keys}
        return {key: value for key, value in answers.items() if key not in gone}

    def _condition(self, question: Question) -> Condition:
        page = self.questionnaire.page_of(question.id)
        return All(tuple(when for when in (page.when, question.when) if when is not None))


def substance(answers: Answers) -> dict[str, Any]:
    """Return the answers without blanks: a blank that was kept and one that was not are the same answer."""
    return {key: value for key, value in answers.items() if not _nothing(value)}


def _nothing(value: Any) -> bool:
    return value is None or value == [] or value == missing(BLANK)


def _unforced(question: Question) -> Question:
    changes: dict[str, Any] = {"required": False}
    if "order" in type(question).model_fields:
        changes["order"] = "fixed"
    return question.model_copy(update=changes)


def _see_that_it_is_offered(question: Question, reason: str) -> None:
    offered = {DONT_KNOW: question.dont_know, RATHER_NOT: question.rather_not, BLANK: True, MULTIPLE: True}
    if not offered.get(reason):
        raise UnfitCell(_NOT_OFFERED.get(reason, "This cannot be an answer to this question. Please correct it."))


# ---- conditions in words --------------------------------------------------------------------------------


def in_words(condition: Condition) -> str:
    """Return a condition as a sentence has it: plays is 1 and the roster's year is 4 or 5."""
    if isinstance(condition, All):
        return " and ".join(in_words(part) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return " or ".join(in_words(part) for part in condition.parts)
    if isinstance(condition, Not):
        return f"not ({in_words(condition.part)})"
    assert isinstance(condition, Test)
    return _test_in_words(condition)


_COMPARISONS: Final = {"is": "is", "contains": "contains", "at_least": "is at least", "at_most": "is at most"}


def _test_in_words(test: Test) -> str:
    subject = f"the roster's {test.subject.removeprefix(ROSTER)}" if test.about_roster else test.subject
    if test.comparison == "answered":
        return f"{subject} is answered" if test.values[0] else f"{subject} is not answered"
    return f"{subject} {_COMPARISONS[test.comparison]} {listed(test.values, 'or')}"
