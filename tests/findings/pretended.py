"""A pretended study in memory, whose truth is known: two arms, some schools, three waves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from survey.definition.reading import parse_study
from survey.definition.study import StudyDefinition
from survey.export.study import StudyTables
from survey.findings.groups import find_group
from survey.findings.people import OnList, Place, Row, StudyData
from survey.findings.study import analyse
from tests.language.examples import good_study

QUESTIONNAIRE = """
options:
  much3: [{code: 1, label: Little}, {code: 2, label: Some}, {code: 3, label: Much}]
pages:
  - page: one
    questions:
      - {question: a, kind: rating, ask: How much do you sing?, options: much3}
      - {question: b, kind: rating, ask: How much do you play?, options: much3}
scales:
  - {scale: joy, title: Joy in music, items: [a, b], score: mean, direction: Higher is more, source: Own wording}
  - {scale: calm, title: Calm, items: [a, b], score: mean, direction: Higher is calmer, source: Own wording}
"""

STUDY = """
study: songs
title: Songs at school
arms:
  - {arm: programme, title: Programme schools}
  - {arm: comparison, title: Comparison schools}
waves:
  - {wave: w1, title: Autumn 2024, opens: 2024-09-23, closes: 2024-12-20}
  - {wave: w2, title: Autumn 2025, opens: 2025-09-22, closes: 2025-12-19}
facts:
  - {fact: year, title: Year group, kind: number, min: 0, max: 6, changes: yes}
  - {fact: sex, title: Sex, kind: code, codes: {f: Girl, m: Boy}}
  - {fact: sen, title: Special needs, kind: yes_no}
  - {fact: months, title: Months in it, kind: number, changes: yes}
  - {fact: attendance, title: Attendance, kind: number, changes: yes}
  - {fact: reading, title: Reading, kind: code, codes: {below: Below, expected: As expected}, changes: yes}
  - {fact: club, title: Club, kind: yes_no, changes: yes}
fieldwork:
  - {questionnaire: sample, audience: staff, waves: [w1, w2]}
"""

PLAN = """
plan:
  outcomes: [sample.joy]
  roster_outcomes: [{fact: attendance}, {fact: reading, reached: [expected], title: Reads as expected}]
  comparison: {programme: programme, matched_on: [size]}
  exposure: {fact: months, per: 12, unit: year in the programme, bands: [0, 1, 2]}
  subgroups: [sex, sen]
  shares:
    - {share: club, title: In the club, fact: club}
    - {share: dislikes, title: Has little joy, questionnaire: sample, items: [a, b], codes: [1]}
  costs:
    start_up: [{title: Drums, amount: 900}]
    each_year: [{title: Teachers, amount: 1000}]
    pupils: [10, 10, 10]
"""


def questionnaires() -> Mapping[str, Any]:
    """The newest questionnaires of the study."""
    return good_study(STUDY, QUESTIONNAIRE).questionnaires


def study(more: str = PLAN, base: str = STUDY) -> StudyDefinition:
    """The study's file with a plan, or with what is given in its place."""
    return parse_study(good_study(base + more, QUESTIONNAIRE).study_text)


class Pretended:
    """Draws people and their answers; `rows` keeps every number that was given, for counting another way."""

    def __init__(self, plan: StudyDefinition, seed: int = 1) -> None:
        self.data = StudyData(plan, {wave.id: [] for wave in plan.waves})
        self._rng = np.random.default_rng(seed)
        self.rows: list[dict[str, Any]] = []

    def school(
        self, name: str, arm: str, people: int, effect: float = 0.0, answering: float = 1.0, area: str | None = None
    ) -> None:
        """Add a school with people who are there in every wave; `effect` is on joy, from the second wave on."""
        own = self._rng.normal(0, 0.3)
        for number in range(people):
            self._person(f"{name}-{number}", Place(arm, area, name, "1"), own, effect, answering)

    def _person(self, key: str, place: Place, school: float, effect: float, answering: float) -> None:
        rng = self._rng
        lasting = {"sex": "fm"[rng.integers(2)], "sen": ("no", "no", "no", "yes")[rng.integers(4)]}
        trait = rng.normal()
        for at, wave in enumerate(self.data.lists):
            facts = lasting | {
                "year": 3 + at,
                "months": 12 * at + int(rng.integers(6)) if place.arm == "programme" else 0,
                "attendance": float(rng.normal(94, 3)),
                "reading": ("below", "expected")[rng.integers(2)],
                "club": ("no", "yes")[rng.integers(2)],
            }
            row = Row(key, place, facts)
            self.data.lists[wave].append(OnList(row, "pupil", ("sample",), False))
            joy = 3 + school + trait + rng.normal(0, 0.7) + effect * at
            told = rng.random() < answering
            given = {"key": key, "wave": wave, "arm": place.arm, "school": place.school, "joy": joy, **facts}
            self.rows.append(given | {"told": told})
            if told:
                numbers = {"joy": joy, "calm": float(rng.normal()), "share.dislikes": float(joy < 2)}
                self.data.answers["sample", wave].add(row, numbers)

    def numbers(self, wave: str, arm: str, what: str = "joy") -> np.ndarray:
        """The numbers of those who answered."""
        return np.array([row[what] for row in self.rows if row["told"] and row["wave"] == wave and row["arm"] == arm])


def usual(plan: StudyDefinition | None = None, seed: int = 1) -> Pretended:
    """Six schools in each arm, 24 people each, one in ten of whom does not answer; the programme adds 0.8."""
    found = Pretended(plan or study(), seed)
    for number in range(6):
        found.school(f"P{number}", "programme", 24, effect=0.8, answering=0.9)
        found.school(f"C{number}", "comparison", 24, answering=0.9)
    return found


ASKS = """  questions:
    - {ask: Do children find more joy in music?, outcomes: [sample.joy]}
  comparison:"""
PLANNED = PLAN.replace("  comparison:", ASKS, 1)
"""The plan with a question of the evaluation in its own words."""


@cache
def found_tables() -> StudyTables:
    """What pages show of the usual study, analysed once for all tests; nothing of it can be changed."""
    findings = analyse(usual(study(PLANNED)).data, questionnaires(), ["w1", "w2"])
    return StudyTables(findings, None, None, questionnaires())


@cache
def of_group(name: str) -> StudyTables:
    """What pages show of one group of the usual study, such as sex=f."""
    plan = study(PLANNED)
    findings = analyse(usual(plan).data, questionnaires(), ["w1", "w2"], find_group(plan, name))
    return StudyTables(findings, None, None, questionnaires())
