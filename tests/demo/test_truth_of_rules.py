"""Pretended answers to scales with recodes, counts and scales of scales: what is pretended of a score shows in it."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from survey.definition.questionnaire import Questionnaire
from survey.definition.reading import read_folder
from survey.definition.study import Pretend
from survey.demo.truth import Loadings, Truth, wholes
from survey.question import Pretence
from survey.scales import matrix, rules_for, score_each

FOLDER = Path(__file__).parents[1] / "scales" / "rules"


@pytest.fixture(scope="module")
def read() -> tuple[Questionnaire, Pretend]:
    folder = read_folder(FOLDER)
    assert folder.study is not None
    assert folder.study.pretend is not None
    return folder.questionnaires["family"], folder.study.pretend


def test_what_is_pretended_of_a_scale_of_scales_is_pretended_of_each_of_them(read) -> None:
    questionnaire, pretend = read
    made_of = wholes(questionnaire)
    assert made_of["emotion"] == made_of["conduct"] == [("difficulties", 1), ("difficulties_t", 1)]
    assert "difficulties" not in made_of
    quiet = pretend.model_copy(update={"school_sd": 0.0})
    one, other = (
        Truth(quiet, random.Random(1)).latents(questionnaire, 1, {"arm": arm, "sex": "m"})
        for arm in ("programme", "comparison")
    )
    found = {scale: one[scale] - other[scale] for scale in one}
    assert found == pytest.approx(
        {"emotion": -0.3, "conduct": -0.3, "impact": 0, "activities": 0.5, "groups": 0, "involved": 0}
    )


def test_a_reversed_part_takes_the_effect_the_other_way(read) -> None:
    questionnaire, _ = read
    scales = [
        {"scale": "inner", "title": "Inner", "items": ["worries"], "score": "sum", "direction": "Up"},
        {"scale": "outer", "title": "Outer", "items": [{"item": "inner", "reverse": "yes"}], "score": "sum",
         "direction": "Up"},
        {"scale": "all_of", "title": "All", "items": [{"item": "outer", "reverse": "yes"}], "score": "sum",
         "direction": "Up"},
    ]  # fmt: skip
    changed = Questionnaire.from_data(
        questionnaire.model_dump(by_alias=True, mode="json") | {"scales": scales, "pages": PAGES}
    )
    assert wholes(changed) == {"inner": [("outer", -1), ("all_of", 1)]}


PAGES = [{"page": "one", "questions": [{"question": "worries", "kind": "yes_no", "ask": "Worries"}]}]


def test_a_high_latent_value_is_a_high_score_whatever_the_rule(read) -> None:
    """Recodes that fall, codes that count from the top, reversed items."""
    questionnaire, _ = read
    loadings, rng = Loadings(questionnaire), random.Random(2)
    asked = [question for question in questionnaire.questions if question.asks]
    names = [question.id for question in asked]
    rules = rules_for(questionnaire)
    means = []
    for level in (-1.5, 1.5):
        latents = dict.fromkeys(rules, level)
        people = [
            {
                key: value
                for question in asked
                for key, value in question.pretend(Pretence(rng, loadings.latent(question, latents))).items()
            }
            for _ in range(150)
        ]
        found = score_each(matrix(asked, people), names, list(rules.values()))
        means.append({id: np.nanmean(one.score) for id, one in zip(rules, found, strict=True) if not rules[id].norms})
    low, high = means
    for id in ("difficulties", "emotion", "conduct", "impact", "activities", "groups"):
        assert high[id] > low[id], id
