"""A questionnaire as people read it: every page and question, the answers with their codes, and who is asked what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from survey.definition.parts import Page
from survey.definition.questionnaire import Questionnaire
from survey.definition.routes import Routes
from survey.definition.study import Fact
from survey.definition.wording import fill
from survey.question import Box, PaperLine, Question
from survey.wording import Say, say_in


@dataclass(frozen=True)
class ReadableAnswers:
    """What can be answered: words above, options with their codes, or what is written, in words."""

    words: str
    options: tuple[Box, ...]
    written: str


@dataclass(frozen=True)
class ReadableQuestion:
    """One question. number: None for what is only read or practised. asked_if: who gets it; empty for everyone."""

    id: str
    number: int | None
    kind: str
    wording: str
    hint: str
    more: tuple[str, ...]
    asked_if: str
    answers: tuple[ReadableAnswers, ...]


@dataclass(frozen=True)
class ReadableGroup:
    """Questions in a row: one by itself, or the statements of a grid, with what they share said once.

    stem: what is asked about each statement; empty for a question by itself.
    """

    stem: str
    questions: tuple[ReadableQuestion, ...]

    @property
    def answers(self) -> tuple[ReadableAnswers, ...]:
        """What can be answered to each of them."""
        return self.questions[0].answers


@dataclass(frozen=True)
class ReadablePage:
    """One page. title, text and asked_if are empty where it has none."""

    id: str
    title: str
    text: str
    asked_if: str
    groups: tuple[ReadableGroup, ...]


def readable(questionnaire: Questionnaire, language: str, facts: Iterable[Fact] = ()) -> list[ReadablePage]:
    """Return the pages of a questionnaire in one of its languages. facts: the study's, which routing may look at.

    Routing is said in English, with the options as they are in that language. Raises KeyError for a language that the
    questionnaire does not have.
    """
    asked = questionnaire.in_language(language)
    routes, say = Routes(asked, facts), say_in(language)
    return [
        ReadablePage(
            page.id, _filled(page.title), _filled(page.text), routes.asked_if(page), tuple(_groups(page, routes, say))
        )
        for page in asked.pages
    ]


def _groups(page: Page, routes: Routes, say: Say) -> Iterator[ReadableGroup]:
    for _, run in groupby(page.questions, key=lambda one: one.grid or one.id):
        questions = list(run)
        yield ReadableGroup(_filled(questions[0].stem), tuple(_question(one, routes, say) for one in questions))


def _question(question: Question, routes: Routes, say: Say) -> ReadableQuestion:
    paper = question.paper(say)
    more = (question.help, paper.text)
    return ReadableQuestion(
        question.id,
        routes.numbers.get(question.id),
        question.kind.replace("_", " "),
        _filled(question.ask),
        _filled(question.hint),
        tuple(_filled(text) for text in more if text),
        routes.asked_if(question),
        tuple(_answers(paper.lines)),
    )


def _answers(lines: Sequence[PaperLine]) -> Iterator[ReadableAnswers]:
    for line in lines:
        written = line.form if line.cells else "own words" if line.lines else ""
        yield ReadableAnswers(line.words, line.boxes, written)


def _filled(text: str | None) -> str:
    return fill(text or "", {}, {})
