"""Routing

A page, a question or a grid with `when` is shown only if its condition is true. Conditions use earlier questions and
facts of the roster, such as the year group.

On a page for adults a question may hang on another of the same page. It appears there as soon as the answer is given; where
scripts do not run, the page says beforehand that there may be another question, and comes back with it.
"""

import time

import pytest

from survey.question import missing
from tests.language.examples import good, told

BEFORE = """
pages:
  - page: one
    questions:
      - {question: plays, kind: yes_no, ask: Do you play?, not_sure: yes}
      - question: instrument
        kind: choice
        ask: Which instrument?
        options: [{code: 1, label: Violin}, {code: 2, label: Cello}, {code: 3, label: Drum}]
      - question: places
        kind: several
        ask: Where do you play?
        options: [{code: 1, label: Home}, {code: 2, label: School}, {code: 9, label: Nowhere, exclusive: yes}]
      - {question: hours, kind: number, ask: How many hours?, min: 0, max: 60, decimals: 1}
      - {question: begun, kind: date, ask: Since when?, precision: month}
  - page: two
    questions:
      - question: why
        kind: short_text
        ask: Why?
        when: """


def condition(when: str):
    return good(BEFORE + when.strip().removeprefix("when: ")).question("why").when


def test_an_answer():
    """A condition is a question and its answer, in braces: a code, or yes, no and not_sure."""
    example = """
when: {plays: yes}
"""
    holds = condition(example).holds
    assert holds({"plays": 1}, {})
    assert not holds({"plays": 0}, {})
    assert not holds({"plays": missing("dont_know")}, {})
    assert not holds({}, {})


def test_one_of_several_answers():
    """A list means any one of these."""
    example = """
when: {instrument: [1, 3]}
"""
    holds = condition(example).holds
    assert [holds({"instrument": code}, {}) for code in (1, 2, 3)] == [True, False, True]


def test_contains():
    """If several answers can be ticked, `contains` looks for one of them."""
    example = """
when: {places: {contains: 2}}
"""
    holds = condition(example).holds
    assert holds({"places": [1, 2]}, {})
    assert not holds({"places": [1]}, {})


def test_at_least_and_at_most():
    """Numbers, ratings and dates are compared with `at_least` and `at_most`; both together make a range."""
    example = """
when: {hours: {at_least: 2, at_most: 5.5}}
"""
    holds = condition(example).holds
    assert [holds({"hours": hours}, {}) for hours in (1.9, 2, 5.5, 6)] == [False, True, True, False]
    since = condition("{begun: {at_least: 2020-03}}").holds
    assert since({"begun": "2021-01"}, {})
    assert not since({"begun": "2020-02"}, {})


def test_answered():
    """`answered: yes` is true if there is any answer; “I don’t know” and a blank do not count."""
    example = """
when: {hours: {answered: yes}}
"""
    holds = condition(example).holds
    assert holds({"hours": 0}, {})
    assert not holds({"hours": missing("blank")}, {})
    assert condition("{hours: {answered: no}}").holds({}, {})


def test_all_any_not():
    """Several keys in one condition mean all of them. `all`, `any` and `not` put conditions together. `not` means
    the opposite, so it is also true if there is no answer."""
    example = """
when: {any: [{plays: yes, hours: {at_least: 10}}, {not: {instrument: 3}}]}
"""
    holds = condition(example).holds
    assert holds({"plays": 1, "hours": 12, "instrument": 3}, {})
    assert not holds({"plays": 0, "hours": 12, "instrument": 3}, {})
    assert holds({"instrument": 1}, {})
    assert holds({}, {})


def test_roster_facts():
    """A fact of the roster is written with `roster.` before its name; its codes are the study's. School, wave, arm and
    programme are always known."""
    example = """
when: {roster.year: {at_least: 5}, roster.fsm: yes}
"""
    when = condition(example)
    assert when.facts() == {"year", "fsm"}
    assert when.questions() == set()
    assert when.holds({}, {"year": 5, "fsm": True})
    assert when.holds({}, {"year": "6", "fsm": "yes"})
    assert not when.holds({}, {"year": 4, "fsm": True})
    assert not when.holds({}, {})
    assert not condition("{roster.year: {at_least: 5}}").holds({}, {"year": "Reception"})
    assert condition("{roster.wave: w1}").holds({}, {"wave": "w1"})
    assert not condition("{roster.wave: w1}").holds({}, {"wave": "w2"})


@pytest.mark.parametrize(
    ("when", "in_w1", "in_w2"),
    [
        ("{roster.wave: w1}", True, False),
        ("{roster.wave: w1, plays: yes}", True, False),
        ("{not: {roster.wave: w1}}", False, True),
        ("{any: [{roster.wave: w1}, {plays: yes}]}", True, True),
        ("{any: [{roster.wave: w1}, {roster.wave: w3}]}", True, False),
        ("{not: {any: [{roster.wave: w1}, {plays: yes}]}}", False, True),
        ("{not: {plays: yes}}", True, True),
        ("{roster.year: 6}", True, True),
    ],
)
def test_whether_a_wave_can_ask_a_question_at_all(when: str, in_w1: bool, in_w2: bool) -> None:
    questionnaire = good(BEFORE + when)
    assert [questionnaire.may_ask("why", {"wave": wave}) for wave in ("w1", "w2")] == [in_w1, in_w2]


def test_conditions_of_pages_and_grids():
    """A page's condition applies to all its questions, a grid's to all its statements; a question can have one of
    its own as well."""
    example = """
options:
  some3: [{code: 1, label: Little}, {code: 2, label: Some}, {code: 3, label: Much}]
pages:
  - page: one
    questions:
      - {question: plays, kind: yes_no, ask: Do you play?}
      - {question: sings, kind: yes_no, ask: Do you sing?}
  - page: two
    when: {plays: yes}
    questions:
      - grid: joys
        kind: rating
        ask: How much joy is in it?
        options: some3
        when: {sings: yes}
        statements:
          - {question: joy_song, ask: Songs}
          - {question: joy_drum, ask: Drums, when: {roster.year: 6}}
scales:
  - {scale: joy, title: Joy, items: [joy_song, joy_drum], score: mean, direction: Higher is more, source: Own}
"""
    questionnaire = good(example)
    assert questionnaire.pages[1].when.questions() == {"plays"}
    assert questionnaire.question("joy_song").when.questions() == {"sings"}
    drum = questionnaire.question("joy_drum").when
    assert (drum.questions(), drum.facts()) == ({"sings"}, {"year"})
    assert drum.holds({"sings": 1}, {"year": 6})
    assert not drum.holds({"sings": 0}, {"year": 6})


def test_what_nobody_can_reach():
    """Before anyone answers, the checker looks for questions that no one can reach: conditions about later questions,
    answers that a question does not have, and conditions that exclude each other, even through other questions."""
    example = """
pages:
  - page: one
    questions:
      - {question: plays, kind: yes_no, ask: Do you play?}
      - {question: hours, kind: number, ask: How many hours?, min: 0, max: 60, when: {plays: yes}}
      - {question: why, kind: short_text, ask: Why not?, when: {plays: no, hours: {at_least: 2}}}
"""
    assert told(example) == [
        (
            "question 'why' can never be asked: its condition and those of the questions it depends on exclude each other. "
            "Please change one of them"
        )
    ]


@pytest.mark.parametrize(
    ("when", "possible"),
    [
        ("{plays: [yes, no]}", True),
        ("{all: [{plays: yes}, {plays: no}]}", False),
        ("{all: [{instrument: [1, 2]}, {instrument: [2, 3]}]}", True),
        ("{all: [{instrument: [1, 2]}, {not: {instrument: [1, 2]}}]}", False),
        ("{all: [{not: {instrument: [1, 2]}}, {instrument: {at_least: 2}}]}", True),
        ("{all: [{not: {instrument: [1, 2, 3]}}, {instrument: {answered: yes}}]}", False),
        ("{all: [{hours: {at_least: 2}}, {hours: {at_most: 2}}]}", True),
        ("{all: [{hours: {at_least: 2}}, {hours: {at_most: 1.9}}]}", False),
        ("{all: [{hours: {at_least: 2}}, {not: {hours: {at_least: 2.1}}}]}", True),
        ("{all: [{hours: {at_least: 60}}, {not: {hours: 60}}]}", False),
        ("{all: [{places: {contains: 1}}, {places: {contains: 2}}]}", True),
        ("{all: [{places: {contains: 1}}, {not: {places: {contains: [1, 2]}}}]}", False),
        ("{all: [{places: {contains: 9}}, {places: {contains: 2}}]}", False),
        ("{all: [{begun: {at_least: 2020-03}}, {begun: {at_most: 2020-03}}]}", True),
        ("{all: [{begun: {at_least: 2020-03}}, {begun: {at_most: 2020-02}}]}", False),
        ("{all: [{roster.year: 5}, {roster.year: 6}]}", False),
        ("{all: [{roster.year: {at_least: 5}}, {roster.year: {at_most: 5}}]}", True),
        ("{all: [{roster.sex: f}, {not: {roster.sex: [f, m]}}]}", False),
        ("{not: {any: [{plays: {answered: yes}}, {plays: {answered: no}}]}}", False),
        ("{any: [{all: [{plays: yes}, {plays: no}]}, {instrument: 1}]}", True),
    ],
)
def test_possible_and_impossible_conditions(when, possible):
    messages = told(BEFORE + when)
    assert any("can never be asked" in message for message in messages) is not possible, messages


def test_a_search_that_would_never_end_is_given_up():
    """If conditions depend on each other in too many ways, the checker takes them to be possible, so that it stays quick."""
    options = ", ".join(f"{{code: {code}, label: L{code}}}" for code in range(1, 9))
    question = "      - {question: q%d, kind: choice, ask: Which?, options: [%s], when: %s}\n"
    text = "pages:\n  - page: one\n    questions:\n      - {question: plays, kind: yes_no, ask: Do you play?}\n"
    text += question % (0, options, "{plays: yes}")
    for n in range(1, 40):
        ways = ", ".join(f"{{q{before}: {code}}}" for before in range(max(0, n - 3), n) for code in (1, 2, 3))
        text += question % (n, options, f"{{any: [{ways}]}}")
    text += "      - {question: last, kind: yes_no, ask: Really?, when: {plays: no, q39: 1}}\n"
    started = time.monotonic()
    assert not any("can never be asked" in message for message in told(text))
    assert time.monotonic() - started < 5
