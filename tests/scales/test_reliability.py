"""Reliability beside R's psych (golden/make.R) and beside what is published."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from survey.analysis.reliability import (
    Reliability,
    Treatment,
    covariances,
    describe,
    feldt,
    omega_total,
    uniquenesses,
)
from survey.scales import Rule
from tests.scales.golden_files import results, table

TURNED = ("item_3", "item_7")


def rule(items: list[str], reverse: tuple[str, ...] = (), low: float = 1, high: float = 5) -> Rule:
    count = len(items)
    return Rule(
        items=tuple(items),
        reverse=tuple(item in reverse for item in items),
        low=(low,) * count,
        high=(high,) * count,
        score="sum",
        prorate=False,
        needs=count,
    )


def found_by_us(name: str) -> Reliability:
    treatment: Treatment = "pairwise" if name == "gaps_pairwise" else "listwise"
    file = {"not_turned": "five_points", "two_items": "five_points"}.get(name, name.split("_")[0])
    items, answers = table("five_points" if file == "five" else file)
    if name == "two_items":
        return describe(answers[:, :2], rule(items[:2]))
    if name.startswith("attitude"):
        wrong = ("complaints", "critical") if name == "attitude_wrong" else ()
        return describe(answers, rule(items, wrong, 0, 100))
    return describe(answers, rule(items, () if name == "not_turned" else TURNED), treatment=treatment)


SETS = ["five_points", "not_turned", "gaps_listwise", "gaps_pairwise", "two_items", "attitude", "attitude_wrong"]


@pytest.mark.parametrize("name", SETS)
def test_every_figure_is_that_of_psych(name: str) -> None:
    ours = dataclasses.asdict(found_by_us(name))
    assert ours["alpha_interval"] is not None
    ours["alpha_low"], ours["alpha_high"] = ours["alpha_interval"]
    ours["sem_of_sum"] = ours["sem"]
    golden = results(name)
    assert {"alpha", "standardised_alpha", "sem_of_sum", "alpha_low", "ceiling"} <= {what for what, _ in golden}
    for (what, item), expected in golden.items():
        value = ours[what][item] if item else ours[what]
        assert value == pytest.approx(expected, abs=1e-6), (what, item)


def test_published_attitude() -> None:
    # R's data set `attitude`, from Chatterjee and Price (1977); figures as in the help of psych::alpha.
    found = found_by_us("attitude")
    assert found.alpha == pytest.approx(0.8431, abs=5e-5)
    assert found.standardised_alpha == pytest.approx(0.8391, abs=5e-5)
    dropped = [round(value, 2) for value in found.alpha_if_dropped.values()]
    assert dropped == [0.81, 0.80, 0.83, 0.80, 0.80, 0.86, 0.84]
    assert (found.n, found.respondents, found.treatment, found.too_few) == (30, 30, "listwise", None)


def test_published_attitude_with_two_items_wrongly_reversed() -> None:
    found = found_by_us("attitude_wrong")
    assert found.alpha == pytest.approx(0.1843, abs=5e-5)
    named = [remark for remark in found.remarks if "is it reversed?" in remark]
    assert len(named) == 2
    assert "'complaints'" in named[0]
    assert "'critical'" in named[1]
    assert all("turns it round now" in remark for remark in named)


def test_published_interval() -> None:
    # Feldt, Woodruff and Salih (1987), Applied Psychological Measurement 11, 93-103, by psych::alpha.ci.
    assert feldt(0.74, 100, 4) == pytest.approx((0.6455, 0.8143), abs=5e-5)


@pytest.mark.parametrize("case", ["0.74 100 4", "0.9 30 2", "0.2 2500 12", "-0.3 50 5"])
def test_intervals_are_those_of_psych(case: str) -> None:
    golden = results("feldt")
    alpha, n, items = case.split()
    expected = (golden["alpha_low", case], golden["alpha_high", case])
    assert feldt(float(alpha), int(n), int(items)) == pytest.approx(expected, abs=1e-9)


def test_a_wider_interval_at_more_confidence() -> None:
    low, high = feldt(0.8, 200, 6)
    lower, higher = feldt(0.8, 200, 6, 0.99)
    assert lower < low < 0.8 < high < higher


def test_published_thurstone() -> None:
    # Nine variables of Thurstone and Thurstone (1941): alpha .89; omega total .93 is that of three factors, which is
    # what psych::omega extracts unless told otherwise. With one factor it is .89.
    _, matrix = table("thurstone")
    golden = results("thurstone")
    assert omega_total(matrix, factors=3) == pytest.approx(0.93, abs=0.005)
    for factors in (1, 2, 3):
        expected = golden["omega_total", str(factors)]
        assert omega_total(matrix, factors=factors) == pytest.approx(expected, abs=1e-6)
    assert golden["standardised_alpha", ""] == pytest.approx(0.89, abs=0.005)


@pytest.mark.parametrize("factors", [1, 2, 3])
def test_unique_variances_are_those_of_minres(factors: int) -> None:
    _, matrix = table("thurstone")
    expected = [results(f"thurstone_{factors}")["uniqueness", str(at)] for at in range(1, 10)]
    np.testing.assert_allclose(uniquenesses(matrix, factors), expected, atol=5e-5)


def test_one_factor_is_found_again_exactly() -> None:
    loadings = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    matrix = np.outer(loadings, loadings)
    np.fill_diagonal(matrix, 1)
    np.testing.assert_allclose(uniquenesses(matrix), 1 - loadings**2, atol=1e-5)
    expected = loadings.sum() ** 2 / (loadings.sum() ** 2 + (1 - loadings**2).sum())
    assert omega_total(matrix) == pytest.approx(expected, abs=1e-6)


def test_covariances_pair_by_pair() -> None:
    answers = np.array([[1, 2], [2, 4], [3, np.nan], [np.nan, 1], [4, 9.0]])
    both = answers[[0, 1, 4]]
    assert covariances(answers)[0, 1] == pytest.approx(np.cov(both.T)[0, 1])
    assert covariances(answers)[0, 0] == pytest.approx(np.var([1, 2, 3, 4], ddof=1))


def test_the_treatment_says_whom_it_rests_on() -> None:
    _, answers = table("gaps")
    listwise, pairwise = found_by_us("gaps_listwise"), found_by_us("gaps_pairwise")
    there = ~np.isnan(answers)
    assert (listwise.treatment, listwise.n) == ("listwise", int(there.all(axis=1).sum()))
    assert (pairwise.treatment, pairwise.n) == (
        "pairwise",
        min((there[:, a] & there[:, b]).sum() for a in range(8) for b in range(8)),
    )
    assert listwise.respondents == pairwise.respondents == int(there.any(axis=1).sum())
    assert listwise.n < pairwise.n < listwise.respondents
