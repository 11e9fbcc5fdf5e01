"""Every shipped questionnaire in every language on paper: all of it is there, once, in order, in words for routing."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from survey.definition.questionnaire import Questionnaire
from survey.definition.reading import read_folder
from survey.definition.wording import fill
from survey.paper.layout import Sheets, sheets_of, writes
from survey.paper.printing import Papers, Printed, page
from survey.paper.routing import Routing
from survey.question import NO_NAMES
from survey.wording import say_in
from tests.published import FOLDER

SHIPPED = read_folder(FOLDER).questionnaires
CASES = [(name, language) for name, asked in SHIPPED.items() for language in asked.languages]
FACTS = {"year": 6, "wave": "w1"}
MOST_SHEETS = {"pupil-ks1": 4, "pupil-ks2": 7, "parent": 5, "staff": 9, "class-music": 3}
"""In print of the usual size, in every language. A class of 30 at key stage 2 takes 210 sides, and once took 420."""


def on_paper(name: str, language: str, large: bool = False) -> Sheets:
    return sheets_of(SHIPPED[name], language, FACTS, large)


def html(sheets: Sheets, language: str) -> str:
    papers = (Printed("ravo kimu bade", sheets, "P001", "Ash Primary"),)
    return page(Papers(sheets.questionnaire, language, "0" * 64, {}, papers), "/static/paper.css")


@pytest.mark.parametrize(("name", "language"), CASES)
@pytest.mark.parametrize("large", [False, True], ids=["usual", "large"])
def test_every_question_stands_on_one_sheet_in_order(name: str, language: str, large: bool) -> None:
    sheets = on_paper(name, language, large)
    printed = [one.question.id for sheet in sheets.sheets for block in sheet for one in block.asked]
    assert printed == [question.id for question in SHIPPED[name].questions]
    numbers = [one.number for sheet in sheets.sheets for block in sheet for one in block.asked if one.number]
    assert numbers == list(range(1, len(numbers) + 1))
    for sheet in sheets.sheets:
        assert sum(block.height for block in sheet) <= sheets.look.sheet or len(sheet) == 1
    assert large or len(sheets.sheets) <= MOST_SHEETS[name]


@pytest.mark.parametrize(("name", "language"), CASES)
def test_all_words_are_on_the_page_and_the_code_on_every_sheet(name: str, language: str) -> None:
    import html as markup

    sheets = on_paper(name, language)
    text = markup.unescape(html(sheets, language))
    assert text.count('<bdi class="code" dir="ltr">ravo kimu bade</bdi>') == len(sheets.sheets)
    assert f'dir="{"rtl" if language == "ur" else "ltr"}"' in text
    for question in sheets.questionnaire.questions:
        assert fill(question.ask, {}, {}) in text, question.id
        for line in question.paper(say_in(language)).lines:
            assert all(box.words in text for box in line.boxes), question.id
    if sheets.questionnaire.audience == "pupil":
        writing = sum(writes(question.paper(say_in(language))) for question in sheets.questionnaire.questions)
        assert text.count(say_in(language)(NO_NAMES)) == writing, "children are told at each place to write"
    assert "{" not in text.split("<body")[1].replace("{{", ""), "a gap was left open"


@pytest.mark.parametrize(("name", "language"), CASES)
def test_nothing_is_said_in_english_on_a_paper_in_another_language(name: str, language: str) -> None:
    """Every sentence of ours that stands on a sheet has a translation."""
    if language == "en":
        return
    english: list[str] = []

    def say(sentence: str, **gaps: object) -> str:
        said = say_in(language)(sentence)
        if said == sentence:
            english.append(sentence)
        return said.format(**gaps) if gaps else said

    sheets = on_paper(name, language)
    sheets.say = say
    html(sheets, language)
    routing = Routing(sheets.questionnaire, FACTS, say)
    for question in sheets.questionnaire.questions:
        question.paper(say)
        routing.above(question)
        routing.below(question)
    assert english == []


# ---- routing in words ----------------------------------------------------------------------------------


def questionnaire(*questions: str) -> Questionnaire:
    data: dict[str, Any] = {
        "questionnaire": "small",
        "version": "1",
        "title": "Small",
        "audience": "staff",
        "reader": {"age": "18"},
        "languages": ["en"],
        "pages": [{"page": "one", "questions": [yaml.load(text, yaml.BaseLoader) for text in questions]}],
    }
    return Questionnaire.from_data(data)


PLAYS = "{question: plays, kind: yes_no, ask: Do you play.}"
HOURS = "{question: hours, kind: number, ask: How long., unit: hours}"
OFTEN = """
question: often
kind: frequency
ask: How often?
options: [{code: 1, label: Never}, {code: 2, label: Sometimes}, {code: 3, label: Often}, {code: 4, label: Always}]
"""
WHERE = """
question: where
kind: several
ask: Where?
options: [{code: 1, label: At home}, {code: 2, label: At school}, {code: 9, label: None of these, exclusive: yes}]
"""


def asked_when(condition: str) -> str:
    return f"{{question: then, kind: short_text, ask: And then., when: {condition}}}"


LAST = "{question: last, kind: short_text, ask: And last.}"


def words(asked: Questionnaire, facts: dict[str, Any] | None = None) -> dict[str, tuple[str | None, str | None]]:
    routing = Routing(asked, facts or {}, say_in("en"))
    said = {q.id: (routing.above(q), routing.below(q)) for q in asked.questions if routing.printed(q)}
    return {id: sentences for id, sentences in said.items() if any(sentences)}


@pytest.mark.parametrize(
    ("before", "condition", "sentence"),
    [
        (PLAYS, "{plays: yes}", "If you ticked “Yes” in question 1: go on with question 2. If not: go to question 3."),
        (
            PLAYS,
            "{not: {plays: yes}}",
            "If you ticked “Yes” in question 1: go to question 3. If not: go on with question 2.",
        ),
        (
            HOURS,
            "{hours: {at_least: 1}}",
            "If you wrote 1 or more in question 1: go on with question 2. If not: go to question 3.",
        ),
        (
            OFTEN,
            "{often: {at_least: 3}}",
            "If you ticked “Often” or “Always” in question 1: go on with question 2. If not: go to question 3.",
        ),
        (
            WHERE,
            "{where: {contains: 2}}",
            "If you ticked “At school” in question 1: go on with question 2. If not: go to question 3.",
        ),
        (
            HOURS,
            "{hours: {answered: yes}}",
            "If you answered question 1: go on with question 2. If not: go to question 3.",
        ),
    ],
)
def test_where_the_way_splits_the_question_says_where_to_go(before: str, condition: str, sentence: str) -> None:
    said = words(questionnaire(before, asked_when(condition), LAST))
    (decides,) = said
    assert said[decides] == (None, sentence)


def test_at_the_end_it_says_so() -> None:
    said = words(questionnaire(PLAYS, asked_when("{plays: no}")))
    assert said == {"plays": (None, "If you ticked “No” in question 1: go on with question 2. If not: go to the end.")}


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("{plays: yes}", "Answer this only if you ticked “Yes” in question 1."),
        (
            "{plays: yes, hours: {at_most: 3}}",
            "Answer this only if you ticked “Yes” in question 1 and you wrote 3 or less in question 2.",
        ),
        (
            "{any: [{plays: yes}, {hours: 5}]}",
            "Answer this only if you ticked “Yes” in question 1 or you wrote 5 in question 2.",
        ),
        (
            "{not: {any: [{plays: yes}, {hours: {at_least: 2}}]}}",
            "Answer this only if you did not tick “Yes” in question 1 and you did not write 2 or more in question 2.",
        ),
        ("{not: {plays: {answered: yes}}}", "Answer this only if you left question 1 empty."),
    ],
)
def test_what_is_not_simple_stands_above_the_question(condition: str, sentence: str) -> None:
    asked = questionnaire(PLAYS, HOURS, OFTEN, asked_when(condition), LAST)
    assert words(asked) == {"then": (sentence, None)}


def test_what_the_roster_decides_is_decided_when_it_is_printed() -> None:
    condition = "{roster.year: {at_least: 5}, plays: yes}"
    asked = questionnaire(
        PLAYS, asked_when(condition), "{question: more, kind: yes_no, ask: More., when: {then: {answered: no}}}"
    )
    young, old = ({"year": 4}, {"year": 5})
    assert not Routing(asked, young, say_in("en")).printed(asked.question("then"))
    assert "then" not in words(asked, young)
    assert words(asked, young) == {}, "what hangs on a question that is not there is known, too"
    assert words(asked, old)["plays"][1] == (
        "If you ticked “Yes” in question 1: go on with question 2. If not: go to question 3."
    )


def test_numbers_do_not_depend_on_who_it_is_printed_for() -> None:
    asked = questionnaire(PLAYS, asked_when("{roster.year: 5}"), LAST)
    assert Routing(asked, {}, say_in("en")).numbers == {"plays": 1, "then": 2, "last": 3}
