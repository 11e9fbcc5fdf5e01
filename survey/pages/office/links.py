"""Links people come in by: open ones to hang up, personal ones for everyone asked. Each is shown once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired

from survey.audit import Act
from survey.database import session
from survey.drawings import qr_code
from survey.fieldwork import Study, current
from survey.fieldwork.links import (
    COLUMNS,
    LinkGroup,
    OpenLinkOrder,
    end_link,
    open_link,
    open_links,
    personal_links,
    who_gets_links,
)
from survey.fieldwork.performances import NewPerformance, Performance, add_performance, performances
from survey.fieldwork.waves import last_day, wave_at
from survey.pages.account.forms import Form
from survey.pages.office.access import Seen, actor, allowed, refused, sees_microdata
from survey.pages.office.blueprint import day, office
from survey.pages.office.faults import STALE, FormFault
from survey.pages.office.sections import section
from survey.pages.office.sorting import SortColumn, sorted_table
from survey.pages.office.studies import shown
from survey.pages.sending import send_both
from survey.pages.store import store
from survey.people import LEAD, RESEARCHER
from survey.problems import Refused
from survey.progress.versions import by_door

_WHO: Final = (LEAD, RESEARCHER)
section("links", "Links", "office.links", order=35, group="Run", roles=_WHO)


class _Places(Form):
    wave = SelectField("Wave")
    school = SelectField("School")

    def offer(self, study: Seen) -> None:
        """Fill the lists with what the study has."""
        with session(store().engine) as db:
            found = db.get_one(Study, study.id)
            self.waves = {wave.code: wave.title for wave in found.waves}
            self.schools = {one.code: one.title for one in sorted(found.schools, key=lambda one: one.title)}
        self.wave.choices = list(self.waves.items())
        if self.wave.raw_data is None:
            self.wave.data = wave_at(study.plan, datetime.now(UTC))
        self.school.choices = [("", "All schools"), *self.schools.items()]


class OpenForm(_Places):
    """An open link: for what, in which wave, perhaps for one school or one performance."""

    events: dict[str, Performance]

    questionnaire = SelectField("Questionnaire")
    performance = SelectField("Performance")

    @property
    def event(self) -> Performance | None:
        """The performance it is for; the form of a study without any does not ask."""
        return self.events.get(self.performance.data) if self.performance else None


class PerformanceForm(_Places):
    """A performance: its name, title and day."""

    title = StringField("Title", [InputRequired("Enter its title.")])
    together = SelectMultipleField("Schools that perform together")
    held_on = DateField("Day", [InputRequired("Enter the day on which it is.")])

    @property
    def which(self) -> list[str]:
        """The codes of the schools that give it, as far as they were named."""
        return [self.school.data] if self.school.data else list(self.together.data or [])

    @property
    def name(self) -> str:
        """A name for it, made from its title and day."""
        words = unicodedata.normalize("NFKD", self.title.data or "").encode("ascii", "ignore").decode().lower()
        plain = re.sub(r"[^a-z0-9]+", "-", words).strip("-").lstrip("0123456789-")
        return f"{plain[:20].rstrip('-') or 'performance'}-{self.held_on.data:%Y%m%d}"


class PersonalForm(_Places):
    """Personal links: for whom."""

    school_class = StringField("Class (its code)")
    participant = StringField("One person (study code)")


class Ending(Form):
    """Nothing but the token."""


@office.get("/studies/<code>/links")
@allowed(*_WHO)
def links(study: Seen) -> ResponseReturnValue:
    """Show the open links, and the forms to make new ones."""
    return _page(study)


@office.post("/studies/<code>/links/open")
@allowed(*_WHO)
def make_open_link(study: Seen) -> ResponseReturnValue:
    """Make an open link, and show it as a poster: this once, for it is kept nowhere."""
    form, now = _open_form(study), datetime.now(UTC)
    if not form.validate_on_submit():
        return _page(study, open_=form, faults=_said(form))
    try:
        made = open_link(
            store().engine,
            store().settings,
            OpenLinkOrder(
                study.code,
                form.questionnaire.data,
                form.wave.data,
                form.school.data or None,
                form.event.code if form.event else None,
            ),
            Act(actor(), now),
        )
    except Refused as refused:
        return _page(study, open_=form, faults=[("open-questionnaire", reason) for reason in refused.reasons])
    return render_template(
        "office/poster.html",
        study=study,
        here="links",
        title=_titles(study)[form.questionnaire.data],
        school=form.schools.get(form.school.data),
        performance=form.event,
        made=made,
        base=store().settings.base_url,
        qr=qr_code(made.address),
        opens=made.opens.date() if made.opens.year > 1 else None,
        last=last_day(made.closes) if made.closes.year < 9999 else None,
        shut=not made.opens <= now < made.closes,
    )


@office.post("/studies/<code>/links/performances")
@allowed(*_WHO)
def add_a_performance(study: Seen) -> ResponseReturnValue:
    """Add a performance, so that its audience can be asked."""
    form = _performance_form(study)
    if not form.validate_on_submit():
        return _page(study, performance=form, faults=_said(form))
    assert form.held_on.data is not None
    new = NewPerformance(form.name, form.title.data or "", form.held_on.data, form.wave.data, form.which)
    try:
        add_performance(store().engine, study.code, new, Act(actor()))
    except Refused as refused:
        return _page(study, performance=form, faults=[("performance-title", reason) for reason in refused.reasons])
    return redirect(url_for("office.links", code=study.code), 303)


@office.get("/studies/<code>/links/<int:door>/end")
@allowed(*_WHO)
def ask_end(study: Seen, door: int) -> ResponseReturnValue:
    """Ask whether an open link is to be ended."""
    for one in open_links(store().engine, study.id):
        if one.door == door and one.ended_at is None:
            counts = by_door(store().engine, study.id).get(door, (0, 0))
            form = Ending(formdata=None)
            return render_template(
                "office/link-end.html", study=study, here="links", link=one, counts=counts, form=form
            )
    abort(404)


@office.post("/studies/<code>/links/<int:door>/end")
@allowed(*_WHO)
def end(study: Seen, door: int) -> ResponseReturnValue:
    """End an open link for good."""
    if not Ending().validate_on_submit():
        return _page(study, faults=[STALE])
    if not end_link(store().engine, study.id, door, actor(), datetime.now(UTC)):
        abort(404)
    return redirect(url_for("office.links", code=study.code), 303)


@office.post("/studies/<code>/links/personal")
@allowed(*_WHO)
def make_personal_links(study: Seen) -> ResponseReturnValue:
    """First say for how many people links will be made, and how many earlier ones will end; then make them.

    Anyone who has a personal link sees what its owner has begun, so it is made by people who may see answers.
    """
    if not sees_microdata(study):
        return refused(
            "A personal link opens the answers that a person has started, and your role cannot see "
            "answers in this study. Ask a lead of the study."
        )
    form, now = _personal_form(study), datetime.now(UTC)
    if not form.validate_on_submit():
        return _page(study, personal=form, faults=_said(form))
    narrower = [(field.data or "").strip() or None for field in (form.school, form.school_class, form.participant)]
    place = (form.wave.data, *narrower)
    group = LinkGroup(study.code, *place)
    try:
        if "make" not in request.form:
            who = who_gets_links(store().engine, group)
            return render_template("office/links-personal.html", study=study, here="links", form=form, who=who)
        made = personal_links(store().engine, store().settings, group, Act(actor(), now))
    except Refused as fault:
        return _page(study, personal=form, faults=[("personal-wave", reason) for reason in fault.reasons])
    rows = [one.row for one in made.links]
    name = "-".join([study.code, "links", *(part for part in place if part), f"{now:%Y-%m-%d}"])
    return send_both(COLUMNS, rows, "Links", name)


_COLUMNS: Final = (
    SortColumn("link", "Link", lambda row: row[0].door),
    SortColumn("questionnaire", "Questionnaire", lambda row: row[0].questionnaire),
    SortColumn("wave", "Wave", lambda row: row[0].wave_title, minor=True),
    SortColumn("school", "School or performance", lambda row: row[0].performance or row[0].school, minor=True),
    SortColumn("begun", "Started", lambda row: row[1], number=True, minor=True),
    SortColumn("finished", "Finished", lambda row: row[2], number=True),
    SortColumn("state", "State", lambda row: row[0].ended_at),
)


def _page(
    study: Seen,
    open_: OpenForm | None = None,
    personal: PersonalForm | None = None,
    performance: PerformanceForm | None = None,
    faults: Sequence[FormFault] = (),
) -> ResponseReturnValue:
    counts = by_door(store().engine, study.id)
    page = render_template(
        "office/links.html",
        study=study,
        here="links",
        links=sorted_table(
            "links",
            _COLUMNS,
            [(one, *counts.get(one.door, (0, 0))) for one in open_links(store().engine, study.id)],
            "office.links",
        ),
        open_form=open_ or _open_form(study, formdata=None),
        personal_form=personal or _personal_form(study, formdata=None),
        performance_form=performance or _performance_form(study, formdata=None),
        adding=performance is not None,
        performances=performances(store().engine, study.id),
        may_personal=sees_microdata(study),
        faults=faults,
    )
    return page, 400 if faults else 200


def _open_form(study: Seen, **more: Any) -> OpenForm:
    form = OpenForm(prefix="open-", **more)
    form.offer(study)
    titles = _titles(study)
    form.questionnaire.choices = [
        (name, f"{titles.get(name, name)} ({name})") for name in current(store().engine, study.id)
    ]
    form.events = {one.code: one for one in performances(store().engine, study.id)}
    events = [(code, f"{one.title}, {day(one.held_on)}") for code, one in form.events.items()]
    if events:
        form.performance.choices = [("", "No performance"), *events]
    else:
        del form.performance
    return form


def _performance_form(study: Seen, **more: Any) -> PerformanceForm:
    form = PerformanceForm(prefix="performance-", **more)
    form.offer(study)
    form.school.choices = [("", "Several schools"), *form.schools.items()]
    form.together.choices = list(form.schools.items())
    return form


def _personal_form(study: Seen, **more: Any) -> PersonalForm:
    form = PersonalForm(prefix="personal-", **more)
    form.offer(study)
    return form


def _titles(study: Seen) -> dict[str, str]:
    found = shown(store().engine, study.code, datetime.now(UTC))
    return {one.id: one.title for one in found.questionnaires} if found else {}


def _said(form: Form) -> list[FormFault]:
    return [STALE] if form.stale else form.said
