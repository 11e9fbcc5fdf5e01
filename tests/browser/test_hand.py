"""The hand of the browser tests: it clicks what a person can click, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

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


def careless_clicks(source: str) -> list[int]:
    """The lines with a click of Playwright's own, which returns before the page that follows is there.

    One in a `with` waits for what is expected: a download, another window.
    """
    tree = ast.parse(source)
    waited_for = {id(node) for block in ast.walk(tree) if isinstance(block, ast.With) for node in ast.walk(block)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return [call.lineno for call in calls if call.func.attr == "click" and id(call) not in waited_for]  # type: ignore[attr-defined]


def test_no_walk_looks_at_a_page_that_is_still_coming() -> None:
    assert careless_clicks("page.locator('a').click()\nwith page.expect_download():\n    page.click()") == [1]
    walks = [path for path in Path(__file__).parent.glob("*.py") if path.name != "hand.py"]
    assert len(walks) > 20
    found = [f"{path.name}:{line}" for path in walks for line in careless_clicks(path.read_text("utf-8"))]
    assert found == [], "click what leads to another page with press, anything else with tap"
