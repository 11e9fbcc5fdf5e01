"""Which language a page outside any survey is in."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import HTTPException

from survey.wording import languages, own_name


def asked_language() -> str:
    """Return the language asked for in the address or the form, where we speak it; else English."""
    # A form that is too long to read has no fields; what is then asked for stands in the address, if anywhere.
    try:
        wanted = wanted_language()
    except HTTPException:
        wanted = request.args.get("language", "")
    return wanted if wanted in languages() else "en"


def in_every_language(address: str) -> list[tuple[str, str, str, bool]]:
    """Return a link to a page outside any survey in each language that Chorus speaks, English first."""
    here, order = asked_language(), sorted(languages(), key=lambda code: (code != "en", code))
    return [(code, own_name(code), f"{address}?language={code}", code == here) for code in order]


def wanted_language() -> str:
    """Return the language asked for, "" for none: by leaving a page for another language of it, or otherwise."""
    _, _, left_for = request.form.get("leave", "").partition(" ")
    return left_for or request.values.get("language", "")
