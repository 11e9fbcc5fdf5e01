"""Names: of questions, scales, pages and lists, and of the columns they become in SPSS, Stata and R."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from survey.definition.conditions import CONNECTIVES
from survey.definition.model import Fault, Path
from survey.definition.parts import Grid
from survey.definition.questionnaire import Questionnaire
from survey.problems import FIRST, listed, shortened
from survey.question import Question

LONGEST: Final = 32
"""Stata holds names of 32 characters; SPSS and R hold more."""

RESERVED: Final = {
    **dict.fromkeys(["all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"], "SPSS"),
    **dict.fromkeys(
        [
            "_all",
            "_b",
            "_coef",
            "_cons",
            "_n",
            "_pi",
            "_pred",
            "_rc",
            "_skip",
            "byte",
            "double",
            "float",
            "if",
            "in",
            "int",
            "long",
            "strl",
            "using",
            "with",
        ],
        "Stata",
    ),
    **dict.fromkeys([*CONNECTIVES, "roster"], "'when'"),
    # The columns that every file had at first. One that came later is not refused: questionnaires may have such a
    # question already, and its column is called q_… where the two meet.
    **dict.fromkeys(
        [
            "id",
            "response",
            "participant",
            "wave",
            "arm",
            "programme",
            "school",
            "class",
            "year_group",
            "audience",
            "questionnaire",
            "version",
            "language",
            "mode",
            "started",
            "finished",
        ],
        "every data file",
    ),
}
"""Words that cannot be columns, in lower case -> who keeps them for themselves."""

_STATA_STRING = re.compile(r"str\d+")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LABEL = re.compile(r"[a-z][a-z0-9_-]*")


def wrong_name(name: str) -> str | None:
    """Return what is wrong with a name that becomes a column, or None.

    >>> wrong_name("sing_enjoy")
    >>> wrong_name("Sing")
    "has capital letters. Names have small letters, digits and '_', and begin with a letter. "
    "Please write 'sing'"
    """
    if len(name) > LONGEST:
        return f"has {len(name)} characters. A name can have at most {LONGEST}. Please shorten it"
    if not _NAME.fullmatch(name):
        return _misspelt(name)
    taken = kept_by(name)
    if taken:
        return f"is a word that {taken} uses for something else. Please choose another, such as '{name}_1'"
    return None


def kept_by(name: str) -> str | None:
    """Return who keeps a name for another use than a column, or None."""
    return RESERVED.get(name) or ("Stata" if _STATA_STRING.fullmatch(name) else None)


def _misspelt(name: str) -> str:
    rule = "Names have small letters, digits and '_', and begin with a letter"
    better = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
    fix = f"Please write '{better}'" if _NAME.fullmatch(better) else "Please choose another"
    fault = (
        "has capital letters"
        if _NAME.fullmatch(name.lower())
        else ("has characters that the name of a column cannot have")
    )
    return f"{fault}. {rule}. {fix}"


_Named = tuple[str, str, Path]
"""What is called so, its name, and where the name stands."""


def names(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Every name can be one, and stands for one thing only."""
    columns: list[_Named] = []
    for p, page in enumerate(questionnaire.pages):
        for i, entry in enumerate(page.entries):
            at: Path = ("pages", p, "questions", i)
            if isinstance(entry, Question):
                columns.append(("question", entry.id, (*at, "question")))
                continue
            columns += _of_grid(entry, at)
    columns += [("scale", s.id, ("scales", n, "scale")) for n, s in enumerate(questionnaire.scales)]
    for thing, name, at in columns:
        wrong = wrong_name(name)
        if wrong:
            yield Fault(at, f"the name of {thing} '{shortened(name)}' {wrong}")
    yield from _twice(questionnaire, columns)
    copied = {again.at[1] for again in _given_again(columns) if again.at[0] == "pages"}
    yield from _labels(questionnaire, copied)


def _of_grid(grid: Grid, at: Path) -> list[_Named]:
    found = [("grid", grid.id, (*at, "grid"))]
    return found + [
        ("question", statement.id, (*at, "statements", n, "question")) for n, statement in enumerate(grid.statements)
    ]


@dataclass(frozen=True)
class _Again:
    """A name that was given before: to what it is given again and where, and what had it first and where."""

    thing: str
    name: str
    at: Path
    first_thing: str
    first_name: str
    first: Path


def _given_again(columns: list[_Named]) -> Iterator[_Again]:
    seen: dict[str, _Named] = {}
    for thing, name, at in columns:
        first = seen.setdefault(name.lower(), (thing, name, at))
        if first[2] != at:
            yield _Again(thing, name, at, *first)


def _twice(questionnaire: Questionnaire, columns: list[_Named]) -> Iterator[Fault]:
    """Say which names are given twice; what was copied together is told together."""
    pages = {page.id.lower(): p for p, page in reversed(list(enumerate(questionnaire.pages)))}
    for part, names_ in groupby(_given_again(columns), key=lambda again: again.at[:2]):
        again = list(names_)
        page = questionnaire.pages[int(part[1])] if part[0] == "pages" else None
        if page is not None and pages[page.id.lower()] != part[1]:
            yield Fault(
                (*part, "page"),
                f"page '{shortened(page.id)}' is here for the second time, with {_some(again)}; the first is on "
                f"{FIRST}. Please remove one of the two, or give it and what is on it names of their own",
                first=("pages", pages[page.id.lower()], "page"),
            )
        elif len(again) > 1:
            yield Fault(
                again[0].at,
                f"{_some(again)} are already used as names, the first on {FIRST}. "
                "Please remove what was copied, or choose different names",
                first=again[0].first,
            )
        else:
            yield _once_more(again[0])


def _some(again: list[_Again]) -> str:
    few = [f"'{shortened(one.name)}'" for one in again[:5]]
    return listed(few + ([f"{len(again) - 5} more"] if len(again) > 5 else []))


def _once_more(again: _Again) -> Fault:
    other = f"another {again.thing}" if again.first_thing == again.thing else f"a {again.first_thing}"
    how = f", written '{again.first_name}'; SPSS does not distinguish capital letters"
    return Fault(
        again.at,
        f"the name '{shortened(again.name)}' is already used for {other}, on {FIRST}"
        f"{how if again.first_name != again.name else ''}. Please choose a different name for this {again.thing}",
        first=again.first,
    )


def _labels(questionnaire: Questionnaire, copied: Collection[str | int]) -> Iterator[Fault]:
    """Names of pages and option lists are no columns, but translators and links use them.

    Pages that were `copied` with questions on them are told with those.
    """
    seen: dict[str, Path] = {}
    for p, page in enumerate(questionnaire.pages):
        at: Path = ("pages", p, "page")
        if not _LABEL.fullmatch(page.id) or len(page.id) > LONGEST:
            yield Fault(at, f"the name of page '{shortened(page.id)}' {_rule_of_labels()}")
        if page.id.lower() in seen and p not in copied:
            yield Fault(
                at,
                f"the name '{shortened(page.id)}' is already used for another page, on {FIRST}. "
                "Please choose a different one",
                first=seen[page.id.lower()],
            )
        seen.setdefault(page.id.lower(), at)
    for name in questionnaire.options:
        if not _LABEL.fullmatch(name) or len(name) > LONGEST:
            yield Fault(
                ("options", name),
                f"the name of option list '{shortened(name)}' {_rule_of_labels()}",
                key=True,
            )


def _rule_of_labels() -> str:
    return (
        "cannot be used. A name has small letters, digits, '_' and '-', begins with a letter, and has at "
        f"most {LONGEST} characters. Please change it"
    )


def columns(questionnaire: Questionnaire) -> Iterator[Fault]:
    """The columns that a question makes beside its own collide with nothing, and fit."""
    own = {question.id.lower(): question.id for question in questionnaire.questions}
    own |= {scale.id.lower(): scale.id for scale in questionnaire.scales}
    for at, question in questionnaire.placed():
        if not question.stored:
            continue
        for column in question.columns():
            if column.name == question.id or len(question.id) > LONGEST:
                continue
            if column.name.lower() in own:
                yield Fault(
                    (*at, "question"),
                    f"question '{question.id}' also makes a column '{column.name}', but "
                    f"'{own[column.name.lower()]}' is already used as a name here. Please rename one of the two",
                )
            elif len(column.name) > LONGEST:
                yield Fault(
                    (*at, "question"),
                    f"question '{question.id}' also makes a column '{column.name}', which has "
                    f"{len(column.name)} "
                    f"characters. A name can have at most {LONGEST}. Please shorten '{question.id}'",
                )
    for n, scale in enumerate(questionnaire.scales):
        banded = scale.bands or (scale.norms is not None and any(group.bands for group in scale.norms.groups))
        for name in (f"{scale.id}_n", *([f"{scale.id}_band"] if banded else [])):
            if name.lower() in own:
                yield Fault(
                    ("scales", n, "scale"),
                    f"scale '{scale.id}' also makes a column '{name}', but that name is already used here. Please "
                    "rename one of the two",
                )
