"""How a wave stands: each audience by itself, and the schools or classes that need attention first.

Pupils, parents and staff are never in one figure: a rate over all of them says nothing about any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Final, Literal

from survey.progress.outcomes import NOT_THERE, Outcome
from survey.progress.reading import Progress, ReportedWave
from survey.progress.tally import AUDIENCES, DayCount, Tally, days, total

PATIENCE: Final = timedelta(days=14)
"""So long no one has finished before that needs attention: two school weeks."""

BEGINNING: Final = timedelta(days=7)
"""So long after a wave opens no school needs attention."""

_MANY: Final = 0.25
"""The share of a school that has to be left to ask, or to have no consent yet, for it to need attention."""

Attention = Literal["not begun", "stalled", "behind", "no consent"]
"""Why a school or class needs attention. 'not begun': no one has; 'stalled': no one has finished for PATIENCE, and many
can still answer; 'behind': half of the wave is over, and more than half can still answer; 'no consent': many wait."""

ATTENTION: Final[dict[Attention, str]] = {
    "not begun": "no one has started",
    "stalled": "no one has finished for two weeks",
    "behind": "many have not answered",
    "no consent": "many wait for consent",
}
"""The same in words."""


@dataclass(frozen=True)
class AudienceStanding:
    """How an audience stands. Those asked by name are in `tally`, others came by open links: no one knows of how many.

    aim: how many are to finish, by the study's own aim; None where it has none for all that is counted here.
    days: day by day how many had finished: of those asked by name, or by open links where no one is.
    """

    audience: str
    title: str
    tally: Tally
    by_link: int
    aim: int | None
    days: tuple[DayCount, ...]

    @property
    def finished(self) -> int:
        """How many have finished: the last of `days`."""
        return self.tally.finished if self.tally.asked else self.by_link

    def lately(self, today: date, span: timedelta = timedelta(days=7)) -> int:
        """Return how many finished in the last days, today included."""
        return sum(day.finished for day in self.days if day.day > today - span)


def newest_begun(waves: Sequence[ReportedWave], now: datetime) -> ReportedWave:
    """Return the wave that began last; before any has, the first."""
    begun = [wave for wave in waves if wave.hours.state(now) != "not open yet"]
    return begun[-1] if begun else waves[0]


def by_audience(progress: Progress, aims: Mapping[str, float]) -> list[AudienceStanding]:
    """Return a standing for each audience that is asked or has answered, pupils first. aims: questionnaire -> share."""
    found = [_standing(progress.only(audience=one), one, aims) for one in AUDIENCES]
    return [one for one in found if one.tally.asked or one.by_link]


def _standing(progress: Progress, audience: str, aims: Mapping[str, float]) -> AudienceStanding:
    tally = total(progress.lines)
    by_link = [other for other in progress.by_link if other.state == "finished"]
    asked = [line.questionnaire for line in progress.lines if line.outcome not in NOT_THERE]
    aim = sum(aims[one] for one in asked) if asked and set(asked) <= set(aims) else None
    return AudienceStanding(
        audience,
        AUDIENCES[audience],
        tally,
        len(by_link),
        # 0.7 of 10 is a little more than 7 to a computer.
        None if aim is None else ceil(round(aim, 6)),
        tuple(days(progress.lines) if tally.asked else days(by_link)),
    )


def attention(tally: Tally, wave: ReportedWave, today: date) -> Attention | None:
    """Return why a school or class needs attention in an open wave; None where it does not."""
    if not tally.there or (wave.opens is not None and today < wave.opens + BEGINNING):
        return None
    if tally.count(Outcome.NOT_AGREED) >= _MANY * tally.there:
        return "no consent"
    if tally.open < _MANY * tally.there:
        return None
    if not tally.begun:
        return "not begun"
    if tally.last is None or tally.last <= today - PATIENCE:
        return "stalled"
    if wave.opens is None or wave.closes is None or today - wave.opens < (wave.closes - wave.opens) / 2:
        return None
    return "behind" if tally.open > tally.there / 2 else None


def neediest_first(tallies: Sequence[Tally], wave: ReportedWave, today: date) -> list[tuple[Tally, Attention | None]]:
    """Return schools or classes with why they need attention: first those that do, the most people left to ask first.

    The others follow by their rates, the lowest first; those of whom no one is asked are left out.
    """
    told = [(tally, attention(tally, wave, today)) for tally in tallies if tally.there]
    return sorted(told, key=lambda one: (one[1] is None, -one[0].open if one[1] else one[0].rate or 0.0))
