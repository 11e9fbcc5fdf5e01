"""What a person sees when something is wrong: a calm page, never a code or a stack trace."""

from __future__ import annotations

import logging
from typing import Final

from flask import Flask, Response, abort, render_template, request
from werkzeug.exceptions import HTTPException

from survey.database import StoreError
from survey.pages.account.sessions import OFFICE
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.look import shown_at
from survey.pages.answer.tongue import asked_language, in_every_language, plain_words
from survey.pages.last import SORRY, WORDS, bare_page, without_template, without_words
from survey.tables.limits import LARGEST_FILE
from survey.wording import languages, say_in

log = logging.getLogger("survey")

# Who runs a study has no answers here, but a change or a file that was sent, and asks first whether it was saved.
_AGAIN = "Nothing was changed. Please go back, reload the page and try again."
_OFFICE_WORDS = {
    400: ("Chorus could not read this request", _AGAIN),
    403: ("This was not accepted", _AGAIN),
    404: ("There is no page here", "Check the address, or go to your studies."),
    405: ("This page cannot be opened directly", "Go to your studies, and use the buttons there."),
    408: (
        "Sending took too long",
        "Nothing was changed, because not everything arrived. Check your connection, then go back and send it again.",
    ),
    413: ("This is too much text", "Nothing was changed. Please go back and shorten it."),
    503: ("Chorus is very busy just now", "Please wait a minute and try again."),
}
_OFFICE_SORRY = ("Something went wrong", "Please go back, check whether your last change was saved, and try again.")
_FILE_TOO_LARGE = (
    "The file is too large",
    (
        f"Nothing was imported. A table can be up to {LARGEST_FILE // 1024 // 1024} MB: please split a larger one, "
        "for instance into a file for each school. A study’s folder can be up to 40 MB."
    ),
)
_NOT_SAVED = "What you sent was not saved. Please wait a minute, then go back and send it again."


def handle(app: Flask) -> None:
    """Let `app` answer every error with a page in the respondent's language."""
    app.register_error_handler(HTTPException, _known)
    app.register_error_handler(StoreError, _busy)
    app.register_error_handler(Exception, _unknown)
    app.add_url_rule("/sorry/<int:status>", "sorry", _again, methods=["GET"])


_TOLD: Final = ("Allow", "Content-Range", "Retry-After")
"""Headers of an error that programs go by: which methods there are, how long a file is, when to come again."""


def _known(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    reply = _page(error.code or 500)
    reply.headers.extend((name, value) for name, value in error.get_headers() if name in _TOLD)
    return reply


def _busy(error: StoreError) -> Response:
    """Answer for a full disk or a database held too long: nothing of this post was kept, so it may come again."""
    log.error("%s at %s %s", type(error).__name__, request.method, request.endpoint)
    reply = _page(503)
    reply.headers["Retry-After"] = "60"
    return reply


def _unknown(error: Exception) -> Response:
    # Only the kind and the place of the fault: its words could hold an answer.
    log.error("%s at %s %s", type(error).__name__, request.method, request.endpoint, exc_info=without_words(error))
    return _page(500)


def _again(status: int) -> Response:
    """Show the page for an error again, for someone who came to it by a form and then went to “Aa”."""
    if status not in (*WORDS, 500):
        abort(404)
    return _page(status)


def _page(status: int) -> Response:
    language = _language()
    reply = Response(_html(status, language), status=status)
    reply.headers["Cache-Control"] = "no-store"
    return reply


def _html(status: int, language: str) -> str:
    try:
        if _in_office():
            heading, text = _office_words(status)
            return render_template("office/sorry.html", heading=heading, text=text)
        say = say_in(language)
        heading, text = WORDS.get(status, SORRY)
        place = shown_at().partition("?")[0] or f"/sorry/{status}"
        own = {"links": in_every_language(place, language), "shown": place}
        words = plain_words(language) | own
        return render_template("answer/sorry.html", heading=say(heading), text=say(text), **words)
    except Exception as error:
        # Whatever broke the page asked for may break this one as well: then it is said without the template.
        log.error("%s in the page for an error", type(error).__name__, exc_info=without_words(error))
        if _in_office():
            return bare_page(*_office_words(status), "en-GB", "ltr")
        return without_template(status, language)


def _in_office() -> bool:
    """Tell whether the page asked for is for people who run a study."""
    return f"{request.path}/".startswith(f"{OFFICE}/")


def _office_words(status: int) -> tuple[str, str]:
    heading, text = _OFFICE_WORDS.get(status, _OFFICE_SORRY)
    if status == 413 and request.mimetype == "multipart/form-data":
        return _FILE_TOO_LARGE
    return heading, _NOT_SAVED if status == 503 and request.method == "POST" else text


def _language() -> str:
    """Return the language asked for; else that of the survey in the address, where it can be told."""
    if request.args.get("language", "") in languages():
        return request.args["language"]
    given = request.view_args or {}
    version, language = given.get("version"), given.get("language")
    try:
        if isinstance(version, str) and isinstance(language, str) and catalogue().survey(version, language):
            return language
    except StoreError:
        pass  # often the very reason for this page
    return asked_language()
