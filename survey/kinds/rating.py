"""Agreement and other ratings: ordered points, each with words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from survey.options import InWords, Option
from survey.question import Remark, Setting


class Rating(InWords):
    """Labelled points in a list: agreement, amount, quality."""

    kind: Literal["rating"] = "rating"
    example: ClassVar[str] = """\
question: proud
kind: rating
ask: How proud were you of your child at the concert?
options:
  - {code: 1, label: Not at all}
  - {code: 2, label: A little}
  - {code: 3, label: Quite}
  - {code: 4, label: Very}
"""

    def option_remarks(self, options: Sequence[Option], setting: Setting) -> Iterator[Remark]:
        """Few enough points to tell apart."""
        yield from super().option_remarks(options, setting)
        if len(options) > 7:
            yield Remark(
                f"has {len(options)} points. People tell about seven apart. Please use fewer",
                ("options",),
                advice=True,
            )
