"""Two to five faces with words, for children's feelings and enjoyment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from survey.options import Option, Rated
from survey.question import Remark, Setting


class Faces(Rated):
    """A row of drawn faces, each with words (rules P2 to P9 of the forms standard)."""

    kind: Literal["faces"] = "faces"
    please_pick: ClassVar[str] = "Pick a face."
    please_pick_or: ClassVar[str] = "Pick a face, or pick “I don’t know”."
    example: ClassVar[str] = """\
question: sing_enjoy
kind: faces
ask: How much do you like singing?
hint: Pick the face that is most like you.
options:
  - {code: 1, label: Not at all, face: enjoy-1}
  - {code: 2, label: A little bit, face: enjoy-2}
  - {code: 3, label: Quite a bit, face: enjoy-3}
  - {code: 4, label: A lot, face: enjoy-4}
  - {code: 5, label: I love it, face: enjoy-5}
"""

    def option_remarks(self, options: Sequence[Option], setting: Setting) -> Iterator[Remark]:
        """Each option needs a face; small children cannot use five."""
        yield from super().option_remarks(options, setting)
        if len(options) > 5:
            yield Remark(
                f"has {len(options)} faces. Children can tell at most five apart. Please remove some",
                ("options",),
            )
        for at, option in enumerate(options):
            if option.face is None:
                yield Remark(
                    f"option {option.label!r} has no face. Each option of kind faces needs one. "
                    "Please add, for example: face: feel-4",
                    ("options", at),
                    sentence=True,
                )
        if setting.young and len(options) > 3:
            yield Remark(
                f"has {len(options)} faces for readers of {setting.age}. Under 7, children use the ends of "
                "a scale. Three faces, or kind: two_step, measure better",
                ("options",),
                advice=True,
            )
        families = {option.face.split("-")[0] for option in options if option.face}
        if len(families) > 1:
            yield Remark("mixes 'feel' and 'enjoy' faces. Please use one set", ("options",))
