from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from survey.config import Settings
from survey.database import Engine, open_engine
from tests.paper.study import OnPaper, lay_out


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on an empty database: the test runs on SQLite and on PostgreSQL."""
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def study(engine: Engine, database_url: str, tmp_path: Path) -> OnPaper:
    """The study of tests/paper/study.py."""
    settings = Settings(tmp_path, database_url, "s" * 40, "http://localhost")
    folder = tmp_path / "study"
    folder.mkdir()
    return lay_out(engine, settings, folder)
