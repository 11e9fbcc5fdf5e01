"""A researcher looks at what was found: two clicks from signing in, on a phone too, with the keyboard, and in grey."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import upgrade
from survey.pages.office import results as pages
from survey.results.working import ResultsDesk
from tests.browser import accessibility
from tests.browser.hand import press
from tests.browser.test_researcher import EMAIL, OWN, choose, heading, sign_in
from tests.findings.pretended import found_tables, of_group
from tests.jobs.pieces import jobs_that
from tests.pages.small_study import make_study


@pytest.fixture
def office(tmp_path: Path, serve: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The address of a served app, and a researcher's one-time password; its study has the results of a made-up one."""
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")
    app = create_app(settings)
    app.config["RESULTS_PATIENCE"] = 30.0
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    (tmp_path / "study").mkdir()
    make_study(engine, tmp_path / "study")

    tables = found_tables()

    desk = ResultsDesk(jobs_that(lambda chosen: of_group(chosen.group) if chosen.group else tables, engine, settings))
    monkeypatch.setattr(pages, "desk", lambda jobs: desk)
    return serve(app), add_user(engine, EMAIL, ["researcher"])


def seen(page: Page, look: str) -> list[dict[str, float]]:
    """The boxes of pictures of one kind, and the smallest letters in them as they are on the screen."""
    return page.evaluate(
        """look => [...document.querySelectorAll(`svg.picture.${look}`)].filter(one => one.checkVisibility()).map(svg => ({
            width: svg.getBoundingClientRect().width,
            letters: 16 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width,
            outside: [...svg.querySelectorAll('text')].filter(text => {
                const [box, sheet] = [text.getBoundingClientRect(), svg.getBoundingClientRect()];
                return box.left < sheet.left - 2 || box.right > sheet.right + 2 || box.bottom > sheet.bottom + 2;
            }).map(text => text.textContent).join('; ')
        }))""",
        look,
    )


def test_what_was_found_is_two_clicks_away_and_reads_on_every_screen(
    office: tuple[str, str], new_page: Callable[..., Page]
) -> None:
    address, password = office
    page = new_page(java_script_enabled=True, viewport={"width": 1280, "height": 900})
    sign_in(page, address, password)
    choose(page, OWN)
    # One click to the findings, and another to any scale.
    press(page.get_by_role("link", name="See what we found"))
    assert heading(page) == "What we found"
    assert page.get_by_role("navigation", name="Small notes").get_by_role("link", name="What we found").is_visible()
    assert [*accessibility.axe(page), *accessibility.basics(page), *accessibility.targets(page)] == []
    for width, look, least in ((1280, "wide", 15.0), (800, "wide", 13.0), (390, "narrow", 14.0), (320, "narrow", 11.0)):
        page.set_viewport_size({"width": width, "height": 900})
        pictures = seen(page, look)
        assert pictures, width
        assert seen(page, "narrow" if look == "wide" else "wide") == []
        assert [one["outside"] for one in pictures if one["outside"]] == []
        assert min(one["letters"] for one in pictures) >= least, width
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    page.evaluate("() => document.querySelectorAll('details:not(.menu)').forEach(one => { one.open = true; })")
    for width in (1280, 1024, 768, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"tables too, {width}"
    # On a phone the navigation is one line that opens.
    menu = page.get_by_text("Menu: What we found")
    assert not page.get_by_role("link", name="Scales").is_visible()
    menu.press("Enter")
    press(page.get_by_role("link", name="Scales"))
    page.set_viewport_size({"width": 1280, "height": 900})
    press(page.get_by_role("link", name="Joy in music"))
    assert heading(page) == "Joy in music"
    assert accessibility.axe(page) == []
    for check in (
        accessibility.console,
        accessibility.keyboard_walk,
        accessibility.reflow,
        accessibility.forced_colours,
    ):
        assert check(page) == []
    # One group by itself: two clicks, and no script.
    page.get_by_label("Show", exact=True).select_option("Girl")
    press(page.get_by_role("button", name="Show"))
    assert heading(page) == "Joy in music"
    assert page.get_by_text("Girl only, and exploratory").is_visible()
    assert page.get_by_label("Show", exact=True).input_value() == "sex=f"
    assert [*accessibility.axe(page), *accessibility.basics(page), *accessibility.targets(page)] == []
    for width in (1280, 768, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    page.set_viewport_size({"width": 1280, "height": 900})
    # The methods are read on every screen, too.
    page.goto(f"{page.url.split('/scales')[0]}/methods")
    assert heading(page) == "Methods"
    assert [*accessibility.axe(page), *accessibility.basics(page), *accessibility.targets(page)] == []
    for width in (1280, 768, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    # All of it is printed on A4, but for what is there to be clicked.
    page.set_viewport_size({"width": 670, "height": 950})
    page.emulate_media(media="print")
    parts = page.locator(".methods h2, .methods table, .methods .wordings li")
    assert parts.count() > 10
    assert all(one.is_visible() for one in parts.all())
    assert not page.get_by_role("navigation", name="Small notes").is_visible()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.go_back()
    # In grey the two arms are still told apart: by shape, and by how light they are.
    lightness = page.evaluate(
        """() => ['mark s0', 'mark s1'].map(look => {
            const shape = document.querySelector(`svg.picture .${look.replace(' ', '.')}`);
            const [r, g, b] = getComputedStyle(shape).fill.match(/\\d+/g).map(Number);
            return [shape.tagName, 0.2126 * r + 0.7152 * g + 0.0722 * b];
        })"""
    )
    assert [shape for shape, _ in lightness] == ["circle", "rect"]
    assert abs(lightness[0][1] - lightness[1][1]) > 30
