"""Each page of a questionnaire in its three states on one sheet: as it comes, with something chosen, with its error.

The sheet shows the pages themselves, in frames: what stands there is what a respondent sees, at the width chosen.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from flask import Response, abort, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.forms import StepFields
from survey.journey import Screen, Step
from survey.pages.answer.compiled import Survey
from survey.pages.answer.going_on import private
from survey.pages.shield import FRAMED, FRAMES, with_policy
from survey.pages.trying.blueprint import trying
from survey.pages.trying.kept import TryOut, current
from survey.question import INSTEAD, Pretence

State = Literal["plain", "chosen", "error"]

_STATES: Final[Mapping[State, str]] = {"plain": "As it comes", "chosen": "Something chosen", "error": "With its error"}

WIDTHS: Final = {"phone": 390, "tablet": 768, "computer": 1280}
"""What a sheet can be looked at on, and how many pixels wide that is."""

_TRIES: Final = 60
"""Answers that are invented until one leads to a step of a question in two steps."""


@dataclass(frozen=True)
class ScreenOnSheet:
    """A screen and its states: each with its words and the address of the page; empty where there is no such state."""

    screen: Screen
    title: str
    states: Sequence[tuple[str, str]]


@trying.get("/states")
def states(pass_: str) -> Reply:
    """Show every page in each of its states."""
    it = current(pass_)
    width = request.args.get("width", "phone")
    if width not in WIDTHS:
        abort(404)
    rows = [_on_sheet(it.survey, screen) for screen in it.survey.journey.screens if not screen.rest]
    page = render_template("trying/states.html", survey=it.survey, rows=rows, width=width, widths=WIDTHS)
    return with_policy(private(Response(page)), FRAMES)


def _on_sheet(survey: Survey, screen: Screen) -> ScreenOnSheet:
    there = [state for state in _STATES if screen.asks or state == "plain"]
    address = f"{survey.here}/{screen.name}"
    found = [
        (_STATES[state], f"{address}?state={state}" if in_state(survey, screen, state) is not None else "")
        for state in there
    ]
    return ScreenOnSheet(screen, survey.title_of(screen), found)


def state_page(it: TryOut, screen: Screen) -> Reply:
    """Return the page of a screen in the state that the address names, to stand in a frame of the sheet."""
    state = request.args.get("state", "")
    found = in_state(it.survey, screen, state) if state in get_args(State) else None
    if found is None:
        abort(404)
    asked, answers = found
    page = it.survey.render(screen, asked, it.pass_.classes, answers, it.facts)
    return with_policy(private(Response(page)), FRAMED)


def in_state(survey: Survey, screen: Screen, state: str) -> tuple[list[StepFields], dict[str, Any]] | None:
    """Return the fields of a screen in a state, and the answers its words may need; None where it has no such state."""
    form = survey.form(screen, 0)
    if state == "plain":
        return form.show(screen.steps), {}
    if state == "error":
        asked = form.spoilt(screen.steps)
        return (asked, {}) if any(one.error for one in asked) else None
    answers = _chosen(screen.steps)
    asked = form.show(screen.steps, answers)
    for one in asked:
        if one.step.question.asks and not one.step.question.stored:
            _choose_one(one)
    return asked, answers


def _choose_one(asked: StepFields) -> None:
    """Choose something on a question whose answer is not kept, so that no answer can be shown on it."""
    choices: Any = asked.main
    asked.main.data = [choice.data for choice in choices if choice.data not in INSTEAD][-1]


def _chosen(steps: Sequence[Step]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for step in steps:
        chance = random.Random(step.question.id)  # the same each time, so that nothing jumps when the sheet is reloaded
        for _ in range(_TRIES):
            made = step.question.pretend(Pretence(chance, chance.gauss(0, 1), ["Text"]))
            if step.question.asks_part(step.part, made) and _says_something(step, made):
                answers |= made
                break
    return answers


def _says_something(step: Step, made: Mapping[str, Any]) -> bool:
    filled = step.question.fill(step.part, made)
    return any(value not in (None, "", []) for name, value in filled.items() if name != "instead")
