"""What each kind of question says about its own keys."""

from __future__ import annotations

from collections.abc import Iterator

from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire

_VERBS = frozenset(
    [
        "has",
        "takes",
        "asks",
        "mixes",
        "offers",
        "opens",
        "is",
        "uses",
        "needs",
        "shows",
        "wants",
        "gives",
        "lets",
    ]
)


def remarks(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Pass on what the kinds say, with the question's name before it."""
    said: set[tuple[object, str]] = set()
    for at, question in questionnaire.placed():
        for remark in question.remarks(questionnaire.setting):
            shared = question.grid and remark.at and remark.at[0] in ("options", "kind", "dont_know", "rather_not")
            where = (*(at[:-2] if shared else at), *remark.at)
            # What all statements of a grid share is said once, about the grid.
            name = f"grid '{question.grid}'" if shared else f"question '{question.id}'"
            if shared and (where, remark.message) in said:
                continue
            said.add((where, remark.message))
            joint = "" if remark.message.split(" ", 1)[0] in _VERBS else ":"
            message = remark.message.replace(question.id, question.grid or question.id) if shared else remark.message
            yield Fault(where, f"{name}{joint} {message}", remark.advice)
