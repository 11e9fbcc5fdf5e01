"""From a right password, a code, or an organisation's word to a session: one road, however someone comes."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from flask import redirect, request, session, url_for
from flask_security import current_user, login_user
from werkzeug.wrappers import Response as Reply

from survey.database import write
from survey.pages.account import device
from survey.pages.account.datastore import Accounts, FlaskUser
from survey.pages.account.links import leave_link
from survey.pages.account.pages import now
from survey.pages.account.sessions import OFFICE
from survey.pages.store import store
from survey.people import COORDINATOR
from survey.people.accounts import signed_in
from survey.people.second import Keys

How = Literal["password", "code", "recovery code", "organisation", "link"]

HALF_WAY: Final = 600
"""Seconds someone whose password was right has to enter the code."""

_HALF: Final = "half"
_VOUCHED: Final = "second_factor_elsewhere"
_OUR_OWN: Final = re.compile(rf"{OFFICE}/[\w\-./?=&%]*", re.ASCII)


def first_step_done(user: FlaskUser, how: How, vouched: bool = False, back: str | None = None) -> Reply:
    """Go on after a right password or an organisation's word: to the code, where there is a second factor, or in.

    vouched: the organisation said that it asked for a second factor itself. back: where they wanted to, when the
    address does not say it.
    """
    if user.totp_secret is None or vouched:
        return let_in(user, how, vouched, back)
    back = way_back() or back
    leave_link()
    session.clear()  # nothing from before goes along
    session[_HALF] = {"who": user.fs_uniquifier, "at": int(now().timestamp()), "how": how}
    return redirect(url_for("account.code", next=back))


def half_way() -> FlaskUser | None:
    """Return who gave the right password here minutes ago and owes the code; None when no one did."""
    half = session.get(_HALF)
    if not isinstance(half, dict) or now().timestamp() - half.get("at", 0) > HALF_WAY:
        return None
    user = Accounts().find_user(fs_uniquifier=half.get("who"))
    return user if user is not None and user.active and user.totp_secret else None


def let_in(user: FlaskUser, how: How, vouched: bool = False, back: str | None = None) -> Reply:
    """Begin a session, and go where someone wanted to, or where they have something to do first."""
    back = way_back() or back
    begin_session(user, vouched)
    with write(store().engine) as connection:
        signed_in(connection, user.id, user.email, how, now())
    return device.remember(redirect(next_step(user) or back or url_for("office.studies")), user)


def begin_session(user: FlaskUser, vouched: bool = False) -> None:
    """Begin a session for a user, afresh. vouched: someone else asked for a second factor."""
    leave_link()
    session.clear()  # nothing from before goes along
    session.permanent = True  # ends after hours without a request, not with the window
    if vouched:
        session[_VOUCHED] = True
    login_user(user, remember=False, authn_via=["password"])


def next_step(user: FlaskUser) -> str | None:
    """Return the page someone must see before any other: their own password, a second factor. None when all is done."""
    if user.confirmed_at is None:
        return url_for("account.password")
    if owes_second_factor(user):
        return url_for("account.second_factor")
    return None


def owes_second_factor(user: FlaskUser) -> bool:
    """True for who has no second factor here and must: everyone who may come near answers or accounts."""
    if not store().settings.needs_second_factor or user.totp_secret is not None or vouched():
        return False
    return any(grant.role != COORDINATOR for grant in user.grants)


def must_have_second_factor() -> bool:
    """True when the person here may not turn their second factor off."""
    return store().settings.needs_second_factor and any(grant.role != COORDINATOR for grant in current_user.grants)


def keys() -> Keys:
    """Return this installation's keys for second factors."""
    settings = store().settings
    return Keys(settings.key("totp"), settings.key("recovery codes"))


def vouched() -> bool:
    """True when this session began with an organisation that asked for a second factor itself."""
    return bool(session.get(_VOUCHED))


def way_back() -> str | None:
    """Return the office page someone came from. Never an address elsewhere, and not a page of signing in."""
    wanted: Any = request.args.get("next", "")
    ours = _OUR_OWN.fullmatch(wanted) and "//" not in wanted and not wanted.startswith(f"{OFFICE}/sign-")
    return wanted if ours else None
