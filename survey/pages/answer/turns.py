"""Whose turn it is: one question on a device that has been used, and handing it over with nothing left on it.

The rule is in docs/decisions/0026: a personal link says whose turn it is, everything else asks.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.database import session
from survey.fieldwork.doors import Door, door_by_id
from survey.pages.answer import in_class
from survey.pages.answer.blueprint import answer
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.compiled import Survey
from survey.pages.answer.going_on import now, private, snapshot_of
from survey.pages.answer.passes import Pass, at_door, current, give, hand_over, take_back
from survey.pages.answer.receipt import just_ended, occasion_of, receipt_for
from survey.pages.answer.tongue import asked_language
from survey.pages.store import store
from survey.question import BLANK, missing
from survey.responses import Snapshot, take_up
from survey.wording import day_in_words, in_query, time_ago, time_in_words


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
    return snapshot if just_ended(snapshot, now()) else None


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
        return give(redirect("/welcome", 303), at_door(door.id, look, shows_from=_shown_before(pass_, before)))
    return _next_person(replace(pass_, door=door.id))


def _same_sitting(used: Snapshot, before: Snapshot, pass_: Pass) -> bool:
    return before.id == used.id and before.state == "started" and before.epoch == pass_.epoch


def _shown_before(pass_: Pass, before: Snapshot | None) -> int:
    """Return the sitting from which on an adult's answers are shown again who comes back on the same device.

    0 where this device does not hold the pass of the last sitting: a personal link can be forwarded, and whoever opens
    it elsewhere does not see what was answered.
    """
    if before is None or pass_.child or (pass_.response, pass_.epoch) != (before.id, before.epoch):
        return 0
    return pass_.shows_from or pass_.epoch


def own_open_door(snapshot: Snapshot | None) -> Door | None:
    """Return the open door that a response was begun by, if the next person may begin by it now; else None."""
    if snapshot is None or snapshot.door_id is None or snapshot.participant_id is not None:
        return None
    with session(store().engine) as db:
        door = door_by_id(db, snapshot.door_id, now())
    return door if door is not None and door.shut is None and door.participant_id is None else None


def to_own_end(before: Snapshot | None) -> Reply | None:
    """Lead someone to the last page who opens their own link again just after they finished; None for everyone else.

    Only on the device that holds the pass: there the receipt is shown again.
    """
    pass_ = current()
    if before is None or before.state != "finished" or pass_.response != before.id or used_for(pass_) is None:
        return None
    return redirect("/go", 303)


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
    whose = _which_child if survey.pupil else _which_adult
    page = render_template("answer/turn.html", **(survey.words | whose(survey, snapshot, pass_)))
    return private(Response(page))


def _survey(snapshot: Snapshot) -> Survey | None:
    wanted = request.args.get("language") or snapshot.language
    return catalogue().survey(snapshot.sha256, wanted) or catalogue().survey(snapshot.sha256, snapshot.language)


def _which_child(survey: Survey, snapshot: Snapshot, pass_: Pass) -> dict[str, object]:
    """Return what tells whose a response is: no name, no study code, no answer; in a class session, the card."""
    ended = snapshot.state != "started"
    since = now() - (snapshot.finished_at or snapshot.seen_at if ended else snapshot.started_at)
    return _page_of_turn(survey, pass_) | {
        "place": snapshot.facts.get("school_class"),
        "ended": ended,
        "ago": time_ago(since, survey.language),
        "card": in_class.card_in_use(pass_),
    }


def _which_adult(survey: Survey, snapshot: Snapshot, pass_: Pass) -> dict[str, object]:
    """Return what tells an adult whether this is theirs: where they were, when they began, how many they answered."""
    occasion = occasion_of(snapshot)
    zone = ZoneInfo(occasion.time_zone)
    began, today = snapshot.started_at.astimezone(zone), now().astimezone(zone).date()
    ended = snapshot.state != "started"
    return _page_of_turn(survey, pass_) | {
        "occasion": occasion,
        "ended": ended,
        "stopped": snapshot.state == "stopped",
        "ago": time_ago(now() - (snapshot.finished_at or snapshot.seen_at), survey.language) if ended else None,
        "day": None if began.date() == today else day_in_words(began.date(), today, survey.language),
        "time": time_in_words(began, survey.language),
        "answered": _answered(survey, snapshot),
        "receipt": receipt_for(survey, snapshot, now()),
        "another": pass_.door is not None and pass_.door != snapshot.door_id,
        "at_door": pass_.door is not None,
    }


def _page_of_turn(survey: Survey, pass_: Pass) -> dict[str, object]:
    links = [(code, name, f"/turn?language={code}", here) for code, name, _, here in survey.languages("")]
    return {"look": pass_.classes, "links": links}


def _answered(survey: Survey, snapshot: Snapshot) -> int:
    """Return to how many questions something was said."""
    said = {key for key, value in snapshot.answers.items() if value != missing(BLANK)}
    return sum(not said.isdisjoint(question.keys) for question in survey.questionnaire.questions)


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
        since = snapshot.sequence + 1 if snapshot and pass_.child else 0
        pass_ = _taken_up(pass_, snapshot)
        return give(redirect("/go", 303), replace(pass_, since=since, door=None, visit=""))
    if said == {"turn": ["next"]}:
        pass_ = _at_own_door(pass_)
        if snapshot is not None and snapshot.state == "started":
            return give(redirect("/turn", 303), pass_)
    return _next_person(pass_)


def _taken_up(pass_: Pass, snapshot: Snapshot | None) -> Pass:
    """Return the pass of an adult who goes on after stopping, in a new sitting of the same response; else as it was."""
    if snapshot is None or pass_.child or (snapshot.state != "stopped" and snapshot.epoch == pass_.epoch):
        return pass_
    ticket = take_up(store().engine, snapshot.id, pass_.epoch, now())
    if ticket is None:
        return pass_
    return replace(pass_, epoch=ticket.epoch, shows_from=pass_.shows_from or pass_.epoch)


def _at_own_door(pass_: Pass) -> Pass:
    """Return the pass of an adult with the open link that they came by themselves, for the next adult; any other as it
    is.
    """
    door = None if pass_.child or pass_.door is not None else own_open_door(snapshot_of(pass_))
    return pass_ if door is None else replace(pass_, door=door.id, visit=at_door(door.id, "").visit)
