"""The respondent's pass: one short cookie that says which response a browser may add to.

It holds no name, no answer and nothing about the person: either the door someone came in by, or the response
they are giving and its epoch, or both while it is asked whose turn it is, signed; before that, once a typed code was
wrong, a random word to count tries by. How the pages should look on this device rides along, unsigned.

A child's, while they answer, is the one that scripts can read: it holds a token besides, by which answers that waited
on the device may be added to this sitting and nothing can be read (docs/decisions/0029).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import request
from werkzeug.wrappers import Response as Reply

from survey.pages.store import store

COOKIE = "me"
_LOOKS = {
    "w": "theme-white",
    "b": "theme-blue",
    "d": "theme-dark",
    "1": "text-bigger",
    "2": "text-biggest",
    "s": "spaced",
}
_LOOK = re.compile(r"[wbd]?[12]?s?")


@dataclass(frozen=True)
class Pass:
    """A respondent's pass.

    Outside, after a wrong code: `tries`, a random word. At the door: `door` (its number) and `visit`, a random word
    that makes starting twice one start. Inside: `response`, `epoch` and the `version` of the questionnaire, and
    `since`, the save from which on a child's answers are shown again. Inside and at another door: all of these, while
    it is asked whose turn it is. `look` is at most one letter each for paper, size and space.

    `shows_from`, at the door and inside: the sitting from which on an adult's answers are shown again, when this device
    held an earlier one of the same response; 0: those of this sitting alone.

    On the way into a class session: its number and code in `joining`, and the `card` (number and pictures) as far as it
    is known. In one, at the door and inside: `sitting`, which says with which card this device came in, or on the way
    into the next one came in before; 0 elsewhere. Between two children of a class session without cards: that, and
    `tries`.

    `child`: whether a child answers, whose device keeps answers while there is no network.
    """

    door: int | None = None
    visit: str = ""
    response: str | None = None
    epoch: int = 0
    version: str = ""
    since: int = 0
    shows_from: int = 0
    look: str = ""
    tries: str = ""
    joining: str = ""
    card: str = ""
    sitting: int = 0
    child: bool = False

    @property
    def kept_on_device(self) -> bool:
        """Whether scripts may read this pass: a child is answering, and no one else may want the device."""
        return self.child and self.response is not None and self.door is None

    def shows(self, stamp: Sequence[int]) -> bool:
        """Tell whether an answer saved with this stamp (epoch, sequence) may be shown again on this device."""
        epoch, sequence = stamp
        if self.shows_from:
            return epoch >= self.shows_from
        return epoch == self.epoch and sequence >= self.since

    @property
    def classes(self) -> str:
        """The class names for the page's root element."""
        return " ".join(_LOOKS[letter] for letter in self.look)

    @property
    def text(self) -> str:
        """What the cookie holds."""
        inside = f"{self.response}.{self.epoch}.{self.version}"
        if self.response is not None and self.door is not None:
            kind = "v" if self.child else "w"
            body = f"{kind}{self._seat}.{inside}.{self.since}.{self.door}.{self.visit}{self._shows_from}"
        elif self.response is not None and self.child:
            body = f"p{self._seat}.{inside}.{self.since}.{token_of(self.response, self.epoch)}"
        elif self.response is not None:
            body = f"r{self._seat}.{inside}{self._shows_from}"
        elif self.door is not None:
            body = f"d{self._seat}.{self.door}.{self.visit}{self._shows_from}"
        elif self.joining:
            body = f"c{self._seat}.{self.joining}.{self.card}.{self.tries}"
        elif self.tries:
            body = f"t{self._seat}.{self.tries}"
        else:
            return f"~{self.look}"
        return f"{body}.{_signature(body)}~{self.look}"

    @property
    def _seat(self) -> str:
        """What stands behind the letter that says which sort of pass it is."""
        return str(self.sitting) if self.sitting else ""

    @property
    def _shows_from(self) -> str:
        """The last part of a pass that has one: other passes stay as short as they were."""
        return f".{self.shows_from}" if self.shows_from else ""


def token_of(response: str, epoch: int) -> str:
    """Return the token of a sitting: whoever holds it may add answers to it, and read none."""
    said = f"w:{response}:{epoch}".encode("utf-8", "surrogatepass")
    return hmac.digest(store().settings.key("answers that wait"), said, hashlib.sha256).hex()[:32]


def _signature(body: str) -> str:
    return hmac.digest(store().settings.key("passes"), body.encode(), hashlib.sha256).hex()[:32]


def current() -> Pass:
    """Return the pass of this request; an empty one when there is none, or it is not ours."""
    signed, _, look = request.cookies.get(COOKIE, "").partition("~")
    look = look if _LOOK.fullmatch(look) else ""
    body, _, signature = signed.rpartition(".")
    if not body or not hmac.compare_digest(_signature(body).encode(), signature.encode()):
        return Pass(look=look)
    kind, name, *details = body.split(".")
    there = Pass(look=look, sitting=int(kind[1:] or 0))
    if kind[0] == "t":
        return replace(there, tries=name)
    if kind[0] == "c":
        return replace(there, joining=name, card=details[0], tries=details[1])
    if kind[0] == "r":
        epoch, version, *more = details
        return replace(there, response=name, epoch=int(epoch), version=version, shows_from=_number(more))
    if kind[0] in ("w", "p", "v"):
        epoch, version, since, *more = details
        child = kind[0] in ("p", "v")
        inside = replace(there, response=name, epoch=int(epoch), version=version, since=int(since), child=child)
        if kind[0] == "p":
            return inside
        return replace(inside, door=int(more[0]), visit=more[1], shows_from=_number(more[2:]))
    return replace(there, door=int(name), visit=details[0], shows_from=_number(details[1:]))


def _number(last: list[str]) -> int:
    """Return the number a pass ends with, 0 where it ends without."""
    return int(last[0]) if last else 0


def at_door(door: int, look: str, sitting: int = 0, shows_from: int = 0) -> Pass:
    """Return a fresh pass for someone who came in by a door; in a class session with the sitting of this device.

    shows_from: the earlier sitting of the same response that this device held; 0 for none.
    """
    return Pass(door=door, visit=secrets.token_urlsafe(16), look=look, sitting=sitting, shows_from=shows_from)


def give(response: Reply, pass_: Pass) -> Reply:
    """Put the pass into the browser, until it is closed."""
    hidden = not pass_.kept_on_device
    response.set_cookie(COOKIE, pass_.text, httponly=hidden, samesite="Lax", secure=request.is_secure, path="/")
    return response


def take_back(response: Reply) -> Reply:
    """Take the pass out of the browser: the next child on this device starts with nothing."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=request.is_secure, path="/")
    # Not Clear-Site-Data: "storage" would wipe answers that still wait to be sent from this device, and "cookies" would
    # sign out a researcher who only tried a link.
    return response


def hand_over(response: Reply) -> Reply:
    """Let the browser forget the pages it kept whole: its Back button shows the next person nothing of the one before.

    It is what a browser without scripts goes by; with scripts `static/back.js` does the same. Only where someone has
    said that the device changes hands: the style sheets are fetched again after it.
    """
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
