"""Which page comes next: small questionnaires, each for one behaviour."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from survey.definition.questionnaire import Questionnaire
from survey.journey import Journey

HEAD = "{version: 1, title: T, audience: %s, reader: {age: %d}, languages: [en], questionnaire: small, pages: %s}"


def journey(pages: str, audience: str = "parent", age: int = 16) -> Journey:
    data = yaml.load(HEAD % (audience, age, pages), yaml.BaseLoader)
    return Journey(Questionnaire.from_data(data))


def names(screens: list[Any]) -> list[str]:
    return [screen.name for screen in screens]


FACE_OPTIONS = (
    "[{code: 1, label: Sad, face: feel-2}, {code: 2, label: OK, face: feel-3}, {code: 3, label: Happy, face: feel-4}]"
)


def faces(name: str, more: str = "") -> str:
    return f"{{question: {name}, kind: faces, ask: How is {name}, options: {FACE_OPTIONS}{more}}}"


ROUTED = """[
  {page: a, questions: [{question: plays, kind: yes_no, ask: Do you play}]},
  {page: b, when: {plays: yes}, questions: [
     {question: loud, kind: yes_no, ask: Is it loud},
     {question: why, kind: short_text, ask: Why, when: {loud: yes}}]},
  {page: c, when: {why: {answered: yes}}, questions: [{question: more, kind: short_text, ask: More}]},
  {page: d, questions: [{question: end, kind: short_text, ask: Anything else}]}]"""


def test_adults_see_pages_and_pupils_one_question_at_a_time() -> None:
    pages = f"[{{page: one, questions: [{faces('a')}, {faces('b')}]}}, {{page: two, questions: [{faces('c')}]}}]"
    assert names(list(journey(pages).screens)) == ["one", "two"]
    assert names(list(journey(pages, "pupil", 8).screens)) == ["a", "b", "c"]


def test_a_page_is_on_the_route_only_when_the_answers_lead_there() -> None:
    way = journey(ROUTED)
    assert names(way.route({}, {})) == ["a", "d"]
    assert names(way.route({"plays": 0}, {})) == ["a", "d"]
    assert names(way.route({"plays": 1}, {})) == ["a", "b", "d"]
    assert names(way.route({"plays": 1, "loud": 1, "why": "x"}, {})) == ["a", "b", "c", "d"]


def test_an_answer_that_is_hidden_opens_no_door() -> None:
    """Someone answered everything, and then says no at the start: what hung on it is gone, link by link."""
    way = journey(ROUTED)
    answers = {"plays": 0, "loud": 1, "why": "x", "more": "y"}
    assert way.hidden(answers, {}) == {"loud", "why", "more"}
    assert names(way.route(answers, {})) == ["a", "d"]


def test_forward_and_back_follow_the_route() -> None:
    way = journey(ROUTED)
    answers = {"plays": 0}
    first, last = way.screen("a"), way.screen("d")
    assert way.after(first, answers, {}) is last
    assert way.before(last, answers, {}) is first
    assert way.after(last, answers, {}) is None
    assert way.before(first, answers, {}) is None


def test_resume_goes_to_the_first_open_question_however_it_came_to_be_open() -> None:
    way = journey(ROUTED)
    assert way.resume({}, {}) is way.screen("a")
    assert way.resume({"plays": 0}, {}) is way.screen("d")
    assert way.resume({"plays": 1, "end": "x"}, {}) is way.screen("b")
    assert way.resume({"plays": 1, "loud": 0, "end": "x"}, {}) is None
    assert way.resume({"plays": 0, "end": {"missing": "blank"}}, {}) is None


def test_roster_facts_lead_as_answers_do() -> None:
    way = journey(
        "[{page: a, questions: [{question: x, kind: short_text, ask: X, when: {roster.year: {at_least: 3}}}]},"
        " {page: b, questions: [{question: y, kind: short_text, ask: Y}]}]"
    )
    assert names(way.route({}, {"year": 3})) == ["a", "b"]
    assert names(way.route({}, {"year": 2})) == ["b"]
    assert names(way.route({}, {})) == ["b"]


def test_two_steps_are_two_pages_and_the_second_belongs_to_the_first() -> None:
    way = journey(
        "[{page: p, questions: [{question: like, kind: two_step, ask: Do you like it},"
        " {question: next, kind: two_step, ask: And this}]}]",
        "pupil",
        5,
    )
    assert names(list(way.screens)) == ["like.first", "like.no", "like.yes", "next.first", "next.no", "next.yes"]
    yes = {"like.first": 1, "like": {"missing": "blank"}}
    assert way.resume(yes, {}) is way.screen("like.yes")
    assert way.after(way.screen("like.first"), yes, {}) is way.screen("like.yes")
    assert way.after(way.screen("like.yes"), yes | {"like": 4}, {}) is way.screen("next.first")
    unsure = {"like.first": {"missing": "dont_know"}, "like": {"missing": "dont_know"}}
    assert way.after(way.screen("like.first"), unsure, {}) is way.screen("next.first")


def test_children_rest_after_eight_rated_questions_but_not_at_the_end() -> None:
    def route(count: int) -> list[str]:
        questions = ", ".join(faces(f"q{n}") for n in range(count))
        return names(list(journey(f"[{{page: p, questions: [{questions}]}}]", "pupil", 8).screens))

    assert "rest-1" not in route(8)
    assert route(9).index("rest-1") == 8
    assert [name for name in route(20) if name.startswith("rest")] == ["rest-1", "rest-2"]


def test_practice_and_information_are_never_open() -> None:
    way = journey(
        f"[{{page: p, questions: [{faces('try').replace('kind: faces', 'kind: practice')},"
        f" {{question: read, kind: information, ask: Now think.}}, {faces('real')}]}}]",
        "pupil",
        8,
    )
    assert names(way.route({}, {})) == ["try", "read", "real"]
    assert way.resume({}, {}) is way.screen("try")
    assert way.resume({"real": 2}, {}) is None


def test_progress_counts_every_question_and_never_goes_back() -> None:
    way = journey(f"[{{page: p, questions: [{faces('a')}, {faces('b')}, {faces('c')}]}}]", "pupil", 8)
    assert [(screen.number, screen.of) for screen in way.screens] == [(1, 3), (2, 3), (3, 3)]


RESTED = f"""[
  {{page: first, questions: [{{question: plays, kind: yes_no, ask: Do you play}}]}},
  {{page: second, when: {{plays: yes}}, questions: [{{question: sings, kind: yes_no, ask: Do you sing}}]}},
  {{page: third, when: {{sings: yes}}, questions: [{", ".join(faces(f"f{n}") for n in range(8))}]}},
  {{page: fourth, questions: [{faces("last")}]}}]"""


def test_a_child_rests_on_the_pages_they_are_led_to_and_on_no_others() -> None:
    way = journey(RESTED, "pupil", 8)
    rest, last, eighth = way.screen("rest-1"), way.screen("last"), way.screen("f7")
    led = {"plays": 1, "sings": 1}
    assert "rest-1" in names(way.route(led, {}))
    assert way.after(eighth, led, {}) is rest
    assert way.before(last, led, {}) is eighth, "back leaves out the rest"
    for answers in ({}, {"plays": 1}, {"plays": 1, "sings": 0}, {"plays": 0}):
        assert "rest-1" not in names(way.route(answers, {}))
        assert way.after(eighth, answers, {}) is last


def test_a_rest_counts_no_answer_that_is_itself_hidden() -> None:
    """The child said no to playing after all: singing, which was asked because of it, opens nothing any more."""
    way = journey(RESTED, "pupil", 8)
    answers = {"plays": 0, "sings": 1}
    assert names(way.route(answers, {})) == ["plays", "last"]
    assert way.after(way.screen("plays"), answers, {}) is way.screen("last")


def test_nobody_rests_from_questions_they_were_not_asked() -> None:
    asked = ", ".join(faces(f"f{n}", ", when: {plays: yes}") for n in range(8))
    pages = f"""[
      {{page: first, questions: [{{question: plays, kind: yes_no, ask: Do you play}}]}},
      {{page: second, questions: [{asked}]}},
      {{page: third, questions: [{faces("last")}]}}]"""
    way = journey(pages, "pupil", 8)
    assert "rest-1" in names(way.route({"plays": 1}, {}))
    assert names(way.route({"plays": 0}, {})) == ["plays", "last"]


BY_FACTS = """[
  {page: a, questions: [{question: start, kind: short_text, ask: Start}]},
  {page: b, when: {roster.year: {at_least: 3}}, questions: [{question: older, kind: short_text, ask: Older}]},
  {page: c, questions: [
     {question: all, kind: short_text, ask: All},
     {question: some, kind: short_text, ask: Some, when: {roster.year: {at_least: 3}}}]}]"""


@pytest.mark.parametrize("year", [2, 3])
def test_roster_facts_lead_forward_back_and_to_where_someone_goes_on(year: int) -> None:
    way, facts = journey(BY_FACTS), {"year": year}
    a, b, c = way.screens
    assert way.after(a, {}, facts) is (b if year == 3 else c)
    assert way.before(c, {}, facts) is (b if year == 3 else a)
    assert [step.question.id for step in way.steps(c, {}, facts)] == (["all", "some"] if year == 3 else ["all"])
    assert way.resume({"start": "x", "older": "x"}, facts) is c
    assert way.resume({"start": "x"}, facts) is (b if year == 3 else c)
    all_but_one = {"start": "x", "older": "x", "all": "x"}
    assert way.resume(all_but_one, facts) is (c if year == 3 else None)


def test_on_a_page_only_the_steps_that_are_asked_are_shown() -> None:
    way = journey(ROUTED)
    screen = way.screen("b")
    shown = [[step.question.id for step in way.steps(screen, {"plays": 1, **more}, {})] for more in ({}, {"loud": 1})]
    assert shown == [["loud"], ["loud", "why"]]
    assert way.steps(screen, {"plays": 0, "loud": 1}, {}) == []
    two = journey("[{page: p, questions: [{question: like, kind: two_step, ask: Do you like it}]}]", "pupil", 5)
    yes, no = two.screen("like.yes"), two.screen("like.no")
    assert (len(two.steps(yes, {"like.first": 1}, {})), two.steps(no, {"like.first": 1}, {})) == (1, [])
    assert (two.steps(yes, {"like.first": 0}, {}), len(two.steps(no, {"like.first": 0}, {}))) == ([], 1)


def test_back_from_a_second_step_leads_to_the_first_and_from_the_next_question_to_the_step_that_was_shown() -> None:
    way = journey(
        "[{page: p, questions: [{question: like, kind: two_step, ask: Do you like it},"
        " {question: next, kind: two_step, ask: And this}]}]",
        "pupil",
        5,
    )
    yes, no = {"like.first": 1}, {"like.first": 0}
    assert way.before(way.screen("like.yes"), yes, {}) is way.screen("like.first")
    assert way.before(way.screen("next.first"), yes, {}) is way.screen("like.yes")
    assert way.before(way.screen("next.first"), no, {}) is way.screen("like.no")


def test_where_nothing_is_asked_there_is_nowhere_to_begin() -> None:
    nothing = "[{page: a, when: {roster.year: 3}, questions: [{question: x, kind: short_text, ask: X}]}]"
    assert journey(nothing).resume({}, {"year": 2}) is None


def test_every_screen_knows_its_page_its_number_and_of_how_many() -> None:
    for_adults = journey(ROUTED)
    assert [(screen.page.id, screen.number, screen.of) for screen in for_adults.screens] == [
        ("a", 1, 4),
        ("b", 2, 4),
        ("c", 3, 4),
        ("d", 4, 4),
    ]
    for_children = journey(RESTED, "pupil", 8)
    pages = ["first", "second", *["third"] * 9, "fourth"]
    assert [screen.page.id for screen in for_children.screens] == pages
    numbers = [*range(1, 11), 10, 11]
    assert [screen.number for screen in for_children.screens] == numbers, "a rest has the number of the one before it"
    assert {screen.of for screen in for_children.screens} == {11}
    rest = for_children.screen("rest-1")
    assert (rest.rest, rest.asks, rest.keys, rest.steps) == (True, False, (), ())
