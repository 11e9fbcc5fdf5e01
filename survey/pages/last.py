"""The page for a fault that no other page has met. It needs nothing of the app, so that what serves one can show it."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from markupsafe import escape

from survey.wording import direction, html_language, languages, say_in

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = logging.getLogger("survey")

WORDS: Final = {
    400: ("That page could not be read. Please go back and try again.", "Your answers so far are kept."),
    403: ("That page could not be read. Please go back and try again.", "Your answers so far are kept."),
    404: ("There is no page here", "Check the address, or ask the person who gave it to you."),
    405: ("That page could not be read. Please go back and try again.", "Your answers so far are kept."),
    408: ("That page could not be read. Please go back and try again.", "Your answers so far are kept."),
    413: ("This is too much to send. Please write less.", "Your answers so far are kept."),
    503: ("We are very busy just now", "Your answers so far are safe. Please wait a minute and try again."),
}
SORRY: Final = ("Something went wrong", "Your answers so far are safe. Please go back and try again.")


def last_page(error: BaseException, environ: WSGIEnvironment) -> bytes:
    """Return the page for a fault that no handler has met (a `LastPage` of the shield), and log where it was."""
    log.error("%s outside every page", type(error).__name__, exc_info=without_words(error))
    asked = parse_qs(environ.get("QUERY_STRING", ""), max_num_fields=None, errors="replace").get("language", ["en"])[0]
    return without_template(500, asked if asked in languages() else "en").encode()


def without_template(status: int, language: str) -> str:
    """Return the page for an error, made of nothing that could fail in its turn."""
    say = say_in(language)
    heading, text = map(say, WORDS.get(status, SORRY))
    return bare_page(heading, text, html_language(language), direction(language))


def bare_page(heading: str, text: str, language: str, runs: str) -> str:
    """Return a page of a heading and a text, without style sheet and script. runs: "ltr" or "rtl"."""
    heading, text = escape(heading), escape(text)
    return (
        f'<!doctype html>\n<html lang="{language}" dir="{runs}">\n'
        f'<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{heading}</title></head>\n<body><main><h1>{heading}</h1><p>{text}</p></main></body>\n</html>\n"
    )


def without_words(error: BaseException) -> tuple[type[Exception], Exception, TracebackType | None]:
    """Return the traceback without the words of the error."""
    return Exception, Exception(type(error).__name__), error.__traceback__
