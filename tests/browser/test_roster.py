"""A roster is imported by someone in a real browser: looked at, corrected, confirmed; with and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from survey.admission import add_user
from survey.app import create_app
from survey.database import upgrade
from tests.browser import accessibility
from tests.browser.hand import press
from tests.browser.test_researcher import EMAIL, OWN, choose, heading, sign_in
from tests.rosters.small_field import ROSTER, SCHOOLS, Desk, publish, settings_in


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A study with schools and a list of its first wave."""
    settings = settings_in(tmp_path)
    engine = create_app(settings).extensions["chorus"].engine
    upgrade(engine)
    publish(engine, tmp_path / "study")
    made = Desk(engine, settings)
    made.take(SCHOOLS, None)
    made.take(ROSTER)
    return made


@pytest.fixture
def address(desk: Desk, serve: Callable[[Any], str]) -> str:
    return serve(create_app(desk.settings))


def enter(page: Page, desk: Desk, address: str) -> None:
    """Sign in as the study's lead and go to the roster."""
    sign_in(page, address, add_user(desk.engine, EMAIL, ["lead"], study="small-notes"))
    choose(page, OWN)
    page.goto(f"{address}/office/studies/small-notes")
    press(page.get_by_role("navigation", name="Small notes").get_by_role("link", name="Roster"))


def send(page: Page, file: Path, wave: str) -> None:
    page.get_by_label("CSV or Excel file").set_input_files(file)
    page.get_by_label("Wave", exact=True).select_option(label=wave)
    press(page.get_by_role("button", name="Check file"))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A workbook with a problem, the same put right, and a list with names."""
    made = {}
    for name, year in (("wrong", 14), ("right", 5)):
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.title = "Autumn 2026"
        for row in (
            ["participant", "school", "class", "year", "fsm"],
            ["p1", "s1", "5a", 5, "no"],
            ["p3", "07", "7x", year, None],
            ["p8", "s2", "5", 5, "yes"],
        ):
            sheet.append(row)
        made[name] = tmp_path / f"{name}.xlsx"
        book.save(made[name])
    made["names"] = tmp_path / "names.csv"
    made["names"].write_text("participant,surname,school\np1,Example,s1\n")
    return made


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_a_wrong_file_to_a_list_that_is_in(
    desk: Desk, address: str, files: dict[str, Path], new_page: Callable[..., Page], scripts: bool
) -> None:
    page = new_page(java_script_enabled=scripts)
    enter(page, desk, address)
    assert heading(page) == "Roster"
    row = page.get_by_role("row", name="Autumn 2025")
    assert row.get_by_role("cell").all_inner_texts()[:5] == ["2", "3", "1", "0", "0"]

    send(page, files["wrong"], "Autumn 2026")
    assert heading(page) == "This file has a problem"
    assert page.get_by_role("row").last.inner_text().split("\t") == [
        'sheet "Autumn 2026", row 3, column D (year)',
        "14 is out of range: the study says 0 to 6.",
    ]
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download all problems").click()
    assert "14 is out of range" in Path(downloading.value.path()).read_text("utf-8-sig")
    press(page.get_by_role("link", name="Choose the file again"))

    send(page, files["names"], "Autumn 2026")
    assert "which stay in school" in page.get_by_role("main").inner_text()
    press(page.get_by_role("link", name="Choose the file again"))

    send(page, files["right"], "Autumn 2026")
    assert heading(page) == "Check before you import"
    moved = page.get_by_role("region", name="Moved to another school or class")
    assert "s2, class 4 in w1 → 07, class 7x" in moved.inner_text()
    assert "'yes' is kept and 'no' is not used" in page.get_by_role("main").inner_text()
    assert desk.where("w2") == {}
    press(page.get_by_role("button", name="Import roster"))
    assert heading(page) == "Roster"
    assert "1 moved" in page.get_by_role("status").inner_text()
    assert desk.where("w2") == {
        "p1": ("s1", "5a", False),
        "p3": ("07", "7x", False),
        "p8": ("s2", "5", False),
    }

    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download CSV of Autumn 2026").click()
    assert desk.take(Path(downloading.value.path()).read_bytes(), "w2").changes == 0

    send(page, files["right"], "Autumn 2026")
    assert "there is nothing to import" in page.get_by_role("main").inner_text()
    press(page.get_by_role("button", name="Choose another file"))
    assert heading(page) == "Roster"


def test_what_may_be_a_mistake_is_imported_only_once_it_is_ticked(
    desk: Desk, address: str, tmp_path: Path, page: Page
) -> None:
    enter(page, desk, address)
    part = tmp_path / "part.csv"
    part.write_text("participant,school,class\np1,s1,4a\n7,s1,4a\n")
    send(page, part, "Autumn 2025")
    assert accessibility.every_check(page) == []
    left = page.get_by_role("checkbox", name="everyone who is not in it has left")
    codes = page.get_by_role("checkbox", name="These codes are right")
    left.check()
    press(page.get_by_role("button", name="Import roster"))
    assert page.title() == "Error: Check before you import: Small notes – Chorus"
    assert left.is_checked()
    press(page.get_by_role("link", name="Check the codes"))
    expect(codes).to_be_focused()
    assert accessibility.reflow(page) == []
    assert desk.where()["p2"] == ("s1", "4a", False)
    codes.check()
    press(page.get_by_role("button", name="Import roster"))
    assert "1 new in this wave" in page.get_by_role("status").inner_text()
    assert desk.where()["p2"] == ("s1", "4a", True)


def test_the_pages_of_the_roster_are_accessible(desk: Desk, address: str, files: dict[str, Path], page: Page) -> None:
    enter(page, desk, address)
    assert accessibility.every_check(page) == []
    send(page, files["wrong"], "Autumn 2026")
    assert accessibility.every_check(page) == []
    press(page.get_by_role("link", name="Choose the file again"))
    send(page, files["right"], "Autumn 2026")
    assert accessibility.every_check(page) == []


def test_what_is_missing_in_the_form_is_said(desk: Desk, address: str, files: dict[str, Path], page: Page) -> None:
    enter(page, desk, address)
    page.get_by_label("CSV or Excel file").set_input_files(files["right"])
    page.get_by_label("Wave", exact=True).select_option(label="Choose a wave")
    press(page.get_by_role("button", name="Check file"))
    assert page.title().startswith("Error: ")
    press(page.get_by_role("alert").get_by_role("link", name="Choose the wave."))
    expect(page.locator("#wave")).to_be_focused()
