"""Parents count once for what their family is asked, and once for each child for what is asked of each, in its school."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from survey.definition.questionnaire import Questionnaire
from survey.export.study import Export
from survey.findings.arms import ArmMean
from survey.findings.outcomes import scale_outcomes
from survey.findings.people import OnList, Place, Row, StudyData
from survey.findings.study import analyse
from tests.export.sample import FULL, NOW, Response, source
from tests.findings.pretended import study

PARENT = """
questionnaire: parent
version: 1
title: T
audience: parent
reader: {age: 16}
languages: [en]
options: {often: [{code: 1, label: Never}, {code: 2, label: Often}]}
pages:
  - {page: one, questions: [{question: listens, kind: frequency, ask: Do you listen, options: often}]}
  - page: two
    for_each: child
    questions: [{question: sings, kind: frequency, ask: Does your child sing, options: often}]
scales:
  - {scale: home, title: Home, items: [listens], score: mean, direction: more, source: Own}
  - {scale: song, title: Song, items: [sings], score: mean, direction: more, source: Own}
"""

PARENTS = {"parent": Questionnaire.from_data(yaml.load(PARENT, yaml.BaseLoader))}


def test_rows_and_schools_of_a_household() -> None:
    here, there = Place("programme", None, "s1", None), Place("comparison", None, "s2", None)
    silent = Row("a2", here, {})
    on_list = [OnList(row, "parent", ("parent",), False) for row in (Row("a1", here, {}), silent)]
    data = StudyData(study(), {"w1": on_list})
    answers = data.answers["parent", "w1"]
    # The further child's row comes first in a file that is sorted by school.
    answers.add(Row("a1/p2", there, {}), {"home": np.nan, "song": 2.0}, further=True)
    answers.add(Row("a1", here, {}), {"home": 2.0, "song": 1.0})
    home, song = scale_outcomes(data.study, PARENTS)
    told = {}
    for outcome in (home, song):
        people = outcome.people(data, "w1")
        numbers = outcome.numbers(people)
        told[outcome.name] = list(zip(people.clusters("school"), np.nan_to_num(numbers, nan=-1), strict=True))
    assert told == {"home": [("s1", 2), ("s1", -1)], "song": [("s1", 1), ("s1", -1), ("s2", 2)]}
    assert home.asked_of != song.asked_of


def test_ten_children_of_nine_parents_are_nine_people() -> None:
    def mean_of_the_programme(siblings: int) -> ArmMean:
        data = StudyData(study(""), {"w1": [], "w2": []})
        answers = data.answers["parent", "w1"]
        for arm, parents in (("programme", 10 - siblings), ("comparison", 30)):
            for number in range(parents):
                at = Row(None, Place(arm, None, f"{arm}-{number % 3}", None), {})
                home = {"home": 1.0 + number % 2, "song": 1.0 + number % 2}
                answers.add(at, home, household=f"{arm} {number}")
                if arm == "programme" and number < siblings:
                    answers.add(at, home | {"home": np.nan}, further=True, household=f"{arm} {number}")
        found = analyse(data, PARENTS, ["w1"])
        (one,) = [one for one in found.means if (one.outcome.name, one.arm) == ("song", "programme")]
        return one

    all_apart = mean_of_the_programme(0)
    assert all_apart.found is not None
    assert all_apart.found.n == 10
    assert mean_of_the_programme(1).found is None


def test_the_mean_of_everyone_is_that_of_enough_people() -> None:
    """Without arms nothing but the number of people decides."""

    def mean_of_everyone(siblings: int) -> ArmMean:
        data = StudyData(study(""), {"w1": [], "w2": []})
        answers = data.answers["parent", "w1"]
        for number in range(10 - siblings):
            at = Row(None, Place(None, None, f"s{number % 3}", None), {})
            for child in range(1 + (number < siblings)):
                answers.add(at, {"home": 1.0 + child, "song": 1.0}, further=child > 0, household=str(number))
        (one,) = [one for one in analyse(data, PARENTS, ["w1"]).means if (one.outcome.name, one.arm) == ("home", "")]
        return one

    assert mean_of_everyone(0).found is not None
    assert mean_of_everyone(1).found is None


def answer(data: StudyData, wave: str, arm: str, parents: int, siblings: int = 0) -> None:
    """Let parents of an arm answer in a wave, the first few about two children; they are the same parents in every wave."""
    rng = np.random.default_rng([len(arm), len(wave), ord(wave[-1])])
    for number in range(parents):
        name = f"{arm} {number}"
        for child in range(1 + (number < siblings)):
            at = Row(f"{name}/{child}", Place(arm, None, f"{arm}-{number % 3}", None), {})
            data.lists[wave].append(OnList(at, "parent", ("parent",), False))
            data.answers["parent", wave].add(
                at, {"home": 1.0, "song": float(rng.normal())}, further=child > 0, household=name
            )


@pytest.mark.parametrize(("siblings", "told"), [(0, True), (1, False)])
def test_a_change_of_ten_children_of_nine_parents_is_hidden(siblings: int, told: bool) -> None:
    data = StudyData(study(""), {"w1": [], "w2": []})
    for wave in data.lists:
        answer(data, wave, "programme", 10 - siblings, siblings)
        answer(data, wave, "comparison", 30)
    found = analyse(data, PARENTS, ["w1", "w2"])
    (one,) = [one for one in found.changes if one.outcome.name == "song"]
    assert (one.found is not None) == told
    assert bool(one.hidden) != told


@pytest.mark.parametrize(("siblings", "told"), [(0, True), (1, False)])
def test_a_difference_adjusted_by_what_nine_parents_said_before_is_hidden(siblings: int, told: bool) -> None:
    """The difference of everyone stays; that of the few who had answered before does not."""
    data = StudyData(study(""), {"w1": [], "w2": []})
    answer(data, "w1", "programme", 5 - siblings, siblings)
    answer(data, "w1", "comparison", 5)
    answer(data, "w2", "programme", 15, siblings)
    answer(data, "w2", "comparison", 15)
    found = analyse(data, PARENTS, ["w1", "w2"])
    (one,) = [one for one in found.comparisons if (one.outcome.name, one.wave) == ("song", "w2")]
    assert one.found is not None
    assert (one.found.adjusted is not None) == told


def test_rows_of_one_household_are_gathered_as_one_person() -> None:
    first, second = Response("r1", FULL, household="r1"), Response("r2", FULL, household="r1", child=2)
    alone = Response("r3", FULL, participant="P002", household="r3")
    export = Export(source(first, second, alone), NOW)
    export.analyse()
    people = export.gathering.data.people("pupil", "w1")
    one, also_one, another = people.respondents.tolist()
    assert one == also_one != another
