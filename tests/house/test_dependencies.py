"""What `pyproject.toml` declares is what the program imports: nothing is installed for nothing, nothing by accident."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]

NOT_IMPORTED = {
    "psycopg": "SQLAlchemy loads it for an address that begins with postgresql://",
    "tzdata": "zoneinfo reads it where the machine has no time zones of its own",
}
COME_WITH = {
    "werkzeug": "flask",
    "jinja2": "flask",
    "markupsafe": "flask",
    "joserfc": "authlib",
}
"""Imported, and not declared: they are part of what is, which says which version it needs."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return {normal(re.split(r"[\[<>=~! ;]", line, maxsplit=1)[0]) for line in [*project["dependencies"], *extras]}


def modules(source: str) -> Iterator[str]:
    """Yield the first part of every module that is imported, wherever that is done."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@cache
def imported() -> set[str]:
    """The distributions that the program, its migrations and wsgi.py import."""
    files = [*(ROOT / "survey").rglob("*.py"), *(ROOT / "migrations").rglob("*.py"), ROOT / "wsgi.py"]
    names = {name for file in files for name in modules(file.read_text(encoding="utf-8"))}
    others = names - sys.stdlib_module_names - {"survey", "_typeshed"}
    homes = packages_distributions()
    return {normal(homes[name][0]) for name in others}


def test_every_dependency_that_is_declared_is_imported() -> None:
    assert declared() - imported() - set(NOT_IMPORTED) == set()


def test_everything_imported_is_declared_or_comes_with_what_is() -> None:
    assert imported() - declared() - set(COME_WITH) == set()


def test_what_is_excused_is_still_so() -> None:
    assert set(NOT_IMPORTED) <= declared() - imported()
    assert set(COME_WITH) <= imported() - declared()
    assert set(COME_WITH.values()) <= declared()
