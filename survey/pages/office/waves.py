"""Waves: their days and how they stand, who gets what in each, and in which version it is being answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from flask import render_template
from flask.typing import ResponseReturnValue

from survey.database import session
from survey.definition.study import Fieldwork
from survey.fieldwork import Published, Study, Wave, published
from survey.fieldwork.waves import Hours, hours, last_day
from survey.pages.office.access import Seen, allowed
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section
from survey.pages.store import store
from survey.people import LEAD, RESEARCHER
from survey.progress.versions import begun_by_version

_WHO: Final = (LEAD, RESEARCHER)
section("waves", "Waves", "office.waves", order=25, group="Set up", roles=_WHO)

AUDIENCES: Final = {"pupil": "Pupils", "parent": "Parents", "staff": "Staff"}


@dataclass(frozen=True)
class WaveQuestionnaire:
    """A line of a wave's table: who gets which questionnaire, its newest version, and who began in which."""

    who: str
    questionnaire: str
    newest: Published | None
    begun: int
    older: tuple[tuple[int, int], ...]
    """(version, how many began in it) of the versions before the newest."""


@dataclass(frozen=True)
class WaveCard:
    """A wave as the page shows it. begin_until, finish_until: the last days on which one may, where they are later."""

    code: str
    title: str
    opens: date | None
    closes: date | None
    state: str
    begin_until: date | None
    finish_until: date | None
    given: tuple[WaveQuestionnaire, ...]


@office.get("/studies/<code>/waves")
@allowed(*_WHO)
def waves(study: Seen) -> ResponseReturnValue:
    """Show every wave: days, state, who gets what, which version, and how many began in an older one."""
    engine, now = store().engine, datetime.now(UTC)
    versions: dict[str, list[Published]] = {}
    for one in published(engine, study.id):
        versions.setdefault(one.questionnaire, []).append(one)
    begun = begun_by_version(engine, study.id)
    with session(engine) as db:
        found = db.get_one(Study, study.id)
        elsewhere = [(school.title, school.time_zone) for school in found.schools if school.time_zone]
        rounds = [
            _round(wave, hours(wave, None, study.plan), now, _given(study, wave, versions, begun))
            for wave in found.waves
        ]
        zone = found.time_zone
    return render_template(
        "office/waves.html",
        study=study,
        here="waves",
        rounds=rounds,
        zone=zone,
        elsewhere=elsewhere,
        late=study.plan.late,
    )


_STATES: Final = {"late": "late answers"}


def _round(wave: Wave, when: Hours, now: datetime, given: tuple[WaveQuestionnaire, ...]) -> WaveCard:
    state = when.state(now)
    later = wave.closes is not None
    begin, finish = (last_day(when.begin_until), last_day(when.finish_until)) if later else (None, None)
    return WaveCard(
        wave.code,
        wave.title,
        wave.opens,
        wave.closes,
        _STATES.get(state, state),
        begin if begin != wave.closes else None,
        finish if finish != wave.closes else None,
        given,
    )


def _given(
    study: Seen, wave: Wave, versions: dict[str, list[Published]], begun: dict[tuple[str, str, str], int]
) -> tuple[WaveQuestionnaire, ...]:
    lines = []
    for work in study.plan.fieldwork:
        if wave.code not in work.waves:
            continue
        of_it = versions.get(work.questionnaire, [])
        newest = max(of_it, key=lambda one: one.version, default=None)
        counts = {one.version: begun.get((wave.code, work.questionnaire, one.sha256), 0) for one in of_it}
        older = tuple((version, n) for version, n in counts.items() if n and newest and version != newest.version)
        lines.append(WaveQuestionnaire(_who(work), work.questionnaire, newest, sum(counts.values()), older))
    return tuple(lines)


def _who(work: Fieldwork) -> str:
    """Say who gets a questionnaire: “Pupils, years 1 and 2”."""
    who = AUDIENCES.get(work.audience, work.audience.capitalize())
    if work.open_link_only:
        return f"{who}, by open link only"
    if work.years is None:
        return who
    years = [str(year) for year in work.years]
    if len(years) == 1:
        return f"{who}, year {years[0]}"
    return f"{who}, years {', '.join(years[:-1])} and {years[-1]}"
