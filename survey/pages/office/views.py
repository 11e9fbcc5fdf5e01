"""The office's routes. Each is open to people who do research, and to no one else."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from typing import Final

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey.audit import Act, note
from survey.database import session
from survey.export.formats import FORMATS
from survey.export.sink import CannotExport
from survey.export.store import export
from survey.export.study import ExportChoice
from survey.fieldwork import text_of
from survey.pages.account import turned_away
from survey.pages.office.access import Seen, actor, allowed, may, my_schools, refused, sees_microdata, sees_tables
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section
from survey.pages.office.studies import StudyCard, every, shown
from survey.pages.sending import send
from survey.pages.store import store
from survey.pages.turns import Turn
from survey.people import ADMINISTRATOR, COORDINATOR, LEAD, RESEARCHER

section("overview", "Overview", "office.study", order=10, group="", roles=(LEAD, RESEARCHER))

_IN: Final = (LEAD, RESEARCHER, COORDINATOR)
"""Roles that have something to do in a study."""

# An impatient second click must not slow down the respondents.
_ONE_FILE: Final = Turn(patience=120.0)


@office.get("/")
def studies() -> ResponseReturnValue:
    """List the studies in which the person here has something to do; where there is only one, go to it."""
    away = turned_away()
    if away is not None:
        return away
    there = [study for study in every(store().engine) if may(study, _IN)]
    if len(there) == 1 and not may(None, (ADMINISTRATOR, LEAD)):
        return redirect(url_for("office.study", code=there[0].code))
    return render_template("office/studies.html", studies=there)


@office.get("/studies/<code>")
@allowed(LEAD, RESEARCHER, COORDINATOR)
def study(study: Seen) -> ResponseReturnValue:
    """Show how a study stands: its waves, what is to be done, what can be taken away, what was published."""
    if my_schools(study) is not None:
        # A coordinator's study is the progress of their own schools.
        return redirect(url_for("office.progress", code=study.code))
    if not sees_tables(study):
        return refused("You may not see the tables of this study. Ask a lead of the study.")
    found = _shown(study)
    return render_template(
        "office/study.html",
        study=found,
        here="overview",
        formats=[form for form in FORMATS.values() if sees_microdata(study) or not form.microdata],
        microdata=sees_microdata(study),
    )


@office.get(f"/studies/<code>/data.<any({', '.join(FORMATS)}):form>")
@allowed(LEAD, RESEARCHER)
def data(study: Seen, form: str) -> ResponseReturnValue:
    """Send the study's answers and scale scores, or what was found in them. Made anew each time.

    With `unfinished` in the address, the sheets about scales, items and comments count unfinished responses too.
    """
    if not (sees_microdata(study) or (sees_tables(study) and not FORMATS[form].microdata)):
        return refused("You may not download the answers of this study. Ask a lead of the study.")
    now = datetime.now(UTC)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is open until the last byte was sent
    try:
        with _ONE_FILE.taken():
            chosen = ExportChoice(unfinished="unfinished" in request.args)
            export(study.code, store().engine, form, file, now, chosen)
        with session(store().engine) as db:
            note(db, Act(actor(), now), "downloaded the answers", study_id=study.id, about=form)
    except CannotExport as fault:
        file.close()
        return refused(str(fault), heading="There is nothing to download yet", status=409)
    except BaseException:
        file.close()
        raise
    made = FORMATS[form]
    return send(file, f"{study.code}-{now:%Y-%m-%d}{made.mark}{made.ending}", made.media_type)


@office.get("/studies/<code>/questionnaires/<questionnaire>/<int:version>.json")
@allowed(LEAD, RESEARCHER)
def definition(study: Seen, questionnaire: str, version: int) -> ResponseReturnValue:
    """Send the text of a published version, whose SHA-256 stands on the study page."""
    for asked in _shown(study).questionnaires:
        for one in asked.versions:
            if asked.id == questionnaire and one.version == version:
                return Response(text_of(store().engine, one.sha256), mimetype="application/json")
    abort(404)


def _shown(study: Seen) -> StudyCard:
    found = shown(store().engine, study.code, datetime.now(UTC))
    if found is None:
        abort(404)
    return found
