"""Number formats of spreadsheets: which make a number a date, a share or a code with zeros in front.

The rules are those of ECMA-376, part 1, 18.8.30 and 18.8.31, as openpyxl reads them; a test holds the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from survey.tables.cells import DATE, NUMBER, PERCENT

_BUILT_IN: Final = {
    9: "0%",
    10: "0.00%",
    14: "mm-dd-yy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yy h:mm",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mmss.0",
}
"""The formats that have a number and no code, as far as they matter here."""

_LONGEST: Final = 255
"""Characters of a format in the longest that spreadsheet programs write."""

_ASIDE: Final = re.compile(r'".*?"|\[(?!hh?\]|mm?\]|ss?\])[^\]]*\]')
"""What stands in quotes; colours, conditions and languages in brackets."""

_DURATION: Final = re.compile(r"\[(?:hh?|mm?|ss?)\]", re.I)


@dataclass(frozen=True)
class NumberFormat:
    """What a format does to a number. digits: how many there are at least, for 0007 under the format 0000; else 0."""

    date: bool = False
    duration: bool = False
    percent: bool = False
    digits: int = 0


GENERAL: Final = NumberFormat()


def format_of(number: int, codes: dict[int, str]) -> NumberFormat:
    """Return the format with a number; codes: those that the workbook brings itself."""
    code = codes.get(number, _BUILT_IN.get(number, ""))
    if len(code) > _LONGEST:
        return GENERAL
    first = code.split(";")[0]  # the others are for negative numbers, zeros and texts
    return NumberFormat(
        date=re.search(r"(?<![_\\])[dmhys]", _ASIDE.sub("", first), re.I) is not None,
        duration=_DURATION.search(first) is not None,
        percent="%" in code,
        digits=len(code) if re.fullmatch("0{2,40}", code) else 0,
    )


def number_shown(value: float, shown: NumberFormat) -> tuple[str, str]:
    """Return a number as its sheet shows it where that matters, and its kind: 0007 under 0000, 94% under 0%."""
    if shown.percent:
        return f"{value * 100:.15g}%", PERCENT
    if not value.is_integer() or abs(value) >= 1e15:
        return f"{value:.15g}", NUMBER
    return f"{int(value):0{shown.digits}d}" if shown.digits else str(int(value)), NUMBER


# ---- dates ----------------------------------------------------------------------------------------------

SINCE_1900: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no zones
SINCE_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001


def date_shown(days: float, epoch: datetime, shown: NumberFormat) -> tuple[str, str]:
    """Return a date or time that a sheet keeps as days since its epoch, and its kind.

    Raises ValueError and OverflowError for what is no day of a calendar.
    """
    if shown.duration:
        span = timedelta(days=days)
        whole = timedelta(seconds=span.total_seconds() // 1)
        return str(whole + timedelta(microseconds=round(span.microseconds, -3)) if span.microseconds else span), DATE
    day, part = divmod(days, 1)
    within = timedelta(milliseconds=round(part * 24 * 60 * 60 * 1000))
    if 0 <= days < 1 and within.days == 0:
        return str((SINCE_1900 + within).time()), DATE
    if 0 < days < 60 and epoch == SINCE_1900:
        day += 1  # Excel counts a 29 February 1900 that never was
    return moment_shown(epoch + timedelta(days=day) + within)


def moment_shown(moment: datetime) -> tuple[str, str]:
    """Return a moment as YYYY-MM-DD, with its time where it has one, and its kind."""
    return (moment.date().isoformat() if moment.time() == time() else moment.isoformat(" ")), DATE


_ISO: Final = re.compile(r"(\d{4}-\d\d-\d\d)?T?(\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)?Z?")


def written_date(text: str) -> tuple[str, str]:
    """Return a date or time that a sheet keeps as text (ISO 8601), and its kind. Raises ValueError for any other."""
    found = _ISO.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError("no date")
    day, clock = found.groups()
    if day and clock:
        return moment_shown(datetime.fromisoformat(f"{day} {clock}"))
    return (date.fromisoformat(day).isoformat() if day else str(time.fromisoformat(clock))), DATE
