"""Respondents in a class session: how a device gets in, and whether it may still answer."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Final, Literal

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.classroom.cards import card_of
from survey.classroom.joining import (
    Joined,
    Seat,
    has_begun,
    join_by_shown_code,
    join_by_token,
    mode_of,
    seat_of,
    session_by_code,
)
from survey.pages.answer.blueprint import answer
from survey.pages.answer.passes import Pass, at_door, current, give, take_back
from survey.pages.answer.questions import now, private
from survey.pages.answer.tongue import asked_language
from survey.pages.store import store
from survey.wording import direction, html_language, say_in

_OPEN_TO_ALL: Final = ("answer.front", "answer.enter", "answer.link", "answer.file", "answer.over")
"""Pages a device may open whose class session is over: it comes in anew there, or is told how its survey ended."""


def by_code(typed: str) -> Reply | None:
    """Answer a class code, or one that a teacher shows for one child; None when it is neither."""
    key, pass_ = store().settings.key("codes"), current()
    shown = join_by_shown_code(store().engine, typed, key, pass_.sitting or None, now())
    if shown is not None:
        return let_in(shown)
    found = session_by_code(store().engine, typed, key, now())
    if found is None:
        return None
    device = pass_.tries or secrets.token_urlsafe(12)
    joining = f"{found.class_session}-{found.code}"
    coming = Pass(joining=joining, tries=device, look=pass_.look, sitting=pass_.sitting)
    return give(redirect("/join", 303), coming)


def by_token(token: str) -> Reply | None:
    """Answer the QR code of a card, or the one a teacher shows; None when it opens nothing."""
    found = join_by_token(store().engine, token, current().sitting or None, now())
    return None if found is None else let_in(found)


def let_in(joined: Joined) -> Reply:
    """Lead a device that got in on to the first page, at an address without any secret."""
    reply = give(redirect("/welcome", 303), at_door(joined.door, current().look, joined.sitting))
    reply.headers["Referrer-Policy"] = "no-referrer"
    return reply


def mode(pass_: Pass) -> str:
    """Return how someone who begins now answers: as the teacher said, else on a device of their own."""
    return (mode_of(store().engine, pass_.sitting) if pass_.sitting else None) or "own device"


def begun(pass_: Pass, response: str) -> None:
    """Keep which response a device in a class session answers."""
    if pass_.sitting:
        has_begun(store().engine, pass_.sitting, response)


def done_already(pass_: Pass) -> Reply | None:
    """Tell a child in a class session that their survey is finished; None for everyone else."""
    return take_back(_waiting_page("finished", pass_)) if pass_.sitting else None


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


def _waiting_page(seat: Seat | Literal["finished"], pass_: Pass) -> Response:
    language = asked_language()
    card = card_of(store().engine, pass_.response) if pass_.response and seat == "paused" else None
    words = {
        "say": say_in(language),
        "language": html_language(language),
        "direction": direction(language),
        "survey_title": "",
        "links": [],
        "look": pass_.classes,
        "young": False,
    }
    # The cookie of a session that is over is taken back with this page: the next child starts with nothing.
    return private(Response(render_template("answer/in-class.html", seat=seat, card=card, **words)))


def with_card(pass_: Pass, card: str) -> Pass:
    """Return the pass of a device on its way in, with as much of the card as is known now."""
    return replace(pass_, card=card)
