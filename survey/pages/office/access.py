"""Who may open which page of the office, in which study and school."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, Protocol

from flask import abort, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.wrappers import Response as Reply

from survey.audit import Actor
from survey.database import session
from survey.definition.reading import parse_study
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork import study_by_code, text_of
from survey.pages.account import turned_away
from survey.pages.account.links import came_by_link
from survey.pages.store import store
from survey.people import COORDINATOR, LEAD, RESEARCHER, Grant
from survey.problems import listed

View = Callable[..., ResponseReturnValue]


@dataclass(frozen=True)
class Seen:
    """The study a page is about, and its study.yaml as it stands now."""

    id: int
    code: str
    title: str
    plan: Plan


class _StudyRight(Protocol):
    @property
    def id(self) -> int:
        """The study's id."""


@lru_cache(maxsize=16)
def _parsed(text: str) -> Plan:
    return parse_study(text)


def seen(code: str) -> Seen | None:
    """Return the study with this code, None when there is none or nothing of it is published."""
    engine = store().engine
    with session(engine) as opened:
        study = study_by_code(opened, code)
    text = text_of(engine, study.sha256) if study and study.sha256 else None
    return Seen(study.id, study.code, study.title, _parsed(text)) if study and text else None


def with_years(study: Seen, questionnaire: str, title: str) -> str:
    """Return a questionnaire's title with the years that get it: two of one title have to be told apart."""
    works = [one for one in study.plan.fieldwork if one.questionnaire == questionnaire]
    years = sorted({year for one in works for year in one.years or []})
    return f"{title} ({'year' if len(years) == 1 else 'years'} {listed(years)})" if years else title


def grants() -> list[Grant]:
    """Return what the person here was granted, by their account or their link."""
    by_link = came_by_link()
    if by_link is not None:
        given = by_link.link.given
        return [Grant(role=given.role, study_id=given.study_id, school_id=given.school_id)]
    return list(current_user.grants) if current_user.is_authenticated else []


def _here(study: _StudyRight | None) -> list[Grant]:
    """Return the grants that count in a study; in the whole installation, when there is none."""
    here = {None} if study is None else {None, study.id}
    return [grant for grant in grants() if grant.study_id in here]


def may(study: _StudyRight | None, roles: Sequence[str]) -> bool:
    """Tell whether the person here has one of these roles in a study, or for the whole installation when None.

    A researcher's are further limited by the study's own `access`: see `sees_tables` and `sees_microdata`.
    """
    return any(grant.role in roles for grant in _here(study))


def sees_tables(study: Seen) -> bool:
    """Tell whether the person here may see tables of a study.

    Never a coordinator, whatever the study says: its tables are of all schools, and a coordinator's page is their own.
    """
    return may(study, [role for role in (*study.plan.access.tables, LEAD) if role != COORDINATOR])


def sees_microdata(study: Seen) -> bool:
    """Tell whether the person here may see and take away what individual people answered."""
    return may(study, [role for role in (*study.plan.access.microdata, LEAD) if role in (RESEARCHER, LEAD)])


def my_schools(study: Seen) -> set[int] | None:
    """Return the schools the person here may look at: None for all, ids for a coordinator."""
    if may(study, (LEAD, RESEARCHER)):
        return None
    mine = [grant for grant in _here(study) if grant.role == COORDINATOR]
    return {grant.school_id for grant in mine if grant.school_id is not None}


def actor() -> Actor:
    """Return who is doing something here, for the audit."""
    by_link = came_by_link()
    return by_link.actor if by_link is not None else Actor("account", current_user.email)


def allowed(*roles: str) -> Callable[[View], View]:
    """Open a view with `code` in its address to these roles in that study; it gets the study instead of the code.

    No one else learns whether there is such a study: without a role in it, it is not there.
    """

    def around(view: View) -> View:
        @wraps(view)
        def guarded(code: str, **more: Any) -> ResponseReturnValue:
            away = turned_away()
            if away is not None:
                return away
            study = seen(code)
            if study is None or not _here(study):
                abort(404)
            return view(study, **more) if may(study, roles) else refused()

        return guarded

    return around


def refused(
    text: str = "Your account has no role that can see it. Ask a lead of the study.",
    heading: str = "This page is not for your role",
    status: int = 403,
) -> Reply:
    """Return the page for someone who is signed in and may not do this."""
    return make_response(render_template("office/refused.html", heading=heading, text=text), status)
