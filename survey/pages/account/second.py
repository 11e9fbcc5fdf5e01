"""The second factor's pages: set it up, show the recovery codes once, ask for a code, turn it off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.wrappers import Response as Reply

from survey.audit import Act, Actor, note
from survey.database import Connection, read, write
from survey.drawings import qr_code
from survey.pages.account import entering
from survey.pages.account.checking import end_sessions
from survey.pages.account.datastore import Accounts, FlaskUser
from survey.pages.account.entering import How
from survey.pages.account.forms import CodeForm
from survey.pages.account.pages import account, now, page, person
from survey.pages.account.sessions import OFFICE
from survey.pages.account.views import too_many, waiting
from survey.pages.store import store
from survey.people import second as second_factors
from survey.people.attempts import counter, succeeded, take_a_try

_Deed = Callable[[Connection, FlaskUser], list[str] | None]
_PAGE: Final = f"{OFFICE}/two-step"
_WRONG: Final = (
    "This code is not right. Codes change every 30 seconds, and each works once. Wait for the next one in your "
    "app, and check that the clock on your phone is right."
)


# ---- signing in with a code ------------------------------------------------------------------------------


@account.get(f"{OFFICE}/sign-in/code")
def code() -> ResponseReturnValue:
    """Ask for the code of someone whose password was right."""
    if entering.half_way() is None:
        return redirect(url_for("account.sign_in", next=entering.way_back()))
    return page("account/code.html", CodeForm())


@account.post(f"{OFFICE}/sign-in/code")
def entering_code() -> ResponseReturnValue:
    """Let someone in by their code or a recovery code."""
    user = entering.half_way()
    if user is None:
        return redirect(url_for("account.sign_in", next=entering.way_back()))
    form = CodeForm()
    if not form.validate():
        return page("account/code.html", form)
    opened, wait = _try(user, form.code.data or "")
    if wait is not None:
        return waiting(page("account/code.html", form, too_many(wait)), wait)
    if opened is None:
        return page("account/code.html", form, _WRONG)
    return entering.let_in(user, opened)


def _try(user: FlaskUser, typed: str) -> tuple[How | None, timedelta | None]:
    """Return how a code opened the account, or how long to wait; neither when it is wrong."""
    engine, moment = store().engine, now()
    key = counter(store().settings.key("tries"), "code", str(user.id))
    until = take_a_try(engine, key, moment)
    if until is not None:
        return None, until - moment
    with write(engine) as connection:
        opened = second_factors.opens(connection, user.id, typed, entering.keys(), moment)
        if opened == "recovery code":
            left = second_factors.recovery_codes_left(connection, user.id)
            note(connection, Act(_actor(user), moment), "used a recovery code", details={"left": left})
    if opened is None:
        return None, None
    succeeded(engine, key)
    return ("code" if opened == "code" else "recovery code"), None


# ---- setting it up ---------------------------------------------------------------------------------------


@account.get(_PAGE)
def second_factor() -> ResponseReturnValue:
    """Show the second factor as it is; where there is none, how to set it up."""
    away = _away()
    return away or _own_page(CodeForm())


@account.post(_PAGE)
def set_up() -> ResponseReturnValue:
    """Turn the second factor on, when the code of the app is right, and show the recovery codes, this once."""
    away = _away()
    if away is not None:
        return away
    form, user = CodeForm(), person()
    if not form.validate() or user.totp_secret is not None:
        return _own_page(form)
    with write(store().engine) as connection:
        codes = second_factors.confirm(connection, user.id, form.code.data or "", entering.keys(), now())
        if codes is not None:
            note(connection, Act(_actor(user), now()), "turned on two-step sign-in")
    if codes is None:
        return _own_page(form, _WRONG)
    _begin_afresh()
    return _codes_page(codes)


@account.post(f"{_PAGE}/codes")
def new_codes() -> ResponseReturnValue:
    """Make new recovery codes for who shows a code; the earlier ones stop working."""
    return _with_code(_new_codes, "made new recovery codes")


@account.post(f"{_PAGE}/off")
def turn_off() -> ResponseReturnValue:
    """Turn the second factor off for who shows a code; to set up another phone, too."""
    return _with_code(_off, "turned off two-step sign-in")


def _new_codes(connection: Connection, user: FlaskUser) -> list[str] | None:
    return second_factors.new_recovery_codes(connection, user.id, entering.keys())


def _off(connection: Connection, user: FlaskUser) -> list[str] | None:
    second_factors.take_off(connection, user.id)
    return None


def _with_code(deed: _Deed, what: str) -> ResponseReturnValue:
    away = _away()
    if away is not None:
        return away
    form, user = CodeForm(), person()
    if not form.validate() or user.totp_secret is None:
        return _own_page(form)
    opened, wait = _try(user, form.code.data or "")
    if wait is not None:
        return waiting(_own_page(form, too_many(wait)), wait)
    if opened is None:
        return _own_page(form, _WRONG)
    with write(store().engine) as connection:
        codes = deed(connection, user)
        note(connection, Act(_actor(user), now()), what)
    if codes is not None:
        return _codes_page(codes)
    _begin_afresh()
    return redirect(url_for("account.second_factor"))


def _begin_afresh() -> None:
    """End this person's other sessions, which began without what is asked for now, and begin this one anew."""
    user = Accounts().find_user(id=person().id)
    if user is not None:
        end_sessions(user)
        entering.begin_session(user, entering.vouched())


def _away() -> Reply | None:
    """Return where a visitor has to go first: these pages are for people whose password is their own."""
    if not current_user.is_authenticated:
        back = request.path if request.method == "GET" else None
        return redirect(url_for("account.sign_in", next=back))
    return redirect(url_for("account.password")) if current_user.confirmed_at is None else None


def _own_page(form: CodeForm, fault: str | None = None) -> Reply:
    user = person()
    if user.totp_secret is not None:
        with read(store().engine) as connection:
            left = second_factors.recovery_codes_left(connection, user.id)
        must = entering.must_have_second_factor()
        return page("account/second-factor.html", form, fault, left=left, must=must)
    with write(store().engine) as connection:
        secret = second_factors.begin(connection, user.id, entering.keys())
    return page(
        "account/set-up.html",
        form,
        fault,
        picture=qr_code(second_factors.address_for_app(secret, user.email)),
        letters=second_factors.in_letters(secret),
        owed=entering.owes_second_factor(user),
    )


def _codes_page(codes: list[str]) -> Reply:
    return page("account/recovery-codes.html", CodeForm(formdata=None), codes=codes)


def _actor(user: FlaskUser) -> Actor:
    return Actor("account", user.email)
