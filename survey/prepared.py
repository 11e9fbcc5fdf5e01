"""Statements compiled once: those that run for each page someone answers.

SQLAlchemy compiles a statement once, too; but for each execution it works out anew which value belongs where, how it
is turned into what the driver takes, what the columns are called, and who listens. For a statement that SQLite carries
out in 10 µs that is most of the work. PostgreSQL gets its statements from SQLAlchemy as always: there the way to the
server and back is what costs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler

from survey.database import on_driver

_Change = Callable[[Any], Any]


class Prepared:
    """A statement with named parameters, the same text whatever their values are (so no `IN` list).

    One that writes runs in a transaction that was begun to write (`database.write`): nothing here begins one.
    """

    def __init__(self, statement: Select[Any] | Insert | Update) -> None:
        self._statement: Final = statement
        self._compiled: _Compiled | None = None

    def row(self, connection: Connection, given: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the values of the first row that is found, in the statement's order; None when there is none."""
        if connection.dialect.name != "sqlite":
            first = connection.execute(self._statement, given).first()
            return None if first is None else tuple(first)
        compiled = self._ready(connection.dialect)
        found = compiled.run(connection, given).fetchall()
        return compiled.values(found[0]) if found else None

    def changed(self, connection: Connection, given: Mapping[str, Any]) -> int:
        """Write, and return how many rows were written."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, given).rowcount
        return self._ready(connection.dialect).run(connection, given).rowcount

    def _ready(self, dialect: Dialect) -> _Compiled:
        if self._compiled is None:
            self._compiled = _compile(self._statement, dialect)
        return self._compiled


@dataclass(frozen=True)
class _Compiled:
    """A statement as SQLite's driver takes it.

    parameters: the name of each in its place, and the value where none is given. given, read: what turns a value into
    the driver's and back, by the place of the parameter and of the column, where anything does.
    """

    text: str
    parameters: tuple[tuple[str, Any], ...]
    given: tuple[tuple[int, _Change], ...]
    read: tuple[tuple[int, _Change], ...]

    def run(self, connection: Connection, given: Mapping[str, Any]) -> sqlite3.Cursor:
        values = [given.get(name, usual) for name, usual in self.parameters]
        return on_driver(connection, self.text, _changed(values, self.given))

    def values(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return _changed(list(row), self.read)


def _changed(values: list[Any], changes: tuple[tuple[int, _Change], ...]) -> tuple[Any, ...]:
    for place, change in changes:
        values[place] = change(values[place])
    return tuple(values)


def _compile(statement: Select[Any] | Insert | Update, dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    assert compiled.positiontup is not None
    names = compiled.positiontup
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    given = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    read = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    return _Compiled(
        str(compiled),
        tuple((name, compiled.params[name]) for name in names),
        tuple((place, change) for place, change in enumerate(given) if change),
        tuple((place, change) for place, change in enumerate(read) if change),
    )
