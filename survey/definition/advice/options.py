"""Options: balanced, faces for feelings and enjoyment only, few points for the young (rules P2 to P10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from survey.definition.model import Fault, Path
from survey.definition.parts import Grid
from survey.definition.questionnaire import Questionnaire
from survey.options import Option
from survey.question import Question

_POLES: Final = (
    (r"\bdisagree", r"\bagree"),
    (r"\b(?:dis|un)satisfied", r"\bsatisfied"),
    (r"\b(?:unhappy|sad)\b", r"\bhappy\b"),
    (r"\b(?:worse|poor|bad|badly)\b", r"\b(?:better|good|excellent|well)\b"),
    (r"\bdown\b", r"\bup\b"),
    (r"\bunlikely\b", r"\blikely\b"),
    (r"\bunimportant\b", r"\bimportant\b"),
)
"""Words for the two sides of a scale that has two."""

_ENDS: Final = (
    *_POLES,
    (r"^no\b", r"^yes\b"),
    (r"^never\b", r"^(?:always|very often|often|every)\b"),
    (r"^not at all\b", r""),
)
"""Words for the negative end of a list of options, and for the positive one that may stand before it."""

_ENJOYMENT: Final = re.compile(r"\b(like|likes|liked|enjoy|enjoyed|enjoys|love|loved|fun)\b(?! most)", re.IGNORECASE)
_ABILITY: Final = re.compile(
    r"\b(good|better|best|bad|clever) (?:are you )?at\b|^(?:how well )?can you\b", re.IGNORECASE
)
_FREQUENCY: Final = re.compile(r"\b(never|sometimes|often|always|rarely|every (?:day|week|month))\b", re.IGNORECASE)


def _lists(questionnaire: Questionnaire) -> Iterator[tuple[Path, str, list[Option]]]:
    """Yield each option list once, where it stands."""
    for name, options in questionnaire.options.items():
        yield ("options", name), f"option list '{name}'", options
    for p, page in enumerate(questionnaire.pages):
        for i, entry in enumerate(page.entries):
            own = getattr(entry, "options", None)
            if isinstance(own, list) and not getattr(entry, "option_list", None):
                thing = "grid" if isinstance(entry, Grid) else "question"
                yield ("pages", p, "questions", i, "options"), f"{thing} '{entry.id}'", own


def _english(questionnaire: Questionnaire) -> bool:
    return questionnaire.languages[0].split("-")[0] == "en"


def balance(questionnaire: Questionnaire) -> Iterator[Fault]:
    """More points on one side than on the other push answers to that side."""
    if not _english(questionnaire):
        return
    for at, name, options in _lists(questionnaire):
        for low, high in _POLES:
            sides = [o for o in options if not _neutral(o)]
            below = [o for o in sides if re.search(low, o.label, re.IGNORECASE)]
            above = [o for o in sides if o not in below and re.search(high, o.label, re.IGNORECASE)]
            if below and above and len(below) != len(above):
                yield Fault(
                    at,
                    f"{name} has {len(below)} of its options on one side and {len(above)} on the other. "
                    "Unequal sides push answers to one side. Please give both sides the same number",
                    key=True,
                )
                break


def _neutral(option: Option) -> bool:
    return bool(re.search(r"\b(neither|nor|same|ok)\b", option.label, re.IGNORECASE))


def negative_first(questionnaire: Questionnaire) -> Iterator[Fault]:
    """One order all through: people look for “no” where they found it before (rule P8)."""
    said = set()
    for at, question in questionnaire.placed():
        options = getattr(question, "options", None)
        if not isinstance(options, list) or question.shuffled:
            continue
        turned = getattr(question, "order", "fixed") == "reversed"
        owner = at[:-2] if question.grid else at
        where = getattr(question, "option_list", None) or owner
        if (where, turned) in said:
            continue
        said.add((where, turned))
        seen = [option for option in options if not (option.other or option.exclusive)][:: -1 if turned else 1]
        if _positive_first(seen, _english(questionnaire)):
            fix = (
                "Please remove: order: reversed"
                if turned
                else "Please turn the order round; each option keeps its code"
            )
            yield Fault(
                (*owner, "order" if turned else "options"),
                f"question '{question.id}' has its options from positive ('{seen[0].label}') to negative "
                f"('{seen[-1].label}'). Chorus has the negative end first everywhere, no before yes, and people rely "
                f"on one order. {fix}",
                key=True,
            )


def _positive_first(options: list[Option], english: bool) -> bool:
    """Tell whether a list of options goes down: by its faces, else by the words at its ends."""
    faces = [int(option.face[-1]) for option in options if option.face]
    if len(faces) > 1:
        return faces[0] > faces[-1]
    if len(options) < 2 or not english:
        return False
    first, last = options[0].label, options[-1].label
    return any(
        re.search(low, last, re.IGNORECASE)
        and re.search(high, first, re.IGNORECASE)
        and not re.search(low, first, re.IGNORECASE)
        for low, high in _ENDS
    )


def faces_for_ability(questionnaire: Questionnaire) -> Iterator[Fault]:
    """How well someone can do something is no feeling, and a sad face is no answer to it."""
    if not _english(questionnaire):
        return
    for at, question in questionnaire.placed():
        if question.asks and _ABILITY.search(question.ask) and _faces(question):
            yield Fault(
                (*at, "options"),
                f"question '{question.id}' asks how well someone can do something, with faces. Faces are for feelings "
                "and enjoyment, and a sad face hurts here. Please use words only",
            )


def faces_for_enjoyment(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Enjoyment has no sad side: with sad faces in the row, children crowd at the top."""
    if not _english(questionnaire):
        return
    for at, question in questionnaire.placed():
        if question.asks and _ENJOYMENT.search(question.ask) and any(f.startswith("feel") for f in _faces(question)):
            yield Fault(
                (*at, "options"),
                f"question '{question.id}' asks about enjoyment with faces for feelings. Children "
                "then nearly all choose "
                "the happiest one. Please use the faces enjoy-1 to enjoy-5",
            )


def _faces(question: Question) -> list[str]:
    options = getattr(question, "options", None)
    return [option.face for option in options if option.face] if isinstance(options, list) else []


def faces_for_frequency(questionnaire: Questionnaire) -> Iterator[Fault]:
    """How often is said in words."""
    if not _english(questionnaire):
        return
    for at, name, options in _lists(questionnaire):
        if any(option.face and _FREQUENCY.search(option.label) for option in options):
            yield Fault(
                at,
                f"{name} uses faces to say how often. Faces are for feelings and enjoyment. Please use words only",
                key=True,
            )


def points_for_age(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Under 7, children use the ends of a scale, however many points it has."""
    if not questionnaire.setting.young:
        return
    said = set()
    for at, question in questionnaire.placed():
        if not question.rated or _faces(question):
            continue  # the kind that draws faces counts them itself
        at_once = max(len(part.points) for part in question.parts)
        points = at_once or len(getattr(question, "options", None) or ())
        owner = at[:-2] if question.grid else at
        if points > 3 and owner not in said:
            said.add(owner)
            yield Fault(
                (*owner, "options"),
                f"question '{question.id}' has {points} points for readers of "
                f"{questionnaire.reader.age}. Children under 7 "
                "mostly use the ends of a scale. Please use three, or kind: two_step",
            )
