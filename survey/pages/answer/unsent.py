"""What stands on a page and is not sent yet, while someone looks elsewhere: at “Aa”, or at another language.

It goes with the request and comes back with the page, and nothing keeps it: no cookie, no database, no address. A page
with something to fill in has buttons in its own form, named `leave`. The form is then posted to its own address as it
stands, and the page that answers holds it in hidden fields and posts it back there. No script is needed.

    leave=look          show the choices of “Aa”
    leave=use           take what was chosen there, and show the page again
    leave=back          show the page again
    leave="back cy"     the same in another language, and so with the other two
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from flask import Response, abort, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Reply

from survey.forms import LISTENED, SHOWN
from survey.pages.answer.passes import Pass, current, give

LEAVE: Final = "leave"

PAPERS: Final = {"cream": "", "white": "w", "blue": "b", "dark": "d"}
SIZES: Final = {"normal": "", "bigger": "1", "biggest": "2"}
SPACES: Final = {"normal": "", "more": "s"}
_CHOICES: Final = {"paper": PAPERS, "size": SIZES, "space": SPACES}


@dataclass(frozen=True)
class Detour:
    """Where someone goes who leaves a page for a moment.

    look: whether they want to see the choices of “Aa”, not the page again. language: in which other language, or "".
    letters: the look they chose, None if they chose none.
    """

    look: bool
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
    if len(said) > 1 or where not in ("look", "use", "back"):
        abort(400)
    return Detour(where == "look", language, chosen_look() if where == "use" else None)


def unsent() -> MultiDict[str, str]:
    """Return the fields that were posted with the page, without those of “Aa”."""
    return MultiDict([pair for pair in request.form.items(multi=True) if pair[0] not in (LEAVE, *_CHOICES)])


def nothing_unsent() -> bool:
    """Tell whether nothing was chosen or typed on the page that was posted."""
    return not any(value for name, value in unsent().items(multi=True) if name not in (LISTENED, SHOWN))


def chosen_look() -> str:
    """Return the look that was sent, a letter for each choice; answer 400 for what “Aa” does not offer."""
    said = request.form.to_dict(flat=False)
    try:
        return "".join(letters[one] for name, letters in _CHOICES.items() for (one,) in (said[name],))
    except (KeyError, ValueError):
        abort(400)


def aside(away: Detour, words: Mapping[str, object], show: Callable[[Pass], Reply]) -> Reply:
    """Show “Aa”, or the page again with the look that was chosen there.

    words: what the template of “Aa” is given. show: makes the page again, with what is unsent, as a pass says it looks.
    """
    pass_ = current()
    if away.look:
        return look_page(words, pass_)
    if away.letters is None:
        return show(pass_)
    pass_ = replace(pass_, look=away.letters)
    return give(show(pass_), pass_)


def look_page(words: Mapping[str, object], pass_: Pass, back: str = "") -> Response:
    """Return the page with the choices of “Aa”.

    words: what a template is given. back: the address it leads back to; without one it posts what is unsent to its own.
    """
    chosen = {name: _picked(name, letters, pass_.look) for name, letters in _CHOICES.items()}
    # A page outside any survey says in its form which language it is in: it may have been changed meanwhile.
    said = {"language": str(words["code"])}
    carried = [] if back else [(name, said.get(name, value)) for name, value in unsent().items(multi=True)]
    given = {"links": [], **words, "look": pass_.classes, "chosen": chosen, "back": back, "unsent": carried}
    return Response(render_template("answer/look.html", **given), headers={"Cache-Control": "no-store"})


def _picked(name: str, letters: dict[str, str], look: str) -> str:
    """Return what is chosen on the page: what was chosen there before its language changed, else what the pass says."""
    sent = request.form.get(name)
    if sent in letters:
        return sent
    return next((value for value, letter in letters.items() if letter and letter in look), next(iter(letters)))
