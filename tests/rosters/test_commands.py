"""The roster on the command line: what it prints, where, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from survey.database import Engine
from tests.rosters.at_the_prompt import installed, survey
from tests.rosters.small_field import publish


@pytest.fixture(autouse=True)
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    made = installed(tmp_path, monkeypatch)
    yield made
    made.dispose()


IMPORT = ("roster", "import", "schools.csv", "roster.csv", "--study", "small-notes", "--wave", "w1")


def test_import_says_what_changes_and_does_it_once() -> None:
    looked = survey(*IMPORT, "--preview")
    assert looked.exit_code == 0
    assert looked.stdout.endswith("Preview only: nothing was imported.\n")
    first = survey(*IMPORT)
    assert first.exit_code == 0
    assert first.stdout.splitlines()[:4] == [
        "Schools added or changed: 3",
        "  s1  new: Ash Primary, programme",
        "  s2  new: Birch Primary, comparison",
        "  07  new: Cedar Secondary, no arm",
    ]
    assert "New in this wave: 4\n  p1  new: s1, class 4a\n" in first.stdout
    assert first.stdout.endswith("Imported.\n")
    again = survey(*IMPORT)
    assert again.exit_code == 0
    assert again.stdout == "Unchanged: 4\nNothing to do: all of this has already been imported.\n"


def test_import_ends_with_1_and_every_problem_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("participant,school\np1,s8\n")
    run = survey(*IMPORT)
    assert run.exit_code == 1
    assert run.stderr.splitlines() == [
        (
            "roster.csv, row 2, column B (school): The study has no school 's8'. Please import it in a list of schools "
            "first, or correct the code. (Each such code is listed once.)"
        ),
        "Nothing was imported. Please correct the file and try again.",
    ]
    assert survey(*IMPORT[:-2]).exit_code == 1, "participants need a wave"
    assert survey("roster", "import", "none.csv", "--study", "small-notes").exit_code == 2
    assert "There is no study 'smal-notes'" in survey(*IMPORT[:5], "smal-notes", *IMPORT[6:]).stderr


def test_import_prints_the_first_changes_or_all(tmp_path: Path) -> None:
    rows = "".join(f"p{n},s1\n" for n in range(30))
    (tmp_path / "roster.csv").write_text(f"participant,school\n{rows}")
    assert "  … and 10 more (--all prints every one)" in survey(*IMPORT, "--preview").stdout
    assert "  p29  new: s1" in survey(*IMPORT, "--preview", "--all").stdout


def test_a_part_of_a_list_is_imported_only_with_an_option(tmp_path: Path) -> None:
    survey(*IMPORT)
    (tmp_path / "roster.csv").write_text("participant,school,class\np1,s1,4a\n")
    looked = survey(*IMPORT, "--preview")
    assert looked.exit_code == 0
    assert "1 of the 2 pupils of school s1 is not in this file and would leave: p2." in looked.stderr
    refused = survey(*IMPORT)
    assert refused.exit_code == 1
    assert (
        "If this is right, add --they-have-left: The file is the complete roster: everyone who is not in it has left."
        in refused.stderr
    )
    assert "If it is only part of the roster, import a file with everyone in these schools instead." in refused.stderr
    assert refused.stderr.endswith("Nothing has been imported.\n")
    done = survey(*IMPORT, "--they-have-left")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "Imported.")


def test_codes_without_zeros_are_imported_only_with_an_option(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("participant,school\n1,s1\n2,s1\n")
    refused = survey(*IMPORT)
    assert refused.exit_code == 1
    assert "If this is right, add --codes-as-they-are: These codes are right" in refused.stderr
    assert survey(*IMPORT, "--codes-as-they-are").exit_code == 0


def test_list_writes_what_import_takes(tmp_path: Path) -> None:
    survey(*IMPORT)
    run = survey("roster", "list", "small-notes", "--wave", "w1", "--out", "out.csv")
    assert (run.exit_code, run.stdout) == (0, "4 participants: out.csv\n")
    again = survey("roster", "import", "out.csv", "--study", "small-notes", "--wave", "w1")
    assert "Nothing to do" in again.stdout
    refused = survey("roster", "list", "small-notes", "--wave", "w9", "--out", "none.csv")
    assert refused.exit_code == 1
    assert not (tmp_path / "none.csv").exists()


def test_linkage_from_the_key_to_the_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    publish(engine, tmp_path / "study", "linkage: {identifier: upn}\n")
    (tmp_path / "roster.csv").write_text("participant,school,upn\np1,s1,B801200005001\n")
    without = survey(*IMPORT)
    assert without.exit_code == 1
    assert "survey roster key FILE" in without.stderr
    made = survey("roster", "key", "linkage.key")
    assert made.exit_code == 0
    assert (tmp_path / "linkage.key").read_text().strip() not in made.output
    assert survey("roster", "key", "linkage.key").exit_code == 1
    assert survey("roster", "key", "instance/linkage.key").exit_code == 1
    monkeypatch.setenv("CHORUS_LINKAGE_KEY", "linkage.key")
    done = survey(*IMPORT)
    assert done.exit_code == 0, done.output
    assert "B8012" not in done.output
    assert survey("roster", "linkage", "small-notes", "--out", "hashes.csv").stdout == "1 participants: hashes.csv\n"
    header, line = (tmp_path / "hashes.csv").read_text().splitlines()
    assert header == "participant,hash"
    assert len(line.removeprefix("p1,")) == 64
