"""A version as people read it: nothing that a respondent sees is missing, and who is asked what is said in words."""

from __future__ import annotations

from typing import Any

import pytest

from survey.definition.questionnaire import Questionnaire
from survey.definition.readable import readable
from survey.definition.reading import read_folder
from survey.definition.routes import Routes
from survey.definition.study import Fact
from survey.demo import shipped_study
from survey.wording import say_in

SHIPPED = read_folder(shipped_study()).questionnaires
PAIRS = [(id, language) for id, one in SHIPPED.items() for language in one.languages]

FACTS = [
    Fact.model_validate({"fact": "year", "title": "Year group", "kind": "number"}),
    Fact.model_validate({"fact": "sex", "title": "Sex", "kind": "code", "codes": {"f": "Girl", "m": "Boy"}}),
    Fact.model_validate({"fact": "lead", "title": "Leads music", "kind": "yes_no"}),
]


@pytest.mark.parametrize(("id", "language"), PAIRS)
def test_every_question_is_there_with_everything_that_can_be_answered(id: str, language: str) -> None:
    asked = SHIPPED[id].in_language(language)
    pages = readable(asked, language)
    questions = [one for page in pages for group in page.groups for one in group.questions]
    assert [one.id for one in questions] == [one.id for one in asked.questions]
    numbers = [one.number for one in questions if one.number is not None]
    assert numbers == list(range(1, len(numbers) + 1)), "what is stored is counted, and nothing else"
    shown = {
        one.id: [box.words for answers in group.answers for box in answers.options]
        for page in pages
        for group in page.groups
        for one in group.questions
    }
    for question in asked.questions:
        boxes = [box.words for line in question.paper(say_in(language)).lines for box in line.boxes]
        assert shown[question.id] == boxes
        assert (question.when is not None) == bool(next(one for one in questions if one.id == question.id).asked_if)


def asked_if(when: Any) -> str:
    """What is said of a question with this condition, after four others."""
    much = [{"code": 1, "label": "Little"}, {"code": 2, "label": "Some"}, {"code": 3, "label": "Much"}]
    questions = [
        {"question": "plays", "kind": "yes_no", "ask": "Do you play?"},
        {"question": "liked", "kind": "rating", "ask": "How much?", "options": much},
        {"question": "groups", "kind": "several", "ask": "Which?", "options": much},
        {"question": "hours", "kind": "number", "ask": "How many hours?", "min": 0, "max": 9},
        {"question": "last", "kind": "yes_no", "ask": "And now?", "when": when},
    ]
    one = Questionnaire.from_data(
        {
            "questionnaire": "sample", "version": "1", "title": "Sample", "audience": "staff", "reader": {"age": "18"},
            "languages": "en", "pages": [{"page": "one", "questions": questions}],
        }
    )  # fmt: skip
    return Routes(one, FACTS).asked_if(one.question("last"))


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"plays": "yes"}, "Only if the answer to question 1 is “Yes”."),
        ({"not": {"plays": "yes"}}, "Only if the answer to question 1 is not “Yes”."),
        ({"liked": ["2", "3"]}, "Only if the answer to question 2 is “Some” or “Much”."),
        ({"liked": {"at_least": "2"}}, "Only if the answer to question 2 is “Some” or “Much”."),
        ({"groups": {"contains": "3"}}, "Only if “Much” is ticked in question 3."),
        ({"not": {"groups": {"contains": "3"}}}, "Only if “Much” is not ticked in question 3."),
        ({"hours": {"at_least": "2"}}, "Only if the answer to question 4 is 2 or more."),
        ({"hours": {"at_most": "2"}}, "Only if the answer to question 4 is 2 or less."),
        ({"liked": {"answered": "no"}}, "Only if question 2 is not answered."),
        ({"not": {"liked": {"answered": "no"}}}, "Only if question 2 is answered."),
        ({"roster.year": {"at_least": "5"}}, "Only if “Year group” in the roster is 5 or more."),
        ({"roster.sex": "f"}, "Only if “Sex” in the roster is “Girl”."),
        ({"not": {"roster.sex": "f"}}, "Only if “Sex” in the roster is not “Girl”."),
        ({"roster.lead": "yes"}, "Only if “Leads music” in the roster is yes."),
        ({"roster.hat": "red"}, "Only if “hat” in the roster is red."),
        ({"roster.year": {"answered": "yes"}}, "Only if “Year group” in the roster is known."),
        (
            {"all": [{"plays": "yes"}, {"hours": {"at_least": "2"}}]},
            "Only if the answer to question 1 is “Yes” and the answer to question 4 is 2 or more.",
        ),
        (
            {"not": {"any": [{"plays": "yes"}, {"liked": "3"}]}},
            "Only if the answer to question 1 is not “Yes” and the answer to question 2 is not “Much”.",
        ),
        (
            {"any": [{"all": [{"plays": "yes"}, {"liked": "3"}]}, {"hours": "2"}]},
            "Only if the answer to question 1 is “Yes” and the answer to question 2 is “Much”, or the answer to question 4 is 2.",
        ),
    ],
)
def test_who_is_asked_is_said_in_words(when: Any, said: str) -> None:
    assert asked_if(when) == said
