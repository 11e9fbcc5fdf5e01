"""The study's navigation: each module of the office puts its page there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from survey.pages.office.access import may
from survey.pages.office.blueprint import office


@dataclass(frozen=True)
class Section:
    """One page in the navigation of a study; it is shown to people who may open it."""

    name: str
    title: str
    endpoint: str
    order: int
    roles: tuple[str, ...]


_sections: list[Section] = []


def section(name: str, title: str, endpoint: str, *, order: int, roles: Sequence[str]) -> None:
    """Put a page into the navigation. endpoint: its route, which takes the study's `code` and nothing else."""
    _sections.append(Section(name, title, endpoint, order, tuple(roles)))
    _sections.sort(key=lambda one: one.order)


class _StudySection(Protocol):
    @property
    def id(self) -> int:
        """The study's id."""


def sections(study: _StudySection) -> list[Section]:
    """Return what the person who is here may open of a study, in order."""
    return [one for one in _sections if may(study, one.roles)]


@office.context_processor
def _for_every_page() -> dict[str, Any]:
    return {"sections": sections}
