"""The contracts between the rooms: each one notices when it is broken."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The sentence that becomes untrue, the module that breaks it, and how.
BREACHES = {
    "A room imports only from the rooms below it": ("survey/forms.py", "import survey.cli"),
    "The command line takes nothing from the pages": ("survey/cli/people.py", "import survey.pages.shield"),
    "No circle of imports, neither of modules nor of rooms": (
        "survey/people/accounts.py",
        "import survey.people.grants",
    ),
    "No kind of question knows another": ("survey/kinds/date.py", "import survey.kinds.choice"),
    "Nothing outside kinds names one kind of question": ("survey/forms.py", "import survey.kinds.faces"),
    "Scale scores and findings come from tables, never from the database": (
        "survey/scales/scoring.py",
        "import survey.database",
    ),
    "Flask stays in the pages, the forms, the app and the command line": ("survey/journey.py", "import flask"),
    "Only the pages and the app know how a researcher signs in": ("survey/people/grants.py", "import flask_security"),
    "Only questions, forms and pages know how a field is drawn": ("survey/journey.py", "import wtforms"),
    "Only the store speaks to the database": ("survey/journey.py", "import sqlalchemy.orm"),
    "Only the export writes workbooks, and tables are read without that library": (
        "survey/cli/running.py",
        "import openpyxl",
    ),
    "Only the room of pictures turns drawings into dots": ("survey/results/figures.py", "import resvg_py"),
    "Only the definition reads YAML": ("survey/kinds/faces.py", "import yaml"),
    "Only the room of jobs knows which queue keeps them": ("survey/results/working.py", "import huey"),
    "Only serving knows which server runs": ("survey/app.py", "import granian.server"),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What import-linter says of each contract when all of them are broken."""
    copy = tmp_path_factory.mktemp("broken")
    shutil.copytree(ROOT / "survey", copy / "survey", ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name, breach in BREACHES.values():
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write(f"\n\ndef breach() -> None:\n    {breach}\n")
    command = Path(sys.executable).with_name("lint-imports")
    printed = subprocess.run(
        [command, "--no-logo", "--no-cache"],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "COLUMNS": "200", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return dict(re.findall(r"^(.+) (KEPT|BROKEN)", printed, re.M))


def test_every_contract_has_its_breach_here() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {contract["name"] for contract in config["tool"]["importlinter"]["contracts"]} == set(BREACHES)


@pytest.mark.parametrize("sentence", BREACHES)
def test_a_breach_is_noticed(verdicts: dict[str, str], sentence: str) -> None:
    assert verdicts.get(sentence) == "BROKEN"
