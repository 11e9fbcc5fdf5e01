"""What the study page shows of a study: its waves, schools and published questionnaires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from survey.database import Engine, session
from survey.definition.bundle import Bundle
from survey.definition.reading import parse_study
from survey.definition.study import Study as Plan
from survey.fieldwork import Published, Study, Wave, published, study_by_code, text_of
from survey.pages.office.counts import Place


@dataclass(frozen=True)
class Round:
    """A wave: its days, and whether it is 'open', 'closed' or 'not open yet' now."""

    code: str
    title: str
    opens: date | None
    closes: date | None
    state: str


@dataclass(frozen=True)
class Asked:
    """A questionnaire that was published, with its versions, the newest first."""

    id: str
    title: str
    audience: str
    versions: tuple[Published, ...]


@dataclass(frozen=True)
class Shown:
    """A study as its page shows it. Arms are (code, title); who may take data away are roles."""

    id: int
    code: str
    title: str
    rounds: tuple[Round, ...]
    places: tuple[Place, ...]
    arms: tuple[tuple[str | None, str], ...]
    questionnaires: tuple[Asked, ...]
    microdata: tuple[str, ...]
    tables: tuple[str, ...]


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


def shown(engine: Engine, code: str, now: datetime) -> Shown | None:
    """Return the study with this code, or None."""
    with session(engine) as opened:
        study = study_by_code(opened, code)
        if study is None:
            return None
        plan = _plan(text_of(engine, study.sha256)) if study.sha256 else None
        arms = _arms(plan, study)
        return Shown(
            id=study.id,
            code=study.code,
            title=study.title,
            rounds=tuple(_round(wave, now) for wave in study.waves),
            places=_places(study, dict(arms)),
            arms=arms,
            questionnaires=_questionnaires(engine, study.id, plan),
            microdata=tuple(plan.access.microdata) if plan else (),
            tables=tuple(plan.access.tables) if plan else (),
        )


@lru_cache(maxsize=16)
def _parsed(text: str) -> Plan:
    return parse_study(text)


def _plan(text: str | None) -> Plan | None:
    return _parsed(text) if text else None


def _round(wave: Wave, now: datetime) -> Round:
    opens, over = wave.hours()
    state = "not open yet" if opens and now < opens else "closed" if over and now >= over else "open"
    return Round(wave.code, wave.title, wave.opens, wave.closes, state)


_NO_ARM = (None, "In no arm")


def _arms(plan: Plan | None, study: Study) -> tuple[tuple[str | None, str], ...]:
    """Return the arms in the study file's order, then any a school has beside those, and those without one."""
    titles = {arm.id: arm.title for arm in plan.arms} if plan else {}
    others = sorted({school.arm for school in study.schools if school.arm} - set(titles))
    return (*titles.items(), *((arm, arm.capitalize()) for arm in others), _NO_ARM)


def _places(study: Study, arms: dict[str | None, str]) -> tuple[Place, ...]:
    order = list(arms)
    places = [
        (
            order.index(school.arm),
            school.programme.title if school.programme else "",
            Place(school.code, school.title, school.arm, _group(school.programme, arms[school.arm])),
        )
        for school in study.schools
    ]
    return tuple(place for _, _, place in sorted(places, key=lambda p: (p[0], p[1], p[2].title, p[2].code or "")))


def _group(programme: object, arm: str) -> str:
    title = getattr(programme, "title", None)
    return f"{arm}, {title}" if title else arm


def _questionnaires(engine: Engine, study_id: int, plan: Plan | None) -> tuple[Asked, ...]:
    versions: dict[str, list[Published]] = {}
    for version in published(engine, study_id):
        versions.setdefault(version.questionnaire, []).append(version)
    order = list(dict.fromkeys(part.questionnaire for part in plan.fieldwork)) if plan else []
    names = [*(name for name in order if name in versions), *sorted(set(versions) - set(order))]
    return tuple(_asked(engine, name, versions[name]) for name in names)


def _asked(engine: Engine, name: str, versions: Sequence[Published]) -> Asked:
    newest = max(versions, key=lambda version: version.version)
    title, audience = _title(engine, newest.sha256)
    newest_first = sorted(versions, key=lambda version: -version.version)
    return Asked(name, title, audience, tuple(newest_first))


@lru_cache(maxsize=64)
def _title(engine: Engine, sha256: str) -> tuple[str, str]:
    """Return title and audience of a published text, which never changes."""
    text = text_of(engine, sha256)
    if text is None:
        raise LookupError(f"The text {sha256} is published and missing.")
    questionnaire = Bundle.parse(text)
    return questionnaire.title, questionnaire.audience
