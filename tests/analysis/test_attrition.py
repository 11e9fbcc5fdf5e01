"""Attrition against the boundary of the What Works Clearinghouse, and differences at baseline in three categories."""

from __future__ import annotations

import pytest

from survey.analysis.attrition import attrition, baseline_difference


def lost(programme: int, of: int, comparison: int, of_these: int) -> str:
    rows = {"programme": of, "comparison": of_these}
    return attrition(rows, {"programme": programme, "comparison": comparison}).boundary


def test_published_examples() -> None:
    # WWCr, an R package for the What Works Clearinghouse Standards Handbook 4.0, examples of attritest(): of 40 and 49
    # are left 20 and 31 (high), of 40 and 48 30 and 40 (low under optimistic assumptions only), of 20 and 200 10 and 100
    # (no difference at all).
    assert lost(20, 40, 18, 49) == "high"
    assert lost(10, 40, 8, 48) == "low only under optimistic assumptions"
    assert lost(10, 20, 100, 200) == "low under cautious assumptions"


@pytest.mark.parametrize(
    ("overall", "cautious", "optimistic"),
    # What Works Clearinghouse, Standards Handbook 4.0, table II.1.
    [(0, 5.7, 10.0), (10, 6.3, 10.9), (20, 5.4, 10.2), (30, 4.1, 8.4), (40, 2.6, 6.3), (50, 1.0, 3.9), (57, 0.0, 2.3)],
)
def test_published_boundary(overall: int, cautious: float, optimistic: float) -> None:
    found = attrition({"a": 100, "b": 100}, {"a": overall, "b": overall})
    assert (found.cautious, found.optimistic) == pytest.approx((cautious / 100, optimistic / 100))


def test_at_the_boundary_attrition_is_still_low() -> None:
    # 10 % overall, 6.3 percentage points apart: 131.5 and 68.5 in a thousand.
    assert lost(263, 2000, 137, 2000) == "low under cautious assumptions"
    assert lost(264, 2000, 136, 2000) == "low only under optimistic assumptions"


def test_between_whole_per_cents_the_narrower_boundary_holds() -> None:
    found = attrition({"a": 1000, "b": 1000}, {"a": 195, "b": 195})
    assert found.cautious == pytest.approx(0.054)
    assert attrition({"a": 1000, "b": 1000}, {"a": 5, "b": 5}).cautious == pytest.approx(0.057)


def test_more_than_the_table_holds_is_high() -> None:
    assert lost(60, 100, 60, 100) == "high"


def test_the_sentence_says_how_many_of_how_many() -> None:
    found = attrition({"programme": 200, "comparison": 100}, {"programme": 30, "comparison": 5})
    assert "35 of 300 (11.7 %)" in found.sentence
    assert "15.0 % in 'programme' and 5.0 % in 'comparison'" in found.sentence
    assert found.boundary == "low only under optimistic assumptions"
    assert found.boundary in found.sentence


def test_attrition_needs_two_groups() -> None:
    with pytest.raises(ValueError, match="two groups"):
        attrition({"a": 3}, {"a": 0})


@pytest.mark.parametrize(
    ("g", "category"),
    # What Works Clearinghouse, Standards Handbook 4.0, table II.2.
    [(0.05, "alike"), (-0.05, "alike"), (0.051, "adjust"), (-0.25, "adjust"), (0.251, "not alike")],
)
def test_baseline_differences_have_three_categories(g: float, category: str) -> None:
    found = baseline_difference("score_w1", 300, g)
    assert found.category == category
    assert f"{g:.2f}" in found.sentence
