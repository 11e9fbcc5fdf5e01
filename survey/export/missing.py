"""Why there is no answer: the reasons, their numbers in every file, and which one an absent answer has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from survey.definition.household import is_further
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import MissingCodes
from survey.journey import Journey

WORDS: Final[Mapping[str, str]] = {
    "blank": "left blank",
    "dont_know": "I don't know",
    "rather_not": "I don't want to say",
    "not_shown": "not shown (routing)",
    "not_reached": "not reached (stopped earlier)",
    "not_in_version": "not in this version",
    "multiple": "more than one answer on paper",
    "withdrawn": "withdrawn",
    "household": "asked once for the household",
}

MEANINGS: Final[Mapping[str, str]] = {
    "blank": "The question was shown and no answer was given.",
    "dont_know": "The respondent chose “I don't know”.",
    "rather_not": "The respondent chose “I don't want to say”.",
    "not_shown": "Earlier answers or roster facts meant the question was skipped.",
    "not_reached": "The respondent stopped, or declined, before reaching the question.",
    "not_in_version": "The version of the questionnaire that was answered does not have the question.",
    "multiple": "More than one answer was marked on paper where only one was asked for.",
    "withdrawn": "The respondent withdrew; the answers were deleted.",
    "household": (
        "The row is about a parent's further child. The question was asked once, and the answer is in the row with the "
        "same household and child 1."
    ),
}


class MissingNumber(int):
    """The number of a missing answer. An int of its own class, so that an answer of -9 is not taken for a blank."""

    __slots__ = ()


class Gaps(dict[str, MissingNumber]):
    """Reason -> its number in this study."""

    def __init__(self, codes: MissingCodes) -> None:
        super().__init__(
            {reason: MissingNumber(number) for reason, number in codes.model_dump().items() if reason in WORDS}
        )

    @property
    def words(self) -> dict[int, str]:
        """Number -> what it means, in the order of the study's missing codes."""
        return {number: WORDS[reason] for reason, number in self.items()}

    def of(self, value: Mapping[str, Any]) -> MissingNumber:
        """Return the number for a stored non-answer; a reason this program does not know is a blank."""
        return self.get(str(value.get("missing")), self["blank"])


Absence = Mapping[str, MissingNumber]
"""Question id -> the number that stands where its answer is absent."""


class Absences:
    """Finds, for responses to one version, why a question has no answer. Answers alike are looked at once."""

    def __init__(self, questionnaire: Questionnaire, gaps: Gaps) -> None:
        self._journey = Journey(questionnaire)
        self._gaps = gaps
        stored = [question for question in questionnaire.questions if question.asks and question.stored]
        self._ids = [question.id for question in stored]
        self._place = {question.id: place for place, question in enumerate(questionnaire.questions)}
        self._backwards = [
            (place, key)
            for place, question in reversed(list(enumerate(questionnaire.questions)))
            for key in question.keys
        ]
        self._keys = {question.id: question.keys for question in questionnaire.questions}
        self._needs = _needs(questionnaire)
        self._of_the_family = questionnaire.of_the_family
        self._answers_looked_at = sorted({id for ids, _ in self._needs.values() for id in ids})
        self._facts_looked_at = sorted({fact for _, facts in self._needs.values() for fact in facts})
        self._hidden: dict[tuple[object, ...], frozenset[str]] = {}
        self._known: dict[tuple[object, ...], Absence] = {}
        self._withdrawn = dict.fromkeys(self._ids, gaps["withdrawn"])

    def of(self, state: str, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[Absence, frozenset[str]]:
        """Return the absence of one response, and the ids of the questions it was not led to.

        state: of the response. A finished one left blank what it was shown. One that ended earlier has not
        reached what comes after its last answer, unless it is certain already that it would not have been shown.
        """
        if state == "withdrawn":
            return self._withdrawn, frozenset()
        looked_at: tuple[object, ...] = ()
        hidden: frozenset[str] = frozenset()
        further = bool(self._of_the_family) and is_further(facts)
        if self._needs or further:
            looked_at = (
                further,
                *[_hashable(answers.get(id)) for id in self._answers_looked_at],
                *[_hashable(facts.get(fact)) for fact in self._facts_looked_at],
            )
            found = self._hidden.get(looked_at)
            hidden = _kept(self._hidden, looked_at, self._journey.hidden(answers, facts)) if found is None else found
        last = len(self._place) if state == "finished" else self._last(answers)
        known = self._known.get((last, hidden))
        return known or _kept(self._known, (last, hidden), self._absence(hidden, last, further=further)), hidden

    def keys(self, id: str) -> tuple[str, ...]:
        """Return the answer keys of a question."""
        return self._keys[id]

    def _last(self, answers: Mapping[str, Any]) -> int:
        """Return the place of the last question with anything stored; -1 when there is none."""
        return next((place for place, key in self._backwards if key in answers), -1)

    def _absence(self, hidden: frozenset[str], last: int, *, further: bool) -> Absence:
        once = self._of_the_family if further else frozenset()
        return {id: self._gaps["household" if id in once else self._reason(id, hidden, last)] for id in self._ids}

    def _reason(self, id: str, hidden: frozenset[str], last: int) -> str:
        if id not in hidden:
            return "blank" if self._place[id] <= last else "not_reached"
        certain = all(self._place[other] <= last for other in self._needs[id][0])
        return "not_shown" if certain else "not_reached"


def _needs(questionnaire: Questionnaire) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Return, for each question that is not always shown, the questions and the facts its showing hangs on."""
    found: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for page in questionnaire.pages:
        for question in page.questions:
            conditions = [when for when in (page.when, question.when) if when is not None]
            if not conditions:
                continue
            ids = {id for when in conditions for id in when.questions()}
            facts = {fact for when in conditions for fact in when.facts()}
            # What a question hangs on may hang on something itself.
            for earlier in list(ids):
                if earlier in found:
                    ids |= found[earlier][0]
                    facts |= found[earlier][1]
            found[question.id] = (frozenset(ids), frozenset(facts))
    return found


_MOST_KEPT: Final = 20_000
"""So many different routes are remembered; a study with more is only slower."""


def _kept(memory: dict[tuple[object, ...], Any], key: tuple[object, ...], value: Any) -> Any:
    if len(memory) < _MOST_KEPT:
        memory[key] = value
    return value


def _hashable(value: Any) -> object:
    if isinstance(value, list):
        return ("list", *value)
    return str(value) if isinstance(value, dict) else (value.__class__, value)
