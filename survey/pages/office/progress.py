"""How far the fieldwork is: rates and reasons on one page, reasons ticked in a class list, and who to remind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from survey.audit import Act, note
from survey.database import session
from survey.export.lists import ListForm
from survey.pages.account.forms import Form
from survey.pages.office.access import Seen, actor, allowed, my_schools
from survey.pages.office.blueprint import office
from survey.pages.office.faults import FormFault, leading_to
from survey.pages.office.overview import aims
from survey.pages.office.sections import section
from survey.pages.office.sorting import SortColumn, sorted_table
from survey.pages.sending import send_list
from survey.pages.store import store
from survey.people import COORDINATOR, LEAD, RESEARCHER
from survey.pictures.drawing import drawn
from survey.pictures.lines import OverDays
from survey.problems import Refused
from survey.progress import (
    ATTENTION,
    AUDIENCES,
    REASONS,
    TITLES,
    Asking,
    AudienceStanding,
    DayCount,
    GivenReason,
    Level,
    Outcome,
    Progress,
    ReportedSchool,
    ReportedWave,
    Tally,
    attention,
    by_audience,
    give,
    newest_begun,
    others,
    progress,
    tallies,
    to_remind,
    total,
)
from survey.progress.reminders import COLUMNS

_WHO: Final = (LEAD, RESEARCHER, COORDINATOR)

section("progress", "Progress", "office.progress", order=15, group="Run", roles=_WHO)

_LEVELS: Final[dict[Level, str]] = {
    "school": "School",
    "programme": "Programme",
    "arm": "Arm",
    "questionnaire": "Questionnaire",
    "wave": "Wave",
}
_ALWAYS_SHOWN: Final = (Outcome.FINISHED, Outcome.UNDER_WAY, Outcome.NOT_STARTED)


@dataclass(frozen=True)
class ProgressFilter:
    """What an address asks to see; None is everything. `by` is what the table has its lines of.

    audience: whose rates the page has; None where no one is asked and no one has answered.
    """

    wave: ReportedWave | None
    audience: str | None
    questionnaire: str | None
    programme: str | None
    arm: str | None
    school: ReportedSchool | None
    school_class: str | None
    by: Level

    @property
    def address(self) -> dict[str, str]:
        """The same as arguments of an address."""
        known = {
            "wave": self.wave.code if self.wave else "all",
            "audience": self.audience,
            "questionnaire": self.questionnaire,
            "programme": self.programme,
            "arm": self.arm,
            "school": self.school.code if self.school else None,
            "class": self.school_class,
        }
        return {name: value for name, value in known.items() if value}

    def without(self, *names: str, **more: str) -> dict[str, str]:
        """Return the arguments of an address that asks for something else in places."""
        return {name: value for name, value in self.address.items() if name not in names} | more


@dataclass(frozen=True)
class RateRow:
    """A line of the table, and where it leads: deeper in, or to its class list. why: it needs attention, in words."""

    tally: Tally
    address: dict[str, str] | None
    why: str

    @property
    def others(self) -> int:
        """People with any other outcome than the three that have columns."""
        return self.tally.asked - sum(self.tally.count(outcome) for outcome in _ALWAYS_SHOWN)


@office.get("/studies/<code>/progress", endpoint="progress")
@allowed(*_WHO)
def progress_page(study: Seen) -> ResponseReturnValue:
    """Show who was asked and what happened to them, by programme, arm, school or class."""
    mine, now = my_schools(study), datetime.now(UTC)
    today = now.astimezone(ZoneInfo(study.plan.time_zone)).date()
    everything = progress(store().engine, study.id, now, mine)
    asked = _asked(study, everything, now, coordinator=mine is not None)
    found = _narrowed(everything, asked)
    standings = by_audience(_narrowed(everything, asked, audience=False), aims(study.plan))
    sum_ = total(found.lines)
    rows = [RateRow(line, _deeper(asked, line), _why(asked, line, now, today)) for line in tallies(found, asked.by)]
    first = "Class" if asked.by == "class" else _LEVELS[asked.by]
    return render_template(
        "office/progress.html",
        study=study,
        here="progress",
        asked=asked,
        progress=everything,
        questionnaires=_questionnaires(study, everything),
        levels=_levels(everything, coordinator=mine is not None),
        standings=standings,
        table=sorted_table("rates", _rate_columns(first), [row for row in rows if row.tally.asked]),
        rows=rows,
        first=first,
        sum=sum_,
        outcomes=_columns(sum_),
        titles=TITLES,
        arms=_arms_over_waves(_narrowed(everything, asked, wave=False)) if mine is None and not asked.school else [],
        by_link=sorted_table("links", _LINK_COLUMNS, others(everything, found.by_link)),
        unlisted=len(found.unlisted),
        unasked=_narrowed(everything, asked, audience=False).unasked_said,
        days=_day_by_day(next((one for one in standings if one.audience == asked.audience), None), asked, today),
        remind=len(to_remind(found)),
    )


@office.get("/studies/<code>/progress/remind.<any(xlsx, csv):form>")
@allowed(*_WHO)
def remind(study: Seen, form: ListForm) -> ResponseReturnValue:
    """Send who to remind, as study codes."""
    mine, now = my_schools(study), datetime.now(UTC)
    everything = progress(store().engine, study.id, now, mine)
    asked = _asked(study, everything, now, coordinator=mine is not None)
    rows = to_remind(_narrowed(everything, asked))
    with session(store().engine) as db:
        place = asked.school.code if asked.school else None
        about = asked.wave.code if asked.wave else ""
        details: dict[str, int | str | bool | None] = {"school": place, "rows": len(rows), "form": form}
        note(db, Act(actor(), now), "took a list of who to remind", study_id=study.id, about=about, details=details)
    parts = [study.code, "remind", *(part for part in (about, place) if part), f"{now:%Y-%m-%d}"]
    return send_list(COLUMNS, rows, "Who to remind", "-".join(parts), form)


# ---- the class list ----------------------------------------------------------------------------------------


class Reasons(Form):
    """A class list with boxes: nothing but the token, for its boxes are the list's."""


@dataclass(frozen=True)
class ClassListRow:
    """A line of the class list: a participant, and the outcome of each questionnaire they are asked."""

    code: str
    school_class: str
    states: tuple[tuple[str, str], ...]
    can_have_reason: bool


# Anyone who answered, or took their answers back, is not missing.
_ANSWERED: Final = frozenset({Outcome.FINISHED, Outcome.STOPPED, Outcome.WITHDRAWN})


@office.get("/studies/<code>/progress/missing")
@allowed(*_WHO)
def missing(study: Seen) -> ResponseReturnValue:
    """Show a school's or class's list, to tick who is missing and say why."""
    return _class_list(study)


@office.post("/studies/<code>/progress/missing")
@allowed(*_WHO)
def keep_reasons(study: Seen) -> ResponseReturnValue:
    """Keep a reason for those ticked; or remove it."""
    form, mine, now = Reasons(), my_schools(study), datetime.now(UTC)
    asked = _asked(study, progress(store().engine, study.id, now, mine), now, coordinator=mine is not None)
    if asked.wave is None or asked.school is None:
        return redirect(url_for("office.progress", code=study.code), 303)
    ticked, why = request.form.getlist("participant"), request.form.get("reason", "")
    faults = []
    if not form.validate_on_submit():
        faults.append(("reason", "This page was open for too long. Please tick and choose again."))
    if not ticked:
        faults.append(("list", "Tick at least one study code in the list."))
    if why not in (*REASONS, "none"):
        faults.append(("reason", "Choose a reason."))
    if faults:
        return _class_list(study, faults, ticked, why)
    given = [
        GivenReason(one, asked.questionnaire or "", None if why == "none" else why) for one in dict.fromkeys(ticked)
    ]
    try:
        kept = give(store().engine, study.id, asked.wave.code, given, Act(actor(), now), mine)
    except Refused as refused:
        return _class_list(study, [("list", reason) for reason in refused.reasons], ticked, why)
    changed = kept.added + kept.changed + kept.removed
    address: dict[str, Any] = {**asked.address, "kept": changed}
    return redirect(url_for("office.missing", code=study.code, **address), 303)


def _class_list(
    study: Seen, faults: Sequence[FormFault] = (), ticked: Sequence[str] = (), why: str = ""
) -> ResponseReturnValue:
    mine, now = my_schools(study), datetime.now(UTC)
    everything = progress(store().engine, study.id, now, mine)
    asked = _asked(study, everything, now, coordinator=mine is not None)
    if asked.wave is None or asked.school is None:
        return redirect(url_for("office.progress", code=study.code))
    found = _narrowed(everything, asked)
    kept, people = request.args.get("kept", ""), _people(found.lines)
    waiting = [one for one in people if one.can_have_reason]
    page = render_template(
        "office/missing.html",
        study=study,
        here="progress",
        asked=asked,
        form=Reasons(formdata=None),
        waiting=waiting,
        answered=[one for one in people if not one.can_have_reason],
        classes=tallies(_narrowed(everything, asked, school_class=False), "class"),
        reasons=REASONS,
        faults=leading_to(["list", "reason"] if waiting else [], faults),
        ticked=ticked,
        why=why,
        kept=int(kept) if kept.isascii() and kept.isdecimal() and len(kept) < 5 else None,
    )
    return page, 400 if faults else 200


def _people(lines: Sequence[Asking]) -> list[ClassListRow]:
    by_code: dict[str, list[Asking]] = {}
    for line in lines:
        by_code.setdefault(line.participant, []).append(line)
    return [
        ClassListRow(
            code,
            theirs[0].school_class,
            tuple((line.questionnaire, TITLES[line.outcome]) for line in theirs),
            any(line.outcome not in _ANSWERED for line in theirs),
        )
        for code, theirs in by_code.items()
    ]


# ---- what was asked for ------------------------------------------------------------------------------------


def _asked(study: Seen, everything: Progress, now: datetime, *, coordinator: bool) -> ProgressFilter:
    """Return what the address asks for; 404 for a wave, a questionnaire or a place that is not there, or not theirs."""
    wanted = {name: request.args.get(name) or None for name in ("questionnaire", "programme", "arm", "school", "class")}
    school = _one(everything.places, wanted["school"])
    levels = _levels(everything, coordinator=coordinator)
    by = request.args.get("by") or "school"
    if by not in levels or (coordinator and (wanted["programme"] or wanted["arm"])):
        abort(404)
    for name in ("programme", "arm"):
        if wanted[name] is not None and wanted[name] not in {getattr(place, name) for place in everything.places}:
            abort(404)
    if wanted["questionnaire"] is not None and wanted["questionnaire"] not in _answered(everything):
        abort(404)
    asked = ProgressFilter(
        _wave(everything.waves, request.args.get("wave"), now),
        None,
        wanted["questionnaire"],
        wanted["programme"],
        wanted["arm"],
        school,
        wanted["class"],
        "class" if school is not None else next(level for level in levels if level == by),
    )
    return replace(asked, audience=_audience(study, _narrowed(everything, asked)))


def _audience(study: Seen, found: Progress) -> str | None:
    """Return whose rates are shown: whom the address names, else the first audience that is there."""
    wanted = request.args.get("audience")
    if wanted and wanted not in AUDIENCES:
        abort(404)
    there = [one.audience for one in by_audience(found, aims(study.plan))]
    return wanted if wanted in there else next(iter(there), None)


def _one(places: Sequence[ReportedSchool], code: str | None) -> ReportedSchool | None:
    if code is None:
        return None
    for place in places:
        if place.code == code:
            return place
    abort(404)


def _wave(waves: Sequence[ReportedWave], code: str | None, now: datetime) -> ReportedWave | None:
    """Return the wave that was asked for (None for all); by default the one that began last."""
    if code == "all":
        return None
    if code is None:
        return newest_begun(waves, now)
    for wave in waves:
        if wave.code == code:
            return wave
    abort(404)


def _answered(everything: Progress) -> set[str]:
    others_ = (*everything.by_link, *everything.unlisted)
    return {line.questionnaire for line in everything.lines} | {one.questionnaire for one in others_}


def _questionnaires(study: Seen, everything: Progress) -> list[str]:
    """Return what anyone is asked, or answered, in the study file's order."""
    there = _answered(everything)
    order = dict.fromkeys(work.questionnaire for work in study.plan.fieldwork)
    return [*(name for name in order if name in there), *sorted(there - set(order))]


def _levels(everything: Progress, *, coordinator: bool) -> dict[Level, str]:
    """Return what the table can be by. A school's own people are not told which side of the comparison they are on."""
    if coordinator:
        return {"school": "School"}
    there = {
        "school": True,
        "programme": any(place.programme for place in everything.places),
        "arm": any(place.arm for place in everything.places),
    }
    return {level: title for level, title in _LEVELS.items() if there.get(level, True)}


def _narrowed(
    everything: Progress,
    asked: ProgressFilter,
    *,
    wave: bool = True,
    audience: bool = True,
    school_class: bool = True,
) -> Progress:
    """Return only what the address asks for."""
    schools: set[int | None] | None = None
    if asked.school is not None:
        schools = {asked.school.id}
    elif asked.programme is not None or asked.arm is not None:
        schools = {
            place.id
            for place in everything.places
            if asked.programme in (None, place.programme) and asked.arm in (None, place.arm)
        }
    return everything.only(
        wave=asked.wave.code if asked.wave and wave else None,
        audience=asked.audience if audience else None,
        questionnaire=asked.questionnaire,
        schools=schools,
        school_class=asked.school_class if school_class else None,
    )


# ---- tables and charts -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DayByDay:
    """The picture of a wave's days, in both widths, and the same days as a table has them."""

    picture: Markup
    days: tuple[DayCount, ...]


def _rate_columns(first: str) -> list[SortColumn]:
    """Return the columns of the table of rates. first: what its rows are."""
    return [
        SortColumn("title", first, lambda row: row.tally.title),
        SortColumn("rate", "Rate", lambda row: row.tally.rate, number=True),
        SortColumn("finished", "Finished", lambda row: row.tally.finished, number=True, minor=True),
        SortColumn("asked", "Asked", lambda row: row.tally.asked, number=True, minor=True),
        SortColumn("under_way", "In progress", lambda row: row.tally.count(Outcome.UNDER_WAY), number=True, minor=True),
        SortColumn(
            "not_started", "Not started", lambda row: row.tally.count(Outcome.NOT_STARTED), number=True, minor=True
        ),
        SortColumn("others", "Other", lambda row: row.others, number=True, minor=True),
    ]


_LINK_COLUMNS: Final = (
    SortColumn("school", "School", lambda row: row.title),
    SortColumn("all", "All", lambda row: row.all, number=True),
    SortColumn("done", "Finished", lambda row: row.finished, number=True),
    SortColumn("begun", "In progress", lambda row: row.under_way, number=True, minor=True),
    SortColumn("stopped", "Stopped early", lambda row: row.stopped, number=True, minor=True),
    SortColumn("no", "Said no", lambda row: row.said_no, number=True, minor=True),
    SortColumn("back", "Withdrawn", lambda row: row.withdrawn, number=True, minor=True),
)


def _columns(sum_: Tally) -> list[Outcome]:
    """Return the outcomes that have a column: those that anyone came to, and the three everyone looks for."""
    return [outcome for outcome in TITLES if outcome in _ALWAYS_SHOWN or sum_.count(outcome)]


def _deeper(asked: ProgressFilter, line: Tally) -> dict[str, str] | None:
    if not line.key or asked.by in ("questionnaire", "wave"):
        return None
    if asked.by == "class":
        return asked.without(**{"class": line.key}) if asked.wave else None
    return asked.without(**{asked.by: line.key})


def _arms_over_waves(found: Progress) -> list[tuple[Tally, list[Tally]]]:
    """Return, for each wave in which anyone could be asked, its sum, and the arms with their rates."""
    waves = []
    for wave in found.waves:
        its = found.only(wave=wave.code)
        arms = [line for line in tallies(its, "arm") if line.key and line.there]
        if arms:
            waves.append((total(its.lines, wave.title), arms))
    return waves


def _why(asked: ProgressFilter, line: Tally, now: datetime, today: date) -> str:
    """Return why a school or class needs attention, in words; empty where it does not, or the wave is not open."""
    if asked.wave is None or asked.by not in ("school", "class") or asked.wave.hours.state(now) != "open":
        return ""
    why = attention(line, asked.wave, today)
    return ATTENTION[why] if why else ""


def _day_by_day(standing: AudienceStanding | None, asked: ProgressFilter, today: date) -> DayByDay | None:
    """Return the picture of a wave's days; None where no one has finished, or where all waves are shown."""
    wave = asked.wave
    if wave is None or standing is None or not standing.days:
        return None
    days = standing.days
    first = min(wave.opens or days[0].day, days[0].day)
    last = max(days[-1].day, min(wave.closes or today, today))
    before = [(first, 0), (days[0].day - timedelta(days=1), 0)] if first < days[0].day else []
    picture = OverDays(
        title=f"{standing.title} who finished, day by day",
        about="The table below the picture has the same numbers.",
        measure=f"Finished so far: {standing.finished:,}",
        ends=(first, last),
        spots=(*before, *((day.day, day.so_far) for day in days), (last, standing.finished)),
        aim=None if standing.aim is None else (standing.aim, f"Aim: {standing.aim:,}"),
    )
    two = drawn(picture, "days")
    return DayByDay(Markup(two.wide + two.phone), days)
