"""A lead's walk from the folder of a study to the first open wave and its first answers, by forms and clicks alone.

Links, what is made of them, and waves are looked at in test_progress.py.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import upgrade
from tests.browser.hand import press, tick
from tests.browser.test_researcher import EMAIL, OWN, choose, heading, sign_in
from tests.pages.small_study import PARENT, PUPIL

STUDY = """
study: small-notes
title: Small notes
arms:
  - {{arm: programme, title: Programme schools}}
  - {{arm: comparison, title: Comparison schools}}
waves:
  - {{wave: w1, title: First autumn, opens: {opens}, closes: {closes}}}
  - {{wave: w2, title: Second autumn, opens: {later}, closes: {latest}}}
facts:
  - {{fact: year, title: Year group, kind: number, min: 0, max: 6, changes: yes}}
fieldwork:
  - {{questionnaire: pupil, audience: pupil, waves: [w1, w2]}}
  - {{questionnaire: parent, audience: parent, waves: [w1]}}
consent:
  - audience: pupil
    decided_by: parent
    basis: opt_out
    sheet: {{version: 1, title: May your child tell us about music?, text: You may say no at any time.}}
retention: {{delete_on: 2100-08-31}}
access: {{tables: [researcher], microdata: [researcher]}}
"""

SCHOOLS = """school,title,arm
s1,Ash Primary,programme
s2,Birch Primary,comparison
"""

ROSTER = """participant,audience,school,class,parent_of,year
p1,pupil,s1,4a,,4
p2,pupil,s1,4a,,4
p3,pupil,s2,4,,{year}
a1,parent,s1,,p1 p2,
"""


@pytest.fixture
def office(tmp_path: Path, serve: Callable[[Any], str]) -> tuple[str, str]:
    """The address of a served app without any study, and a lead's one-time password."""
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    return serve(app), add_user(engine, EMAIL, ["lead"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A zip of a study's folder; its first wave began yesterday."""
    today = datetime.now(UTC).date()
    days = {"opens": today - timedelta(1), "closes": today + timedelta(30)}
    study = STUDY.format(**days, later=today + timedelta(300), latest=today + timedelta(330))
    packed = tmp_path / "study.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in (("study", study), ("pupil", PUPIL), ("parent", PARENT)):
            archive.writestr(f"small-notes/{name}.yaml", text)
    return packed


def section(page: Page, name: str) -> None:
    """Go to a section of the study by its navigation."""
    press(page.get_by_role("navigation", name="Small notes").get_by_role("link", name=name, exact=True))


def step(page: Page, name: str) -> Locator:
    """Go to the overview, and return the line of its checklist."""
    section(page, "Overview")
    return page.get_by_role("region", name="Before the next wave").get_by_role("listitem").filter(has_text=name)


def send(page: Page, name: str, text: str) -> None:
    """Choose a list; the wave that is open stands there already."""
    wave = page.get_by_label("Wave", exact=True)
    assert wave.locator("option:checked").inner_text() == "First autumn"
    file = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    page.get_by_label("CSV or Excel file").set_input_files(file)
    press(page.get_by_role("button", name="Check file"))


def publish(page: Page, folder: Path) -> None:
    press(page.get_by_role("link", name="New study"))
    page.get_by_label("Or a zip of the folder").set_input_files(folder)
    press(page.get_by_role("button", name="Check folder"))
    press(page.get_by_role("button", name="Publish study"))
    assert heading(page) == "Small notes"


def take_lists_in(page: Page) -> None:
    press(step(page, "Schools and roster").get_by_role("link"))
    send(page, "schools.csv", SCHOOLS)
    press(page.get_by_role("button", name="Import roster"))
    assert "2 schools added or changed" in page.get_by_role("status").inner_text()

    send(page, "roster.csv", ROSTER.format(year=14))
    assert heading(page) == "This file has a problem"
    assert page.get_by_role("row").last.inner_text().split("\t") == [
        "row 4, column F (year)",
        "14 is out of range: the study says 0 to 6.",
    ]
    press(page.get_by_role("link", name="Choose the file again"))

    send(page, "roster.csv", ROSTER.format(year=4))
    assert heading(page) == "Check before you import"
    assert "4" in page.get_by_role("region", name="New in this wave").inner_text()
    press(page.get_by_role("button", name="Import roster"))
    assert "4 new in this wave" in page.get_by_role("status").inner_text()


def send_the_sheet_out(page: Page) -> None:
    sheets = step(page, "Information sheets sent out")
    assert "not yet for pupil" in sheets.inner_text()
    press(sheets.get_by_role("link"))
    page.get_by_label("Sent on").fill((datetime.now(UTC).date() - timedelta(7)).isoformat())
    press(page.get_by_role("button", name="Record as sent"))
    assert "recorded as sent" in page.get_by_role("status").inner_text()


def make_a_poster(page: Page) -> None:
    links = step(page, "Links or cards")
    assert "none yet" in links.inner_text()
    press(links.get_by_role("link"))
    form = page.locator("form", has=page.get_by_role("button", name="Make link"))
    assert form.get_by_label("Wave").locator("option:checked").inner_text() == "First autumn"
    form.get_by_label("Questionnaire").select_option("parent")
    press(form.get_by_role("button", name="Make link"))
    assert heading(page) == "Your child and music"
    assert "/j/" in page.locator(".poster .address").inner_text()
    assert "1 open link for First autumn" in step(page, "Links or cards").inner_text()


def personal_links(page: Page, told: str) -> dict[tuple[str, str], str]:
    """Make the personal links, and return the path of each in the downloaded list by study code and questionnaire."""
    section(page, "Links")
    press(page.get_by_role("button", name="Check how many"))
    assert heading(page) == "Personal links"
    assert told in page.get_by_role("main").inner_text()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Make links and download them (.zip)").click()
    together = zipfile.ZipFile(downloading.value.path())
    (name,) = [one for one in together.namelist() if one.endswith(".csv")]
    text = together.read(name).decode("utf-8-sig")
    rows = csv.DictReader(text.splitlines())
    return {(row["participant"], row["questionnaire"]): row["link"].removeprefix("http://localhost") for row in rows}


def answer(page: Page, address: str) -> None:
    """Answer the pupil's questionnaire from its link to its thanks."""
    page.goto(address)
    tick(page.get_by_label("Yes, I will"))
    press(page.locator("main form button:not([name=leave][value=stop])").last)
    while "/q/" in page.url:
        tick(page.get_by_label("A lot", exact=True))
        press(page.locator("main form button:not([name=leave][value=stop])").last)
    assert "/over/" in page.url


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_a_folder_to_the_first_answers(
    office: tuple[str, str], folder: Path, new_page: Callable[..., Page], scripts: bool
) -> None:
    address, password = office
    page = new_page(java_script_enabled=scripts)
    sign_in(page, address, password)
    choose(page, OWN)
    publish(page, folder)
    take_lists_in(page)
    make_a_poster(page)
    assert set(personal_links(page, "1 link will be made")) == {("a1", "parent")}, "no child yet"
    assert "1 open link and 1 personal link for First autumn" in step(page, "Links or cards").inner_text()
    send_the_sheet_out(page)
    links = personal_links(page, "4 links will be made")
    assert {key[0] for key in links} == {"p1", "p2", "p3", "a1"}

    section(page, "Overview")
    assert page.get_by_role("region", name="Before the next wave").count() == 0, "all is done: the wave is open"
    answer(new_page(java_script_enabled=scripts), address + links["p2", "pupil"])

    section(page, "Progress")
    assert page.get_by_label("Wave").locator("option:checked").inner_text() == "First autumn"
    row = page.get_by_role("row", name="Ash Primary").first
    assert [cell.strip() for cell in row.get_by_role("cell").all_inner_texts()[:3]] == ["50.0\xa0%", "1", "2"]

    section(page, "Waves")
    assert "Open" in page.get_by_role("heading", name="First autumn").inner_text()
    assert "Not open yet" in page.get_by_role("heading", name="Second autumn").inner_text()

    section(page, "Activity log")
    done = page.get_by_role("region", name="Entries").inner_text()
    for deed in ("published the study", "imported a roster", "made an open link", "made personal links"):
        assert deed in done, deed
