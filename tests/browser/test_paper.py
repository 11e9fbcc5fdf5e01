"""Paper in a real browser: sheets that come out of the printer whole, and two people who key one of them."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from survey.app import create_app
from survey.config import Settings
from survey.definition.reading import read_folder
from survey.paper.layout import sheets_of
from survey.paper.printing import Papers, Printed
from survey.paper.printing import page as to_print
from tests.browser import accessibility
from tests.browser.hand import press
from tests.paper.study import CODE, FULL, OnPaper, lay_out
from tests.published import FOLDER

SHIPPED = read_folder(FOLDER).questionnaires
CASES = [(name, language) for name, asked in SHIPPED.items() for language in asked.languages]
A4 = (595, 842)
"""Points."""


def printed(name: str, language: str, large: bool, copies: int = 2) -> tuple[str, int]:
    """Return papers as a file, and of how many sheets they are."""
    sheets = sheets_of(SHIPPED[name], language, {"year": 6}, large)
    papers = tuple(Printed(f"ravo kimu bad{at}", sheets, f"P00{at}", "Ash Primary") for at in range(copies))
    return to_print(Papers(sheets.questionnaire, language, "0" * 64, {}, papers)), copies * len(sheets.sheets)


def page_sizes(pdf: Path) -> list[tuple[int, int]]:
    """Return the size of each page of a PDF, in points."""
    if shutil.which("pdfinfo"):
        said = subprocess.run(["pdfinfo", "-l", "999", str(pdf)], capture_output=True, text=True, check=True).stdout
        found = re.findall(r"Page +\d+ size: +([\d.]+) x ([\d.]+)", said)
    else:
        found = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf.read_bytes())
    return [(round(float(wide)), round(float(high))) for wide, high in found]


@pytest.mark.parametrize(("name", "language"), CASES)
@pytest.mark.parametrize("large", [False, True], ids=["usual", "large"])
def test_every_sheet_is_one_page_of_a4_with_its_code_and_no_text_of_large_print_is_small(
    page: Page, tmp_path: Path, name: str, language: str, large: bool
) -> None:
    html, sheets = printed(name, language, large)
    (tmp_path / "papers.html").write_text(html, encoding="utf-8")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "papers.html").as_uri())
    assert all(url.startswith(("file:", "data:")) for url in asked)
    pdf = tmp_path / "papers.pdf"
    page.pdf(path=str(pdf), prefer_css_page_size=True)
    assert page_sizes(pdf) == [A4] * sheets, "a sheet did not fit on its page, or was split"
    if shutil.which("pdftotext"):
        text = subprocess.run(
            ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True
        ).stdout
        pages = text.split("\f")[:sheets]
        half = sheets // 2
        assert all("ravo kimu bad0" in one for one in pages[:half])
        assert all("ravo kimu bad1" in one for one in pages[half:])
    page.emulate_media(media="print")
    small = page.evaluate(TOO_SMALL)
    assert (small == []) is large, small


TOO_SMALL = """() => [...document.querySelectorAll('.sheet *')]
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .filter(e => parseFloat(getComputedStyle(e).fontSize) < 23.9)
  .map(e => e.className + ': ' + e.textContent.trim().slice(0, 40))"""
"""What has less than 18 points."""


# ---- keying --------------------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path: Path, serve: Callable[[Any], str]) -> tuple[str, OnPaper]:
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")
    app = create_app(settings)
    (tmp_path / "study").mkdir()
    return serve(app), lay_out(app.extensions["chorus"].engine, settings, tmp_path / "study")


def come_in(page: Page, address: str, email: str, password: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    press(page.get_by_role("main").get_by_role("button", name="Sign in"))
    page.get_by_label("New password", exact=True).fill("three words in a row")
    page.get_by_label("New password again").fill("three words in a row")
    press(page.get_by_role("button", name="Save password"))
    page.goto(f"{address}/office/studies/{CODE}/paper")


def type_through(page: Page, typed: dict[str, str]) -> None:
    """Enter a form as a practised keyer does: Tab from field to field, Enter at the end, never the mouse."""
    fields = page.locator("form.keyer input:not([type=hidden]), form.keyer textarea")
    names = [fields.nth(at).get_attribute("name") or "" for at in range(fields.count())]
    fields.first.focus()
    for name in names:
        assert page.evaluate("document.activeElement.name") == name
        page.keyboard.type(typed.get(name, ""))
        if name != names[-1]:
            page.keyboard.press("Tab")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_two_people_key_a_paper_settle_a_difference_and_it_is_in_the_export(
    office: tuple[str, OnPaper], new_page: Callable[..., Page], tmp_path: Path, scripts: bool
) -> None:
    address, study = office
    ann, ben = new_page(), new_page(java_script_enabled=scripts)
    come_in(ann, address, "ann@uni.org", study.passwords["ann@uni.org"])
    come_in(ben, address, "ben@uni.org", study.passwords["ben@uni.org"])

    # Ann prints a paper for one child, and reads its code off it.
    press(ann.get_by_role("link", name="Print forms"))
    ann.get_by_label("Questionnaire").select_option("pupil")
    ann.get_by_label("Only for these study codes").fill("P002")
    press(ann.get_by_role("button", name="Make forms"))
    assert ann.get_by_role("heading", level=1).inner_text() == "Music and me: 1 form to print"
    code = ann.locator(".foot .code").first.inner_text()

    # She keys it when it comes back.
    ann.goto(f"{address}/office/studies/{CODE}/paper")
    ann.get_by_label("Code at the foot of the sheet").fill(code)
    press(ann.get_by_role("button", name="Continue"))
    type_through(ann, FULL)
    assert "Saved. A second person now has to enter this form." in ann.get_by_role("status").inner_text()

    # Ben reads one number differently.
    ben.get_by_label("Code at the foot of the sheet").fill(code)
    press(ben.get_by_role("button", name="Continue"))
    for name, text in (FULL | {"q_songs": "17"}).items():
        ben.locator(f"[name={name}]").fill(text)
    press(ben.get_by_role("button", name="Save entry"))
    assert ben.get_by_role("heading", level=1).inner_text() == "Differences"
    group = ben.get_by_role("group", name="5 How many songs do you know?")
    group.get_by_role("radio").nth(1).check()
    press(ben.get_by_role("button", name="Store answers"))
    assert ben.get_by_role("status").inner_text() == "Resolved. The answers are stored."

    ben.goto(f"{address}/office/studies/{CODE}/downloads")
    with ben.expect_download() as downloading:
        ben.get_by_role("link", name="Download CSV files").click()
    downloading.value.save_as(tmp_path / "data.zip")
    with zipfile.ZipFile(tmp_path / "data.zip") as archive:
        name = next(name for name in archive.namelist() if "pupil" in name and "codes" in name)
        (row,) = csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")))
    assert (row["participant"], row["mode"], row["songs"]) == ("P002", "paper", "17")
    assert (row["sing_enjoy"], row["places_1"], row["places_2"], row["instrument_other"]) == ("5", "1", "1", "banjo")


def test_the_pages_of_paper_pass_every_check(office: tuple[str, OnPaper], new_page: Callable[..., Page]) -> None:
    address, study = office
    page = new_page()
    come_in(page, address, "ann@uni.org", study.passwords["ann@uni.org"])
    faults = {"papers": accessibility.every_check(page)}
    home = page.url
    page.goto(f"{home}/print")
    faults["print"] = accessibility.every_check(page)
    code = study.print(participants=["P001"]).papers[0].code
    page.goto(home)
    page.get_by_label("Code at the foot of the sheet").fill(code)
    press(page.get_by_role("button", name="Continue"))
    faults["key"] = accessibility.every_check(page)
    page.locator("[name=q_songs]").fill("999")
    press(page.get_by_role("button", name="Save entry"))
    faults["key with faults"] = accessibility.every_check(page)
    for name, text in FULL.items():
        page.locator(f"[name={name}]").fill(text)
    press(page.get_by_role("button", name="Save entry"))
    ben = new_page()
    come_in(ben, address, "ben@uni.org", study.passwords["ben@uni.org"])
    ben.get_by_label("Code at the foot of the sheet").fill(code)
    press(ben.get_by_role("button", name="Continue"))
    for name, text in (FULL | {"q_songs": "17", "date": ""}).items():
        ben.locator(f"[name={name}]").fill(text)
    press(ben.get_by_role("button", name="Save entry"))
    faults["settle"] = accessibility.every_check(ben)
    ben.goto(home)
    faults["papers, one to settle"] = accessibility.every_check(ben)
    assert {name: found for name, found in faults.items() if found} == {}
