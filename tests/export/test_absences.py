"""Why an answer is absent, response after response: what was found for one must never be said of another."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from survey.definition.household import WHICH_CHILD
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import MissingCodes
from survey.export import missing
from survey.export.missing import Absences, Gaps, MissingNumber

QUESTIONNAIRE = """
questionnaire: small
version: 1
title: T
audience: parent
reader: {age: 16}
languages: [en]
pages:
  - page: one
    questions:
      - {question: plays, kind: yes_no, ask: Do you play}
      - {question: read, kind: information, ask: Now think.}
      - {question: loud, kind: yes_no, ask: Is it loud, when: {plays: yes}}
      - {question: why, kind: short_text, ask: Why, when: {loud: yes}}
      - {question: where, kind: several, ask: Where, options: [{code: 1, label: A}, {code: 2, label: B}]}
      - {question: at_home, kind: short_text, ask: At home, when: {where: {contains: 1}}}
      - {question: older, kind: short_text, ask: Older, when: {roster.year: {at_least: 3}}}
      - {question: oldest, kind: short_text, ask: Oldest, when: {older: {answered: yes}}}
      - {question: end, kind: short_text, ask: Anything else}
"""
BLANK, NOT_SHOWN, NOT_REACHED, WITHDRAWN, ONCE = -9, -6, -5, -2, -1


def absences(text: str = QUESTIONNAIRE) -> Absences:
    return Absences(Questionnaire.from_data(yaml.load(text, yaml.BaseLoader)), Gaps(MissingCodes()))


def of(found: Absences, state: str, answers: dict[str, Any], facts: dict[str, Any] | None = None) -> dict[str, int]:
    return {id: int(gap) for id, gap in found.of(state, answers, facts or {})[0].items()}


# state, answers, facts -> some of what is absent, and why
CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, int]]] = [
    ("finished", {}, {}, {"plays": BLANK, "loud": NOT_SHOWN, "why": NOT_SHOWN, "older": NOT_SHOWN, "end": BLANK}),
    ("finished", {"plays": 1}, {}, {"loud": BLANK, "why": NOT_SHOWN}),
    ("finished", {"plays": 1, "loud": 1}, {}, {"why": BLANK}),
    ("finished", {"plays": 0, "loud": 1}, {}, {"loud": NOT_SHOWN, "why": NOT_SHOWN}),
    ("finished", {"where": [1]}, {}, {"at_home": BLANK}),
    ("finished", {"where": [2]}, {}, {"at_home": NOT_SHOWN}),
    ("finished", {"where": [2, 1]}, {}, {"at_home": BLANK}),
    ("finished", {"where": {"missing": "blank"}}, {}, {"at_home": NOT_SHOWN}),
    ("finished", {"where": {"missing": "dont_know"}}, {}, {"at_home": NOT_SHOWN}),
    ("finished", {}, {"year": 3}, {"older": BLANK, "oldest": NOT_SHOWN}),
    ("finished", {}, {"year": 2}, {"older": NOT_SHOWN, "oldest": NOT_SHOWN}),
    ("finished", {"older": "x"}, {"year": 3}, {"oldest": BLANK}),
    ("finished", {"older": "x"}, {"year": 2}, {"oldest": NOT_SHOWN}),
    ("stopped", {}, {}, {"plays": NOT_REACHED, "loud": NOT_REACHED, "end": NOT_REACHED}),
    # Of the facts it is certain from the start that a question is not shown.
    ("stopped", {}, {"year": 2}, {"older": NOT_SHOWN, "oldest": NOT_REACHED}),
    ("stopped", {"plays": 1}, {}, {"loud": NOT_REACHED, "why": NOT_REACHED}),
    ("stopped", {"plays": 0}, {}, {"loud": NOT_SHOWN, "why": NOT_REACHED}),
    ("stopped", {"plays": 0, "where": [2]}, {}, {"loud": NOT_SHOWN, "why": NOT_SHOWN, "end": NOT_REACHED}),
    ("stopped", {"where": [2]}, {}, {"plays": BLANK, "at_home": NOT_SHOWN}),
    ("stopped", {"older": "x"}, {"year": 3}, {"where": BLANK, "oldest": NOT_REACHED}),
    # The place of the last answer itself has been reached: what else was stored there may have been taken back.
    ("stopped", {"plays": 1, "loud": 0}, {}, {"plays": BLANK, "loud": BLANK, "why": NOT_SHOWN}),
    ("withdrawn", {}, {"year": 3}, {"plays": WITHDRAWN, "loud": WITHDRAWN, "oldest": WITHDRAWN}),
]


@pytest.mark.parametrize(("state", "answers", "facts", "said"), CASES)
def test_why_an_answer_is_absent(
    state: str, answers: dict[str, Any], facts: dict[str, Any], said: dict[str, int]
) -> None:
    found = of(absences(), state, answers, facts)
    assert {id: found[id] for id in said} == said
    assert "read" not in found, "what only tells something has no answer to be absent"


def test_one_response_after_another_gets_what_it_gets_alone() -> None:
    """In both orders, and twice: answers alike are looked at once, and only answers alike."""
    for order in (CASES, CASES[::-1]):
        shared = absences()
        for state, answers, facts, _ in [*order, *order]:
            assert of(shared, state, answers, facts) == of(absences(), state, answers, facts)


def test_answers_that_look_alike_are_told_apart() -> None:
    shared = absences()
    alike: list[Any] = [1, True, "1", [1], ["1"], {"missing": "blank"}, "{'missing': 'blank'}", None, ("list", 1)]
    for id in ("where", "plays", "older"):
        for answer in [*alike, *alike[::-1]]:
            given: tuple[dict[str, Any], dict[str, Any]] = ({id: answer}, {"year": 3})
            assert of(shared, "finished", *given) == of(absences(), "finished", *given)


def test_a_question_that_hangs_on_facts_of_its_own_and_on_another_question_is_told_apart_by_both() -> None:
    text = (
        QUESTIONNAIRE
        + """\
  - page: two
    when: {roster.sex: f}
    questions:
      - {question: girls, kind: short_text, ask: Girls, when: {older: {answered: yes}}}
"""
    )
    shared = absences(text)
    for sex, year, gap in [("f", 3, BLANK), ("m", 3, NOT_SHOWN), ("f", 2, NOT_SHOWN), ("f", 3, BLANK)]:
        assert of(shared, "finished", {"older": "x"}, {"sex": sex, "year": year})["girls"] == gap


def test_with_too_many_routes_to_remember_it_is_only_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing, "_MOST_KEPT", 2)
    shared = absences()
    for state, answers, facts, _ in CASES:
        assert of(shared, state, answers, facts) == of(absences(), state, answers, facts)
    assert (len(shared._hidden), len(shared._known)) == (2, 2)


def test_what_was_not_shown_is_said_beside_it() -> None:
    _, hidden = absences().of("finished", {"plays": 1}, {"year": 2})
    assert hidden == {"why", "at_home", "older", "oldest"}
    assert absences().of("withdrawn", {}, {})[1] == frozenset()


@pytest.mark.parametrize(
    ("stored", "gap"),
    [("blank", -9), ("dont_know", -8), ("rather_not", -7), ("of a later program", -9), (None, -9), (7, -9)],
)
def test_a_reason_nobody_here_knows_is_a_blank(stored: object, gap: int) -> None:
    gaps = Gaps(MissingCodes())
    found = gaps.of({"missing": stored})
    assert (found, type(found)) == (gap, MissingNumber)
    assert gaps.of({}) == -9


def test_a_study_s_own_numbers_stand_for_the_reasons_they_are_given_for() -> None:
    gaps = Gaps(MissingCodes(blank=-90, withdrawn=-20))
    assert {reason: gaps[reason] for reason in ("blank", "dont_know", "withdrawn")} == {
        "blank": -90,
        "dont_know": -8,
        "withdrawn": -20,
    }
    assert set(gaps) == set(missing.WORDS)
    assert all(type(number) is MissingNumber for number in gaps.values())
    assert (gaps.words[-90], gaps.words[-8], len(gaps.words)) == ("left blank", "I don't know", len(gaps))


UNCONDITIONAL = """
questionnaire: small
version: 1
title: T
audience: pupil
reader: {age: 8}
languages: [en]
pages:
  - page: one
    questions:
      - {question: try, kind: practice, ask: Try, options: [{code: 1, label: A, face: feel-2}, {code: 2, label: B, face: feel-4}]}
      - {question: like, kind: two_step, ask: Do you like it}
"""


def test_where_everything_is_shown_nothing_was_led_past_and_practice_is_no_answer() -> None:
    found = absences(UNCONDITIONAL)
    assert found.of("finished", {}, {}) == ({"like": BLANK}, frozenset())
    assert found.of("stopped", {}, {}) == ({"like": NOT_REACHED}, frozenset())
    assert found.of("stopped", {"like.first": 1}, {}) == ({"like": BLANK}, frozenset())


def test_the_keys_of_a_question_are_those_its_answers_are_kept_under() -> None:
    assert set(absences(UNCONDITIONAL).keys("like")) == {"like", "like.first"}
    assert absences().keys("plays") == ("plays",)


def test_answers_alike_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, looked_at = absences(), []
    honest = shared._journey.hidden
    monkeypatch.setattr(shared._journey, "hidden", lambda *of: looked_at.append(of) or honest(*of))
    first, _ = shared.of("finished", {"plays": 1, "end": "one"}, {"year": 3, "sex": "f"})
    again, _ = shared.of("finished", {"plays": 1, "end": "another"}, {"year": 3, "sex": "m"})
    assert first is again
    assert len(looked_at) == 1
    shared.of("finished", {"plays": 0}, {"year": 3})
    shared.of("finished", {"plays": 1}, {"year": 4})
    assert len(looked_at) == 3


def test_what_the_family_is_asked_once_is_neither_blank_nor_passed_by_in_the_row_of_a_further_child() -> None:
    found = absences(
        """
questionnaire: small
version: 1
title: T
audience: parent
reader: {age: 16}
languages: [en]
pages:
  - {page: family, questions: [{question: plays, kind: yes_no, ask: Do you play}]}
  - {page: child, for_each: child, questions: [{question: sings, kind: yes_no, ask: Does your child sing}]}
"""
    )
    assert of(found, "finished", {}) == {"plays": BLANK, "sings": BLANK}
    for state, sings in (("finished", BLANK), ("stopped", NOT_REACHED)):
        assert of(found, state, {}, {WHICH_CHILD: 2}) == {"plays": ONCE, "sings": sings}
