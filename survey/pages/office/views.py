"""The list of studies, and what can be downloaded of each."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey.audit import Act, note
from survey.database import session
from survey.export.formats import FORMATS
from survey.export.sink import CannotExport
from survey.export.store import export
from survey.export.study import ExportChoice
from survey.pages.account import turned_away
from survey.pages.office.access import Seen, actor, allowed, may, refused, sees_microdata, sees_tables
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section
from survey.pages.office.studies import every
from survey.pages.sending import send
from survey.pages.store import store
from survey.pages.turns import Turn
from survey.people import ADMINISTRATOR, COORDINATOR, LEAD, RESEARCHER

section("downloads", "Downloads", "office.downloads", order=70, group="Data", roles=(LEAD, RESEARCHER))

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
