"""desk: the small study with its schools, on both databases. empty_desk: the same without any school."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from survey.database import Engine, open_engine, upgrade
from tests.rosters.small_field import Desk, publish, publish_with_schools, settings_in


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def empty_desk(engine: Engine, tmp_path: Path) -> Desk:
    publish(engine, tmp_path / "study")
    return Desk(engine, settings_in(tmp_path))


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Desk:
    publish_with_schools(engine, tmp_path / "study")
    return Desk(engine, settings_in(tmp_path))
