"""A study's folder that waits in the office to be published: tried out from there, for as long as it waits.

Its pass holds the token by which the folder is unsealed. Whoever has it can look at the pages; only the person who sent
the folder can publish it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import PurePosixPath
from threading import Lock
from typing import Final

from flask import current_app

from survey.definition.apart import Verdict, verdict_of
from survey.definition.bundle import Bundle
from survey.definition.files import TYPES
from survey.definition.reading import parse_study
from survey.definition.study import StudyDefinition
from survey.fieldwork import waiting as waiting_place
from survey.fieldwork.waiting import Waiting
from survey.pages.answer.compiled import Survey
from survey.pages.store import store
from survey.pages.trying.trials import Trial

KIND: Final = "new_study"
"""The kind of upload that can be tried out."""

_AT_ONCE: Final = 2
"""Folders that a process keeps ready: each can be 40 MB."""


def address_in_upload(token: str, questionnaire: str, language: str) -> str:
    """Return the address at which a questionnaire of a folder that waits can be tried out."""
    return f"/try/{token}.{questionnaire}.{language}"


def verdict_in(waiting: Waiting) -> Verdict:
    """Return what was found in a folder without a fault, as it waits."""
    return verdict_of(iter(waiting.chosen["verdict"].encode().splitlines()))


@dataclass
class _Folder:
    """A folder that waits, made ready."""

    token: str
    verdict: Verdict
    study: StudyDefinition
    files: Mapping[str, bytes]
    surveys: dict[tuple[str, str], Survey] = field(default_factory=dict)

    def survey(self, questionnaire: str, language: str) -> Survey | None:
        """Return a questionnaire in a language; None where the folder has none such."""
        key = questionnaire, language
        sent = next((one for one in self.verdict.versions if one.id == questionnaire), None)
        if sent is None or language not in sent.languages:
            return None
        if key not in self.surveys:
            there = partial(_address, self.token, questionnaire)
            self.surveys[key] = Survey(Bundle.parse(sent.text), sent.sha256, language, self.files, there)
        return self.surveys[key]


def _address(token: str, questionnaire: str, _sha256: str, language: str) -> str:
    return address_in_upload(token, questionnaire, language)


class WaitingFolders:
    """The folders that this process has made ready, the last ones asked for."""

    def __init__(self) -> None:
        self._ready: dict[str, _Folder] = {}
        self._lock = Lock()

    def folder(self, token: str, now: datetime) -> tuple[_Folder, datetime] | None:
        """Return what waits under a token, and until when; None when nothing does any more."""
        with self._lock:
            until = waiting_place.waits_until(store().engine, KIND, token, now)
            if until is None:
                self._ready.pop(token, None)
                return None
            folder = self._ready.pop(token, None) or self._made(token, now)
            if folder is None:
                return None
            self._ready[token] = folder
            while len(self._ready) > _AT_ONCE:
                del self._ready[next(iter(self._ready))]
            return folder, until

    def _made(self, token: str, now: datetime) -> _Folder | None:
        waiting = waiting_place.looked_at(store().engine, KIND, token, now)
        if waiting is None or not waiting.content:
            return None
        verdict = verdict_in(waiting)
        assert verdict.study is not None
        return _Folder(token, verdict, parse_study(verdict.study), _files(waiting.content))


def _files(packed: bytes) -> dict[str, bytes]:
    """Return the pictures and recordings in the zip that we have made of the folder."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if PurePosixPath(name).suffix in TYPES}


def of_upload(pass_: str) -> Trial | None:
    """Return the questionnaire that a pass lets someone try; None for a text that is no pass, and after its hour."""
    token, _, rest = pass_.partition(".")
    questionnaire, _, language = rest.partition(".")
    if not (token and questionnaire and language):
        return None
    folders = current_app.extensions.setdefault("chorus-waiting-folders", WaitingFolders())
    found = folders.folder(token, datetime.now(UTC))
    survey = found[0].survey(questionnaire, language) if found else None
    if found is None or survey is None:
        return None
    folder, until = found
    return Trial(survey, lambda: folder.study, survey.source.in_all_languages, until)
