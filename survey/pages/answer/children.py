"""Another child: whether a parent answers about one more, at which school, and which study code the child has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.definition.household import WHICH_CHILD
from survey.pages.answer import tries
from survey.pages.answer.blueprint import answer
from survey.pages.answer.going_on import (
    agreed,
    elsewhere,
    go_on,
    led_away,
    next_number,
    not_taken,
    now,
    posted_in,
    private,
    snapshot_of,
    survey_at,
    to_screen,
)
from survey.pages.answer.household import NO, Household, household, place_of
from survey.pages.answer.passes import Pass, current
from survey.pages.answer.questions import standing
from survey.pages.answer.unsent import Detour, aside, detour
from survey.pages.store import store
from survey.responses import SavedPage, Snapshot, save, speak
from survey.responses.children import ChildAt, SchoolToChoose, at_school
from survey.responses.households import give_code, remove_child, set_child
from survey.responses.late import too_late

_SCREEN: Final = "another-child"
"""What the log of saves calls the page."""

_CODES: Final = "child"
"""What tries of study codes are counted as."""

LONGEST_CODE: Final = 60


@dataclass(frozen=True)
class CheckSection:
    """A part of the page on which a parent checks all answers: what was asked once, or what is about one child.

    rows: as Survey.check_rows has them. code: None where no study code can be given here, else whether there is one;
    code_at: where it is given. another: where it is changed whether a further child is answered about, and the school.
    school_at: where it is changed which school the first child goes to, at a concert of several; empty elsewhere.
    """

    title: str
    place: str
    rows: list[tuple[str, str | None, str, str]]
    code: str | None = None
    code_at: str = ""
    another: str = ""
    school_at: str = ""


def sections_of(theirs: Household, pass_: Pass) -> list[CheckSection]:
    """Return everything an adult answered, as it is shown before it is sent, on the device that has this pass."""
    survey, first = theirs.survey, theirs.first
    if not theirs.asked:
        return [CheckSection("", "", survey.check_rows(first.answers, first.facts, standing(first, pass_)))]
    if len(theirs.rows) == 1 and not theirs.known:
        return [_section(theirs, first, pass_, for_each=None)]
    once = survey.check_rows(first.answers, first.facts, standing(first, pass_), for_each=False)
    family = [CheckSection(survey.say("About your family"), "", once)] if once else []
    return [*family, *(_section(theirs, row, pass_, for_each=True) for row in theirs.rows)]


def _section(theirs: Household, row: Snapshot, pass_: Pass, *, for_each: bool | None) -> CheckSection:
    survey = theirs.survey
    title = theirs.title(row) if for_each else ""
    here = f"{survey.children}/{theirs.place(row)}"
    school_at = f"{survey.school}?check=1" if row is theirs.first and theirs.first_at else ""
    return CheckSection(
        title,
        place_of(row) if title or school_at else "",
        survey.check_rows(row.answers, row.facts, standing(row, pass_), for_each=for_each),
        # By a personal link the roster knows which child is meant, or no one can tell.
        None if theirs.known else _code_in_words(row, survey.say("Given")),
        f"{here}/code",
        here if row.child > 1 else "",
        school_at,
    )


def _code_in_words(row: Snapshot, given: str) -> str:
    """Return whether there is a study code: never the code, since whoever holds the device next could read it."""
    return given if row.child_id is not None else ""


def before_child(theirs: Household, child: int | None, epoch: int) -> Reply:
    """Lead back from the question about a further child, or (None) from the page where everything is checked."""
    asked = [place for place in theirs.to_ask if child is None or place < child]
    row = [one for one in theirs.rows if child is None or theirs.place(one) < child][-1]
    if asked and asked[-1] > theirs.place(row):
        return redirect(f"{theirs.survey.children}/{asked[-1]}", 303)
    route = theirs.survey.journey.route(row.answers, row.facts)
    return to_screen(theirs.survey, route[-1], row, epoch)


# ── another child? ────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class _Asking:
    """A parent at the question about a further child: who they are, and which child it would be."""

    theirs: Household
    pass_: Pass
    place: int

    @property
    def offered(self) -> ChildAt | None:
        """The child that the roster has in this place; None by an open link."""
        return self.theirs.known[self.place - 1] if self.theirs.known else None

    @property
    def number(self) -> int:
        """The number of the child's row: its own, or that of the place where it has none yet."""
        return self.place if self.there is None else self.there.child

    @property
    def there(self) -> Snapshot | None:
        """The child's row, where it was answered about already."""
        return self.theirs.row(self.place)


def _asking(version: str, language: str, place: int) -> _Asking | Reply:
    """Return who is at a question about a further child; or the reply that leads to where they are."""
    pass_ = current()
    first = snapshot_of(pass_)
    if first is None or pass_.version != version:
        return redirect("/go" if first is not None else "/", 303)
    survey = survey_at(version, language)
    if not survey.questionnaire.for_each_child:
        abort(404)
    if (dead := led_away(survey, first, pass_)) is not None:
        return dead
    theirs = household(survey, first)
    new = theirs.row(place) is None
    if place < 2 or (new and (place not in theirs.to_ask or theirs.where_open() is not None)):
        return go_on(survey, first, pass_.epoch)
    return _Asking(theirs, pass_, place)


@answer.get("/children/<version>/<language>/<int:place>")
def ask_child(version: str, language: str, place: int) -> Reply:
    """Ask whether a parent answers about one more child."""
    found = _asking(version, language, place)
    if not isinstance(found, _Asking):
        return found
    if found.theirs.first.language != language:
        speak(store().engine, found.theirs.first.id, language, now())
    return private(Response(_page(found)))


def _page(
    asked: _Asking, error: str | None = None, chosen: tuple[str, str] | None = None, looks: Pass | None = None
) -> str:
    """Return the page. chosen: what is chosen on it and not sent yet; without it, what was answered before."""
    theirs, survey = asked.theirs, asked.theirs.survey
    here, others = _schools(theirs)
    chosen = chosen or _chosen(asked, here)
    return render_template(
        "answer/children.html",
        **{
            **survey.words,
            "look": (looks or asked.pass_).classes,
            "links": survey.languages(f"/{asked.place}", "children"),
            "back": f"{survey.children}/{asked.place}/back",
            "offered": _place_in_words(asked.offered),
            "here": here,
            "others": others,
            "chosen": chosen,
            "questions": len(survey.journey.route({}, {**theirs.first.facts, WHICH_CHILD: 2})),
            "error": error,
        },
    )


def _place_in_words(child: ChildAt | None) -> str:
    if child is None or child.places is None:
        return ""
    return ", ".join(str(child.places[name]) for name in ("school_class", "school") if child.places.get(name))


def _schools(theirs: Household) -> tuple[SchoolToChoose | None, list[SchoolToChoose]]:
    """Return the school the first child is at, and the others: those of the concert first, then those of its area."""
    schools = theirs.schools
    here = next((one for one in schools if one.id == theirs.first.school_id), None)
    area = here.programme_id if here else None
    others = [one for one in schools if one is not here]
    at_concert = {one.id for one in theirs.first_at}
    near = [one for one in others if one.programme_id == area] if area is not None else []
    return here, sorted(others, key=lambda one: (one.id not in at_concert, one not in near))


def _chosen(asked: _Asking, here: SchoolToChoose | None) -> tuple[str, str]:
    """Return what was answered before: 'no', 'here', 'other' or 'yes', and the code of another school."""
    there = asked.there
    if there is None:
        return ("no", "") if asked.theirs.said_no(asked.place) else ("", "")
    if asked.offered is not None:
        return ("yes", "")
    if here is not None and there.school_id == here.id:
        return ("here", "")
    return ("other", str(there.facts.get("school_code", "")))


@answer.post("/children/<version>/<language>/<int:place>")
def take_child(version: str, language: str, place: int) -> Reply:
    """Take whether a parent answers about one more child, and at which school it is."""
    found = _asking(version, language, place)
    if not isinstance(found, _Asking):
        return found
    survey, first = found.theirs.survey, found.theirs.first
    if too_late(store().engine, first, now()) or not agreed(first):
        return not_taken(survey, first)
    if (away := detour()) is not None:
        return _leave(found, away)
    said, school = _said()
    if said == "no":
        return _no_more(found)
    if said == "":
        return private(Response(_page(found, survey.say("Pick one answer."))))
    if (said == "yes") is (found.offered is None):
        abort(400)
    child = found.offered or _at(first, said, school)
    if child is None:
        return private(Response(_page(found, survey.say("Choose the school."))))
    row = set_child(store().engine, first.id, found.number, child, now())
    if row is None:
        return go_on(survey, first, found.pass_.epoch)
    if found.theirs.said_no(place):
        _answered(found, None)
    screen = survey.journey.resume(row.answers, row.facts)
    after = snapshot_of(found.pass_) or first
    return to_screen(survey, screen, row, found.pass_.epoch) if screen else go_on(survey, after, found.pass_.epoch)


def _leave(found: _Asking, away: Detour) -> Reply:
    """Show “Aa”, or the page again, in whichever language, with what was not sent yet."""
    survey, place = found.theirs.survey, f"/{found.place}"
    if away.language not in ("", survey.language):
        return posted_in(survey, away.language, lambda there: f"{there.children}{place}")
    chosen = (request.form.get("another", ""), request.form.get("school", ""))
    words = survey.words | {"links": survey.languages(place, "children")}
    return aside(away, words, lambda looks: private(Response(_page(found, chosen=chosen, looks=looks))))


def _said() -> tuple[str, str]:
    """Return what was chosen, and the code of the other school; answer 400 for what no page of ours sends."""
    sent: dict[str, Any] = request.form.to_dict(flat=False)
    if not set(sent) <= {"another", "school"} or any(len(values) > 1 for values in sent.values()):
        abort(400)
    said = request.form.get("another", "")
    if said not in ("", "no", "yes", "here", "other"):
        abort(400)
    return said, request.form.get("school", "")


def _at(first: Snapshot, said: str, school: str) -> ChildAt | None:
    if said == "here":
        return at_school(store().engine, first.study_id, str(first.facts.get("school_code", "")))
    return at_school(store().engine, first.study_id, school)


def _no_more(found: _Asking) -> Reply:
    """Keep that a parent does not answer about this child; what was answered about it is deleted."""
    survey, first = found.theirs.survey, found.theirs.first
    _keep_no(found)
    after = snapshot_of(found.pass_) or first
    return go_on(survey, after, found.pass_.epoch)


def _keep_no(found: _Asking) -> None:
    if found.there is not None:
        remove_child(store().engine, found.theirs.first.id, found.number, now())
    _answered(found, NO)


def _answered(found: _Asking, said: str | None) -> None:
    """Keep in the household's first row that a parent does not answer about a child, or no longer says so."""
    first = found.theirs.first
    n = next_number(first, found.pass_.epoch)
    page = SavedPage(found.pass_.epoch, n, _SCREEN, {found.theirs.refusal(found.place): said}, now=now())
    save(store().engine, first.id, page, correct=True, seen=first)


@answer.get("/children/<version>/<language>/<int:place>/back")
def back_from_child(version: str, language: str, place: int) -> Reply:
    """Go back to the last page before the question about a further child."""
    found = _asking(version, language, place)
    return before_child(found.theirs, place, found.pass_.epoch) if isinstance(found, _Asking) else found


# ── the child's study code ────────────────────────────────────────────────────────────────────────────────
@answer.get("/children/<version>/<language>/<int:place>/code")
def ask_code(version: str, language: str, place: int) -> Reply:
    """Ask for the study code of a child, for those who have it from a letter."""
    found = _with_code(version, language, place)
    return _code_page(*found) if isinstance(found, tuple) else found


def _with_code(version: str, language: str, place: int) -> tuple[Household, Snapshot] | Reply:
    pass_ = current()
    first = snapshot_of(pass_)
    if first is None or pass_.version != version:
        return redirect("/go" if first is not None else "/", 303)
    survey = survey_at(version, language)
    if (dead := led_away(survey, first, pass_)) is not None:
        return dead
    theirs = household(survey, first)
    row = theirs.row(place)
    if row is None or not theirs.asked or theirs.known:
        abort(404)
    return theirs, row


def _code_page(
    theirs: Household, row: Snapshot, error: str | None = None, typed: str = "", looks: Pass | None = None
) -> Response:
    survey = theirs.survey
    title = theirs.title(row) if len(theirs.rows) > 1 else ""
    more = {"error": error, "typed": typed, "title": title, "place": place_of(row), "back": survey.check}
    links = survey.languages(f"/{theirs.place(row)}/code", "children")
    words = {**survey.words, "look": (looks or current()).classes, "links": links, **more}
    return private(Response(render_template("answer/child-code.html", **words)))


@answer.post("/children/<version>/<language>/<int:place>/code")
def take_code(version: str, language: str, place: int) -> Reply:
    """Take the study code of a child: it counts with the school that the answers are about, and tries are counted."""
    found = _with_code(version, language, place)
    if not isinstance(found, tuple):
        return found
    theirs, row = found
    survey, sent = theirs.survey, request.form.get("code", "")[:LONGEST_CODE].strip()
    typed = "".join(sign for sign in sent if sign.isprintable())
    if row.epoch > current().epoch:
        return elsewhere(survey)
    if (away := detour()) is not None:
        return _leave_code(theirs, row, away, typed)
    wait = tries.wait_for(_CODES)
    if wait is not None:
        return tries.please_wait(_code_page(theirs, row, tries.in_words(wait, survey.say), typed), wait)
    if give_code(store().engine, row, typed):
        if typed:
            tries.right(_CODES)
        return redirect(survey.check, 303)
    error = survey.say("We could not find that code at this school. Check each letter, or leave it out.")
    page = _code_page(theirs, row, error, typed)
    page.status_code = 404
    return tries.wrong(_CODES, page)


def _leave_code(theirs: Household, row: Snapshot, away: Detour, typed: str) -> Reply:
    survey, place = theirs.survey, f"/{theirs.place(row)}/code"
    if away.language not in ("", survey.language):
        return posted_in(survey, away.language, lambda there: f"{there.children}{place}")
    words = survey.words | {"links": survey.languages(place, "children")}
    return aside(away, words, lambda looks: _code_page(theirs, row, typed=typed, looks=looks))
