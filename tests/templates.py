"""Databases with their tables, made once and copied: ten migrations for each test would be half of the suite.

`upgrade` stands in for `survey.database.upgrade` in all tests (tests/conftest.py). `migrate` is the real one, for the
tests of the migrations themselves.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from survey import database
from survey.database import Engine, open_engine
from tests.postgres import fast_folder, servers

migrate = database.upgrade


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
    folder = tempfile.TemporaryDirectory(prefix="chorus-template-", dir=fast_folder())
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
    host = str(engine.url.query["host"])
    servers[host].copy_template(_migrated_database(host), str(engine.url.database))
    return True


@cache
def _migrated_database(host: str) -> str:
    server = servers[host]
    template = server.create_database()
    _migrated(server.url(template))
    return template


def _migrated(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
