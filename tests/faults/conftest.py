from __future__ import annotations

from collections.abc import Iterator

import pytest

from survey.database import Engine, open_engine, upgrade
from tests.store.field import Field, lay_out


@pytest.fixture
def store_url(database_url: str) -> str:
    """The address of a database with its tables and a small field."""
    engine = open_engine(database_url)
    upgrade(engine)
    lay_out(engine)
    engine.dispose()
    return database_url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh database with its tables; the test runs on SQLite and on PostgreSQL."""
    opened = open_engine(database_url)
    upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def field(engine: Engine) -> Field:
    return lay_out(engine)
