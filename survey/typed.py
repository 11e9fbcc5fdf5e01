"""Questions answered by typing: what numbers, dates and texts have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from wtforms import Field as FormField
from wtforms import SelectMultipleField, TextAreaField

from survey.question import (
    BLANK,
    DONT_KNOW,
    MULTIPLE,
    TICKED_MORE,
    Choice,
    Column,
    Paper,
    PaperLine,
    Part,
    Pretence,
    Question,
    Tampered,
    Wrong,
    from_cell,
    is_blank,
    is_missing,
    missing,
    said_for,
    said_instead,
    ways_of_saying_nothing,
)
from survey.wording import Say, in_english


class Typed(Question):
    """A question answered by typing. Beside its box stand tick boxes for saying nothing."""

    def instead_field(self, say: Say) -> dict[str, FormField]:
        """Return the tick boxes for saying nothing, under the suffix 'instead'; none where none is offered."""
        choices = [Choice(value, words) for value, words in ways_of_saying_nothing(self, say)]
        return {"instead": SelectMultipleField(choices=choices, validate_choice=False)} if choices else {}

    def instead(self, data: Mapping[str, Any], typed: bool) -> dict[str, Any] | None:
        """Return the answer when a box is ticked; None when none is.

        Raises Wrong when something was typed as well, Tampered when the box is not one of ours.
        """
        ticked = data.get("instead") or []
        if not ticked:
            return None
        offered = [value for value, _ in ways_of_saying_nothing(self, in_english)]
        if any(value not in offered for value in ticked):
            raise Tampered(self.id)
        if typed or len(ticked) > 1:
            raise Wrong("Choose one: write an answer, or tick one of the boxes.")
        return {self.id: said_instead(ticked[0])}

    def fill(self, part: Part, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Write the stored value into the box, or tick the box for saying nothing."""
        value = answers.get(self.id)
        if value is None:
            return {}
        if not is_missing(value):
            return self.fill_box(value)
        said = said_for(value)
        return {"instead": [said] if said else []}

    def from_paper(self, said: Mapping[str, str]) -> dict[str, Any]:
        """Take a code of a box for saying nothing, which no number or date can be, or what was written."""
        typed = said.get("", "")
        if typed.lower() in (value for value, _ in ways_of_saying_nothing(self, in_english)):
            return self.read(self.parts[0], {"instead": [typed.lower()]})
        return self.read(self.parts[0], self.split_boxes(typed))

    def split_boxes(self, typed: str) -> dict[str, str]:
        """Return form data for what a keyer typed in one field."""
        return {"": typed}

    def fill_box(self, value: Any) -> dict[str, Any]:
        """Return the form data for a substantive value."""
        return {"": str(value)}


class Written(Typed):
    """A text, kept exactly as typed, up to `longest` characters."""

    longest: int = 1000

    @property
    def own_words(self) -> tuple[str, ...]:
        """The text itself."""
        return (self.id,)

    def box(self) -> FormField:
        """Return the field that is typed into."""
        raise NotImplementedError

    def fields(self, part: Part, say: Say, seed: int = 0) -> dict[str, FormField]:
        """Return the box and the tick boxes beside it."""
        return {"": self.box()} | self.instead_field(say)

    def read(self, part: Part, data: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
        """Take the text as typed; spaces alone are nothing."""
        text = data.get("") or ""
        instead = self.instead(data, not is_blank(text))
        if instead:
            return instead
        if len(text) > self.longest:
            raise Wrong(
                "Write at most {longest} characters. You wrote {written}.",
                longest=self.longest,
                written=len(text),
            )
        return (
            {self.id: text} if not is_blank(text) else self.nothing_said("Write an answer, or tick one of the boxes.")
        )

    def offline(self) -> Mapping[str, Any] | None:
        """Say how long a text may be."""
        return {"text": self.longest}

    rows: ClassVar[int] = 1
    """How many lines there are to write on, on paper."""

    def paper(self, say: Say) -> Paper:
        """Lines to write on, and below them the boxes for saying nothing."""
        lines = [PaperLine(lines=self.rows)]
        if boxes := self.nothing_boxes(say):
            lines.append(PaperLine("instead", boxes=boxes, label="box below the lines"))
        return Paper(tuple(lines))

    def from_paper(self, said: Mapping[str, str]) -> dict[str, Any]:
        """Take the text, or the code of a box. A text and a ticked box together are one answer too many."""
        box = said.get("instead", "").lower()
        if box == TICKED_MORE or (box and said.get("")):
            return self.unsaid(MULTIPLE)
        return self.read(self.parts[0], {"": said.get("", ""), "instead": [box] if box else []})

    def columns(self) -> list[Column]:
        """One column of text."""
        return [Column(self.id, self.id, self.ask, "text", "nominal", str)]

    def decode(self, cells: Mapping[str, str], gaps: Mapping[str, str]) -> dict[str, Any]:
        """Take the text as it stands."""
        value = from_cell(cells.get(self.id, ""), gaps, str)
        return {} if value is None else {self.id: value}

    def pretend(self, pretence: Pretence) -> dict[str, Any]:
        """Write one of the pretended texts, or nothing."""
        if not pretence.texts or pretence.rng.random() < 0.5:
            return {self.id: missing(DONT_KNOW if self.required else BLANK)}
        return {self.id: pretence.rng.choice(pretence.texts)[: self.longest]}


class PlainTextArea(TextAreaField):
    """A text area that keeps what was typed, but for the line ends that browsers put in.

    HTML sends every line end as CR LF; the person typed one line end.
    """

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Take the text, its line ends made single."""
        if valuelist:
            self.data = valuelist[0].replace("\r\n", "\n")
