"""How many answered: the store's counts, laid out as the tables of the study page.

These are figures about the fieldwork, not about answers, so they are exact: the study's threshold hides small groups
where answers are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby

from survey.responses import Answered


@dataclass(frozen=True)
class Count:
    """Responses by how far they came. `started` is everybody who began to answer, finished or not."""

    started: int = 0
    finished: int = 0
    stopped: int = 0
    declined: int = 0
    withdrawn: int = 0

    @classmethod
    def of(cls, answered: Answered) -> Count:
        """Return one row of the store's counts: there, `started` is only who is still under way."""
        began = answered.started + answered.finished + answered.stopped
        return cls(began, answered.finished, answered.stopped, answered.declined, answered.withdrawn)

    @property
    def under_way(self) -> int:
        """Those who began, did not finish, and did not say that they stop."""
        return self.started - self.finished - self.stopped

    def __add__(self, other: Count) -> Count:
        return Count(
            self.started + other.started,
            self.finished + other.finished,
            self.stopped + other.stopped,
            self.declined + other.declined,
            self.withdrawn + other.withdrawn,
        )


def total(counts: Iterable[Count]) -> Count:
    """Return the sum of counts."""
    return reduce(Count.__add__, counts, Count())


@dataclass(frozen=True)
class Place:
    """A school as the tables show it; `code` is None for responses that belong to no school."""

    code: str | None
    title: str
    arm: str | None
    group: str


@dataclass(frozen=True)
class Row:
    """One line: what it is called and a count for each wave."""

    title: str
    cells: tuple[Count, ...]

    @property
    def total(self) -> Count:
        """All waves together."""
        return total(self.cells)


@dataclass(frozen=True)
class Group:
    """The schools of one programme in one arm, and their sum."""

    title: str
    rows: tuple[Row, ...]

    @property
    def sum(self) -> Row:
        """The schools of the group together."""
        return _sum(self.title, self.rows)


@dataclass(frozen=True)
class Table:
    """Answers to one questionnaire, by school and wave."""

    groups: tuple[Group, ...]
    waves: int

    @property
    def sum(self) -> Row:
        """All schools together."""
        rows = tuple(row for group in self.groups for row in group.rows)
        return _sum("All schools", rows) if rows else Row("All schools", (Count(),) * self.waves)


NOWHERE = Place(None, "Not tied to a school", None, "Not tied to a school")


def by_school(answered: Sequence[Answered], questionnaire: str, waves: Sequence[str], places: Sequence[Place]) -> Table:
    """Return the counts of one questionnaire: a row for each school, whether or not anybody answered there.

    waves: codes in order, the columns. places: schools in the order of the table, those of a group together.
    Responses that belong to no school get a last row where there are any.
    """
    counts = {(a.school, a.wave): Count.of(a) for a in answered if a.questionnaire == questionnaire}
    here = [*places, NOWHERE] if any(school is None for school, _ in counts) else list(places)
    groups = [
        Group(title, tuple(_row(place, waves, counts) for place in members))
        for title, members in groupby(here, key=lambda place: place.group)
    ]
    return Table(tuple(groups), len(waves))


def by_arm(
    answered: Sequence[Answered], questionnaire: str, waves: Sequence[str], arms: Sequence[tuple[str | None, str]]
) -> list[Row]:
    """Return a row for each arm, given as (code, title), with its count in each wave; arms without any are left out."""
    mine = [a for a in answered if a.questionnaire == questionnaire]
    rows = [
        Row(title, tuple(total(Count.of(a) for a in mine if a.arm == arm and a.wave == wave) for wave in waves))
        for arm, title in arms
    ]
    return [row for row in rows if row.total != Count()]


def _row(place: Place, waves: Sequence[str], counts: dict[tuple[str | None, str], Count]) -> Row:
    return Row(place.title, tuple(counts.get((place.code, wave), Count()) for wave in waves))


def _sum(title: str, rows: Sequence[Row]) -> Row:
    return Row(title, tuple(total(cells) for cells in zip(*(row.cells for row in rows), strict=True)))
