"""A coordinator's walk in a real browser: sees the own school only, ticks two who are absent, takes who to remind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import upgrade
from survey.progress import Outcome
from tests.browser import accessibility
from tests.browser.hand import press, tick
from tests.browser.test_researcher import OWN, choose, heading
from tests.progress.every_outcome import CODE, PUPILS, make

MINE = [pupil for pupil in PUPILS if pupil.school == "s1"]


@pytest.fixture
def office(tmp_path: Path, serve: Callable[[Any], str]) -> Callable[[str, str | None], tuple[str, str, str]]:
    """office(role, school) -> address of the served study of every outcome, and an account's address and password."""
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    make(engine, tmp_path / "study")
    address = serve(app)

    def account(role: str, school: str | None) -> tuple[str, str, str]:
        email = f"{role}@school.org"
        return address, email, add_user(engine, email, [role], study=CODE, school=school)

    return account


def enter(page: Page, address: str, email: str, password: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    press(page.get_by_role("main").get_by_role("button", name="Sign in"))
    choose(page, OWN)


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_coordinator_ticks_two_and_takes_who_to_remind(
    office: Callable[..., tuple[str, str, str]], new_page: Callable[..., Page], tmp_path: Path, scripts: bool
) -> None:
    page = new_page(java_script_enabled=scripts)
    enter(page, *office("coordinator", "s1"))
    assert heading(page) == "Small notes"
    press(page.get_by_role("link", name="See progress"))
    page.get_by_label("Wave").select_option(label="Autumn 2026")
    press(page.get_by_role("button", name="Show"))
    table = page.get_by_role("region", name="response rates")
    cells = table.get_by_role("row", name="Ash Primary").get_by_role("cell").all_inner_texts()
    assert cells[2] == str(len(MINE)), "everyone who was asked"
    assert page.get_by_text("Birch Primary").count() == page.get_by_text("Comparison").count() == 0

    press(table.get_by_role("link", name="Ash Primary"))
    press(page.get_by_role("link", name="Record reasons for not answering"))
    free = [pupil.code for pupil in MINE if pupil.outcome is Outcome.NOT_STARTED][:2]
    for code in free:
        tick(page.get_by_label(code, exact=True))
    press(page.get_by_role("button", name="Save reasons"))
    assert "Choose a reason." in page.get_by_role("alert").inner_text()
    assert page.get_by_label(free[0], exact=True).is_checked(), "what was ticked stays ticked"
    page.get_by_label("Reason for the people ticked").select_option(label="Absent")
    press(page.get_by_role("button", name="Save reasons"))
    assert page.get_by_role("status").inner_text() == "Saved for 2 participants."
    for code in free:
        assert "Absent" in page.get_by_role("row", name=code).inner_text()

    press(page.get_by_role("link", name="Progress of Ash Primary"))
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download reminder list (.xlsx)").click()
    file = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(file)
    rows = list(openpyxl.load_workbook(file).active.iter_rows(values_only=True, min_row=2))
    still = {Outcome.NOT_STARTED, Outcome.UNDER_WAY, Outcome.ABSENT}
    assert {row[0] for row in rows} == {pupil.code for pupil in MINE if pupil.outcome in still}
    assert {row[0] for row in rows if row[5] == "was absent"} >= set(free)

    page.goto(f"{page.url.partition('?')[0]}?wave=w2&school=s2")
    assert heading(page) == "There is no page here"


ON_A_PHONE = ("progress?wave=w2", "progress/missing?wave=w2&school=s1", "questionnaires/parent/3", "links")
"""A table, a table with a form, the pages of a questionnaire, and forms, each with the menu that opens on a phone."""


def test_the_pages_are_accessible(office: Callable[..., tuple[str, str, str]], new_page: Callable[..., Page]) -> None:
    page = new_page(viewport={"width": 1280, "height": 900})
    address, email, password = office("lead", None)
    enter(page, address, email, password)
    study = f"{address}/office/studies/{CODE}"
    for place in (
        "progress?wave=w2",
        "progress?wave=all&by=arm",
        "progress?wave=w2&school=s1",
        "progress/missing?wave=w2&school=s1",
        "waves",
        "questionnaires",
        "questionnaires/parent/3",
        "downloads",
        "links",
    ):
        page.goto(f"{study}/{place}")
        assert accessibility.every_check(page) == [], place
        if place in ON_A_PHONE:  # every check goes to the other sizes itself, but for axe
            assert accessibility.in_size(page, accessibility.PHONE, accessibility.axe) == [], place
    press(page.get_by_role("button", name="Make link"))
    assert page.locator("svg.qr").first.is_visible()
    assert accessibility.every_check(page) == []
    press(page.get_by_role("link", name="Back to the links"))
    press(page.get_by_role("link", name="End link 1"))
    assert accessibility.every_check(page) == []
    press(page.get_by_role("button", name="End this link"))
    page.get_by_label("Wave").last.select_option("w2")
    press(page.get_by_role("button", name="Check how many"))
    assert "40 links will be made" in page.get_by_role("main").inner_text()
    assert accessibility.every_check(page) == []
