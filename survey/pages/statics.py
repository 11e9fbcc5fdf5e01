"""Style sheets, fonts and drawings: sent compressed, with an address that changes when they do."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as Reply

statics = Blueprint("statics", __name__)

FOLDER = Path(__file__).parent.parent / "static"
_COMPRESSIBLE = ("text/", "image/svg", "application/json")
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True)
class _File:
    plain: bytes
    small: bytes | None
    tag: str
    type: str


@cache
def _file(place: str, _changed: float) -> _File:
    """Return a file's bytes; `_changed` (its time of change) makes an edited file a new one."""
    plain = Path(place).read_bytes()
    type_ = mimetypes.guess_type(place)[0] or "application/octet-stream"
    small = gzip.compress(plain, 9, mtime=0) if type_.startswith(_COMPRESSIBLE) else None
    return _File(plain, small, hashlib.sha256(plain).hexdigest()[:12], type_)


def _read(path: str) -> _File | None:
    place = safe_join(str(FOLDER), path)
    if place is None:
        return None
    try:
        return _file(place, Path(place).stat().st_mtime)
    except (OSError, ValueError):  # a folder, a name no file system takes, a NUL: nothing we have
        return None


def asset(path: str) -> str:
    """Return the address of a static file, with a mark that changes with its content."""
    file = _read(path)
    return f"/static/{path}?v={file.tag}" if file else f"/static/{path}"


@statics.get("/static/<path:path>")
def static_file(path: str) -> Reply:
    """Send a static file; with a mark in its address it never needs to be asked for again."""
    file = _read(path)
    if file is None:
        abort(404)
    small = file.small if "gzip" in request.headers.get("Accept-Encoding", "") else None
    reply = Response(small or file.plain, mimetype=file.type)
    if small:
        reply.headers["Content-Encoding"] = "gzip"
    reply.headers["Vary"] = "Accept-Encoding"
    known = request.args.get("v") == file.tag or path.startswith("fonts/")
    reply.headers["Cache-Control"] = "public, max-age=31536000, immutable" if known else "no-cache"
    reply.set_etag(file.tag)
    return reply.make_conditional(request)


@statics.get("/favicon.ico")
def favicon() -> Reply:
    """Browsers ask for this by themselves."""
    return static_file("icon.svg")
