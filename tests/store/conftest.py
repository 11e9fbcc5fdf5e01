from __future__ import annotations

from collections.abc import Iterator

import pytest

from survey.database import Engine, open_engine, upgrade
from survey.responses import Ticket, begin
from tests.store.field import NOW, SHA, Field, lay_out


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


@pytest.fixture
def ticket(engine: Engine, field: Field) -> Ticket:
    """Someone has just come in by the pupil's door."""
    return begin(engine, field.pupils_door, "en", SHA, NOW)
