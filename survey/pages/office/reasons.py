"""Reasons why some did not answer, from a file that a school sends: all of them, or what stands against it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import StringField

from survey.fieldwork.publishing import Refused
from survey.fieldwork.waves import wave_at
from survey.pages.account.forms import Form
from survey.pages.office.access import Seen, actor, allowed, my_schools
from survey.pages.office.blueprint import office
from survey.pages.store import store
from survey.people import COORDINATOR, LEAD, RESEARCHER
from survey.progress.outcomes import REASONS
from survey.progress.reasons import Preview, take_in
from survey.tables.limits import LARGEST_FILE

_WHO: Final = (LEAD, RESEARCHER, COORDINATOR)
_LARGEST_POST: Final = LARGEST_FILE + 64 * 1024
_SHOWN: Final = 200
_LARGE: Final = "The file is larger than 10 MB. Please send the columns participant and reason only."


class ReasonsForm(Form):
    """A file and its wave."""

    file = FileField("CSV or Excel file (.xlsx)")
    wave = StringField("Wave")


@office.get("/studies/<code>/progress/reasons")
@allowed(*_WHO)
def reasons(study: Seen) -> ResponseReturnValue:
    """Ask for a file of reasons."""
    return _page(study, ReasonsForm(formdata=None), [("file", _LARGE)] if "large" in request.args else [])


@office.post("/studies/<code>/progress/reasons")
@allowed(*_WHO)
def take_reasons(study: Seen) -> ResponseReturnValue:
    """Keep the reasons of a file; when it has a problem, none of them."""
    request.max_content_length = _LARGEST_POST
    try:
        return _taken(study)
    except RequestEntityTooLarge:
        # What was sent is not read to its end, so no page can be drawn in reply to it.
        return redirect(url_for("office.reasons", code=study.code, large=1), 303)
    finally:
        request.close()  # large files lie in a nameless temporary file until then


def _taken(study: Seen) -> ResponseReturnValue:
    form = ReasonsForm()
    form.validate()
    if form.stale:
        return _page(study, form, [("main", "This page was open for too long. Please choose the file again.")])
    sent, wave = form.file.data, form.wave.data or ""
    faults = [] if wave in [one.id for one in study.plan.waves] else [("wave", "Choose the wave.")]
    if not isinstance(sent, FileStorage) or not sent.filename:
        return _page(study, form, [("file", "Choose a file."), *faults])
    if faults:
        return _page(study, form, faults)
    data, now = sent.stream.read(LARGEST_FILE + 1), datetime.now(UTC)
    try:
        done = take_in(store().engine, study.code, wave, data, sent.filename, actor(), now, my_schools(study))
    except Refused as refused:
        return _page(study, form, [("file", sentence) for sentence in refused.reasons])
    return _page(study, form, done=done)


def _page(
    study: Seen, form: ReasonsForm, faults: Sequence[tuple[str, str]] = (), done: Preview | None = None
) -> ResponseReturnValue:
    problems = list(done.problems) if done else []
    page = render_template(
        "office/reasons.html",
        study=study,
        here="progress",
        form=form,
        faults=faults,
        done=done if done and not problems else None,
        problems=problems[:_SHOWN],
        count=len(problems),
        reasons=REASONS,
        waves=study.plan.waves,
        wave=wave_at(study.plan, datetime.now(UTC)) if form.wave.data is None else form.wave.data,
    )
    return page, 400 if form.stale else 200
