"""From the list to the last page: how many were asked, started and finished, wave by wave and arm by arm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from survey.analysis.grouping import groups_shown
from survey.progress.reading import Asking, Progress
from survey.progress.tally import total

ALL_ARMS: Final = "all"
"""Stands for all arms together."""


@dataclass(frozen=True)
class ArmFlow:
    """What the people of one arm (a code, or ALL_ARMS) did with a questionnaire in one wave; None is hidden.

    `there` are those of the list who could be asked, as they had not left. `again` are those who finished, and had
    finished the first wave as well; None in the first one itself.
    """

    wave: str
    arm: str
    schools: int
    asked: int | None
    there: int | None
    begun: int | None
    finished: int | None
    again: int | None
    is_first: bool

    @property
    def rate(self) -> float | None:
        """The share of those who could be asked that finished; None where it is hidden, or there was no one."""
        return self.finished / self.there if self.there and self.finished is not None else None


def flows(progress: Progress, threshold: int) -> dict[str, tuple[ArmFlow, ...]]:
    """Return what became of people by questionnaire: each arm in each wave, and all arms together.

    Counts of people below the threshold are hidden, and with those of one arm the smallest other ones.
    """
    names = dict.fromkeys(line.questionnaire for line in progress.lines)
    return {name: tuple(_of_questionnaire(progress, name, threshold)) for name in names}


def _of_questionnaire(progress: Progress, questionnaire: str, threshold: int) -> Iterator[ArmFlow]:
    of_school = {place.id: place.arm for place in progress.places}
    lines = [line for line in progress.lines if line.questionnaire == questionnaire]
    asked = [wave.code for wave in progress.waves if any(line.wave == wave.code for line in lines)]
    before = {line.participant_id for line in _finished(lines) if line.wave == asked[0]}
    for wave in asked:
        groups: dict[str, list[Asking]] = {arm: [] for arm in dict.fromkeys(of_school.values())}
        for line in (line for line in lines if line.wave == wave):
            groups.setdefault(of_school.get(line.school or 0, ""), []).append(line)
        there = {arm: found for arm, found in groups.items() if found}
        yield from _of_wave(wave, there, None if wave == asked[0] else before, threshold)


def _finished(lines: Iterable[Asking]) -> Iterator[Asking]:
    return (line for line in lines if total([line]).finished)


def _of_wave(
    wave: str, groups: Mapping[str, Sequence[Asking]], before: set[int] | None, threshold: int
) -> Iterator[ArmFlow]:
    """Yield what the arms did in a wave. before: who finished the first one; None in the first one itself."""
    numbers = {arm: _numbers(lines, before) for arm, lines in groups.items()}
    everyone = [sum(found) for found in zip(*numbers.values(), strict=True)]
    shown = [_shown({arm: found[at] for arm, found in numbers.items()}, threshold) for at in range(len(everyone))]
    schools = {arm: len({line.school for line in lines}) for arm, lines in groups.items()}
    told = {
        arm: [number if arm in shown[at] else None for at, number in enumerate(found)] for arm, found in numbers.items()
    }
    if len(groups) > 1:
        told[ALL_ARMS] = [number if number >= threshold or not number else None for number in everyone]
        schools[ALL_ARMS] = sum(schools.values())
    for arm, (asked, there, begun, finished, again) in told.items():
        yield ArmFlow(wave, arm, schools[arm], asked, there, begun, finished, again, is_first=before is None)


def _numbers(lines: Sequence[Asking], before: set[int] | None) -> list[int]:
    """Return how many were on the list, could be asked, started, finished, and finished the first wave as well."""
    tally = total(lines)
    again = sum(line.participant_id in (before or ()) for line in _finished(lines))
    return [tally.asked, tally.there, tally.begun, tally.finished, again]


def _shown(counts: Mapping[str, int], threshold: int) -> frozenset[str]:
    """Return the arms whose count may be shown beside the sum of all; that there is no one is no secret."""
    labels = [arm for arm, number in counts.items() for _ in range(number)]
    none = frozenset(arm for arm, number in counts.items() if not number)
    if not labels:
        return none
    return none | groups_shown({"arm": labels}, np.zeros(len(labels), dtype=np.int64), 1, threshold)["arm"]
