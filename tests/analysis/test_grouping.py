"""Groups beside everyone, against a reader who knows every number that is shown of all of them at once."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from survey.analysis import grouping
from survey.analysis.grouping import groups_shown

Ways = dict[str, list[str | None]]
People = tuple[Ways, list[int], int]
"""The group of each person in each way, what each answered (-1 for nothing that counts), and how many answers there are."""


def shown(people: People, threshold: int) -> dict[str, frozenset[str]]:
    ways, answers, kinds = people
    return groups_shown(ways, np.array(answers), kinds, threshold)


class Reader:
    """Knows everyone's counts and those of every group that is shown, and nothing of how groups were chosen.

    The unknowns are how many people of each kind there are: their group in every way, and their answer. `profiles` are
    the kinds that the reader thinks possible.
    """

    def __init__(
        self, people: People, told: Mapping[str, frozenset[str]], profiles: Sequence[tuple[object, ...]]
    ) -> None:
        self._ways, self._answers, self.kinds = people
        self._names = list(self._ways)
        self.unknowns = list(itertools.product(profiles, range(self.kinds)))
        self._truth = Counter(
            (profile, answer)
            for profile, answer in zip(zip(*self._ways.values(), strict=True), self._answers, strict=True)
            if answer >= 0
        )
        self.known = [self.who(answer=answer) for answer in range(self.kinds)]
        self.known += [
            self.who(way, group, answer)
            for way, groups in told.items()
            for group in sorted(groups)
            for answer in range(self.kinds)
        ]

    def who(self, way: str | None = None, group: str | None = None, answer: int | None = None) -> np.ndarray:
        """Return which unknowns are counted together, as zeros and ones."""
        at = None if way is None else self._names.index(way)
        return np.array(
            [float((at is None or profile[at] == group) and answer in (None, said)) for profile, said in self.unknowns]
        )

    def true(self, who: np.ndarray) -> int:
        return round(sum(self._truth[one] for one, counts in zip(self.unknowns, who.tolist(), strict=True) if counts))

    def range_of(self, who: np.ndarray) -> tuple[int, int]:
        """Return the lowest and the highest number that some people together can be."""
        known = np.array(self.known)
        numbers = [self.true(one) for one in self.known]
        ends = []
        for sign in (1, -1):
            answer = milp(
                sign * who,
                constraints=LinearConstraint(known, numbers, numbers),
                bounds=Bounds(0, 10_000),
                integrality=np.ones(len(who)),
            )
            assert answer.x is not None, "what is shown contradicts itself"
            ends.append(round(float(who @ answer.x)))
        return ends[0], ends[1]

    def works_out(self, who: np.ndarray) -> bool:
        """Tell whether adding and subtracting what is known gives some people, whatever is counted of them."""
        known = np.array(self.known)
        parts = np.linalg.lstsq(known.T, who, rcond=None)[0]
        return bool(np.allclose(parts @ known, who, atol=1e-8))

    def small(self, threshold: int) -> list[tuple[str, np.ndarray]]:
        """Return the counts of single groups that are below the threshold."""
        found = []
        for way, labels in self._ways.items():
            for group in dict.fromkeys(labels):
                for answer in range(self.kinds):
                    who = self.who(way, group, answer)
                    if self.true(self.who(way, group)) and self.true(who) < threshold:
                        found.append((f"{way}={group}, answer {answer}", who))
        return found


def narrowed(people: People, threshold: int) -> list[str]:
    """Return the small counts of groups that are narrowed down, for a reader who knows no one beforehand."""
    ways = people[0].values()
    reader = Reader(people, shown(people, threshold), list(itertools.product(*(dict.fromkeys(one) for one in ways))))
    found = []
    for name, who in reader.small(threshold):
        low, high = reader.range_of(who)
        if low > 0 or high < threshold - 1:
            found.append(f"{name}: {low} to {high}")
    return found


def worked_out(people: People, threshold: int) -> list[str]:
    """Return the few who can be worked out by a reader who also knows which kinds of people there are.

    The few are those of one group, and those whom two groups share.
    """
    profiles = list(dict.fromkeys(zip(*people[0].values(), strict=True)))
    reader = Reader(people, shown(people, threshold), profiles)
    few = reader.small(threshold)
    for (one, ones), (other, others) in itertools.combinations(people[0].items(), 2):
        for group, another in sorted(set(zip(ones, others, strict=True)), key=str):
            for answer in range(reader.kinds):
                who = reader.who(one, group, answer) * reader.who(other, another)
                everyone = reader.who(one, group) * reader.who(other, another)
                if reader.true(everyone) and reader.true(who) < threshold:
                    few.append((f"{one}={group} and {other}={another}, answer {answer}", who))
    return [name for name, who in few if reader.works_out(who)]


def some_people(seed: int) -> People:
    """A small study: some ways of grouping, of which some are parts of others, or nearly the same as others."""
    rng = np.random.default_rng(seed)
    number, kinds = int(rng.integers(20, 160)), int(rng.integers(1, 4))
    groups = int(rng.integers(2, 5))
    first = rng.choice(groups, number, p=rng.dirichlet(np.ones(groups)))
    second = rng.choice(2, number, p=[0.7, 0.3])
    ways: Ways = {"year": [f"{one}" for one in first], "sex": ["fm"[one] for one in second]}
    if rng.random() < 0.4:
        ways["class"] = [f"{one}{'ab'[half]}" for one, half in zip(first, rng.integers(0, 2, number), strict=True)]
    if rng.random() < 0.4:
        # Everyone who has one thing, and a few more.
        more = rng.random(number) < rng.choice([0.02, 0.1, 0.3])
        ways["meals"] = ["yes" if one or other else "no" for one, other in zip(second, more, strict=True)]
    if rng.random() < 0.3:
        name = list(ways)[int(rng.integers(len(ways)))]
        ways[name] = [None if rng.random() < 0.05 else one for one in ways[name]]
    answers = rng.choice(kinds, number, p=rng.dirichlet(3 * np.ones(kinds)))
    return ways, np.where(rng.random(number) < 0.1, -1, answers).tolist(), kinds


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [3, 5, 10])
def test_no_small_count_of_a_group_is_narrowed_down(threshold: int) -> None:
    """All of them together, with everyone: each small count may be anything from 0 to the threshold less one."""
    for seed in range(40):
        people = some_people(seed)
        # Counts of everyone that are small are hidden by themselves, and no group is shown beside them.
        if min(Counter(one for one in people[1] if one >= 0).values()) >= threshold and "class" not in people[0]:
            assert narrowed(people, threshold) == [], seed


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [3, 10])
def test_no_few_people_can_be_worked_out_even_by_someone_who_knows_which_kinds_there_are(threshold: int) -> None:
    for seed in range(200):
        people = some_people(seed)
        if min(Counter(one for one in people[1] if one >= 0).values()) >= threshold:
            assert worked_out(people, threshold) == [], seed


def of(**groups: Sequence[tuple[str | None, int]]) -> Ways:
    """People by runs: of(sex=[("f", 30), ("m", 5)])."""
    return {way: [label for label, number in runs for _ in range(number)] for way, runs in groups.items()}


def test_groups_that_are_large_enough_are_shown() -> None:
    ways = of(sex=[("f", 30), ("m", 30)], year=[("3", 15), ("4", 30), ("5", 15)])
    found = shown((ways, [0] * 60, 1), 10)
    assert found == {"sex": frozenset("fm"), "year": frozenset("345")}


def test_beside_a_small_group_the_next_smallest_is_hidden_as_everyone_less_the_others_would_be_it() -> None:
    found = shown((of(year=[("3", 4), ("4", 40), ("5", 12), ("6", 50)]), [0] * 106, 1), 10)
    assert found == {"year": frozenset("46")}


def test_small_groups_that_are_many_together_hide_no_other() -> None:
    found = shown((of(year=[("3", 6), ("4", 40), ("5", 7)]), [0] * 53, 1), 10)
    assert found == {"year": frozenset("4")}


def test_a_group_is_hidden_where_one_of_the_answers_is_rare() -> None:
    ways = of(sex=[("f", 40), ("m", 40)])
    often = [0, 1] * 40
    assert shown((ways, often, 2), 10)["sex"] == frozenset("fm")
    rare = [0] * 38 + [1] * 2 + [0, 1] * 20
    assert shown((ways, rare, 2), 10)["sex"] == frozenset()


def test_a_few_whose_group_is_not_known_are_a_group_that_is_hidden() -> None:
    found = shown((of(sex=[("f", 30), ("m", 40), (None, 3)]), [0] * 73, 1), 10)
    assert found == {"sex": frozenset("m")}
    assert shown((of(sex=[("f", 30), ("m", 40), (None, 12)]), [0] * 82, 1), 10)["sex"] == frozenset("fm")
    nobody = [0] * 70 + [-1] * 3
    assert shown((of(sex=[("f", 30), ("m", 40), (None, 3)]), nobody, 1), 10)["sex"] == frozenset("fm")


def test_two_ways_that_differ_in_a_few_people_are_not_both_shown() -> None:
    """All who have free meals have the grant, and four more: the grant less the meals would be these four."""
    ways = of(meals=[("yes", 30), ("no", 54)], grant=[("yes", 34), ("no", 50)])
    found = shown((ways, [0] * 84, 1), 10)
    assert sorted(map(len, found.values())) == [0, 2]
    many = of(meals=[("yes", 30), ("no", 64)], grant=[("yes", 44), ("no", 50)])
    assert shown((many, [0] * 94, 1), 10) == {"meals": frozenset({"yes", "no"}), "grant": frozenset({"yes", "no"})}


def test_a_part_of_a_group_is_shown_beside_it_if_all_parts_are_large() -> None:
    ways = of(arm=[("a", 40), ("b", 40)], area=[("north", 20), ("south", 20), (None, 40)])
    found = shown((ways, [0] * 80, 1), 10)
    assert found == {"arm": frozenset("ab"), "area": frozenset({"north", "south"})}
    ways = of(arm=[("a", 40), ("b", 40)], area=[("north", 32), ("south", 8), (None, 40)])
    assert shown((ways, [0] * 80, 1), 10)["area"] == frozenset(), "the arm less the north would be the south"


def test_a_parent_who_answers_about_several_children_is_one_person() -> None:
    def by(who: list[int], **ways: Sequence[tuple[str | None, int]]) -> frozenset[str]:
        (name,) = ways
        labels = of(**ways)
        return groups_shown(labels, np.zeros(len(who), dtype=np.int64), 1, 10, np.array(who))[name]

    arms = [("a", 10), ("b", 40)]
    assert by(list(range(50)), arm=arms) == frozenset("ab")
    ten_children_of_nine = [0, *range(9), *range(9, 49)]
    assert by(ten_children_of_nine, arm=arms) == frozenset()
    one_in_each_arm = [*range(10), 0, *range(10, 49)]
    assert by(one_in_each_arm, arm=arms) == frozenset("ab"), "a parent counts in both"
    years = [("3", 6), ("4", 40), ("5", 7), ("6", 50)]
    thirteen = list(range(103))
    assert by(thirteen, year=years) == frozenset("46"), "the two small years are many together"
    the_same_seven = [*range(6), *range(100, 140), *range(7), *range(200, 250)]
    assert by(the_same_seven, year=years) == frozenset("6"), "the two small years are the same seven parents"


def test_the_reader_finds_a_group_that_is_not_hidden_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of the tests: without the second group, and without looking at two ways together, few are found."""
    alone = of(year=[("3", 4), ("4", 40), ("5", 12)]), [0] * 56, 1
    assert narrowed(alone, 10) == []
    two = of(meals=[("yes", 30), ("no", 54)], grant=[("yes", 34), ("no", 50)]), [0] * 84, 1
    assert worked_out(two, 10) == []
    monkeypatch.setattr(grouping._Way, "hide_enough", lambda way: None)
    assert narrowed(alone, 10) == ["year=3, answer 0: 4 to 4"]
    monkeypatch.undo()
    monkeypatch.setattr(grouping, "_hide_between", lambda *ways: False)
    assert worked_out(two, 10) == ["meals=no and grant=yes, answer 0"]
