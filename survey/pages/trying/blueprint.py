"""The blueprint of try-outs: every module of this package puts its routes here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from survey.pages.shield import refuse_foreign_posts
from survey.pages.trying.trials import trial_here

trying = Blueprint("trying", "survey.pages.trying", url_prefix="/try/<pass_>")
trying.before_request(refuse_foreign_posts)


@trying.context_processor
def _trial() -> dict[str, Any]:
    """Give each template what is tried out, and whether the page stands in a frame of the sheet of states."""
    return {"trial": trial_here(), "framed": "state" in request.args}
