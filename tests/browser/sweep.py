"""Every state of every page of the shipped questionnaires, at every size, under every check: `make pages`.

    python -m tests.browser.sweep                       all of it, about half an hour
    python -m tests.browser.sweep pupil-ks1 parent/ur   some questionnaires, or one in one language

Someone answers a questionnaire from its link to its end, once for each language and set of answers. Each page is looked at as
it comes, with an answer chosen and, where there is one, with its error: at six sizes, with each look of “Aa”. Once for each
kind of page every check of accessibility.py is made, and colours on dark paper. Then the same way is gone without a script.
What is wrong is printed page by page; nothing is printed of a page that is right.
"""

from __future__ import annotations

import logging
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from survey.journey import Journey
from tests.browser import accessibility
from tests.browser.test_walks import Visitor, fill, kind_of, walk
from tests.chromium import launched
from tests.pages.walker import pretended
from tests.postgres import fast_folder
from tests.published import Published, publish

VOICE = """Object.defineProperty(window, 'speechSynthesis', {
  value: {getVoices: () => [{lang: document.documentElement.lang}], cancel() {}}});"""
"""A device with a voice for every language: Listen needs room."""

SETS = 2
"""So many sets of invented answers: one alone leaves pages out that another leads to."""


@dataclass
class Sweep:
    """What was looked at so far, and what is wrong."""

    site: str
    browser: Browser
    published: Published
    states: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    kinds: set[tuple[str, str]] = field(default_factory=set)

    def note(self, place: str, found: list[str]) -> None:
        """Print what is wrong with a state of a page."""
        for fault in found:
            if "input#q_" in fault and "cuts off" in fault:
                continue  # what is typed scrolls in its box
            self.faults[place] += 1
            print(f"{place}: {fault}", flush=True)

    def look(self, page: Page, place: str, kind: str, smallest: int) -> None:
        """Look at a state of a page: thoroughly at the first of its kind, else at its layout."""
        self.states += 1
        # What is chosen changes little of the room that things take: it is looked at as most people see it.
        self.note(
            place,
            layout(page, smallest, ("",) if place.endswith(("chosen", "something else")) else accessibility.LOOKS),
        )
        language = place.split()[0]
        if (language, kind) not in self.kinds:
            self.kinds.add((language, kind))
            self.note(place, thorough(page, smallest))

    def questionnaire(self, name: str, language: str) -> None:
        """Go through a questionnaire in one language."""
        first = self.published.reading.questionnaires[name].languages[0]
        for number in range(SETS if language == first else 1):
            self._with_scripts(name, language, number)
        self._without_scripts(name, language)

    def _with_scripts(self, name: str, language: str, number: int) -> None:
        questionnaire = self.published.reading.questionnaires[name]
        pupil = questionnaire.audience == "pupil"
        journey = Journey(questionnaire.in_language(language))
        answers = pretended(questionnaire, random.Random(f"{name} {number}"))
        smallest = 60 if pupil else 44
        page = self.browser.new_context(viewport={"width": 1024, "height": 690}).new_page()
        page.set_default_timeout(60_000)
        page.add_init_script(VOICE)
        visitor = Visitor(page, smallest, hears=True)
        places: set[tuple[int, int, int]] = set()

        def see(what: str, state: str = "") -> None:
            place = f"{name}/{language} {what}{f', {state}' if state else ''}"
            if place in self.seen:
                return
            self.seen.add(place)
            self.look(page, place, f"{what if ':' in what else kind[0]} {state}", smallest)
            stands = accessibility.next_place(page)
            if pupil and stands is not None:
                places.add(stands)

        kind = ["welcome"]
        visitor.go(self.site + self.published.link(name))
        if language != questionnaire.languages[0]:
            visitor.go(f"{self.site}/welcome?language={language}")
        see(":welcome")
        visitor.next()
        see(":welcome", "error")
        page.locator('input[name="assent"][value="yes"]').check()
        see(":welcome", "chosen")
        visitor.next()
        first = page.url.split("?")[0]
        for _ in range(120):
            if visitor.place != "q":
                break
            screen = journey.screen(visitor.screen)
            kind[0] = kind_of(screen, questionnaire.audience)
            new = f"{name}/{language} {screen.name}" not in self.seen
            see(screen.name)
            if new and not screen.rest:
                mistake(visitor, pupil)
                if page.locator("#oops").count():
                    see(screen.name, "error")
            if new and (others := page.locator(".with-words input:is([type=radio],[type=checkbox]):visible")).count():
                others.first.check()
                see(screen.name, "something else")
                page.reload()
            fill(visitor, screen, answers)
            if new:
                see(screen.name, "chosen")
            visitor.next()
        if number == 0:
            for way in (":stop", ":stop?keep=1", ":look"):
                page.goto(f"{first}/{way[1:]}")
                see(way)
            page.goto(f"{self.site}/go")
        if visitor.place == "check":
            see(":check")
            visitor.next()
        see(":over")
        if len(places) > 1:
            self.note(f"{name}/{language}", [f"Next stands in {len(places)} places: {sorted(places)}."])
        self.note(f"{name}/{language}", visitor.faults)
        page.context.close()

    def _without_scripts(self, name: str, language: str) -> None:
        questionnaire = self.published.reading.questionnaires[name]
        answers = pretended(questionnaire, random.Random(f"{name} without"))
        visitor = Visitor(self.browser.new_context(java_script_enabled=False).new_page(), 0)
        visitor.go(self.site + self.published.link(name))
        visitor.go(f"{self.site}/welcome?language={language}")
        visitor.page.locator('input[name="assent"][value="yes"]').check()
        visitor.next()
        walk(visitor, Journey(questionnaire.in_language(language)), answers, look=False)
        if visitor.place == "check":
            visitor.next()
        if visitor.place != "over":
            self.note(f"{name}/{language}", [f"without a script it ends at {visitor.page.url}"])
        self.note(f"{name}/{language} without a script", visitor.faults)
        visitor.page.context.close()


def mistake(visitor: Visitor, pupil: bool) -> None:
    """Press Next as a child who has chosen nothing, or with a word where a number belongs; stay on the page if that is taken."""
    page, before = visitor.page, visitor.page.url
    if pupil and page.locator("main input[type=radio]").count():
        visitor.next()
    elif (numbers := page.locator("main input[inputmode=numeric]:visible")).count():
        numbers.first.fill("many")
        visitor.next()
    if page.url.split("?")[0] != before.split("?")[0]:
        page.goto(before)


SIZES = (
    *(accessibility.PHONE, accessibility.HAND, accessibility.UPRIGHT),
    *(accessibility.TABLET, accessibility.LAPTOP, (1280, 800)),
)


def layout(page: Page, smallest: int, looks: tuple[str, ...]) -> list[str]:
    """What costs little, at every size and with each look: room, targets, and where a child's Next is."""
    faults = []
    for size in SIZES:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        whole = smallest == 60 and size in accessibility.AT_SCHOOL
        found: list[str] = page.evaluate(EVERY_LOOK, [list(looks), smallest, whole])
        faults += [f"{size[0]} by {size[1]}: {fault}." for fault in found]
    page.set_viewport_size({"width": 1024, "height": 690})
    return faults


EVERY_LOOK = f"""([looks, smallest, whole]) => {{
  const overflow = {accessibility.OVERFLOW}, targets = {accessibility.TARGETS}, next = {accessibility.NEXT};
  const root = document.documentElement, before = root.className, faults = [];
  faults.push(...targets().filter(t => Math.min(t.width, t.height) < smallest)
    .map(t => `“${{t.name}}” is ${{t.width}} by ${{t.height}} pixels to tap`));
  for (const look of looks) {{
    root.className = before;
    if (look) root.classList.add(...look.split(' '));
    faults.push(...next(look).filter(fault => whole || !fault.includes('pixels of the page')));
    faults.push(...overflow().map(fault => look ? `with “${{look}}” ${{fault}}` : fault));
  }}
  root.className = before;
  return faults;
}}"""


def thorough(page: Page, smallest: int) -> list[str]:
    """Every check, and the colours on dark paper."""
    found = accessibility.every_check(page, smallest)
    page.evaluate("() => document.documentElement.classList.add('theme-dark')")
    found += [f"on dark paper {fault}" for fault in accessibility.axe_of_colours(page)]
    page.evaluate("() => document.documentElement.classList.remove('theme-dark')")
    return found


def wanted(published: Published, asked: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the questionnaires and languages that were asked for; all when none was."""
    for name, questionnaire in published.reading.questionnaires.items():
        for language in questionnaire.languages:
            if not asked or name in asked or f"{name}/{language}" in asked:
                yield name, language


def main(asked: list[str], serve: Callable[..., Any] = make_server) -> int:
    """Sweep, and return 1 when something is wrong."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder, sync_playwright() as playwright:
        published = publish(Path(folder))
        server = serve("127.0.0.1", 0, accessibility.with_axe(published.app), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = launched(playwright)
        sweep = Sweep(f"http://127.0.0.1:{server.server_port}", browser, published)
        for name, language in wanted(published, asked):
            sweep.questionnaire(name, language)
            print(f"… {name}/{language}: {sweep.states} states so far", file=sys.stderr, flush=True)
        browser.close()
        server.shutdown()
        published.engine.dispose()
    minutes = (time.monotonic() - started) / 60
    print(f"{sweep.states} states, {sweep.faults.total()} faults, {minutes:.0f} minutes.")
    return 1 if sweep.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
