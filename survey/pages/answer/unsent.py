"""What stands on a page and is not sent yet, while someone looks elsewhere: at “Aa”, another language, or how to stop.

It goes with the request and comes back with the page, and nothing keeps it: no cookie, no database, no address. A page
with something to fill in has buttons in its own form, named `leave`. The form is then posted to its own address as it
stands, and the page that answers holds it in hidden fields and posts it back there. No script is needed.

    leave=look          show the choices of “Aa”
    leave=use           take what was chosen there, and show the page again
    leave=back          show the page again
    leave=stop          ask whether they want to stop
    leave=rest          show the page again, after that was asked
    leave="back cy"     the same in another language, and so with the others

The page that asks whether someone wants to stop has “Aa” and other languages itself. Its form says so (`at=stop`), so
that `use` and `back` lead to it, and not past it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from flask import Response, abort, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Reply

from survey.forms import LISTENED, SHOWN
from survey.pages.answer.passes import Pass, current, give

LEAVE: Final = "leave"
_AT: Final = "at"
_STOP: Final = "stop"

Place = Literal["page", "look", "stop"]

PAPERS: Final = {"cream": "", "white": "w", "blue": "b", "dark": "d"}
SIZES: Final = {"normal": "", "bigger": "1", "biggest": "2"}
SPACES: Final = {"normal": "", "more": "s"}
_CHOICES: Final = {"paper": PAPERS, "size": SIZES, "space": SPACES}


@dataclass(frozen=True)
class Detour:
    """Where someone goes who leaves a page for a moment.

    to: the page again, the choices of “Aa”, or the question whether to stop. language: in which other language, or "".
    letters: the look they chose, None if they chose none.
    """

    to: Place
    language: str
    letters: str | None


def detour() -> Detour | None:
    """Return where a post leads that leaves its page for a moment; None when it is an answer.

    Answers 400 for what no page of ours sends.
    """
    said = request.form.getlist(LEAVE)
    if not said:
        return None
    where, _, language = said[0].partition(" ")
    before: Place = "stop" if request.form.get(_AT) == _STOP else "page"
    to: dict[str, Place] = {"look": "look", "stop": "stop", "rest": "page", "use": before, "back": before}
    if len(said) > 1 or where not in to:
        abort(400)
    return Detour(to[where], language, chosen_look() if where == "use" else None)


def unsent() -> MultiDict[str, str]:
    """Return the fields that were posted with the page, without those of “Aa”."""
    return MultiDict([pair for pair in request.form.items(multi=True) if pair[0] not in (LEAVE, _AT, *_CHOICES)])


def nothing_unsent() -> bool:
    """Tell whether nothing was chosen or typed on the page that was posted."""
    return not any(value for name, value in unsent().items(multi=True) if name not in (LISTENED, SHOWN))


def plain_way(away: Detour, here: str) -> Reply | None:
    """Lead to “Aa”, or to stop, by its address while nothing on a page would be lost; None where something would.

    A page that was posted to cannot be shown again by the browser's Back without asking whether to send it once more.
    here: the address of the page, without what its query says.
    """
    if away.to == "page" or away.language or not {"check", "see"}.isdisjoint(request.args) or not nothing_unsent():
        return None
    return redirect(f"{here}/{away.to}", 303)


def chosen_look() -> str:
    """Return the look that was sent, a letter for each choice; answer 400 for what “Aa” does not offer."""
    said = request.form.to_dict(flat=False)
    try:
        return "".join(letters[one] for name, letters in _CHOICES.items() for (one,) in (said[name],))
    except (KeyError, ValueError):
        abort(400)


@dataclass(frozen=True)
class Device:
    """Where the look that was chosen is kept: in the pass, unless something else is said.

    pass_: says how the pages look so far. keep: puts another look into the browser, with a reply.
    """

    pass_: Pass = field(default_factory=current)
    keep: Callable[[Reply, Pass], Reply] = give


def aside(
    away: Detour, words: Mapping[str, object], show: Callable[[Pass], Reply], device: Device | None = None
) -> Reply:
    """Show “Aa”, or ask whether to stop, or show the page again; with the look that was chosen at “Aa”.

    words: what the other templates are given. show: makes the page again, with what is unsent, as a pass says it looks.
    """
    device = device or Device()
    pass_ = device.pass_
    if away.to == "look":
        return look_page(words, pass_)
    shown = show if away.to == "page" else (lambda looks: stop_page(words, looks))
    if away.letters is None:
        return shown(pass_)
    pass_ = replace(pass_, look=away.letters)
    return device.keep(shown(pass_), pass_)


def stop_page(words: Mapping[str, object], pass_: Pass) -> Response:
    """Return the page that asks whether someone wants to stop, with all that is unsent on the page they come from.

    It has that page's address, where “Go back to my question” posts it again.
    """
    # Children find other languages behind “Aa”.
    links = [] if words["audience"] == "pupil" else words["links"]
    held = [(_AT, _STOP), *unsent().items(multi=True)]
    given = {**words, "links": links, "look": pass_.classes, "held": held, "ends_at": f"{request.path}/stop"}
    return Response(render_template("answer/stop.html", **given), headers={"Cache-Control": "no-store"})


def look_page(words: Mapping[str, object], pass_: Pass, back: str = "") -> Response:
    """Return the page with the choices of “Aa”.

    words: what a template is given. back: the address it leads back to; without one it posts what is unsent to its own.
    """
    chosen = {name: _picked(name, letters, pass_.look) for name, letters in _CHOICES.items()}
    # A page outside any survey says in its form which language it is in: it may have been changed meanwhile.
    said = {"language": str(words["code"])}
    carried = [] if back else [(name, said.get(name, value)) for name, value in unsent().items(multi=True)]
    if request.form.get(_AT) == _STOP:
        carried.append((_AT, _STOP))
    given = {"links": [], **words, "look": pass_.classes, "chosen": chosen, "back": back, "unsent": carried}
    return Response(render_template("answer/look.html", **given), headers={"Cache-Control": "no-store"})


def _picked(name: str, letters: dict[str, str], look: str) -> str:
    """Return what is chosen on the page: what was chosen there before its language changed, else what the pass says."""
    sent = request.form.get(name)
    if sent in letters:
        return sent
    return next((value for value, letter in letters.items() if letter and letter in look), next(iter(letters)))
