"""The author's own pictures and recordings, which belong to a published version."""

from __future__ import annotations

from pathlib import PurePosixPath

from flask import Response, abort, request
from werkzeug.wrappers import Response as Reply

from survey.definition.files import TYPES
from survey.pages.answer.blueprint import answer
from survey.pages.answer.catalogue import catalogue


@answer.get("/file/<version>/<path:path>")
def file(version: str, path: str) -> Reply:
    """Send a picture or a recording. Its address holds the version, so that it never needs to be asked for again."""
    survey = catalogue().survey(version)
    reply = sent_file(survey.files.get(path) if survey else None, path)
    reply.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return reply


def sent_file(content: bytes | None, path: str) -> Reply:
    """Return a picture or a recording as a reply, or the part of it that is asked for; answer 404 for None."""
    if content is None:
        abort(404)
    reply = Response(content, mimetype=TYPES[PurePosixPath(path).suffix])
    reply.accept_ranges = "bytes"
    return reply.make_conditional(request, accept_ranges=True, complete_length=len(content))
