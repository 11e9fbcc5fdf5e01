"""The published questionnaires this process has made ready, by version and language."""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import Lock
from typing import Final

from flask import current_app

from survey.definition.bundle import Bundle
from survey.fieldwork.publications import text_beginning
from survey.pages.answer.compiled import VERSION_LENGTH, Survey
from survey.pages.store import store

_VERSION: Final = re.compile(rf"[0-9a-f]{{{VERSION_LENGTH}}}(?:[0-9a-f]{{{64 - VERSION_LENGTH}}})?")
"""A version as addresses have it, or the whole SHA-256 as the database has it. Less would name someone else's text."""


class Catalogue:
    """Surveys made ready so far. A published version never changes, so nothing here ever goes stale."""

    def __init__(self) -> None:
        self._surveys: dict[tuple[str, str | None], Survey] = {}
        self._tried: dict[tuple[str, str], Survey] = {}
        self._lock = Lock()

    def survey(self, version: str, language: str | None = None) -> Survey | None:
        """Return the survey of this version (see `_VERSION`), in a language it has; None for anything else.

        Without a language, in the one it was written in.
        """
        if not _VERSION.fullmatch(version):
            return None
        key = version[:VERSION_LENGTH], language
        found = self._surveys.get(key)
        if found:
            return found
        with self._lock:
            return self._surveys.get(key) or self._make(*key)

    def tried(self, version: str, language: str, tried_at: Callable[[str, str], str]) -> Survey | None:
        """Return a survey to be tried out, which leads to addresses of its own; None where `survey` has none."""
        there = self.survey(version, language)
        if there is None:
            return None
        key = version[:VERSION_LENGTH], language
        if key not in self._tried:
            self._tried[key] = Survey(there.source, there.sha256, language, there.files, tried_at)
        return self._tried[key]

    def _make(self, version: str, language: str | None) -> Survey | None:
        found = text_beginning(store().engine, version)
        if found is None:
            return None
        sha256, text = found
        questionnaire = Bundle.parse(text)
        wanted = language or questionnaire.languages[0]
        if wanted not in questionnaire.languages:
            return None
        survey = self._surveys.get((version, wanted)) or Survey(questionnaire, sha256, wanted, Bundle.files(text))
        self._surveys[version, wanted] = self._surveys[version, language] = survey
        return survey


def catalogue() -> Catalogue:
    """Return the running app's catalogue."""
    found: Catalogue = current_app.extensions.setdefault("chorus-catalogue", Catalogue())
    return found
