"""A command loads what it uses: its time is then its own. Modules are counted, because a count is the same everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

# Prints what is loaded when the command has ended, however it ended.
TOLD = """
import sys
from survey.cli import main
try:
    main(sys.argv[1:])
finally:
    print("\\n".join(sys.modules), file=sys.stderr)
"""

PAGES = {"flask", "flask_security", "flask_wtf", "authlib", "requests", "argon2", "segno"}
FILES = {"openpyxl", "numpy", "scipy", "pandas"}
STORE = {"sqlalchemy", "alembic", "psycopg"}
SERVER = {"granian"}
LANGUAGE = {"pydantic", "yaml", "wtforms", "babel"}


def loaded(instance: Path, *words: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", TOLD, *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "CHORUS_INSTANCE": str(instance)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ended.stderr.split())


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    instance = tmp_path_factory.mktemp("instance")
    assert "alembic" in loaded(instance, "upgrade"), "what is loaded is seen"
    return instance


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_the_command_itself_loads_click_and_little_else(tmp_path: Path, word: str) -> None:
    found = loaded(tmp_path, word)
    assert not found & (PAGES | FILES | STORE | SERVER | LANGUAGE)
    # About 160 and, with the version's metadata, 203 when this was written, most of them Python's own; it was 532.
    # A command's module adds one.
    assert len(found) < 225


@pytest.mark.parametrize("words", [["retention"], ["audit"], ["user", "list"]], ids=" ".join)
def test_a_question_to_the_database_loads_no_pages_no_statistics_and_no_workbooks(
    instance: Path, words: list[str]
) -> None:
    found = loaded(instance, *words)
    assert "sqlalchemy" in found
    assert not found & ((PAGES - {"argon2"}) | FILES | SERVER | {"alembic", "psycopg"})


def test_checking_a_questionnaire_loads_no_database(tmp_path: Path) -> None:
    found = loaded(tmp_path, "check", "questionnaires")
    assert not found & (PAGES | FILES | STORE | SERVER)


def test_what_serves_pages_starts_without_the_distributions_the_workbooks_and_the_queue() -> None:
    # A website waits for whatever is loaded at its start. An export, an analysis and a worker load what they need.
    command = [sys.executable, "-c", "import sys, survey.serving.website; print(*sys.modules)"]
    found = set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())
    assert {"survey.export.formats", "survey.results.working", "survey.jobs.worker"} <= found, (
        "what needs them is there"
    )
    assert not found & {"scipy", "openpyxl", "huey", "redis", "psycopg", "alembic"}
