"""The two-step question for the youngest: first no or yes, then which of two that fit it (after Harter)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, Literal

from pydantic import Field
from wtforms import Field as FormField
from wtforms import RadioField

from survey.options import Option, OptionQuestion, Options, not_points
from survey.question import (
    BLANK,
    MULTIPLE,
    TICKED_MORE,
    Box,
    Choice,
    Column,
    Paper,
    PaperLine,
    Part,
    Pretence,
    Remark,
    Setting,
    Tampered,
    Text,
    UnfitCell,
    Wrong,
    from_cell,
    is_missing,
    missing,
    said_for,
    said_instead,
    ways_of_saying_nothing,
    whole,
)
from survey.wording import Say, in_english

NO, YES = 0, 1
_POINTS: Final = {1: "Not at all", 2: "Not much", 3: "A bit", 4: "A lot"}
_AFTER: Final = {"no": (1, 2), "yes": (3, 4)}
_STEP: Final = {"no": NO, "yes": YES}
_WHICH: Final = "Which one is most like you?"
"""What is asked in the second step where the author has no words for it. It has to make sense after any question."""


class TwoStep(OptionQuestion):
    """Children under 7 find it easier to choose one of two: no or yes, then one of two more. Four points (rule P2).

    Points 1 and 2 are offered after a no, 3 and 4 after a yes, the more negative one first each time (rule P8). The
    first step is kept by itself under ``id.first``, so that a child who stops between the two steps has still said
    something.
    """

    kind: Literal["two_step"] = "two_step"
    options: Options | None = Field(
        None, description="The four points: codes 1 and 2 are offered after a no, 3 and 4 after a yes"
    )
    after_no: Text | None = Field(
        None, description="What is asked after a no; if left out: Which one is most like you?"
    )
    after_yes: Text | None = Field(
        None, description="What is asked after a yes; if left out: Which one is most like you?"
    )
    rated: ClassVar[bool] = True
    for_adults: ClassVar[bool] = False
    example: ClassVar[str] = """\
question: like_singing
kind: two_step
ask: Do you like singing?
after_no: How much do you like it?
after_yes: How much do you like it?
options:
  - {code: 1, label: Not at all}
  - {code: 2, label: Not much}
  - {code: 3, label: A bit}
  - {code: 4, label: A lot}
"""

    @property
    def first(self) -> str:
        """The answer key of the first step."""
        return f"{self.id}.first"

    @property
    def parts(self) -> tuple[Part, ...]:
        """First no or yes; then which point, on one page after a no and another after a yes."""
        second = (
            Part(self.id, side, after=(self.first, _STEP[side]), points=points) for side, points in _AFTER.items()
        )
        return Part(self.first, "first"), *second

    @property
    def keys(self) -> tuple[str, ...]:
        """The point, and the first step by itself."""
        return self.id, self.first

    @property
    def meanings(self) -> Mapping[int, str]:
        """The four points."""
        return self.labels if self.options is not None else _POINTS

    def earlier_words(self, code: int) -> str:
        """Return what the author says a point was called."""
        return super().earlier_words(code) if self.options is not None else ""

    def _option(self, point: int) -> Option | None:
        """Return the author's option for a point; None where there is none, as while the author is still writing."""
        return next((one for one in self.choices if one.code == point), None) if self.options is not None else None

    def _point(self, point: int, say: Say) -> str:
        option = self._option(point)
        return option.label if option else say(_POINTS[point])

    def _second(self, side: str, say: Say) -> str:
        return (self.after_no if side == "no" else self.after_yes) or say(_WHICH)

    def remarks(self, setting: Setting) -> Iterator[Remark]:
        """Advise words of the question's own for the second step."""
        yield from super().remarks(setting)
        if self.options is None:
            yield Remark(
                "has no words of its own for the second step, so children choose from 'Not at all' and 'Not much', or "
                "'A bit' and 'A lot'. Please add options with the codes 1 to 4 in words that fit the question, such as "
                "'Not good at all', 'Not very good', 'Quite good', 'Very good'",
                advice=True,
            )

    def option_remarks(self, options: Sequence[Option], setting: Setting) -> Iterator[Remark]:
        """Four points, 1 to 4 in this order, all with faces of one set or none."""
        yield from super().option_remarks(options, setting)
        if [option.code for option in options] != [1, 2, 3, 4]:
            yield Remark(
                "needs the codes 1, 2, 3, 4 in this order: 1 and 2 are offered after a no, 3 and 4 after a yes. "
                "Please write four options",
                ("options",),
            )
        yield from not_points(options, "Please remove that")
        if len({option.face.split("-")[0] if option.face else "" for option in options}) > 1:
            yield Remark(
                "needs four faces of one set, or no face at all. Faces are for feelings and enjoyment. Please give "
                "each option a face, or remove them",
                ("options",),
            )

    def value_of(self, word: str) -> int:
        """Return the point, 1 (the most negative) to 4 (the most positive)."""
        if word not in ("1", "2", "3", "4"):
            raise ValueError(f"{self.id!r} has the points 1, 2, 3, 4")
        return int(word)

    def fields(self, part: Part, say: Say, seed: int = 0) -> dict[str, FormField]:
        """Return the two buttons of a step."""
        if part.name == "first":
            choices = [Choice("0", say("No")), Choice("1", say("Yes"))]
        else:
            choices = [Choice(str(point), self._point(point, say)) for point in _AFTER[part.name]]
        choices += [Choice(value, words) for value, words in ways_of_saying_nothing(self, say)]
        return {"": RadioField(choices=choices, validate_choice=False)}

    def read(self, part: Part, data: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
        """Take one step. “I don't know” at the first step answers the whole question."""
        chosen = data.get("")
        if not chosen:
            return self._nothing(part)
        if chosen in (value for value, _ in ways_of_saying_nothing(self, in_english)):
            instead = said_instead(chosen)
            return {self.first: instead, self.id: instead} if part.name == "first" else {self.id: instead}
        if part.name != "first":
            if chosen not in map(str, _AFTER[part.name]):
                raise Tampered(self.id)
            return {self.id: int(chosen)}
        if chosen not in ("0", "1"):
            raise Tampered(self.id)
        # A new first step takes back the old second one, or a child who turns a yes into a no and stops
        # would keep the point of the yes.
        return {self.first: int(chosen), self.id: missing(BLANK)}

    def _nothing(self, part: Part) -> dict[str, Any]:
        self.nothing_said("Pick one answer, or pick “I don’t know”." if self.dont_know else "Pick one answer.")
        blank = missing(BLANK)
        return {self.first: blank, self.id: blank} if part.name == "first" else {self.id: blank}

    def fill(self, part: Part, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Choose the button of the stored step."""
        value = answers.get(part.key)
        if part.name == "first" or value is None or is_missing(value):
            return {"": said_for(value)}
        return {"": str(value) if value in _AFTER[part.name] else None}

    def paper(self, say: Say) -> Paper:
        """No or yes; below it the second step, once for people who said no and once for people who said yes.

        The codes of the second step are the points that are stored.
        """
        first = (Box("0", say("No"), art="no"), Box("1", say("Yes"), art="yes"), *self.nothing_boxes(say))
        no, yes = (tuple(self._box(point, say) for point in points) for points in _AFTER.values())
        return Paper(
            (
                PaperLine("first", boxes=first, label="first step"),
                PaperLine("", say("If you said no: {question}", question=self._second("no", say)), boxes=no),
                PaperLine("", say("If you said yes: {question}", question=self._second("yes", say)), boxes=yes),
            )
        )

    def _box(self, point: int, say: Say) -> Box:
        option = self._option(point)
        face = option.face if option else None
        picture = option.picture if option else None
        return Box(str(point), self._point(point, say), art=f"faces/{face}" if face else None, picture=picture)

    @property
    def one_box(self) -> bool:
        """Each step has its own box too many: see from_paper."""
        return False

    def unsaid(self, reason: str) -> dict[str, Any]:
        """Both steps are unsaid for the same reason."""
        return {self.first: missing(reason), self.id: missing(reason)}

    @property
    def please_key(self) -> str:
        """What to key, in English."""
        return (
            "Type 0 for no or 1 for yes, then the second step: 1 or 2 after no, 3 or 4 after yes. If both sides are "
            "ticked, or the two do not match, type m at the step with too many ticks."
        )

    def from_paper(self, said: Mapping[str, str]) -> dict[str, Any]:
        """Take both steps. Who ticked only the second has said yes or no with it."""
        first, point = said.get("first", "").lower(), said.get("", "").lower()
        instead = said_instead(first)
        if first == TICKED_MORE or (instead and point):
            return self.unsaid(MULTIPLE)
        if instead and first in (value for value, _ in ways_of_saying_nothing(self, in_english)):
            return {self.first: instead, self.id: instead}
        side = {"1": NO, "2": NO, "3": YES, "4": YES}.get(point)
        if side is not None and first in ("", str(side)):
            return {self.first: side, self.id: int(point)}
        if first not in ("0", "1") or point not in ("", TICKED_MORE):
            raise Wrong(self.please_key)
        return {self.first: int(first), self.id: missing(MULTIPLE if point == TICKED_MORE else BLANK)}

    def first_field(self, part: Part, name: str) -> str:
        """Errors link to the first button."""
        return f"{name}-0"

    def wording(self, part: Part, say: Say, answers: Mapping[str, Any]) -> str:
        """Return the author's wording of a step."""
        return self.ask if part.name == "first" else self._second(part.name, say)

    def in_words(self, value: Any, answers: Mapping[str, Any], say: Say) -> str:
        """Return the point in words."""
        return self._point(value, say)

    def columns(self) -> list[Column]:
        """The point, and the first step by itself."""
        first = Column(
            f"{self.id}_first",
            self.first,
            f"{self.ask} (first step)",
            "code",
            "nominal",
            int,
            {NO: "No", YES: "Yes"},
            needed=False,
        )
        return [
            Column(self.id, self.id, self.ask, "code", "ordinal", int, self.meanings),
            first,
        ]

    def decode(self, cells: Mapping[str, str], gaps: Mapping[str, str]) -> dict[str, Any]:
        """Take the point, and the first step where the file has it; a point says what the first step was."""
        point = from_cell(cells.get(self.id, ""), gaps, _decoder("1", "2", "3", "4"))
        first = from_cell(cells.get(f"{self.id}_first", ""), gaps, _decoder("0", "1"))
        side = int(point > 2) if isinstance(point, int) else point
        first = side if first is None else first
        if isinstance(point, int) and first != side:
            raise UnfitCell(
                "The answer and the first step contradict each other: 1 and 2 come after no (0), 3 and 4 "
                "after yes (1). Please correct one of the two."
            )
        return {key: value for key, value in ((self.first, first), (self.id, point)) if value is not None}

    def number(self, value: Any) -> float | None:
        """Return the point, 1 to 4."""
        return None if is_missing(value) else float(value)

    @property
    def number_range(self) -> tuple[float, float] | None:
        """1 to 4."""
        return 1.0, 4.0

    def pretend(self, pretence: Pretence) -> dict[str, Any]:
        """Say yes and a lot the likelier the higher the latent value."""
        value = pretence.latent + pretence.rng.gauss(0, 0.8)
        side = "yes" if value > -0.6 else "no"
        strong = value > 0.6 if side == "yes" else value < -1.5
        point = {"no": 1 if strong else 2, "yes": 4 if strong else 3}[side]
        return {self.first: _STEP[side], self.id: point}


def _decoder(*codes: str) -> Callable[[str], int]:
    def code(cell: str) -> int:
        if whole(cell) not in codes:
            raise UnfitCell(
                "This is not one of the question's codes, which are {codes}. Please correct it.", codes=", ".join(codes)
            )
        return int(whole(cell))

    return code
