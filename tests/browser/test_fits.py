"""Every kind of page in every language fits phones and tablets, also with “Aa” at its largest, and reads in its direction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from survey.journey import Journey
from survey.wording import direction
from tests.browser import accessibility
from tests.browser.hand import press, tick
from tests.browser.test_walks import WALKS, kind_of
from tests.published import SHIPPED, Published, publish

PAGES = [
    (name, language)
    for name, one in SHIPPED.questionnaires.items()
    for language in one.languages
    if language not in (one.languages[0], WALKS[name])
]
"""The languages in which test_walks.py does not go; it checks more, on each kind of page once."""

VOICE = """Object.defineProperty(window, 'speechSynthesis', {
  value: {getVoices: () => [{lang: document.documentElement.lang}], cancel() {}}});"""
"""A device with a voice for every language: Listen needs room."""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    made = publish(tmp_path_factory.mktemp("fits"))
    yield made
    made.engine.dispose()


@pytest.mark.parametrize(("name", "language"), PAGES)
def test_in_every_language(
    name: str, language: str, published: Published, serve: Callable[[Any], str], page: Page
) -> None:
    site = serve(published.app)
    page.add_init_script(VOICE)
    page.goto(site + published.link(name))
    tick(page.locator('input[name="assent"][value="yes"]'))
    press(page.locator("main form button:not([name=leave][value=stop])").last)
    journey = Journey(published.reading.questionnaires[name].in_language(language))
    # Pages that are not asked in the wave the study is in lead to others.
    asked = journey.route({}, {"wave": published.reading.study.waves[-1].id})
    kinds = {kind_of(screen, journey.questionnaire.audience): screen.name for screen in asked}
    version = page.url.split("/")[4]
    here = f"/q/{version}/{language}"
    first = next(iter(kinds.values()))
    places = [f"{here}/{screen}?n=1" for screen in kinds.values()]
    faults = []
    for place in (*places, f"{here}/{first}/stop", f"{here}/{first}/look", f"/?language={language}"):
        page.goto(site + place)
        if not place.startswith("/?"):
            assert place.split("?")[0] in page.url
        assert page.locator("html").get_attribute("dir") == direction(language), place
        faults += [f"{place}: {fault}" for fault in accessibility.reflow(page)]
    assert faults + accessibility.console(page) == []
