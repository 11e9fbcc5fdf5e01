"""What a person sees when something is wrong: a calm page, never a code or a stack trace."""

from __future__ import annotations

import logging
from types import TracebackType

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from survey.database import StoreError
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.passes import current
from survey.pages.answer.tongue import asked_language
from survey.wording import direction, html_language, say_in

log = logging.getLogger("survey")

_WORDS = {
    400: ("That page could not be read. Please go back and try again.", "Your answers so far are kept."),
    403: ("That page could not be read. Please go back and try again.", "Your answers so far are kept."),
    404: ("There is no page here", "Check the address, or ask the person who gave it to you."),
    405: ("That page could not be read. Please go back and try again.", "Your answers so far are kept."),
    413: ("This is too much to send. Please write less.", "Your answers so far are kept."),
    503: ("We are very busy just now", "Your answers so far are safe. Please wait a minute and try again."),
}
_SORRY = ("Something went wrong", "Your answers so far are safe. Please go back and try again.")


def handle(app: Flask) -> None:
    """Let `app` answer every error with a page in the respondent's language."""
    app.register_error_handler(HTTPException, _known)
    app.register_error_handler(StoreError, _busy)
    app.register_error_handler(Exception, _unknown)


def _known(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    return _page(error.code or 500)


def _busy(error: StoreError) -> Response:
    """Answer for a full disk or a database held too long: nothing of this post was kept, so it may come again."""
    log.error("%s at %s %s", type(error).__name__, request.method, request.endpoint)
    reply = _page(503)
    reply.headers["Retry-After"] = "60"
    return reply


def _unknown(error: Exception) -> Response:
    # Only the kind and the place of the fault: its words could hold an answer.
    log.error("%s at %s %s", type(error).__name__, request.method, request.endpoint, exc_info=_bare(error))
    return _page(500)


def _bare(error: Exception) -> tuple[type[Exception], Exception, TracebackType | None]:
    """Return the traceback without the words of the error."""
    return Exception, Exception(type(error).__name__), error.__traceback__


def _page(status: int) -> Response:
    language = _language()
    say = say_in(language)
    heading, text = _WORDS.get(status, _SORRY)
    html = render_template(
        "answer/sorry.html",
        say=say,
        heading=say(heading),
        text=say(text),
        language=html_language(language),
        direction=direction(language),
        look=current().classes,
        links=[],
        survey_title="",
        contact=None,
        here="",
        look_address="/look",
        young=False,
        audience="parent",
    )
    reply = Response(html, status=status)
    reply.headers["Cache-Control"] = "no-store"
    return reply


def _language() -> str:
    """Return the language of the survey in the address, English outside."""
    given = request.view_args or {}
    version, language = given.get("version"), given.get("language")
    if version and language and catalogue().survey(version, language):
        return str(language)
    return asked_language()
