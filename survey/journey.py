"""Which page comes next: computed from the answers each time, never stored.

Because the route is computed, back, change and resume are one thing: look at the answers, walk the
questionnaire from its start, and see which screens are on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from survey.definition.conditions import Test
from survey.definition.household import is_further
from survey.definition.parts import Page
from survey.definition.questionnaire import Questionnaire
from survey.question import Part, Question

REST_AFTER = 8
"""Children rest after so many rated questions (rule P15)."""

Answers = Mapping[str, Any]
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One step of one question, as it stands on a screen."""

    question: Question
    part: Part


@dataclass(frozen=True)
class Stretch:
    """The questions between two rests, and how far someone is in them.

    It is the `number`-th of `of` (both from 1), and has come to the `place`-th (from 1) of its `length` questions.
    """

    number: int
    of: int
    place: int
    length: int


@dataclass(frozen=True)
class Screen:
    """What a respondent sees at once: one step for a pupil, a page of questions for an adult.

    `name` is its place in an address, `number` its position among the `of` screens that ask or tell something
    (1 to `of`); a rest has the number of the screen before it. Without steps it is a rest. `stretch` says where it is
    between a child's rests; an adult has none.
    """

    name: str
    steps: tuple[Step, ...]
    page: Page
    number: int
    of: int
    stretch: Stretch | None = None

    @property
    def rest(self) -> bool:
        """Whether this is a page to take breath on."""
        return not self.steps

    @property
    def asks(self) -> bool:
        """Whether there is something to answer."""
        return any(step.question.asks for step in self.steps)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Every answer key that a question on it owns."""
        return tuple(key for step in self.steps for key in step.question.keys)


class Journey:
    """The ways through one questionnaire (in one language)."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self.questionnaire = questionnaire
        self.screens: tuple[Screen, ...] = tuple(_screens(questionnaire))
        self._places = {screen.name: place for place, screen in enumerate(self.screens)}

    def screen(self, name: str) -> Screen:
        """Return the screen of this name. Raises KeyError."""
        return self.screens[self._places[name]]

    @cached_property
    def _of_the_family(self) -> frozenset[str]:
        return self.questionnaire.of_the_family

    @cached_property
    def first_for_each(self) -> str | None:
        """The name of the first screen that is asked for each child; None where none is."""
        return next((screen.name for screen in self.screens if screen.page.for_each), None)

    @cached_property
    def _conditions(self) -> list[tuple[str, tuple[str, ...], list[Any]]]:
        """The id and the answer keys of each question that is not always shown, in order, with what it needs."""
        found = []
        for page in self.questionnaire.pages:
            for question in page.questions:
                needed = [when for when in (page.when, question.when) if when is not None]
                if needed:
                    found.append((question.id, question.keys, needed))
        return found

    def hidden(self, answers: Answers, facts: Facts) -> frozenset[str]:
        """Return the ids of the questions that these answers and roster facts do not lead to.

        An answer to a question that is itself hidden counts as none, or changing one's mind twice could leave a
        page open through an answer no one can see any more.
        """
        # A parent's further child: what is asked once for the family was asked with the first.
        hidden: set[str] = set(self._of_the_family) if is_further(facts) else set()
        visible: Answers = answers
        for name, keys, needed in self._conditions:
            if all(when.holds(visible, facts) for when in needed):
                continue
            hidden.add(name)
            gone = [key for key in keys if key in visible]
            if gone:
                visible = {key: value for key, value in visible.items() if key not in gone}
        return frozenset(hidden)

    def route(self, answers: Answers, facts: Facts) -> list[Screen]:
        """Return the screens these answers lead over, in order."""
        hidden = self.hidden(answers, facts)
        return [screen for screen in self.screens if self._shown(screen, hidden, answers)]

    def steps(self, screen: Screen, answers: Answers, facts: Facts) -> list[Step]:
        """Return the steps of a screen that are asked of this respondent."""
        hidden = self.hidden(answers, facts)
        return [step for step in screen.steps if _asked(step, hidden, answers)]

    def follow_ups(self, screen: Screen) -> frozenset[str]:
        """Return the ids of the questions of a screen that can appear by what is answered on that screen itself."""
        here = {step.question.id for step in screen.steps}
        return frozenset(
            name
            for name, _, needed in self._conditions
            if name in here and any(not here.isdisjoint(when.questions()) for when in needed)
        )

    def rules_within(self, screen: Screen, answers: Answers, facts: Facts) -> list[dict[str, Any]]:
        """Return what the follow-ups of a screen hang on that these answers and facts leave open, as `rules` has it.

        Only questions of the screen itself are named in it: what was answered before is settled, and not told. Left out
        are follow-ups that cannot appear any more.
        """
        here = {step.question.id for step in screen.steps}
        follow_ups, gone = self.follow_ups(screen), self.hidden(answers, facts)
        owned = {key for question in self.questionnaire.questions if question.id in gone for key in question.keys}
        visible = {key: value for key, value in answers.items() if key not in owned}

        def known(test: Test) -> bool | None:
            return None if test.subject in here else test.holds(visible, facts)

        found = []
        for name, keys, needed in self._conditions:
            left = [when.settled(known) for when in needed] if name in follow_ups else [False]
            if False not in left:
                when = [one.table() for one in left if not isinstance(one, bool)]
                found.append({"question": name, "keys": list(keys), "when": when})
        return found

    def _shown(self, screen: Screen, hidden: frozenset[str], answers: Answers) -> bool:
        if screen.rest:
            return any(question.id not in hidden for question in screen.page.questions)
        return any(_asked(step, hidden, answers) for step in screen.steps)

    def after(self, screen: Screen, answers: Answers, facts: Facts) -> Screen | None:
        """Return the next screen on the route after `screen`; None at the end."""
        place = self._places[screen.name]
        hidden = self.hidden(answers, facts)
        for later in self.screens[place + 1 :]:
            if self._shown(later, hidden, answers):
                return later
        return None

    def before(self, screen: Screen, answers: Answers, facts: Facts) -> Screen | None:
        """Return the screen on the route before `screen`, leaving out rests; None at the start."""
        place = self._places[screen.name]
        hidden = self.hidden(answers, facts)
        for earlier in reversed(self.screens[:place]):
            if not earlier.rest and self._shown(earlier, hidden, answers):
                return earlier
        return None

    def resume(self, answers: Answers, facts: Facts) -> Screen | None:
        """Return where to go on: the start before any answer, else the first screen with an open question.

        None when everything on the route is answered.
        """
        route = self.route(answers, facts)
        if not answers:
            return route[0] if route else None
        hidden = self.hidden(answers, facts)
        for screen in route:
            if any(_open(step, hidden, answers) for step in screen.steps):
                return screen
        return None

    def rules(self) -> dict[str, Any]:
        """Return the screens and what they hang on as data, without a word of the questionnaire.

        survey/static/routing.js goes by it where there is no network, and the shared cases of tests/journey see that it
        leads to the same screens.
        """
        conditions = [
            {"question": name, "keys": list(keys), "when": [when.table() for when in needed]}
            for name, keys, needed in self._conditions
        ]
        return {"screens": [_as_data(screen) for screen in self.screens], "conditions": conditions}

    @cached_property
    def decisive(self) -> frozenset[str]:
        """The answer keys whose values decide where a way leads; of any other it matters only that it is there."""
        steps = [step for screen in self.screens for step in screen.steps]
        keys = {subject for _, _, needed in self._conditions for when in needed for subject in when.questions()}
        return frozenset(
            keys
            | {step.part.after[0] for step in steps if step.part.after}
            | {step.part.key for step in steps if step.part.points}
        )

    @cached_property
    def facts(self) -> frozenset[str]:
        """The facts of the roster that decide where a way leads."""
        return frozenset(fact for _, _, needed in self._conditions for when in needed for fact in when.facts())

    def progress(self, answers: Answers, facts: Facts) -> tuple[int, int]:
        """Return how many of the questions these answers lead to are answered, and how many they are."""
        hidden = self.hidden(answers, facts)
        there = [
            question
            for question in self.questionnaire.questions
            if question.asks and question.stored and question.id not in hidden
        ]
        still_open = (
            question
            for question in there
            if any(_open(Step(question, part), hidden, answers) for part in question.parts)
        )
        return len(there) - sum(1 for _ in still_open), len(there)


def _screens(questionnaire: Questionnaire) -> Iterator[Screen]:
    """Yield every screen there can be: steps one by one for pupils, whole pages for adults."""
    if questionnaire.audience != "pupil":
        pages = questionnaire.pages
        for number, page in enumerate(pages, start=1):
            steps = tuple(Step(question, part) for question in page.questions for part in question.parts)
            yield Screen(page.id, steps, page, number, len(pages))
        return
    stretches = list(_stretches(questionnaire.questions))
    total = len(questionnaire.questions)
    page_of = {question.id: page for page in questionnaire.pages for question in page.questions}
    number = 0
    for nth, questions in enumerate(stretches, start=1):
        for place, question in enumerate(questions, start=1):
            number += 1
            stretch = Stretch(nth, len(stretches), place, len(questions))
            for part in question.parts:
                name = f"{question.id}.{part.name}" if part.name else question.id
                yield Screen(name, (Step(question, part),), page_of[question.id], number, total, stretch)
        if nth < len(stretches):
            yield Screen(f"rest-{nth}", (), page_of[questions[-1].id], number, total, stretch)


def _stretches(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """Yield the questions from one rest of a child to the next; after the last rated one there is no rest."""
    rated = sum(question.rated for question in questions)
    stretch: list[Question] = []
    done = 0
    for question in questions:
        stretch.append(question)
        done += question.rated
        if question.rated and done % REST_AFTER == 0 and done < rated:
            yield stretch
            stretch = []
    yield stretch


def _as_data(screen: Screen) -> dict[str, Any]:
    if screen.rest:
        return {"name": screen.name, "rest": [question.id for question in screen.page.questions]}
    steps = []
    for step in screen.steps:
        one: dict[str, Any] = {"question": step.question.id, "key": step.part.key}
        if step.part.after:
            one["after"] = list(step.part.after)
        if step.part.points:
            one["points"] = list(step.part.points)
        if step.question.asks and step.question.stored:
            one["open"] = True
        steps.append(one)
    return {"name": screen.name, "steps": steps}


def _asked(step: Step, hidden: frozenset[str], answers: Answers) -> bool:
    return step.question.id not in hidden and step.question.asks_part(step.part, answers)


def _open(step: Step, hidden: frozenset[str], answers: Answers) -> bool:
    question = step.question
    if not (question.asks and question.stored and _asked(step, hidden, answers)):
        return False
    return not question.answered(step.part, answers)
