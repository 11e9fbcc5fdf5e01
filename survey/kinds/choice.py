"""One choice from a list without order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from survey.options import OneOf, Option
from survey.question import Remark, Setting


class Choice(OneOf):
    """One option of a list. An option can open a box for people's own words."""

    kind: Literal["choice"] = "choice"
    example: ClassVar[str] = """\
question: instrument
kind: choice
ask: Which instrument do you play?
options:
  - {code: 1, label: Violin}
  - {code: 2, label: Cello}
  - {code: 3, label: Recorder}
  - {code: 8, label: Something else, other: yes}
"""

    def option_remarks(self, options: Sequence[Option], setting: Setting) -> Iterator[Remark]:
        """Only one option can be chosen, so none can exclude the others."""
        yield from super().option_remarks(options, setting)
        for at, option in enumerate(options):
            if option.exclusive:
                yield Remark(
                    f"option {option.label!r} is exclusive, but only one can be chosen here anyway. "
                    "Please remove: exclusive: yes",
                    ("options", at, "exclusive"),
                    sentence=True,
                )
