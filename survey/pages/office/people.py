"""Who is in, and what each may do where: invite, change, end. For administrators, and for leads in their studies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import wraps
from typing import Any, Final

from flask import abort, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.wrappers import Response as Reply
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, ValidationError

from survey.admission import checked_address, deletion_day, place_in_words, tidy
from survey.database import Connection, read, write
from survey.database import session as database_session
from survey.drawings import qr_code
from survey.fieldwork import Study, study_by_code
from survey.pages.account import turned_away
from survey.pages.account.forms import Form
from survey.pages.account.invitations import address_of, invitation_letter, reset_letter
from survey.pages.account.sessions import OFFICE
from survey.pages.office.access import actor, grants, refused
from survey.pages.office.blueprint import office
from survey.pages.office.faults import STALE, FormFault
from survey.pages.office.sorting import SortColumn, sorted_table
from survey.pages.store import store
from survey.people import ADMINISTRATOR, COORDINATOR, LEAD, ROLES, GivenRole, Giver, NotPossible
from survey.people.grants import end, give, second_factor_off, take
from survey.people.invitations import invite, not_used, reset_link, send_again, withdraw
from survey.people.links import CoordinatorLinkState, LinkPlace, end_link, links_of, make_link
from survey.people.lists import Member, member, members

View = Callable[..., ResponseReturnValue]

_DONE: Final = "done"


def looks_after_people() -> bool:
    """Tell whether the person here looks after accounts: every administrator, and who leads a study."""
    return any(grant.role in (ADMINISTRATOR, LEAD) for grant in grants())


def _for_those_who_do(view: View) -> View:
    @wraps(view)
    def guarded(**more: Any) -> ResponseReturnValue:
        away = turned_away()
        if away is not None:
            return away
        if not looks_after_people():
            return refused("It is for leads and administrators.")
        return view(**more)

    return guarded


def giver() -> Giver:
    """Return who gives and takes roles here."""
    held = tuple(GivenRole(grant.role, grant.study_id, grant.school_id) for grant in grants())
    return Giver(actor(), current_user.id, held)


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


@office.app_context_processor
def _for_every_page() -> dict[str, Any]:
    ours = request.path.startswith(OFFICE)
    return {"looks_after_people": looks_after_people() if ours else False}


# ---- where a role may be given ---------------------------------------------------------------------------


def _places() -> list[tuple[str, str]]:
    """Return where the person here may give a role: (value, words), "" for all studies."""
    who = giver()
    with database_session(store().engine) as db:
        studies = db.query(Study).order_by(Study.title, Study.id).all()
        schools = {study.id: sorted(study.schools, key=lambda one: (one.title, one.id)) for study in studies}
    places = [("", "All studies")] if who.may_give(GivenRole(LEAD)) else []
    for study in studies:
        if not who.may_give(GivenRole(LEAD, study.id)):
            continue
        places.append((str(study.id), study.title))
        places += [(f"{study.id}/{school.id}", f"{study.title}: {school.title}") for school in schools[study.id]]
    return places


def _roles() -> list[tuple[str, str]]:
    who = giver()
    order = ("researcher", COORDINATOR, LEAD, ADMINISTRATOR)
    return [
        (role, f"{role.capitalize()}: {ROLES[role][0].lower()}{ROLES[role][1:]}")
        for role in order
        if role != ADMINISTRATOR or who.may_give(GivenRole(ADMINISTRATOR))
    ]


class RoleForm(Form):
    """A role and where it counts."""

    role = SelectField("Role", [InputRequired("Choose a role.")])
    place = SelectField("Where")

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.role.choices = _roles()
        self.place.choices = _places()

    @property
    def wanted(self) -> GivenRole:
        """What was chosen."""
        study, _, school = (self.place.data or "").partition("/")
        if self.role.data == ADMINISTRATOR:
            return GivenRole(ADMINISTRATOR)
        return GivenRole(self.role.data, int(study) if study else None, int(school) if school else None)


class InviteForm(RoleForm):
    """Whom to invite, and as what."""

    email = StringField(
        "E-mail address", [InputRequired("Enter an e-mail address.")], filters=[lambda typed: tidy(typed or "")]
    )


class SureForm(Form):
    """For what hurts: a box to tick first."""

    sure = BooleanField("", [InputRequired("Tick the box first.")])


_A_DAY: Final = "Enter the date as year, month and day, such as 2027-07-31."


class LinkForm(Form):
    """A school and the last day of its coordinator's link."""

    school = SelectField("School", coerce=int)
    last_day = StringField("Last day on which it works", [InputRequired(_A_DAY)])

    @property
    def day(self) -> date:
        """The day that was written."""
        return date.fromisoformat((self.last_day.data or "").strip())

    def validate_last_day(self, field: StringField) -> None:
        """Say when it is no day."""
        try:
            good = date(2000, 1, 1) <= self.day < date(9000, 1, 1)
        except ValueError:
            good = False
        if not good:
            raise ValidationError(_A_DAY)


# ---- who is in -------------------------------------------------------------------------------------------


@office.get("/people")
@_for_those_who_do
def people() -> ResponseReturnValue:
    """List who is in, and who is invited."""
    return _people_page(InviteForm(formdata=None))


@office.post("/people")
@_for_those_who_do
def invite_someone() -> ResponseReturnValue:
    """Invite someone by their address."""
    form = InviteForm()
    if not form.validate():
        return _people_page(form)
    try:
        email = checked_address(form.email.data or "")
        wanted = form.wanted
        with write(store().engine) as connection:
            token = invite(connection, email, wanted, giver(), now())
    except NotPossible as fault:
        return _people_page(form, str(fault))
    return _link_page(email, token, invitation_letter(email, wanted.role, _where(wanted), token, str(actor())))


@office.post("/people/invitations/<int:invitation>/again")
@_for_those_who_do
def invite_again(invitation: int) -> ResponseReturnValue:
    """Give an invitation a new link."""
    form = Form()
    if not form.validate():
        return _people_page(InviteForm(formdata=None), stale=True)
    try:
        with write(store().engine) as connection:
            invited, token = send_again(connection, invitation, giver(), now())
    except NotPossible as fault:
        return _people_page(InviteForm(formdata=None), str(fault))
    wanted = invited.given or GivenRole("researcher")
    letter = invitation_letter(invited.email, wanted.role, _where(wanted), token, str(actor()))
    return _link_page(invited.email, token, letter)


@office.post("/people/invitations/<int:invitation>/withdraw")
@_for_those_who_do
def withdraw_invitation(invitation: int) -> ResponseReturnValue:
    """Withdraw an invitation."""
    form = Form()
    if not form.validate():
        return _people_page(InviteForm(formdata=None), stale=True)
    try:
        with write(store().engine) as connection:
            invited = withdraw(connection, invitation, giver(), now())
    except NotPossible as fault:
        return _people_page(InviteForm(formdata=None), str(fault))
    return _done(f"The invitation for {invited.email} is cancelled.", "office.people")


# ---- one person ------------------------------------------------------------------------------------------


@office.get("/people/<int:account>")
@_for_those_who_do
def one_person(account: int) -> ResponseReturnValue:
    """Show what one person may do where, and what can be done about it."""
    return _person_page(account)


@office.post("/people/<int:account>/give")
@_for_those_who_do
def give_role(account: int) -> ResponseReturnValue:
    """Give a role to someone who is in."""
    form = RoleForm()
    if not form.validate():
        return _person_page(account, form)
    return _change(account, lambda connection, who: give(connection, account, form.wanted, who, now()), "Role given.")


@office.post("/people/<int:account>/roles/<int:role>/take")
@_for_those_who_do
def take_role(account: int, role: int) -> ResponseReturnValue:
    """Take a role away from someone."""
    if not Form().validate():
        return _person_page(account, stale=True)
    return _change(account, lambda connection, who: take(connection, account, role, who, now()), "Role removed.")


@office.post("/people/<int:account>/password-link")
@_for_those_who_do
def make_reset_link(account: int) -> ResponseReturnValue:
    """Make a link with which someone chooses a new password."""
    found = _member(account)
    if not Form().validate():
        return _person_page(account, stale=True)
    try:
        with write(store().engine) as connection:
            token = reset_link(connection, account, giver(), now())
    except NotPossible as fault:
        return _person_page(account, fault=str(fault))
    return _link_page(found.email, token, reset_letter(found.email, token, str(actor())), reset=True)


@office.post("/people/<int:account>/two-step-off")
@_for_those_who_do
def two_step_off(account: int) -> ResponseReturnValue:
    """Turn off two-step sign-in for someone who lost phone and codes."""
    return _sure(account, second_factor_off, "Two-step sign-in is off, and their sessions have ended.")


@office.post("/people/<int:account>/end")
@_for_those_who_do
def end_account(account: int) -> ResponseReturnValue:
    """End someone's account."""
    found = _member(account)
    return _sure(
        account, end, f"The account of {found.email} is closed, and all its sessions have ended.", "office.people"
    )


def _sure(account: int, deed: Callable[..., None], said: str, to: str | None = None) -> ResponseReturnValue:
    _member(account)
    form = SureForm()
    if not form.validate():
        fault = None if form.stale else "Tick the box above the button first, so that nothing is changed by mistake."
        return _person_page(account, fault=fault, stale=form.stale)
    try:
        deed(store().engine, account, giver(), now())
    except NotPossible as fault:
        return _person_page(account, fault=str(fault))
    return _done(said, to or "office.one_person", **({} if to else {"account": account}))


def _change(account: int, deed: Callable[[Connection, Giver], object], said: str) -> ResponseReturnValue:
    _member(account)
    try:
        with write(store().engine) as connection:
            deed(connection, giver())
    except NotPossible as fault:
        return _person_page(account, fault=str(fault))
    still = member(store().engine, account, giver())  # without a role here, they are no longer this person's to see
    return _done(said, "office.one_person", account=account) if still else _done(said, "office.people")


# ---- coordinators' links ---------------------------------------------------------------------------------


@office.get("/people/links/<code>")
@_for_those_who_do
def coordinator_links(code: str) -> ResponseReturnValue:
    """List a study's links for coordinators, and offer to make one."""
    return _links_page(_led(code), None)


@office.post("/people/links/<code>")
@_for_those_who_do
def make_coordinator_link(code: str) -> ResponseReturnValue:
    """Make a link for a school's coordinator, and show it this once, to be printed."""
    study = _led(code)
    form = _link_form(study)
    if not form.validate():
        return _links_page(study, form)
    school = next(one for one in study.schools if one.id == form.school.data)
    try:
        ends_at = _end_of(min(form.day, deletion_day(store().engine, study.code)))
        with write(store().engine) as connection:
            number, token = make_link(connection, LinkPlace(study.id, school.id, school.code), ends_at, giver(), now())
    except NotPossible as fault:
        return _links_page(study, form, str(fault))
    address = f"{store().settings.base_url}{OFFICE}/link/{token}"
    return make_response(
        render_template(
            "office/coordinator-link.html",
            study=study,
            school=school,
            number=number,
            address=address,
            picture=qr_code(address),
            last_day=(ends_at - timedelta(days=1)).date(),
        )
    )


@office.post("/people/links/<code>/<int:link>/end")
@_for_those_who_do
def end_coordinator_link(code: str, link: int) -> ResponseReturnValue:
    """End a coordinator's link, and every session that was opened with it."""
    study = _led(code)
    if not Form().validate():
        return _links_page(study, None, stale=True)
    try:
        with write(store().engine) as connection:
            if link not in {one.id for one in links_of(connection, study.id)}:
                raise NotPossible(f"There is no link {link} in this study.")
            end_link(connection, link, giver(), now())
    except NotPossible as fault:
        return _links_page(study, None, str(fault))
    return _done(f"Link {link} has ended.", "office.coordinator_links", code=study.code)


def _led(code: str) -> Study:
    """Return a study whose coordinators the person here looks after; a page that is not there for all others."""
    with database_session(store().engine) as db:
        # PostgreSQL takes no NUL, not even to compare with.
        study = study_by_code(db, code)
        if study is None or not giver().may_give(GivenRole(LEAD, study.id)):
            abort(404)
        study.schools.sort(key=lambda one: (one.title, one.id))
    return study


def _link_form(study: Study, empty: bool = False) -> LinkForm:
    form = LinkForm(formdata=None) if empty else LinkForm()
    form.school.choices = [(one.id, one.title) for one in study.schools]
    if empty:
        form.last_day.data = deletion_day(store().engine, study.code).isoformat()
    return form


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


# ---- pages -----------------------------------------------------------------------------------------------


_MEMBERS: Final = (
    SortColumn("email", "E-mail address", lambda row: row[0].email),
    SortColumn("roles", "Roles", lambda row: ", ".join(row[1])),
    SortColumn("last", "Last signed in", lambda row: row[0].signed_in_at, minor=True),
    SortColumn("two-step", "Two-step", lambda row: row[0].two_step, minor=True),
)
_INVITED: Final = (
    SortColumn("email", "E-mail address", lambda row: row[0].email),
    SortColumn("role", "As", lambda row: row[1]),
    SortColumn("ends", "The link works until", lambda row: row[0].ends_at, minor=True),
    SortColumn("change", "Change"),
)
_LINKS: Final = (
    SortColumn("link", "Link", lambda row: row[0].id),
    SortColumn("school", "School", lambda row: row[1]),
    SortColumn("made", "Made", lambda row: row[0].made_at, minor=True),
    SortColumn("ends", "Last day", lambda row: row[0].ends_at),
    SortColumn("state", "State", lambda row: row[2], minor=True),
    SortColumn("change", "Change"),
)


def _people_page(form: InviteForm, fault: str | None = None, stale: bool = False) -> Reply:
    stale = stale or form.stale
    faults = _faults(form, fault, stale)
    who = giver()
    with read(store().engine) as connection:
        invited = [one for one in not_used(connection) if one.given and who.may_give(one.given)]
    with database_session(store().engine) as db:
        studies = [one for one in db.query(Study).order_by(Study.title) if who.may_give(GivenRole(LEAD, one.id))]
    return _reply(
        "office/people.html",
        faults,
        stale,
        members=sorted_table(
            "who-is-in",
            _MEMBERS,
            [(one, [_role_in_words(held.given) for held in one.held]) for one in members(store().engine, who)],
            "office.people",
        ),
        invited=sorted_table(
            "who-is-invited",
            _INVITED,
            [(one, _role_in_words(one.given), one.ends_at > now()) for one in invited if one.given],
            "office.people",
        ),
        studies=studies,
        form=form,
        here=Form(formdata=None),
    )


def _person_page(account: int, form: RoleForm | None = None, fault: str | None = None, stale: bool = False) -> Reply:
    found = _member(account)
    stale = stale or (form is not None and form.stale)
    faults = _faults(form, fault, stale)
    return _reply(
        "office/person.html",
        faults,
        stale,
        member=found,
        held=[(one, _role_in_words(one.given)) for one in found.held],
        form=form or RoleForm(formdata=None),
        here=Form(formdata=None),
        passwords=store().settings.passwords,
    )


def _links_page(study: Study, form: LinkForm | None, fault: str | None = None, stale: bool = False) -> Reply:
    stale = stale or (form is not None and form.stale)
    faults = _faults(form, fault, stale)
    schools = {school.id: school.title for school in study.schools}
    with read(store().engine) as connection:
        links = links_of(connection, study.id)
    return _reply(
        "office/coordinator-links.html",
        faults,
        stale,
        study=study,
        links=sorted_table(
            "links",
            _LINKS,
            [(one, schools.get(one.school_id, ""), _state(one)) for one in links],
            "office.coordinator_links",
        ),
        form=form or _link_form(study, empty=True),
        here=Form(formdata=None),
        last_day=lambda ends_at: (ends_at - timedelta(days=1)).date(),
    )


def _state(link: CoordinatorLinkState) -> str:
    if link.ended_at is not None:
        return f"ended on {_day(link.ended_at)}"
    return "works" if link.works(now()) else "expired"


def _link_page(email: str, token: str, not_sent: str | None, reset: bool = False) -> Reply:
    shown = address_of(token) if not_sent else None
    return make_response(
        render_template("office/link-made.html", email=email, address=shown, not_sent=not_sent, reset=reset)
    )


def _reply(template: str, faults: list[FormFault], stale: bool, **more: Any) -> Reply:
    done = session.pop(_DONE, None)
    reply = make_response(render_template(template, faults=faults, done=done, **more))
    if faults:
        reply.status_code = 400 if stale else 409
    return reply


def _faults(form: Form | None, fault: str | None, stale: bool) -> list[FormFault]:
    if stale:
        return [STALE]
    if fault:
        return [("main", fault)]
    return form.said if form is not None else []


def _done(said: str, endpoint: str, **where: Any) -> Reply:
    session[_DONE] = said
    return redirect(url_for(endpoint, **where))


def _member(account: int) -> Member:
    found = member(store().engine, account, giver())
    if found is None:
        abort(404)
    return found


def _where(grant: GivenRole) -> str:
    return place_in_words(store().engine, grant)


def _role_in_words(grant: GivenRole) -> str:
    return f"{grant.role}: {_where(grant)}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
