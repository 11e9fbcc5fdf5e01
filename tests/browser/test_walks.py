"""Respondents in a real browser, from the link to the thanks, with JavaScript off and on; every kind of page looked at."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from survey.database import write
from survey.fieldwork import Door
from survey.forms import field_name
from survey.journey import Journey, Screen
from tests.browser import accessibility
from tests.browser.ahead import go_ahead
from tests.browser.hand import press, tick
from tests.pages.walker import pretended
from tests.published import Published, publish

WALKS = {"pupil-ks1": "en", "pupil-ks2": "en", "parent": "ur", "staff": "en", "class-music": "en"}
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    made = publish(tmp_path_factory.mktemp("walks"))
    yield made
    made.engine.dispose()


@pytest.fixture
def site(published: Published, serve: Callable[[Any], str]) -> str:
    return serve(published.app)


@dataclass
class Visitor:
    """Someone with a browser. What each page asks other hosts for is noted, and what is wrong with a page.

    All along the way an error in the console is a fault, and so is a Listen button where no script can make it work.
    """

    page: Page
    smallest: int
    looked_at: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    next_places: set[tuple[int, int, int]] = field(default_factory=set)
    taps: int = 0
    hears: bool = False

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("console", lambda said: self._hear(said.type == "error", said.text))
        self.page.on("pageerror", lambda error: self._hear(True, error.message))

    def _hear(self, wrong: bool, words: str) -> None:
        if wrong:
            self.faults.append(f"{self.page.url}: {words}")

    def go(self, address: str) -> None:
        self.page.goto(address)

    def look(self, kind: str) -> None:
        """Check a page of a kind that was not met before."""
        if kind not in self.looked_at:
            self.looked_at.add(kind)
            self.faults += [f"{kind}: {fault}" for fault in accessibility.every_check(self.page, self.smallest)]

    def note_next(self) -> None:
        """Note where a child's Next stands."""
        if (place := accessibility.next_place(self.page)) is not None:
            self.next_places.add(place)

    def next(self) -> None:
        if not self.hears and self.page.locator("button.listen").is_visible():
            self.faults.append(f"{self.page.url}: a Listen button, and nothing can be heard here")
        self.press(self.page.locator("main form button:not([name=leave][value=stop])").last)

    def press(self, what: Locator) -> None:
        """Click what leads to another page, and wait until that is there."""
        self.taps += 1
        press(what)

    @property
    def place(self) -> str:
        return urlsplit(self.page.url).path.split("/")[1]

    @property
    def screen(self) -> str:
        return urlsplit(self.page.url).path.rpartition("/")[2]

    @property
    def words(self) -> str:
        return self.page.locator("body").inner_text()


def fill(visitor: Visitor, screen: Screen, answers: dict[str, Any]) -> None:
    """Answer what stands on the page: click buttons and boxes, type into fields, choose from lists."""
    page = visitor.page
    for step in screen.steps:
        name = field_name(step)
        data = step.question.fill(step.part, answers)
        if step.question.asks and not step.question.stored:
            tick(page.locator(f'input[name="{name}"]').first)
            visitor.taps += 1
        for suffix, value in data.items():
            full = f"{name}-{suffix}" if suffix else name
            # Without a script a question that follows on an answer waits for the page to come back.
            if value is None or (kind := page.evaluate(KIND, full)) is None:
                continue
            for one in value if isinstance(value, list) else [value]:
                visitor.taps += 1
                if kind in ("radio", "checkbox"):
                    tick(page.locator(f'input[name="{full}"][value="{one}"]'))
                elif kind.startswith("select"):
                    page.locator(f'[name="{full}"]').select_option(str(one))
                else:
                    page.locator(f'[name="{full}"]').fill(str(one))


# What sort of field has a name; null if there is none, or none that can be answered now.
KIND = """(name) => {
  const field = document.getElementsByName(name)[0];
  return field && !field.matches(':disabled') ? field.type || field.tagName : null;
}"""


def kind_of(screen: Screen, audience: str) -> str:
    if screen.rest:
        return f"{audience} rest"
    return f"{audience} " + "+".join(sorted({f"{s.question.kind}{s.part.name}" for s in screen.steps}))


def walk(
    visitor: Visitor, journey: Journey, answers: dict[str, Any], *, look: bool, past_what_is_like: Flask | None = None
) -> list[str]:
    """Answer page after page and return the screens; of an app that is told only the first page of each kind is opened."""
    audience = journey.questionnaire.audience
    last = journey.route(answers, {})[-1].name
    met: dict[str, str] = {}
    seen: list[str] = []

    def like_one_met(screen: Screen) -> bool:
        # One that comes back with a question that follows is still the one that was met; what ends here ends in the browser.
        return screen.name not in (met.get(kind_of(screen, audience), screen.name), last)

    for _ in range(120):
        if visitor.place != "q":
            return seen
        if past_what_is_like and (passed := go_ahead(visitor.page, past_what_is_like, journey, answers, like_one_met)):
            seen += passed
            continue
        screen = journey.screen(visitor.screen)
        seen += [screen.name] if screen.name not in seen[-1:] else []
        met.setdefault(kind_of(screen, audience), screen.name)
        if look:
            visitor.look(kind_of(screen, audience))
            visitor.note_next()
        fill(visitor, screen, answers)
        visitor.next()
    raise AssertionError(f"no end: {seen[-5:]}")


@SCRIPTS
@pytest.mark.parametrize("name", WALKS)
def test_from_the_link_to_the_thanks(
    name: str, scripts: bool, published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    """One respondent, in the browser on each kind of page; with JavaScript on (the checks need it) each is checked.

    The youngest answer every page there: how often they tap is counted.
    """
    language = WALKS[name]
    questionnaire = published.reading.questionnaires[name]
    journey = Journey(questionnaire.in_language(language))
    pupil = questionnaire.audience == "pupil"
    answers = pretended(questionnaire, random.Random(f"{name} {scripts}"))
    page = new_page(java_script_enabled=scripts)
    visitor = Visitor(page, 60 if pupil else 44)

    visitor.go(site + published.link(name))
    if language != questionnaire.languages[0]:
        visitor.press(page.get_by_role("button", name="اردو"))
        assert page.locator("html").get_attribute("dir") == "rtl"
    if scripts:
        visitor.look("welcome")
    visitor.next()
    expect(page.locator("#oops")).to_be_visible()
    if scripts:
        expect(page.locator("#oops")).to_be_focused()
        visitor.look("welcome with an error")
        visitor.note_next()
    visitor.taps = 0
    tick(page.locator('input[name="assent"][value="yes"]'))
    visitor.taps += 1
    visitor.next()

    whole = scripts and name == "pupil-ks1"
    seen = walk(visitor, journey, answers, look=scripts, past_what_is_like=None if whole else published.app)
    route = journey.route(answers, {})
    assert seen == [screen.name for screen in route]
    if scripts:
        assert {kind_of(screen, questionnaire.audience) for screen in route} <= visitor.looked_at
    if not pupil:
        assert visitor.place == "check"
        if scripts:
            visitor.look("check")
        visitor.press(page.locator("dl a").first)
        visitor.next()
        assert visitor.place == "check"
        visitor.next()
    assert visitor.place == "over"
    if scripts:
        visitor.look("over")
        visitor.note_next()
    assert len(visitor.next_places) == (1 if pupil and scripts else 0), "Next stands in one place of every page"
    if whole:
        assert visitor.taps <= 2 * len(questionnaire.questions) + 10

    record = published.newest(name)
    hidden = journey.hidden(answers, {})
    owned = {key for q in questionnaire.questions if q.id not in hidden for key in q.keys}
    assert record.answers == {key: value for key, value in answers.items() if key in owned}
    assert (record.state, record.language) == ("finished", language)
    assert visitor.hosts == {urlsplit(site).netloc}
    # An adult's last page keeps the pass for an hour, so that the receipt is there on reload.
    assert (page.context.cookies() == []) is pupil
    assert visitor.faults == []


@SCRIPTS
def test_a_child_goes_back_changes_rests_and_stops(
    scripts: bool, published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=scripts)
    visitor = Visitor(page, 60)
    visitor.go(site + published.link("pupil-ks2"))
    tick(page.get_by_label("Yes, I will"))
    visitor.next()
    for _ in range(2):
        tick(page.locator("main input[type=radio]").nth(2))
        visitor.next()
    assert visitor.screen == "enjoy_singing"
    assert [cookie["name"] for cookie in page.context.cookies()] == ["me"]

    visitor.next()
    assert page.title().startswith("Error: ")
    if scripts:
        visitor.look("question with an error")
    tick(page.get_by_label("I love it"))
    visitor.next()
    assert visitor.screen == "enjoy_playing"
    visitor.press(page.get_by_role("link", name="Back"))
    assert page.get_by_label("I love it").is_checked()
    tick(page.get_by_label("I don’t know"))
    visitor.next()
    assert published.newest("pupil-ks2").answers == {"enjoy_singing": {"missing": "dont_know"}}

    tick(page.get_by_label("I love it"))
    visitor.press(page.get_by_role("button", name=re.compile("I want to stop")))
    if scripts:
        visitor.look("stop")
    visitor.press(page.get_by_role("button", name="Go back to my question"))
    assert visitor.screen == "enjoy_playing"
    assert page.get_by_label("I love it").is_checked(), "what was not sent yet is there still"
    visitor.press(page.get_by_role("button", name=re.compile("I want to stop")))
    visitor.press(page.get_by_role("button", name="Stop now"))
    if scripts:
        visitor.look("keep")
    visitor.press(page.get_by_role("button", name="Keep my answers"))
    assert visitor.place == "over"
    if scripts:
        visitor.look("stopped")
    record = published.newest("pupil-ks2")
    assert (record.state, record.answers) == ("stopped", {"enjoy_singing": {"missing": "dont_know"}})
    assert visitor.faults == []


@SCRIPTS
def test_going_on_by_the_same_link_on_another_device(
    scripts: bool, published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    door = published.door("pupil-ks1", participant=f"p-{scripts}")
    first, second = (Visitor(new_page(java_script_enabled=scripts), 60) for _ in range(2))
    first.go(f"{site}/j/{door.token}")
    tick(first.page.locator('input[value="yes"]'))
    first.next()
    for _ in range(3):
        tick(first.page.locator("main input[type=radio]").first)
        first.next()
    here = first.screen
    second.go(site)
    if scripts:
        second.look("code")
    second.page.get_by_label("Enter your code").fill(door.code.upper())
    second.next()
    assert second.screen == here
    tick(first.page.locator("main input[type=radio]").first)
    first.next()
    assert "another screen" in first.words
    if scripts:
        first.look("elsewhere")
    assert first.faults + second.faults == []


def test_back_on_a_shared_device_leads_in_no_circle(
    published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    """One child says no; the next begins on the same device and presses the browser's Back three times."""
    visitor = Visitor(new_page(), 60)
    page = visitor.page
    visitor.go(site + published.link("pupil-ks1"))
    tick(page.locator('input[value="no"]'))
    visitor.next()
    assert visitor.place == "over"
    visitor.go(site + published.link("pupil-ks1"))
    tick(page.locator('input[value="yes"]'))
    visitor.next()
    for _ in range(3):
        page.go_back()
        assert not page.url.startswith("chrome-error")
    assert [cookie["name"] for cookie in page.context.cookies()] == ["me"]
    visitor.go(site)
    assert visitor.place == "turn"


@pytest.mark.parametrize("paper", ["cream", "white", "blue", "dark"])
def test_every_look_can_be_read(paper: str, published: Published, site: str, new_page: Callable[..., Page]) -> None:
    visitor = Visitor(new_page(), 60)
    page = visitor.page
    visitor.go(site + published.link("pupil-ks2"))
    tick(page.locator('input[value="yes"]'))
    visitor.next()
    visitor.press(page.get_by_role("button", name="Change how it looks"))
    if paper == "cream":
        visitor.look("Aa")
    tick(page.locator(f'input[name="paper"][value="{paper}"]'))
    tick(page.locator('input[name="size"][value="bigger"]'))
    tick(page.locator('input[name="space"][value="more"]'))
    visitor.next()
    assert visitor.place == "q"
    look = (page.locator("html").get_attribute("class") or "").split()
    assert [one for one in look if one.startswith("theme-")] == ([] if paper == "cream" else [f"theme-{paper}"])
    tick(page.locator("main input[type=radio]").first)
    assert accessibility.axe(page) == []
    assert visitor.faults == []


def test_pages_for_lost_people(published: Published, site: str, new_page: Callable[..., Page]) -> None:
    for kind, address in (("unknown", "/j/" + "x" * 22), ("sorry", "/nothing/here"), *shut(published)):
        visitor = Visitor(new_page(), 60 if "pupil" in kind or kind == "unknown" else 44)
        visitor.go(site + address)
        # The browser itself notes a 404 on its console.
        visitor.faults = [fault for fault in visitor.faults if "status of 404" not in fault]
        if kind.startswith(("over", "ended")):  # the page of a link that is early, with other words
            visitor.faults += accessibility.axe(visitor.page)
            visitor.faults += accessibility.at_every_size(visitor.page, visitor.smallest)
        else:
            visitor.look(kind)
        assert [fault for fault in visitor.faults if "status of 404" not in fault] == []


def shut(published: Published) -> Iterator[tuple[str, str]]:
    """Links of children and adults that let no one in, each for another reason."""
    now, week = datetime.now(UTC), timedelta(days=7)
    times = {
        "early": {"opens_at": now + week},
        "over": {"closes_at": now - week},
        "ended": {"ended_at": now},
    }
    for name in ("parent", "pupil-ks1"):
        for why, changed in times.items():
            made = published.door(name)
            with write(published.engine) as connection:
                connection.execute(update(Door).where(Door.id == made.door.id).values(changed))
            yield f"{why} {name}", f"/j/{made.token}"


@pytest.mark.parametrize(("path", "typed"), [("/", "dobu roge fobe"), ("/withdraw", "ravo kimu tezo bani")])
@pytest.mark.parametrize("language", ["en", "ur"])
def test_after_many_wrong_codes_the_page_asks_to_wait_and_shows_all_that_was_typed(
    path: str, typed: str, language: str, site: str, page: Page
) -> None:
    alert = page.get_by_role("alert")
    for attempt in range(30):
        if path != "/" or not attempt:  # a code that begins a survey is asked for again in the same page
            page.goto(f"{site}{path}?language={language}")
        page.get_by_role("textbox").fill(typed)
        press(page.locator("main form button:not([name=leave][value=stop])"))
        if path == "/":
            assert page.get_by_role("textbox").input_value() == typed, "a wrong code stays"
        if alert.is_visible() and re.search(r"\d", alert.inner_text()):
            break
    assert re.search(r"\d", alert.inner_text()), "how long"
    assert page.get_by_role("textbox").input_value() == typed
    assert accessibility.axe(page) + accessibility.reflow(page) + accessibility.large_text_and_spacing(page) == []
