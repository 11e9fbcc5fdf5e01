"""The office's blueprint: every module of this package puts its routes here."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response

from survey.pages.account.sessions import OFFICE
from survey.pages.shield import refuse_foreign_posts

office = Blueprint("office", __name__, url_prefix=OFFICE)
office.before_request(refuse_foreign_posts)


@office.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@office.app_template_filter("day")
def day(value: date) -> str:
    """Write a day as people say it: 22 September 2025."""
    return f"{value.day} {value:%B %Y}"


@office.app_template_filter("until")
def until(first: date, last: date) -> str:
    """Write from which day to which: 22 September to 19 December 2025. The year is said once where it is the same."""
    begins = f"{first.day} {first:%B}" if first.year == last.year else day(first)
    return f"{begins} to {day(last)}"


@office.app_template_filter("number")
def number(value: int) -> str:
    """Write a count with its thousands set apart: 2,500."""
    return f"{value:,}"
