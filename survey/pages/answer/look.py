"""“Aa”: how the pages look on this device: colour of the paper, size of the text, space between letters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from flask import abort, has_request_context, redirect, request
from werkzeug.wrappers import Response as Reply

from survey.pages.answer.blueprint import answer
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.going_on import survey_at
from survey.pages.answer.passes import current, give
from survey.pages.answer.tongue import asked_language, plain_words, wanted_language
from survey.pages.answer.unsent import aside, chosen_look, detour, look_page
from survey.wording import LANGUAGE, own_name


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
    language, links = _languages()
    words = plain_words(language) | {"audience": audience(), "links": links}
    place = _in_language(way_back(), language) if links else way_back()
    return aside(away, words, lambda _: redirect(place, 303))


def audience() -> str:
    """Return for whom the page is that someone came from, as its form says."""
    return "parent" if request.form.get("audience") == "parent" else "pupil"


_MOST_LANGUAGES: Final = 40


def _languages() -> tuple[str, list[tuple[str, str, str, bool]]]:
    """Return the language that is asked for, and all that the page has which someone came from, as its form says."""
    said = request.form.get("spoken", "").split()[:_MOST_LANGUAGES]
    there = [code for code in said if LANGUAGE.fullmatch(code)]
    wanted = wanted_language()
    here = wanted if wanted in there else asked_language()
    return here, [(code, own_name(code), "", code == here) for code in there] if len(there) > 1 else []


_LANGUAGE: Final = re.compile(r"/(q|over|check|children|school|sent)/(\w+)/([\w-]+)(?=[/?]|$)", re.ASCII)
"""An address that has its language after the version of a questionnaire; the others have it behind."""


def _in_language(place: str, language: str) -> str:
    """Return the address of the same page in a language; one that its questionnaire does not have changes nothing."""
    found = _LANGUAGE.match(place)
    if found is None:
        path, _, query = place.partition("?")
        others = [one for one in query.split("&") if one and not one.startswith("language=")]
        return f"{path}?{'&'.join([*others, f'language={language}'])}"
    survey = catalogue().survey(found[2], language)
    return place if survey is None else f"{place[: found.start(3)]}{language}{place[found.end(3) :]}"


_PLACE: Final = re.compile(r"/(?:[\w.~-]+(?:/[\w.~-]+)*/?)?(?:\?[\w=&.-]*)?", re.ASCII)
"""An address of ours; never one that a browser takes for another host."""


def way_back() -> str:
    """Return the address that a form says its page has; that of the front page for what is no address of ours."""
    place = request.form.get("from", "")
    return place if _PLACE.fullmatch(place) else "/"


@answer.app_template_global()
def shown_at() -> str:
    """Return the address of the page, to which “Aa” leads back; "" where it has none or is made for everyone."""
    if not has_request_context() or request.method == "POST":
        return ""
    if request.path.endswith(".json"):
        return ""
    place = request.full_path.rstrip("?")
    return place if _PLACE.fullmatch(place) else ""
