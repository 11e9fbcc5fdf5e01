"""Numbers and days as an author writes them: one way each, and none that a data file could not hold."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

MOST_DIGITS: Final = 15
"""Digits of a number: with more, a spreadsheet and a statistics program each keep a different one."""

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _number(value: Any) -> Any:
    """Return what was written, for pydantic to read. Raises ValueError for what it would read and no author means."""
    if not isinstance(value, str) or not any(char.isdigit() for char in value):
        return value
    if not _NUMBER.fullmatch(value):
        raise ValueError("is not written as a number. Please write plain digits, such as 10 or 0.5")
    digits = sum(char.isdigit() for char in value)
    if digits > MOST_DIGITS:
        raise ValueError(
            f"has {digits} digits, and a number can have at most {MOST_DIGITS}. Please write a smaller one"
        )
    return value


WholeNumber = Annotated[int, BeforeValidator(_number)]
"""A whole number in plain digits."""

RealNumber = Annotated[float, BeforeValidator(_number)]
"""A number in plain digits, with or without a decimal point."""

ExactNumber = Annotated[Decimal, BeforeValidator(_number)]
"""A number in plain digits, kept digit by digit."""


def day(value: Any) -> Any:
    """Return the date that a text such as 2025-09-15 stands for; a date is returned as it is. Raises ValueError."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("is not a date. Please write year, month and day, such as 2025-09-15")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("is not a real date. Please check the month and the day") from error


Day = Annotated[
    date,
    BeforeValidator(day),
    PlainSerializer(lambda day: day.isoformat()),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}),
]
"""A date written as 2025-09-15, and no other way."""
