"""The study file: its parts know each other, and the questionnaires they speak of."""

from __future__ import annotations

import datetime
import zoneinfo
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import pairwise
from typing import Final

from survey.definition.conditions import ROSTER
from survey.definition.model import Fault, Path
from survey.definition.questionnaire import Questionnaire
from survey.definition.rules.header import FILE_NAME, not_a_language
from survey.definition.rules.names import kept_by, wrong_name
from survey.definition.study import ROLES, CountedAnswer, Fact, Fieldwork, Plan, StudyDefinition
from survey.problems import FIRST, About, did_you_mean, quoted, shortened
from survey.question import points_of
from survey.wording import is_language


@dataclass(frozen=True)
class Surroundings:
    """The questionnaires in the study's folder, the names of those files, and the scales written in each.

    `written` holds the names in the study file that could not be read, by the key of the name (arm, wave, fact).
    """

    questionnaires: Mapping[str, Questionnaire]
    names: frozenset[str]
    scales: Mapping[str, frozenset[str]]
    written: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def every_scale(self) -> list[str]:
        """Every questionnaire.scale in the folder."""
        return [f"{name}.{scale}" for name in sorted(self.scales) for scale in sorted(self.scales[name])]

    def unsure(self, thing: str, name: str) -> bool:
        """Tell whether a name stands in the file, so that no one calls it unknown."""
        return name in self.written.get(thing, frozenset())


StudyRule = Callable[[StudyDefinition, Surroundings], Iterator[Fault]]


def names(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """Names are names, and each stands for one thing of its list."""
    if not FILE_NAME.fullmatch(study.id):
        yield Fault(
            ("study",),
            f"the name '{shortened(study.id)}' cannot be used. A name has small letters, "
            "digits and dashes, begins "
            "with a letter, and has at most 40 characters. Please change it",
        )
    lists: list[tuple[str, str, list[str]]] = [
        ("arms", "arm", [arm.id for arm in study.arms]),
        ("programmes", "programme", [programme.id for programme in study.programmes]),
        ("waves", "wave", [wave.id for wave in study.waves]),
        ("facts", "fact", [fact.id for fact in study.facts]),
        ("school_facts", "fact", [fact.id for fact in study.school_facts]),
    ]
    for where, thing, ids in lists:
        yield from _names(where, thing, ids)


def _names(where: str, thing: str, ids: list[str]) -> Iterator[Fault]:
    seen: dict[str, Path] = {}
    for i, name in enumerate(ids):
        at: Path = (where, i, thing)
        wrong = wrong_name(name) if thing == "fact" or name != thing else None
        # Only facts become columns: an arm may well be called programme.
        if wrong and (thing == "fact" or not kept_by(name)):
            yield Fault(at, f"the name of {thing} '{shortened(name)}' {wrong}")
        if name.lower() in seen:
            yield Fault(
                at,
                f"the name '{shortened(name)}' is already used for another {thing}, on {FIRST}. "
                "Please choose a different one",
                first=seen[name.lower()],
            )
        seen.setdefault(name.lower(), at)


def arms(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """One arm is the programme's."""
    if not any(arm.id == "programme" for arm in study.arms):
        yield Fault(
            ("arms",),
            "no arm is called 'programme'. One arm must be the one with the programme. Please name it: arm: programme",
            key=True,
        )


def waves(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """Waves open before they close, one after the other, and before the answers are deleted."""
    for i, wave in enumerate(study.waves):
        if wave.closes < wave.opens:
            yield Fault(
                ("waves", i, "closes"),
                f"wave '{wave.id}' closes on {wave.closes}, before it opens on {wave.opens}. Please swap them",
            )
        if i and wave.opens <= study.waves[i - 1].closes:
            before = study.waves[i - 1]
            yield Fault(
                ("waves", i, "opens"),
                f"wave '{wave.id}' opens on {wave.opens}, but wave '{before.id}' above it does not close "
                f"until {before.closes}. Waves cannot overlap. Please change a date, or their order",
            )
    last = max(wave.closes for wave in study.waves)
    if study.retention.delete_on <= last:
        yield Fault(
            ("retention", "delete_on"),
            f"answers would be deleted on {study.retention.delete_on}, before the last wave closes "
            f"on {last}. "
            "Please choose a later day",
        )
        return
    late = max(study.late.begin, study.late.finish)
    if study.retention.delete_on <= last + datetime.timedelta(days=late):
        yield Fault(
            ("retention", "delete_on"),
            f"answers would be deleted on {study.retention.delete_on}, when late answers are still accepted: "
            f"{late} days after the last wave closes on {last}. Please choose a later day, or shorten 'late'",
        )


def late(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """Anyone who may still begin may still finish."""
    if study.late.finish < study.late.begin:
        yield Fault(
            ("late", "finish" if "finish" in study.late.model_fields_set else "begin"),
            f"people can start for {study.late.begin} days after a wave's last day, but finish for only "
            f"{study.late.finish}. Please make 'finish' at least {study.late.begin}",
        )


def language(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """The language researchers work in is one."""
    if not is_language(study.language):
        yield Fault(("language",), not_a_language(study.language))


def access(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """Access is given to roles that there are, once to each."""
    for key in ("tables", "microdata"):
        roles: list[str] = getattr(study.access, key)
        at: Path = ("access", key)
        for i, role in enumerate(roles):
            if role not in ROLES:
                hint = did_you_mean(role, ROLES) or f" Please use {quoted(ROLES, 'or')}"
                yield Fault((*at, i), f"there is no role '{shortened(role)}'.{hint}")
        yield from _once(roles, lambda i, at=at: (*at, i), "role")  # type: ignore[misc]


def _once(names: Sequence[str], at: Callable[[int], Path], what: str) -> Iterator[Fault]:
    """Say of each name that it is listed already. `at` gives the path of the name at a position."""
    first: dict[str, int] = {}
    for i, name in enumerate(names):
        if name in first:
            message = f"{what} '{shortened(name)}' is already listed, on {FIRST}. Please remove one of them"
            yield Fault(at(i), message, first=at(first[name]))
        first.setdefault(name, i)


def _sent_twice(study: StudyDefinition) -> Iterator[Fault]:
    """No two parts of the fieldwork send the same questionnaire to the same people in the same wave."""
    for i, part in enumerate(study.fieldwork):
        for n, before in enumerate(study.fieldwork[:i]):
            waves = [wave for wave in part.waves if wave in before.waves]
            same = (part.questionnaire, part.audience) == (before.questionnaire, before.audience)
            years = part.years is None or before.years is None or set(part.years) & set(before.years)
            if same and years and waves:
                yield Fault(
                    ("fieldwork", i, "questionnaire"),
                    f"fieldwork {i + 1} sends '{shortened(part.questionnaire)}' in wave {quoted(waves)} to people who "
                    f"already get it in that wave, from {FIRST}. Please remove one of the two, or change its waves or "
                    "years",
                    first=("fieldwork", n, "questionnaire"),
                )
                break


def time_zone(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """The time zone is one."""
    known = _time_zones()
    if study.time_zone not in known:
        hint = did_you_mean(study.time_zone, known) or " Please write one such as Europe/London."
        yield Fault(("time_zone",), f"there is no time zone '{shortened(study.time_zone)}'.{hint}")


@cache
def _time_zones() -> frozenset[str]:
    """Return the names of all time zones. To find them, several hundred files are opened."""
    return frozenset(zoneinfo.available_timezones())


def facts(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """Facts have what their kind needs, and nothing else."""
    for i, fact in enumerate(study.facts):
        yield from _fact(fact, ("facts", i))
    for i, fact in enumerate(study.school_facts):
        yield from _fact(fact, ("school_facts", i))
        yield from _school_fact(fact, study, ("school_facts", i))


def _school_fact(fact: Fact, study: StudyDefinition, at: Path) -> Iterator[Fault]:
    """Check that a fact about schools is a figure or a code that they have once, under a name of its own."""
    if fact.changes:
        message = (
            f"school fact '{fact.id}' would change from wave to wave, but each school has it once. Please remove it"
        )
        yield Fault((*at, "changes"), message, key=True)
    if fact.kind == "date":
        yield Fault((*at, "kind"), f"school fact '{fact.id}' is a date, and dates cannot be compared. {_OTHER_KIND}")
    if any(fact.id == other.id for other in study.facts):
        yield Fault(
            (*at, "fact"), f"the name '{fact.id}' is already used for a fact about participants. Please change one"
        )


_OTHER_KIND: Final = "Please use number, code or yes_no"


def _fact(fact: Fact, at: Path) -> Iterator[Fault]:
    if fact.kind == "code" and not fact.codes:
        yield Fault(at, f"fact '{fact.id}' is a code, but has no codes. Please add: codes: {{f: Girl, m: Boy}}")
    if fact.kind != "code" and fact.codes:
        yield Fault(
            (*at, "codes"),
            f"fact '{fact.id}' has codes. Only kind: code can have them. Please change one",
            key=True,
        )
    if fact.kind != "number":
        for key in ("min", "max"):
            if getattr(fact, key) is not None:
                yield Fault(
                    (*at, key),
                    f"fact '{fact.id}' has '{key}'. Only kind: number can have it. Please change one",
                    key=True,
                )
    elif fact.min is not None and fact.max is not None and fact.min > fact.max:
        yield Fault((*at, "min"), f"fact '{fact.id}' goes from {fact.min:g} to {fact.max:g}. Please swap them")


def missing_codes(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """Each reason for a missing value has its own number, which no answer can be."""
    codes = study.missing.model_dump()
    for code, count in Counter(codes.values()).items():
        if count > 1:
            reasons = [reason for reason, number in codes.items() if number == code]
            last = [reason for reason in reasons if reason in study.missing.model_fields_set] or reasons
            yield Fault(("missing", last[-1]), _same_code(reasons, study))


def _same_code(reasons: list[str], study: StudyDefinition) -> str:
    """Say that reasons have the same number. One that no one wrote down has to be explained, and another one found."""
    codes = study.missing.model_dump()
    unwritten = [reason for reason in reasons if reason not in study.missing.model_fields_set]
    others = [reason for reason in reasons if reason not in unwritten]
    if len(unwritten) == 1 and others:
        (reason,) = unwritten
        means = type(study.missing).model_fields[reason].description or ""
        free = next(number for number in range(-10, -100, -1) if number not in codes.values())
        return (
            f"{quoted(others)} {'is' if len(others) == 1 else 'are'} {codes[reason]}, and so is '{reason}' "
            f"({means.partition(':')[0].lower()}), which is not written here. Each reason needs its own number. "
            f"Please change it, or add '{reason}: {free}'"
        )
    return f"{quoted(reasons)} are all {codes[reasons[0]]}. Each reason needs its own number. Please change one"


def fieldwork(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """Fieldwork sends questionnaires to those they are written for, in waves that are there."""
    waves = [wave.id for wave in study.waves]
    for i, part in enumerate(study.fieldwork):
        at: Path = ("fieldwork", i)
        yield from _questionnaire(part.questionnaire, around, (*at, "questionnaire"), f"fieldwork {i + 1}")
        questionnaire = around.questionnaires.get(part.questionnaire)
        if questionnaire and questionnaire.audience != part.audience:
            yield Fault(
                (*at, "audience"),
                f"fieldwork {i + 1} sends '{part.questionnaire}' to '{part.audience}', but it is written for "
                f"'{questionnaire.audience}'. Please change one of the two",
            )
        for n, wave in enumerate(part.waves):
            if wave not in waves and not around.unsure("wave", wave):
                hint = did_you_mean(wave, waves) or f" Please use {quoted(dict.fromkeys(waves), 'or')}"
                yield Fault(
                    (*at, "waves", n),
                    f"fieldwork {i + 1} names wave '{shortened(wave)}', which does not exist.{hint}",
                    about=About("wave", wave),
                )
        yield from _open_link_only(part, i)
        yield from _shown_to_the_class(part, questionnaire, i)
        if part.years is not None:
            yield from _years(study, part.years, i, around)
        yield from _once(part.waves, lambda n, at=at: (*at, "waves", n), "wave")  # type: ignore[misc]
    yield from _sent_twice(study)
    sent = {part.questionnaire for part in study.fieldwork}
    for name in sorted(around.names - sent):
        yield Fault(
            ("fieldwork",),
            f"no one gets the questionnaire '{name}'. Please add it under 'fieldwork', or remove its file",
            advice=True,
            key=True,
        )


def _open_link_only(part: Fieldwork, i: int) -> Iterator[Fault]:
    """Check that an open link alone is enough: pupils come in by their own code, and a link knows no year group."""
    if part.open_link_only and part.audience == "pupil":
        yield Fault(
            ("fieldwork", i, "open_link_only"),
            f"fieldwork {i + 1} is for pupils, who come in with their own code. Please remove: open_link_only: yes",
            key=True,
        )
    elif part.open_link_only and part.years is not None:
        yield Fault(
            ("fieldwork", i, "years"),
            f"fieldwork {i + 1} has years, but an open link knows no year group. Please remove 'years'",
            key=True,
        )


def not_asked(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """Nobody is both asked and not asked."""
    asked = {year: work.questionnaire for work in study.fieldwork for year in work.years or []}
    for i, one in enumerate(study.not_asked):
        for n, year in enumerate(one.years):
            if year in asked:
                yield Fault(
                    ("not_asked", i, "years", n),
                    f"year {year} is not asked anything here, but 'fieldwork' asks it '{shortened(asked[year])}'. "
                    "Please change one of the two",
                )


def _questionnaire(name: str, around: Surroundings, at: Path, who: str) -> Iterator[Fault]:
    if name not in around.names:
        hint = did_you_mean(name, around.names) or f" Please add {shortened(name)}.yaml."
        yield Fault(at, f"{who} names the questionnaire '{shortened(name)}', which does not exist.{hint}")


def _shown_to_the_class(part: Fieldwork, questionnaire: Questionnaire | None, i: int) -> Iterator[Fault]:
    """What a class sees together are questions of its questionnaire whose answers go from low to high, in words."""
    if part.show_class and part.audience != "pupil":
        message = f"classes are made of pupils, and '{part.questionnaire}' is for '{part.audience}'. Please remove it"
        yield Fault(("fieldwork", i, "show_class"), message, key=True)
        return
    yield from _once(part.show_class, lambda n: ("fieldwork", i, "show_class", n), "question")
    questions = {one.id: one for one in questionnaire.questions} if questionnaire else {}
    for n, name in enumerate(part.show_class if questionnaire else ()):
        at: Path = ("fieldwork", i, "show_class", n)
        if name not in questions:
            if questionnaire and name not in questionnaire.written.questions:
                hint = did_you_mean(name, questions) or " Please use the id of a question."
                yield Fault(at, f"'{part.questionnaire}' has no question '{shortened(name)}'.{hint}")
        elif points_of(questions[name]) is None:
            message = f"the answers to '{name}' do not go from low to high in words. Please use another question"
            yield Fault(at, message)


def _years(study: StudyDefinition, years: list[int], i: int, around: Surroundings) -> Iterator[Fault]:
    at: Path = ("fieldwork", i, "years")
    facts = {fact.id: fact for fact in study.facts}
    year = facts.get("year")
    if year is None and around.unsure("fact", "year"):
        return
    if year is None:
        yield Fault(
            at,
            f"fieldwork {i + 1} names year groups, but the roster has none. Please add a fact called 'year'",
            key=True,
        )
        return
    yield from _once(list(map(str, years)), lambda n: (*at, n), "year")
    for n, number in enumerate(years):
        if (year.min is not None and number < year.min) or (year.max is not None and number > year.max):
            yield Fault(
                (*at, n),
                f"year {number} is outside the fact 'year', {year.min:g} to {year.max:g}. Please change one"
                if year.min is not None and year.max is not None
                else f"year {number} is outside the fact 'year'. Please change one",
            )


def consent(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """Each audience has one rule, and parents decide for children only."""
    yield from _once([one.audience for one in study.consent], lambda i: ("consent", i, "audience"), "the rule for")
    for i, one in enumerate(study.consent):
        if one.decided_by == "parent" and one.audience != "pupil":
            yield Fault(
                ("consent", i, "decided_by"),
                f"parents would decide for '{one.audience}', but parents can decide for "
                "pupils only. Please write: decided_by: self",
            )


def plan(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """The plan speaks of scales, arms and facts that are there."""
    if study.plan is None:
        return
    yield from _once(study.plan.outcomes, lambda i: ("plan", "outcomes", i), "outcome")
    yield from _once(study.plan.subgroups, lambda i: ("plan", "subgroups", i), "subgroup")
    for i, outcome in enumerate(study.plan.outcomes):
        yield from _scale(outcome, around, ("plan", "outcomes", i), "the plan")
    programme = study.plan.comparison.programme
    yield from _known(programme, [arm.id for arm in study.arms], "arm", ("plan", "comparison", "programme"), around)
    facts = {fact.id: fact for fact in study.facts}
    # What is true of a school is true of everyone in it.
    grouping = {fact.id: fact for fact in (*study.facts, *study.school_facts)}
    for i, subgroup in enumerate(study.plan.subgroups):
        yield from _known(subgroup, grouping, "fact", ("plan", "subgroups", i), around)
        if subgroup in facts and facts[subgroup].kind == "date":
            yield Fault(("plan", "subgroups", i), f"'{subgroup}' is a date, and dates make no subgroups. {_OTHER_FACT}")
    yield from _questions(study.plan, around)
    yield from _exposures(study.plan, grouping, around)
    yield from _roster_outcomes(study.plan, facts, around)
    yield from _shares(study.plan, facts, around)


def _questions(plan: Plan, around: Surroundings) -> Iterator[Fault]:
    """Each outcome of the plan answers at most one of its questions, and each question is answered in one way."""
    for i, asked in enumerate(plan.questions):
        if bool(asked.outcomes) == bool(asked.answers_to):
            message = "a question of the plan is answered by its outcomes or by answers to questions. Please give one"
            yield Fault(("plan", "questions", i, "ask"), message)
        for n, name in enumerate(asked.answers_to):
            yield from _asked_question(name, around, ("plan", "questions", i, "answers_to", n), "'answers_to'")
    known = [*plan.outcomes, *(f"{ROSTER}{one.fact}" for one in plan.roster_outcomes)]
    places = [(i, n, one) for i, asked in enumerate(plan.questions) for n, one in enumerate(asked.outcomes)]
    paths: list[Path] = [("plan", "questions", i, "outcomes", n) for i, n, _ in places]
    for (_, _, outcome), path in zip(places, paths, strict=True):
        yield from _known(outcome, known, "outcome of the plan", path, around)
    yield from _once([one for *_, one in places], lambda at: paths[at], "outcome")


_OTHER_FACT: Final = "Please use another fact, or take this line out"


def _exposures(plan: Plan, facts: Mapping[str, Fact], around: Surroundings) -> Iterator[Fault]:
    """Each exposure is a number, and there is one of each; a single one stands without a list."""
    single = len(plan.exposure) == 1
    places: list[Path] = [
        ("plan", "exposure") if single else ("plan", "exposure", i) for i in range(len(plan.exposure))
    ]
    yield from _once([one.fact for one in plan.exposure], lambda i: (*places[i], "fact"), "exposure")
    for at, exposure in zip(places, plan.exposure, strict=True):
        yield from _known(exposure.fact, facts, "fact", (*at, "fact"), around)
        if exposure.fact in facts and facts[exposure.fact].kind != "number":
            yield Fault(
                (*at, "fact"),
                f"exposure is '{exposure.fact}', which is not a number. Please use a fact of kind: number",
            )
        if any(low >= high for low, high in pairwise(exposure.bands)):
            yield Fault((*at, "bands"), "the bands do not go up. Please write where each begins, in order")


def _roster_outcomes(plan: Plan, facts: Mapping[str, Fact], around: Surroundings) -> Iterator[Fault]:
    yield from _once(
        [one.fact for one in plan.roster_outcomes], lambda i: ("plan", "roster_outcomes", i, "fact"), "outcome"
    )
    for i, one in enumerate(plan.roster_outcomes):
        at: Path = ("plan", "roster_outcomes", i)
        yield from _known(one.fact, facts, "fact", (*at, "fact"), around)
        fact = facts.get(one.fact)
        if fact is None:
            continue
        if fact.kind == "date":
            yield Fault((*at, "fact"), f"'{one.fact}' is a date, which cannot be an outcome. {_OTHER_FACT}")
        elif fact.kind == "code" and not one.reached:
            message = f"'{one.fact}' has codes, so the plan has to say which of them count. Please add 'reached:'"
            yield Fault((*at, "fact"), message)
        elif fact.kind != "code" and one.reached:
            yield Fault((*at, "reached"), f"'{one.fact}' has no codes, so nothing can be 'reached'. Please remove it")
        for n, code in enumerate(one.reached if fact.kind == "code" else ()):
            yield from _known(code, fact.codes, f"code of '{one.fact}'", (*at, "reached", n), around)


def _shares(plan: Plan, facts: Mapping[str, Fact], around: Surroundings) -> Iterator[Fault]:
    yield from _once([one.id for one in plan.shares], lambda i: ("plan", "shares", i, "share"), "share")
    for i, one in enumerate(plan.shares):
        at: Path = ("plan", "shares", i)
        if one.fact is not None:
            yield from _known(one.fact, facts, "fact", (*at, "fact"), around)
            if one.fact in facts and facts[one.fact].kind != "yes_no":
                message = f"'{one.fact}' is not answered by yes or no. Please use a fact of kind: yes_no"
                yield Fault((*at, "fact"), message)
            if one.items or one.codes or one.questionnaire:
                yield Fault((*at, "fact"), "a share comes from a fact or from items. Please remove one of the two")
        elif not (one.questionnaire and one.items and one.codes):
            message = f"the share '{shortened(one.id)}' does not say what counts. Please give a fact, or a {_THREE}"
            yield Fault((*at, "share"), message)
        else:
            yield from _counted(one, at, around)


_THREE: Final = "questionnaire, its items and the codes that count"


def _counted(one: CountedAnswer, at: Path, around: Surroundings) -> Iterator[Fault]:
    """Check the items of a share, and that each of its codes is one of an item."""
    name = str(one.questionnaire)
    if name not in around.names:
        hint = did_you_mean(name, around.names) or " Please write the id of a questionnaire."
        yield Fault((*at, "questionnaire"), f"there is no questionnaire '{shortened(name)}'.{hint}")
        return
    questionnaire = around.questionnaires.get(name)
    if questionnaire is None:
        return
    questions = {question.id: question for question in questionnaire.questions}
    codes: set[int] = set()
    for n, item in enumerate(one.items):
        question = questions.get(item)
        if question is None:
            if item not in questionnaire.written.questions:
                hint = did_you_mean(item, questions) or " Please use the id of a question."
                yield Fault((*at, "items", n), f"'{name}' has no question '{shortened(item)}'.{hint}")
            return
        own = next((column for column in question.columns() if column.name == item), None)
        if own is None or not own.codes:
            yield Fault((*at, "items", n), f"'{item}' is not answered by one code. Please use another question")
            return
        codes |= {code for code in own.codes if isinstance(code, int)}
    for n, code in enumerate(one.codes):
        if code not in codes:
            there = quoted(list(map(str, sorted(codes))), "and")
            yield Fault((*at, "codes", n), f"none of the items has the code {code}. Their codes are {there}")


def _known(name: str, known: Iterable[str], thing: str, at: Path, around: Surroundings) -> Iterator[Fault]:
    names = list(known)
    if name not in names and not around.unsure(thing, name):
        hint = did_you_mean(name, names) or (
            f" Please use {quoted(names, 'or')}" if names else f" Please add the {thing}."
        )
        message = f"there is no {thing} '{shortened(name)}' in this study.{hint}"
        yield Fault(at, message, about=About(thing, name))


def _scale(name: str, around: Surroundings, at: Path, who: str, *, key: bool = False) -> Iterator[Fault]:
    """Check questionnaire.scale."""
    first, dot, scale = name.partition(".")
    if not dot or first not in around.names:
        hint = did_you_mean(name, around.every_scale) or " Please write questionnaire.scale."
        yield Fault(at, f"{who} names '{shortened(name)}', but there is no such questionnaire.{hint}", key=key)
    elif first in around.scales and scale not in around.scales[first]:
        hint = did_you_mean(name, around.every_scale) or " Please write one of its scales after the dot."
        message = f"{who} names '{shortened(name)}', but '{first}' has no such scale.{hint}"
        yield Fault(at, message, key=key, about=About("scale", name))


def pretend(study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """What is pretended is about arms, scales, facts and questions that are there."""
    if study.pretend is None:
        return
    arm_names = [arm.id for arm in study.arms]
    for arm in study.pretend.schools:
        for fault in _known(arm, arm_names, "arm", ("pretend", "schools", arm), around):
            yield replace(fault, key=True)
    for scale, effects in study.pretend.effects.items():
        if scale.startswith(ROSTER):
            yield from _fact_with_effects(scale, study, around)
        else:
            yield from _scale(scale, around, ("pretend", "effects", scale), "'effects'", key=True)
        for name in effects:
            yield from _effect(study, name, around, ("pretend", "effects", scale, name))
    for name in study.pretend.texts:
        yield from _asked_question(name, around, ("pretend", "texts", name), "'texts'", key=True)
    shares = study.pretend.missing
    if shares.blank + shares.dont_know + shares.rather_not > 1:
        yield Fault(
            ("pretend", "missing"),
            "'blank', 'dont_know' and 'rather_not' add up to more than 1, and 1 is everyone. Please lower them",
            key=True,
        )


def _fact_with_effects(name: str, study: StudyDefinition, around: Surroundings) -> Iterator[Fault]:
    """Check that effects are pretended on a fact that can differ from wave to wave, such as attendance."""
    at: Path = ("pretend", "effects", name)
    fact = next((one for one in study.facts if one.id == name.removeprefix(ROSTER)), None)
    if fact is None:
        known = [f"{ROSTER}{one.id}" for one in study.facts]
        hint = did_you_mean(name, known) or " Please use a fact of the study."
        message = f"'effects' names '{shortened(name)}', but there is no such fact.{hint}"
        yield Fault(at, message, key=True, about=About("fact", name.removeprefix(ROSTER)))
    elif not fact.changes or fact.kind == "date":
        message = f"'effects' names the fact '{fact.id}', which stays as it was before the programme. {_OTHER_FACT}"
        yield Fault(at, message, key=True)


def _effect(study: StudyDefinition, name: str, around: Surroundings, at: Path) -> Iterator[Fault]:
    facts = [*study.facts, *study.school_facts]
    codes = [f"{fact.id}.{code}" for fact in facts for code in fact.codes]
    codes += [f"{fact.id}.yes" for fact in facts if fact.kind == "yes_no"]
    numbers = [fact.id for fact in facts if fact.kind == "number"]
    known = ["programme", *(arm.id for arm in study.arms), "per_year", *codes, *numbers]
    fact = name.partition(".")[0]
    unclear = around.unsure("fact", fact) and not any(
        f.id == fact and (f.codes or f.kind != "code") for f in study.facts
    )
    if name not in known and not unclear:
        hint = did_you_mean(name, known) or " Please write programme, per_year, or fact.code."
        yield Fault(
            at,
            f"'{shortened(name)}' cannot have an effect here.{hint}",
            key=True,
            about=About("fact", fact),
        )


def _asked_question(name: str, around: Surroundings, at: Path, who: str, *, key: bool = False) -> Iterator[Fault]:
    """Check questionnaire.question."""
    first, dot, question = name.partition(".")
    if not dot or first not in around.names:
        hint = did_you_mean(first, around.names) or " Please write questionnaire.question."
        yield Fault(at, f"{who} names '{shortened(name)}', but there is no such questionnaire.{hint}", key=key)
        return
    questionnaire = around.questionnaires.get(first)
    if questionnaire is None:
        return
    known = {q.id for q in questionnaire.questions} | questionnaire.written.questions
    if question not in known:
        hint = did_you_mean(question, known) or " Please use the id of a question."
        yield Fault(
            at,
            f"{who} names '{shortened(name)}', but '{first}' has no such question.{hint}",
            key=key,
            about=About("question", name),
        )


STUDY_RULES: tuple[StudyRule, ...] = (
    names,
    arms,
    waves,
    late,
    language,
    time_zone,
    access,
    facts,
    missing_codes,
    fieldwork,
    not_asked,
    consent,
    plan,
    pretend,
)
"""Every rule about study.yaml; those that give advice say so."""
