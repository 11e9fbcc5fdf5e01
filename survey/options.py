"""Questions with options: what faces, ratings, frequencies, choices and rankings have in common."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from wtforms import Field as FormField
from wtforms import RadioField, StringField

from survey.authored import WholeNumber
from survey.problems import FIRST
from survey.question import (
    BLANK,
    OTHER,
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
    Text,
    UnfitCell,
    Wrong,
    from_cell,
    is_blank,
    is_missing,
    missing,
    said_for,
    said_instead,
    ways_of_saying_nothing,
    whole,
)
from survey.wording import Say, in_english

ORDERS = 24
"""How many different shuffles there are: a response's seed is 0 to ORDERS - 1, so pages can be kept ready."""

LONGEST_OTHER = 200

LARGEST_CODE: Final = 2_147_483_620
"""The largest whole number Stata's long holds."""

FACES = tuple(f"{family}-{n}" for family in ("feel", "enjoy") for n in range(1, 6))
"""The names of our own drawings: feel-1 (very sad) to feel-5 (very happy); enjoy-1 (plain) to enjoy-5 (big laugh)."""


class Option(BaseModel):
    """One option: the code that is stored, the label that is read, and what goes with it."""

    model_config = ConfigDict(extra="forbid")

    code: WholeNumber = Field(ge=0, description="The number that is stored; it never changes")
    label: Text = Field(min_length=1, description="The words on the option")
    was: str | None = Field(
        None, description=("Its label in the version before, if the words have changed but not the meaning")
    )
    face: str | None = Field(None, description="A face: feel-1 to feel-5 or enjoy-1 to enjoy-5")
    picture: str | None = Field(None, description="A picture beside the words")
    other: bool = Field(False, description="Opens a box for people's own words")
    exclusive: bool = Field(False, description="Cannot be chosen together with another (none of these)")


def _list_or_name(value: Any) -> str:
    return "list" if isinstance(value, list | tuple) else "name"


Options = Annotated[
    Annotated[str, Tag("name")] | Annotated[list[Option], Tag("list")],
    Discriminator(_list_or_name),
]
"""The name of an option list, or the list itself."""


class OptionQuestion(Question):
    """A question with a list of options, which its author may have named and written once for many."""

    options: Options | None = Field(None, description="The name of an option list, or the list itself")
    option_list: str | None = Field(None, exclude=True)

    def use_lists(self, lists: Mapping[str, Sequence[Option]]) -> None:
        """Replace the name of a list by the list, keeping the name for translators."""
        if isinstance(self.options, str):
            options = list(lists[self.options])
            self.option_list, self.options = self.options, options

    @property
    def choices(self) -> list[Option]:
        """The options in the author's order. The definition has replaced a list's name by the list."""
        if not isinstance(self.options, list):
            raise TypeError(f"option list {self.options!r} of {self.id!r} was not looked up")
        return self.options

    @property
    def labels(self) -> dict[int, str]:
        """Code -> label, in the author's order."""
        return {option.code: option.label for option in self.choices}

    @property
    def meanings(self) -> Mapping[int, str]:
        """The label of each code."""
        return self.labels

    def earlier_words(self, code: int) -> str:
        """Return what the option's author says it was called."""
        return self.option(code).was or ""

    def option(self, code: int) -> Option:
        """Return the option with this code. Raises KeyError."""
        for option in self.choices:
            if option.code == code:
                return option
        raise KeyError(code)

    def remarks(self, setting: Setting) -> Iterator[Remark]:
        """Also look at the options, once their list is known."""
        yield from super().remarks(setting)
        if isinstance(self.options, list):
            yield from self.option_remarks(self.options, setting)

    def option_remarks(self, options: Sequence[Option], setting: Setting) -> Iterator[Remark]:
        """Yield what is wrong with the options: enough of them, codes and labels once each, faces that exist."""
        if len(options) < 2:
            yield Remark(
                "has fewer than two options. A choice needs at least two. Please add options",
                ("options",),
            )
        # A named list is looked at where it stands, once, not at each question that uses it.
        if self.option_list is None:
            yield from list_remarks(options)


class Optioned(OptionQuestion):
    """A question whose answer comes from a list of options."""

    options: Options = Field(description="The name of an option list, or the list itself")
    order: Literal["fixed", "reversed", "shuffled"] = Field("fixed", description="The order of the options")

    @property
    def shuffled(self) -> bool:
        """Whether respondents see the options in different orders."""
        return self.order == "shuffled"

    def in_order(self, seed: int) -> list[Option]:
        """Return the options as a respondent with this seed (0 to ORDERS - 1) sees them.

        Options that stand apart (none of these, something else) stay at the end.
        """
        if self.order == "fixed":
            return self.choices
        apart = [o for o in self.choices if o.other or o.exclusive]
        moving = [o for o in self.choices if not (o.other or o.exclusive)]
        if self.order == "reversed":
            return moving[::-1] + apart
        random.Random(f"{self.id}:{seed}").shuffle(moving)
        return moving + apart

    def value_of(self, word: str) -> int:
        """Return the code an author wrote in a condition; it must be one of the options."""
        codes = {str(code): code for code in self.labels}
        if word not in codes:
            raise ValueError(f"the codes of {self.id!r} are {', '.join(codes)}")
        return codes[word]

    @property
    def other_key(self) -> str | None:
        """The answer key of the text behind “something else”, where an option opens one."""
        return f"{self.id}.other" if any(o.other for o in self.choices) else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The question's id, and the key of the text behind “something else”."""
        keys = super().keys
        return (*keys, self.other_key) if self.other_key else keys

    @property
    def own_words(self) -> tuple[str, ...]:
        """The text behind “something else”."""
        return (self.other_key,) if self.other_key and self.stored else ()

    @property
    def longest_beside(self) -> int:
        """The most characters that the box behind “something else” takes."""
        return LONGEST_OTHER

    def read_other(self, chosen: bool, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer for the text behind “something else”. No one has to fill it in."""
        if not self.other_key:
            return {}
        text = (data.get(OTHER) or "") if chosen else ""
        if len(text) > LONGEST_OTHER:
            raise Wrong(
                "Write at most {longest} characters. You wrote {written}.",
                longest=LONGEST_OTHER,
                written=len(text),
            )
        return {self.other_key: missing(BLANK) if is_blank(text) else text}

    def fill_other(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return the form data of the box behind “something else”."""
        text = answers.get(self.other_key or "")
        return {OTHER: text} if isinstance(text, str) else {}

    def label_of(self, code: int, answers: Mapping[str, Any]) -> str:
        """Return the label of a code, with the own words behind “something else”."""
        text = answers.get(self.other_key or "")
        label = self.labels[code]
        return f"{label}: {text}" if isinstance(text, str) and self.option(code).other else label

    def paper(self, say: Say) -> Paper:
        """A box for each option, always in the order in which a fixed order would show them."""
        return Paper((PaperLine(boxes=(*self.option_boxes(), *self.nothing_boxes(say))),))

    def option_boxes(self) -> tuple[Box, ...]:
        """Return the options as boxes. Paper is printed once for all, so shuffled options stand as written."""
        options = self.choices if self.shuffled else self.in_order(0)
        return tuple(
            Box(str(o.code), o.label, art=f"faces/{o.face}" if o.face else None, picture=o.picture, write=o.other)
            for o in options
        )

    def other_column(self) -> list[Column]:
        """Return the column of the text behind “something else”, where there is one."""
        if not self.other_key:
            return []
        label = f"{self.title}: what, in their own words"
        return [
            Column(
                f"{self.id}_other",
                self.other_key,
                label,
                "text",
                "nominal",
                str,
                private=True,
                needed=False,
            )
        ]

    def decode_code(self, cell: str) -> int:
        """Return the code that stands in a cell. Raises Wrong."""
        try:
            return self.value_of(whole(cell))
        except ValueError as error:
            codes = ", ".join(map(str, self.labels))
            raise UnfitCell(
                "This is not one of the question's codes, which are {codes}. Please correct it.", codes=codes
            ) from error

    def decode_other(self, cells: Mapping[str, str], chosen: bool) -> dict[str, Any]:
        """Return the text behind “something else” from its cell; chosen: whether its option is. Raises Wrong."""
        text = cells.get(f"{self.id}_other", "")
        if self.other_key and is_blank(text):
            return {self.other_key: missing(BLANK)}
        if self.other_key and chosen:
            return {self.other_key: text}
        if not is_blank(text):
            raise UnfitCell(
                "There are words here, but the option they belong to is not chosen. Please correct one of the two."
            )
        return {}

    def pretend_other(self, chosen: bool, pretence: Pretence) -> dict[str, Any]:
        """Return an invented text behind “something else”."""
        if not self.other_key:
            return {}
        if not chosen or not pretence.texts:
            return {self.other_key: missing(BLANK)}
        return {self.other_key: pretence.rng.choice(pretence.texts)[:LONGEST_OTHER]}


class OneOf(Optioned):
    """A question answered by one of its options."""

    measure: ClassVar[Literal["nominal", "ordinal"]] = "nominal"
    please_pick: ClassVar[str] = "Pick one answer."
    please_pick_or: ClassVar[str] = "Pick one answer, or pick “I don’t know”."

    def fields(self, part: Part, say: Say, seed: int = 0) -> dict[str, FormField]:
        """Return one group of radio buttons, and a text field where an option opens one."""
        choices = [Choice(str(o.code), o.label) for o in self.in_order(seed)]
        choices += [Choice(value, words) for value, words in ways_of_saying_nothing(self, say)]
        fields: dict[str, FormField] = {"": RadioField(choices=choices, validate_choice=False)}
        if self.other_key:
            fields[OTHER] = StringField()
        return fields

    def read(self, part: Part, data: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
        """Take the chosen code, or what was said instead."""
        chosen = data.get("")
        if not chosen:
            words = self.please_pick_or if self.dont_know else self.please_pick
            return self.nothing_said(words) | self.read_other(False, data)
        instead = said_instead(chosen)
        offered = [value for value, _ in ways_of_saying_nothing(self, in_english)]
        if instead and chosen in offered:
            return {self.id: instead} | self.read_other(False, data)
        try:
            code = self.value_of(chosen)
        except ValueError as error:
            raise Tampered(self.id) from error
        return {self.id: code} | self.read_other(self.option(code).other, data)

    def fill(self, part: Part, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Choose the radio button of the stored answer."""
        value = answers.get(self.id)
        return {"": said_for(value)} | self.fill_other(answers)

    def first_field(self, part: Part, name: str) -> str:
        """Errors link to the first radio button."""
        return f"{name}-0"

    def in_words(self, value: Any, answers: Mapping[str, Any], say: Say) -> str:
        """Return the label, with the own words behind “something else”."""
        return self.label_of(value, answers)

    def piped(self, value: Any, answers: Mapping[str, Any], say: Say) -> str:
        """Return the label, or the own words alone: “banjo”, not “Something else: banjo”."""
        text = answers.get(self.other_key or "")
        return text if isinstance(text, str) and self.option(value).other else self.labels[value]

    def from_paper(self, said: Mapping[str, str]) -> dict[str, Any]:
        """Take the code printed beside the ticked box, and the own words behind it.

        Own words at a box that is not ticked say which was meant: the form would have no other way to hold them.
        """
        others = [str(option.code) for option in self.choices if option.other]
        if "" not in said and len(others) == 1:
            said = {"": others[0], **said}
        return self.read(self.parts[0], {"": said.get("", "").lower(), "other": said.get("other", "")})

    def columns(self) -> list[Column]:
        """One column of codes, and one of own words where an option asks for them."""
        main = Column(self.id, self.id, self.ask, "code", self.measure, int, self.labels)
        return [main, *self.other_column()]

    def decode(self, cells: Mapping[str, str], gaps: Mapping[str, str]) -> dict[str, Any]:
        """Take the code, and the own words behind “something else”."""
        value = from_cell(cells.get(self.id, ""), gaps, self.decode_code)
        other = self.decode_other(cells, isinstance(value, int) and self.option(value).other)
        return {} if value is None else {self.id: value} | other

    def pretend(self, pretence: Pretence) -> dict[str, Any]:
        """Choose by the latent value where options are ordered, else by chance."""
        codes = [option.code for option in self.choices]
        if self.measure == "ordinal":
            code = codes[_step(pretence.latent + pretence.rng.gauss(0, 0.8), len(codes))]
        else:
            code = pretence.rng.choice(codes)
        return {self.id: code} | self.pretend_other(self.option(code).other, pretence)


def not_points(options: Sequence[Option], please: str) -> Iterator[Remark]:
    """Yield a remark for each option that stands apart, where all have to be points of a scale. please: what to do."""
    for at, option in enumerate(options):
        if option.other or option.exclusive:
            yield Remark(
                f"option {option.label!r} is not a point of a scale. Points cannot be 'other' or 'exclusive'. {please}",
                ("options", at),
                sentence=True,
            )


class Rated(OneOf):
    """One of several ordered, labelled points: a number for scales."""

    measure: ClassVar[Literal["nominal", "ordinal"]] = "ordinal"
    rated: ClassVar[bool] = True

    def number(self, value: Any) -> float | None:
        """Return the code of the point as a number."""
        return None if is_missing(value) else float(value)

    @property
    def number_range(self) -> tuple[float, float] | None:
        """Lowest and highest code of the option list."""
        codes = list(self.labels)
        return float(min(codes)), float(max(codes))

    def option_remarks(self, options: Sequence[Option], setting: Setting) -> Iterator[Remark]:
        """Points are all points: nothing stands apart, and their codes rise or fall."""
        yield from super().option_remarks(options, setting)
        yield from not_points(options, "Please remove that, or use kind: choice")
        codes = [option.code for option in options]
        if len(set(codes)) < len(codes):
            return  # told where the code stands
        if codes not in (sorted(codes), sorted(codes, reverse=True)):
            yield Remark(
                "has points whose codes go up and down. Please put them in order",
                ("options",),
            )


class InWords(Rated):
    """Rated points that are read as words: faces are for feelings, and adults read less beside them (rule P10).

    Children see beside the words how much of it each point is: `sign` is drawn the fuller, the higher the code.
    """

    sign: ClassVar[Literal["jar", "beads"]] = "jar"

    def level(self, code: int) -> tuple[int, int]:
        """Return how full the sign of a point is, from 0 for the lowest code, and of the highest."""
        codes = sorted(self.labels)
        return codes.index(code), len(codes) - 1

    def option_remarks(self, options: Sequence[Option], setting: Setting) -> Iterator[Remark]:
        """No point has a face."""
        yield from super().option_remarks(options, setting)
        for at, option in enumerate(options):
            if option.face:
                yield Remark(
                    f"option {option.label!r} has a face, and kind '{self.kind}' is made of words. "
                    "Please remove the face, or use kind: faces",
                    ("options", at, "face"),
                    sentence=True,
                )


def list_remarks(options: Sequence[Option]) -> Iterator[Remark]:
    """Yield what is wrong with a list of options, whichever question uses it."""
    seen: dict[int, int] = {}
    labels: dict[str, int] = {}
    for at, option in enumerate(options):
        if option.code > LARGEST_CODE:
            yield Remark(
                f"code {option.code} is larger than data files can hold. Please use small numbers: 1, 2, 3",
                ("options", at, "code"),
                sentence=True,
            )
        if option.code in seen:
            yield Remark(
                f"code {option.code} is there twice, first on {FIRST}. Each option needs its own code. "
                "Please change one",
                ("options", at, "code"),
                first=("options", seen[option.code], "code"),
                sentence=True,
            )
        seen.setdefault(option.code, at)
        if option.label.casefold() in labels:
            yield Remark(
                f"label {option.label!r} is there twice, first on {FIRST}. Respondents cannot tell them apart. "
                "Please change one",
                ("options", at, "label"),
                first=("options", labels[option.label.casefold()], "label"),
                sentence=True,
            )
        labels.setdefault(option.label.casefold(), at)
        if option.face and option.face not in FACES:
            yield Remark(
                f"there is no face {option.face!r}. Faces are feel-1 to feel-5 and enjoy-1 to enjoy-5",
                ("options", at, "face"),
                sentence=True,
            )


def _step(latent: float, points: int) -> int:
    """Cut a latent value about N(0, 1.3) into `points` steps, 0 to points - 1, most answers above the middle."""
    share = (latent + 0.5 + 2.2) / 4.4
    return max(0, min(points - 1, int(share * points)))
