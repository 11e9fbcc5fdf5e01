"""Named option lists."""

from __future__ import annotations

from collections.abc import Iterator

from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire
from survey.options import list_remarks


def lists(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Codes and labels once each, faces that exist, two options at least, codes that a file can hold."""
    for name, options in questionnaire.options.items():
        at = ("options", name)
        if len(options) < 2:
            yield Fault(
                at,
                f"option list '{name}' has {len(options)} option. A choice needs at least two. Please add options",
            )
        for remark in list_remarks(options):
            first = (*at, *remark.first[1:]) if remark.first else None
            yield Fault((*at, *remark.at[1:]), f"option list '{name}': {remark.message}", remark.advice, first=first)
