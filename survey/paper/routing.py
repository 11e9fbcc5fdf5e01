"""Routing in words: what a page does by itself, paper has to say.

What hangs on the roster is known when a paper is printed for someone: such a question is there or not. What hangs on
an earlier answer becomes a sentence: behind the question that decides, where the way splits right there (“If you ticked
“Yes” in question 6: go on with question 7. If not: go to question 9.”), else above the question itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any

from survey.definition.conditions import All, AnyOf, Condition, Not, Test
from survey.definition.questionnaire import Questionnaire
from survey.question import Question
from survey.wording import Say

Known = bool | Condition


class Routing:
    """The ways through one questionnaire in one language, for respondents of whom these facts are known."""

    def __init__(self, questionnaire: Questionnaire, facts: Mapping[str, Any], say: Say) -> None:
        self._questionnaire = questionnaire
        self._facts = facts
        self._say = say
        self.numbers = {question.id: at for at, question in enumerate(_numbered(questionnaire), start=1)}

    @cached_property
    def _needs(self) -> dict[str, Known]:
        """Question id -> whether it is printed (True, False), or the condition that paper has to say."""
        found: dict[str, Known] = {}
        for page in self._questionnaire.pages:
            for question in page.questions:
                whens = [when for when in (page.when, question.when) if when is not None]
                found[question.id] = self._reduced(All(tuple(whens)), found)
        return found

    def printed(self, question: Question) -> bool:
        """Tell whether the question stands on this paper: not where the roster leads past it."""
        return self._needs[question.id] is not False

    def above(self, question: Question) -> str | None:
        """Return the sentence above a question that not everyone answers; None where none is needed."""
        need = self._needs[question.id]
        if isinstance(need, bool) or question.id in self._led_to:
            return None
        return self._say("Answer this only if {condition}.", condition=self._words(need))

    def below(self, question: Question) -> str | None:
        """Return the sentence that says where to go on from a question at which the way splits; else None."""
        return self._splits.get(question.id)

    # ── where the way splits ──────────────────────────────────────────────────────────────────────────
    @cached_property
    def _runs(self) -> list[tuple[Known, list[Question]]]:
        """What is printed, in runs of neighbours that hang on the same."""
        printed = [question for question in self._questionnaire.questions if self.printed(question)]
        return [(need, list(run)) for need, run in groupby(printed, key=lambda question: self._needs[question.id])]

    @cached_property
    def _splits(self) -> dict[str, str]:
        found = {}
        for (_, before), (need, run) in pairwise(self._runs):
            last = before[-1]
            if isinstance(need, bool) or _decides(need) != last.id or run[0].id not in self.numbers:
                continue
            found[last.id] = self._split(need, run)
        return found

    @cached_property
    def _led_to(self) -> frozenset[str]:
        """Questions to which a sentence behind the one before leads."""
        found: set[str] = set()
        for (_, before), (_, run) in pairwise(self._runs):
            if before[-1].id in self._splits:
                found |= {question.id for question in run}
        return frozenset(found)

    def _split(self, need: Condition, run: Sequence[Question]) -> str:
        on = self._say("go on with question {n}", n=self.numbers[run[0].id])
        beyond = next((self.numbers[q.id] for q in self._behind(run[-1]) if q.id in self.numbers), None)
        past = self._say("go to question {n}", n=beyond) if beyond else self._say("go to the end")
        if isinstance(need, Not):
            need, on, past = need.part, past, on
        return self._say("If {condition}: {go}. If not: {other}.", condition=self._words(need), go=on, other=past)

    def _behind(self, question: Question) -> list[Question]:
        printed = [one for _, run in self._runs for one in run]
        return printed[[one.id for one in printed].index(question.id) + 1 :]

    # ── what is known ─────────────────────────────────────────────────────────────────────────────────
    def _reduced(self, condition: Condition, found: Mapping[str, Known]) -> Known:
        """Return the condition without what is known of it."""
        if isinstance(condition, Test):
            if condition.about_roster:
                return condition.holds({}, self._facts)
            # A question that is not on the paper has no answer.
            return condition.about_answer(None) if found.get(condition.subject) is False else replace(condition, at=())
        if isinstance(condition, Not):
            part = self._reduced(condition.part, found)
            return not part if isinstance(part, bool) else Not(part)
        if isinstance(condition, All | AnyOf):
            return _joined(condition, [self._reduced(part, found) for part in condition.parts])
        raise TypeError(f"no words for a {type(condition).__name__}")

    # ── words ─────────────────────────────────────────────────────────────────────────────────────────
    def _words(self, condition: Condition, holds: bool = True) -> str:
        """Return a condition in words; its contrary when `holds` is False."""
        if isinstance(condition, Not):
            return self._words(condition.part, not holds)
        if isinstance(condition, All | AnyOf):
            words = [self._words(part, holds) for part in condition.parts]
            return self._list(words, "and" if isinstance(condition, All) is holds else "or")
        assert isinstance(condition, Test)
        return self._test(condition, holds)

    def _list(self, words: Sequence[str], joint: str) -> str:
        said, *rest = words
        for word in rest:
            said = self._say("{one} and {other}" if joint == "and" else "{one} or {other}", one=said, other=word)
        return said

    def _test(self, test: Test, holds: bool) -> str:
        question = self._questionnaire.question(test.subject)
        n = self.numbers[question.id]
        if test.comparison == "answered":
            given = test.values[0] is holds
            return self._say("you answered question {n}" if given else "you left question {n} empty", n=n)
        ticked = self._boxes(question, test)
        if ticked:
            words = self._list([f"“{word}”" for word in ticked], "or")
            sentence = "you ticked {words} in question {n}" if holds else "you did not tick {words} in question {n}"
        else:
            words = self._values(question, test)
            sentence = "you wrote {words} in question {n}" if holds else "you did not write {words} in question {n}"
        return self._say(sentence, words=words, n=n)

    def _boxes(self, question: Question, test: Test) -> list[str]:
        """Return the words of the boxes on paper with which the test holds."""
        codes = dict.fromkeys(box.code for line in question.paper(self._say).lines for box in line.boxes)
        many = test.comparison == "contains"
        values = [[int(code)] if many else int(code) for code in codes if code.isdigit()]
        return [question.in_words(value, {}, self._say) for value in values if test.about_answer(value)]

    def _values(self, question: Question, test: Test) -> str:
        # A number stands without its unit: “1 or more”, not “1 hours or more”.
        words = [
            question.in_words(value, {}, self._say) if isinstance(value, str) else str(value) for value in test.values
        ]
        if test.comparison == "at_least":
            return self._say("{least} or more", least=words[0])
        if test.comparison == "at_most":
            return self._say("{most} or less", most=words[0])
        return self._list(words, "or")


def _numbered(questionnaire: Questionnaire) -> list[Question]:
    """Return the questions that have a number on paper: the ones whose answers are stored, for anyone.

    A number is the same on every sheet of a version, so that the keyer's form and a paper never disagree.
    """
    return [question for question in questionnaire.questions if question.asks and question.stored]


def _joined(condition: All | AnyOf, parts: Sequence[Known]) -> Known:
    decides = isinstance(condition, AnyOf)
    if any(part is decides for part in parts):
        return decides
    open_ = tuple(dict.fromkeys(part for part in parts if not isinstance(part, bool)))
    if not open_:
        return not decides
    return open_[0] if len(open_) == 1 else type(condition)(open_)


def _decides(need: Condition) -> str | None:
    """Return the one question whose answer alone decides; None where there is more to it."""
    test = need.part if isinstance(need, Not) else need
    return test.subject if isinstance(test, Test) else None
