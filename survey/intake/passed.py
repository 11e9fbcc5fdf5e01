"""Complete answers as a response: one save for each screen of the journey, as the pages would have made them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from survey.journey import Journey, Step
from survey.responses import PastResponse, PastSave

NOT_KNOWN = "imported"
"""The mode of answers from elsewhere that say nothing of how they were given."""


def response_of(
    journey: Journey,
    answers: Mapping[str, Any],
    *,
    study_id: int,
    wave_id: int,
    sha256: str,
    facts: Mapping[str, Any],
    started_at: datetime,
    ended_at: datetime,
    state: str = "finished",
    language: str | None = None,
    mode: str = NOT_KNOWN,
    participant_id: int | None = None,
    school_id: int | None = None,
    school_class_id: int | None = None,
    id: str | None = None,
) -> PastResponse:
    """Return complete answers (key -> value, checked before) as a response that add_responses takes.

    One save for each screen on the way that these answers and facts lead. ended_at: the finish, or when something was
    last heard. state: 'finished', 'stopped', 'started', or 'declined' or 'withdrawn' without any answer.
    """
    questionnaire = journey.questionnaire
    return PastResponse(
        study_id=study_id,
        wave_id=wave_id,
        questionnaire=questionnaire.id,
        sha256=sha256,
        started_at=started_at,
        saves=tuple(saves_of(journey, answers, facts, ended_at)),
        language=language or questionnaire.languages[0],
        mode=mode,
        state=state,
        assent=state != "declined",
        ended_at=ended_at,
        participant_id=participant_id,
        school_id=school_id,
        school_class_id=school_class_id,
        facts=facts,
        id=id,
    )


def saves_of(
    journey: Journey, answers: Mapping[str, Any], facts: Mapping[str, Any], at: datetime
) -> Iterator[PastSave]:
    """Yield one save for each screen that these answers lead over and that has some of them."""
    for screen in journey.route(answers, facts):
        own = {key: answers[key] for step in screen.steps for key in _keys(step, answers)}
        if own:
            yield PastSave(screen.name, own, at, flagged=journey.questionnaire.flagged(own))


def _keys(step: Step, answers: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys that the page of a step writes: its own, and what belongs to its question alone."""
    question = step.question
    if not question.stored or not question.asks_part(step.part, answers):
        return
    keys = question.keys if len(question.parts) == 1 else (step.part.key,)
    yield from (key for key in keys if key in answers)
