"""The account pages: sign in, choose a password, sign out."""

from __future__ import annotations

import re
from typing import Any, Final, cast

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user, login_user
from werkzeug.wrappers import Response as Reply

from survey.pages.account.checking import choose, end_sessions, is_password, who
from survey.pages.account.forms import Form, PasswordForm, SignInForm, SignOutForm
from survey.pages.account.sessions import OFFICE
from survey.pages.shield import refuse_foreign_posts
from survey.people import User

account = Blueprint("account", __name__)
account.before_request(refuse_foreign_posts)

_WRONG: Final = "E-mail address and password do not belong together. Please check both and try again."
_STALE: Final = (
    "This page had been open for too long, so nothing was done. Please try again. "
    "If you read this again, allow cookies for this site in your browser."
)
_OUR_OWN: Final = re.compile(rf"{OFFICE}/[\w\-./?=&%]*", re.ASCII)


@account.after_request
def _keep_nothing(response: Reply) -> Reply:
    response.headers["Cache-Control"] = "no-store"
    return response


@account.get("/sign-in")
def short_address() -> ResponseReturnValue:
    """The address that is written on paper leads to the office, where the session's cookie lives."""
    return redirect(url_for("account.sign_in"))


@account.get(f"{OFFICE}/sign-in")
def sign_in() -> ResponseReturnValue:
    """Ask for e-mail and password."""
    if current_user.is_authenticated:
        return redirect(_back())
    return _page("account/sign-in.html", SignInForm())


@account.post(f"{OFFICE}/sign-in")
def signing_in() -> ResponseReturnValue:
    """Sign somebody in, or say what is wrong without telling whether the address has an account."""
    form = SignInForm()
    if not form.validate():
        return _page("account/sign-in.html", form)
    user = who(form.email.data or "", form.password.data or "")
    if user is None:
        return _page("account/sign-in.html", form, _WRONG)
    _let_in(user)
    return redirect(_back() if user.confirmed_at else url_for("account.password"))


@account.get(f"{OFFICE}/password")
def password() -> ResponseReturnValue:
    """Ask for a new password: of everybody who came by a one-time one, and of whoever wants another."""
    if not current_user.is_authenticated:
        return redirect(url_for("account.sign_in"))
    return _password_page(_password_form())


@account.post(f"{OFFICE}/password")
def new_password() -> ResponseReturnValue:
    """Keep the password somebody chose, and sign them in with it afresh."""
    if not current_user.is_authenticated:
        return redirect(url_for("account.sign_in"))
    user = _user()
    form = _password_form()
    if not form.validate():
        return _password_page(form)
    if "current" in form and not is_password(user, form.current.data or ""):
        return _password_page(form, "Your password now is not right. Please enter it again.", form.current.id)
    if is_password(user, form.new.data or ""):
        return _password_page(form, "This is the password you have. Please choose another one.", form.new.id)
    choose(user, form.new.data or "")
    _let_in(user)
    return redirect(url_for("office.studies"))


@account.post(f"{OFFICE}/sign-out")
def sign_out() -> ResponseReturnValue:
    """Sign out, on every device: a copy of the session's cookie is worth nothing afterwards."""
    form = SignOutForm()
    if current_user.is_authenticated:
        if not form.validate():
            return _page("account/sign-out.html", form)
        end_sessions(_user())
    session.clear()
    return redirect(url_for("account.sign_in"))


@account.app_context_processor
def _for_every_page() -> dict[str, Any]:
    """Give the office's templates the form of their Sign out button."""
    return {"sign_out_form": SignOutForm} if request.path.startswith(OFFICE) else {}


def _page(template: str, form: Form, fault: str | None = None, at: str | None = None, **more: Any) -> Reply:
    """Show a form; with what is to be looked at again, as (id of a field, sentence), when it was sent."""
    faults = [(at or next(iter(form)).id, fault)] if fault else form.said
    if form.stale:
        faults = [("main", _STALE)]
    page = make_response(render_template(template, form=form, faults=faults, **more))
    page.status_code = 400 if form.stale else 200
    return page


def _password_form() -> PasswordForm:
    return PasswordForm(current_user.email, first=current_user.confirmed_at is None)


def _password_page(form: PasswordForm, fault: str | None = None, at: str | None = None) -> Reply:
    return _page("account/password.html", form, fault, at, first=current_user.confirmed_at is None)


def _user() -> User:
    """Return who is signed in, and not the stand-in that Flask-Login hands round."""
    return cast(User, current_user._get_current_object())


def _let_in(user: User) -> None:
    session.clear()  # nothing from before goes along
    session.permanent = True  # ends after hours without a request, not with the window
    login_user(user, remember=False, authn_via=["password"])


def _back() -> str:
    """Return the office page somebody came from, or the first one. Never an address elsewhere."""
    wanted = request.args.get("next", "")
    return wanted if _OUR_OWN.fullmatch(wanted) and "//" not in wanted else url_for("office.studies")
