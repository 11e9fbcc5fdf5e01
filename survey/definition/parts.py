"""The parts of a questionnaire: who reads it, the question whether to take part, pages and grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import Discriminator, Field, PrivateAttr, Tag, ValidationError

from survey.authored import WholeNumber
from survey.definition.model import Fault, Path, Strict
from survey.kinds import KINDS
from survey.options import Options
from survey.problems import did_you_mean, quoted, shortened
from survey.question import Question, Text


class Reader(Strict):
    """For whom the words have to be easy enough."""

    age: WholeNumber = Field(ge=4, le=99, description="The age of the youngest reader, in years")


class Subject(Strict):
    """What a response is about that is not about its respondent: a class, a lesson."""

    one: str = Field(min_length=1, description="What one is called: class")
    many: str = Field(min_length=1, description="What several are called: classes")


class Line(Strict):
    """One short line above an assent or consent question."""

    text: Text = Field(min_length=1, description="The line")
    picture: str | None = Field(None, description="A picture beside it")
    picture_text: Text | None = Field(None, description="What the picture shows, in words, if it matters")


class Assent(Strict):
    """Asks whether a person wants to take part. After “No”, nothing else is stored."""

    ask: Text = Field(min_length=1, description="The question")
    lines: list[Line] = Field(
        default_factory=list, description=("The lines above the question; for children, four short ones at most")
    )
    yes: Text = Field(min_length=1, description="The words on the button for yes")
    no: Text = Field(min_length=1, description="The words on the button for no")
    declined: Text = Field(min_length=1, description="The text shown after a no")
    audio: str | None = Field(
        None, description="The recording of the question, if its file has a name of its own: a file in audio/"
    )


class Statement(Strict):
    """One statement of a grid: a question that shares its kind and options with the others."""

    id: str = Field(alias="question", description="The name of the question and of its column")
    ask: Text = Field(description="The statement")
    short: Text | None = Field(None, description="A short name for the check-your-answers page and for charts")
    help: Text | None = Field(None, description="More explanation, for people who want it")
    picture: str | None = Field(None, description="A picture of what is asked about")
    picture_text: Text | None = Field(None, description="What the picture shows, in words, if it matters")
    picture_licence: str | None = Field(None, description="Who made the picture, and its licence")
    audio: str | None = Field(
        None, description="The recording of the statement, if its file has a name of its own: a file in audio/"
    )
    attention: bool = Field(False, description="An item that checks attention: never part of a score")
    when: Any = Field(None, description="Asked only if this is true")
    note: str | None = Field(None, description="A note for researchers")


class Grid(Strict):
    """Statements that share their options. Each becomes a question of its own."""

    id: str = Field(alias="grid", description="The name of the grid")
    kind: str = Field(description="The kind of each question; it must be a rating")
    ask: Text = Field(description="What is asked about each statement")
    hint: Text | None = Field(None, description="A short line below the wording")
    options: Options = Field(description="The name of an option list, or the list itself")
    order: Literal["fixed", "reversed", "shuffled"] = Field("fixed", description="The order of the options")
    required: bool | None = Field(None, description="Whether Next asks once more if nothing is chosen")
    dont_know: bool | None = Field(None, description="Whether “I don't know” is offered")
    rather_not: bool | None = Field(None, description="Whether “I don't want to say” is offered")
    when: Any = Field(None, description="Asked only if this is true")
    statements: list[Statement] = Field(min_length=1, description="The statements; each becomes a question")
    note: str | None = Field(None, description="A note for researchers")

    def expand(self) -> list[Question]:
        """Return one question per statement. Raises KeyError for a kind no grid can have, ValidationError where the
        kind refuses.
        """
        if self.kind not in GRID_KINDS:
            raise KeyError(self.kind)
        mine = {"id", "ask", "statements", "note", "when"}
        shared = self.model_dump(by_alias=True, exclude_unset=True, exclude=mine)
        return [self._question(shared, statement) for statement in self.statements]

    def _question(self, shared: dict[str, Any], statement: Statement) -> Question:
        own = statement.model_dump(by_alias=True, exclude_unset=True)
        question = KINDS[self.kind].model_validate({**shared, **own})
        question.grid, question.stem = self.id, self.ask
        return question


GRID_KINDS = tuple(name for name, kind in KINDS.items() if kind.rated and "order" in kind.model_fields)
"""The kinds a grid can have: those that rate by options in one step, which may stand in another order."""


def _which(value: Any) -> str | None:
    if isinstance(value, Grid):
        return "grid"
    if isinstance(value, Question):
        return value.kind
    if not isinstance(value, dict):
        return None
    # Only grids have statements: one whose first key is misspelt is still meant as a grid.
    if "grid" in value or ("statements" in value and "question" not in value):
        return "grid"
    return str(value.get("kind"))


if TYPE_CHECKING:
    Entry = Question | Grid
else:
    _members = [Annotated[kind, Tag(name)] for name, kind in KINDS.items()] + [Annotated[Grid, Tag("grid")]]
    Entry = Annotated[Union[tuple(_members)], Discriminator(_which)]  # noqa: UP007 - the members are only known here


class Page(Strict):
    """Questions that belong together. Adults see them on one page, young pupils one at a time."""

    id: str = Field(alias="page", description="The name of the page")
    title: Text | None = Field(None, description="The heading of the page")
    text: Text | None = Field(None, description="A text above the questions")
    when: Any = Field(None, description="Shown only if this is true")
    for_each: Literal["child"] | None = Field(
        None,
        description="Asks parents the page once for each of their children; without it, once for the family",
    )
    entries: list[Entry] = Field(default_factory=list, alias="questions", description="Questions and grids, in order")
    note: str | None = Field(None, description="A note for researchers")

    _expanded: list[tuple[tuple[str | int, ...], Question]] = PrivateAttr(default_factory=list)

    @property
    def questions(self) -> list[Question]:
        """The questions of the page in order, each grid as one question per statement."""
        return [question for _, question in self._expanded]

    def expand(self) -> list[Fault]:
        """Make questions of grids; return what stands against it, at paths below the page."""
        self._expanded = []
        faults: list[Fault] = []
        for i, entry in enumerate(self.entries):
            at: Path = ("questions", i)
            if isinstance(entry, Question):
                self._expanded.append((at, entry))
                continue
            try:
                questions = entry.expand()
            except (ValidationError, KeyError):
                faults.append(
                    Fault(
                        (*at, "kind"),
                        f"a grid cannot be of kind '{shortened(entry.kind)}'. "
                        + (did_you_mean(entry.kind, GRID_KINDS).strip() or f"Please use {quoted(GRID_KINDS, 'or')}"),
                    )
                )
                continue
            self._expanded += [((*at, "statements", n), question) for n, question in enumerate(questions)]
        return faults
