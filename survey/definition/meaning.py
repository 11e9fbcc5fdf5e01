"""Whether a new version of a questionnaire means the same by its questions and codes as those that were published.

Answers to all versions stand in one column. A code that was Play and is now Sing, or a number that is now a text, would
make old answers say what no one said; so such a version is refused, and the question takes a new name. Other words for
the same thing are allowed: the author says so with `was`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from survey.definition.questionnaire import Questionnaire
from survey.problems import listed
from survey.question import Question

LONGEST_NAME: Final = 32


@dataclass(frozen=True)
class Differences:
    """What became of the meaning of a questionnaire's questions.

    faults: question's id -> a sentence about what would make answers say something else. told: sentences about what
    only reads differently now.
    """

    faults: Mapping[str, str] = field(default_factory=dict)
    told: Sequence[str] = ()


def compare(published: Sequence[Questionnaire], new: Questionnaire) -> Differences:
    """Hold a new version against all that were published before it (of the same questionnaire, in any order).

    A question, and each of its codes, is held against the newest version that has it: what went wrong between two older
    ones is not asked about again.
    """
    versions = sorted((_in_language_of(new, one) for one in published), key=lambda one: one.version)
    if not versions:
        return Differences()
    faults: dict[str, str] = {}
    told: list[str] = []
    for question in _kept(new).values():
        older = [(one.version, found) for one in versions if (found := _kept(one).get(question.id))]
        fault = _taken(versions, question)
        fault = fault or (_fault(older, question, new) if older else _renamed(versions[-1], new, question))
        if fault:
            faults[question.id] = fault
        elif older:
            told += _told(*older[-1], question)
    return Differences(faults, [*told, *_asked_otherwise(versions[-1], new), *_scored_otherwise(versions, new)])


def _asked_otherwise(before: Questionnaire, new: Questionnaire) -> Iterator[str]:
    """Yield what was asked once for the family and is now asked for each child, or the other way round."""
    for id in (one for one in _kept(new) if one in _kept(before)):
        each = [one.for_each_child and id not in one.of_the_family for one in (before, new)]
        if each[0] is not each[1]:
            now = "each child" if each[1] else "the family once"
            yield f"'{id}' is now asked of {now}; version {before.version} asked it otherwise."


def scoring_rule(questionnaire: Questionnaire, id: str) -> Mapping[str, Any]:
    """Return what makes the score of a scale, and of the scales it is made of, without the words about it.

    Bands are words about it too: they name scores, and change none. Raises KeyError.
    """
    scale = questionnaire.scale(id)
    bands = {"groups": {"__all__": {"bands"}}}
    rule = scale.model_dump(
        exclude={"title": True, "direction": True, "source": True, "note": True, "bands": True, "norms": bands}
    )
    scales = {other.id for other in questionnaire.scales}
    inner = [scoring_rule(questionnaire, entry.item) for entry in scale.items if entry.item in scales]
    return rule | {"scales": inner}


def _scored_otherwise(versions: Sequence[Questionnaire], new: Questionnaire) -> Iterator[str]:
    """Yield a sentence for each scale whose rule is another than in the newest version that has it."""
    for scale in new.scales:
        older = next((one for one in reversed(versions) if any(s.id == scale.id for s in one.scales)), None)
        if older is not None and scoring_rule(older, scale.id) != scoring_rule(new, scale.id):
            yield (
                f"Scale '{scale.id}' is scored by another rule than in version {older.version}. Each response keeps "
                "the rule of its version, so scores may not be comparable. If they are not, please give the scale a "
                f"new name, such as {_new_name(scale.id, new)}."
            )


def same_words(one: str, other: str) -> bool:
    """Tell whether two texts differ in nothing but case, spaces, the form of quotes and dashes, and a full stop."""
    return _plain(one) == _plain(other)


_FORMS: Final = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.translate(_FORMS)).casefold()
    return re.sub(r"\s+", " ", text).strip().rstrip(".").rstrip()


def _kept(questionnaire: Questionnaire) -> dict[str, Question]:
    """Return the questions whose answers are kept, by id."""
    return {question.id: question for question in questionnaire.questions if question.asks and question.stored}


def _in_language_of(new: Questionnaire, old: Questionnaire) -> Questionnaire:
    """Return an older version in the new one's language, where it has it, so that like is held against like."""
    return old.in_language(new.language) if new.language in old.languages else old


# ---- a question that was there before --------------------------------------------------------------------


def _fault(older: Sequence[tuple[int, Question]], question: Question, new: Questionnaire) -> str | None:
    version, before = older[-1]
    name = _new_name(question.id, new)
    if _shape(before) != _shape(question):
        return (
            f"'{question.id}' was of kind {before.kind} in version {version} and is now of kind {question.kind}, so "
            "its column would hold two sorts of answers. Please put the kind back, or give the question a new name, "
            f"such as {name}."
        )
    if not same_words(before.counted_in, question.counted_in):
        return (
            f"'{question.id}' was counted in '{before.counted_in}' in version {version} and is now counted in "
            f"'{question.counted_in}'. Please put the unit back, or give the question a new name, such as {name}."
        )
    fault = _fault_of_codes(older, question)
    if fault:
        return f"'{question.id}': {fault}, or give the question a new name, such as {name}."
    if before.rated and question.rated and before.number_range != question.number_range:
        return (
            f"'{question.id}' had the points {_range(before)} in version {version} and now has {_range(question)}, so "
            "scores could not be compared. Please put the points back, or give the question a new name, "
            f"such as {name}."
        )
    return None


def _fault_of_codes(older: Sequence[tuple[int, Question]], question: Question) -> str | None:
    version, before = older[-1]
    gone = [f"{code} (“{label}”)" for code, label in before.meanings.items() if code not in question.meanings]
    other = list(_reused(older, question))
    said = []
    if gone:
        options, are = ("options", "are") if len(gone) > 1 else ("option", "is")
        said.append(f"{options} {listed(gone)} of version {version} {are} gone")
    said += [f"option {code} was “{was}” in version {n} and is now “{now}”" for n, code, was, now in other]
    if not said:
        return None
    ways = ["put back what is gone"] if gone else []
    if other:
        _, code, was, now = other[0]
        ways.append(
            "put the earlier words back (if the new ones mean the same, write the earlier ones beside them: "
            f"code: {code}, label: {_in_yaml(now)}, was: {_in_yaml(was)})"
        )
    return f"{listed(said)}. Please {' and '.join(ways)}"


def _in_yaml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _reused(older: Sequence[tuple[int, Question]], question: Question) -> Iterator[tuple[int, int, str, str]]:
    """Yield (version, code, label then, label now) for each code that had other words when it was last there."""
    for code, label in question.meanings.items():
        last = next(((n, one.meanings[code]) for n, one in reversed(older) if code in one.meanings), None)
        if last is None:
            continue
        version, was = last
        if not any(same_words(was, words) for words in (label, question.earlier_words(code)) if words):
            yield version, code, was, label


def _shape(question: Question) -> frozenset[tuple[str, bool]]:
    """Return what sorts of columns a question has; a month is a text with an order."""
    return frozenset((column.type, column.measure == "scale") for column in question.columns() if not column.private)


def _range(question: Question) -> str:
    low, high = question.number_range or (0, 0)
    return f"{low:g} to {high:g}"


def _told(version: int, before: Question, question: Question) -> Iterator[str]:
    if not same_words(_wording(before), _wording(question)):
        yield f"'{question.id}' has new wording. In version {version} it was “{_wording(before)}”."
    for code, label in question.meanings.items():
        was = before.meanings.get(code, label)
        if not same_words(was, label):
            yield f"'{question.id}': option {code} was “{was}” in version {version}, and means the same."


def _wording(question: Question) -> str:
    return f"{question.stem} {question.ask}" if question.stem else question.ask


def _new_name(id: str, questionnaire: Questionnaire) -> str:
    tail = f"_v{questionnaire.version}"
    return id[: LONGEST_NAME - len(tail)] + tail


# ---- a question with a new name ------------------------------------------------------------------------------


def _taken(versions: Sequence[Questionnaire], question: Question) -> str | None:
    """Return what is wrong with a question one of whose columns held answers to another when it was last there."""
    mine = {column.name.casefold() for column in question.columns()}
    for version in reversed(versions):
        owners = {
            column.name.casefold(): other.id
            for other in _kept(version).values()
            for column in other.columns()
            if column.name.casefold() in mine
        }
        others = {name: id for name, id in owners.items() if id != question.id}
        if others:
            name, id = min(others.items())
            return (
                f"'{question.id}' would have the column {name}, which holds answers to '{id}' of version "
                f"{version.version}. Please give the question, or its option, another name or code."
            )
        mine -= owners.keys()
    return None


def _renamed(newest: Questionnaire, new: Questionnaire, question: Question) -> str | None:
    """Return what is wrong with a question that is one of the newest version, under another name."""
    gone = [one for id, one in _kept(newest).items() if id not in _kept(new)]
    old = next((one for one in gone if _same(newest, one, new, question)), None)
    if old is None:
        return None
    return (
        f"'{question.id}' has the words and the answers of '{old.id}' of version {newest.version}, which has been "
        f"removed, so answers to one question would be in two columns. Please name it '{old.id}' again, or word it "
        "differently if it is another question."
    )


def _same(then: Questionnaire, old: Question, now: Questionnaire, question: Question) -> bool:
    """Tell whether it is one question: on the same page, with the same words, picture and answers."""
    return (
        then.page_of(old.id).id == now.page_of(question.id).id
        and same_words(_wording(old), _wording(question))
        and (old.picture, old.audio) == (question.picture, question.audio)
        and _shape(old) == _shape(question)
        and same_words(old.counted_in, question.counted_in)
        and old.meanings.keys() == question.meanings.keys()
        and all(same_words(label, question.meanings[code]) for code, label in old.meanings.items())
    )
