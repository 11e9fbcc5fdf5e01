"""Several languages: one sibling file per language, with the same texts under ids instead of positions."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from survey.definition.model import Path
from survey.definition.questionnaire import Grid, Questionnaire
from survey.options import Option
from survey.question import Question, Translatable

TranslationPath = tuple[str, ...]


@dataclass(frozen=True)
class TextPlace:
    """A text respondents read: where translators find it, where it stands in the source, and its words."""

    key: TranslationPath
    at: Path
    text: str


def texts(questionnaire: Questionnaire) -> list[TextPlace]:
    """Return every text of a questionnaire that has to be translated, in the order of the file."""
    return list(_walk(questionnaire))


def _walk(questionnaire: Questionnaire) -> Iterator[TextPlace]:
    yield from _own(questionnaire, (), ())
    for name in ("assent", "consent"):
        asked = getattr(questionnaire, name)
        # Consent is also reachable as assent; it is translated under the name the author used.
        if asked is not None and name in questionnaire.model_fields_set and not _copied(questionnaire, name):
            yield from _own(asked, (name,), (name,))
            for i, line in enumerate(asked.lines):
                yield from _numbered(line, (name, "lines"), (name, "lines", i), i)
    if questionnaire.free_text is not None:
        yield from _own(questionnaire.free_text, ("free_text",), ("free_text",))
    for fact, words in questionnaire.facts.items():
        yield from (TextPlace(("facts", fact, code), ("facts", fact, code), text) for code, text in words.items())
    for name, options in questionnaire.options.items():
        yield from _options(options, ("options", name), ("options", name))
    for p, page in enumerate(questionnaire.pages):
        yield from _own(page, ("pages", page.id), ("pages", p))
        for i, entry in enumerate(page.entries):
            yield from _entry(entry, ("pages", p, "questions", i))


def _copied(questionnaire: Questionnaire, name: str) -> bool:
    return name == "assent" and questionnaire.consent is not None


def _numbered(line: BaseModel, key: TranslationPath, at: Path, i: int) -> Iterator[TextPlace]:
    """A list item has no id: its text stands under its number, further texts under number and name."""
    for place in _own(line, (), at):
        tail = () if place.key == ("text",) else place.key
        number = str(i + 1) if not tail else f"{i + 1}_{tail[0]}"
        yield TextPlace((*key, number), place.at, place.text)


def _entry(entry: Question | Grid, at: Path) -> Iterator[TextPlace]:
    if isinstance(entry, Question):
        yield from _own(entry, ("questions", entry.id), at)
        yield from _inline(entry, ("questions", entry.id), at)
        return
    yield from _own(entry, ("grids", entry.id), at)
    yield from _inline(entry, ("grids", entry.id), at)
    for n, statement in enumerate(entry.statements):
        yield from _own(statement, ("questions", statement.id), (*at, "statements", n))


def _inline(entry: Question | Grid, key: TranslationPath, at: Path) -> Iterator[TextPlace]:
    options = getattr(entry, "options", None)
    if isinstance(options, list) and not getattr(entry, "option_list", None):
        yield from _options(options, (*key, "options"), (*at, "options"))


def _options(options: list[Option], key: TranslationPath, at: Path) -> Iterator[TextPlace]:
    for i, option in enumerate(options):
        for place in _own(option, (), (*at, i)):
            yield TextPlace((*key, str(option.code)), place.at, place.text)


def _own(model: BaseModel, key: TranslationPath, at: Path) -> Iterator[TextPlace]:
    """Yield the texts that are a model's own keys, as far as the author wrote them."""
    for name, written in text_fields(type(model)).items():
        value = getattr(model, name)
        if name in model.model_fields_set and isinstance(value, str):
            yield TextPlace((*key, written), (*at, written), value)


@lru_cache(maxsize=256)
def text_fields(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the fields of a model that respondents read: attribute -> key in YAML."""
    return {
        name: field.alias or name
        for name, field in model.model_fields.items()
        if any(isinstance(mark, Translatable) for mark in field.metadata) or _marked(field.annotation)
    }


def _marked(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return any(isinstance(mark, Translatable) for mark in marks) or _marked(inner)
    if get_origin(annotation) in (Union, UnionType):
        return any(_marked(part) for part in get_args(annotation))
    return False


def lookup(translation: Mapping[str, Any], key: TranslationPath) -> str | None:
    """Return the text at a path of a translation's plain data, or None."""
    here: Any = translation
    for step in key:
        if not isinstance(here, Mapping) or step not in here:
            return None
        here = here[step]
    return here if isinstance(here, str) and here.strip() else None


def in_language(questionnaire: Questionnaire, language: str) -> Questionnaire:
    """Return a questionnaire with its texts in another of its languages; codes stay.

    Raises KeyError for a language that it does not have.
    """
    if language == questionnaire.language:
        return questionnaire
    if language not in questionnaire.others:
        words = translated(questionnaire, questionnaire.source, questionnaire.translation(language))
        questionnaire.others[language] = questionnaire.again(language, words)
    return questionnaire.others[language]


def translated(source: Questionnaire, data: dict[str, Any], translation: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a source's plain data with every text replaced by its translation.

    `source` may be in any language: only its paths are used. A text without translation stays, which a checked
    bundle never has.
    """
    result = copy.deepcopy(data)
    for place in texts(source):
        text = lookup(translation, place.key)
        if text is not None:
            _put(result, place.at, text)
    return result


def _put(data: Any, at: Path, text: str) -> None:
    for step in at[:-1]:
        data = data[step]
    data[at[-1]] = text
