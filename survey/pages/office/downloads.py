"""Files of a study to download: the workbook, the CSV files, the tables. A worker makes them; a page shows how far.

A small study's file comes at once. What takes longer has a page of its own, from which the file downloads by itself;
whoever clicks twice is waiting for the same file. Only the person who asked can fetch it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey.audit import Act, note
from survey.database import session
from survey.export.downloads import download
from survey.export.formats import FORMATS, ExportFormat
from survey.jobs.job import Job, JobRecord
from survey.pages.office.access import Seen, View, actor, allowed, refused, sees_microdata, sees_tables
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section
from survey.pages.sending import send
from survey.pages.store import store
from survey.people import LEAD, RESEARCHER

section("downloads", "Downloads", "office.downloads", order=70, group="Data", roles=(LEAD, RESEARCHER))

PATIENCE: Final = 1.5
"""Seconds that a click waits for its file before the page about it is shown."""

_ADDRESS: Final = f"/studies/<code>/data.<any({', '.join(FORMATS)}):form>"

Page = Callable[[Seen, ExportFormat, Job], ResponseReturnValue]


def _of_a_file(page: Page) -> View:
    """Give a page the format in its address and the job that makes the file for the person here."""

    @allowed(LEAD, RESEARCHER)
    @wraps(page)
    def shown(study: Seen, form: str) -> ResponseReturnValue:
        if not (sees_microdata(study) or (sees_tables(study) and not FORMATS[form].microdata)):
            return refused("You may not download the answers of this study. Ask a lead of the study.")
        job = download(study.code, form, actor().name, unfinished=_unfinished())
        return page(study, FORMATS[form], job)

    return shown


@office.get("/studies/<code>/downloads")
@allowed(LEAD, RESEARCHER)
def downloads(study: Seen) -> ResponseReturnValue:
    """Offer what can be taken away of a study: its tables, and its answers to those who may have them."""
    microdata = sees_microdata(study)
    return render_template(
        "office/downloads.html",
        study=study,
        here="downloads",
        formats=[form for form in FORMATS.values() if microdata or (sees_tables(study) and not form.microdata)],
        microdata=microdata,
    )


@office.get(_ADDRESS)
@_of_a_file
def data(study: Seen, form: ExportFormat, job: Job) -> ResponseReturnValue:
    """Send the study's answers and scale scores, or what was found in them, as they are now.

    With `unfinished` in the address, the sheets about scales, items and comments count unfinished responses too.
    """
    jobs, now = store().jobs, datetime.now(UTC)
    record = jobs.ask(job, now)
    if record.fault or (record.is_ready and record.state != jobs.state(study.code)):
        record = jobs.ask(job, now, again=True)
    record = jobs.wait(job, current_app.config.get("DOWNLOAD_PATIENCE", PATIENCE)) or record
    if record.is_ready and (sent := _sent(study, form, record)) is not None:
        return sent
    return redirect(_address("data_progress", study, form), 303)


@office.get(f"{_ADDRESS}/progress")
@_of_a_file
def data_progress(study: Seen, form: ExportFormat, job: Job) -> ResponseReturnValue:
    """Show how far a file has come; once it is there, it downloads by itself."""
    record = store().jobs.look(job, datetime.now(UTC))
    made = None if record is None or record.made is None else record.made.astimezone(ZoneInfo(study.plan.time_zone))
    page = render_template(
        "office/download.html",
        study=study,
        here="downloads",
        format=form,
        job=record,
        made=made,
        before=store().jobs.before(record) if record is not None else 0,
        start=_address("data", study, form),
        file=_address("data_file", study, form),
    )
    return page, 200 if record is None or record.is_over else 202


@office.get(f"{_ADDRESS}/file")
@_of_a_file
def data_file(study: Seen, form: ExportFormat, job: Job) -> ResponseReturnValue:
    """Send a file that is ready. One that is no longer true is made again; the page about it says so."""
    record = store().jobs.look(job, datetime.now(UTC))
    if record is not None and record.is_ready and (sent := _sent(study, form, record)) is not None:
        return sent
    return redirect(_address("data_progress", study, form), 303)


def _sent(study: Seen, form: ExportFormat, record: JobRecord) -> ResponseReturnValue | None:
    """Send what was made and note that it was downloaded; None where it has just been deleted."""
    content, now = store().jobs.content(record.job), datetime.now(UTC)
    if content is None or record.made is None:
        return None
    with session(store().engine) as db:
        note(db, Act(actor(), now), "downloaded the answers", study_id=study.id, about=form.name)
    store().jobs.fetched(record, now)
    return send(content, f"{study.code}-{record.made:%Y-%m-%d}{form.mark}{form.ending}", form.media_type)


def _unfinished() -> bool:
    return "unfinished" in request.args


def _address(endpoint: str, study: Seen, form: ExportFormat) -> str:
    more: dict[str, Any] = {"unfinished": "yes"} if _unfinished() else {}
    return url_for(f"office.{endpoint}", code=study.code, form=form.name, **more)
