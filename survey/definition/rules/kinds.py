"""What each kind of question says about its own keys."""

from __future__ import annotations

from collections.abc import Iterator

from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire
from survey.definition.rules.together import once_a_page


def remarks(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Pass on what the kinds say, with the question's name before it."""
    said: set[tuple[object, str]] = set()
    advised: dict[str, list[Fault]] = {}
    for at, question in questionnaire.placed():
        for remark in question.remarks(questionnaire.setting):
            shared = question.grid and remark.at and remark.at[0] in ("options", "kind", "dont_know", "rather_not")
            owner = at[:-2] if shared else at
            where = (*owner, *remark.at)
            # What all statements of a grid share is said once, about the grid.
            name = f"grid '{question.grid}'" if shared else f"question '{question.id}'"
            # So is what is wrong with a named list, at the first question that uses it.
            named = getattr(question, "option_list", None) if remark.at == ("options",) and not remark.advice else None
            spot = named or where
            if (shared or named) and (spot, remark.message) in said:
                continue
            said.add((spot, remark.message))
            first = (*owner, *remark.first) if remark.first else None
            joint = ":" if remark.sentence else ""
            fault = Fault(where, f"{name}{joint} {remark.message}", remark.advice, first=first)
            if remark.advice:
                advised.setdefault(remark.message, []).append(fault)
            else:
                yield fault
    for alike in advised.values():
        yield from once_a_page(alike)
