"""What was found, in the browser: the evaluation's questions answered, every scale, every question, with pictures.

Results are worked out once and kept (survey/results/working.py); the pages show them, and nothing that is hidden there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, wraps
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from survey.export.contents import SmallSheet
from survey.export.study import StudyTables
from survey.findings.answers import Answer, answers
from survey.findings.outcomes import StudyOutcome
from survey.jobs.job import JobRecord
from survey.pages.office.access import Seen, View, allowed, refused, sees_tables, with_years
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section
from survey.pages.sending import send
from survey.pages.statics import FOLDER
from survey.pages.store import store
from survey.people import LEAD, RESEARCHER
from survey.pictures.drawing import drawn, on_its_own
from survey.pictures.png import NoFonts, png_of
from survey.results.figures import Figure
from survey.results.found import found
from survey.results.questions import asked_questions, question_figures
from survey.results.scales import outcome_lines, reliability, scale_sections
from survey.results.working import WorkedOut, desk

section("found", "What we found", "office.found", order=12, group="Results", roles=(LEAD, RESEARCHER))
section("scales", "Scales", "office.scales", order=13, group="Results", roles=(LEAD, RESEARCHER))
section("questions", "Questions", "office.questions", order=14, group="Results", roles=(LEAD, RESEARCHER))

PATIENCE: Final = 2.0
"""Seconds that a page waits for results before it says that they are being worked out."""

_FOUND: Final = "found"
"""Stands for the page “What we found” in the address of a picture."""


@dataclass(frozen=True)
class Results:
    """What a page of results shows. tables: of the waves up to the one in focus; items, scales: of all waves."""

    study: Seen
    worked: WorkedOut
    tables: StudyTables
    items: SmallSheet | None
    scales: SmallSheet | None
    waves: dict[str, str]

    @property
    def wave(self) -> str:
        """The wave in focus."""
        return self.tables.findings.wave

    def page(self, template: str, here: str, **more: Any) -> str:
        """Return a page."""
        made = self.worked.made.astimezone(ZoneInfo(self.study.plan.time_zone))
        return render_template(
            f"office/{template}.html", study=self.study, here=here, results=self, made=made, both=_both, **more
        )


def _both(figure: Figure, key: str) -> Markup:
    """Return a picture for wide pages and for phones."""
    if figure.picture is None:
        return Markup()
    two = drawn(figure.picture, key)
    return Markup(two.wide + two.phone)


@office.app_template_filter("unbroken")
def unbroken(sentence: str) -> str:
    """Keep a number and its sign of per cent on one line."""
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%")


Page = Callable[..., ResponseReturnValue]


def _with_results(page: Page) -> View:
    """Give a page the results of its study, up to the wave in its address; or say why there are none yet."""

    @allowed(LEAD, RESEARCHER)
    @wraps(page)
    def shown(study: Seen, **more: Any) -> ResponseReturnValue:
        if not sees_tables(study):
            return refused("You may not see the tables of this study. Ask a lead of the study.")
        now, here = datetime.now(UTC), desk(store().jobs)
        patience = current_app.config.get("RESULTS_PATIENCE", PATIENCE)
        whole = here.results(study.code, None, now, patience)
        if isinstance(whole, JobRecord):
            return _being_worked_out(study, whole)
        if whole.tables is None:
            return _nothing_yet(study, whole)
        waves = dict(whole.tables.findings.waves)
        asked = request.args.get("wave") or list(waves)[-1]
        if asked not in waves:
            abort(404)
        worked: WorkedOut | JobRecord = whole
        if asked != whole.tables.findings.wave:
            worked = here.results(study.code, asked, now, patience)
        if isinstance(worked, JobRecord):
            return _being_worked_out(study, worked)
        if worked.tables is None:
            return _nothing_yet(study, worked)
        return page(Results(study, worked, worked.tables, whole.tables.items, whole.tables.scales, waves), **more)

    return shown


def newest_finding(study: Seen) -> Answer | None:
    """Return the answer to the evaluation's first question in its newest wave; None before it was worked out."""
    kept = desk(store().jobs).kept(study.code)
    return None if kept is None or kept.tables is None else next(answers(kept.tables.findings), None)


def _being_worked_out(study: Seen, record: JobRecord) -> ResponseReturnValue:
    before = store().jobs.before(record)
    return render_template("office/results-waiting.html", study=study, here=_FOUND, job=record, before=before), 202


def _nothing_yet(study: Seen, worked: WorkedOut) -> ResponseReturnValue:
    text = worked.fault or "Nobody has finished a questionnaire of this study yet, so there is nothing to show."
    return render_template("office/results-none.html", study=study, here=_FOUND, text=text)


@office.get("/studies/<code>/results", endpoint="found")
@_with_results
def found_page(results: Results) -> ResponseReturnValue:
    """Answer the evaluation's questions, in order: each with its picture, its numbers, and how sure they are."""
    sections = found(results.tables, results.study.plan, results.items)
    return results.page("found", _FOUND, found=sections, notes=results.tables.findings.notes, place=_FOUND)


@office.get("/studies/<code>/results/scales")
@_with_results
def scales(results: Results) -> ResponseReturnValue:
    """List every scale, every fact that is compared, and every share, with what was found of each."""
    return results.page("scales", "scales", lines=outcome_lines(results.tables.findings))


@office.get("/studies/<code>/results/scales/<outcome>")
@_with_results
def scale(results: Results, outcome: str) -> ResponseReturnValue:
    """Show one outcome in full."""
    one = _outcome(results, outcome)
    sections = scale_sections(results.tables, results.items, one)
    how_reliable = reliability(results.scales, one)
    return results.page("scale", "scales", outcome=one, parts=sections, reliability=how_reliable, place=one.id)


@office.get("/studies/<code>/results/questions")
@_with_results
def questions(results: Results) -> ResponseReturnValue:
    """Show how every question of a questionnaire was answered in a wave."""
    known = results.tables.questionnaires
    name = request.args.get("questionnaire") or next(iter(known))
    if name not in known:
        abort(404)
    figures = _question_figures(results, name)
    titles = {id: with_years(results.study, id, one.title) for id, one in known.items()}
    return results.page("questions", "questions", questionnaires=titles, name=name, figures=figures, place=name)


@office.get("/studies/<code>/results/pictures/<place>/<figure>.<any(svg, png):form>")
@_with_results
def picture(results: Results, place: str, figure: str, form: str) -> ResponseReturnValue:
    """Send a picture as a file: of “What we found”, of an outcome, or of a questionnaire."""
    one = next((one for one in _figures(results, place) if one.id == figure and one.picture is not None), None)
    if one is None or one.picture is None:
        abort(404)
    source = f"{results.study.title}. {results.waves[results.wave]}. {one.note}".strip()
    svg, name = on_its_own(one.picture, _style(), source), f"{results.study.code}-{results.wave}-{one.id}.{form}"
    if form == "svg":
        return send(svg.encode(), name)
    try:
        return send(png_of(svg, FOLDER / "fonts"), name)
    except NoFonts as fault:
        return refused(str(fault), heading="There is no PNG of this picture", status=409)


def _figures(results: Results, place: str) -> Iterator[Figure]:
    if place == _FOUND:
        for part in found(results.tables, results.study.plan, results.items):
            yield from part.figures
    elif place in results.tables.questionnaires:
        yield from _question_figures(results, place)
    else:
        for section in scale_sections(results.tables, results.items, _outcome(results, place)):
            yield from section.figures


def _question_figures(results: Results, questionnaire: str) -> list[Figure]:
    if results.items is None:
        return []
    asked = asked_questions(results.items, results.tables.questionnaires[questionnaire], results.wave)
    return question_figures(asked, "question")


def _outcome(results: Results, id: str) -> StudyOutcome:
    one = next((one for one in results.tables.findings.outcomes if one.id == id), None)
    if one is None:
        abort(404)
    return one


@cache
def _style() -> str:
    return (FOLDER / "pictures.css").read_text(encoding="utf-8")
