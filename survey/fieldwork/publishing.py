"""From a folder of files to a study in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from survey.audit import COMMAND_LINE, Act, Actor, note
from survey.database import Engine, Session, session
from survey.definition.bundle import Bundle
from survey.definition.meaning import Differences, compare
from survey.definition.questionnaire import Questionnaire
from survey.definition.reading import FolderReading, parse_study, read_folder
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.consent import keep_sheets
from survey.fieldwork.publications import Definition, VersionTaken, publish, publish_study, texts_before
from survey.fieldwork.studies import keep_programmes, keep_study, keep_waves, study_by_code
from survey.fieldwork.waves import forget_hours
from survey.problems import Refused, errors


@dataclass(frozen=True)
class VersionInFolder:
    """A questionnaire of the folder: its version, the text's SHA-256, and whether that was published now or before.

    told: sentences about what only reads differently than in older versions.
    """

    questionnaire: str
    version: int
    sha256: str
    new: bool
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishedFolder:
    """What publishing a folder did.

    changed: study.yaml is another than before. sheets: audience and version of each new information sheet.
    """

    study: str
    changed: bool
    sheets: tuple[tuple[str, int], ...]
    versions: tuple[VersionInFolder, ...]


def publish_folder(engine: Engine, folder: Path, now: datetime, actor: Actor = COMMAND_LINE) -> PublishedFolder:
    """Publish the study in a folder and its questionnaires; return what was done.

    All or nothing: raises Refused when a file has an error, a version number was published with other words, a question
    or a code no longer means what it did, the day on which the data are to be deleted is past, or they were deleted.
    """
    reading = read_folder(folder)
    faults = errors(reading.problems)
    if faults or reading.study is None:
        raise Refused([*map(str, faults), "Nothing was published. Please correct this first."])
    try:
        with session(engine) as db:
            _check_day(reading.study, now)
            before = _day_before(db, reading.study)
            _keep_field(db, reading.study)
            done = _publish_all(db, reading, now)
            _note(db, reading.study, actor, before, done, now)
        forget_hours(engine)
        return done
    except VersionTaken as taken:
        raise Refused([str(taken)]) from taken


def _check_day(plan: Plan, now: datetime) -> None:
    day, here = plan.retention.delete_on, now.astimezone(ZoneInfo(plan.time_zone)).date()
    if day < here:
        raise Refused(
            [
                f"The answers of {plan.id} would be deleted on {day}, which is in the past.",
                "Nothing was published. Please set delete_on in study.yaml to the day in your data plan.",
            ]
        )


def _day_before(db: Session, plan: Plan) -> date | None:
    """Return the day on which the data were to be deleted until now; None for a new study.

    Raises Refused when they were deleted: that a study is over is not undone by another date.
    """
    study = study_by_code(db, plan.id)
    if study is None:
        return None
    if study.deleted_at is not None:
        raise Refused(
            [
                f"The data of {plan.id} have been deleted: the study is over.",
                "Please give a new study a different name.",
            ]
        )
    text = db.scalar(select(Definition.text).where(Definition.sha256 == study.sha256))
    return parse_study(text).retention.delete_on if text else None


def _note(db: Session, plan: Plan, actor: Actor, before: date | None, done: PublishedFolder, now: datetime) -> None:
    """Write down what was published, and apart from it when the data will be deleted on another day than was said."""
    study = study_by_code(db, plan.id)
    assert study is not None
    new = done.changed + len(done.sheets) + sum(one.new for one in done.versions)
    note(db, Act(actor, now), "published the study", study_id=study.id, about=plan.id, details={"new": new})
    after = plan.retention.delete_on
    if before is not None and before != after:
        days: dict[str, int | str | bool | None] = {"from": before.isoformat(), "to": after.isoformat()}
        note(db, Act(actor, now), "changed the day of deletion", study_id=study.id, about=plan.id, details=days)


def _keep_field(db: Session, plan: Plan) -> None:
    """Bring the study's own rows up to date with its file."""
    study = keep_study(db, plan.id, title=plan.title, language=plan.language, time_zone=plan.time_zone)
    keep_programmes(db, study, [(programme.id, programme.title) for programme in plan.programmes])
    keep_waves(db, study, [(wave.id, wave.title, wave.opens, wave.closes) for wave in plan.waves])


def _publish_all(db: Session, reading: FolderReading, now: datetime) -> PublishedFolder:
    """Publish what was read. Raises Refused, VersionTaken."""
    plan = reading.study
    assert plan is not None
    changed = publish_study(db, plan.id, reading.study_text)
    sheets = keep_sheets(db, plan, now)
    faults: list[str] = []
    versions = []
    for name, questionnaire in reading.questionnaires.items():
        files = reading.readings[name]
        bundle = Bundle.of(files.data, files.translations, files.files)
        new = publish(db, plan.id, name, questionnaire.version, bundle.text, now)
        compared = compared_with_published(db, plan.id, questionnaire) if new else Differences()
        faults += [f"{name}: {fault}" for fault in compared.faults.values()]
        versions.append(VersionInFolder(name, questionnaire.version, bundle.sha256, new, tuple(compared.told)))
    if faults:
        raise Refused([*faults, "Nothing was published, because the meaning of answers already given would change."])
    return PublishedFolder(plan.id, changed, tuple(sheets), tuple(versions))


def compared_with_published(db: Session, study: str, questionnaire: Questionnaire) -> Differences:
    """Hold a version of a questionnaire against the older ones that the study has published."""
    texts = texts_before(db, study, questionnaire.id, questionnaire.version)
    return compare([Bundle.parse(text) for text in texts], questionnaire)
