"""A line between a browser and an app that can be cut, or lose replies on the way back, as bad wifi does."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any


class Line:
    """A WSGI app in front of another.

    cut       every request finds the connection gone
    hold      requests below this path find it gone, no others
    busy      so many posts of answers are refused with 503
    lost      so many posts of answers are done, and their replies lost
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self.cut = False
        self.hold = ""
        self.busy = self.lost = 0
        self.asked: Counter[str] = Counter()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if self.cut or (self.hold and path.startswith(self.hold)):
            _hang_up(environ)
        self.asked[f"{environ['REQUEST_METHOD']} {path}"] += 1
        if path == "/answers" and self.busy:
            self.busy -= 1
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start("503 Service Unavailable", [("Content-Type", "text/html")])
            return [b"busy"]
        reply: Iterable[bytes] = self._app(environ, start)
        if path == "/answers" and self.lost:
            self.lost -= 1
            list(reply)
            _hang_up(environ)
        return reply


def _hang_up(environ: dict[str, Any]) -> None:
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError
