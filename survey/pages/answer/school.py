"""Which school the first child goes to: asked at a concert that several schools give together.

It comes before the first question about a child. Further children's schools are asked with them: `children.py`.
"""

from __future__ import annotations

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.journey import Screen
from survey.pages.answer.blueprint import answer
from survey.pages.answer.compiled import Survey
from survey.pages.answer.going_on import (
    agreed,
    go_on,
    led_away,
    next_number,
    not_taken,
    now,
    posted_in,
    private,
    snapshot_of,
    survey_at,
    to_screen,
)
from survey.pages.answer.household import FIRST_SCHOOL, NO, ONE_FIRST, Household, household
from survey.pages.answer.passes import Pass, current
from survey.pages.answer.unsent import aside, detour
from survey.pages.store import store
from survey.responses import SavedPage, Snapshot, save, speak
from survey.responses.children import at_school
from survey.responses.households import set_first_child
from survey.responses.late import too_late

_SCREEN = "first-school"
"""What the log of saves calls the page."""

_NONE = "-"
"""What is sent for another school. No school has this code: codes begin with a letter or a digit."""

_MOST_LISTED = 6
"""So many schools stand one below the other; more are in a list to choose from."""


def _asked(version: str, language: str) -> tuple[Household, Pass] | Reply:
    """Return who is asked for the school; or the reply that leads to where they are."""
    pass_ = current()
    first = snapshot_of(pass_)
    if first is None or pass_.version != version:
        return redirect("/go" if first is not None else "/", 303)
    survey = survey_at(version, language)
    if (dead := led_away(survey, first, pass_)) is not None:
        return dead
    theirs = household(survey, first)
    return (theirs, pass_) if theirs.first_at else go_on(survey, first, pass_.epoch)


@answer.get("/school/<version>/<language>")
def ask_school(version: str, language: str) -> Reply:
    """Ask which school the first child goes to."""
    found = _asked(version, language)
    if not isinstance(found, tuple):
        return found
    theirs, pass_ = found
    if theirs.first.language != language:
        speak(store().engine, theirs.first.id, language, now())
    return _page(theirs, pass_, _before(theirs))


def _before(theirs: Household) -> str:
    """Return what was answered before: the code of a school, or that it is another one; empty for nothing."""
    if theirs.first.school_id is None:
        return _NONE if theirs.first.answers.get(FIRST_SCHOOL) == NO else ""
    return str(theirs.first.facts.get("school_code", ""))


def _page(theirs: Household, looks: Pass, chosen: str, error: str | None = None) -> Response:
    survey = theirs.survey
    schools = [(one.code, one.title) for one in theirs.first_at] + [(_NONE, survey.say("Another school"))]
    checking = "check" in request.args
    own = {
        "look": looks.classes,
        "links": survey.languages("?check=1" if checking else "", "school"),
        "back": survey.check if checking else f"{survey.school}/back",
        "schools": schools,
        "listed": len(schools) <= _MOST_LISTED + 1,
        "chosen": chosen,
        "one_first": survey.say(ONE_FIRST) if len(theirs.rows) == 1 else "",
        "error": error,
    }
    return private(Response(render_template("answer/school.html", **survey.words | own)))


@answer.post("/school/<version>/<language>")
def take_school(version: str, language: str) -> Reply:
    """Take which school the first child goes to; it is kept as that of the row, as for further children."""
    found = _asked(version, language)
    if not isinstance(found, tuple):
        return found
    theirs, pass_ = found
    survey, first, said = theirs.survey, theirs.first, request.form.get("school", "")
    if (away := detour()) is not None:
        if away.language not in ("", language):
            query = request.query_string.decode()
            return posted_in(survey, away.language, lambda there: f"{there.school}?{query}")
        words = survey.words | {"links": survey.languages("", "school")}
        return aside(away, words, lambda looks: _page(theirs, looks, said))
    if too_late(store().engine, first, now()) or not agreed(first):
        return not_taken(survey, first)
    if said not in (_NONE, *(one.code for one in theirs.first_at)):
        return _page(theirs, pass_, "", survey.say("Choose the school."))
    child = None if said == _NONE else at_school(store().engine, first.study_id, said)
    after = set_first_child(store().engine, first.id, child, now()) or first
    page = SavedPage(
        pass_.epoch,
        next_number(after, pass_.epoch),
        _SCREEN,
        {FIRST_SCHOOL: NO if child is None else None},
        now=now(),
    )
    saved = save(store().engine, first.id, page, correct=True, seen=after)
    after = saved.snapshot or after
    about = _first_about_a_child(survey, after)
    if about is None or "check" in request.args or after.state != "started" or after.epoch > pass_.epoch:
        return go_on(survey, after, pass_.epoch)
    return to_screen(survey, about, after, pass_.epoch)


def _first_about_a_child(survey: Survey, first: Snapshot) -> Screen | None:
    route = survey.journey.route(first.answers, first.facts)
    return next((screen for screen in route if screen.page.for_each), None)


@answer.get("/school/<version>/<language>/back")
def back_from_school(version: str, language: str) -> Reply:
    """Go back to the last page before the first question about a child."""
    found = _asked(version, language)
    if not isinstance(found, tuple):
        return found
    theirs, pass_ = found
    survey, first = theirs.survey, theirs.first
    about = _first_about_a_child(survey, first)
    earlier = survey.journey.before(about, first.answers, first.facts) if about else None
    return to_screen(survey, earlier, first, pass_.epoch) if earlier else redirect(survey.school, 303)
