"""Consent in the office: who is asked what holds, decisions to be recorded, sheets sent, withdrawals and certificates.

A coordinator sees the state of their own school's participants and records what parents decided; never an answer, nor
what a child said on a questionnaire's first page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, cast

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField

from survey.audit import Act, note
from survey.database import Connection, read, write
from survey.export.lists import ListForm
from survey.fieldwork.consent import (
    COLUMNS,
    DECIDERS,
    RESOLVED,
    SCOPES,
    WAYS,
    WHY,
    BadDecision,
    By,
    ConsentState,
    Decision,
    How,
    Says,
    SentSheet,
    counts,
    decide,
    issued,
    issues_of,
    ledger_of,
    parents_of,
    rows,
    school_id_of,
    schools_of,
    sheets_of,
    standings,
    study_row,
)
from survey.fieldwork.waiting import Waiting
from survey.fieldwork.waves import wave_at
from survey.pages.account.forms import Form
from survey.pages.office.access import Seen, actor, allowed, may, my_schools
from survey.pages.office.blueprint import office
from survey.pages.office.faults import STALE, FormFault
from survey.pages.office.sections import section
from survey.pages.office.sorting import SortColumn, sorted_table
from survey.pages.office.uploads import FileForm, Proposal, Upload, add
from survey.pages.sending import send_list
from survey.pages.store import store
from survey.people import COORDINATOR, LEAD, RESEARCHER
from survey.responses.consent_file import import_given, look_at_decisions, look_at_given, unpacked
from survey.responses.withdrawing import NothingToWithdraw, Withdrawal, certificate_by_number, certificates_of, withdraw

section("consent", "Consent", "office.consent", order=30, group="Set up", roles=(LEAD, RESEARCHER, COORDINATOR))

_EVERYBODY: Final = (LEAD, RESEARCHER, COORDINATOR)
_RESEARCH: Final = (LEAD, RESEARCHER)
_SHOWN: Final = 200


class DecisionForm(Form):
    """A decision someone gave on paper, by phone or in person."""

    says = StringField("Decision")
    by = StringField("Who decided")
    parent = StringField("Which parent")
    given_on = StringField("Given on")
    scope = StringField("For")
    wave = StringField("Wave")
    how = StringField("How")
    sheet = StringField("Version of the information sheet")
    resolved = StringField("How it was resolved")


class SheetForm(Form):
    """An information sheet that was sent."""

    audience = StringField("Information sheet")
    school = StringField("School")
    issued_on = StringField("Sent on")


class WithdrawForm(Form):
    """How far someone withdraws, and that it is sure."""

    scope = StringField("Scope")
    wave = StringField("Wave")
    by = StringField("Who decided")
    sure = StringField("Sure")


# ---- the study ------------------------------------------------------------------------------------------


@office.get("/studies/<code>/consent")
@allowed(*_EVERYBODY)
def consent(study: Seen) -> ResponseReturnValue:
    """Show how many agreed, by school and audience, and what was sent to whom."""
    return _page(study, SheetForm())


@office.post("/studies/<code>/consent/sheets")
@allowed(*_RESEARCH)
def record_sheet(study: Seen) -> ResponseReturnValue:
    """Record that an information sheet was sent out."""
    form = SheetForm()
    form.validate()
    if form.stale:
        return _page(study, form, [STALE])
    on = _day(form.issued_on.data)
    if on is None:
        return _page(study, form, [("issued_on", "Enter the day on which it was sent.")])
    schools = None if form.school.data == "*" else [form.school.data or ""]
    try:
        with write(store().engine) as connection:
            issued(
                connection,
                _study(connection, study),
                SentSheet(form.audience.data or "", schools, on),
                Act(actor(), _now()),
            )
    except BadDecision as fault:
        return _page(study, form, [("issued_on", str(fault))])
    return redirect(url_for("office.consent", code=study.code, done="sheet"), 303)


def _page(study: Seen, form: SheetForm, faults: Sequence[FormFault] = ()) -> ResponseReturnValue:
    wave = _wave(study)
    with read(store().engine) as connection:
        people = list(standings(connection, study.plan, study.id, wave, my_schools(study)))
        schools = schools_of(connection, study.id)
        research = may(study, _RESEARCH)
        return render_template(
            "office/consent.html",
            study=study,
            here="consent",
            faults=list(faults),
            done=request.args.get("done", ""),
            waves=study.plan.waves,
            wave=wave,
            disagree=sorted_table(
                "disagree", _CONFLICTS, [one for one in people if one.standing.reason == "disagree"], "office.consent"
            ),
            table=sorted_table("by-school", _BY_SCHOOL, _by_school(study, counts(people), schools), "office.consent"),
            rules=study.plan.consent,
            research=research,
            sheets=sheets_of(connection, study.id),
            issues=issues_of(connection, study.id)[:_SHOWN],
            certificates=certificates_of(connection, study.id)[:_SHOWN] if research else [],
            schools=schools,
            form=form,
        )  # fmt: skip


@office.get("/studies/<code>/consent/list.<any(csv, xlsx):form>")
@allowed(*_RESEARCH)
def consent_list(study: Seen, form: ListForm) -> ResponseReturnValue:
    """Send what holds for everyone on a wave's roster."""
    wave = _wave(study)
    with read(store().engine) as connection:
        lines = rows(standings(connection, study.plan, study.id, wave))
    details: dict[str, int | str | bool | None] = {"participants": len(lines)}
    with write(store().engine) as connection:
        note(connection, Act(actor()), "downloaded the consent list", study_id=study.id, about=wave, details=details)
    return send_list(COLUMNS, lines, "Consent", f"{study.code}-consent-{wave}", form)


_BY_SCHOOL: Final = (
    SortColumn("school", "School", lambda row: row[0]),
    SortColumn("audience", "Audience", lambda row: row[2], minor=True),
    SortColumn("yes", "Yes", lambda row: row[3]["yes"], number=True, minor=True),
    SortColumn("no", "No", lambda row: row[3]["no"], number=True),
    SortColumn("missing", "Missing", lambda row: row[3]["missing"], number=True),
    SortColumn("withdrawn", "Withdrawn", lambda row: row[3]["withdrawn"], number=True, minor=True),
)
_CONFLICTS: Final = (
    SortColumn("code", "Code", lambda one: one.code),
    SortColumn("school", "School", lambda one: one.school or ""),
    SortColumn("class", "Class", lambda one: one.school_class or "", minor=True),
    SortColumn("since", "Since", lambda one: one.standing.given_on),
)
_PERSON: Final = (
    SortColumn("code", "Code", lambda one: one.code),
    SortColumn("audience", "Audience", lambda one: one.audience, minor=True),
    SortColumn("state", "State", lambda one: one.standing.state),
    SortColumn("why", "Why", lambda one: WHY[one.standing.reason], minor=True),
    SortColumn("on", "Given on", lambda one: one.standing.given_on),
)

_Standings = Mapping[tuple[str | None, str], Mapping[str, int]]


def _by_school(study: Seen, found: _Standings, titles: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """Return a row for each school and audience of whom anyone decides or has said no; else for all of them."""
    rows = [
        (titles.get(school or "", school or "No school"), school, audience, states)
        for (school, audience), states in found.items()
    ]
    decided = {rule.audience for rule in study.plan.consent}
    told = [row for row in rows if row[2] in decided or any(row[3][one] for one in ("no", "missing", "withdrawn"))]
    return told or rows


# ---- a school -------------------------------------------------------------------------------------------


@office.get("/studies/<code>/consent/schools/<school>")
@allowed(*_EVERYBODY)
def consent_school(study: Seen, school: str) -> ResponseReturnValue:
    """List a school's participants by class, with what holds for each."""
    wave, mine = _wave(study), my_schools(study)
    with read(store().engine) as connection:
        its_id = school_id_of(connection, study.id, school)
        if its_id is None or (mine is not None and its_id not in mine):
            abort(404)
        people = list(standings(connection, study.plan, study.id, wave, {its_id}))
        title = schools_of(connection, study.id)[school]
    classes: dict[str, list[ConsentState]] = {}
    for one in people:
        classes.setdefault(one.school_class or "", []).append(one)
    return render_template(
        "office/consent-school.html",
        study=study,
        here="consent",
        school=school,
        title=title,
        classes={
            name: sorted_table(f"class-{at}", _PERSON, theirs) for at, (name, theirs) in enumerate(classes.items(), 1)
        },
        why=WHY,
        waves=study.plan.waves,
        wave=wave,
    )


# ---- one participant ------------------------------------------------------------------------------------


@office.get("/studies/<code>/consent/people/<int:person>")
@allowed(*_EVERYBODY)
def consent_person(study: Seen, person: int) -> ResponseReturnValue:
    """Show what was decided about someone, and take a decision."""
    return _person(study, person, DecisionForm())


@office.post("/studies/<code>/consent/people/<int:person>")
@allowed(*_EVERYBODY)
def record_decision(study: Seen, person: int) -> ResponseReturnValue:
    """Record a decision someone gave."""
    form = DecisionForm()
    form.validate()
    _allowed_person(study, person)
    if form.stale:
        return _person(study, person, form, [STALE])
    said, faults = _said(form)
    if said is None:
        return _person(study, person, form, faults)
    if _beyond(study, person, said):
        return _person(study, person, form, [("scope", _ELSEWHERE)])
    try:
        with write(store().engine) as connection:
            decide(connection, _study(connection, study), person, said, actor(), _now())
    except BadDecision as fault:
        return _person(study, person, form, [("given_on", str(fault))])
    return redirect(url_for("office.consent_person", code=study.code, person=person, done="recorded"), 303)


_ELSEWHERE: Final = (
    "This child is at another school for part of the study. Record the decision for one wave in which the child is "
    "at yours. For the others, ask the study team."
)


def _beyond(study: Seen, person: int, said: Decision) -> bool:
    """Tell whether a decision is also about a wave in which someone is at a school that is not this coordinator's."""
    if my_schools(study) is None:
        return False
    waves = [one.id for one in study.plan.waves if said.scope != "wave" or one.id == said.wave]
    with read(store().engine) as connection:
        return any(
            next(standings(connection, study.plan, study.id, wave, None, person), None) is not None
            and _placed(connection, study, person, wave) is None
            for wave in waves
        )


def _said(form: DecisionForm) -> tuple[Decision | None, list[FormFault]]:
    """Return the decision of a form, or what to look at again."""
    faults = []
    day = _day(form.given_on.data)
    scope, wave, sheet = form.scope.data or "all", form.wave.data or None, form.sheet.data or ""
    if form.says.data not in ("yes", "no"):
        faults.append(("says-yes", "Choose yes or no."))
    if form.by.data not in DECIDERS:
        faults.append(("by", "Choose who decided."))
    if day is None:
        faults.append(("given_on", "Enter the day on which it was given."))
    if scope not in SCOPES or (form.how.data or None) not in (None, *WAYS) or not (sheet.isdecimal() or not sheet):
        abort(400)
    resolved = form.resolved.data or None
    if resolved not in (None, *RESOLVED):
        abort(400)
    if form.parent.data and form.by.data != "parent":
        faults.append(("parent", "Choose a parent only if a parent decided."))
    if scope == "wave" and wave is None:
        faults.append(("wave", "Choose the wave."))
    if faults or day is None:
        return None, faults
    says, by, how = cast(Says, form.says.data), cast(By, form.by.data), cast("How | None", form.how.data or None)
    version = int(sheet[:9]) if sheet else None
    its_wave = wave if scope != "all" else None
    return Decision(says, by, day, scope, its_wave, how, version, form.parent.data or None, resolved), []


def _person(study: Seen, person: int, form: DecisionForm, faults: Sequence[FormFault] = ()) -> ResponseReturnValue:
    its = _allowed_person(study, person)
    research = may(study, _RESEARCH)
    with read(store().engine) as connection:
        found = [(wave, _placed(connection, study, person, wave.id)) for wave in study.plan.waves]
        lines = [line for line in ledger_of(connection, person) if research or line.kind == "decision"]
        parents = parents_of(connection, person)
        audience = next(one.audience for _, one in found if one)
        sheets = [one for one in sheets_of(connection, study.id) if one.audience == audience]
    return render_template(
        "office/consent-person.html",
        study=study,
        here="consent",
        person=person,
        participant=its.code,
        audience=audience,
        school=next((one.school for _, one in reversed(found) if one and one.school), None),
        states=[(wave.title, one.standing) for wave, one in found if one],
        why=WHY,
        lines=lines,
        sheets=sheets,
        rule=study.plan.consent_for(audience),
        ways=WAYS,
        waves=study.plan.waves,
        disagree=[wave.title for wave, one in found if one and one.standing.reason == "disagree"],
        parents=parents,
        research=research,
        faults=list(faults),
        done=request.args.get("done", ""),
        form=form,
        typed={name: form[name].data or "" for name in _TYPED},
    )


_TYPED: Final = ("says", "by", "parent", "given_on", "scope", "wave", "how", "sheet", "resolved")


def _allowed_person(study: Seen, person: int) -> ConsentState:
    """Return a participant the person here may look at, as they are in their first wave; answer 404 for any other.

    person: the participant's id. Their code never stands in an address: addresses are kept in histories and logs.
    """
    with read(store().engine) as connection:
        found = (_placed(connection, study, person, wave.id) for wave in study.plan.waves)
        return next((one for one in found if one is not None), None) or abort(404)


def _placed(connection: Connection, study: Seen, person: int, wave: str) -> ConsentState | None:
    mine = standings(connection, study.plan, study.id, wave, my_schools(study), person)
    return next(iter(mine), None)


# ---- withdrawing ----------------------------------------------------------------------------------------


@office.post("/studies/<code>/consent/people/<int:person>/withdraw")
@allowed(*_RESEARCH)
def consent_withdraw(study: Seen, person: int) -> ResponseReturnValue:
    """Ask whether it is sure; then withdraw someone, and lead to the certificate."""
    form = WithdrawForm()
    form.validate()
    its = _allowed_person(study, person)
    if form.stale:
        return _person(study, person, DecisionForm(), [STALE])
    scope, wave, by = form.scope.data or "", form.wave.data or None, form.by.data or ""
    if scope not in SCOPES or by not in DECIDERS:
        return _person(study, person, DecisionForm(), [("scope-all", "Choose the scope, and who decided.")])
    if scope == "wave" and wave not in [one.id for one in study.plan.waves]:
        return _person(study, person, DecisionForm(), [("withdraw-wave", "Choose the wave.")])
    if form.sure.data != "yes":
        title = next((one.title for one in study.plan.waves if one.id == wave), "")
        return render_template(
            "office/consent-withdraw.html", study=study, here="consent", person=person, participant=its.code,
            scope=scope, wave=wave or "", title=title, by=by, form=form,
        )  # fmt: skip
    try:
        done = withdraw(
            store().engine,
            Withdrawal(scope=scope, by=by, participant_id=person, wave=wave if scope == "wave" else None),
            actor=actor(),
            now=_now(),
        )
    except NothingToWithdraw:
        abort(404)
    return redirect(url_for("office.withdrawal_certificate", code=study.code, number=done.number), 303)


@office.get("/studies/<code>/consent/certificates/<number>")
@allowed(*_RESEARCH)
def withdrawal_certificate(study: Seen, number: str) -> ResponseReturnValue:
    """Show the certificate of a withdrawal, without any answer."""
    found = certificate_by_number(store().engine, number)
    if found is None or found.study != study.code:
        abort(404)
    return render_template("office/consent-certificate.html", study=study, here="consent", certificate=found)


# ---- a file of decisions --------------------------------------------------------------------------------


def _look(study: Seen, form: FileForm) -> Waiting:
    seen = look_at_decisions(store().engine, study.code, form.sent, _now())
    problems = [(problem.place, problem.message) for problem in seen.problems]
    return Waiting({"known": seen.unchanged}, b"" if problems else seen.packed(), problems)


def _show(study: Seen, waiting: Waiting) -> Proposal:
    given = unpacked(waiting.content)
    seen = look_at_given(store().engine, study.code, given, _now())
    values = {
        "given": given[:_SHOWN],
        "count": len(given),
        "numbers": {says: sum(one.says == says for one in given) for says in ("yes", "no", "withdrawn")},
        "disagree": seen.disagree,
        "known": waiting.chosen["known"],
        "answered": seen.answered,
    }
    return Proposal(values, bool(given))


def _apply(study: Seen, waiting: Waiting, _agreed: Collection[str]) -> str:
    import_given(store().engine, study.code, unpacked(waiting.content), actor(), _now())
    return url_for("office.consent", code=study.code, done="import")


add(
    Upload(
        kind="consent_file",
        address="/studies/<code>/consent/file",
        guard=allowed(*_RESEARCH),
        page=lambda study, form: {"waves": study.plan.waves},
        look=_look,
        show=_show,
        apply=_apply,
        template="consent-file",
        here="consent",
        button="Import decisions",
    )
)


# ---- what is shared -------------------------------------------------------------------------------------


def _study(connection: Connection, study: Seen) -> Any:
    return study_row(connection, study.code)


def _wave(study: Seen) -> str:
    """Return the wave the address asks for; else the one that is open, or the next."""
    wanted = request.args.get("wave")
    if wanted is not None:
        return wanted if wanted in [one.id for one in study.plan.waves] else abort(404)
    return wave_at(study.plan, _now())


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError:
        return None


def _now() -> datetime:
    return datetime.now(UTC)
