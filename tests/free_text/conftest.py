"""An app with the study in which Sam Reed reads what children type; Sam, a lead and a child at work."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import Engine, upgrade
from survey.fieldwork import NewDoor
from tests.free_text.study import SAM, make_study
from tests.pages.strict import StrictClient, strict_client
from tests.pages.test_account import OWN, choose, sign_in
from tests.pages.walker import Walker


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")


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
def doors(engine: Engine, tmp_path: Path) -> dict[str, NewDoor]:
    return make_study(engine, tmp_path / "study")


def account(app: Flask, settings: Settings, email: str, role: str) -> StrictClient:
    """Return the browser of someone with this role in the study, signed in."""
    client = strict_client(app)
    sign_in(client, add_user(app.extensions["chorus"].engine, email, [role], study="listening"), email)
    assert choose(client, OWN).status_code == 302
    return client


@pytest.fixture
def sam(app: Flask, settings: Settings, doors: dict[str, NewDoor]) -> StrictClient:
    return account(app, settings, SAM, "researcher")


@pytest.fixture
def lead(app: Flask, settings: Settings, doors: dict[str, NewDoor]) -> StrictClient:
    return account(app, settings, "lead@example.org", "lead")


@pytest.fixture
def child(app: Flask, doors: dict[str, NewDoor]) -> Walker:
    return Walker(app.test_client())
