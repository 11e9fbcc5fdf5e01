"""“Aa”: how the pages look on this device: colour of the paper, size of the text, space between letters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from flask import abort, has_request_context, redirect, request
from werkzeug.wrappers import Response as Reply

from survey.pages.answer.blueprint import answer
from survey.pages.answer.entry import plain_words
from survey.pages.answer.passes import current, give
from survey.pages.answer.questions import survey_at
from survey.pages.answer.unsent import aside, chosen_look, detour, look_page


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


@answer.post("/look")
def look_outside() -> Reply:
    """Show the choices, on the way from a page with nothing to fill in; keep them, and go back to that page.

    Where it was stands in the form, never in an address: it may be a link that lets someone in.
    """
    away = detour()
    if away is None:
        abort(400)
    return aside(away, plain_words() | {"audience": _audience()}, lambda _: redirect(_way_back(), 303))


def _audience() -> str:
    return "parent" if request.form.get("audience") == "parent" else "pupil"


_PLACE: Final = re.compile(r"/(?:[\w.~-]+(?:/[\w.~-]+)*/?)?(?:\?[\w=&.-]*)?", re.ASCII)
"""An address of ours; never one that a browser takes for another host."""


def _way_back() -> str:
    place = request.form.get("from", "")
    return place if _PLACE.fullmatch(place) else "/"


@answer.app_template_global()
def shown_at() -> str:
    """Return the address of the page, to which “Aa” leads back; "" where it has none or is made for everyone."""
    if not has_request_context() or request.method == "POST":
        return ""
    if request.path.endswith(".json") or request.path.startswith("/try/"):
        return ""
    place = request.full_path.rstrip("?")
    return place if _PLACE.fullmatch(place) else ""
