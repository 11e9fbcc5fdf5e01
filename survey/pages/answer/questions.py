"""Question pages: show one, take an answer, go back, go on where someone left off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.database import read
from survey.fieldwork.consent import still_agreed
from survey.forms import StepFields
from survey.journey import Screen
from survey.pages.answer.blueprint import answer
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.compiled import ForOne, Survey, Whose
from survey.pages.answer.household import household, named, spot
from survey.pages.answer.passes import Pass, current, take_back
from survey.pages.answer.receipt import receipt_for
from survey.pages.answer.unsent import Detour, aside, detour, plain_way, unsent
from survey.pages.store import store
from survey.question import BLANK, Tampered, missing
from survey.responses import STRIDE, SavedPage, Snapshot, finish, load, save, seed_of, speak
from survey.responses.late import too_late
from survey.responses.reading import child_row
from survey.responses.saving import HIGHEST

LAST_NUMBER = 999_999
"""The highest number a save can have in an address; a sitting has some dozens, or some dozens of thousands (STRIDE)."""

AHEAD = 20
"""So far ahead of the last save a number may be: a page lost on the way leaves a gap, a game leaves a chasm."""

WAITING = 200
"""So many answers may wait on a device while a page of its is posted plainly."""


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def survey_at(version: str, language: str) -> Survey:
    """Return the survey an address speaks of, or answer that there is no such page."""
    survey = catalogue().survey(version, language)
    if survey is None or version not in (survey.version, survey.sha256):
        abort(404)
    return survey


def screen_at(survey: Survey, name: str) -> Screen:
    """Return the screen an address speaks of, whichever child it is about, or answer that there is no such page."""
    return spot_at(survey, name)[0]


def spot_at(survey: Survey, name: str) -> tuple[Screen, int]:
    """Return the screen and the child an address speaks of, or answer that there is no such page."""
    try:
        return spot(survey, name)
    except KeyError:
        abort(404)


def number() -> int | None:
    """Return the number of the save in the address, None when there is none; answer 400 when it is no number."""
    text = request.args.get("n")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and 1 <= int(text) <= LAST_NUMBER):
        abort(400)
    return int(text)


def snapshot_of(pass_: Pass) -> Snapshot | None:
    """Return the response a pass speaks of; None when there is none any more."""
    return load(store().engine, pass_.response) if pass_.response else None


def row_of(pass_: Pass, child: int) -> Snapshot | None:
    """Return the response of a child of whom a pass's household speaks: for all but parents, that of the pass."""
    if child == 1 or pass_.response is None:
        return snapshot_of(pass_)
    return child_row(store().engine, pass_.response, child)


def first_of(snapshot: Snapshot) -> Snapshot:
    """Return the first response of a household, which is everyone's own but for a parent's further children."""
    if snapshot.household_id is None:
        return snapshot
    first = load(store().engine, snapshot.household_id)
    return snapshot if first is None else first


# ── where to go ───────────────────────────────────────────────────────────────────────────────────────────
def next_number(snapshot: Snapshot, epoch: int) -> int:
    """Return the number of the next save of a sitting; that of an older sitting may be taken, and is corrected."""
    return snapshot.sequence + 1 if epoch == snapshot.epoch else 1


def _too_far(n: int, snapshot: Snapshot) -> bool:
    """Tell whether a number is so far ahead that no page of ours had it, not even while answers wait on the device."""
    if n <= snapshot.sequence + AHEAD:
        return False
    return n % STRIDE > AHEAD or n > snapshot.sequence + WAITING * STRIDE


def to_screen(survey: Survey, screen: Screen, snapshot: Snapshot, epoch: int, **more: int) -> Reply:
    """Send someone to a screen, with the next number; with a sign when it was answered before.

    Where the order of the options depends on the respondent, the address says which: a device may have the page.
    """
    known = any(key in snapshot.answers for key in screen.keys)
    address = f"{survey.here}/{named(screen, snapshot)}?n={next_number(snapshot, epoch)}"
    address += f"&o={snapshot.seed}" if survey.pupil and survey.shuffles(screen) else ""
    address += "&again=1" if known else ""
    address += "".join(f"&{name}={value}" for name, value in more.items())
    # Not redirect(): it writes a page besides, for browsers that do not follow, and there are none.
    return Response(status=303, headers=[("Location", address)])


def go_on(survey: Survey, snapshot: Snapshot, epoch: int) -> Reply:
    """Send someone to the first screen with an open question, or to what comes after the last one."""
    if snapshot.state != "started":
        return redirect(over_address(survey, snapshot), 303)
    if too_late(store().engine, snapshot, now()):
        return wave_over(survey, first_of(snapshot))
    if not agreed(snapshot):
        return nothing_here(survey)
    if snapshot.epoch > epoch:
        return elsewhere(survey)
    theirs = household(survey, first_of(snapshot))
    where = theirs.where_open()
    if where is not None:
        return to_screen(survey, *where, epoch)
    if theirs.open is not None:
        return redirect(f"{survey.children}/{theirs.open}", 303)
    if not survey.pupil:
        return redirect(survey.check, 303)
    # A child has nothing to check: the last answer is the end. A change that still waits on the device comes before it.
    end = next_number(snapshot, epoch) + (WAITING * STRIDE if snapshot.sequence >= STRIDE else 0)
    done = finish(store().engine, snapshot.id, epoch, min(end, HIGHEST), now())
    if done.outcome == "refused" and done.snapshot is not None and done.snapshot.state == "started":
        return not_taken(survey, done.snapshot)
    return redirect(over_address(survey, done.snapshot or snapshot), 303)


ENDS = {"finished": "finished", "stopped": "stopped", "withdrawn": "thrown", "declined": "declined"}
"""State of a response -> how its last page speaks of it."""


def over_address(survey: Survey, snapshot: Snapshot) -> str:
    """Return the address of the last page, which says what happened to the answers."""
    return f"{survey.over}?as={ENDS[snapshot.state]}"


def wave_over(survey: Survey, snapshot: Snapshot | None = None) -> Reply:
    """Say that nothing more is taken. What was answered in time is kept, and an adult gets the receipt for it.

    With a receipt the pass stays, so that it can be saved; else it is taken back.
    """
    receipt = receipt_for(survey, snapshot, now())
    if receipt is None:
        return take_back(nothing_more(survey, "closed"))
    own = {"look": current().classes, "links": to_go_on_in(survey), "receipt": receipt, "shown": "/go"}
    words = survey.words | own
    return private(Response(render_template("answer/closed.html", **words)))


def nothing_here(survey: Survey) -> Reply:
    """Say that there is nothing to answer, and not why: that is between the school, the parents and the study."""
    return take_back(nothing_more(survey, "nothing"))


def nothing_more(survey: Survey, why: str) -> Response:
    """Return the page that says that nothing is taken. “Aa” leads back to an address of its own."""
    links = [] if survey.pupil else survey.languages(f"?as={why}", "over")
    own = {"look": current().classes, "links": links, "receipt": None, "shown": f"{survey.over}?as={why}"}
    return private(Response(render_template(f"answer/{why}.html", **(survey.words | own))))


def not_taken(survey: Survey, snapshot: Snapshot) -> Reply:
    """Say that a response that goes on takes nothing more: expired, or someone has said no in between."""
    if too_late(store().engine, snapshot, now()):
        return wave_over(survey, first_of(snapshot))
    return abort(400) if agreed(snapshot) else nothing_here(survey)


def agreed(snapshot: Snapshot) -> bool:
    """Tell whether the consent the study asks for is there still."""
    with read(store().engine) as connection:
        return still_agreed(connection, snapshot.study_id, snapshot.whose, snapshot.wave_id)


def elsewhere(survey: Survey) -> Response:
    """Say that this response is being answered on another screen."""
    own = {"look": current().classes, "links": to_go_on_in(survey), "shown": "/go"}
    return private(Response(render_template("answer/elsewhere.html", **(survey.words | own))))


def to_go_on_in(survey: Survey) -> list[tuple[str, str, str, bool]]:
    """Return a link to where an adult goes on in each language; children find other languages behind “Aa”."""
    links = [] if survey.pupil else survey.languages("")
    return [(code, name, f"/go?language={code}", here) for code, name, _, here in links]


def led_away(survey: Survey, snapshot: Snapshot, pass_: Pass) -> Reply | None:
    """Return where a pass leads that shows no answer any more; None while its sitting goes on.

    A pass can be copied before it is taken back, and an earlier sitting's can lie in another device's browser: neither
    shows what was answered, once the response has ended or goes on elsewhere.
    """
    if snapshot.state != "started":
        return redirect(over_address(survey, snapshot), 303)
    return elsewhere(survey) if snapshot.epoch > pass_.epoch else None


def private(reply: Response) -> Response:
    """Forbid keeping a page that may show an answer."""
    reply.headers["Cache-Control"] = "no-store"
    return reply


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────
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
        if _too_far(n, snapshot):
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
    if language not in survey.questionnaire.languages:
        abort(400)
    snapshot = snapshot_of(pass_)
    if snapshot is not None and snapshot.state == "started":
        speak(store().engine, snapshot.id, language, now())
    there = survey_at(survey.version, language)
    return redirect(f"{there.here}/{name}?{request.query_string.decode()}", 307)


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
