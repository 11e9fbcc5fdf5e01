"""Counts of outcomes by programme, arm, school, class, audience, questionnaire and wave, and the rates they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from survey.progress.outcomes import BEGUN, NOT_THERE, TO_REMIND, Outcome
from survey.progress.reading import Asking, Other, Progress

Level = Literal["programme", "arm", "school", "class", "audience", "questionnaire", "wave"]

AUDIENCES: Final = {"pupil": "Pupils", "parent": "Parents", "staff": "Staff"}

NOWHERE = "No school"


@dataclass(frozen=True)
class Tally:
    """One line of a table: what it is about, and how many of those asked came to which outcome.

    key    what the line is about, as an address or a file names it; empty for those without one, and for a sum
    counts outcome -> number; no one is in two
    last   the last day on which someone finished; None where no one has
    """

    key: str
    title: str
    counts: Mapping[Outcome, int]
    last: date | None = None

    @property
    def asked(self) -> int:
        """Everyone on the list, once for each questionnaire."""
        return sum(self.counts.values())

    @property
    def there(self) -> int:
        """People who could be asked: without who left or moved. It is what the rate is of."""
        return self.asked - sum(self.counts.get(outcome, 0) for outcome in NOT_THERE)

    @property
    def finished(self) -> int:
        """People who finished."""
        return self.counts.get(Outcome.FINISHED, 0)

    @property
    def begun(self) -> int:
        """People who began, whether or not they finished."""
        return sum(self.counts.get(outcome, 0) for outcome in BEGUN)

    @property
    def open(self) -> int:
        """People who can still answer: those to remind."""
        return sum(self.counts.get(outcome, 0) for outcome in TO_REMIND)

    @property
    def rate(self) -> float | None:
        """The share that finished, 0 to 1; None where no one could be asked."""
        return self.finished / self.there if self.there else None

    def count(self, outcome: Outcome) -> int:
        """Return how many came to this outcome."""
        return self.counts.get(outcome, 0)


def total(lines: Iterable[Asking], title: str = "All") -> Tally:
    """Return the sum of lines."""
    counted = list(lines)
    last = max((line.finished for line in counted if line.finished is not None), default=None)
    return Tally("", title, Counter(line.outcome for line in counted), last)


def tallies(progress: Progress, level: Level) -> list[Tally]:
    """Return a line for each programme, arm, school, …: schools also where no one was asked anything yet.

    In the order of the study's file; schools by arm, programme and title; classes by code.
    """
    titles = _titles(progress, level)
    counts: dict[str, Counter[Outcome]] = {key: Counter() for key in titles if level == "school"}
    last: dict[str, date] = {}
    of = _key_of(progress, level)
    for line in progress.lines:
        key = of(line)
        counts.setdefault(key, Counter())[line.outcome] += 1
        if line.finished is not None and line.finished > last.get(key, date.min):
            last[key] = line.finished
    order = {key: place for place, key in enumerate(titles)}
    found = sorted(counts, key=lambda key: (order.get(key, len(order)), key))
    return [Tally(key, titles.get(key, key or NOWHERE), counts[key], last.get(key)) for key in found]


def _key_of(progress: Progress, level: Level) -> Callable[[Asking], str]:
    """Return what says what a line is counted under."""
    if level == "audience":
        return lambda line: line.audience
    if level == "questionnaire":
        return lambda line: line.questionnaire
    if level == "wave":
        return lambda line: line.wave
    if level == "class":
        return lambda line: line.school_class
    names = {
        place.id: {"programme": place.programme, "arm": place.arm, "school": place.code}[level]
        for place in progress.places
    }
    return lambda line: "" if line.school is None else names.get(line.school, "")


def _titles(progress: Progress, level: Level) -> dict[str, str]:
    if level == "wave":
        return {wave.code: wave.title for wave in progress.waves}
    if level == "audience":
        return AUDIENCES
    if level == "class":
        return {
            line.school_class: line.class_title or "No class"
            for line in sorted(progress.lines, key=lambda one: (not one.school_class, one.school_class))
        }
    if level == "questionnaire":
        return {line.questionnaire: line.questionnaire for line in progress.lines}
    if level == "programme":
        named = sorted({(place.programme_title, place.programme) for place in progress.places if place.programme})
        return {**{code: title for title, code in named}, "": "No programme"}
    if level == "arm":
        return {**{place.arm: place.arm_title for place in progress.places if place.arm}, "": "No arm"}
    return {place.code: place.title for place in progress.places}


@dataclass(frozen=True)
class ByLink:
    """Responses by open links from one school: no one knows how many might have come, so there is no rate."""

    title: str
    finished: int
    stopped: int
    under_way: int
    said_no: int
    withdrawn: int

    @property
    def all(self) -> int:
        """Every response."""
        return self.finished + self.stopped + self.under_way + self.said_no + self.withdrawn


def others(progress: Progress, which: Iterable[Other]) -> list[ByLink]:
    """Return responses of no one who was asked by name, a line for each school that has some."""
    titles = {place.id: place.title for place in progress.places}
    counts: dict[int | None, Counter[str]] = {}
    for one in which:
        counts.setdefault(one.school, Counter())[one.state] += 1
    order = [*titles, *(school for school in counts if school not in titles)]
    return [
        ByLink(
            titles.get(school, NOWHERE) if school is not None else NOWHERE,
            counts[school]["finished"],
            counts[school]["stopped"],
            counts[school]["started"],
            counts[school]["declined"],
            counts[school]["withdrawn"],
        )
        for school in order
        if school in counts
    ]


@dataclass(frozen=True)
class DayCount:
    """One day of a wave: how many finished on it, and how many had by its end."""

    day: date
    finished: int
    so_far: int


def days(there: Iterable[Asking] | Iterable[Other]) -> list[DayCount]:
    """Return the days from the first finish to the last, without a gap."""
    finished = Counter(one.finished for one in there if one.finished is not None)
    if not finished:
        return []
    first, last, so_far, found = min(finished), max(finished), 0, []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        so_far += finished[day]
        found.append(DayCount(day, finished[day], so_far))
    return found
