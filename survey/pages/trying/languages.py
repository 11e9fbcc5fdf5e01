"""Every text of a questionnaire in all its languages, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import Response, render_template
from werkzeug.wrappers import Response as Reply

from survey.definition.languages import TextPlace
from survey.pages.answer.going_on import private
from survey.pages.trying.blueprint import trying
from survey.pages.trying.trials import trial_of
from survey.problems import amount
from survey.wording import direction, html_language, languages, own_name


@dataclass(frozen=True)
class SpokenLanguage:
    """A language as a column: what HTML knows it by, which way it runs, and what is missing in it.

    missing: how many texts are not translated. ours: whether Chorus's own words, such as Next, are said in it.
    """

    code: str
    name: str
    html: str
    direction: str
    missing: int
    ours: bool


@dataclass(frozen=True)
class TextsOfOne:
    """The texts of one thing: a question, a page, a list of options, or what stands before the questions.

    screen: the name of the page in the walk, empty where there is none. rows: what each text is, with its words by
    language.
    """

    title: str
    screen: str
    rows: Sequence[tuple[str, Mapping[str, str | None]]]


_THINGS = {"questions": "Question", "grids": "Grid", "pages": "Page", "options": "Option list", "facts": "Words for"}


@trying.get("/languages")
def side_by_side(pass_: str) -> Reply:
    """Show every text in all languages."""
    trial = trial_of(pass_)
    texts = trial.texts()
    codes = list(texts[0][1]) if texts else []
    page = render_template(
        "trying/languages.html",
        survey=trial.survey,
        columns=[_column(code, texts) for code in codes],
        groups=list(_grouped(texts, {one.name for one in trial.survey.journey.screens})),
        amount=amount,
    )
    return private(Response(page))


def _column(code: str, texts: Sequence[tuple[TextPlace, Mapping[str, str | None]]]) -> SpokenLanguage:
    missing = sum(said[code] is None for _, said in texts)
    return SpokenLanguage(code, own_name(code), html_language(code), direction(code), missing, code in languages())


def _grouped(texts: Sequence[tuple[TextPlace, Mapping[str, str | None]]], screens: set[str]) -> Iterator[TextsOfOne]:
    for (thing, name), run in groupby(texts, key=lambda one: _thing(one[0])):
        rows = [(_part(place, len((thing, name)) if name else 0), said) for place, said in run]
        title = f"{_THINGS[thing]} {name}" if name else "The whole questionnaire"
        first = next((screen for screen in (name, f"{name}.first") if screen in screens), "")
        yield TextsOfOne(title, first, rows)


def _thing(place: TextPlace) -> tuple[str, str]:
    """Return the thing a text belongs to, and its name; nothing for what belongs to the whole questionnaire."""
    return (place.key[0], place.key[1]) if place.key[0] in _THINGS else ("", "")


def _part(place: TextPlace, above: int) -> str:
    """Return which text of its thing it is, by the keys of the file: ask, options 3."""
    return " ".join(place.key[above:]).replace("_", " ")
