"""Pages for each child: what is asked once for the family and what is asked for each child are kept apart.

Answers about one child are a response of their own (docs/decisions/0042), so nothing may need both: no condition, no
wording that repeats an answer, no scale.
"""

from __future__ import annotations

from collections.abc import Iterator

from survey.definition.model import Fault, Path
from survey.definition.questionnaire import Questionnaire
from survey.definition.rules.routes import written_conditions
from survey.definition.scale import Scale
from survey.definition.wording import UnreadableWording, checked_gaps


def for_each_child(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Only parents are asked for each child, and nothing mixes a child's answers with the family's."""
    if not questionnaire.for_each_child:
        return
    if questionnaire.audience != "parent" and "audience" not in questionnaire.written.guessed:
        for p, page in enumerate(questionnaire.pages):
            if page.for_each:
                yield Fault(
                    ("pages", p, "for_each"),
                    "only parents are asked for each child, and this questionnaire is for another audience. "
                    "Please remove 'for_each'",
                    key=True,
                )
        return
    yield from _conditions(questionnaire)
    yield from _wordings(questionnaire)
    yield from _scales(questionnaire)


def _of_child(questionnaire: Questionnaire, question: str) -> bool | None:
    """Tell whether a question is asked for each child; None for a name that is no question's."""
    if question not in {one.id for one in questionnaire.questions}:
        return None
    return question not in questionnaire.of_the_family


def _conditions(questionnaire: Questionnaire) -> Iterator[Fault]:
    number = {question.id: n for n, question in enumerate(questionnaire.questions)}
    for at, name, condition, _ in written_conditions(questionnaire, number):
        mine = questionnaire.pages[int(at[1])].for_each is not None
        for test in condition.tests():
            if not test.about_roster and _of_child(questionnaire, test.subject) is (not mine):
                yield Fault(test.at or at, _said(name, "depends on", test.subject, of_child=mine), key=True)


def _wordings(questionnaire: Questionnaire) -> Iterator[Fault]:
    for place in questionnaire.texts():
        mine = place.at[0] == "pages" and questionnaire.pages[int(place.at[1])].for_each is not None
        try:
            gaps = checked_gaps(place.text)
        except UnreadableWording:
            continue  # told where texts are looked at
        for gap in gaps:
            if not gap.about_roster and _of_child(questionnaire, gap.name) is (not mine):
                yield Fault(place.at, _said("this text", "repeats the answer to", gap.name, of_child=mine))


def _said(name: str, does: str, question: str, *, of_child: bool) -> str:
    if of_child:
        return (
            f"{name} is asked for each child and {does} '{question}', which is asked once for the family. "
            "Please use a question on a page for each child, or ask both in the same way"
        )
    return (
        f"{name} is asked once for the family and {does} '{question}', which is asked for each child. "
        "Please use a question that is asked once, or add 'for_each: child' to its page"
    )


def _scales(questionnaire: Questionnaire) -> Iterator[Fault]:
    scales = {scale.id: scale for scale in questionnaire.scales}
    for n, scale in enumerate(questionnaire.scales):
        levels: dict[bool, str] = {}
        for i, entry in enumerate(scale.items):
            at: Path = ("scales", n, "items", i)
            for item in _questions_in(entry.item, scales, set()):
                level = _of_child(questionnaire, item)
                if level is None:
                    continue
                other = levels.get(not level)
                if other is not None:
                    yield Fault(at, _mixed(scale.id, *((item, other) if level else (other, item))))
                    break
                levels.setdefault(level, item)
            else:
                continue
            break


def _questions_in(name: str, scales: dict[str, Scale], seen: set[str]) -> Iterator[str]:
    """Yield the questions behind an item: itself, or those of the scale that it names."""
    if name not in scales:
        yield name
        return
    if name in seen:
        return  # a circle, told where scales are looked at
    for entry in scales[name].items:
        yield from _questions_in(entry.item, scales, {*seen, name})


def _mixed(scale: str, of_child: str, of_family: str) -> str:
    return (
        f"scale '{scale}' mixes '{of_child}', which is asked for each child, with '{of_family}', which is asked "
        "once for the family. Please make two scales of it, or ask both in the same way"
    )
