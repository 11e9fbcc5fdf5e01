"""A parent's children on the pages: whom the next question is about, and which child is asked about next.

A further child's pages have its number behind their name (`confidence.2`), so that a page someone goes back to belongs
to the child it was opened for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from survey.definition.household import MOST_CHILDREN
from survey.journey import Screen
from survey.pages.answer.compiled import Survey, Whose
from survey.pages.store import store
from survey.responses import Snapshot
from survey.responses.children import (
    ChildAt,
    SchoolToChoose,
    given_together,
    known_children,
    may_be_at_any,
    schools_to_choose,
)
from survey.responses.households import next_number
from survey.responses.reading import household_of

NO: Final = "no"
"""What is kept where a parent does not answer about a further child, or the first is at none of the schools."""

FIRST_SCHOOL: Final = "_child.school"
"""The key under which the first row keeps that its child is at none of the schools."""


@dataclass(frozen=True)
class Household:
    """A parent and the children that were answered about so far. `rows` are in order, that of the first child first."""

    survey: Survey
    rows: tuple[Snapshot, ...]

    @property
    def first(self) -> Snapshot:
        """The row of the first child, which has the answers about the family, too."""
        return self.rows[0]

    @property
    def asked(self) -> bool:
        """Whether anything is asked for each child."""
        return self.survey.questionnaire.for_each_child

    @cached_property
    def known(self) -> list[ChildAt]:
        """The parent's children by the school's roster; none by an open link."""
        parent = self.first.participant_id
        if parent is None or not self.asked:
            return []
        return known_children(store().engine, self.first.study_id, parent, self.first.wave_id)

    @cached_property
    def _places(self) -> dict[int, Snapshot]:
        """The rows by the place in which their child is asked about, from 1: by the roster's order, or their number."""
        if not self.known:
            return {row.child: row for row in self.rows}
        left = list(self.rows[1:])
        found = {1: self.first}
        for place, child in enumerate(self.known[1:], start=2):
            row = next((row for row in left if _is_about(row, child)), None)
            if row is not None:
                left.remove(row)
                found[place] = row
        return found

    @cached_property
    def schools(self) -> list[SchoolToChoose]:
        """The schools a further child can be at, by title: those of the study that take part."""
        return schools_to_choose(store().engine, self.first.study_id)

    @cached_property
    def first_at(self) -> list[SchoolToChoose]:
        """The schools of which a parent is asked which one the first child goes to: at a concert of several schools.

        Those that give it, or all of the study where no one said which these are; none where it is not asked.
        """
        door = self.first.door_id
        if not self.asked or self.first.participant_id is not None or door is None:
            return []
        if not may_be_at_any(store().engine, door):
            return []
        return given_together(store().engine, door) or self.schools

    @property
    def school_open(self) -> bool:
        """Whether it has still to be asked which school the first child goes to."""
        said = self.first.school_id is not None or self.first.answers.get(FIRST_SCHOOL) == NO
        return bool(self.first_at) and not said

    def row(self, place: int) -> Snapshot | None:
        """Return the row of the child that is asked about in a place; None where there is none."""
        return self._places.get(place)

    def place(self, row: Snapshot) -> int:
        """Return in which place a row's child is asked about; 0 for one that the roster no longer has."""
        return next((place for place, one in self._places.items() if one.id == row.id), 0)

    @cached_property
    def to_ask(self) -> list[int]:
        """The places of further children that can be asked about now, whatever was answered."""
        if not self.asked:
            return []
        if self.known:
            return list(range(2, min(len(self.known), MOST_CHILDREN) + 1))
        if not self.schools:
            return []
        following = next_number(store().engine, self.first.id)
        return [*(row.child for row in self.rows[1:]), *([following] if following <= MOST_CHILDREN else [])]

    @property
    def open(self) -> int | None:
        """The place of the next child that it has not been said of whether the parent will answer about it."""
        return next((n for n in self.to_ask if self.row(n) is None and not self.said_no(n)), None)

    def said_no(self, place: int) -> bool:
        """Tell whether the parent does not answer about a further child."""
        return bool(self.first.answers.get(self.refusal(place)) == NO)

    def refusal(self, place: int) -> str:
        """Return the key under which the first row keeps that a parent does not answer about a further child.

        By an open link one no ends the asking. No question is called so: their names begin with a letter.
        """
        return f"_child.{place}" if self.known else "_child.more"

    def where_open(self) -> tuple[Screen, Snapshot] | None:
        """Return the first screen with an open question, and whose row it belongs to; None where nothing is open."""
        for row in self.rows:
            screen = self.survey.journey.resume(row.answers, row.facts)
            if screen is not None:
                return screen, row
        return None

    def whose(self, row: Snapshot, screen: Screen) -> Whose | None:
        """Return whom a screen is about, in words; None where that goes without saying."""
        if not screen.page.for_each:
            return None
        say = self.survey.say
        of = len(self.known)
        if row.child == 1 and not of:
            # Whoever has one child need not be told which.
            if len(self.rows) > 1:
                return self._named(row)
            first = screen.name == self.survey.journey.first_for_each and not self.first_at
            return Whose(1, hint=say(ONE_FIRST)) if first and self.to_ask else None
        return self._named(row)

    def _named(self, row: Snapshot) -> Whose:
        return Whose(row.child, title=self.title(row), place=place_of(row))

    def title(self, row: Snapshot) -> str:
        """Return what a child is called on pages: there are no names."""
        say, of = self.survey.say, len(self.known)
        if of == 1:
            return say("About your child")
        number = 1 + [one.id for one in self.rows].index(row.id)
        if of:
            return say("Child {n} of {total}", n=number, total=max(of, len(self.rows)))
        return say("Child {n}", n=number)


ONE_FIRST: Final = (
    "If you have more than one child at a school in this study, answer about one of them first. We ask about the "
    "others at the end."
)


def _is_about(row: Snapshot, child: ChildAt) -> bool:
    """Tell whether a row is about a child of the roster: by the study code, or the school where it is not known."""
    return row.child_id == child.child_id and (row.child_id is not None or row.school_id == child.school_id)


def household(survey: Survey, first: Snapshot) -> Household:
    """Return the household of a parent, given the row of the first child; everyone else is one by themselves."""
    rows = household_of(store().engine, first) if survey.questionnaire.for_each_child else [first]
    return Household(survey, tuple(rows))


def place_of(row: Snapshot) -> str:
    """Return where a child is: the class, if it is known, and the school."""
    facts = row.facts
    return ", ".join(str(facts[name]) for name in ("school_class", "school") if facts.get(name))


def named(screen: Screen, row: Snapshot) -> str:
    """Return the name of a screen in an address: a further child's has its number."""
    return screen.name if row.child == 1 else f"{screen.name}.{row.child}"


def spot(survey: Survey, name: str) -> tuple[Screen, int]:
    """Return the screen and the child that a name in an address speaks of. Raises KeyError."""
    plain, dot, number = name.rpartition(".")
    if survey.questionnaire.for_each_child and dot and number.isascii() and number.isdecimal():
        screen = survey.journey.screen(plain)
        if not screen.page.for_each or str(int(number)) != number or not 2 <= int(number) <= MOST_CHILDREN:
            raise KeyError(name)
        return screen, int(number)
    return survey.journey.screen(name), 1
