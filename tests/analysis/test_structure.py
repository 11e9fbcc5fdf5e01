"""What items measure together beside R's psych (golden/make.R), and responses that are flagged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from survey.analysis import structure as module
from survey.analysis.quality import quality_flags
from survey.analysis.reliability import NoSolution
from survey.analysis.structure import structure, varimax
from tests.scales.golden_files import results, table

GOLDEN = Path(__file__).parent / "golden"


def test_published_factors_of_thurstone() -> None:
    # psych::fa, Thurstone's nine variables with three factors: sentences, vocabulary and completion; first letters, four
    # letters and suffixes; letter series, pedigrees and letter group.
    _, matrix = table("thurstone")
    golden = results("thurstone", GOLDEN)
    loadings, notes = module._solution(matrix, 3)
    assert notes == []
    expected = [[golden["loading", f"{i} {j}"] for j in range(3)] for i in range(9)]
    assert loadings == pytest.approx(np.array(expected), abs=1e-4)
    assert (loadings**2).sum(axis=1) == pytest.approx([golden["communality", str(i)] for i in range(9)], abs=1e-5)
    assert np.argmax(loadings, axis=1).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_parallel_analysis_finds_two_kinds_of_items() -> None:
    items, answers = table("two_kinds", GOLDEN)
    golden = results("two_kinds", GOLDEN)
    found = structure(items, answers)
    assert found.factors == golden["factors", ""] == 2
    assert found.eigenvalues == pytest.approx([golden["eigenvalue", str(i)] for i in range(8)], abs=1e-9)
    # psych tells the mean of what chance brings; the 95th percentile lies a little above.
    for at in range(8):
        assert golden["chance", str(at)] < found.chance[at] < golden["chance", str(at)] + 0.12
    assert {tuple(np.argmax(found.loadings, axis=1)[half]) for half in (slice(4), slice(4, 8))} == {(0,) * 4, (1,) * 4}
    assert sum(found.explained) == pytest.approx(sum(found.communalities) / 8)
    assert found == structure(items, answers)  # the same answers, the same result


def test_rotation_keeps_what_items_share() -> None:
    loadings = np.random.default_rng(2).normal(size=(10, 3))
    assert (varimax(loadings) ** 2).sum(axis=1) == pytest.approx((loadings**2).sum(axis=1))


def test_items_that_have_nothing_in_common() -> None:
    noise = np.random.default_rng(3).normal(size=(200, 6))
    found = structure([f"i{at}" for at in range(6)], noise)
    assert found.factors == 0
    assert any("nothing in common" in note for note in found.notes)
    assert len(found.loadings[0]) == 1


def test_answers_without_a_structure_get_a_sentence() -> None:
    answers = np.random.default_rng(4).integers(1, 6, (40, 4)).astype(float)
    with pytest.raises(NoSolution, match="too few"):
        structure(["a", "b"], answers[:, :2])
    with pytest.raises(NoSolution, match="Only 29 people"):
        structure(list("abcd"), answers[:29])
    answers[:, 2] = 5
    with pytest.raises(NoSolution, match="same answer to 'c'"):
        structure(list("abcd"), answers)


# ── flags ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_straight_lines_extremes_and_haste_are_flagged() -> None:
    nan = np.nan
    answers = [
        [3, 3, 3, 3, 3, 3, 3],  # straight
        [5, 5, 5, 5, 5, 5, 5],  # straight too, and not extremes besides
        [1, 5, 1, 5, 5, 1, 5],  # extremes
        [1, 5, 1, 5, 4, 1, 5],
        [3, 3, 3, 3, 3, nan, nan],  # five items are too few
        [2, 2, 2, 2, 2, 2, nan],  # six are not
    ]
    found = quality_flags(answers, [1] * 7, [5] * 7, [60, 50, 55, 10, nan, 70])
    assert found.straight.tolist() == [True, True, False, False, False, True]
    assert found.extremes.tolist() == [False, False, True, False, False, False]
    assert found.fast.tolist() == [False, False, False, True, False, False]
    assert (found.counted, found.timed) == (5, 5)
    assert "3 gave the same answer throughout and 1 only extremes" in found.sentence


def test_items_of_other_ranges_are_compared_by_place() -> None:
    found = quality_flags([[1, 1, 1, 0, 0, 0], [1, 1, 1, 3, 3, 3]], [1, 1, 1, 0, 0, 0], [5, 5, 5, 3, 3, 3])
    assert found.straight.tolist() == [True, False]
    assert found.extremes.tolist() == [False, True]


def test_nobody_answered_and_ranges_that_do_not_fit() -> None:
    empty = quality_flags(np.zeros((0, 3)), [1] * 3, [5] * 3)
    assert (empty.counted, empty.straight.tolist()) == (0, [])
    with pytest.raises(ValueError, match="ends of ranges"):
        quality_flags(np.zeros((2, 3)), [1] * 2, [5] * 2)
    with pytest.raises(ValueError, match="2 responses, but 1 times"):
        quality_flags(np.zeros((2, 3)), [1] * 3, [5] * 3, [4.0])


def test_chance_is_the_same_whether_people_or_their_covariances_are_drawn() -> None:
    rng = np.random.default_rng(8)
    for n, k in ((60, 5), (400, 12)):
        drawn = [np.linalg.eigvalsh(np.corrcoef(rng.normal(size=(k, n))))[::-1] for _ in range(2_000)]
        assert module._by_chance(n, k) == pytest.approx(np.percentile(drawn, 95, axis=0), rel=0.03)
    assert np.isfinite(module._by_chance(30, 40)).all()
