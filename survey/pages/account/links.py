"""Coming in by a coordinator's link: a session of the office begins without an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import g, has_request_context, make_response, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from survey.audit import Act, Actor, note
from survey.database import read, write
from survey.database import session as opened_session
from survey.fieldwork import School, Study
from survey.pages.account.forms import Form
from survey.pages.account.pages import account, now, page
from survey.pages.account.sessions import OFFICE
from survey.pages.store import store
from survey.people.links import (
    CoordinatorLinkState,
    begin_session,
    end_session,
    link_actor,
    link_by_token,
    link_of_session,
)

_KEY: Final = "link session"


@dataclass(frozen=True)
class CameByLink:
    """A coordinator without an account: their link, and the study and school it is for."""

    link: CoordinatorLinkState
    study: str
    study_title: str
    school: str
    school_title: str

    @property
    def actor(self) -> Actor:
        """Who this is, for the audit."""
        return link_actor(self.link, self.school)


def came_by_link() -> CameByLink | None:
    """Return by which link the person here came; None for accounts, strangers, and once the link has ended."""
    if not has_request_context():
        return None
    if "came_by_link" not in g:
        g.came_by_link = _look()
    found: CameByLink | None = g.came_by_link
    return found


def _look() -> CameByLink | None:
    key = session.get(_KEY)
    if not isinstance(key, str) or current_user.is_authenticated:
        return None
    with read(store().engine) as connection:
        link = link_of_session(connection, key, now())
    return None if link is None else _with_names(link)


def _with_names(link: CoordinatorLinkState) -> CameByLink | None:
    with opened_session(store().engine) as db:
        study, school = db.get(Study, link.study_id), db.get(School, link.school_id)
    if study is None or school is None:
        return None
    return CameByLink(link, study.code, study.title, school.code, school.title)


def leave_link() -> None:
    """End the session of a person who came by a link, on the server too: a copied cookie opens nothing afterwards."""
    key = session.pop(_KEY, None)
    g.pop("came_by_link", None)
    if isinstance(key, str):
        with write(store().engine) as connection:
            end_session(connection, key)


@account.get(f"{OFFICE}/link/<token>")
def link(token: str) -> ResponseReturnValue:
    """Say what a link opens. Looking changes nothing; the button does."""
    found = _by_token(token)
    if found is None:
        return _dead()
    return page("account/link.html", Form(), found=found)


@account.post(f"{OFFICE}/link/<token>")
def come_by_link(token: str) -> ResponseReturnValue:
    """Let a coordinator in by their link."""
    found = _by_token(token)
    if found is None:
        return _dead()
    form = Form()
    if not form.validate():
        return page("account/link.html", form, found=found)
    leave_link()
    session.clear()  # nothing from before goes along, an account's session neither
    session.permanent = True
    with write(store().engine) as connection:
        session[_KEY] = begin_session(connection, found.link, now())
        note(connection, Act(found.actor), "signed in", study_id=found.link.study_id)
    return redirect(url_for("office.studies"))


def _by_token(token: str) -> CameByLink | None:
    with read(store().engine) as connection:
        link = link_by_token(connection, token, now())
    return None if link is None else _with_names(link)


def _dead() -> ResponseReturnValue:
    return make_response(render_template("account/dead-link.html", kind="link"), 404)
