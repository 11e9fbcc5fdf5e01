"""Figures of one group: they are its own, exploratory, and give no few people away beside those of everyone."""

from __future__ import annotations

import numpy as np
import pytest

from survey.findings.arms import ArmMean, arm_means
from survey.findings.basis import Basis
from survey.findings.groups import Group, NoSuchGroup, find_group, groups_of
from survey.findings.study import StudyFindings, analyse
from tests.findings.pretended import PLAN, Pretended, questionnaires, study, usual

WAVES = ["w1", "w2"]


def group_of(pretended: Pretended, name: str | None) -> Group | None:
    return None if name is None else find_group(pretended.data.study, name)


def found(pretended: Pretended, group: str | None) -> StudyFindings:
    return analyse(pretended.data, questionnaires(), WAVES, group_of(pretended, group))


def means(pretended: Pretended, group: str | None) -> list[ArmMean]:
    """The means alone, where many groups are looked at."""
    return list(arm_means(Basis(pretended.data, questionnaires(), WAVES, group_of(pretended, group))))


def test_the_mean_of_a_group_is_that_of_the_people_in_it() -> None:
    pretended = usual()
    girls = found(pretended, "sex=f")
    for wave in WAVES:
        for arm in ("programme", "comparison"):
            mine = [
                row["joy"]
                for row in pretended.rows
                if row["told"] and (row["wave"], row["arm"], row["sex"]) == (wave, arm, "f")
            ]
            (told,) = [
                one.found for one in girls.means if (one.outcome.id, one.wave, one.arm) == ("sample.joy", wave, arm)
            ]
            assert told is not None
            assert (told.n, told.mean) == (len(mine), pytest.approx(np.mean(mine)))


def test_the_truth_is_recovered_among_girls_too_and_is_exploratory() -> None:
    girls = found(usual(), "sex=f")
    (joy,) = [one for one in girls.comparisons if (one.outcome.id, one.wave) == ("sample.joy", "w2")]
    assert joy.best is not None
    assert joy.best.low is not None
    assert joy.best.low > 0
    assert joy.found is not None
    # Whoever is a girl now has the baseline that she had then.
    assert joy.found.adjusted is not None
    assert (joy.planned, joy.p_corrected, joy.certainty) == (False, None, "possible")
    assert not any(one.planned for one in girls.outcomes)
    assert "All figures are of one group: Girl." in girls.notes[0]


def test_parts_of_parts_are_not_told() -> None:
    girls = found(usual(), "sex=f")
    assert (girls.changes, girls.subgroups, girls.participation, girls.costs) == ((), (), (), None)
    assert all(one.found is None or not one.found.bands for one in girls.exposures)
    assert all(one.found is None or one.found.baseline is None for one in girls.comparisons)


def test_a_group_that_is_small_in_one_arm_is_hidden_in_both_and_so_is_the_other_one() -> None:
    pretended = Pretended(study())
    pretended.school("P1", "programme", 60)
    pretended.school("C1", "comparison", 60)
    pretended.rows.clear()
    for wave in pretended.data.lists:
        people = pretended.data.lists[wave]
        for at, one in enumerate(people):
            # Six girls in the comparison school; half of the programme's.
            girl = at % 2 if one.row.place.arm == "programme" else at % 10 == 0
            people[at] = one._replace(row=one.row._replace(facts={**one.row.facts, "sex": "f" if girl else "m"}))
    for group in ("sex=f", "sex=m"):
        some = found(pretended, group)
        told = [one for one in some.means if one.outcome.id == "sample.joy"]
        assert len(told) == 6
        assert all(one.found is None and "fewer than 10" in str(one.hidden) for one in told)
        assert all(one.found is None for one in some.comparisons if one.outcome.id == "sample.joy")
    everyone = found(pretended, None)
    assert all(one.found is not None for one in everyone.means if one.outcome.id == "sample.joy")
    assert all(one.overall is None for one in everyone.subgroups if one.subgroup.fact == "sex")


@pytest.mark.slow
def test_all_that_is_shown_of_groups_adds_up_to_everyone_or_leaves_many() -> None:
    """By every way of grouping, in each arm: everyone less the groups that are shown is nobody, or not few."""
    seen = 0
    for seed in (0, 2, 5):
        pretended = Pretended(study(), seed)
        for number in range(3):
            pretended.school(f"P{number}", "programme", 14 + 3 * seed, answering=0.8)
            pretended.school(f"C{number}", "comparison", 9 + 3 * seed, answering=0.8)
        counts = {(one.outcome, one.wave, one.arm): one.found for one in means(pretended, None) if one.arm}
        for by in groups_of(pretended.data):
            left = {key: told.n for key, told in counts.items() if told is not None}
            for group in by.groups:
                for one in means(pretended, group.id):
                    key = next(
                        (key for key in counts if (key[0].id, *key[1:]) == (one.outcome.id, one.wave, one.arm)), None
                    )
                    if one.found is not None and one.found.n and key is not None:
                        assert one.found.n >= 10
                        assert key in left, "no group of an arm that is hidden"
                        left[key] -= one.found.n
            # Of those by arm, the other arm is nothing.
            rest = [number for number in left.values() if number]
            assert all(number >= 10 for number in rest), (seed, by.by)
            seen += len(rest)
    assert seen, "in these studies some groups are hidden"


def test_groups_come_in_the_order_of_the_study_file_with_its_titles() -> None:
    pretended = usual(study(PLAN.replace("[sex, sen]", "[sex, sen, year]")))
    assert [(by.title, [one.title for one in by.groups]) for by in groups_of(pretended.data)] == [
        ("Arm", ["Programme schools", "Comparison schools"]),
        ("Sex", ["Girl", "Boy"]),
        ("Special needs", ["Special needs: no", "Special needs: yes"]),
        ("Year group", ["Year group 3", "Year group 4"]),
    ]


def test_a_year_group_is_that_of_each_wave() -> None:
    """Children of year 4 in the second wave were in year 3 in the first: their baseline is there, their mean is not."""
    pretended = usual(study(PLAN.replace("[sex, sen]", "[sex, sen, year]")))
    fourth = found(pretended, "year=4")
    assert {one.wave for one in fourth.means} == {"w2"}
    (joy,) = [one for one in fourth.comparisons if one.outcome.id == "sample.joy"]
    assert joy.found is not None
    assert joy.found.adjusted is not None


def test_a_group_that_the_study_cannot_have_is_refused() -> None:
    with pytest.raises(NoSuchGroup, match="The people of songs cannot be grouped by 'shoes'"):
        find_group(study(), "shoes=7")
