"""The same files on the command line: each command ends by itself, with sentences and no traceback."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bombs import studies, tables
from tests.bombs.said import SAID
from tests.rosters.at_the_prompt import installed, survey

HANGS = 120.0
"""Seconds of a processor for all files together, which take fifteen. One of them alone took hours."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with the small study and its schools, in the folder the commands run in."""
    installed(tmp_path, monkeypatch).dispose()
    imported = survey("roster", "import", "schools.csv", "roster.csv", "--study", "small-notes", "--wave", "w1")
    assert imported.exit_code == 0
    return tmp_path


def laid(folder: Path, bombs: tuple[Callable[[], bytes], ...]) -> dict[Callable[[], bytes], Path]:
    """Write each bomb into a file."""
    paths = {bomb: folder / f"{bomb.__name__}.{'xlsx' if bomb in tables.EXCEL else 'csv'}" for bomb in bombs}
    for bomb, path in paths.items():
        path.write_bytes(tables.made(bomb))
    return paths


@pytest.mark.usefixtures("read_once")
def test_rosters_made_to_stop_their_reader_are_all_refused_by_the_command(here: Path) -> None:
    files = laid(here, (*tables.EXCEL, *tables.CSV))
    began = time.process_time()
    run = survey("roster", "import", *files.values(), "--study", "small-notes", "--wave", "w1")
    assert time.process_time() - began < HANGS
    assert run.exit_code == 1
    for bomb, path in files.items():
        assert not SAID.get(bomb) or any(
            line.startswith(path.name) and SAID[bomb] in line for line in run.stderr.splitlines()
        ), path.name


COMMANDS = {
    "consent": ("consent", "import", "--study", "small-notes", "--preview"),
    "answers": ("answers", "import", "--study", "small-notes", "--questionnaire", "parent", "--wave", "w1"),
    "reasons": ("progress", "reasons", "--study", "small-notes", "--wave", "w1"),
}


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize("command", COMMANDS)
def test_other_files_made_to_stop_their_reader_are_refused_by_their_command(command: str, here: Path) -> None:
    group, name, *options = COMMANDS[command]
    few = (tables.merged_without_end, tables.marks, *tables.CSV[6:])
    began = time.process_time()
    for bomb, path in laid(here, few).items():
        run = survey(group, name, path, *options)
        assert run.exit_code == 1
        assert SAID.get(bomb, "") in run.stderr
        assert len(run.stderr) < 1_000_000
    assert time.process_time() - began < HANGS


def test_a_file_larger_than_is_read_is_said_to_be_by_every_command(here: Path) -> None:
    with (here / "large.csv").open("wb") as file:
        file.write(b"participant\n")
        file.truncate(50 * 1024 * 1024)  # no more than its first 10 MB are read
    for group, name, *options in (("roster", "import", "--study", "small-notes", "--wave", "w1"), *COMMANDS.values()):
        run = survey(group, name, "large.csv", *options)
        assert run.exit_code == 1
        assert "Chorus reads at most 10 MB" in run.stderr


@pytest.mark.parametrize(
    "bomb",
    [studies.unknown_keys_in_the_study, studies.one_long_line_that_cannot_be_read, studies.aliases_by_the_thousand],
    ids=lambda bomb: bomb.__name__,
)
def test_a_folder_made_to_stop_its_reader_is_checked_to_its_end(
    bomb: Callable[[], studies.Folder], tmp_path: Path
) -> None:
    for name, content in bomb().items():
        (tmp_path / name).write_bytes(content)
    began = time.process_time()
    run = survey("check", tmp_path)
    assert time.process_time() - began < HANGS
    assert run.exit_code in (0, 1)
    assert "Please" in run.output
