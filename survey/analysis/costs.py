"""What a programme costs per child and year, spread over three years, as English evaluations report it.

Source
    Education Endowment Foundation. Cost evaluation guidance for EEF evaluations: costs for schools over three years,
    start-up costs spread over these, divided by the pupils of all three years; and the five ratings of its toolkit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

YEARS: Final = 3

Rating = Literal["very low", "low", "moderate", "high", "very high"]

_RATINGS: Final[tuple[tuple[float, Rating], ...]] = ((80, "very low"), (200, "low"), (700, "moderate"), (1200, "high"))
"""Pounds per pupil and year up to which each rating goes."""


@dataclass(frozen=True)
class Outlay:
    """One thing that is paid for. A start-up cost is paid once; a running one every year.

    salaries: whether it is paid to people. payer: who pays for it; empty where that is not said.
    """

    title: str
    amount: float
    running: bool
    salaries: bool = False
    payer: str = ""

    @property
    def over_all_years(self) -> float:
        """What it comes to over the three years."""
        return self.amount * (YEARS if self.running else 1)


@dataclass(frozen=True)
class CostPerChild:
    """What a programme costs, in pounds per pupil and year over three years, and in all. `sentence` says it.

    salaries: how much of the total is salaries. payers: who pays how much of it over the three years, the most first;
    empty where that is not said.
    """

    pupils: tuple[int, ...]
    start_up: float
    running: float
    total: float
    per_pupil_year: float
    rating: Rating
    sentence: str
    salaries: float = 0.0
    payers: Mapping[str, float] = field(default_factory=dict)

    def for_each(self, amount: float) -> float:
        """Return what an amount over the three years is per pupil and year."""
        return amount / sum(self.pupils)


def cost_per_child(outlays: Sequence[Outlay], pupils: Sequence[int]) -> CostPerChild:
    """Return the cost per pupil and year, from what is paid and how many pupils take part in each of three years.

    Raises ValueError unless there are three years with pupils, and for an amount below 0.
    """
    if len(pupils) != YEARS or min(pupils) < 1:
        raise ValueError(f"costs are spread over {YEARS} years, each with at least one pupil")
    if any(outlay.amount < 0 for outlay in outlays):
        raise ValueError("an amount cannot be below 0")
    start_up = sum(outlay.amount for outlay in outlays if not outlay.running)
    running = sum(outlay.amount for outlay in outlays if outlay.running)
    total = start_up + YEARS * running
    salaries = sum(outlay.over_all_years for outlay in outlays if outlay.salaries)
    each = total / sum(pupils)
    rating: Rating = next((name for most, name in _RATINGS if each <= most), "very high")
    said = (
        f"£{each:,.2f} per pupil and year over {YEARS} years ({rating}): £{total:,.0f} in all, £{start_up:,.0f} of it "
        f"to start, for {sum(pupils):,} pupil years."
    )
    return CostPerChild(tuple(pupils), start_up, running, total, each, rating, said, salaries, dict(_paid_by(outlays)))


_NOT_SAID: Final = "not said who"


def _paid_by(outlays: Sequence[Outlay]) -> list[tuple[str, float]]:
    """Return who pays how much over the years, the most first; nothing where no outlay says who."""
    paid: dict[str, float] = {}
    for outlay in outlays:
        paid[outlay.payer or _NOT_SAID] = paid.get(outlay.payer or _NOT_SAID, 0.0) + outlay.over_all_years
    if set(paid) <= {_NOT_SAID}:
        return []
    return sorted(paid.items(), key=lambda one: -one[1])
