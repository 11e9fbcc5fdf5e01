"""Norms: groups that share no one, each with what the others have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from survey.definition.counting import Counting, overlapping
from survey.definition.model import Fault, Path
from survey.definition.questionnaire import Questionnaire
from survey.definition.rules.scales import bands_that_hold, table_of_scores
from survey.definition.scale import NormGroup, Norms, Scale, number_range
from survey.problems import FIRST, shortened


def norms(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Norms make one sort of score, in groups that share no one."""
    counting = Counting(questionnaire)
    for n, scale in enumerate(questionnaire.scales):
        if scale.norms is None:
            continue
        at: Path = ("scales", n, "norms")
        if scale.norms.transforms and scale.transform is not None:
            yield Fault(
                at,
                f"scale '{scale.id}' has both 'transform' and norms that make a new score. Please move the norms to a "
                f"scale of its own, made of this one: items: [{scale.id}]",
                key=True,
            )
        yield from _sort(scale, scale.norms, at)
        yield from _groups(scale.norms.groups, (*at, "groups"))
        yield from _contents(counting, scale, scale.norms, at)


def _sort(scale: Scale, found: Norms, at: Path) -> Iterator[Fault]:
    """All groups have means, or all have tables; what the means are put on is said for means only."""
    means = [i for i, group in enumerate(found.groups) if group.mean is not None or group.sd is not None]
    tables = [i for i, group in enumerate(found.groups) if group.table is not None]
    both = sorted({*means, *tables})
    banded = any(group.bands for group in found.groups)
    if means and tables:
        odd = max(means[0], tables[0])
        message = f"scale '{scale.id}' has norms by mean and sd in one group and by table in another. Please use one"
        yield Fault((*at, "groups", odd), message)
        return
    for i, group in enumerate(found.groups):
        if both and i not in both:
            what = "'mean' and 'sd'" if means else "table"
            yield Fault((*at, "groups", i), f"{_name(i)} has no {what}, and others have. Please add it")
        elif i in means and (group.mean is None or group.sd is None):
            message = f"{_name(i)} has one of 'mean' and 'sd', and needs both. Please add the other"
            yield Fault((*at, "groups", i), message)
        elif not both and not banded:
            message = f"{_name(i)} has no norms. Please add 'mean' and 'sd', 'table' or 'bands'"
            yield Fault((*at, "groups", i), message)
    if means and (found.mean is None or found.sd is None):
        message = (
            f"the norms of scale '{scale.id}' do not say which mean and standard deviation the new scores have. "
            "Please add both: mean: 50 and sd: 10 for T scores, 0 and 1 for z scores"
        )
        yield Fault(at, message, key=True)
    if not means and (found.mean is not None or found.sd is not None):
        message = f"the norms of scale '{scale.id}' have no group with 'mean' and 'sd'. Please remove them here, or add"
        yield Fault((*at, "mean" if found.mean is not None else "sd"), f"{message} those of each group", key=True)


def _name(i: int) -> str:
    return f"norm group {i + 1}"


def _groups(groups: list[NormGroup], at: Path) -> Iterator[Fault]:
    for i, group in enumerate(groups):
        for fact, text in group.whom.items():
            ends = number_range(text)
            if ends and ends[0] > ends[1]:
                message = f"{_name(i)} goes from {ends[0]:g} to {ends[1]:g}. Please swap them"
                yield Fault((*at, i, "for", fact), message)
    for (i, one), (k, other) in combinations(enumerate(groups), 2):
        if overlapping(one.whom, other.whom):
            message = f"{_name(k)} has people in it who are in {_name(i)} too, on {FIRST}. "
            message += "A person can be in one group only. Please change one 'for'"
            yield Fault((*at, k, "for"), message, key=True, first=(*at, i, "for"))
            return


def _contents(counting: Counting, scale: Scale, found: Norms, at: Path) -> Iterator[Fault]:
    banded = [i for i, group in enumerate(found.groups) if group.bands]
    if banded and scale.bands:
        message = (
            f"scale '{scale.id}' has bands in its norms and under 'bands', so a score could have two. "
            "Please remove one of them"
        )
        yield Fault((*at, "groups", banded[0], "bands"), message, key=True)
    for i, group in enumerate(found.groups):
        here: Path = (*at, "groups", i)
        if banded and not group.bands:
            yield Fault(here, f"{_name(i)} has no bands, and others have. Please add them")
        yield from bands_that_hold(counting, scale, group.bands, (*here, "bands"))
        if group.table is not None:
            yield from table_of_scores(counting, scale, group.table, (*here, "table"))


def facts_of(questionnaire: Questionnaire) -> Iterator[tuple[Path, str, str, str]]:
    """Yield each fact that norms speak of: where, the scale's id, the fact, and what it is to be."""
    for n, scale in enumerate(questionnaire.scales):
        for i, group in enumerate(scale.norms.groups if scale.norms else []):
            for fact, text in group.whom.items():
                yield ("scales", n, "norms", "groups", i, "for", fact), scale.id, fact, shortened(text)
