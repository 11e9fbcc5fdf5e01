"""Databases with their tables, and with a study laid out in them, made once and copied.

Ten migrations for each test would be half of the suite, and what the tests of a folder have in common a quarter of the
rest. `upgrade` stands in for `survey.database.upgrade` in all tests (tests/conftest.py); `migrate` is the real one, for
the tests of the migrations themselves. `laid_out` goes in front of a function that fills a database.
"""

from __future__ import annotations

import pickle
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import cache, wraps
from itertools import count
from pathlib import Path
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

import psycopg
from sqlalchemy import URL, inspect

from survey import database
from survey.database import Engine, open_engine
from tests.postgres import fast_folder, servers

P = ParamSpec("P")
T = TypeVar("T")

migrate = database.upgrade


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up to a revision: an empty database becomes a copy of one that was migrated."""
    copy = _copy_file if engine.dialect.name == "sqlite" else _copy_database
    if revision == "head" and copy(engine):
        _as_migrated.add(engine.url)
    else:
        migrate(engine, revision)


_as_migrated: set[URL] = set()
"""The databases that are copies of a migrated one, or were."""


# ---- a study laid out ------------------------------------------------------------------------------------


class _Made(NamedTuple):
    """What a function made: a database that holds it, its folder, and what it returned."""

    template: str
    folder: Path
    returned: bytes


_made: dict[object, _Made] = {}
_numbers = count(1)


def laid_out(fill: Callable[Concatenate[Engine, P], T]) -> Callable[Concatenate[Engine, P], T]:
    """Let `fill(engine, folder, …)` do its work once for the same arguments; later calls copy what it made.

    `fill` writes into a database that has its tables and nothing else, and into `folder` where it takes one; what it
    returns can be pickled, and hangs on nothing but its further arguments. A database, or a folder, in which there is
    something already is filled by `fill` itself.
    """

    @wraps(fill)
    def filled(engine: Engine, *more: P.args, **named: P.kwargs) -> T:
        folder = more[0] if more and isinstance(more[0], Path) else None
        if not _untouched(engine) or (folder and folder.is_dir() and any(folder.iterdir())):
            return fill(engine, *more, **named)
        key = (fill, engine.url.query.get("host"), more[1:] if folder else more, tuple(sorted(named.items())))
        made = _made.get(key)
        if made and _copied(engine, made.template):
            if folder:
                shutil.copytree(made.folder, folder, dirs_exist_ok=True)
            returned: T = pickle.loads(made.returned)
            return returned
        result = fill(engine, *more, **named)
        if not made and (template := _kept(engine)):
            _made[key] = _Made(template, _kept_folder(folder), pickle.dumps(result))
        return result

    return filled


def _untouched(engine: Engine) -> bool:
    """Whether a database is still the copy that `upgrade` put there."""
    if engine.url not in _as_migrated:
        return False
    with engine.connect() as connection:
        return not connection.exec_driver_sql(_anything(engine.dialect.name)).scalar()


@cache
def _anything(dialect: str) -> str:
    """Return the question whether there is a row in any table that has none after the migrations."""
    engine = open_engine(f"sqlite:///{_migrated_file()}")
    with engine.connect() as connection:
        tables = [
            name
            for name in inspect(connection).get_table_names()
            if not connection.exec_driver_sql(f'SELECT EXISTS (SELECT 1 FROM "{name}")').scalar()
        ]
    engine.dispose()
    return "SELECT " + " OR ".join(f'EXISTS (SELECT 1 FROM "{name}")' for name in tables)


def _kept(engine: Engine) -> str | None:
    """Keep a copy of a database; return the name of its template, None while someone else is connected to it."""
    if engine.dialect.name == "sqlite":
        template = str(_folder() / f"{next(_numbers)}.sqlite")
        with closing(sqlite3.connect(template)) as copy, closing(engine.raw_connection()) as connection:
            connection.driver_connection.backup(copy)  # type: ignore[union-attr]
        return template
    engine.dispose()
    try:
        return servers[str(engine.url.query["host"])].keep_as_template(str(engine.url.database))
    except psycopg.errors.ObjectInUse:
        return None


def _kept_folder(folder: Path | None) -> Path:
    kept = _folder() / str(next(_numbers))
    if folder:
        return shutil.copytree(folder, kept)
    kept.mkdir()
    return kept


def _copied(engine: Engine, template: str) -> bool:
    """Put a copy of a template in the place of an untouched database; return whether that could be done."""
    if engine.dialect.name == "sqlite":
        # Not the file: an app may have it open beside this engine.
        with closing(sqlite3.connect(template)) as kept, closing(engine.raw_connection()) as connection:
            kept.backup(connection.driver_connection)  # type: ignore[arg-type]
        return True
    engine.dispose()
    try:
        servers[str(engine.url.query["host"])].copy_template(template, str(engine.url.database))
    except psycopg.errors.ObjectInUse:
        return False
    return True


# ---- the tables ------------------------------------------------------------------------------------------


def _copy_file(engine: Engine) -> bool:
    file = Path(str(engine.url.database))
    if (file.exists() and file.stat().st_size) or not file.parent.is_dir():
        return False
    shutil.copyfile(_migrated_file(), file)
    return True


@cache
def _migrated_file() -> Path:
    file = _folder() / "migrated.sqlite"
    _migrated(f"sqlite:///{file}")
    return file


@cache
def _folder() -> Path:
    """Return a folder that is removed when the tests end."""
    folder = tempfile.TemporaryDirectory(prefix="chorus-template-", dir=fast_folder())
    _folders.append(folder)
    return Path(folder.name)


_folders: list[tempfile.TemporaryDirectory[str]] = []


def clear() -> None:
    """Remove what was kept: a worker of pytest-xdist ends without Python's own tidying up."""
    for folder in _folders:
        folder.cleanup()


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
