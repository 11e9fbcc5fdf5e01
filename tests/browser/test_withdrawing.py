"""A parent takes answers back in a real browser: from the thank-you page's receipt to the certificate, in two languages."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from survey.audit import COMMAND_LINE
from survey.database import session, write
from survey.fieldwork import study_by_code
from survey.fieldwork.consent import Decision, decide, study_row
from survey.fieldwork.finding import find_participant
from survey.journey import Journey
from survey.responses import stream
from tests.browser import accessibility
from tests.browser.ahead import go_ahead
from tests.browser.hand import press, tick
from tests.filled import keep_school
from tests.pages.walker import pretended
from tests.published import STUDY, Published, publish

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    made = publish(tmp_path_factory.mktemp("withdrawing"))
    with session(made.engine) as db:
        study = study_by_code(db, STUDY)
        assert study is not None
        for code, title, arm in (("s1", "Ash Primary", "programme"), ("s2", "Birch Primary", "comparison")):
            keep_school(db, study, code, title=title, arm=arm)
    yield made
    made.engine.dispose()


@pytest.fixture
def site(published: Published, serve: Callable[[Any], str]) -> str:
    return serve(published.app)


def go_on(page: Page) -> None:
    press(page.locator("main form button:not([name=leave][value=stop])").first)


def place(page: Page) -> str:
    return urlsplit(page.url).path.split("/")[1]


def answer(page: Page, published: Published, site: str, typed: str, children: int, look: Callable[[], None]) -> str:
    """Answer the parents' questionnaire about so many children, with `typed` where one can type; return the receipt.

    The pages about the first child are answered in the browser by test_walks.py: here the server is sent the answers.
    """
    page.goto(site + published.link("parent"))
    tick(page.locator("#assent-yes"))
    go_on(page)
    answer_ahead(page, published, typed)
    for _ in range(children - 1):
        go_on(page)
        assert page.locator("[role=alert]").is_visible(), "yes or no is to be chosen"
        look()
        tick(page.get_by_label("Yes, at this school:"))
        page.get_by_label("School", exact=True).select_option("Birch Primary")
        go_on(page)
        assert "Birch Primary" in page.locator(".whose").inner_text()
        look()
        answer_pages(page, typed)
    assert place(page) == "children"
    tick(page.locator("#another-no"))
    go_on(page)
    assert place(page) == "check"
    look()
    assert page.get_by_role("heading", level=2).all_inner_texts()[: children + 1] == (
        ["About your family", "Child 1", "Child 2"] if children > 1 else ["Help and contact"]
    )
    assert typed in page.locator("main").inner_text()
    go_on(page)
    assert place(page) == "over"
    return page.locator(".receipt bdi").inner_text()


def answer_pages(page: Page, typed: str) -> None:
    """Answer page after page, as far as questions go."""
    while place(page) == "q":
        for box in page.locator("main textarea").all():
            box.fill(typed)
        for radio in page.locator("main fieldset:has(input[type=radio])").all():
            tick(radio.locator("input[type=radio]").first)
        go_on(page)


def answer_ahead(page: Page, published: Published, typed: str) -> None:
    """Answer what is asked of every parent."""
    questionnaire = published.reading.questionnaires["parent"]
    answers = pretended(questionnaire, random.Random(0))
    answers |= {question.id: typed for question in questionnaire.questions if question.kind == "long_text"}
    go_ahead(page, published.app, Journey(questionnaire), answers, lambda _: True)


def looked_at(page: Page, scripts: bool) -> None:
    if scripts:
        assert accessibility.every_check(page) == []


def stored(published: Published, typed: str) -> bool:
    folder = Path(str(published.engine.url.database)).parent
    return any(typed.encode() in file.read_bytes() for file in folder.glob("chorus.db*"))


@SCRIPTS
@pytest.mark.parametrize("language", ["en", "ur"])
def test_a_parent_takes_answers_back_with_the_receipt(
    scripts: bool, language: str, published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=scripts)
    # One of them has two children, at two schools.
    children = 2 if scripts and language == "en" else 1
    # Words of its own: those of a test that failed half-way are still stored.
    typed = f"Our daughter sang a song from home ({language}, {scripts})"
    receipt = answer(page, published, site, typed, children, lambda: looked_at(page, scripts))
    looked_at(page, scripts)
    assert stored(published, typed)
    assert "/withdraw" in page.locator("main").inner_text()
    press(page.locator("main a[href^='/withdraw']"))
    page.goto(f"{site}/withdraw?language={language}")
    looked_at(page, scripts)
    go_on(page)
    assert page.locator("[role=alert]").is_visible(), "a receipt is needed"
    page.get_by_role("textbox").fill(receipt.upper().replace(" ", "-"))
    go_on(page)
    assert typed not in page.content(), "what was answered is never shown"
    looked_at(page, scripts)
    go_on(page)
    assert page.locator("[role=alert]").is_visible(), "something is to be chosen"
    tick(page.locator("#own-wave"))
    go_on(page)
    looked_at(page, scripts)
    assert stored(published, typed), "nothing is done before yes"
    go_on(page)
    assert re.search(r"W-\w{4}-\w{4}-\w{4}", page.locator("main").inner_text())
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ur" else "ltr")
    looked_at(page, scripts)
    assert not stored(published, typed), "no byte of it is left"
    newest = published.newest("parent").household
    rows = [one for one in stream(published.engine, published.study_id, "parent") if one.household == newest]
    assert [(row.state, dict(row.answers)) for row in rows] == [("withdrawn", {})] * children
    assert receipt not in page.content()


def test_a_wrong_receipt_gets_a_friendly_page(site: str, page: Page) -> None:
    page.goto(f"{site}/withdraw")
    page.get_by_role("textbox").fill("ravo kimu tezo bani")
    go_on(page)
    assert page.locator("h1").inner_text() == "We could not find anything for that receipt"
    # The console notes that the page is a 404, which it is.
    assert accessibility.axe(page) == []
    press(page.get_by_role("link", name="Try again"))
    assert urlsplit(page.url).path == "/withdraw"


def test_a_child_whose_parent_said_no_meets_a_calm_page(
    published: Published, site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    link = published.link("pupil-ks1", "p77")
    now = datetime.now(UTC)
    with write(published.engine) as connection:
        study = study_row(connection, "first-notes")
        assert study is not None
        person = find_participant(connection, study.id, "p77")
        decide(connection, study, person, Decision("no", "parent", now.date()), COMMAND_LINE, now)
    page.goto(site + link)
    assert page.locator("h1").inner_text() == "There is nothing to answer here for you just now."
    assert accessibility.every_check(page, smallest_target=60) == []
    assert not page.context.cookies(), "the next child starts with nothing"
