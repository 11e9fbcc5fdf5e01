"""Agreement and other ratings: ordered points, each with words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from survey.options import Rated
from survey.question import Remark, Setting


class Rating(Rated):
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

    def remarks(self, setting: Setting) -> Iterator[Remark]:
        """Adults read words, not faces."""
        yield from super().remarks(setting)
        if isinstance(self.options, str):
            return
        for at, option in enumerate(self.options):
            if option.face:
                yield Remark(
                    f"option {option.label!r} has a face, and a rating is made of words. "
                    "Please remove it, or use kind: faces",
                    ("options", at, "face"),
                )
        if len(self.options) > 7:
            yield Remark(
                f"has {len(self.options)} points. People tell about seven apart. Please use fewer",
                ("options",),
                advice=True,
            )
