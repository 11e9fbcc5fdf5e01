"""The most a form can do: bare Flask, a CSRF token, one Jinja page of five radio buttons, one durable commit."""

from __future__ import annotations

import os
import sqlite3
import threading

from flask import Flask, redirect, render_template, request
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice

PAGE = """<!doctype html><html lang="en"><head><title>{{ n }}</title></head><body><main>
<h1>How much do you like page {{ n }}?</h1>
<form method="post" novalidate>{{ form.csrf_token }}<fieldset><legend>Pick one</legend>
{% for option in form.answer %}<div>{{ option }}{{ option.label }}</div>{% endfor %}</fieldset>
<button type="submit">Next</button></form></main></body></html>"""


class Page(FlaskForm):
    """Five radio buttons and a token."""

    answer = RadioField(choices=[SelectChoice(str(n), f"Option {n}") for n in range(1, 6)])


def create() -> Flask:
    """Return the app; its database is the file in BENCH_DATABASE."""
    app = Flask(__name__)
    app.secret_key = "bench"
    page = app.jinja_env.from_string(PAGE)  # compiled once, as a template in a file would be
    local = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(os.environ["BENCH_DATABASE"], timeout=30, isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                local.connection.execute(f"PRAGMA {pragma}")
            local.connection.execute("CREATE TABLE IF NOT EXISTS answer (n INTEGER, value TEXT)")
        found: sqlite3.Connection = local.connection
        return found

    @app.get("/page/<int:n>")
    def show(n: int) -> str:
        return render_template(page, form=Page(), n=n)

    @app.post("/page/<int:n>")
    def take(n: int) -> Response:
        form = Page()
        if not form.validate_on_submit():
            return Response("bad", 400)
        connection().execute("INSERT INTO answer VALUES (?, ?)", (n, request.form["answer"]))
        return redirect(f"/page/{n + 1}", 303)

    return app
