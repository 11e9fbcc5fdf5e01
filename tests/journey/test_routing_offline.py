"""A device without a network leads a child as the server does: cases that Python and JavaScript share, and random ones.

What the device reads in a form, too: whatever it takes for an answer, the server takes for the same one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from werkzeug.datastructures import MultiDict

from survey.definition.conditions import fact_value
from survey.forms import ScreenForm
from survey.journey import Journey
from survey.pages.statics import FOLDER
from survey.question import Pretence, Tampered
from survey.wording import in_english
from tests.journey.test_journey import journey

SHARED = json.loads((Path(__file__).parent / "routing_cases.json").read_text(encoding="utf-8"))
CASES = [(one["pages"], case) for one in SHARED for case in one["cases"]]
RANDOM = 40
"""So many questionnaires are made at random, each with several ways through it."""

WAYS = """(text) => JSON.stringify(JSON.parse(text).map(([rules, answers, facts]) => ({
  route: routing.route(rules, answers, facts),
  resume: routing.resume(rules, answers, facts),
  after: rules.screens.map((screen) => routing.after(rules, screen.name, answers, facts)),
  before: rules.screens.map((screen) => routing.before(rules, screen.name, answers, facts)),
})))"""
READS = "(text) => JSON.stringify(JSON.parse(text).map(([take, key, fields]) => routing.reads(take, key, fields)))"


@pytest.fixture
def scripted(page: Page) -> Page:
    page.add_script_tag(path=FOLDER / "routing.js")
    return page


def led(way: Journey, answers: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Where the server leads."""

    def name(screen: Any) -> str | None:
        return screen.name if screen else None

    return {
        "route": [screen.name for screen in way.route(answers, facts)],
        "resume": name(way.resume(answers, facts)),
        "after": [name(way.after(screen, answers, facts)) for screen in way.screens],
        "before": [name(way.before(screen, answers, facts)) for screen in way.screens],
    }


def given(way: Journey, answers: dict[str, Any], facts: dict[str, Any]) -> list[Any]:
    """What a device has to go by: the rules, answers, and the facts that matter, as `mine.json` says them."""
    said = {name: fact_value(value) for name, value in facts.items() if name in way.facts and value not in (None, "")}
    known = {key: value if key in way.decisive else True for key, value in answers.items()}
    return [way.rules(), known, said]


@pytest.mark.parametrize("shared", SHARED, ids=lambda shared: shared["name"])
def test_the_server_leads_through_the_shared_cases(shared: dict[str, Any]) -> None:
    way = journey(shared["pages"], "pupil", 8)
    for case in shared["cases"]:
        told = led(way, case["answers"], case["facts"])
        assert (told["route"], told["resume"]) == (case["route"], case["resume"]), case


@pytest.mark.parametrize("shared", SHARED, ids=lambda shared: shared["name"])
def test_a_condition_that_is_settled_bit_by_bit_comes_to_the_same(shared: dict[str, Any]) -> None:
    """As far as answers are known beforehand a page is told what they come to; the rest is left to its script."""
    way = journey(shared["pages"], "pupil", 8)
    conditions = [when for page in way.questionnaire.pages for when in (page.when, *(q.when for q in page.questions))]
    for case in shared["cases"]:
        answers, facts = case["answers"], case["facts"]
        for when in filter(None, conditions):
            told = {test: test.holds(answers, facts) for test in when.tests()}
            for known in range(len(told) + 1):
                left = when.settled(dict(list(told.items())[:known]).get)
                holds = left if isinstance(left, bool) else left.holds(answers, facts)
                assert holds is when.holds(answers, facts), (case, when)
                assert isinstance(left, bool) or known < len(told), "nothing is left when everything is known"


def test_the_device_leads_through_the_shared_cases_and_through_random_ones_as_the_server_does(scripted: Page) -> None:
    ways = [(journey(pages, "pupil", 8), case["answers"], case["facts"]) for pages, case in CASES]
    made = Maker(random.Random("ways"))
    for _ in range(RANDOM):
        way = made.journey()
        ways += [(way, made.answers(way), made.facts()) for _ in range(8)]
    device = json.loads(scripted.evaluate(WAYS, json.dumps([given(*way) for way in ways])))
    for (way, answers, facts), led_there in zip(ways, device, strict=True):
        assert led_there == led(way, answers, facts), (way.rules()["conditions"], answers, facts)
    assert device[0]["route"] == CASES[0][1]["route"]
    assert sum(len(way.rules()["conditions"]) for way, _, _ in ways) > 2 * RANDOM
    assert len({tuple(one["route"]) for one in device}) > 4 * RANDOM


def test_what_the_device_takes_for_an_answer_is_one_to_the_server(scripted: Page) -> None:
    made = Maker(random.Random("forms"))
    forms = [form for _ in range(RANDOM) for form in made.forms(made.journey())]
    device = json.loads(
        scripted.evaluate(READS, json.dumps([[form.offline(), key, sent] for form, key, sent in forms]))
    )
    understood = 0
    for (form, key, fields), answers in zip(forms, device, strict=True):
        try:
            submitted = form.submit(form.screen.steps, MultiDict(fields))
        except Tampered:
            assert answers is None, fields
            continue
        if answers is None:
            continue
        understood += 1
        assert submitted.errors == [], (key, fields)
        # Own words beside an option lead nowhere, so that the device does not read them.
        decisive = {name: value for name, value in submitted.answers.items() if not name.endswith(".other")}
        assert {name: value for name, value in answers.items() if not name.endswith(".other")} == decisive, fields
    assert understood > len(forms) / 3


class Maker:
    """Makes questionnaires, ways through them and forms by chance."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def journey(self) -> Journey:
        names = [f"q{n}" for n in range(self.rng.randint(4, 14))]
        kinds = {name: self.rng.choice(list(KINDS)) for name in names}
        pages: list[str] = []
        for at, name in enumerate(names):
            earlier = {
                one: kinds[one] for one in names[:at] if kinds[one] not in ("practice", "information", "ranking")
            }
            wanted = self.rng.random() < 0.6
            when = f", when: {self.condition(earlier, 2)}" if wanted else ""
            outside = self.rng.random() < 0.5
            inner = f"{{question: {name}, {KINDS[kinds[name]]}, ask: Q{'' if outside else when}}}"
            pages.append(f"{{page: p{at}{when if outside else ''}, questions: [{inner}]}}")
        return journey(f"[{', '.join(pages)}]", "pupil", 8)

    def condition(self, earlier: dict[str, str], depth: int) -> str:
        way = self.rng.random()
        if depth and way < 0.2:
            return f"{{not: {self.condition(earlier, depth - 1)}}}"
        if depth and way < 0.5:
            parts = ", ".join(self.condition(earlier, depth - 1) for _ in range(self.rng.randint(1, 3)))
            return f"{{{self.rng.choice(['all', 'any'])}: [{parts}]}}"
        if not earlier or way < 0.6:
            return "{roster." + self.rng.choice(FACT_TESTS) + "}"
        name = self.rng.choice(list(earlier))
        return f"{{{name}: {self.rng.choice([*TESTS[earlier[name]], '{answered: yes}', '{answered: no}'])}}}"

    def answers(self, way: Journey) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for question in way.questionnaire.questions:
            if not (question.asks and question.stored) or self.rng.random() < 0.2:
                continue
            if self.rng.random() < 0.2:
                found |= question.unsaid(self.rng.choice(["dont_know", "rather_not", "blank"]))
            else:
                found |= question.pretend(Pretence(self.rng, self.rng.gauss(0, 1), ["a word", "=)"]))
        return found

    def facts(self) -> dict[str, Any]:
        every = {
            "year": [1, 3, "3", "4.0", "Year 3", ""],
            "eal": [True, False, "yes", None],
            "born": ["2016-08-31", "2017-01-01"],
        }
        return {name: self.rng.choice(values) for name, values in every.items() if self.rng.random() < 0.8}

    def forms(self, way: Journey) -> Iterator[tuple[ScreenForm, str, list[list[str]]]]:
        """Yield forms as children fill them in, well and badly, as pairs of name and value."""
        answers = self.answers(way)
        for screen in way.screens:
            if screen.rest:
                continue
            form = ScreenForm(screen, in_english)
            (step,) = screen.steps
            fields = [
                [name, str(one)]
                for asked in form.show([step], answers)
                for name, value in ((field.name, field.data) for field in asked.fields.values())
                for one in (value if isinstance(value, list) else [value])
                if one not in (None, "")
            ]
            if step.question.asks and self.rng.random() < 0.4:
                main = f"q_{step.question.id}"
                fields = [*(one for one in fields if one[0] != main), [main, self.rng.choice(ODD)]]
            yield form, step.part.key, fields


FACES = (
    "[{code: 1, label: Sad, face: feel-2}, {code: 2, label: OK, face: feel-3}, {code: 3, label: Happy, face: feel-4}]"
)
OTHERS = "[{code: 1, label: A}, {code: 2, label: B}, {code: 8, label: Else, other: yes}]"
KINDS = {
    "yes_no": "kind: yes_no",
    "faces": f"kind: faces, options: {FACES}",
    "two_step": "kind: two_step",
    "choice": f"kind: choice, options: {OTHERS}",
    "several": f"kind: several, most: 2, options: {OTHERS[:-1]}, {{code: 9, label: None, exclusive: yes}}]",
    "number": "kind: number, min: 0, max: 12, decimals: 1",
    "date": "kind: date",
    "short_text": "kind: short_text, longest: 20",
    "practice": f"kind: practice, options: {FACES}",
    "information": "kind: information",
    "ranking": "kind: choice, order: shuffled, options: [{code: 1, label: A}, {code: 2, label: B}]",
}
TESTS = {
    "yes_no": ["yes", "no", "[yes, no]"],
    "faces": ["1", "[2, 3]", "{at_least: 2}", "{at_most: 1}"],
    "two_step": ["[3, 4]", "1", "{at_most: 2}"],
    "choice": ["8", "[1, 2]"],
    "several": ["{contains: 1}", "{contains: [2, 9]}"],
    "number": ["{at_least: 3}", "{at_most: 2.5}", "0"],
    "date": ["{answered: yes}"],
    "short_text": ["{answered: yes}"],
}
FACT_TESTS = [
    "year: 3",
    "year: {at_least: 3}",
    "eal: yes",
    "eal: no",
    "born: {at_most: 2016-08-31}",
    "year: {answered: no}",
]
ODD = ["1", "3", "13", "-1", "2.5", "2.55", "007", "1e3", " 4 ", "٣", "x" * 30, "   ", "dk", "skip", "a word"]
