"""The multilevel model and robust standard errors beside R (golden/make.R), and beside what is published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from survey.analysis.mixed import MixedFits, RobustFits, fit, robust, sums
from tests.scales.golden_files import results, table

GOLDEN = Path(__file__).parent / "golden"
OURS = ["enjoyment", "confidence", "noise"]
SETS = [f"{outcome}_{what}" for outcome in OURS for what in ("alone", "same_rows", "adjusted", "girls", "years")]
PUBLISHED = ["rail", "dyestuff", "dyestuff2", "ergostool", "orthodont", "machines", "sleep_study"]


def columns(name: str) -> dict[str, np.ndarray]:
    header, rows = table(name, GOLDEN)
    return dict(zip(header, rows.T, strict=True))


def rows_of(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the outcome (n × 1), covariates and clusters that R was given."""
    if name in PUBLISHED:
        _, rows = table(name, GOLDEN)
        return rows[:, 1:2], rows[:, 2:], rows[:, 0]
    data = columns("schools")
    data["gain"] = data["enjoyment"] - 3 - 0.15 * (data["baseline"] - 10)
    outcome, _, what = name.partition("_")
    chosen = {
        "adjusted": ["programme", "baseline"],
        "girls": ["girl", "programme", "both"],
        "years": ["years"],
    }.get(what, ["programme"])
    data["both"] = data["girl"] * data["programme"]
    kept = ~np.isnan(data["baseline"]) if what in ("adjusted", "same_rows") else np.ones(len(data["school"]), bool)
    if what == "years":
        kept &= data["programme"] == 1
    covariates = np.column_stack([data[one] for one in chosen])
    return data[outcome][kept, None], covariates[kept], data["school"][kept]


def fitted(name: str) -> tuple[MixedFits, RobustFits]:
    found = sums(*rows_of(name))
    return fit(found), robust(found)


@pytest.mark.parametrize("name", [*SETS, "gain", *PUBLISHED])
def test_every_figure_is_that_of_lme4_lmertest_and_clubsandwich(name: str) -> None:
    model, flat = fitted(name)
    ours = {
        ("rows", ""): model.rows[0],
        ("between", ""): model.between[0],
        ("within", ""): model.within[0],
    }
    for at in range(model.coefficients.shape[1]):
        ours["coefficient", str(at)] = model.coefficients[0, at]
        ours["se", str(at)] = model.se[0, at]
        ours["df", str(at)] = model.df[0, at]
        ours["robust_coefficient", str(at)] = flat.coefficients[0, at]
        ours["robust_se", str(at)] = flat.se[0, at]
        ours["robust_df", str(at)] = flat.df[0, at]
    golden = {key: value for key, value in results(name, GOLDEN).items() if key in ours}
    assert {what for what, _ in golden} >= {"rows", "between", "within", "coefficient", "se", "robust_se", "robust_df"}
    for key, expected in golden.items():
        # lme4 stops within about 1e-7 of the best likelihood; robust figures have a closed form.
        close = 1e-8 if key[0].startswith("robust") else 1e-4
        assert ours[key] == pytest.approx(expected, rel=close, abs=1e-6), key


def test_published_rail() -> None:
    # Pinheiro and Bates (2000), page 8: lme(travel ~ 1, random = ~ 1 | Rail).
    model, _ = fitted("rail")
    assert model.coefficients[0, 0] == pytest.approx(66.5, abs=1e-9)
    assert np.sqrt(model.between[0]) == pytest.approx(24.80547, abs=5e-6)
    assert np.sqrt(model.within[0]) == pytest.approx(4.020779, abs=5e-7)
    # Balanced, so REML is the analysis of variance: the mean has clusters - 1 degrees of freedom.
    assert model.df[0, 0] == pytest.approx(5, abs=1e-6)


def test_published_ergostool() -> None:
    # Pinheiro and Bates (2000), page 13: lme(effort ~ Type, random = ~ 1 | Subject), treatment contrasts.
    model, _ = fitted("ergostool")
    assert model.coefficients[0] == pytest.approx([8.5556, 3.8889, 2.2222, 0.6667], abs=5e-5)
    assert np.sqrt([model.between[0], model.within[0]]) == pytest.approx([1.332465, 1.100295], abs=5e-7)


def test_published_machines() -> None:
    # Pinheiro and Bates (2000), page 23: lme(score ~ Machine, random = ~ 1 | Worker).
    model, _ = fitted("machines")
    assert model.coefficients[0] == pytest.approx([52.356, 7.967, 13.917], abs=5e-4)
    assert np.sqrt([model.between[0], model.within[0]]) == pytest.approx([5.1466, 3.1616], abs=5e-5)


def test_published_dyestuff() -> None:
    # Bates, Mächler, Bolker and Walker, lme4: Mixed-effects modeling with R, chapter 1: Yield ~ 1 + (1 | Batch).
    model, _ = fitted("dyestuff")
    assert model.coefficients[0, 0] == pytest.approx(1527.5)
    assert (model.between[0], model.within[0]) == pytest.approx((1764.05, 2451.25), abs=5e-3)
    assert model.se[0, 0] == pytest.approx(19.38, abs=5e-3)


def test_published_without_variance_between() -> None:
    # The same chapter: Dyestuff2 of Box and Tiao (1973), where REML is at the edge.
    model, _ = fitted("dyestuff2")
    assert model.singular[0]
    assert model.between[0] == 0
    assert model.coefficients[0, 0] == pytest.approx(5.6656, abs=5e-5)
    assert model.within[0] == pytest.approx(13.81, abs=5e-3)


def test_published_growth_of_jaws() -> None:
    # Pinheiro and Bates (2000), page 148: distance ~ age + Sex with a random intercept (REML), Sex at -1/2 … as 0/1 here.
    model, _ = fitted("orthodont")
    assert model.coefficients[0] == pytest.approx([17.70671, 0.66019, -2.32102], abs=5e-6)
    assert np.sqrt([model.between[0], model.within[0]]) == pytest.approx([1.807425, 1.431592], abs=5e-7)


def test_published_lost_sleep() -> None:
    # lme4's help of `sleepstudy`: Reaction ~ Days + (1 | Subject): 1378.18 and 960.46.
    model, _ = fitted("sleep_study")
    assert model.coefficients[0] == pytest.approx([251.4051, 10.4673], abs=5e-5)
    assert (model.between[0], model.within[0]) == pytest.approx((1378.18, 960.46), abs=5e-3)


# ── by itself ─────────────────────────────────────────────────────────────────────────────────────────────
def pretended(outcomes: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(14), rng.integers(2, 20, 14))
    covariates = np.column_stack([clusters % 2, rng.normal(100, 15, len(clusters))])
    spread = rng.uniform(0, 1, outcomes)
    y = rng.normal(size=(14, outcomes))[clusters] * spread + rng.normal(size=(len(clusters), outcomes))
    y[rng.random(y.shape) < 0.1] = np.nan
    return y, covariates, clusters


def test_many_outcomes_at_once_are_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    y, covariates, clusters = pretended(40)
    together, flat = fit(sums(y, covariates, clusters)), robust(sums(y, covariates, clusters))
    assert together.singular.any()
    assert not together.singular.all()
    monkeypatch.setattr("survey.analysis.mixed._CELLS", 1)
    for at in range(y.shape[1]):
        there = ~np.isnan(y[:, at])
        part = sums(y[there][:, [at]], covariates[there], clusters[there])
        alone = fit(part)
        assert together.coefficients[at] == pytest.approx(alone.coefficients[0], rel=1e-9)
        assert together.se[at] == pytest.approx(alone.se[0], rel=1e-7)
        assert together.df[at] == pytest.approx(alone.df[0], rel=1e-5, nan_ok=True)
        assert flat.se[at] == pytest.approx(robust(part).se[0], rel=1e-9)


def brute_force(y: np.ndarray, x: np.ndarray, clusters: np.ndarray, ratio: float) -> float:
    """Return the deviance at a ratio of variances from whole matrices, as a textbook writes it."""
    x = np.column_stack([np.ones(len(y)), x])
    v = np.eye(len(y)) + ratio * (clusters[:, None] == clusters)
    inverse = np.linalg.inv(v)
    a = x.T @ inverse @ x
    left = y - x @ np.linalg.solve(a, x.T @ inverse @ y)
    over = len(y) - x.shape[1]
    return np.linalg.slogdet(v)[1] + np.linalg.slogdet(a)[1] + over * np.log(left @ inverse @ left)


@pytest.mark.parametrize("at", range(6))
def test_no_ratio_of_variances_has_a_greater_likelihood(at: int) -> None:
    y, covariates, clusters = pretended(6, seed=11)
    model = fit(sums(y, covariates, clusters))
    there = ~np.isnan(y[:, at])
    part = y[there, at], covariates[there], clusters[there]
    found = brute_force(*part, float(model.between[at] / model.within[at]))
    for ratio in [0, *np.logspace(-5, 4, 60)]:
        assert found <= brute_force(*part, ratio) + 1e-9


def test_large_numbers_keep_their_digits() -> None:
    y, covariates, clusters = pretended(3)
    model = fit(sums(y, covariates, clusters))
    moved = fit(sums(1e6 + 1e-3 * y, 1e5 + covariates, clusters))
    assert moved.coefficients[:, 1:] == pytest.approx(1e-3 * model.coefficients[:, 1:], rel=1e-5)
    assert moved.icc == pytest.approx(model.icc, rel=1e-5, abs=1e-9)


def test_without_clusters_it_is_least_squares() -> None:
    y, covariates, _ = pretended(1)
    model = fit(sums(y, covariates))
    there = ~np.isnan(y[:, 0])
    x = np.column_stack([np.ones(there.sum()), covariates[there]])
    beta, rest, *_ = np.linalg.lstsq(x, y[there, 0], rcond=None)
    assert model.coefficients[0] == pytest.approx(beta, rel=1e-9)
    assert model.within[0] == pytest.approx(rest[0] / (len(x) - 3))
    assert model.df[0] == pytest.approx([len(x) - 3] * 3)
    assert not model.singular[0]


def test_what_cannot_be_fitted_is_nan_and_spoils_no_neighbour() -> None:
    y, covariates, clusters = pretended(5)
    good = fit(sums(y[:, [4]], covariates, clusters))
    y[:, 0] = np.nan  # nothing
    y[:, 1] = 7  # no variance
    y[clusters % 2 == 1, 2] = np.nan  # one arm only
    y[:, 3] = clusters  # no variance within clusters
    found, flat = fit(sums(y, covariates, clusters)), robust(sums(y, covariates, clusters))
    assert np.isnan(found.coefficients[:4]).all()
    assert np.isnan(found.se[:4]).all()
    assert np.isnan(flat.se[:3]).all()
    assert found.constant_within.tolist() == [False, False, False, True, False]
    assert found.coefficients[4] == pytest.approx(good.coefficients[0], rel=1e-9)


def test_one_row_a_cluster_has_no_variance_between() -> None:
    y, covariates, _ = pretended(2)
    found = fit(sums(y, covariates, np.arange(len(y))))
    assert found.singular.all()
    assert (found.between == 0).all()


def test_an_outcome_that_the_covariates_tell_exactly_has_no_model() -> None:
    covariate = np.array([1.0, 0, 0, 1, 0, 1])
    found = fit(sums(2 * covariate[:, None] + 1, covariate, np.array([0, 0, 0, 0, 1, 1])))
    assert np.isnan(found.coefficients).all()


def test_no_rows_are_no_model() -> None:
    found = fit(sums(np.zeros((0, 2)), np.zeros((0, 1)), np.zeros(0, dtype=int)))
    assert np.isnan(found.coefficients).all()
    assert found.rows.tolist() == [0, 0]


def test_gaps_in_covariates_are_refused() -> None:
    with pytest.raises(ValueError, match="no gaps"):
        sums(np.zeros((2, 1)), np.array([[1.0], [np.nan]]), np.array([0, 1]))
