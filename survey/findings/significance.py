"""Probabilities of many tests at once, corrected as the plan says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeVar

from survey.analysis.corrections import Correction, corrected
from survey.analysis.effects import Contrast
from survey.findings.outcomes import StudyOutcome

LEVEL: Final = 0.05
"""Below such a probability a difference is clear."""

Certainty = Literal["clear", "possible", "none", "unknown"]
"""How sure a difference is: clear after correction; possible, as long as nothing is corrected; none that is clear; or
too few to say."""

_ORDER: Final[tuple[Certainty, ...]] = ("clear", "possible", "none", "unknown")


@dataclass(frozen=True)
class Tested(ABC):
    """A finding with a test. `planned` is whether the plan names it: what it does not is exploratory.

    `p` is the probability of a difference at least this large if there is none; `p_corrected` is it corrected for the
    other planned tests of its table, None for what is exploratory. `outcome` is what was tested.
    """

    planned: bool
    p: float | None
    p_corrected: float | None
    outcome: StudyOutcome

    @property
    @abstractmethod
    def best(self) -> Contrast | None:
        """What is tested."""

    @property
    def certainty(self) -> Certainty:
        """How sure the difference is. What the plan does not name is never clear: it is corrected for nothing."""
        if self.p is None:
            return "unknown"
        if self.p_corrected is not None and self.p_corrected < LEVEL:
            return "clear"
        return "possible" if self.p < LEVEL else "none"


def best_known(found: Iterable[Tested]) -> Certainty:
    """Return the certainty of the surest of some findings; “unknown” where there is none."""
    there = {one.certainty for one in found}
    return next((one for one in _ORDER if one in there), "unknown")


AnyTested = TypeVar("AnyTested", bound=Tested)


def corrected_in(
    findings: Iterable[AnyTested], family: Callable[[AnyTested], Hashable], correction: Correction
) -> tuple[AnyTested, ...]:
    """Return findings with their probabilities; planned ones of one family are corrected together."""
    found = [replace(one, p=None if one.best is None else one.best.p) for one in findings]
    families = defaultdict(list)
    for at, one in enumerate(found):
        if one.planned:
            families[family(one)].append(at)
    for places in families.values():
        ps = corrected([found[at].p for at in places], correction)
        for at, p in zip(places, ps, strict=True):
            found[at] = replace(found[at], p_corrected=p)
    return tuple(found)
