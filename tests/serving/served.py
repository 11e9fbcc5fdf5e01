"""Serve a small app as `survey serve` serves Chorus: python served.py PORT SECONDS_FOR_A_BODY."""

from __future__ import annotations

import gc
import sys
import time
from types import CoroutineType

from flask import Flask, request

from survey.pages.last import last_page
from survey.pages.shield import Shield, refuse_foreign_posts, refuse_what_is_not_whole
from survey.serving import gateway
from survey.serving.listening import listen

THREADS = 2


def load() -> gateway.Gateway:
    """Return the gateway to an app that says what it was sent, slowly if asked to."""
    app = Flask("served")
    refuse_what_is_not_whole(app)
    app.before_request(refuse_foreign_posts)
    app.wsgi_app = Shield(app.wsgi_app, last_page)  # type: ignore[method-assign]

    @app.route("/", methods=["GET", "POST"])
    def echo() -> str:
        request.max_content_length = gateway.LARGEST_BODY
        time.sleep(float(request.args.get("seconds", "0")))
        return f"{request.method} {len(request.get_data())}"

    @app.route("/held")
    def held() -> str:
        time.sleep(float(request.args["seconds"]))
        return str(sum(map(_is_of_a_request, gc.get_objects())))

    gc.disable()  # what refers to itself would stay, and be seen
    return gateway.Gateway(app, THREADS)


def _is_of_a_request(one: object) -> bool:
    if type(one) is CoroutineType:
        return one.cr_code is gateway.Gateway.__rsgi__.__code__
    return type(one) is gateway.Whole


if __name__ == "__main__":
    port, patience = sys.argv[1:]
    gateway._PATIENCE = float(patience)  # type: ignore[misc]
    listen(load, "127.0.0.1", int(port), 1)
