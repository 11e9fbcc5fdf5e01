"""Missing values: no answer may look like one."""

from __future__ import annotations

from collections.abc import Iterator

from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import StudyDefinition


def numbers_apart(questionnaire: Questionnaire, study: StudyDefinition) -> Iterator[Fault]:
    """A question for a number does not take a number that stands for a missing value in this study."""
    codes = study.missing.model_dump().values()
    for at, question in questionnaire.placed():
        low = getattr(question, "min", None)
        clash = [code for code in codes if low is not None and low <= code]
        if clash:
            yield Fault(
                (*at, "min"),
                f"question '{question.id}' takes numbers from {low}, so {clash[0]} could be an answer or a missing "
                "value. Please raise 'min', or change 'missing' in study.yaml",
            )
