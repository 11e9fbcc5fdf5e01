"""What becomes of answers when something breaks under load: acknowledged, lost, doubled."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.respondents import Browser, Reply, at_the_end, filled

if TYPE_CHECKING:
    from tests.postgres import PostgresServer

ROOT = Path(__file__).parent.parent
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "16"))
WORKERS = 2
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
PAUSE = 0.0
"""Seconds for which each person thinks over a page, on average."""
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)

STUDY = """
study: faults
title: Faults
arms:
  - {arm: programme, title: Programme schools}
  - {arm: comparison, title: Comparison schools}
waves:
  - {wave: w1, title: Always, opens: 2020-01-01, closes: 2099-12-31}
fieldwork:
  - {questionnaire: numbers, audience: parent, waves: [w1]}
retention: {delete_on: 2100-12-31}
access: {tables: [researcher], microdata: [researcher]}
"""

NUMBERS = """
questionnaire: numbers
version: 1
title: Numbers
audience: parent
reader: {age: 18}
languages: en
introduction: Please type numbers.
data_use: Nothing is kept.
contact: Write to no one.
thanks: Thank you.
consent: {ask: Do you agree?, yes: I agree, no: I do not, declined: Thank you.}
pages:
"""


@dataclass
class Tally:
    """What respondents saw: the numbers that were acknowledged, and the posts that were not."""

    acknowledged: list[int] = field(default_factory=list)
    refused: int = 0
    longest: float = 0.0
    """Seconds of the slowest acknowledged post."""

    def grow(self, by: int, within: float = 60.0) -> None:
        """Wait until so many more numbers are acknowledged. Raises RuntimeError when that takes too long."""
        enough, until = len(self.acknowledged) + by, time.monotonic() + within
        while len(self.acknowledged) < enough:
            if time.monotonic() > until:
                raise RuntimeError("people cannot answer any more")
            time.sleep(0.02)


@dataclass(frozen=True)
class Outcome:
    """One line of the table."""

    fault: str
    acknowledged: int
    lost: int
    doubled: int
    refused: int
    longest: float

    def __str__(self) -> str:
        return (
            f"  {self.fault:58} {self.acknowledged:6} acknowledged {self.lost:4} lost {self.doubled:4} doubled "
            f"{self.refused:5} not acknowledged   slowest {self.longest:5.2f} s"
        )


class Installation:
    """A folder with a study of number questions, a link to it, and a server that can be started and killed."""

    def __init__(self, folder: Path, database: str | None = None) -> None:
        self.folder = folder
        self.file = folder / "chorus.db"
        self.database = database or f"sqlite:///{self.file}"
        self.environment = {k: v for k, v in os.environ.items() if k != "SECRET_KEY"} | {
            "CHORUS_INSTANCE": str(folder),
            "DATABASE_URL": self.database,
            "PYTHONPATH": f"{ROOT / 'bench' / 'clock'}:{ROOT}",
            "BENCH_CLOCK": str(folder / "clock"),  # the seconds by which the server's clock is set back
        }
        self.link = self._lay_out()
        self.port = free_port()
        self.clock = Path(self.environment["BENCH_CLOCK"])
        self.server: subprocess.Popen[bytes] | None = None

    def _lay_out(self) -> str:
        from survey.config import Settings
        from survey.database import open_engine, session, upgrade
        from survey.fieldwork import new_door, study_by_code
        from survey.fieldwork.doors import OwnTimes
        from survey.fieldwork.publishing import publish_folder

        definitions = self.folder / "study"
        definitions.mkdir()
        (definitions / "study.yaml").write_text(STUDY, encoding="utf-8")
        pages = "".join(
            f"  - page: p{n}\n    questions:\n"
            f"      - {{question: q{n}, kind: number, ask: Which number ({n})?, min: 0, max: 999999999}}\n"
            for n in range(1, 41)
        )
        (definitions / "numbers.yaml").write_text(NUMBERS + pages, encoding="utf-8")
        settings = Settings.from_environment(self.environment)
        engine = open_engine(settings.database_url)
        upgrade(engine)
        publish_folder(engine, definitions, datetime.now(UTC))
        with session(engine) as db:
            study = study_by_code(db, "faults")
            assert study is not None
            key = settings.key("codes")
            door = new_door(db, wave=study.waves[-1], questionnaire="numbers", key=key, times=OwnTimes(opens_at=ALWAYS))
        engine.dispose()
        return f"/j/{door.token}"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Chorus here."""
        return subprocess.run(
            [*SURVEY, *words], env=self.environment, cwd=self.folder, capture_output=True, text=True, check=True
        )

    def start(self, command: list[str] | None = None) -> None:
        """Start the server, by default `survey serve`; return when it answers."""
        command = command or WAYS["serve"](self.port)
        with (self.folder / "server.log").open("ab") as log:
            self.server = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, start_new_session=True, stderr=log
            )
        self.wait()

    def wait(self) -> None:
        """Wait until the server answers with all its processes. Raises RuntimeError when it does not."""
        assert self.server is not None
        until = time.monotonic() + 120
        while not (answers(self.port) and len(self.workers) >= WORKERS):
            if self.server.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the server did not start")
            time.sleep(0.05)

    @property
    def workers(self) -> list[int]:
        """The processes that answer requests."""
        assert self.server is not None
        return [child for child in descendants(self.server.pid) if listens(child, self.port)]

    def kill(self) -> None:
        """Kill the server with all its processes, without warning."""
        assert self.server is not None
        doomed = [self.server.pid, *descendants(self.server.pid)]
        for process in doomed:
            _kill(process)
        self.server.wait()
        until = time.monotonic() + 20
        while any(Path(f"/proc/{process}/stat").exists() for process in doomed) and time.monotonic() < until:
            time.sleep(0.02)

    def kept(self) -> Counter[int]:
        """Return how often each number is in the log of saves; see that answers and log are of one moment."""
        import json

        from sqlalchemy import text

        from survey.database import open_engine, read

        engine, found, made = open_engine(self.database), Counter[int](), {}
        with read(engine) as connection:
            rows = connection.execute(
                text("SELECT response_id, answers FROM save ORDER BY response_id, sequence")
            ).all()
            now = {row.id: row.answers for row in connection.execute(text("SELECT id, answers FROM response"))}
        engine.dispose()
        for response, saved in rows:
            answers = json.loads(saved)
            made.setdefault(response, {}).update(answers)
            found.update(int(value) for value in answers.values() if isinstance(value, int | float))
        for response, answers in made.items():
            if json.loads(now[response]) != answers:
                raise AssertionError("the answers of a response are not those of its log")
        return found


SURVEY = [sys.executable, "-c", "from survey.cli import main; main()"]

AFTER_OTHER_COMMANDS = """
from survey.cli import main
main.main(["upgrade"], standalone_mode=False)
main.main(["progress", "faults", "--wave", "w1"], standalone_mode=False)
main()
"""
"""As `survey demo` starts the server: in a process that has run other commands."""


def _serve(port: int) -> list[str]:
    return ["serve", "--port", str(port), "--workers", str(WORKERS)]


def _gunicorn(port: int, *more: str) -> list[str]:
    options = ["--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--threads", "8", "--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", "wsgi:app", *options, *more]


WAYS = {
    "serve": lambda port: [*SURVEY, *_serve(port)],
    "demo": lambda port: [sys.executable, "-c", AFTER_OTHER_COMMANDS, *_serve(port)],
    "wsgi.py": _gunicorn,
    "wsgi.py, preloaded": lambda port: _gunicorn(port, "--preload"),
}
"""The ways to start a server: the command line that makes it listen at a port."""


def free_port() -> int:
    """Return a port nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """True when the front page comes."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return line.recv(16).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def descendants(process: int) -> list[int]:
    """Return the processes below a process, whichever of its threads began them."""
    children = list[int]()
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            children += map(int, (thread / "children").read_text().split())
    return [one for child in children for one in (child, *descendants(child))]


def listens(process: int, port: int) -> bool:
    """True when a process has a listening socket at a port."""
    listening = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[3] == "0A" and int(line.split()[1].rpartition(":")[2], 16) == port
    }
    try:
        opened = [str(one.readlink()) for one in Path(f"/proc/{process}/fd").iterdir()]
    except OSError:
        return False
    return any(name.removeprefix("socket:[").rstrip("]") in listening for name in opened)


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


# ---- respondents who go on after every fault -------------------------------------------------------------


_numbers = count(1)
"""No number is typed twice."""


@contextmanager
def load(place: Installation, people: int, *, times: int = 1) -> Iterator[Tally]:
    """Let people answer, page after page, until the block ends. times: how often each post is sent, at once."""
    tally, stop = Tally(), threading.Event()

    async def everyone() -> None:
        await asyncio.gather(*(_respond(place, tally, stop, random.Random(n), times) for n in range(people)))

    thread = threading.Thread(target=lambda: asyncio.run(everyone()))
    thread.start()
    try:
        yield tally
    finally:
        stop.set()
        thread.join()


async def _respond(place: Installation, tally: Tally, stop: threading.Event, rng: random.Random, times: int) -> None:
    browsers = [Browser("127.0.0.1", place.port) for _ in range(times)]
    here: tuple[str, Reply] | None = None
    while not stop.is_set():
        try:
            if here is None:
                # Someone else: a browser that was used would be asked whose turn it is.
                browsers[0].cookies.clear()
                here = await asyncio.wait_for(browsers[0].follow(Reply(303, place.link, b"")), 30)
                if here[1].status >= 500:
                    raise ConnectionError
            here = await _answer(browsers, here, tally, rng)
        except (OSError, EOFError, ValueError, TimeoutError):
            tally.refused += 1
            for browser in browsers:
                browser.close()
            here = None
            await asyncio.sleep(0.05)
    for browser in browsers:
        browser.close()


async def _answer(
    browsers: list[Browser], here: tuple[str, Reply], tally: Tally, rng: random.Random
) -> tuple[str, Reply] | None:
    """Answer a page; return the next one, nothing at the end of a questionnaire."""
    address, page = here
    form = filled(page.body, rng)
    number = next(_numbers)
    asked = [name for name, value in form.items() if value == "3" and name.startswith("q")]
    form.update(dict.fromkeys(asked, str(number)))
    if at_the_end(address):
        return None
    if PAUSE:
        await asyncio.sleep(rng.uniform(0, 2 * PAUSE))
    for browser in browsers[1:]:
        browser.cookies = browsers[0].cookies
    begun = time.monotonic()
    replies = await asyncio.wait_for(asyncio.gather(*(one.post(address, form) for one in browsers)), 60)
    if any(reply.status >= 400 for reply in replies):
        raise ConnectionError
    if asked and all(reply.status == 303 for reply in replies):
        tally.acknowledged.append(number)
        tally.longest = max(tally.longest, time.monotonic() - begun)
    reply = replies[0]
    return await asyncio.wait_for(browsers[0].follow(reply), 60) if reply.location else (address, reply)


# ---- the faults ------------------------------------------------------------------------------------------


def run(*, small: bool = False) -> Iterator[str]:
    """Yield a line for each fault, and one for each way of starting the server.

    small: one fault with one server; tests/faults has every fault and every way, one by one.
    """
    yield f"{PEOPLE} respondents, {WORKERS} processes; each fault with {SECONDS:g} s before and after"
    if small:
        name, fault = next(iter(FAULTS.items()))
        with TemporaryDirectory() as folder:
            yield str(happening(name, fault, Installation(Path(folder))))
        return
    for way in WAYS:
        with TemporaryDirectory() as folder:
            yield str(master_killed(Path(folder), way))
    for name, fault in FAULTS.items():
        with TemporaryDirectory() as folder:
            yield str(happening(name, fault, Installation(Path(folder))))
    from tests.postgres import running_postgres

    with running_postgres() as server, TemporaryDirectory() as folder:
        place = Installation(Path(folder), server.url(server.create_database()))
        yield str(happening(*postgresql_stopped(server), place))
    with TemporaryDirectory() as folder:
        yield disk_full(Path(folder))


def happening(name: str, fault: Callable[[Installation], None], place: Installation) -> Outcome:
    """Start an installation, let a fault happen while people answer, and tell the outcome of their answers."""
    place.start()
    try:
        with load(place, PEOPLE) as tally:
            go_on(tally)
            fault(place)
            go_on(tally)
    finally:
        place.kill()
    return outcome(name, place, tally)


def go_on(tally: Tally) -> None:
    """Let people answer for a while, each of them some pages."""
    time.sleep(SECONDS)
    tally.grow(4 * PEOPLE)


def master_killed(folder: Path, way: str, look: Callable[[Installation], None] = lambda _: None) -> Outcome:
    """The process that starts the others is killed, and something else opens and closes the database all the time.

    way: how the server was started, see WAYS; look: is called while people answer, before that.
    """
    place = Installation(folder)
    place.start(WAYS[way](place.port))
    reader = subprocess.Popen([sys.executable, "-c", READER, str(place.file)])
    try:
        with load(place, PEOPLE) as tally:
            go_on(tally)
            look(place)
            left = place.workers
            assert place.server is not None
            _kill(place.server.pid)
            place.server.wait()
            time.sleep(SECONDS)
            for process in left:
                _kill(process)
    finally:
        reader.kill()
        reader.wait()
    return outcome(f"first process killed, a reader beside it ({way})", place, tally)


def worker_killed(place: Installation) -> None:
    """One of the processes is killed; another takes its place."""
    _kill(place.workers[0])
    place.wait()


def server_killed(place: Installation) -> None:
    """The whole server is killed, and started again."""
    place.kill()
    place.start()


def database_locked(place: Installation) -> None:
    """Another program holds the lock of writers."""
    with closing(sqlite3.connect(place.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(SECONDS)
        other.execute("ROLLBACK")


def backup_made(place: Installation) -> None:
    """A backup is made."""
    place.run("backup", str(place.folder / "backups"))


def upgraded(place: Installation) -> None:
    """The server is stopped in the middle of sittings, the database upgraded, and the server started again."""
    assert place.server is not None
    place.server.terminate()
    place.server.wait()
    place.run("upgrade")
    place.start()


def clock_set_back(place: Installation) -> None:
    """The computer's clock goes back by an hour, and later comes right again."""
    place.clock.write_text("3600")
    time.sleep(SECONDS)
    place.clock.write_text("0")


def sent_again(place: Installation) -> None:
    """Others send every page three times at once, as by double taps and by devices that try again."""
    with load(place, 4, times=3) as tally:
        go_on(tally)


def slow_clients(place: Installation) -> None:
    """Others begin requests and do not go on."""
    with lines_left_hanging(place.port, bodies=100, heads=300):
        time.sleep(2 * SECONDS)


FAULTS = {
    "a process of the server killed": worker_killed,
    "the whole server killed, and started again": server_killed,
    "another program holds the database": database_locked,
    "a backup is made": backup_made,
    "upgrade in the middle of sittings": upgraded,
    "the clock set back by an hour": clock_set_back,
    "others send every page three times at once": sent_again,
    "100 unfinished bodies and 300 half-sent heads": slow_clients,
}


def postgresql_stopped(server: PostgresServer) -> tuple[str, Callable[[Installation], None]]:
    """PostgreSQL is stopped, and started again."""

    def stop_and_start(_place: Installation) -> None:
        server.stop()
        time.sleep(SECONDS)
        server.start()

    return "PostgreSQL stopped, and started again", stop_and_start


def disk_full(folder: Path) -> str:
    """The disk of the database is full for a while. Needs the right to mount a small one."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=False)
    if mounted.returncode:
        return "  the disk is full, then has room again: not tried, for want of the right to mount a small disk"

    def fill(place: Installation) -> None:
        filler = place.folder / "filler"
        for size in (65536, 512):
            with filler.open("ab", buffering=0) as file, suppress(OSError):
                while file.write(b"x" * size):
                    pass
        time.sleep(2 * SECONDS)
        filler.unlink()

    try:
        return str(happening("the disk is full, then has room again", fill, Installation(folder)))
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


READER = """
import sqlite3, sys, time
while True:
    opened = sqlite3.connect(sys.argv[1], timeout=20)
    opened.execute("SELECT count(*) FROM save").fetchall()
    opened.close()
    time.sleep(0.005)
"""


@contextmanager
def lines_left_hanging(port: int, bodies: int, heads: int) -> Iterator[None]:
    """Connections whose requests have begun, and do not end."""
    begun = []
    try:
        for n in range(bodies + heads):
            line = socket.create_connection(("127.0.0.1", port), 10)
            head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            line.sendall(head + (b"Content-Length: 100\r\n\r\ncode=" if n < bodies else b"X-Slow: "))
            begun.append(line)
        yield
    finally:
        for line in begun:
            line.close()


def outcome(fault: str, place: Installation, tally: Tally) -> Outcome:
    """Compare what respondents were told with what is there."""
    kept = place.kept()
    lost = sum(number not in kept for number in tally.acknowledged)
    doubled = sum(times > 1 for times in kept.values())
    return Outcome(fault, len(tally.acknowledged), lost, doubled, tally.refused, tally.longest)
