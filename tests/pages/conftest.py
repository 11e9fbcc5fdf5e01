"""What tests of pages share: an app on a database of its own, and a client that looks at every page.

settings   of an installation in a folder of this test's own, on SQLite
app        the whole app; its tables are made, nothing is in them
engine     the app's database
client     a strict client: every page it gets is valid, labelled, and has its headers
study      the small study of tests/pages/small_study.py is in the database
"""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from survey.app import create_app
from survey.config import Settings
from survey.database import Engine, upgrade
from tests.pages.small_study import make_study
from tests.pages.strict import StrictClient, strict_client


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        instance=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'chorus.sqlite'}",
        secret_key="a secret of the tests, long enough to sign with",
        base_url="http://localhost",
    )


@pytest.fixture
def app(settings: Settings) -> Flask:
    app = create_app(settings)
    upgrade(app.extensions["chorus"].engine)
    return app


@pytest.fixture
def engine(app: Flask) -> Engine:
    engine: Engine = app.extensions["chorus"].engine
    return engine


@pytest.fixture
def client(app: Flask) -> StrictClient:
    return strict_client(app)


@pytest.fixture
def study(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    make_study(engine, folder)
