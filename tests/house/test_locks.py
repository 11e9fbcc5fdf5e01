"""The locks: exact, hashed, the same for running Chorus and for working on it, and free of addresses."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "requirements.lock"
DEVELOPMENT = ROOT / "requirements-dev.lock"
MUTANTS = ROOT / "requirements-mutants.lock"

PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9-]*(?:\[[a-z,]+\])?)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
COMMENT = re.compile(r"^    #")


def pins(lock: Path) -> dict[str, set[str]]:
    """Return the versions pinned by package; there can be two, for different versions of Python."""
    found: dict[str, set[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if pin := PIN.match(line):
            found.setdefault(pin["name"], set()).add(pin["version"])
    return found


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT, MUTANTS], ids=lambda path: path.name)
def test_a_lock_holds_pins_with_hashes_and_nothing_else(lock: Path) -> None:
    lines = lock.read_text(encoding="utf-8").splitlines()
    strange = [line for line in lines if not (PIN.match(line) or HASH.match(line) or COMMENT.match(line))]
    assert strange == []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        assert not PIN.match(line) or HASH.match(following), f"no hash for {line}"


@pytest.mark.parametrize(
    "name",
    [
        "requirements.lock", "requirements-dev.lock", "requirements-mutants.lock", "pyproject.toml", "package.json", ".npmrc", "Makefile",
        ".ci/run", ".pre-commit-config.yaml",
    ],
)  # fmt: skip
def test_nothing_says_where_packages_come_from(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b", text, re.M)
    assert not re.search(r" @ |^-e |file:", text, re.M)


def test_the_npm_lock_has_hashes_and_no_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    assert len(packages) >= len(wanted["dependencies"] | wanted["devDependencies"])
    for path, entry in packages.items():
        assert "resolved" not in entry, path
        assert entry["integrity"].startswith("sha512-"), path


@pytest.mark.parametrize(("fewer", "more"), [(RUNTIME, DEVELOPMENT), (DEVELOPMENT, MUTANTS)])
def test_whoever_works_on_chorus_has_the_versions_it_runs_with(fewer: Path, more: Path) -> None:
    there = pins(more)
    for name, versions in pins(fewer).items():
        assert there[name] == versions


def test_what_plants_bugs_is_in_nobody_s_way() -> None:
    assert "mutmut" in pins(MUTANTS)
    assert "mutmut" not in pins(DEVELOPMENT)


def test_every_dependency_is_locked_and_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)
    runtime, development = pins(RUNTIME), pins(DEVELOPMENT)
    wanted = [(need, runtime) for need in project["project"]["dependencies"]]
    wanted += [(need, development) for need in project["dependency-groups"]["dev"]]
    wanted += [(need, pins(MUTANTS)) for need in project["dependency-groups"]["mutants"]]
    for need, lock in wanted:
        name = re.split(r"[\[<>=]", need)[0]
        assert name in lock, f"{name} is not locked; run: make lock"
    lines = [line.strip() for line in text.splitlines()]
    for need in project["project"]["dependencies"]:
        assert re.search(r"# \S", next(line for line in lines if line.startswith(f'"{need}"'))), need
