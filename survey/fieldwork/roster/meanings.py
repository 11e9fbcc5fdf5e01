"""The facts of a roster, in study.yaml's words or in those of school information systems.

A value in other words is read where study.yaml leaves it one reading, and is then said (`ReadAs`); any other is refused
with what to write. Years are those of England's National Curriculum, needs and meals as schools code them for the
Department for Education: N no special educational needs, K support, E education, health and care plan; T and F are true
and false.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple

from survey.definition.study import Fact
from survey.fieldwork.roster.doubts import some
from survey.fieldwork.roster.tables import DATE, PERCENT, Cell, plain
from survey.problems import listed, shortened

Fill = str | int | float | None


@dataclass(frozen=True)
class ReadAs:
    """What in a file is not written as study.yaml has it, and how it was read: said before it is imported.

    kind     'value': values of a column; 'heading': a column's heading; 'above': rows above the headings, left out
    column   the fact's title, for values
    written  as the file has it: values, a heading, numbers of rows
    meant    what it is read as
    rows     how many rows have it, for values
    """

    kind: Literal["value", "heading", "above"]
    column: str
    written: tuple[str, ...]
    meant: str
    rows: int = 0

    @property
    def said(self) -> str:
        """The reading as a sentence."""
        what = listed([f"“{shortened(one)}”" for one in self.written])
        if self.kind == "heading":
            return f"The column {what} is read as “{self.meant}”."
        if self.kind == "above":
            rows = f"Row{'s' if len(self.written) > 1 else ''} {listed(self.written)}"
            return f"{rows} above the headings {'are' if len(self.written) > 1 else 'is'} left out."
        verb = "are" if len(self.written) > 1 else "is"
        return f"{self.column}: {what} {verb} read as {self.meant} ({self.rows:,} row{'s' if self.rows > 1 else ''})."


@dataclass(frozen=True)
class Misfit:
    """What is wrong with a value. kind: values with the same are said together; one, many: {} stands for the values."""

    kind: str
    one: str
    many: str
    remedy: str
    quote: bool = True

    def said(self, values: Sequence[str], rows: Sequence[int]) -> str:
        """Return the message about these values, which stand in these rows."""
        first = [f"'{shortened(value, 30)}'" if self.quote else value for value in values]
        shown = some(first, 5)
        where = f" ({len(rows):,} rows: {some([str(row) for row in rows], 5)}.)" if len(rows) > 1 else ""
        return (self.one if len(values) == 1 else self.many).format(shown) + self.remedy + where


class Meant(NamedTuple):
    """What a cell means: a value, or what is wrong. other_words: it is not written as study.yaml has it."""

    value: Fill
    wrong: Misfit | None = None
    other_words: bool = False


def meant(cell: Cell, fact: Fact) -> Meant:
    """Return what a cell that is not blank means as a value of a fact."""
    return _READ[fact.kind](cell, fact)


def shown(value: Fill, fact: Fact) -> str:
    """Return a value with its label, as a person reads it: f (Girl)."""
    label = fact.codes.get(str(value), "") if fact.kind == "code" else ""
    return f"{value} ({label})" if label and label.casefold() != str(value).casefold() else str(value)


_OR_CLEAR: Final = "or clear the cell where it is not known."


# ---- numbers, and year groups -----------------------------------------------------------------------------

_NUMBER: Final = re.compile(r"[-+−]?\d{1,15}(?:\.\d{1,10})?")
_YEAR: Final = re.compile(r"(?:nc ?)?(?:year|yr|y|blwyddyn|bl)[ .]*(?:group|grp|gp)?[ .:-]*(\d{1,2})")
_RECEPTION: Final = {"r", "rec", "reception", "year r", "reception class"}


def is_year(fact: Fact) -> bool:
    """True for the fact that is a pupil's year group."""
    names = {plain(fact.id), plain(fact.title)}
    return fact.kind == "number" and bool(names & {"year", "yeargroup", "ncyear"})


def _number(cell: Cell, fact: Fact) -> Meant:
    text = cell.text
    if cell.kind == DATE:
        return Meant(None, Misfit(
            "date",
            "The spreadsheet has a date here ({}), and it should be a number.",
            "The spreadsheet has dates here ({}), and they should be numbers.",
            " If it turned a number into a date, format the column as number and type it again.",
            quote=False,
        ))  # fmt: skip
    if cell.kind == PERCENT:
        remedy = f" Please write the number without the % sign: {text.rstrip('%')}."
        return Meant(None, Misfit("percent", "The sheet shows {}.", "The sheet shows {}.", remedy, quote=False))
    if re.fullmatch(r"[-+−]?\d+,\d+", text):
        remedy = f" Please write decimals with a point: {text.replace(',', '.')}."
        return Meant(None, Misfit("comma", "{} has a comma.", "{} have a comma.", remedy))
    if is_year(fact) and (year := _year_group(text, fact)) is not None:
        return _in_range(year, fact, other_words=True)
    if not _NUMBER.fullmatch(text):
        return Meant(None, _no_number(fact))
    return _in_range(text.replace("−", "-"), fact, other_words=re.match(r"[-+]?0\d", text) is not None)


def _year_group(text: str, fact: Fact) -> str | None:
    """Return the number of a year group in other words; None when it is not one.

    Reception is the year below Year 1. It is read as 0 only where the study's years begin with 0.
    """
    word = " ".join(text.casefold().split())
    if word in _RECEPTION and fact.min == 0:
        return "0"
    found = _YEAR.fullmatch(word)
    return found[1] if found else None


def _no_number(fact: Fact) -> Misfit:
    low, high = _limits(fact)
    between = f" from {low} to {high}" if low and high else ""
    if is_year(fact):
        such = ", such as 4 for Year 4" if fact.min is None or fact.min <= 4 else ""
        return Misfit(
            "number",
            "{} is not a year group of this study.",
            "{} are not year groups of this study.",
            f" Write a number{between}{such}, or leave out the rows of pupils who are not in the study.",
        )
    return Misfit("number", "{} is not a number.", "{} are not numbers.", f" Write a number{between}, {_OR_CLEAR}")


def _in_range(text: str, fact: Fact, *, other_words: bool) -> Meant:
    number = float(text)
    if (fact.min is not None and number < fact.min) or (fact.max is not None and number > fact.max):
        remedy = f": {_range(fact)}."
        return Meant(None, Misfit("range", "{} is out of range", "{} are out of range", remedy, quote=False))
    value = int(number) if number.is_integer() and not math.isinf(number) else number
    return Meant(value, None, other_words)


def _limits(fact: Fact) -> tuple[str, str]:
    return ("" if fact.min is None else f"{fact.min:g}", "" if fact.max is None else f"{fact.max:g}")


def _range(fact: Fact) -> str:
    low, high = _limits(fact)
    if low and high:
        return f"the study says {low} to {high}"
    return f"the study says {low} or more" if low else f"the study says {high} or less"


# ---- codes ------------------------------------------------------------------------------------------------

_SEX: Final = (frozenset({"f", "female", "girl", "girls"}), frozenset({"m", "male", "boy", "boys"}))
_NEEDS: Final = (
    frozenset({"n", "none", "no sen", "no special educational need", "no special educational needs"}),
    frozenset({"k", "sen support", "support"}),
    frozenset({"e", "ehcp", "ehc plan", "education health and care plan"}),
)


def code_of(said: str, known: Mapping[str, str]) -> str | None:
    """Return the code someone means by a code or its label, whatever the case; None when it is not one."""
    if said in known:
        return said
    word = said.casefold()
    codes = [code for code in known if code.casefold() == word] or [
        code for code, label in known.items() if label.casefold() == word
    ]
    return codes[0] if len(codes) == 1 else None


def is_sex(fact: Fact) -> bool:
    """True for a fact whose labels are the sexes."""
    return fact.kind == "code" and all(len(_labelled(fact, group)) == 1 for group in _SEX)


def is_needs(fact: Fact) -> bool:
    """True for a fact that is a pupil's special educational needs."""
    return plain(fact.id) in ("sen", "send", "senstatus") or "specialeducationalneed" in plain(fact.title)


def _code(cell: Cell, fact: Fact) -> Meant:
    own = code_of(cell.text, fact.codes)
    if own is not None:
        return Meant(own)
    word = _words(cell.text)
    for group in (*_SEX, *(_NEEDS if is_needs(fact) else ())):
        codes = _labelled(fact, group) if word in group else []
        if len(codes) == 1:
            return Meant(codes[0], None, other_words=True)
    known = [shown(code, fact) for code in fact.codes]
    remedy = f" Write {listed(known[:12], 'or')}, {_OR_CLEAR}" if known else " The study has no codes for it."
    wrong = Misfit("code", "{} is not one of the study's codes.", "{} are not among the study's codes.", remedy)
    return Meant(None, wrong)


def _labelled(fact: Fact, words: frozenset[str]) -> list[str]:
    """Return the codes whose labels are among some words that mean the same. A code alone may mean anything."""
    return [code for code, label in fact.codes.items() if _words(label) in words]


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


# ---- yes and no, days -------------------------------------------------------------------------------------

_YES: Final = {"yes", "y", "true", "t", "1"}
_NO: Final = {"no", "n", "false", "f", "0"}


def _yes_no(cell: Cell, fact: Fact) -> Meant:
    word = cell.text.casefold()
    if word in _YES | _NO:
        value = "yes" if word in _YES else "no"
        return Meant(value, None, other_words=word != value)
    if is_needs(fact) and (_words(word) in _NEEDS[1] | _NEEDS[2]):
        return Meant("yes", None, other_words=True)
    if is_needs(fact) and _words(word) in _NEEDS[0]:
        return Meant("no", None, other_words=True)
    return Meant(None, Misfit(
        "yes_no", "{} is neither yes nor no.", "{} are neither yes nor no.", f" Write yes or no, {_OR_CLEAR}"
    ))  # fmt: skip


def _date(cell: Cell, _fact: Fact) -> Meant:
    try:
        return Meant(date.fromisoformat(cell.text).isoformat())
    except ValueError:
        remedy = " Please write year-month-day, like 2018-09-01."
        return Meant(None, Misfit("day", "{} is not a date.", "{} are not dates.", remedy))


_READ: Final[Mapping[str, Callable[[Cell, Fact], Meant]]] = {
    "number": _number,
    "code": _code,
    "yes_no": _yes_no,
    "date": _date,
}


# ---- a column ---------------------------------------------------------------------------------------------


class FactColumn:
    """The values of one fact in one sheet: how those in other words were read, and what is wrong with the others."""

    def __init__(self, fact: Fact) -> None:
        self._fact = fact
        self._read: dict[Fill, dict[str, int]] = {}
        self._wrong: dict[str, tuple[Misfit, list[Cell]]] = {}

    def value(self, cell: Cell) -> tuple[Fill, bool]:
        """Return what a cell means, and whether something is wrong with it."""
        found = meant(cell, self._fact)
        if found.wrong is not None:
            self._wrong.setdefault(found.wrong.kind, (found.wrong, []))[1].append(cell)
        elif found.other_words:
            words = self._read.setdefault(found.value, {})
            words[cell.text] = words.get(cell.text, 0) + 1
        return found.value, found.wrong is not None

    def faults(self) -> list[tuple[Cell, str]]:
        """Return, for each kind of fault, the first cell that has it and the message about all of them."""
        return [
            (cells[0], wrong.said(list(dict.fromkeys(cell.text for cell in cells)), [cell.row for cell in cells]))
            for wrong, cells in self._wrong.values()
        ]

    def readings(self) -> list[ReadAs]:
        """Return how values in other words were read."""
        return [
            ReadAs("value", self._fact.title, tuple(words), shown(value, self._fact), sum(words.values()))
            for value, words in self._read.items()
        ]
