"""Complete answers as a response: one save for each screen of the journey, as the pages would have made them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from survey.journey import Journey, Step
from survey.responses import PastResponse, PastSave

NOT_KNOWN = "imported"
"""The mode of answers from another system that say nothing of how they were given."""


def with_saves(journey: Journey, answers: Mapping[str, Any], past: PastResponse) -> PastResponse:
    """Return a response with one save for each screen that its answers and facts lead over.

    answers: complete, key -> value, checked before; none for one declined or withdrawn. past: the response without
    them; its `ended_at` is the finish, or when something was last heard.
    """
    at = past.ended_at or past.started_at
    return replace(past, saves=tuple(saves_of(journey, answers, past.facts, at)))


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
