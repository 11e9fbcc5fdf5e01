"""Where someone is in a survey, and where they go from there: what each page of someone under way asks first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.database import read
from survey.fieldwork.consent import still_agreed
from survey.journey import Screen
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.compiled import Survey
from survey.pages.answer.household import household, named, spot
from survey.pages.answer.passes import Pass, current, take_back
from survey.pages.answer.receipt import receipt_for
from survey.pages.store import store
from survey.responses import STRIDE, Snapshot, finish, load
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


def posted_in(survey: Survey, language: str, address: Callable[[Survey], str]) -> Reply:
    """Lead to a page in another language of the questionnaire, with all that was posted; answer 400 for one it has not.

    address: that of the page, of the survey in that language.
    """
    if language not in survey.questionnaire.languages:
        abort(400)
    return redirect(address(survey_at(survey.version, language)), 307)


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


def too_far(n: int, snapshot: Snapshot) -> bool:
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
