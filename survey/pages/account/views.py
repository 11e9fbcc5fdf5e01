"""The account pages: sign in, choose a password, sign out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from flask import abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.wrappers import Response as Reply

from survey.audit import Act, Actor, note
from survey.database import write
from survey.pages.account import entering
from survey.pages.account.checking import choose, end_sessions, in_words, is_password, still_theirs, who
from survey.pages.account.forms import Form, PasswordForm, SignInForm, SignOutForm
from survey.pages.account.links import came_by_link, leave_link
from survey.pages.account.pages import account, now, page, person
from survey.pages.account.sessions import OFFICE
from survey.pages.store import store
from survey.people.outstanding import end_reset_links

_WRONG: Final = "The e-mail address or the password is not right. Please check both and try again."


def too_many(wait: timedelta) -> str:
    """Return the sentence for the person who was wrong too often."""
    return f"There have been too many wrong tries. Please wait {in_words(wait)}, then try again."


@account.get("/sign-in")
def short_address() -> ResponseReturnValue:
    """The address that is written on paper leads to the office, where the session's cookie lives."""
    return redirect(url_for("account.sign_in"))


@account.get(f"{OFFICE}/sign-in")
def sign_in() -> ResponseReturnValue:
    """Ask for e-mail and password, or offer the organisation's sign-in."""
    if current_user.is_authenticated:
        return redirect(entering.way_back() or url_for("office.studies"))
    return _sign_in_page(SignInForm())


@account.post(f"{OFFICE}/sign-in")
def signing_in() -> ResponseReturnValue:
    """Sign someone in, or say what is wrong without telling whether the address has an account."""
    if not store().settings.passwords:
        abort(404)
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form)
    checked = who(form.email.data or "", form.password.data or "")
    if checked.wait is not None:
        return waiting(_sign_in_page(form, too_many(checked.wait)), checked.wait)
    if checked.user is None:
        return _sign_in_page(form, _WRONG)
    return entering.first_step_done(checked.user, "password")


@account.get(f"{OFFICE}/password")
def password() -> ResponseReturnValue:
    """Ask for a new password: of everyone who came by a one-time one, and of the person who wants another."""
    if not current_user.is_authenticated:
        return redirect(url_for("account.sign_in"))
    return _password_page(_password_form())


@account.post(f"{OFFICE}/password")
def new_password() -> ResponseReturnValue:
    """Keep the password someone chose, and sign them in with it afresh."""
    if not current_user.is_authenticated:
        return redirect(url_for("account.sign_in"))
    user = person()
    form = _password_form()
    if not form.validate():
        return _password_page(form)
    if "current" in form:
        checked = still_theirs(user, form.current.data or "")
        if checked.wait is not None:
            return waiting(_password_page(form, too_many(checked.wait), form.current.id), checked.wait)
        if checked.user is None:
            return _password_page(form, "Your current password is not right. Please enter it again.", form.current.id)
    if is_password(user, form.new.data or ""):
        return _password_page(form, "This is your current password. Please choose a different one.", form.new.id)
    choose(user, form.new.data or "")
    with write(store().engine) as connection:
        end_reset_links(connection, user.id, now())  # a letter from before opens nothing any more
        note(connection, Act(Actor("account", user.email), now()), "chose a password")
    entering.begin_session(user, entering.vouched())
    return redirect(entering.next_step(user) or url_for("office.studies"))


@account.post(f"{OFFICE}/sign-out")
def sign_out() -> ResponseReturnValue:
    """Sign out, an account on every device: a copy of the session's cookie is worth nothing afterwards.

    Who came by a coordinator's link signs out here only: a colleague may be at work by the same link.
    """
    form = SignOutForm()
    if current_user.is_authenticated:
        if not form.validate():
            return page("account/sign-out.html", form)
        end_sessions(person())
    elif came_by_link() is not None and not form.validate():
        return page("account/sign-out.html", form)
    leave_link()
    session.clear()
    return redirect(url_for("account.sign_in"))


@account.app_context_processor
def _for_every_page() -> dict[str, Any]:
    """Give the office's templates the form of their Sign out button, and the link a coordinator came by."""
    return {"sign_out_form": SignOutForm, "came_by_link": came_by_link()} if request.path.startswith(OFFICE) else {}


def waiting(reply: Reply, wait: timedelta) -> Reply:
    """Say in the reply's headers too that it was too early."""
    reply.status_code = 429
    reply.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
    return reply


def _sign_in_page(form: Form, fault: str | None = None) -> Reply:
    settings = store().settings
    return page(
        "account/sign-in.html",
        form,
        fault,
        next=entering.way_back(),
        passwords=settings.passwords,
        organisation=settings.organisation is not None,
    )


def _password_form() -> PasswordForm:
    return PasswordForm(current_user.email, first=current_user.confirmed_at is None)


def _password_page(form: PasswordForm, fault: str | None = None, at: str | None = None) -> Reply:
    first = current_user.confirmed_at is None
    return page("account/password.html", form, fault, at, first=first)
