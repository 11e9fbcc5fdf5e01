"""Two groups compared on many outcomes: plainly, with pupils in schools, and adjusted for where they began.

One :class:`GroupComparison` says everything about one outcome: how many, which difference, in which units, with what
interval, and in `notes` what a reader has to know besides. What cannot be computed is None, and a note says why.

What is divided by what
    `g` is Hedges' g: the difference of the two means by the pooled standard deviation of pupils. Its interval takes
    pupils as independent.
    `multilevel.g` is the difference in a model with the group and nothing else, pupils in clusters, by √(variance
    between + variance within) of that model.
    `adjusted.g` is the difference in the model with the baseline, by the standard deviation of the same rows without
    it: the numerator is adjusted, the denominator is not, as English evaluation guidance asks. Adjusted by a smaller
    standard deviation it would look larger, and depend on how good the baseline is.

Degrees of freedom
    Where whole clusters are in one group, it is the number of clusters that counts: clusters - 2 degrees of freedom,
    and one less with a baseline that is a fact of the cluster. Where both groups are found in half of the clusters or
    more (girls and boys), those of Satterthwaite. docs/calibration.md shows how often these intervals hold the truth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey.analysis.attrition import Attrition, BaselineDifference, attrition, baseline_difference
from survey.analysis.effects import ClusteredEffect, Contrast, Effect, by_t, hedges_2007, hedges_g
from survey.analysis.mixed import MixedFits, RobustFits, fit, numbered, robust, sums
from survey.problems import amount, listed

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

FEW_CLUSTERS: Final = 4
"""With fewer clusters in a group, a comparison is named as one of clusters rather than of what was done in them."""

HONEST_BELOW: Final = 20
"""Below so many clusters the comparison of their means is the one to lead with."""


@dataclass(frozen=True)
class Sides:
    """Who is on which side: for each row its group, and its cluster and baseline where there are any.

    None stands for a missing group or cluster, NaN for a missing baseline. The names are those of the columns, for
    sentences. `randomised` and `matched_on` say how the sides were formed, as far as that is known.
    """

    groups: Sequence[str | None]
    reference: str
    other: str
    clusters: Sequence[str | None] | None = None
    baseline: ArrayLike | None = None
    group_name: str = "group"
    cluster_name: str = "cluster"
    baseline_name: str = "baseline"
    randomised: bool = False
    matched_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelContrast(Contrast):
    """A difference in a model. `g` is it by `denominator`, a standard deviation; the interval is divided by the same.

    Without clusters the variance between and the intraclass correlation are None. `cluster_robust` is least squares on
    the same rows with CR2 standard errors. `hedges_within` and `hedges_total` are Hedges' forms of 2007. With a
    baseline, `slope` is by how much the outcome goes up for each point of it.
    """

    variance_between: float | None
    variance_within: float
    icc: float | None
    denominator: float
    g: float | None
    g_low: float | None
    g_high: float | None
    singular: bool
    cluster_robust: Contrast | None
    hedges_within: ClusteredEffect | None
    hedges_total: ClusteredEffect | None
    baseline: str | None = None
    slope: float | None = None


@dataclass(frozen=True)
class GroupComparison:
    """Everything about one outcome in two groups; see the module for what is divided by what."""

    outcome: str
    group: str
    reference: str
    other: str
    n: Mapping[str, int]
    clusters: Mapping[str, int] | None
    mean: Mapping[str, float | None]
    sd: Mapping[str, float | None]
    difference: float | None
    g: Effect | None
    multilevel: ModelContrast | None
    adjusted: ModelContrast | None
    cluster_means: Contrast | None
    attrition: Attrition | None
    baseline: BaselineDifference | None
    notes: tuple[str, ...]
    sentence: str

    @property
    def best(self) -> ModelContrast | None:
        """The model to lead with: adjusted, where at least half of the people compared have a baseline."""
        return _leading(self.n, self.multilevel, self.adjusted)


def _leading(
    n: Mapping[str, int], multilevel: ModelContrast | None, adjusted: ModelContrast | None
) -> ModelContrast | None:
    if adjusted is not None and (multilevel is None or 2 * adjusted.n >= sum(n.values())):
        return adjusted
    return multilevel


class NothingToCompare(ValueError):
    """Two groups that cannot be compared at all; the message is a sentence for a researcher."""


def compare(outcomes: Mapping[str, ArrayLike], sides: Sides) -> list[GroupComparison]:
    """Compare two groups on each outcome (a name, and a number for each row, NaN for missing).

    Rows without the outcome, the group or the cluster are left out and counted in `notes`, and so are rows of other
    groups. The difference is `sides.other` less `sides.reference`. Raises NothingToCompare where a group has no rows,
    and ValueError where lengths differ.
    """
    matrix = np.column_stack([np.asarray(values, dtype=np.float64) for values in outcomes.values()])
    rows = _Rows(sides, len(matrix))
    matrix = np.where(np.isfinite(matrix), matrix, np.nan)[rows.kept]
    plain = _PlainFigures(matrix, rows)
    models = _models(matrix, rows, np.ones(len(matrix), dtype=bool), adjusted=False)
    means = _cluster_means(matrix, rows) if rows.clusters is not None else None
    found = _Found(sides, rows, matrix, plain, models, means, _adjusted(matrix, rows))
    return [_Told(name, at, found).comparison() for at, name in enumerate(outcomes)]


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────
class _Rows:
    """The rows that count: those of the two groups that have a cluster, where clusters are asked for."""

    def __init__(self, sides: Sides, count: int) -> None:
        given = [sides.groups, *([sides.clusters] if sides.clusters is not None else [])]
        if any(len(one) != count for one in given):
            raise ValueError(f"{count} rows of outcomes, but {' and '.join(str(len(one)) for one in given)} groups")
        groups = np.array(
            [-1 if one is None else {sides.reference: 0, sides.other: 1}.get(one, 2) for one in sides.groups]
        )
        placed = (
            np.ones(count, dtype=bool)
            if sides.clusters is None
            else np.array([one is not None for one in sides.clusters], dtype=bool)
        )
        two = (groups == 0) | (groups == 1)
        self.kept: Truths = two & placed
        self.without_group = int((groups == -1).sum())
        self.of_others = int((groups == 2).sum())
        self.without_cluster = int((two & ~placed).sum())
        self.arm = (groups[self.kept] == 1).astype(np.float64)
        for level, side in ((sides.reference, 0.0), (sides.other, 1.0)):
            if not (self.arm == side).any():
                raise NothingToCompare(
                    f"No row has '{level}' in the column '{sides.group_name}'"
                    f"{'' if sides.clusters is None else ' and a cluster'}, so there is nothing to compare."
                )
        self.clusters = None if sides.clusters is None else numbered(sides.clusters, self.kept)
        self.baseline = None
        if sides.baseline is not None:
            began = np.asarray(sides.baseline, dtype=np.float64)
            self.baseline = np.where(np.isfinite(began), began, np.nan)[self.kept]
        # Groups that meet in most clusters, as girls and boys do, are compared within them. A child who moved, or one
        # wrong cell, does not make a comparison of schools into one within schools.
        self.shared = 0
        self.crossed = False
        if self.clusters is not None:
            share = np.bincount(self.clusters, self.arm) / np.bincount(self.clusters)
            self.shared = int(((share > 0) & (share < 1)).sum())
            self.crossed = 2 * self.shared >= len(share)

    def counts(self, there: Truths) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many rows of each group have each outcome (K, K), reference first."""
        other = there[self.arm == 1].sum(axis=0)
        return there.sum(axis=0) - other, other


class _PlainFigures:
    """What two columns of numbers say by themselves: n, mean, SD, difference and Hedges' g, for every outcome."""

    def __init__(self, matrix: Floats, rows: _Rows) -> None:
        there = ~np.isnan(matrix)
        self.n = rows.counts(there)
        parts = [matrix[rows.arm == side] for side in (0, 1)]
        self.mean = tuple(_mean(part, n) for part, n in zip(parts, self.n, strict=True))
        squares = [_squares(part, mean) for part, mean in zip(parts, self.mean, strict=True)]
        with np.errstate(divide="ignore", invalid="ignore"):
            self.sd = tuple(
                np.where(n > 1, np.sqrt(square / (n - 1)), np.nan) for square, n in zip(squares, self.n, strict=True)
            )
            self.pooled = np.sqrt((squares[0] + squares[1]) / (self.n[0] + self.n[1] - 2))
        self.difference = self.mean[1] - self.mean[0]
        level = np.maximum(np.abs(self.mean[0]), np.abs(self.mean[1]))
        # What is left of equal numbers after subtraction is rounding, and no deviation.
        self.pooled = np.where(self.pooled > 1e-12 * np.where(level > 0, level, 1.0), self.pooled, 0.0)
        enough = (self.n[0] > 1) & (self.n[1] > 1)
        with np.errstate(invalid="ignore"):
            sd = np.where(enough & (self.pooled > 0), self.pooled, np.nan)
        self.g, self.g_low, self.g_high = hedges_g(self.difference, sd, *self.n)


def _mean(values: Floats, n: NDArray[np.int64]) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nansum(values, axis=0) / np.where(n > 0, n, np.nan))


def _squares(values: Floats, mean: Floats) -> Floats:
    return np.asarray(np.nansum((values - mean) ** 2, axis=0))


# ── models ────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class _Models:
    """The models of every outcome: with clusters mixed, without them least squares; the group is coefficient 1."""

    mixed: MixedFits
    robust: RobustFits | None
    df: Floats
    sizes: tuple[list[list[int]], list[list[int]]] | None


def _models(matrix: Floats, rows: _Rows, chosen: Truths, *, adjusted: bool) -> _Models:
    covariates = [rows.arm[chosen]]
    if adjusted and rows.baseline is not None:
        covariates.append(rows.baseline[chosen])
    clusters = None if rows.clusters is None else rows.clusters[chosen]
    found = sums(matrix[chosen], np.column_stack(covariates), clusters)
    mixed = fit(found)
    if clusters is None:
        return _Models(mixed, None, mixed.df[:, 1], None)
    df = _freedom(mixed, rows.crossed, _school_level(covariates[1:], clusters))
    present = ~np.isnan(matrix[chosen])
    sizes = None if rows.crossed else _sizes(present, clusters, rows.arm[chosen])
    return _Models(mixed, robust(found), df, sizes)


def _school_level(covariates: Sequence[Floats], clusters: NDArray[np.int64]) -> int:
    """Return how many covariates are facts of clusters, the same for everyone in one."""
    found = 0
    for values in covariates:
        sizes = np.maximum(np.bincount(clusters), 1)
        middle = (np.bincount(clusters, values) / sizes)[clusters]
        found += bool(np.allclose(values, middle, rtol=1e-9, atol=1e-12))
    return found


def _freedom(mixed: MixedFits, crossed: bool, school_level: int) -> Floats:
    """Return the degrees of freedom of the difference: between clusters, or within them where groups meet there."""
    if not crossed:
        between = mixed.clusters - 2.0 - school_level
        return np.where(between > 0, between, np.nan)
    inside = mixed.rows - mixed.clusters - (mixed.coefficients.shape[1] - 1.0)
    return np.where(np.isnan(mixed.df[:, 1]), np.where(inside > 0, inside, np.nan), mixed.df[:, 1])


def _sizes(present: Truths, clusters: NDArray[np.int64], arm: Floats) -> tuple[list[list[int]], list[list[int]]]:
    """Return for each outcome the rows of each cluster, by group."""
    found = []
    for side in (0, 1):
        here = arm == side
        counts = np.zeros((int(clusters.max(initial=0)) + 1, present.shape[1]), dtype=np.int64)
        np.add.at(counts, clusters[here], present[here].astype(np.int64))
        found.append([[size for size in column if size] for column in counts.T.tolist()])
    return found[0], found[1]


@dataclass(frozen=True)
class _Means:
    """Clusters' means compared by t, for every outcome; `used` clusters, reference and other."""

    used: tuple[NDArray[np.int64], NDArray[np.int64]]
    difference: Floats
    se: Floats
    df: Floats


def _cluster_means(matrix: Floats, rows: _Rows) -> _Means:
    assert rows.clusters is not None
    count = int(rows.clusters.max(initial=0)) + 1
    means = [_means_of(matrix[rows.arm == side], rows.clusters[rows.arm == side], count) for side in (0, 1)]
    if rows.crossed:
        gap = means[1] - means[0]
        n = (~np.isnan(gap)).sum(axis=0)
        difference = _mean(gap, n)
        spread = _squares(gap, difference)
        with np.errstate(divide="ignore", invalid="ignore"):
            se = np.sqrt(spread / (n - 1) / n)
        return _Means((n, n), difference, np.where(n > 1, se, np.nan), np.where(n > 1, n - 1.0, np.nan))
    n = [(~np.isnan(one)).sum(axis=0) for one in means]
    middle = [_mean(one, k) for one, k in zip(means, n, strict=True)]
    spread = sum((_squares(one, at) for one, at in zip(means, middle, strict=True)), np.zeros(matrix.shape[1]))
    df = np.where((n[0] > 0) & (n[1] > 0) & (n[0] + n[1] > 2), n[0] + n[1] - 2.0, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(spread / df * (1 / n[0] + 1 / n[1]))
    return _Means((n[0], n[1]), middle[1] - middle[0], se, df)


def _means_of(values: Floats, clusters: NDArray[np.int64], count: int) -> Floats:
    there = ~np.isnan(values)
    total, n = np.zeros((count, values.shape[1])), np.zeros((count, values.shape[1]))
    np.add.at(total, clusters, np.where(there, values, 0.0))
    np.add.at(n, clusters, there.astype(np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n > 0, total / n, np.nan)


@dataclass(frozen=True)
class _Adjusted:
    """The models of the rows that have a baseline, with it and without it, and the baseline itself."""

    models: _Models
    same: _Models
    balance: _PlainFigures


def _adjusted(matrix: Floats, rows: _Rows) -> _Adjusted | None:
    if rows.baseline is None:
        return None
    there = ~np.isnan(rows.baseline)
    return _Adjusted(
        _models(matrix, rows, there, adjusted=True),
        _models(matrix, rows, there, adjusted=False),
        _PlainFigures(np.where(np.isnan(matrix), np.nan, rows.baseline[:, None]), rows),
    )


@dataclass(frozen=True)
class _Found:
    """Everything that was computed, of all outcomes."""

    sides: Sides
    rows: _Rows
    matrix: Floats
    plain: _PlainFigures
    models: _Models
    means: _Means | None
    adjusted: _Adjusted | None


# ── one outcome, in words ─────────────────────────────────────────────────────────────────────────────────
def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


class _Told:
    """One outcome of all that was computed, and the notes that belong to it."""

    def __init__(self, name: str, at: int, found: _Found) -> None:
        self._name, self._at, self._sides, self._rows = name, at, found.sides, found.rows
        self._matrix, self._plain, self._models = found.matrix, found.plain, found.models
        self._means, self._adjusted = found.means, found.adjusted
        self._levels = (self._sides.reference, self._sides.other)
        self._notes: list[str] = []

    def comparison(self) -> GroupComparison:
        """Return everything about this outcome."""
        plain, at, sides = self._plain, self._at, self._sides
        n = {level: int(count[at]) for level, count in zip(self._levels, plain.n, strict=True)}
        self._left_out(n)
        g = None
        if math.isfinite(plain.g[at]):
            g = Effect(float(plain.g[at]), float(plain.g_low[at]), float(plain.g_high[at]))
        lost = self._lost()
        balance = self._balanced()
        means = self._mean_difference()
        clusters = self._clusters()
        self._about_groups(n, clusters)
        multilevel = None if sides.clusters is None else self._model(self._models, None, None)
        adjusted = self._adjusted_model()
        self._about_models(multilevel, adjusted, clusters)
        self._about_belief(lost, balance)
        difference = _or_none(plain.difference[at])
        return GroupComparison(
            outcome=self._name,
            group=sides.group_name,
            reference=sides.reference,
            other=sides.other,
            n=n,
            clusters=clusters,
            mean={level: _or_none(mean[at]) for level, mean in zip(self._levels, plain.mean, strict=True)},
            sd={level: _or_none(sd[at]) for level, sd in zip(self._levels, plain.sd, strict=True)},
            difference=difference,
            g=g,
            multilevel=multilevel,
            adjusted=adjusted,
            cluster_means=means,
            attrition=lost,
            baseline=balance,
            notes=tuple(self._notes),
            sentence=self._sentence(n, difference, g, multilevel, adjusted),
        )

    # ── parts ──
    def _clusters(self) -> dict[str, int] | None:
        if self._means is None:
            return None
        if self._models.sizes is None:
            return {level: int(self._models.mixed.clusters[self._at]) for level in self._levels}
        return {level: len(sizes[self._at]) for level, sizes in zip(self._levels, self._models.sizes, strict=True)}

    def _lost(self) -> Attrition:
        arm = self._rows.arm
        rows = {level: int((arm == side).sum()) for side, level in enumerate(self._levels)}
        lost = {
            level: rows[level] - int(count[self._at]) for level, count in zip(self._levels, self._plain.n, strict=True)
        }
        return attrition(rows, lost)

    def _balanced(self) -> BaselineDifference | None:
        if self._adjusted is None:
            return None
        balance, at = self._adjusted.balance, self._at
        if not math.isfinite(balance.g[at]):
            return None
        n = int(balance.n[0][at] + balance.n[1][at])
        return baseline_difference(self._sides.baseline_name, n, float(balance.g[at]))

    def _mean_difference(self) -> Contrast | None:
        if self._means is None:
            return None
        means, at = self._means, self._at
        used = int(means.used[0][at]) if self._rows.crossed else int(means.used[0][at] + means.used[1][at])
        return by_t(used, float(means.difference[at]), float(means.se[at]), float(means.df[at]))

    def _adjusted_model(self) -> ModelContrast | None:
        if self._adjusted is None:
            return None
        same, at = self._adjusted.same.mixed, self._at
        # Without clusters, what is left within is the plain standard deviation, pooled over the two groups.
        variance = same.within[at] if self._sides.clusters is None else same.between[at] + same.within[at]
        return self._model(self._adjusted.models, math.sqrt(variance), self._sides.baseline_name)

    def _model(self, models: _Models, denominator: float | None, baseline: str | None) -> ModelContrast | None:
        found, at = models.mixed, self._at
        n = int(found.rows[at])
        difference = float(found.coefficients[at, 1])
        told = by_t(n, difference, float(found.se[at, 1]), float(models.df[at]))
        if told is None:
            return None
        between, within = float(found.between[at]), float(found.within[at])
        clustered = models.robust is not None
        by = math.sqrt(between + within) if denominator is None else denominator
        g = [None if end is None or not by > 0 else end / by for end in (told.difference, told.low, told.high)]
        inside, total = self._hedges(models, difference)
        flat = None
        # With one cluster in a group its own spread is unknown, and CR2 would count it as none.
        if models.robust is not None and (models.sizes is None or min(len(one[at]) for one in models.sizes) > 1):
            flat = by_t(
                n, *(float(one[at, 1]) for one in (models.robust.coefficients, models.robust.se, models.robust.df))
            )
        return ModelContrast(
            n=n,
            difference=told.difference,
            se=told.se,
            df=told.df,
            low=told.low,
            high=told.high,
            p=told.p,
            variance_between=between if clustered else None,
            variance_within=within,
            icc=float(found.icc[at]) if clustered else None,
            denominator=by,
            g=g[0],
            g_low=g[1],
            g_high=g[2],
            singular=bool(found.singular[at]),
            cluster_robust=flat,
            hedges_within=inside,
            hedges_total=total,
            baseline=baseline,
            slope=float(found.coefficients[at, 2]) if baseline is not None else None,
        )

    def _hedges(self, models: _Models, difference: float) -> tuple[ClusteredEffect | None, ClusteredEffect | None]:
        if models.sizes is None:
            return None, None
        reference, other = (sizes[self._at] for sizes in models.sizes)
        variances = float(models.mixed.between[self._at]), float(models.mixed.within[self._at])
        return hedges_2007(difference, *variances, other, reference) or (None, None)

    # ── sentences ──
    def _left_out(self, n: Mapping[str, int]) -> None:
        rows, sides = self._rows, self._sides
        without = len(rows.arm) - sum(n.values())
        code = _like_a_code(self._matrix[:, self._at])
        if code is not None:
            self._notes.append(
                f"'{self._name}' has the value {code[0]:g} in {amount(code[1], 'row')}. If that stands for a missing "
                "answer, please make it blank or name it as missing: here it counts as a number."
            )
        for count, what in (
            (rows.without_group, f"no '{sides.group_name}'"),
            (rows.without_cluster, f"no '{sides.cluster_name}'"),
            (without, f"no '{self._name}'"),
        ):
            if count:
                self._notes.append(f"{amount(count, 'row')} left out: {what}.")
        if rows.of_others:
            self._notes.append(
                f"{amount(rows.of_others, 'row')} left out: '{sides.group_name}' is neither '{sides.reference}' nor "
                f"'{sides.other}'."
            )

    def _about_groups(self, n: Mapping[str, int], clusters: Mapping[str, int] | None) -> None:
        sides = self._sides
        for level, count in n.items():
            if count == 0:
                self._notes.append(f"No one in '{level}' has '{self._name}', so there is nothing to compare.")
            elif count == 1:
                self._notes.append(f"Only one row in '{level}' has '{self._name}', so there is no g.")
        if min(n.values()) > 1 and not self._plain.pooled[self._at] > 0:
            self._notes.append(
                f"'{self._name}' does not vary within the groups, so there is no difference in standard deviations."
            )
        if clusters is None:
            self._notes.append(
                "People are treated as independent. If they come from the same schools or classes, give that column as "
                "clusters: without it the intervals are too short."
            )
            return
        if not self._rows.crossed:
            few = [level for level, count in clusters.items() if 0 < count < FEW_CLUSTERS]
            for level in few:
                self._notes.append(
                    f"'{level}' has only {amount(clusters[level], 'cluster')} ('{sides.cluster_name}'), so a "
                    f"difference may be that of {'this cluster' if clusters[level] == 1 else 'these clusters'} and "
                    "not of the group."
                )

    def _about_models(
        self, multilevel: ModelContrast | None, adjusted: ModelContrast | None, clusters: Mapping[str, int] | None
    ) -> None:
        at, sides = self._at, self._sides
        if clusters is not None:
            mixed = self._models.mixed
            if mixed.constant_within[at]:
                self._notes.append(
                    f"'{self._name}' is the same for everyone in a cluster, so only the cluster means can be compared."
                )
            elif multilevel is None:
                self._notes.append("There is no multilevel model: too few rows, or no variance.")
            else:
                self._about_clusters(
                    multilevel, sum(clusters.values()) if not self._rows.crossed else mixed.clusters[at]
                )
        if self._rows.shared and not self._rows.crossed:
            count = self._rows.shared
            self._notes.append(
                f"{amount(count, 'cluster')} {'has' if count == 1 else 'have'} people of both groups and "
                f"{'counts' if count == 1 else 'count'} in each: please check the table."
            )
        if self._rows.crossed and clusters is not None:
            both = int(self._means.used[0][at]) if self._means is not None else 0
            self._notes.append(
                "Both groups are found in the same clusters, so they are compared within clusters; the cluster means "
                f"use the {amount(both, 'cluster')} that {'has' if both == 1 else 'have'} both."
            )
        if sides.baseline is not None:
            if adjusted is None:
                self._notes.append(
                    f"There is no adjusted difference: too few rows have '{sides.baseline_name}', or it does not vary."
                )
            elif adjusted.n < sum(int(count[at]) for count in self._plain.n):
                gone = sum(int(count[at]) for count in self._plain.n) - adjusted.n
                self._notes.append(
                    f"The adjusted difference rests on the {adjusted.n:,} rows that have '{sides.baseline_name}'; "
                    f"{amount(gone, 'row')} without it left out."
                )

    def _about_clusters(self, multilevel: ModelContrast, clusters: int) -> None:
        if multilevel.singular:
            self._notes.append(
                "Singular fit: the model finds no variance between clusters. With few clusters that does not show that "
                "there is none, so please use the cluster means."
            )
        if multilevel.low is None and not self._rows.crossed:
            self._notes.append("There are too few clusters to say how sure the difference is, so there is no interval.")
        elif clusters < HONEST_BELOW and not self._rows.crossed:
            self._notes.append(
                f"There are {clusters} clusters. Below {HONEST_BELOW}, report the cluster means first: the model "
                "depends on a variance between clusters that so few cannot tell well."
            )
        self._notes.append(
            "The interval of Hedges' g treats people as independent; those of the model and the cluster means do not."
        )

    def _about_belief(self, lost: Attrition, balance: BaselineDifference | None) -> None:
        self._notes.append(lost.sentence)
        if balance is not None:
            self._notes.append(balance.sentence)
        if self._sides.randomised:
            return
        matched = f" They were matched on {listed(self._sides.matched_on)}." if self._sides.matched_on else ""
        self._notes.append(
            f"The groups are not known to have been formed at random, so a difference may have other causes.{matched}"
        )

    def _sentence(
        self,
        n: Mapping[str, int],
        difference: float | None,
        g: Effect | None,
        multilevel: ModelContrast | None,
        adjusted: ModelContrast | None,
    ) -> str:
        sides = self._sides
        who = f"'{sides.other}' ({n[sides.other]:,}) and '{sides.reference}' ({n[sides.reference]:,})"
        best = _leading(n, multilevel, adjusted)
        if difference is None:
            return f"{self._name}: {who} cannot be compared."
        if best is None or best.low is None or best.high is None:
            if g is None:
                return f"{self._name}: {who} differ by {_number(difference)}, with no interval."
            return (
                f"{self._name}: {who} differ by {_number(difference)}, in standard deviations {g.value:.2f} "
                f"({g.low:.2f} to {g.high:.2f}), people treated as independent."
            )
        higher = "higher" if best.difference > 0 else "lower"
        model = "in the multilevel model"
        if best.baseline:
            of = "" if best.n == sum(n.values()) else f" among the {best.n:,} who have it"
            model = f"adjusted for the baseline{of}"
        if best.low <= 0 <= best.high:
            return (
                f"{self._name}: no clear difference between {who}, {model}: {_number(best.difference)} "
                f"(95 % interval {_number(best.low)} to {_number(best.high)}){_in_sd(best)}."
            )
        return (
            f"{self._name}: '{sides.other}' ({n[sides.other]:,}) is {_number(abs(best.difference))} {higher} than "
            f"'{sides.reference}' ({n[sides.reference]:,}), {model}: 95 % interval {_number(best.low)} to "
            f"{_number(best.high)}{_in_sd(best)}."
        )


def _like_a_code(values: Floats) -> tuple[float, int] | None:
    """Return the commonest value that looks like a code for a missing answer: -99 to -1 where all else is 0 or more."""
    known = values[~np.isnan(values)]
    below = known[known < 0]
    if not len(below) or len(below) == len(known):
        return None
    codes, counts = np.unique(below, return_counts=True)
    if len(codes) > 9 or not np.all((codes == np.rint(codes)) & (codes >= -99)):
        return None
    # A scale that is centred on 0 has its negative numbers spread; codes are few, and far from the smallest number.
    return (float(codes[np.argmax(counts)]), int(counts.max())) if codes.max() < known[known >= 0].min() - 1 else None


def _in_sd(best: ModelContrast) -> str:
    if best.g is None or best.g_low is None or best.g_high is None:
        return ""
    return f"; {best.g:.2f} standard deviations, {best.g_low:.2f} to {best.g_high:.2f}"


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
