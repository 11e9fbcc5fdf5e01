"""Paper: print questionnaires, key them in twice, settle where two people read differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from survey.database import read, session
from survey.definition.bundle import Bundle
from survey.fieldwork import current, study_by_code, text_of
from survey.fieldwork.finding import tidied
from survey.fieldwork.waves import wave_at
from survey.pages.account.forms import Form
from survey.pages.office.access import Seen, actor, allowed, may, refused, sees_microdata
from survey.pages.office.blueprint import office
from survey.pages.office.faults import STALE, FormFault
from survey.pages.office.sections import section
from survey.pages.office.sorting import SortColumn, sorted_table
from survey.pages.statics import asset
from survey.pages.store import store
from survey.paper.keying import PaperToKey, Read, differences, key_in, paper_of, ready_for, settle, sheet_of
from survey.paper.printing import Order, page, print_papers
from survey.people import LEAD, RESEARCHER
from survey.problems import Refused
from survey.responses.keyings import STATES, CannotKey, Keyed, PaperState, keyings_of, paper_by_id, papers

_WHO: Final = (LEAD, RESEARCHER)
_LONGEST_CODE: Final = 60
_LONGEST_LIST: Final = 10_000
_SHOWN: Final = 500
"""Papers under way that are listed one by one."""

section("paper", "Printed forms", "office.paper", order=60, group="Run", roles=_WHO)


def _reads_answers(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Open a view only to people who may see what individual people answered: a keyer does.

    Where a paper cannot be keyed they are told so on the page of all papers.
    """

    @wraps(view)
    def guarded(study: Seen, **more: Any) -> ResponseReturnValue:
        if not sees_microdata(study):
            return refused(
                "Entering a form shows what one person answered, and your role cannot see that in this study. Ask "
                "a lead of the study."
            )
        try:
            return view(study, **more)
        except CannotKey as fault:
            return _home(study, str(fault))

    return guarded


# ---- how far it has come -------------------------------------------------------------------------------


@office.get("/studies/<code>/paper")
@allowed(*_WHO)
def paper(study: Seen) -> ResponseReturnValue:
    """Show how many papers were printed, keyed once, are to settle and done; ask for the code of one to key."""
    return _home(study)


_FORM_COLUMNS: Final = (
    SortColumn("form", "Form", lambda one: one.paper.participant or f"copy {one.paper.number}"),
    SortColumn("wave", "Wave", lambda one: one.paper.wave, minor=True),
    SortColumn("questionnaire", "Questionnaire", lambda one: one.paper.questionnaire),
    SortColumn("printed", "Printed", lambda one: one.paper.printed_at, minor=True),
    SortColumn("state", "State", lambda one: one.state),
)


def _group_columns() -> list[SortColumn]:
    states = [
        SortColumn(state.replace(" ", "-"), state.capitalize(), partial(_in_state, state), number=True)
        for state in STATES
    ]
    return [SortColumn("wave", "Wave"), SortColumn("questionnaire", "Questionnaire", lambda row: row[1]), *states]


def _in_state(state: str, row: tuple[str, str, Counter[str]]) -> int:
    return row[2][state]


def _home(study: Seen, fault: str | None = None, said: str = "", written: str = "") -> str:
    there = papers(store().engine, study.id)
    return render_template(
        "office/paper.html",
        study=study,
        here="paper",
        form=Form(),
        keys=sees_microdata(study),
        groups=sorted_table("far", _group_columns(), _groups(study, there), "office.paper"),
        states=STATES,
        to_settle=[one.paper for one in there if one.state == "to resolve"],
        under_way=sorted_table(
            "open", _FORM_COLUMNS, [one for one in there if one.state != "done"][:_SHOWN], "office.paper"
        ),
        faults=[("code", fault)] if fault else [],
        said=said or request.args.get("said", ""),
        written=written,
        waves=[(wave.id, wave.title) for wave in study.plan.waves],
        wave_now=wave_at(study.plan, datetime.now(UTC)),
        questionnaires=_questionnaires(study),
        schools=_schools(study),
    )


def _groups(study: Seen, there: Sequence[PaperState]) -> list[tuple[str, str, Counter[str]]]:
    """Return (wave, questionnaire, how many papers in each state), in the order of the waves."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for one in there:
        counted.setdefault((one.paper.wave, one.paper.questionnaire), Counter())[one.state] += 1
    titles = {wave.id: wave.title for wave in study.plan.waves}
    order = list(titles)
    sorted_ = sorted(
        counted.items(), key=lambda item: (order.index(item[0][0]) if item[0][0] in order else 99, item[0])
    )
    return [(titles.get(wave, wave), questionnaire, states) for (wave, questionnaire), states in sorted_]


def _questionnaires(study: Seen) -> list[tuple[str, str, list[str]]]:
    """Return (id, title, languages) of every published questionnaire."""
    found = []
    for name, sha256 in current(store().engine, study.id).items():
        text = text_of(store().engine, sha256)
        if text is not None:
            questionnaire = Bundle.parse(text)
            found.append((name, questionnaire.title, questionnaire.languages))
    return found


def _schools(study: Seen) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return (code, title, classes) of every school."""
    with session(store().engine) as db:
        found = study_by_code(db, study.code)
        schools = found.schools if found else []
        return [
            (school.code, school.title, [(one.code, one.title) for one in school.classes])
            for school in sorted(schools, key=lambda school: school.title)
        ]


# ---- printing ------------------------------------------------------------------------------------------


@office.get("/studies/<code>/paper/print")
@allowed(*_WHO)
def paper_print(study: Seen) -> ResponseReturnValue:
    """Ask what is to be printed."""
    return _print_page(study, [], {})


def _print_page(study: Seen, faults: Sequence[FormFault], typed: Mapping[str, str]) -> str:
    questionnaires = _questionnaires(study)
    return render_template(
        "office/paper-print.html",
        study=study,
        here="paper",
        form=Form(),
        faults=list(faults),
        typed={"wave": wave_at(study.plan, datetime.now(UTC)), **typed},
        waves=[(wave.id, wave.title) for wave in study.plan.waves],
        questionnaires=questionnaires,
        languages=sorted({language for *_, languages in questionnaires for language in languages}),
        schools=_schools(study),
    )


@office.post("/studies/<code>/paper/print")
@allowed(*_WHO)
def paper_printing(study: Seen) -> ResponseReturnValue:
    """Make the papers and send the page to be printed. Each time it makes new codes, and says so in the audit."""
    typed = {name: tidied(text, _LONGEST_LIST) for name, text in request.form.items()}
    if not Form().validate():
        return _print_page(study, [("main", "No forms have been made yet. Please press the button again.")], typed)
    copies = typed.get("copies", "")
    if copies and not (copies.isascii() and copies.isdigit() and len(copies) < 7):
        return _print_page(study, [("copies", "Write how many copies as a number, such as 30.")], typed)
    if not copies and not sees_microdata(study):
        # A paper's code opens on a screen what its owner has begun there.
        return _print_page(
            study,
            [("copies", "Your role can only print copies, for people who are not on the roster. Enter how many.")],
            typed,
        )
    school, _, school_class = typed.get("place", "").partition("/")
    order = Order(
        study.code,
        typed.get("wave", ""),
        typed.get("questionnaire", ""),
        typed.get("language") or None,
        school or None,
        school_class or None,
        tuple(typed.get("participants", "").replace(",", " ").split()),
        int(copies or 0),
        typed.get("large") == "yes",
    )
    try:
        made = print_papers(store().engine, store().settings, order, actor(), datetime.now(UTC))
    except Refused as fault:
        return _print_page(study, [("main", sentence) for sentence in fault.reasons], typed)
    version = made.sha256[:12]
    return page(made, asset("paper.css"), lambda path: f"/file/{version}/{path}")


# ---- keying --------------------------------------------------------------------------------------------


@office.post("/studies/<code>/paper")
@allowed(*_WHO)
@_reads_answers
def paper_find(study: Seen) -> ResponseReturnValue:
    """Go to the paper with the code someone typed; or give a code to a paper that has lost its own."""
    if not Form().validate():
        return _home(study, STALE[1])
    if "wave" in request.form:
        return _code_for_a_lost_one(study)
    typed = request.form.get("code", "")[:_LONGEST_CODE]
    found = paper_of(store().engine, store().settings, study.id, typed)
    if found is None:
        return _home(
            study,
            "No form of this study has this code. It is at the foot of the sheet: letters, and on copies a number "
            "as well, such as ravo kimu 12.",
        )
    return redirect(url_for("office.paper_key", code=study.code, number=found.id))


def _code_for_a_lost_one(study: Seen) -> ResponseReturnValue:
    order = Order(
        study.code,
        request.form.get("wave", ""),
        request.form.get("questionnaire", ""),
        school=request.form.get("school") or None,
        copies=1,
    )
    try:
        made = print_papers(store().engine, store().settings, order, actor(), datetime.now(UTC))
    except Refused as fault:
        return _home(study, fault.reasons[0])
    return _home(study, written=made.papers[0].code)


@office.get("/studies/<code>/paper/<int:number>/key")
@allowed(*_WHO)
@_reads_answers
def paper_key(study: Seen, number: int) -> ResponseReturnValue:
    """Show the keyer's form of a paper."""
    sheet = _sheet(study, number)
    ready_for(store().engine, sheet.paper, current_user.id)
    return _key_page(study, sheet, {}, [])


def _sheet(study: Seen, number: int) -> PaperToKey:
    """Return a paper of the study. Raises CannotKey when there is none with this number."""
    found = paper_by_id(store().engine, study.id, number) if number < 2**31 else None
    if found is None:
        raise CannotKey("There is no such form in this study. Please enter its code.")
    return sheet_of(store().engine, found, study.plan.time_zone)


def _key_page(study: Seen, sheet: PaperToKey, typed: Mapping[str, str], faults: Sequence[FormFault]) -> str:
    return render_template(
        "office/paper-key.html",
        study=study,
        here="paper",
        form=Form(),
        sheet=sheet,
        typed=typed,
        faults=list(faults),
        said=dict(reversed(list(faults))),
    )


@office.post("/studies/<code>/paper/<int:number>/key")
@allowed(*_WHO)
@_reads_answers
def paper_keyed(study: Seen, number: int) -> ResponseReturnValue:
    """Keep what someone keyed; say whether it is the first reading, the same as the first, or to be settled."""
    sheet = _sheet(study, number)
    typed = dict(request.form.items())
    if not Form().validate():
        return _key_page(study, sheet, typed, [STALE])
    now = datetime.now(UTC)
    found = sheet.read(typed, now.astimezone(ZoneInfo(study.plan.time_zone)).date())
    if found.faults:
        return _key_page(study, sheet, typed, found.faults)
    outcome, _ = key_in(store().engine, sheet, current_user.id, actor(), found, now)
    if outcome == "differs":
        return redirect(url_for("office.paper_differences", code=study.code, number=number))
    return redirect(url_for("office.paper", code=study.code, said=_came_of(outcome, found)))


def _came_of(outcome: str, found: Read) -> str:
    said = "once" if outcome == "first" else "same"
    return f"{said}-flagged" if found.flagged else said


# ---- settling ------------------------------------------------------------------------------------------


@office.get("/studies/<code>/paper/<int:number>/settle")
@allowed(*_WHO)
@_reads_answers
def paper_differences(study: Seen, number: int) -> ResponseReturnValue:
    """Show where two people read a paper differently: to the two of them, and to who leads the study."""
    return _settle_page(study, _sheet(study, number), {}, [])


def _settle_page(
    study: Seen, sheet: PaperToKey, typed: Mapping[str, str], faults: Sequence[FormFault]
) -> ResponseReturnValue:
    with read(store().engine) as connection:
        both = keyings_of(connection, sheet.paper.id)
    if sheet.paper.settled_at is not None or len(both) < 2:
        raise CannotKey("There are no differences to resolve on this form.")
    if not _settles(study, both):
        return refused(_NOT_YOURS)
    return render_template(
        "office/paper-settle.html",
        study=study,
        here="paper",
        form=Form(),
        sheet=sheet,
        gaps=differences(sheet, both),
        keyers=[one.email for one in both],
        typed=typed,
        faults=list(faults),
        said=dict(reversed(list(faults))),
    )


_NOT_YOURS: Final = "Only the two people who entered this form, or a lead of the study, can resolve it."


def _settles(study: Seen, both: Sequence[Keyed]) -> bool:
    return may(study, (LEAD,)) or any(one.account_id == current_user.id for one in both)


@office.post("/studies/<code>/paper/<int:number>/settle")
@allowed(*_WHO)
@_reads_answers
def paper_settled(study: Seen, number: int) -> ResponseReturnValue:
    """Take the decisions; the paper is then a response."""
    sheet = _sheet(study, number)
    typed = dict(request.form.items())
    with read(store().engine) as connection:
        both = keyings_of(connection, sheet.paper.id)
    if both and not _settles(study, both):
        return refused(_NOT_YOURS)
    if not Form().validate():
        return _settle_page(study, sheet, typed, [STALE])
    chosen = {name.removeprefix("choose-"): value for name, value in typed.items() if name.startswith("choose-")}
    done = settle(store().engine, sheet, actor(), chosen, typed, datetime.now(UTC))
    if done.faults:
        return _settle_page(study, sheet, typed, done.faults)
    return redirect(url_for("office.paper", code=study.code, said="again" if done.again else "settled"))
