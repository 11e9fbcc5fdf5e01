"""The published questionnaires: which versions there are, and each of them to be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from survey.definition.bundle import Bundle
from survey.definition.questionnaire import Questionnaire
from survey.definition.readable import ReadablePage, readable
from survey.fieldwork import Published, text_of
from survey.pages.office.access import Seen, allowed, with_years
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section
from survey.pages.office.studies import StudyCard, shown
from survey.pages.store import store
from survey.pages.trying.published import address_of
from survey.people import LEAD, RESEARCHER
from survey.results.scoring import readable_scales
from survey.wording import direction, html_language, own_name

_WHO: Final = (LEAD, RESEARCHER)
section("questionnaires", "Questionnaires", "office.questionnaires", order=18, group="Set up", roles=_WHO)


@dataclass(frozen=True)
class ReadableLanguage:
    """A questionnaire in one of its languages, with what HTML has to know of that language."""

    code: str
    name: str
    html: str
    direction: str
    questionnaire: Questionnaire
    pages: list[ReadablePage]


@office.get("/studies/<code>/questionnaires")
@allowed(*_WHO)
def questionnaires(study: Seen) -> ResponseReturnValue:
    """List the published questionnaires with their versions, the newest first, and their checksums."""
    return render_template("office/questionnaires.html", study=_shown(study), here="questionnaires")


@office.get("/studies/<code>/questionnaires/<questionnaire>/<int:version>")
@allowed(*_WHO)
def version(study: Seen, questionnaire: str, version: int) -> ResponseReturnValue:
    """Show a published version as people read it, in one of its languages or in two side by side."""
    one = _version(study, questionnaire, version)
    asked = Bundle.parse(_text(one))
    codes = [_language(asked, "language") or asked.language]
    beside = _language(asked, "beside")
    codes += [beside] if beside and beside != codes[0] else []
    return render_template(
        "office/questionnaire-version.html",
        study=study,
        here="questionnaires",
        version=one,
        asked=asked,
        title=with_years(study, asked.id, asked.title),
        columns=[_in_language(study, asked, code) for code in codes],
        languages=[(code, own_name(code), address_of(one.sha256, code)) for code in asked.languages],
        scales=readable_scales(asked),
    )


@office.get("/studies/<code>/questionnaires/<questionnaire>/<int:version>.json")
@allowed(*_WHO)
def definition(study: Seen, questionnaire: str, version: int) -> ResponseReturnValue:
    """Send the text of a published version, whose SHA-256 is listed with it."""
    return Response(_text(_version(study, questionnaire, version)), mimetype="application/json")


def _shown(study: Seen) -> StudyCard:
    return shown(store().engine, study.code, datetime.now(UTC)) or abort(404)


def _version(study: Seen, questionnaire: str, number: int) -> Published:
    for asked in _shown(study).questionnaires:
        for one in asked.versions:
            if asked.id == questionnaire and one.version == number:
                return one
    abort(404)


def _text(version: Published) -> str:
    return text_of(store().engine, version.sha256) or abort(404)


def _language(asked: Questionnaire, name: str) -> str:
    """Return the language that the address asks for; empty where it names none. 404 for one that is not there."""
    code = request.args.get(name, "")
    return code if not code or code in asked.languages else abort(404)


def _in_language(study: Seen, asked: Questionnaire, code: str) -> ReadableLanguage:
    pages = readable(asked, code, study.plan.facts)
    return ReadableLanguage(code, own_name(code), html_language(code), direction(code), asked.in_language(code), pages)
