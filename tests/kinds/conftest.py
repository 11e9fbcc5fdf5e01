"""Every kind of question, made from its own example, for every audience it is for."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from survey.kinds import KINDS
from survey.question import Question, Setting

SETTINGS = {
    "ks1": Setting("pupil", 5),
    "ks2": Setting("pupil", 8),
    "parent": Setting("parent", 16),
}


def data_of(name: str) -> dict[str, Any]:
    """Return the example of a kind as an author wrote it: every scalar a text."""
    data: dict[str, Any] = yaml.load(KINDS[name].example, yaml.BaseLoader)
    return data


def made(name: str, setting: Setting, **more: Any) -> Question:
    """Return the question of a kind's example, settled for its readers, with more keys if asked for."""
    question = KINDS[name].model_validate(data_of(name) | more)
    question.settle(setting)
    return question


def _allowed(name: str, setting: Setting) -> bool:
    return not any(not remark.advice for remark in made(name, setting).remarks(setting))


CASES = [(name, place) for name in KINDS for place, setting in SETTINGS.items() if _allowed(name, setting)]


@pytest.fixture(params=CASES, ids=[f"{name}-{place}" for name, place in CASES])
def question(request: pytest.FixtureRequest) -> Question:
    """A question of each kind for each audience it is for."""
    name, place = request.param
    return made(name, SETTINGS[place])
