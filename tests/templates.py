"""Databases with their tables, made once and copied: ten migrations for each test would be half of the suite.

`upgrade` stands in for `survey.database.upgrade` in all tests (tests/conftest.py). `migrate` is the real one, for the
tests of the migrations themselves.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from survey import database
from survey.database import Engine, open_engine

migrate = database.upgrade

_TEMPLATE = "migrated"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up to a revision: an empty database becomes a copy of one that was migrated."""
    copy = _copy_file if engine.dialect.name == "sqlite" else _copy_database
    if revision != "head" or not copy(engine):
        migrate(engine, revision)


def _copy_file(engine: Engine) -> bool:
    file = Path(str(engine.url.database))
    if (file.exists() and file.stat().st_size) or not file.parent.is_dir():
        return False
    shutil.copyfile(_migrated_file(), file)
    return True


@cache
def _migrated_file() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="chorus-template-")
    _folders.append(folder)
    file = Path(folder.name) / "chorus.sqlite"
    _migrated(f"sqlite:///{file}")
    return file


_folders: list[tempfile.TemporaryDirectory[str]] = []
"""They are removed when the tests end."""


def _copy_database(engine: Engine) -> bool:
    with engine.connect() as connection:
        if connection.exec_driver_sql("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").first():
            return False
    engine.dispose()
    template = _migrated_database(str(engine.url.query["host"]))
    with _server(engine.url) as server:
        name = sql.Identifier(str(engine.url.database))
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        made = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
        server.execute(sql.SQL(made).format(name, sql.Identifier(template)))
    return True


@cache
def _migrated_database(host: str) -> str:
    url = make_url(f"postgresql+psycopg://postgres@/{_TEMPLATE}?host={host}")
    with _server(url) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
    _migrated(url.render_as_string(hide_password=False))
    return _TEMPLATE


def _server(url: URL) -> psycopg.Connection:
    return psycopg.connect(host=str(url.query["host"]), user="postgres", dbname="postgres", autocommit=True)


def _migrated(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
