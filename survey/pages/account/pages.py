"""What all account pages share: their blueprint, how a form is shown, and who is signed in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, cast

from flask import Blueprint, make_response, render_template
from flask_security import current_user
from werkzeug.wrappers import Response as Reply

from survey.pages.account.datastore import FlaskUser
from survey.pages.account.forms import Form
from survey.pages.shield import refuse_foreign_posts

account = Blueprint("account", __name__)
account.before_request(refuse_foreign_posts)

_STALE: Final = (
    "This page was open for too long, so nothing was done. Please try again. "
    "If you see this again, allow cookies for this site in your browser."
)


@account.after_request
def _keep_nothing(response: Reply) -> Reply:
    response.headers["Cache-Control"] = "no-store"
    return response


def page(template: str, form: Form, fault: str | None = None, at: str | None = None, **more: Any) -> Reply:
    """Show a form; with what is to be looked at again, as (id of a field, sentence), when it was sent."""
    faults = [(at or next(iter(form)).id, fault)] if fault else form.said
    if form.stale:
        faults = [("main", _STALE)]
    reply = make_response(render_template(template, form=form, faults=faults, **more))
    reply.status_code = 400 if form.stale else 200
    return reply


def person() -> FlaskUser:
    """Return who is signed in, and not the stand-in that Flask-Login hands round."""
    return cast(FlaskUser, current_user._get_current_object())


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)
