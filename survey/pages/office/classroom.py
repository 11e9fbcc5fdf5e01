"""The teacher's pages: cards for a class, a class session on the board, and how far each card is. Never an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey.audit import Act
from survey.classroom.acting import (
    MODES,
    MODES_OF_A_CLASS,
    OWN_DEVICE,
    WHY_MOVED,
    answers_by,
    exchange_answers,
    give_answers,
    give_back,
    let_child_in,
    replace_card,
    set_answers_aside,
    sign_out,
)
from survey.classroom.cards import make_cards
from survey.classroom.joining import joins_are_held
from survey.classroom.listing import NEEDS_YOU, TITLES, CardState, ClassList, class_list, participant_with
from survey.classroom.members import ClassInWave, WaveAndClass, classes_in
from survey.classroom.sessions import (
    ClassSession,
    answers_of_all_by,
    begin_session,
    change_code,
    end,
    ended_sessions,
    go_on,
    open_sessions,
    pause,
    questionnaires_for_pupils,
    session_by_id,
)
from survey.database import session
from survey.definition.wording import fill
from survey.drawings import qr_code
from survey.fieldwork import Wave
from survey.fieldwork.links import address
from survey.fieldwork.publications import current as newest
from survey.fieldwork.waves import wave_at
from survey.pages.account.forms import Form
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.compiled import Survey
from survey.pages.office.access import Seen, actor, allowed, my_schools, refused, with_years
from survey.pages.office.blueprint import office
from survey.pages.office.faults import STALE, FormFault, leading_to
from survey.pages.office.sections import section
from survey.pages.store import store
from survey.pages.trying.published import address_of
from survey.paper.aloud import script_of
from survey.paper.cards import in_sheets
from survey.people import COORDINATOR, LEAD
from survey.people.attempts import counter
from survey.problems import Refused
from survey.progress.outcomes import REASONS
from survey.progress.reasons import GivenReason, give
from survey.responses import stream
from survey.results.class_said import ClassSummary, SaidTogether, class_summary
from survey.wording import direction, html_language, own_name

_WHO: Final = (LEAD, COORDINATOR)
_CHOOSE_CARD: Final = "Choose the card of the child who gave these answers."
_CHOOSE_REASON: Final = "Choose a reason."

_REASONS: Final = {"absent": REASONS["absent"], "refused": "Does not want to"}
"""Why a child does not answer, as a teacher knows it in the classroom."""

_DONE: Final = {
    "pause": "The children wait now. Choose “Continue” when they may go on.",
    "continue": "The children can go on.",
    "new code": "The class code has changed. Children who are in can go on.",
    "mode": "Saved how the child answers.",
    "class mode": "Saved. It holds for children who start from now on.",
    "reason": "Saved.",
    "sign out": "Signed out of every device. The child can come in again, and goes on at the next question.",
    "give": "The answers now belong to the other child. Both children can come in with their own cards.",
    "exchange": "The answers of the two children are exchanged. Both can come in with their own cards.",
    "aside": "The answers are set aside. The child can come in again, and starts from the first question.",
    "give back": "The answers now belong to the child with that card.",
}
"""What is said after something was done."""

section("classroom", "Class sessions", "office.classroom", order=33, group="Run", roles=_WHO)


def _act() -> Act:
    return Act(actor(), datetime.now(UTC))


def _key(purpose: str) -> bytes:
    return store().settings.key(purpose)


# ---- choosing a class --------------------------------------------------------------------------------------


@office.get("/studies/<code>/classroom")
@allowed(*_WHO)
def classroom(study: Seen) -> ResponseReturnValue:
    """Show the class sessions that are open, how to start one, and the classes with their cards."""
    return _home(study)


@office.post("/studies/<code>/classroom")
@allowed(*_WHO)
def start_session(study: Seen) -> ResponseReturnValue:
    """Start a class session, or go to the one that is open."""
    if not Form().validate_on_submit():
        return _home(study, [STALE])
    chosen = request.form.get("class", "")
    its_class = next((one for one in _classes(study) if str(one.id) == chosen), None)
    if its_class is None:
        return _home(study, [("class", "Choose a class.")])
    place = WaveAndClass(study.id, _wave(study)[0], its_class.id)
    try:
        asked, with_cards = request.form.get("questionnaire", ""), request.form.get("cards") != "without"
        made = begin_session(store().engine, place, asked, _key("codes"), _act(), with_cards=with_cards)
    except Refused as refused:
        return _home(study, [("class", reason) for reason in refused.reasons], chosen)
    return redirect(url_for("office.class_session", code=study.code, number=made), 303)


def _home(study: Seen, faults: Sequence[FormFault] = (), chosen: str = "") -> ResponseReturnValue:
    _, wave = _wave(study)
    classes = _classes(study)
    asked = questionnaires_for_pupils(store().engine, study.id, wave)
    page = render_template(
        "office/classroom.html",
        study=study,
        here="classroom",
        form=Form(formdata=None),
        faults=leading_to(["class"] if classes else [], faults),
        chosen=chosen,
        with_cards=request.form.get("cards") != "without",
        running=open_sessions(store().engine, study.id, my_schools(study), datetime.now(UTC)),
        ended=ended_sessions(store().engine, study.id, my_schools(study), datetime.now(UTC)),
        classes=classes,
        questionnaires=[(name, _title_and_years(study, name)) for name in asked],
        ready=[(name, _title_and_years(study, name), it) for name in asked if (it := _survey(study, name))],
        tried_at=address_of,
        own_name=own_name,
        titles={one.id: one.title for one in study.plan.waves},
        wave=wave,
    )
    return page, 400 if faults else 200


def _wave(study: Seen) -> tuple[int, str]:
    """Return the id and the code of the wave that people work on."""
    code = wave_at(study.plan, datetime.now(UTC))
    with session(store().engine) as db:
        return db.query(Wave.id).filter_by(study_id=study.id, code=code).scalar(), code


def _classes(study: Seen) -> list[ClassInWave]:
    return classes_in(store().engine, _wave(study)[0], my_schools(study))


def _title_and_years(study: Seen, questionnaire: str) -> str:
    """Return a questionnaire's title with the years that get it: two of one title have to be told apart."""
    return with_years(study, questionnaire, _title(study, questionnaire))


def _title(study: Seen, questionnaire: str) -> str:
    survey = _survey(study, questionnaire)
    return survey.questionnaire.title if survey else questionnaire


def _tried_at(study: Seen, questionnaire: str) -> str:
    """Return the address at which a questionnaire can be tried out; empty for one that is not published."""
    survey = _survey(study, questionnaire)
    return address_of(survey.sha256, survey.language) if survey else ""


def _survey(study: Seen, questionnaire: str) -> Survey | None:
    version = newest(store().engine, study.id).get(questionnaire)
    return catalogue().survey(version) if version else None


@office.get("/studies/<code>/classroom/aloud/<questionnaire>/<language>")
@allowed(*_WHO)
def aloud(study: Seen, questionnaire: str, language: str) -> ResponseReturnValue:
    """Show the script for an adult who reads a questionnaire for pupils aloud."""
    survey = _survey(study, questionnaire)
    if survey is None or not survey.pupil or language not in survey.source.languages:
        abort(404)
    script = script_of(survey.source, language)
    return render_template(
        "office/class-aloud.html",
        study=study,
        here="classroom",
        script=script,
        count=sum(len(group.questions) for group in script.groups),
        language=html_language(language),
        direction=direction(language),
        filled=lambda text: fill(text or "", {}, {}),
    )


# ---- cards to print ----------------------------------------------------------------------------------------


@office.get("/studies/<code>/classroom/classes/<int:place>/cards")
@allowed(*_WHO)
def cards(study: Seen, place: int) -> ResponseReturnValue:
    """Say which cards would be made for a class, and which would stop working."""
    return _cards_page(study, _class(study, place))


@office.post("/studies/<code>/classroom/classes/<int:place>/cards")
@allowed(*_WHO)
def print_cards(study: Seen, place: int) -> ResponseReturnValue:
    """Make cards and show them, this once: what their QR codes hold is kept nowhere."""
    its_class = _class(study, place)
    if not Form().validate_on_submit():
        return _cards_page(study, its_class, [STALE])
    where = WaveAndClass(study.id, _wave(study)[0], its_class.id)
    try:
        made = make_cards(store().engine, where, _act(), again=request.form.get("do") == "again")
    except Refused as refused:
        return _cards_page(study, its_class, [("main", reason) for reason in refused.reasons])
    if not made:
        return _cards_page(study, _class(study, place))
    return render_template(
        "office/class-cards-print.html",
        study=study,
        here="classroom",
        its_class=its_class,
        pages=in_sheets([(new, address(store().settings, new.token)) for new in made]),
        base=_typed_address(),
    )


def _class(study: Seen, place: int) -> ClassInWave:
    """Return a class that the person here may see, or answer that there is no such page."""
    return next((one for one in _classes(study) if one.id == place), None) or abort(404)


def _cards_page(study: Seen, its_class: ClassInWave, faults: Sequence[FormFault] = ()) -> ResponseReturnValue:
    page = render_template(
        "office/class-cards.html",
        study=study,
        here="classroom",
        form=Form(formdata=None),
        faults=faults,
        its_class=its_class,
    )
    return page, 400 if faults else 200


def _typed_address() -> str:
    """Return the address of the front page, as it is typed."""
    return store().settings.base_url.partition("://")[2]


# ---- a class session ---------------------------------------------------------------------------------------


@office.get("/studies/<code>/classroom/<int:number>")
@allowed(*_WHO)
def class_session(study: Seen, number: int) -> ResponseReturnValue:
    """Show the list of a class session; with ?every=20 the page loads itself again."""
    return _list_page(study, _session(study, number))


@office.post("/studies/<code>/classroom/<int:number>")
@allowed(*_WHO)
def change_session(study: Seen, number: int) -> ResponseReturnValue:
    """Pause, continue, end, change the code; or give back answers that were set aside."""
    it = _session(study, number)
    if not Form().validate_on_submit():
        return _list_page(study, it, [STALE])
    do, engine = request.form.get("do", ""), store().engine
    if do == "give back":
        return _give_back(study, it)
    if do == "new code":
        change_code(engine, it.id, _key("codes"), _act())
    elif do == "class mode":
        answers_of_all_by(engine, it.id, _mode_of_all(), _act())
    elif do in _CHANGES:
        _CHANGES[do](engine, it.id, _act())
    else:
        abort(400)
    return _back_to(study, it, do)


def _mode_of_all() -> str | None:
    mode = request.form.get("mode", "")
    if mode not in MODES_OF_A_CLASS:
        abort(400)
    return None if mode == OWN_DEVICE else mode


_CHANGES: Final[Mapping[str, Callable[..., None]]] = {"pause": pause, "continue": go_on, "end": end}


def _give_back(study: Seen, it: ClassSession) -> ResponseReturnValue:
    which = request.form.get("which", "")
    there = next((one.response for one in _list(it).aside if _aside_name(one.response) == which), "")
    number = _number(request.form.get("card"))
    if number is None:
        return _list_page(study, it, [("aside", _CHOOSE_CARD)])
    try:
        give_back(store().engine, it, there, number, _act())
    except Refused as refused:
        return _list_page(study, it, [("aside", reason) for reason in refused.reasons])
    return _back_to(study, it, "give back")


def _back_to(study: Seen, it: ClassSession, done: str, card: int | None = None) -> ResponseReturnValue:
    return redirect(url_for("office.class_session", code=study.code, number=it.id, done=done, card=card), 303)


def _session(study: Seen, number: int) -> ClassSession:
    """Return a class session that the person here may see, or answer that there is no such page."""
    it, mine = session_by_id(store().engine, number), my_schools(study)
    if it is None or it.study_id != study.id or (mine is not None and it.school_id not in mine):
        abort(404)
    return it


def _list(it: ClassSession) -> ClassList:
    return class_list(store().engine, it, _key("tries"), _count, datetime.now(UTC))


def _count(sha256: str, language: str, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[int, int]:
    survey = catalogue().survey(sha256, language)
    return survey.journey.progress(answers, facts) if survey else (0, 0)


def _aside_name(response: str) -> str:
    """Return what a form calls answers that were set aside: not by the id of their response."""
    return counter(_key("tries"), "set aside", response)[:16]


def _list_page(study: Seen, it: ClassSession, faults: Sequence[FormFault] = ()) -> ResponseReturnValue:
    now, listed = datetime.now(UTC), _list(it)
    done = request.args.get("done", "")
    page = render_template(
        "office/class-session.html",
        study=study,
        here="classroom",
        form=Form(formdata=None),
        faults=leading_to(["aside"] if listed.aside else [], faults),
        it=it,
        state=it.state(now),
        until=it.ends_by.astimezone(ZoneInfo(study.plan.time_zone)),
        listed=listed,
        aside=[(one, _aside_name(one.response)) for one in listed.aside],
        said=_DONE.get(done, "") if not faults else "",
        card=_number(request.args.get("card")),
        held=joins_are_held(store().engine, it, _key("tries"), now),
        every=request.args.get("every") == "20" and it.state(now) != "ended",
        base=_typed_address(),
        **_words(study, it),
    )
    return page, 400 if faults else 200


def _words(study: Seen, it: ClassSession) -> dict[str, Any]:
    title = _title(study, it.questionnaire)
    return {
        "titles": TITLES,
        "modes": MODES,
        "modes_of_a_class": MODES_OF_A_CLASS,
        "why": WHY_MOVED,
        "needs_you": NEEDS_YOU,
        "questionnaire": title,
        "tried_at": _tried_at(study, it.questionnaire),
    }


@office.get("/studies/<code>/classroom/<int:number>/board")
@allowed(*_WHO)
def board(study: Seen, number: int) -> ResponseReturnValue:
    """Fill the screen with the class code, for children to read from the back row."""
    it = _session(study, number)
    if it.state(datetime.now(UTC)) == "ended":
        return redirect(url_for("office.class_session", code=study.code, number=it.id), 303)
    return render_template("office/class-board.html", study=study, it=it, base=_typed_address())


@office.get("/studies/<code>/classroom/<int:number>/end")
@allowed(*_WHO)
def ask_end_session(study: Seen, number: int) -> ResponseReturnValue:
    """Ask whether a class session is to end."""
    it = _session(study, number)
    return render_template(
        "office/class-end.html", study=study, here="classroom", form=Form(formdata=None), it=it, listed=_list(it)
    )


# ---- what a class said, the same day -------------------------------------------------------------------------


@office.get("/studies/<code>/classroom/<int:number>/said")
@allowed(*_WHO)
def class_said(study: Seen, number: int) -> ResponseReturnValue:
    """Say in words what a class said, once its class session has ended: a page for the head."""
    it = _session(study, number)
    if it.state(datetime.now(UTC)) != "ended":
        return _not_yet_ended(it)
    said, chosen = _said_in(study, it)
    return render_template(
        "office/class-said.html", study=study, here="classroom", it=it, said=said, chosen=chosen, **_words(study, it)
    )


@office.get("/studies/<code>/classroom/<int:number>/said/class")
@allowed(*_WHO)
def shown_to_the_class(study: Seen, number: int) -> ResponseReturnValue:
    """Fill the screen with what most of a class said, of the questions that the study has chosen for this."""
    it = _session(study, number)
    if it.state(datetime.now(UTC)) != "ended":
        return _not_yet_ended(it)
    said, chosen = _said_in(study, it)
    if not chosen:
        return redirect(url_for("office.class_said", code=study.code, number=it.id), 303)
    drawn = (_survey(study, it.questionnaire) or abort(404)).picture
    return render_template("office/class-show.html", study=study, it=it, said=said, chosen=chosen, picture=drawn)


def _not_yet_ended(it: ClassSession) -> ResponseReturnValue:
    text = "While children are still answering there is no summary. Please end the class session first."
    return refused(text, heading=f"{it.class_title} has not finished", status=409)


def _said_in(study: Seen, it: ClassSession) -> tuple[ClassSummary, list[SaidTogether]]:
    """Return what a class said, and what of it the class may see together."""
    records = list(stream(store().engine, study.id, it.questionnaire, (it.wave,), it.school_class_id))
    versions = {one.sha256: catalogue().survey(one.sha256, one.language) for one in records}
    known = {sha256: survey.questionnaire for sha256, survey in versions.items() if survey}
    asked = _survey(study, it.questionnaire) or abort(404)
    said = class_summary(records, known, asked.questionnaire, study.plan.disclosure.threshold)
    works = [one for one in study.plan.fieldwork if one.questionnaire == it.questionnaire]
    return said, said.for_the_class([name for one in works for name in one.show_class])


# ---- one card ----------------------------------------------------------------------------------------------


@office.get("/studies/<code>/classroom/<int:number>/cards/<int:card>")
@allowed(*_WHO)
def class_card(study: Seen, number: int, card: int) -> ResponseReturnValue:
    """Show what can be done for the child with a card."""
    it = _session(study, number)
    return _card_page(study, it, _card(it, card))


@office.post("/studies/<code>/classroom/<int:number>/cards/<int:card>")
@allowed(*_WHO)
def change_card(study: Seen, number: int, card: int) -> ResponseReturnValue:
    """Do something for the child with a card, and write it down."""
    it = _session(study, number)
    there = _card(it, card)
    if not Form().validate_on_submit():
        return _card_page(study, it, there, [STALE])
    do = request.form.get("do", "")
    if do not in _FOR_A_CARD:
        abort(400)
    try:
        return _FOR_A_CARD[do](study, it, card) or _back_to(study, it, do, card)
    except Refused as refused:
        return _card_page(study, it, there, [(do.replace(" ", "-"), reason) for reason in refused.reasons])


def _card(it: ClassSession, number: int) -> CardState:
    return _list(it).card(number) or abort(404)


def _offered(there: CardState, ended: bool) -> list[str]:
    """Return what can be done for the child with a card now, each as the id of its form."""
    come_in = [] if ended else ["let-in", "sign-out"]
    return [*come_in, "mode", *(["give", "exchange", "aside"] if there.begun else ["reason"]), "new-card"]


def _card_page(
    study: Seen, it: ClassSession, there: CardState, faults: Sequence[FormFault] = ()
) -> ResponseReturnValue:
    others = [one.number for one in _list(it).cards if one.number != there.number]
    offered = _offered(there, ended=it.state(datetime.now(UTC)) == "ended")
    page = render_template(
        "office/class-card.html",
        study=study,
        here="classroom",
        form=Form(formdata=None),
        faults=leading_to(offered, faults),
        it=it,
        offered=offered,
        there=there,
        others=sorted(others),
        reasons=_REASONS,
        **_words(study, it),
    )
    return page, 400 if faults else 200


def _let_in(study: Seen, it: ClassSession, card: int) -> ResponseReturnValue:
    shown = let_child_in(store().engine, it, card, (_key("codes"), _key("tries")), _act())
    return render_template(
        "office/class-let-in.html",
        study=study,
        here="classroom",
        it=it,
        shown=shown,
        qr=qr_code(address(store().settings, shown.token)),
        base=_typed_address(),
    )


def _new_card(study: Seen, it: ClassSession, card: int) -> ResponseReturnValue:
    made = replace_card(store().engine, it, card, _key("tries"), _act())
    return render_template(
        "office/class-cards-print.html",
        study=study,
        here="classroom",
        its_class=next(one for one in _classes(study) if one.id == it.school_class_id),
        pages=in_sheets([(made, address(store().settings, made.token))]),
        base=_typed_address(),
    )


def _keep_mode(_study: Seen, it: ClassSession, card: int) -> None:
    mode = request.form.get("mode", "")
    if mode not in MODES:
        raise Refused(["Choose how the child answers."])
    answers_by(store().engine, it, card, mode, _act())


def _keep_reason(study: Seen, it: ClassSession, card: int) -> None:
    why = request.form.get("reason", "")
    person = participant_with(store().engine, it, card)
    if why not in (*_REASONS, "none") or person is None:
        raise Refused([_CHOOSE_REASON])
    given = GivenReason(person, it.questionnaire, None if why == "none" else why)
    give(store().engine, study.id, it.wave, [given], _act(), my_schools(study))


def _sign_out(_study: Seen, it: ClassSession, card: int) -> None:
    sign_out(store().engine, it, card, _key("tries"), _act())


def _give(_study: Seen, it: ClassSession, card: int) -> None:
    give_answers(store().engine, it, (card, _other_card()), _why(), _act())


def _exchange(_study: Seen, it: ClassSession, card: int) -> None:
    exchange_answers(store().engine, it, (card, _other_card()), _why(), _act())


def _set_aside(_study: Seen, it: ClassSession, card: int) -> None:
    set_answers_aside(store().engine, it, card, _why(), _act())


def _other_card() -> int:
    number = _number(request.form.get("card"))
    if number is None:
        raise Refused([_CHOOSE_CARD])
    return number


def _why() -> str:
    why = request.form.get("why", "")
    if why not in WHY_MOVED:
        raise Refused([_CHOOSE_REASON])
    return why


_FOR_A_CARD: Final[Mapping[str, Callable[[Seen, ClassSession, int], ResponseReturnValue | None]]] = {
    "let in": _let_in,
    "new card": _new_card,
    "mode": _keep_mode,
    "reason": _keep_reason,
    "sign out": _sign_out,
    "give": _give,
    "exchange": _exchange,
    "aside": _set_aside,
}


def _number(text: str | None) -> int | None:
    """Return the number of a card in a form or an address; None when it is none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 2 else None
