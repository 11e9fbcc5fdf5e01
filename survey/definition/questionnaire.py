"""A questionnaire: pages of questions, option lists, scales, and its texts in several languages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr

from survey.authored import WholeNumber
from survey.definition.conditions import All, Condition, read_condition
from survey.definition.free_text import FreeText
from survey.definition.languages import (
    TextPlace,
    option_texts,
    own_texts,
    page_texts,
    side_by_side,
    texts_of_assent,
    translated,
)
from survey.definition.model import Fault, Path, Strict
from survey.definition.parts import Assent, Grid, Page, Reader, Subject
from survey.definition.scale import Scale
from survey.flagged import Flags
from survey.options import Option
from survey.problems import About, did_you_mean, shortened
from survey.question import Audience, Question, Setting, Text


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

    id: str = Field(alias="questionnaire", description="The name of the questionnaire; its file has the same name")
    version: WholeNumber = Field(ge=1, le=9999, description="A whole number, raised for each publication")
    title: Text = Field(min_length=1, description="The title that respondents see")
    audience: Audience = Field(description="Who answers it")
    about: Subject | None = Field(
        None, description="What each response is about, if not the respondent: {one: class, many: classes}"
    )
    reader: Reader = Field(description="The youngest person who has to understand the words")
    languages: Annotated[list[str], BeforeValidator(_languages)] = Field(
        min_length=1, description="The languages; this file is in the first one"
    )
    recordings: Annotated[list[str], BeforeValidator(_languages)] = Field(
        default_factory=list,
        description="The languages in which every text that children hear is to have a recording",
    )
    introduction: Text | None = Field(None, description="The information page for adults")
    data_use: Text | None = Field(None, description="What happens to the answers")
    contact: Text | None = Field(None, description="Who to ask, and how to withdraw")
    thanks: Text | None = Field(None, description="The text of the last page")
    assent: Assent | None = Field(None, description="Asks pupils whether they want to take part")
    consent: Assent | None = Field(None, description="Asks adults whether they want to take part")
    free_text: FreeText | None = Field(None, description="Who reads soon what people type, or who to talk to")
    facts: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description=(
            "Words for the facts of the roster: {sex: {f: girls, m: boys}}; if left out, the labels in study.yaml"
        ),
    )
    options: dict[str, list[Option]] = Field(default_factory=dict, description="Option lists with names")
    pages: list[Page] = Field(min_length=1, description="Pages, in order")
    scales: list[Scale] = Field(default_factory=list, description="The scales made of the questions")
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
            f"question '{question.id}' uses the option list '{shortened(name)}', which does not exist.{hint}",
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

    @property
    def for_each_child(self) -> bool:
        """Whether some pages are asked for each of a parent's children."""
        return any(page.for_each for page in self.pages)

    @property
    def of_the_family(self) -> frozenset[str]:
        """The ids of the questions that are asked once, where others are asked for each child; else none."""
        if not self.for_each_child:
            return frozenset()
        return frozenset(question.id for page in self.pages if not page.for_each for question in page.questions)

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

    def may_ask(self, id: str, facts: Mapping[str, Any]) -> bool:
        """Tell whether anyone of whom these facts are known can be asked a question. Raises KeyError."""
        conditions = (self.page_of(id).when, self.question(id).when)
        return all(when is None or True in when.outcomes(facts) for when in conditions)

    def texts(self) -> list[TextPlace]:
        """Return every text that has to be translated, in the order of the file."""
        return list(self._texts())

    def _texts(self) -> Iterator[TextPlace]:
        yield from own_texts(self, (), ())
        for name in ("assent", "consent"):
            asked = getattr(self, name)
            # Consent is also reachable as assent; it is translated under the name the author used.
            copied = name == "assent" and self.consent is not None
            if asked is not None and name in self.model_fields_set and not copied:
                yield from texts_of_assent(asked, name)
        if self.free_text is not None:
            yield from own_texts(self.free_text, ("free_text",), ("free_text",))
        for fact, words in self.facts.items():
            yield from (TextPlace(("facts", fact, code), ("facts", fact, code), text) for code, text in words.items())
        for name, options in self.options.items():
            yield from option_texts(options, ("options", name), ("options", name))
        for p, page in enumerate(self.pages):
            yield from page_texts(page, p)

    def in_all_languages(self) -> list[tuple[TextPlace, dict[str, str | None]]]:
        """Return every text with its words in each language, None where it is not translated."""
        source = self.in_language(self.languages[0])
        return side_by_side(source.texts(), source.language, self.languages, self._translations)

    @property
    def language(self) -> str:
        """The language of its texts."""
        return self._language or self.languages[0]

    def in_language(self, language: str) -> Questionnaire:
        """Return the questionnaire with its texts in another of its languages; codes stay.

        Raises KeyError for a language that it does not have.
        """
        if language == self.language:
            return self
        if language not in self._others:
            self._others[language] = self._translated(language)
        return self._others[language]

    def _translated(self, language: str) -> Questionnaire:
        if language == self.languages[0]:
            other = Questionnaire.from_data(self._data, self._translations)
        else:
            other = Questionnaire.from_data(
                translated(self.texts(), self._data, self._translations[language]), self._translations
            )
            # Texts of a third language are found by the source's words, not by the translation's.
            other._data = self._data
        other._language = language
        other._others = self._others
        self._others.setdefault(self.language, self)
        return other
