"""Reliability of a scale: alpha and omega, and what each item adds.

:func:`describe` says everything about one scale in one group of respondents; the functions below it compute one figure
each. Nothing is told of fewer than :data:`FEWEST` respondents.

What cannot be computed is None, and a sentence in `remarks` says why.

Sources
    Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika, 16, 297-334.
    Feldt, L. S. (1965). The approximate sampling distribution of Kuder-Richardson reliability coefficient twenty.
    Psychometrika, 30, 357-370.
    McDonald, R. P. (1999). Test theory: a unified treatment. Erlbaum (omega total).
    Harman, H. H. and Jones, W. H. (1966). Factor analysis by minimizing residuals (minres). Psychometrika, 31, 351-368.
    Cronbach, L. J., Schönemann, P. and McKie, D. (1965). Alpha coefficients for stratified-parallel tests. Educational
    and Psychological Measurement, 25, 291-312 (stratified alpha).
    Eisinga, R., te Grotenhuis, M. and Pelzer, B. (2013). The reliability of a two-item scale: Pearson, Cronbach, or
    Spearman-Brown? International Journal of Public Health, 58, 637-642.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey.analysis.columns import in_order
from survey.scales import NOTHING_BESIDE, Beside, Rule, score, turned

Floats = NDArray[np.float64]
Treatment = Literal["listwise", "pairwise"]

FEWEST: Final = 30
"""Below so many respondents a reliability is chance, and is not told."""

WEAK: Final = 0.1
"""An item that goes with the rest less than this is named."""

_LEAST_UNIQUE: Final = 0.005
"""The smallest unique variance of an item in a factor solution; psych's fa() stops there too."""

_NOTHING: Final = 1e-9


@dataclass(frozen=True)
class Reliability:
    """How reliable one scale is in one group.

    `respondents` answered at least one item. `n` is what the figures rest on: those who answered every item (listwise),
    or the fewest who answered any two items (pairwise). `scored` have a score under the scale's own rule; `floor` and
    `ceiling` are the shares (0 to 1) of these whose every answer is the lowest or the highest possible. `sem` is in
    points of the raw score, before transformation and rounding. `alpha_interval` is Feldt's, at `confidence`.
    `stratified_alpha` is that of a scale whose items are all scales.
    `too_few` is a sentence where n is below 30, and every figure is then None. `remarks` are sentences to print with
    the figures.
    """

    items: tuple[str, ...]
    treatment: Treatment
    respondents: int
    n: int
    scored: int
    confidence: float
    alpha: float | None = None
    alpha_interval: tuple[float, float] | None = None
    standardised_alpha: float | None = None
    stratified_alpha: float | None = None
    alpha_if_dropped: Mapping[str, float | None] = field(default_factory=dict)
    item_rest: Mapping[str, float | None] = field(default_factory=dict)
    omega_total: float | None = None
    spearman_brown: float | None = None
    mean_inter_item: float | None = None
    sem: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    too_few: str | None = None
    remarks: tuple[str, ...] = ()


class NoSolution(ValueError):
    """A figure that these answers do not allow; the message is a sentence for a researcher."""


def describe(
    matrix: ArrayLike,
    rule: Rule,
    *,
    treatment: Treatment = "listwise",
    confidence: float = 0.95,
    beside: Beside = NOTHING_BESIDE,
) -> Reliability:
    """Describe a scale from the answers of one group: `matrix` is respondents × `rule.questions`, NaN for missing.

    The answers are as asked: what the rule reverses, recodes or weighs is done here, and an item that is a scale is
    scored. `treatment` says whose answers count: listwise, those who answered every item; pairwise, for each two items
    those who answered both. `beside` says which items were not shown. Raises ValueError as
    :func:`survey.scales.score`.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence level lies between 0 and 1, not at {confidence:g}")
    answers = turned(matrix, rule, beside)
    there = ~np.isnan(answers)
    used = answers[there.all(axis=1)] if treatment == "listwise" else answers
    n = len(used) if treatment == "listwise" else _fewest_of_a_pair(there)
    raw = replace(rule, transform=None, round=None, norms=())
    scored = ~np.isnan(score(matrix, raw, beside=beside).score)
    known = Reliability(
        items=rule.items,
        treatment=treatment,
        respondents=int(there.any(axis=1).sum()),
        n=n,
        scored=int(scored.sum()),
        confidence=confidence,
    )
    if n < FEWEST:
        return replace(known, too_few=_too_few(known))
    if known.scored >= FEWEST:
        ends = [rule.counted_range(at) for at in range(len(rule.items))]
        floor, ceiling = (_share_at(answers[scored], [one[side] for one in ends]) for side in (0, 1))
        known = replace(known, floor=floor, ceiling=ceiling)
    else:
        known = replace(known, remarks=(_few_scores(known),))
    if len(rule.items) < 2:
        return replace(known, remarks=(*known.remarks, _ONE_ITEM))
    weights = np.array(rule.weights or (1.0,) * len(rule.items))
    known = _of_items(known, rule, covariances(used * weights))
    if len(rule.parts) < len(rule.items):
        return known
    stratified = _stratified_alpha(np.asarray(matrix, dtype=np.float64), rule, beside)
    return replace(known, stratified_alpha=stratified, remarks=(*known.remarks, _of_scales(stratified)))


def _of_scales(stratified: float | None) -> str:
    said = "The items are scales: alpha is that of their scores"
    if stratified is None:
        return f"{said}."
    return (
        f"{said}. Stratified alpha, which allows for how reliable each of them is, is {stratified:.2f}, from people "
        "who answered every question. Please report that one."
    )


def _stratified_alpha(matrix: Floats, rule: Rule, beside: Beside) -> float | None:
    """Return 1 - Σ variance × (1 - alpha) of each scale / variance of their sum; None where one of them has no alpha.

    Of those who answered every question (Cronbach, Schönemann and McKie 1965). A score that is on another range than
    its items has the alpha of the items.
    """
    column = {id: at for at, id in enumerate(rule.questions)}
    inner = [
        turned(matrix[:, [column[id] for id in part.questions]], part, beside)
        for part in (rule.parts[item] for item in rule.items)
    ]
    weights = np.array(rule.weights or (1.0,) * len(rule.items))
    scores = turned(matrix, rule, beside) * weights
    whole = ~np.isnan(scores).any(axis=1) & np.all([~np.isnan(items).any(axis=1) for items in inner], axis=0)
    if whole.sum() < FEWEST:
        return None
    alphas = []
    for item, items in zip(rule.items, inner, strict=True):
        part = rule.parts[item]
        heavy = items[whole] * np.array(part.weights or (1.0,) * len(part.items))
        alphas.append(alpha(covariances(heavy)) if len(part.items) > 1 else None)
    covariance = covariances(scores[whole])
    total = float(covariance.sum())
    known = [one for one in alphas if one is not None]
    if len(known) < len(alphas) or total <= _NOTHING:
        return None
    return 1 - float(np.diag(covariance) @ (1 - np.array(known))) / total


@dataclass(frozen=True)
class ItemFigures:
    """One item of a scale: how many answered it, its mean and standard deviation, None below 30 answers.

    Both are as the scale counts it: a reversed item is turned round, a recoded one recoded.
    """

    item: str
    n: int
    mean: float | None
    sd: float | None
    reversed: bool


@dataclass(frozen=True)
class ScaleReliability:
    """One scale in one group (`group` of the column `by`; None for everyone), with what to know beside the figures."""

    scale: str
    by: str | None
    group: str | None
    reliability: Reliability
    items: tuple[ItemFigures, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Grouping:
    """Which group each respondent belongs to: the column that says so, and a name for each, None for unknown."""

    column: str
    names: Sequence[str | None]


def describe_scales(
    numbers: Mapping[str, Floats],
    rules: Mapping[str, Rule],
    groups: Grouping | None = None,
    *,
    treatment: Treatment = "listwise",
    beside: Beside = NOTHING_BESIDE,
) -> list[ScaleReliability]:
    """Describe several scales from the answers to their questions (a column of numbers each, NaN for missing).

    With `groups` every scale is described in each group by itself, in the order of their names, because small children
    are less reliable; rows without a name are left out and counted in the notes. `beside` says which questions were not
    shown. Raises ValueError where there are not as many names as rows, and as :func:`survey.scales.score`.
    """
    found = []
    for scale, rule in rules.items():
        matrix = np.column_stack([numbers[question] for question in rule.questions])
        if groups is None:
            found.append(_described(scale, matrix, rule, treatment, beside))
            continue
        if len(groups.names) != len(matrix):
            raise ValueError(f"{len(matrix)} respondents, but {len(groups.names)} names of groups")
        without = sum(name is None for name in groups.names)
        for group in sorted({name for name in groups.names if name is not None}, key=in_order):
            there = np.array([name == group for name in groups.names], dtype=bool)
            one = _described(scale, matrix[there], rule, treatment, beside.chosen(there))
            notes = one.notes
            if without:
                notes += (f"{without:,} row{'' if without == 1 else 's'} without '{groups.column}' left out.",)
            found.append(replace(one, by=groups.column, group=group, notes=notes))
    return found


def _described(scale: str, matrix: Floats, rule: Rule, treatment: Treatment, beside: Beside) -> ScaleReliability:
    known = describe(matrix, rule, treatment=treatment, beside=beside)
    answers = turned(matrix, rule, beside)
    items = []
    for at, item in enumerate(rule.items):
        given = answers[~np.isnan(answers[:, at]), at]
        told = len(given) >= FEWEST
        items.append(
            ItemFigures(
                item,
                len(given),
                float(given.mean()) if told else None,
                float(given.std(ddof=1)) if told else None,
                rule.reverse[at],
            )
        )
    notes = [*([known.too_few] if known.too_few else []), *known.remarks, _whose(known)]
    return ScaleReliability(scale, None, None, known, tuple(items), tuple(notes))


def _whose(known: Reliability) -> str:
    if known.treatment == "pairwise":
        return (
            f"Pairwise: for each two items, everyone who answered both; n = {known.n:,} is the fewest for any two. "
            f"{known.respondents:,} answered at least one item."
        )
    return (
        f"Listwise: the {known.n:,} of {known.respondents:,} who answered every item. Floor and ceiling are shares of "
        f"the {known.scored:,} who have a score."
    )


def _fewest_of_a_pair(there: NDArray[np.bool_]) -> int:
    counts = there.astype(np.float64)
    return int((counts.T @ counts).min())


def _share_at(answers: Floats, ends: Sequence[float]) -> float:
    """Return the share of respondents whose every answered item is at its end (both turned the right way)."""
    # A turned range is the same range: (low + high) - low is high.
    at_end = np.isclose(answers, np.array(ends), rtol=1e-12, atol=1e-12)
    return float(np.mean(np.all(np.isnan(answers) | at_end, axis=1)))


def _of_items(known: Reliability, rule: Rule, covariance: Floats) -> Reliability:
    remarks = list(known.remarks)
    whole = alpha(covariance)
    rests = _item_rest(covariance, rule)
    remarks += _about_alpha(whole)
    remarks += _weak(rests, rule)
    known = replace(
        known,
        alpha=whole,
        alpha_interval=None
        if whole is None or whole >= 1
        else feldt(whole, known.n, len(rule.items), known.confidence),
        alpha_if_dropped=_if_dropped(covariance, rule),
        item_rest=rests,
        sem=_sem(covariance, whole, rule),
    )
    still = _without_variance(covariance, rule)
    if still:
        remarks.insert(0, still)
        return replace(known, remarks=tuple(remarks))
    return _of_correlations(known, correlations(covariance), remarks)


def _of_correlations(known: Reliability, matrix: Floats, remarks: list[str]) -> Reliability:
    count = len(matrix)
    mean = float((matrix.sum() - count) / (count * (count - 1)))
    standardised = alpha(matrix)
    omega = None
    if count == 2:
        remarks.append("With two items, report Spearman-Brown; omega needs three.")
    else:
        singular = _singular(matrix)
        if singular:
            remarks.append(singular)
        try:
            omega, edge = _omega(matrix, 1)
            remarks += [edge] if edge else []
        except NoSolution as reason:
            remarks.append(str(reason))
    return replace(
        known,
        standardised_alpha=standardised,
        mean_inter_item=mean,
        omega_total=omega,
        spearman_brown=spearman_brown(mean) if count == 2 else None,
        remarks=tuple(remarks),
    )


# ── sentences ─────────────────────────────────────────────────────────────────────────────────────────────
_ONE_ITEM: Final = "One item has no internal consistency, so there is no alpha or omega."


def _too_few(known: Reliability) -> str:
    whose = "answered every item" if known.treatment == "listwise" else "answered the two items least answered together"
    return (
        f"Only {known.n} of {known.respondents} respondents {whose}, and reliability is told from {FEWEST} on. "
        "Please join groups, or wait for more answers."
    )


def _few_scores(known: Reliability) -> str:
    return (
        f"Only {known.scored} of {known.respondents} respondents have a score, and shares at the lowest and highest "
        f"score are told from {FEWEST} on."
    )


def _about_alpha(whole: float | None) -> list[str]:
    if whole is None:
        return ["The items cancel each other out: their sum does not vary, so there is no alpha."]
    if whole < 0:
        return ["Alpha is below zero: items run against each other. Please look at which are reversed."]
    return []


def _weak(rests: Mapping[str, float | None], rule: Rule) -> list[str]:
    reverse = dict(zip(rule.items, rule.reverse, strict=True))
    return [
        f"Item '{item}' hardly goes with the rest (item-rest correlation {found:.2f}): is it reversed? "
        + ("The questionnaire turns it round now." if reverse[item] else "The questionnaire does not turn it round.")
        for item, found in rests.items()
        if found is not None and found < WEAK
    ]


def _without_variance(covariance: Floats, rule: Rule) -> str | None:
    names = [item for item, constant in zip(rule.items, _constant(covariance), strict=True) if constant]
    if not names:
        return None
    which = ", ".join(f"'{name}'" for name in names)
    return (
        f"Everyone gave the same answer to {which}, so correlations with {'it' if len(names) == 1 else 'them'} do not "
        "exist, and neither do standardised alpha and omega."
    )


def _singular(matrix: Floats) -> str | None:
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least < -_NOTHING:
        return (
            "The correlations contradict each other, as they may when each pair of items comes from other "
            "respondents. Please use listwise."
        )
    if least < _NOTHING:
        return "The correlation matrix is singular: an item repeats others exactly. Please look for a copied column."
    return None


# ── figures ───────────────────────────────────────────────────────────────────────────────────────────────
def covariances(answers: ArrayLike) -> Floats:
    """Return the items' covariances (k × k, n - 1 below the line); where answers are missing, pair by pair.

    `answers` is respondents × items, NaN for missing. Raises NoSolution where fewer than two answered a pair.
    """
    given = np.asarray(answers, dtype=np.float64)
    there = (~np.isnan(given)).astype(np.float64)
    if (there.T @ there).min() < 2:
        raise NoSolution("Some two items were answered together by fewer than two respondents.")
    # Taking the means off first keeps the digits; the pairs' own means come off below.
    values = np.where(there > 0, given - np.nanmean(given, axis=0), 0.0)
    pairs = there.T @ there
    sums = values.T @ there
    found: Floats = (values.T @ values - sums * sums.T / pairs) / (pairs - 1)
    return found


def correlations(covariance: Floats) -> Floats:
    """Return the correlations that belong to covariances (k × k) without a zero variance."""
    deviations = np.sqrt(np.diag(covariance))
    found = covariance / np.outer(deviations, deviations)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def alpha(covariance: Floats) -> float | None:
    """Return Cronbach's alpha, k/(k-1) × (1 - Σ variances / variance of the sum); None where the sum does not vary.

    `covariance` is k × k, k ≥ 2. With correlations instead it is the standardised alpha.
    """
    count = len(covariance)
    variances = float(np.trace(covariance))
    total = float(covariance.sum())
    if total <= _NOTHING * max(variances, _NOTHING):
        return None
    return count / (count - 1) * (1 - variances / total)


def feldt(alpha: float, n: int, items: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Feldt's interval of an alpha from `n` respondents and `items` items, as (lower, upper).

    (1 - α) / (1 - a) follows F with n-1 and (n-1)(k-1) degrees of freedom (Feldt 1965).
    """
    from scipy import special

    tail = (1 - confidence) / 2
    low, high = (float(special.fdtri(n - 1, (n - 1) * (items - 1), share)) for share in (tail, 1 - tail))
    return 1 - (1 - alpha) * high, 1 - (1 - alpha) * low


def spearman_brown(correlation: float) -> float | None:
    """Return the reliability of two items together, 2r / (1 + r); None for r = -1, where their sum does not vary."""
    return None if correlation <= -1 + _NOTHING else 2 * correlation / (1 + correlation)


def omega_total(correlation: ArrayLike, factors: int = 1) -> float:
    """Return omega total, 1 - Σ unique variances / Σ correlations (McDonald 1999, of the standardised items).

    `correlation` is k × k. The unique variances come from a minres solution with `factors` factors, which need no
    rotation here: omega total is the same for all. psych's omega() uses three factors unless told otherwise, so its
    figure is higher where a scale has parts (Thurstone's nine variables: .89 with one, .93 with three). Raises
    NoSolution, with a sentence, where there are too many factors or the correlations allow none.
    """
    return _omega(np.asarray(correlation, dtype=np.float64), factors)[0]


def _omega(matrix: Floats, factors: int) -> tuple[float, str | None]:
    unique = uniquenesses(matrix, factors)
    total = float(matrix.sum())
    if total <= _NOTHING:
        raise NoSolution("The items cancel each other out: their sum does not vary, so there is no omega.")
    edge = None
    if unique.min() <= _LEAST_UNIQUE * (1 + 1e-6):
        edge = "One factor explains an item entirely (a Heywood case). Please take omega with care."
    return 1 - float(unique.sum()) / total, edge


def uniquenesses(correlation: ArrayLike, factors: int = 1) -> Floats:
    """Return each item's unique variance (length k, 0.005 to 1) in a minres solution (Harman and Jones 1966).

    Minres makes the squared residuals off the diagonal as small as they can be; with unique variances free that is
    unweighted least squares, solved here over the smaller eigenvalues of R - U². Raises NoSolution.
    """
    # Pages and small commands must start quickly, so the optimiser is loaded where it is used.
    from scipy.optimize import minimize

    matrix = np.asarray(correlation, dtype=np.float64)
    count = len(matrix)
    if factors < 1 or (count - factors) ** 2 < count + factors:
        raise NoSolution(f"{count} items are too few for a solution with {factors} factor{'s' * (factors != 1)}.")
    if float(np.linalg.eigvalsh(matrix)[0]) < -_NOTHING:
        raise NoSolution("There is no omega from correlations that contradict each other.")
    multiple = 1 - 1 / np.diag(np.linalg.pinv(matrix, hermitian=True)).clip(1)
    solution = minimize(
        _left_over,
        (1 - multiple).clip(_LEAST_UNIQUE, 1),
        args=(matrix, factors),
        jac=True,
        method="L-BFGS-B",
        bounds=[(_LEAST_UNIQUE, 1)] * count,
        options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-9},
    )
    return np.asarray(solution.x)


def _left_over(unique: Floats, matrix: Floats, factors: int) -> tuple[float, Floats]:
    """Return half the squares that the factors leave, and their slope along each unique variance."""
    values, vectors = np.linalg.eigh(matrix - np.diag(unique))
    rest, directions = values[:-factors], vectors[:, :-factors]
    return float(rest @ rest) / 2, -(directions**2) @ rest


def _if_dropped(covariance: Floats, rule: Rule) -> dict[str, float | None]:
    if len(rule.items) < 3:
        return {}
    found = {}
    for at, item in enumerate(rule.items):
        kept = np.delete(np.arange(len(rule.items)), at)
        found[item] = alpha(covariance[np.ix_(kept, kept)])
    return found


def _item_rest(covariance: Floats, rule: Rule) -> dict[str, float | None]:
    """Return the correlation of each item with the sum of the others, from the covariances."""
    variances = np.diag(covariance)
    with_all = covariance.sum(axis=1)
    rest = covariance.sum() - 2 * with_all + variances
    constant = _constant(covariance)
    found: dict[str, float | None] = {}
    for at, item in enumerate(rule.items):
        if constant[at] or rest[at] <= _NOTHING * variances.sum():
            found[item] = None
        else:
            found[item] = float((with_all[at] - variances[at]) / math.sqrt(variances[at] * rest[at]))
    return found


def _constant(covariance: Floats) -> NDArray[np.bool_]:
    variances = np.diag(covariance)
    found: NDArray[np.bool_] = variances <= _NOTHING * max(float(variances.max()), _NOTHING)
    return found


def _sem(covariance: Floats, whole: float | None, rule: Rule) -> float | None:
    """Return the standard error of measurement, SD × √(1 - alpha), in points of the raw score."""
    if whole is None or not 0 <= whole <= 1:
        return None
    of_sum = math.sqrt(float(covariance.sum()) * (1 - whole))
    return of_sum / (math.fsum(rule.weights) or len(rule.items)) if rule.score == "mean" else of_sum
