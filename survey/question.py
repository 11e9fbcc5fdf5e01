"""The contract: everything that any kind of question can do.

A kind is a subclass of :class:`Question` in ``survey/kinds/``, with its template beside it. The rest of the
program only ever speaks to this contract; nothing outside ``kinds/`` asks which kind a question is.

Answers of one response are a flat mapping *key -> value*. A question owns the key that is its id and may own
private keys that begin with its id and a dot (``instrument.other``). A value is what JSON can hold; an answer
that is not a substantive one is :func:`missing`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from wtforms import Field as FormField

# The stubs that mypy reads are older than this class.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from survey.wording import Say, in_english

Choice = SelectChoice
"""One choice of a WTForms field: its value and its words."""

Cell = int | float | str | None


class Translatable:
    """Marks a text that respondents read, and which therefore has a place in each translation file."""


Text = Annotated[str, Translatable()]
"""A text respondents read: translated in sibling files, may carry piping."""

Audience = Literal["pupil", "parent", "staff"]

BLANK: Final = "blank"
DONT_KNOW: Final = "dont_know"
RATHER_NOT: Final = "rather_not"
MULTIPLE: Final = "multiple"
REASONS: Final = (BLANK, DONT_KNOW, RATHER_NOT, MULTIPLE)

# What a form sends for an answer that is not one: short, and impossible as an option's code.
SAYS_DONT_KNOW: Final = "dk"
SAYS_RATHER_NOT: Final = "skip"
_SAID: Final = {SAYS_DONT_KNOW: DONT_KNOW, SAYS_RATHER_NOT: RATHER_NOT}
_SENT: Final = {reason: choice for choice, reason in _SAID.items()}
INSTEAD: Final[Mapping[str, str]] = {SAYS_DONT_KNOW: "dunno", SAYS_RATHER_NOT: "hush"}
"""What a form sends instead of an answer -> the drawing beside it."""

NO_NAMES: Final = "Do not write names."
"""What children are told at each box into which they type words of their own (rule P43)."""

OTHER: Final = "other"
"""The suffix of the field for own words behind “something else”, in a form and on paper."""


def missing(reason: str) -> dict[str, str]:
    """Return the stored value for an answer without substance; `reason` is one of :data:`REASONS`."""
    return {"missing": reason}


def is_missing(value: Any) -> bool:
    """Tell whether a stored value says why there is no answer, rather than giving one."""
    return isinstance(value, dict)


def is_blank(text: str) -> bool:
    """Tell whether nothing was typed but spaces and line ends. (str.strip would eat control characters, too.)"""
    return not text.strip(" \t\r\n\xa0")


def said_instead(choice: str | None) -> dict[str, str] | None:
    """Return the missing value for “I don't know” or “I don't want to say” as a form sends it, else None."""
    reason = _SAID.get(choice or "")
    return missing(reason) if reason else None


def said_for(value: Any) -> str | None:
    """Return what a form sends for a stored value: of a missing one, its code where there is a button for it."""
    if value is None:
        return None
    return _SENT.get(value["missing"]) if is_missing(value) else str(value)


class Wrong(ValueError):
    """An answer that the respondent can mend; `message` is in English, its gaps filled from `gaps`."""

    def __init__(self, message: str, **gaps: object) -> None:
        super().__init__(message)
        self.message = message
        self.gaps = gaps


class UnfitCell(Wrong):
    """What stands in a data file and is no answer at all. Its sentence is for researchers, who work in English."""


class Tampered(ValueError):
    """A post that no page of ours could have sent."""


@dataclass(frozen=True)
class Remark:
    """What a kind has to say about its own YAML: a fault that refuses publication, or advice that does not.

    `at` is the path of keys and positions below the question at which the fault lies; `first` is the path of what came
    first, where the message names its line by problems.FIRST. The message goes on after the question's name (“has …”),
    unless it is a `sentence` of its own.
    """

    message: str
    at: tuple[str | int, ...] = ()
    advice: bool = False
    first: tuple[str | int, ...] | None = None
    sentence: bool = False


@dataclass(frozen=True)
class Setting:
    """Where a question stands: who reads it and how old the youngest reader is (years)."""

    audience: Audience
    age: int

    @property
    def young(self) -> bool:
        """Whether readers are too young for more than three points or two ways of saying nothing."""
        return self.audience == "pupil" and self.age < 7


@dataclass(frozen=True)
class Column:
    """One column of a data file.

    `encode` turns a substantive stored value of `key` into a cell; missing values never reach it. `codes` maps
    each code to its label. `private` columns (a typed “other”) are empty, not missing, unless there is a text.
    `needed` tells whether an answer cannot be read back from a file without this column. `option` is, in a column
    that tells of one option (whether it was ticked, or its place), the label of that option.
    """

    name: str
    key: str
    label: str
    type: Literal["code", "number", "text", "date", "flag"]
    measure: Literal["nominal", "ordinal", "scale"]
    encode: Callable[[Any], Cell]
    codes: Mapping[int, str] = field(default_factory=dict)
    private: bool = False
    needed: bool = True
    option: str = ""


@dataclass(frozen=True)
class Part:
    """One step of a question, on a page of its own for children. Most questions have a single step.

    `key` is the answer key that the step is about; `name` tells the steps of one question apart, empty where
    there is only one. `after`: the step is asked only after this answer (key, value). `points`: the values that answer
    it, where not every value does; a blank does not then, another reason for no answer does.

    This is data, not code, because a device without a network goes by it too (survey/static/routing.js).
    """

    key: str
    name: str = ""
    after: tuple[str, int] | None = None
    points: tuple[int, ...] = ()


TICKED_MORE: Final = "m"
"""What a keyer types where more than one box is ticked and one was asked for."""

UNREADABLE: Final = "?"
"""What a keyer types where someone wrote or ticked, and no one can tell what. It counts as a blank."""


@dataclass(frozen=True)
class Box:
    """A box to tick on paper: the code printed beside it, the words, and what is drawn.

    `art` names one of our drawings, which children see; `picture` is the author's. `write`: a line for own words
    follows.
    """

    code: str
    words: str
    art: str | None = None
    picture: str | None = None
    write: bool = False


@dataclass(frozen=True)
class WritingCells:
    """Cells to write figures into: how many, how many more behind a point, and the words above or behind them."""

    count: int
    decimals: int = 0
    words: str = ""
    unit: str = ""


@dataclass(frozen=True)
class PaperLine:
    """One line of a question on paper: words, then boxes to tick, cells to write figures in, or lines to write on.

    `suffix` names the keyer's field, as in a form; two lines with the same suffix are keyed in one field. `many`:
    several boxes may be ticked. `form` says in English what a keyer types where it is no code, and `label` in English
    what the field is called where the paper has no words for it.
    """

    suffix: str = ""
    words: str = ""
    boxes: tuple[Box, ...] = ()
    many: bool = False
    cells: tuple[WritingCells, ...] = ()
    lines: int = 0
    form: str = ""
    label: str = ""


@dataclass(frozen=True)
class Paper:
    """A question on paper. `text` is more to read below the wording."""

    lines: tuple[PaperLine, ...] = ()
    text: str = ""


@dataclass
class Pretence:
    """What is needed to invent an answer: chance, a latent value about N(0, 1), and texts to choose from."""

    rng: random.Random
    latent: float = 0.0
    texts: Sequence[str] = ()


class Question(BaseModel):
    """What every kind of question has: its YAML keys, and the one contract for all of its views.

    Subclasses add their keys, set `kind` to a Literal of their module's name, and give an `example`.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(
        alias="question",
        description="The name of the question and of its column, such as sing_enjoy",
    )
    kind: str = Field(description="The kind of question")
    ask: Text = Field(description="The wording")
    hint: Text | None = Field(None, description="A short line below the wording, such as: Tap one face.")
    help: Text | None = Field(None, description="More explanation, for people who want it")
    short: Text | None = Field(None, description="A short name for the check-your-answers page and for charts")
    picture: str | None = Field(None, description="A picture of what is asked about (never of how to feel)")
    picture_text: Text | None = Field(None, description="What the picture shows, in words, if it matters")
    picture_licence: str | None = Field(None, description="Who made the picture, and its licence")
    audio: str | None = Field(
        None, description="The recording of the wording, if its file has a name of its own: a file in audio/"
    )
    required: bool | None = Field(None, description="Whether Next asks once more if nothing is chosen")
    dont_know: bool | None = Field(None, description="Whether “I don't know” is offered")
    rather_not: bool | None = Field(None, description="Whether “I don't want to say” is offered")
    attention: bool = Field(False, description="An item that checks attention: never part of a score")
    when: Any = Field(None, description="Asked only if this is true")
    note: str | None = Field(None, description="A note for researchers, never shown to respondents")

    # Filled in by the definition, not by the author.
    grid: str | None = Field(None, exclude=True)
    stem: str | None = Field(None, exclude=True)

    example: ClassVar[str]
    """A question of this kind in YAML: test, preview and reference documentation at once."""

    asks: ClassVar[bool] = True
    """Whether there is anything to answer (information is only read)."""

    stored: ClassVar[bool] = True
    """Whether the answer is kept (practice is not)."""

    rated: ClassVar[bool] = False
    """Whether the answer is a rating, which tires young children and can serve a scale."""

    for_adults: ClassVar[bool] = True
    for_pupils: ClassVar[bool] = True

    # ── definition ────────────────────────────────────────────────────────────────────────────────────
    def settle(self, setting: Setting) -> None:
        """Decide what the author left open, by who reads it. Children may always leave a question."""
        pupil = setting.audience == "pupil"
        if self.required is None:
            self.required = pupil
        if self.dont_know is None:
            self.dont_know = pupil
        if self.rather_not is None:
            self.rather_not = pupil and not setting.young

    def remarks(self, setting: Setting) -> Iterator[Remark]:
        """Yield what is wrong with, or could be better about, this question by itself."""
        if setting.audience == "pupil" and not self.for_pupils:
            yield Remark(
                f"{self.kind} is a kind for adults. Children cannot be asked this way",
                ("kind",),
                sentence=True,
            )
        if setting.audience != "pupil" and not self.for_adults:
            yield Remark(
                f"{self.kind} is a kind for young children. Please use 'rating' for adults",
                ("kind",),
                sentence=True,
            )
        if setting.audience == "pupil" and self.asks and self.stored and self.dont_know is False:
            yield Remark(
                "children may always leave a question, so “I don't know” has to be offered. "
                "Please remove: dont_know: no",
                ("dont_know",),
                sentence=True,
            )
        if setting.young and self.rather_not:
            yield Remark(
                "children under 7 only understand “I don't know”. Please remove: rather_not: yes",
                ("rather_not",),
                advice=True,
                sentence=True,
            )

    def use_lists(self, lists: Mapping[str, Sequence[Any]]) -> None:
        """Replace the name of an option list by the list; kinds without options have nothing to do.

        Raises KeyError with the unknown name.
        """

    def value_of(self, word: str) -> Any:
        """Return the stored value that an author means by `word` in a condition. Raises ValueError."""
        raise ValueError(f"{self.kind} has no values to compare with")

    # ── journey ───────────────────────────────────────────────────────────────────────────────────────
    def asks_part(self, part: Part, answers: Mapping[str, Any]) -> bool:
        """Tell whether this step is asked, given the answers so far; the question itself is shown anyway."""
        return part.after is None or answers.get(part.after[0]) == part.after[1]

    def answered(self, part: Part, answers: Mapping[str, Any]) -> bool:
        """Tell whether this step needs no further asking."""
        value = answers.get(part.key)
        if not part.points or value is None:
            return part.key in answers
        return bool(value["missing"] != BLANK) if is_missing(value) else value in part.points

    # ── form ──────────────────────────────────────────────────────────────────────────────────────────
    @property
    def parts(self) -> tuple[Part, ...]:
        """The steps of this question; more than one only where a child is asked in two steps."""
        return (Part(self.id),)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every answer key this question owns."""
        return tuple(part.key for part in self.parts)

    def fields(self, part: Part, say: Say, seed: int = 0) -> dict[str, FormField]:
        """Return the WTForms fields of one step: suffix -> unbound field; the main one has the suffix ''."""
        return {}

    def read(self, part: Part, data: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
        """Turn form data (suffix -> data of that field) into answers (key -> value).

        Raises Wrong, when the respondent should look again, and Tampered, when no page of ours sent it.
        """
        return {}

    def fill(self, part: Part, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Turn answers back into form data: the inverse of :meth:`read`."""
        return {}

    def offline(self) -> Mapping[str, Any] | None:
        """Return by what a device can tell, without the server, that it may keep what was typed or ticked.

        One of {"codes": {what a box sends: its code}, "alone": boxes that exclude the others, "least": …, "most": …},
        {"text": the most characters} and {"number": [smallest, largest, decimals]}, as survey/static/routing.js reads
        them; None: the server has to look at it. Radio buttons need no rule: what each of them answers is tried out.
        """
        return None

    @property
    def longest_beside(self) -> int:
        """The most characters that a box beside the options takes."""
        return 0

    @property
    def own_words(self) -> tuple[str, ...]:
        """The answer keys under which someone's own words are kept: a text, what stands behind “something else”."""
        return ()

    @property
    def shuffled(self) -> bool:
        """Whether the form depends on the respondent's seed."""
        return False

    def first_field(self, part: Part, name: str) -> str:
        """Return the id of the element that an error message links to; `name` is the main field's name."""
        return name

    def wording(self, part: Part, say: Say, answers: Mapping[str, Any]) -> str:
        """Return the wording of one step."""
        return self.ask

    def read_aloud(self, say: Say) -> Iterator[str]:
        """Yield each text that a child can hear read: wordings, hint and options, in the order of the page."""
        for part in self.parts:
            if not self.audio or part != self.parts[0]:
                yield self.wording(part, say, {})
            yield from (text for text in (self.hint or self.stem, self.help) if text)
            for unbound in self.fields(part, say).values():
                # A field is made when a form is; until then it is what it will be made of.
                yield from (str(choice.label) for choice in getattr(unbound, "kwargs", {}).get("choices", ()))

    def show(self, answers: Mapping[str, Any], say: Say) -> str | None:
        """Return the answer in words, for people; None when there is none."""
        value = answers.get(self.id)
        if value is None:
            return None
        if is_missing(value):
            return _in_words(value["missing"], say)
        return self.in_words(value, answers, say)

    def in_words(self, value: Any, answers: Mapping[str, Any], say: Say) -> str:
        """Return a substantive value in words."""
        return str(value)

    def piped(self, value: Any, answers: Mapping[str, Any], say: Say) -> str:
        """Return a substantive value as it reads within another question's wording."""
        return self.in_words(value, answers, say)

    # ── paper ─────────────────────────────────────────────────────────────────────────────────────────
    def paper(self, say: Say) -> Paper:
        """Return how the question stands on paper: nothing but its wording where nothing is asked."""
        return Paper()

    def nothing_boxes(self, say: Say) -> tuple[Box, ...]:
        """Return the boxes for “I don't know” and “I don't want to say”, as offered."""
        return tuple(Box(value, words, art=INSTEAD[value]) for value, words in ways_of_saying_nothing(self, say))

    def unsaid(self, reason: str) -> dict[str, Any]:
        """Return the answers where nothing was said, for one of :data:`REASONS`; private keys are left blank."""
        return {key: missing(reason if key == self.id else BLANK) for key in self.keys}

    def keyed(self, typed: Mapping[str, str]) -> dict[str, Any]:
        """Turn what a keyer typed off the paper (suffix -> text) into answers: those a page would have given.

        Nothing typed is a blank, whatever the author requires: paper cannot ask once more. Raises Wrong, in
        English, for what no answer on this paper can be.
        """
        said = {suffix: text.strip() for suffix, text in typed.items() if text.strip() not in ("", UNREADABLE)}
        if not said:
            return self.unsaid(BLANK)
        if said.get("", "").lower() == TICKED_MORE and self.one_box:
            return self.unsaid(MULTIPLE)
        try:
            return self.from_paper(said)
        except Tampered as fault:
            raise Wrong(self.please_key) from fault

    def from_paper(self, said: Mapping[str, str]) -> dict[str, Any]:
        """Turn a keyer's texts, of which there is one at least, into answers: by default those of its form."""
        return self.read(self.parts[0], said)

    @property
    def one_box(self) -> bool:
        """Whether one box is to be ticked, so that a respondent can tick too many."""
        return any(line.boxes for line in self.paper(in_english).lines if line.suffix == "")

    @property
    def please_key(self) -> str:
        """What to key, in English: the codes that are printed beside the boxes."""
        codes = [box.code for line in self.paper(in_english).lines for box in line.boxes]
        return f"Type what is printed beside the ticked box: {', '.join(codes)}. Type m if more than one is ticked."

    # ── data ──────────────────────────────────────────────────────────────────────────────────────────
    def columns(self) -> list[Column]:
        """Return the columns of this question in a data file, in order."""
        return []

    def decode(self, cells: Mapping[str, str], gaps: Mapping[str, str]) -> dict[str, Any]:
        """Turn the texts of this question's columns in a data file back into answers: the inverse of `columns`.

        cells: column name -> text. gaps: each missing code of the study, as text -> its reason. Returns {} where the
        file has no answer. Whether a form would have taken the answer is not looked at. Raises Wrong for what
        cannot be an answer at all.
        """
        return {}

    @property
    def meanings(self) -> Mapping[int, str]:
        """What each code that is stored stands for: code -> its words. Nothing where answers are no codes."""
        return {}

    def takes_answers_of(self, earlier: Question) -> bool:
        """Tell whether every answer to this question as it was before can still be given to it."""
        alike = type(self) is type(earlier) and self.keys == earlier.keys and self.parts == earlier.parts
        return alike and set(earlier.meanings) <= set(self.meanings)

    def earlier_words(self, code: int) -> str:
        """Return the words that a code had in the version before and that mean the same; empty where none are told."""
        return ""

    @property
    def counted_in(self) -> str:
        """The unit of a number; empty where there is none."""
        return ""

    def number(self, value: Any) -> float | None:
        """Return the number of a value for a scale, or None where it has none."""
        return None

    @property
    def number_range(self) -> tuple[float, float] | None:
        """Lowest and highest number an answer can have; None when the question cannot be in a scale."""
        return None

    # ── pretence ──────────────────────────────────────────────────────────────────────────────────────
    def pretend(self, pretence: Pretence) -> dict[str, Any]:
        """Return an invented answer (key -> value): always one that :meth:`read` could have returned."""
        return {}

    # ── shared by the kinds ───────────────────────────────────────────────────────────────────────────
    @property
    def title(self) -> str:
        """The short name where there is one, else the wording; a grid's statement stands for itself."""
        return self.short or self.ask

    def nothing_said(self, words: str, gaps: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Return the stored blank, or raise Wrong with `words` where the author requires an answer."""
        if self.required:
            raise Wrong(words, **(gaps or {}))
        return {self.id: missing(BLANK)}


def from_cell(cell: str, gaps: Mapping[str, str], decode: Callable[[str], Any]) -> Any:
    """Return the stored value of a cell: an answer, why there is none, or None where nothing was asked or reached.

    gaps: missing code -> reason. decode: turns the text of a substantive answer into its value.
    """
    if is_blank(cell):
        return None
    reason = gaps.get(cell.strip())
    if reason is None:
        return decode(cell)
    return missing(reason) if reason in REASONS else None


def whole(cell: str) -> str:
    """Return a whole number as other programs write it (4.0) the way we do (4); anything else only trimmed."""
    text = cell.strip()
    digits, point, zeros = text.partition(".")
    return digits if point and not zeros.strip("0") else text


def ways_of_saying_nothing(question: Question, say: Say) -> list[tuple[str, str]]:
    """Return (value a form sends, words) for “I don't know” and “I don't want to say”, as offered."""
    ways = []
    if question.dont_know:
        ways.append((SAYS_DONT_KNOW, say("I don’t know")))
    if question.rather_not:
        ways.append((SAYS_RATHER_NOT, say("I don’t want to say")))
    return ways


def _in_words(reason: str, say: Say) -> str | None:
    words = {DONT_KNOW: "I don’t know", RATHER_NOT: "I don’t want to say"}
    return say(words[reason]) if reason in words else None


def points_of(question: Question) -> Column | None:
    """Return the column of a question whose answers go from low to high; None where they do not, or have no words."""
    if question.number_range is None:
        return None
    return next((one for one in question.columns() if one.name == question.id and one.codes), None)
