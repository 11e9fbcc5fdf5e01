"""A day, or a month and year."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, Literal

from pydantic import Field
from wtforms import Field as FormField
from wtforms import StringField

from survey.authored import Day
from survey.authored import day as as_day
from survey.question import (
    Column,
    Paper,
    PaperLine,
    Part,
    Pretence,
    Remark,
    Setting,
    UnfitCell,
    WritingCells,
    Wrong,
    from_cell,
)
from survey.typed import Typed
from survey.wording import Say


class Date(Typed):
    """A date, typed into separate boxes for day, month and year. Stored as 2024-03-27 or 2024-03."""

    kind: Literal["date"] = "date"
    precision: Literal["day", "month"] = Field("day", description="Whether the day is asked for, or only the month")
    earliest: Day | None = Field(None, description="The earliest date accepted")
    latest: Day | None = Field(None, description="The latest date accepted")
    for_pupils: ClassVar[bool] = False
    example: ClassVar[str] = """\
question: joined
kind: date
ask: When did you start working with the programme?
precision: month
earliest: 2009-01-01
"""

    def remarks(self, setting: Setting) -> Iterator[Remark]:
        """The range must hold a day."""
        yield from super().remarks(setting)
        if self.earliest and self.latest and self.earliest > self.latest:
            yield Remark(
                f"takes dates from {self.earliest} to {self.latest}, so none. Please swap them",
                ("earliest",),
            )

    def value_of(self, word: str) -> str:
        """Return the date an author wrote in a condition."""
        try:
            day = as_day(word if self.precision == "day" else f"{word}-01")
        except ValueError as error:
            form = "2024-03-27" if self.precision == "day" else "2024-03"
            raise ValueError(f"{self.id!r} is answered by a date such as {form}") from error
        stored = self._stored(day)
        if self.earliest and stored < self._stored(self.earliest):
            raise ValueError(f"{self.id!r} takes dates from {self._stored(self.earliest)} on")
        if self.latest and stored > self._stored(self.latest):
            raise ValueError(f"{self.id!r} takes dates up to {self._stored(self.latest)}")
        return stored

    @property
    def boxes(self) -> tuple[str, ...]:
        """The suffixes of the boxes, in order."""
        return ("day", "month", "year") if self.precision == "day" else ("month", "year")

    def fields(self, part: Part, say: Say, seed: int = 0) -> dict[str, FormField]:
        """Return the boxes and the tick boxes beside them."""
        words = {"day": say("Day"), "month": say("Month"), "year": say("Year")}
        return {box: StringField(words[box]) for box in self.boxes} | self.instead_field(say)

    def first_field(self, part: Part, name: str) -> str:
        """Errors link to the first box."""
        return f"{name}-{self.boxes[0]}"

    def read(self, part: Part, data: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
        """Take a date that exists, in range."""
        typed = {box: (data.get(box) or "").strip() for box in self.boxes}
        instead = self.instead(data, any(typed.values()))
        if instead:
            return instead
        if not any(typed.values()):
            return self.nothing_said("Write a real date, such as {example}.", {"example": self._example()})
        day = self._real(typed)
        if self.earliest and day < self.earliest.replace(day=1 if self.precision == "month" else self.earliest.day):
            raise Wrong(
                "Write a date on or after {earliest}.",
                earliest=self.earliest.isoformat(),
            )
        if self.latest and day > self.latest:
            raise Wrong("Write a date on or before {latest}.", latest=self.latest.isoformat())
        return {self.id: self._stored(day)}

    def _real(self, typed: Mapping[str, str]) -> datetime.date:
        try:
            numbers = {box: int(text) for box, text in typed.items() if len(text) <= 4}
            if not 1900 <= numbers["year"] <= 2200:
                raise ValueError("year")
            return datetime.date(numbers["year"], numbers["month"], numbers.get("day", 1))
        except (ValueError, KeyError) as error:
            raise Wrong("Write a real date, such as {example}.", example=self._example()) from error

    def _example(self) -> str:
        return "27 3 2024" if self.precision == "day" else "3 2024"

    def _stored(self, day: datetime.date) -> str:
        return day.isoformat() if self.precision == "day" else day.isoformat()[:7]

    def fill_box(self, value: Any) -> dict[str, Any]:
        """Write the parts of the stored date into the boxes."""
        year, month, *day = value.split("-")
        data = {"year": year, "month": str(int(month))}
        return data | ({"day": str(int(day[0]))} if day else {})

    def in_words(self, value: Any, answers: Mapping[str, Any], say: Say) -> str:
        """Return the date with numbers in the order people say them."""
        return "/".join(reversed(value.split("-")))

    def paper(self, say: Say) -> Paper:
        """Cells for day, month and year."""
        words = {"day": say("Day"), "month": say("Month"), "year": say("Year")}
        cells = tuple(WritingCells(4 if box == "year" else 2, words=words[box]) for box in self.boxes)
        return Paper(
            (PaperLine(boxes=self.nothing_boxes(say), cells=cells, form=f"the date, such as {self._example()}"),)
        )

    def split_boxes(self, typed: str) -> dict[str, str]:
        """Part a date typed in one field: 27 3 2024, 27/3/2024."""
        numbers = re.split(r"[\s/.\-]+", typed)
        if len(numbers) != len(self.boxes):
            raise Wrong("Write a real date, such as {example}.", example=self._example())
        return dict(zip(self.boxes, numbers, strict=True))

    def columns(self) -> list[Column]:
        """One column: a date, or year and month as text, since a month is no day."""
        type_: Literal["date", "text"] = "date" if self.precision == "day" else "text"
        return [Column(self.id, self.id, self.ask, type_, "scale", str)]

    def decode(self, cells: Mapping[str, str], gaps: Mapping[str, str]) -> dict[str, Any]:
        """Take a date as files have it, the year first."""
        value = from_cell(cells.get(self.id, ""), gaps, self._decode_date)
        return {} if value is None else {self.id: value}

    def _decode_date(self, cell: str) -> str:
        form, example = (_DAY, "2024-03-27") if self.precision == "day" else (_MONTH, "2024-03")
        if not form.fullmatch(cell.strip()):
            raise UnfitCell("Please write a date such as {example}.", example=example)
        return cell.strip()

    def pretend(self, pretence: Pretence) -> dict[str, Any]:
        """Draw a day in range."""
        last = self.latest or datetime.date(2026, 7, 31)
        first = self.earliest or last.replace(year=last.year - 8)
        day = first + datetime.timedelta(days=pretence.rng.randrange((last - first).days + 1))
        return {self.id: self._stored(day)}


_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH: Final = re.compile("[0-9]{4}-[0-9]{2}")
