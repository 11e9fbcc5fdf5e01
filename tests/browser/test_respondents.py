"""What the walks leave out: a keyboard alone, an adult who errs, changes and leaves, dark paper, small screens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page

from tests.browser import accessibility
from tests.browser.hand import press, tick
from tests.published import Published, publish

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
FIVE_FACES = [
    *("try_birthday", "try_lost_toy"),
    *("enjoy_singing", "enjoy_playing", "enjoy_listening", "enjoy_lessons"),
    *("feel_school", "feel_lessons", "feel_friends", "feel_speaking"),
]
TAB_STOPS = 30


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    made = publish(tmp_path_factory.mktemp("respondents"))
    yield made
    made.engine.dispose()


@pytest.fixture
def site(published: Published, serve: Callable[[Any], str]) -> str:
    return serve(published.app)


def go_on(page: Page) -> None:
    press(page.locator("main form button:not([name=leave][value=stop])").last)


def come_in(page: Page, address: str) -> str:
    """Open a link and say yes; return the address of the survey without a screen."""
    page.goto(address)
    tick(page.locator("#assent-yes"))
    go_on(page)
    return page.url.split("?")[0].rpartition("/")[0]


def place(page: Page) -> str:
    return urlsplit(page.url).path.split("/")[1]


def screen(page: Page) -> str:
    return urlsplit(page.url).path.rpartition("/")[2]


# ── a keyboard alone ──────────────────────────────────────────────────────────────────────────────────────
def tab_to(page: Page, wanted: Locator) -> None:
    for _ in range(TAB_STOPS):
        page.keyboard.press("Tab")
        if wanted.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"Tab never comes to {wanted}")


def choose_with_keys(page: Page, position: int) -> None:
    """Choose a radio of the only group, counted from 0, as switches and keyboards do."""
    tab_to(page, page.locator("main input[type=radio]").first)
    page.keyboard.press("Space")
    for _ in range(position):
        page.keyboard.press("ArrowRight")
    with page.expect_navigation(wait_until="load"):
        tab_to(page, page.locator("main form button:not([name=leave][value=stop])").last)
        page.keyboard.press("Enter")


def test_a_child_can_do_all_of_it_with_a_keyboard(
    published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    page.goto(site + published.link("pupil-ks1"))
    choose_with_keys(page, 1)
    positions = {"like_singing": 2, "like_playing": 1, "again_music": 0, "able_singing.first": 1}
    for _ in range(40):
        if place(page) != "q":
            break
        if page.locator("main input[type=radio]").count():
            choose_with_keys(page, positions.get(screen(page), 0))
        else:
            tab_to(page, page.locator("main form button:not([name=leave][value=stop])").last)
            with page.expect_navigation(wait_until="load"):
                page.keyboard.press("Enter")
    assert place(page) == "over"
    record = published.newest("pupil-ks1")
    assert record.state == "finished"
    assert {key: record.answers[key] for key in ("like_singing", "like_playing", "again_music")} == {
        "like_singing": 3,
        "like_playing": 2,
        "again_music": 1,
    }
    assert record.answers["able_singing"] == 3, "yes, and then quite good"


# ── an adult errs, goes back, changes, leaves ─────────────────────────────────────────────────────────────
def a_question_follows(page: Page, scripts: bool) -> None:
    """With a script a question appears by an answer at once, and that is said; without one the page says that it may."""
    number, where = page.get_by_label("performances", exact=True), page.get_by_role("group", name="Where were these")
    told = page.get_by_text("Depending on your answer")
    assert not where.is_visible()
    assert told.is_visible() is not scripts
    if scripts:
        number.fill("3")
        where.wait_for(state="visible")
        page.get_by_role("status").get_by_text("There is another question").wait_for(state="attached")
        assert accessibility.every_check(page) == []
        number.fill("0")
        where.wait_for(state="hidden")
    number.fill("2")
    if not scripts:
        go_on(page)
        assert screen(page) == "concerts"
    tick(page.get_by_label("At school", exact=True))
    go_on(page)
    assert screen(page) != "concerts"


@SCRIPTS
def test_an_adult_errs_goes_back_and_changes_an_answer_before_sending(
    scripts: bool, published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=scripts)
    come_in(page, site + published.link("parent"))
    tick(page.get_by_label("Sing", exact=True))
    tick(page.get_by_label("My child did not perform"))
    go_on(page)
    assert page.title().startswith("Error: ")
    assert page.get_by_label("Sing", exact=True).is_checked(), "what was ticked stays ticked"
    if scripts:
        assert accessibility.every_check(page) == []
    press(page.get_by_role("button", name="Change how it looks"))
    tick(page.get_by_label("Biggest"))
    go_on(page)
    assert "text-biggest" in (page.locator("html").get_attribute("class") or "")
    assert page.get_by_label("Sing", exact=True).is_checked(), "nor does “Aa” lose it"
    go_on(page)
    press(page.get_by_role("alert").get_by_role("link"))
    assert urlsplit(page.url).fragment == page.locator("main input[type=checkbox]").first.get_attribute("id")
    page.get_by_label("My child did not perform").uncheck()
    go_on(page)
    assert screen(page) == "enjoyable"
    tick(page.get_by_label("Very", exact=True))
    go_on(page)
    press(page.get_by_role("link", name="Back", exact=True))
    assert page.get_by_label("Very", exact=True).is_checked()
    go_on(page)
    while screen(page) != "concerts":
        go_on(page)
    a_question_follows(page, scripts)
    while place(page) == "q":
        go_on(page)
    assert place(page) == "check"
    assert "At school" in page.locator("dl > div", has_text="Where the performances were").inner_text()
    row = page.locator("dl > div", has_text="How enjoyable it was")
    assert "Very" in row.inner_text()
    press(row.get_by_role("link"))
    tick(page.get_by_label("Slightly"))
    go_on(page)
    assert "Slightly" in page.locator("dl > div", has_text="How enjoyable it was").inner_text()
    assert published.newest("parent").state == "started", "nothing is sent before Send"
    go_on(page)
    assert place(page) == "over"
    record = published.newest("parent")
    assert record.state == "finished"
    assert (record.answers["saw"], record.answers["event_enjoyable"]) == ([1], 2)
    assert record.answers["event_pride"] == {"missing": "blank"}


@SCRIPTS
def test_an_adult_leaves_and_throws_the_answers_away(
    scripts: bool, published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=scripts)
    come_in(page, site + published.link("staff"))
    tick(page.get_by_label("Class teacher"))
    go_on(page)
    faults = []
    press(page.get_by_role("button", name="Stop and leave this survey"))
    faults += accessibility.every_check(page) if scripts else []
    press(page.get_by_role("button", name="Stop now"))
    faults += accessibility.every_check(page) if scripts else []
    press(page.get_by_role("button", name="Throw my answers away"))
    faults += accessibility.every_check(page) if scripts else []
    assert place(page) == "over"
    record = published.newest("staff")
    assert record.state in ("stopped", "withdrawn")
    assert record.answers == {}
    assert faults == []


# ── looks ─────────────────────────────────────────────────────────────────────────────────────────────────
ON_PAPER = "paper => { document.documentElement.className = paper; }"


def on_every_paper(page: Page) -> Iterator[str]:
    """Look at a page on the usual paper, and on the others, whose colours “Aa” gives by a class (test_walks.py, every look)."""
    yield from accessibility.axe(page)
    before = page.locator("html").get_attribute("class") or ""
    for paper in ("theme-white", "theme-blue", "theme-dark"):
        page.evaluate(ON_PAPER, f"{before} {paper}")
        yield from (f"on {paper}: {fault}" for fault in accessibility.axe_of_colours(page))
    page.evaluate(ON_PAPER, before)


def test_every_sort_of_control_can_be_read_on_every_paper(
    published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    """Boxes to type in and to tick, lists, errors: empty and filled, for children and for adults."""
    faults = []
    for name, screens in (
        ("pupil-ks2", ["instrument", "groups", "music_days", "plays"]),
        ("staff", ["about_you", "musical", "support", "matters", "in_your_words"]),
    ):
        page = new_page()
        here = come_in(page, site + published.link(name))
        for one in screens:
            page.goto(f"{here}/{one}?n=1")
            for box in page.locator("main input[type=checkbox], main input[type=radio]").all()[:2]:
                tick(box)
            for box in page.locator("main input[type=text]:visible").all():
                box.fill("x")
            faults += [f"{name} {one}: {fault}" for fault in on_every_paper(page)]
            go_on(page)
            if page.title().startswith("Error: "):
                faults += [f"{name} {one}, with an error: {fault}" for fault in on_every_paper(page)]
        page.context.close()
    assert faults == []


# How many faces, in how many rows, and where Next ends.
FACES_AND_NEXT = """() => {
  const faces = [...document.querySelectorAll('.faces .face')].map(e => e.getBoundingClientRect().top);
  const next = [...document.querySelectorAll('main form button:not([name=leave][value=stop])')].at(-1);
  return [faces.length, new Set(faces).size, next.getBoundingClientRect().bottom];
}"""


def test_every_question_with_five_faces_fits_without_scrolling(
    published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    here = come_in(page, site + published.link("pupil-ks2"))
    for one in FIVE_FACES:
        page.goto(f"{here}/{one}?n=1")
        for width, height in (accessibility.TABLET, accessibility.LAPTOP):
            page.set_viewport_size({"width": width, "height": height})
            faces, rows, bottom = page.evaluate(FACES_AND_NEXT)
            assert (faces, rows) == (5, 1), f"{one}: all in one row, {width}"
            assert bottom <= height, (one, width)


def test_urdu_lines_do_not_lie_on_each_other(published: Published, site: str, new_page: Callable[..., Page]) -> None:
    """Nastaliq needs about twice the height of its letters for a line, in headings too."""
    page = new_page(viewport={"width": 320, "height": 640})
    page.goto(site + published.link("parent"))
    press(page.get_by_role("button", name="اردو"))
    tick(page.locator("#assent-yes"))
    go_on(page)
    close = page.evaluate(
        """() => [...document.querySelectorAll('h1, h2, p, label, a, button')].filter(e => e.checkVisibility())
           .filter(e => { const c = getComputedStyle(e); return parseFloat(c.lineHeight) < 1.9 * parseFloat(c.fontSize); })
           .map(e => e.tagName + ' ' + e.textContent.trim().slice(0, 30))"""
    )
    assert close == []
