"""Several choices: tick all that apply."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field
from wtforms import Field as FormField
from wtforms import SelectMultipleField, StringField

from survey.authored import WholeNumber
from survey.options import Option, Optioned
from survey.question import (
    OTHER,
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
    Wrong,
    from_cell,
    is_missing,
    said_for,
    said_instead,
    ways_of_saying_nothing,
    whole,
)
from survey.wording import Say, in_english


class Several(Optioned):
    """Any number of options. An exclusive one (none of these) excludes the others. Stored as a list of codes."""

    kind: Literal["several"] = "several"
    least: WholeNumber | None = Field(None, ge=1, description="The fewest options that have to be ticked")
    most: WholeNumber | None = Field(None, ge=1, description="The most options that can be ticked")
    example: ClassVar[str] = """\
question: places
kind: several
ask: Where have you made music this year?
options:
  - {code: 1, label: In class}
  - {code: 2, label: In an after-school group}
  - {code: 3, label: In a concert hall}
  - {code: 8, label: Somewhere else, other: yes}
  - {code: 9, label: None of these, exclusive: yes}
"""

    def option_remarks(self, options: Sequence[Option], setting: Setting) -> Iterator[Remark]:
        """Limits must be possible, and none must be sayable."""
        yield from super().option_remarks(options, setting)
        together = sum(not option.exclusive for option in options)
        if self.least and self.least > together:
            yield Remark(
                f"asks for at least {self.least} of {together} options, which cannot be done. Please lower 'least'",
                ("least",),
            )
        if self.most and self.most > together:
            yield Remark(
                f"takes at most {self.most} of {together} options that go together, which limits nothing. "
                "Please lower 'most', or remove it",
                ("most",),
            )
        if self.least and self.most and self.least > self.most:
            yield Remark(
                f"asks for at least {self.least} and at most {self.most}. Please swap them",
                ("least",),
            )
        if not any(option.exclusive for option in options):
            yield Remark(
                "has no way to say none. Without it, “none” cannot be told from “left out”. "
                "Please add an option such as {code: 9, label: None of these, exclusive: yes}",
                ("options",),
                advice=True,
            )

    def fields(self, part: Part, say: Say, seed: int = 0) -> dict[str, FormField]:
        """Return one group of tick boxes, and a text field where an option opens one."""
        choices = [Choice(str(o.code), o.label) for o in self.in_order(seed)]
        choices += [Choice(value, words) for value, words in ways_of_saying_nothing(self, say)]
        fields: dict[str, FormField] = {"": SelectMultipleField(choices=choices, validate_choice=False)}
        if self.other_key:
            fields[OTHER] = StringField()
        return fields

    def read(self, part: Part, data: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
        """Take the ticked codes, in the author's order whatever order they were shown in."""
        ticked = list(data.get("") or [])
        self._refuse_impossible(ticked, seed)
        if not ticked:
            words = "Pick one answer, or pick “I don’t know”." if self.dont_know else "Pick one answer."
            return self.nothing_said(words) | self.read_other(False, data)
        instead = [value for value in ticked if said_instead(value)]
        if instead:
            if len(ticked) > 1:
                raise self._clash(instead[0])
            return {self.id: said_instead(instead[0])} | self.read_other(False, data)
        codes = [code for code in self.labels if str(code) in ticked]
        self._refuse_unfit(codes)
        return {self.id: codes} | self.read_other(any(self.option(code).other for code in codes), data)

    def _refuse_impossible(self, ticked: list[str], seed: int) -> None:
        shown = [str(o.code) for o in self.in_order(seed)]
        shown += [value for value, _ in ways_of_saying_nothing(self, in_english)]
        places = [shown.index(value) if value in shown else -1 for value in ticked]
        # A browser sends each ticked box once, in the order in which they stand.
        if -1 in places or places != sorted(set(places)):
            raise Tampered(self.id)

    def _refuse_unfit(self, codes: list[int]) -> None:
        exclusive = [code for code in codes if self.option(code).exclusive]
        if exclusive and len(codes) > 1:
            raise Wrong(
                "You chose “{exclusive}” and something else. Choose only one of the two.",
                exclusive=self.labels[exclusive[0]],
            )
        if self.least and not exclusive and len(codes) < self.least:
            raise Wrong("Choose at least {least}.", least=self.least)
        if self.most and len(codes) > self.most:
            raise Wrong("Choose at most {most}.", most=self.most)

    def _clash(self, said: str) -> Wrong:
        words = dict(ways_of_saying_nothing(self, in_english))[said]
        return Wrong(
            "You chose “{exclusive}” and something else. Choose only one of the two.",
            exclusive=words,
        )

    def fill(self, part: Part, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Tick the boxes of the stored codes."""
        value = answers.get(self.id)
        if value is None:
            return {}
        if is_missing(value):
            said = said_for(value)
            return {"": [said] if said else []}
        return {"": [str(code) for code in value]} | self.fill_other(answers)

    def offline(self) -> Mapping[str, Any] | None:
        """Say which code each box stands for, which of them stand alone, and how many are asked for."""
        nothing = [value for value, _ in ways_of_saying_nothing(self, in_english)]
        return {
            "codes": {str(code): code for code in self.labels} | {value: said_instead(value) for value in nothing},
            "alone": [str(option.code) for option in self.choices if option.exclusive] + nothing,
            "least": self.least or 1,
            "most": self.most or len(self.choices),
        }

    def paper(self, say: Say) -> Paper:
        """A box for each option; more than one may be ticked."""
        return Paper(
            (
                PaperLine(
                    boxes=(*self.option_boxes(), *self.nothing_boxes(say)),
                    many=True,
                    form="all codes, separated by spaces",
                ),
            )
        )

    def from_paper(self, said: Mapping[str, str]) -> dict[str, Any]:
        """Take the codes of all ticked boxes, in any order, and the own words behind one of them."""
        boxes = [box.code for line in self.paper(in_english).lines for box in line.boxes]
        typed = set(re.split(r"[\s,;]+", said.get("", "").lower())) - {""}
        others = [str(option.code) for option in self.choices if option.other]
        if said.get(OTHER) and len(others) == 1:
            typed.add(others[0])
        if not typed <= set(boxes):
            raise Wrong(self.please_key)
        ticked = [code for code in boxes if code in typed]
        return self.read(self.parts[0], {"": ticked, OTHER: said.get(OTHER, "")})

    @property
    def please_key(self) -> str:
        """What to key, in English."""
        codes = [box.code for line in self.paper(in_english).lines for box in line.boxes]
        return f"Type what is printed beside all ticked boxes, separated by spaces: {' '.join(codes)}."

    def first_field(self, part: Part, name: str) -> str:
        """Errors link to the first tick box."""
        return f"{name}-0"

    def in_words(self, value: Any, answers: Mapping[str, Any], say: Say) -> str:
        """Return the labels, separated by semicolons."""
        return "; ".join(self.label_of(code, answers) for code in value)

    def columns(self) -> list[Column]:
        """One 0/1 column per option, in the author's order, one readable column, and own words."""
        flags = [
            Column(
                f"{self.id}_{option.code}",
                self.id,
                f"{self.title}: {option.label}",
                "flag",
                "nominal",
                _ticked(option.code),
                {0: "not ticked", 1: "ticked"},
                option=option.label,
            )
            for option in self.choices
        ]
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
        return [readable, *flags, *self.other_column()]

    def decode(self, cells: Mapping[str, str], gaps: Mapping[str, str]) -> dict[str, Any]:
        """Take the 0 or 1 of each option, and the own words; the readable column says nothing more."""
        ticks = {code: from_cell(cells.get(f"{self.id}_{code}", ""), gaps, _decode_tick) for code in self.labels}
        values = list(ticks.values())
        if all(isinstance(value, int) for value in values):
            codes = [code for code, ticked in ticks.items() if ticked]
            return {self.id: codes} | self.decode_other(cells, any(self.option(code).other for code in codes))
        if any(value != values[0] for value in values):
            raise UnfitCell("Give 0 or 1 for each option, or the same missing code for all of them.")
        other = self.decode_other(cells, False)
        return {} if values[0] is None else {self.id: values[0]} | other

    def pretend(self, pretence: Pretence) -> dict[str, Any]:
        """Tick some by chance, none of the others beside an exclusive one, within the limits."""
        together = [option for option in self.choices if not option.exclusive]
        alone = [option for option in self.choices if option.exclusive]
        if alone and pretence.rng.random() < 0.15:
            return {self.id: [alone[0].code]} | self.pretend_other(False, pretence)
        low, high = self.least or 1, min(self.most or len(together), len(together))
        count = min(high, max(low, 1 + int(pretence.rng.random() ** 2 * len(together))))
        chosen = set(pretence.rng.sample([option.code for option in together], count))
        codes = [code for code in self.labels if code in chosen]
        return {self.id: codes} | self.pretend_other(any(self.option(c).other for c in codes), pretence)


def _ticked(code: int) -> Callable[[Any], int]:
    return lambda value: int(code in value)


def _decode_tick(cell: str) -> int:
    if whole(cell) not in ("0", "1"):
        raise UnfitCell("A box is 1 if ticked and 0 if not. Please correct this.")
    return int(whole(cell))
