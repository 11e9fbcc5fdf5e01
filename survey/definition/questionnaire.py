"""A questionnaire: pages of questions, option lists, scales, and its texts in several languages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BeforeValidator, Discriminator, Field, PrivateAttr, Tag, ValidationError

from survey.authored import WholeNumber
from survey.definition.conditions import All, Condition, read_condition
from survey.definition.free_text import FreeText
from survey.definition.model import Fault, Path, Strict
from survey.definition.scale import Scale
from survey.flagged import Flags
from survey.kinds import KINDS
from survey.options import Option, Options
from survey.problems import About, did_you_mean, quoted, shortened
from survey.question import Audience, Question, Setting, Text


class IntendedReader(Strict):
    """For whom the words have to be easy enough."""

    age: WholeNumber = Field(ge=4, le=99, description="The age, in years, of the youngest reader")


class AssentLine(Strict):
    """One short line before an assent or a consent question."""

    text: Text = Field(min_length=1, description="The line")
    picture: str | None = Field(None, description="A picture beside it")
    picture_text: Text | None = Field(None, description="The picture in words, where it tells something")


class Assent(Strict):
    """The question whether someone wants to take part. “No” ends politely and stores nothing else."""

    ask: Text = Field(min_length=1, description="The question")
    lines: list[AssentLine] = Field(
        default_factory=list, description="What is said before; for children four short lines"
    )
    yes: Text = Field(min_length=1, description="The words on the button for yes")
    no: Text = Field(min_length=1, description="The words on the button for no")
    declined: Text = Field(min_length=1, description="What is said after a no")
    audio: str | None = Field(None, description="A recording of this page, a file in audio/")


class Statement(Strict):
    """One statement of a grid: a question that shares its kind and options with the others."""

    id: str = Field(alias="question", description="Name of the question and of its column")
    ask: Text = Field(description="The statement")
    short: Text | None = Field(None, description="A short name, for the check-your-answers page and charts")
    help: Text | None = Field(None, description="More explanation, for who wants it")
    picture: str | None = Field(None, description="A picture of what is asked about")
    picture_text: Text | None = Field(None, description="The picture in words, where it tells something")
    picture_licence: str | None = Field(None, description="Who made the picture, and under which licence")
    audio: str | None = Field(None, description="A recording of the statement, a file in audio/")
    attention: bool = Field(False, description="An item that checks attention: never part of a score")
    when: Any = Field(None, description="Asked only when this holds")
    note: str | None = Field(None, description="A note for researchers")


class Grid(Strict):
    """Statements sharing options, written once; each becomes a question of its own."""

    id: str = Field(alias="grid", description="Name of the grid")
    kind: str = Field(description="The kind of each question: one that rates by options")
    ask: Text = Field(description="What is asked about each statement")
    hint: Text | None = Field(None, description="A short line below the wording")
    options: Options = Field(description="The name of an option list, or the list itself")
    order: Literal["fixed", "reversed", "shuffled"] = Field("fixed", description="The order of the options")
    required: bool | None = Field(None, description="Whether Next asks again if nothing is chosen")
    dont_know: bool | None = Field(None, description="Whether “I don't know” is offered")
    rather_not: bool | None = Field(None, description="Whether “I don't want to say” is offered")
    when: Any = Field(None, description="Asked only when this holds")
    statements: list[Statement] = Field(min_length=1, description="The statements, each one question")
    note: str | None = Field(None, description="A note for researchers")

    def expand(self) -> list[Question]:
        """Return one question per statement. Raises ValidationError where the kind refuses."""
        mine = {"id", "ask", "statements", "note", "when"}
        shared = self.model_dump(by_alias=True, exclude_unset=True, exclude=mine)
        return [self._question(shared, statement) for statement in self.statements]

    def _question(self, shared: dict[str, Any], statement: Statement) -> Question:
        own = statement.model_dump(by_alias=True, exclude_unset=True)
        question = KINDS[self.kind].model_validate({**shared, **own})
        question.grid, question.stem = self.id, self.ask
        return question


GRID_KINDS = tuple(name for name, kind in KINDS.items() if kind.rated and "options" in kind.model_fields)
"""The kinds a grid can have: those that rate by options."""


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
    """Questions that belong together. Adults see them on one page, young pupils one after the other."""

    id: str = Field(alias="page", description="Name of the page")
    title: Text | None = Field(None, description="The heading of the page")
    text: Text | None = Field(None, description="A lead text above the questions")
    when: Any = Field(None, description="Shown only when this holds")
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


def _languages(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


@dataclass(frozen=True)
class WrittenFile:
    """What stands in a file, whether or not it could be read.

    `names` are those of questions, grids, pages and option lists: ("question", "sings"). `whole` tells that nothing had
    to be taken out; `guessed` are keys at the top that have a stand-in; `hurt` are the names of what lost a part.
    """

    questions: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    scales: frozenset[str] = frozenset()
    whole: bool = True
    guessed: frozenset[str] = frozenset()
    names: frozenset[tuple[str, str]] = frozenset()
    hurt: frozenset[str] = frozenset()


class Questionnaire(Strict):
    """One questionnaire in one language; `in_language` gives it in another."""

    id: str = Field(alias="questionnaire", description="Name of the questionnaire; the file is called like it")
    version: WholeNumber = Field(ge=1, le=9999, description="A whole number, raised for each publication")
    title: Text = Field(min_length=1, description="What respondents see as its title")
    audience: Audience = Field(description="Who answers it")
    reader: IntendedReader = Field(description="For whom the words have to be easy enough")
    languages: Annotated[list[str], BeforeValidator(_languages)] = Field(
        min_length=1, description="Languages; the first is the one this file is written in"
    )
    introduction: Text | None = Field(None, description="The information page for adults")
    data_use: Text | None = Field(None, description="What happens to the answers")
    contact: Text | None = Field(None, description="Whom to ask, and how to withdraw")
    thanks: Text | None = Field(None, description="The text of the last page")
    assent: Assent | None = Field(None, description="Asks pupils whether they want to take part")
    consent: Assent | None = Field(None, description="Asks adults whether they want to take part")
    free_text: FreeText | None = Field(None, description="Who reads soon what people type, or whom to talk to")
    facts: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="How a wording says a fact of the roster: {sex: {f: girls, m: boys}}; else as study.yaml does",
    )
    options: dict[str, list[Option]] = Field(default_factory=dict, description="Named option lists")
    pages: list[Page] = Field(min_length=1, description="Pages, in order")
    scales: list[Scale] = Field(default_factory=list, description="Scales made of the questions")
    note: str | None = Field(None, description="A note for researchers")

    _data: dict[str, Any] = PrivateAttr(default_factory=dict)
    _translations: dict[str, dict[str, Any]] = PrivateAttr(default_factory=dict)
    _language: str = PrivateAttr(default="")
    _written: WrittenFile = PrivateAttr(default_factory=WrittenFile)
    _others: dict[str, Questionnaire] = PrivateAttr(default_factory=dict)

    @classmethod
    def from_data(cls, data: dict[str, Any], translations: Mapping[str, dict[str, Any]] | None = None) -> Questionnaire:
        """Build a questionnaire from plain data (dicts, lists, texts) that was checked before.

        `translations`: language -> plain data of its file. Raises ValueError where the data is not right after all.
        """
        questionnaire = cls.model_validate(data)
        faults = questionnaire.arrange()
        if faults:
            raise ValueError("; ".join(fault.message for fault in faults))
        questionnaire._data = data
        questionnaire._translations = dict(translations or {})
        return questionnaire

    def arrange(self, written: WrittenFile | None = None) -> list[Fault]:
        """Give the parts their meaning for each other: grids, option lists, conditions, what was left open.

        Returns what stands against it; a question with a fault stays as it is. `written` are names that the file
        holds but that could not be read: they are not called unknown.
        """
        self._written = written = written or WrittenFile()
        if self.assent is None and self.consent is not None:
            self.assent = self.consent
        faults = [
            Fault(("pages", p, *fault.at), fault.message)
            for p, page in enumerate(self.pages)
            for fault in page.expand()
        ]
        for p, page in enumerate(self.pages):
            faults += self._settle(page, ("pages", p), written)
        for name in ("_by_id", "questions", "_own_words", "_flags"):
            self.__dict__.pop(name, None)
        return faults + list(self._conditions({*self._by_id, *written.questions}))

    def _settle(self, page: Page, at: Path, written: WrittenFile) -> list[Fault]:
        """Look up the option lists of a page's questions. A question without options is left out, and told."""
        faults: list[Fault] = []
        ready = []
        for below, question in page._expanded:
            question.settle(self.setting)
            try:
                question.use_lists(self.options)
            except KeyError as error:
                name = str(error.args[0])
                if name not in written.lists:
                    faults.append(self._no_list(name, question, (*at, *below), written))
                continue
            if getattr(question, "options", None) == []:
                # An empty list with a name is told where it stands.
                if getattr(question, "option_list", None) is None:
                    message = f"question '{question.id}' has no options. A choice needs at least two. Please add them"
                    faults.append(Fault((*at, *below, "options"), message, key=True))
                continue
            ready.append((below, question))
        page._expanded = ready
        return faults

    def _no_list(self, name: str, question: Question, at: Path, written: WrittenFile) -> Fault:
        # The options of a grid stand at the grid, not at its statements.
        owner = at[:-2] if question.grid else at
        known = [*self.options, *written.lists]
        hint = did_you_mean(name, known) or f" Please add '{shortened(name)}' under 'options' at the top of the file."
        return Fault(
            (*owner, "options"),
            f"question '{question.id}' uses the option list '{shortened(name)}', which is not there.{hint}",
            about=About("option list", name),
        )

    def _conditions(self, known: Collection[str]) -> Iterator[Fault]:
        order = {question.id: n for n, question in enumerate(self.questions)}
        kept = {question.id for question in self.questions if question.stored and question.asks}
        before = 0

        def earlier() -> list[str]:
            """Return what a condition could be about. Of questions that could not be read, no one knows the place."""
            return [id for id in known if id not in order or (id in kept and order[id] < before)]

        for p, page in enumerate(self.pages):
            yield from self._read_when(page, ("pages", p), known, earlier)
            below: dict[str | int, list[tuple[Path, Question]]] = {}
            for at, question in page._expanded:
                below.setdefault(at[1], []).append((at, question))
            for i, entry in enumerate(page.entries):
                yield from self._read_when(entry, ("pages", p, "questions", i), known, earlier)
                for at, question in below.get(i, ()):
                    yield from self._read_when(question, ("pages", p, *at), known, earlier)
                    before = max(before, order[question.id] + 1)
                    if isinstance(entry, Grid) and entry.when is not None:
                        question.when = entry.when if question.when is None else All((entry.when, question.when))

    def _read_when(
        self, thing: Page | Grid | Question, at: Path, known: Collection[str], earlier: Callable[[], Iterable[str]]
    ) -> Iterator[Fault]:
        if thing.when is None or isinstance(thing.when, Condition):
            return
        thing.when, faults = read_condition(thing.when, (*at, "when"), self._by_id.get, known, earlier)
        yield from faults

    def conditional(self) -> Iterator[tuple[Path, Page | Question]]:
        """Yield everything that can have a condition, with its path, in the order of asking."""
        for p, page in enumerate(self.pages):
            yield ("pages", p), page
            for at, question in page._expanded:
                yield ("pages", p, *at), question

    def placed(self) -> Iterator[tuple[Path, Question]]:
        """Yield each question with its path in the file, in the order of asking."""
        for p in range(len(self.pages)):
            yield from self.placed_on(p)

    def placed_on(self, p: int) -> Iterator[tuple[Path, Question]]:
        """Yield each question of one page (counted from 0) with its path in the file."""
        for at, question in self.pages[p]._expanded:
            yield ("pages", p, *at), question

    @property
    def names(self) -> set[str]:
        """The ids of all questions, and of those that stand in the file but could not be read."""
        return {*self._by_id, *self._written.questions}

    @property
    def written(self) -> WrittenFile:
        """Names in the file that could not be read, so that no one calls them unknown."""
        return self._written

    @property
    def setting(self) -> Setting:
        """Who reads the questions."""
        return Setting(self.audience, self.reader.age)

    @cached_property
    def questions(self) -> list[Question]:
        """All questions in the order of asking, grids as one question per statement."""
        return [question for _, question in self.placed()]

    @cached_property
    def _own_words(self) -> tuple[str, ...]:
        return tuple(key for question in self.questions for key in question.own_words)

    @cached_property
    def _flags(self) -> Flags | None:
        return self.free_text.flags(self.languages) if self.free_text and self.free_text.read else None

    def flagged(self, answers: Mapping[str, Any]) -> list[str]:
        """Return the keys of those answers (key -> value) in whose own words something stands that is to be read soon.

        None where the questionnaire says that no one reads.
        """
        if self._flags is None:
            return []
        texts = ((key, answers.get(key)) for key in self._own_words)
        return [key for key, text in texts if isinstance(text, str) and self._flags.found_in(text)]

    @cached_property
    def _by_id(self) -> dict[str, Question]:
        return {question.id: question for question in self.questions}

    def question(self, id: str) -> Question:
        """Return the question with this id. Raises KeyError."""
        return self._by_id[id]

    def scale(self, id: str) -> Scale:
        """Return the scale with this id. Raises KeyError."""
        for scale in self.scales:
            if scale.id == id:
                return scale
        raise KeyError(id)

    def page_of(self, id: str) -> Page:
        """Return the page on which the question with this id stands. Raises KeyError."""
        for page in self.pages:
            if any(question.id == id for question in page.questions):
                return page
        raise KeyError(id)

    @property
    def language(self) -> str:
        """The language of its texts."""
        return self._language or self.languages[0]

    @property
    def source(self) -> dict[str, Any]:
        """The plain data it was read from, in the language it was written in."""
        return self._data

    @property
    def others(self) -> dict[str, Questionnaire]:
        """The same questionnaire in the languages it was asked for so far: one dictionary, which all of them share."""
        return self._others

    def translation(self, language: str) -> dict[str, Any]:
        """Return the texts of one of its languages, by their place; none for the language it was written in.

        Raises KeyError for a language that it does not have.
        """
        return {} if language == self.languages[0] else self._translations[language]

    def again(self, language: str, data: dict[str, Any]) -> Questionnaire:
        """Return this questionnaire read from `data`, the same in another language, and let each know the other."""
        other = Questionnaire.from_data(data, self._translations)
        # Texts of a third language are found by the source's words, not by the translation's.
        other._data = self._data
        other._language = language
        other._others = self._others
        self._others.setdefault(self.language, self)
        return other
