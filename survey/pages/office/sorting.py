"""Tables whose rows can be sorted by a column: a link in its heading, so that no script is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from flask import request, url_for

_ARGUMENT: Final = "sort"
"""In an address: `sort=schools.rate` is from low to high, `sort=schools.-rate` from high to low."""


@dataclass(frozen=True)
class SortColumn:
    """A column of a table. key: what a row is sorted by, None last; without it the column cannot be sorted.

    number: it stands at the end of its cell, and the first click sorts from high to low. minor: a phone leaves it out.
    """

    name: str
    title: str
    key: Callable[[Any], Any] | None = None
    number: bool = False
    minor: bool = False


@dataclass(frozen=True)
class SortedTable:
    """Rows in the order that the address asks for. name: of the table, its own on the page, and the id of its caption.

    by: the column the rows are sorted by; empty where they are in the page's own order. endpoint: the page it is on.
    """

    name: str
    columns: tuple[SortColumn, ...]
    rows: tuple[Any, ...]
    endpoint: str
    by: str = ""
    descending: bool = False

    def direction(self, column: SortColumn) -> Literal["ascending", "descending"] | None:
        """Return how the rows are sorted by a column, as aria-sort has it; None where they are not."""
        if column.name != self.by:
            return None
        return "descending" if self.descending else "ascending"

    def address(self, column: SortColumn) -> str:
        """Return the address of this page sorted by a column; by the one it is sorted by, the other way round."""
        now = self.direction(column)
        descending = column.number if now is None else now == "ascending"
        wanted = f"{self.name}.{'-' if descending else ''}{column.name}"
        others = request.args.to_dict(flat=True) | self._place()
        return url_for(self.endpoint, **others | {_ARGUMENT: wanted, "_anchor": self.name})

    def _place(self) -> dict[str, Any]:
        """Return what the page's own address is made of: of a form that was sent to it, only the study."""
        place = request.view_args or {}
        if request.endpoint == self.endpoint:
            return place
        return {name: value for name, value in place.items() if name == "code"}


def sorted_table(
    name: str, columns: Sequence[SortColumn], rows: Iterable[Any], endpoint: str | None = None
) -> SortedTable:
    """Return a table with its rows as the address asks for; as they come where it asks for nothing that is there.

    endpoint: the page that has the table, where another address shows that page too: a form that was sent to it.
    """
    here = endpoint or request.endpoint or ""
    table, _, wanted = request.args.get(_ARGUMENT, "").partition(".")
    descending = wanted.startswith("-")
    column = next((one for one in columns if one.key and one.name == wanted.removeprefix("-")), None)
    if table != name or column is None or column.key is None:
        return SortedTable(name, tuple(columns), tuple(rows), here)
    return SortedTable(name, tuple(columns), _in_order(rows, column.key, descending), here, column.name, descending)


def _in_order(rows: Iterable[Any], key: Callable[[Any], Any], descending: bool) -> tuple[Any, ...]:
    keyed = [(key(row), row) for row in rows]
    there = [(_folded(value), row) for value, row in keyed if value is not None]
    there.sort(key=lambda one: one[0], reverse=descending)
    return (*(row for _, row in there), *(row for value, row in keyed if value is None))


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
