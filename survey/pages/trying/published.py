"""Published versions to be tried out, under a signed pass that names the version and a language."""

from __future__ import annotations

from functools import lru_cache, partial

from survey.definition.reading import parse_study
from survey.definition.study import StudyDefinition
from survey.fieldwork.publications import study_behind
from survey.fieldwork.tryouts import PURPOSE, TriedVersion, tried_by, tryout_pass
from survey.pages.answer.catalogue import catalogue
from survey.pages.answer.compiled import VERSION_LENGTH
from survey.pages.store import store
from survey.pages.trying.trials import Trial


def address_of(sha256: str, language: str) -> str:
    """Return the address at which a version of a questionnaire can be tried out."""
    tried = TriedVersion(sha256[:VERSION_LENGTH], language)
    return f"/try/{tryout_pass(tried, store().settings.key(PURPOSE))}"


def of_published(pass_: str) -> Trial | None:
    """Return the version that a pass lets someone try; None for a text that is no pass."""
    tried = tried_by(pass_, store().settings.key(PURPOSE))
    survey = catalogue().tried(tried.version, tried.language, address_of) if tried else None
    return Trial(survey, partial(_study, survey.sha256), survey.source.in_all_languages) if survey else None


def _study(sha256: str) -> StudyDefinition | None:
    text = study_behind(store().engine, sha256)
    return _parsed(text) if text else None


@lru_cache(maxsize=16)
def _parsed(text: str) -> StudyDefinition:
    return parse_study(text)
