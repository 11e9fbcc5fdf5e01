"""Pupils in schools: a linear model with a random intercept for each cluster, for many outcomes at once.

    y = Xβ + u(cluster) + e,   u ~ N(0, between),   e ~ N(0, within)

:func:`sums` reduces the rows to sums for each cluster; :func:`fit` finds the variances by restricted maximum likelihood
(REML) from those sums alone, and :func:`robust` gives ordinary least squares with standard errors that hold whatever
the correlation within clusters. All outcomes are worked on together, so 400 of them cost little more than one.

The likelihood is profiled over one number, the ratio of the variances λ = between / within. With W = I - λ/(1 + λn) 11'
in a cluster of n, everything else has a closed form (Pinheiro and Bates 2000, section 2.2; Searle, Casella and
McCulloch 1992, section 6.6). The ratio is first looked for on a grid, because the likelihood may have two peaks, then
found where its slope is zero.

Sources
    Searle, S. R., Casella, G. and McCulloch, C. E. (1992). Variance Components. Wiley.
    Pinheiro, J. C. and Bates, D. M. (2000). Mixed-Effects Models in S and S-PLUS. Springer.
    Giesbrecht, F. G. and Burns, J. C. (1985). Two-stage analysis based on a mixed model: large-sample asymptotic theory
    and small-sample simulation results. Biometrics, 41, 477-486 (degrees of freedom, after Satterthwaite).
    Bell, R. M. and McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression with multi-stage
    samples. Survey Methodology, 28, 169-181 (CR2).
    Pustejovsky, J. E. and Tipton, E. (2018). Small-sample methods for cluster-robust variance estimation and hypothesis
    testing in fixed effects models. Journal of Business & Economic Statistics, 36, 672-683.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

_CELLS: Final = 2_000_000
"""Cells worked on at once: 16 MB for each array of them."""

_RATIOS: Final = np.concatenate([[0.0], np.logspace(-4, 6, 31)])
"""Where the ratio of variances is first looked for: intraclass correlations from 0.0001 to 0.999999."""

_STEPS: Final = 60
"""Steps between two ratios of the grid at most: halving alone would then have found the last digit; ten are usual."""

_NOTHING: Final = 1e-10
"""A share of a sum of squares that is rounding, not variance."""


@dataclass(frozen=True)
class ClusterSums:
    """What the models need of the rows: K outcomes, J clusters, p coefficients (the constant, then the covariates).

    `products` are X'X in each cluster (K × J × p × p), `with_outcome` X'y (K × J × p) and `squares` y'y (K × J), of
    covariates and outcomes that were moved and divided, which keeps the digits: `turn` (K × p × (p + 1)) turns
    coefficients back into the units of the rows, its last column added; `unit` (K) is what an outcome was divided by.
    """

    products: Floats
    with_outcome: Floats
    squares: Floats
    turn: Floats
    unit: Floats
    clustered: bool

    @property
    def sizes(self) -> Floats:
        """How many rows with the outcome each cluster has (K × J); 0 where a cluster has none."""
        return np.asarray(self.products[:, :, 0, 0])

    @property
    def rows(self) -> NDArray[np.int64]:
        """How many rows count (K): those with the outcome."""
        return np.asarray(np.rint(self.sizes.sum(axis=1)), dtype=np.int64)

    @property
    def clusters(self) -> NDArray[np.int64]:
        """How many clusters have a row that counts (K)."""
        return np.asarray((self.sizes > 0.5).sum(axis=1), dtype=np.int64)

    def take(self, chosen: Truths) -> ClusterSums:
        """Return the sums of some outcomes only (K truth values)."""
        return ClusterSums(
            self.products[chosen],
            self.with_outcome[chosen],
            self.squares[chosen],
            self.turn[chosen],
            self.unit[chosen],
            self.clustered,
        )


@dataclass(frozen=True)
class MixedFits:
    """K fitted models with p coefficients: the constant, then the covariates. NaN where a model cannot be fitted.

    `covariance` is that of the coefficients (K × p × p), `df` their degrees of freedom after Satterthwaite (K × p),
    NaN in singular models. `singular` models found no variance between clusters. `constant_within` ones found none
    within: all rows of a cluster are alike, so only the clusters' means can be compared, and nothing else is said here.
    """

    rows: NDArray[np.int64]
    clusters: NDArray[np.int64]
    coefficients: Floats
    covariance: Floats
    df: Floats
    between: Floats
    within: Floats
    singular: Truths
    constant_within: Truths

    @property
    def se(self) -> Floats:
        """The standard errors of the coefficients (K × p)."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))

    @property
    def icc(self) -> Floats:
        """The intraclass correlation: the share of the variance that lies between clusters (K)."""
        return self.between / (self.between + self.within)


@dataclass(frozen=True)
class RobustFits:
    """K ordinary regressions, with CR2 standard errors (K × p) and their degrees of freedom after Satterthwaite."""

    coefficients: Floats
    se: Floats
    df: Floats


# ── rows → sums ───────────────────────────────────────────────────────────────────────────────────────────
def numbered(labels: Sequence[str | None], kept: Truths) -> NDArray[np.int64]:
    """Return the cluster of each row that is kept as a whole number, in the order in which they first appear."""
    known: dict[str | None, int] = {}
    chosen = [label for label, keep in zip(labels, kept.tolist(), strict=True) if keep]
    return np.array([known.setdefault(label, len(known)) for label in chosen], dtype=np.int64)


def sums(outcomes: ArrayLike, covariates: ArrayLike, clusters: ArrayLike | None = None) -> ClusterSums:
    """Reduce rows to sums for each cluster.

    `outcomes` is n × K with NaN where an outcome is missing; `covariates` n × (p - 1) without the constant and without
    gaps; `clusters` the cluster of each row as a whole number from 0 on, or None: then rows are taken as independent.
    Raises ValueError where the lengths differ or a covariate has a gap.
    """
    given = np.asarray(outcomes, dtype=np.float64)
    beside = np.asarray(covariates, dtype=np.float64)
    beside = beside[:, None] if beside.ndim == 1 else beside
    if np.isnan(beside).any():
        raise ValueError("covariates must have no gaps; leave these rows out first")
    labels = np.zeros(len(given), dtype=np.int64) if clusters is None else np.asarray(clusters, dtype=np.int64)
    if given.ndim != 2 or len(labels) != len(given):
        raise ValueError(f"{given.shape} outcomes, but {len(labels)} clusters")
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    given, beside = given[order], beside[order]
    width = max(1, _CELLS // max(1, len(given)))
    parts = [_sums_of(given[:, at : at + width], beside, starts) for at in range(0, max(1, given.shape[1]), width)]
    products, with_outcome, squares, turn, unit = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return ClusterSums(products, with_outcome, squares, turn, unit, clusters is not None)


def _sums_of(outcomes: Floats, beside: Floats, starts: NDArray[np.intp]) -> tuple[Floats, ...]:
    """Return products, products with the outcome, squares, turn and unit of outcomes whose rows are in order."""
    there = ~np.isnan(outcomes)
    weight = there.astype(np.float64)
    values = np.where(there, outcomes, 0.0)
    count = np.maximum(weight.sum(axis=0), 1.0)
    middle = values.sum(axis=0) / count
    values = np.where(there, values - middle, 0.0)
    unit = np.sqrt((values**2).sum(axis=0) / count)
    unit = np.where(unit > _NOTHING * np.maximum(np.abs(middle), np.finfo(float).tiny), unit, 1.0)
    values /= unit
    centre = weight.T @ beside / count[:, None]
    spread = np.sqrt(np.maximum(weight.T @ beside**2 / count[:, None] - centre**2, 0.0))
    spread = np.where(spread > _NOTHING * np.maximum(np.abs(centre), np.finfo(float).tiny), spread, 1.0)
    columns = [weight, *(weight * ((beside[:, [at]] - centre[:, at]) / spread[:, at]) for at in range(beside.shape[1]))]
    p, k, j = len(columns), outcomes.shape[1], len(starts)
    products, with_outcome = np.empty((k, j, p, p)), np.empty((k, j, p))
    for a, one in enumerate(columns):
        with_outcome[:, :, a] = _by_cluster(one * values, starts).T
        for b in range(a, p):
            products[:, :, a, b] = products[:, :, b, a] = _by_cluster(one * columns[b], starts).T
    squares = _by_cluster(values**2, starts).T
    turn = np.zeros((k, p, p))
    turn[:, 0, 0] = 1.0
    for at in range(1, p):
        turn[:, at, at] = 1 / spread[:, at - 1]
        turn[:, 0, at] = -centre[:, at - 1] / spread[:, at - 1]
    turn *= unit[:, None, None]
    # The outcome's middle comes back into the constant when coefficients are turned.
    return products, with_outcome, squares, np.concatenate([turn, _constant(middle, p)], axis=2), unit


def _constant(middle: Floats, p: int) -> Floats:
    added = np.zeros((len(middle), p, 1))
    added[:, 0, 0] = middle
    return added


def _by_cluster(values: Floats, starts: NDArray[np.intp]) -> Floats:
    return np.asarray(np.add.reduceat(values, starts, axis=0)) if len(values) else np.zeros((0, values.shape[1]))


# ── the multilevel model ──────────────────────────────────────────────────────────────────────────────────
def fit(of: ClusterSums) -> MixedFits:
    """Fit the random intercept of each outcome by REML; without clusters, ordinary least squares.

    Where the covariates do not differ, or no row is left over beside the coefficients, every figure is NaN.
    """
    p = of.products.shape[-1]
    good = _identified(of)
    inside = _within_squares(of) if of.clustered else np.full(len(good), np.inf)
    constant = good & of.clustered & (of.sizes.max(axis=1, initial=0) > 1) & (inside <= _NOTHING)
    fitted = good & ~constant
    part = of.take(fitted)
    ratio = _ratios(part) if of.clustered else np.zeros(int(fitted.sum()))
    found = _Profile(part, ratio)
    residual = found.rest / (part.rows - p)
    covariance = found.inverse * residual[:, None, None]
    turn, moved = part.turn[:, :, :p], part.turn[:, :, p]
    return MixedFits(
        rows=of.rows,
        clusters=of.clusters,
        coefficients=_spread_out(fitted, (turn @ found.beta[:, :, None])[:, :, 0] + moved),
        covariance=_spread_out(fitted, turn @ covariance @ turn.transpose(0, 2, 1)),
        df=_spread_out(fitted, _satterthwaite(part, found, ratio, residual)),
        between=_spread_out(fitted, ratio * residual * part.unit**2),
        within=_spread_out(fitted, residual * part.unit**2),
        singular=_mark(fitted, ratio == 0) if of.clustered else np.zeros(len(good), dtype=bool),
        constant_within=constant,
    )


def _identified(of: ClusterSums) -> Truths:
    """Tell which outcomes determine every coefficient, and leave rows and variance over."""
    p = of.products.shape[-1]
    whole = of.products.sum(axis=1)
    least = np.linalg.eigvalsh(whole)[:, 0]
    enough: Truths = (of.rows > p) & (least > _NOTHING * of.rows)
    part = of.take(enough)
    # An outcome that the covariates tell exactly, as one that does not vary, leaves no variance to estimate.
    left = _Profile(part, np.zeros(int(enough.sum()))).rest
    enough[enough] = left > _NOTHING * part.rows
    return enough


def _within_squares(of: ClusterSums) -> Floats:
    """Return the share of each outcome's squares that lies within clusters (its total is its number of rows)."""
    sizes = np.maximum(of.sizes, 1.0)
    inside = (of.squares - of.with_outcome[:, :, 0] ** 2 / sizes).sum(axis=1)
    return np.asarray(inside / np.maximum(of.rows, 1))


def _spread_out(chosen: Truths, values: Floats) -> Floats:
    whole = np.full((len(chosen), *values.shape[1:]), np.nan)
    whole[chosen] = values
    return whole


def _mark(chosen: Truths, truths: Truths) -> Truths:
    whole = np.zeros(len(chosen), dtype=bool)
    whole[chosen] = truths
    return whole


class _Profile:
    """Everything about K models at one ratio of variances each: coefficients, what is left over, the likelihood."""

    def __init__(self, of: ClusterSums, ratio: Floats) -> None:
        x, y = of.products[:, :, :, 0], of.with_outcome[:, :, 0]
        sizes = of.sizes
        self.grown = 1 + ratio[:, None] * sizes
        shrink = ratio[:, None] / self.grown
        self.a = of.products.sum(axis=1) - (x * shrink[:, :, None]).transpose(0, 2, 1) @ x
        b = of.with_outcome.sum(axis=1) - ((shrink * y)[:, None, :] @ x)[:, 0]
        self.inverse = np.linalg.inv(self.a)
        self.beta = (self.inverse @ b[:, :, None])[:, :, 0]
        squares = of.squares.sum(axis=1) - (shrink * y**2).sum(axis=1)
        self.rest = np.maximum(squares - (b * self.beta).sum(axis=1), np.finfo(float).tiny)
        self.x, self.sizes = x, sizes
        self.left = y - (x @ self.beta[:, :, None])[:, :, 0]
        self.over = of.rows - of.products.shape[-1]

    def deviance(self) -> Floats:
        """Return minus twice the restricted log-likelihood, but for a constant (K)."""
        found = np.log(self.grown).sum(axis=1) + np.linalg.slogdet(self.a)[1] + self.over * np.log(self.rest)
        return np.asarray(found)

    def slopes(self) -> tuple[Floats, Floats]:
        """Return how A and the squares left over change with the ratio (K × p × p, K)."""
        less = 1 / self.grown**2
        return -(self.x * less[:, :, None]).transpose(0, 2, 1) @ self.x, -(less * self.left**2).sum(axis=1)

    def slope(self) -> Floats:
        """Return how the deviance changes with the ratio (K)."""
        of_a, of_rest = self.slopes()
        trace = np.einsum("kab,kba->k", self.inverse, of_a)
        return np.asarray((self.sizes / self.grown).sum(axis=1) + trace + self.over * of_rest / self.rest)


def _ratios(of: ClusterSums) -> Floats:
    """Return the ratio of variances, between to within, with the greatest restricted likelihood (K)."""
    k = len(of.unit)
    if not k:
        return np.zeros(0)
    grid = np.stack([_Profile(of, np.full(k, ratio)).deviance() for ratio in _RATIOS])
    # Where every cluster has one row the likelihood is flat: nothing can be told apart, and zero is what is said.
    grid[1:, of.sizes.max(axis=1) <= 1] = np.inf
    best = np.argmin(grid, axis=0)
    at_edge = (of.sizes.max(axis=1) <= 1) | ((best == 0) & (_Profile(of, np.zeros(k)).slope() >= 0))
    low, high = _RATIOS[np.maximum(best - 1, 0)], _RATIOS[np.minimum(best + 1, len(_RATIOS) - 1)]
    return np.where(at_edge, 0.0, _flat(of, low, high))


def _flat(of: ClusterSums, low: Floats, high: Floats) -> Floats:
    """Return where the deviance is flat between two ratios (K), by the Illinois method.

    That is false position, where the value at an end that stays is halved.
    """
    falling, rising = _Profile(of, low).slope(), _Profile(of, high).slope()
    ratio = (low + high) / 2
    for _ in range(_STEPS):
        before = ratio
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (low * rising - high * falling) / (rising - falling)
        ratio = np.where((falling < 0) & (rising > 0) & (ratio > low) & (ratio < high), ratio, (low + high) / 2)
        if np.all(np.abs(ratio - before) <= 1e-14 * ratio):
            break
        slope = _Profile(of, ratio).slope()
        down = slope < 0
        stays_high, stays_low = down & (before < ratio), ~down & (before > ratio)
        rising = np.where(down, np.where(stays_high, rising / 2, rising), slope)
        falling = np.where(down, slope, np.where(stays_low, falling / 2, falling))
        low, high = np.where(down, ratio, low), np.where(down, high, ratio)
    return ratio


def _satterthwaite(of: ClusterSums, at: _Profile, ratio: Floats, residual: Floats) -> Floats:
    """Return the degrees of freedom of each coefficient (K × p): 2f² / g'Vg for its variance f (Giesbrecht and Burns).

    V is the covariance of (within, ratio) from the curvature of the likelihood; g is how f changes with these two. A
    quotient does not depend on which two numbers stand for the variances, so this is what lmerTest says.
    """
    p = at.inverse.shape[-1]
    if not of.clustered:
        return np.repeat(at.over[:, None].astype(np.float64), p, axis=1)
    of_a, of_rest = at.slopes()
    bend = 2 * at.sizes / at.grown**3
    less = 1 / at.grown**2
    bent_a = (at.x * bend[:, :, None]).transpose(0, 2, 1) @ at.x
    turned = at.inverse @ of_a
    pull = ((less * at.left)[:, None, :] @ at.x)[:, 0]
    moved = -(at.inverse @ pull[:, :, None])[:, :, 0]
    bent_rest = (bend * at.left**2).sum(axis=1) + 2 * (pull * moved).sum(axis=1)
    curve = (
        -((at.sizes / at.grown) ** 2).sum(axis=1)
        + np.einsum("kab,kba->k", at.inverse, bent_a)
        - np.einsum("kab,kba->k", turned, turned)
        + bent_rest / residual
    )
    hessian = np.empty((len(residual), 2, 2))
    hessian[:, 0, 0] = -at.over / residual**2 + 2 * at.rest / residual**3
    hessian[:, 0, 1] = hessian[:, 1, 0] = -of_rest / residual**2
    hessian[:, 1, 1] = curve
    turn = of.turn[:, :, :p]
    f = np.einsum("kpa,kab,kpb->kp", turn, at.inverse, turn)
    g = np.stack([f, -residual[:, None] * np.einsum("kpa,kab,kpb->kp", turn, turned @ at.inverse, turn)], axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = 2 * np.einsum("kpa,kab,kpb->kp", g, np.linalg.pinv(hessian, hermitian=True), g)
        df = 2 * (f * residual[:, None]) ** 2 / spread
    # At its edge the likelihood is not flat, so its curvature does not say how well the variances are known.
    known = (ratio > 0)[:, None] & np.isfinite(df) & (df > 0)
    return np.where(known, np.minimum(df, at.over[:, None]), np.nan)


# ── least squares with robust standard errors ─────────────────────────────────────────────────────────────
def robust(of: ClusterSums) -> RobustFits:
    """Return ordinary least squares with the CR2 standard errors of Bell and McCaffrey, and their degrees of freedom.

    CR2 is unbiased if rows are independent, and nearly so otherwise; its degrees of freedom fall where few clusters, or
    a few large ones, carry a coefficient. NaN where it is not determined. Raises ValueError without clusters.
    """
    if not of.clustered:
        raise ValueError("cluster-robust standard errors need clusters")
    p = of.products.shape[-1]
    good = _identified(of)
    part = of.take(good)
    whole = np.linalg.inv(part.products.sum(axis=1))
    beta = (whole @ part.with_outcome.sum(axis=1)[:, :, None])[:, :, 0]
    # I - XMX' of a cluster has the eigenvalues 1 - d, with d those of √M X'X √M: nothing larger than p is needed.
    values, vectors = np.linalg.eigh(whole)
    root = (vectors * np.sqrt(values)[:, None, :]) @ vectors.transpose(0, 2, 1)
    inner = root[:, None] @ part.products @ root[:, None]
    d, q = np.linalg.eigh(inner)
    half, full = _inflated(d, 0.5), _inflated(d, 1.0)
    through = part.products @ root[:, None] @ q
    # X'AX and X'AAX in each cluster, and the scores X'Ae.
    once = part.products + (through * half[:, :, None, :]) @ through.swapaxes(2, 3)
    twice = part.products + (through * full[:, :, None, :]) @ through.swapaxes(2, 3)
    left = part.with_outcome - (part.products @ beta[:, None, :, None])[..., 0]
    scores = left + (through @ (half[..., None] * ((root[:, None] @ q).swapaxes(2, 3) @ left[..., None])))[..., 0]
    meat = scores.transpose(0, 2, 1) @ scores
    turn, moved = part.turn[:, :, :p], part.turn[:, :, p]
    covariance = turn @ whole @ meat @ whole @ turn.transpose(0, 2, 1)
    return RobustFits(
        coefficients=_spread_out(good, (turn @ beta[:, :, None])[:, :, 0] + moved),
        se=_spread_out(good, np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0))),
        df=_spread_out(good, _robust_df(whole, once, twice, turn)),
    )


def _inflated(d: Floats, power: float) -> Floats:
    """Return ((1 - d)^-power - 1) / d, where a leverage of 1 counts as none: such a cluster tells nothing."""
    rest = np.where(d > 1 - 1e-8, 1.0, 1 - np.clip(d, 0, 1))
    gone = d > 1 - 1e-8
    small = np.abs(d) < 1e-12
    grown = (rest**-power - 1) / np.where(small, 1.0, d)
    return np.where(gone, -1.0, np.where(small, power, grown))


def _robust_df(whole: Floats, once: Floats, twice: Floats, turn: Floats) -> Floats:
    """Return (Σ pᵢ'pᵢ)² / Σ (pᵢ'pⱼ)² for each coefficient, with pᵢ = (I - H)'ᵢ AᵢXᵢMc (Pustejovsky and Tipton 2018)."""
    contrasts = whole @ turn.transpose(0, 2, 1)
    seen = once @ contrasts[:, None]
    own = np.einsum("kap,kjab,kbp->kjp", contrasts, twice, contrasts)
    found = []
    for at in range(contrasts.shape[2]):
        v = seen[..., at]
        products = -v @ whole @ v.transpose(0, 2, 1)
        diagonal = np.einsum("kjj->kj", products)
        diagonal += own[:, :, at]
        trace = diagonal.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append(trace**2 / (products**2).sum(axis=(1, 2)))
    return np.stack(found, axis=1)
