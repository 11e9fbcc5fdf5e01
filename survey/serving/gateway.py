"""Between granian and Flask: a request is whole before a thread is spent on it, or it is turned away.

granian reads heads and bodies without Python's threads. It hands a request over as soon as its head is there; a WSGI
app would then hold a thread until the body has come, and a few dozen slow lines would stop every page.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from survey.pages.errors import last_page, without_template
from survey.pages.shield import REFUSED, completed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LARGEST_BODY: Final = 42 * 1024 * 1024
"""Bytes of the largest form that any page takes (a study's folder of 40 MB), and room to spare."""

_READ_AND_DROPPED: Final = 4 * LARGEST_BODY
"""Bytes of a refused body that are still read, and kept nowhere: while it is being sent, no browser reads a reply."""

_SMALL: Final = 64 * 1024
"""Bytes of a body that is always let in: nearly every page of answers is smaller."""

_ON_THEIR_WAY: Final = 192 * 1024 * 1024
"""Bytes of larger bodies on their way at once, in one process: they are kept in memory until they are whole."""

_PATIENCE: Final = 15.0
"""Seconds that any body may take."""

_SLOWEST: Final = 16 * 1024
"""Bytes a second at which a larger body must come: a file of 10 MB has eleven minutes."""

_SORRY: Final = without_template(500, "en").encode()
"""The page for a fault in the page for a fault."""

Reply = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""


class Gateway:
    """Serves a WSGI app by RSGI, granian's own interface, with so many threads."""

    def __init__(self, app: WSGIApplication, threads: int) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._coming = 0

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin; called once, before the first request."""
        self._loop = loop

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """End; called once, after the last request."""
        self._threads.shutdown(wait=False)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer a request."""
        body, refused = await self._body(scope.headers, protocol)
        if body is not None:
            await self._loop.run_in_executor(self._threads, self._answer, scope, protocol, body, refused)

    async def _body(self, headers: Any, protocol: Any) -> tuple[bytes | None, HTTPStatus | None]:
        """Return the body, and why the request is refused. No body at all: whoever sent it has hung up."""
        length = headers.get("content-length")
        if length is None or length == "0":
            # One that comes in chunks says no length. The app refuses it: every browser says how long a form is.
            return b"", None
        size = int(length) if re.fullmatch("[0-9]{1,12}", length) else sys.maxsize
        if size > LARGEST_BODY:
            return await _dropped(headers, protocol, size), HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        counted = size if size > _SMALL else 0
        if self._coming + counted > _ON_THEIR_WAY:
            return await _dropped(headers, protocol, size), HTTPStatus.SERVICE_UNAVAILABLE
        self._coming += counted
        try:
            async with asyncio.timeout(_time_for(size)):
                return await protocol(), None
        except TimeoutError:
            return b"", HTTPStatus.REQUEST_TIMEOUT
        except Exception:
            return None, None
        finally:
            self._coming -= counted

    def _answer(self, scope: Any, protocol: Any, body: bytes, refused: HTTPStatus | None) -> None:
        """Let the app answer, in a thread."""
        environ = environment(scope, body)
        if refused is not None:
            environ[REFUSED] = int(refused)
        try:
            reply = _run(self._app, environ)
        except Exception as error:
            reply = _last_reply(error, environ)
        protocol.response_bytes(*reply)


def _time_for(size: int) -> float:
    return _PATIENCE + size / _SLOWEST


async def _dropped(headers: Any, protocol: Any, size: int) -> bytes:
    """Let a refused body come to its end, unless it is far too large or waits to be asked for; return none of it."""
    if size <= _READ_AND_DROPPED and headers.get("expect") is None:
        # However it ends, the reply is the same: that it was refused.
        with suppress(Exception):
            async with asyncio.timeout(_time_for(size)):
                async for _ in protocol:
                    pass
    return b""


def _last_reply(error: Exception, environ: dict[str, Any]) -> Reply:
    """Return what is said of a fault that the app has not met: a download that broke off, the error page itself."""
    try:
        page = last_page(error, environ)
    except Exception:
        page = _SORRY
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))]
    # By now the scheme is the one the proxy in front was asked by.
    headers = completed(headers, "500 Internal Server Error", environ["wsgi.url_scheme"] == "https")
    return 500, headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else page


def _run(app: WSGIApplication, environ: dict[str, Any]) -> Reply:
    """Return the status, the headers and the whole body of an app's answer."""
    said: list[tuple[int, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start(status: str, headers: list[tuple[str, str]], _fault: object = None, /) -> Callable[[bytes], object]:
        said.append((int(status[:3]), headers))
        return written.append

    parts = app(environ, start)
    try:
        written += parts
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    return *said[-1], b"".join(written)


def environment(scope: Any, body: bytes) -> dict[str, Any]:
    """Return the environment of a WSGI request (PEP 3333) from an RSGI scope and the request's whole body."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue  # would pass for the header with dashes, which a proxy may have set
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        if key not in environ:
            environ[key] = value
        elif key == "HTTP_COOKIE":
            environ[key] += f"; {value}"
        else:
            environ[key] += f",{value}"
    return environ
