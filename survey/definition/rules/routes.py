"""Routing: conditions look back, and someone can meet each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from survey.definition.conditions import All, AnyOf, Condition, Not, Test, Unclear, takes_many
from survey.definition.model import Fault, Path
from survey.definition.parts import Grid
from survey.definition.questionnaire import Questionnaire
from survey.definition.rules.answers import possible_answers
from survey.question import Question

_MOST_WAYS: Final = 3000
"""Conditions with more ways to hold than this are not searched: no one writes them by hand."""

_MOST_STEPS: Final = 100_000
"""Steps for a whole questionnaire, some seconds. With 400 questions that hang on each other in a chain it takes 80,000;
what lies beyond is taken to be reachable.
"""


def order(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Conditions only look at questions that are asked before, and whose answers are kept."""
    number = {question.id: n for n, question in enumerate(questionnaire.questions)}
    for at, name, condition, first in written_conditions(questionnaire, number):
        for test in condition.tests():
            if test.about_roster or test.subject not in number:
                continue
            question = questionnaire.question(test.subject)
            if not (question.stored and question.asks):
                yield Fault(
                    test.at or at,
                    f"{name} depends on '{test.subject}', whose answer is not stored. Please use another question",
                    key=True,
                )
            elif number[test.subject] >= first:
                itself = "itself" if number[test.subject] == first and name.endswith(f"'{test.subject}'") else ""
                later = itself or f"'{test.subject}', which is asked only later"
                yield Fault(
                    test.at or at,
                    f"{name} depends on {later}. A condition can only use earlier "
                    "questions. Please move one of the two, or use an earlier question",
                    key=True,
                )


_Conditioned = tuple[Path, str, Condition, int]


def written_conditions(questionnaire: Questionnaire, number: dict[str, int]) -> Iterator[_Conditioned]:
    """Yield (path, name, condition, number of the first question that hangs on it), as written."""
    for p, page in enumerate(questionnaire.pages):
        first = min((number[q.id] for q in page.questions), default=len(number))
        if isinstance(page.when, Condition):
            yield ("pages", p, "when"), f"page '{page.id}'", page.when, first
        for i, entry in enumerate(page.entries):
            at: Path = ("pages", p, "questions", i)
            if isinstance(entry, Grid) and isinstance(entry.when, Condition):
                start = min((number[s.id] for s in entry.statements if s.id in number), default=len(number))
                yield (*at, "when"), f"grid '{entry.id}'", entry.when, start
        for at, question in questionnaire.placed_on(p):
            own = _own_condition(question, page.entries[int(at[3])])
            if own is not None:
                yield (*at, "when"), f"question '{question.id}'", own, number[question.id]


def _own_condition(question: Question, entry: Question | Grid) -> Condition | None:
    """Return what was written at the question itself, without the condition of its grid."""
    when = question.when
    if not isinstance(when, Condition):
        return None
    if isinstance(entry, Grid) and entry.when is not None:
        both = isinstance(when, All) and when.parts and when.parts[0] is entry.when
        return when.parts[1] if both and isinstance(when, All) else None
    return when


def possible(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Someone can reach each page and each question.

    A question is reached when its page's condition, its own, and those of every question whose answer they need
    hold together. Each question and each fact is looked at by itself: that is all a route can depend on, since
    one answer does not limit another except by routing.
    """
    search = _Search(questionnaire)
    unreachable: set[str] = set()
    for p, page in enumerate(questionnaire.pages):
        page_when = page.when if isinstance(page.when, Condition) else None
        if page_when is not None and not search.can_hold(page_when):
            yield _never(("pages", p, "when"), f"page '{page.id}'", page_when, search, unreachable)
            unreachable |= {question.id for question in page.questions}
            continue
        for at, question in questionnaire.placed_on(p):
            parts = [when for when in (page_when, question.when) if isinstance(when, Condition)]
            whole = All(tuple(parts))
            if question.when is not None and not search.can_hold(whole):
                yield _never((*at, "when"), f"question '{question.id}'", whole, search, unreachable)
                unreachable.add(question.id)
            elif parts:
                search.reach[question.id] = whole


def _never(at: Path, name: str, condition: Condition, search: _Search, unreachable: set[str]) -> Fault:
    through = sorted(condition.questions() & unreachable)
    if through:
        why = f"it depends on '{through[0]}', which no one is asked. Please correct that first"
    elif _Search(search.questionnaire).can_hold(condition):
        why = "its condition and those of the questions it depends on exclude each other. Please change one of them"
    else:
        why = "its condition contradicts itself. Please change it"
    return Fault(at, f"{name} can never be asked: {why}", key=True)


_Literal = tuple[Test, bool]
_Way = tuple[_Literal, ...]


def _ways(condition: Condition, positive: bool) -> list[tuple[_Literal, ...]] | None:
    """Return every way in which a condition can hold, as tests that hold or fail; None: too many."""
    if isinstance(condition, Test):
        return [((condition, positive),)]
    if isinstance(condition, Unclear):
        return None
    if isinstance(condition, Not):
        return _ways(condition.part, not positive)
    assert isinstance(condition, All | AnyOf)
    parts = [_ways(part, positive) for part in condition.parts]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    together = isinstance(condition, All) == positive
    return _product(known) if together else [way for part in known for way in part]


def _product(parts: list[list[tuple[_Literal, ...]]]) -> list[tuple[_Literal, ...]] | None:
    ways: list[tuple[_Literal, ...]] = [()]
    for part in parts:
        if len(ways) * len(part) > _MOST_WAYS:
            return None
        ways = [(*way, *more) for way in ways for more in part]
    return ways


@dataclass(frozen=True)
class _Trial:
    """Tests that are to hold (`way`) together with those `before`, by subject; the questions in `asked` are reached."""

    before: dict[str, tuple[_Literal, ...]]
    way: _Way
    asked: frozenset[str]


class _Search:
    """Looks for answers that meet a condition and the conditions of the questions it looks at.

    `reach` holds, for each question seen so far that not everyone is asked, when it is asked.
    """

    def __init__(self, questionnaire: Questionnaire) -> None:
        self.questionnaire = questionnaire
        self.reach: dict[str, Condition] = {}
        self._many: dict[str, bool] = {}
        self._steps = 0

    def can_hold(self, condition: Condition) -> bool:
        """Tell whether some answers meet a condition. When in doubt, they do."""
        ways = _ways(condition, True)
        if ways is None:
            return True
        # A list of what is still to be tried instead of functions calling themselves: questions may hang on each other
        # in a chain that is longer than Python's stack is deep.
        begun = self._steps
        trials = [_Trial({}, way, frozenset()) for way in reversed(ways)]
        while trials:
            self._steps += 1
            if self._steps > _MOST_STEPS or self._steps - begun > _MOST_WAYS:
                return True
            further = self._further(trials.pop())
            if further is None:
                return True
            trials += reversed(further)
        return False

    def _further(self, trial: _Trial) -> list[_Trial] | None:
        """Return what is to be tried next, nothing where the tests exclude each other; None when they can all hold."""
        tests = dict(trial.before)
        for literal in trial.way:
            tests[literal[0].subject] = (*tests.get(literal[0].subject, ()), literal)
        needed = []
        for subject in dict.fromkeys(literal[0].subject for literal in trial.way):
            fitting = self._fitting(subject, tests[subject])
            if not fitting:
                return []
            # Only an answer that someone must have given needs its question to be asked.
            if None not in fitting and subject in self.reach and subject not in trial.asked:
                needed.append(subject)
        more = [_ways(self.reach[subject], True) for subject in needed]
        known = [part for part in more if part is not None]
        ways = _product(known)
        if not needed or ways is None or len(known) < len(more):
            return None
        asked = trial.asked | set(needed)
        return [_Trial(tests, way, asked) for way in ways]

    def _fitting(self, subject: str, tests: tuple[_Literal, ...]) -> list[Any]:
        """Return the answers, of those that matter, that fit all tests about one subject."""
        if tests[0][0].about_roster:
            return [None] if _some_fact(list(tests)) else []
        question = self.questionnaire.question(subject)
        if subject not in self._many:
            self._many[subject] = takes_many(question)
        found = possible_answers(question, [test for test, _ in tests], many=self._many[subject])
        return [value for value in found if all(test.about_answer(value) is holds for test, holds in tests)]


def _some_fact(tests: list[_Literal]) -> bool:
    """Tell whether some value of a roster fact fits all tests about it."""
    fact = tests[0][0].fact
    candidates: list[object] = [None, "no such code"]
    for test, _ in tests:
        for value in test.values:
            candidates.append(value)
            if isinstance(value, str) and value.lstrip("-").replace(".", "", 1).isdigit():
                candidates += [float(value) - 1, float(value) + 1, float(value) - 0.5, float(value) + 0.5]
    return any(all(test.holds({}, {fact: value}) is holds for test, holds in tests) for value in candidates)
