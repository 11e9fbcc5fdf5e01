"""Who did what and when: the audit of a study, and of the installation, to read and to take away."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey.audit import Act, Actor, LogFilter, choices, entries, note, who
from survey.database import session
from survey.export.audit import write_audit
from survey.export.lists import ListForm
from survey.fieldwork.finding import tidied
from survey.pages.account import turned_away
from survey.pages.office.access import Seen, actor, allowed, may, refused
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section
from survey.pages.office.studies import every
from survey.pages.sending import send
from survey.pages.store import store
from survey.people import ADMINISTRATOR, LEAD

section("audit", "Activity log", "office.study_audit", order=95, group="Data", roles=(LEAD,))

PAGE: Final = 50
"""Lines on one page."""


class _LogFilter:
    """What someone asks to see: by whom, what, on which day, and from which line on."""

    def __init__(self, zone: str) -> None:
        said = request.args
        self.who = tidied(said.get("who"))
        self.what = tidied(said.get("what"))
        self.on = tidied(said.get("on"), 40)
        self.zone = ZoneInfo(zone)
        self.before = _number(said.get("before", ""))
        self.fault = ""

    @property
    def actor(self) -> Actor | None:
        """The person asked for."""
        kind, _, name = self.who.partition(":")
        return Actor(kind, name) if self.who else None  # type: ignore[arg-type]

    @property
    def day(self) -> tuple[datetime | None, datetime | None]:
        """The moments between which the day asked for lies."""
        if not self.on:
            return None, None
        try:
            day = date.fromisoformat(self.on)
            after = day + timedelta(days=1)
        except (ValueError, OverflowError):
            self.fault = "Please enter the date as year, month and day, such as 2026-09-21."
            return None, None
        return datetime.combine(day, time(), self.zone), datetime.combine(after, time(), self.zone)

    @property
    def address(self) -> dict[str, str]:
        """What an address says to ask for the same lines."""
        return {name: value for name, value in (("who", self.who), ("what", self.what), ("on", self.on)) if value}


def _number(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


@office.get("/studies/<code>/audit")
@allowed(LEAD)
def study_audit(study: Seen) -> ResponseReturnValue:
    """Show who did what in a study, the newest first."""
    return _page(study)


@office.get("/studies/<code>/audit.<any(csv, xlsx):form>")
@allowed(LEAD)
def study_audit_file(study: Seen, form: ListForm) -> ResponseReturnValue:
    """Send a study's audit."""
    return _file(study, form)


@office.get("/audit")
def audit() -> ResponseReturnValue:
    """Show who did what in the installation, the newest first."""
    return _away() or _page(None)


@office.get("/audit.<any(csv, xlsx):form>")
def audit_file(form: ListForm) -> ResponseReturnValue:
    """Send the installation's audit."""
    return _away() or _file(None, form)


def _away() -> ResponseReturnValue | None:
    away = turned_away()
    if away is not None:
        return away
    return (
        None
        if may(None, (ADMINISTRATOR,))
        else refused("Only administrators can see the activity log of the whole installation.")
    )


def _page(study: Seen | None) -> ResponseReturnValue:
    engine = store().engine
    asked = _LogFilter(study.plan.time_zone if study else "UTC")
    since, until = asked.day
    study_id = study.id if study else None
    found = list(
        entries(
            engine,
            LogFilter(study_id=study_id, actor=asked.actor, what=asked.what or None, since=since, until=until),
            before=asked.before,
            most=PAGE + 1,
        )
    )
    lines = found[:PAGE]
    people, deeds = choices(engine, study_id)
    here = url_for("office.study_audit", code=study.code) if study else url_for("office.audit")
    return render_template(
        "office/audit.html" if study is None else "office/study-audit.html",
        study=study,
        here="audit",
        address=here,
        asked=asked,
        people=[(f"{one.kind}:{one.name}", who(one)) for one in people],
        deeds=deeds,
        lines=[(line.at.astimezone(asked.zone), who(line.actor), line) for line in lines],
        older=lines[-1].id if len(found) > PAGE else None,
        studies=_codes(),
        faults=[("on", asked.fault)] if asked.fault else [],
    )


def _file(study: Seen | None, form: ListForm) -> ResponseReturnValue:
    engine = store().engine
    asked = _LogFilter(study.plan.time_zone if study else "UTC")
    since, until = asked.day
    if asked.fault:
        abort(400)
    now = datetime.now(UTC)
    with session(engine) as db:
        note(db, Act(actor(), now), "downloaded the activity log", study_id=study.id if study else None, about=form)
    lines = entries(
        engine,
        LogFilter(
            study_id=study.id if study else None, actor=asked.actor, what=asked.what or None, since=since, until=until
        ),
    )
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is open until the last byte was sent
    try:
        write_audit(lines, _codes(), form, file)
    except BaseException:
        file.close()
        raise
    name = f"{f'{study.code}-' if study else ''}audit-{now:%Y-%m-%d}.{form}"
    return send(file, name)


def _codes() -> dict[int, str]:
    return {study.id: study.code for study in every(store().engine)}
