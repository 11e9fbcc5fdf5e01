"""People alike: which norms hold for whom, and the bands of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survey.definition.conditions import fact_value
from survey.scales.conversion import same
from survey.scales.rule import NOTHING_BESIDE, Beside, NormsOfGroup, Places, Rule, ScoreBand, Scores

SELF: Final = "self"
"""Whose bands hold for people who answer about themselves, where none are given for their audience."""


def groups_of(norms: Sequence[NormsOfGroup], facts: Mapping[str, Sequence[Any]], count: int) -> Places:
    """Return, for each of `count` respondents, the place of the group whose norms hold for them; -1 for none.

    `facts`: fact of the roster -> its value for each. Each combination of values is looked at once.
    """
    names = list(dict.fromkeys(fact for group in norms for fact in group.whom))
    if any(name not in facts for name in names):
        return np.full(count, -1, dtype=np.intp)
    distinct = [list(dict.fromkeys(facts[name])) for name in names]
    combined = np.zeros(count, dtype=np.intp)
    for name, values in zip(names, distinct, strict=True):
        place = {value: at for at, value in enumerate(values)}
        mine = np.fromiter(map(place.__getitem__, facts[name]), dtype=np.intp, count=count)
        combined = combined * max(1, len(values)) + mine
    found, which = np.unique(combined, return_inverse=True)
    groups = np.empty(len(found), dtype=np.intp)
    for at, number in enumerate(found.tolist()):
        known: dict[str, Any] = {}
        for name, values in zip(reversed(names), reversed(distinct), strict=True):
            number, place_of_value = divmod(number, len(values))
            known[name] = values[place_of_value]
        groups[at] = _group_of(norms, known)
    return groups[which]


def _group_of(norms: Sequence[NormsOfGroup], facts: Mapping[str, Any]) -> int:
    known = {fact: fact_value(value) for fact, value in facts.items() if value is not None and value != ""}
    for at, group in enumerate(norms):
        if all(fact in known and _fits(known[fact], wanted) for fact, wanted in group.whom.items()):
            return at
    return -1


_AS_NUMBER: Final = {"yes": 1.0, "no": 0.0}
"""How a data file says yes and no."""


def _fits(value: float | str, wanted: str | tuple[float, float]) -> bool:
    if isinstance(wanted, tuple):
        return not isinstance(value, str) and wanted[0] <= value <= wanted[1]
    return value in (fact_value(wanted), _AS_NUMBER.get(wanted))


def _bands_for(rule: Rule, audience: str) -> tuple[ScoreBand, ...]:
    return rule.bands.get(audience) or rule.bands.get(SELF) or ()


def has_bands(rule: Rule, audience: str) -> bool:
    """Tell whether the scores of people of an audience have bands."""
    return bool(_bands_for(rule, audience)) or any(group.bands for group in rule.norms)


def banded(scores: Scores, rule: Rule, audience: str, beside: Beside = NOTHING_BESIDE) -> NDArray[np.object_]:
    """Return the label of the band of each score, by the bands of who answered or by those of the norms.

    `audience` is who answered; without bands for them, those of people who answer about themselves hold. None where
    the score is missing or in no band, and where no norms hold for the respondent.
    """
    if not any(group.bands for group in rule.norms):
        return band(scores.score, _bands_for(rule, audience))
    which = groups_of(rule.norms, beside.facts, len(scores.score))
    labels = np.full(len(which), None, dtype=object)
    for at, group in enumerate(rule.norms):
        places = np.flatnonzero(which == at)
        labels[places] = band(scores.score[places], group.bands)
    return labels


def band(scores: ArrayLike, bands: Sequence[ScoreBand]) -> NDArray[np.object_]:
    """Return the label of the band that holds each score (length n), None where the score is missing or in no band.

    Both ends belong to a band. Where one ends at the very score at which the next begins, the score is in the next.
    """
    given = np.asarray(scores, dtype=np.float64)
    labels = np.full(given.shape, None, dtype=object)
    for one in bands:
        inside = (given >= one.from_) & (given <= one.to)
        labels[inside | same(given, one.from_) | same(given, one.to)] = one.label
    return labels
