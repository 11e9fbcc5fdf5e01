"""Which language a page outside any survey is in."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import HTTPException

from survey.wording import languages


def asked_language() -> str:
    """Return the language asked for in the address or the form, where we speak it; else English."""
    # A form that is too long to read has no fields; what is then asked for stands in the address, if anywhere.
    try:
        wanted = request.values.get("language", "")
    except HTTPException:
        wanted = request.args.get("language", "")
    return wanted if wanted in languages() else "en"
