"""A school beside schools like it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from survey.definition.study import StudyDefinition
from survey.findings.people import SchoolRow
from survey.findings.standing import FEWEST, LIKE, SchoolStanding
from survey.findings.study import analyse
from tests.findings.pretended import STUDY, Pretended, questionnaires, study

FACTS = """
school_facts:
  - {fact: size, title: Number of pupils, kind: number}
  - {fact: fsm, title: Share on free school meals, kind: number}
plan:
  outcomes: [sample.joy]
  comparison: {programme: programme}
"""


def standings(
    plan: StudyDefinition,
    sizes: dict[str, int],
    facts: dict[str, dict[str, str]],
    areas: dict[str, str] | None = None,
) -> dict[str, SchoolStanding]:
    """Return the standing of each school, of which so many people answer."""
    made = Pretended(plan)
    for number, (name, people) in enumerate(sizes.items()):
        area = (areas or {}).get(name)
        made.school(name, "programme" if number % 2 else "comparison", people, effect=number / 10, area=area)
    made.data.schools = [SchoolRow(name, None, facts.get(name, {})) for name in sizes]
    found = analyse(made.data, questionnaires(), ["w1", "w2"]).standings
    assert {one.outcome.id for one in found} == {"sample.joy"}
    assert {one.wave for one in found} == {"w2"}
    of = {one.school: one for one in found}
    for name, one in of.items():
        mine = [row["joy"] for row in made.rows if row["wave"] == "w2" and row["school"] == name]
        assert one.own is None or one.own.mean == pytest.approx(np.mean(mine))
    return of


def facts(size: int, fsm: int) -> dict[str, str]:
    return {"size": str(size), "fsm": str(fsm)}


def test_a_school_stands_beside_the_schools_nearest_in_size_and_free_school_meals() -> None:
    small = {f"s{n}": facts(100 + n, 10 + n) for n in range(LIKE + 1)}
    large = {f"l{n}": facts(600 + n, 40 + n) for n in range(LIKE + 1)}
    of = standings(study(FACTS), dict.fromkeys([*small, *large], 20), small | large)
    assert of["s3"].schools == LIKE
    assert of["s3"].like is not None
    assert of["s3"].like.n == 20 * LIKE
    assert of["s3"].like.clusters == LIKE
    # Of the large schools one alone has another answer in common with them: none is among the small.
    others = np.mean([of[name].own.mean for name in small if name != "s3"])  # type: ignore[union-attr]
    assert of["s3"].like.mean == pytest.approx(others)


def test_with_too_few_schools_like_it_a_school_sees_its_own_mean_alone() -> None:
    of = standings(study(FACTS), dict.fromkeys("abcd", 20), {name: facts(100, 10) for name in "abcd"})
    assert of["a"].own is not None
    assert (of["a"].like, of["a"].difference) == (None, None)
    assert f"Fewer than {FEWEST} schools" in (of["a"].hidden or "")


def test_of_schools_nothing_is_known_of_none_is_alike_and_without_facts_all_are() -> None:
    some = dict.fromkeys("abcdefg", 20)
    known = {name: facts(100, 10) for name in "abcdef"}
    of = standings(study(FACTS), some, known)
    assert of["g"].like is None
    assert of["a"].schools == 5
    of = standings(study(FACTS[FACTS.index("plan") :]), some, {})
    assert of["g"].schools == 6


def test_an_area_that_would_tell_of_a_few_takes_its_schools_with_it() -> None:
    """Figures of an area are shown elsewhere: the middle less its large school would be two people at the other."""
    sizes = {"n1": 8, "s1": 20, "s2": 20, "m1": 15, "n2": 12, "s3": 20, "m2": 2}
    areas = {name: name[0] for name in sizes}
    of = standings(study(FACTS), sizes, {}, areas)
    assert {name for name, one in of.items() if one.own is not None} == {"s1", "s2", "s3"}
    of = standings(study(FACTS), sizes | {"m2": 12, "n1": 12}, {}, areas)
    assert all(one.own is not None for one in of.values())


def test_a_school_with_few_people_is_hidden_and_stands_beside_no_one_nor_can_it_be_worked_out() -> None:
    sizes = dict.fromkeys("abcdefg", 20) | {"few": 3}
    of = standings(study(FACTS), sizes, {name: facts(100, 10) for name in sizes})
    assert of["few"].own is None
    assert "fewer than 10 people" in (of["few"].hidden or "")
    hidden = [name for name, one in of.items() if one.own is None]
    assert len(hidden) > 1, "everyone less the others would be the three"
    assert all(one.schools <= 6 for one in of.values())


def test_the_difference_is_welchs_in_standard_deviations_of_the_others() -> None:
    plan, sizes = study(FACTS, STUDY), dict.fromkeys("abcdefgh", 40)
    made = Pretended(plan)
    for name in sizes:
        made.school(name, "programme", 40, effect={"a": 3.0, "b": -3.0}.get(name, 0.0))
    made.school("other", "comparison", 40)
    made.data.schools = [SchoolRow(name, None, facts(100, 10)) for name in (*sizes, "other")]
    of = {one.school: one for one in analyse(made.data, questionnaires(), ["w1", "w2"]).standings}
    high, low = of["a"].difference, of["b"].difference
    assert high is not None
    assert low is not None
    assert high.low is not None
    assert low.high is not None
    assert high.low > 0 > low.high
    mine, theirs = of["a"].own, of["a"].like
    assert mine is not None
    assert theirs is not None
    assert mine.model is not None
    assert theirs.model is not None
    gap = mine.model.difference - theirs.model.difference
    assert high.difference == pytest.approx(gap / theirs.sd)  # type: ignore[operator]
    # The same by the library, from the means, standard errors and degrees of freedom.
    means = (
        (one.difference, (one.se or 0) * np.sqrt((one.df or 0) + 1), (one.df or 0) + 1)
        for one in (mine.model, theirs.model)
    )
    told = stats.ttest_ind_from_stats(*(number for one in means for number in one), equal_var=False)
    assert high.p == pytest.approx(told.pvalue)
