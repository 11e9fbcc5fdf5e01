"""The figures can still be taken: no one runs the bench for weeks, and it must not rot in between."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench import faults, inside
from bench.__main__ import PARTS, main
from bench.answered import COLUMNS
from bench.serving import KINDS

pytestmark = pytest.mark.slow

TOLD: dict[str, Sequence[str]] = {
    "pages": ["2 respondents: ours / ceiling = ", "pages/s   POST p50"],
    "inside": ["ours / ceiling = ", "× INSERT INTO save", *inside.STAGES],
    "burst": ["2 parents", " 0 errors, 0 lost, 0 twice", "beside the workbook / without = ", "workbooks written"],
    "first_page": ["welcome, nothing kept yet", "second question", " ms"],
    "export": [f"× {COLUMNS} columns from SQLite", "ours, whole  ", "ours, codes alone", "× bare"],
    "analysis": ["responses read and scored", "× reading and scoring"],
    "long_work": [
        "2 children",
        "a workbook, by the worker",
        "results, by the worker",
        "once worked out: median",
        "by the website itself",
    ],
    "scoring": ["ratio", "memory"],
    "faults": [" 0 lost    0 doubled"],
    "servers": [*KINDS, "memory of its processes", "stopped gently under load within"],
    "sqlite_writers": ["\n  without ", "\n  with "],
    "made_up": ["arms: Enjoyment of music", "all together"],
    "calibration": ["| 6 schools, ICC 0.10 |", "Mean estimate less the truth"],
}
"""What each part says, where all of it ran."""

ELSEWHERE = {"classroom": "tests/faults/test_lesson.py"}
"""Parts that a test of their own runs, because it is about what they find."""


@pytest.mark.parametrize("part", [part for part in PARTS if part not in ELSEWHERE])
def test_each_part_of_the_bench_runs_at_a_small_size(
    part: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(faults, "SECONDS", 0.1)
    monkeypatch.setattr(faults, "PEOPLE", 2)
    # A browser of another test keeps an event loop in this thread, and a part may begin one of its own.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(main, [part], small=True).result()
    told = capfd.readouterr().out
    assert [words for words in TOLD[part] if words not in told] == []
    assert "FAULTS" not in told, "a page was not answered"
