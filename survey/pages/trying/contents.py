"""All pages of a questionnaire in a list, to go to each of them, and the facts that are invented about a respondent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from survey.definition.invented import invented
from survey.definition.routes import Routes
from survey.definition.rules.roster import facts_with_codes
from survey.definition.study import Fact
from survey.pages.answer.going_on import private
from survey.pages.trying.blueprint import trying
from survey.pages.trying.kept import TryOut, current, keep
from survey.wording import own_name


@dataclass(frozen=True)
class ListedPage:
    """A page of the questionnaire. asked_if: who gets it, empty for everyone. on_way: whether the facts and answers so
    far lead there.
    """

    name: str
    title: str
    number: int
    address: str
    asked_if: Sequence[str]
    on_way: bool


@dataclass(frozen=True)
class InventedFact:
    """A fact as the form asks for it. options: (value, words); empty where it is typed. value: what is chosen now."""

    fact: Fact
    options: Sequence[tuple[str, str]]
    value: str
    error: str = ""


@trying.get("/pages")
def pages(pass_: str) -> Reply:
    """List every page, and show the facts that are invented."""
    return private(Response(_page(current(pass_), {}, {})))


@trying.post("/pages")
def take_facts(pass_: str) -> Reply:
    """Take the invented facts, and show which pages they lead to; answers so far are forgotten."""
    it = current(pass_)
    said = request.form.to_dict()
    values, wrong = invented(it.trial.facts, said)
    if wrong:
        return private(Response(_page(it, said, wrong), status=400))
    later = replace(it, facts=values, answers={})
    return keep(redirect(it.trial.pages, 303), later)


def _page(it: TryOut, said: Mapping[str, str], wrong: Mapping[str, str]) -> str:
    facts = [_as_asked(fact, it.facts, said, wrong) for fact in it.trial.facts]
    return render_template(
        "trying/contents.html",
        survey=it.survey,
        languages=[(code, own_name(code), it.survey.trial_in(code)) for code in it.survey.questionnaire.languages],
        listed=list(_listed(it)),
        facts=facts,
        faults=[(f"fact-{one.fact.id}", f"{one.fact.title}: {one.error}") for one in facts if one.error],
    )


def _listed(it: TryOut) -> Iterator[ListedPage]:
    survey = it.survey
    study = it.trial.study()
    known = [*facts_with_codes(study).values(), *study.facts] if study else []
    routes = Routes(survey.questionnaire, known)
    on_way = {screen.name for screen in survey.journey.route(it.answers, it.facts)}
    for screen in survey.journey.screens:
        said = [routes.asked_if(screen.page), *(routes.asked_if(step.question) for step in screen.steps)]
        yield ListedPage(
            screen.name,
            survey.title_of(screen),
            screen.number,
            f"{survey.here}/{screen.name}?see=1",
            list(dict.fromkeys(filter(None, said))),
            screen.name in on_way,
        )


def _as_asked(fact: Fact, facts: Mapping[str, Any], said: Mapping[str, str], wrong: Mapping[str, str]) -> InventedFact:
    codes = {"yes": "Yes", "no": "No"} if fact.kind == "yes_no" else fact.codes
    value = said.get(fact.id, "") if said else str(facts.get(fact.id, ""))
    return InventedFact(fact, list(codes.items()), value, wrong.get(fact.id, ""))
