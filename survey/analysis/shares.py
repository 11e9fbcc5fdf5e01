"""Shares of people, and who takes part in what: a group's share of those who take part, beside its share of the roll.

Sources
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the American
    Statistical Association, 22, 209-212.
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Statistics in
    Medicine, 17, 873-890 (method 10).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_Z: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


@dataclass(frozen=True)
class Share:
    """How many of how many, with a 95 % interval (0 to 1) that takes people as independent; None of no one."""

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Participation:
    """How a group, such as children with SEN, takes part in something, such as an after-school group.

    `of_roll` is its share of everyone, `of_participants` its share of those who take part. `rate` is how many of the
    group take part, `rate_others` how many of all others, and `difference` rate less rate_others, with its interval.
    """

    group: str
    activity: str
    of_roll: Share
    of_participants: Share
    rate: Share
    rate_others: Share
    difference: float | None
    low: float | None
    high: float | None
    notes: tuple[str, ...]
    sentence: str


def share(count: int, of: int) -> Share:
    """Return a share with Wilson's interval. Raises ValueError where there are more than there are."""
    if not 0 <= count <= of:
        raise ValueError(f"{count} of {of} is no share")
    if of == 0:
        return Share(0, 0, None, None, None)
    value = count / of
    middle = value + _Z**2 / (2 * of)
    reach = _Z * math.sqrt(value * (1 - value) / of + _Z**2 / (4 * of**2))
    unit = 1 + _Z**2 / of
    low = 0.0 if count == 0 else (middle - reach) / unit
    high = 1.0 if count == of else (middle + reach) / unit
    return Share(count, of, value, low, high)


def difference(one: Share, other: Share) -> tuple[float, float, float] | None:
    """Return the difference of two shares with Newcombe's interval, of different people; None where one has no one."""
    if one.value is None or one.low is None or one.high is None:
        return None
    if other.value is None or other.low is None or other.high is None:
        return None
    gap = one.value - other.value
    low = gap - math.hypot(one.value - one.low, other.high - other.value)
    high = gap + math.hypot(one.high - one.value, other.value - other.low)
    return gap, low, high


def participation(
    in_group: Sequence[bool | None], takes_part: Sequence[bool | None], group: str, activity: str
) -> Participation:
    """Return how a group takes part in an activity; people of whom one of both is not known (None) are left out.

    Raises ValueError where the two do not tell of the same people.
    """
    known = [(a, b) for a, b in zip(in_group, takes_part, strict=True) if a is not None and b is not None]
    inside = [part for member, part in known if member]
    outside = [part for member, part in known if not member]
    taking = sum(inside) + sum(outside)
    rate, others = share(sum(inside), len(inside)), share(sum(outside), len(outside))
    gap = difference(rate, others)
    notes = []
    if len(known) < len(in_group):
        notes.append(f"{len(in_group) - len(known):,} left out: '{group}' or '{activity}' is not known.")
    if inside or outside:
        notes.append("Intervals treat people as independent.")
    of_roll, of_participants = share(len(inside), len(known)), share(sum(inside), taking)
    said = f"{activity}: {_percent(rate)} of '{group}', and {_percent(others)} of the others"
    if gap is not None:
        said += f", a difference of {100 * gap[0]:+.1f} points ({100 * gap[1]:+.1f} to {100 * gap[2]:+.1f})"
    said += f". '{group}' are {_percent(of_participants)} of all who do, and {_percent(of_roll)} of the roll."
    low, high = (None, None) if gap is None else gap[1:]
    return Participation(
        group, activity, of_roll, of_participants, rate, others, gap and gap[0], low, high, tuple(notes), said
    )


def _percent(one: Share) -> str:
    return "none" if one.value is None else f"{100 * one.value:.1f} % ({one.count:,} of {one.of:,})"
