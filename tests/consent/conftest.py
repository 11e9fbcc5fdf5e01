from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from survey.database import Engine, open_engine, upgrade
from tests.consent.study import STUDY, Tuned, lay_out

Lay = Callable[..., Tuned]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh database with its tables; the test runs on SQLite and on PostgreSQL."""
    opened = open_engine(database_url)
    upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def lay(engine: Engine, tmp_path: Path) -> Lay:
    """lay(study.yaml) -> the study, published and laid out."""

    def made(text: str = STUDY) -> Tuned:
        return lay_out(engine, tmp_path / "study", text)

    return made
