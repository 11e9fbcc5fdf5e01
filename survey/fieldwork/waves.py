"""Waves: what each audience and year group is asked in one, and between which moments answers are taken."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from survey.database import Engine, session
from survey.definition.reading import parse_study
from survey.definition.study import Late
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.publications import text_of
from survey.fieldwork.studies import School, Study, Wave

State = Literal["not open yet", "open", "late", "closed"]

_USUAL: Final = Late.model_validate({})


def asked(plan: Plan, audience: str, facts: Mapping[str, Any], wave: str) -> list[str]:
    """Return the ids of the questionnaires someone gets in a wave, in the study file's order.

    facts: the roster's, those of the wave over the lasting ones. Where a questionnaire is for some year groups only,
    someone whose year is not known does not get it. Nor does anyone get what is for open links only. An unknown wave
    asks no one anything.
    """
    year = facts.get("year")
    return [
        work.questionnaire
        for work in plan.fieldwork
        if work.audience == audience
        and not work.open_link_only
        and wave in work.waves
        and (work.years is None or (_is_number(year) and float(str(year)) in work.years))
    ]


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Hours:
    """When a wave takes answers at a school; None for a side without an end.

    opens, closes   the wave's own days
    begin_until     until then someone may still begin (late.begin days after closing)
    finish_until    until then anyone who has begun may go on and finish (late.finish days after closing)
    """

    opens: datetime | None = None
    closes: datetime | None = None
    begin_until: datetime | None = None
    finish_until: datetime | None = None

    def state(self, now: datetime) -> State:
        """Return how the wave stands: 'late' is when it is over, but answers begun earlier are still taken."""
        if self.opens is not None and now < self.opens:
            return "not open yet"
        if self.closes is None or now < self.closes:
            return "open"
        return "late" if not self.is_over(now) else "closed"

    def begins(self, now: datetime) -> bool:
        """True when someone may begin at this moment."""
        return (self.opens is None or now >= self.opens) and (self.begin_until is None or now < self.begin_until)

    def is_over(self, now: datetime) -> bool:
        """True when nothing is taken any more, not even from people who have begun."""
        return self.finish_until is not None and now >= self.finish_until


def hours(wave: Wave, school: School | None, plan: Plan | None) -> Hours:
    """Return when a wave takes answers at a school, by its clock. plan: None for a study without a file yet."""
    opens, closes = wave.hours(school)
    if closes is None:
        return Hours(opens)
    late = plan.late if plan else _USUAL
    # Days on the wall's clock: the end stays midnight over a change to winter time.
    begin_until = closes + timedelta(days=late.begin)
    return Hours(opens, closes, begin_until, max(begin_until, closes + timedelta(days=late.finish)))


def wave_at(plan: Plan, now: datetime) -> str:
    """Return the code of the wave that people work on: the one that is open, else the next one, else the last."""
    day = now.astimezone(ZoneInfo(plan.time_zone)).date()
    return next((wave.id for wave in plan.waves if day <= wave.closes), plan.waves[-1].id)


def last_day(until: datetime | None) -> date | None:
    """Return the last day before a moment that is a midnight, by that midnight's clock."""
    return None if until is None else (until - timedelta(minutes=1)).date()


def plan_of(engine: Engine, study: Study) -> Plan | None:
    """Return the study's file as it was published last; None when none was."""
    return None if study.sha256 is None else _plan(engine, study.sha256)


@lru_cache(maxsize=32)
def _plan(engine: Engine, sha256: str) -> Plan:
    text = text_of(engine, sha256)
    if text is None:
        raise LookupError(f"The published text {sha256} is missing from the database.")
    return parse_study(text)


# ---- for each save: remembered for a minute, so that it costs no query --------------------------------------

REMEMBERED: Final = 60.0
"""Seconds after which a changed date is known to every process that serves."""

_Known = dict[tuple[int, int | None], tuple[float, Hours]]
_known: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()


def hours_of(engine: Engine, wave_id: int, school_id: int | None) -> Hours:
    """Return when a wave takes answers at a school, as it was at most a minute ago. Raises LookupError."""
    known = _known.setdefault(engine, {})
    found = known.get((wave_id, school_id))
    if found is not None and found[0] > time.monotonic():
        return found[1]
    fresh = _read(engine, wave_id, school_id)
    known[wave_id, school_id] = (time.monotonic() + REMEMBERED, fresh)
    return fresh


def forget_hours(engine: Engine) -> None:
    """Let this process read the waves' hours anew, after their dates were changed."""
    _known.pop(engine, None)


def _read(engine: Engine, wave_id: int, school_id: int | None) -> Hours:
    with session(engine) as db:
        wave = db.get(Wave, wave_id)
        if wave is None:
            raise LookupError("There is no such wave.")
        school = db.get(School, school_id) if school_id is not None else None
        return hours(wave, school, plan_of(engine, wave.study))
