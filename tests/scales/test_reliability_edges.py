"""Where reliability cannot be told, a sentence says so; nothing crashes and no bare number is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from survey.analysis.reliability import (
    Grouping,
    NoSolution,
    covariances,
    describe,
    describe_scales,
    omega_total,
    spearman_brown,
)
from survey.scales import ConversionTable, Linear, Rule


def rule(count: int, reverse: tuple[int, ...] = ()) -> Rule:
    return Rule(
        items=tuple("abcdefgh"[:count]),
        reverse=tuple(at in reverse for at in range(count)),
        low=(1.0,) * count,
        high=(5.0,) * count,
        score="mean",
        prorate=False,
        needs=count,
    )


def answers(people: int = 200, items: int = 4, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(people, 1))
    return np.clip(np.round(3 + latent + rng.normal(size=(people, items)) * 0.8), 1, 5)


def test_fewer_than_thirty_are_not_told() -> None:
    found = describe(answers(29), rule(4))
    assert found.too_few == (
        "Only 29 of 29 respondents answered every item, and reliability is told from 30 on. "
        "Please join groups, or wait for more answers."
    )
    figures = (found.alpha, found.alpha_interval, found.omega_total, found.mean_inter_item, found.sem)
    assert {*figures, found.floor, found.ceiling, found.standardised_alpha, found.spearman_brown} == {None}
    assert found.alpha_if_dropped == found.item_rest == {}


def test_thirty_are_told() -> None:
    found = describe(answers(30), rule(4))
    assert found.too_few is None
    assert found.alpha is not None


def test_listwise_may_leave_too_few_where_pairwise_does_not() -> None:
    gaps = answers(100)
    for at in range(80):
        gaps[at, at % 4] = np.nan
    by = replace(rule(4), needs=2)
    assert "answered every item" in (describe(gaps, by).too_few or "")
    found = describe(gaps, by, treatment="pairwise")
    assert found.too_few is None
    assert (found.n, found.scored) == (60, 100)


def test_pairs_may_be_too_few_as_well() -> None:
    gaps = answers(100)
    gaps[:80, 0] = np.nan
    assert "least answered together" in (describe(gaps, rule(4), treatment="pairwise").too_few or "")


def test_shares_at_the_ends_need_thirty_scores_of_their_own() -> None:
    gaps = answers(100)
    for at in range(80):
        gaps[at, at % 4] = np.nan
    found = describe(gaps, rule(4), treatment="pairwise")
    assert found.alpha is not None
    assert found.floor is found.ceiling is None
    assert "Only 20 of 100 respondents have a score" in found.remarks[0]


def test_respondents_are_those_with_an_answer() -> None:
    gaps = answers(60)
    gaps[50:] = np.nan
    found = describe(gaps, rule(4))
    assert (found.respondents, found.n) == (50, 50)


def test_floor_and_ceiling_are_shares_of_the_scored_after_turning() -> None:
    matrix = np.full((40, 3), 3.0)
    matrix[:4] = [1, 5, 1]
    matrix[4:14] = [5, 1, 5]
    matrix[14:16] = [5, np.nan, 5]
    matrix[16:18] = [5, 1, np.nan]
    found = describe(matrix, replace(rule(3, (1,)), needs=3))
    assert (found.scored, found.floor, found.ceiling) == (36, 4 / 36, 10 / 36)
    lenient = describe(matrix, replace(rule(3, (1,)), needs=2))
    assert (lenient.scored, lenient.floor, lenient.ceiling) == (40, 4 / 40, 14 / 40)


def test_a_transformation_changes_neither_shares_nor_error() -> None:
    matrix = answers()
    plain = describe(matrix, rule(4))
    assert describe(matrix, replace(rule(4), transform=Linear(1, 5, 0, 100), round=0)) == plain
    summed = replace(rule(4), score="sum")
    table = replace(summed, transform=ConversionTable({4: 1.0}))
    assert describe(matrix, table) == describe(matrix, summed)
    assert describe(matrix, summed).sem == pytest.approx(4 * (plain.sem or 0))


def test_an_item_that_runs_against_the_rest_is_named() -> None:
    matrix = answers()
    matrix[:, 2] = 6 - matrix[:, 2]
    found = describe(matrix, rule(4))
    rest = found.item_rest["c"]
    assert rest is not None
    assert found.remarks == (
        (
            f"Item 'c' hardly goes with the rest (item-rest correlation {rest:.2f}): is it reversed? "
            "The questionnaire does not turn it round."
        ),
    )
    assert not describe(matrix, rule(4, (2,))).remarks


def test_everyone_alike_on_one_item() -> None:
    matrix = answers()
    matrix[:, 1] = 4
    found = describe(matrix, rule(4))
    assert found.alpha is not None
    assert found.item_rest["b"] is None
    assert found.standardised_alpha is found.omega_total is found.mean_inter_item is None
    assert found.remarks[0].startswith("Everyone gave the same answer to 'b', so correlations with it do not exist")


def test_everyone_alike_on_every_item() -> None:
    found = describe(np.full((50, 3), 5.0), rule(3))
    assert found.alpha is found.alpha_interval is found.sem is found.omega_total is None
    assert found.ceiling == 1
    assert any("'a', 'b', 'c'" in remark for remark in found.remarks)
    assert any("does not vary" in remark for remark in found.remarks)


def test_a_copied_item_makes_the_matrix_singular() -> None:
    matrix = answers()
    matrix[:, 3] = matrix[:, 0]
    found = describe(matrix, rule(4))
    assert found.alpha is not None
    assert any("singular" in remark and "copied column" in remark for remark in found.remarks)


def test_all_items_the_same() -> None:
    found = describe(np.repeat(answers(items=1), 3, axis=1), rule(3))
    assert found.alpha == pytest.approx(1)
    assert found.mean_inter_item == pytest.approx(1)
    assert any("singular" in remark for remark in found.remarks)
    assert found.omega_total == pytest.approx(1, abs=0.01)
    assert any("Heywood" in remark for remark in found.remarks)


def test_items_that_cancel_out() -> None:
    first = answers(items=1)
    found = describe(np.hstack([first, 6 - first]), rule(2))
    assert found.alpha is found.standardised_alpha is found.spearman_brown is found.sem is None
    assert any("cancel each other out" in remark for remark in found.remarks)


def test_alpha_below_zero_says_so_and_has_no_standard_error() -> None:
    first = answers(items=1)
    other = np.clip(6 - first + np.random.default_rng(2).integers(-1, 2, first.shape), 1, 5)
    found = describe(np.hstack([first, other]), rule(2))
    assert found.alpha is not None
    assert found.alpha < 0
    assert found.sem is None
    assert any("below zero" in remark for remark in found.remarks)


def test_two_items_have_spearman_brown_and_no_omega() -> None:
    found = describe(answers(items=2), rule(2))
    r = found.mean_inter_item
    assert r is not None
    assert found.spearman_brown == pytest.approx(2 * r / (1 + r))
    assert found.spearman_brown == pytest.approx(found.standardised_alpha)
    assert found.omega_total is None
    assert found.alpha_if_dropped == {}
    assert found.remarks == ("With two items, report Spearman-Brown; omega needs three.",)
    assert describe(answers(items=3), rule(3)).spearman_brown is None
    assert spearman_brown(-1.0) is None


def test_one_item_has_shares_only() -> None:
    found = describe(answers(items=1), rule(1))
    assert found.alpha is None
    assert found.floor is not None
    assert found.remarks == ("One item has no internal consistency, so there is no alpha or omega.",)


def test_pairs_that_contradict_each_other() -> None:
    # a goes with b, b with c, and c against a, each in other respondents.
    one = np.tile([1.0, 2, 3, 4, 5], 8)
    none = np.full(40, np.nan)
    matrix = np.vstack([np.c_[one, one, none], np.c_[none, one, one], np.c_[one, none, 6 - one]])
    found = describe(matrix, replace(rule(3), needs=1), treatment="pairwise")
    assert found.omega_total is None
    assert any("contradict each other" in remark and "listwise" in remark for remark in found.remarks)


def test_each_year_group_by_itself() -> None:
    matrix = np.vstack([answers(100, seed=1), answers(20, seed=2), answers(60, seed=3)])
    years = ["10"] * 100 + ["9"] * 20 + ["3"] * 60
    numbers = dict(zip(rule(4).items, matrix.T, strict=True))
    found = {one.group: one for one in describe_scales(numbers, {"scale": rule(4)}, Grouping("year", years))}
    assert list(found) == ["3", "9", "10"]
    assert found["10"].reliability == describe(matrix[:100], rule(4))
    assert found["3"].reliability == describe(matrix[120:], rule(4))
    assert found["9"].reliability.too_few is not None
    assert found["9"].reliability.too_few in found["9"].notes
    with pytest.raises(ValueError, match="180 respondents, but 179 names"):
        describe_scales(numbers, {"scale": rule(4)}, Grouping("year", years[:-1]))


def test_items_are_told_as_the_scale_counts_them() -> None:
    matrix = answers(100, seed=1)
    matrix[:5, 0] = np.nan
    turning = replace(rule(4), reverse=(True, False, False, False))
    (found,) = describe_scales(dict(zip(turning.items, matrix.T, strict=True)), {"scale": turning})
    first, second, *_ = found.items
    there = matrix[5:, 0]
    assert (first.n, first.reversed, second.n, second.reversed) == (95, True, 100, False)
    assert first.mean == pytest.approx(turning.low[0] + turning.high[0] - there.mean())
    assert first.sd == pytest.approx(there.std(ddof=1))
    few = describe_scales(dict(zip(turning.items, matrix[:29].T, strict=True)), {"scale": turning})[0]
    assert {item.mean for item in few.items} == {None}


def test_too_many_factors_have_no_solution() -> None:
    with pytest.raises(NoSolution, match="2 items are too few for a solution with 1 factor\\."):
        omega_total(np.eye(2))
    with pytest.raises(NoSolution, match="4 items are too few for a solution with 2 factors\\."):
        omega_total(np.eye(4), factors=2)


def test_too_few_answers_to_a_pair_have_no_covariance() -> None:
    with pytest.raises(NoSolution, match="fewer than two"):
        covariances([[1, np.nan], [2, 3], [np.nan, 4]])


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_level_is_a_share(confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        describe(answers(), rule(4), confidence=confidence)


def test_codes_for_missing_are_refused() -> None:
    matrix = answers()
    matrix[3, 1] = -9
    with pytest.raises(ValueError, match="item 'b' has numbers outside"):
        describe(matrix, rule(4))


@settings(deadline=None, max_examples=60)
@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(30, 45), st.integers(1, 5)),
        elements=st.sampled_from([1.0, 2.0, 3.0, 5.0]) | st.just(float("nan")),
        fill=st.sampled_from([1.0, 5.0, float("nan")]),
    ),
    st.sampled_from(["listwise", "pairwise"]),
)
def test_no_answers_make_it_crash_and_figures_stay_in_their_range(matrix: np.ndarray, treatment: str) -> None:
    found = describe(matrix, replace(rule(matrix.shape[1]), needs=1), treatment=treatment)
    if found.too_few:
        assert found.alpha is None
        return
    assert found.n >= 30
    for share in (found.floor, found.ceiling):
        assert share is None or 0 <= share <= 1
    for figure in (found.alpha, found.omega_total, found.standardised_alpha, found.spearman_brown, found.sem):
        assert figure is None or np.isfinite(figure)
    for rest in found.item_rest.values():
        assert rest is None or treatment == "pairwise" or -1 - 1e-9 <= rest <= 1 + 1e-9
    if found.alpha is None:
        assert found.remarks
    if found.alpha is not None and treatment == "listwise":
        assert found.alpha <= 1 + 1e-9
