"""Between granian and Flask: a request is whole before a thread is spent on it, or it is turned away.

granian reads heads and bodies without Python's threads. It hands a request over as soon as its head is there; a WSGI
app would then hold a thread until the body has come, and a few dozen slow lines would stop every page. By RSGI,
granian's own interface, each request is a coroutine instead: it waits for the body, and a thread answers.

The thread sends the reply itself. All that is left for the coroutine is to end, and there is no hurry: many are ended
at once, because a loop that had to wake for each would take turns with the threads that make pages.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from survey.pages.last import last_page, without_template
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

_ENDS: Final = 0.25
"""Seconds after which the coroutine of an answered request is ended, when no other request comes before."""

_SLOWEST: Final = 16 * 1024
"""Bytes a second at which a larger body must come: a file of 10 MB has eleven minutes."""

_SORRY: Final = without_template(500, "en").encode()
"""The page for a fault in the page for a fault."""

Reply = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""


class Whole(NamedTuple):
    """A request that has come whole, or is refused: then `refused` says why. `answered` ends its coroutine."""

    scope: Any
    headers: Any
    protocol: Any
    answered: asyncio.Future[None]
    body: bytes = b""
    refused: HTTPStatus | None = None


class Gateway:
    """Serves a WSGI app by RSGI, with so many threads of its own."""

    def __init__(self, app: WSGIApplication, threads: int) -> None:
        self._app = app
        self._threads = [Thread(target=self._work, name=f"request-{n}", daemon=True) for n in range(threads)]
        self._whole: SimpleQueue[Whole | None] = SimpleQueue()
        self._answered: deque[asyncio.Future[None]] = deque()
        self._coming = 0

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin; granian calls this once, before the first request and before the loop runs."""
        self._loop = loop
        for thread in self._threads:
            thread.start()
        self._end_now_and_then()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """End; granian calls this once, when the loop runs no more. What is still being answered is finished."""
        for _ in self._threads:
            self._whole.put(None)
        for thread in self._threads:
            thread.join()
        self._end_answered()
        loop.run_until_complete(asyncio.sleep(0))

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer a request whose head has come."""
        headers = scope.headers
        answered = self._loop.create_future()
        try:
            # The body is in no variable here: it would stay in memory until this ends.
            self._whole.put(Whole(scope, headers, protocol, answered, *await self._body(headers, protocol)))
        except Exception as error:
            # granian would reply with a page of its own, without headers.
            protocol.response_bytes(*_last_reply(error, environment(scope, headers, b"")))
            return
        self._end_answered()
        await answered

    async def _body(self, headers: Any, protocol: Any) -> tuple[bytes, HTTPStatus | None]:
        """Return the body, and why the request is refused."""
        length = headers.get("content-length")
        if length is None or length == "0":
            # One that comes in chunks says no length. The app refuses it: every browser says how long a form is.
            return b"", None
        size = int(length) if re.fullmatch("[0-9]{1,12}", length) else sys.maxsize
        if size > LARGEST_BODY:
            return await _dropped(headers, protocol, size), HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        counted = size if size > _SMALL else 0
        if counted and self._coming + counted > _ON_THEIR_WAY:
            return await _dropped(headers, protocol, size), HTTPStatus.SERVICE_UNAVAILABLE
        self._coming += counted
        try:
            async with asyncio.timeout(_time_for(size)):
                return await protocol(), None
        except TimeoutError:
            return b"", HTTPStatus.REQUEST_TIMEOUT
        except Exception:
            # Cut off half-way. Anyone who sent it may still listen.
            return b"", HTTPStatus.BAD_REQUEST
        finally:
            self._coming -= counted

    def _end_now_and_then(self) -> None:
        self._end_answered()
        self._loop.call_later(_ENDS, self._end_now_and_then)

    def _end_answered(self) -> None:
        while self._answered:
            answered = self._answered.popleft()
            if not answered.cancelled():
                answered.set_result(None)

    def _work(self) -> None:
        while (request := self._whole.get()) is not None:
            reply = self._answer(request.scope, request.headers, request.body, request.refused)
            try:
                request.protocol.response_bytes(*reply)
            except BaseException as error:  # granian sends headers of text only
                request.protocol.response_bytes(*_last_reply(error, environment(request.scope, request.headers, b"")))
            self._answered.append(request.answered)
            # granian keeps a connection, and does not stop, as long as a body that was not read is held anywhere:
            # here, or by a frame below in which something was raised.
            del request, reply

    def _answer(self, scope: Any, headers: Any, body: bytes, refused: HTTPStatus | None) -> Reply:
        """Let the app answer."""
        environ = environment(scope, headers, body)
        if refused is not None:
            environ[REFUSED] = int(refused)
        try:
            return _run(self._app, environ)
        except BaseException as error:  # a thread that ended with one request would be missing for all others
            return _last_reply(error, environ)


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


def _last_reply(error: BaseException, environ: dict[str, Any]) -> Reply:
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


def environment(scope: Any, headers: Any, body: bytes) -> dict[str, Any]:
    """Return the environment of a WSGI request (PEP 3333) from an RSGI scope, its headers and the whole body.

    headers: those of the scope, asked for once: granian copies them each time.
    """
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
    for name, value in headers.items():
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
