"""The study's navigation: each module of the office puts its page there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal, Protocol

from survey.pages.office.access import may
from survey.pages.office.blueprint import office

Group = Literal["", "Results", "Run", "Set up", "Data"]
"""What a page is for: it stands under this heading of the navigation. The overview stands above all of them."""

_GROUPS: Final[tuple[Group, ...]] = ("", "Results", "Run", "Set up", "Data")


@dataclass(frozen=True)
class Section:
    """One page in the navigation of a study; it is shown to people who may open it."""

    name: str
    title: str
    endpoint: str
    order: int
    group: Group
    roles: tuple[str, ...]


_sections: list[Section] = []


def section(name: str, title: str, endpoint: str, *, order: int, roles: Sequence[str], group: Group) -> None:
    """Put a page into the navigation. endpoint: its route, which takes the study's `code` and nothing else."""
    _sections.append(Section(name, title, endpoint, order, group, tuple(roles)))
    _sections.sort(key=lambda one: (_GROUPS.index(one.group), one.order))


def section_at(endpoint: str | None, otherwise: str) -> Section:
    """Return the page of the navigation at an endpoint; the one called `otherwise` where it is none of them."""
    named = next(one for one in _sections if one.name == otherwise)
    return next((one for one in _sections if one.endpoint == endpoint), named)


class _StudySection(Protocol):
    @property
    def id(self) -> int:
        """The study's id."""


def sections(study: _StudySection) -> list[tuple[Group, list[Section]]]:
    """Return what the person who is here may open of a study, in order, group by group."""
    mine = [one for one in _sections if may(study, one.roles)]
    return [(group, list(found)) for group, found in groupby(mine, key=lambda one: one.group)]


@office.context_processor
def _for_every_page() -> dict[str, Any]:
    return {"sections": sections}
