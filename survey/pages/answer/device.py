"""What a child's device keeps, so that no answer is lost on bad wifi: pages and rules beforehand, answers afterwards.

Nothing here is needed where scripts do not run. The pages and the rules are the same for every child. Answers that
waited come with the token of their sitting (`passes.token_of`), since another child may hold the device by now; each is
the form that the page would have posted, and is read by the same code.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import parse_qs, parse_qsl

from flask import Response, abort, jsonify, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Reply

from survey.definition.conditions import fact_value
from survey.forms import Submission
from survey.pages.answer import in_class
from survey.pages.answer.blueprint import answer
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.compiled import Survey
from survey.pages.answer.going_on import agreed, led_away, now, private, snapshot_of, survey_at
from survey.pages.answer.passes import current, token_of
from survey.pages.statics import static_file
from survey.pages.store import store
from survey.responses import (
    STRIDE,
    SavedPage,
    SaveKey,
    Snapshot,
    finish,
    kept_by_device,
    load,
    note_waiting,
    save,
    stop,
)
from survey.responses.late import too_late
from survey.responses.reading import OVER
from survey.responses.saving import HIGHEST

log = logging.getLogger("survey")

MOST_EVENTS: Final = 50
LARGEST_BATCH: Final = 64 * 1024
"""Bytes: what a browser still sends when the page that asked for it is gone."""

FINISH: Final = "_finish"
STOP: Final = "_stop"
"""Names of no screen, but of what else happens in a sitting."""


# ── beforehand: pages and rules ───────────────────────────────────────────────────────────────────────────
@answer.get("/worker.js")
def worker() -> Reply:
    """Send the service worker: from the root, so that it may answer for every page of a respondent."""
    reply = static_file("worker.js")
    reply.headers["Cache-Control"] = "no-cache"
    return reply


def _for_children(version: str, language: str) -> Survey:
    survey = survey_at(version, language)
    if not survey.pupil:
        abort(404)
    return survey


@answer.get("/q/<version>/<language>/rules.json")
def rules(version: str, language: str) -> Reply:
    """Send what leads from page to page, without a word of the questionnaire."""
    survey = _for_children(version, language)
    return survey.rules.response(lasting=request.args.get("v") == survey.rules.tag)


@answer.get("/q/<version>/<language>/pages.json")
def pages(version: str, language: str) -> Reply:
    """Send every page of the questionnaire, for a device to keep."""
    return _for_children(version, language).pages.response(lasting=False)


@answer.get("/q/<version>/<language>/mine.json")
def mine(version: str, language: str) -> Reply:
    """Send what decides where this response goes on: answers that conditions look at; of others, that they exist."""
    pass_ = current()
    snapshot = snapshot_of(pass_)
    if snapshot is None or pass_.version != version:
        abort(404)
    survey = _for_children(version, language)
    if led_away(survey, snapshot, pass_) is not None:
        return private(jsonify(lead="/go"))
    decisive, deciding = survey.journey.decisive, survey.journey.facts
    answers = {key: value if key in decisive else True for key, value in snapshot.answers.items()}
    facts = {
        name: fact_value(value)
        for name, value in snapshot.facts.items()
        if name in deciding and value not in (None, "")
    }
    return private(jsonify(answers=answers, facts=facts, seed=snapshot.seed))


@answer.get("/sent/<version>/<language>")
def sent(version: str, language: str) -> Reply:
    """Show a child that answers still wait to be sent. The script leads on; without it, “Try again” does."""
    survey = _for_children(version, language)
    pass_ = current()
    if pass_.response is None:
        return redirect("/", 303)
    page = render_template("answer/sent.html", **(survey.words | {"look": pass_.classes, "links": []}))
    return private(Response(page))


# ── afterwards: answers that waited ───────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class _Event:
    """One page as it was answered. number: a multiple of STRIDE. form: what the page would have posted."""

    number: int
    screen: str
    form: str
    ms: int | None
    at: datetime | None
    layout: str | None


@dataclass(frozen=True)
class _Batch:
    """Events of one sitting, in order. count: how many answers the device has kept in it altogether."""

    response: str
    epoch: int
    token: str
    count: int
    events: tuple[_Event, ...]


_Outcome = Literal["kept", "refused", "later"]


@answer.post("/answers")
def take_waiting() -> Reply:
    """Keep answers that waited on a device, and say which are in: those, and no others, it may forget.

    What can never be kept is acknowledged too, or everything behind it would wait for good. `lead` tells the page that
    asks where to go, when the sitting it belongs to is over or has to wait.
    """
    batch = _read_batch()
    right = token_of(batch.response, batch.epoch).encode()
    if not hmac.compare_digest(batch.token.encode("utf-8", "surrogatepass"), right):
        return _said(403, gone=True)
    snapshot = load(store().engine, batch.response)
    if snapshot is None or _gone(snapshot, batch.epoch):
        return _said(410, gone=True, lead=_lead(batch, None))
    survey = catalogue().survey(snapshot.sha256, snapshot.language)
    if survey is None or not survey.pupil:
        return _said(410, gone=True, lead=None)
    outcomes: dict[int, _Outcome] = {}
    for event in batch.events:
        outcomes[event.number], snapshot = _keep(survey, snapshot, batch, event)
    refused = [number for number, outcome in outcomes.items() if outcome == "refused"]
    if refused and not agreed(snapshot):
        return _said(410, gone=True, lead=_lead(batch, None))
    if refused:
        log.warning("%d of %d answers that waited on a device could not be kept", len(refused), len(outcomes))
    lost = sum(event.number in refused and event.screen not in (FINISH, STOP) for event in batch.events)
    note_waiting(store().engine, snapshot, batch.epoch, batch.count - lost)
    acked = [number for number, outcome in outcomes.items() if outcome != "later"]
    return _said(200, acked=acked, refused=refused, lead=_lead(batch, snapshot))


def _said(status: int, **more: Any) -> Response:
    reply = private(jsonify(**more))
    reply.status_code = status
    return reply


def _gone(snapshot: Snapshot, epoch: int) -> bool:
    """Tell whether nothing of a sitting is taken any more: deleted, moved to another child, or too late."""
    return snapshot.state in OVER or epoch < snapshot.first_epoch or too_late(store().engine, snapshot, now())


def _lead(batch: _Batch, snapshot: Snapshot | None) -> str | None:
    """Return where the page that sent a batch should go; None when it may stay, or belongs to another child by now.

    snapshot: the response; None when nothing of it is taken any more.
    """
    pass_ = current()
    if pass_.response != batch.response or pass_.epoch != batch.epoch:
        return None
    if snapshot is None or snapshot.state != "started" or snapshot.epoch > pass_.epoch:
        return "/go"
    return None if in_class.may_answer(pass_) else "/go"


def _keep(survey: Survey, snapshot: Snapshot, batch: _Batch, event: _Event) -> tuple[_Outcome, Snapshot]:
    """Keep one event; return what became of it and the response as it is now."""
    if event.screen in (FINISH, STOP):
        return _end(survey, snapshot, batch, event)
    read = _read(survey, snapshot, event)
    if read is None:
        return "refused", snapshot
    page = SavedPage(
        batch.epoch,
        event.number,
        event.screen,
        read.answers,
        now=now(),
        ms=event.ms,
        device_at=event.at,
        layout=event.layout,
        listened=read.listened,
        flagged=survey.questionnaire.flagged(read.answers),
    )
    saved = save(store().engine, batch.response, page, seen=snapshot)
    return "refused" if saved.outcome == "refused" else "kept", saved.snapshot or snapshot


def _read(survey: Survey, snapshot: Snapshot, event: _Event) -> Submission | None:
    """Return what an event answers, read as a plain post is; None when no page of ours could have sent it."""
    try:
        screen = survey.journey.screen(event.screen)
        posted = MultiDict(parse_qsl(event.form, keep_blank_values=True, max_num_fields=500))
        submission = survey.form(screen, snapshot.seed).submit(list(screen.steps), posted)
    except (KeyError, ValueError):  # Tampered is one
        return None
    return None if submission.errors or not submission.answers else submission


def _end(survey: Survey, snapshot: Snapshot, batch: _Batch, event: _Event) -> tuple[_Outcome, Snapshot]:
    """Finish or stop, as the sitting that is going on: another one's end is not this device's to say."""
    if batch.epoch != snapshot.epoch:
        return "refused", snapshot
    engine, key = store().engine, SaveKey(batch.epoch, event.number)
    if event.screen == STOP:
        said = parse_qs(event.form).get("keep", [])
        if said not in (["keep"], ["throw"]):
            return "refused", snapshot
        done = stop(engine, snapshot.id, said == ["keep"], now(), key=key)
        return "refused" if done.outcome == "refused" else "kept", done.snapshot or snapshot
    if kept_by_device(engine, snapshot.id, batch.epoch) < batch.count:
        return "later", snapshot
    if survey.journey.resume(snapshot.answers, snapshot.facts) is not None:
        # Something was refused after all: the child is led to the question that is open.
        return "refused", snapshot
    done = finish(engine, snapshot.id, batch.epoch, event.number, now())
    return "refused" if done.outcome == "refused" else "kept", done.snapshot or snapshot


# ── what comes from outside ───────────────────────────────────────────────────────────────────────────────
def _read_batch() -> _Batch:
    """Return what was sent. Answers 400 for what no script of ours sends, 413 for too much."""
    if (request.content_length or 0) > LARGEST_BATCH:
        abort(413)
    try:
        said = request.get_json(silent=True)
    except RecursionError:
        abort(400)
    if not isinstance(said, dict):
        abort(400)
    events = said.get("events")
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        abort(400)
    response, token, epoch = said.get("r"), said.get("w"), _whole(said.get("e"), HIGHEST)
    if not isinstance(response, str) or not isinstance(token, str) or epoch is None:
        abort(400)
    read = sorted((_event(one) for one in events), key=lambda event: event.number)
    return _Batch(response, epoch, token, _whole(said.get("count"), HIGHEST) or 0, tuple(read))


def _event(said: Any) -> _Event:
    if not isinstance(said, dict):
        abort(400)
    number, screen, form, layout = (said.get(name) for name in ("s", "screen", "form", "lay"))
    number = _whole(number, HIGHEST)
    if number is None or number % STRIDE or not isinstance(screen, str) or not isinstance(form, str):
        abort(400)
    # Half a character, which JSON can hold, is none in a form.
    form = form.encode("utf-8", "replace").decode()
    ms, at = (_whole(said.get(name), 2**53) for name in ("ms", "at"))
    return _Event(number, screen, form, ms, _moment(at), layout if isinstance(layout, str) else None)


def _whole(value: Any, most: int) -> int | None:
    """Return a whole number from 0 to `most`; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


def _moment(ms: int | None) -> datetime | None:
    """Return the moment a device's clock showed; None for one that no database takes."""
    try:
        return None if ms is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    except OverflowError:
        return None
