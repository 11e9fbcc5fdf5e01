"""A hand on a mouse: real clicks, in the middle of what is seen.

Playwright's own click and check look at several pictures of the page first, to be sure that nothing moves, and cost four times as much.
On a page that has just been opened nothing does. What is not there to be clicked at once, not seen, or not on top, is left to Playwright,
which waits for it and says what is in the way.
"""

from __future__ import annotations

from playwright.sync_api import Locator

# Where to click: nowhere if it is ticked already and only that is wanted; null if it cannot be clicked as it stands.
MIDDLE = """(e, ticked) => {
  if (ticked && e.checked) return [];
  if (e.disabled || !e.checkVisibility({visibilityProperty: true})) return null;
  e.scrollIntoViewIfNeeded();
  const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
  const top = r.width && r.height && document.elementFromPoint(x, y);
  return top && [e, ...(e.labels || [])].some(one => one.contains(top)) ? [x, y] : null;
}"""


def tap(what: Locator) -> None:
    """Click something. Whether another page follows is not waited for: see `press`."""
    place = what.evaluate(MIDDLE)
    if place is None:
        what.click()
    else:
        what.page.mouse.click(*place)


def tick(what: Locator) -> None:
    """Choose a radio or tick a box, if it is not."""
    place = what.evaluate(MIDDLE, True)
    if place is None:
        what.check()
    elif place:
        what.page.mouse.click(*place)
        assert what.is_checked(), "the click reached something else"


def press(what: Locator) -> None:
    """Click what leads to another page, and wait until that is there."""
    with what.page.expect_navigation(wait_until="load"):
        tap(what)
