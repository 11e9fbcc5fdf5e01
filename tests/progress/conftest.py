from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from survey.database import Engine, open_engine, upgrade
from tests.progress.every_outcome import make


@dataclass(frozen=True)
class Field:
    """The study of every outcome, in a database of its own."""

    engine: Engine
    study: int


@pytest.fixture
def field(database_url: str, tmp_path: Path) -> Iterator[Field]:
    engine = open_engine(database_url)
    upgrade(engine)
    yield Field(engine, make(engine, tmp_path / "study"))
    engine.dispose()
