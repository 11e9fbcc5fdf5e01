from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from survey.admission import add_user
from survey.app import create_app
from survey.cli import progress as command
from survey.config import Settings
from survey.database import Engine, open_engine, upgrade
from survey.pages.office import overview
from survey.pages.office import progress as page
from tests.pages.strict import StrictClient, strict_client
from tests.pages.test_account import OWN, choose, sign_in
from tests.progress.every_outcome import CODE, NOW, make


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


class _Clock(datetime):
    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return NOW


@pytest.fixture
def enter(
    field: Field, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., StrictClient]]:
    """enter("coordinator", school="s2") -> a client signed in with this role in the study of every outcome, at NOW."""
    settings = Settings(tmp_path, database_url, "a secret of the tests, long enough to sign with", "http://localhost")
    app = create_app(settings)
    monkeypatch.setattr(page, "datetime", _Clock)
    monkeypatch.setattr(overview, "datetime", _Clock)
    monkeypatch.setattr(command, "datetime", _Clock)

    def with_role(role: str, school: str | None = None) -> StrictClient:
        client = strict_client(app)
        email = f"{role}{school or ''}@example.org"
        sign_in(client, add_user(field.engine, email, [role], study=CODE, school=school), email)
        choose(client, OWN)
        return client

    yield with_role
    app.extensions["chorus"].engine.dispose()
