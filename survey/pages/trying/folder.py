"""The questionnaires of a folder on this computer, as their files are just now: what `survey preview` serves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import cast

from flask import Blueprint, Flask, Response, current_app, render_template
from werkzeug.wrappers import Response as Reply

from survey.definition.drafts import Draft, DraftedFolder, Drafts
from survey.pages.answer.compiled import VERSION_LENGTH, Survey
from survey.pages.answer.going_on import private
from survey.pages.trying.trials import Drafted, Trial
from survey.wording import own_name

preview = Blueprint("preview", __name__)

_HOME = "/"


class PreviewedFolder:
    """A folder whose questionnaires are tried out while their author writes them, with what was made ready of it."""

    def __init__(self, drafts: Drafts) -> None:
        self.drafts = drafts
        self._surveys: dict[tuple[str, str, str], Survey] = {}

    def trial(self, pass_: str) -> Trial | None:
        """Return what a pass, NAME.LANGUAGE, lets someone try; None where the folder has none such now."""
        name, _, language = pass_.partition(".")
        now = self.drafts.now()
        draft = now.drafts.get(name)
        if draft is None or language not in draft.languages:
            return None
        earlier = {sha256[:VERSION_LENGTH]: questionnaire for sha256, questionnaire in draft.earlier.items()}
        drafted = Drafted(_HOME, now.tag, draft.problems, draft.since)
        return Trial(
            self._survey(draft, language),
            lambda: now.study,
            lambda: draft.texts,
            drafted=drafted,
            earlier=earlier.get,
        )

    def _survey(self, draft: Draft, language: str) -> Survey:
        key = draft.name, language, draft.bundle.sha256
        if key not in self._surveys:
            # Of each questionnaire and language only the newest is asked for.
            self._surveys = {old: one for old, one in self._surveys.items() if old[:2] != key[:2]}
            files = draft.bundle.files(draft.bundle.text)
            there = partial(_address, draft.name)
            self._surveys[key] = Survey(draft.questionnaire, draft.bundle.sha256, language, files, there)
        return self._surveys[key]


def _address(name: str, _sha256: str, language: str) -> str:
    return f"/try/{name}.{language}"


def keep_folder(app: Flask, folder: PreviewedFolder) -> None:
    """Let the pages of `app` show this folder."""
    app.extensions["chorus-previewed-folder"] = folder


def _folder() -> PreviewedFolder:
    return cast(PreviewedFolder, current_app.extensions["chorus-previewed-folder"])


@dataclass(frozen=True)
class PreviewedQuestionnaire:
    """A questionnaire in the list: its languages with the addresses of their pages; names of those without a file."""

    draft: Draft
    languages: list[tuple[str, str, str]]
    missing: list[str]


@preview.get("/")
def questionnaires() -> Reply:
    """List the questionnaires of the folder with their languages, and everything that is wrong with its files."""
    now = _folder().drafts.now()
    wrong = [one for one in now.problems if not one.problem.advice]
    advice = [one for one in now.problems if one.problem.advice]
    page = render_template(
        "trying/folder.html",
        folder=now,
        shown=list(_shown(now)),
        wrong=wrong,
        advice=advice,
        tag=now.tag,
        trial=None,
        framed=False,
    )
    return private(Response(page))


def _shown(now: DraftedFolder) -> Iterator[PreviewedQuestionnaire]:
    for draft in now.drafts.values():
        said = draft.texts[0][1] if draft.texts else {}
        yield PreviewedQuestionnaire(
            draft,
            [(code, own_name(code), _address(draft.name, "", code)) for code in draft.languages],
            [own_name(code) for code in said if code not in draft.languages],
        )


@preview.get("/changed")
def changed() -> Reply:
    """Say how the files are now, in a word that changes whenever one of them does: static/preview.js asks for it."""
    return private(Response(_folder().drafts.tag(), mimetype="text/plain"))


@preview.app_template_global()
def shown_at() -> str:
    """Return no address for “Aa” to lead back to: here only pages of a try-out have it, and know their own way."""
    return ""
