"""Answers from elsewhere, in the browser: look at a file, then confirm what was looked at.

Between the two steps the file travels in the page itself: answers lie nowhere on the server before they are taken in,
and everything is checked again.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from datetime import UTC, datetime
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import HiddenField, StringField

from survey.fieldwork import current
from survey.fieldwork.publishing import Refused
from survey.intake import Taken, look, take_in
from survey.pages.account.forms import Form
from survey.pages.office.access import Seen, actor, allowed, refused, sees_microdata
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section
from survey.pages.store import store
from survey.pages.turns import Turn
from survey.people import LEAD, RESEARCHER
from survey.tables.apart import BUSY
from survey.tables.limits import LARGEST_FILE

section("answers", "Answers from elsewhere", "office.answers", order=75, roles=(LEAD, RESEARCHER))

SHOWN: Final = 200
_LARGEST_POST: Final = 2 * LARGEST_FILE
_ONE_FILE: Final = Turn(patience=120.0, waiting=1, otherwise=lambda: Refused([BUSY]))
_NOT_YOURS: Final = "You may not bring answers into this study. Ask the person who leads it."


class AnswersForm(Form):
    """A file, what was answered, and when."""

    file = FileField("CSV or Excel file")
    questionnaire = StringField("Questionnaire")
    wave = StringField("Wave")
    ignore = StringField("Columns that are not read")


class TakeForm(Form):
    """What was looked at, to be taken in."""

    questionnaire = HiddenField()
    wave = HiddenField()
    ignore = HiddenField()
    name = HiddenField()
    content = HiddenField()


@office.get("/studies/<code>/answers")
@allowed(LEAD, RESEARCHER)
def answers(study: Seen) -> ResponseReturnValue:
    """Take a file of coded answers."""
    if not sees_microdata(study):
        return refused(_NOT_YOURS)
    faults = [("file", "The file is larger than 10 MB. Please split it, for instance by school.")]
    return _page(study, AnswersForm(), faults if "large" in request.args else [])


@office.post("/studies/<code>/answers")
@allowed(LEAD, RESEARCHER)
def look_at_answers(study: Seen) -> ResponseReturnValue:
    """Say what a file would do, or every problem with it; nothing is changed."""
    if not sees_microdata(study):
        return refused(_NOT_YOURS)
    request.max_content_length = _LARGEST_POST
    try:
        form = AnswersForm()
        form.validate()
    except RequestEntityTooLarge:
        return redirect(url_for("office.answers", code=study.code, large=1), 303)
    if form.stale:
        return _page(study, form, [("main", "This page was open for too long. Please choose the file again.")])
    sent = form.file.data
    faults = [
        *([] if isinstance(sent, FileStorage) and sent.filename else [("file", "Choose a file.")]),
        *([] if form.questionnaire.data in _published(study) else [("questionnaire", "Choose what was answered.")]),
        *([] if form.wave.data in _waves(study) else [("wave", "Choose the wave it was answered in.")]),
    ]
    if faults:
        return _page(study, form, faults)
    assert isinstance(sent, FileStorage)
    data, name = sent.stream.read(LARGEST_FILE + 1), sent.filename or ""
    chosen = (form.questionnaire.data or "", form.wave.data or "", form.ignore.data or "")
    try:
        with _ONE_FILE.taken():
            taken = look(
                store().engine,
                store().settings,
                study.code,
                chosen[0],
                chosen[1],
                data,
                name,
                _now(),
                _names(chosen[2]),
            )
    except Refused as fault:
        return _page(study, form, [("main", sentence) for sentence in fault.reasons])
    if taken.problems:
        return _problems(study, taken)
    return render_template(
        "office/answers-look.html",
        study=study,
        here="answers",
        taken=taken,
        wave=_waves(study)[chosen[1]],
        form=TakeForm(formdata=None),
        sent={
            "questionnaire": chosen[0],
            "wave": chosen[1],
            "ignore": chosen[2],
            "name": name,
            "content": base64.b64encode(zlib.compress(data, 9)).decode(),
        },
    )


@office.post("/studies/<code>/answers/take")
@allowed(LEAD, RESEARCHER)
def take_answers(study: Seen) -> ResponseReturnValue:
    """Take in what was looked at; it is looked at once more, and all of it is kept or nothing."""
    if not sees_microdata(study):
        return refused(_NOT_YOURS)
    request.max_content_length = request.max_form_memory_size = _LARGEST_POST
    form = TakeForm()
    form.validate()
    data = _unpacked(form.content.data or "")
    if form.stale or data is None:
        again = "This page was open for too long. Please choose the file again."
        return _page(study, AnswersForm(formdata=None), [("main", again)])
    try:
        with _ONE_FILE.taken():
            taken = take_in(
                store().engine,
                store().settings,
                study.code,
                form.questionnaire.data or "",
                form.wave.data or "",
                data,
                form.name.data or "",
                actor(),
                _now(),
                _names(form.ignore.data or ""),
            )
    except Refused as fault:
        return _page(study, AnswersForm(formdata=None), [("main", sentence) for sentence in fault.reasons])
    if taken.problems:
        return _problems(study, taken)
    there = url_for("office.answers", code=study.code, added=taken.added, unchanged=taken.unchanged)
    return redirect(there, 303)


def _unpacked(content: str) -> bytes | None:
    """Return the file that travelled in a page; None when it is none of ours."""
    try:
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(base64.b64decode(content, validate=True), LARGEST_FILE + 1)
    except (binascii.Error, zlib.error, ValueError):
        return None
    return data if unpacking.eof else None


def _names(typed: str) -> list[str]:
    return [name.strip() for name in typed.split(",") if name.strip()]


def _published(study: Seen) -> list[str]:
    return sorted(current(store().engine, study.id))


def _waves(study: Seen) -> dict[str, str]:
    return {wave.id: wave.title for wave in study.plan.waves}


def _page(study: Seen, form: AnswersForm, faults: list[tuple[str, str]]) -> str:
    return render_template(
        "office/answers.html",
        study=study,
        here="answers",
        form=form,
        faults=faults,
        questionnaires=_published(study),
        waves=_waves(study),
        chosen={name: getattr(form, name).data or "" for name in ("questionnaire", "wave", "ignore")},
        added=request.args.get("added", type=int),
        unchanged=request.args.get("unchanged", default=0, type=int),
    )


def _problems(study: Seen, taken: Taken) -> str:
    return render_template(
        "office/answers-problems.html",
        study=study,
        here="answers",
        problems=[(problem.place, problem.message) for problem in taken.problems[:SHOWN]],
        more=taken.told()[SHOWN:],
        count=len(taken.problems),
    )


def _now() -> datetime:
    return datetime.now(UTC)
