"""A study whose waves can be moved about today: `published(…)` publishes it with other days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import Engine, session, upgrade
from survey.fieldwork import Membership, Participant, new_door, study_by_code
from survey.fieldwork.doors import LeadsTo
from survey.fieldwork.publishing import publish_folder
from tests.filled import keep_school
from tests.pages.small_study import PARENT, PUPIL, STUDY
from tests.pages.strict import StrictClient, strict_client
from tests.pages.test_account import OWN, choose, sign_in
from tests.pages.walker import Walker

LATE = "late: {begin: 2, finish: 14}"


@dataclass
class Ground:
    """A served study and its folder."""

    app: Flask
    engine: Engine
    settings: Settings
    folder: Path

    def walker(self) -> Walker:
        return Walker(FlaskClient(self.app, self.app.response_class))

    def published(self, opens: date, closes: date, late: str = LATE, pupil: str = PUPIL) -> None:
        """Publish the study with these days of its first wave, as someone does who edits study.yaml."""
        text = STUDY.replace("opens: 2025-09-22, closes: 2025-12-19", f"opens: {opens}, closes: {closes}")
        text = text.replace("opens: 2026-01-05", f"opens: {closes + timedelta(days=1)}")
        for name, words in (("study", f"{text}\n{late}\n"), ("pupil", pupil), ("parent", PARENT)):
            (self.folder / f"{name}.yaml").write_text(words, encoding="utf-8")
        publish_folder(self.engine, self.folder, datetime.now(UTC))

    def ends(self, days_ago: int, late: str = LATE) -> None:
        """Move the wave's last day so many days into the past (0: it is today)."""
        today = datetime.now(UTC).date()
        self.published(today - timedelta(days=60), today - timedelta(days=days_ago), late)

    def door(self, person: str | None = None) -> str:
        """Make a door without times of its own; return its address."""
        with session(self.engine) as db:
            study = study_by_code(db, "small-notes")
            assert study is not None
            school = keep_school(db, study, "s1", title="Ash Primary", arm="programme")
            someone = None
            if person is not None:
                someone = Participant(study=study, code=person, audience="pupil", facts={})
                someone.memberships.append(Membership(wave=study.waves[0], school=school))
                db.add(someone)
                db.flush()
            key = self.settings.key("codes")
            made = new_door(db, wave=study.waves[0], questionnaire="pupil", key=key, to=LeadsTo(participant=someone))
            return f"/j/{made.token}"


@pytest.fixture
def ground(database_url: str, tmp_path: Path) -> Iterator[Ground]:
    """The small study, served from SQLite and then from PostgreSQL; its first wave ends today."""
    settings = Settings.from_environment({"CHORUS_INSTANCE": str(tmp_path), "DATABASE_URL": database_url})
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    (tmp_path / "study").mkdir()
    made = Ground(app, engine, settings, tmp_path / "study")
    made.ends(0)
    yield made
    engine.dispose()


@pytest.fixture
def lead(ground: Ground) -> StrictClient:
    """A client signed in as the study's lead."""
    client = strict_client(ground.app)
    sign_in(client, add_user(ground.engine, "lead@uni.org", ["lead"]), "lead@uni.org")
    choose(client, OWN)
    return client
