"""CPU inside the app: a page saved and the next one shown, without any server, beside the most a form can do.

One “page” is what a respondent costs between two taps on Next: the POST of a page's answers (303) and the GET of the
page it leads to. Time is this thread's CPU, so that a busy machine disturbs little; waiting for the disk is not in it.
"""

from __future__ import annotations

import io
import os
import pkgutil
import random
import re
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import thread_time
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode, urlsplit
from wsgiref.types import WSGIApplication

from sqlalchemy import Engine, event

from bench.pages import study
from bench.respondents import Reply, at_the_end, filled

PAGES = int(os.environ.get("BENCH_PAGES", "300"))
ROUNDS = 7


def run(*, small: bool = False) -> Iterator[str]:
    """Yield the CPU of a POST, a GET and both, ours beside the ceiling; then where ours goes, and its statements.

    small: a few pages, to see that all of it runs; the figures say nothing.
    """
    pages, count = (8, 1) if small else (PAGES, ROUNDS)
    yield f"in one thread, no server; {count} rounds of {pages} pages; of each figure the best round's mean"
    with tempfile.TemporaryDirectory() as folder:
        ceiling = Walk(_ceiling(Path(folder)), "/page/1", "/page/")
        start = study(Path(folder))
        app, engine = _ours(Path(folder))
        ours = Walk(app, start, "/q/")
        for walk in (ceiling, ours):
            walk.round(pages // 4)
        rounds = [(ceiling.round(pages), ours.round(pages)) for _ in range(count)]
        theirs, mine = (_best([pair[at] for pair in rounds]) for at in (0, 1))
        yield _line("ceiling", theirs)
        yield _line("ours", mine)
        yield f"  ours / ceiling = {(mine.post + mine.get) / (theirs.post + theirs.get):.2f}"
        yield from _stages(ours, pages)
        yield from _statements(ours, engine, pages)


@dataclass
class Round:
    """CPU seconds of each POST, and of each GET that showed the page after it."""

    posts: list[float] = field(default_factory=list)
    gets: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Best:
    """CPU in microseconds."""

    post: float
    get: float


def _best(rounds: list[Round]) -> Best:
    return Best(
        min(1e6 * statistics.fmean(one.posts) for one in rounds),
        min(1e6 * statistics.fmean(one.gets) for one in rounds),
    )


def _line(name: str, best: Best) -> str:
    return f"  {name:8} POST {best.post:5.0f} µs   GET {best.get:5.0f} µs   both {best.post + best.get:5.0f} µs"


class Walk:
    """One respondent after the other answers an app's pages, called as a server would call it."""

    def __init__(self, app: WSGIApplication, start: str, counts: str) -> None:
        self._app, self._start, self._counts = app, start, counts
        self._cookies: dict[str, str] = {}
        self._rng = random.Random(1)
        self._address, self._page = self._follow(Reply(303, start, b""))

    def round(self, pages: int) -> Round:
        """Save so many pages and show the next one each time; begin again at the end of a questionnaire."""
        measured = Round()
        while len(measured.posts) < pages:
            form = filled(self._page.body, self._rng)
            if at_the_end(self._address):
                self._cookies.clear()
                self._address, self._page = self._follow(Reply(303, self._start, b""))
                continue
            address, counted = self._address, bool(form) and self._address.startswith(self._counts)
            reply, took = self._ask("POST", address, urlencode(form).encode())
            self._address = reply.location or ""
            self._page, shown = self._ask("GET", self._address)
            if counted and self._page.status == 200:
                measured.posts.append(took)
                measured.gets.append(shown)
            self._address, self._page = self._follow(self._page)
        return measured

    def _follow(self, reply: Reply) -> tuple[str, Reply]:
        address = getattr(self, "_address", "")
        while reply.location is not None:
            split = urlsplit(reply.location)
            address = split.path + (f"?{split.query}" if split.query else "")
            reply, _ = self._ask("GET", address)
        return address, reply

    def _ask(self, method: str, address: str, body: bytes = b"") -> tuple[Reply, float]:
        """Call the app; return its reply and the CPU seconds it took."""
        environ = self._environ(method, address, body)
        said: list[Any] = []
        begun = thread_time()
        chunks = self._app(environ, lambda status, headers, *_: said.extend((status, headers)))  # type: ignore[arg-type]
        content = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        took = thread_time() - begun
        status, location = int(said[0][:3]), None
        if status >= 400:
            raise RuntimeError(f"{method} {address} was answered with {said[0]}")
        for name, value in said[1]:
            if name.lower() == "location":
                location = value
            elif name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        return Reply(status, location, content), took

    def _environ(self, method: str, address: str, body: bytes) -> dict[str, Any]:
        path, _, query = address.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_ACCEPT_ENCODING": "identity",
            "HTTP_SEC_FETCH_SITE": "same-origin",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        if body:
            environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        return environ


def _ceiling(folder: Path) -> WSGIApplication:
    from bench.ceiling import create

    os.environ["BENCH_DATABASE"] = str(folder / "ceiling.db")
    return create()


def _ours(folder: Path) -> tuple[WSGIApplication, Engine]:
    from survey.app import create_app
    from survey.config import Settings

    app = create_app(Settings.from_environment({"CHORUS_INSTANCE": str(folder)}))
    return app, app.extensions["chorus"].engine


# ---- where it goes -------------------------------------------------------------------------------------

STAGES = {
    "the response read": ("survey.pages.answer.going_on", "load"),
    "the save": ("survey.pages.answer.questions", "save"),
    "the form read": ("survey.forms:ScreenForm", "submit"),
    "the way on": ("survey.pages.answer.questions", "_lead_on"),
    "the ready page": ("survey.pages.answer.compiled:Ready", "response"),
    "the pass read": ("survey.pages.answer.questions", "current"),
}


def _stages(walk: Walk, pages: int) -> Iterator[str]:
    """Yield the CPU of each stage a page; what is in none of them is Flask's and the page functions' own."""
    times: Counter[str] = Counter()
    with ExitStack() as stack:
        for stage, (place, name) in STAGES.items():
            stack.enter_context(_timed(times, stage, pkgutil.resolve_name(place), name))
        round_ = walk.round(pages)
    whole = sum(round_.posts) + sum(round_.gets)
    times["all else"] = whole - sum(times.values())
    yield "  of which, a page (one round, so dearer than the best):"
    for stage, seconds in times.items():
        yield f"    {stage:18} {1e6 * seconds / pages:5.0f} µs"


@contextmanager
def _timed(times: Counter[str], stage: str, owner: object, name: str) -> Iterator[None]:
    """Add up the CPU of a function while the block runs."""
    original = getattr(owner, name)

    def timed(*given: Any, **named: Any) -> Any:
        begun = thread_time()
        try:
            return original(*given, **named)
        finally:
            times[stage] += thread_time() - begun

    with patch.object(owner, name, timed):
        yield


_ABOUT = re.compile(r"(SELECT)\b.*?\b(FROM \w+)|(INSERT INTO \w+|UPDATE \w+)", re.DOTALL)


def _statements(walk: Walk, engine: Engine, pages: int) -> Iterator[str]:
    """Yield each statement a page runs, and how often."""
    ran: Counter[str] = Counter()

    def note(statement: str) -> None:
        found = _ABOUT.match(statement)
        ran[" … ".join(word for word in found.groups() if word) if found else statement] += 1

    def listen(connection: Any, *_: object) -> None:
        # At the driver: the statements of each page do not all go by SQLAlchemy's events.
        connection.set_trace_callback(note)

    event.listen(engine, "checkout", listen)
    walk.round(pages)
    event.remove(engine, "checkout", listen)
    engine.dispose()
    yield "  statements, a page:"
    for statement, times in ran.most_common(8):
        yield f"    {times / pages:5.2f} × {statement}"
