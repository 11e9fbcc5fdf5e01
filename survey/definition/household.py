"""Parents with several children: which child a response is about, as routing and data files read it from its facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

WHICH_CHILD: Final = "which-child"
"""The fact of a response that says which of a parent's children it is about, from 1. No fact of a study has a dash."""

MOST_CHILDREN: Final = 8
"""So many children one parent can answer about."""


def child_of(facts: Mapping[str, Any]) -> int:
    """Return which child a response with these facts is about, from 1; 1 also where it is about none in particular."""
    number = facts.get(WHICH_CHILD)
    return number if isinstance(number, int) else 1


def is_further(facts: Mapping[str, Any]) -> bool:
    """Tell whether a response is about a further child, whose family was asked with the first."""
    return child_of(facts) > 1
