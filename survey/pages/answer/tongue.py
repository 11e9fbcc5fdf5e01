"""Pages outside any survey: which language they are in, and what their templates are given."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import HTTPException

from survey.pages.answer.passes import current
from survey.wording import direction, html_language, in_query, languages, own_name, say_in


def asked_language() -> str:
    """Return the language asked for in the address or the form, where we speak it; else English."""
    # A form that is too long to read has no fields; what is then asked for stands in the address, if anywhere.
    try:
        wanted = wanted_language()
    except HTTPException:
        wanted = request.args.get("language", "")
    return wanted if wanted in languages() else "en"


def in_every_language(address: str, here: str | None = None) -> list[tuple[str, str, str, bool]]:
    """Return a link to a page outside any survey in each language that Chorus speaks, English first.

    here: the language the page is in; without one, that which was asked for.
    """
    here = here or asked_language()
    return [(code, own_name(code), f"{address}?language={code}", code == here) for code in every_language()]


def every_language() -> list[str]:
    """Return the languages that Chorus speaks, English first."""
    return sorted(languages(), key=lambda code: (code != "en", code))


def plain_words(language: str | None = None) -> dict[str, object]:
    """Return what a page outside any survey is given, in this language; without one, in the one that was asked for."""
    language = language or asked_language()
    return {
        "say": say_in(language),
        "language": html_language(language),
        "direction": direction(language),
        "survey_title": "",
        "contact": None,
        "links": [],
        "look": current().classes,
        "look_at": "/look",
        "spoken": every_language(),
        "here": "",
        "front": f"/{in_query(language)}",
        "in_language": in_query(language),
        "code": language,
        "young": False,
        "audience": "parent",
    }


def wanted_language() -> str:
    """Return the language asked for, "" for none: by leaving a page for another language of it, or otherwise."""
    _, _, left_for = request.form.get("leave", "").partition(" ")
    # The form says which language its page is in, also after a change that its address does not show.
    return left_for or request.form.get("language") or request.args.get("language", "")
