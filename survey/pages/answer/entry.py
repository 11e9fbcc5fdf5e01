"""Coming in: by a link, by a typed code; then what this is about, and yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal, get_args
from urllib.parse import urlencode

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.database import read, session
from survey.fieldwork.consent import NotAgreed, must_agree
from survey.fieldwork.doors import Door, Shut, door_by_code, door_by_id, door_by_token
from survey.fieldwork.publications import current as newest
from survey.pages.answer import in_class, tries, turns
from survey.pages.answer.blueprint import answer
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.compiled import VERSION_LENGTH, Survey
from survey.pages.answer.going_on import nothing_here, now, private, wave_over
from survey.pages.answer.passes import Pass, current, give, take_back
from survey.pages.answer.receipt import day_of
from survey.pages.answer.tongue import asked_language, every_language, in_every_language, plain_words, wanted_language
from survey.pages.answer.unsent import aside, detour
from survey.pages.store import store
from survey.responses import ComingIn, Snapshot, assent, begin, earlier, facts_at_door, load, occasion_at
from survey.responses.begin import WaveOver
from survey.responses.children import ChildAt, known_children
from survey.wording import day_in_words, in_query, own_name, say_in

LONGEST_CODE = 60

_CODES: Final = "code"
"""What tries at the front page are counted as: codes of doors, open and personal."""


@answer.get("/")
def front() -> Reply:
    """Ask for a code; on a device that was used, ask first whose turn it is."""
    pass_ = current()
    if turns.used_for(pass_) is not None:
        # A link that was opened before and left undecided is given up.
        return give(redirect(f"/turn{in_query(asked_language())}", 303), replace(pass_, door=None, visit=""))
    return _code_page() if pass_.response is None else take_back(_code_page())


def _code_page(
    error: str | None = None, typed: str | None = None, status: int = 200, looks: Pass | None = None
) -> Response:
    """Return the page that asks for a code. error: in the language of the page. typed: what stands in the box."""
    words = plain_words() | {"links": in_every_language("/")} | ({"look": looks.classes} if looks else {})
    return private(Response(render_template("answer/code.html", error=error, typed=typed, **words), status=status))


@answer.post("/")
def enter() -> Reply:
    """Let someone in by a typed code."""
    code = request.form.get("code", "")
    typed, say = code[:LONGEST_CODE], say_in(asked_language())
    if (away := detour()) is not None:
        words = plain_words() | {"audience": "pupil", "links": in_every_language("/")}
        return aside(away, words, lambda looks: _code_page(typed=typed, looks=looks))
    if not code.strip():
        return _code_page(say("Enter your code"))
    wait = tries.wait_for(_CODES)
    if wait is not None:
        return tries.please_wait(_code_page(tries.in_words(wait, say), typed), wait)
    with session(store().engine) as db:
        door = door_by_code(db, typed, store().settings.key("codes"), now())
    if door is None:
        return _by_class_code(typed)
    before = earlier(store().engine, door)
    if (end := turns.to_own_end(before)) is not None:
        tries.right(_CODES)
        return end
    # A right code of a shut door counts as wrong: to a person who guesses it is worth no more.
    if why := _barred(door, before):
        return tries.wrong(_CODES, _barred_page(door, before, why))
    tries.right(_CODES)
    return _let_in(door, before)


def _by_class_code(typed: str) -> Reply:
    """Let someone in by a code that is no door's: one of a class session, or one a teacher shows for one child."""
    joining = in_class.by_code(typed)
    if joining is None:
        sentence = say_in(asked_language())("We could not find that code. Check each letter.")
        return tries.wrong(_CODES, _code_page(sentence, typed, 404))
    tries.right(_CODES)
    return joining


@answer.get("/j/<token>")
def link(token: str) -> Reply:
    """Let someone in by a link, and lead on to an address without the link's secret."""
    with session(store().engine) as db:
        door = door_by_token(db, token, now())
    if door is None:
        # A program that only looks at the head of a page joins no class.
        return (in_class.by_token(token) if request.method == "GET" else None) or _unknown()
    before = earlier(store().engine, door)
    if (end := turns.to_own_end(before)) is not None:
        return end
    if why := _barred(door, before):
        return _barred_page(door, before, why)
    return _let_in(door, before)


def _let_in(door: Door, before: Snapshot | None) -> Reply:
    reply = turns.come_to(door, before)
    reply.headers["Referrer-Policy"] = "no-referrer"
    return reply


# ── who cannot come in, and why ───────────────────────────────────────────────────────────────────────────
_Why = Literal["early", "over", "ended", "finished", "nothing"]


def _barred(door: Door, before: Snapshot | None) -> _Why | None:
    """Return why someone cannot come in by a door; None when they can. before: what they began by it earlier."""
    if before is not None and before.state == "finished":
        return "finished"
    if before is not None and before.state == "withdrawn":
        return "nothing"
    if door.shut is None:
        return None
    begun = before is not None and before.state in ("started", "stopped")
    return None if begun and door.comes_back else door.shut.why


def _barred_page(door: Door, before: Snapshot | None, why: _Why) -> Response:
    """Say why someone cannot come in: the link or the code was once right, so they are told."""
    survey = _survey_behind(door, before)
    shut = door.shut or Shut("ended")
    told: dict[str, str] = {
        "why": why,
        "survey": survey.version if survey else "",
        "day": shut.day.isoformat() if shut.day else "",
        "kept": "1" if before and before.state in ("started", "stopped") and before.answers else "",
        "personal": "1" if door.participant_id is not None else "",
    }
    language = survey.language if survey else asked_language()
    return _told_page(survey, language, {name: said for name, said in told.items() if said})


@answer.get("/shut")
def shut_again() -> Reply:
    """Say once more why a link or a code lets no one in, to someone who wants to read it in another language.

    It names no link and no code: a page that answers a typed code has no other address to come back to.
    """
    told = {name: value for name, value in request.args.items() if name != "language"}
    if told.get("why") not in get_args(_Why) or not set(told) <= {"why", "survey", "day", "kept", "personal"}:
        abort(404)
    version, wanted = told.get("survey", ""), wanted_language()
    survey = (catalogue().survey(version, wanted) or catalogue().survey(version)) if version else None
    if (version and survey is None) or not _a_day(told.get("day")):
        abort(404)
    return _told_page(survey, survey.language if survey else asked_language(), told)


def _a_day(text: str | None) -> bool:
    try:
        return text is None or bool(date.fromisoformat(text))
    except ValueError:
        return False


def _told_page(survey: Survey | None, language: str, told: Mapping[str, str]) -> Response:
    """Return the page that says why someone cannot come in. told: what it says, as its own address has it."""
    place = f"/shut?{urlencode(told)}"
    spoken = survey.questionnaire.languages if survey else every_language()
    links = [(code, own_name(code), f"{place}&language={code}", code == language) for code in spoken]
    words = _outside(survey) if survey else plain_words(language)
    words |= {"links": links if len(links) > 1 else [], "shown": place}
    if told["why"] == "nothing":
        return private(Response(render_template("answer/nothing.html", **words), status=404))
    day = day_in_words(date.fromisoformat(told["day"]), now().date(), language) if "day" in told else None
    own = {"why": told["why"], "day": day, "kept": "kept" in told, "personal": "personal" in told}
    return private(Response(render_template("answer/shut.html", **words | own), status=404))


def _outside(survey: Survey) -> dict[str, object]:
    """Return what a page of a survey is given that stands before its questions."""
    return survey.words | {"links": [], "look": current().classes, "here": ""}


def _survey_behind(door: Door, before: Snapshot | None) -> Survey | None:
    """Return the survey a door leads to, in the language asked for or begun in; None when nothing is published."""
    version = before.sha256 if before else newest(store().engine, door.study_id).get(door.questionnaire)
    if version is None:
        return None
    wanted = wanted_language() or (before.language if before else None)
    return (wanted and catalogue().survey(version, wanted)) or catalogue().survey(version)


_NO_LINK: Final = "/j/-"
"""The address of a link that there never is, which says the same as every other one."""


def _unknown() -> Reply:
    """Answer for every link that never existed: the same, however wrong it is."""
    words = plain_words() | {"links": in_every_language(_NO_LINK), "shown": _NO_LINK}
    return private(Response(render_template("answer/unknown.html", **words), status=404))


@dataclass(frozen=True)
class _AtDoor:
    """Someone at a door: which door, the survey behind it in their language, and what they began earlier."""

    door: Door
    survey: Survey
    before: Snapshot | None


def _at_door(pass_: Pass) -> _AtDoor | Reply:
    """Return where someone stands; or the reply that leads away from a door that is gone, or tells them it is shut."""
    if pass_.door is None:
        return redirect("/", 303)
    engine = store().engine
    with session(engine) as db:
        door = door_by_id(db, pass_.door, now())
    if door is None:
        return redirect("/", 303)
    before = earlier(engine, door)
    if why := _barred(door, before):
        return (why == "finished" and in_class.done_already(pass_)) or _barred_page(door, before, why)
    survey = _survey_behind(door, before)
    return _AtDoor(door, survey, before) if survey else redirect("/", 303)


@answer.get("/welcome")
def welcome() -> Reply:
    """Say what this is about and ask for a yes; someone who said yes before goes on at once."""
    pass_ = current()
    if pass_.response is not None:
        return redirect("/go", 303)
    found = _at_door(pass_)
    if not isinstance(found, _AtDoor):
        return found
    if not _agreed(found.door):
        return nothing_here(found.survey)
    # A program that only looks at the head of a page is no second sitting.
    if found.before is not None and found.before.assent and request.method == "GET":
        return _start(found, pass_)
    return private(Response(_welcome_page(found)))


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


def _welcome_page(found: _AtDoor, error: str | None = None, looks: Pass | None = None) -> str:
    survey = found.survey
    facts = facts_at_door(store().engine, found.door.id) if survey.opens_with_facts else {}
    links = [(code, name, f"/welcome?language={code}", here) for code, name, _, here in survey.languages("")]
    own = {"links": links, "look": (looks or current()).classes, **({} if survey.pupil else _where(found))}
    return welcome_page(survey, facts, error, _outside(survey) | own)


def _where(found: _AtDoor) -> dict[str, object]:
    """Return what tells adults what they are asked about: the concert with its day, and the school."""
    occasion = occasion_at(store().engine, found.door.id)
    return {"occasion": occasion, "day": day_of(occasion, found.survey.language, now()) if occasion else None}


def welcome_page(survey: Survey, facts: Mapping[str, Any], error: str | None, words: Mapping[str, object]) -> str:
    """Return the page that says what this is about and asks for a yes, in `words` beside those of the survey."""
    asked = survey.questionnaire
    template = "answer/assent.html" if survey.pupil and asked.assent else "answer/information.html"
    return render_template(
        template,
        assent=asked.assent,
        questionnaire=asked,
        version=survey.version,
        error=error,
        chosen=request.form.get("assent", ""),
        filled=survey.filled({}, facts),
        **{**survey.words, **words},
    )


@answer.post("/welcome")
def decide() -> Reply:
    """Take the yes or the no. A no is kept as a no, and nothing else."""
    pass_ = current()
    if pass_.response is not None:
        return _decide_again(pass_)
    found = _at_door(pass_)
    if not isinstance(found, _AtDoor):
        return found
    if (away := detour()) is not None:
        words = _outside(found.survey) | {"links": found.survey.languages("")}
        return aside(away, words, lambda looks: private(Response(_welcome_page(found, looks=looks))))
    agreed = _said(asked=found.survey.questionnaire.assent is not None)
    if request.form.get("version", found.survey.version) != found.survey.version:
        # A newer version was published since the page was opened: no one agrees to what they have not read.
        return private(Response(_welcome_page(found)))
    if agreed is None and found.survey.questionnaire.assent is not None:
        error = found.survey.say("Pick one answer.")
        return private(Response(_welcome_page(found, error)))
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
        return in_class.leave(redirect(f"{survey.over}?as=declined" if survey else "/", 303), pass_)
    return redirect("/go", 303)


def _first_child(found: _AtDoor) -> ChildAt | None:
    """Return the first child a parent is asked about by a personal link, if the roster has any."""
    door = found.door
    if door.participant_id is None or not found.survey.questionnaire.for_each_child:
        return None
    children = known_children(store().engine, door.study_id, door.participant_id, door.wave_id)
    return children[0] if children else None


def _start(found: _AtDoor, pass_: Pass, agreed: bool | None = None) -> Reply:
    survey, engine = found.survey, store().engine
    try:
        coming = ComingIn(in_class.mode(pass_), pass_.visit, _first_child(found))
        ticket = begin(engine, found.door.id, survey.language, survey.sha256, now(), coming)
    except WaveOver:
        return wave_over(survey)
    except NotAgreed:
        return nothing_here(survey)
    in_class.begun(pass_, ticket.response)
    if agreed is not None:
        assent(engine, ticket.response, agreed, now())
    if agreed is False:
        return in_class.leave(redirect(f"{survey.over}?as=declined", 303), pass_)
    version = ticket.sha256[:VERSION_LENGTH]
    inside = Pass(
        response=ticket.response,
        epoch=ticket.epoch,
        version=version,
        look=pass_.look,
        sitting=pass_.sitting,
        shows_from=0 if survey.pupil else pass_.shows_from,
        child=survey.pupil,
    )
    return give(redirect("/go", 303), inside)
