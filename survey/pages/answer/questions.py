"""Question pages: show one, take an answer, go back, go on where someone left off."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, redirect, request
from werkzeug.wrappers import Response as Reply

from survey.forms import StepFields
from survey.journey import Screen
from survey.pages.answer.blueprint import answer
from survey.pages.answer.compiled import ForOne, Survey, Whose
from survey.pages.answer.going_on import (
    elsewhere,
    first_of,
    go_on,
    led_away,
    not_taken,
    now,
    number,
    over_address,
    posted_in,
    private,
    row_of,
    snapshot_of,
    spot_at,
    survey_at,
    to_screen,
    too_far,
)
from survey.pages.answer.household import household, named
from survey.pages.answer.passes import Pass, current
from survey.pages.answer.unsent import Detour, aside, detour, plain_way, unsent
from survey.pages.store import store
from survey.question import BLANK, Tampered, missing
from survey.responses import STRIDE, SavedPage, Snapshot, save, seed_of, speak


@answer.get("/q/<version>/<language>/<name>")
def question(version: str, language: str, name: str) -> Reply:
    """Show a screen. The first time it needs no database: the page is the same for everyone."""
    pass_ = current()
    if pass_.response is None:
        return redirect("/", 303)
    if pass_.version != version:
        return redirect("/go", 303)
    survey = survey_at(version, language)
    screen, child = spot_at(survey, name)
    again = "again" in request.args or "check" in request.args
    if number() is not None and not again and survey.constant(screen):
        return survey.ready(screen, seed_of(pass_.response)).response(pass_)
    snapshot = row_of(pass_, child)
    if snapshot is None:
        return redirect("/" if child == 1 else "/go", 303)
    if (dead := led_away(survey, snapshot, pass_)) is not None:
        return dead
    if screen.page.for_each and child == 1 and not again and household(survey, snapshot).school_open:
        return redirect(survey.school, 303)
    if number() is None:
        return _numbered(survey, screen, snapshot, pass_)
    steps = survey.journey.steps(screen, snapshot.answers, snapshot.facts)
    if not steps and not screen.rest:
        return go_on(survey, snapshot, pass_.epoch)
    asked = survey.form(screen, snapshot.seed).show(steps, shown_again(snapshot, pass_))
    return _shown(survey, screen, asked, pass_, snapshot)


def shown_again(snapshot: Snapshot, pass_: Pass) -> dict[str, Any]:
    """Return the answers that may be shown again on this device: a link can be forwarded, a tablet handed on."""
    return {key: value for key, value in snapshot.answers.items() if pass_.shows(snapshot.stamps[key])}


def standing(snapshot: Snapshot, pass_: Pass) -> frozenset[str]:
    """Return the keys of an adult's answers that were given on another device and are not shown on this one."""
    return frozenset(
        key
        for key, value in snapshot.answers.items()
        if not pass_.shows(snapshot.stamps[key]) and value != missing(BLANK)
    )


def _shown(survey: Survey, screen: Screen, asked: list[StepFields], pass_: Pass, snapshot: Snapshot | None) -> Response:
    """Return a page made for the person: to an adult it says again only what may be shown on this device."""
    if snapshot is None:
        return private(Response(survey.render(screen, asked, pass_.classes, {}, {})))
    answers = snapshot.answers if survey.pupil else shown_again(snapshot, pass_)
    there = frozenset() if survey.pupil else standing(snapshot, pass_)
    for_one = ForOne(there, _whose(survey, screen, snapshot))
    return private(Response(survey.render(screen, asked, pass_.classes, answers, snapshot.facts, for_one)))


def _whose(survey: Survey, screen: Screen, snapshot: Snapshot) -> Whose | None:
    """Return which of a parent's children a screen is about; None where it is about none in particular."""
    if not screen.page.for_each:
        return None
    return household(survey, first_of(snapshot)).whose(snapshot, screen)


def _numbered(survey: Survey, screen: Screen, snapshot: Snapshot, pass_: Pass) -> Reply:
    """Give an address without a number its number; a language link lands here."""
    if snapshot.language != survey.language:
        _spoken(snapshot, survey.language)
    check = {"check": 1} if "check" in request.args else {}
    return to_screen(survey, screen, snapshot, pass_.epoch, **check)


def _spoken(snapshot: Snapshot, language: str) -> Snapshot | None:
    """Go on in another language, in the household's first response as well: that is where anyone comes back to."""
    if snapshot.household_id is not None:
        speak(store().engine, snapshot.household_id, language, now())
    return speak(store().engine, snapshot.id, language, now()).snapshot


@answer.post("/q/<version>/<language>/<name>")
def take(version: str, language: str, name: str) -> Reply:
    """Take the answers of a screen and lead on. The same post again is the same save."""
    pass_ = current()
    if pass_.response is None:
        return redirect("/", 303)
    if pass_.version != version:
        return redirect("/go", 303)
    survey = survey_at(version, language)
    screen, child = spot_at(survey, name)
    n = number()
    if n is None:
        abort(400)
    away = detour()
    if away is not None and (plain := plain_way(away, f"{survey.here}/{name}")) is not None:
        return plain
    if away is not None and away.language not in ("", language):
        return _in_language(survey, name, away.language, pass_)
    snapshot = None
    steps = list(screen.steps)
    # An adult who comes back has answers that stand, though this device does not show them.
    came_back = pass_.epoch > 1 and not survey.pupil
    if came_back or not survey.constant(screen):
        snapshot = row_of(pass_, child)
        if snapshot is None:
            return redirect("/" if child == 1 else "/go", 303)
        # A child's answer that leads here may still wait on the device.
        steps = survey.journey.steps(screen, snapshot.answers, snapshot.facts) or (steps if survey.pupil else [])
    form = survey.form(screen, seed_of(pass_.response))
    try:
        if away is not None:
            asked = form.as_posted(survey.there(screen, steps, unsent()), unsent())
            return _leave(survey, screen, away, asked, pass_, snapshot)
        if snapshot is not None and not survey.pupil:
            submission = survey.read(screen, form, request.form, snapshot.answers, snapshot.facts)
        else:
            submission = form.submit(steps, request.form)
    except Tampered:
        abort(400)
    if came_back and snapshot is not None:
        submission.leave(standing(snapshot, pass_))
    if submission.errors:
        if snapshot is not None and (dead := led_away(survey, snapshot, pass_)) is not None:
            return dead
        return _shown(survey, screen, submission.asked, pass_, snapshot)
    snapshot = snapshot or snapshot_of(pass_)
    if snapshot is None:
        return redirect("/", 303)
    if snapshot.epoch == pass_.epoch:
        if too_far(n, snapshot):
            abort(400)
        if n < snapshot.sequence and snapshot.sequence >= STRIDE:
            # Back on a page whose number was passed over, since a script had sent what came after it.
            n = snapshot.sequence
    if snapshot.state == "started" and snapshot.language != survey.language:
        snapshot = _spoken(snapshot, survey.language) or snapshot
    if not submission.answers:
        return _lead_on(survey, screen, snapshot, pass_)
    saved = save(
        store().engine,
        snapshot.id,
        SavedPage(
            pass_.epoch,
            n,
            screen.name,
            submission.answers,
            now=now(),
            listened=submission.listened,
            flagged=survey.questionnaire.flagged(submission.answers),
        ),
        correct=True,
        seen=snapshot,
    )
    after = saved.snapshot
    if after is None:
        return redirect("/", 303)
    if saved.outcome == "refused" and after.state == "started" and after.epoch == pass_.epoch:
        return not_taken(survey, after)
    return _lead_on(survey, screen, after, pass_)


def _in_language(survey: Survey, name: str, language: str, pass_: Pass) -> Reply:
    """Lead to a screen in another language of the questionnaire, with all that was posted."""
    query = request.query_string.decode()
    reply = posted_in(survey, language, lambda there: f"{there.here}/{name}?{query}")
    snapshot = snapshot_of(pass_)
    if snapshot is not None and snapshot.state == "started":
        speak(store().engine, snapshot.id, language, now())
    return reply


def _leave(
    survey: Survey, screen: Screen, away: Detour, asked: list[StepFields], pass_: Pass, snapshot: Snapshot | None
) -> Reply:
    """Show “Aa”, or ask whether to stop, or show the page again, with what was not sent yet."""
    if snapshot is not None and (dead := led_away(survey, snapshot, pass_)) is not None:
        return dead
    place = screen.name if snapshot is None else named(screen, snapshot)
    words = survey.words | {"links": survey.languages(place)}
    return aside(away, words, lambda looks: _shown(survey, screen, asked, looks, snapshot))


def _lead_on(survey: Survey, screen: Screen, snapshot: Snapshot, pass_: Pass) -> Reply:
    if snapshot.state != "started":
        return redirect(over_address(survey, snapshot), 303)
    if snapshot.epoch > pass_.epoch:
        return elsewhere(survey)
    journey, answers, facts = survey.journey, snapshot.answers, snapshot.facts
    if _still_open(survey, screen, snapshot):
        return to_screen(survey, screen, snapshot, pass_.epoch)
    if "check" in request.args:
        return go_on(survey, snapshot, pass_.epoch)
    following = journey.after(screen, answers, facts)
    if following is None:
        return go_on(survey, snapshot, pass_.epoch)
    if _school_is_before(survey, following, snapshot):
        return redirect(survey.school, 303)
    return to_screen(survey, following, snapshot, pass_.epoch)


def _still_open(survey: Survey, screen: Screen, snapshot: Snapshot) -> bool:
    """Whether the answers just given open another question on the same page."""
    if survey.constant(screen):
        return False
    steps = survey.journey.steps(screen, snapshot.answers, snapshot.facts)
    return any(
        step.question.asks and step.question.stored and not step.question.answered(step.part, snapshot.answers)
        for step in steps
    )


@answer.get("/q/<version>/<language>/<name>/back")
def back(version: str, language: str, name: str) -> Reply:
    """Go back to the screen before this one on the way the answers lead."""
    pass_ = current()
    if pass_.version != version:
        return redirect("/go", 303)
    survey = survey_at(version, language)
    screen, child = spot_at(survey, name)
    snapshot = row_of(pass_, child)
    if snapshot is None:
        return redirect("/go", 303)
    if _school_is_before(survey, screen, snapshot):
        return redirect(survey.school, 303)
    earlier = survey.journey.before(screen, snapshot.answers, snapshot.facts)
    if earlier is None and child > 1:
        return redirect(f"{survey.children}/{household(survey, first_of(snapshot)).place(snapshot)}", 303)
    return to_screen(survey, earlier or screen, snapshot, pass_.epoch)


def _school_is_before(survey: Survey, screen: Screen, snapshot: Snapshot) -> bool:
    """Tell whether a parent was asked just before a screen which school the first child goes to."""
    if not screen.page.for_each or snapshot.child != 1:
        return False
    route = survey.journey.route(snapshot.answers, snapshot.facts)
    first = next((one for one in route if one.page.for_each), None)
    return first is not None and first.name == screen.name and bool(household(survey, snapshot).first_at)


@answer.get("/go")
def go() -> Reply:
    """Go on where someone left off."""
    pass_ = current()
    snapshot = snapshot_of(pass_)
    if snapshot is None:
        return redirect("/", 303)
    survey = survey_at(snapshot.sha256, snapshot.language)
    wanted = request.args.get("language", "")
    if wanted in survey.questionnaire.languages and wanted != survey.language:
        survey = survey_at(snapshot.sha256, wanted)
        if snapshot.epoch == pass_.epoch:
            snapshot = speak(store().engine, snapshot.id, wanted, now()).snapshot or snapshot
    return go_on(survey, snapshot, pass_.epoch)
