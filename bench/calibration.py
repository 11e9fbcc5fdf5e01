"""Do intervals hold what they say? A thousand studies of a known truth for each condition, compared as Chorus does.

docs/calibration.md shows what this prints: how often the 95 % intervals hold the true effect, how often no effect at
all is called one, and how far the mean of the estimates is from the truth. Among a thousand studies 93.6 to 96.4 % is
chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from survey.analysis.comparison import GroupComparison, Sides, compare
from survey.analysis.effects import quantile
from survey.analysis.mixed import fit, sums

STUDIES = 1000
"""Studies of each condition and effect."""

LAYOUTS = 100
"""Sets of schools and baselines among them; each serves as many studies as the others."""

EFFECT = 0.25
"""In standard deviations of pupils, schools included."""


@dataclass(frozen=True)
class Condition:
    """How studies are made. `programme` of the schools have it; sizes are drawn between two ends."""

    name: str
    schools: int = 26
    programme: int = 13
    sizes: tuple[int, int] = (10, 60)
    icc: float = 0.1
    missing: float = 0.0
    lost: tuple[float, float] = (0.0, 0.0)
    crossed: bool = False
    shape: Callable[[np.ndarray], np.ndarray] | None = None


def _five_points(y: np.ndarray) -> np.ndarray:
    """Turn scores into a mean of four answers from 1 to 5, most of them high, as children give them."""
    return np.clip(np.round(4 * (4.2 + 0.9 * y)) / 4, 1, 5)


CONDITIONS = (
    Condition("26 schools, ICC 0.10"),
    Condition("26 schools, ICC 0.02", icc=0.02),
    Condition("26 schools, ICC 0.25", icc=0.25),
    Condition("26 schools, 8 with the programme", programme=8),
    Condition("26 schools of 3 to 150 pupils", sizes=(3, 150)),
    Condition("26 schools, 10 % missing, 15 and 25 % lost", missing=0.1, lost=(0.15, 0.25)),
    Condition("26 schools, five-point answers", shape=_five_points),
    Condition("30 schools, ICC 0.10", schools=30, programme=15),
    Condition("14 schools, ICC 0.10", schools=14, programme=7),
    Condition("10 schools, ICC 0.10", schools=10, programme=5),
    Condition("10 schools, ICC 0.02", schools=10, programme=5, icc=0.02),
    Condition("10 schools, 3 with the programme", schools=10, programme=3),
    Condition("6 schools, ICC 0.10", schools=6, programme=3),
    Condition("girls and boys in 26 schools", crossed=True),
)


@dataclass
class Tally:
    """How often intervals of one kind held a truth, and what was estimated."""

    held: int = 0
    counted: int = 0
    total: float = 0.0

    def add(self, truth: float, value: float | None, low: float | None, high: float | None) -> None:
        if value is None or low is None or high is None:
            return
        self.held += low <= truth <= high
        self.counted += 1
        self.total += value - truth

    @property
    def coverage(self) -> float:
        return 100 * self.held / self.counted if self.counted else math.nan

    @property
    def bias(self) -> float:
        return self.total / self.counted if self.counted else math.nan


KINDS = ("multilevel", "g", "adjusted", "adjusted g", "cluster means", "CR2", "Satterthwaite", "pupils alone")


def _studies(
    condition: Condition, effect: float, rng: np.random.Generator, layouts: int
) -> Iterator[tuple[Sides, np.ndarray]]:
    """Yield layouts with the outcomes of their studies (n × studies); outcomes have variance 1, schools included."""
    each = max(1, STUDIES // LAYOUTS)
    for _ in range(layouts):
        sizes = rng.integers(condition.sizes[0], condition.sizes[1] + 1, condition.schools)
        school = np.repeat(np.arange(condition.schools), sizes)
        arm = rng.integers(0, 2, len(school)) if condition.crossed else (school < condition.programme).astype(int)
        between, within = math.sqrt(condition.icc), math.sqrt(1 - condition.icc)
        before = between * rng.normal(size=condition.schools)[school] + within * rng.normal(size=len(school))
        # The baseline explains a third of the variance, between schools and within them.
        news = between * rng.normal(size=(condition.schools, each))[school] + within * rng.normal(
            size=(len(school), each)
        )
        y = effect * arm[:, None] + math.sqrt(1 / 3) * before[:, None] + math.sqrt(2 / 3) * news
        y = y if condition.shape is None else condition.shape(y)
        gone = condition.missing + np.array(condition.lost)[arm][:, None]
        y[rng.random(y.shape) < gone] = np.nan
        yield (
            Sides(
                ["p" if one else "c" for one in arm],
                "c",
                "p",
                [str(one) for one in school],
                np.where(rng.random(len(school)) < condition.missing, np.nan, before),
            ),
            y,
        )


def _truth(condition: Condition, effect: float) -> tuple[float, float]:
    """Return the true difference and the true standard deviation, after any change of shape."""
    if condition.shape is None:
        return effect, 1.0
    rng = np.random.default_rng(1)
    noise = rng.normal(size=2_000_000)
    off, on = condition.shape(noise), condition.shape(noise + effect)
    return float(on.mean() - off.mean()), float(math.sqrt((off.var() + on.var()) / 2))


def tallied(condition: Condition, effect: float, rng: np.random.Generator, layouts: int = LAYOUTS) -> dict[str, Tally]:
    truth, sd = _truth(condition, effect)
    found = {kind: Tally() for kind in KINDS}
    for sides, y in _studies(condition, effect, rng, layouts):
        for one in compare({str(at): y[:, at] for at in range(y.shape[1])}, sides):
            _add(found, one, truth, sd)
        arm = np.array([one == "p" for one in sides.groups], dtype=float)
        model = fit(sums(y, arm, np.array(sides.clusters).astype(int)))
        # lmerTest's way at the edge: as if no school were there.
        df = np.where(np.isnan(model.df[:, 1]), model.rows - 2.0, model.df[:, 1])
        reach = quantile(df) * model.se[:, 1]
        for value, by in zip(model.coefficients[:, 1].tolist(), reach.tolist(), strict=True):
            found["Satterthwaite"].add(truth, value, value - by, value + by)
    return found


def _add(found: dict[str, Tally], one: GroupComparison, truth: float, sd: float) -> None:
    for kind, model in (("multilevel", one.multilevel), ("adjusted", one.adjusted)):
        if model is None:
            continue
        found[kind].add(truth, model.difference, model.low, model.high)
        found["g" if kind == "multilevel" else "adjusted g"].add(truth / sd, model.g, model.g_low, model.g_high)
    if one.multilevel is not None and one.multilevel.cluster_robust is not None:
        flat = one.multilevel.cluster_robust
        found["CR2"].add(truth, flat.difference, flat.low, flat.high)
    if one.cluster_means is not None:
        found["cluster means"].add(truth, one.cluster_means.difference, one.cluster_means.low, one.cluster_means.high)
    if one.g is not None:
        found["pupils alone"].add(truth / sd, one.g.value, one.g.low, one.g.high)


def run(*, small: bool = False) -> list[str]:
    """Return the tables as lines of Markdown: coverage and bias with an effect, false alarms without one.

    small: a hundredth of the studies, to see that it runs.
    """
    layouts = 1 if small else LAYOUTS
    head = f"| condition | {' | '.join(KINDS)} |"
    rule = f"|---|{'---|' * len(KINDS)}"
    coverage, alarms, bias = [], [], []
    for at, condition in enumerate(CONDITIONS):
        some = tallied(condition, EFFECT, np.random.default_rng((at, 1)), layouts)
        none = tallied(condition, 0.0, np.random.default_rng((at, 2)), layouts)
        coverage.append(f"| {condition.name} | {' | '.join(f'{some[kind].coverage:.1f}' for kind in KINDS)} |")
        alarms.append(f"| {condition.name} | {' | '.join(f'{100 - none[kind].coverage:.1f}' for kind in KINDS)} |")
        bias.append(f"| {condition.name} | {' | '.join(f'{some[kind].bias:+.3f}' for kind in KINDS)} |")
    return [
        f"Intervals that hold an effect of {EFFECT} standard deviations, in per cent",
        "",
        head,
        rule,
        *coverage,
        "",
        "No effect called significant, in per cent",
        "",
        head,
        rule,
        *alarms,
        "",
        "Mean estimate less the truth",
        "",
        head,
        rule,
        *bias,
    ]
