"""Groups of people whose figures can be looked at by themselves: an arm, an area, girls, a year group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from survey.analysis.columns import in_order
from survey.analysis.grouping import Wholes, groups_shown
from survey.definition.study import Fact, StudyDefinition
from survey.findings.people import NO, YES, Floats, People, StudyData
from survey.problems import Explained, did_you_mean, shortened

MOST_LEVELS: Final = 12
"""A number with more values than that makes no groups."""

ARM: Final = "arm"
AREA: Final = "programme"
"""Ways of grouping that are no facts of the roster."""


@dataclass(frozen=True)
class Group:
    """People who are the same in one way. `by` is ARM, AREA or a fact, `code` what they are. Titles are for people."""

    by: str
    code: str
    by_title: str
    title: str

    @property
    def id(self) -> str:
        """Its name in an address and on the command line: sex=f."""
        return f"{self.by}={self.code}"

    def among(self, people: People) -> list[bool]:
        """Tell of each of these people whether they are in the group."""
        return [label == self.code for label in labels_of(people, self.by)]


@dataclass(frozen=True)
class GroupedBy:
    """A way of grouping people, and its groups in order."""

    by: str
    title: str
    groups: tuple[Group, ...]


def labels_of(people: People, by: str) -> list[str | None]:
    """Return the group of each person; None where it is not known. by: ARM, AREA or a fact."""
    if by == ARM:
        return people.arms
    if by == AREA:
        return [row.place.programme for row in people.rows]
    return people.labels(by)


def ways_of(study: StudyDefinition) -> dict[str, str]:
    """Return in what ways a study's people are grouped, with their titles: by arm, by area, by its plan's subgroups."""
    subgroups = study.plan.subgroups if study.plan else ()
    ways = {ARM: "Arm", AREA: "Area"} | {name: _fact(study, name).title for name in subgroups}
    several = {ARM: len(study.arms) > 1, AREA: len(study.programmes) > 1}
    return {by: title for by, title in ways.items() if several.get(by, True)}


def groups_of(data: StudyData) -> tuple[GroupedBy, ...]:
    """Return the groups that anyone is in; a way of grouping with one group only, or with too many, is none."""
    rows = [one.row for some in data.lists.values() for one in some]
    everyone = People(data.facts, rows + [row for some in data.answers.values() for row in some.rows])
    found = []
    for by, title in ways_of(data.study).items():
        there = {label for label in labels_of(everyone, by) if label is not None}
        if len(there) > 1 and (by not in data.facts or len(there) <= MOST_LEVELS):
            codes = in_their_order(data.study, by, there)
            found.append(GroupedBy(by, title, tuple(group_of(data.study, by, code) for code in codes)))
    return tuple(found)


def see_that_anyone_is_in(group: Group, data: StudyData) -> None:
    """Raise NoSuchGroup for a group that no one is in: a year group that the study does not have."""
    there = [one.id for by in groups_of(data) if by.by == group.by for one in by.groups]
    if group.id not in there:
        hint = f" There are: {', '.join(there)}." if there else ""
        raise NoSuchGroup(f"No one in {data.study.id} is in the group {group.id}.{hint}")


def group_of(study: StudyDefinition, by: str, code: str) -> Group:
    """Return a group with its titles."""
    return Group(by, code, ways_of(study)[by], _titles(study, by).get(code) or titled(_fact(study, by), code))


def find_group(study: StudyDefinition, name: str) -> Group:
    """Return the group of this name, such as sex=f. Raises NoSuchGroup where the study cannot have it."""
    ways = ways_of(study)
    by, _, code = name.partition("=")
    if by not in ways:
        hint = did_you_mean(by, ways) or f" There are: {', '.join(ways)}."
        raise NoSuchGroup(f"The people of {study.id} cannot be grouped by '{shortened(by)}'.{hint}")
    known = _titles(study, by)
    if known and code not in known:
        hint = did_you_mean(code, known) or f" There are: {', '.join(f'{by}={one}' for one in known)}."
        raise NoSuchGroup(f"'{shortened(code)}' is not a group by {by}.{hint}")
    if not code:
        raise NoSuchGroup(f"Please say which group by {by} is meant, such as {by}=4.")
    return group_of(study, by, code)


class NoSuchGroup(Explained, ValueError):
    """A group that a study cannot have; the message says which there are."""


def _titles(study: StudyDefinition, by: str) -> Mapping[str, str]:
    """Return the groups that the study file names; none for a number, whose values are known from the lists only."""
    if by == ARM:
        return {arm.id: arm.title for arm in study.arms}
    if by == AREA:
        return {area.id: area.title for area in study.programmes}
    fact = _fact(study, by)
    if fact.kind == "yes_no":
        return {code: titled(fact, code) for code in (NO, YES)}
    return fact.codes


def _fact(study: StudyDefinition, name: str) -> Fact:
    return next(one for one in (*study.facts, *study.school_facts) if one.id == name)


def titled(fact: Fact, level: str) -> str:
    """Return what people of whom a fact is the same are called."""
    if fact.kind == "yes_no":
        return f"{fact.title}: {level}"
    return fact.codes.get(level, f"{fact.title} {level}")


def in_their_order(study: StudyDefinition, by: str, codes: Iterable[str]) -> list[str]:
    """Return groups in the order of the study file; those that it does not name behind them, numbers by their size."""
    order = {code: at for at, code in enumerate(_titles(study, by))}
    return sorted(codes, key=lambda one: (order.get(one, len(order)), in_order(one)))


Shown = Mapping[str, frozenset[str]]
"""The groups that may be shown, for each way of grouping people."""


def shown_in_arms(study: StudyDefinition, people: People, values: Floats, unit: str) -> dict[str | None, Shown]:
    """Return, for each arm, the groups of which the number, the mean and the spread of an outcome may be shown in it.

    values: the outcome of each of these people, NaN for who does not count. The mean of a share tells how many do and
    how many do not, so neither may be few. The arms are told apart everywhere, so each is protected by itself.
    """
    kinds = 2 if unit == "share" else 1
    answers = np.where(np.isfinite(values), (np.nan_to_num(values) > 0.5) if kinds == 2 else 0, -1).astype(np.int64)
    labels = {by: np.array(found, dtype=object) for by, found in _ways(study, people).items() if by != ARM}
    arms = np.array(people.arms, dtype=object)
    found: dict[str | None, Shown] = {}
    for arm in dict.fromkeys(people.arms):
        inside = arms == arm
        ways = {by: label[inside].tolist() for by, label in labels.items()}
        who = people.respondents[inside]
        found[arm] = groups_shown(ways, answers[inside], kinds, study.disclosure.threshold, who)
    return found


def arms_shown(people: People, values: Floats, threshold: int) -> frozenset[str]:
    """Return the arms of which figures may be shown: they are parts of everyone, of whom figures are shown too."""
    answers = np.where(np.isfinite(values), 0, -1).astype(np.int64)
    return groups_shown({ARM: people.arms}, answers, 1, threshold, people.respondents)[ARM]


def shown_of_answers(study: StudyDefinition, people: People, answers: Wholes, kinds: int) -> Shown:
    """Return the groups of which the answers to a question may be shown, all arms together.

    answers: what each of these people answered, a number from 0 to kinds - 1; below 0 for who does not count.
    """
    return groups_shown(_ways(study, people), answers, kinds, study.disclosure.threshold, people.respondents)


def _ways(study: StudyDefinition, people: People) -> dict[str, list[str | None]]:
    """Return the labels of people by every way of grouping that has not too many groups."""
    found = {by: labels_of(people, by) for by in ways_of(study)}
    return {by: labels for by, labels in found.items() if by not in people.facts or len(set(labels)) <= MOST_LEVELS + 1}
