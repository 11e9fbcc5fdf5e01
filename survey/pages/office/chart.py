"""The chart of the study page: a bar for each wave and arm, its lengths worked out here.

Bars stand in a table that says the same in figures, so that nothing depends on seeing them. They are drawn on a
scale from 0 to 100 and stretched by the page: no style attribute is needed, which the security policy forbids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from survey.pages.office.counts import Row


@dataclass(frozen=True)
class Bar:
    """One bar: `finished` and `started` as figures, and as lengths from 0 to 100. `look` is 1, 2, … for each arm."""

    arm: str
    look: int
    finished: int
    started: int
    filled: float
    length: float


@dataclass(frozen=True)
class Cluster:
    """The bars of one wave, and all of its arms together as figures."""

    wave: str
    bars: tuple[Bar, ...]

    @property
    def finished(self) -> int:
        """Everybody who finished in this wave."""
        return sum(bar.finished for bar in self.bars)

    @property
    def started(self) -> int:
        """Everybody who started in this wave."""
        return sum(bar.started for bar in self.bars)


def clusters(waves: Sequence[str], arms: Sequence[Row]) -> list[Cluster]:
    """Return the bars, wave by wave. waves: titles, as many as each arm has cells. The longest bar is 100."""
    most = max((cell.started for arm in arms for cell in arm.cells), default=0) or 1
    return [
        Cluster(
            wave,
            tuple(
                Bar(
                    arm=arm.title,
                    look=look,
                    finished=arm.cells[at].finished,
                    started=arm.cells[at].started,
                    filled=round(100 * arm.cells[at].finished / most, 2),
                    length=round(100 * arm.cells[at].started / most, 2),
                )
                for look, arm in enumerate(arms, start=1)
            ),
        )
        for at, wave in enumerate(waves)
    ]
