"""What is amiss on a page that may have changed since it was opened: what a fault leads to may have gone meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

FormFault = tuple[str, str]
"""Where something is put right, as an id on the page ("main": nowhere in particular), and a sentence that says what."""

STALE: Final[FormFault] = (
    "main",
    "This page was open for too long, so nothing has changed yet. Please try again.",
)


def leading_to(there: Collection[str], faults: Iterable[FormFault]) -> list[FormFault]:
    """Return faults that lead only to what is on the page now: the ids in `there`."""
    return [(at if at in there else "main", said) for at, said in faults]
