"""Several languages: one sibling file per language, with the same texts under ids instead of positions."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from survey.definition.model import Path
from survey.definition.parts import Assent, Grid, Page
from survey.options import Option
from survey.question import Question, Translatable

TranslationPath = tuple[str, ...]


@dataclass(frozen=True)
class TextPlace:
    """A text respondents read: where translators find it, where it stands in the source, and its words."""

    key: TranslationPath
    at: Path
    text: str


def texts_of_assent(asked: Assent, name: str) -> Iterator[TextPlace]:
    """Yield the texts of the question whether to take part, which the author called `name`: assent or consent."""
    yield from own_texts(asked, (name,), (name,))
    for i, line in enumerate(asked.lines):
        yield from _numbered(line, (name, "lines"), (name, "lines", i), i)


def page_texts(page: Page, p: int) -> Iterator[TextPlace]:
    """Yield the texts of a page, which is the one at position `p`, and of everything on it."""
    yield from own_texts(page, ("pages", page.id), ("pages", p))
    for i, entry in enumerate(page.entries):
        yield from _entry(entry, ("pages", p, "questions", i))


def _numbered(line: BaseModel, key: TranslationPath, at: Path, i: int) -> Iterator[TextPlace]:
    """A list item has no id: its text is under its number, further texts under number and name."""
    for place in own_texts(line, (), at):
        tail = () if place.key == ("text",) else place.key
        number = str(i + 1) if not tail else f"{i + 1}_{tail[0]}"
        yield TextPlace((*key, number), place.at, place.text)


def _entry(entry: Question | Grid, at: Path) -> Iterator[TextPlace]:
    if isinstance(entry, Question):
        yield from own_texts(entry, ("questions", entry.id), at)
        yield from _inline(entry, ("questions", entry.id), at)
        return
    yield from own_texts(entry, ("grids", entry.id), at)
    yield from _inline(entry, ("grids", entry.id), at)
    for n, statement in enumerate(entry.statements):
        yield from own_texts(statement, ("questions", statement.id), (*at, "statements", n))


def _inline(entry: Question | Grid, key: TranslationPath, at: Path) -> Iterator[TextPlace]:
    options = getattr(entry, "options", None)
    if isinstance(options, list) and not getattr(entry, "option_list", None):
        yield from option_texts(options, (*key, "options"), (*at, "options"))


def option_texts(options: list[Option], key: TranslationPath, at: Path) -> Iterator[TextPlace]:
    """Yield the texts of a list of options, each under its code."""
    for i, option in enumerate(options):
        for place in own_texts(option, (), (*at, i)):
            yield TextPlace((*key, str(option.code)), place.at, place.text)


def own_texts(model: BaseModel, key: TranslationPath, at: Path) -> Iterator[TextPlace]:
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


def side_by_side(
    places: list[TextPlace], source: str, languages: Sequence[str], translations: Mapping[str, Mapping[str, Any]]
) -> list[tuple[TextPlace, dict[str, str | None]]]:
    """Return each text of a source with its words in every language, None where it is not translated.

    source: the language of `places`. translations: language -> plain data of its file, as far as there is one.
    """
    return [
        (
            place,
            {
                language: place.text if language == source else lookup(translations.get(language, {}), place.key)
                for language in languages
            },
        )
        for place in places
    ]


def translated(places: list[TextPlace], data: dict[str, Any], translation: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a source's plain data with every text replaced by its translation.

    `places` are those of the source's texts, in any language. A text without translation stays, which a checked bundle
    never has.
    """
    result = copy.deepcopy(data)
    for place in places:
        text = lookup(translation, place.key)
        if text is not None:
            _put(result, place.at, text)
    return result


def _put(data: Any, at: Path, text: str) -> None:
    for step in at[:-1]:
        data = data[step]
    data[at[-1]] = text
