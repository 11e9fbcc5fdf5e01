"""What tests of accounts share.

settings   of an installation on SQLite or PostgreSQL (a test runs on both)
app        the whole app; its tables are made; the small study is in them
engine     the app's database
clock      clock.now(): the moment the pages see; clock.forward(seconds=…) moves it
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from survey.app import create_app
from survey.config import Settings
from survey.database import Engine, upgrade
from tests.pages.small_study import make_study


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(tmp_path, database_url, "a secret of the tests, long enough to sign with", "http://localhost")


@pytest.fixture
def make_app(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """make_app(mail=…, two_factor=…) -> the app with these settings beside the usual ones."""
    made: list[Flask] = []

    def make(**more: Any) -> Flask:
        app = create_app(replace(settings, **more))
        if not made:
            upgrade(app.extensions["chorus"].engine)
            (tmp_path / "study").mkdir()
            make_study(app.extensions["chorus"].engine, tmp_path / "study")
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["chorus"].engine.dispose()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def engine(app: Flask) -> Engine:
    engine: Engine = app.extensions["chorus"].engine
    return engine


@dataclass
class Clock:
    """The time the account pages go by."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def forward(self, **time: float) -> None:
        self.ahead += timedelta(**time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that can be put forward, for every module of the account pages that asks what time it is."""
    from survey.pages.account import checking, entering, invitations, links, organisation, pages, second, views

    clock = Clock()
    for module in (checking, entering, invitations, links, organisation, pages, second, views):
        if hasattr(module, "now"):
            monkeypatch.setattr(module, "now", clock.now)
    return clock
