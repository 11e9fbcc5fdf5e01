"""Who is asked: the waves' lists, and taking a list in. First look, then confirm what was looked at."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import BooleanField, StringField

from survey.audit import note
from survey.database import session
from survey.fieldwork.publishing import Refused
from survey.fieldwork.roster import (
    Lists,
    Preview,
    Upload,
    drop_upload,
    keep_upload,
    kept_upload,
    looked_at,
    packed_problems,
    preview_of,
    take_in_lists,
    unanswered,
    wave_counts,
    write_roster,
)
from survey.fieldwork.waves import wave_at
from survey.pages.account.forms import Form
from survey.pages.office.access import Seen, actor, allowed, refused, sees_microdata
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section
from survey.pages.store import store
from survey.pages.turns import Turn
from survey.people import LEAD, RESEARCHER
from survey.tables.apart import BUSY
from survey.tables.limits import LARGEST_FILE

section("roster", "Roster", "office.roster", order=20, roles=(LEAD, RESEARCHER))

SHOWN: Final = 200
"""Problems, and changes of each sort, that a page shows; the first are enough to act on."""

_LARGEST_POST: Final = LARGEST_FILE + 64 * 1024
"""Bytes of a form with the largest file in it. Only here: other pages take no files."""

# A list of 50,000 takes some seconds: one at a time, so that respondents do not wait.
_ONE_LIST: Final = Turn(patience=120.0, waiting=1, otherwise=lambda: Refused([BUSY]))


class ListForm(Form):
    """A file, the wave it is for, and whether facts that should not change may be corrected."""

    file = FileField("CSV or Excel file (.xlsx), up to 10 MB")
    wave = StringField("Wave the list is for")
    correct = BooleanField("Correct facts that should not change")


class ConfirmForm(Form):
    """Nothing but the token."""


@office.get("/studies/<code>/roster")
@allowed(LEAD, RESEARCHER)
def roster(study: Seen) -> ResponseReturnValue:
    """Show how many are in each wave's list, and take a file."""
    faults = [(where, said) for word, where, said in _CAME_BACK if word in request.args]
    return _page(study, ListForm(), faults)


@office.post("/studies/<code>/roster")
@allowed(LEAD, RESEARCHER)
def look_at_list(study: Seen) -> ResponseReturnValue:
    """Look at a file: say every problem, or lead to the page where it can be confirmed."""
    request.max_content_length = _LARGEST_POST
    try:
        return _looked_at(study)
    finally:
        request.close()  # large files lie in a nameless temporary file until then


def _looked_at(study: Seen) -> ResponseReturnValue:
    try:
        form = ListForm()
        form.validate()
    except RequestEntityTooLarge:
        # What was sent is not read to its end, so no page can be drawn in reply to it.
        return redirect(url_for("office.roster", code=study.code, large=1), 303)
    if form.stale:
        return _page(study, form, [("main", "This page was open for too long. Please choose the file again.")])
    sent, wave = form.file.data, form.wave.data or ""
    no_wave = [("wave", "Choose the wave the list is for.")] if wave not in [one.id for one in study.plan.waves] else []
    if not isinstance(sent, FileStorage) or not sent.filename:
        return _page(study, form, [("file", "Choose a file."), *no_wave])
    if no_wave:
        return _page(study, form, no_wave)
    correct = bool(form.correct.data)
    file = (sent.stream.read(LARGEST_FILE + 1), sent.filename)
    try:
        with _ONE_LIST.taken():
            preview, lists = looked_at(store().engine, store().settings, study.code, wave, [file], correct=correct)
    except Refused as fault:
        return _page(study, form, [("main", sentence) for sentence in fault.reasons])
    if lists.identifying:
        said = [(problem.place, problem.message) for problem in preview.problems]
        return _problems(study, said, None)
    kept = _keep(study, wave, correct, preview, lists)
    return redirect(url_for("office.seen_list", code=study.code, upload=kept), 303)


def _keep(study: Seen, wave: str, correct: bool, preview: Preview, lists: Lists) -> str:
    content = packed_problems(preview.problems) if preview.problems else lists.packed()
    digest = "" if preview.problems else preview.digest
    return keep_upload(store().engine, study.id, actor().name, wave, correct, digest, content, _now())


@office.get("/studies/<code>/roster/look/<upload>")
@allowed(LEAD, RESEARCHER)
def seen_list(study: Seen, upload: str) -> ResponseReturnValue:
    """Show what taking a list in would do, or its problems."""
    kept = _kept(study, upload)
    if kept is None:
        return _gone(study)
    if not kept.digest:
        return _problems(study, kept.problems, kept.id)
    return _seen(study, kept)


def _seen(study: Seen, kept: Upload, agreed: Sequence[str] | None = None) -> ResponseReturnValue:
    """Return the page of a list that was looked at. agreed: what was ticked; None where nothing was asked yet."""
    lists = Lists.unpacked(kept.lists)
    preview = preview_of(store().engine, study.code, kept.wave, lists, correct=kept.correct)
    if preview.problems or preview.digest != kept.digest:
        return _changed_meanwhile(study, kept)
    open_ = unanswered(preview.doubts, agreed) if agreed is not None else []
    page = render_template(
        "office/roster-look.html",
        study=study,
        here="roster",
        preview=preview,
        wave=next((one.title for one in study.plan.waves if one.id == kept.wave), ""),
        correct=kept.correct,
        parts=_parts(preview),
        notes=[(problem.place, problem.message) for problem in preview.notes[:SHOWN]],
        shown=SHOWN,
        form=ConfirmForm(),
        upload=kept.id,
        agreed=agreed or (),
        faults=[(f"yes-{doubt.name}", doubt.unticked) for doubt in open_],
    )
    return page, 400 if open_ else 200


@office.post("/studies/<code>/roster/look/<upload>")
@allowed(LEAD, RESEARCHER)
def confirm_list(study: Seen, upload: str) -> ResponseReturnValue:
    """Take the list in as it was shown, or throw it away."""
    form = ConfirmForm()
    form.validate()
    if form.stale:
        abort(400)
    kept = _kept(study, upload)
    if kept is None:
        return _gone(study)
    now = _now()
    if request.form.get("do") != "take":
        drop_upload(store().engine, study.id, actor().name, kept.id, now)
        return redirect(url_for("office.roster", code=study.code), 303)
    if not kept.digest:
        abort(400)
    lists, agreed = Lists.unpacked(kept.lists), request.form.getlist("yes")
    if unanswered(preview_of(store().engine, study.code, kept.wave, lists, correct=kept.correct).doubts, agreed):
        return _seen(study, kept, agreed)
    try:
        with _ONE_LIST.taken():
            done = take_in_lists(
                store().engine,
                study.code,
                kept.wave,
                lists,
                actor(),
                now,
                kept.digest,
                correct=kept.correct,
                agreed=agreed,
            )
    except Refused:
        return _changed_meanwhile(study, kept)
    drop_upload(store().engine, study.id, actor().name, kept.id, now)
    counts = {name: number for name, number in done.counts.items() if name in _DONE}
    return redirect(f"{url_for('office.roster', code=study.code)}?{urlencode(counts)}", 303)


@office.get("/studies/<code>/roster/look/<upload>/problems.csv")
@allowed(LEAD, RESEARCHER)
def list_problems(study: Seen, upload: str) -> ResponseReturnValue:
    """Send every problem of a file, when there are more than a page shows."""
    kept = _kept(study, upload)
    if kept is None:
        return _gone(study)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["where", "problem"])
    writer.writerows(kept.problems)
    return _csv(text, f"{study.code}-problems.csv")


@office.get("/studies/<code>/roster/<wave>.csv")
@allowed(LEAD, RESEARCHER)
def roster_list(study: Seen, wave: str) -> ResponseReturnValue:
    """Send a wave's list in the form in which lists are taken in."""
    if not sees_microdata(study):
        return refused("You may not take lists of this study's participants away.")
    if wave not in [one.id for one in study.plan.waves]:
        abort(404)
    text = io.StringIO(newline="")
    count = write_roster(store().engine, study.code, wave, text)
    with session(store().engine) as db:
        details: dict[str, int | str | bool | None] = {"participants": count}
        note(db, actor(), "took a roster away", study_id=study.id, about=wave, details=details, now=_now())
    return _csv(text, f"{study.code}-roster-{wave}.csv")


# ---- pages ----------------------------------------------------------------------------------------------


_CAME_BACK: Final = (
    (
        "gone",
        "main",
        "This list is not kept any more: it was taken in, thrown away, or is over an hour old. Please choose it again.",
    ),
    ("large", "file", "The file is larger than 10 MB. Please split it, for instance by school."),
)
"""Words in the address of the roster's page, and what is then said where."""

_DONE: Final = {
    "added": ("new in the wave",) * 2,
    "moved": ("moved",) * 2,
    "changed": ("changed",) * 2,
    "left": ("left",) * 2,
    "unchanged": ("unchanged",) * 2,
    "schools": ("school added or changed", "schools added or changed"),
    "classes": ("class added or changed", "classes added or changed"),
    "unasked": (
        "person on this list will not be asked anything in this wave",
        "people on this list will not be asked anything in this wave",
    ),
}
"""What is counted after an import: in words for one, and for many."""

_PARTS: Final = (
    ("schools", "Schools added or changed", "School"),
    ("classes", "Classes added or changed", "Class"),
    ("added", "New in this wave", "Participant"),
    ("moved", "Moved to another school or class", "Participant"),
    ("changed", "Changed", "Participant"),
    ("left", "Left: in the wave’s list before, and not in this file", "Participant"),
    ("not_here", "Not followed up: in these schools in an earlier wave, and in no list of this one", "Participant"),
    ("unasked", "Asked nothing in this wave", "Participant"),
)


def _parts(preview: Preview) -> list[dict[str, object]]:
    """Return each sort of change that there is, with its first lines."""
    return [
        {
            "id": name.replace("_", "-"),
            "title": title,
            "what": what,
            "count": len(getattr(preview, name)),
            "lines": getattr(preview, name)[:SHOWN],
        }
        for name, title, what in _PARTS
        if getattr(preview, name)
    ]


def _page(study: Seen, form: ListForm, faults: list[tuple[str, str]]) -> str:
    done = {name: request.args.get(name, type=int) for name in _DONE}
    return render_template(
        "office/roster.html",
        study=study,
        here="roster",
        waves=wave_counts(store().engine, study.id),
        form=form,
        # What was chosen stays, "none" as well.
        wave=wave_at(study.plan, _now()) if form.wave.data is None else form.wave.data,
        correct=bool(form.correct.data),
        linkage=study.plan.linkage,
        facts=study.plan.facts,
        may_download=sees_microdata(study),
        done=[(one if done[name] == 1 else many, done[name]) for name, (one, many) in _DONE.items() if done[name]],
        was_done=any(number is not None for number in done.values()),
        faults=faults,
    )


def _problems(study: Seen, problems: list[tuple[str, str]], upload: str | None) -> str:
    return render_template(
        "office/roster-problems.html",
        study=study,
        here="roster",
        problems=problems[:SHOWN],
        count=len(problems),
        upload=upload,
    )


def _gone(study: Seen) -> ResponseReturnValue:
    return redirect(url_for("office.roster", code=study.code, gone=1), 303)


def _changed_meanwhile(study: Seen, kept: Upload) -> ResponseReturnValue:
    drop_upload(store().engine, study.id, actor().name, kept.id, _now())
    said = (
        "The study’s lists have changed since you looked at this file, so nothing was taken in. Please choose the file "
        "again and look at what it would do now."
    )
    return _page(study, ListForm(formdata=None), [("main", said)]), 409


def _kept(study: Seen, upload: str) -> Upload | None:
    kept = kept_upload(store().engine, study.id, actor().name, upload, _now())
    # Other pages keep lists of theirs here as well; only a roster is for a wave.
    return kept if kept is not None and kept.wave is not None else None


def _csv(text: io.StringIO, name: str) -> Response:
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    reply = Response(text.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    reply.headers.set("Content-Disposition", "attachment", filename=name)
    return reply


def _now() -> datetime:
    return datetime.now(UTC)
