"""Roster facts in questionnaires: the study has to know them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from survey.definition.conditions import Test
from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire
from survey.definition.rules.norms import facts_of
from survey.definition.scale import number_range
from survey.definition.study import Fact, StudyDefinition
from survey.definition.wording import UnreadableWording, checked_gaps
from survey.problems import About, did_you_mean, quoted, shortened

ALWAYS_KNOWN: Final = ("school", "class", "wave", "arm", "programme", "performance")
"""What is known of a participant without being a fact of the roster."""

_CODES: Final = ("wave", "arm")
"""Of these the codes in study.yaml: good for conditions, not for wordings."""

_NAMES: Final = ("class",)
"""Of these what each school calls them: good for wordings, not for conditions."""


def facts_used(questionnaire: Questionnaire, study: StudyDefinition) -> Iterator[Fault]:
    """Every fact in a condition or a wording is one of the study's, with a value it can have."""
    facts = {fact.id: fact for fact in study.facts}
    coded = facts_with_codes(study) | facts
    said = set()
    for _, thing in questionnaire.conditional():
        for test in thing.when.tests() if thing.when is not None else ():
            if test.about_roster and test.at not in said:
                said.add(test.at)
                yield from _test(test, coded)
    yield from _said(questionnaire, facts)
    yield from _of_norms(questionnaire, facts)
    for place in questionnaire.texts():
        try:
            found = checked_gaps(place.text)
        except UnreadableWording:
            continue  # told by the rule about piping
        for gap in found:
            if gap.about_roster and gap.fact not in facts and gap.fact not in ALWAYS_KNOWN:
                message = _unknown(f"'{{{gap.name}|…}}'", gap.fact, facts)
                yield Fault(place.at, message, about=About("fact", gap.fact))
            elif gap.about_roster and gap.fact in _CODES and gap.fact not in facts:
                code = next(iter(coded[gap.fact].codes)) if gap.fact in coded else gap.fact
                yield Fault(
                    place.at,
                    f"'{{{gap.name}|…}}' would show a code, such as '{code}', which means nothing to people who "
                    "answer. Please write this text without it",
                )
            elif gap.about_roster and _in_another_language(questionnaire, study, gap.fact):
                yield Fault(
                    place.at,
                    f"'{{{gap.name}|…}}' would be shown in the study's language, {study.language}. Please give the "
                    f"words in this questionnaire's language, at the top of the file: {_example(facts[gap.fact])}",
                )


def facts_with_codes(study: StudyDefinition) -> dict[str, Fact]:
    """Return, as facts, what is always known of a participant by a code of the study's: the arm and the wave."""
    arms, waves = {arm.id: arm.title for arm in study.arms}, {wave.id: wave.title for wave in study.waves}
    return {
        name: Fact(fact=name, title=name.capitalize(), kind="code", codes=codes)
        for name, codes in (("arm", arms), ("wave", waves))
        if codes
    }


def facts_in_wordings(questionnaire: Questionnaire, study: StudyDefinition) -> dict[str, dict[str, str]]:
    """Return the words that study.yaml has for the codes of facts which stand in wordings, where the questionnaire has
    none of its own: fact -> code -> words.
    """
    used = set()
    for place in questionnaire.texts():
        try:
            used |= {gap.fact for gap in checked_gaps(place.text) if gap.about_roster}
        except UnreadableWording:
            continue
    return {
        fact.id: dict(fact.codes) for fact in study.facts if fact.codes and fact.id in used - set(questionnaire.facts)
    }


def _in_another_language(questionnaire: Questionnaire, study: StudyDefinition, fact: str) -> bool:
    return questionnaire.languages[0] != study.language and fact in facts_in_wordings(questionnaire, study)


def _example(fact: Fact) -> str:
    return f"facts: {{{fact.id}: {{{', '.join(f'{code}: …' for code in fact.codes)}}}}}"


def _said(questionnaire: Questionnaire, facts: dict[str, Fact]) -> Iterator[Fault]:
    """What a questionnaire says for facts is said of facts that there are, for each of their codes."""
    for name, words in questionnaire.facts.items():
        fact = facts.get(name)
        if fact is None:
            message = _unknown("'facts'", name, facts)
            yield Fault(("facts", name), message, key=True, about=About("fact", name))
            continue
        codes = ("yes", "no") if fact.kind == "yes_no" else tuple(fact.codes)
        for code in words:
            if codes and code not in codes:
                message = (
                    f"fact '{name}' has no code '{shortened(code)}'. Its codes are {quoted(codes)}. Please change it"
                )
                yield Fault(("facts", name, code), message, key=True)
        gone = [code for code in codes if code not in words]
        if gone:
            yield Fault(
                ("facts", name), f"'facts' has no words for {quoted(gone)} of '{name}'. Please add them", key=True
            )


def _unknown(where: str, fact: str, facts: dict[str, Fact], verb: str = "uses") -> str:
    hint = did_you_mean(fact, [*facts, *ALWAYS_KNOWN]) or " Please add it under 'facts' in study.yaml."
    return f"{where} {verb} the roster fact '{shortened(fact)}', which the study does not have.{hint}"


def _test(test: Test, facts: dict[str, Fact]) -> Iterator[Fault]:
    fact = facts.get(test.fact)
    if fact is None and test.fact in _NAMES:
        yield Fault(
            test.at,
            f"no condition can go by the {test.fact}, since each school calls its own as it likes. Please use a fact "
            "of the roster, such as the year group",
            key=True,
        )
        return
    if fact is None:
        if test.fact not in ALWAYS_KNOWN:
            message = _unknown("this condition", test.fact, facts)
            yield Fault(test.at, message, key=True, about=About("fact", test.fact))
        return
    if test.comparison == "answered":
        return
    for word in test.values:
        wrong = _impossible(fact, str(word))
        if wrong:
            yield Fault(
                test.at,
                f"'{shortened(str(word))}' cannot be the roster fact '{fact.id}': {wrong}. Please change it",
            )


def _of_norms(questionnaire: Questionnaire, facts: dict[str, Fact]) -> Iterator[Fault]:
    """Norms are given by facts that there are, for values they can have. An unknown fact is told once a scale."""
    told = set()
    for at, scale, name, text in facts_of(questionnaire):
        fact = facts.get(name)
        if fact is None:
            if name not in ALWAYS_KNOWN and (scale, name) not in told:
                told.add((scale, name))
                message = _unknown(f"the norms of scale '{scale}'", name, facts, "use")
                yield Fault(at, message, key=True, about=About("fact", name))
            continue
        ends = number_range(text) if fact.kind == "number" else None
        for word in (f"{end:g}" for end in ends) if ends else (text,):
            wrong = _impossible(fact, word)
            if wrong:
                message = f"'{shortened(text)}' cannot be the roster fact '{fact.id}': {wrong}. Please change it"
                yield Fault(at, message)
                break


def _impossible(fact: Fact, word: str) -> str | None:
    if fact.codes and word not in fact.codes:
        return f"its codes are {quoted(fact.codes)}"
    if fact.kind == "yes_no" and word not in ("yes", "no"):
        return "it is yes or no"
    if fact.kind != "number":
        return None
    try:
        number = float(word)
    except ValueError:
        return "it is a number"
    low = fact.min if fact.min is not None else float("-inf")
    high = fact.max if fact.max is not None else float("inf")
    return None if low <= number <= high else f"it goes from {low:g} to {high:g}"
