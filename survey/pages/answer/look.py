"""“Aa”: how the pages look on this device: colour of the paper, size of the text, space between letters."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.pages.answer.blueprint import answer
from survey.pages.answer.entry import plain_words
from survey.pages.answer.passes import Pass, current, give
from survey.pages.answer.questions import private, survey_at
from survey.pages.answer.tongue import asked_language

PAPERS = {"cream": "", "white": "w", "blue": "b", "dark": "d"}
SIZES = {"normal": "", "bigger": "1", "biggest": "2"}
SPACES = {"normal": "", "more": "s"}


def _chosen(options: dict[str, str], look: str) -> str:
    return next((name for name, letter in options.items() if letter and letter in look), next(iter(options)))


def look_page(words: dict[str, object], pass_: Pass, back: str) -> Response:
    """Return the page with the choices. words: what a template is given. back: where it leads."""
    chosen = {
        "paper": _chosen(PAPERS, pass_.look),
        "size": _chosen(SIZES, pass_.look),
        "space": _chosen(SPACES, pass_.look),
    }
    given = {"links": []} | words | {"look": pass_.classes, "chosen": chosen, "back": back}
    return private(Response(render_template("answer/look.html", **given)))


def chosen_look() -> str:
    """Return the look that was sent, a letter for each choice; answer 400 for what the page does not offer."""
    said = request.form.to_dict(flat=False)
    try:
        (paper,), (size,), (space,) = said["paper"], said["size"], said["space"]
        return PAPERS[paper] + SIZES[size] + SPACES[space]
    except (KeyError, ValueError):
        abort(400)


def _take(back: str) -> Reply:
    return give(redirect(back, 303), replace(current(), look=chosen_look()))


@answer.get("/q/<version>/<language>/<name>/look")
def look(version: str, language: str, name: str) -> Reply:
    """Show the choices, on the way from a question."""
    survey = survey_at(version, language)
    words = survey.words | {"links": survey.languages(f"{name}/look")}
    return look_page(words, current(), f"{survey.here}/{name}")


@answer.post("/q/<version>/<language>/<name>/look")
def take_look(version: str, language: str, name: str) -> Reply:
    """Keep the choices in the pass and go back to the question."""
    return _take(f"{survey_at(version, language).here}/{name}")


@answer.get("/look")
def look_outside() -> Reply:
    """Show the choices, outside any survey."""
    return look_page(plain_words() | {"audience": "pupil"}, current(), _way_back())


@answer.post("/look")
def take_look_outside() -> Reply:
    """Keep the choices, and go back to the welcome page."""
    return _take(_way_back())


def _way_back() -> str:
    page = "/join" if current().joining else "/welcome"
    return f"{page}?language={asked_language()}"
