"""The overview of a study: how the wave stands, who needs attention, what to do next, and the newest finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from survey.definition.study import StudyDefinition as Plan
from survey.pages.office.access import Seen, allowed, my_schools, sees_tables
from survey.pages.office.blueprint import office
from survey.pages.office.curve import curve
from survey.pages.office.results import newest_finding
from survey.pages.office.sections import section
from survey.pages.office.steps import before_wave, during_wave
from survey.pages.office.studies import shown
from survey.pages.store import store
from survey.people import COORDINATOR, LEAD, RESEARCHER
from survey.progress import (
    ATTENTION,
    Attention,
    AudienceStanding,
    Level,
    Progress,
    ReportedWave,
    Tally,
    by_audience,
    neediest_first,
    newest_begun,
    progress,
    tallies,
    waves_of,
)

_WHO: Final = (LEAD, RESEARCHER, COORDINATOR)
section("overview", "Overview", "office.study", order=10, group="", roles=_WHO)

SHOWN, MOST_SHOWN = 5, 10
"""So many schools are on the overview, and at most so many that need attention; “Progress” has all."""


@dataclass(frozen=True)
class NeediestTable:
    """The schools, or a coordinator's classes, that need attention first. needy: how many do, of `all`.

    level: 'school' or 'class'. school: the code of the only school, whose classes these are; empty where there are
    more. audience: whose rates these are, such as “Pupils”.
    """

    level: Level
    school: str
    audience: AudienceStanding
    rows: Sequence[tuple[Tally, Attention | None]]
    needy: int
    all: int


@office.get("/studies/<code>")
@allowed(*_WHO)
def study(study: Seen) -> ResponseReturnValue:
    """Show how a study stands, each audience by itself, and what is to be done next."""
    now, mine = datetime.now(UTC), my_schools(study)
    wave = newest_begun(waves_of(store().engine, study.id), now)
    state = wave.hours.state(now)
    here = progress(store().engine, study.id, now, mine, wave.code)
    today = now.astimezone(ZoneInfo(study.plan.time_zone)).date()
    standings = by_audience(here, aims(study.plan))
    return render_template(
        "office/overview.html",
        study=shown(store().engine, study.code, now) or abort(404),
        here="overview",
        wave=wave,
        state=state,
        today=today,
        days_left=(wave.closes - today).days if wave.closes and state == "open" else None,
        standings=standings,
        curve=curve,
        neediest=_neediest(here, standings, wave, today) if state == "open" else None,
        why=ATTENTION,
        before=before_wave(study, now),
        during=during_wave(study, here, is_open=state == "open"),
        sees_results=mine is None and sees_tables(study),
        finding=newest_finding(study) if mine is None and sees_tables(study) else None,
    )


def aims(plan: Plan) -> dict[str, float]:
    """Return the share that is to finish each questionnaire, where the study has an aim."""
    return {work.questionnaire: work.aim for work in plan.fieldwork if work.aim is not None}


def _neediest(
    here: Progress, standings: Sequence[AudienceStanding], wave: ReportedWave, today: date
) -> NeediestTable | None:
    """Return the schools of the first audience that is asked by name; of a single school its classes."""
    asked = next((one for one in standings if one.tally.there), None)
    if asked is None:
        return None
    theirs = here.only(audience=asked.audience)
    schools = [one for one in tallies(theirs, "school") if one.there]
    level: Level = "school" if len(schools) > 1 else "class"
    rows = neediest_first(schools if level == "school" else tallies(theirs, "class"), wave, today)
    needy = sum(why is not None for _, why in rows)
    only = schools[0].key if level == "class" else ""
    return NeediestTable(level, only, asked, rows[: max(SHOWN, min(needy, MOST_SHOWN))], needy, len(rows))
