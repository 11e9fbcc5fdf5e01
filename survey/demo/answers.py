"""Pretended answers: each question answers itself, and what people leave out is left out."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from survey.definition.questionnaire import Questionnaire
from survey.definition.study import Pretend
from survey.demo.truth import Loadings
from survey.journey import Journey, Screen
from survey.question import BLANK, DONT_KNOW, RATHER_NOT, Pretence, Question, missing


@dataclass(frozen=True)
class Sitting:
    """One pretended person's time with a questionnaire: what they answered, and whether they came to the end."""

    answers: dict[str, Any]
    state: str
    ended_at: datetime | None


class Answerer:
    """Answers one questionnaire for one person after the other."""

    def __init__(self, questionnaire: Questionnaire, pretend: Pretend, rng: random.Random) -> None:
        self._questionnaire = questionnaire
        self._journey = Journey(questionnaire)
        self._loadings = Loadings(questionnaire)
        self._missing = pretend.missing
        self._rng = rng
        self._texts = {
            name.partition(".")[2]: texts
            for name, texts in pretend.texts.items()
            if name.partition(".")[0] == questionnaire.id
        }

    def answer(
        self, latents: Mapping[str, float], facts: Mapping[str, Any], start: datetime, half_way: bool = False
    ) -> Sitting:
        """Return one sitting that begins at `start`. half_way: of someone who is still answering."""
        wanted = {q.id: self._answer(q, latents) for q in self._questionnaire.questions if q.asks and q.stored}
        everything = {key: value for answer in wanted.values() for key, value in answer.items()}
        hidden = self._journey.hidden(everything, facts)
        shown = {key: value for name, answer in wanted.items() if name not in hidden for key, value in answer.items()}
        route = [screen for screen in self._journey.route(shown, facts) if screen.asks]
        if half_way:
            some = route[: self._rng.randrange(1, len(route))]
            return Sitting(self._sat(some, shown, start, stops=False).answers, "started", None)
        stops = self._rng.random() < self._missing.stopped
        if stops:
            route = route[: self._rng.randrange(1, len(route))]
        return self._sat(route, shown, start, stops)

    def _sat(self, route: list[Screen], shown: Mapping[str, Any], start: datetime, stops: bool) -> Sitting:
        at = start + timedelta(seconds=20)
        answers: dict[str, Any] = {}
        for screen in route:
            answers |= {key: shown[key] for step in screen.steps for key in _written(step, shown)}
            at += timedelta(milliseconds=int(self._rng.lognormvariate(8.7, 0.5)) * max(1, len(screen.steps)))
        if stops:
            return Sitting(answers, "stopped" if self._rng.random() < 0.5 else "started", None)
        return Sitting(answers, "finished", at)

    def _answer(self, question: Question, latents: Mapping[str, float]) -> dict[str, Any]:
        reason = self._left_out(question)
        if reason:
            others = {key: missing(BLANK) for key in question.keys if key.endswith(".other")}
            return {key: missing(reason) for key in question.keys} | others
        texts = self._texts.get(question.id, [])
        return question.pretend(Pretence(self._rng, self._loadings.latent(question, latents), texts))

    def _left_out(self, question: Question) -> str | None:
        drawn = self._rng.random()
        shares = self._missing
        if question.dont_know and drawn < shares.dont_know:
            return DONT_KNOW
        if question.rather_not and drawn < shares.dont_know + shares.rather_not:
            return RATHER_NOT
        if not question.required and drawn > 1 - shares.blank:
            return BLANK
        return None


def _written(step: Any, shown: Mapping[str, Any]) -> list[str]:
    """Return the keys that the page of a step writes: its own, and what belongs to its question alone."""
    question = step.question
    if len(question.parts) == 1:
        return [key for key in question.keys if key in shown]
    return [step.part.key] if step.part.key in shown else []
