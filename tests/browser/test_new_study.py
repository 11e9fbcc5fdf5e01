"""An author's walk from an empty folder by its preview to a published study, what is wrong in it said on the way."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from survey.admission import add_user
from survey.app import create_app, create_preview
from survey.config import Settings
from survey.database import upgrade
from tests.browser import accessibility
from tests.browser.hand import press, tap, tick
from tests.browser.test_researcher import EMAIL, OWN, choose, heading, sign_in
from tests.published import SHIPPED as READ

SHIPPED = Path(__file__).parents[2] / "questionnaires"


@pytest.fixture
def office(tmp_path: Path, serve: Callable[[Any], str]) -> tuple[str, str]:
    """The address of a served app without any study, and a lead's one-time password."""
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    return serve(app), add_user(engine, EMAIL, ["lead"])


def zipped(target: Path, change: Callable[[str, str], str]) -> Path:
    """Pack the shipped study, each file's text changed."""
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(SHIPPED.iterdir()):
            archive.writestr(f"questionnaires/{file.name}", change(file.name, file.read_text("utf-8")))
    return target


def write(page: Page, folder: Path, change: Callable[[str, str], str], scripts: bool) -> None:
    """Save the shipped study's files, each changed, as an editor does; the page follows, or is asked to."""
    for file in SHIPPED.iterdir():
        (folder / file.name).write_text(change(file.name, file.read_text("utf-8")), encoding="utf-8")
    if not scripts:
        press(page.get_by_role("link", name="Reload"))


def written_and_seen(page: Page, folder: Path, scripts: bool) -> None:
    """Write a study in an empty folder beside its preview, with a slip on the way, and see its pages."""
    assert "a study needs a file study.yaml" in page.get_by_role("main").inner_text()
    write(page, folder, lambda _, text: text, scripts)
    page.get_by_role("heading", name="First Notes", exact=False).wait_for()
    press(page.get_by_role("link", name="Try out parent in English"))
    tick(page.locator("#assent-yes"))
    press(page.get_by_role("button", name="Continue"))
    first = heading(page)
    write(page, folder, broken, scripts)
    told = page.get_by_role("status").filter(has_text="error in the files")
    told.wait_for()
    assert re.search(r"parent\.yaml:\d+:\d+", told.inner_text())
    assert "aks:" in told.locator("pre").inner_text()
    assert heading(page) == first, "the page is as it was"
    if scripts:
        assert accessibility.every_check(page) == []
    write(page, folder, lambda _, text: text, scripts)
    told.wait_for(state="detached")
    press(page.get_by_role("link", name="All pages"))
    if scripts:
        assert accessibility.every_check(page) == []
    page.get_by_label("Wave").select_option("w1")
    press(page.get_by_role("button", name="Use these facts"))
    press(page.get_by_role("link", name="Each page in all its states"))
    frame = page.frame_locator("iframe").nth(2)
    frame.get_by_role("alert").wait_for()
    if scripts:
        assert accessibility.every_check(page) == []
        page.evaluate(A_FRAME_ABOVE_GROWS)
        assert page.evaluate(accessibility.FOCUSED)["inView"], "what has the focus stays in view"


# Most browsers hold on to what is seen when something above it grows, though not always.
A_FRAME_ABOVE_GROWS = """() => {
  document.documentElement.style.overflowAnchor = 'none';
  const last = [...document.querySelectorAll('h2 a')].at(-1), frame = document.querySelector('iframe');
  last.focus();
  frame.contentDocument.body.style.blockSize = '5000px';
  frame.dispatchEvent(new Event('load'));
}"""


def broken(name: str, text: str) -> str:
    """The slip of a tired evening: a question whose wording is called 'aks'."""
    return text.replace("ask:", "aks:", 1) if name == "parent.yaml" else text


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_a_folder_to_a_published_study(
    office: tuple[str, str],
    serve: Callable[[Any], str],
    new_page: Callable[..., Page],
    tmp_path: Path,
    scripts: bool,
) -> None:
    address, password = office
    page = new_page(java_script_enabled=scripts)
    folder = tmp_path / "study"
    folder.mkdir()
    page.goto(serve(create_preview(folder)))
    written_and_seen(page, folder, scripts)

    sign_in(page, address, password)
    choose(page, OWN)
    assert heading(page) == "Studies"
    press(page.get_by_role("link", name="New study"))

    page.get_by_label("Or a zip of the folder").set_input_files(zipped(tmp_path / "broken.zip", broken))
    press(page.get_by_role("button", name="Check folder"))
    assert heading(page).startswith("This folder has ")
    problems = page.get_by_role("region", name="Problems")
    assert "parent.yaml:" in problems.inner_text()
    assert "'aks'" in problems.inner_text()
    assert page.get_by_role("button", name="Publish study").count() == 0
    if scripts:
        assert accessibility.every_check(page) == []

    press(page.get_by_role("link", name="Choose the folder again"))
    page.get_by_label("The folder", exact=True).set_input_files(folder)
    press(page.get_by_role("button", name="Check folder"))
    assert heading(page) == "Check before you publish"
    assert "2035" in page.get_by_text("The data will be deleted on").locator("..").inner_text()
    assert page.get_by_role("region", name="What publishing does").get_by_text("New", exact=True).count() == len(
        READ.questionnaires
    )
    if scripts:
        assert accessibility.every_check(page) == []

    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Preview the pages of parent in English").click()
    preview = opening.value
    assert heading(preview) == "After the performance"
    tap(preview.get_by_text("Let colleagues try it out"))
    assert "/try/" in preview.locator(".address").inner_text()
    if scripts:
        assert accessibility.every_check(preview) == []
    preview.close()

    press(page.get_by_role("button", name="Publish study"))
    assert heading(page).startswith("First Notes")
    steps = page.get_by_role("region", name="Before the next wave").get_by_role("listitem")
    assert "Done" in steps.filter(has_text="Questionnaires published").inner_text()
    assert "To do" in steps.filter(has_text="Schools and roster").inner_text()
    press(steps.filter(has_text="Schools and roster").get_by_role("link"))
    assert page.url.endswith("/office/studies/first-notes/roster")


def test_its_pages_are_accessible_and_the_audit_narrows_down(
    office: tuple[str, str], page: Page, tmp_path: Path
) -> None:
    address, password = office
    sign_in(page, address, password)
    choose(page, OWN)
    page.goto(f"{address}/office/new-study")
    assert accessibility.every_check(page) == []
    page.get_by_label("Or a zip of the folder").set_input_files(zipped(tmp_path / "good.zip", lambda _, text: text))
    press(page.get_by_role("button", name="Check folder"))
    press(page.get_by_role("button", name="Publish study"))
    for page_name in ("studies/first-notes/retention", "studies/first-notes"):
        page.goto(f"{address}/office/{page_name}")
        assert accessibility.every_check(page) == [], page_name
    press(page.get_by_role("navigation", name="First Notes").get_by_role("link", name="Activity log"))
    assert heading(page) == "Activity log"
    assert accessibility.every_check(page) == []
    page.get_by_label("What", exact=True).select_option("published the study")
    press(page.get_by_role("button", name="Show"))
    row = page.get_by_role("region", name="Entries").get_by_role("row").nth(1)
    assert EMAIL in row.inner_text()
    assert "published the study: first-notes" in row.inner_text()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download as CSV").click()
    assert downloading.value.suggested_filename.startswith("first-notes-audit-")


def test_what_is_sent_without_a_choice_is_said_at_its_field(office: tuple[str, str], page: Page) -> None:
    address, password = office
    sign_in(page, address, password)
    choose(page, OWN)
    page.goto(f"{address}/office/new-study")
    press(page.get_by_role("button", name="Check folder"))
    assert page.title().startswith("Error: ")
    assert "Choose a folder" in page.get_by_role("alert").inner_text()
    press(page.get_by_role("alert").get_by_role("link"))
    expect(page.locator("#files")).to_be_focused()
