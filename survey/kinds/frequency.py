"""How often something happens, in words that get more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from survey.options import Rated
from survey.question import Remark, Setting


class Frequency(Rated):
    """Points from seldom to often, in words (rule P10: never faces), whose codes rise with the frequency."""

    kind: Literal["frequency"] = "frequency"
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

    def remarks(self, setting: Setting) -> Iterator[Remark]:
        """Words only, and the more often the higher the code."""
        yield from super().remarks(setting)
        if isinstance(self.options, str):
            return
        for at, option in enumerate(self.options):
            if option.face:
                yield Remark(
                    f"option {option.label!r} has a face. Faces are for feelings; how often is said in words. "
                    "Please remove the face",
                    ("options", at, "face"),
                )
        codes = [option.code for option in self.options]
        if codes != sorted(codes):
            yield Remark(
                "has codes that fall. The more often, the higher the code has to be. Please turn the codes round",
                ("options",),
            )
