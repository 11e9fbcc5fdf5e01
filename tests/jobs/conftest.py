"""What tests of long work share: a small study with answers, in a database of this test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from survey.database import Engine
from tests.jobs.pieces import small_study


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = small_study(tmp_path)
    yield engine
    engine.dispose()
