"""What every page does for safety: where a post may come from, and the headers of each reply."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; media-src 'self'; script-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

FRAMED: Final = POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
"""For a page that a page of ours shows in a frame: one that takes nothing and is only looked at."""

FRAMES: Final = f"{POLICY}; frame-src 'self'"
"""For a page that shows others of ours in frames."""


def with_policy(reply: Response, policy: str) -> Response:
    """Give a reply another policy than every reply has."""
    reply.headers["Content-Security-Policy"] = policy
    return reply


REFUSED = "chorus.refused"
"""The key in a request's environment that holds a status when the request did not come whole: it is refused with it."""


def refuse_what_is_not_whole(app: Flask) -> None:
    """Let `app` turn away what the server could not read."""

    @app.before_request
    def _not_whole() -> None:
        if REFUSED in request.environ:
            abort(request.environ[REFUSED])


_ALWAYS: Final = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    # Not no-referrer: browsers then send `Origin: null` with our own forms, and the check below would have
    # nothing to go by. Other hosts still learn nothing.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()"),
)

LastPage = Callable[[Exception, "WSGIEnvironment"], bytes]
"""Makes the page for a fault that nothing inside has met, and writes down where it was."""


class Shield:
    """The outermost layer of the app: whatever comes out, made by a page, by Flask or by a fault, has its headers.

    It stands outside Flask because not every reply passes what Flask does after a request: an error page that fails in
    its turn does not, nor does a request that cannot even be unpacked.
    """

    def __init__(self, inside: WSGIApplication, last_page: LastPage) -> None:
        self._inside = inside
        self._last_page = last_page

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; a fault becomes a page, too."""
        begun = False

        def start(status: str, headers: list[tuple[str, str]], *fault: Any) -> Callable[[bytes], object]:
            nonlocal begun
            begun = True
            # By now the scheme is the one the proxy in front was asked by.
            secure = environ.get("wsgi.url_scheme") == "https"
            return start_response(status, completed(headers, status, secure), *fault)

        _forget_dates(environ)
        try:
            return self._inside(environ, start)
        except Exception as error:
            page = self._last_page(error, environ)
            headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))]
            start("500 Internal Server Error", headers, *([sys.exc_info()] if begun else []))
            return [] if environ.get("REQUEST_METHOD") == "HEAD" else [page]


def _forget_dates(environ: WSGIEnvironment) -> None:
    """Take the dates out of a request's conditions: no reply says when it was changed, so they can mean nothing.

    Werkzeug would read them all the same, and break at a year of twelve digits.
    """
    for name in ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"):
        environ.pop(name, None)
    if not environ.get("HTTP_IF_RANGE", '"').startswith(('"', "W/")):
        # A part of something that may have changed since: the whole is sent.
        environ.pop("HTTP_RANGE", None)
        del environ["HTTP_IF_RANGE"]


def completed(headers: list[tuple[str, str]], status: str, secure: bool) -> list[tuple[str, str]]:
    """Return a reply's headers with those that every reply has; what the reply says itself stays as it is.

    status: as in WSGI, a number and words. secure: whether the visitor came by https.
    """
    there = {name.lower() for name, _ in headers}
    added = list(_ALWAYS)
    if not status.startswith("304"):  # which says nothing new about a copy that may be kept
        # Where a redirect leads depends on the moment, and what a page or a file shows may be for one person only:
        # nothing is kept unless it says that it may be.
        added.append(("Cache-Control", "no-store"))
    if secure:
        added.append(("Strict-Transport-Security", "max-age=31536000"))
    return [*headers, *(one for one in added if one[0].lower() not in there)]


def from_our_own_page(request: Request) -> bool:
    """Tell whether a post comes from a page of this site.

    Respondents' pages are the same for everyone and can hold no token; every browser in use says where a post
    comes from instead. A client that sends neither header is no browser that another site could misuse.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or _host_in(origin) == request.host


def _host_in(origin: str) -> str | None:
    """Return the host of an origin; None for what no browser would send, such as a bracket that is never closed."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def refuse_foreign_posts() -> None:
    """Stop a post that another site's page sent, or that comes in chunks (for use before each request).

    Every browser says how long a form is. Of one in chunks, what is over the limit would be cut off and the rest taken.
    """
    if request.method != "POST":
        return
    if not from_our_own_page(request):
        abort(403)
    if "Transfer-Encoding" in request.headers:
        abort(400)
