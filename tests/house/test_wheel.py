"""What an installed Chorus has with it: a wheel built here, without a network, holds all that git holds."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

OFFLINE = ["--no-index", "--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *OFFLINE, "--wheel-dir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def held(wheel: Path) -> set[str]:
    """The names of all files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def in_git(folder: str) -> set[str]:
    """Return the files of a folder that git keeps, or would keep when asked."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "--", folder],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return {name for name in listed if (ROOT / name).exists()}


def test_everything_in_the_package_is_in_the_wheel(held: set[str]) -> None:
    package = in_git("survey")
    assert len(package) > 50
    assert package - held == set()


def test_the_migrations_go_with_the_package(held: set[str]) -> None:
    migrations = in_git("migrations")
    assert "migrations/env.py" in migrations
    assert any(name.startswith("migrations/versions/") for name in migrations)
    assert {f"survey/{name}" for name in migrations} - held == set()


def test_the_shipped_study_goes_with_the_package(held: set[str]) -> None:
    study = in_git("questionnaires")
    assert "questionnaires/study.yaml" in study
    assert {f"survey/{name}" for name in study} - held == set()


def test_the_wheel_holds_what_pages_are_made_of(held: set[str]) -> None:
    kinds = {Path(name).stem for name in held if name.startswith("survey/kinds/") and name.endswith(".py")}
    shown = {Path(name).stem for name in held if name.startswith("survey/kinds/") and name.endswith(".html")}
    assert kinds - shown == {"__init__"}
    for folder, ending in [("templates", ".html"), ("static", ".css"), ("translations", ".po")]:
        assert any(n.startswith(f"survey/{folder}/") and n.endswith(ending) for n in held), folder
    assert "survey/py.typed" in held
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)


def test_the_wheel_holds_nothing_else(held: set[str]) -> None:
    fonts = {name for name in held if name.startswith("survey/static/fonts/")}
    metadata = {name for name in held if ".dist-info/" in name}
    beside = {f"survey/{name}" for folder in ("migrations", "questionnaires") for name in in_git(folder)}
    expected = in_git("survey") | beside | fonts | metadata
    assert held - expected == set()


def test_the_command_is_in_the_wheel(wheel: Path, held: set[str]) -> None:
    entry_points = next(name for name in held if name.endswith(".dist-info/entry_points.txt"))
    with zipfile.ZipFile(wheel) as archive:
        assert "survey = survey.cli:main" in archive.read(entry_points).decode()


def test_an_unpacked_wheel_makes_its_tables_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    script = (
        "import survey.database as database\n"
        "print(database.migrations_folder())\n"
        "engine = database.open_engine('sqlite:///new.sqlite')\n"
        "database.upgrade(engine)\n"
        "engine.dispose()\n"
    )
    run = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[0] == str(tmp_path / "installed" / "survey" / "migrations")
    assert (tmp_path / "new.sqlite").stat().st_size > 0
