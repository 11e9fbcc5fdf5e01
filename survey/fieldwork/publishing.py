"""From a folder of files to a study in the database."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from survey.database import Engine, Session, session
from survey.definition.bundle import Bundle
from survey.definition.reading import FolderReading, read_folder
from survey.definition.study import Study as Plan
from survey.fieldwork.consent import keep_sheets
from survey.fieldwork.publications import STUDY, VersionTaken, publish, publish_study
from survey.fieldwork.studies import keep_programmes, keep_study, keep_waves
from survey.fieldwork.waves import forget_hours
from survey.problems import errors


class Refused(ValueError):
    """Something that cannot be done; `reasons` are sentences for whoever asked."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = list(reasons)


def publish_folder(engine: Engine, folder: Path, now: datetime) -> list[str]:
    """Publish the study in a folder and its questionnaires; return what was done, a sentence each.

    All or nothing: raises Refused when a file has an error, or a version number was published with other words.
    """
    reading = read_folder(folder)
    faults = errors(reading.problems)
    if faults or reading.study is None:
        raise Refused([*map(str, faults), "Nothing was published. Please correct these first."])
    try:
        with session(engine) as db:
            _keep_field(db, reading.study)
            said = list(_publish_all(db, reading, now))
        forget_hours(engine)
        return said
    except VersionTaken as taken:
        raise Refused([str(taken)]) from taken


def _keep_field(db: Session, plan: Plan) -> None:
    """Bring the study's own rows up to date with its file."""
    study = keep_study(db, plan.id, title=plan.title, language=plan.language, time_zone=plan.time_zone)
    keep_programmes(db, study, [(programme.id, programme.title) for programme in plan.programmes])
    keep_waves(db, study, [(wave.id, wave.title, wave.opens, wave.closes) for wave in plan.waves])


def _publish_all(db: Session, reading: FolderReading, now: datetime) -> list[str]:
    plan = reading.study
    assert plan is not None
    said = []
    digest = hashlib.sha256(reading.study_text.encode()).hexdigest()
    changed = publish_study(db, plan.id, reading.study_text, digest)
    said.append(f"{plan.id}: {STUDY}.yaml is {'published' if changed else 'as it was'}.")
    said += keep_sheets(db, plan, now)
    for name, questionnaire in reading.questionnaires.items():
        files = reading.readings[name]
        bundle = Bundle.of(files.data, files.translations, files.files)
        new = publish(db, plan.id, name, questionnaire.version, bundle.text, bundle.sha256, now)
        state = "published" if new else "published before, and unchanged"
        said.append(f"{name}: version {questionnaire.version} is {state} ({bundle.sha256[:12]}).")
    return said
