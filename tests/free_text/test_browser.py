"""In a real browser: the child's box in four languages, the reader's page, and the page for answers from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import upgrade
from tests.browser.accessibility import every_check
from tests.browser.hand import press
from tests.free_text.study import SAM, make_study
from tests.free_text.test_pages import finish
from tests.intake.field import table
from tests.pages.test_account import OWN
from tests.pages.walker import Walker

TALK = {
    "en": "If something makes you sad, tell a grown-up you trust.",
    "cy": "Os wyt ti’n drist, dywed wrth oedolyn rwyt ti’n ymddiried ynddo.",
    "pl": "Jeśli coś cię smuci, powiedz o tym dorosłemu, któremu ufasz.",
    "ur": "اگر کوئی بات آپ کو اداس کرے تو کسی بڑے کو بتائیں جس پر آپ کو بھروسا ہو۔",
}
FOUR = f"""
questionnaire: pupil
version: 1
title: Music and me
audience: pupil
reader: {{age: 8}}
languages: [en, cy, pl, ur]
thanks: Thank you.
free_text: {{read: no, talk_to: "{TALK["en"]}"}}
assent: {{ask: Do you want to?, yes: "Yes", no: "No", declined: That is fine.}}
pages:
  - page: music
    questions:
      - {{question: song, kind: short_text, ask: Which song do you like?}}
"""
WORDS = {
    "cy": (
        "Cerddoriaeth a fi",
        "Diolch.",
        "Wyt ti eisiau?",
        "Ydw",
        "Nac ydw",
        "Popeth yn iawn.",
        "Pa gân wyt ti’n ei hoffi?",
    ),
    "pl": ("Muzyka i ja", "Dziękujemy.", "Czy chcesz?", "Tak", "Nie", "W porządku.", "Jaką piosenkę lubisz?"),
    "ur": ("موسیقی اور میں", "شکریہ۔", "کیا آپ چاہتے ہیں؟", "ہاں", "نہیں", "ٹھیک ہے۔", "آپ کو کون سا گانا پسند ہے؟"),
}


def translation(language: str) -> str:
    title, thanks, ask, yes, no, declined, song = WORDS[language]
    return f"""
questionnaire: pupil
language: {language}
reviewed: no
title: "{title}"
thanks: "{thanks}"
free_text: {{talk_to: "{TALK[language]}"}}
assent: {{ask: "{ask}", "yes": "{yes}", "no": "{no}", declined: "{declined}"}}
questions:
  song: {{ask: "{song}"}}
"""


@pytest.fixture
def site(tmp_path: Path) -> tuple[Flask, Settings]:
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")
    app = create_app(settings)
    upgrade(app.extensions["chorus"].engine)
    return app, settings


@pytest.mark.parametrize("language", TALK)
def test_a_child_reads_whom_to_talk_to_in_their_language(
    site: tuple[Flask, Settings], tmp_path: Path, language: str, page: Page, serve: Callable[[Any], str]
) -> None:
    app, _ = site
    folder = tmp_path / "study"
    folder.mkdir()
    for other in WORDS:
        (folder / f"pupil.{other}.yaml").write_text(translation(other), encoding="utf-8")
    door = make_study(app.extensions["chorus"].engine, folder, pupil=FOUR)["pupil"]
    base = serve(app)
    page.goto(f"{base}/j/{door.token}")
    page.goto(f"{base}/welcome?language={language}")
    page.locator("[name=assent][value=yes]").check(force=True)
    press(page.locator("main form button:not([name=leave][value=stop])").last)
    box = page.get_by_role("textbox")
    assert TALK[language] in page.locator("#hint").inner_text()
    assert page.locator("fieldset").get_attribute("aria-describedby") == "hint"
    faults = every_check(page)
    assert faults == []
    box.fill("la la la")
    press(page.locator("main form button:not([name=leave][value=stop])").last)
    assert TALK[language] in page.locator("main").inner_text()


def test_the_readers_page_and_the_page_for_answers(
    site: tuple[Flask, Settings], tmp_path: Path, page: Page, serve: Callable[[Any], str]
) -> None:
    app, _ = site
    engine = app.extensions["chorus"].engine
    doors = make_study(engine, tmp_path / "study")
    finish(Walker(app.test_client()), doors["pupil"])
    password = add_user(engine, SAM, ["lead"], study="listening")
    base = serve(app)
    page.goto(f"{base}/office/sign-in")
    page.fill("#email", SAM)
    page.fill("#password", password)
    press(page.locator("main form button:not([name=leave][value=stop])"))
    page.fill("#new", OWN)
    page.fill("#again", OWN)
    press(page.locator("main form button:not([name=leave][value=stop])"))
    press(page.get_by_role("link", name="Texts to read"))
    assert every_check(page) == []
    press(page.get_by_role("button", name="Passed on"))
    assert "There is nothing to read." in page.locator("main").inner_text()
    page.goto(f"{base}/office/studies/listening/answers")
    assert every_check(page) == []
    file = tmp_path / "codes.csv"
    file.write_bytes(table({"school": "s1", "best": "The song"}))
    page.select_option("#questionnaire", "parent")
    page.select_option("#wave", "w1")
    page.set_input_files("#file", str(file))
    press(page.get_by_role("button", name="Check file"))
    assert every_check(page) == []
    press(page.get_by_role("button", name="Import answers"))
    assert "1 response added" in page.get_by_role("status").inner_text()
