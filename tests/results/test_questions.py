"""Every question as it may be shown: bars and tables are those of the sheet of items."""

from __future__ import annotations

from typing import Any

from survey.export.contents import SmallSheet
from survey.export.items import _HEADER
from survey.pictures.dots import Dots
from survey.pictures.stacked import Stacked
from survey.results.figures import HIDDEN
from survey.results.questions import asked_questions, most_given, question_figures
from tests.findings.pretended import questionnaires
from tests.language.examples import good

LABELS = {"1": "Little", "2": "Some", "3": "Much"}


def sheet(counts: dict[str, dict[str, int | None]], wave: str = "w1") -> SmallSheet:
    """A sheet of items of the study of songs, as it leaves its room: questions with their counts, None where hidden."""
    rows = []
    for question, given in counts.items():
        known = [count for count in given.values() if count is not None]
        answered = sum(known) if len(known) == len(given) else None

        def row(question: str = question, answered: int | None = answered, **more: Any) -> tuple[Any, ...]:
            told = {"questionnaire": "sample", "variable": question, "wave": wave, "asked": 100, "answered": answered}
            return tuple(
                (told | more).get(name, "" if name in ("code", "name in charts") else None) for name in _HEADER
            )

        rows.append(row(row="question", mean=2.25 if answered else None))
        for code, count in given.items():
            share = count / answered if answered and count is not None else None
            cell = {"code": code, "answer": LABELS[code], "count": count, "share of answered": share}
            rows.append(row(row="answer", **cell, **{"name in charts": question}))
        rows.append(row(row="no answer", code="-9", answer="left blank", count=4))
    return SmallSheet("Items", "", _HEADER, rows)


def test_questions_with_the_same_answers_are_one_picture_and_shares_are_those_of_the_sheet() -> None:
    items = sheet({"a": {"1": 24, "2": 24, "3": 48}, "b": {"1": 12, "2": 36, "3": 48}})
    asked = asked_questions(items, questionnaires()["sample"], "w1")
    assert [one.id for one in asked] == ["a", "b"]
    assert asked_questions(items, questionnaires()["sample"], "w2") == []
    (figure,) = question_figures(asked, "question")
    assert isinstance(figure.picture, Stacked)
    assert figure.picture.steps == ("Little", "Some", "Much")
    assert [row.shares for row in figure.picture.rows] == [(0.25, 0.25, 0.5), (0.125, 0.375, 0.5)]
    assert [row.words for row in figure.picture.rows] == [("25", "25", "50"), ("12", "38", "50")]
    assert figure.table.rows[0][1:] == ("100", "96", "25 % (24)", "25 % (24)", "50 % (48)", "2.25")


PLACES = """
pages:
  - page: one
    questions:
      - question: places
        kind: several
        ask: Where do you play?
        options: [{code: 1, label: Home}, {code: 2, label: School}, {code: 9, label: Nowhere, exclusive: yes}]
"""


def test_options_that_can_be_ticked_together_are_one_question_the_most_given_first() -> None:
    def row(variable: str, **more: Any) -> tuple[Any, ...]:
        told = {"questionnaire": "sample", "variable": variable, "wave": "w1", "asked": 100, "answered": 80, **more}
        return tuple(told.get(name, "" if name in ("code", "name in charts") else None) for name in _HEADER)

    ticked = {"row": "answer", "code": "1", "answer": "ticked"}
    rows = [
        row("places", row="question"),
        row("places", row="no answer", code="-9", answer="left blank", count=20),
        row("places_1", **ticked, count=20, **{"share of answered": 0.25}),
        row("places_2", **ticked, count=60, **{"share of answered": 0.75}),
        row("places_9", **ticked),
    ]
    (one,) = asked_questions(SmallSheet("Items", "", _HEADER, rows), good(PLACES), "w1")
    assert [(answer.words, answer.count) for answer in one.answers] == [("Home", 20), ("School", 60), ("Nowhere", None)]
    assert most_given(one) == "Where do you play?: “School” (75 %) and “Home” (25 %); 80 answered."
    (figure,) = question_figures([one], "question")
    assert isinstance(figure.picture, Dots)
    assert [(row.name, row.spots[0] and row.spots[0].value, row.more) for row in figure.picture.rows] == [
        ("School", 75, ""), ("Home", 25, ""), ("Nowhere", None, HIDDEN),
    ]  # fmt: skip
    assert figure.table.rows[2:] == (("Home", "20", "25 %"), ("School", "60", "75 %"), ("Nowhere", HIDDEN, ""))


def test_of_a_question_whose_answers_are_hidden_nothing_is_said() -> None:
    items = sheet({"a": {"1": None, "2": None, "3": None}})
    (one,) = asked_questions(items, questionnaires()["sample"], "w1")
    assert most_given(one).endswith(": too few people to say.")


def test_a_question_with_a_hidden_count_has_no_bar_and_no_figure_from_which_it_follows() -> None:
    items = sheet({"a": {"1": None, "2": None, "3": 48}})
    (figure,) = question_figures(asked_questions(items, questionnaires()["sample"], "w1"), "question")
    assert isinstance(figure.picture, Stacked)
    (row,) = figure.picture.rows
    assert (row.shares, row.note) == ((), HIDDEN)
    assert figure.table.rows[0][1:] == ("100", "", HIDDEN, HIDDEN, "48", "")


STEPS = """
audience: pupil
reader: {age: 6}
assent: {ask: Do you agree?, yes: I agree, no: "No", declined: Thank you.}
options:
  good4: [{code: 1, label: Not at all}, {code: 2, label: Not very}, {code: 3, label: Quite}, {code: 4, label: Very}]
pages:
  - page: one
    questions:
      - {question: able, kind: two_step, ask: Are you good at singing?, after_no: How?, after_yes: How?, options: good4}
"""

IN_ORDER = """
pages:
  - page: one
    questions:
      - question: matters
        kind: ranking
        ask: What matters most?
        options: [{code: 1, label: Time}, {code: 2, label: Drums}, {code: 3, label: Teachers}]
"""


def _row(variable: str, **more: Any) -> tuple[Any, ...]:
    told = {"questionnaire": "sample", "variable": variable, "wave": "w1", "asked": 100, "answered": 80, **more}
    return tuple(told.get(name, "" if name in ("code", "name in charts") else None) for name in _HEADER)


def test_a_question_in_two_steps_is_shown_by_its_answers_and_not_by_the_first_step_as_well() -> None:
    def answer(variable: str, code: str, words: str, number: int, **more: Any) -> tuple[Any, ...]:
        share = {"share of answered": number / 80}
        return _row(variable, row="answer", code=code, answer=words, count=number, **share, **more)

    named = {"name in charts": "able"}
    rows = [
        _row("able", row="question", mean=2.5),
        *(answer("able", str(code), words, 20, **named) for code, words in enumerate(("a", "b", "c", "d"), start=1)),
        _row("able_first", row="question"),
        answer("able_first", "0", "No", 40),
        answer("able_first", "1", "Yes", 40),
    ]
    (one,) = asked_questions(SmallSheet("Items", "", _HEADER, rows), good(STEPS), "w1")
    assert [one.words for one in one.answers] == ["a", "b", "c", "d"]
    assert sum(answer.share or 0 for answer in one.answers) == 1


def test_every_question_has_a_figure_also_where_several_without_an_order_follow_each_other() -> None:
    rows = [_row(f"q{number}", row="question") for number in range(3)]
    ask = [f"{{question: q{number}, kind: long_text, ask: What about {number}?}}" for number in range(3)]
    questionnaire = good(f"pages: [{{page: one, questions: [{', '.join(ask)}]}}]")
    asked = asked_questions(SmallSheet("Items", "", _HEADER, rows), questionnaire, "w1")
    figures = question_figures(asked, "question")
    assert [figure.title for figure in figures] == [one.title for one in asked]
    assert len({figure.id for figure in figures}) == len(asked) == 3
    assert {figure.table.headings for figure in figures} == {("Answer", "n")}, "there are no shares of texts"


def test_options_put_in_order_are_shown_by_their_mean_place_the_first_on_top() -> None:
    rows = [
        _row("matters_1", row="question", mean=2.25),
        _row("matters_2", row="question", mean=1.25),
        _row("matters_3", row="question", answered=None),
    ]
    (one,) = asked_questions(SmallSheet("Items", "", _HEADER, rows), good(IN_ORDER), "w1")
    assert one.mean is None, "the places of one option are not those of the question"
    (figure,) = question_figures([one], "question")
    assert isinstance(figure.picture, Dots)
    assert [(row.name, row.said, row.more) for row in figure.picture.rows] == [
        ("Drums", "1.25", ""), ("Time", "2.25", ""), ("Teachers", "", HIDDEN),
    ]  # fmt: skip
    assert figure.table.rows == (("Drums", "80", "1.25"), ("Time", "80", "2.25"), ("Teachers", HIDDEN, ""))
    assert (
        most_given(one)
        == "What matters most?: “Drums” (1.25) and “Time” (2.25) come first, with the mean place of each."
    )
    hidden = [_row(f"matters_{code}", row="question", answered=None) for code in (1, 2, 3)]
    (one,) = asked_questions(SmallSheet("Items", "", _HEADER, hidden), good(IN_ORDER), "w1")
    (figure,) = question_figures([one], "question")
    assert figure.picture is None
    assert most_given(one) == "What matters most?: too few people to say."
