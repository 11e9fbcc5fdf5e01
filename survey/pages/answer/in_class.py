"""Respondents in a class session: how a device gets in, and whether it may still answer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.classroom.cards import CardFace, card_of
from survey.classroom.joining import (
    FoundByCode,
    Joined,
    Seat,
    has_begun,
    join_by_shown_code,
    join_by_token,
    join_without_card,
    mode_of,
    seat_of,
    session_by_code,
    session_of,
)
from survey.pages.answer.blueprint import answer
from survey.pages.answer.going_on import now, private, snapshot_of
from survey.pages.answer.passes import Pass, at_door, current, give, hand_over, take_back
from survey.pages.answer.tongue import asked_language, plain_words
from survey.pages.store import store
from survey.wording import in_query

_COMING_IN: Final = ("answer.front", "answer.enter", "answer.link", "answer.file", "answer.over")
_FOR_THE_DEVICE: Final = ("answer.worker", "answer.rules", "answer.pages", "answer.sent", "answer.take_waiting")
_OPEN_TO_ALL: Final = (*_COMING_IN, *_FOR_THE_DEVICE)
"""Pages a device may open whose class session is over: it comes in anew there, or is told how its survey ended; and
what is the same for everyone, and answers that waited on the device, which say themselves whose they are.
"""


def by_code(typed: str) -> Reply | None:
    """Answer a class code, or one that a teacher shows for one child; None when it is neither."""
    key, pass_ = store().settings.key("codes"), current()
    shown = join_by_shown_code(store().engine, typed, key, pass_.sitting or None, now())
    if shown is not None:
        return let_in(shown)
    found = session_by_code(store().engine, typed, key, now())
    if found is None:
        return None
    look = pass_.look if pass_.response is None else ""
    if not found.with_cards:
        return _without_card(found, pass_)
    reply = give(redirect(f"/join{in_query(asked_language())}", 303), _on_the_way(found, pass_, look))
    return reply if pass_.response is None else hand_over(reply)


def _without_card(found: FoundByCode, pass_: Pass) -> Reply | None:
    """Let a device in by the class code alone; one that is used in this class session is asked whose turn it is."""
    if pass_.response is not None and pass_.sitting:
        there = session_of(store().engine, pass_.sitting, now())
        if there is not None and there.class_session == found.class_session:
            return redirect("/turn", 303)
    joined = join_without_card(store().engine, found.class_session, pass_.sitting or None, now())
    return None if joined is None else let_in(joined)


def _on_the_way(found: FoundByCode, pass_: Pass, look: str) -> Pass:
    """Return the pass of a device that may try cards of a class; the sitting it had ends when the next one begins.

    Without cards there is nothing to try: the device waits for the next child.
    """
    device = pass_.tries or secrets.token_urlsafe(12)
    if not found.with_cards:
        return Pass(tries=device, look=look, sitting=pass_.sitting)
    return Pass(joining=f"{found.class_session}-{found.code}", tries=device, look=look, sitting=pass_.sitting)


def by_token(token: str) -> Reply | None:
    """Answer the QR code of a card, or the one a teacher shows; None when it opens nothing."""
    found = join_by_token(store().engine, token, current().sitting or None, now())
    return None if found is None else let_in(found)


def let_in(joined: Joined, *, another: bool = False) -> Reply:
    """Lead a device that got in on to the first page, at an address without any secret.

    A card says whose turn it is, so nothing is asked; of another child who had the device before, nothing is left.
    another: it is known to be another child, whatever the door.
    """
    pass_ = current()
    before = snapshot_of(pass_)
    same = pass_.door in (None, joined.door) if before is None else before.door_id == joined.door and not another
    coming = at_door(joined.door, pass_.look if same else "", joined.sitting)
    reply = give(redirect(f"/welcome{in_query(asked_language())}", 303), coming)
    reply.headers["Referrer-Policy"] = "no-referrer"
    return reply if same else hand_over(reply)


def mode(pass_: Pass) -> str:
    """Return how someone who begins now answers: as the teacher said, else on a device of their own."""
    return (mode_of(store().engine, pass_.sitting) if pass_.sitting else None) or "own device"


def begun(pass_: Pass, response: str) -> None:
    """Keep which response a device in a class session answers."""
    if pass_.sitting:
        has_begun(store().engine, pass_.sitting, response)


def done_already(pass_: Pass) -> Reply | None:
    """Tell a child in a class session that their survey is finished; None for everyone else."""
    return leave(_waiting_page("finished", pass_), pass_) if pass_.sitting else None


def may_go_on(pass_: Pass) -> bool:
    """Tell whether a class session lets a device go on, if only after a pause; True where there is none."""
    return not pass_.sitting or seat_of(store().engine, pass_.sitting, now()) in ("open", "paused")


def may_answer(pass_: Pass) -> bool:
    """Tell whether a class session lets a device answer now: not in a pause; True where there is none."""
    return not pass_.sitting or seat_of(store().engine, pass_.sitting, now()) == "open"


def card_in_use(pass_: Pass) -> CardFace | None:
    """Return the card that a device in a class session is used with; None outside."""
    return card_of(store().engine, pass_.response) if pass_.sitting and pass_.response else None


def next_card(pass_: Pass) -> Pass | None:
    """Return the pass of a device that stays in its class session for the next card; None when it is in none."""
    if not pass_.sitting:
        return with_card(pass_, "") if pass_.joining else None
    found = session_of(store().engine, pass_.sitting, now())
    return _on_the_way(found, pass_, "") if found else None


def next_child(pass_: Pass) -> Reply | None:
    """Lead a device that stays in its class session on to the next child; None when it is in none.

    With cards, to where the number of the next card is typed; without, straight to the first page.
    """
    staying = next_card(pass_)
    if staying is None:
        return None
    if staying.joining:
        return give(redirect(f"/join{in_query(asked_language())}", 303), staying)
    found = session_of(store().engine, pass_.sitting, now())
    joined = join_without_card(store().engine, found.class_session, pass_.sitting, now()) if found else None
    return let_in(joined, another=True) if joined else None


def leave(reply: Reply, pass_: Pass) -> Reply:
    """Take the pass of a response back; in a class session the device stays in it, for the next card."""
    staying = next_card(pass_)
    return take_back(reply) if staying is None else give(reply, staying)


@answer.before_request
def _may_answer() -> Reply | None:
    """Let a device of a class session answer only while the session goes on, and no other child has this one now.

    In a pause what is being chosen is still saved. Everyone else is spared the query.
    """
    pass_ = current()
    if not pass_.sitting or pass_.joining:
        return None
    seat = seat_of(store().engine, pass_.sitting, now())
    if seat in ("closed", "ended"):
        if request.endpoint == "answer.front":
            return take_back(redirect("/", 303))
        return None if request.endpoint in _OPEN_TO_ALL else take_back(_waiting_page(seat, pass_))
    if seat == "paused" and request.method != "POST" and request.endpoint not in _OPEN_TO_ALL:
        return _waiting_page(seat, pass_)
    return None


_Waiting = Seat | Literal["finished"]

_TOLD_AGAIN: Final[Mapping[str, _Waiting]] = {"closed": "closed", "ended": "ended", "finished": "finished"}


@answer.get("/class/<seat>")
def ended_again(seat: str) -> Reply:
    """Tell a child once more that the class session is over, or their survey: the cookie is gone that said so."""
    if seat not in _TOLD_AGAIN:
        abort(404)
    return _waiting_page(_TOLD_AGAIN[seat], current())


def _waiting_page(seat: _Waiting, pass_: Pass) -> Response:
    card = card_of(store().engine, pass_.response) if pass_.response and seat == "paused" else None
    words = plain_words() | {"audience": "pupil"} | ({"shown": f"/class/{seat}"} if seat in _TOLD_AGAIN else {})
    # The cookie of a session that is over is taken back with this page: the next child starts with nothing.
    return private(Response(render_template("answer/in-class.html", seat=seat, card=card, **words)))


def with_card(pass_: Pass, card: str) -> Pass:
    """Return the pass of a device on its way in, with as much of the card as is known now."""
    return replace(pass_, card=card)
