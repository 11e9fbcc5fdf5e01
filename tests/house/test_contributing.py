"""CONTRIBUTING.md names what is there: every folder of tests, and everything a kind of question can say of itself."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel

from survey.question import Question

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def chapter(title: str) -> str:
    """Return the text between a heading and the next of its level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)
    assert found, f"CONTRIBUTING.md has no chapter called {title}"
    return found[1]


def test_every_folder_of_tests_is_in_the_table_and_no_other() -> None:
    named = set(re.findall(r"^\| tests/(\w+)/ \|", chapter("The tests"), re.M))
    there = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    assert named == there


def test_everything_a_kind_can_say_of_itself_is_named_and_nothing_else() -> None:
    said = {
        name
        for row in re.findall(r"^\| [\w ,]+ \| (.+?) \|", chapter("How to add a kind of question"), re.M)
        for name in re.findall(r"`(\w+)`", row)
    }
    contract = {name for name in vars(Question) if not name.startswith("_")} - set(dir(BaseModel))
    written_in_yaml = set(Question.model_fields)
    assert said == contract - written_in_yaml - {"model_config"}
