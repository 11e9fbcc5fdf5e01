"""Named option lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire
from survey.options import list_remarks

LARGEST_CODE: Final = 2_147_483_620
"""The largest whole number Stata's long holds."""


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
            yield Fault((*at, *remark.at[1:]), f"option list '{name}': {remark.message}", remark.advice)
        for i, option in enumerate(options):
            if option.code > LARGEST_CODE:
                yield Fault(
                    (*at, i, "code"),
                    f"code {option.code} is larger than data files can hold. Please use small numbers: 1, 2, 3",
                )
