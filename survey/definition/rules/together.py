"""Advice that several things on a page need alike, given once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from survey.definition.model import Fault, Path
from survey.problems import ALSO


def once_a_page(found: Iterable[Fault]) -> list[Fault]:
    """Return one piece of advice for each page out of those of one kind, which names the other places by their lines.

    What is advised of twenty questions alike is one thing to learn.
    """
    pages: dict[Path, list[Fault]] = {}
    alone: list[Fault] = []
    for fault in found:
        if fault.at[:1] == ("pages",):
            pages.setdefault(fault.at[:2], []).append(fault)
        elif fault.at[:1] == ("scales",):
            pages.setdefault(fault.at[:1], []).append(fault)
        else:
            alone.append(replace(fault, advice=True))
    return alone + [
        replace(first, advice=True, message=first.message + (f" (also on {ALSO})" if others else ""), also=others)
        for first, others in ((faults[0], tuple(fault.at for fault in faults[1:])) for faults in pages.values())
    ]
