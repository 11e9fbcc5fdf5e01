"""What the study page shows of a study: its waves and its published questionnaires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from survey.database import Engine, session
from survey.definition.bundle import Bundle
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork import Published, Study, Wave, published, study_by_code, text_of
from survey.fieldwork.waves import hours, plan_of


@dataclass(frozen=True)
class WaveState:
    """A wave: its days, and whether it is 'open', 'closed' or 'not open yet' now."""

    code: str
    title: str
    opens: date | None
    closes: date | None
    state: str


@dataclass(frozen=True)
class PublishedQuestionnaire:
    """A questionnaire that was published, with its versions, the newest first."""

    id: str
    title: str
    audience: str
    versions: tuple[Published, ...]


@dataclass(frozen=True)
class StudyCard:
    """A study as its page shows it."""

    id: int
    code: str
    title: str
    rounds: tuple[WaveState, ...]
    questionnaires: tuple[PublishedQuestionnaire, ...]


@dataclass(frozen=True)
class Named:
    """A study by its name."""

    id: int
    code: str
    title: str


def every(engine: Engine) -> list[Named]:
    """Return every study, by title."""
    with session(engine) as opened:
        studies = opened.query(Study).order_by(Study.title, Study.code)
        return [Named(study.id, study.code, study.title) for study in studies]


def shown(engine: Engine, code: str, now: datetime) -> StudyCard | None:
    """Return the study with this code, or None."""
    with session(engine) as opened:
        study = study_by_code(opened, code)
        if study is None:
            return None
        plan = plan_of(engine, study)
        return StudyCard(
            id=study.id,
            code=study.code,
            title=study.title,
            rounds=tuple(_round(wave, plan, now) for wave in study.waves),
            questionnaires=_questionnaires(engine, study.id, plan),
        )


def _round(wave: Wave, plan: Plan | None, now: datetime) -> WaveState:
    state = hours(wave, None, plan).state(now)
    return WaveState(wave.code, wave.title, wave.opens, wave.closes, "closed" if state == "late" else state)


def _questionnaires(engine: Engine, study_id: int, plan: Plan | None) -> tuple[PublishedQuestionnaire, ...]:
    versions: dict[str, list[Published]] = {}
    for version in published(engine, study_id):
        versions.setdefault(version.questionnaire, []).append(version)
    order = list(dict.fromkeys(part.questionnaire for part in plan.fieldwork)) if plan else []
    names = [*(name for name in order if name in versions), *sorted(set(versions) - set(order))]
    return tuple(_asked(engine, name, versions[name]) for name in names)


def _asked(engine: Engine, name: str, versions: Sequence[Published]) -> PublishedQuestionnaire:
    newest = max(versions, key=lambda version: version.version)
    title, audience = _title(engine, newest.sha256)
    newest_first = sorted(versions, key=lambda version: -version.version)
    return PublishedQuestionnaire(name, title, audience, tuple(newest_first))


@lru_cache(maxsize=64)
def _title(engine: Engine, sha256: str) -> tuple[str, str]:
    """Return title and audience of a published text, which never changes."""
    text = text_of(engine, sha256)
    if text is None:
        raise LookupError(f"The published text {sha256} is missing from the database.")
    questionnaire = Bundle.parse(text)
    return questionnaire.title, questionnaire.audience
