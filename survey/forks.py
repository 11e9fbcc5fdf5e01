"""SQLite and forks: no connection is open when a process forks, and none is opened where one was inherited.

SQLite keeps in memory which locks its process holds on a file, and a fork copies that memory but not the locks. A
child that inherits an open connection therefore believes that it holds locks which only its parent has. As soon as
the parent is gone, any program that opens and closes the database takes it for unused and removes the log beside it,
while the child goes on writing there: what it acknowledges is lost. (https://sqlite.org/howtocorrupt.html, 2.6)
"""

from __future__ import annotations

import gc
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

_INHERITED: Final = (
    "This process was started by another that had the database open, so it cannot write to it safely. "
    "Please start it with: survey serve"
)

_opening = threading.RLock()
"""Held while a connection is opened and while the process forks: a fork never meets one half open."""

_open: weakref.WeakSet[Owned] = weakref.WeakSet()
_inherited: set[Path] = set()
_never_closed: list[Owned] = []
_before: list[Callable[[], None]] = []
_after: list[Callable[[], None]] = []


class Inherited(sqlite3.OperationalError):
    """The database was open in another process when that one forked into this one."""


class Owned(sqlite3.Connection):
    """A connection that is known as long as it is open. Raises Inherited in a child of a process that had the same
    file open when it forked.
    """

    def __init__(self, database: Any, *more: Any, **named: Any) -> None:
        file = Path(os.fsdecode(database)).resolve()
        with _opening:
            if file in _inherited:
                raise Inherited(_INHERITED)
            super().__init__(database, *more, **named)
            self._file = file
            _open.add(self)

    def close(self) -> None:
        """Close the connection."""
        super().close()
        _open.discard(self)


def at_forks(before: Callable[[], None], in_child: Callable[[], None]) -> None:
    """Let `before` close what can be closed whenever this process forks, and `in_child` begin anew in the child."""
    _before.append(before)
    _after.append(in_child)


def _prepare() -> None:
    _opening.acquire()
    for close_what_is_idle in _before:
        close_what_is_idle()
    if _open:
        gc.collect()  # what no one uses any more may only wait to be found


def _go_on() -> None:
    _opening.release()


def _begin_anew() -> None:
    # What is still open was in use by a thread of the parent. Closing it here would act on locks that are not ours.
    _never_closed.extend(_open)
    _inherited.update(connection._file for connection in _never_closed)
    _open.clear()
    _opening.release()
    for begin in _after:
        begin()


os.register_at_fork(before=_prepare, after_in_parent=_go_on, after_in_child=_begin_anew)
