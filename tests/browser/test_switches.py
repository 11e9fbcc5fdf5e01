"""A child with one or two switches: one steps on (Tab), the other presses (Space, or Enter). There are no arrows, and no pointer."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from survey.forms import field_name
from survey.journey import Journey, Screen
from survey.question import SAYS_DONT_KNOW
from tests.browser.ahead import go_ahead
from tests.browser.test_walks import Visitor, kind_of
from tests.pages.walker import pretended
from tests.published import Published, publish

MOST_STEPS = 60

HERE = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return '';
  const kind = e.type === 'radio' || e.type === 'checkbox' ? 'answer' : e.type === 'text' || e.tagName === 'TEXTAREA' ? 'box'
    : e.matches('main .next') ? 'next' : e.matches('[name=leave][value=stop]') ? 'stop' : e.matches('.skip') ? 'skip' : 'top';
  return `${kind} ${e.name || ''} ${e.value ?? ''}`.trim();
}"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    made = publish(tmp_path_factory.mktemp("switches"))
    yield made
    made.engine.dispose()


def steps(page: Page) -> list[str]:
    """Step on until it begins anew, and return where one comes, in order."""
    stops: list[str] = []
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here == "" and stops:
            continue  # the browser's own bar
        if here in stops:
            return stops
        stops.append(here)
    raise AssertionError(f"no way round: {stops}")


def step_to(page: Page, wanted: str, key: str = "Tab") -> None:
    """Step on to something."""
    for _ in range(MOST_STEPS):
        if page.evaluate(HERE) == wanted:
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} never comes to {wanted!r}")


def press_next(page: Page, press: str) -> None:
    for _ in range(MOST_STEPS):
        if page.evaluate(HERE).startswith("next"):
            break
        page.keyboard.press("Tab")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press(press)


def wanted_on(screen: Screen, answers: dict[str, Any], page: Page) -> list[str]:
    """What is chosen on a screen, as `HERE` names it. What has to be typed is left to those who can."""
    (step,) = screen.steps
    name = field_name(step)
    if not step.question.stored:
        return [f"answer {name} {page.locator(f'input[name={name}]').last.get_attribute('value')}"]
    found = []
    for suffix, value in step.question.fill(step.part, answers).items():
        full = f"{name}-{suffix}" if suffix else name
        for one in value if isinstance(value, list) else [value]:
            if one is not None and page.locator(f'input[name="{full}"][value="{one}"]').count():
                found.append(f"answer {full} {one}")
    unknown = page.locator(f'main input[value="{SAYS_DONT_KNOW}"]')
    if not found and unknown.count():
        found.append(f"answer {unknown.get_attribute('name')} {SAYS_DONT_KNOW}")
    return found


@pytest.mark.parametrize(("name", "press"), [("pupil-ks1", "Space"), ("pupil-ks1", "Enter"), ("pupil-ks2", "Space")])
def test_two_switches_lead_through_a_whole_questionnaire(
    name: str, press: str, published: Published, serve: Callable[[Any], str], new_page: Callable[..., Page]
) -> None:
    """The youngest step through every page with Space; else one page of each kind is stepped through."""
    whole = (name, press) == ("pupil-ks1", "Space")
    questionnaire = published.reading.questionnaires[name]
    journey = Journey(questionnaire)
    answers = pretended(questionnaire, random.Random(f"switches {name}"))
    page = new_page()
    visitor = Visitor(page, 60)
    visitor.go(serve(published.app) + published.link(name))
    step_to(page, "answer assent yes")
    page.keyboard.press(press)
    press_next(page, press)
    kinds: set[str] = set()
    last = journey.route(answers, {})[-1].name

    def like_one_met(screen: Screen) -> bool:
        return not whole and screen.name != last and kind_of(screen, "pupil") in kinds

    for _ in range(120):
        if visitor.place != "q":
            break
        if go_ahead(page, published.app, journey, answers, like_one_met):
            continue
        screen = journey.screen(visitor.screen)
        kind = kind_of(screen, "pupil")
        # Where one steps does not depend on what one presses: it is looked at once.
        if press == "Space" and kind not in kinds:
            in_order(page, screen)
        kinds.add(kind)
        for one in [] if screen.rest else wanted_on(screen, answers, page):
            step_to(page, one)
            page.keyboard.press(press)
        press_next(page, press)
    assert kinds == {kind_of(screen, "pupil") for screen in journey.route(answers, {})}
    assert visitor.place == "over", f"{visitor.screen}: {visitor.words}"
    kept = published.newest(name).answers
    chosen = {
        key for question in questionnaire.questions for key in question.keys if question.kind in ("faces", "rating")
    }
    assert {key: kept[key] for key in chosen & kept.keys()} == {key: answers[key] for key in chosen & kept.keys()}
    assert len(chosen & kept.keys()) > 3
    assert visitor.faults == []


def in_order(page: Page, screen: Screen) -> None:
    """On a page that was just opened one comes to each answer, to Next, and then to the rest; and back the same way."""
    answers = page.locator("main input:is([type=radio], [type=checkbox]):visible").evaluate_all(
        "all => all.map(e => `answer ${e.name} ${e.value}`)"
    )
    stops = steps(page)
    kinds = [stop.partition(" ")[0] for stop in stops]
    assert [stop for stop in stops if stop.startswith("answer")] == answers, screen.name
    after = kinds.index("next")
    assert set(kinds[:after]) <= {"answer", "box"}, f"{screen.name}: {stops}"
    assert kinds[after : after + 2] == ["next", "stop"], f"{screen.name}: {stops}"
    assert not {"answer", "box", "next"} & set(kinds[after + 1 :]), f"{screen.name}: {stops}"
    page.reload()
    page.evaluate("() => document.querySelector('main .next').focus()")
    for one in reversed([stop for stop in stops[:after] if stop.startswith("answer")]):
        step_to(page, one, "Shift+Tab")
    page.reload()
