"""What an author can invent about a respondent, so that every way through a questionnaire can be tried out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from survey.authored import day
from survey.definition.questionnaire import Questionnaire
from survey.definition.rules.roster import facts_with_codes
from survey.definition.study import Fact, StudyDefinition
from survey.definition.wording import UnreadableWording, gaps
from survey.problems import listed, shortened

_PLACES: Final = {"school": "School", "class": "Class", "programme": "Programme", "performance": "Performance"}
"""What a response knows of where it belongs, by its name: for any study, and as it is written."""

_NUMBER: Final = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?")

_LONGEST: Final = 80
"""Characters of an invented name."""


class CannotBe(ValueError):
    """A fact cannot have this value. Its text is a sentence for the author, without the fact's name."""


def facts_to_invent(questionnaire: Questionnaire, study: StudyDefinition | None) -> tuple[Fact, ...]:
    """Return the facts that conditions or wordings of a questionnaire use and respondents can have, in this order.

    study: the one it belongs to. Without it, every fact is a text.
    """
    known = facts_with_codes(study) | {fact.id: fact for fact in study.facts} if study else {}
    if study and study.programmes:
        titles = {one.title: one.title for one in study.programmes}
        known |= {"programme": Fact(fact="programme", title="Programme", kind="code", codes=titles)}
    names = dict.fromkeys([*_in_conditions(questionnaire), *_in_wordings(questionnaire)])
    said = (known.get(name) or _as_text(name, known=study is not None) for name in names)
    return tuple(fact for fact in said if fact is not None)


def _as_text(name: str, *, known: bool) -> Fact | None:
    if name in _PLACES:
        return Fact(fact=name, title=_PLACES[name], kind="code")
    # What the study does not know no respondent can have, and the checker says so.
    return None if known else Fact(fact=name, title=name.capitalize(), kind="code")


def _in_conditions(questionnaire: Questionnaire) -> Iterator[str]:
    for _, thing in questionnaire.conditional():
        if thing.when is not None:
            yield from sorted(thing.when.facts())


def _in_wordings(questionnaire: Questionnaire) -> Iterator[str]:
    for place in questionnaire.texts():
        try:
            found = gaps(place.text)
        except UnreadableWording:
            continue  # told by the checker
        yield from (gap.fact for gap in found if gap.about_roster)


def invented(facts: Sequence[Fact], said: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the facts that an author has invented, as a response would have them, and what is wrong: fact -> sentence.

    said: fact -> what was typed or chosen; what is empty is not known.
    """
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for fact in facts:
        text = said.get(fact.id, "").strip()
        if not text:
            continue
        try:
            values[fact.id] = _value(fact, text)
        except CannotBe as fault:
            wrong[fact.id] = str(fault)
    return values, wrong


def _value(fact: Fact, text: str) -> Any:
    if fact.kind == "number":
        return _number(fact, text)
    if fact.kind == "date":
        return _day(text)
    if fact.kind == "yes_no" and text not in ("yes", "no"):
        raise CannotBe("Choose yes or no.")
    if fact.codes and text not in fact.codes:
        raise CannotBe(f"Choose {listed(fact.codes.values(), 'or')}.")
    if len(text) > _LONGEST:
        raise CannotBe(f"Write at most {_LONGEST} characters.")
    return text


def _number(fact: Fact, text: str) -> float:
    low = float("-inf") if fact.min is None else fact.min
    high = float("inf") if fact.max is None else fact.max
    if not _NUMBER.fullmatch(text):
        raise CannotBe(f"“{shortened(text)}” is not a number. Write it in digits, such as 4.")
    number = float(text)
    if not low <= number <= high:
        raise CannotBe(f"{number:g} is out of range: the study says {_range(fact)}.")
    return int(number) if number == int(number) else number


def _range(fact: Fact) -> str:
    if fact.max is None:
        return f"{fact.min:g} or more"
    return f"{fact.max:g} or less" if fact.min is None else f"{fact.min:g} to {fact.max:g}"


def _day(text: str) -> str:
    try:
        return str(day(text))
    except ValueError as error:
        raise CannotBe(f"“{shortened(text)}” is not a day. Write it like 2026-09-30.") from error
