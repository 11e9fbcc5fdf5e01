"""The list of studies."""

from __future__ import annotations

from typing import Final

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from survey.pages.account import turned_away
from survey.pages.office.access import may
from survey.pages.office.blueprint import office
from survey.pages.office.studies import every
from survey.pages.store import store
from survey.people import ADMINISTRATOR, COORDINATOR, LEAD, RESEARCHER

_IN: Final = (LEAD, RESEARCHER, COORDINATOR)
"""Roles that have something to do in a study."""


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
