"""Reliability of scales with recodes, weights, counts, items that were not shown, and of scales of scales."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from survey.analysis.reliability import describe, describe_scales
from survey.scales import Beside, Linear, NormsOfGroup, Recode, Rule

BINARY = Recode({1: 0, 2: 0, 3: 0, 4: 1, 5: 1})


def rule(*items: str, **said: object) -> Rule:
    """A sum of five-point items, all needed, unless something else is said."""
    count = len(items)
    plain = {"reverse": (False,) * count, "low": (1.0,) * count, "high": (5.0,) * count, "prorate": False}
    return Rule(**{"items": items, "score": "sum", "needs": count, **plain, **said})


def answers(people: int = 200, items: int = 6, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(people, 1))
    return np.clip(np.round(3 + common + rng.normal(size=(people, items))), 1, 5)


MATRIX = answers()
NAMES = "abcdef"


def figures(found: object) -> dict[str, object]:
    names = ("n", "alpha", "alpha_interval", "standardised_alpha", "omega_total", "mean_inter_item", "sem")
    return {name: getattr(found, name) for name in names}


def test_a_recoded_scale_has_the_reliability_of_its_recoded_answers() -> None:
    by = rule(*NAMES, recodes=(BINARY,) * 6)
    plain = rule(*NAMES, low=(0.0,) * 6, high=(1.0,) * 6)
    coded = (MATRIX >= 4).astype(float)
    assert figures(describe(MATRIX, by)) == figures(describe(coded, plain))
    assert (describe(MATRIX, by).floor, describe(MATRIX, by).ceiling) == (
        np.mean(~coded.any(axis=1)),
        np.mean(coded.all(axis=1)),
    )


def test_the_alpha_of_a_count_is_kuder_and_richardson_s_formula_20() -> None:
    """Kuder, G. F. and Richardson, M. W. (1937). The theory of the estimation of test reliability. Psychometrika, 2,
    151-160: k / (k - 1) × (1 - Σ pq / variance), here with n - 1 below both variances."""
    by = rule(*NAMES, score="count", recodes=(Recode({4: 1.0, 5: 1.0}, 0.0),) * 6)
    coded = (MATRIX >= 4).astype(float)
    share = coded.mean(axis=0)
    kr20 = 6 / 5 * (1 - (share * (1 - share)).sum() / coded.sum(axis=1).var())
    assert describe(MATRIX, by).alpha == pytest.approx(kr20, abs=1e-12)


def test_weights_count_in_alpha_and_in_the_error_of_measurement_but_not_in_an_item_s_own_figures() -> None:
    weights = (1.0, 2.0, 1.0, 0.5, 1.0, 3.0)
    by = rule(*NAMES, weights=weights)
    heavy = MATRIX * np.array(weights)
    plain = rule(*NAMES, low=(0.0,) * 6, high=(15.0,) * 6)
    assert figures(describe(MATRIX, by)) == figures(describe(heavy, plain))
    mean = describe(MATRIX, replace(by, score="mean"))
    assert mean.sem == pytest.approx((describe(MATRIX, by).sem or 0) / sum(weights))
    (described,) = describe_scales(dict(zip(NAMES, MATRIX.T, strict=True)), {"scale": by})
    assert [item.mean for item in described.items] == pytest.approx(MATRIX.mean(axis=0))


def test_an_item_that_was_not_shown_counts_where_the_rule_says_what() -> None:
    given = MATRIX.copy()
    hidden = np.arange(len(given)) % 4 == 0
    given[hidden, 5] = np.nan
    beside = Beside({"f": hidden})
    blank, by = rule(*NAMES), rule(*NAMES, not_shown=1.0)
    assert describe(given, blank, beside=beside).n == 150
    filled = np.where(np.isnan(given), 1.0, given)
    assert figures(describe(given, by, beside=beside)) == figures(describe(filled, blank))
    assert describe(given, by).n == 150


FIRST, SECOND = rule("a", "b", "c"), rule("d", "e", "f", reverse=(False, True, False))


def whole(**said: object) -> Rule:
    parts = {"first": FIRST, "second": SECOND}
    return rule("first", "second", **{"parts": parts, "low": (3.0, 3.0), "high": (15.0, 15.0), **said})


def test_a_scale_of_scales_has_the_alpha_of_its_scores_and_a_stratified_alpha() -> None:
    """Cronbach, L. J., Schönemann, P. and McKie, D. (1965). Alpha coefficients for stratified-parallel tests.
    Educational and Psychological Measurement, 25, 291-312: 1 - Σ s²(1 - α) / S²."""
    asked = MATRIX.copy()
    asked[:, 4] = 6 - asked[:, 4]
    parts = np.column_stack([MATRIX[:, :3].sum(axis=1), MATRIX[:, 3:].sum(axis=1)])
    found = describe(asked, whole())
    assert figures(found) == figures(describe(parts, rule("x", "y", low=(3.0, 3.0), high=(15.0, 15.0))))
    alphas = [describe(MATRIX[:, :3], FIRST).alpha, describe(asked[:, 3:], SECOND).alpha]
    errors = sum(parts[:, at].var(ddof=1) * (1 - alphas[at]) for at in (0, 1))
    assert found.stratified_alpha == pytest.approx(1 - errors / parts.sum(axis=1).var(ddof=1), abs=1e-12)
    assert (
        f"Stratified alpha, which allows for how reliable each of them is, is {found.stratified_alpha:.2f}"
        in (found.remarks[-1])
    )


def test_stratified_alpha_is_of_people_who_answered_every_question() -> None:
    given = MATRIX.copy()
    given[:40, 0] = np.nan
    lenient = whole(parts={"first": replace(FIRST, needs=2, prorate=True, round=0), "second": SECOND})
    found = describe(given, lenient)
    assert found.n == 200
    assert found.stratified_alpha == pytest.approx(describe(MATRIX[40:], whole()).stratified_alpha, abs=1e-12)
    few = given.copy()
    few[:171, 0] = np.nan
    assert describe(few, lenient).stratified_alpha is None
    assert describe(few, lenient).remarks[-1] == "The items are scales: alpha is that of their scores."


def test_without_the_alpha_of_each_scale_there_is_no_stratified_alpha() -> None:
    single = rule("f")
    by = whole(parts={"first": FIRST, "second": single}, low=(3.0, 1.0), high=(15.0, 5.0))
    given = MATRIX[:, [0, 1, 2, 5]]
    assert describe(given, by).stratified_alpha is None
    mixed = rule("first", "f", parts={"first": FIRST}, low=(3.0, 1.0), high=(15.0, 5.0))
    found = describe(given, mixed)
    assert found.stratified_alpha is None
    assert not any("The items are scales" in remark for remark in found.remarks)


def test_norms_and_conversions_change_no_reliability() -> None:
    normed = whole(norms=(NormsOfGroup({"sex": "f"}, Linear(20, 25, 50, 60)),), round=0)
    assert figures(describe(MATRIX, normed)) == figures(describe(MATRIX, whole()))
    assert describe(MATRIX, normed).scored == 200


def test_the_facts_of_norms_within_are_used() -> None:
    part = replace(FIRST, norms=(NormsOfGroup({"sex": "f"}, Linear(9, 12, 50, 60)),))
    by = whole(parts={"first": part, "second": SECOND}, low=(0.0, 3.0), high=(100.0, 15.0))
    girls = ["f"] * 120 + [None] * 80
    assert describe(MATRIX, by, beside=Beside(facts={"sex": girls})).n == 120
    (one,) = describe_scales(
        dict(zip(NAMES, MATRIX.T, strict=True)), {"scale": by}, beside=Beside(facts={"sex": girls})
    )
    assert one.reliability.n == 120
