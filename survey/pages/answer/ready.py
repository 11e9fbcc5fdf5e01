"""Replies that are the same for everyone, kept as compressed bytes: question pages, and data for devices."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, request
from werkzeug.wrappers import Response as Reply

from survey.pages.answer.passes import Pass

LOOK_SLOT: Final = "look-of-this-device"
"""Stands in a ready page where the class names for its look go."""

_TAG_LENGTH: Final = 12
"""So many characters of the SHA-256 of data stand in their address."""


@dataclass(frozen=True)
class _Body:
    """A page's bytes and the headers that go with them."""

    content: bytes
    headers: tuple[tuple[str, str], ...]


class Ready:
    """A page that is the same for everyone, kept compressed: one copy for each look."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._bodies: dict[str, tuple[_Body, _Body]] = {}

    def response(self, pass_: Pass) -> Reply:
        """Return the page as a reply, compressed where the browser takes that, empty where it has it already."""
        plain, small = self._bodies.get(pass_.look) or self._make(pass_)
        body = small if "gzip" in request.environ.get("HTTP_ACCEPT_ENCODING", "") else plain
        reply = Response(body.content, headers=body.headers)
        if "HTTP_IF_NONE_MATCH" in request.environ:
            reply.make_conditional(request)
        return reply

    def _make(self, pass_: Pass) -> tuple[_Body, _Body]:
        plain = self._html.replace(LOOK_SLOT, pass_.classes).encode()
        headers = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-cache"),
            ("Vary", "Accept-Encoding, Cookie"),
            ("ETag", f'"{hashlib.sha256(plain).hexdigest()[:16]}"'),
        )
        bodies = (
            _Body(plain, headers),
            _Body(gzip.compress(plain, 9, mtime=0), (*headers, ("Content-Encoding", "gzip"))),
        )
        self._bodies[pass_.look] = bodies
        return bodies


class Data:
    """Data that are the same for everyone, as JSON, kept compressed. `tag` changes when they do."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._plain = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        self._small = gzip.compress(self._plain, 9, mtime=0)
        self.tag = hashlib.sha256(self._plain).hexdigest()[:_TAG_LENGTH]

    def response(self, *, lasting: bool) -> Reply:
        """Return them as a reply; lasting: their address holds the tag, so that they need never be asked for again."""
        small = "gzip" in request.headers.get("Accept-Encoding", "")
        reply = Response(self._small if small else self._plain, mimetype="application/json")
        if small:
            reply.headers["Content-Encoding"] = "gzip"
        reply.headers["Vary"] = "Accept-Encoding"
        reply.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
        reply.set_etag(self.tag)
        return reply.make_conditional(request)
