"""The register: what was deleted, written down outside the database.

A restored backup does not know what was withdrawn or deleted after it was made. This file does: a line of JSON for each
row of the table `erasure`, only ever added to, on the disk before anyone goes on. It holds codes and dates, no answer
and no name. Both ways are compared again and again: rows that are not in the file are added to it, and lines the
database does not know are done once more.

Rows are known by what they say, not by their number: a restored database counts on from where its backup ended.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection, ExecutionContext, event, insert, select

from survey import private
from survey.database import Engine, StoreError, read
from survey.responses.erasing import Erased, erasure

Kind = Literal["response", "participant", "study"]

_KINDS: Final = ("response", "participant", "study")


class RegisterDamaged(StoreError):
    """The register holds something that is not one of its lines. Its text is a sentence for the administrator."""


class RegisterUnwritable(StoreError):
    """The register cannot be written or read. Its text is a sentence for the administrator."""


@dataclass(frozen=True)
class Erasure:
    """One thing that was deleted.

    key: the response's id, the participant's code, or empty for a study. scope and wave: as the withdrawal said, else
    empty.
    """

    at: datetime
    study: str
    kind: Kind
    key: str
    scope: str = ""
    wave: str = ""
    reason: str = ""

    @property
    def subject(self) -> Erased:
        """What was deleted, whenever that was."""
        return Erased(self.study, self.kind, self.key, self.scope, self.wave)

    def written(self) -> str:
        """Return the line as it stands in the file."""
        return json.dumps({**asdict(self), "at": self.at.astimezone(UTC).isoformat()}, sort_keys=True)


class Register:
    """The file. It need not exist: then nothing was deleted yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[Erasure]:
        """Return all lines, the oldest first. Raises RegisterDamaged and RegisterUnwritable."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unwritable(error) from error
        # What follows the last line end is a line whose writer was killed; its row is added again.
        whole = content[: content.rfind(b"\n") + 1]
        return [self._line(number, text) for number, text in enumerate(whole.splitlines(), start=1)]

    def add(self, lines: Iterable[Erasure]) -> int:
        """Add lines that are not there; they are on the disk when this returns. Returns how many were added.

        Raises RegisterDamaged and RegisterUnwritable.
        """
        wanted = list(dict.fromkeys(lines))
        if not wanted:
            return 0
        with self._held() as descriptor:
            there = set(self.lines())
            new = [line for line in wanted if line not in there]
            if new:
                _append(descriptor, "".join(f"{line.written()}\n" for line in new).encode())
        return len(new)

    def _line(self, number: int, text: bytes) -> Erasure:
        try:
            said: dict[str, Any] = json.loads(text)
            line = Erasure(**{**said, "at": datetime.fromisoformat(said["at"])})
        except (ValueError, TypeError, KeyError) as error:
            raise self._damaged(number) from error
        if line.kind not in _KINDS or line.at.tzinfo is None:
            raise self._damaged(number)
        return line

    def _damaged(self, number: int) -> RegisterDamaged:
        return RegisterDamaged(
            f"{self.path}:{number}: this line cannot be read as part of the register of erasures. Nothing was changed. "
            "Restore the file from its copy, or correct the line, and try again: withdrawals since the last backup "
            "are recorded nowhere else."
        )

    def _unwritable(self, error: OSError) -> RegisterUnwritable:
        return RegisterUnwritable(
            f"The register of erasures {self.path} cannot be used ({error.strerror}). "
            "Let Chorus write there, or set CHORUS_REGISTER to another file."
        )

    @contextmanager
    def _held(self) -> Iterator[int]:
        try:
            private.folder(self.path.parent)
            new = not self.path.exists()
            descriptor = private.descriptor(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if new:
                _sync_folder(self.path.parent)
            yield descriptor
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            os.close(descriptor)


def _append(descriptor: int, content: bytes) -> None:
    end = os.fstat(descriptor).st_size
    if end and os.pread(descriptor, 1, end - 1) != b"\n":
        whole = os.pread(descriptor, end, 0).rfind(b"\n") + 1
        os.ftruncate(descriptor, whole)  # the rest is a line whose writer was killed
    while content:
        content = content[os.write(descriptor, content) :]
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ---- the table -----------------------------------------------------------------------------------------

_FIELDS: Final = tuple(Erasure.__dataclass_fields__)


def rows(engine: Engine) -> list[Erasure]:
    """Return what the database says was deleted, the oldest first."""
    with read(engine) as connection:
        found = connection.execute(select(*(erasure.c[name] for name in _FIELDS)).order_by(erasure.c.at, erasure.c.id))
        return [Erasure(*row) for row in found]


def erased_study(connection: Connection, code: str, now: datetime) -> None:
    """Write the row of a study's deletion, in the transaction that deletes."""
    keep(connection, Erasure(now, code, "study", "", reason="deleted on its day"))


def keep(connection: Connection, line: Erasure) -> None:
    """Let the database know a line."""
    connection.execute(insert(erasure), asdict(line))


def write_down(engine: Engine, register: Register) -> int:
    """Add to the register what the database knows and it does not; return how many lines."""
    return register.add(rows(engine))


def unknown(engine: Engine, register: Register) -> list[Erasure]:
    """Return the lines the database does not know: what an older backup brought back.

    A thing deleted twice is known when its last time is.
    """
    known: dict[tuple[str, ...], datetime] = {}
    for row in rows(engine):
        known[row.subject] = max(row.at, known.get(row.subject, row.at))
    last: dict[tuple[str, ...], Erasure] = {}
    for line in register.lines():
        if line.subject not in last or line.at >= last[line.subject].at:
            last[line.subject] = line
    return [line for line in last.values() if line.subject not in known or known[line.subject] < line.at]


# ---- at once -------------------------------------------------------------------------------------------


def watch(engine: Engine, register: Register) -> None:
    """Write down what is deleted as soon as its transaction is over, by whatever road it came.

    A register that cannot be written does not undo a withdrawal: it is told to the log, and tried again every hour.
    """

    @event.listens_for(engine, "after_cursor_execute")
    def _note(
        connection: Connection, _cursor: Any, statement: str, _given: Any, context: ExecutionContext | None, _many: bool
    ) -> None:
        if getattr(context, "isinsert", False) and statement.startswith("INSERT INTO erasure"):
            connection.info["erased"] = True

    @event.listens_for(engine, "checkin")
    def _write(_connection: Any, record: Any) -> None:
        if record.info.pop("erased", False):
            try:
                write_down(engine, register)
            except StoreError as fault:
                logging.getLogger("chorus").error("%s", fault)
