"""Taking answers back with the receipt from the thank-you page: without an account, a script or a reason.

The receipt goes from page to page inside the forms, never in an address or a cookie: addresses are written into logs
and histories, and a shared computer keeps cookies. No page shows an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.audit import RESPONDENT
from survey.database import read
from survey.fieldwork.consent import Scope, children_of, time_zone_of
from survey.pages.answer import tries
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.going_on import private
from survey.pages.answer.passes import Pass, current
from survey.pages.answer.tongue import asked_language, in_every_language, plain_words
from survey.pages.answer.unsent import aside, detour
from survey.pages.shield import refuse_foreign_posts
from survey.pages.store import store
from survey.responses.receipts import Receipted, response_by_receipt
from survey.responses.withdrawing import (
    Withdrawal,
    WithdrawalCertificate,
    certificate_by_number,
    certificate_of_response,
    withdraw_together,
)
from survey.wording import Say, html_language, say_in

withdrawing = Blueprint("withdraw", __name__, url_prefix="/withdraw")
withdrawing.before_request(refuse_foreign_posts)

_RECEIPTS: Final = "receipt"
"""What tries here are counted as."""

_OWN: Final = ("wave", "future", "all")
_MOST_CERTIFICATES: Final = 20


@dataclass(frozen=True)
class Child:
    """A child the person at the page is a parent of, by the school's list."""

    id: int
    code: str


@dataclass(frozen=True)
class Wish:
    """What someone wants: for themselves (None: nothing), and for their children, by code."""

    own: Scope | None
    children: tuple[tuple[str, Scope], ...]


# ---- pages ---------------------------------------------------------------------------------------------


def _page(template: str, **more: object) -> Response:
    words = plain_words() | {"error": None} | more
    return private(Response(render_template(f"answer/{template}.html", **words)))


@withdrawing.get("")
def ask() -> Reply:
    """Ask for the receipt."""
    return _ask("", current())


def _ask(typed: str, looks: Pass) -> Response:
    return _page("withdraw", links=in_every_language("/withdraw"), typed=typed, look=looks.classes)


@withdrawing.post("")
def about() -> Reply:
    """Say what the receipt stands for, never the answers, and ask what is to be done."""
    say = say_in(asked_language())
    typed = _typed()
    if (away := detour()) is not None:
        return aside(away, _looks_words(), lambda looks: _ask(typed, looks))
    if not typed.strip():
        return _page("withdraw", error=say("Enter your receipt"), links=in_every_language("/withdraw"))
    found = _found(typed)
    return _choices(found, typed) if isinstance(found, Receipted) else found


@withdrawing.post("/check")
def check() -> Reply:
    """Say in words what was chosen, and ask once more."""
    typed = _typed()
    found = _found(typed)
    if not isinstance(found, Receipted):
        return found
    if (away := detour()) is not None:
        return aside(away, _looks_words(), lambda looks: _choices(found, typed, looks=looks))
    wish = _wish(found, _children(found))
    if wish is None:
        return _choices(found, typed, say_in(asked_language())("Pick one answer."))
    return _asked_again(found, wish, typed, current())


def _asked_again(found: Receipted, wish: Wish, typed: str, looks: Pass) -> Response:
    sentences = _sentences(wish, _children(found), say_in(asked_language()))
    own = {"look": looks.classes, "links": in_every_language("/withdraw")}
    return _page("withdraw-check", receipt=typed, wish=wish, sentences=sentences, **own, **_about(found))


def _looks_words() -> dict[str, object]:
    """Return what “Aa” is given on the way from one of these pages."""
    return plain_words() | {"links": in_every_language("/withdraw")}


@withdrawing.post("/do")
def do() -> Reply:
    """Do it, and lead to the certificates. A second tap leads to the same."""
    typed = _typed()
    found = _found(typed)
    if not isinstance(found, Receipted):
        return found
    children = _children(found)
    wish = _wish(found, children)
    if wish is None:
        abort(400)
    if (away := detour()) is not None:
        return aside(away, _looks_words(), lambda looks: _asked_again(found, wish, typed, looks))
    made = _done(found, wish, children)
    numbers = ",".join(one.number for one in made)
    return redirect(f"/withdraw/certificate/{numbers}?language={asked_language()}", 303)


@withdrawing.get("/certificate/<numbers>")
def certificate(numbers: str) -> Reply:
    """Show certificates, by their numbers: what was deleted and from when on no backup has it. No answer."""
    engine = store().engine
    found = [certificate_by_number(engine, number) for number in numbers.split(",")[:_MOST_CERTIFICATES]]
    certificates = [one for one in found if one is not None]
    if not certificates or len(certificates) != len(found):
        abort(404)
    shown = [_shown(one, asked_language()) for one in certificates]
    address = f"/withdraw/certificate/{','.join(one.number for one in certificates)}"
    return _page("withdraw-certificate", certificates=shown, links=in_every_language(address))


# ---- the receipt ---------------------------------------------------------------------------------------


def _typed() -> str:
    said = request.form.getlist("receipt")
    if len(said) != 1:
        abort(400)
    return said[0][:200]


def _found(typed: str) -> Receipted | Reply:
    """Return what a receipt stands for; or the page for one that leads nowhere, or that has to wait to be looked at."""
    wait = tries.wait_for(_RECEIPTS)
    if wait is not None:
        error = tries.in_words(wait, say_in(asked_language()))
        return tries.please_wait(
            _page("withdraw", error=error, typed=typed, links=in_every_language("/withdraw")), wait
        )
    found = response_by_receipt(store().engine, typed, store().settings.key("receipts"))
    if found is not None:
        tries.right(_RECEIPTS)
        return found
    return tries.wrong(_RECEIPTS, unknown())


@withdrawing.get("/unknown")
def unknown() -> Response:
    """Say that a receipt leads nowhere. It has an address of its own, to come back to from “Aa”."""
    here = "/withdraw/unknown"
    page = _page("withdraw-unknown", links=in_every_language(here), shown=here)
    page.status_code = 404
    return page


# ---- what can be chosen --------------------------------------------------------------------------------


def _choices(found: Receipted, typed: str, error: str | None = None, looks: Pass | None = None) -> Reply:
    children = _children(found)
    own = _own_choices(found)
    if not own and not children:
        return _taken_back(found, typed, looks or current())
    ticked = {
        "chosen": request.form.get("own"),
        "stopped": request.form.getlist("child_future"),
        "thrown": request.form.getlist("child_all"),
    }
    page = {"look": (looks or current()).classes, "links": in_every_language("/withdraw"), "error": error, **ticked}
    return _page("withdraw-choose", receipt=typed, own=own, children=children, **page, **_about(found))


def _own_choices(found: Receipted) -> list[Scope]:
    """Return what can be done about someone's own answers. By an open link no one knows whose they are."""
    gone = found.state == "withdrawn"
    if found.participant_id is None:
        return [] if gone else ["wave"]
    return ["future", "all"] if gone else ["wave", "future", "all"]


def _taken_back(found: Receipted, typed: str, looks: Pass) -> Reply:
    made = certificate_of_response(store().engine, found.response)
    number = f"/withdraw/certificate/{made.number}?language={asked_language()}" if made else None
    own = {"look": looks.classes, "links": in_every_language("/withdraw")}
    return _page("withdraw-gone", certificate=number, receipt=typed, **own, **_about(found))


def _children(found: Receipted) -> list[Child]:
    if found.participant_id is None:
        return []
    with read(store().engine) as connection:
        return [Child(id_, code) for id_, code in children_of(connection, found.participant_id)]


def _about(found: Receipted) -> dict[str, object]:
    """Return what the pages say of a response: the survey's title and the day it was sent."""
    language = asked_language()
    survey = catalogue().survey(found.sha256, language) or catalogue().survey(found.sha256)
    sent = found.finished_at
    with read(store().engine) as connection:
        zone = ZoneInfo(time_zone_of(connection, found.study_id))
    return {
        "title": survey.questionnaire.title if survey else found.questionnaire,
        "contact": survey.questionnaire.contact if survey else None,
        "sent": _day(sent.astimezone(zone).date(), language) if sent else None,
    }


def _wish(found: Receipted, children: Sequence[Child]) -> Wish | None:
    """Return what was chosen; None when nothing was; answer 400 for what no page of ours offers."""
    said = request.form.to_dict(flat=False)
    own = said.get("own", [])
    allowed = [*_own_choices(found), *(["none"] if children else [])]
    codes = {child.code for child in children}
    stop, throw = said.get("child_future", []), said.get("child_all", [])
    # What an earlier tap has done already may come once more: the certificate is the same.
    if len(own) > 1 or not set(own) <= {*allowed, *_OWN} or not {*stop, *throw} <= codes:
        abort(400)
    theirs = tuple(
        (child.code, "all" if child.code in throw else "future")
        for child in children
        if child.code in stop or child.code in throw
    )
    scope = next((one for one in _OWN if own == [one]), None)
    if scope is None and not theirs:
        return None
    return Wish(scope, theirs)  # type: ignore[arg-type]


def _sentences(wish: Wish, children: Sequence[Child], say: Say) -> list[str]:
    own = {
        "wave": say("The answers you sent this time will be deleted."),
        "future": say("You will not be asked again. The answers you sent before are kept."),
        "all": say("All your answers in this study will be deleted, and you will not be asked again."),
    }
    theirs = {
        "future": say("Your child will not be asked any more. What your child answered before is kept."),
        "all": say("All your child’s answers will be deleted, and your child will not be asked any more."),
    }
    said = [own[wish.own]] if wish.own else []
    for code, scope in wish.children:
        said.append(f"{code}: {theirs[scope]}" if len(children) > 1 else theirs[scope])
    return said


def _done(found: Receipted, wish: Wish, children: Sequence[Child]) -> list[WithdrawalCertificate]:
    ids = {child.code: child.id for child in children}
    wishes = [Withdrawal(scope, "parent", participant_id=ids[code]) for code, scope in wish.children]
    if wish.own:
        wishes.insert(0, Withdrawal(wish.own, "self", response_id=found.response))
    return withdraw_together(store().engine, wishes, RESPONDENT, datetime.now(UTC))


# ---- certificates --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CertificateCard:
    """A certificate as the page shows it: days in words."""

    number: str
    study: str
    day: str
    scope: str
    child: bool
    responses: int
    backups: str


def _shown(one: WithdrawalCertificate, language: str) -> CertificateCard:
    return CertificateCard(
        number=one.number,
        study=one.study_title,
        day=_day(one.at.date(), language),
        scope=one.scope,
        child=one.by == "parent",
        responses=one.responses,
        backups=_day(one.backups_gone_on, language),
    )


def _day(day: date, language: str) -> str:
    return format_date(day, format="long", locale=html_language(language).replace("-", "_"))
