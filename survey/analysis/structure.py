"""How many things a set of items measures: parallel analysis, and an exploratory factor solution.

Sources
    Bartlett, M. S. (1934). On the theory of statistical regression. Proceedings of the Royal Society of Edinburgh, 53,
    260-283 (random covariances).
    Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis. Psychometrika, 30, 179-185.
    Harman, H. H. and Jones, W. H. (1966). Factor analysis by minimizing residuals (minres). Psychometrika, 31, 351-368.
    Kaiser, H. F. (1958). The varimax criterion for analytic rotation in factor analysis. Psychometrika, 23, 187-200.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey.analysis.reliability import FEWEST, NoSolution, correlations, covariances, uniquenesses

Floats = NDArray[np.float64]

_DRAWS: Final = 200
"""Random data sets that the eigenvalues are held against."""

_SEED: Final = 1965
"""The same answers get the same result each time."""


@dataclass(frozen=True)
class Structure:
    """What a set of items measures. `n` answered every item.

    `eigenvalues` are those of the items' correlations, `chance` the 95th percentile of those of random answers of as
    many people; `factors` is how many eigenvalues come above chance before the first that does not. `loadings` (items ×
    factors) are those of a minres solution with so many factors, at least one, rotated by varimax; `communalities` how
    much of each item they explain, `explained` the share of all items' variance by factor.
    """

    items: tuple[str, ...]
    n: int
    eigenvalues: tuple[float, ...]
    chance: tuple[float, ...]
    factors: int
    loadings: tuple[tuple[float, ...], ...]
    communalities: tuple[float, ...]
    explained: tuple[float, ...]
    notes: tuple[str, ...]


def structure(items: Sequence[str], answers: ArrayLike) -> Structure:
    """Return the structure of items, from the answers of people (n × k, NaN for missing) who answered all of them.

    Raises NoSolution, with a sentence, for fewer than three items, fewer than 30 people, or an item without variance.
    """
    given = np.asarray(answers, dtype=np.float64)
    whole = given[~np.isnan(given).any(axis=1)]
    if len(items) < 3:
        raise NoSolution(f"{len(items)} items are too few: a structure needs three.")
    if len(whole) < FEWEST:
        raise NoSolution(f"Only {len(whole)} people answered every item, and a structure needs {FEWEST}.")
    covariance = covariances(whole)
    still = [item for item, variance in zip(items, np.diag(covariance), strict=True) if variance <= 1e-12]
    if still:
        raise NoSolution(f"Everyone gave the same answer to '{still[0]}', so it correlates with nothing.")
    matrix = correlations(covariance)
    values = np.linalg.eigvalsh(matrix)[::-1]
    chance = _by_chance(*whole.shape)
    above = values > chance
    factors = len(above) if above.all() else int(np.argmin(above))
    loadings, notes = _solution(matrix, max(factors, 1))
    if factors == 0:
        notes.append(
            "No eigenvalue is above chance: the items measure nothing in common. One factor is shown all the same."
        )
    squares = loadings**2
    return Structure(
        tuple(items),
        len(whole),
        tuple(values.tolist()),
        tuple(chance.tolist()),
        factors,
        tuple(map(tuple, loadings.tolist())),
        tuple(squares.sum(axis=1).tolist()),
        tuple((squares.sum(axis=0) / len(items)).tolist()),
        tuple(notes),
    )


def _by_chance(n: int, k: int) -> Floats:
    """Return the 95th percentile of each eigenvalue of correlations among k items that n people answer at random."""
    rng = np.random.default_rng(_SEED)
    if n - 1 < k:
        people = rng.normal(size=(_DRAWS, n, k))
        people -= people.mean(axis=1, keepdims=True)
        return _percentile(people.transpose(0, 2, 1) @ people)
    # Covariances of random answers are Wishart's, and Bartlett's triangle draws these without drawing n people.
    triangle = np.tril(rng.normal(size=(_DRAWS, k, k)), -1)
    places = np.arange(k)
    triangle[:, places, places] = np.sqrt(rng.chisquare(n - 1 - places, size=(_DRAWS, k)))
    return _percentile(triangle @ triangle.transpose(0, 2, 1))


def _percentile(covariances: Floats) -> Floats:
    """Return the 95th percentile of each eigenvalue of the correlations of many covariances (draws × k × k)."""
    deviations = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    drawn = np.linalg.eigvalsh(covariances / deviations[:, :, None] / deviations[:, None, :])[:, ::-1]
    return np.asarray(np.percentile(drawn, 95, axis=0))


def _solution(matrix: Floats, factors: int) -> tuple[Floats, list[str]]:
    """Return loadings, largest factor first and each pointing up, with as many factors as these items allow."""
    most = next((m for m in range(factors, 1, -1) if (len(matrix) - m) ** 2 >= len(matrix) + m), 1)
    notes = [] if most == factors else [f"{len(matrix)} items allow {most} of {factors} factors, which are shown."]
    unique = uniquenesses(matrix, most)
    values, vectors = np.linalg.eigh(matrix - np.diag(unique))
    loadings = vectors[:, ::-1][:, :most] * np.sqrt(np.maximum(values[::-1][:most], 0))
    loadings = loadings if most == 1 else varimax(loadings)
    order = np.argsort(-(loadings**2).sum(axis=0), kind="stable")
    loadings = loadings[:, order]
    return loadings * np.where(loadings.sum(axis=0) < 0, -1.0, 1.0), notes


def varimax(loadings: Floats) -> Floats:
    """Rotate loadings (k × m, m ≥ 2) so that each item loads on few factors, after Kaiser, items weighted alike."""
    lengths = np.sqrt((loadings**2).sum(axis=1))
    unit = loadings / np.where(lengths > 0, lengths, 1.0)[:, None]
    turn = np.eye(loadings.shape[1])
    before = 0.0
    for _ in range(1000):
        turned = unit @ turn
        slope = unit.T @ (turned**3 - turned * (turned**2).mean(axis=0))
        u, size, v = np.linalg.svd(slope)
        turn = u @ v
        if size.sum() <= before * (1 + 1e-12):
            break
        before = float(size.sum())
    return np.asarray((unit @ turn) * lengths[:, None])
