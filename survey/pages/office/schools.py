"""After a wave: a school beside schools like it, for its head and for those who see the study's tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from survey.database import session
from survey.definition.study import WaveDefinition
from survey.fieldwork import School
from survey.jobs.job import JobRecord
from survey.pages.office.access import Seen, allowed, my_schools, refused, sees_tables
from survey.pages.office.blueprint import office
from survey.pages.office.results import being_worked_out, both_forms, nothing_yet, worked_out_until
from survey.pages.office.sections import section
from survey.pages.store import store
from survey.people import COORDINATOR, LEAD, RESEARCHER
from survey.results.school import SchoolPage, school_page

_WHO: Final = (LEAD, RESEARCHER, COORDINATOR)

_NONE: Final = "There are no schools in this study yet. They appear here as soon as a roster is imported."

section("schools", "One school", "office.schools", order=16, group="Results", roles=_WHO)


@office.get("/studies/<code>/results/schools", endpoint="schools")
@allowed(*_WHO)
def schools_page(study: Seen) -> ResponseReturnValue:
    """Show a school beside schools like it, in a wave that is over. A coordinator sees their own school."""
    mine = my_schools(study)
    if mine is None and not sees_tables(study):
        return refused("You may not see the tables of this study. Ask a lead of the study.")
    schools, over = _schools(study, mine), _over(study)
    if not schools:
        return render_template("office/results-none.html", study=study, here="schools", title="One school", text=_NONE)
    name = request.args.get("school") or next(iter(schools))
    if name not in schools:
        abort(404)
    if not over:
        return _page(study, schools, name)
    asked = request.args.get("wave") or over[-1].id
    if asked not in [wave.id for wave in over]:
        abort(404)
    worked = worked_out_until(study, asked)
    if isinstance(worked, JobRecord):
        return being_worked_out(study, worked)
    if worked.tables is None:
        return nothing_yet(study, worked)
    if worked.tables.findings.wave != asked:
        return _page(study, schools, name, over, asked)
    return _page(study, schools, name, over, asked, school_page(worked.tables.findings, study.plan, name))


def _page(
    study: Seen,
    schools: dict[str, str],
    name: str,
    over: Sequence[WaveDefinition] = (),
    wave: str = "",
    found: SchoolPage | None = None,
) -> str:
    return render_template(
        "office/schools.html",
        study=study,
        here="schools",
        schools=schools,
        school=name,
        first=study.plan.waves[0],
        waves=over,
        wave=wave,
        found=found,
        both=both_forms,
    )


def _schools(study: Seen, mine: set[int] | None) -> dict[str, str]:
    """Return the schools the person here may look at, code to title, by title."""
    with session(store().engine) as db:
        found = db.query(School).filter_by(study_id=study.id).order_by(School.title, School.code)
        return {one.code: one.title for one in found if mine is None or one.id in mine}


def _over(study: Seen) -> list[WaveDefinition]:
    """Return the waves that are over, in order: while one is open, its means change from day to day."""
    today = datetime.now(UTC).astimezone(ZoneInfo(study.plan.time_zone)).date()
    return [wave for wave in study.plan.waves if wave.closes < today]
