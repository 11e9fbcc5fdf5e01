"""engine: the sample study in a database of this test's own, on each engine. shared: one that is only looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from survey.database import Engine
from tests.intake.sample import field


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = field(database_url)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database that is only looked at."""
    made = field(f"sqlite:///{tmp_path_factory.mktemp('shared')}/looked.sqlite")
    yield made
    made.dispose()
