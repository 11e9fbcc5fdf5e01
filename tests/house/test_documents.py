"""What people read about Chorus is true: links lead somewhere, commands and targets exist."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from survey.cli import main

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def commands_in(document: Path) -> list[list[str]]:
    """Return the `survey ...` lines of a document, as the shell would split them."""
    text = document.read_text(encoding="utf-8")
    lines = re.findall(r"^(?:    |\t)(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?survey (.+)$", text, re.M)
    return [shlex.split(line.split(" > ")[0], comments=True) for line in lines]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(document: Path) -> None:
    targets = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in targets if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_make_targets_exist(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"(?:^    |`)make ([a-z]+)", document.read_text(encoding="utf-8"), re.M)
    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.M)] == []


def test_the_readme_shows_the_main_commands() -> None:
    shown = {words[0] for words in commands_in(ROOT / "README.md")}
    assert {"check", "schema", "score", "export", "publish", "serve"} <= shown


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_exist_with_the_options_shown(document: Path) -> None:
    for words in commands_in(document):
        command: click.Command = main
        while isinstance(command, click.Group) and (words or not command.invoke_without_command):
            if words[0] not in command.commands and (usual := getattr(command, "usual", "")):
                words = [usual, *words]
            assert words[0] in command.commands, f"survey has no {words[0]}"
            command, words = command.commands[words[0]], words[1:]
        known = {option for parameter in command.params for option in parameter.opts}
        unknown = {word for word in words if word.startswith("--")} - known - {"--help"}
        assert unknown == set(), f"survey {command.name} has no {unknown}"


def test_make_without_a_target_lists_what_can_be_made() -> None:
    printed = subprocess.run(["make", "-C", str(ROOT)], check=True, capture_output=True, text=True).stdout
    for target in ("setup", "demo", "test", "check", "bench", "lock", "clean"):
        assert re.search(rf"make {target} +\w", printed), target
