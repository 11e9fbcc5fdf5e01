"""The hand of the browser tests: it clicks what a person can click, and nothing else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, TimeoutError

from tests.browser.hand import press, tap, tick

FORM = """<body style="margin: 0; block-size: 3000px"><div style="block-size: 2000px"></div>
<input type="checkbox" id="box"><label for="box">A box</label>
<button onclick="document.title += 'pressed'">Next</button><a href="#done">On</a>"""

OVER_IT = "<div style='position: fixed; inset: 0'></div>"


def test_it_clicks_what_is_further_down_and_ticks_once(page: Page) -> None:
    page.set_content(FORM)
    tap(page.locator("button"))
    tap(page.locator("button"))
    assert page.title() == "pressedpressed"
    for _ in range(2):
        tick(page.locator("#box"))
        assert page.locator("#box").is_checked()
    press(page.locator("a"))
    assert page.url.endswith("#done")


@pytest.mark.parametrize(
    "change",
    [FORM + OVER_IT, FORM.replace("<button", "<button disabled"), FORM.replace("<button", "<button hidden")],
    ids=["covered", "shut", "hidden"],
)
def test_what_is_covered_shut_or_hidden_cannot_be_clicked(change: str, page: Page) -> None:
    page.set_default_timeout(300)
    page.set_content(change)
    with pytest.raises(TimeoutError):
        tap(page.locator("button"))
    assert page.title() == ""


def test_a_box_that_gives_no_way_is_found(page: Page) -> None:
    page.set_default_timeout(300)
    page.set_content(FORM + OVER_IT)
    with pytest.raises(TimeoutError):
        tick(page.locator("#box"))
    page.set_content(FORM.replace('id="box"', 'id="box" onclick="event.preventDefault()"'))
    with pytest.raises(AssertionError, match="something else"):
        tick(page.locator("#box"))


def test_it_waits_for_what_comes_later(page: Page) -> None:
    page.set_content(FORM.replace("<button", "<button disabled"))
    page.evaluate("setTimeout(() => { document.querySelector('button').disabled = false; }, 200)")
    tap(page.locator("button"))
    assert page.title() == "pressed"
