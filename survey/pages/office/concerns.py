"""Texts to read: what someone typed with a flagged word in it, for the one person who is named to read it.

No one else sees them, whatever their role; anyone who leads the study sees how many are overdue, and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from survey.database import read, write
from survey.pages.account import turned_away
from survey.pages.account.forms import Form
from survey.pages.office.access import Seen, actor, may, refused
from survey.pages.office.blueprint import office
from survey.pages.store import store
from survey.people import LEAD
from survey.responses.concerns import OPEN, PASSED_ON, SEEN, Reads, concerns, mark, overdue, reads

_DEEDS = {"seen": SEEN, "passed-on": PASSED_ON}


class MarkForm(Form):
    """Nothing but the token."""


@office.get("/concerns")
def to_read() -> ResponseReturnValue:
    """Show the flagged texts to the person who reads them."""
    away = turned_away()
    if away is not None:
        return away
    named = _named()
    if not named:
        return _not_here()
    now = _now()
    with read(store().engine) as connection:
        found = list(concerns(connection, named))
    return render_template(
        "office/concerns.html",
        waiting=[one for one in found if one.state == OPEN],
        done=[one for one in found if one.state != OPEN],
        overdue=lambda one: one.overdue(now),
        form=MarkForm(),
    )


@office.post("/concerns/<int:number>")
def mark_read(number: int) -> ResponseReturnValue:
    """Say that a text was seen, or passed on to the school's safeguarding lead."""
    away = turned_away()
    if away is not None:
        return away
    if not _named():
        return _not_here()
    form = MarkForm()
    form.validate()
    deed = _DEEDS.get(request.form.get("do", ""))
    if form.stale or deed is None:
        abort(400)
    try:
        with write(store().engine) as connection:
            mark(connection, number, deed, current_user.email, actor(), _now())  # type: ignore[arg-type]
    except LookupError:
        abort(404)
    return redirect(url_for("office.to_read"), 303)


def _named() -> list[Reads]:
    """Return what the person here is named to read. A coordinator's link is no one's account."""
    if not current_user.is_authenticated:
        return []
    with read(store().engine) as connection:
        return reads(connection, current_user.email)


def _not_here() -> ResponseReturnValue:
    return refused(
        "Texts with flagged words are shown only to the person the questionnaire names. If that "
        "should be you, ask a lead of the study.",
        heading="There are no texts for you to read",
    )


@office.app_template_filter("moment_of")
def moment_of(value: datetime) -> str:
    """Write a moment as people say it, in UTC: 22 September 2025, 09:30."""
    return f"{value.day} {value:%B %Y, %H:%M}"


@office.app_context_processor
def _for_every_page() -> dict[str, Callable[..., Any]]:
    return {"reads_texts": lambda: bool(_named()), "overdue_texts": _overdue}


def _overdue(study: Seen) -> int:
    """Return how many texts of a study are overdue, for the person who leads it; for everyone else there are none."""
    return overdue(store().engine, study.id, _now()) if may(study, (LEAD,)) else 0


def _now() -> datetime:
    return datetime.now(UTC)
