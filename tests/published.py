"""The shipped study, published in a database of its own, with links to its questionnaires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from survey.app import create_app
from survey.audit import COMMAND_LINE, Act
from survey.config import Settings
from survey.database import Engine, open_engine, session, upgrade, write
from survey.definition.reading import FolderReading, read_folder
from survey.fieldwork import NewDoor, Participant, issued, new_door, study_by_code
from survey.fieldwork.consent import SentSheet
from survey.fieldwork.doors import LeadsTo
from survey.fieldwork.publishing import publish_folder
from survey.responses import Record, stream

FOLDER = Path(__file__).parents[1] / "questionnaires"
STUDY = "first-notes"
SHIPPED = read_folder(FOLDER)


@dataclass
class Published:
    """The shipped study, open in its last wave, and the app that serves it."""

    app: Flask
    engine: Engine
    settings: Settings
    reading: FolderReading
    study_id: int

    def door(self, questionnaire: str, participant: str | None = None, **facts: Any) -> NewDoor:
        """Return a new door: an open one, or that of a new participant of this study code."""
        with session(self.engine) as db:
            study = study_by_code(db, STUDY)
            assert study is not None
            person = None
            if participant is not None:
                person = Participant(study_id=study.id, code=participant, audience="pupil", facts=facts)
                db.add(person)
                db.flush()
            key = self.settings.key("codes")
            return new_door(
                db, wave=study.waves[-1], questionnaire=questionnaire, key=key, to=LeadsTo(participant=person)
            )

    def link(self, questionnaire: str, participant: str | None = None) -> str:
        """Return the path of a link that is new and can be used at once."""
        return f"/j/{self.door(questionnaire, participant).token}"

    def newest(self, questionnaire: str) -> Record:
        """Return the response that was begun last."""
        return max(stream(self.engine, self.study_id, questionnaire), key=lambda record: record.started_at)


def publish(instance: Path, folder: Path = FOLDER) -> Published:
    """Publish the shipped study, or a copy of it in `folder`, into an SQLite database in the folder `instance`."""
    settings = Settings.from_environment({"CHORUS_INSTANCE": str(instance)})
    engine = open_engine(settings.database_url)
    upgrade(engine)
    now = datetime.now(UTC)
    publish_folder(engine, folder, now)
    with session(engine) as db:
        study = study_by_code(db, STUDY)
        assert study is not None
    with write(engine) as connection:
        # Parents were told, and said nothing: the study is opt-out.
        issued(connection, study, SentSheet("pupil", None, now.date() - timedelta(days=7)), Act(COMMAND_LINE, now))
    return Published(create_app(settings), engine, settings, SHIPPED, study.id)
