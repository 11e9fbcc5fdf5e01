"""Someone in a browser goes on to the page that a test is about: the pages before it are answered without the browser.

A page in Chromium costs some ten times what the server's own answer to it does. Where pages are like one that was met in
the browser, or others look at them there, the server is sent what the browser would have sent, with the browser's cookie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from playwright.sync_api import Page

from survey.journey import Journey, Screen
from tests.pages.walker import Walker, fill

# A device sends what it keeps in its own time. Where no scripts run, `keeping` is the element of that id, which keeps nothing.
ALL_SENT = """async () => {
  while (typeof keeping !== 'undefined' && keeping.waiting && (await keeping.waiting()).length)
    await new Promise(done => setTimeout(done, 20));
}"""


def go_ahead(
    page: Page, app: Flask, journey: Journey, answers: dict[str, Any], passed: Callable[[Screen], bool]
) -> list[str]:
    """Answer from the question in the browser on, as long as `passed` says so of a question, and open what comes then.

    Return the screens that were answered, none if the one in the browser is to be answered there.
    """
    if not passed(journey.screen(page.url.rpartition("/")[2].partition("?")[0])):
        return []
    page.evaluate(ALL_SENT)
    client = app.test_client()
    for cookie in page.context.cookies():
        client.set_cookie(cookie["name"], cookie["value"])
    site, _, path = page.url.removeprefix("http://").partition("/")
    walker = Walker(client).open(f"/{path}")
    seen: list[str] = []
    while walker.place == "q" and passed(journey.screen(walker.screen)):
        seen += [walker.screen] if walker.screen not in seen[-1:] else []
        before = walker.address
        walker.post(fill(walker, journey, answers))
        assert walker.address != before, f"stuck on {before}: {walker.heading}"
    page.evaluate("() => sessionStorage.clear()")  # as on a device that was not there when these were answered
    page.goto(f"http://{site}{walker.address.removeprefix('http://localhost')}")
    return seen
