"""Joining a class session without a QR code: the card's number, then its four pictures, one on a page. No script."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.classroom.cards import PICTURES, PLACES
from survey.classroom.joining import FoundByCode, Joined, TriedCard, TurnedAway, join_by_pictures
from survey.classroom.tables import MOST_CARDS
from survey.pages.answer import tries
from survey.pages.answer.blueprint import answer
from survey.pages.answer.going_on import now, private
from survey.pages.answer.in_class import let_in, with_card
from survey.pages.answer.passes import Pass, current, give
from survey.pages.answer.tongue import asked_language, in_every_language, plain_words
from survey.pages.answer.unsent import aside, detour
from survey.pages.store import store
from survey.wording import in_query, say_in

_CARDS: Final = "card"
"""What tries at cards are counted as, for a device and an address."""

_LETTERS: Final = "abcdefghijkl"
"""A letter for each of PICTURES: the pass holds "7-bkc" for card 7 and the first three pictures."""


@answer.get("/join")
def card_number() -> Reply:
    """Ask for the number on the card; without a class code before, ask for that."""
    pass_ = current()
    return _number_page(None, "") if pass_.joining else redirect(f"/{in_query(asked_language())}", 303)


@answer.post("/join")
def take_card_number() -> Reply:
    """Take the number, and go on to the pictures. Whether there is such a card is said with the pictures only."""
    pass_ = current()
    if not pass_.joining:
        return redirect(f"/{in_query(asked_language())}", 303)
    typed = request.form.get("number", "").strip()[:10]
    if (away := detour()) is not None:
        return aside(away, _words(), lambda looks: _number_page(None, typed, looks))
    if not (typed.isascii() and typed.isdecimal() and 1 <= int(typed) <= MOST_CARDS):
        return _number_page(say_in(asked_language())("Type the number on your card."), typed)
    return give(_to_picture(1), with_card(pass_, f"{int(typed)}-"))


@answer.get("/join/picture/<int:place>")
def card_picture(place: int) -> Reply:
    """Ask for one picture of the card."""
    pass_ = current()
    return _away(pass_, place) or _picture_page(pass_, place, None)


@answer.post("/join/picture/<int:place>")
def take_card_picture(place: int) -> Reply:
    """Take one picture; with the last one, let the device in if number and pictures belong together."""
    pass_ = current()
    away = _away(pass_, place)
    if away is not None:
        return away
    chosen = request.form.get("picture")
    if (detoured := detour()) is not None:
        return aside(detoured, _words(), lambda looks: _picture_page(looks, place, None, chosen))
    if chosen is None:
        return _picture_page(pass_, place, say_in(asked_language())("Pick one picture."))
    if chosen not in PICTURES:
        abort(400)
    # Someone who went back and picked another one: what came after it is asked again.
    letters = _letters(pass_)[: place - 1] + _LETTERS[PICTURES.index(chosen)]
    known = with_card(pass_, f"{_number(pass_)}-{letters}")
    return _try(known) if place == PLACES else give(_to_picture(place + 1), known)


def _to_picture(place: int) -> Reply:
    """Lead on to a picture, in the language of the page before."""
    return redirect(f"/join/picture/{place}{in_query(asked_language())}", 303)


def _away(pass_: Pass, place: int) -> Reply | None:
    """Return where to go first: to the code, the number, or the first picture that is missing."""
    if not 1 <= place <= PLACES:
        abort(404)
    if not pass_.joining:
        return redirect(f"/{in_query(asked_language())}", 303)
    if not pass_.card:
        return redirect(f"/join{in_query(asked_language())}", 303)
    known = len(_letters(pass_))
    return _to_picture(known + 1) if place > known + 1 else None


def _try(pass_: Pass) -> Reply:
    pictures = tuple(PICTURES[_LETTERS.index(letter)] for letter in _letters(pass_))
    counted = tries.counted(_CARDS, pass_)
    session_id, _, code = pass_.joining.partition("-")
    found_by = FoundByCode(int(session_id), code)
    tried = TriedCard(found_by, _number(pass_), pictures, counted, pass_.sitting or None)
    found = join_by_pictures(store().engine, tried, store().settings.key("tries"), now())
    if isinstance(found, Joined):
        return let_in(found)
    reply = _refused_page(found)
    return give(reply, with_card(pass_, ""))


def _refused_page(found: TurnedAway) -> Reply:
    """Say that it did not work, and nothing about why: the same for a wrong card, and for a class that has ended."""
    wait = found.until - now() if found.until is not None else timedelta(0)
    reply = _again_page(found.why, int(wait.total_seconds()))
    return tries.please_wait(reply, wait) if found.why == "wait" else reply


@answer.get("/join/again")
def refused_again() -> Reply:
    """Say once more that it did not work, to a child who went to “Aa” from there."""
    why, seconds = request.args.get("why", ""), request.args.get("wait", "")
    if why not in ("wrong", "wait", "ask") or not re.fullmatch("[0-9]{1,4}", seconds):
        abort(404)
    return _again_page(why, int(seconds))


def _again_page(why: str, seconds: int) -> Response:
    wait = tries.in_words(timedelta(seconds=seconds), say_in(asked_language())) if why == "wait" else None
    own: dict[str, object] = {"links": [], "why": why, "wait": wait, "shown": f"/join/again?why={why}&wait={seconds}"}
    return private(Response(render_template("answer/join-again.html", **_words() | own), status=404))


def _number(pass_: Pass) -> int:
    return int(pass_.card.partition("-")[0])


def _letters(pass_: Pass) -> str:
    return pass_.card.partition("-")[2]


def _words() -> dict[str, object]:
    return plain_words() | {"audience": "pupil", "links": in_every_language("/join")}


def _number_page(error: str | None, typed: str, looks: Pass | None = None) -> Reply:
    words = _words() | {"links": [], "look": (looks or current()).classes}
    return private(Response(render_template("answer/join-number.html", error=error, typed=typed, **words)))


def _picture_page(pass_: Pass, place: int, error: str | None, picked: str | None = None) -> Reply:
    words = _words() | {"links": [], "look": pass_.classes}
    chosen = [PICTURES[_LETTERS.index(letter)] for letter in _letters(pass_)[: place - 1]]
    page = render_template(
        "answer/join-picture.html",
        error=error,
        place=place,
        places=PLACES,
        chosen=chosen,
        pictures=PICTURES,
        picked=picked,
        **words,
    )
    return private(Response(page))
