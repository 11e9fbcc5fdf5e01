"""Parents count once for what their family is asked, and once for each child for what is asked of each, in its school."""

from __future__ import annotations

import numpy as np
import yaml

from survey.definition.questionnaire import Questionnaire
from survey.findings.outcomes import scale_outcomes
from survey.findings.people import OnList, Place, Row, StudyData
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


def test_rows_and_schools_of_a_household() -> None:
    here, there = Place("programme", None, "s1", None), Place("comparison", None, "s2", None)
    silent = Row("a2", here, {})
    on_list = [OnList(row, "parent", ("parent",), False) for row in (Row("a1", here, {}), silent)]
    data = StudyData(study(), {"w1": on_list})
    answers = data.answers["parent", "w1"]
    # The further child's row comes first in a file that is sorted by school.
    answers.add(Row("a1/p2", there, {}), {"home": np.nan, "song": 2.0}, further=True)
    answers.add(Row("a1", here, {}), {"home": 2.0, "song": 1.0})
    home, song = scale_outcomes(data.study, {"parent": Questionnaire.from_data(yaml.load(PARENT, yaml.BaseLoader))})
    told = {}
    for outcome in (home, song):
        people = outcome.people(data, "w1")
        numbers = outcome.numbers(people)
        told[outcome.name] = list(zip(people.clusters("school"), np.nan_to_num(numbers, nan=-1), strict=True))
    assert told == {"home": [("s1", 2), ("s1", -1)], "song": [("s1", 1), ("s1", -1), ("s2", 2)]}
    assert home.asked_of != song.asked_of
