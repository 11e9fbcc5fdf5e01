"""One set of columns over all versions of a questionnaire: identity, roster, questions, and times if wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from survey.definition.columns import LONGEST, is_typed, question_column
from survey.definition.meaning import same_words
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import StudyDefinition
from survey.definition.wording import fill
from survey.export.notes import Notes
from survey.intake.identity import IdentityColumn, Measure, Type, columns_of, in_range
from survey.journey import Journey
from survey.question import Column, Question


@dataclass(frozen=True)
class AnsweredVersion:
    """One version of a questionnaire that someone answered."""

    sha256: str
    questionnaire: Questionnaire


@dataclass(frozen=True)
class Variable:
    """A column of the data sheets.

    `codes` maps each code to its label (texts for identity and roster, numbers for answers). `columns` holds, for
    each version that has it (by SHA-256), the question's own column.
    """

    name: str
    label: str
    type: Type
    measure: Measure
    codes: Mapping[Any, str] = field(default_factory=dict)
    group: Literal["identity", "roster", "question", "time", "listened", "score"] = "identity"
    private: bool = False
    question: str = ""
    wording: str = ""
    range: str = ""
    versions: tuple[int, ...] = ()
    columns: Mapping[str, Column] = field(default_factory=dict, repr=False)
    typed: bool = False
    """Whether someone typed what stands here, in one of the versions."""
    shown_as: str = ""
    """The number format of its cells in a spreadsheet, such as 0.00; empty for as they are."""

    @property
    def coded(self) -> bool:
        """Whether a missing answer is a number here rather than an empty cell."""
        return self.group == "question" and not self.private


@dataclass(frozen=True)
class ColumnSet:
    """The columns of one questionnaire in one export, in order, and the versions they come from.

    The first of the variables are those of `identity`, in its order.
    """

    questionnaire: str
    versions: tuple[AnsweredVersion, ...]
    variables: tuple[Variable, ...]
    identity: tuple[IdentityColumn, ...]

    @property
    def newest(self) -> Questionnaire:
        """The newest version that someone answered."""
        return self.versions[-1].questionnaire


def column_set(
    study: StudyDefinition, versions: Sequence[AnsweredVersion], notes: Notes, *, per_screen: bool = False
) -> ColumnSet:
    """Return the columns for these versions (all of one questionnaire, at least one).

    What one name means in several versions differently is put on the notes. per_screen: also, for each screen, how
    many seconds were spent there and how often Listen was pressed.
    """
    ordered = tuple(sorted(versions, key=lambda version: (version.questionnaire.version, version.sha256)))
    newest = ordered[-1].questionnaire
    identity = tuple(columns_of(study, [version.questionnaire for version in ordered]))
    before = [_variable_of(column, study) for column in identity]
    taken = {variable.name.casefold() for variable in before}
    questions = _questions(ordered, taken, notes)
    screens = _of_screens(ordered, taken | {q.name.casefold() for q in questions}) if per_screen else []
    return ColumnSet(newest.id, ordered, (*before, *questions, *screens), identity)


def _variable_of(column: IdentityColumn, study: StudyDefinition) -> Variable:
    return Variable(
        column.name,
        column.label_in(study),
        column.type,
        column.measure,
        column.codes(study),
        column.group,
        range=column.range,
    )


# ---- questions -----------------------------------------------------------------------------------------


def _questions(versions: Sequence[AnsweredVersion], taken: set[str], notes: Notes) -> list[Variable]:
    found: dict[str, dict[str, tuple[Question, Column]]] = {}
    orders = []
    for version in versions:
        order = []
        for question in version.questionnaire.questions:
            for column in question.columns():
                order.append(column.name)
                found.setdefault(column.name, {})[version.sha256] = (question, column)
        orders.append(order)
    numbers = {version.sha256: version.questionnaire.version for version in versions}
    return [_variable(name, found[name], numbers, taken, notes) for name in in_one_order(orders)]


def in_one_order(orders: Sequence[Sequence[str]]) -> list[str]:
    """Merge orders of names, oldest first: the last one's, with what it no longer has in its old place."""
    merged = list(orders[-1])
    for older in reversed(orders[:-1]):
        for place, name in enumerate(older):
            if name not in merged:
                merged.insert(merged.index(older[place - 1]) + 1 if place else 0, name)
    return merged


def _variable(
    name: str,
    found: Mapping[str, tuple[Question, Column]],
    numbers: Mapping[str, int],
    taken: set[str],
    notes: Notes,
) -> Variable:
    shas = sorted(found, key=lambda sha256: (numbers[sha256], sha256))
    question, column = found[shas[-1]]
    codes = _codes([(numbers[sha256], *found[sha256]) for sha256 in reversed(shas)])
    free = question_column(name, taken)
    where = f"Codebook · {question.id}" if free == name else f"Codebook · {free}"
    if free != name:
        notes.add(where, f"The column is called {free}, because {name} is a column of every file.", column=free)
    for sha256 in shas[:-1]:
        for what in _differences((question, column), found[sha256]):
            sentence = f"Version {numbers[sha256]} and version {numbers[shas[-1]]} differ: {what}."
            notes.add(where, sentence, column=free)
    label = label_of(question, column)
    if column.type == "flag" or column.key != column.name:
        # What is ticked, or ranked, stands in the label.
        labels = [(numbers[sha256], label_of(*found[sha256])) for sha256 in reversed(shas)]
        label = _with_others(label, labels[1:])
    return Variable(
        free,
        label,
        column.type,
        column.measure,
        codes,
        "question",
        column.private,
        question.id,
        wording_of(question),
        in_range(*question.number_range) if column.key == column.name and question.number_range else "",
        tuple(sorted({numbers[sha256] for sha256 in shas})),
        {sha256: found[sha256][1] for sha256 in shas},
        any(is_typed(*found[sha256]) for sha256 in shas),
    )


def _codes(versions: Sequence[tuple[int, Question, Column]]) -> dict[int, str]:
    """Return code -> label, the newest version's first; where another version meant something else, its label as well.

    versions: number, question and column, the newest first.
    """
    codes: dict[int, str] = {}
    for code in dict.fromkeys(code for _, _, column in versions for code in column.codes):
        mine = [(number, one, column.codes[code]) for number, one, column in versions if code in column.codes]
        others: list[tuple[int, str]] = []
        same: list[str] = []
        for number, one, label in mine:
            if same and not any(same_words(label, words) for words in same):
                others.append((number, label))
                continue
            same += [label, *([was] if code in one.meanings and (was := one.earlier_words(code)) else [])]
        codes[code] = _with_others(mine[0][2], others)
    return codes


def _with_others(label: str, others: Iterable[tuple[int, str]]) -> str:
    """Return a label, with what it was in older versions behind it: Viola (version 1: Cello)."""
    said = {was: number for number, was in others if not same_words(was, label)}
    return f"{label} ({'; '.join(f'version {number}: {was}' for was, number in said.items())})" if said else label


def _differences(new: tuple[Question, Column], old: tuple[Question, Column]) -> Iterable[str]:
    """Yield what a column means otherwise in an older version, in words."""
    (question, column), (earlier, was) = new, old
    if was.type != column.type:
        yield f"the column held values of type {was.type}, and now of type {column.type}"
    if wording_of(earlier) != wording_of(question):
        yield f"the question was “{wording_of(earlier)}” and is now “{wording_of(question)}”"
    words_before, words = _words_of(*old), _words_of(*new)
    for code, label in words_before.items():
        now = words.get(code)
        if now is None:
            yield f"code {code} ({label}) is no longer offered"
        elif now != label:
            yield f"code {code} was “{label}” and is now “{now}”"
    if words_before:
        yield from (f"code {code} ({label}) is new" for code, label in words.items() if code not in words_before)


def _words_of(question: Question, column: Column) -> Mapping[int, str]:
    """Return the words of the codes that are told at a column.

    Those of a question with a column for each option (several choices, a ranking) are told once, at the column with its
    own name; they are the numbers at the end of its columns' names.
    """
    if column.name == question.id:
        return question.meanings or column.codes
    return column.codes


def wording_of(question: Question) -> str:
    """Return the full wording: a grid's stem before its statement, gaps with what is said when there is nothing."""
    said = fill(question.ask, {}, {})
    return f"{fill(question.stem, {}, {})} {said}" if question.stem else said


def label_of(question: Question, column: Column) -> str:
    """Return the label of a column: the wording, or what the kind says about a column that is part of an answer."""
    return wording_of(question) if column.label == question.ask else fill(column.label, {}, {})


# ---- screens -------------------------------------------------------------------------------------------


_OF_SCREENS: Final[Sequence[tuple[Literal["time", "listened"], str, str]]] = (
    ("time", "t_", "Seconds on screen {}, all visits added up"),
    ("listened", "l_", "How often Listen was pressed on screen {}, all visits added up"),
)


def _of_screens(versions: Sequence[AnsweredVersion], taken: set[str]) -> list[Variable]:
    orders = [[s.name for s in Journey(version.questionnaire).screens if not s.rest] for version in versions]
    variables = []
    for screen in in_one_order(orders):
        for group, prefix, label in _OF_SCREENS:
            name = _free(prefix + re.sub(r"\W", "_", screen), taken)
            variables.append(Variable(name, label.format(screen), "number", "scale", {}, group, question=screen))
    return variables


def _free(name: str, taken: set[str]) -> str:
    """Return a name of at most 32 characters that is not taken yet, and take it."""
    name, number = name[:LONGEST], 2
    free = name
    while free.casefold() in taken:
        tail = f"_{number}"
        free, number = name[: LONGEST - len(tail)] + tail, number + 1
    taken.add(free.casefold())
    return free
