"""An audience answers at once, from one address, while a workbook is exported: what is lost or doubled, and how long.

Each parent is a browser of their own: the link, the style sheet, the script, the fonts and the icon of the first page,
then page after page to the end. The same crowd without the export is what the figures stand beside.
"""

from __future__ import annotations

import asyncio
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter

from sqlalchemy import select

from bench.pages import FOLDER, percentile, server, study
from bench.respondents import Browser, Reply, at_the_end, filled
from survey.config import Settings
from survey.database import Engine, open_engine, read, session
from survey.definition.bundle import Bundle
from survey.fieldwork import current, study_by_code, text_of
from survey.fieldwork.doors import Door
from survey.question import Pretence
from survey.responses.bulk import PastResponse, PastSave
from survey.responses.tables import response, save
from tests.filled import add_responses

NAME = "parent"

LATEST = 0.85
"""Share of the time within which everyone has come: the others are still answering."""

_ASSETS = re.compile(rb'(?:href|src)="(/static/[^"]+)"')
_FONTS = re.compile(rb'url\("(/static/fonts/[^"]*-latin-\d[^"]*)"\)')
_RESPONSE = re.compile(rb"r\d*\.([^.]+)\.")


@dataclass(frozen=True)
class Burst:
    """How many parents come within how many seconds, and how many answers are there already, to be exported."""

    parents: int
    seconds: float
    stored: int


FULL, SMALL = Burst(600, 300, 5000), Burst(2, 0.5, 20)
CALM, CALM_SMALL = Burst(100, 50, 0), Burst(2, 0.5, 0)
"""The same crowd a minute, without the workbook."""


@dataclass
class Seen:
    """What the browsers saw. saved: (response, number of the save) of each page whose answers were taken."""

    posts: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    saved: list[tuple[str, int]] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)


def run(*, small: bool = False) -> Iterator[str]:
    """Yield how the crowd fared beside the workbook, and without it."""
    burst, calm = (SMALL, CALM_SMALL) if small else (FULL, CALM)
    with TemporaryDirectory() as name:
        folder = Path(name)
        start = study(folder, NAME)
        engine = open_engine(Settings.from_environment({"CHORUS_INSTANCE": name}).database_url)
        _fill(engine, burst.stored)
        with server("ours", folder, 1 if small else 2) as (port, _):
            asyncio.run(_crowd(port, start, Burst(2, 0.1, 0), Seen()))
            without, beside = Seen(), Seen()
            asyncio.run(_crowd(port, start, calm, without))
            with _exporting(folder) as written:
                asyncio.run(_crowd(port, start, burst, beside))
        yield f"{calm.parents} parents in {calm.seconds:g} s, and no export"
        yield from _told(engine, without)
        yield f"{burst.parents} parents in {burst.seconds:g} s, meanwhile {len(written)} workbooks written"
        yield from _told(engine, beside)
        ratio = percentile(beside.posts, 0.95) / percentile(without.posts, 0.95)
        yield f"p95 of a page, beside the workbook / without = {ratio:.1f}"
        engine.dispose()


# ---- the crowd ---------------------------------------------------------------------------------------------


async def _crowd(port: int, start: str, burst: Burst, seen: Seen) -> None:
    """Let parents come, evenly over the time, and let each answer to the end."""
    begun = perf_counter()

    async def one(number: int) -> None:
        await asyncio.sleep(burst.seconds * LATEST * number / burst.parents)
        # They read as they go: whoever comes last has least time.
        left = burst.seconds - (perf_counter() - begun)
        browser = Browser("127.0.0.1", port)
        try:
            await _parent(browser, start, max(0.0, left), random.Random(number), seen)
        except (OSError, EOFError) as fault:
            seen.errors.append(type(fault).__name__)
        finally:
            browser.close()

    await asyncio.gather(*(one(number) for number in range(burst.parents)))


async def _parent(browser: Browser, start: str, left: float, rng: random.Random, seen: Seen) -> None:
    address, page = await browser.follow(Reply(303, start, b""))
    await _load(browser, page.body, seen)
    for _ in range(100):
        if page.status != 200:
            seen.errors.append(f"{page.status} at {address}")
            return
        if at_the_end(address):
            return
        await asyncio.sleep(rng.uniform(0, left / 20))
        before = perf_counter()
        reply = await browser.post(address, filled(page.body, rng))
        seen.posts.append(perf_counter() - before)
        if reply.status != 303:
            seen.errors.append(f"{reply.status} to a post at {address}")
            return
        _remember(browser, address, reply, seen)
        address, page = await browser.follow(reply)
    seen.errors.append(f"no end, at {address}")


def _remember(browser: Browser, address: str, reply: Reply, seen: Seen) -> None:
    """Keep what was acknowledged, so that it can be looked for afterwards."""
    found = _RESPONSE.match(browser.cookies.get(b"me", b""))
    if found is None:
        return
    name = found[1].decode()
    seen.begun.add(name)
    number = re.search(r"[?&]n=(\d+)", address)
    if address.startswith("/q/") and number:
        seen.saved.append((name, int(number[1])))
    if at_the_end(reply.location or ""):
        seen.finished.add(name)


async def _load(browser: Browser, page: bytes, seen: Seen) -> None:
    """Ask for what a browser asks for with its first page: it keeps it for the later ones."""
    wanted = [found.decode() for found in dict.fromkeys(_ASSETS.findall(page))]
    for address in (*wanted, "/favicon.ico"):
        before = perf_counter()
        reply = await browser.get(address)
        seen.files.append(perf_counter() - before)
        if reply.status != 200:
            seen.errors.append(f"{reply.status} at {address}")
        for font in dict.fromkeys(_FONTS.findall(reply.body)) if ".css" in address else ():
            await browser.get(font.decode())


# ---- what was stored ---------------------------------------------------------------------------------------


def _told(engine: Engine, seen: Seen) -> Iterator[str]:
    """Yield what was acknowledged and is not there, what is there twice, and how long it took."""
    with read(engine) as connection:
        there = Counter(
            tuple(row)
            for row in connection.execute(select(save.c.response_id, save.c.sequence))
            if row[0] in seen.begun
        )
        states = select(response.c.id, response.c.state)
        finished = {row.id for row in connection.execute(states) if row.state == "finished"}
    lost = sum(one not in there for one in seen.saved) + len(seen.finished - finished)
    twice = sum(there.values()) - len(set(seen.saved) & set(there))
    for name, times in (("a page of answers", seen.posts), ("a file", seen.files)):
        p50, p95, p99 = (percentile(times, share) for share in (0.50, 0.95, 0.99))
        yield f"  {name}: {len(times)} times, p50 {p50:.1f}  p95 {p95:.1f}  p99 {p99:.1f} ms"
    yield f"  {len(seen.begun)} began, {len(seen.finished & finished)} finished, {len(seen.saved)} pages acknowledged"
    yield f"  {len(seen.errors)} errors, {lost} lost, {twice} twice"
    for fault, number in Counter(seen.errors).most_common(5):
        yield f"  FAULTS: {number} × {fault}"


def _fill(engine: Engine, number: int) -> None:
    """Put so many finished responses into the study, as an export finds them in the last weeks of a wave."""
    rng = random.Random(1)
    with session(engine) as db:
        found = study_by_code(db, "first-notes")
        assert found is not None
        study_id, wave = found.id, found.waves[-1].id
        door = db.scalars(select(Door.id)).first()
    sha256 = current(engine, study_id)[NAME]
    questionnaire = Bundle.parse(text_of(engine, sha256) or "")
    begun = datetime.now(UTC) - timedelta(days=7)

    def past() -> Iterator[PastResponse]:
        for n in range(number):
            answers = {}
            for question in questionnaire.questions:
                if question.asks and question.stored:
                    answers |= question.pretend(Pretence(rng, rng.gauss(0, 1), ["It was lovely", "Too loud"]))
            at = begun + timedelta(seconds=n)
            yield PastResponse(
                id=f"past-{n:017}",
                study_id=study_id,
                wave_id=wave,
                questionnaire=NAME,
                sha256=sha256,
                door_id=door,
                language="en",
                mode="own device",
                started_at=at,
                saves=[PastSave("all", answers, at + timedelta(minutes=4))],
                state="finished",
                ended_at=at + timedelta(minutes=5),
            )

    add_responses(engine, past())


@contextmanager
def _exporting(folder: Path) -> Iterator[list[int]]:
    """Export workbooks one after the other, as `survey export` does, until the block ends; give what was written."""
    written, over = list[int](), Event()

    def work() -> None:
        out = folder / "workbook.xlsx"
        command = [sys.executable, "-c", "from survey.cli import main; main()"]
        words = ["export", "first-notes", "--format", "xlsx", "--out", str(out)]
        environment = {"CHORUS_INSTANCE": str(folder), "PATH": "/usr/bin:/bin"}
        while not over.is_set():
            subprocess.run([*command, *words], check=True, env=environment, cwd=FOLDER.parent, capture_output=True)
            written.append(out.stat().st_size)

    with_it = Thread(target=work)
    with_it.start()
    try:
        yield written
    finally:
        over.set()
        with_it.join()
