"""Ends: stop, keep or delete, check and send, thank you."""

from __future__ import annotations

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.pages import sending
from survey.pages.answer import in_class
from survey.pages.answer.blueprint import answer
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.children import before_child, sections_of
from survey.pages.answer.compiled import Survey
from survey.pages.answer.going_on import (
    ENDS,
    elsewhere,
    go_on,
    led_away,
    next_number,
    not_taken,
    nothing_more,
    now,
    over_address,
    private,
    row_of,
    screen_at,
    snapshot_of,
    spot_at,
    survey_at,
    to_screen,
)
from survey.pages.answer.household import Household, household
from survey.pages.answer.passes import Pass, current
from survey.pages.answer.questions import shown_again
from survey.pages.answer.receipt import occasion_of, receipt_for
from survey.pages.answer.tongue import asked_language, in_every_language, plain_words
from survey.pages.answer.turns import own_open_door
from survey.pages.store import store
from survey.responses import Snapshot, finish, speak, stop
from survey.wording import say_in


def _inside(version: str, language: str) -> tuple[Pass, Survey, Snapshot] | None:
    pass_ = current()
    snapshot = snapshot_of(pass_)
    if snapshot is None or pass_.version != version:
        return None
    return pass_, survey_at(version, language), snapshot


def _page(template: str, survey: Survey, pass_: Pass, **more: object) -> Response:
    words = {"look": pass_.classes, "links": [], **survey.words, **more}
    return private(Response(render_template(f"answer/{template}.html", **words)))


def _tongues(survey: Survey, place: str, what: str) -> list[tuple[str, str, str, bool]]:
    """Return a link to a page in each language, for adults; children find other languages behind “Aa”."""
    return [] if survey.pupil else survey.languages(place, what)


@answer.get("/q/<version>/<language>/<name>/stop")
def ask_stop(version: str, language: str, name: str) -> Reply:
    """Ask whether someone wants to stop."""
    survey = survey_at(version, language)
    screen = screen_at(survey, name)
    # A device without a network asks for the second page itself.
    keep = "keep" in request.args
    links = _tongues(survey, f"{name}/stop{'?keep=1' if keep else ''}", "q")
    return _page("keep" if keep else "stop", survey, current(), screen=screen, links=links)


@answer.post("/q/<version>/<language>/<name>/stop")
def take_stop(version: str, language: str, name: str) -> Reply:
    """Go back to the question; or ask what to do with the answers; or do it."""
    found = _inside(version, language)
    if found is None:
        return redirect("/", 303)
    pass_, survey, snapshot = found
    screen, child = spot_at(survey, name)
    if snapshot.state != "started":
        return _to_end(survey, snapshot, pass_)
    if snapshot.epoch > pass_.epoch:
        # Only the sitting that is going on may end it: its answers are not this screen's to delete.
        return elsewhere(survey)
    # What is unsent on the page comes along, and is not taken: no one has pressed Next.
    said = {name: request.form.getlist(name) for name in ("stop", "keep") if name in request.form}
    if said == {"stop": ["rest"]}:
        return to_screen(survey, screen, row_of(pass_, child) or snapshot, pass_.epoch)
    if said == {"stop": ["stop"]}:
        if not snapshot.answers:
            return _stopped(survey, snapshot, pass_, keep=False)
        more = {"shown": f"{request.path}?keep=1", "links": _tongues(survey, f"{name}/stop?keep=1", "q")}
        return _page("keep", survey, pass_, screen=screen, **more)
    if said in ({"keep": ["keep"]}, {"keep": ["throw"]}):
        return _stopped(survey, snapshot, pass_, keep=said["keep"] == ["keep"])
    abort(400)


def _stopped(survey: Survey, snapshot: Snapshot, pass_: Pass, *, keep: bool) -> Reply:
    receipt = None if survey.pupil else _key()
    done = stop(store().engine, snapshot.id, keep, now(), receipt=receipt)
    return _to_end(survey, done.snapshot or snapshot, pass_)


def _to_end(survey: Survey, snapshot: Snapshot, pass_: Pass) -> Reply:
    """Lead to the last page. There an adult whose answers are kept needs the pass once more, for the receipt."""
    leading = redirect(over_address(survey, snapshot), 303)
    kept = snapshot.state in ("finished", "stopped")
    return leading if kept and not survey.pupil else in_class.leave(leading, pass_)


@answer.get("/check/<version>/<language>")
def check(version: str, language: str) -> Reply:
    """Show an adult all answers before they are sent."""
    found = _inside(version, language)
    if found is None:
        return redirect("/", 303)
    pass_, survey, snapshot = found
    if (dead := led_away(survey, snapshot, pass_)) is not None:
        return dead
    theirs = household(survey, snapshot)
    if survey.pupil or _goes_on(theirs):
        return go_on(survey, snapshot, pass_.epoch)
    if snapshot.language != language:
        snapshot = speak(store().engine, snapshot.id, language, now()).snapshot or snapshot
    more = {"sections": sections_of(theirs, pass_), "links": _tongues(survey, "", "check")}
    return _page("check", survey, pass_, back=f"{survey.check}/back", **more)


def _goes_on(theirs: Household) -> bool:
    """Tell whether there is a question that the parent has not come to yet."""
    return theirs.where_open() is not None or theirs.open is not None


@answer.get("/check/<version>/<language>/back")
def back_from_check(version: str, language: str) -> Reply:
    """Go back to the last page of questions."""
    found = _inside(version, language)
    if found is None:
        return redirect("/", 303)
    pass_, survey, snapshot = found
    return before_child(household(survey, snapshot), None, pass_.epoch)


@answer.post("/check/<version>/<language>")
def send(version: str, language: str) -> Reply:
    """Take the answers as final. The first time counts; a second tap changes nothing."""
    found = _inside(version, language)
    if found is None:
        return redirect("/", 303)
    pass_, survey, snapshot = found
    if snapshot.epoch > pass_.epoch:
        return elsewhere(survey)
    if snapshot.state == "started" and _goes_on(household(survey, snapshot)):
        return go_on(survey, snapshot, pass_.epoch)
    done = finish(store().engine, snapshot.id, pass_.epoch, next_number(snapshot, pass_.epoch), now(), receipt=_key())
    if done.outcome == "refused" and done.snapshot is not None and done.snapshot.state == "started":
        return not_taken(survey, done.snapshot)
    return redirect(over_address(survey, done.snapshot or snapshot), 303)


@answer.get("/over/<version>/<language>")
def over(version: str, language: str) -> Reply:
    """Say what happened to the answers, and take a child's pass back, so that the next child starts with nothing.

    An adult's stays for an hour, so that the receipt is there on reload. Someone in the middle of a survey who comes
    here by the browser's Back keeps their pass and goes on.
    """
    survey = survey_at(version, language)
    pass_ = current()
    snapshot = snapshot_of(pass_)
    if snapshot is not None and snapshot.state == "started":
        return redirect("/go", 303)
    state = ENDS[snapshot.state] if snapshot else request.args.get("as", "")
    if state in ("closed", "nothing"):
        return nothing_more(survey, state)
    if state not in ENDS.values():
        abort(404)
    asked = survey.questionnaire
    declined = asked.assent.declined if asked.assent else None
    receipt = receipt_for(survey, snapshot, now())
    answers = shown_again(snapshot, pass_) if snapshot else {}
    filled = survey.filled(answers, snapshot.facts if snapshot else {})
    more = {
        "receipt": receipt,
        "occasion": occasion_of(snapshot) if snapshot and not survey.pupil else None,
        "links": _tongues(survey, f"?as={state}", "over"),
        "next_adult": receipt is not None and own_open_door(snapshot) is not None,
    }
    page = _page("done", survey, pass_, state=state, thanks=filled(asked.thanks), declined=filled(declined), **more)
    return page if receipt else in_class.leave(page, pass_)


@answer.get("/receipt")
def save_receipt() -> Reply:
    """Send an adult's receipt as a text to be kept; it is for whoever still holds the pass of the response."""
    snapshot = snapshot_of(current())
    spoken = asked_language()
    survey = None
    if snapshot is not None:
        survey = catalogue().survey(snapshot.sha256, spoken) or survey_at(snapshot.sha256, snapshot.language)
    receipt = receipt_for(survey, snapshot, now()) if survey else None
    if receipt is None:
        say = say_in(spoken)
        text = say(
            "A receipt is shown for an hour after the end, on the device on which the answers were given. "
            "To have your answers deleted without it, please write to the address in the information about the study."
        )
        heading = say("This receipt can no longer be shown")
        words = plain_words() | {"links": in_every_language("/receipt")}
        page = render_template("answer/sorry.html", heading=heading, text=text, **words)
        return private(Response(page, status=404))
    return private(sending.send(receipt.file, f"{survey.say('Your receipt')}.txt" if survey else "", "text/plain"))


def _key() -> bytes:
    return store().settings.key("receipts")
