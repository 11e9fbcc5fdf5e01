from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from survey.config import Settings
from survey.database import Engine, open_engine, upgrade
from survey.retention import Register
from tests.retention.field import Field, lay_out


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(tmp_path, database_url, "a secret of the tests, long enough to sign with", "http://localhost")


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    opened = open_engine(settings.database_url)
    upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def field(engine: Engine, tmp_path: Path) -> Field:
    return lay_out(engine, tmp_path / "study")


@pytest.fixture
def register(settings: Settings) -> Register:
    return Register(settings.register)
