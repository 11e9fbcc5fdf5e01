"""A number with a unit and a range."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Final, Literal

from pydantic import Field
from wtforms import Field as FormField
from wtforms import StringField

from survey.authored import ExactNumber, WholeNumber
from survey.question import (
    Column,
    Paper,
    PaperLine,
    Part,
    Pretence,
    Remark,
    Setting,
    Text,
    UnfitCell,
    WritingCells,
    Wrong,
    from_cell,
    is_missing,
)
from survey.typed import Typed
from survey.wording import Say

_NUMBER: Final = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,9})?")
_POWER: Final = re.compile(r"[+-]?\d(?:\.\d{1,20})?[eE]-\d{1,2}", re.ASCII)
_ROUNDED: Final = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+?\d{1,3}", re.ASCII)
_THOUSANDS: Final = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_LONGEST: Final = 40


class Number(Typed):
    """A number as people write it: spaces and commas between thousands are accepted, words are not."""

    kind: Literal["number"] = "number"
    unit: Text | None = Field(None, description="Words after the box, such as: hours a week")
    min: ExactNumber | None = Field(None, description="The smallest number accepted")
    max: ExactNumber | None = Field(None, description="The largest number accepted")
    decimals: WholeNumber = Field(0, ge=0, le=6, description="How many digits after the point are accepted")
    example: ClassVar[str] = """\
question: practice_hours
kind: number
ask: How many hours did you practise last week?
unit: hours
min: 0
max: 60
"""

    def remarks(self, setting: Setting) -> Iterator[Remark]:
        """The range must hold a number."""
        yield from super().remarks(setting)
        if self.min is not None and self.max is not None and self.min > self.max:
            yield Remark(
                f"takes numbers from {self.min} to {self.max}, so none. Please swap them",
                ("min",),
            )

    def value_of(self, word: str) -> int | float:
        """Return the number an author wrote in a condition."""
        if not _NUMBER.fullmatch(word):
            raise ValueError(f"{self.id!r} is answered by a number")
        number = _stored(Decimal(word))
        if (self.min is not None and number < self.min) or (self.max is not None and number > self.max):
            raise ValueError(f"{self.id!r} takes numbers from {self.min} to {self.max}")
        return number

    def fields(self, part: Part, say: Say, seed: int = 0) -> dict[str, FormField]:
        """Return a text field (a number field would eat what it does not like) and tick boxes."""
        return {"": StringField()} | self.instead_field(say)

    def read(self, part: Part, data: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
        """Take the number, in range and with no more decimals than asked for."""
        typed = (data.get("") or "").strip()
        instead = self.instead(data, bool(typed))
        if instead:
            return instead
        if not typed:
            return self.nothing_said("Write a number, such as {example}.", {"example": self._example()})
        return {self.id: _stored(self._checked(typed))}

    def offline(self) -> Mapping[str, Any] | None:
        """Say between which numbers it has to lie, and how many decimals it may have."""
        ends = (None if end is None else float(end) for end in (self.min, self.max))
        return {"number": [*ends, self.decimals]}

    def _checked(self, typed: str) -> Decimal:
        plain = re.sub(r"[\s\u00a0\u202f]|,(?=\d{3}(?:\D|$))", "", typed)[: _LONGEST + 1]
        plain = plain.translate(_DIGITS)
        if not _NUMBER.fullmatch(plain):
            raise Wrong("Write a number, such as {example}.", example=self._example())
        number = Decimal(plain)
        if number != round(number, self.decimals):
            if self.decimals == 0:
                raise Wrong("Write a whole number.")
            raise Wrong("Write a number, such as {example}.", example=self._example())
        if self.min is not None and number < self.min:
            raise Wrong("Write a number of {min} or more.", min=self.min)
        if self.max is not None and number > self.max:
            raise Wrong("Write a number of {max} or less.", max=self.max)
        return number

    def _example(self) -> Decimal:
        low = self.min if self.min is not None else Decimal(0)
        high = self.max if self.max is not None else low + 10
        return round((low + high) / 2, self.decimals)

    def in_words(self, value: Any, answers: Mapping[str, Any], say: Say) -> str:
        """Return the number with its unit."""
        return f"{value} {self.unit}" if self.unit else str(value)

    def paper(self, say: Say) -> Paper:
        """A cell for each figure the largest number has, the unit behind them."""
        whole = len(str(int(self.max))) if self.max is not None else 4
        cells = WritingCells(whole, self.decimals, unit=self.unit or "")
        return Paper((PaperLine(boxes=self.nothing_boxes(say), cells=(cells,), form="the number"),))

    def columns(self) -> list[Column]:
        """One column of numbers."""
        label = f"{self.ask} ({self.unit})" if self.unit else self.ask
        return [Column(self.id, self.id, label, "number", "scale", lambda value: value)]

    def decode(self, cells: Mapping[str, str], gaps: Mapping[str, str]) -> dict[str, Any]:
        """Take the number as someone would have typed it."""
        value = from_cell(cells.get(self.id, ""), gaps, self._decode_number)
        return {} if value is None else {self.id: value}

    def _decode_number(self, cell: str) -> int | float:
        text = cell.strip()
        if _ROUNDED.fullmatch(text):
            raise UnfitCell(
                "A spreadsheet writes long numbers like this, without their last digits. Please write the whole number."
            )
        # In a form 1,500 is 1500; where the file was made, it may be one and a half.
        if "," in text and (self.decimals or not _THOUSANDS.fullmatch(text)):
            raise UnfitCell(
                "Please write numbers without commas, such as 1500, and decimals with a point, such as 1.5."
            )
        # Files write a very small number as 1e-06.
        return _stored(self._checked(f"{Decimal(text):f}" if _POWER.fullmatch(text) else text))

    @property
    def counted_in(self) -> str:
        """The unit behind the box."""
        return self.unit or ""

    def number(self, value: Any) -> float | None:
        """Return the number itself."""
        return None if is_missing(value) else float(value)

    @property
    def number_range(self) -> tuple[float, float] | None:
        """The author's range, where both ends are given."""
        if self.min is None or self.max is None:
            return None
        return float(self.min), float(self.max)

    def pretend(self, pretence: Pretence) -> dict[str, Any]:
        """Draw a number in range, more often a small one."""
        low = float(self.min if self.min is not None else 0)
        high = float(self.max if self.max is not None else low + 20)
        drawn = low + (high - low) * min(1.0, pretence.rng.betavariate(1.2, 4))
        return {self.id: _stored(round(Decimal(drawn), self.decimals))}


_DIGITS: Final = {zero + digit: str(digit) for zero in (0x0660, 0x06F0) for digit in range(10)}
"""Arabic and Urdu digits -> ours, since phones set to those languages type them."""


def _stored(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)
