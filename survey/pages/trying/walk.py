"""A try-out: a questionnaire walked through as a respondent would, with nothing kept.

There is no response and no pass of a respondent. What is chosen lies in a signed cookie of the try-out's own, as far as
the way through the questionnaire depends on it, and is gone with the last page.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.forms import StepFields
from survey.journey import Screen, Step
from survey.pages.answer.children import CheckSection
from survey.pages.answer.entry import welcome_page
from survey.pages.answer.files import sent_file
from survey.pages.answer.going_on import private, screen_at
from survey.pages.answer.look import way_back
from survey.pages.answer.passes import Pass
from survey.pages.answer.unsent import Detour, Device, aside, chosen_look, detour, look_page, plain_way, unsent
from survey.pages.trying.blueprint import trying
from survey.pages.trying.kept import TryOut, current, forget, keep, start_of
from survey.pages.trying.states import state_page
from survey.question import Tampered

_ENDS: Final = ("finished", "stopped", "thrown", "declined")


# ── where to go ───────────────────────────────────────────────────────────────────────────────────────────
def _page(it: TryOut, template: str, **more: object) -> Response:
    words = {"look": it.pass_.classes, "links": [], **it.survey.words, **more}
    return private(Response(render_template(f"answer/{template}.html", **words)))


def _show(it: TryOut, screen: Screen, asked: Any) -> Response:
    return private(Response(it.survey.render(screen, asked, it.pass_.classes, it.answers, it.facts)))


def _to(it: TryOut, screen: Screen) -> Reply:
    return redirect(f"{it.survey.here}/{screen.name}", 303)


def _to_end(it: TryOut) -> Reply:
    """Go on after the last screen. Nothing is asked again: a try-out may leave anything open."""
    return _over(it, "finished") if it.survey.pupil else redirect(it.survey.check, 303)


def _over(it: TryOut, how: str) -> Reply:
    return redirect(f"{it.survey.over}?as={how}", 303)


def _screen(it: TryOut, name: str) -> Screen:
    """Return a screen by its name; of files that change, lead to the list where it is gone."""
    if it.trial.drafted and name not in {screen.name for screen in it.survey.journey.screens}:
        abort(redirect(it.trial.pages, 303))
    return screen_at(it.survey, name)


def _chosen_from_list() -> bool:
    """Tell whether a page was chosen from the list of all pages, so that it is shown wherever routing leads."""
    return "see" in request.args


def _steps(it: TryOut, screen: Screen) -> list[Step]:
    return list(screen.steps) if _chosen_from_list() else it.survey.journey.steps(screen, it.answers, it.facts)


# ── the pages ─────────────────────────────────────────────────────────────────────────────────────────────
@trying.get("")
def start(pass_: str) -> Reply:
    """Begin a try-out: what a respondent is told, and yes or no."""
    it = start_of(pass_)
    return forget(private(Response(_welcome(it))), it)


def _device(it: TryOut) -> Device:
    """Return how the pages of a try-out look: that is kept in its own cookie."""
    return Device(it.pass_, lambda reply, looks: keep(reply, replace(it, look=looks.look)))


def _welcome(it: TryOut, error: str | None = None, looks: Pass | None = None) -> str:
    survey = it.survey
    links = [(code, name, survey.trial_in(code), here) for code, name, _, here in survey.languages("")]
    own = {"links": links, "look": (looks or it.pass_).classes}
    return welcome_page(survey, it.facts, error, own)


@trying.post("")
def decide(pass_: str) -> Reply:
    """Take the yes or the no."""
    it = current(pass_)
    if (away := detour()) is not None:
        if away.language not in ("", it.survey.language):
            return _in_language(it, away.language, "")
        words = it.survey.words | {"links": it.survey.languages("")}
        return aside(away, words, lambda looks: private(Response(_welcome(it, looks=looks))), _device(it))
    said = request.form.get("assent")
    if it.survey.questionnaire.assent is not None and said not in ("yes", "no"):
        return private(Response(_welcome(it, it.survey.say("Pick one answer."))))
    if said == "no":
        return _over(it, "declined")
    first = it.survey.journey.resume({}, it.facts)
    fresh = replace(it, answers={})
    return keep(_to(fresh, first) if first else _to_end(fresh), fresh)


@trying.get("/q/<name>")
def question(pass_: str, name: str) -> Reply:
    """Show a screen."""
    it = current(pass_)
    screen = _screen(it, name)
    if "state" in request.args:
        return state_page(it, screen)
    steps = _steps(it, screen)
    if not steps and not screen.rest:
        return _after(it, screen)
    return _show(it, screen, it.survey.form(screen, 0).show(steps, it.answers))


@trying.post("/q/<name>")
def take(pass_: str, name: str) -> Reply:
    """Take the answers of a screen and lead on."""
    it = current(pass_)
    survey, screen = it.survey, _screen(it, name)
    form, whole = survey.form(screen, 0), survey.constant(screen) or _chosen_from_list()
    steps = list(screen.steps) if whole else _steps(it, screen)
    away = detour()
    if away is not None and (plain := plain_way(away, f"{survey.here}/{name}")) is not None:
        return plain
    try:
        if away is not None:
            return _leave(it, screen, away, form.as_posted(survey.there(screen, steps, unsent()), unsent()))
        if whole or survey.pupil:
            sent = form.submit(steps, request.form)
        else:
            sent = survey.read(screen, form, request.form, it.answers, it.facts)
    except Tampered:
        abort(400)
    if sent.errors:
        return _show(it, screen, sent.asked)
    later = replace(it, answers={**it.answers, **sent.answers})
    return keep(_to(later, screen) if not whole and _still_open(later, screen) else _after(later, screen), later)


def _still_open(it: TryOut, screen: Screen) -> bool:
    """Tell whether the answers just given open another question on the same page."""
    return any(
        step.question.asks and step.question.stored and not step.question.answered(step.part, it.answers)
        for step in it.survey.journey.steps(screen, it.answers, it.facts)
    )


def _leave(it: TryOut, screen: Screen, away: Detour, asked: list[StepFields]) -> Reply:
    """Show “Aa”, or ask whether to stop, or show the page again, in whichever language, with what was not sent yet."""
    survey = it.survey
    if away.language not in ("", survey.language):
        return _in_language(it, away.language, f"/q/{screen.name}")
    words = survey.words | {"links": survey.languages(screen.name)}
    return aside(away, words, lambda looks: _show(replace(it, look=looks.look), screen, asked), _device(it))


def _in_language(it: TryOut, language: str, place: str) -> Reply:
    """Lead to a page of the try-out in another language, with all that was posted."""
    if language not in it.survey.questionnaire.languages:
        abort(400)
    return redirect(f"{it.survey.trial_in(language)}{place}?{request.query_string.decode()}", 307)


def _after(it: TryOut, screen: Screen) -> Reply:
    if "check" in request.args:
        return _to_end(it)
    following = it.survey.journey.after(screen, it.answers, it.facts)
    return _to(it, following) if following else _to_end(it)


@trying.get("/q/<name>/back")
def back(pass_: str, name: str) -> Reply:
    """Go back to the screen before this one; from the first to the beginning."""
    it = current(pass_)
    earlier = it.survey.journey.before(_screen(it, name), it.answers, it.facts)
    return _to(it, earlier) if earlier else redirect(it.survey.trial, 303)


@trying.get("/q/<name>/stop")
def ask_stop(pass_: str, name: str) -> Reply:
    """Ask whether someone wants to stop."""
    it = current(pass_)
    screen, keeps = _screen(it, name), "keep" in request.args
    links = _languages(it, f"{screen.name}/stop{'?keep=1' if keeps else ''}", "q")
    return _page(it, "keep" if keeps else "stop", screen=screen, links=links)


def _languages(it: TryOut, place: str, what: str) -> list[tuple[str, str, str, bool]]:
    """Return a link to a page in each language, for adults; children find other languages behind “Aa”."""
    return [] if it.survey.pupil else it.survey.languages(place, what)


@trying.post("/q/<name>/stop")
def take_stop(pass_: str, name: str) -> Reply:
    """Go back to the question; or ask what to do with the answers; or end."""
    it = current(pass_)
    screen = _screen(it, name)
    said = {one: request.form.getlist(one) for one in ("stop", "keep") if one in request.form}
    if said == {"stop": ["rest"]}:
        return _to(it, screen)
    if said == {"stop": ["stop"]}:
        return redirect(f"{it.survey.here}/{name}/stop?keep=1", 303) if it.answers else _over(it, "thrown")
    if said in ({"keep": ["keep"]}, {"keep": ["throw"]}):
        return _over(it, "stopped" if said["keep"] == ["keep"] else "thrown")
    abort(400)


@trying.get("/q/<name>/look")
def look(pass_: str, name: str) -> Reply:
    """Show how the pages can look, on the way from a question."""
    it = current(pass_)
    links = it.survey.languages(f"{_screen(it, name).name}/look")
    return look_page(it.survey.words | {"links": links}, it.pass_, f"{it.survey.here}/{name}")


@trying.post("/q/<name>/look")
def take_look(pass_: str, name: str) -> Reply:
    """Let the pages of the try-out look as chosen."""
    it = current(pass_)
    return keep(_to(it, _screen(it, name)), replace(it, look=chosen_look()))


@trying.post("/look")
def look_outside(pass_: str) -> Reply:
    """Show how the pages can look, on the way from a page of the try-out with nothing to fill in; and go back to it."""
    it = current(pass_)
    if (away := detour()) is None:
        abort(400)
    if away.language not in ("", it.survey.language):
        return _in_language(it, away.language, "/look")
    words = it.survey.words | {"links": it.survey.languages("")}
    return aside(away, words, lambda _: redirect(_way_back(it), 303), _device(it))


def _way_back(it: TryOut) -> str:
    """Return the address that a form says its page has, in the language that the try-out is in now."""
    place = way_back()
    starts = (it.survey.trial_in(language) for language in it.survey.questionnaire.languages)
    behind = next((place.removeprefix(start) for start in starts if place.startswith(start)), "")
    return f"{it.survey.trial}{behind}"


@trying.get("/check")
def check(pass_: str) -> Reply:
    """Show an adult all answers before they would be sent."""
    it = current(pass_)
    if it.survey.pupil:
        return _over(it, "finished")
    sections = [CheckSection("", "", it.survey.check_rows(it.answers, it.facts))]
    links = _languages(it, "", "check")
    return _page(it, "check", sections=sections, back=f"{it.survey.check}/back", links=links)


@trying.get("/check/back")
def back_from_check(pass_: str) -> Reply:
    """Go back to the last page of questions."""
    it = current(pass_)
    route = it.survey.journey.route(it.answers, it.facts)
    return _to(it, route[-1]) if route else redirect(it.survey.trial, 303)


@trying.post("/check")
def send(pass_: str) -> Reply:
    """End as if the answers were sent."""
    return _over(current(pass_), "finished")


@trying.get("/over")
def over(pass_: str) -> Reply:
    """Say what a respondent would be told at the end, and forget everything."""
    it = current(pass_)
    how = request.args.get("as", "")
    if how not in _ENDS:
        abort(404)
    asked = it.survey.questionnaire
    filled = it.survey.filled(it.answers, it.facts)
    declined = asked.assent.declined if asked.assent else None
    again = {"again": it.survey.trial, "links": _languages(it, f"?as={how}", "over")}
    return forget(_page(it, "done", state=how, thanks=filled(asked.thanks), declined=filled(declined), **again), it)


@trying.get("/file/<path:path>")
def file(pass_: str, path: str) -> Reply:
    """Send a picture or a recording of the questionnaire's own."""
    return sent_file(current(pass_).survey.files.get(path), path)
