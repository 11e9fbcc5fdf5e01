"""Piping: braces that can be read, and gaps that can be filled when the text is read."""

from __future__ import annotations

from collections.abc import Iterator

from survey.definition.languages import TextPlace, texts
from survey.definition.model import Fault, Path
from survey.definition.questionnaire import Questionnaire
from survey.definition.wording import Gap, Unreadable, gaps
from survey.problems import did_you_mean, shortened


def texts_that_can_be_filled(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Every gap names an earlier question that is asked, or a fact of the roster."""
    order = {question.id: n for n, question in enumerate(questionnaire.questions)}
    for place in texts(questionnaire):
        try:
            found = gaps(place.text)
        except Unreadable as fault:
            yield Fault(place.at, f"{shortened(place.text, 30)!r}: {fault}")
            continue
        for gap in found:
            if not gap.about_roster:
                yield from _gap(questionnaire, gap, place, order)


def _gap(questionnaire: Questionnaire, gap: Gap, place: TextPlace, order: dict[str, int]) -> Iterator[Fault]:
    if gap.name in questionnaire.written.questions - order.keys():
        return
    if gap.name not in order:
        hint = did_you_mean(gap.name, order) or " Please use the id of an earlier question."
        yield Fault(
            place.at,
            f"'{{{gap.name}|…}}' is filled from '{gap.name}', which no question has as its id.{hint}",
        )
        return
    question = questionnaire.question(gap.name)
    if not (question.stored and question.asks):
        yield Fault(
            place.at,
            f"'{{{gap.name}|…}}' is filled from '{gap.name}', whose answer is not kept. Please use another question",
        )
        return
    if order[gap.name] >= _asked_when(questionnaire, place.at, order):
        itself = questionnaire.question(gap.name).ask == place.text
        later = "this question itself" if itself else f"'{gap.name}', which is asked only later"
        yield Fault(
            place.at,
            f"'{{{gap.name}|…}}' is filled from {later}. Please move that question up, or use an earlier one",
        )


def _asked_when(questionnaire: Questionnaire, at: Path, order: dict[str, int]) -> int:
    """Return the number of questions asked before a text is read."""
    if at[0] == "thanks":
        return len(order)
    if at[0] == "options":
        users = [n for n, q in enumerate(questionnaire.questions) if getattr(q, "option_list", None) == at[1]]
        return min(users, default=len(order))
    if at[0] != "pages":
        return 0
    below = [order[q.id] for path, q in questionnaire.placed() if _within(path, at)]
    return min(below, default=len(order))


def _within(path: Path, at: Path) -> bool:
    """Tell whether a question stands at or below the thing whose text is at `at`, or is that thing."""
    holder = at[:-1]
    return path[: len(holder)] == holder or holder[: len(path)] == path
