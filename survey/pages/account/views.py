"""The account pages: sign in, choose a password, sign out."""

from __future__ import annotations

import re
from typing import Any, Final

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user, login_user
from werkzeug.wrappers import Response as Reply

from survey.pages.account.checking import choose, end_sessions, is_password, who
from survey.pages.account.forms import PasswordForm, SignInForm, SignOutForm
from survey.pages.account.links import came_by_link
from survey.pages.account.pages import account, page, person
from survey.pages.account.sessions import OFFICE
from survey.people import User

_WRONG: Final = "E-mail address and password do not belong together. Please check both and try again."
_OUR_OWN: Final = re.compile(rf"{OFFICE}/[\w\-./?=&%]*", re.ASCII)


@account.get("/sign-in")
def short_address() -> ResponseReturnValue:
    """The address that is written on paper leads to the office, where the session's cookie lives."""
    return redirect(url_for("account.sign_in"))


@account.get(f"{OFFICE}/sign-in")
def sign_in() -> ResponseReturnValue:
    """Ask for e-mail and password."""
    if current_user.is_authenticated:
        return redirect(_back())
    return page("account/sign-in.html", SignInForm())


@account.post(f"{OFFICE}/sign-in")
def signing_in() -> ResponseReturnValue:
    """Sign somebody in, or say what is wrong without telling whether the address has an account."""
    form = SignInForm()
    if not form.validate():
        return page("account/sign-in.html", form)
    user = who(form.email.data or "", form.password.data or "")
    if user is None:
        return page("account/sign-in.html", form, _WRONG)
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
    user = person()
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
            return page("account/sign-out.html", form)
        end_sessions(person())
    elif came_by_link() is not None and not form.validate():
        return page("account/sign-out.html", form)
    session.clear()
    return redirect(url_for("account.sign_in"))


@account.app_context_processor
def _for_every_page() -> dict[str, Any]:
    """Give the office's templates the form of their Sign out button, and the link a coordinator came by."""
    return {"sign_out_form": SignOutForm, "came_by_link": came_by_link()} if request.path.startswith(OFFICE) else {}


def _password_form() -> PasswordForm:
    return PasswordForm(current_user.email, first=current_user.confirmed_at is None)


def _password_page(form: PasswordForm, fault: str | None = None, at: str | None = None) -> Reply:
    return page("account/password.html", form, fault, at, first=current_user.confirmed_at is None)


def _let_in(user: User) -> None:
    session.clear()  # nothing from before goes along
    session.permanent = True  # ends after hours without a request, not with the window
    login_user(user, remember=False, authn_via=["password"])


def _back() -> str:
    """Return the office page somebody came from, or the first one. Never an address elsewhere."""
    wanted = request.args.get("next", "")
    return wanted if _OUR_OWN.fullmatch(wanted) and "//" not in wanted else url_for("office.studies")
