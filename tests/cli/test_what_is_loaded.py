"""A command loads what it uses: its time is then its own. Modules are counted, because a count is the same everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from survey.config import Settings
from survey.database import open_engine, upgrade

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

# Runs one command after the other in one process, and prints after each what is loaded by then.
TOLD = """
import json, sys
from survey.cli import main
for words in json.loads(sys.argv[1]):
    try:
        main(words)
    except SystemExit as ended:
        assert not ended.code, words
    print(json.dumps(list(sys.modules)), file=sys.stderr)
"""

PAGES = {"flask", "flask_security", "flask_wtf", "authlib", "requests", "argon2", "segno"}
FILES = {"openpyxl", "numpy", "scipy", "pandas"}
STORE = {"sqlalchemy", "alembic", "psycopg"}
SERVER = {"granian"}
LANGUAGE = {"pydantic", "yaml", "wtforms", "babel"}


def loaded(instance: Path, *commands: str) -> list[set[str]]:
    """Return what is loaded after each command, with all that was before it in the same process."""
    ended = subprocess.run(
        [sys.executable, "-c", TOLD, json.dumps([command.split() for command in commands])],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "CHORUS_INSTANCE": str(instance)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [set(json.loads(line)) for line in ended.stderr.splitlines()]


def test_a_command_loads_what_it_uses(tmp_path: Path) -> None:
    """What none of several commands loads, each of them does not load by itself: those that need least go first."""
    engine = open_engine(Settings.from_environment({"CHORUS_INSTANCE": str(tmp_path)}).database_url)
    upgrade(engine)
    engine.dispose()
    *itself, checked, _, _, asked, upgraded = loaded(
        tmp_path, "--version", "--help", "check questionnaires", "retention", "audit", "user list", "upgrade"
    )
    for found in itself:
        assert not found & (PAGES | FILES | STORE | SERVER | LANGUAGE)
        # About 160 and, with the version's metadata, 203 when this was written, most of them Python's own; it was 532.
        # A command's module adds one.
        assert len(found) < 225
    assert "pydantic" in checked
    assert not checked & (PAGES | FILES | STORE | SERVER), "checking a questionnaire needs no database"
    assert "sqlalchemy" in asked
    assert not asked & ((PAGES - {"argon2"}) | FILES | SERVER | {"alembic", "psycopg"}), (
        "a question to the database needs no pages, no statistics and no workbooks"
    )
    assert "alembic" in upgraded, "what is loaded is seen"


def test_what_serves_pages_starts_without_the_distributions_the_workbooks_and_the_queue() -> None:
    # A website waits for whatever is loaded at its start. An export, an analysis and a worker load what they need.
    command = [sys.executable, "-c", "import sys, survey.serving.website; print(*sys.modules)"]
    found = set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())
    assert {"survey.export.formats", "survey.results.working", "survey.jobs.worker"} <= found, (
        "what needs them is there"
    )
    assert not found & {"scipy", "openpyxl", "huey", "redis", "psycopg", "alembic"}
