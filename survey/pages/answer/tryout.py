"""A try-out: a questionnaire walked through as a respondent would, with nothing kept.

There is no response and no pass of a respondent. What is chosen lies in a signed cookie of the try-out's own, as far as
the way through the questionnaire depends on it, and is gone with the last page.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.fieldwork.tryouts import PURPOSE, TriedVersion, tried_by, tryout_pass
from survey.forms import StepFields
from survey.journey import Screen
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.children import CheckSection
from survey.pages.answer.compiled import VERSION_LENGTH, Survey
from survey.pages.answer.entry import welcome_page
from survey.pages.answer.passes import Pass
from survey.pages.answer.questions import private, screen_at
from survey.pages.answer.unsent import Detour, chosen_look, detour, look_page, unsent
from survey.pages.shield import refuse_foreign_posts
from survey.pages.store import store
from survey.question import Tampered

trying = Blueprint("trying", "survey.pages.answer", url_prefix="/try/<pass_>")
trying.before_request(refuse_foreign_posts)

COOKIE: Final = "try"

_LONGEST: Final = 3500
"""Characters a browser surely keeps in a cookie."""

_CUTS: Final = (60, 12, 1)
"""Characters that are left of what was typed; the next shorter where it is all too long. No way depends on more."""

_LONGEST_OPENED: Final = 100_000

_ENDS: Final = ("finished", "stopped", "thrown", "declined")


def address_of(sha256: str, language: str) -> str:
    """Return the address at which a version of a questionnaire can be tried out."""
    tried = TriedVersion(sha256[:VERSION_LENGTH], language)
    return f"/try/{tryout_pass(tried, store().settings.key(PURPOSE))}"


@dataclass(frozen=True)
class _TryOut:
    """A questionnaire that is tried out, with what was chosen so far and how its pages look."""

    survey: Survey
    answers: Mapping[str, Any] = field(default_factory=dict)
    look: str = ""

    @property
    def pass_(self) -> Pass:
        """How the pages look, as the pages of respondents have it."""
        return Pass(look=self.look)

    def page(self, template: str, **more: object) -> Response:
        words = {"look": self.pass_.classes, "links": [], **self.survey.words, **more}
        return private(Response(render_template(f"answer/{template}.html", **words)))

    def show(self, screen: Screen, asked: Any) -> Response:
        return private(Response(self.survey.render(screen, asked, self.pass_.classes, self.answers, {})))

    def to(self, screen: Screen) -> Reply:
        return redirect(f"{self.survey.here}/{screen.name}", 303)

    def to_end(self) -> Reply:
        """Go on after the last screen. Nothing is asked again: a try-out may leave anything open."""
        return self.over("finished") if self.survey.pupil else redirect(self.survey.check, 303)

    def over(self, how: str) -> Reply:
        return redirect(f"{self.survey.over}?as={how}", 303)


def _start_of(pass_: str) -> _TryOut:
    """Return the try-out a pass is for, from its beginning; or answer that there is no such page."""
    tried = tried_by(pass_, store().settings.key(PURPOSE))
    survey = catalogue().tried(tried.version, tried.language, address_of) if tried else None
    return _TryOut(survey) if survey else abort(404)


def _current(pass_: str) -> _TryOut:
    """Return the try-out a pass is for, as far as this browser has come."""
    start = _start_of(pass_)
    version, look, answers = _opened(request.cookies.get(COOKIE, ""))
    return replace(start, answers=answers, look=look) if version == start.survey.version else start


# ── what is kept in the browser ───────────────────────────────────────────────────────────────────────────
def _keep(reply: Reply, it: _TryOut) -> Reply:
    reply.set_cookie(COOKIE, _sealed(it), httponly=True, samesite="Lax", secure=request.is_secure, path="/try")
    return reply


def _forget(reply: Reply) -> Reply:
    reply.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=request.is_secure, path="/try")
    return reply


def _sealed(it: _TryOut) -> str:
    for cut in _CUTS:
        kept = {key: _shortened(value, cut) for key, value in it.answers.items()}
        text = json.dumps([it.survey.version, it.look, kept], separators=(",", ":"))
        body = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()
        if len(body) <= _LONGEST:
            return f"{body}.{_signature(body)}"
    return _sealed(replace(it, answers={}))


def _shortened(value: Any, cut: int) -> Any:
    if isinstance(value, str):
        return value[:cut].encode("utf-8", "ignore").decode()
    if isinstance(value, list):
        return [_shortened(one, cut) for one in value]
    return {key: _shortened(one, cut) for key, one in value.items()} if isinstance(value, dict) else value


def _opened(cookie: str) -> tuple[str, str, dict[str, Any]]:
    """Return version, look and answers from the cookie; nothing where it is missing or not ours."""
    body, _, signature = cookie.rpartition(".")
    if not body or not hmac.compare_digest(_signature(body).encode(), signature.encode("utf-8", "surrogatepass")):
        return "", "", {}
    try:
        text = zlib.decompressobj().decompress(base64.urlsafe_b64decode(body), _LONGEST_OPENED)
    except (binascii.Error, zlib.error):  # pragma: no cover - only we sign
        return "", "", {}
    version, look, answers = json.loads(text)
    return version, look, answers


def _signature(body: str) -> str:
    return hmac.digest(store().settings.key(PURPOSE), f"cookie {body}".encode(), hashlib.sha256).hex()[:32]


# ── the pages ─────────────────────────────────────────────────────────────────────────────────────────────
@trying.get("")
def start(pass_: str) -> Reply:
    """Begin a try-out: what a respondent is told, and yes or no."""
    return _forget(private(Response(_welcome(_start_of(pass_)))))


def _welcome(it: _TryOut, error: str | None = None) -> str:
    survey = it.survey
    links = [(code, name, address_of(survey.sha256, code), here) for code, name, _, here in survey.languages("")]
    own = {"links": links, "look": it.pass_.classes}
    return welcome_page(survey, {}, error, own)


@trying.post("")
def decide(pass_: str) -> Reply:
    """Take the yes or the no."""
    it = _current(pass_)
    if (away := detour()) is not None:
        if away.look:
            return look_page(it.survey.words | {"links": []}, it.pass_)
        later = it if away.letters is None else replace(it, look=away.letters)
        return _keep(private(Response(_welcome(later))), later)
    said = request.form.get("assent")
    if it.survey.questionnaire.assent is not None and said not in ("yes", "no"):
        return private(Response(_welcome(it, it.survey.say("Pick one answer."))))
    if said == "no":
        return it.over("declined")
    first = it.survey.journey.resume({}, {})
    fresh = replace(it, answers={})
    return _keep(fresh.to(first) if first else fresh.to_end(), fresh)


@trying.get("/q/<name>")
def question(pass_: str, name: str) -> Reply:
    """Show a screen."""
    it = _current(pass_)
    screen = screen_at(it.survey, name)
    steps = it.survey.journey.steps(screen, it.answers, {})
    if not steps and not screen.rest:
        return _after(it, screen)
    return it.show(screen, it.survey.form(screen, 0).show(steps, it.answers))


@trying.post("/q/<name>")
def take(pass_: str, name: str) -> Reply:
    """Take the answers of a screen and lead on."""
    it = _current(pass_)
    survey, screen = it.survey, screen_at(it.survey, name)
    constant = survey.constant(screen)
    steps = list(screen.steps) if constant else survey.journey.steps(screen, it.answers, {})
    away = detour()
    try:
        if away is not None:
            return _leave(it, screen, away, survey.form(screen, 0).as_posted(steps, unsent()))
        sent = survey.form(screen, 0).submit(steps, request.form)
    except Tampered:
        abort(400)
    if sent.errors:
        return it.show(screen, sent.asked)
    later = replace(it, answers={**it.answers, **sent.answers})
    opened = not constant and len(survey.journey.steps(screen, later.answers, {})) > len(steps)
    return _keep(later.to(screen) if opened else _after(later, screen), later)


def _leave(it: _TryOut, screen: Screen, away: Detour, asked: list[StepFields]) -> Reply:
    """Show “Aa”, or the page again, in whichever language, with what was not sent yet."""
    survey = it.survey
    if away.language not in ("", survey.language):
        other = catalogue().tried(survey.version, away.language, address_of) or abort(400)
        return redirect(f"{other.here}/{screen.name}?{request.query_string.decode()}", 307)
    if away.look:
        return look_page(survey.words | {"links": survey.languages(screen.name)}, it.pass_)
    later = it if away.letters is None else replace(it, look=away.letters)
    return _keep(later.show(screen, asked), later)


def _after(it: _TryOut, screen: Screen) -> Reply:
    if "check" in request.args:
        return it.to_end()
    following = it.survey.journey.after(screen, it.answers, {})
    return it.to(following) if following else it.to_end()


@trying.get("/q/<name>/back")
def back(pass_: str, name: str) -> Reply:
    """Go back to the screen before this one; from the first to the beginning."""
    it = _current(pass_)
    earlier = it.survey.journey.before(screen_at(it.survey, name), it.answers, {})
    return it.to(earlier) if earlier else redirect(it.survey.trial, 303)


@trying.get("/q/<name>/stop")
def ask_stop(pass_: str, name: str) -> Reply:
    """Ask whether someone wants to stop."""
    it = _current(pass_)
    return it.page("stop", screen=screen_at(it.survey, name))


@trying.post("/q/<name>/stop")
def take_stop(pass_: str, name: str) -> Reply:
    """Go back to the question; or ask what to do with the answers; or end."""
    it = _current(pass_)
    screen, said = screen_at(it.survey, name), request.form.to_dict(flat=False)
    if said == {"stop": ["rest"]}:
        return it.to(screen)
    if said == {"stop": ["stop"]}:
        return it.page("keep", screen=screen) if it.answers else it.over("thrown")
    if said in ({"keep": ["keep"]}, {"keep": ["throw"]}):
        return it.over("stopped" if said["keep"] == ["keep"] else "thrown")
    abort(400)


@trying.get("/q/<name>/look")
def look(pass_: str, name: str) -> Reply:
    """Show how the pages can look, on the way from a question."""
    it = _current(pass_)
    links = it.survey.languages(f"{screen_at(it.survey, name).name}/look")
    return look_page(it.survey.words | {"links": links}, it.pass_, f"{it.survey.here}/{name}")


@trying.post("/q/<name>/look")
def take_look(pass_: str, name: str) -> Reply:
    """Let the pages of the try-out look as chosen."""
    it = _current(pass_)
    return _keep(it.to(screen_at(it.survey, name)), replace(it, look=chosen_look()))


@trying.get("/check")
def check(pass_: str) -> Reply:
    """Show an adult all answers before they would be sent."""
    it = _current(pass_)
    if it.survey.pupil:
        return it.over("finished")
    sections = [CheckSection("", "", it.survey.check_rows(it.answers, {}))]
    return it.page("check", sections=sections, back=f"{it.survey.check}/back")


@trying.get("/check/back")
def back_from_check(pass_: str) -> Reply:
    """Go back to the last page of questions."""
    it = _current(pass_)
    return it.to(it.survey.journey.route(it.answers, {})[-1])


@trying.post("/check")
def send(pass_: str) -> Reply:
    """End as if the answers were sent."""
    return _current(pass_).over("finished")


@trying.get("/over")
def over(pass_: str) -> Reply:
    """Say what a respondent would be told at the end, and forget everything."""
    it = _current(pass_)
    how = request.args.get("as", "")
    if how not in _ENDS:
        abort(404)
    asked = it.survey.questionnaire
    filled = it.survey.filled(it.answers, {})
    declined = asked.assent.declined if asked.assent else None
    again = {"again": it.survey.trial, "withdraw_at": ""}
    return _forget(it.page("done", state=how, thanks=filled(asked.thanks), declined=filled(declined), **again))
