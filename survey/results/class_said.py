"""What a class said, the same day: in words and never in numbers, for the head and for the class itself.

With thirty children nearly every count of an answer is small, so none is shown. Each question says whether most, about
half, or few or none of the children gave one of the answers at its upper end. “Few or none” reaches from no one up to a
third, “most” from two thirds to everyone: of no child does it tell that they gave an answer, or that they did not. A
class is large enough when a third of it can be any number of children that is few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from survey.definition.questionnaire import Questionnaire
from survey.definition.wording import fill
from survey.problems import listed
from survey.question import Column, Question, is_missing, points_of
from survey.responses import Record

FEW: Final = 5
"""Fewer children than this are few, whatever larger counts the study's tables hide."""

HowMany = Literal["most", "half", "few"]

SHARES: Final[Mapping[HowMany, str]] = {"most": "Most", "half": "About half", "few": "Few or none"}
"""Two thirds and more; in between; a third and fewer."""

MOST_FOR_THE_CLASS: Final = 6
"""So many questions fit on one screen that a class reads together."""


@dataclass(frozen=True)
class SaidTogether:
    """What a class said to a question: how many of the children gave one of these answers.

    short: the question's short name. picture: of what it is about, where it has one.
    """

    id: str
    question: str
    short: str
    answers: str
    how_many: HowMany
    picture: str | None


@dataclass(frozen=True)
class ClassSummary:
    """What a class said. finished: how many children have; fewest: how many must have for anything to be shown."""

    finished: int
    fewest: int
    said: tuple[SaidTogether, ...]

    def by_share(self) -> list[tuple[str, list[SaidTogether]]]:
        """Return the questions under “Most”, “About half” and “Few or none”; those with none are left out."""
        parts = [(title, [one for one in self.said if one.how_many == share]) for share, title in SHARES.items()]
        return [(title, part) for title, part in parts if part]

    def for_the_class(self, chosen: Sequence[str]) -> list[SaidTogether]:
        """Return what a class may see together: of the chosen questions, those that most or about half said yes to.

        chosen: ids of questions, as the study has them. What few or none like is for the head, not for a screen.
        """
        liked = [one for one in self.said if one.id in chosen and one.how_many != "few"]
        return sorted(liked, key=lambda one: one.how_many != "most")[:MOST_FOR_THE_CLASS]


def class_summary(
    records: Iterable[Record], questionnaires: Mapping[str, Questionnaire], newest: Questionnaire, threshold: int
) -> ClassSummary:
    """Return what a class said to the questions of a questionnaire whose answers go from low to high.

    records: the class's responses, in whatever state; only finished ones count. questionnaires: each version by the
    SHA-256 of its text. threshold: the smallest count that the study's tables may show.

    The threshold of a study can be 10, for tables that a reader subtracts from each other. From these words there is
    nothing to subtract, and with 10 no class of fewer than 27 would ever see what it said.
    """
    finished = [one for one in records if one.state == "finished"]
    fewest = 3 * (min(threshold, FEW) - 1)
    said = []
    for question, column in _with_points(newest):
        given = [
            one.answers[question.id]
            for one in finished
            if question.id in one.answers
            and not is_missing(one.answers[question.id])
            and _same_points(questionnaires[one.sha256], column)
        ]
        if len(given) >= max(fewest, 1):
            said.append(_together(question, column, [column.encode(value) for value in given]))
    return ClassSummary(len(finished), fewest, tuple(said))


def _with_points(questionnaire: Questionnaire) -> Iterable[tuple[Question, Column]]:
    """Yield the questions that a number stands behind and that are answered by a code, each with its column."""
    for question in questionnaire.questions:
        column = points_of(question)
        if column is not None:
            yield question, column


def _same_points(questionnaire: Questionnaire, column: Column) -> bool:
    """Tell whether a version offers the same points: answers to others cannot be counted together."""
    question = next((one for one in questionnaire.questions if one.id == column.name), None)
    own = points_of(question) if question is not None else None
    return own is not None and list(own.codes) == list(column.codes)


def _together(question: Question, column: Column, codes: Sequence[object]) -> SaidTogether:
    middle = (min(column.codes) + max(column.codes)) / 2
    upper = {code: label for code, label in sorted(column.codes.items()) if code > middle}
    thirds, count = 3 * sum(code in upper for code in codes), len(codes)
    return SaidTogether(
        id=question.id,
        question=fill(question.ask, {}, {}),
        short=fill(question.title, {}, {}),
        answers=listed([f"“{label}”" for label in upper.values()], "or"),
        how_many="most" if thirds >= 2 * count else "few" if thirds <= count else "half",
        picture=question.picture,
    )
