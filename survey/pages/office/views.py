"""The office's routes. Each is open to those who do research, and to nobody else."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from typing import IO, Final

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.wrappers import Response as Reply

from survey.export import CannotExport, Format, export
from survey.fieldwork import text_of
from survey.pages.account import turned_away
from survey.pages.account.sessions import OFFICE
from survey.pages.office.chart import clusters
from survey.pages.office.counts import by_arm, by_school
from survey.pages.office.studies import Asked, Shown, codes, shown
from survey.pages.shield import refuse_foreign_posts
from survey.pages.store import store
from survey.pages.turns import Turn
from survey.responses import answered

office = Blueprint("office", __name__, url_prefix=OFFICE)
office.before_request(refuse_foreign_posts)

# An impatient second click must not slow down the respondents.
_ONE_FILE: Final = Turn(patience=120.0)
_ALWAYS: Final = ("lead", "administrator")
"""Roles that see every study, whatever its file says about researchers and others."""

_KINDS: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "application/zip",
}


@office.before_request
def _who() -> Reply | None:
    return turned_away("researcher", *_ALWAYS)


@office.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@office.app_template_filter("day")
def day(value: date) -> str:
    """Write a day as people say it: 22 September 2025."""
    return f"{value.day} {value:%B %Y}"


@office.app_template_filter("number")
def number(value: int) -> str:
    """Write a count with its thousands set apart: 2,500."""
    return f"{value:,}"


@office.get("/")
def studies() -> ResponseReturnValue:
    """List the studies; where there is only one, go to it."""
    there = codes(store().engine)
    if len(there) == 1:
        return redirect(url_for("office.study", code=there[0][0]))
    return render_template("office/studies.html", studies=there)


@office.get("/studies/<code>")
def study(code: str) -> ResponseReturnValue:
    """Show how many answered one questionnaire, by school and wave, and what can be taken away."""
    found = _study(code)
    if not _has(found.tables):
        return _refused("You may not see the tables of this study.")
    asked = _chosen(found)
    counted = answered(store().engine, found.id)
    waves = [wave.code for wave in found.rounds]
    name = asked.id if asked else ""
    return render_template(
        "office/study.html",
        study=found,
        asked=asked,
        table=by_school(counted, name, waves, found.places),
        clusters=clusters([wave.title for wave in found.rounds], by_arm(counted, name, waves, found.arms)),
        may_download=_has(found.microdata),
    )


@office.get("/studies/<code>/data.<any(xlsx, csv):form>")
def data(code: str, form: Format) -> ResponseReturnValue:
    """Send the study's answers and scale scores: a workbook, or a zip of CSV files. Made anew each time."""
    found = _study(code)
    if not _has(found.microdata):
        return _refused("You may not take the answers of this study away.")
    now = datetime.now(UTC)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is open until the last byte was sent
    try:
        with _ONE_FILE.taken():
            export(found.code, store().engine, form, file, now)
    except CannotExport as fault:
        file.close()
        return _refused(str(fault), heading="There is nothing to download yet", status=409)
    except BaseException:
        file.close()
        raise
    return _attachment(file, _KINDS[form], f"{found.code}-{now:%Y-%m-%d}.{'xlsx' if form == 'xlsx' else 'zip'}")


@office.get("/studies/<code>/questionnaires/<questionnaire>/<int:version>.json")
def definition(code: str, questionnaire: str, version: int) -> ResponseReturnValue:
    """Send the text of a published version, whose SHA-256 stands on the study page."""
    for asked in _study(code).questionnaires:
        for one in asked.versions:
            if asked.id == questionnaire and one.version == version:
                return Response(text_of(store().engine, one.sha256), mimetype="application/json")
    abort(404)


def _study(code: str) -> Shown:
    # PostgreSQL takes no NUL, not even to compare with.
    found = None if "\0" in code else shown(store().engine, code, datetime.now(UTC))
    if found is None:
        abort(404)
    return found


def _chosen(found: Shown) -> Asked | None:
    """Return the questionnaire the address asks for, by default the first; None when none is published."""
    wanted = request.args.get("questionnaire")
    if wanted is None:
        return found.questionnaires[0] if found.questionnaires else None
    for asked in found.questionnaires:
        if asked.id == wanted:
            return asked
    abort(404)


def _has(roles: tuple[str, ...]) -> bool:
    return any(current_user.has_role(role) for role in (*roles, *_ALWAYS))


def _refused(text: str, heading: str = "This page is not for your role", status: int = 403) -> Reply:
    return make_response(render_template("office/refused.html", heading=heading, text=text), status)


def _attachment(file: IO[bytes], kind: str, name: str) -> Reply:
    length = file.seek(0, 2)
    file.seek(0)
    reply = send_file(file, mimetype=kind, as_attachment=True, download_name=name, max_age=None, etag=False)
    reply.content_length = length
    return reply
