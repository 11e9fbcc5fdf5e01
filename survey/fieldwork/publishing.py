"""From a folder of files to a study in the database, and from there to links people come in by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select

from survey.config import Settings
from survey.database import Engine, Session, session
from survey.definition.bundle import Bundle
from survey.definition.reading import FolderReading, read_folder
from survey.definition.study import Study as Plan
from survey.fieldwork.doors import new_door
from survey.fieldwork.publications import STUDY, VersionTaken, current, publish, publish_study
from survey.fieldwork.studies import School, Study, Wave, keep_programmes, keep_study, keep_waves, study_by_code
from survey.problems import did_you_mean, errors


class Refused(ValueError):
    """Something that cannot be done; `reasons` are sentences for whoever asked."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = list(reasons)


@dataclass(frozen=True)
class OpenLink:
    """An open link just made, the code that does the same when typed, and the moments between which they work."""

    address: str
    code: str
    opens: datetime
    closes: datetime


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
            return list(_publish_all(db, reading, now))
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
    for name, questionnaire in reading.questionnaires.items():
        files = reading.readings[name]
        bundle = Bundle.of(files.data, files.translations, files.files)
        new = publish(db, plan.id, name, questionnaire.version, bundle.text, bundle.sha256, now)
        state = "published" if new else "published before, and unchanged"
        said.append(f"{name}: version {questionnaire.version} is {state} ({bundle.sha256[:12]}).")
    return said


def open_link(
    engine: Engine, settings: Settings, study: str, questionnaire: str, wave: str, school: str | None = None
) -> OpenLink:
    """Make an open link and code for a questionnaire in a wave, perhaps for one school's people.

    It works while the wave is open. Raises Refused, with what exists, when one of the names does not.
    """
    with session(engine) as db:
        found = study_by_code(db, study)
        if found is None:
            known = db.scalars(select(Study.code)).all()
            raise Refused([f"There is no study '{study}'.{_known(study, known)}"])
        its_wave = _named(found.waves, wave, "wave")
        its_school = _named(found.schools, school, "school") if school else None
        if questionnaire not in (names := current(engine, found.id)):
            raise Refused([f"No questionnaire '{questionnaire}' is published.{_known(questionnaire, names)}"])
        opens, closes = its_wave.hours()
        door = new_door(
            db,
            wave=its_wave,
            questionnaire=questionnaire,
            key=settings.key("codes"),
            school=its_school,
            opens_at=opens,
            closes_at=closes,
        )
    return OpenLink(
        f"{settings.base_url}/j/{door.token}",
        door.code,
        opens or datetime.min.replace(tzinfo=UTC),
        closes or datetime.max.replace(tzinfo=UTC),
    )


_Named = TypeVar("_Named", Wave, School)


def _named(things: Sequence[_Named], code: str, what: str) -> _Named:
    for thing in things:
        if thing.code == code:
            return thing
    raise Refused([f"There is no {what} '{code}'.{_known(code, [thing.code for thing in things])}"])


def _known(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    there = f" There are: {', '.join(names)}." if names else " Please publish one first."
    return did_you_mean(name, names) or there
