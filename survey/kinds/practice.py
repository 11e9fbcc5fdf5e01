"""A practice question: learn how to answer. It is never stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from survey.options import OneOf, Option
from survey.question import Column, Part, Pretence, Remark, Setting


class Practice(OneOf):
    """Faces or words to try out before the first real question (rule P13)."""

    kind: Literal["practice"] = "practice"
    please_pick: ClassVar[str] = "Pick a face."
    please_pick_or: ClassVar[str] = "Pick a face, or pick “I don’t know”."
    stored: ClassVar[bool] = False
    example: ClassVar[str] = """\
question: try_party
kind: practice
ask: How does a party make you feel?
options:
  - {code: 1, label: Sad, face: feel-2}
  - {code: 2, label: OK, face: feel-3}
  - {code: 3, label: Happy, face: feel-4}
"""

    def remarks(self, setting: Setting) -> Iterator[Remark]:
        """Practice is for children."""
        yield from super().remarks(setting)
        if setting.audience != "pupil":
            yield Remark("adults need no practice. Please remove this question", advice=True, sentence=True)

    def option_remarks(self, options: Sequence[Option], setting: Setting) -> Iterator[Remark]:
        """Practice opens no text box."""
        yield from super().option_remarks(options, setting)
        for at, option in enumerate(options):
            if option.other:
                yield Remark(
                    "opens a text box in a practice question. Please remove: other: yes",
                    ("options", at),
                )

    @property
    def keys(self) -> tuple[str, ...]:
        """Nothing is kept, so there is no key."""
        return ()

    def read(self, part: Part, data: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
        """See that something was picked, and keep nothing."""
        super().read(part, data, seed)
        return {}

    def columns(self) -> list[Column]:
        """Nothing is kept, so there is no column."""
        return []

    def decode(self, cells: Mapping[str, str], gaps: Mapping[str, str]) -> dict[str, Any]:
        """Nothing is kept, so nothing is read back."""
        return {}

    def pretend(self, pretence: Pretence) -> dict[str, Any]:
        """Nothing is kept."""
        return {}
