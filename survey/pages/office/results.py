"""What was found, in the browser: the evaluation's questions answered, every scale, every question, with pictures.

Results are worked out once and kept (survey/results/working.py); the pages show them, and nothing that is hidden there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, wraps
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from survey.export.contents import SmallSheet
from survey.export.store import Chosen
from survey.export.study import StudyTables
from survey.findings.answers import Answer, answers
from survey.findings.groups import Group, GroupedBy
from survey.findings.outcomes import StudyOutcome
from survey.jobs.job import JobRecord
from survey.pages.office.access import Seen, View, allowed, refused, sees_tables, with_years
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section, section_at
from survey.pages.sending import send
from survey.pages.statics import FOLDER
from survey.pages.store import store
from survey.people import LEAD, RESEARCHER
from survey.pictures.drawing import drawn, on_its_own
from survey.pictures.png import NoFonts, png_of
from survey.results.figures import Figure
from survey.results.found import found
from survey.results.methods import methods as appendix
from survey.results.questions import asked_questions, question_figures
from survey.results.scales import outcome_lines, reliability, scale_sections
from survey.results.working import WorkedOut, desk

section("found", "What we found", "office.found", order=12, group="Results", roles=(LEAD, RESEARCHER))
section("scales", "Scales", "office.scales", order=13, group="Results", roles=(LEAD, RESEARCHER))
section("questions", "Questions", "office.questions", order=14, group="Results", roles=(LEAD, RESEARCHER))

section("methods", "Methods", "office.methods", order=15, group="Results", roles=(LEAD, RESEARCHER))

PATIENCE: Final = 2.0
"""Seconds that a page waits for results before it says that they are being worked out."""

_FOUND: Final = "found"
"""Stands for the page “What we found” in the address of a picture."""


@dataclass(frozen=True)
class Results:
    """What a page of results shows.

    tables: of the waves up to the one in focus, worked out at the moment `made`. items: of all waves. whole: of
    everyone in all waves. group: the group that was chosen, None for everyone; on pages by group, tables and items are
    of it.
    """

    study: Seen
    made: datetime
    tables: StudyTables
    items: SmallSheet | None
    whole: StudyTables
    group: Group | None = None

    @property
    def waves(self) -> Mapping[str, str]:
        """The waves of which there are results, code to title."""
        return self.whole.findings.waves

    @property
    def groups(self) -> tuple[GroupedBy, ...]:
        """The groups that can be chosen."""
        return self.whole.findings.groups

    @property
    def wave(self) -> str:
        """The wave in focus."""
        return self.tables.findings.wave

    @property
    def kept(self) -> dict[str, str]:
        """What was chosen, for the addresses of other pages of results."""
        return {"wave": self.wave} | ({"group": self.group.id} if self.group is not None else {})

    @property
    def source(self) -> str:
        """What a picture says it was drawn from."""
        parts = [self.study.title, self.waves[self.wave], *([self.group.title] if self.group else [])]
        return "".join(f"{part}. " for part in parts)

    def page(self, template: str, here: str, **more: Any) -> str:
        """Return a page."""
        made = self.made.astimezone(ZoneInfo(self.study.plan.time_zone))
        return render_template(
            f"office/{template}.html", study=self.study, here=here, results=self, made=made, both=both_forms, **more
        )


def both_forms(figure: Figure, key: str) -> Markup:
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
    """Give a page the results of its study, up to the wave in its address; or say why there are none yet.

    A group in its address is what was chosen on another page of results, and its links lead back to it.
    """

    @allowed(LEAD, RESEARCHER)
    @wraps(page)
    def shown(study: Seen, **more: Any) -> ResponseReturnValue:
        if not sees_tables(study):
            return refused("You may not see the tables of this study. Ask a lead of the study.")
        whole = worked_out(study, Chosen())
        if isinstance(whole, JobRecord):
            return being_worked_out(study, whole)
        if whole.tables is None:
            return nothing_yet(study, whole)
        findings = whole.tables.findings
        asked = request.args.get("wave") or findings.wave
        if asked not in findings.waves:
            abort(404)
        worked = whole if asked == findings.wave else worked_out(study, Chosen(asked))
        if isinstance(worked, JobRecord):
            return being_worked_out(study, worked)
        if worked.tables is None:
            return nothing_yet(study, worked)
        group = _group(findings.groups)
        results = Results(study, worked.made, worked.tables, whole.tables.items, whole.tables, group)
        return page(results, **more)

    return shown


def _by_group(page: Page) -> Page:
    """Give a page of results those of the group in its address."""

    @wraps(page)
    def shown(results: Results, **more: Any) -> ResponseReturnValue:
        if results.group is None:
            return page(results, **more)
        study, name = results.study, results.group.id
        all_waves = worked_out(study, Chosen(None, name))
        if isinstance(all_waves, JobRecord):
            return being_worked_out(study, all_waves)
        is_newest = results.wave == results.whole.findings.wave
        worked = all_waves if is_newest else worked_out(study, Chosen(results.wave, name))
        if isinstance(worked, JobRecord):
            return being_worked_out(study, worked)
        if all_waves.tables is None or worked.tables is None:
            return nothing_yet(study, worked)
        return page(replace(results, made=worked.made, tables=worked.tables, items=all_waves.tables.items), **more)

    return shown


def worked_out(study: Seen, chosen: Chosen) -> WorkedOut | JobRecord:
    """Return results, as soon as they are there; how the job stands where that takes too long for a page."""
    patience = current_app.config.get("RESULTS_PATIENCE", PATIENCE)
    return desk(store().jobs).results(study.code, chosen, datetime.now(UTC), patience)


def worked_out_until(study: Seen, wave: str) -> WorkedOut | JobRecord:
    """Return results of the waves up to one (its code), as soon as they are there.

    Those of all waves take longest, and are the same where no one has finished anything in a later wave: they are
    shown where they are there already.
    """
    kept = desk(store().jobs).kept(study.code)
    is_last = kept is not None and kept.tables is not None and kept.tables.findings.wave == wave
    return worked_out(study, Chosen() if is_last else Chosen(wave))


def _group(groups: Iterable[GroupedBy]) -> Group | None:
    """Return the group in the address; None for everyone."""
    name = request.args.get("group")
    if not name:
        return None
    found = next((one for by in groups for one in by.groups if one.id == name), None)
    if found is None:
        abort(404)
    return found


def newest_finding(study: Seen) -> Answer | None:
    """Return the answer to the evaluation's first question in its newest wave; None before it was worked out."""
    kept = desk(store().jobs).kept(study.code)
    return None if kept is None or kept.tables is None else next(answers(kept.tables.findings), None)


def being_worked_out(study: Seen, record: JobRecord) -> ResponseReturnValue:
    """Return the page that waits for results, and opens them when they are there."""
    before, here = store().jobs.before(record), section_at(request.endpoint, _FOUND).name
    return render_template("office/results-waiting.html", study=study, here=here, job=record, before=before), 202


def nothing_yet(study: Seen, worked: WorkedOut) -> ResponseReturnValue:
    """Return the page that says why there are no results."""
    text = worked.fault or "No one has finished a questionnaire of this study yet, so there is nothing to show."
    page = section_at(request.endpoint, _FOUND)
    return render_template("office/results-none.html", study=study, here=page.name, title=page.title, text=text)


@office.get("/studies/<code>/results", endpoint="found")
@_with_results
def found_page(results: Results) -> ResponseReturnValue:
    """Answer the evaluation's questions, in order: each with its picture, its numbers, and how sure they are."""
    sections = found(results.tables, results.study.plan, results.items)
    return results.page("found", _FOUND, found=sections, notes=results.tables.findings.notes, place=_FOUND)


@office.get("/studies/<code>/results/scales")
@_with_results
@_by_group
def scales(results: Results) -> ResponseReturnValue:
    """List every scale, every fact that is compared, and every share, with what was found of each."""
    return results.page("scales", "scales", lines=outcome_lines(results.tables.findings))


@office.get("/studies/<code>/results/scales/<outcome>")
@_with_results
@_by_group
def scale(results: Results, outcome: str) -> ResponseReturnValue:
    """Show one outcome in full."""
    one = _outcome(results, outcome)
    sections = scale_sections(results.tables, results.items, one)
    how_reliable = reliability(results.whole.scales, one)
    return results.page("scale", "scales", outcome=one, parts=sections, reliability=how_reliable, place=one.id)


@office.get("/studies/<code>/results/questions")
@_with_results
@_by_group
def questions(results: Results) -> ResponseReturnValue:
    """Show how every question of a questionnaire was answered in a wave."""
    known = results.tables.questionnaires
    name = request.args.get("questionnaire") or next(iter(known))
    if name not in known:
        abort(404)
    figures = _question_figures(results, name)
    titles = {id: with_years(results.study, id, one.title) for id, one in known.items()}
    return results.page("questions", "questions", questionnaires=titles, name=name, figures=figures, place=name)


@office.get("/studies/<code>/results/methods")
@_with_results
def methods(results: Results) -> ResponseReturnValue:
    """Show the methods appendix, of everyone in all waves, to be printed."""
    return results.page("methods", "methods", methods=appendix(results.study.plan, results.whole, results.made))


@office.get("/studies/<code>/results/pictures/<place>/<figure>.<any(svg, png):form>")
@_with_results
def picture(results: Results, place: str, **which: str) -> ResponseReturnValue:
    """Send a picture as a file: of “What we found”, which is about everyone, of an outcome, or of a questionnaire."""
    if place == _FOUND:
        return _picture(replace(results, group=None), place, **which)
    return _by_group(_picture)(results, place=place, **which)


def _picture(results: Results, place: str, figure: str, form: str) -> ResponseReturnValue:
    one = next((one for one in _figures(results, place) if one.id == figure and one.picture is not None), None)
    if one is None or one.picture is None:
        abort(404)
    svg = on_its_own(one.picture, _style(), f"{results.source}{one.note}".strip())
    whose = f"{results.group.id}-".replace("=", "-") if results.group is not None else ""
    name = f"{results.study.code}-{results.wave}-{whose}{one.id}.{form}"
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
