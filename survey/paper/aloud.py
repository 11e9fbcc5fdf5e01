"""The script for an adult who reads a questionnaire aloud: every question and its answers, as the screen has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from survey.definition.questionnaire import Questionnaire
from survey.definition.wording import fill
from survey.forms import ScreenForm, StepFields
from survey.journey import Journey
from survey.question import NO_NAMES, Question
from survey.wording import Say, say_in


@dataclass(frozen=True)
class AloudQuestion:
    """One question to read. number: as the screen counts it. answers: as the screen has them, in order.

    practice: it does not count. some: not everyone gets it, so it is read when it is on the screen.
    """

    number: int
    wording: str
    hint: str
    answers: tuple[str, ...]
    practice: bool
    some: bool


@dataclass(frozen=True)
class AloudGroup:
    """Questions in a row that have the same hint and the same answers. None of them where it is time for a rest."""

    questions: tuple[AloudQuestion, ...]

    @property
    def first(self) -> AloudQuestion:
        """The question whose hint and answers are those of all."""
        return self.questions[0]


@dataclass(frozen=True)
class AloudScript:
    """What is read aloud. always: the answers that every question has, such as “I don't know”; said once."""

    questionnaire: Questionnaire
    say: Say
    groups: tuple[AloudGroup, ...]
    always: tuple[str, ...]


def script_of(questionnaire: Questionnaire, language: str) -> AloudScript:
    """Return the script of a questionnaire in a language it has."""
    asked, say = questionnaire.in_language(language), say_in(language)
    found = list(_questions(Journey(asked), say))
    with_answers = [one.answers for one in found if one and one.answers]
    always = tuple(answer for answer in (with_answers or [()])[0] if all(answer in answers for answers in with_answers))
    groups = []
    for key, members in groupby(found, key=lambda one: one and (one.hint, one.answers, one.practice)):
        there = tuple(_without(one, always) for one in members if one)
        groups += [AloudGroup(there)] if key else [AloudGroup(())]
    return AloudScript(asked, say, tuple(groups), always)


def _questions(journey: Journey, say: Say) -> Iterator[AloudQuestion | None]:
    """Yield every question that there can be, in order, and None where it is time for a rest."""
    for screen in journey.screens:
        if screen.rest:
            yield None
        for asked in ScreenForm(screen, say).show(screen.steps):
            question, part = asked.step.question, asked.step.part
            some = question.when is not None or screen.page.when is not None or not question.asks_part(part, {})
            yield AloudQuestion(
                screen.number,
                fill(question.wording(part, say, {}), {}, {}),
                _hint(question, say),
                tuple(_answers(asked)),
                question.asks and not question.stored,
                some,
            )


def _hint(question: Question, say: Say) -> str:
    no_names = say(NO_NAMES) if question.own_words else ""
    return " ".join(filter(None, (fill(question.hint or "", {}, {}), no_names)))


def _answers(asked: StepFields) -> Iterator[str]:
    for field in asked.fields.values():
        if hasattr(field, "iter_choices"):
            choices: Any = field
            yield from (choice.label.text for choice in choices)


def _without(one: AloudQuestion, always: tuple[str, ...]) -> AloudQuestion:
    left = tuple(answer for answer in one.answers if answer not in always)
    return AloudQuestion(one.number, one.wording, one.hint, left, one.practice, one.some)
