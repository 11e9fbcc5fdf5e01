"""What every page does for safety: where a post may come from, and the headers of each reply."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, request

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; media-src 'self'; script-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


REFUSED = "chorus.refused"
"""The key in a request's environment that holds a status when the request did not come whole: it is refused with it."""


def shield(app: Flask) -> None:
    """Give every reply of `app` its security headers, and turn away what the server could not read."""

    @app.before_request
    def _not_whole() -> None:
        if REFUSED in request.environ:
            abort(request.environ[REFUSED])

    @app.after_request
    def _headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        # Not no-referrer: browsers then send `Origin: null` with our own forms, and the check below would have
        # nothing to go by. Other hosts still learn nothing.
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()")
        if 300 <= response.status_code < 400 and response.status_code != 304:
            # Where a redirect leads depends on the moment; a kept one leads the next child in a circle.
            headers.setdefault("Cache-Control", "no-store")
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response


def from_our_own_page(request: Request) -> bool:
    """Tell whether a post comes from a page of this site.

    Respondents' pages are the same for everybody and can hold no token; every browser in use says where a post
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
