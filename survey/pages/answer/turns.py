"""Whose turn it is: one question on a device that has been used, and handing it over with nothing left on it.

The rule is in docs/decisions/0026: a personal link says whose turn it is, everything else asks.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.fieldwork.doors import Door
from survey.pages.answer import in_class
from survey.pages.answer.blueprint import answer
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.compiled import Survey
from survey.pages.answer.passes import Pass, at_door, current, give, hand_over, take_back
from survey.pages.answer.questions import now, private, snapshot_of
from survey.pages.answer.tongue import asked_language
from survey.responses import Snapshot
from survey.wording import in_query, time_ago

JUST_ENDED: Final = timedelta(hours=1)
"""For so long after the end a device still asks, and still shows an adult's receipt again."""


def used_for(pass_: Pass) -> Snapshot | None:
    """Return the response that this device was used for, if it goes on or was finished just now; else None.

    In a class session that has ended, or that the device was signed out of, no response goes on.
    """
    snapshot = snapshot_of(pass_)
    if snapshot is not None and not in_class.may_go_on(pass_):
        return None
    if snapshot is None or snapshot.state == "started":
        return snapshot
    if snapshot.state not in ("finished", "stopped"):
        return None
    return snapshot if now() - (snapshot.finished_at or snapshot.seen_at) <= JUST_ENDED else None


def come_to(door: Door, before: Snapshot | None) -> Reply:
    """Lead someone on from a door that lets them in; on a device that was used, see first whose turn it is.

    before: what was begun by the door, if it is a personal one.
    """
    pass_ = current()
    used = used_for(pass_)
    if used is not None and door.participant_id is None:
        asking = replace(pass_, door=door.id, visit=at_door(door.id, "").visit)
        return give(redirect("/turn", 303), asking)
    if used is not None and before is not None and _same_sitting(used, before, pass_):
        return redirect("/go", 303)
    same_person = used is not None and used.participant_id == door.participant_id
    if pass_.response is None or same_person:
        # A look that was chosen at another person's door stays there.
        look = pass_.look if same_person or pass_.door in (None, door.id) else ""
        return give(redirect("/welcome", 303), at_door(door.id, look))
    return _next_person(replace(pass_, door=door.id))


def _same_sitting(used: Snapshot, before: Snapshot, pass_: Pass) -> bool:
    return before.id == used.id and before.state == "started" and before.epoch == pass_.epoch


def _next_person(pass_: Pass) -> Reply:
    """Lead the next person on with nothing of the one before: to the door they came to, or to where a code is typed.

    In a class session that goes on: to where the number of the next card is typed, or without cards to the first page.
    """
    if pass_.door is not None:
        return hand_over(give(redirect("/welcome", 303), at_door(pass_.door, "")))
    next_child = in_class.next_child(pass_)
    if next_child is not None:
        return hand_over(next_child)
    return hand_over(take_back(redirect(f"/{in_query(asked_language())}", 303)))


@answer.get("/turn")
def turn() -> Reply:
    """Ask whether this is the person who began on this device, without a name, a study code or an answer."""
    pass_ = current()
    snapshot = used_for(pass_)
    survey = _survey(snapshot) if snapshot else None
    if snapshot is None or survey is None:
        return _nothing_to_ask(pass_)
    page = render_template("answer/turn.html", **(survey.words | _whose(survey, snapshot, pass_)))
    return private(Response(page))


def _survey(snapshot: Snapshot) -> Survey | None:
    wanted = request.args.get("language") or snapshot.language
    return catalogue().survey(snapshot.sha256, wanted) or catalogue().survey(snapshot.sha256, snapshot.language)


def _whose(survey: Survey, snapshot: Snapshot, pass_: Pass) -> dict[str, object]:
    """Return what tells whose a response is: no name, no study code, no answer; in a class session, the card."""
    ended = snapshot.state != "started"
    since = now() - (snapshot.finished_at or snapshot.seen_at if ended else snapshot.started_at)
    return {
        "look": pass_.classes,
        "links": [(code, name, f"/turn?language={code}", here) for code, name, _, here in survey.languages("")],
        "place": snapshot.facts.get("school_class" if survey.pupil else "performance"),
        "ended": ended,
        "ago": time_ago(since, survey.language),
        "card": in_class.card_in_use(pass_),
        "another": pass_.door is not None and pass_.door != snapshot.door_id,
    }


def _nothing_to_ask(pass_: Pass) -> Reply:
    if pass_.response is not None:
        return _next_person(pass_)
    return redirect("/" if pass_.door is None else "/welcome", 303)


@answer.post("/turn")
def take_turn() -> Reply:
    """Go on as the same person; or clear the device for the next one.

    `next` comes from a last page, which may be an old tab: it does not take the device from someone in the middle.
    """
    pass_ = current()
    said = request.form.to_dict(flat=False)
    if said not in ({"turn": ["same"]}, {"turn": ["mine"]}, {"turn": ["next"]}):
        abort(400)
    if pass_.response is None and pass_.door is not None:
        return redirect("/welcome", 303)
    snapshot = used_for(pass_)
    if said == {"turn": ["same"]}:
        # Nothing proves the yes: a child's answers so far are not shown again on Back.
        since = snapshot.sequence + 1 if snapshot else 0
        return give(redirect("/go", 303), replace(pass_, since=since, door=None, visit=""))
    if said == {"turn": ["next"]} and snapshot is not None and snapshot.state == "started":
        return redirect("/turn", 303)
    return _next_person(pass_)
