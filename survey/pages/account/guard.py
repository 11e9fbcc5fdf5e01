"""Who may come in: Flask-Security set up for this app, and the question every office page asks first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from flask import Flask, redirect, request, url_for
from flask_security import Security, current_user
from werkzeug.wrappers import Response as Reply

from survey.config import Settings
from survey.pages.account.datastore import Accounts
from survey.pages.account.entering import next_step
from survey.pages.account.links import came_by_link
from survey.pages.account.organisation import connect
from survey.pages.account.pages import account, person
from survey.pages.account.sessions import OFFICE, OfficeSessions
from survey.people.passwords import HASHER

IDLE: Final = timedelta(hours=20)
"""A session ends when nothing was done for this long (forms.md G13)."""

_REFUSED: Final = "This page is for study staff"
_ASK: Final = "Your account has no role that can see it. Please ask the person who made your account."


def guard(app: Flask, settings: Settings) -> None:
    """Let people sign in to `app`, below /office."""
    app.config.update(
        SESSION_COOKIE_NAME="office",
        SESSION_COOKIE_PATH=OFFICE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        PERMANENT_SESSION_LIFETIME=IDLE,
        # Flask-Login would tie a session to an IP address. Addresses change on trains, and are none of our business.
        # What protects a session instead: it ends everywhere with sign out and with a new password.
        SESSION_PROTECTION=None,
        SECURITY_PASSWORD_HASH="argon2",
        # Argon2 salts by itself; a second salt from the secret key would end all passwords with that key.
        SECURITY_PASSWORD_SINGLE_HASH={"argon2"},
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={
            "argon2__time_cost": HASHER.time_cost,
            "argon2__memory_cost": HASHER.memory_cost,
            "argon2__parallelism": HASHER.parallelism,
        },
        SECURITY_TRACKABLE=False,
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
    )
    app.session_interface = OfficeSessions()
    with _for_the_office_alone(app):
        # Its own pages stay out, and with them registration, recovery, JSON answers and tokens.
        security = Security(app, Accounts(), register_blueprint=False)
    security.login_manager.request_loader(_nobody)
    # Otherwise Flask-Principal asks who is signed in before every page, respondents' too. We ask for roles instead.
    security.principal.identity_loaders.clear()
    connect(app, settings)
    app.register_blueprint(account)


@contextmanager
def _for_the_office_alone(app: Flask) -> Iterator[None]:
    """Let what is to run before and after each request, from now to the end of the block, run where people sign in.

    Respondents never sign in, and their pages are those that are asked for most.
    """
    all_hooks: list[Any] = [app.before_request_funcs, app.after_request_funcs]
    earlier = [list(hooks[None]) for hooks in all_hooks]
    yield
    for hooks, there in zip(all_hooks, earlier, strict=True):
        new = [hook for hook in hooks[None] if hook not in there]
        hooks[None] = there
        for blueprint in (account.name, "office"):
            hooks[blueprint] += new


def _nobody(_request: object) -> None:
    """Let no one in by a token in a header or an address."""


def turned_away() -> Reply | None:
    """Return the reply to a visitor who may see no office page yet; None for anyone who is signed in.

    Who came by a coordinator's link has all they need. Not signed in: on to the sign-in page, which leads back.
    One-time password, or a second factor owed: on to the page where that is put right.
    """
    if came_by_link() is not None:
        return None
    if not current_user.is_authenticated:
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("account.sign_in", next=back))
    first = next_step(person())
    return redirect(first) if first else None
