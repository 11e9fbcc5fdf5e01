"""Plants small bugs in the code, one at a time, and counts how many the tests notice: `make mutants`.

    make mutants                 every part below
    make mutants OF=journey      one part, or several: OF="scales journey"

A part is some modules, and the tests that are to notice: for each bug they run alone, so they are the quick ones. The
tree is copied first, so that nothing is planted in the one that is worked on; what survived is said with its change.
docs/mutants.md has the figures, and the bugs that are none.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
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
        ("survey/scales.py",),
        (
            "tests/scales/test_arrays.py",
            "tests/scales/test_bands.py",
            "tests/scales/test_half_up.py",
            "tests/scales/test_rules.py",
            "tests/scales/test_rule_of_a_scale.py",
        ),
    ),
    "journey": Part(("survey/journey.py",), ("tests/journey",)),
    "missing": Part(("survey/export/missing.py",), ("tests/export/test_absences.py",)),
    "access": Part(("survey/pages/office/access.py",), ("tests/pages/test_access.py",)),
    "responses": Part(("survey/responses/*.py",), ("tests/store", "tests/consent/test_withdrawing.py")),
    "fieldwork": Part(
        ("survey/fieldwork/*.py",), ("tests/store", "tests/consent", "tests/rosters", "tests/waves/test_waves.py")
    ),
    "retention": Part(("survey/retention/*.py",), ("tests/retention",)),
}

_COPIED = ("survey", "tests", "bench", "docs", "migrations", "questionnaires")
_BESIDE = ("bench", "docs", "migrations", "questionnaires")


def main(names: list[str]) -> int:
    """Measure these parts, by default all. Returns 1 when the tests of one notice too few bugs, 2 for no such part."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"There is no part {', '.join(unknown)}. There are: {', '.join(PARTS)}.")
        return 2
    figures = {name: _measured(name, PARTS[name]) for name in names or PARTS}
    for name, (noticed, planted) in figures.items():
        print(f"{name:10} {noticed:5} of {planted:5} bugs noticed, {_percent(noticed, planted):3} %")
    return int(any(_percent(*one) < WANTED for one in figures.values()))


def _percent(noticed: int, planted: int) -> int:
    return 100 * noticed // planted if planted else 0


def _measured(name: str, part: Part) -> tuple[int, int]:
    """Plant every bug in a part; say which survived. Returns how many were noticed, and how many there were."""
    place = PLACE / name
    _lay_out(place, part)
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    print(f"{name}: planting bugs in {', '.join(part.modules)}", flush=True)
    ran = subprocess.run([mutmut, "run", "--max-children", "2"], cwd=place, capture_output=True, text=True, check=False)
    outcomes = _outcomes(place)
    if ran.returncode or not outcomes:
        sys.exit(f"It could not be measured:\n{(ran.stdout + ran.stderr)[-3000:]}")
    survived = [one for one, noticed in outcomes.items() if not noticed]
    for one in survived:
        shown = subprocess.run([mutmut, "show", one], cwd=place, capture_output=True, text=True, check=False).stdout
        changed = [line for line in shown.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        print("\n".join([f"  survived: {one}", *(f"    {line}" for line in changed)]), flush=True)
    return len(outcomes) - len(survived), len(outcomes)


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
        "pytest_add_cli_args": ["-p", "no:xdist", "-p", "no:cacheprovider", "-m", "not browser and not postgres"],
        "also_copy": list(_BESIDE),
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (place / "pyproject.toml").write_text("\n".join([text, "[tool.mutmut]", *lines, ""]), encoding="utf-8")


def _outcomes(place: Path) -> dict[str, bool]:
    """Return each planted bug and whether a test noticed it; one that ran into its time limit was noticed, too."""
    found: dict[str, bool] = {}
    for path in sorted((place / "mutants").rglob("*.py.meta")):
        for bug, code in json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].items():
            found[bug] = code not in _UNNOTICED
    return found


_UNNOTICED = (0, 5, 33, None)
"""How the tests end that notice nothing: well (0), without a test that runs the place (5, 33), or not at all."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
