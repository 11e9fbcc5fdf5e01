"""Backups, and coming back from one without bringing back what was withdrawn or deleted since.

A backup is a file named after its moment, with its SHA-256 beside it, in a folder that also gets a copy of the register
of erasures. It may be kept no longer than the shortest time any study promises: one file holds the answers of all.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import URL, func, select
from sqlalchemy import inspect as look_into

from survey import private
from survey.audit import Act, Actor, audit, note
from survey.config import Settings
from survey.database import Engine, StoreError, migrations_folder, open_engine, read, upgrade, write
from survey.jobs.sweeping import forget_everything
from survey.responses.tables import response
from survey.retention.applying import Applied, apply_register
from survey.retention.daily import is_served
from survey.retention.dates import days
from survey.retention.deletion import empty_files, written_afresh
from survey.retention.register import Register, write_down

_NAME: Final = re.compile(r"chorus-(\d{8}-\d{6})\.(sqlite|dump)")
_WHERE: Final = "backups.txt"
"""The file of the instance folder that says where backups were put, so that old ones can be warned of."""


class CannotBackUp(StoreError):
    """A backup cannot be made or brought back. Its text is a sentence for the administrator."""


@dataclass(frozen=True)
class Backup:
    """A backup just made, and the older ones that were deleted for their age."""

    file: Path
    sha256: str
    removed: list[Path] = field(default_factory=list)
    longest: int | None = None


# ---- making one ----------------------------------------------------------------------------------------


def back_up(engine: Engine, settings: Settings, folder: Path, actor: Actor, now: datetime) -> Backup:
    """Copy the database into a folder as it is at this moment, while others write; delete backups too old to keep.

    Raises CannotBackUp with a sentence, and then leaves no half of one.
    """
    register = Register(settings.register)
    write_down(engine, register)
    try:
        private.folder(folder)
        _close_to_others(folder)
        ending = "sqlite" if engine.dialect.name == "sqlite" else "dump"
        file = folder / f"chorus-{now.astimezone(UTC):%Y%m%d-%H%M%S}.{ending}"
        if file.exists():
            raise CannotBackUp(f"{file} already exists. Please try again in a second.")
        part = file.with_name(file.name + ".part")
        try:
            _copy(engine, part)
            digest = _digest(part)
            _write_synced(_sum_of(file), f"{digest}  {file.name}\n")
            part.replace(file)
            _copy_register(register, folder)
            _sync(folder)
        finally:
            part.unlink(missing_ok=True)
        _remember(settings, folder)
    except OSError as error:
        raise CannotBackUp(
            f"{folder}: a backup cannot be written there ({error.strerror}). No backup was made. Please choose "
            "another folder."
        ) from error
    longest = longest_kept(engine, now)
    removed = [old for old in too_old(folder, longest, now) if old != file]
    for old in removed:
        old.unlink(missing_ok=True)
        _sum_of(old).unlink(missing_ok=True)
    with write(engine) as connection:
        details = {"removed": len(removed)}
        note(connection, Act(actor, now), "made a backup", about=file.name, details=dict(details))
    return Backup(file, digest, removed, longest)


def _copy(engine: Engine, part: Path) -> None:
    if engine.dialect.name == "sqlite":
        with contextlib.closing(engine.raw_connection()) as connection:
            private.reserve(part)
            # Written afresh rather than copied: pages that are free may hold what was deleted.
            connection.driver_connection.execute("VACUUM INTO ?", (str(part),))  # type: ignore[union-attr]
        _sync(part)
        return
    program = shutil.which("pg_dump")
    if program is None:
        raise CannotBackUp(
            "pg_dump is not installed on this computer, so PostgreSQL cannot be copied from here. On one "
            "that has it, run: "
            f"pg_dump --format=custom --file={part.name.removesuffix('.part')} DATABASE"
        )
    private.reserve(part)
    _run([program, "--format=custom", "--no-owner", f"--file={part}"], engine.url)


def _run(command: list[str], url: URL) -> None:
    done = subprocess.run(command, env=_environment(url), capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it gave no reason"])[0]
        raise CannotBackUp(f"{Path(command[0]).name} did not succeed: {said}")


def _environment(url: URL) -> dict[str, str]:
    """Return how PostgreSQL's own programs reach the database; a password never stands on a command line."""
    here = dict(os.environ)
    query = {key: value for key, value in url.query.items() if isinstance(value, str)}
    named = {
        "PGHOST": url.host or query.get("host"),
        "PGPORT": str(url.port) if url.port else query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": query.get("sslmode"),
    }
    return here | {name: value for name, value in named.items() if value}


def _close_to_others(folder: Path) -> None:
    """Close earlier backups, their sums and the register beside them to everyone else; the folder may hold more."""
    backups = [file for _, file in backups_in(folder)]
    private.close_to_others(*backups, *map(_sum_of, backups), folder / "register.jsonl")


def _copy_register(register: Register, folder: Path) -> None:
    """Keep the register beside the backups: anyone who loses the machine has it there."""
    Register(folder / "register.jsonl").add(register.lines())


# ---- the age of backups --------------------------------------------------------------------------------


def longest_kept(engine: Engine, now: datetime) -> int | None:
    """Return how many days a backup may be kept: the fewest any study states, None when there is no study."""
    return min((day.backups for day in days(engine, now)), default=None)


def too_old(folder: Path, longest: int | None, now: datetime) -> list[Path]:
    """Return the backups in a folder that are older than may be, the oldest first."""
    if longest is None or not folder.is_dir():
        return []
    return [file for made, file in backups_in(folder) if now - made > timedelta(days=longest)]


def backups_in(folder: Path) -> list[tuple[datetime, Path]]:
    """Return the backups in a folder with their moments, the oldest first. Other files there are not ours."""
    named = [(match, file) for file in folder.iterdir() if (match := _NAME.fullmatch(file.name))]
    return sorted((datetime.strptime(match[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC), file) for match, file in named)


def kept_too_long(engine: Engine, settings: Settings, now: datetime) -> list[Path]:
    """Return the backups, wherever `survey backup` put them, that should be gone."""
    longest = longest_kept(engine, now)
    return [file for folder in _folders(settings) for file in too_old(folder, longest, now)]


def _folders(settings: Settings) -> list[Path]:
    try:
        return [Path(line) for line in (settings.instance / _WHERE).read_text("utf-8").splitlines() if line]
    except FileNotFoundError:
        return []


def _remember(settings: Settings, folder: Path) -> None:
    if folder.absolute() not in _folders(settings):
        with private.append(settings.instance / _WHERE) as file:
            file.write(f"{folder.absolute()}\n")


# ---- coming back ---------------------------------------------------------------------------------------


def restore(settings: Settings, file: Path, actor: Actor, now: datetime, *, over: bool = False) -> Applied:
    """Put a backup in the database's place, bring its tables up to date, and do again what the register says.

    over: although there is a database with something in it already, whose register is written down first. Raises
    CannotBackUp with a sentence; then nothing was changed.
    """
    _check_sum(file)
    engine = open_engine(settings.database_url)
    try:
        _check_nobody_serves(settings)
        applied = _restored(engine, Register(settings.register), file, actor, now, over=over)
        forget_everything(settings)
        return applied
    finally:
        engine.dispose()


def _restored(engine: Engine, register: Register, file: Path, actor: Actor, now: datetime, *, over: bool) -> Applied:
    register.add(Register(file.parent / "register.jsonl").lines())
    embedded = engine.dialect.name == "sqlite"
    (_check_file if embedded else _check_dump)(file, engine)
    _check_place(engine, file, over=over)
    if _is_ready(engine):
        write_down(engine, register)
    (_put_file if embedded else _put_dump)(file, engine)
    upgrade(engine)
    applied = apply_register(engine, register, now)
    with write(engine) as connection:
        made = _made(file)
        details: dict[str, int | str | bool | None] = {
            "erased_again": len(applied.done),
            "made": made.isoformat() if made else None,
        }
        note(connection, Act(actor, now), "restored a backup", about=file.name, details=details)
    write_down(engine, register)
    empty_files(engine, now)
    if embedded and applied.done:
        written_afresh(engine)
    return applied


def _check_nobody_serves(settings: Settings) -> None:
    if is_served(settings):
        raise CannotBackUp("The server is running. Please stop it, and try again. Nothing was changed.")


def _made(file: Path) -> datetime | None:
    match = _NAME.fullmatch(file.name)
    return datetime.strptime(match[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC) if match else None


def _check_sum(file: Path) -> None:
    if not file.is_file():
        raise CannotBackUp(f"There is no file {file}. Please give the file of a backup.")
    beside = _sum_of(file)
    if beside.is_file() and beside.read_text("utf-8", "replace").split(maxsplit=1)[:1] != [_digest(file)]:
        raise CannotBackUp(
            f"{file} has changed since it was written: its SHA-256 is not the one in {beside.name}. Please "
            "use another backup."
        )


def _check_file(file: Path, engine: Engine) -> None:
    database = Path(engine.url.database or "")
    if database.exists() and database.samefile(file):
        raise CannotBackUp(f"{file} is the database itself. Please give the file of a backup.")
    no_backup = CannotBackUp(f"{file} is not a Chorus backup. Nothing was changed.")
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as opened:
            revision = opened.execute("SELECT version_num FROM alembic_version").fetchone()
            sound = opened.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
    except sqlite3.DatabaseError as error:
        raise no_backup from error
    if not sound:
        raise CannotBackUp(f"{file} is damaged. Nothing was changed. Please use another backup.")
    if revision is None or not list((migrations_folder() / "versions").glob(f"{revision[0]}_*.py")):
        raise CannotBackUp(f"{file} was made by a newer version of Chorus. Install that version first.")


def _check_dump(file: Path, engine: Engine) -> None:
    program = shutil.which("pg_restore")
    if program is None:
        raise CannotBackUp(
            "pg_restore is not installed on this computer. On one that has it, run: pg_restore --clean --if-exists "
            f"--single-transaction --dbname=DATABASE {file.name} and then here, before anyone signs in: survey upgrade"
        )
    _run([program, "--list", str(file)], engine.url)


def _check_place(engine: Engine, file: Path, *, over: bool) -> None:
    if over or not _is_ready(engine):
        return
    with read(engine) as connection:
        last = connection.scalar(select(func.max(audit.c.at)))
        seen = connection.scalar(select(func.max(response.c.seen_at)))
    newest = max((at for at in (last, seen) if at is not None), default=None)
    if newest is None:
        return
    raise CannotBackUp(
        f"There is a database already, last changed on {newest:%d %B %Y at %H:%M} UTC. To replace it with "
        f"{file.name}, stop the server, make a backup of what is there, and add --over. Nothing was changed."
    )


def _is_ready(engine: Engine) -> bool:
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
        return False
    with read(engine) as connection:
        return {"alembic_version", "erasure"} <= set(look_into(connection).get_table_names())


def _put_file(file: Path, engine: Engine) -> None:
    """Write the backup's pages over the database's, in one transaction of SQLite's own: others see old or new."""
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as source,
            contextlib.closing(engine.raw_connection()) as pooled,
        ):
            target = pooled.driver_connection
            assert isinstance(target, sqlite3.Connection)
            source.backup(target, progress=_give_up_when_busy)
    except sqlite3.DatabaseError as error:
        raise CannotBackUp("The database is in use. Stop the server, and try again. Nothing was changed.") from error


def _give_up_when_busy(status: int, _remaining: int, _total: int) -> None:
    """End SQLite's copying when it has waited in vain, as long as any writer does: Python would try again for ever."""
    if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise sqlite3.OperationalError("database is locked")


def _put_dump(file: Path, engine: Engine) -> None:
    program = shutil.which("pg_restore")
    assert program is not None
    order = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    engine.dispose()
    _run([program, *order, f"--dbname={engine.url.database}", str(file)], engine.url)


# ---- files ---------------------------------------------------------------------------------------------


def _sum_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write_synced(path: Path, text: str) -> None:
    private.write(path, text)
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
