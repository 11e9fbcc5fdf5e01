"""Piping: braces that can be read, and gaps that can be filled when the text is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from survey.definition.languages import TextPlace
from survey.definition.model import Fault, Path
from survey.definition.questionnaire import Questionnaire
from survey.definition.wording import Gap, UnreadableWording, checked_gaps
from survey.problems import About, did_you_mean, shortened


def texts_that_can_be_filled(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Every gap names an earlier question that is asked, or a fact of the roster."""
    order = {question.id: n for n, question in enumerate(questionnaire.questions)}
    asked = _AskedBefore(questionnaire, order)
    for place in questionnaire.texts():
        try:
            found = checked_gaps(place.text)
        except UnreadableWording as fault:
            yield Fault(place.at, f"{shortened(place.text, 30)!r}: {fault}")
            continue
        if found and not _is_filled(place.at):
            yield Fault(place.at, f"'{{{found[0].name}|…}}' is in a text that is the same for everyone. {_WHERE}")
            continue
        for gap in found:
            if not gap.about_roster:
                yield from _gap(questionnaire, gap, place, asked)


_OPENING: Final = ("introduction", "data_use", "thanks", "assent", "consent")
_ON_PAGES: Final = ("ask", "hint", "help", "short", "title", "text")
_WHERE: Final = (
    "Please write it without braces. Answers and facts can be used in questions, hints, and the titles and texts "
    "of pages; facts also before the first question; and both in the thanks"
)


def _is_filled(at: Path) -> bool:
    """Tell whether the text at a path is made for each respondent; option labels, units and the contact are not."""
    return at[0] in _OPENING or (at[0] == "pages" and "options" not in at and at[-1] in _ON_PAGES)


def _gap(questionnaire: Questionnaire, gap: Gap, place: TextPlace, asked: _AskedBefore) -> Iterator[Fault]:
    order = asked.order
    if gap.name in questionnaire.written.questions - order.keys():
        return
    if gap.name not in order:
        hint = did_you_mean(gap.name, asked.fit_to_fill(place.at)) or " Please use the id of an earlier question."
        yield Fault(
            place.at,
            f"'{{{gap.name}|…}}' is filled from '{gap.name}', which no question has as its id.{hint}",
            about=About("question", gap.name),
        )
        return
    question = questionnaire.question(gap.name)
    if not (question.stored and question.asks):
        yield Fault(
            place.at,
            f"'{{{gap.name}|…}}' is filled from '{gap.name}', whose answer is not stored. Please use another question",
        )
        return
    if order[gap.name] >= asked.before(place.at):
        itself = questionnaire.question(gap.name).ask == place.text
        later = "this question itself" if itself else f"'{gap.name}', which is asked only later"
        yield Fault(
            place.at,
            f"'{{{gap.name}|…}}' is filled from {later}. Please move that question up, or use an earlier one",
        )


class _AskedBefore:
    """How many questions are asked before a text is read, looked up once for all texts."""

    def __init__(self, questionnaire: Questionnaire, order: dict[str, int]) -> None:
        self.order = order
        self._unread = questionnaire.written.questions - order.keys()
        self._kept = [question.id for question in questionnaire.questions if question.stored and question.asks]
        self._first: dict[Path, int] = {}
        self._users: dict[str, int] = {}
        for at, question in questionnaire.placed():
            number = order[question.id]
            self._users.setdefault(str(getattr(question, "option_list", None)), number)
            for length in range(2, len(at) + 1):
                self._first.setdefault(at[:length], number)

    def fit_to_fill(self, at: Path) -> list[str]:
        """Return the ids of the questions whose answer can stand in the text at a path."""
        before = self.before(at)
        return [id for id in self._kept if self.order[id] < before] + sorted(self._unread)

    def before(self, at: Path) -> int:
        """Return the number of questions before the text at a path; all of them for the last page."""
        if at[0] == "options":
            return self._users.get(str(at[1]), len(self.order))
        if at[0] != "pages":
            return len(self.order) if at[0] == "thanks" else 0
        for length in range(len(at) - 1, 1, -1):
            if at[:length] in self._first:
                return self._first[at[:length]]
        return len(self.order)
