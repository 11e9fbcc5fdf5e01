"""The web application: pages over rooms, put together."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from survey.config import Settings
from survey.database import open_engine
from survey.definition.drafts import Drafts
from survey.drawings import degree, drawing, face
from survey.fieldwork.tryouts import PURPOSE
from survey.long_work import jobs_of
from survey.pages import errors, statics
from survey.pages.account import guard
from survey.pages.addresses import isolated, own_direction, with_addresses
from survey.pages.answer import answer
from survey.pages.last import last_page
from survey.pages.office import office
from survey.pages.shield import Shield, refuse_what_is_not_whole
from survey.pages.store import Store, keep
from survey.pages.trying import trying
from survey.pages.trying.folder import PreviewedFolder, keep_folder, preview
from survey.pages.trying.published import of_published
from survey.pages.trying.trials import Trials, offer
from survey.pages.trying.uploaded import of_upload
from survey.pages.withdraw import withdrawing
from survey.question import INSTEAD
from survey.retention import Register, watch

_HERE = Path(__file__).parent

LARGEST_POST = 512 * 1024
"""Bytes of the largest form that is read: 40,000 characters, each written as twelve, and room to spare."""


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application for these settings, by default those of the environment."""
    settings = settings or Settings.from_environment()
    app = _app(settings.secret_key)
    app.config.update(SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True)
    app.url_map.converters["int"] = _RowNumber
    engine = open_engine(settings.database_url)
    watch(engine, Register(settings.register))
    keep(app, Store(engine, settings, jobs_of(settings, engine)))
    offer(app, Trials(settings.key(PURPOSE), lambda pass_: of_published(pass_) or of_upload(pass_)))
    if settings.proxies:
        proxies = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    _shield(app)
    app.register_blueprint(answer)
    app.register_blueprint(withdrawing)
    guard(app, settings)
    app.register_blueprint(office)
    return app


def create_preview(path: Path) -> Flask:
    """Return the application that shows the questionnaires of a folder, or one NAME.yaml, as the files are.

    It has no database, no instance and no one to sign in: nothing that is tried out is kept.
    """
    app = _app(secrets.token_hex(32))
    folder = PreviewedFolder(Drafts(path))
    keep_folder(app, folder)
    offer(app, Trials(secrets.token_bytes(32), folder.trial, home="/"))
    _shield(app)
    app.register_blueprint(preview)
    return app


def _app(secret: str) -> Flask:
    """Return an application with what every one of ours has: limits, templates, error pages, files, and try-outs."""
    app = Flask("survey", static_folder=None, template_folder=None)
    app.config.update(
        SECRET_KEY=secret,
        MAX_CONTENT_LENGTH=LARGEST_POST,
        MAX_FORM_MEMORY_SIZE=LARGEST_POST,
        MAX_FORM_PARTS=500,
    )
    _templates(app)
    refuse_what_is_not_whole(app)
    errors.handle(app)
    app.register_blueprint(statics.statics)
    app.register_blueprint(trying)
    return app


def _shield(app: Flask) -> None:
    app.wsgi_app = Shield(app.wsgi_app, last_page)  # type: ignore[method-assign]


class _RowNumber(IntegerConverter):
    """A number in an address: at most as large as a database numbers its rows, so that a larger one is no page."""

    def __init__(self, map: Map, **more: Any) -> None:
        super().__init__(map, **{"max": 2**63 - 1, **more})


def _templates(app: Flask) -> None:
    """Let a kind's template lie beside the kind, and let a misspelt name in a template be an error."""
    folders = FileSystemLoader(_HERE / "templates")
    kinds = FileSystemLoader(_HERE / "kinds")
    app.jinja_options = {"loader": ChoiceLoader([folders, PrefixLoader({"kinds": kinds})])}
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(address=own_direction, addresses=with_addresses, isolated=isolated)
    drawn = {"drawing": drawing, "face": face, "degree": degree}
    app.jinja_env.globals.update(drawn, asset=statics.asset, says_nothing=INSTEAD, sound=_none)


def _none(_words: str) -> str:
    """Stand for the recording of a text on a page outside any survey, which has none."""
    return ""
