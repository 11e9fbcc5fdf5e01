"""The two-step question for the youngest: first no or yes, then a bit or a lot (after Harter)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Literal

from wtforms import Field as FormField
from wtforms import RadioField

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
    Question,
    Tampered,
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
_POINTS: Final = {1: "No, a lot", 2: "No, a bit", 3: "Yes, a bit", 4: "Yes, a lot"}
_SECOND: Final = {"no": {"bit": 2, "lot": 1}, "yes": {"bit": 3, "lot": 4}}
_AFTER: Final = {"no": NO, "yes": YES}
_WORDINGS: Final = {"no": "You said no. How much?", "yes": "You said yes. How much?"}


class TwoStep(Question):
    """Children under 7 find it easier to choose one of two: no or yes, then how much. Four points, 1 to 4 (rule P2).

    The first step is kept by itself under ``id.first``, so that a child who stops between the two steps has
    still said something.
    """

    kind: Literal["two_step"] = "two_step"
    rated: ClassVar[bool] = True
    for_adults: ClassVar[bool] = False
    example: ClassVar[str] = """\
question: like_singing
kind: two_step
ask: Do you like singing?
"""

    @property
    def first(self) -> str:
        """The answer key of the first step."""
        return f"{self.id}.first"

    @property
    def parts(self) -> tuple[Part, ...]:
        """First no or yes; then how much, which is one page after a no and another after a yes."""
        second = (
            Part(self.id, side, after=(self.first, _AFTER[side]), points=tuple(_SECOND[side].values()))
            for side in ("no", "yes")
        )
        return Part(self.first, "first"), *second

    @property
    def keys(self) -> tuple[str, ...]:
        """The point, and the first step by itself."""
        return self.id, self.first

    @property
    def meanings(self) -> Mapping[int, str]:
        """The four points."""
        return _POINTS

    def value_of(self, word: str) -> int:
        """Return the point, 1 (no, a lot) to 4 (yes, a lot)."""
        if word not in ("1", "2", "3", "4"):
            raise ValueError(f"{self.id!r} has the points 1, 2, 3, 4")
        return int(word)

    def fields(self, part: Part, say: Say, seed: int = 0) -> dict[str, FormField]:
        """Return the two buttons of a step."""
        if part.name == "first":
            choices = [Choice("0", say("No")), Choice("1", say("Yes"))]
        else:
            choices = [
                Choice("bit", say("A bit")),
                Choice("lot", say("A lot")),
            ]
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
            if chosen not in _SECOND[part.name]:
                raise Tampered(self.id)
            return {self.id: _SECOND[part.name][chosen]}
        if chosen not in ("0", "1"):
            raise Tampered(self.id)
        # A new first step takes back the old second one, or a child who turns a yes into a no and stops
        # would keep the point of the yes.
        return {self.first: int(chosen), self.id: missing(BLANK)}

    def _nothing(self, part: Part) -> dict[str, Any]:
        self.nothing_said("Pick a face, or pick “I don’t know”." if self.dont_know else "Pick a face.")
        blank = missing(BLANK)
        return {self.first: blank, self.id: blank} if part.name == "first" else {self.id: blank}

    def fill(self, part: Part, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Choose the button of the stored step."""
        value = answers.get(part.key)
        if part.name == "first" or value is None or is_missing(value):
            return {"": said_for(value)}
        chosen = [word for word, point in _SECOND[part.name].items() if point == value]
        return {"": chosen[0] if chosen else None}

    def paper(self, say: Say) -> Paper:
        """No or yes; below it how much, once for people who said no and once for people who said yes.

        The codes of the second step are the points that are stored.
        """
        first = (Box("0", say("No"), art="faces/feel-2"), Box("1", say("Yes"), art="faces/feel-4"))
        no = (Box("2", say("A bit"), art="faces/feel-2"), Box("1", say("A lot"), art="faces/feel-1"))
        yes = (Box("3", say("A bit"), art="faces/enjoy-2"), Box("4", say("A lot"), art="faces/enjoy-5"))
        return Paper(
            (
                PaperLine("first", boxes=(*first, *self.nothing_boxes(say)), label="first step"),
                PaperLine("", say("If you said no: how much?"), boxes=no),
                PaperLine("", say("If you said yes: how much?"), boxes=yes),
            )
        )

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
            "Type 0 for no or 1 for yes, then how much: 1 or 2 after no, 3 or 4 after yes. If both sides are "
            "ticked, or the two do not match, type m at the step with too many ticks."
        )

    def from_paper(self, said: Mapping[str, str]) -> dict[str, Any]:
        """Take both steps. Who ticked only how much has said yes or no with it."""
        first, point = said.get("first", "").lower(), said.get("", "").lower()
        instead = said_instead(first)
        if first == TICKED_MORE or (instead and point):
            return self.unsaid(MULTIPLE)
        if instead and first in (value for value, _ in ways_of_saying_nothing(self, in_english)):
            return {self.first: instead, self.id: instead}
        side = {"1": "no", "2": "no", "3": "yes", "4": "yes"}.get(point)
        if side and first in ("", str(_AFTER[side])):
            return {self.first: _AFTER[side], self.id: int(point)}
        if first not in ("0", "1") or point not in ("", TICKED_MORE):
            raise Wrong(self.please_key)
        return {self.first: int(first), self.id: missing(MULTIPLE if point == TICKED_MORE else BLANK)}

    def first_field(self, part: Part, name: str) -> str:
        """Errors link to the first button."""
        return f"{name}-0"

    def wording(self, part: Part, say: Say, answers: Mapping[str, Any]) -> str:
        """Return the author's wording, then how much."""
        return self.ask if part.name == "first" else say(_WORDINGS[part.name])

    def in_words(self, value: Any, answers: Mapping[str, Any], say: Say) -> str:
        """Return the point in words."""
        return say(_POINTS[value])

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
            Column(self.id, self.id, self.ask, "code", "ordinal", int, _POINTS),
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
        return {
            self.first: _AFTER[side],
            self.id: _SECOND[side]["lot" if strong else "bit"],
        }


def _decoder(*codes: str) -> Callable[[str], int]:
    def code(cell: str) -> int:
        if whole(cell) not in codes:
            raise UnfitCell(
                "This is not one of the question's codes, which are {codes}. Please correct it.", codes=", ".join(codes)
            )
        return int(whole(cell))

    return code
