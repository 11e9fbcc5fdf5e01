"""The engine, its transactions, and what every table shares.

SQLite and PostgreSQL behave alike here. A connection reads each statement's own moment of the data (what
PostgreSQL calls READ COMMITTED) until its first writing statement, which begins a transaction that holds the
write lock from then on. `write` takes that lock at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    ExceptionContext,
    ExecutionContext,
    MetaData,
    Text,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import DeclarativeBase, Session

from survey import private
from survey.forks import Inherited, Owned, at_forks
from survey.problems import Explained

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = [
    "Base",
    "Connection",
    "Engine",
    "Json",
    "Moment",
    "Session",
    "StoreBusy",
    "StoreError",
    "StoreFull",
    "StoreNotReady",
    "StoreUnreachable",
    "decode",
    "downgrade",
    "encode",
    "migrations_folder",
    "on_driver",
    "open_engine",
    "read",
    "scrub",
    "session",
    "storable",
    "upgrade",
    "write",
]

_PATIENCE: Final = 20.0
"""Seconds a writer waits for its turn before the respondent is told to try again."""


class StoreError(Explained, RuntimeError):
    """The database cannot do what was asked just now. Its text is a sentence without any answer in it."""


class StoreFull(StoreError):
    """There is no room left on the disk; nothing of the transaction was kept."""


class StoreBusy(StoreError):
    """The database was held by someone else for too long; nothing of the transaction was kept."""


class StoreNotReady(StoreError):
    """The database has no tables yet, or they are not ours."""


class StoreUnreachable(StoreError):
    """There is no database at the address given, or it does not answer."""


class Base(DeclarativeBase):
    """What every table of Chorus derives from."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":"))


def encode(value: Any) -> str:
    """Return JSON in ASCII with sorted keys: two equal values give the same text.

    ASCII, because what a child types may hold NUL or half of a surrogate pair, which neither PostgreSQL's
    text nor UTF-8 can hold. As JSON escapes they pass through every database and come back as typed.
    """
    return _ENCODER.encode(value)


def decode(text: str) -> Any:
    """Return the value that `encode` made a text of."""
    return json.loads(text)


def storable(text: str) -> bool:
    """Tell whether a text can be looked up: PostgreSQL takes no NUL, not even to compare with, and UTF-8 no half of a
    surrogate pair.
    """
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


class Json(TypeDecorator[Any]):
    """A JSON value kept as ASCII text (see `encode`). Never null in the database: use {} for nothing."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the text to be stored."""
        return None if value is None else encode(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return the value that was stored."""
        return None if value is None else decode(value)


class Moment(TypeDecorator[datetime]):
    """A moment in time: aware in Python, UTC in the database (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC; without its zone for SQLite.

        Raises ValueError for a time without a zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a time zone cannot be stored. Please give the time zone.")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# ---- the engine ----------------------------------------------------------------------------------------


def open_engine(url: str, threads: int = 16) -> Engine:
    """Return an engine for an SQLite file or a PostgreSQL database, as `sqlite:///FILE` or `postgresql://…`.

    threads: how many threads of this process use it at once; each gets its connection without waiting.
    Raises ValueError with a sentence for any other address.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise ValueError(
            "This is not the address of a database. Please use sqlite:///FILE or postgresql://…"
        ) from error
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise ValueError("Chorus keeps answers in SQLite or PostgreSQL. Please use sqlite:///FILE or postgresql://…")
    embedded = address.get_backend_name() == "sqlite"
    if embedded and address.database in (None, "", ":memory:"):
        raise ValueError(
            "Answers in memory would be lost when the server stops. Please name a file, as in sqlite:///FILE"
        )
    engine = create_engine(
        address,
        hide_parameters=True,
        pool_size=threads,
        max_overflow=threads,
        pool_use_lifo=True,
        pool_pre_ping=not embedded,
        connect_args={"timeout": _PATIENCE, "factory": Owned} if embedded else {"connect_timeout": 10},
    )
    event.listen(engine, "handle_error", _say_what_happened)
    if embedded:
        event.listen(engine, "do_connect", _for_its_owner_only(str(address.database)))
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "before_cursor_execute", _begin_sqlite_at_first_write)
        _queues[engine] = _Queue(Path(f"{address.database}-queue"))
    else:
        event.listen(engine, "connect", _prepare_postgresql)
    _engines.add(engine)
    return engine


_FILES_OF_SQLITE: Final = ("", "-wal", "-shm", "-journal", "-queue")
"""What stands beside a database of SQLite's, by the end of its name: all of it may hold answers."""


def _for_its_owner_only(database: str) -> Callable[..., None]:
    """Return what is done before each connection: no one else may read the database, from its first byte on."""
    place = Path(database)
    beside = [place.with_name(f"{place.name}{ending}") for ending in _FILES_OF_SQLITE]

    def close(*_: object) -> None:
        private.reserve(place)  # SQLite gives its log and its index the mode of the database
        private.close_to_others(*beside)

    return close


def _prepare_sqlite(dbapi: Any, _record: object) -> None:
    dbapi.isolation_level = None  # transactions are begun by us, not guessed by the driver
    cursor = dbapi.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # a save that was acknowledged survives a power cut
        "foreign_keys = ON",
        "recursive_triggers = ON",  # REPLACE is a deletion too, and must meet the triggers
        "secure_delete = ON",  # what is deleted, or written anew, leaves no copy in a free corner of the file
        "cache_size = -16000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgresql(dbapi: Any, _record: object) -> None:
    # No statement waits for a lock longer than a respondent does.
    with dbapi.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {int(_PATIENCE * 1000)}")
    dbapi.commit()


def _begin_sqlite_at_first_write(
    _connection: Connection,
    cursor: Any,
    _statement: str,
    _parameters: object,
    context: ExecutionContext | None,
    _executemany: bool,
) -> None:
    # A transaction that began by reading and then writes fails at once when another process has written in
    # between: SQLite does not wait then. So ours begins with its first write.
    writes = any(getattr(context, kind, False) for kind in ("isinsert", "isupdate", "isdelete"))
    if not writes:
        return
    if not cursor.connection.in_transaction:
        cursor.execute("BEGIN IMMEDIATE")


def on_driver(connection: Connection, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
    """Run a statement on SQLite's own driver, and return its cursor; events of SQLAlchemy do not tell of it.

    For what runs with each page: SQLAlchemy takes several times as long over a small statement as SQLite itself.
    Raises StoreFull, StoreBusy and their like as any other statement does.
    """
    try:
        # SQLAlchemy knows any driver's cursor only; here it is SQLite's.
        return cast(sqlite3.Cursor, connection.connection.cursor().execute(statement, values))
    except sqlite3.Error as error:
        fault = _fault(error)
        if fault is None:
            raise
        raise fault from error


_FULL: Final = "The disk of the database is full. Everything saved before is safe. Please make room and try again."
_BUSY: Final = "The database is busy, and nothing was saved. Please try again in a moment."


def _say_what_happened(context: ExceptionContext) -> StoreError | None:
    """Turn a full disk and a held lock into our own exceptions, and keep answers out of the others' words."""
    original = context.original_exception
    fault = _fault(original)
    if fault is not None:
        return fault
    # PostgreSQL adds lines such as "DETAIL: Failing row contains (…)": the row may hold someone's answers.
    for error in (original, context.sqlalchemy_exception):
        if error is not None and error.args and isinstance(error.args[0], str):
            error.args = (error.args[0].split("\n", 1)[0], *error.args[1:])
    return None


_NOT_READY: Final = "The database has not been set up yet. Please run: survey upgrade"
_UNREACHABLE: Final = (
    "The database cannot be reached. Please check the address in DATABASE_URL, and that the database is running."
)


def _fault(error: BaseException) -> StoreError | None:
    if isinstance(error, Inherited):
        return StoreUnreachable(str(error))
    name = str(getattr(error, "sqlite_errorname", ""))
    state = str(getattr(error, "sqlstate", "") or "")
    if state == "42P01" or (name == "SQLITE_ERROR" and str(error).startswith("no such table")):
        return StoreNotReady(_NOT_READY)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_NOTADB")) or state.startswith(("08", "57P")) or _no_answer(error):
        return StoreUnreachable(_UNREACHABLE)
    if name == "SQLITE_FULL" or state == "53100":
        return StoreFull(_FULL)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or state == "55P03":
        return StoreBusy(_BUSY)
    return None


def _no_answer(error: BaseException) -> bool:
    """True for a connection that could not be made or was cut: PostgreSQL's driver then has no state to tell."""
    return type(error).__name__ == "OperationalError" and hasattr(error, "sqlstate") and error.sqlstate is None


# ---- transactions --------------------------------------------------------------------------------------


_A_LOOK: Final = 0.0005
"""Seconds between two looks at the file another process has locked; one thread of a process looks at a time."""


def _lock(descriptor: int) -> None:
    """Lock a file as soon as it is free; raise StoreBusy after a while. (A blocking flock cannot be given up.)"""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise StoreBusy(_BUSY) from None
            time.sleep(_A_LOOK)
        else:
            return


class _Queue:
    """Writers of one SQLite file, one at a time: threads by a lock, processes by a locked file beside it.

    SQLite's own waiting is sleeping, up to 100 ms at a time, and anyone who wakes at the right moment wins.
    Here the next writer is woken as soon as the last one is done. SQLite's lock remains what keeps the data
    sound; this is only the queue before its door, so a file system without locks costs speed, not answers.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._descriptor: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for this writer's turn; raise StoreBusy after a while."""
        if not self._turn.acquire(timeout=_PATIENCE):
            raise StoreBusy(_BUSY)
        try:
            descriptor = self._file()
            if descriptor is None:
                yield
                return
            _lock(descriptor)
            try:
                yield
            finally:
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            self._turn.release()

    def _file(self) -> int | None:
        if self._descriptor is None:
            try:
                self._descriptor = private.descriptor(self._path, os.O_RDWR | os.O_CREAT)
            except OSError:
                return None
            weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor

    def after_fork(self) -> None:
        """Forget what the parent holds: a descriptor it shares would share its turn as well."""
        self._turn = threading.Lock()
        self._descriptor = None


_queues: weakref.WeakKeyDictionary[Engine, _Queue] = weakref.WeakKeyDictionary()
_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _close_what_is_idle() -> None:
    for engine in list(_engines):
        engine.dispose()


def _forget_the_parents_connections() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)
    for queue in list(_queues.values()):
        queue.after_fork()


at_forks(before=_close_what_is_idle, in_child=_forget_the_parents_connections)


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: committed, and on the disk, when the block ends; undone when it raises.

    Raises StoreFull and StoreBusy; then nothing of the block was kept.
    """
    queue = _queues.get(engine)
    if queue is None:
        with engine.begin() as connection:
            yield connection
        return
    # The connection is taken before the turn, so that no one waits for a turn while holding up the pool's
    # last one.
    with engine.connect() as connection, queue.turn(), connection.begin():
        on_driver(connection, "BEGIN IMMEDIATE")
        yield connection


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """A connection for single reading statements, outside any transaction."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


_SCRUB_PATIENCE: Final = 500
"""Milliseconds a scrub waits for readers: an export that takes a minute must not hold up every respondent."""


def scrub(engine: Engine) -> bool:
    """Leave nothing of what was just deleted in the database's own files. Call it after the transaction.

    SQLite: the log beside the file, which still holds earlier pages, is written back and cut to nothing. PostgreSQL:
    the old rows are cleared away. Returns False when someone was reading all the while: then the next scrub does it,
    or the last connection to be closed.
    """
    queue = _queues.get(engine)
    if queue is None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM (SKIP_LOCKED) response, save, participant, membership")
        return True
    with engine.connect() as connection, queue.turn():
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_SCRUB_PATIENCE}")
        try:
            busy: int = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
        except StoreBusy:
            return False
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(_PATIENCE * 1000)}")
    return busy == 0


@contextmanager
def session(engine: Engine) -> Iterator[Session]:
    """An ORM session: committed when the block ends, undone when it raises. Objects stay readable."""
    with Session(engine, expire_on_commit=False) as opened, opened.begin():
        yield opened


# ---- changes of the tables -----------------------------------------------------------------------------


def migrations_folder() -> Path:
    """Return the folder of the migrations: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parent
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise FileNotFoundError("The folder of migrations is missing. Please install Chorus again.")


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up to a revision, by default the newest. One transaction: all of it or nothing."""
    from alembic import command  # heavy, and no other command needs it

    with write(engine) as connection:
        command.upgrade(_alembic(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the tables back to a revision ('base' is before the first). What newer tables hold is lost."""
    from alembic import command

    with write(engine) as connection:
        command.downgrade(_alembic(connection), revision)


def _alembic(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
