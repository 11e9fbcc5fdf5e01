"""No, yes and, where the author wants it, not sure: in this order, as on every scale (rule P8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, Literal

from pydantic import Field
from wtforms import Field as FormField
from wtforms import RadioField

from survey.question import (
    Box,
    Choice,
    Column,
    Paper,
    PaperLine,
    Part,
    Pretence,
    Question,
    Remark,
    Setting,
    Tampered,
    UnfitCell,
    from_cell,
    is_missing,
    said_for,
    said_instead,
    ways_of_saying_nothing,
    whole,
)
from survey.wording import Say, in_english

NO, YES, NOT_SURE = 0, 1, 2
_CODES: Final = {"no": NO, "yes": YES, "not_sure": NOT_SURE}
_WORDS: Final = {NO: "No", YES: "Yes", NOT_SURE: "Not sure"}


class YesNo(Question):
    """Yes (1) or no (0). Not sure (2) is an answer without a number."""

    kind: Literal["yes_no"] = "yes_no"
    not_sure: bool = Field(False, description="Whether “Not sure” is offered as an answer")
    example: ClassVar[str] = """\
question: plays
kind: yes_no
ask: Do you play an instrument?
not_sure: no
"""

    def value_of(self, word: str) -> int:
        """Return the code for yes, no or not_sure."""
        if word not in _CODES or (_CODES[word] == NOT_SURE and not self.not_sure):
            raise ValueError(f"{self.id!r} is answered by " + ", ".join(self._offered_words()))
        return _CODES[word]

    @property
    def meanings(self) -> Mapping[int, str]:
        """No, yes and, where it is offered, not sure."""
        return {code: _WORDS[code] for code in self.codes}

    def _offered_words(self) -> list[str]:
        return ["no", "yes", "not_sure"] if self.not_sure else ["no", "yes"]

    @property
    def codes(self) -> list[int]:
        """The codes that are offered, in the order in which they stand."""
        return [_CODES[word] for word in self._offered_words()]

    def remarks(self, setting: Setting) -> Iterator[Remark]:
        """Not sure and don't know beside each other are one too many for children."""
        yield from super().remarks(setting)
        if setting.audience == "pupil" and self.not_sure:
            yield Remark(
                "offers “Not sure” beside “I don't know”, which children cannot tell apart. "
                "Please remove: not_sure: yes",
                ("not_sure",),
                advice=True,
            )

    def fields(self, part: Part, say: Say, seed: int = 0) -> dict[str, FormField]:
        """Return one group of radio buttons."""
        choices = [Choice(str(code), say(_WORDS[code])) for code in self.codes]
        choices += [Choice(value, words) for value, words in ways_of_saying_nothing(self, say)]
        return {"": RadioField(choices=choices, validate_choice=False)}

    def read(self, part: Part, data: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
        """Take the chosen code, or what was said instead."""
        chosen = data.get("")
        if not chosen:
            return self.nothing_said(
                "Pick one answer, or pick “I don’t know”." if self.dont_know else "Pick one answer."
            )
        if chosen in (value for value, _ in ways_of_saying_nothing(self, in_english)):
            return {self.id: said_instead(chosen)}
        if chosen not in (str(code) for code in self.codes):
            raise Tampered(self.id)
        return {self.id: int(chosen)}

    def fill(self, part: Part, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Choose the radio button of the stored answer."""
        return {"": said_for(answers.get(self.id))}

    def paper(self, say: Say) -> Paper:
        """A box for no, one for yes."""
        art = {NO: "no", YES: "yes", NOT_SURE: "dunno"}
        boxes = [Box(str(code), say(_WORDS[code]), art=art[code]) for code in self.codes]
        return Paper((PaperLine(boxes=(*boxes, *self.nothing_boxes(say))),))

    def from_paper(self, said: Mapping[str, str]) -> dict[str, Any]:
        """Take the code printed beside the ticked box."""
        return self.read(self.parts[0], {"": said.get("", "").lower()})

    def first_field(self, part: Part, name: str) -> str:
        """Errors link to the first radio button."""
        return f"{name}-0"

    def in_words(self, value: Any, answers: Mapping[str, Any], say: Say) -> str:
        """Return yes, no or not sure in the respondent's language."""
        return say(_WORDS[value])

    def columns(self) -> list[Column]:
        """One column of codes."""
        return [Column(self.id, self.id, self.ask, "code", "nominal", int, self.meanings)]

    def decode(self, cells: Mapping[str, str], gaps: Mapping[str, str]) -> dict[str, Any]:
        """Take the code."""
        value = from_cell(cells.get(self.id, ""), gaps, self._decode_code)
        return {} if value is None else {self.id: value}

    def _decode_code(self, cell: str) -> int:
        if whole(cell) not in map(str, self.codes):
            codes = ", ".join(map(str, self.codes))
            raise UnfitCell(
                "This is not one of the question's codes, which are {codes}. Please correct it.", codes=codes
            )
        return int(whole(cell))

    def number(self, value: Any) -> float | None:
        """Return 1 for yes and 0 for no; not sure has no number."""
        return None if is_missing(value) or value == NOT_SURE else float(value)

    @property
    def number_range(self) -> tuple[float, float] | None:
        """0 to 1."""
        return 0.0, 1.0

    def pretend(self, pretence: Pretence) -> dict[str, Any]:
        """Say yes the likelier the higher the latent value."""
        if self.not_sure and pretence.rng.random() < 0.08:
            return {self.id: NOT_SURE}
        return {self.id: YES if pretence.latent + pretence.rng.gauss(0, 1) > -0.3 else NO}
