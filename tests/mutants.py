"""Plants small bugs in the code, one at a time, and counts how many the tests notice: `make mutants`.

    make mutants                                 every part below
    make mutants OF=journey                      one part, or several: OF="scales journey"
    make mutants OF=fieldwork SAMPLE=200 SEED=1  so many bugs of a part, drawn at random

A part is some modules, and the tests that are to notice: for each bug those run alone that run its function, quickest
first, so they are the quick ones. The tree is copied first, so that nothing is planted in the one that is worked on;
what survived is said with its change. docs/mutants.md has the figures, and the bugs that are none.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
NO_BUG = "CHORUS_NO_BUG"
"""Tells tests/planted.py to plant nothing."""

PLACE = ROOT / ".make" / "mutants"

WANTED = 85
"""Of a hundred bugs, how many the tests of a part are to notice at least."""


@dataclass(frozen=True)
class Part:
    """What bugs are planted in, and which tests are to notice. Both are paths below the project's folder."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


PARTS = {
    "scales": Part(
        ("survey/scales/*.py",),
        (
            "tests/scales/test_arrays.py",
            "tests/scales/test_bands.py",
            "tests/scales/test_half_up.py",
            "tests/scales/test_rules.py",
            "tests/scales/test_rule_of_a_scale.py",
            "tests/scales/test_rules_of_items.py",
            "tests/scales/test_published_instruments.py",
        ),
    ),
    "journey": Part(("survey/journey.py",), ("tests/journey",)),
    "missing": Part(("survey/export/missing.py",), ("tests/export/test_absences.py",)),
    "access": Part(("survey/pages/office/access.py",), ("tests/pages/test_access.py",)),
    "responses": Part(
        ("survey/responses/*.py",),
        ("tests/store", "tests/consent", "tests/waves", "tests/paper", "tests/free_text", "tests/performances"),
    ),
    "fieldwork": Part(
        ("survey/fieldwork/*.py",),
        (
            "tests/store",
            "tests/consent",
            "tests/rosters",
            "tests/waves",
            "tests/performances",
            "tests/paper",
            "tests/retention/test_publishing.py",
        ),
    ),
    "retention": Part(
        ("survey/retention/*.py",), ("tests/retention", "tests/free_text/test_letters.py", "tests/audit/test_audit.py")
    ),
}

_SLOW = (
    "tests/retention/test_daily.py::test_a_served_program_does_it",
    "tests/rosters/test_broken_files.py::test_fifty_thousand_rows_are_taken_in",
    "tests/rosters/test_round_trip.py::test_a_list_written_back_changes_nothing",
)
"""Tests that take ten seconds and more: every bug that survives the others would wait for them."""

_COPIED = ("survey", "tests", "bench", "docs", "migrations", "questionnaires")
_BESIDE = ("bench", "docs", "migrations", "questionnaires")


@dataclass(frozen=True)
class Draw:
    """Which bugs of a part are planted: `size` of them drawn at random by `seed`, or all (None).

    control: nothing is planted, and the same tests run. Whatever is noticed then, the machine did.
    """

    size: int | None = None
    seed: int = 1
    control: bool = False


@dataclass(frozen=True)
class Figure:
    """How many bugs were planted, of how many in the part, and how many the tests noticed."""

    noticed: int
    planted: int
    of: int

    @property
    def share(self) -> float:
        return 100 * self.noticed / self.planted if self.planted else 0.0

    def __str__(self) -> str:
        text = f"{self.noticed:5} of {self.planted:5} bugs noticed, {self.share:3.0f} %"
        if self.planted == self.of:
            return text
        low, high = wilson(self.noticed, self.planted)
        return f"{text} (of all {self.of}: 95 % between {100 * low:.0f} and {100 * high:.0f} %)"


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """Return the ends of Wilson's 95 % interval for a share (Wilson 1927; Brown, Cai & DasGupta 2001, equation 4)."""
    z = 1.959964
    share = hits / tries
    middle = share + z * z / (2 * tries)
    half = z * math.sqrt(share * (1 - share) / tries + z * z / (4 * tries * tries))
    scale = 1 + z * z / tries
    return (middle - half) / scale, (middle + half) / scale


def main(arguments: list[str]) -> int:
    """Measure parts, by default all. Returns 1 when the tests of one notice too few bugs, 2 for no such part."""
    parser = argparse.ArgumentParser(prog="make mutants", description="Plants small bugs and counts those noticed.")
    parser.add_argument("parts", nargs="*", metavar="part")
    parser.add_argument("--sample", type=int, metavar="N", help="draw N bugs of each part at random")
    parser.add_argument("--seed", type=int, default=1, help="another seed draws others")
    parser.add_argument("--control", action="store_true", help="plant nothing: what is noticed, the machine did")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.parts if name not in PARTS]
    if unknown:
        print(f"There is no part {', '.join(unknown)}. There are: {', '.join(PARTS)}.")
        return 2
    # Others may be at work on this machine; every process below inherits it.
    os.nice(10)
    draw = Draw(asked.sample, asked.seed, asked.control)
    figures = {name: _measured(name, PARTS[name], draw) for name in asked.parts or PARTS}
    for name, figure in figures.items():
        print(f"{name:10} {figure}")
    return int(not draw.control and any(figure.share < WANTED for figure in figures.values()))


def _measured(name: str, part: Part, draw: Draw) -> Figure:
    """Plant the bugs of a part that are drawn, and say which survived."""
    place = PLACE / name
    _lay_out(place, part)
    _run(place, sys.executable, "-c", _PLANT)
    every = sorted(_outcomes(place))
    drawn = every if draw.size is None else random.Random(draw.seed).sample(every, min(draw.size, len(every)))
    print(f"{name}: {len(drawn)} of {len(every)} bugs in {', '.join(part.modules)}", flush=True)
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    _run(place, mutmut, "run", "--max-children", "2", *drawn, **({NO_BUG: "yes"} if draw.control else {}))
    outcomes = _outcomes(place)
    survived = [one for one in drawn if outcomes[one] in _UNNOTICED]
    for one in [] if draw.control else survived:
        shown = _run(place, mutmut, "show", one)
        changed = [line for line in shown.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        print("\n".join([f"  survived: {one}", *(f"    {line}" for line in changed)]), flush=True)
    return Figure(len(drawn) - len(survived), len(drawn), len(every))


def _run(place: Path, *command: str, **environment: str) -> str:
    """Run a command in the copy; return what it said, or end with that when it fails."""
    ran = subprocess.run(
        command, cwd=place, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        sys.exit(f"It could not be measured:\n{(ran.stdout + ran.stderr)[-3000:]}")
    return ran.stdout


_PLANT = """
from pathlib import Path
from mutmut.__main__ import copy_also_copy_files, copy_src_dir, create_mutants
Path("mutants").mkdir()
copy_src_dir()
copy_also_copy_files()
create_mutants(2)
"""
"""What `mutmut run` does first: afterwards each bug has its name, and some can be drawn."""


def _lay_out(place: Path, part: Part) -> None:
    """Copy what is tested and its tests. The settings go into the copy: each part has tests of its own."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for folder in _COPIED:
        shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__"))
    settings = {
        "source_paths": ["survey"],
        "only_mutate": list(part.modules),
        "pytest_add_cli_args_test_selection": list(part.tests),
        # On SQLite alone: the same bug on both engines costs twice as much and says the same.
        "pytest_add_cli_args": [
            *("-p", "no:xdist", "-p", "no:cacheprovider", "-p", "tests.planted"),
            *("-m", "not browser and not postgres"),
            *(f"--deselect={test}" for test in _SLOW),
        ],
        "also_copy": list(_BESIDE),
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (place / "pyproject.toml").write_text("\n".join([text, "[tool.mutmut]", *lines, ""]), encoding="utf-8")


def _outcomes(place: Path) -> dict[str, int | None]:
    """Return each bug and how the tests ended with it; running into the time limit is noticing, too."""
    found: dict[str, int | None] = {}
    for path in sorted((place / "mutants").rglob("*.py.meta")):
        found |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


_UNNOTICED = (0, 5, 33, None)
"""How the tests end that notice nothing: well (0), without a test that runs the place (5, 33), or not at all."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
