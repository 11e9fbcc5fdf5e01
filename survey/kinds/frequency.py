"""How often something happens, in words that get more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from survey.options import InWords, Option
from survey.question import Remark, Setting


class Frequency(InWords):
    """Points from seldom to often, in words (rule P10: never faces). The more often, the higher the code."""

    kind: Literal["frequency"] = "frequency"
    sign: ClassVar[Literal["jar", "beads"]] = "beads"
    example: ClassVar[str] = """\
question: plays_home
kind: frequency
ask: How often do you play music at home?
options:
  - {code: 1, label: Never}
  - {code: 2, label: Sometimes}
  - {code: 3, label: Often}
  - {code: 4, label: Always}
"""

    def option_remarks(self, options: Sequence[Option], setting: Setting) -> Iterator[Remark]:
        """The more often, the higher the code."""
        yield from super().option_remarks(options, setting)
        codes = [option.code for option in options]
        if codes != sorted(codes):
            yield Remark(
                "has codes that fall. The more often, the higher the code has to be. Please turn the codes round",
                ("options",),
            )
