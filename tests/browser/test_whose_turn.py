"""One device, several people: each answers for themselves, and nobody sees the one before, not by Back either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page

from survey.responses import load
from tests.browser import accessibility
from tests.browser.hand import press, tick
from tests.published import Published, publish

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    made = publish(tmp_path_factory.mktemp("turns"))
    yield made
    made.engine.dispose()


@pytest.fixture
def site(published: Published, serve: Callable[[Any], str]) -> str:
    return serve(published.app)


def go_on(page: Page) -> None:
    press(page.locator("main form button:not([name=leave][value=stop])").last)


def place(page: Page) -> str:
    return urlsplit(page.url).path.split("/")[1]


def begin(page: Page, address: str = "") -> None:
    """Open a link, or stay at the door one has come to, and say yes."""
    if address:
        page.goto(address)
    tick(page.locator("#assent-yes"))
    go_on(page)


def answer(page: Page, questions: int, choice: int) -> None:
    for _ in range(questions):
        tick(page.locator("main input[type=radio]").nth(choice))
        go_on(page)


def back_shows_nothing(page: Page, steps: int) -> None:
    """Press Back so many times: no page shows anything chosen or typed, nor looks as the one before had it."""
    for _ in range(steps):
        page.go_back()
        assert page.locator("input:checked").count() == 0, page.url
        assert page.locator("html").get_attribute("class") == "", page.url
        assert page.locator("input[type=text]").evaluate_all("boxes => boxes.map(box => box.value).join('')") == ""


@SCRIPTS
def test_two_children_share_a_tablet(
    scripts: bool, published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=scripts)
    begin(page, site + published.link("pupil-ks2", f"first-{scripts}"))
    press(page.get_by_role("button", name="Change how it looks"))
    tick(page.locator('input[name="paper"][value="dark"]'))
    tick(page.locator('input[name="size"][value="bigger"]'))
    go_on(page)
    answer(page, 4, choice=4)
    first = published.newest("pupil-ks2")
    assert len(first.answers) == 2

    page.goto(site)
    assert page.locator("h1").inner_text() == "Is this you?"
    if scripts:
        assert accessibility.every_check(page, 60) == []
    press(page.get_by_role("button", name="No, it’s my turn now"))
    assert page.locator("h1").inner_text() == "Enter your code"
    assert page.context.cookies() == []
    back_shows_nothing(page, 6)

    page.goto(site)
    page.get_by_label("Enter your code").fill(published.door("pupil-ks2", f"second-{scripts}").code)
    go_on(page)
    begin(page)
    answer(page, 3, choice=0)
    if scripts:
        page.go_back()
        assert page.locator("main input:checked").get_attribute("value") == "1", "what this child chose is shown again"
    else:
        back_shows_nothing(page, 3)
    second = published.newest("pupil-ks2")
    assert [*second.answers.values()] == [1]
    unchanged = load(published.engine, first.id)
    assert unchanged is not None
    assert (dict(unchanged.answers), unchanged.state) == (first.answers, "started")


@SCRIPTS
def test_the_first_child_comes_back_to_the_tablet_and_says_yes(
    scripts: bool, published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=scripts)
    begin(page, site + published.link("pupil-ks1"))
    answer(page, 3, choice=0)
    here = page.url
    page.goto(site)
    press(page.get_by_role("button", name="Yes, go on"))
    assert page.url == here
    press(page.get_by_role("link", name="Back", exact=True))
    assert page.locator("input:checked").count() == 0, "a yes is no proof: what was answered before it is not shown"
    before = page.url
    page.goto(here)
    answer(page, 1, choice=0)
    assert place(page) == "q"
    page.goto(before)
    assert page.locator("input:checked").count() == 0


@SCRIPTS
def test_next_person_hands_the_tablet_on(
    scripts: bool, published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=scripts)
    begin(page, site + published.link("pupil-ks1"))
    answer(page, 3, choice=0)
    stop = page.get_by_role("button", name="I want to stop")
    press(stop)
    press(page.get_by_role("button", name="Stop now"))
    press(page.get_by_role("button", name="Keep my answers"))
    if scripts:
        assert accessibility.every_check(page, 60) == []
    press(page.get_by_role("button", name="Next person"))
    assert page.locator("h1").inner_text() == "Enter your code"
    page.go_back()
    assert page.locator("h1").inner_text() == "Thank you."
    page.goto(site + published.link("pupil-ks1"))
    assert place(page) == "welcome", "who comes next is asked nothing"


def keep_the_receipt(page: Page, scripts: bool) -> None:
    """On the last page: the receipt is there on reload, can be saved, and can be e-mailed to oneself."""
    receipt = page.locator(".receipt").inner_text()
    if scripts:
        assert accessibility.every_check(page, 44) == []
    page.reload()
    assert page.locator(".receipt").inner_text() == receipt
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save the receipt").click()
    assert receipt in saving.value.path().read_text("utf-8-sig")
    email = page.get_by_role("link", name="E-mail it to yourself").get_attribute("href")
    assert email is not None
    assert receipt in unquote(email)


@SCRIPTS
def test_two_parents_share_a_phone(
    scripts: bool, published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=scripts, viewport={"width": 390, "height": 844})
    link = site + published.link("parent")
    begin(page, link)
    tick(page.get_by_label("Sing", exact=True))
    go_on(page)
    mother = published.newest("parent")
    page.goto(link)
    assert page.locator("h1").inner_text() == "Do you want to go on?"
    assert "Questions answered so far: 1." in page.locator("main").inner_text()
    if scripts:
        assert accessibility.every_check(page, 44) == []
    press(page.get_by_role("button", name="Start again as someone else"))
    begin(page)
    assert page.locator("input:checked").count() == 0
    tick(page.get_by_label("Play an instrument", exact=True))
    go_on(page)
    back_shows_nothing(page, 1)
    father = published.newest("parent")
    assert (mother.answers["saw"], father.answers["saw"]) == ([1], [2])
    page.goto(link)
    press(page.get_by_role("button", name="Go on"))
    while place(page) == "q":
        go_on(page)
    press(page.get_by_role("button", name="Send my answers"))
    keep_the_receipt(page, scripts)
    page.goto(link)
    assert page.locator("h1").inner_text() == "You have already answered. Thank you!"
    assert page.locator(".receipt").inner_text()
    if scripts:
        assert accessibility.every_check(page, 44) == []
    press(page.get_by_role("button", name="Another parent or carer can answer now"))
    assert place(page) == "welcome"
    back_shows_nothing(page, 3)


@pytest.mark.parametrize("language", ["cy", "ur"])
def test_a_parent_is_asked_in_their_own_language(
    language: str, published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(viewport={"width": 390, "height": 844})
    page.goto(site + published.link("parent"))
    page.goto(f"{site}/welcome?language={language}")
    begin(page)
    page.goto(site)
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ur" else "ltr")
    assert accessibility.every_check(page, 44) == []


def test_the_answer_is_given_with_a_keyboard_alone(
    published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    begin(page, site + published.link("pupil-ks1"))
    page.goto(site)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "mine":
            break
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    assert page.locator("h1").inner_text() == "Enter your code"


def test_a_page_the_browser_kept_whole_is_asked_for_again(
    published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    """The Chromium of the tests keeps none, so that it is told here that it did."""
    page = new_page()
    begin(page, site + published.link("pupil-ks1"))
    tick(page.locator("main input[type=radio]").first)
    page.context.clear_cookies()
    with page.expect_navigation(wait_until="load"):
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert page.locator("h1").inner_text() == "Enter your code"
    page.evaluate("window.here = 1; dispatchEvent(new PageTransitionEvent('pageshow', {persisted: false}))")
    assert page.evaluate("window.here") == 1, "a page that was just fetched stays"
