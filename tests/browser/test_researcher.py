"""A researcher's walk in a real browser: sign in with the one-time password, choose their own one, look, take away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import upgrade
from tests.browser import accessibility
from tests.browser.hand import press
from tests.pages.small_study import make_study

EMAIL = "ann@uni.org"
OWN = "three words in a row"


@pytest.fixture
def office(tmp_path: Path, serve: Callable[[Any], str]) -> tuple[str, str]:
    """The address of a served app that holds the small study, and a researcher's one-time password."""
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    (tmp_path / "study").mkdir()
    make_study(engine, tmp_path / "study")
    return serve(app), add_user(engine, EMAIL, ["researcher"])


def sign_in(page: Page, address: str, password: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    press(page.get_by_role("main").get_by_role("button", name="Sign in"))


def choose(page: Page, password: str) -> None:
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("New password again").fill(password)
    press(page.get_by_role("button", name="Save password"))


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_the_one_time_password_to_the_workbook(
    office: tuple[str, str], new_page: Callable[..., Page], tmp_path: Path, scripts: bool
) -> None:
    address, password = office
    page = new_page(java_script_enabled=scripts)
    sign_in(page, address, password)
    assert heading(page) == "Choose your own password"
    choose(page, OWN)

    assert heading(page) == "Small notes"
    press(page.get_by_role("link", name="See progress"))
    page.get_by_label("Wave").select_option(label="All waves")
    press(page.get_by_role("button", name="Show"))
    counts = page.get_by_role("region", name="by open links")
    row = counts.get_by_role("row", name="Ash Primary")
    assert row.inner_text().split("\t") == ["Ash Primary", "10", "7", "1", "0", "1", "1"], "pupils only"
    page.get_by_label("Questionnaire").select_option("parent")
    press(page.get_by_role("button", name="Show"))
    row = counts.get_by_role("row", name="No school")
    assert row.inner_text().split("\t")[1:3] == ["2", "1"]
    press(page.get_by_role("link", name="Downloads"))

    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download workbook").click()
    file = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(file)
    assert file.name.startswith("small-notes-")
    book = openpyxl.load_workbook(file, read_only=True)
    held = {str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row}
    book.close()
    assert {"sing_enjoy", "4.5"} <= held, "a question, and the mean of 4 and 5"

    press(page.get_by_role("button", name="Sign out"))
    assert heading(page) == "Sign in"
    page.goto(f"{address}/office/studies/small-notes")
    assert heading(page) == "Sign in"
    sign_in(page, address, password)
    assert "is not right" in page.get_by_role("alert").inner_text(), "it worked once"
    sign_in(page, address, OWN)
    assert heading(page) == "Small notes"


def test_the_pages_are_accessible(office: tuple[str, str], page: Page) -> None:
    address, password = office
    page.goto(f"{address}/sign-in")
    assert accessibility.every_check(page) == []
    sign_in(page, address, password)
    assert accessibility.every_check(page) == []
    choose(page, OWN)
    assert accessibility.every_check(page) == []
    press(page.get_by_role("link", name="Change password"))
    assert accessibility.every_check(page) == []


def test_a_page_with_a_fault_is_accessible_and_its_box_has_the_focus(office: tuple[str, str], page: Page) -> None:
    address, password = office
    sign_in(page, address, "not this one")
    assert page.title().startswith("Error: ")
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="is not right")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#email")).to_be_focused()
    assert faults(page) == []
    sign_in(page, address, password)
    choose(page, "short")
    assert page.get_by_role("alert").is_visible()
    assert faults(page) == []


def faults(page: Page) -> list[str]:
    """Every check but the keyboard walk, which begins at the top: on these pages the focus is in the box."""
    return [
        *accessibility.console(page),
        *accessibility.axe(page),
        *accessibility.basics(page),
        *accessibility.at_every_size(page),
        *accessibility.forced_colours(page),
    ]


def test_a_wide_table_scrolls_in_its_box_by_keyboard(office: tuple[str, str], new_page: Callable[..., Page]) -> None:
    address, password = office
    page = new_page(viewport={"width": 200, "height": 640})
    sign_in(page, address, password)
    choose(page, OWN)
    page.goto(f"{address}/office/studies/small-notes/roster")
    box = page.get_by_role("region", name="Roster of each wave")
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("e => e.scrollLeft > 0", arg=box.element_handle())


def test_a_respondents_page_gets_no_cookie_of_the_office(office: tuple[str, str], page: Page) -> None:
    address, password = office
    sign_in(page, address, password)
    assert [cookie["name"] for cookie in page.context.cookies(f"{address}/office/")] == ["office"]
    page.goto(address)
    assert [cookie["name"] for cookie in page.context.cookies(address) if cookie["name"] == "office"] == []
