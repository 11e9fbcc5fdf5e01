"""The printed form of a questionnaire that is tried out: as it comes out of a printer, with a code that is none."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as Reply

from survey.pages.answer.going_on import private
from survey.pages.statics import asset
from survey.pages.trying.blueprint import trying
from survey.pages.trying.kept import current
from survey.paper.printing import page, specimen


@trying.get("/paper")
def paper(pass_: str) -> Reply:
    """Show the printed form for a respondent with the invented facts, in ordinary or in large print."""
    it = current(pass_)
    survey = it.survey
    made = specimen(survey.source, survey.language, it.facts, large="large" in request.args)
    return private(Response(page(made, asset("paper.css"), survey.file_address)))
