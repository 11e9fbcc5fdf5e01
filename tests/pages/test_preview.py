"""`survey preview`: the pages of a folder while its author writes it, without a database, and what is wrong on the page."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.faults import free_port
from survey.app import create_preview
from survey.cli import main
from survey.definition.checking import check
from tests.pages.small_study import PARENT, PUPIL, STUDY
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words
from tests.pages.walker import Walker

WELSH = """
questionnaire: pupil
language: cy
reviewed: yes
title: Cerddoriaeth a fi
questions:
  sing_enjoy: {ask: "Wyt ti'n hoffi canu gyda dy ddosbarth {roster.year|}?"}
"""
LATER = "      - {question: more, kind: yes_no, ask: Do you play at home?, when: {roster.year: {at_least: 5}}}\nscales:"
ASKED = PUPIL.replace("scales:", LATER)


class Author:
    """Someone with an editor and a browser. Each save has a time of its own, as it has where people type."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client: StrictClient = strict_client(create_preview(folder))
        self._saves = 0

    def save(self, **files: str) -> None:
        for name, text in files.items():
            path = self.folder / f"{name.replace('_', '.')}.yaml"
            path.write_text(text, encoding="utf-8")
            self._saves += 1
            os.utime(path, (1_000_000_000 + self._saves,) * 2)

    def reads(self, address: str) -> str:
        return words(look_at(self.client.get(address)))


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


def test_an_empty_folder_says_what_to_add_and_then_fills(author: Author) -> None:
    assert "a study needs a file study.yaml, and this folder has none" in author.reads("/")
    assert "Add a file such as pupil.yaml" in author.reads("/")
    before = author.client.get("/changed").text
    author.save(study=STUDY, pupil=ASKED, parent=PARENT)
    assert author.client.get("/changed").text != before, "which is what the page asks each second"
    page = look_at(author.client.get("/"))
    assert heading(page) == "Small notes"
    links = {link.get("href") for link in page.iter("a")}
    assert {"/try/pupil.en", "/try/pupil.en/pages", "/try/parent.en"} <= links
    walker = Walker(author.client).open("/try/pupil.en").post({"assent": "yes"})
    assert walker.heading == "How much do you like singing with your class?"
    assert "Try-out: nothing is saved" in words(walker.page)


def test_an_error_is_on_the_page_with_its_place_and_line_in_the_words_of_the_checker(author: Author) -> None:
    author.save(study=STUDY, pupil=ASKED, parent=PARENT)
    walker = Walker(author.client).open("/try/pupil.en").post({"assent": "yes"})
    second = walker.post({"q_sing_enjoy": "4"}).address
    author.save(pupil=ASKED.replace("ask: How much do you like playing", "aks: How much do you like playing"))
    (problem,) = check(author.folder / "pupil.yaml")
    for address in (second, "/try/pupil.en/pages", "/"):
        said = author.reads(address)
        assert f"pupil.yaml:{problem.line}:{problem.column}" in said
        assert "aks: How much do you like playing music?" in said, "the line itself"
        assert problem.message in said
    assert re.search(r"as the files were at \d\d:\d\d, when they could be read last", author.reads(second))
    assert heading(look_at(author.client.get(second))) == "How much do you like playing music?"
    author.save(pupil=ASKED.replace("like playing music", "like to play music"))
    assert walker.open(second).heading == "How much do you like to play music?"
    assert "pupil.yaml:" not in words(walker.page)
    kept = walker.open(second.replace("play_enjoy", "sing_enjoy")).chosen()
    assert kept["q_sing_enjoy"] == "4", "an answer that can still be given stays, so that the way goes on"


def test_what_could_not_be_read_yet_cannot_be_shown_and_the_others_can(author: Author) -> None:
    author.save(study=STUDY, pupil=PUPIL.replace("kind: faces", "kind: fases", 1), parent=PARENT)
    said = author.reads("/")
    assert "pupil.yaml It cannot be shown until its errors are corrected." in said
    assert "'fases'" in said
    assert author.client.get("/try/pupil.en").location == "/"
    assert "We ask you about the concert." in author.reads("/try/parent.en")


def test_a_language_that_is_half_translated_is_shown_and_what_is_missing_is_said(author: Author) -> None:
    author.save(
        study=STUDY, parent=PARENT, pupil=PUPIL.replace("languages: en", "languages: [en, cy, pl]"), pupil_cy=WELSH
    )
    assert "Not translated yet: Polski" in author.reads("/")
    walker = Walker(author.client).open("/try/pupil.cy").post({"assent": "yes"})
    assert walker.heading == "How much do you like singing with your class?", "its words cannot be used: no fallback"
    author.save(pupil_cy=WELSH.replace(" {roster.year|}", ""))
    assert walker.open(walker.address).heading == "Wyt ti'n hoffi canu gyda dy ddosbarth?"
    assert "Cerddoriaeth a fi" in (walker.page.findtext("head/title") or "")
    page = look_at(author.client.get("/try/pupil.cy/languages"))
    rows = [[" ".join("".join(cell.itertext()).split()) for cell in row] for row in page.iter("tr")]
    assert ["title", "Music and me", "Cerddoriaeth a fi", "Not translated yet"] in rows
    assert ["enjoy5 1", "Not at all"] not in rows
    assert ["1", "Not at all", "Not translated yet", "Not translated yet"] in rows
    assert {cell.get("lang") for cell in page.iter("td")} == {"en-GB", "cy", None}


def test_one_file_is_previewed_by_itself(author: Author) -> None:
    author.save(study=STUDY, pupil=PUPIL, parent=PARENT.replace("title:", "titel:", 1))
    client = strict_client(create_preview(author.folder / "pupil.yaml"))
    said = words(look_at(client.get("/")))
    assert "Music and me" in said
    assert "parent" not in said
    refused = CliRunner().invoke(main, ["preview", str(author.folder / "study.yaml")])
    assert refused.exit_code == 1
    assert "study.yaml is not a questionnaire. Please give the folder of the study" in refused.output


@pytest.mark.slow
def test_the_command_serves_the_folder_until_it_is_stopped(author: Author) -> None:
    author.save(study=STUDY, pupil=PUPIL, parent=PARENT)
    port = free_port()
    command = [sys.executable, "-c", "from survey.cli import main; main()", "preview", str(author.folder)]
    process = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Open http://127.0.0.1:{port}/  (stop with Ctrl-C)\n"
        page = _asked(port)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert "Small notes" in page
    assert sorted(path.name for path in author.folder.iterdir()) == ["parent.yaml", "pupil.yaml", "study.yaml"]


def _asked(port: int) -> str:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as reply:
                return str(reply.read().decode())
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
