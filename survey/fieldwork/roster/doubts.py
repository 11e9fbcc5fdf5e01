"""What needs a yes before lists are imported: it may be right, and is more often a mistake that no one would notice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from survey.problems import amount, listed

Doubtful = Literal["left", "codes"]


@dataclass(frozen=True)
class Doubt:
    """Something that is imported only after a yes. said: what it is about, each a sentence."""

    name: Doubtful
    said: tuple[str, ...]

    @property
    def yes(self) -> str:
        """What a person agrees to."""
        return _ANSWERS[self.name].yes

    @property
    def otherwise(self) -> str:
        """What to do where it is not right."""
        return _ANSWERS[self.name].otherwise

    @property
    def unticked(self) -> str:
        """What is said at the box that was not ticked."""
        return _ANSWERS[self.name].unticked

    @property
    def option(self) -> str:
        """The option of `survey roster import` that says yes."""
        return _ANSWERS[self.name].option


class _Confirmed(NamedTuple):
    yes: str
    otherwise: str
    unticked: str
    option: str


_ANSWERS: Final[dict[Doubtful, _Confirmed]] = {
    "left": _Confirmed(
        yes="The file is the complete roster: everyone who is not in it has left.",
        otherwise="If it is only part of the roster, import a file with everyone in these schools instead.",
        unticked="Check who would leave, and tick the box if they have left. Nothing has been imported yet.",
        option="--they-have-left",
    ),
    "codes": _Confirmed(
        yes="These codes are right: no zeros have been lost.",
        otherwise=(
            "If zeros are missing, format the column as text, enter the codes in full, and import the file again."
        ),
        unticked="Check the codes, and tick the box if they are right. Nothing has been imported yet.",
        option="--codes-as-they-are",
    ),
}


def unanswered(doubts: Iterable[Doubt], agreed: Collection[str]) -> list[Doubt]:
    """Return the doubts that no one has said yes to. agreed: names of doubts."""
    return [doubt for doubt in doubts if doubt.name not in agreed]


# ---- codes whose zeros may be lost ------------------------------------------------------------------------


def doubt_about_codes(schools: Collection[str], people: Collection[str]) -> Doubt | None:
    """Return a doubt about new codes that may have lost their zeros; None when there are none."""
    kinds = (("school code", schools), ("study code", people))
    said = tuple(
        f"{_many(len(codes), kind)} no zeros in front: {some(codes)}. A spreadsheet turns a code like 0001 into 1, so "
        "zeros may have been lost. Please compare them with the list they come from."
        for kind, codes in kinds
        if codes
    )
    return Doubt("codes", said) if said else None


def _many(number: int, kind: str) -> str:
    return f"1 new {kind} is a number with" if number == 1 else f"{number:,} new {kind}s are numbers with"


# ---- who would leave ------------------------------------------------------------------------------------


class Stay(NamedTuple):
    """Someone on a wave's roster of one of the schools a file names, and whether they would leave by it."""

    code: str
    audience: str
    school: str
    school_class: str | None
    leaves: bool


_MANY: Final = 3
"""More than one in so many of a school's people: a part of its list was probably taken for the whole."""

_PEOPLE: Final = {"pupil": "pupils", "parent": "parents", "staff": "members of staff"}


def doubt_about_leaving(stays: Iterable[Stay], classes: Collection[tuple[str, str | None]]) -> Doubt | None:
    """Return a doubt when a whole class, or more than a third of a school's people, would leave; else None.

    stays: everyone who is in the list now. classes: school and class of each row of the file.
    """
    by_school: dict[tuple[str, str], list[Stay]] = {}
    by_class: dict[tuple[str, str], list[Stay]] = {}
    for stay in stays:
        by_school.setdefault((stay.school, stay.audience), []).append(stay)
        if stay.school_class is not None and (stay.school, stay.school_class) not in classes:
            by_class.setdefault((stay.school, stay.school_class), []).append(stay)
    said = [*_of_schools(by_school), *_of_classes(by_class)]
    return Doubt("left", tuple(said)) if said else None


def _of_schools(by_school: dict[tuple[str, str], list[Stay]]) -> Iterator[str]:
    for (school, audience), there in by_school.items():
        left = [stay.code for stay in there if stay.leaves]
        if len(left) * _MANY > len(there):
            who = f"{len(left):,} of the {len(there):,} {_PEOPLE[audience]} of school {school}"
            yield f"{who} {'is' if len(left) == 1 else 'are'} not in this file and would leave: {some(left)}."


def _of_classes(by_class: dict[tuple[str, str], list[Stay]]) -> Iterator[str]:
    for (school, school_class), there in by_class.items():
        left = [stay.code for stay in there if stay.leaves]
        if left:
            part = "" if len(left) == len(there) else f"{len(left):,} of "
            which = f"Class {school_class} of school {school} is not in this file"
            yield f"{which}, so {part}its {amount(len(there), 'person', 'people')} would leave: {some(left)}."


def some(codes: Collection[str], most: int = 10) -> str:
    """Return codes as a person lists them: the first ones, and how many more there are."""
    first = list(codes)[:most]
    more = len(codes) - len(first)
    return listed([*first, f"{more:,} more"] if more else first)
