"""A whole study analysed as its plan says, beside the same numbers counted and compared another way."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from survey.analysis.comparison import Sides, compare
from survey.analysis.corrections import corrected
from survey.analysis.exposure import exposure_slope
from survey.findings import sentences
from survey.findings.exposures import _with_safe_bands
from survey.findings.people import OnList, Place, Row, StudyData
from survey.findings.study import StudyFindings, analyse
from tests.findings.pretended import PLAN, STUDY, Pretended, questionnaires, study, usual

WAVES = ["w1", "w2"]


@pytest.fixture(scope="module")
def pretended() -> Pretended:
    return usual()


@pytest.fixture(scope="module")
def found(pretended: Pretended) -> StudyFindings:
    return analyse(pretended.data, questionnaires(), WAVES)


def comparison(found: StudyFindings, outcome: str, wave: str = "w2"):
    (one,) = [one for one in found.comparisons if one.outcome.id == outcome and one.wave == wave]
    return one


def test_means_are_those_of_the_people_who_answered(pretended: Pretended, found: StudyFindings) -> None:
    for wave in WAVES:
        for arm in ("programme", "comparison"):
            (told,) = [m for m in found.means if (m.outcome.id, m.wave, m.arm) == ("sample.joy", wave, arm)]
            numbers = pretended.numbers(wave, arm)
            assert told.found is not None
            assert told.found.mean == pytest.approx(numbers.mean(), abs=1e-12)
            assert told.found.sd == pytest.approx(numbers.std(ddof=1), abs=1e-12)
            assert (told.found.n, told.found.asked, told.found.clusters) == (len(numbers), 144, 6)


def test_arms_are_compared_with_the_first_wave_as_baseline(pretended: Pretended, found: StudyFindings) -> None:
    first = {row["key"]: row["joy"] for row in pretended.rows if row["wave"] == "w1" and row["told"]}
    rows = [row for row in pretended.rows if row["wave"] == "w2"]
    (expected,) = compare(
        {"Joy in music": [row["joy"] if row["told"] else np.nan for row in rows]},
        Sides(
            [row["arm"] for row in rows],
            "comparison",
            "programme",
            [row["school"] for row in rows],
            [first.get(row["key"], np.nan) for row in rows],
        ),
    )
    told = comparison(found, "sample.joy").found
    assert dataclasses.asdict(told.adjusted) == dataclasses.asdict(
        dataclasses.replace(expected.adjusted, baseline="the same in Autumn 2024")
    )
    assert told.multilevel == expected.multilevel
    assert told.best is told.adjusted
    assert told.adjusted.low < 0.8 < told.adjusted.high


def test_people_who_were_asked_and_did_not_answer_are_attrition(pretended: Pretended, found: StudyFindings) -> None:
    told = comparison(found, "sample.joy").found.attrition
    missing = {
        arm: sum(row["arm"] == arm and row["wave"] == "w2" and not row["told"] for row in pretended.rows)
        for arm in ("programme", "comparison")
    }
    assert told.rows == {"programme": 144, "comparison": 144}
    assert told.lost == missing


def test_facts_of_the_roster_are_compared_for_everyone_on_the_list(pretended: Pretended, found: StudyFindings) -> None:
    told = comparison(found, "roster.attendance").found
    assert told.n == {"programme": 144, "comparison": 144}
    here = [row["reading"] == "expected" for row in pretended.rows if row["wave"] == "w2" and row["arm"] == "programme"]
    assert comparison(found, "roster.reading").found.mean["programme"] == pytest.approx(np.mean(here))


def test_change_is_of_people_who_answered_both_times(pretended: Pretended, found: StudyFindings) -> None:
    (told,) = [one for one in found.changes if one.outcome.id == "sample.joy"]
    by_key: dict[str, dict[str, float]] = {}
    for row in pretended.rows:
        if row["told"] and row["arm"] == "programme":
            by_key.setdefault(row["key"], {})[row["wave"]] = row["joy"]
    both = [one for one in by_key.values() if len(one) == 2]
    group = told.found.groups["programme"]
    assert group.matched == len(both)
    assert group.before == pytest.approx(np.mean([one["w1"] for one in both]))
    assert group.after == pytest.approx(np.mean([one["w2"] for one in both]))
    assert told.best.low < 0.8 < told.best.high


def test_exposure_is_told_per_unit_among_the_programme_only(pretended: Pretended, found: StudyFindings) -> None:
    (told,) = [one for one in found.exposures if one.outcome.id == "sample.joy" and one.wave == "w2"]
    rows = [row for row in pretended.rows if row["wave"] == "w2" and row["arm"] == "programme" and row["told"]]
    assert told.found.n == len(rows)
    assert told.found.exposure == "year in the programme"
    inside = [row["joy"] for row in rows if 1 <= row["months"] / 12 < 2]
    assert told.found.bands[1].n == len(inside)
    assert told.found.bands[1].mean == pytest.approx(np.mean(inside))


def test_subgroups_are_compared_over_all_and_between_arms(pretended: Pretended, found: StudyFindings) -> None:
    (told,) = [one for one in found.subgroups if one.outcome.id == "sample.joy" and one.subgroup.fact == "sex"]
    rows = [row for row in pretended.rows if row["wave"] == "w2" and row["told"]]
    assert told.overall.n == {
        "Girl": sum(row["sex"] == "f" for row in rows),
        "Boy": sum(row["sex"] == "m" for row in rows),
    }
    assert told.by_arm.within["m"].n["programme"] == sum(
        row["sex"] == "m" and row["arm"] == "programme" for row in rows
    )


def test_who_takes_part_is_told_beside_their_share_of_the_roll(pretended: Pretended, found: StudyFindings) -> None:
    (told,) = [
        one
        for one in found.participation
        if (one.share.id, one.arm, one.subgroup.fact) == ("share.club", "programme", "sex")
    ]
    rows = [row for row in pretended.rows if row["wave"] == "w2" and row["arm"] == "programme"]
    boys = [row["club"] == "yes" for row in rows if row["sex"] == "m"]
    assert (told.found.rate.count, told.found.rate.of) == (sum(boys), len(boys))
    assert told.found.of_roll.value == pytest.approx(len(boys) / len(rows))


def test_probabilities_are_corrected_over_the_plan_and_the_rest_is_exploratory(found: StudyFindings) -> None:
    last = [one for one in found.comparisons if one.wave == "w2"]
    planned = [one for one in last if one.planned]
    assert {one.outcome.id for one in last if not one.planned} == {"sample.calm"}
    assert [one.p_corrected for one in planned] == corrected([one.best.p for one in planned], "holm")
    assert all(one.p_corrected is None for one in last if not one.planned)


def test_costs_are_per_pupil_and_year(found: StudyFindings) -> None:
    assert found.costs.per_pupil_year == pytest.approx((900 + 3 * 1000) / 30)


# ── what is hidden ──
def test_a_group_below_the_threshold_has_no_figures_and_no_total_that_gives_it_away() -> None:
    pretended = Pretended(study())
    pretended.school("P1", "programme", 60)
    pretended.school("C1", "comparison", 9)
    found = analyse(pretended.data, questionnaires(), WAVES)
    means = {one.arm: one for one in found.means if one.outcome.id == "sample.joy" and one.wave == "w1"}
    assert means["comparison"].found is None
    # Everyone is shown on other pages as well, so that everyone less the other arm would be the few.
    assert means["programme"].found is None
    assert means[""].found is not None
    assert comparison(found, "sample.joy").found is None
    assert "fewer than 10" in comparison(found, "sample.joy").hidden
    assert all(one.found is None for one in found.changes)
    assert "hidden" in sentences.of_comparison(found, comparison(found, "sample.joy"))


def counts_of(found: StudyFindings) -> list[int]:
    """Every count of people with an answer that a finding shows, however deep it stands."""
    texts = []
    for part in (found.means, found.comparisons, found.exposures, found.subgroups):
        for one in part:
            told = dataclasses.asdict(one)
            texts += list(_counts(told))
    return texts


def _counts(told, key=""):
    if isinstance(told, dict):
        for name, value in told.items():
            # Who is missing, and how many clusters there are, are not counts of answers.
            if name not in ("attrition", "clusters", "cluster_means", "outcome", "lost", "asked"):
                yield from _counts(value, name if isinstance(name, str) and name in ("n", "matched") else key)
    elif isinstance(told, list | tuple):
        for value in told:
            yield from _counts(value, key)
    elif key in ("n", "matched") and told:
        yield told


@pytest.mark.parametrize("seed", range(4))
def test_no_small_count_of_answers_is_in_any_finding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pretended = Pretended(study(), seed)
    for number in range(4):
        pretended.school(f"P{number}", "programme", int(rng.integers(1, 16)), answering=0.8)
        pretended.school(f"C{number}", "comparison", int(rng.integers(1, 16)), answering=0.8)
    found = analyse(pretended.data, questionnaires(), WAVES)
    small = [count for count in counts_of(found) if 0 < count < 10]
    assert small == []


def test_subgroups_of_few_are_hidden_with_the_one_that_would_give_them_away() -> None:
    pretended = usual()
    few = [row.row.key for row in pretended.data.lists["w2"]][:4]
    for people in pretended.data.lists.values():
        for at, one in enumerate(people):
            sen = "yes" if one.row.key in few else "no"
            people[at] = one._replace(row=one.row._replace(facts=one.row.facts | {"sen": sen}))
    found = analyse(pretended.data, questionnaires(), WAVES)
    told = [one for one in found.subgroups if one.subgroup.fact == "sen"]
    assert told
    assert all(one.overall is None and one.by_arm is None and one.hidden for one in told)


# ── other studies ──
def test_a_study_with_one_arm_and_no_plan_has_means_and_says_so() -> None:
    base = re.sub(r"  - \{arm: comparison.*\n", "", STUDY)
    pretended = Pretended(study("", base))
    pretended.school("P1", "programme", 40)
    found = analyse(pretended.data, questionnaires(), WAVES)
    assert found.programme is None
    assert found.comparisons == found.changes == ()
    assert {one.arm for one in found.means} == {"", "programme"}
    assert any("one arm" in note for note in found.notes)
    assert any("no plan" in note for note in found.notes)


def test_people_of_open_links_are_counted_though_no_list_has_them() -> None:
    data = StudyData(study(), {"w1": [], "w2": []})
    for number in range(40):
        arm = ("programme", "comparison")[number % 2]
        row = Row(None, Place(arm, None, f"S{number % 8}", None), {})
        data.answers["sample", "w1"].add(row, {"joy": float(number % 5)})
    found = analyse(data, questionnaires(), ["w1"])
    assert comparison(found, "sample.joy", "w1").found.n == {"programme": 20, "comparison": 20}


def test_those_who_left_are_not_attrition_unless_they_had_answered() -> None:
    data = StudyData(study(), {"w1": [], "w2": []})
    for number in range(40):
        arm = ("programme", "comparison")[number % 2]
        row = Row(f"k{number}", Place(arm, None, f"S{number % 8}", None), {})
        data.lists["w1"].append(OnList(row, "pupil", ("sample",), left=number < 8))
        if number >= 4:
            data.answers["sample", "w1"].add(row, {"joy": float(number % 5)})
    told = comparison(analyse(data, questionnaires(), ["w1"]), "sample.joy", "w1").found
    assert told.attrition.rows == {"programme": 18, "comparison": 18}
    assert told.attrition.lost == {"programme": 0, "comparison": 0}


def test_with_few_matched_the_unadjusted_difference_leads() -> None:
    pretended = usual()
    few = {f"P{school}-{number}" for school in range(6) for number in range(3)}
    few |= {key.replace("P", "C") for key in few}
    answers = pretended.data.answers["sample", "w1"]
    for at, row in enumerate(answers.rows):
        if row.key not in few:
            answers.numbers["joy"][at] = np.nan
    told = comparison(analyse(pretended.data, questionnaires(), WAVES), "sample.joy")
    assert told.found.adjusted is not None
    assert told.best is told.found.multilevel


# ── sentences ──
def test_each_finding_says_its_size_its_interval_and_what_it_rests_on(found: StudyFindings) -> None:
    said = sentences.of_comparison(found, comparison(found, "sample.joy"))
    assert re.fullmatch(
        r"Joy in music: higher in programme schools than in comparison schools, \d\.\d\d standard deviations, "
        r"95 % interval \d\.\d\d to \d\.\d\d; \d+ pupils with both answers, 6 and 6 schools; adjusted for the same in "
        r"Autumn 2024\.".replace("pupils", "members of staff"),
        said,
    )
    for one in found.comparisons:
        assert sentences.of_comparison(found, one).endswith(".")
    for one in found.changes:
        assert sentences.of_change(found, one).endswith(".")
    for one in found.exposures:
        assert sentences.of_exposure(found, one).endswith(".")
    for one in found.subgroups:
        assert sentences.of_subgroup(one).endswith(".")
    for one in found.participation:
        assert sentences.of_participation(found, one).endswith(".")


def test_no_difference_is_said_to_be_none(found: StudyFindings) -> None:
    assert "no clear difference" in sentences.of_comparison(found, comparison(found, "sample.calm"))


def test_a_plan_that_corrects_for_nothing_says_what_that_means() -> None:
    plan = study(PLAN.replace("  exposure", "  correction: none\n  exposure"))
    found = analyse(usual(plan).data, questionnaires(), WAVES)
    assert any("one will look like a finding" in note for note in found.notes)
    planned = [one for one in found.comparisons if one.planned]
    assert [one.p_corrected for one in planned] == [one.p for one in planned]


def test_a_small_band_is_hidden_with_the_smallest_other_one() -> None:
    """Everyone less the bands that are shown would be the few."""
    rng = np.random.default_rng(3)
    years = [0.5] * 40 + [1.5] * 25 + [2.5] * 4
    found = exposure_slope(("Joy", rng.normal(size=69)), ("year", years), None, (0, 1, 2))
    safe = _with_safe_bands(found, 10)
    assert [(band.n, band.mean is None) for band in safe.bands] == [(40, False), (None, True), (None, True)]
    # Nor does the line go on to where a hidden band ends.
    assert ([one.at for one in found.line], [one.at for one in safe.line]) == ([0, 1, 2, 3], [0, 1])
    assert _with_safe_bands(found, 4) == found


def test_a_group_whose_others_are_few_says_nothing_of_how_they_take_part() -> None:
    """All levels but one are added up: what each hides, their sum must not tell."""
    pretended = usual()
    for people in pretended.data.lists.values():
        for at, one in enumerate(people):
            sen = "no" if at % 24 < 21 else "yes"
            club = "yes" if sen == "no" and at % 2 else "no"
            people[at] = one._replace(row=one.row._replace(facts=one.row.facts | {"sen": sen, "club": club}))
    found = analyse(pretended.data, questionnaires(), WAVES)
    told = [p for p in found.participation if p.share.id == "share.club" and p.subgroup.fact == "sen"]
    assert told
    assert all(one.found is None and one.hidden for one in told)
