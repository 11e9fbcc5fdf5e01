"""Scores of 1,000,000 × 60 answers beside a bare numpy mean over the same matrix, in one run on one machine."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

from survey.scales import Rule, score_each

PEOPLE, SCALES, ITEMS = 1_000_000, 5, 12
MISSING = 0.05
REPEATS = 7


def answers(people: int) -> np.ndarray:
    """Five-point answers, a column per item, about one in twenty missing."""
    rng = np.random.default_rng(20)
    matrix = np.empty((people, SCALES * ITEMS))
    for start in range(0, people, 50_000):
        part = matrix[start : start + 50_000]
        part[:] = rng.integers(1, 6, part.shape)
        part[rng.random(part.shape) < MISSING] = np.nan
    return matrix


def rules() -> tuple[list[str], list[Rule]]:
    """Five scales of twelve items, every third item reversed, means and sums."""
    items = [f"item_{at}" for at in range(SCALES * ITEMS)]
    made = []
    for at in range(SCALES):
        made.append(
            Rule(
                items=tuple(items[at * ITEMS : (at + 1) * ITEMS]),
                reverse=tuple(n % 3 == 2 for n in range(ITEMS)),
                low=(1.0,) * ITEMS,
                high=(5.0,) * ITEMS,
                score="sum" if at % 2 else "mean",
                prorate=bool(at % 2),
                needs=9,
            )
        )
    return items, made


def _timed(work: Callable[[], object]) -> float:
    """Return seconds of CPU. On a busy machine the clock's ratio went from 2.3 to 5.7, and the CPU's stayed at 3."""
    start = time.process_time()
    work()
    return time.process_time() - start


def run(*, small: bool = False) -> list[str]:
    """Return the figures as lines: the ratio, both times, and the memory scoring takes beside its results.

    small: of a few people, to see that all of it runs; the figures say nothing.
    """
    people = 100 if small else PEOPLE
    matrix = answers(people)
    items, made = rules()
    bare, ours = [], []
    for _ in range(REPEATS):  # In turns, so that a busy moment of the machine falls on both.
        bare.append(_timed(lambda: matrix.mean(axis=1)))
        ours.append(_timed(lambda: score_each(matrix, items, made)))
    ratios = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
    tracemalloc.start()
    kept = score_each(matrix, items, made)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    results = sum(one.score.nbytes + one.answered.nbytes for one in kept)
    what = f"{SCALES} scales of {ITEMS} items, a third reversed, {MISSING:.0%} missing; CPU, median of {REPEATS}"
    beside = f"beside the matrix ({matrix.nbytes / 1e6:.0f} MB) and the scores ({results / 1e6:.0f} MB)"
    return [
        f"Scores of {people:,} × {SCALES * ITEMS} answers ({what})",
        f"  bare numpy mean   {_milliseconds(bare)}",
        f"  all five scales   {_milliseconds(ours)}",
        f"  ratio             {statistics.median(ratios):6.2f}      ({min(ratios):.2f} to {max(ratios):.2f})",
        f"  memory            {(peak - results) / 1e6:6.1f} MB {beside}",
    ]


def _milliseconds(seconds: list[float]) -> str:
    middle, least, most = (value * 1000 for value in (statistics.median(seconds), min(seconds), max(seconds)))
    return f"{middle:6.0f} ms   ({least:.0f} to {most:.0f})"


if __name__ == "__main__":
    print("\n".join(run()))
