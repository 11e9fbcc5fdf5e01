"""“Aa”: how the pages look on this device: colour of the paper, size of the text, space between letters."""

from __future__ import annotations

from dataclasses import replace

from flask import redirect
from werkzeug.wrappers import Response as Reply

from survey.pages.answer.blueprint import answer
from survey.pages.answer.entry import plain_words
from survey.pages.answer.passes import current, give
from survey.pages.answer.questions import survey_at
from survey.pages.answer.tongue import asked_language
from survey.pages.answer.unsent import chosen_look, look_page


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
