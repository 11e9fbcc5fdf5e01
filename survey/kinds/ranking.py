"""Ranking: each option gets a place. No dragging, so that a keyboard and a switch can do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from wtforms import Field as FormField
from wtforms import SelectField

from survey.options import Option, Optioned
from survey.question import (
    MULTIPLE,
    TICKED_MORE,
    Choice,
    Column,
    Paper,
    PaperLine,
    Part,
    Pretence,
    Remark,
    Setting,
    Tampered,
    UnfitCell,
    WritingCells,
    Wrong,
    from_cell,
    is_missing,
    whole,
)
from survey.wording import Say


class Ranking(Optioned):
    """Options put in order by giving each a place. Stored as codes, first place first."""

    kind: Literal["ranking"] = "ranking"
    for_pupils: ClassVar[bool] = False
    example: ClassVar[str] = """\
question: matters_most
kind: ranking
ask: What matters most for music in your school?
options:
  - {code: 1, label: Instruments}
  - {code: 2, label: Time in the timetable}
  - {code: 3, label: Training for staff}
"""

    def remarks(self, setting: Setting) -> Iterator[Remark]:
        """There is no box for saying nothing."""
        yield from super().remarks(setting)
        for key in ("dont_know", "rather_not"):
            if getattr(self, key):
                yield Remark(
                    f"a ranking is left by leaving it blank. Please remove: {key}: yes",
                    (key,),
                    sentence=True,
                )

    def option_remarks(self, options: Sequence[Option], setting: Setting) -> Iterator[Remark]:
        """Few enough to compare; each option can be ranked."""
        yield from super().option_remarks(options, setting)
        if len(options) > 7:
            yield Remark(
                f"asks to rank {len(options)} options. People can compare about five. Please use fewer",
                ("options",),
                advice=True,
            )
        for at, option in enumerate(options):
            if option.exclusive or option.other:
                yield Remark(
                    f"option {option.label!r} cannot be 'other' or 'exclusive' in a ranking. Please remove that",
                    ("options", at),
                    sentence=True,
                )

    def fields(self, part: Part, say: Say, seed: int = 0) -> dict[str, FormField]:
        """Return one list of places per option."""
        places = [Choice("", say("Choose a place"))]
        places += [Choice(str(n), say("Place {n}", n=n)) for n in range(1, len(self.choices) + 1)]
        return {
            str(option.code): SelectField(option.label, choices=places, validate_choice=False)
            for option in self.in_order(seed)
        }

    def first_field(self, part: Part, name: str) -> str:
        """Errors link to the first list."""
        return f"{name}-{self.choices[0].code}"

    def read(self, part: Part, data: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
        """Take a place for each option, each place once."""
        places = {code: data.get(str(code)) or "" for code in self.labels}
        allowed = {"", *(str(n) for n in range(1, len(places) + 1))}
        if not allowed.issuperset(places.values()):
            raise Tampered(self.id)
        if not any(places.values()):
            return self.nothing_said("Give each one a place.")
        if not all(places.values()):
            raise Wrong("Give each one a place.")
        if len(set(places.values())) < len(places):
            raise Wrong("Put each in a different place.")
        return {self.id: sorted(places, key=lambda code: int(places[code]))}

    def fill(self, part: Part, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Choose the stored places."""
        value = answers.get(self.id)
        if value is None or is_missing(value):
            return {}
        return {str(code): str(place) for place, code in enumerate(value, start=1)}

    def paper(self, say: Say) -> Paper:
        """One option under the other, each with a cell for its place."""
        options = self.choices if self.shuffled else self.in_order(0)
        most = len(options)
        return Paper(
            tuple(
                PaperLine(
                    str(option.code),
                    option.label,
                    cells=(WritingCells(len(str(most))),),
                    form=f"its place, 1 to {most}",
                )
                for option in options
            ),
            say("Write 1 beside the first, 2 beside the second, up to {most}. Use each number once.", most=most),
        )

    @property
    def please_key(self) -> str:
        """What to key, in English."""
        return f"Type the places, 1 to {len(self.choices)}. Type ? in each if the form gives no clear order."

    def from_paper(self, said: Mapping[str, str]) -> dict[str, Any]:
        """Take the places. An order with gaps, or with a place given twice, is none: m in any field says so."""
        if any(place.lower() == TICKED_MORE for place in said.values()):
            return self.unsaid(MULTIPLE)
        return self.read(self.parts[0], said)

    def in_words(self, value: Any, answers: Mapping[str, Any], say: Say) -> str:
        """Return the labels in order."""
        return "; ".join(f"{place}. {self.labels[code]}" for place, code in enumerate(value, start=1))

    def columns(self) -> list[Column]:
        """One column per option with its place (1 is first), and one readable column."""
        labels = self.labels
        readable = Column(
            self.id,
            self.id,
            self.ask,
            "text",
            "nominal",
            lambda value: "; ".join(labels[code] for code in value),
            needed=False,
        )
        places = [
            Column(
                f"{self.id}_{option.code}",
                self.id,
                f"{self.title}: place of {option.label}",
                "number",
                "ordinal",
                _place(option.code),
                option=option.label,
            )
            for option in self.choices
        ]
        return [readable, *places]

    def decode(self, cells: Mapping[str, str], gaps: Mapping[str, str]) -> dict[str, Any]:
        """Take the place of each option, each place once."""
        places = {code: from_cell(cells.get(f"{self.id}_{code}", ""), gaps, self._decode_place) for code in self.labels}
        values = list(places.values())
        if not any(isinstance(value, int) for value in values):
            # No place at all: every cell has to give the same reason.
            if any(value != values[0] for value in values):
                raise Wrong("Give each one a place.")
            return {} if values[0] is None else {self.id: values[0]}
        if not all(isinstance(value, int) for value in values):
            raise Wrong("Give each one a place.")
        if len(set(values)) < len(values):
            raise Wrong("Put each in a different place.")
        return {self.id: sorted(places, key=lambda code: int(places[code]))}

    def _decode_place(self, cell: str) -> int:
        last = len(self.choices)
        if whole(cell) not in map(str, range(1, last + 1)):
            raise UnfitCell("A place is a whole number from 1 to {last}. Please correct this.", last=last)
        return int(whole(cell))

    def pretend(self, pretence: Pretence) -> dict[str, Any]:
        """Shuffle, with a lean to the author's order."""
        codes = list(self.labels)
        weight = {code: at + pretence.rng.gauss(0, 1.5) for at, code in enumerate(codes)}
        return {self.id: sorted(codes, key=lambda code: weight[code])}


def _place(code: int) -> Callable[[Any], int]:
    return lambda value: int(value.index(code)) + 1
