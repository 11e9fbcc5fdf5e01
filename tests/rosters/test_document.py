"""docs/rosters.md is true: its files are imported, in their order, and what it says of them happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from survey.database import Engine
from survey.fieldwork.publishing import publish_folder
from survey.fieldwork.roster import RosterPreview, look
from survey.fieldwork.roster.identifiers import is_upn
from survey.fieldwork.roster.importing import ImportChoices
from survey.fieldwork.roster.tables import MOST_COLUMNS, MOST_PROBLEMS, SentFile
from survey.tables.limits import (
    LARGEST_FILE,
    LARGEST_UNPACKED,
    LONGEST_CELL,
    MOST_CELLS,
    MOST_CHARACTERS,
    MOST_ROWS,
    MOST_SHEETS,
)
from tests.rosters.small_field import NOW, import_roster, settings_in

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "rosters.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```csv (\S+)\n(.+?)^```$", TEXT, re.M | re.S))


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    publish_folder(engine, ROOT / "questionnaires", NOW)
    return tmp_path


def test_the_files_of_the_document_are_taken_in_and_do_what_it_says(engine: Engine, folder: Path) -> None:
    def take(name: str, wave: str | None, correct: bool = False) -> RosterPreview:
        data = FILES[name].encode()
        settings = settings_in(folder)
        return import_roster(
            engine, settings, "first-notes", wave, SentFile(data, name), NOW, ImportChoices(correct=correct)
        )

    assert len(take("schools.csv", None).schools) == 3
    assert [change.what for change in take("school-facts.csv", None).schools] == [
        (
            "size: nothing → 312",
            "fsm_share: nothing → 27",
            "earlier_results: nothing → 61",
            "intensity: nothing → full",
        ),
        ("size: nothing → 298", "fsm_share: nothing → 25", "earlier_results: nothing → 64"),
    ]
    assert [change.code for change in take("roster-w1.csv", "w1").added] == [
        "p0001",
        "p0002",
        "p0003",
        "a0001",
        "t0001",
    ]
    second = take("roster-w2.csv", "w2")
    assert [change.code for change in second.moved] == ["p0003"]
    assert [change.code for change in second.added] == ["p0001", "p0004"]
    assert [change.code for change in second.not_here] == ["p0002"]
    assert ["'no' is kept and 'yes' is not used" in str(note) for note in second.notes] == [True]
    assert take("roster-w2.csv", "w2", correct=True).corrected == 1


def test_a_file_of_the_document_with_names_would_be_refused(engine: Engine, folder: Path) -> None:
    named = FILES["roster-w1.csv"].replace("sex", "first name")
    preview = look(engine, settings_in(folder), "first-notes", "w1", SentFile(named.encode(), "roster.csv"))
    assert any("which stay in school" in str(problem) for problem in preview.problems)


def test_its_figures_and_its_pupil_number_are_right() -> None:
    assert f"{LARGEST_FILE // 1024 // 1024} MB" in TEXT.replace("\n", " ")
    assert f"{MOST_ROWS:,} rows" in TEXT
    said = TEXT.replace("\n", " ")
    for limit in (
        f"{MOST_COLUMNS} columns",
        f"{MOST_CELLS // 10**6} million cells",
        f"{LONGEST_CELL:,} characters in a cell and {MOST_CHARACTERS // 10**6} million in all",
        f"{MOST_SHEETS} sheets",
        f"unpack to {LARGEST_UNPACKED // 1024 // 1024} MB",
        f"After {MOST_PROBLEMS} problems",
    ):
        assert limit in said
    assert is_upn(re.findall(r"first-notes:(\w+)", TEXT)[0])
