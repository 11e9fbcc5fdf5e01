"""What all models of the language share: unknown keys are faults, and texts know that they are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

Path = tuple[str | int, ...]
"""Where something stands in a file: keys and positions from the top."""


class Strict(BaseModel):
    """A mapping of the language: only its own keys, and no numbers that are not numbers."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class Fault:
    """Something wrong at a path of a file, before the path is turned into line and column.

    With `key`, the fault lies in that key itself rather than in its value.
    """

    at: Path
    message: str
    advice: bool = False
    key: bool = False


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("is not a date. Please write year, month and day, such as 2025-09-15")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("is a date that the calendar does not have. Please check month and day") from error


Day = Annotated[
    date,
    BeforeValidator(_day),
    PlainSerializer(lambda day: day.isoformat()),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}),
]
"""A date written as 2025-09-15, and no other way."""
