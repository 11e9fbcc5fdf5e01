"""Asks for a table to be read in a process of its own, and checks what comes back as if the file had written it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from survey.bounded import Bounds, Busy, Exceeded, reading
from survey.problems import Refused
from survey.tables.cells import KINDS, FaultRead, RowRead
from survey.tables.limits import LARGEST_FILE, LONGEST_CELL, MOST_CELLS, MOST_CHARACTERS, MOST_FAULTS, Refusal

BOUNDS: Final = Bounds(cpu=30, seconds=240.0, memory=512 * 1024 * 1024, answer=256 * 1024 * 1024)
"""Far above the largest honest table (60,000 rows of 30 columns: 9 seconds of a processor, 50 MB). By the clock it may
take eight times as long: a busy machine gives it what respondents leave.
"""

TOO_MUCH: Final = (
    "Reading the file takes too long or too much memory, so nothing was imported. "
    "Please copy only the table into a new file, and import that."
)
BUSY: Final = "Chorus is busy reading other files. Please try this one again in a minute."


_ROOM: Final = __name__.rpartition(".")[0]


@dataclass
class TableRead:
    """A sheet as it was read: its rows, and what could not be read."""

    name: str
    hidden: bool
    rows: list[RowRead] = field(default_factory=list)
    faults: list[FaultRead] = field(default_factory=list)


def read_apart(data: bytes, name: str, *, verbatim: bool, most_columns: int) -> list[TableRead]:
    """Return the sheets of a CSV or Excel file. Raises Refusal, with a sentence for the person who sent it, when it is
    no table, damaged or protected, or would take too much time or memory; and Refused when others are being read.
    """
    if len(data) > LARGEST_FILE:
        raise Refusal(
            f"The file is {len(data) / 1024 / 1024:.1f} MB, and Chorus reads at most "
            f"{LARGEST_FILE // 1024 // 1024} MB. "
            "Please split it, for instance into a file for each school."
        )
    if not data.strip(b"\0\r\n\t ;,\xef\xbb\xbf\xff\xfe"):
        raise Refusal("The file is empty. Please choose a table with headings in its first row.")
    arguments = (_printable(name), "verbatim" if verbatim else "tidied", str(most_columns))
    try:
        with reading(_ROOM, data, BOUNDS, arguments, lean=True) as lines:
            return _Reply(most_columns).tables(lines)
    except Exceeded as error:
        raise Refusal(TOO_MUCH) from error
    except Busy as error:
        # Nothing is wrong with the file: it must not be said among its problems.
        raise Refused([BUSY]) from error


def _printable(name: str) -> str:
    """Return a file's name as an argument of a process may be written."""
    return "".join(letter for letter in name[-100:] if letter.isprintable())


class _Reply:
    """Puts an answer together. Whatever is not as our own process would say it ends the reading."""

    def __init__(self, most_columns: int) -> None:
        self._most_columns = most_columns
        self._tables: list[TableRead] = []
        self._same: dict[str, str] = {}
        self._characters = self._cells = 0

    def tables(self, lines: Iterator[bytes]) -> list[TableRead]:
        """Return the tables. Raises Refusal with what the process says of the file, and Exceeded."""
        for line in lines:
            try:
                self._take(json.loads(line))
            except Refusal:
                raise
            except (ValueError, TypeError, LookupError, RecursionError) as error:
                raise Exceeded from error
        return self._tables

    def _take(self, said: Any) -> None:
        match said:
            case ["refused", str(sentence)]:
                raise Refusal(sentence[:1000])
            case ["sheet", str(name), bool(hidden)]:
                self._tables.append(TableRead(name[:200], hidden))
            case ["row", int(number), list(texts), dict(kinds)]:
                self._tables[-1].rows.append(self._row(number, texts, kinds))
            case ["fault", int(row), int(column), str(message), int(times), int(last)]:
                self._fault(FaultRead(row, column, message[:1000], times, last))
            case _:
                raise ValueError("no line of an answer")

    def _row(self, number: int, texts: list[str], kinds: dict[str, str]) -> RowRead:
        self._cells += len(texts)
        self._characters += sum(map(len, texts))
        before = self._tables[-1].rows[-1].number if self._tables[-1].rows else 0
        if (
            not before < number <= LARGEST_FILE  # a line of a file is a byte at least
            or not 0 < len(texts) <= self._most_columns
            or self._cells > 2 * MOST_CELLS
            or self._characters > 2 * MOST_CHARACTERS
            or any(type(text) is not str or len(text) > LONGEST_CELL for text in texts)
        ):
            raise ValueError("no row")
        # The same few words stand in most cells: each is kept once.
        same = self._same.setdefault
        return RowRead(number, list(map(same, texts, texts)), {self._at(at): self._kind(kinds[at]) for at in kinds})

    def _at(self, at: str) -> int:
        if not 0 <= int(at) < self._most_columns:
            raise ValueError("no column")
        return int(at)

    def _kind(self, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError("no kind of cell")
        return self._same.setdefault(kind, kind)

    def _fault(self, fault: FaultRead) -> None:
        if len(self._tables[-1].faults) > 2 * MOST_FAULTS or min(fault.row, fault.column, fault.times, fault.last) < 0:
            raise ValueError("no fault")
        self._tables[-1].faults.append(fault)
