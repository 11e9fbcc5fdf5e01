"""Tables of the office in a real browser: a line a row, sorted without a script, headings in view, and nothing sideways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import update

from survey.database import open_engine, session
from survey.fieldwork import School
from tests.browser import accessibility
from tests.browser.hand import press
from tests.browser.test_progress import enter, office
from tests.progress.every_outcome import CODE

__all__ = ["office"]

STUDY = f"/office/studies/{CODE}"
PAGES = (
    STUDY,
    f"{STUDY}/progress?wave=w2",
    f"{STUDY}/progress?wave=all&by=arm",
    f"{STUDY}/progress?wave=w2&school=s1",
    f"{STUDY}/progress/missing?wave=w2&school=s1",
    f"{STUDY}/questionnaires",
    f"{STUDY}/questionnaires/pupil/1",
    f"{STUDY}/roster",
    f"{STUDY}/waves",
    f"{STUDY}/consent?wave=w2",
    f"{STUDY}/consent/schools/s1?wave=w2",
    f"{STUDY}/links",
    f"{STUDY}/paper",
    f"{STUDY}/downloads",
    f"{STUDY}/retention",
    f"{STUDY}/audit",
    "/office/people",
)
MOST = 40
"""Pixels of a row of one line, at 1280 pixels."""

ROWS = """() => [...document.querySelectorAll('tbody tr')].filter(row => row.checkVisibility())
  .map(row => [row.getBoundingClientRect().height, row.textContent.trim().slice(0, 60)])"""

UNFOLD = "() => document.querySelectorAll('details:not(.menu, .in-a-line)').forEach(one => { one.open = true; })"
SIDEWAYS = "() => document.documentElement.scrollWidth - innerWidth"


def test_a_row_is_one_line_and_no_page_scrolls_sideways(
    office: Callable[..., tuple[str, str, str]], new_page: Callable[..., Page]
) -> None:
    page = new_page(viewport={"width": 1280, "height": 900})
    address, email, password = office("lead", None)
    enter(page, address, email, password)
    rows = 0
    for place in PAGES:
        page.goto(address + place)
        page.evaluate(UNFOLD)
        measured = page.evaluate(ROWS)
        rows += len(measured)
        assert [one for one in measured if one[0] > MOST] == [], place
        assert page.evaluate("() => document.querySelector('main').getBoundingClientRect().bottom >= innerHeight") or (
            "/studies/" not in place
        ), "the page goes down as far as the menu beside it"
        for width in (320, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(SIDEWAYS) <= 0, (place, width)
    assert rows > 100, "of many tables"


LONG = "The Very Reverend Bartholomew Featherstonehaugh Church of England Voluntary Aided Primary School and Nursery"


def test_a_long_name_is_cut_in_its_row_and_whole_for_a_pointer_the_keyboard_and_a_screen_reader(
    office: Callable[..., tuple[str, str, str]], new_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = new_page(viewport={"width": 1280, "height": 900})
    address, email, password = office("lead", None)
    engine = open_engine(f"sqlite:///{tmp_path / 'chorus.sqlite'}")
    with session(engine) as db:
        db.execute(update(School).values(title=LONG + " " + School.code))
    engine.dispose()
    enter(page, address, email, password)
    for place in (STUDY, f"{STUDY}/progress?wave=w2", f"{STUDY}/consent?wave=w2"):
        page.goto(address + place)
        assert [one for one in page.evaluate(ROWS) if one[0] > MOST] == [], place
        assert page.evaluate(SIDEWAYS) <= 0
        link = page.get_by_role("link", name=f"{LONG} s1").first
        name = link.locator(".long-name")
        assert name.get_attribute("title") == f"{LONG} s1"
        is_cut = "one => one.scrollWidth > one.clientWidth"
        assert name.evaluate(is_cut), place
        page.keyboard.press("Tab")
        link.focus()
        assert not name.evaluate(is_cut), "whoever comes by keyboard reads the whole name"
        page.set_viewport_size({"width": 390, "height": 800})
        assert not name.evaluate(is_cut), "a finger cannot ask for the rest"
        assert page.evaluate(SIDEWAYS) <= 0
        page.set_viewport_size({"width": 1280, "height": 900})


def test_rows_are_sorted_without_a_script_and_the_page_stays_where_it_was(
    office: Callable[..., tuple[str, str, str]], new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=False, viewport={"width": 1280, "height": 400})
    address, email, password = office("lead", None)
    enter(page, address, email, password)
    page.goto(f"{address}{STUDY}/progress?wave=w2")
    table = page.get_by_role("region", name="response rates")

    def schools() -> list[str]:
        return [name.split(" Primary")[0] for name in table.get_by_role("rowheader").all_inner_texts()]

    assert schools() == ["Ash", "Birch", "Cedar"]
    for direction, order in (("descending", ["Ash", "Birch", "Cedar"]), ("ascending", ["Cedar", "Birch", "Ash"])):
        press(table.get_by_role("link", name="Asked"))
        heading = table.get_by_role("columnheader", name="Asked")
        assert heading.get_attribute("aria-sort") == direction
        assert schools() == order
        assert page.url.endswith("#rates")
        assert table.locator("caption").bounding_box()["y"] >= 0  # type: ignore[index]
    assert "wave=w2" in page.url, "what was chosen before is still chosen"


def test_headings_stay_in_view_and_cover_no_link_that_has_the_focus(
    office: Callable[..., tuple[str, str, str]], new_page: Callable[..., Page]
) -> None:
    page = new_page(viewport={"width": 1280, "height": 500})
    address, email, password = office("lead", None)
    enter(page, address, email, password)
    page.goto(f"{address}{STUDY}/consent/schools/s1?wave=w2")
    table = page.get_by_role("region", name="Class 4a")
    last = table.get_by_role("row").last
    last.scroll_into_view_if_needed()
    heading = table.get_by_role("columnheader", name="Code")
    assert heading.bounding_box()["y"] == 0  # type: ignore[index]
    last.get_by_role("link").focus()
    for _ in range(14):
        page.keyboard.press("Shift+Tab")
        box = page.evaluate("() => document.activeElement.getBoundingClientRect().top")
        assert box >= heading.bounding_box()["height"] - 1  # type: ignore[index]


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_the_account_and_the_menu_are_a_line_each_that_opens_without_a_script(
    office: Callable[..., tuple[str, str, str]], new_page: Callable[..., Page], width: int
) -> None:
    page = new_page(java_script_enabled=False, viewport={"width": width, "height": 640})
    address, email, password = office("coordinator", "s1")
    enter(page, address, email, password)
    page.goto(f"{address}{STUDY}/progress")
    menu = page.get_by_role("navigation", name="Small notes")
    assert menu.bounding_box()["height"] < 50  # type: ignore[index]
    assert page.get_by_role("heading", level=1).bounding_box()["y"] < 160  # type: ignore[index]
    assert not page.get_by_role("link", name="Links").is_visible()
    assert not page.get_by_role("button", name="Sign out").is_visible()
    page.get_by_text("Menu: Progress").press("Enter")
    assert menu.get_by_role("link", name="Class sessions").is_visible()
    page.get_by_text("Account", exact=True).press("Enter")
    assert page.get_by_role("button", name="Sign out").is_visible()


@pytest.mark.parametrize("role", ["lead", "coordinator"])
def test_the_overview_and_a_sorted_table_are_accessible(
    office: Callable[..., tuple[str, str, str]], new_page: Callable[..., Page], role: str
) -> None:
    page = new_page(viewport={"width": 1280, "height": 900})
    address, email, password = office(role, "s1" if role == "coordinator" else None)
    enter(page, address, email, password)
    for place in (STUDY, f"{STUDY}/progress?wave=w2&sort=rates.-rate"):
        page.goto(address + place)
        assert accessibility.every_check(page) == [], place
