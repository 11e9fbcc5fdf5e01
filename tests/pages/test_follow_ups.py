"""Questions that appear by an answer on the same page: what a page offers, and what is read of it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from werkzeug.datastructures import MultiDict

from survey.definition.questionnaire import Questionnaire
from survey.pages.answer.compiled import Survey

PAGES = """
questionnaire: small
version: 1
title: T
audience: parent
reader: {age: 16}
languages: [en]
pages:
  - page: first
    questions: [{question: role, kind: yes_no, ask: Are you a parent}]
  - page: music
    questions:
      - {question: plays, kind: yes_no, ask: Do you play, required: yes}
      - {question: often, kind: number, ask: How many times a week, when: {plays: yes}, required: yes}
      - {question: tired, kind: yes_no, ask: Does it tire you, when: {often: {at_least: 5}}}
      - {question: child, kind: yes_no, ask: Does your child play, when: {all: [{role: yes}, {plays: yes}]}}
      - {question: cost, kind: yes_no, ask: Is it dear, when: {roster.year: 4}}
"""
SURVEY = Survey(Questionnaire.from_data(yaml.load(PAGES, yaml.BaseLoader)), "0" * 64, "en")
MUSIC = SURVEY.journey.screen("music")


def sent(answers: dict[str, Any], *pairs: tuple[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Post the page: return the answers that are read, and the questions with an error."""
    found = SURVEY.read(MUSIC, SURVEY.form(MUSIC, 0), MultiDict(pairs), answers, {})
    return found.answers, [one.step.question.id for one in found.errors]


def test_what_was_answered_on_other_pages_is_settled_and_not_told() -> None:
    assert SURVEY.journey.follow_ups(MUSIC) == {"often", "tired", "child"}
    yes = {"of": "plays", "is": [1]}
    expected = {"often": [yes], "tired": [{"of": "often", "at_least": [5]}], "child": [{"all": [yes]}]}
    for answers in ({"role": 1}, {"role": 1, "plays": 1, "often": 3}):
        rules = SURVEY.journey.rules_within(MUSIC, answers, {})
        assert {one["question"]: one["when"] for one in rules} == expected
    for answers in ({"role": 0}, {}):
        rules = SURVEY.journey.rules_within(MUSIC, answers, {})
        assert [one["question"] for one in rules] == ["often", "tired"], "one that cannot appear any more is not there"


@pytest.mark.parametrize(
    ("pairs", "answers", "errors"),
    [
        # Without a script: the first answer alone, and then what the page that came back showed.
        ([("q_plays", "1")], {"plays": 1}, []),
        ([("q_plays", "1"), ("shown", "often"), ("q_often", "6")], {"plays": 1, "often": 6}, []),
        # With one: all at once, link by link.
        (
            [("q_plays", "1"), ("shown", "often"), ("q_often", "6"), ("shown", "tired"), ("q_tired", "0")],
            {"plays": 1, "often": 6, "tired": 0},
            [],
        ),
        # Shown and left empty is an answer of its own, or one too few.
        (
            [("q_plays", "1"), ("shown", "often"), ("q_often", "6"), ("shown", "tired")],
            {"plays": 1, "often": 6, "tired": {"missing": "blank"}},
            [],
        ),
        ([("q_plays", "1"), ("shown", "often"), ("q_often", "")], {"plays": 1}, ["often"]),
        # What the answers do not lead to is not read, whatever was sent.
        ([("q_plays", "0"), ("shown", "often"), ("q_often", "6"), ("shown", "tired")], {"plays": 0}, []),
        ([("q_plays", "1"), ("shown", "child"), ("q_child", "1"), ("shown", "cost")], {"plays": 1}, []),
    ],
)
def test_a_follow_up_is_read_where_it_was_shown_and_is_still_asked(
    pairs: list[tuple[str, str]], answers: dict[str, Any], errors: list[str]
) -> None:
    assert sent({"role": 0}, *pairs) == (answers, errors)


def test_an_earlier_answer_that_is_taken_back_takes_its_follow_ups_with_it() -> None:
    before = {"role": 1, "plays": 1, "often": 6, "tired": 1}
    assert sent(before, ("q_plays", "0"), ("shown", "often"), ("q_often", "6")) == ({"plays": 0}, [])
