"""A researcher waits for a large workbook: the page tells how far it is, and the file comes by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import upgrade
from survey.export.downloads import DOWNLOAD
from survey.jobs.asking import Jobs
from survey.jobs.job import JobKind
from survey.pages.office import downloads
from survey.pages.store import Store
from tests.browser import accessibility
from tests.browser.hand import press
from tests.browser.test_researcher import EMAIL, OWN, choose, heading, sign_in
from tests.jobs.pieces import LONG, Pieces
from tests.pages.small_study import make_study


@pytest.fixture
def pieces() -> Iterator[Pieces]:
    """What the workbook is made of; the test says when it goes on."""
    pieces = Pieces(told=(3200, 12000))
    yield pieces
    pieces.go_on.set()


@pytest.fixture
def office(
    tmp_path: Path, serve: Callable[[Any], str], pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str]:
    """The address of a served app with the small study, and a researcher's one-time password."""
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    (tmp_path / "study").mkdir()
    make_study(engine, tmp_path / "study")
    kind = JobKind(DOWNLOAD.name, ("pieces made", "sheets written"), pieces.make, keep=timedelta(hours=1))
    app.extensions["chorus"] = Store(engine, settings, Jobs(settings, engine, [kind]))
    monkeypatch.setattr(downloads, "PATIENCE", 0.01)
    return serve(app), add_user(engine, EMAIL, ["researcher"])


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_page_says_how_far_the_workbook_is_and_then_it_downloads_by_itself(
    office: tuple[str, str], new_page: Callable[..., Page], pieces: Pieces, tmp_path: Path, scripts: bool
) -> None:
    address, password = office
    page = new_page(java_script_enabled=scripts)
    page.set_default_timeout(LONG * 1000)
    sign_in(page, address, password)
    choose(page, OWN)
    page.goto(f"{address}/office/studies/small-notes/downloads")
    press(page.get_by_role("link", name="Download workbook (.xlsx)"))
    assert heading(page) == "Preparing the workbook"
    page.get_by_text("3,200 of 12,000").wait_for()
    bar = page.get_by_label("Pieces made")
    assert (bar.get_attribute("value"), bar.get_attribute("max")) == ("3200", "12000")
    with page.expect_download() as downloading:
        pieces.go_on.set()
    file = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(file)
    assert file.read_bytes() == b"what was made, answer 4711"
    assert heading(page) == "The workbook is ready"
    with page.expect_download() as again:
        page.get_by_role("link", name="Download workbook (.xlsx)").click()
    assert again.value.suggested_filename == file.name, "who missed it has a minute"
    assert len(pieces.made) == 1


def check(page: Page) -> list[str]:
    """Every check where the page is wide, and again on a phone what does not go to the other sizes itself."""
    on_a_phone = (accessibility.axe, accessibility.keyboard_walk, accessibility.forced_colours)
    return accessibility.every_check(page) + accessibility.in_size(page, accessibility.PHONE, *on_a_phone)


def test_the_pages_of_a_download_are_accessible(
    office: tuple[str, str], new_page: Callable[..., Page], pieces: Pieces
) -> None:
    address, password = office
    page = new_page(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page.set_default_timeout(LONG * 1000)
    sign_in(page, address, password)
    choose(page, OWN)
    page.goto(f"{address}/office/studies/small-notes/downloads")
    press(page.get_by_role("link", name="Download workbook (.xlsx)"))
    page.get_by_text("3,200 of 12,000").wait_for()
    assert check(page) == []
    with page.expect_download():
        pieces.go_on.set()
    page.get_by_role("heading", level=1, name="The workbook is ready").wait_for()
    assert page.get_by_role("status").inner_text() == "The workbook is ready"
    assert check(page) == []
    page.goto(f"{address}/office/studies/small-notes/data.csv/progress")
    assert heading(page) == "There is no file here any more"
    assert check(page) == []
