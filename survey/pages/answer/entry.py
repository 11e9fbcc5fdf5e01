"""Coming in: by a link, by a typed code; then what this is about, and yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeGuard

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.database import read, session
from survey.fieldwork.consent import NotAgreed, must_agree
from survey.fieldwork.doors import Door, door_by_code, door_by_id, door_by_token
from survey.fieldwork.publications import current as newest
from survey.pages.answer import tries
from survey.pages.answer.blueprint import answer
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.compiled import VERSION_LENGTH, Survey
from survey.pages.answer.passes import Pass, at_door, current, give, take_back
from survey.pages.answer.questions import go_on, nothing_here, now, private, wave_over
from survey.pages.answer.tongue import asked_language
from survey.pages.store import store
from survey.responses import ComingIn, Snapshot, assent, begin, earlier, facts_at_door, load
from survey.responses.begin import WaveOver
from survey.wording import direction, html_language, say_in

LONGEST_CODE = 60

_CODES: Final = "code"
"""What tries at the front page are counted as: codes of doors, open and personal."""


def plain_words() -> dict[str, object]:
    """Return what a page outside any survey is given, in the language that was asked for."""
    language = asked_language()
    return {
        "say": say_in(language),
        "language": html_language(language),
        "direction": direction(language),
        "survey_title": "",
        "contact": None,
        "links": [],
        "look": current().classes,
        "here": "",
        "look_address": f"/look?language={language}",
        "young": False,
        "audience": "parent",
    }


@answer.get("/")
def front() -> Reply:
    """Ask for a code; someone who is in the middle of a survey goes on with it."""
    pass_ = current()
    if pass_.response is not None and (snapshot := load(store().engine, pass_.response)):
        survey = catalogue().survey(snapshot.sha256, snapshot.language)
        if survey and snapshot.state == "started":
            return go_on(survey, snapshot, pass_.epoch)
    return private(Response(render_template("answer/code.html", error=None, **plain_words())))


@answer.post("/")
def enter() -> Reply:
    """Let someone in by a typed code."""
    code = request.form.get("code", "")
    if not code.strip():
        page = render_template("answer/code.html", error="Enter your code", **plain_words())
        return private(Response(page))
    wait = tries.wait_for(_CODES)
    if wait is not None:
        error = tries.in_words(wait, say_in(asked_language()))
        page = render_template("answer/code.html", error=error, typed=code[:LONGEST_CODE], **plain_words())
        return tries.please_wait(private(Response(page)), wait)
    with session(store().engine) as db:
        door = door_by_code(db, code[:LONGEST_CODE], store().settings.key("codes"), now())
    if not _leads_somewhere(door):
        return tries.wrong(_CODES, _unknown())
    tries.right(_CODES)
    return _let_in(door)


@answer.get("/j/<token>")
def link(token: str) -> Reply:
    """Let someone in by a link, and lead on to an address without the link's secret."""
    with session(store().engine) as db:
        door = door_by_token(db, token, now())
    return _let_in(door) if _leads_somewhere(door) else _unknown()


def _leads_somewhere(door: Door | None) -> TypeGuard[Door]:
    return door is not None and not _leads_nowhere(door, earlier(store().engine, door))


def _let_in(door: Door) -> Reply:
    reply = give(redirect("/welcome", 303), at_door(door.id, current().look))
    reply.headers["Referrer-Policy"] = "no-referrer"
    return reply


def _is_used(before: Snapshot | None) -> bool:
    """Tell whether there is nothing left to answer behind a personal door."""
    return before is not None and before.state in ("finished", "withdrawn")


def _leads_nowhere(door: Door, before: Snapshot | None) -> bool:
    """Tell whether a door is of no use: its survey is answered, or it is too late to begin."""
    begun = before is not None and before.state in ("started", "stopped")
    return _is_used(before) or not (begun or door.may_begin)


@dataclass(frozen=True)
class _AtDoor:
    """Someone at a door: which door, the survey behind it in their language, and what they began earlier."""

    door: Door
    survey: Survey
    before: Snapshot | None


def _at_door(pass_: Pass) -> _AtDoor | None:
    """Return where someone stands; None without a pass for a door, or when it has been closed."""
    if pass_.door is None:
        return None
    engine = store().engine
    with session(engine) as db:
        door = door_by_id(db, pass_.door, now())
    if door is None:
        return None
    before = earlier(engine, door)
    if not door.may_begin and _leads_nowhere(door, before):
        return None
    version = before.sha256 if before else newest(engine, door.study_id).get(door.questionnaire)
    wanted = request.values.get("language") or (before.language if before else None)
    survey = version and ((wanted and catalogue().survey(version, wanted)) or catalogue().survey(version))
    return _AtDoor(door, survey, before) if survey else None


def _unknown() -> Reply:
    """Answer for every code and link that leads nowhere: the same, whether it is wrong, closed or used."""
    return private(Response(render_template("answer/unknown.html", **plain_words()), status=404))


@answer.get("/welcome")
def welcome() -> Reply:
    """Say what this is about and ask for a yes; someone who said yes before goes on at once."""
    pass_ = current()
    found = _at_door(pass_)
    if found is None:
        return redirect("/", 303)
    if _is_used(found.before):
        return _unknown()
    if not _agreed(found.door):
        return nothing_here(found.survey)
    # A program that only looks at the head of a page is no second sitting.
    if found.before is not None and found.before.assent and request.method == "GET":
        return _start(found, pass_)
    return private(Response(_welcome_page(found, pass_)))


def _agreed(door: Door) -> bool:
    """Tell whether the consent the study asks for is there; by an open door only the first page asks."""
    if door.participant_id is None:
        return True
    with read(store().engine) as connection:
        try:
            must_agree(connection, door.study_id, door.participant_id, door.wave_id)
        except NotAgreed:
            return False
    return True


def _welcome_page(found: _AtDoor, pass_: Pass, error: str | None = None) -> str:
    survey = found.survey
    asked = survey.questionnaire
    facts = facts_at_door(store().engine, found.door.id) if survey.opens_with_facts else {}
    links = [(code, name, f"/welcome?language={code}", here) for code, name, _, here in survey.languages("")]
    template = "answer/assent.html" if survey.pupil and asked.assent else "answer/information.html"
    words = survey.words | {"links": links, "look": pass_.classes, "here": "", "look_address": _look_address(survey)}
    return render_template(
        template,
        assent=asked.assent,
        questionnaire=asked,
        code=survey.language,
        version=survey.version,
        error=error,
        filled=survey.filled({}, facts),
        **words,
    )


def _look_address(survey: Survey) -> str:
    return f"/look?language={survey.language}"


@answer.post("/welcome")
def decide() -> Reply:
    """Take the yes or the no. A no is kept as a no, and nothing else."""
    pass_ = current()
    if pass_.response is not None:
        return _decide_again(pass_)
    found = _at_door(pass_)
    if found is None:
        return _unknown() if pass_.door is not None else redirect("/", 303)
    if _is_used(found.before):
        return _unknown()
    agreed = _said(asked=found.survey.questionnaire.assent is not None)
    if request.form.get("version", found.survey.version) != found.survey.version:
        # A newer version was published since the page was opened: no one agrees to what they have not read.
        return private(Response(_welcome_page(found, pass_)))
    if agreed is None and found.survey.questionnaire.assent is not None:
        error = found.survey.say("Pick one answer.")
        return private(Response(_welcome_page(found, pass_, error)))
    return _start(found, pass_, agreed)


def _said(*, asked: bool) -> bool | None:
    """Return the yes or the no that was sent, None when there is none; answer 400 for what no page of ours sends."""
    sent = request.form.to_dict(flat=False)
    if not set(sent) <= {"assent", "start", "language", "version"} or any(len(values) > 1 for values in sent.values()):
        abort(400)
    said = request.form.get("assent")
    if said not in ((None, "yes", "no") if asked else (None,)):
        abort(400)
    return None if said is None else said == "yes"


def _decide_again(pass_: Pass) -> Reply:
    """Take a no after a yes (by the browser's Back, say): then what was answered is deleted."""
    agreed = _said(asked=True)
    snapshot = load(store().engine, pass_.response or "")
    if snapshot is not None and agreed is False and snapshot.epoch == pass_.epoch and snapshot.state == "started":
        snapshot = assent(store().engine, snapshot.id, False, now()).snapshot
    if snapshot is not None and snapshot.state == "declined":
        survey = catalogue().survey(snapshot.sha256, snapshot.language)
        return take_back(redirect(f"{survey.over}?as=declined" if survey else "/", 303))
    return redirect("/go", 303)


def _start(found: _AtDoor, pass_: Pass, agreed: bool | None = None) -> Reply:
    survey, engine = found.survey, store().engine
    try:
        ticket = begin(engine, found.door.id, survey.language, survey.sha256, now(), ComingIn(once=pass_.visit))
    except WaveOver:
        return wave_over(survey)
    except NotAgreed:
        return nothing_here(survey)
    if agreed is not None:
        assent(engine, ticket.response, agreed, now())
    if agreed is False:
        return take_back(redirect(f"{survey.over}?as=declined", 303))
    version = ticket.sha256[:VERSION_LENGTH]
    inside = Pass(response=ticket.response, epoch=ticket.epoch, version=version, look=pass_.look)
    return give(redirect("/go", 303), inside)
