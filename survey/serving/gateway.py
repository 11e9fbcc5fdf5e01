"""Between granian and Flask: a request is whole before a thread is spent on it, or it is turned away.

granian reads heads and bodies without Python's threads. It hands a request over as soon as its head is there; a WSGI
app would then hold a thread until the body has come, and a few dozen slow lines would stop every page.

A request goes from granian's thread straight to one of ours, and the reply straight back. Each further thread on the
way would have to wait for its turn to hold the interpreter, and that is dear. The event loop has the rare work only:
bodies that are late, and those that are refused.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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

_LOOKS: Final = 0.25
"""Seconds between two looks for bodies that have had their time."""

_SLOWEST: Final = 16 * 1024
"""Bytes a second at which a larger body must come: a file of 10 MB has eleven minutes."""

_SORRY: Final = without_template(500, "en").encode()
"""The page for a fault in the page for a fault."""

Reply = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""


class Whole(NamedTuple):
    """A request that has come whole, or is refused: then `refused` says why."""

    scope: Any
    headers: Any
    protocol: Any
    body: bytes = b""
    refused: HTTPStatus | None = None


class Gateway:
    """Serves a WSGI app with so many threads of its own."""

    def __init__(self, app: WSGIApplication, threads: int) -> None:
        self._app = app
        self._threads = [Thread(target=self._work, name=f"request-{n}", daemon=True) for n in range(threads)]
        self._whole: SimpleQueue[Whole | None] = SimpleQueue()
        self._coming: dict[Arrival, Any] = {}
        self._room = _Room()

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin; granian calls this once, before the first request."""
        self._loop = loop
        for thread in self._threads:
            thread.start()
        self._give_up_late()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """End; granian calls this once, after the last request. What is still being answered is finished."""
        for _ in self._threads:
            self._whole.put(None)
        for thread in self._threads:
            thread.join()

    def take(self, scope: Any, protocol: Any) -> None:
        """Take a request whose head has come; return at once. granian calls this in its own thread."""
        headers = scope.headers
        try:
            self._sort(scope, headers, protocol)
        except Exception as error:
            # granian looks at nothing that is raised here: no one would be answered.
            protocol.response_bytes(*_last_reply(error, environment(scope, headers, b"")))

    def _sort(self, scope: Any, headers: Any, protocol: Any) -> None:
        length = headers.get("content-length")
        if length is None or length == "0":
            # One that comes in chunks says no length. The app refuses it: every browser says how long a form is.
            self._whole.put(Whole(scope, headers, protocol))
            return
        size = int(length) if re.fullmatch("[0-9]{1,12}", length) else sys.maxsize
        if size > LARGEST_BODY:
            self._refuse(scope, headers, protocol, size, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif not self._room.enough_for(size):
            self._refuse(scope, headers, protocol, size, HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._wait_for(scope, headers, protocol, size)

    def _wait_for(self, scope: Any, headers: Any, protocol: Any, size: int) -> None:
        def arrived(arrival: Arrival, body: bytes, refused: HTTPStatus | None) -> None:
            del self._coming[arrival]
            self._room.leave(size)
            self._whole.put(Whole(scope, headers, protocol, body, refused))

        body = protocol()
        arrival = Arrival(time.monotonic() + _time_for(size), arrived)
        self._coming[arrival] = body
        body.add_done_callback(arrival)

    def _give_up_late(self) -> None:
        now = time.monotonic()
        for arrival, body in self._coming.copy().items():
            if arrival.until <= now:
                body.cancel()
        self._loop.call_later(_LOOKS, self._give_up_late)

    def _refuse(self, scope: Any, headers: Any, protocol: Any, size: int, status: HTTPStatus) -> None:
        async def refuse() -> None:
            await _dropped(headers, protocol, size)
            self._whole.put(Whole(scope, headers, protocol, b"", status))

        asyncio.run_coroutine_threadsafe(refuse(), self._loop)

    def _work(self) -> None:
        while True:
            request = self._whole.get()
            if request is None:
                return
            request.protocol.response_bytes(
                *self._answer(request.scope, request.headers, request.body, request.refused)
            )
            # granian keeps a connection, and does not stop, as long as a body that was not read is held anywhere:
            # here, or by a frame below in which something was raised.
            del request

    def _answer(self, scope: Any, headers: Any, body: bytes, refused: HTTPStatus | None) -> Reply:
        """Let the app answer."""
        environ = environment(scope, headers, body)
        if refused is not None:
            environ[REFUSED] = int(refused)
        try:
            return _run(self._app, environ)
        except BaseException as error:  # a thread that ended with one request would be missing for all others
            return _last_reply(error, environ)


class Arrival:
    """What is called when a body has come, or never will.

    until: when the body is given up, by the monotonic clock. arrived: is told the body, and why the request is refused,
    if it is. Of what granian gives for a body, something like a future, nothing is held here: it holds this, and
    Python cannot tell that granian's objects hold each other.
    """

    def __init__(self, until: float, arrived: Callable[[Arrival, bytes, HTTPStatus | None], None]) -> None:
        self.until = until
        self._arrived = arrived

    def __call__(self, body: Any) -> None:
        """Tell what has become of it."""
        self._arrived(self, *_come_of(body))


def _come_of(body: Any) -> tuple[bytes, HTTPStatus | None]:
    try:
        return body.result(), None
    except asyncio.CancelledError:
        return b"", HTTPStatus.REQUEST_TIMEOUT
    except Exception:
        # Cut off half-way. Whoever sent it may still listen.
        return b"", HTTPStatus.BAD_REQUEST


class _Room:
    """The memory that larger bodies on their way may fill; from any thread."""

    def __init__(self) -> None:
        self._filled = 0
        self._turn = Lock()

    def enough_for(self, size: int) -> bool:
        """Tell whether a body may come, and count it from now on."""
        if size <= _SMALL:
            return True
        with self._turn:
            if self._filled + size > _ON_THEIR_WAY:
                return False
            self._filled += size
            return True

    def leave(self, size: int) -> None:
        """Count a body no more."""
        if size > _SMALL:
            with self._turn:
                self._filled -= size


def _time_for(size: int) -> float:
    return _PATIENCE + size / _SLOWEST


async def _dropped(headers: Any, protocol: Any, size: int) -> None:
    """Let a refused body come to its end, unless it is far too large or waits to be asked for."""
    if size <= _READ_AND_DROPPED and headers.get("expect") is None:
        # However it ends, the reply is the same: that it was refused.
        with suppress(Exception):
            async with asyncio.timeout(_time_for(size)):
                async for _ in protocol:
                    pass


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
