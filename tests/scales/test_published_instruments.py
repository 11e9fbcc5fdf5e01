"""Rules of published instruments, written as a questionnaire says them, beside what their authors say comes out.

The questions only have numbers: the instruments' wordings belong to their authors.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from survey.definition.questionnaire import Questionnaire
from survey.scales import Beside, banded, matrix, rules_for, score_each
from tests.language.examples import good

NOTHING = float("nan")


def questionnaire(
    options: str, names: list[str], scales: str, *, kind: str = "rating", rest: str = ""
) -> Questionnaire:
    listed = f", options: {options}" if options else ""
    questions = "\n".join(
        f"      - {{question: {name}, kind: {kind}, ask: Statement {at}{listed}{rest}}}"
        for at, name in enumerate(names, start=1)
    )
    return good(f"{LISTS}\npages:\n  - page: one\n    questions:\n{FIRST}{questions}\n{scales}")


LISTS = """
options:
  true3: [{code: 0, label: Not}, {code: 1, label: Somewhat}, {code: 2, label: Certainly}]
  much4: [{code: 0, label: Not at all}, {code: 1, label: A little}, {code: 2, label: A medium amount}, {code: 3, label: Very}]
  usual4: [{code: 1, label: Better}, {code: 2, label: As usual}, {code: 3, label: Worse}, {code: 4, label: Much worse}]
  often5: [{code: 1, label: Daily}, {code: 2, label: Often}, {code: 3, label: Weekly}, {code: 4, label: Monthly}, {code: 5, label: Never}]
"""
FIRST = "      - {question: troubled, kind: yes_no, ask: Is there any difficulty?}\n"


def scores(of: Questionnaire, answers: list[list[float]], names: list[str], beside: Beside | None = None) -> dict:
    found = score_each(np.array(answers, dtype=float), names, list(rules_for(of).values()), beside=beside or Beside())
    return dict(zip(rules_for(of), found, strict=True))


def given(values: np.ndarray) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


# ── a scale of scales ─────────────────────────────────────────────────────────────────────────────────────
SUBSCALES = {"emotion": (), "conduct": (2,), "hyper": (4, 5), "peer": (2, 3)}
"""Sub-scales of the Strengths and Difficulties Questionnaire, five items each, and which of the five are reversed."""

SDQ_ITEMS = [f"{part}_{at}" for part in SUBSCALES for at in range(1, 6)]


def _subscale(part: str, reverse: tuple[int, ...]) -> str:
    items = [f"{{item: {part}_{at}, reverse: yes}}" if at in reverse else f"{part}_{at}" for at in range(1, 6)]
    return (
        f"  - {{scale: {part}, title: {part}, items: [{', '.join(items)}], score: sum, needs: 3 of 5, prorate: yes, "
        "round: 0, direction: Higher means more difficulties}\n"
    )


SDQ = """
scales:
  - scale: difficulties
    title: Total difficulties
    items: [emotion, conduct, hyper, peer]
    score: sum
    bands:
      self:
        - {from: 0, to: 11, label: Close to average}
        - {from: 12, to: 15, label: Slightly raised}
        - {from: 16, to: 18, label: High}
        - {from: 19, to: 40, label: Very high}
    direction: Higher means more difficulties
    source: Goodman 1997
""" + "".join(_subscale(part, reverse) for part, reverse in SUBSCALES.items())


def row(*fives: list[float]) -> list[float]:
    """The answers of one person, five for each sub-scale."""
    return list(itertools.chain(*fives))


def by_the_published_syntax(answers: np.ndarray) -> tuple[list[float], list[list[float]]]:
    """Goodman's own scoring syntax, person by person: RND(MEAN.3(five items) * 5), and the plain sum of the four."""
    totals, parts = [], []
    for person in answers.tolist():
        mine = []
        for place, (_, reverse) in enumerate(SUBSCALES.items()):
            five = [2 - x if at in reverse else x for at, x in enumerate(person[5 * place : 5 * place + 5], start=1)]
            there = [x for x in five if not math.isnan(x)]
            mine.append(math.floor(sum(there) / len(there) * 5 + 0.5) if len(there) >= 3 else NOTHING)
        parts.append(mine)
        totals.append(sum(mine))
    return totals, parts


def test_sdq_total_difficulties_is_the_sum_of_its_rounded_prorated_sub_scales() -> None:
    """Goodman, R. (1997). The Strengths and Difficulties Questionnaire. Journal of Child Psychology and Psychiatry, 38,
    581-586; scoring instructions and SPSS syntax of sdqinfo.org, 2014. Their example: 4 from three items becomes 7."""
    sdq = questionnaire("true3", SDQ_ITEMS, SDQ)
    example = row([2, 2, 0, NOTHING, NOTHING], [0, 2, 0, 0, 0], [0, 0, 0, 2, 2], [0, 2, 2, 0, 0])
    found = scores(sdq, [example], SDQ_ITEMS)
    assert given(found["emotion"].score) == [7.0]
    assert given(found["difficulties"].score) == [7.0]
    assert found["difficulties"].answered.tolist() == [4]

    rng = np.random.default_rng(5)
    answers = rng.integers(0, 3, (3000, 20)).astype(float)
    answers[rng.random(answers.shape) < 0.25] = np.nan
    found = scores(sdq, answers, SDQ_ITEMS)
    totals, parts = by_the_published_syntax(answers)
    np.testing.assert_array_equal(found["difficulties"].score, totals)
    assert 0 < np.isnan(totals).sum() < 3000
    for place, part in enumerate(SUBSCALES):
        np.testing.assert_array_equal(found[part].score, [mine[place] for mine in parts])
    np.testing.assert_array_equal(found["difficulties"].answered, 4 - np.isnan(parts).sum(axis=1))


def test_the_sum_of_rounded_sub_scales_is_not_the_prorated_sum_of_the_items() -> None:
    """One point from three items is 1.67 of five, so 2: four times that is 8. Four points from twelve items are 6.67 of
    twenty, so 7."""
    sdq = questionnaire("true3", SDQ_ITEMS, SDQ)
    third = [1, 0, 0, NOTHING, NOTHING]
    answers = row(third, [1, 2, 0, NOTHING, NOTHING], [1, 0, 0, NOTHING, NOTHING], [1, 2, 2, NOTHING, NOTHING])
    found = scores(sdq, [answers], SDQ_ITEMS)
    assert given(found["difficulties"].score) == [8.0]


def test_sdq_bands_for_teachers() -> None:
    """Four-fold classification of sdqinfo.org (2014), for teachers: 0-11, 12-15, 16-18, 19-40."""
    sdq = questionnaire("true3", SDQ_ITEMS, SDQ)
    rule = rules_for(sdq)["difficulties"]
    rows: list[list[float]] = []
    for total in (11, 12, 15, 16, 18, 19, 40):
        left = total
        rows.append([])
        for reverse, at in itertools.product(SUBSCALES.values(), range(1, 6)):
            counted = min(2, left)
            left -= counted
            rows[-1].append(2 - counted if at in reverse else counted)
    found = scores(sdq, rows, SDQ_ITEMS)["difficulties"]
    assert given(found.score) == [11, 12, 15, 16, 18, 19, 40]
    close, raised, high, very = "Close to average", "Slightly raised", "High", "Very high"
    assert banded(found, rule, "staff").tolist() == [close, raised, raised, high, high, very, very]


# ── recodes, and items that were not shown ────────────────────────────────────────────────────────────────
IMPACT_ITEMS = ["distress", "home", "friends", "lessons", "leisure"]
IMPACT = """
scales:
  - scale: impact
    title: Impact
    items: [distress, home, friends, lessons, leisure]
    score: sum
    recode: {0: 0, 1: 0, 2: 1, 3: 2}
    direction: Higher means more impact
    source: Goodman 1999
"""


def test_sdq_impact_recodes_0_0_1_2() -> None:
    """Goodman, R. (1999). The extended version of the Strengths and Difficulties Questionnaire. Journal of Child
    Psychology and Psychiatry, 40, 791-799: "not at all" and "a little" count 0, "a medium amount" 1, "a great deal" 2;
    five items for parents make 0 to 10 (also IPUMS NHIS, variable DIFSCORE)."""
    sdq = questionnaire("much4", IMPACT_ITEMS, IMPACT, rest=", when: {troubled: yes}")
    answers = [[3, 2, 1, 0, 3], [3] * 5, [1, 1, 0, 0, 1], [3, 2, 1, NOTHING, 3]]
    assert given(scores(sdq, answers, IMPACT_ITEMS)["impact"].score) == [5, 10, 0, None]


def test_sdq_impact_is_0_where_there_are_no_difficulties_only_if_the_questionnaire_says_so() -> None:
    """The same source: who answers "no" to difficulties is not asked the rest, and has an impact of 0."""
    not_asked = [NOTHING] * 5
    passed_by = Beside({name: np.array([True, False]) for name in IMPACT_ITEMS})
    plain = questionnaire("much4", IMPACT_ITEMS, IMPACT, rest=", when: {troubled: yes}")
    answers = [not_asked, not_asked]
    assert given(scores(plain, answers, IMPACT_ITEMS, passed_by)["impact"].score) == [None, None]

    said = questionnaire("much4", IMPACT_ITEMS, IMPACT + "    not_shown: 0\n", rest=", when: {troubled: yes}")
    found = scores(said, answers, IMPACT_ITEMS, passed_by)["impact"]
    assert given(found.score) == [0, None]
    assert found.answered.tolist() == [5, 0]
    assert given(scores(said, answers, IMPACT_ITEMS)["impact"].score) == [None, None]


GHQ_ITEMS = [f"ghq_{at}" for at in range(1, 13)]
NEGATIVE = (2, 5, 6, 9, 10, 11)
"""The items of the twelve that are worded as a complaint."""


def _chronic() -> str:
    return ", ".join(
        f"{{item: ghq_{at}, recode: {{1: 0, 2: 1, 3: 1, 4: 1}}}}" if at in NEGATIVE else f"ghq_{at}"
        for at in range(1, 13)
    )


GHQ = f"""
scales:
  - {{scale: ghq, title: GHQ, items: [{", ".join(GHQ_ITEMS)}], score: sum, recode: {{1: 0, 2: 0, 3: 1, 4: 1}},
     bands: {{self: [{{from: 0, to: 3, label: Below 4}}, {{from: 4, to: 12, label: 4 or more}}]}},
     direction: Higher is worse, source: Goldberg 1972}}
  - {{scale: likert, title: GHQ by points, items: [{", ".join(GHQ_ITEMS)}], score: sum,
     recode: {{1: 0, 2: 1, 3: 2, 4: 3}}, direction: Higher is worse, source: Goldberg 1972}}
  - {{scale: chronic, title: C-GHQ, items: [{_chronic()}], score: sum, recode: {{1: 0, 2: 0, 3: 1, 4: 1}},
     direction: Higher is worse, source: Goodchild and Duncan-Jones 1985}}
"""


def test_three_ways_of_scoring_the_general_health_questionnaire() -> None:
    """Goldberg and Williams (1988), A user's guide to the General Health Questionnaire: 0-0-1-1 (0 to 12, 4 and more as
    a sign), and 0-1-2-3 (0 to 36). Goodchild and Duncan-Jones (1985), British Journal of Psychiatry, 146, 55-61: items
    worded negatively 0-1-1-1. As told by Donath (2001), Australian and New Zealand Journal of Psychiatry, 35, 231-235."""
    ghq = questionnaire("usual4", GHQ_ITEMS, GHQ)
    answers = [[1] * 12, [2] * 12, [3] * 12, [4] * 12, [1, 2, 3, 4] * 3]
    found = scores(ghq, answers, GHQ_ITEMS)
    assert given(found["ghq"].score) == [0, 0, 12, 12, 6]
    assert given(found["likert"].score) == [0, 12, 24, 36, 18]
    # "As usual" six times to a complaint counts six; in the last row items 2, 6 and 10 are answered by 2.
    assert given(found["chronic"].score) == [0, 6, 12, 12, 9]
    assert banded(found["ghq"], rules_for(ghq)["ghq"], "staff").tolist() == ["Below 4"] * 2 + ["4 or more"] * 3


# ── weights ───────────────────────────────────────────────────────────────────────────────────────────────
LIFE_CHANGE_UNITS = [
    100, 73, 65, 63, 63, 53, 50, 47, 45, 45, 44, 40, 39, 39, 39, 38, 37, 36, 35, 31, 30, 29, 29, 29, 28, 26, 26, 25, 24,
    23, 20, 20, 20, 19, 19, 18, 17, 16, 15, 15, 13, 12, 11,
]  # fmt: skip


def test_weights_of_the_social_readjustment_rating_scale() -> None:
    """Holmes, T. H. and Rahe, R. H. (1967). The Social Readjustment Rating Scale. Journal of Psychosomatic Research, 11,
    213-218: 43 events, each with its life change units, added up where it happened; below 150, 150 to 299, 300 on."""
    names = [f"event_{at}" for at in range(1, 44)]
    items = ", ".join(
        f"{{item: {name}, weight: {weight}}}" for name, weight in zip(names, LIFE_CHANGE_UNITS, strict=True)
    )
    scale = f"""
scales:
  - scale: units
    title: Life change units
    items: [{items}]
    score: sum
    bands:
      self:
        - {{from: 0, to: 149, label: Slight}}
        - {{from: 150, to: 299, label: Moderate}}
        - {{from: 300, to: 1466, label: Raised}}
    direction: Higher means more change
    source: Holmes and Rahe 1967
"""
    events = questionnaire("", names, scale, kind="yes_no")
    everything = [1.0] * 43
    divorced_and_moved = [1.0 if at in (2, 5, 32) else 0.0 for at in range(1, 44)]
    found = scores(events, [everything, [0.0] * 43, divorced_and_moved], names)["units"]
    assert given(found.score) == [1466, 0, 73 + 63 + 20]
    assert banded(found, rules_for(events)["units"], "staff").tolist() == ["Raised", "Slight", "Moderate"]


# ── counts ────────────────────────────────────────────────────────────────────────────────────────────────
def test_count_of_recurrent_complaints_in_the_hbsc_symptom_checklist() -> None:
    """Health Behaviour in School-aged Children: eight complaints, five points; two or more at least once a week are
    multiple recurrent complaints. Petanidou et al. (2014), Child and Adolescent Psychiatry and Mental Health, 8:3."""
    names = [f"complaint_{at}" for at in range(1, 9)]
    scale = f"""
scales:
  - scale: complaints
    title: Complaints at least once a week
    items: [{", ".join(names)}]
    score: count
    counts: [1, 2, 3]
    needs: 6 of 8
    bands: {{self: [{{from: 0, to: 1, label: None or one}}, {{from: 2, to: 8, label: Multiple}}]}}
    direction: Higher means more complaints
    source: HBSC
"""
    hbsc = questionnaire("often5", names, scale)
    answers = [
        [1, 2, 3, 4, 5, 5, 5, 5],
        [4, 4, 4, 4, 5, 5, 5, 3],
        [1, 1, 5, 5, 5, 5, NOTHING, NOTHING],
        [1, 1, 1, 1, 1, NOTHING, NOTHING, NOTHING],
    ]
    found = scores(hbsc, answers, names)["complaints"]
    assert given(found.score) == [3, 1, 2, None]
    assert found.answered.tolist() == [8, 8, 6, 5]
    assert banded(found, rules_for(hbsc)["complaints"], "staff").tolist() == [
        "Multiple",
        "None or one",
        "Multiple",
        None,
    ]


# ── norms ─────────────────────────────────────────────────────────────────────────────────────────────────
NORMED = (
    SDQ
    + """
  - scale: difficulties_t
    title: Total difficulties, T score
    items: [difficulties]
    score: sum
    norms:
      mean: 50
      sd: 10
      groups:
        - {for: {sex: m}, mean: 9.1, sd: 6.0}
        - {for: {sex: f}, mean: 7.8, sd: 5.5}
    direction: Higher means more difficulties than others of the same sex
    source: Meltzer et al. 2000
"""
)


def test_t_scores_of_sdq_by_sex_from_british_norms() -> None:
    """Parents of 5,153 boys: mean 9.1, SD 6.0; of 5,145 girls: 7.8, 5.5. Meltzer, H. et al. (2000). Mental health of
    children and adolescents in Great Britain (sdqinfo.com/norms/UKSchoolNorm.html). T = 50 + 10 (x - mean) / SD."""
    sdq = questionnaire("true3", SDQ_ITEMS, NORMED)
    twelve = row([2, 2, 2, 2, 2], [0, 2, 0, 0, 0], [0, 0, 0, 2, 2], [2, 2, 2, 0, 0])
    facts = {"sex": ["m", "f", None, "", "x"]}
    found = scores(sdq, [twelve] * 5, SDQ_ITEMS, Beside(facts=facts))
    assert given(found["difficulties"].score) == [12.0] * 5
    assert given(found["difficulties_t"].score) == [
        pytest.approx(54.8333333333, abs=1e-9),
        pytest.approx(57.6363636364, abs=1e-9),
        None,
        None,
        None,
    ]
    assert found["difficulties_t"].without_norms == 3


JAPAN = {
    ("m", "7 to 9"): (13, 16), ("f", "7 to 9"): (11, 14), ("m", "10 to 12"): (11, 14), ("f", "10 to 12"): (10, 13),
    ("m", "13 to 15"): (10, 14), ("f", "13 to 15"): (10, 13),
}  # fmt: skip
"""The last normal and the last borderline score of parents' ratings."""


def test_bands_of_sdq_by_sex_and_age_from_japanese_norms() -> None:
    """Moriwaki, A. and Kamio, Y. (2014). Normative data and psychometric properties of the Strengths and Difficulties
    Questionnaire among Japanese school-aged children. Child and Adolescent Psychiatry and Mental Health, 8:1, table 3."""
    groups = "".join(
        f"        - for: {{sex: {sex}, age: {age}}}\n"
        f"          bands:\n"
        f"            - {{from: 0, to: {normal}, label: Normal}}\n"
        f"            - {{from: {normal + 1}, to: {border}, label: Borderline}}\n"
        f"            - {{from: {border + 1}, to: 40, label: Clinical}}\n"
        for (sex, age), (normal, border) in JAPAN.items()
    )
    scale = SDQ.replace(
        SDQ[SDQ.index("    bands:") : SDQ.index("    direction:")], f"    norms:\n      groups:\n{groups}"
    )
    sdq = questionnaire("true3", SDQ_ITEMS, scale)
    rule = rules_for(sdq)["difficulties"]
    twelve = row([2, 2, 2, 2, 2], [0, 2, 0, 0, 0], [0, 0, 0, 2, 2], [2, 2, 2, 0, 0])
    people = list(itertools.product("mf", (7, 9, 10, 13, 16, None)))
    beside = Beside(facts={"sex": [sex for sex, _ in people], "age": [age for _, age in people]})
    found = scores(sdq, [twelve] * len(people), SDQ_ITEMS, beside)["difficulties"]
    assert given(found.score) == [12.0] * len(people)
    normal, border = "Normal", "Borderline"
    boys = [normal, normal, border, border, None, None]
    girls = [border, border, border, border, None, None]
    assert banded(found, rule, "parent", beside).tolist() == boys + girls
    assert found.without_norms == 4


def test_the_answers_of_a_response_become_the_same_scores() -> None:
    """From stored answers by way of the questions' own numbers, as an export reads them."""
    sdq = questionnaire("true3", SDQ_ITEMS, SDQ)
    stored = [dict(zip(SDQ_ITEMS, [2, 2, 0, {"missing": "dont_know"}, None] + [1] * 15, strict=True))]
    numbers = matrix([sdq.question(id) for id in SDQ_ITEMS], stored)
    assert given(scores(sdq, numbers.tolist(), SDQ_ITEMS)["difficulties"].score) == [7 + 5 + 5 + 5]
