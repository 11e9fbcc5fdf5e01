"""Is the truth that the demo makes up inside the intervals of its analysis as often as they promise?

The same study is made up many times with other seeds and analysed as its plan says. What is true on a scale, in the
units in which it is told, is the mean of what eight studies with twenty times the schools find: answers are rounded to
five or four points, so a made-up 0.25 standard deviations comes out as a little less.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from survey.analysis.effects import Contrast
from survey.definition.questionnaire import Questionnaire
from survey.definition.reading import read_folder
from survey.definition.study import StudyDefinition
from survey.demo import shipped_study
from survey.demo.people import make_field
from survey.demo.truth import Loadings, Truth
from survey.findings.people import OnList, Place, Row, StudyData
from survey.findings.study import StudyFindings, analyse
from survey.question import Pretence
from survey.scales import matrix, rules_for, score_each

NAME, WAVE = "pupil-ks2", "w3"
STUDIES = 200
LARGE, LARGER = 8, 20
"""How many large studies tell the truth, and how many times the schools each has."""
FEW_STUDIES, FEW_PUPILS = 2, 200
_EXPOSURES = {"months": "each year", "hours_lessons": "ten hours in lessons"}
"""Exposures that something is pretended of, and what they are called."""

Told = Mapping[str, tuple[float, float, float]]
"""What is told of -> its estimate and the ends of its interval."""


def pretended(plan: StudyDefinition, questionnaire: Questionnaire, seed: int) -> StudyData:
    """Return a study with one questionnaire in one wave, answered by everyone who is there."""
    assert plan.pretend is not None
    rng = random.Random(seed)
    field = make_field(plan, rng)
    truth, loadings = Truth(plan.pretend, rng), Loadings(questionnaire)
    rules = rules_for(questionnaire)
    asked = dict.fromkeys(id for rule in rules.values() for id in rule.questions)
    questions = [questionnaire.question(id) for id in asked]
    data = StudyData(plan, {WAVE: []})
    rows, answers = [], []
    for person in field.of("pupil"):
        there = person.at.get(WAVE)
        if there is None or there.place.secondary or not 3 <= (there.year or 0) <= 6:
            continue
        facts = there.known
        row = Row(person.code, Place(there.place.arm, there.place.programme, there.place.code, None), facts)
        latents = truth.latents(questionnaire, person.code, facts)
        given = {q.id: q.pretend(Pretence(rng, loadings.latent(q, latents), []))[q.id] for q in questions}
        left = plan.pretend.missing.blank + plan.pretend.missing.dont_know
        rows.append(row)
        answers.append({id: value for id, value in given.items() if rng.random() >= left})
        data.lists[WAVE].append(OnList(row, "pupil", (NAME,), False))
    scores = score_each(matrix(questions, answers), list(asked), list(rules.values()))
    for at, row in enumerate(rows):
        data.answers[NAME, WAVE].add(row, {id: float(one.score[at]) for id, one in zip(rules, scores, strict=True)})
    return data


def told(found: StudyFindings) -> Told:
    """Return the planned findings: arms and subgroups in standard deviations, exposure in points."""
    all_of: dict[str, tuple[float, float, float]] = {}
    for one in found.comparisons:
        best = one.found.multilevel if one.found is not None else None
        if one.planned and best is not None and best.g is not None and best.g_low is not None:
            all_of[f"arms: {one.outcome.title}"] = (best.g, best.g_low, best.g_high or 0.0)
    for slope in found.exposures:
        if slope.planned and slope.found is not None and slope.fact in _EXPOSURES:
            all_of |= _of(f"{_EXPOSURES[slope.fact]}: {slope.outcome.title}", slope.found.slope)
    for sub in found.subgroups:
        if sub.overall is not None and sub.subgroup.fact in ("sex", "sen"):
            all_of |= _of(f"{sub.subgroup.level_title}: {sub.outcome.title}", sub.overall.multilevel)
    return all_of


def _of(name: str, contrast: Contrast | None) -> dict[str, tuple[float, float, float]]:
    if contrast is None or contrast.low is None or contrast.high is None:
        return {}
    return {name: (contrast.difference, contrast.low, contrast.high)}


def run(*, small: bool = False) -> Iterator[str]:
    """Yield how often the truth is inside the interval of each finding. small: two studies, to see that it runs."""
    reading = read_folder(shipped_study())
    assert reading.study is not None
    questionnaire = reading.questionnaires[NAME]
    plan = _only_scales(reading.study)
    if small:
        plan = _times(plan, FEW_PUPILS / plan.pretend.pupils, 1)  # type: ignore[union-attr]
    larger = _times(plan, 1 if small else LARGER, 1 if small else LARGER)
    newest = {NAME: questionnaire}
    large = range(-1 if small else -LARGE, 0)
    large_ones = [told(analyse(pretended(larger, questionnaire, seed), newest, [WAVE])) for seed in large]
    truth = {name: float(np.mean([one[name][0] for one in large_ones])) for name in large_ones[0]}
    inside: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    studies = FEW_STUDIES if small else STUDIES
    for seed in range(1, studies + 1):
        for name, (_, low, high) in told(analyse(pretended(plan, questionnaire, seed), newest, [WAVE])).items():
            counted[name] += 1
            inside[name] += name in truth and low <= truth[name] <= high
    pupils, more = (one.pretend.pupils for one in (plan, larger) if one.pretend is not None)
    yield f"{studies} studies of {pupils:,} pupils; the truth from {len(large)} of {more:,}"
    for name, count in counted.items():
        yield f"{name}: {truth[name]:+.3f} in {100 * inside[name] / count:.1f} % of {count} intervals"
    shares = [inside[name] / count for name, count in counted.items()]
    yield f"all together: {100 * float(np.mean(shares)):.1f} %"


def _only_scales(plan: StudyDefinition) -> StudyDefinition:
    """Return the study with nothing in its plan but the scales of one questionnaire."""
    assert plan.plan is not None
    outcomes = [one for one in plan.plan.outcomes if one.startswith(f"{NAME}.")]
    changed = {"outcomes": outcomes, "roster_outcomes": [], "shares": [], "subgroups": ["sex", "sen"]}
    return plan.model_copy(update={"plan": plan.plan.model_copy(update=changed)})


def _times(plan: StudyDefinition, pupils: float, schools: int) -> StudyDefinition:
    assert plan.pretend is not None
    more = {arm: count * schools for arm, count in plan.pretend.schools.items()}
    changed = {"pupils": round(plan.pretend.pupils * pupils), "schools": more}
    return plan.model_copy(update={"pretend": plan.pretend.model_copy(update=changed)})
