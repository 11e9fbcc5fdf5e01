"""Saving a page while a file is downloaded, or results are worked out: with the worker, without one, and in quiet.

The study is the one of `survey demo`, and the server is `survey serve`. Three classes answer at once, and each child
thinks some seconds over a page. Then the pages of results, once these are worked out.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import requests

from bench.analysis import STUDY, demonstration
from bench.faults import SURVEY, answers, free_port
from bench.pages import ALWAYS, percentile
from bench.respondents import Measured, crowd
from survey.admission import add_user
from survey.config import Settings
from survey.database import Engine, open_engine, session
from survey.fieldwork import new_door, study_by_code
from survey.fieldwork.doors import OwnTimes
from survey.jobs.job import Job
from survey.long_work import jobs_of
from survey.results.working import RESULTS

ASKED = 300
"""Milliseconds within which a page of results should come."""

_EMAIL, _PASSWORD = "bench@example.org", "three words in a row"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Lesson:
    """How many children answer, for how many seconds, how long each thinks over a page; how often a page is opened;
    how many processes the server has."""

    children: int
    seconds: float
    pause: float
    times: int
    workers: int


FULL, SMALL = Lesson(80, 30, 4.0, 25, 2), Lesson(2, 0.5, 0.05, 2, 1)

Busy = Callable[[], None]
"""Something long, once."""


def run(*, small: bool = False) -> Iterator[str]:
    """Yield how long a save takes beside each kind of long work, and how long the pages of results take."""
    lesson = SMALL if small else FULL
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demonstration(folder, small=small)
        settings = Settings.from_environment({"CHORUS_INSTANCE": str(folder / "demo")})
        engine = open_engine(settings.database_url)
        start, password = _link(engine, settings), add_user(engine, _EMAIL, ["lead"])
        pages_a_second = lesson.children / lesson.pause
        yield f"{lesson.children} children, about {pages_a_second:.0f} pages/s, {lesson.seconds:g} s each"
        with _served(folder / "demo", lesson.workers) as port:
            office = _signed_in(port, password)
            quiet, _ = _beside(port, lesson, start, None)
            yield _told("nothing else", quiet, quiet)
            for title, busy in (
                ("a workbook, by the worker", lambda: _download(office, port)),
                ("results, by the worker", lambda: _work_out(settings, engine)),
            ):
                measured, done = _beside(port, lesson, start, busy)
                yield _told(f"{title} ({done} done)", measured, quiet)
            yield from _pages(office, port, lesson.times)
        with _served(folder / "demo", lesson.workers, "--no-long-work") as port:
            office = _signed_in(port, _PASSWORD)
            measured, done = _beside(port, lesson, start, lambda: _download(office, port))
            yield _told(f"a workbook, by the website itself ({done} done)", measured, quiet)
        engine.dispose()


def _told(title: str, measured: Measured, quiet: Measured) -> str:
    if not measured.posts or not quiet.posts:
        return f"  beside {title}: too few saves in {'quiet' if measured.posts else 'this time'} to tell"
    p50, p95, p99 = (percentile(measured.posts, share) for share in (0.50, 0.95, 0.99))
    bad = f", {measured.faults} FAULTS" if measured.faults else ""
    return (
        f"  beside {title}: {len(measured.posts)} saves, p50 {p50:.1f}  p95 {p95:.1f}  p99 {p99:.1f} ms, "
        f"p95 is {p95 / percentile(quiet.posts, 0.95):.2f} × that in quiet{bad}"
    )


# ---- the server and who uses it ----------------------------------------------------------------------------


@contextmanager
def _served(instance: Path, workers: int, *more: str) -> Iterator[int]:
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SECRET_KEY")}
    process = subprocess.Popen(
        [*SURVEY, "serve", "--port", str(port), "--workers", str(workers), *more],
        env=environment | {"CHORUS_INSTANCE": str(instance)},
    )
    try:
        while not answers(port):
            if process.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def _link(engine: Engine, settings: Settings) -> str:
    with session(engine) as db:
        study = study_by_code(db, STUDY)
        assert study is not None
        door = new_door(
            db,
            wave=study.waves[-1],
            questionnaire="pupil-ks2",
            key=settings.key("codes"),
            times=OwnTimes(opens_at=ALWAYS),
        )
        return f"/j/{door.token}"


def _signed_in(port: int, password: str) -> requests.Session:
    office = requests.Session()
    page = office.get(f"http://127.0.0.1:{port}/office/sign-in")
    page = _post(office, page, {"email": _EMAIL, "password": password})
    if 'name="again"' in page.text:
        page = _post(office, page, {"new": _PASSWORD, "again": _PASSWORD})
    page = office.get(f"http://127.0.0.1:{port}/office/studies/{STUDY}")
    if "sign-in" in page.url or page.status_code != 200:
        raise RuntimeError("the bench could not sign in")
    return office


def _post(office: requests.Session, page: requests.Response, form: dict[str, str]) -> requests.Response:
    token = _TOKEN.findall(page.text)[-1]
    return office.post(page.url, {"csrf_token": token, **form}, headers={"Origin": page.url.split("/office")[0]})


# ---- long work ---------------------------------------------------------------------------------------------


def _beside(port: int, lesson: Lesson, start: str, busy: Busy | None) -> tuple[Measured, int]:
    """Let the children answer while something long is done again and again; return how often it was done, besides."""
    over, begun, done = Event(), Event(), 0

    def work() -> None:
        nonlocal done
        while busy is not None and not over.is_set():
            begun.set()
            busy()
            done += 1

    thread = Thread(target=work)
    thread.start()
    if busy is not None:
        begun.wait()
        time.sleep(min(2.0, lesson.seconds))  # by now it is under way
    measured = asyncio.run(crowd(port, lesson.children, lesson.seconds, start, "/q/", lesson.pause))
    over.set()
    thread.join()
    return measured, done


def _download(office: requests.Session, port: int) -> None:
    """Download the workbook, as someone does who waits for it."""
    address = f"http://127.0.0.1:{port}/office/studies/{STUDY}/data.xlsx"
    reply = office.get(address)
    while reply.status_code == 202:
        time.sleep(0.2)
        reply = office.get(f"{address}/progress")
    if "spreadsheet" not in reply.headers["Content-Type"]:
        reply = office.get(f"{address}/file")
    if not reply.content.startswith(b"PK"):
        raise RuntimeError(f"no workbook came, but {reply.status_code} from {reply.url}")


def _work_out(settings: Settings, engine: Engine) -> None:
    """Have the results of all waves worked out again."""
    jobs, job = jobs_of(settings, engine), Job(RESULTS.name, STUDY)
    jobs.ask(job, datetime.now(UTC), again=True)
    record = jobs.wait(job, 600)
    if record is None or not record.is_ready:
        raise RuntimeError(f"no results came: {record.fault if record else ''}")


def _pages(office: requests.Session, port: int, times: int) -> Iterator[str]:
    """Yield how long the pages of results take once these are worked out, each opened so many times."""
    results = f"http://127.0.0.1:{port}/office/studies/{STUDY}/results"
    scales = office.get(f"{results}/scales")
    while scales.status_code == 202:
        time.sleep(0.5)
        scales = office.get(f"{results}/scales")
    one = re.search(r'href="[^"]*(/results/scales/[^"?]+)', scales.text)
    for title, address in (
        ("What we found", results),
        ("Scales", f"{results}/scales"),
        ("One scale", f"{results}{one[1].removeprefix('/results')}" if one else results),
        ("Questions", f"{results}/questions"),
    ):
        took = []
        for _ in range(times):
            begun = time.perf_counter()
            reply = office.get(address)
            took.append(time.perf_counter() - begun)
            if reply.status_code != 200:
                raise RuntimeError(f"{reply.status_code} from {address}")
        p50, p95 = percentile(took, 0.5), percentile(took, 0.95)
        yield f"  {title}, once worked out: median {p50:.0f} ms, p95 {p95:.0f} ms (asked: {ASKED} ms)"
