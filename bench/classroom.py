"""A lesson on bad wifi: six tablets that go from child to child, in real browsers, and all that can happen to them."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, sync_playwright

from bench.faults import Installation, free_port
from tests.chromium import launched

CUT = float(os.environ.get("BENCH_CUT", "90"))
"""Seconds for which the line is cut in the middle of the lesson."""

SHORT_CUT = 2.0
"""Seconds for the tests."""

TABLETS = 6

QUESTIONS = [f"song_{number}" for number in range(1, 4)]

STUDY = """
study: lesson
title: Lesson
arms:
  - {arm: programme, title: Programme schools}
  - {arm: comparison, title: Comparison schools}
waves:
  - {wave: w1, title: Always, opens: 2020-01-01, closes: 2099-12-31}
fieldwork:
  - {questionnaire: songs, audience: pupil, waves: [w1]}
retention: {delete_on: 2110-12-31}
access: {tables: [researcher], microdata: [researcher]}
"""
SONGS = """
questionnaire: songs
version: 1
title: Songs
audience: pupil
reader: {age: 8}
languages: en
thanks: Thank you.
options:
  feel5:
    - {code: 1, label: Very sad, face: feel-1}
    - {code: 2, label: Sad, face: feel-2}
    - {code: 3, label: OK, face: feel-3}
    - {code: 4, label: Happy, face: feel-4}
    - {code: 5, label: Very happy, face: feel-5}
assent:
  ask: Do you want to tell us about songs?
  lines: [{text: There are no wrong answers.}]
  yes: Yes, I will
  no: No, thank you
  declined: That is fine.
pages:
  - page: songs
    questions:
"""


class Lesson(Installation):
    """An installation with a class whose children have cards, and another class that comes in by its code alone."""

    cards: dict[int, str]
    code: str

    def _lay_out(self) -> str:
        from survey.audit import COMMAND_LINE, Act
        from survey.classroom.cards import make_cards
        from survey.classroom.members import WaveAndClass
        from survey.classroom.sessions import begin_session, session_by_id
        from survey.config import Settings
        from survey.database import open_engine, session, upgrade
        from survey.fieldwork import Membership, Participant, School, SchoolClass, study_by_code
        from survey.fieldwork.publishing import publish_folder

        (folder := self.folder / "study").mkdir()
        (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
        more = "kind: faces, ask: How is this song?, options: feel5"
        questions = "".join(f"      - {{question: {question}, {more}}}\n" for question in QUESTIONS)
        (folder / "songs.yaml").write_text(SONGS + questions, encoding="utf-8")
        settings = Settings.from_environment(self.environment)
        engine = open_engine(settings.database_url)
        upgrade(engine)
        publish_folder(engine, folder, datetime.now(UTC))
        places = []
        with session(engine) as db:
            study = study_by_code(db, "lesson")
            assert study is not None
            db.add(school := School(study=study, code="s1", title="Ash Primary", arm="programme"))
            for name in ("Robins", "Wrens"):
                db.add(there := SchoolClass(school=school, code=name.lower(), title=name))
                db.flush()
                places.append(WaveAndClass(study.id, study.waves[0].id, there.id))
            for number in range(1, 41):
                db.add(person := Participant(study_id=study.id, code=f"c{number:02}", audience="pupil", facts={}))
                db.flush()
                place = {"school_id": school.id, "school_class_id": places[number > 35].school_class_id}
                db.add(Membership(participant_id=person.id, wave_id=study.waves[0].id, facts={}, **place))
        act = Act(COMMAND_LINE, datetime.now(UTC))
        self.cards = {new.face.number: f"/j/{new.token}" for new in make_cards(engine, places[0], act)}
        begin_session(engine, places[0], "songs", settings.key("codes"), act)
        anyone = begin_session(engine, places[1], "songs", settings.key("codes"), act, with_cards=False)
        open_now = session_by_id(engine, anyone)
        assert open_now is not None
        self.code = open_now.code or ""
        engine.dispose()
        return ""

    @property
    def workers(self) -> list[int]:
        """The processes that answer requests: one is enough here, and starts sooner."""
        return super().workers * 2

    def start(self, command: list[str] | None = None) -> None:
        """Start the server with one process."""
        from bench.faults import SURVEY

        super().start(command or [*SURVEY, "serve", "--port", str(self.port), "--workers", "1", "--no-long-work"])

    def answered(self) -> list[Answered]:
        """Return what the database has of each response that was begun."""
        from sqlalchemy import text

        from survey.database import decode, open_engine, read

        engine, saves = open_engine(self.database), Counter[tuple[str, str]]()
        with read(engine) as connection:
            for row in connection.execute(text("SELECT response_id, screen FROM save")):
                saves[row.response_id, row.screen] += 1
            found = [
                Answered(row.id, row.state, dict(decode(row.answers)), {q: saves[row.id, q] for q in QUESTIONS})
                for row in connection.execute(text("SELECT id, state, answers FROM response"))
            ]
        engine.dispose()
        return found


@dataclass(frozen=True)
class Answered:
    """A response as the database has it. saves: how often each question was saved."""

    response: str
    state: str
    answers: dict[str, int]
    saves: dict[str, int]


class Wire:
    """A line between browsers and a server: `cut` it, or let it lose the replies to so many posts of answers."""

    def __init__(self, port: int) -> None:
        self.lose = 0
        self._to = port
        self._cut = False
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", free_port()), backlog=64)
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def cut(self) -> bool:
        """Whether nothing comes through."""
        return self._cut

    @cut.setter
    def cut(self, cut: bool) -> None:
        self._cut = cut
        for one in list(self._open) if cut else []:
            self._close(one)

    def _accept(self) -> None:
        while True:
            near, _ = self._listening.accept()
            try:
                far = None if self._cut else socket.create_connection(("127.0.0.1", self._to), 5)
            except OSError:
                far = None
            if far is None:
                near.close()
                continue
            pair = _Pair(near, far)
            self._open |= {near, far}
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(pair, *ends), daemon=True).start()

    def _carry(self, pair: _Pair, source: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if source is pair.near and data.startswith(b"POST /answers") and self.lose:
                    self.lose -= 1
                    pair.doomed = True
                if source is pair.far and pair.doomed:
                    break
                to.sendall(data)
        self._close(pair.near)
        self._close(pair.far)

    def _close(self, one: socket.socket) -> None:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
        self._open.discard(one)


@dataclass
class _Pair:
    near: socket.socket
    far: socket.socket
    doomed: bool = False


@dataclass
class Child:
    """A child, what they chose last for each question, and how often they went on from it."""

    number: int
    chosen: dict[str, int] = field(default_factory=dict)
    went_on: Counter[str] = field(default_factory=Counter)
    response: str = ""


KEPT = "async () => !!(await caches.match(`/q/${location.pathname.split('/').slice(2, 4).join('/')}/pages.json`))"
REFUSING = (
    "if (document.cookie.includes('refused=1'))"
    " Object.defineProperty(window, 'indexedDB', {value: {open() { throw new Error('refused') }}})"
)
CHOSEN = "(what) => document.querySelector(what).click()"
TAPS = "(times) => { const next = document.querySelector('.next'); for (let n = 0; n < times; n++) next.click() }"


@dataclass
class Tablet:
    """A tablet: its page, and the child who has it. Whatever it shows of a child before is in `seen`."""

    page: Page
    seen: list[str]
    child: Child = field(default_factory=lambda: Child(0))
    ready: bool = False

    @property
    def screen(self) -> str:
        """The name of the question, or `over` and the like."""
        parts = urlsplit(self.page.url).path.split("/")
        return parts[-1] if parts[1] == "q" else parts[1]

    def come_in(self, child: Child, address: str) -> None:
        """Open a card on this tablet, say yes where that is asked, and see that nothing of another child shows."""
        before, self.child = self.child, child
        self.page.goto(address)
        if self.screen == "welcome":
            self._look()
            self.page.evaluate(CHOSEN, "#assent-yes")
            self._press()
        self._look()
        memory = self.page.evaluate("JSON.parse(sessionStorage.sitting || '{}').answers || {}")
        # Of a child's earlier sitting the device is told which questions have an answer, and none of the answers.
        if before is not child and any(answer is not True for answer in memory.values()):
            self.seen.append(f"{before.number} -> {child.number}: {memory}")
        child.response = next(one["value"] for one in self.page.context.cookies() if one["name"] == "me").split(".")[1]
        if not self.ready:
            while not self.page.evaluate(KEPT):
                self.page.wait_for_timeout(50)
            self.ready = True

    def look_back(self, steps: int = 2) -> None:
        """Press Back: nothing that was chosen before shows."""
        here = self.page.url
        for _ in range(steps):
            self.page.go_back()
            self._look()
        self.page.goto(here)

    def _look(self) -> None:
        self.page.wait_for_load_state()
        if self.page.locator("main input:checked").count():
            self.seen.append(f"child {self.child.number} at {self.screen}")

    def _press(self, taps: int = 1) -> None:
        with self.page.expect_navigation(wait_until="load"):
            self.page.evaluate(TAPS, taps)

    def answer(self, taps: int = 1, value: int | None = None) -> None:
        """Choose a face and press Next, so many times at once; where that leads on, the answer was acknowledged."""
        question = self.screen
        value = value or (self.child.number + QUESTIONS.index(question) * 2) % 5 + 1
        self.page.evaluate(CHOSEN, f'main input[value="{value}"]')
        self._press(taps)
        self.child.chosen[question] = value
        self.child.went_on[question] += 1

    def to_the_end(self) -> None:
        """Answer what is left."""
        while self.screen in QUESTIONS:
            self.answer()

    def until_all_is_sent(self) -> None:
        """Wait for the last page, which comes once everything is in. The browser notices that there is a line."""
        with suppress(Error):  # it may be on its way already
            self.page.evaluate("dispatchEvent(new Event('online'))")
        self.page.wait_for_url("**/over/**", timeout=60_000)
        if any(self.child.response in one["value"] for one in self.page.context.cookies()):
            self.seen.append(f"the pass of child {self.child.number}, after the end")


@dataclass(frozen=True)
class Told:
    """What became of a lesson: answers that children saw acknowledged, how many are not in the log, or twice."""

    children: int
    finished: int
    acknowledged: int
    lost: int
    doubled: int
    wrong: list[str]
    seen: list[str]
    refused: int

    def __str__(self) -> str:
        return (
            f"  {self.children} children, {self.finished} responses finished, {self.acknowledged} acknowledged, "
            f"{self.lost} lost, {self.doubled} doubled, {self.refused} refused, {len(self.wrong)} wrong, "
            f"{len(self.seen)} seen by another child"
        )


def lesson(browser: Browser, folder: Path, cut: float) -> Told:
    """Let six tablets go from child to child, five to each. cut: seconds for which the line is cut in the middle.

    The last tablet refuses to store anything for its first child.
    """
    place = Lesson(folder)
    place.start()
    wire = Wire(place.port)
    seen: list[str] = []
    with ExitStack() as stack:
        stack.callback(place.kill)
        used = []
        for _ in range(TABLETS):
            address = f"http://127.0.0.1:{wire.port}"
            # A small window, as there is then less to paint; nothing here is about what fits.
            context = browser.new_context(viewport={"width": 512, "height": 345}, base_url=address)
            stack.callback(context.close)
            context.add_init_script(REFUSING)
            used.append(Tablet(context.new_page(), seen))
        going = _Going(place, wire, used, cut)
        for turn in going.turns:
            turn()
    return _told(place, going.children, seen)


@dataclass
class _Going:
    """A lesson that goes on: in each turn every tablet has another child, and something happens."""

    place: Lesson
    wire: Wire
    used: list[Tablet]
    cut: float
    children: list[Child] = field(default_factory=list)

    @property
    def turns(self) -> list[Callable[[], None]]:
        """What happens, turn by turn."""
        return [self.taps, self.line_cut, self.server_killed, self.swapped, self.one_code]

    def _next_child(self) -> Child:
        self.children.append(Child(len(self.children) + 1))
        return self.children[-1]

    def _next_turn(self) -> None:
        for tablet in self.used:
            child = self._next_child()
            tablet.come_in(child, self.place.cards[child.number])

    def _each(self, *do: Callable[[Tablet], None]) -> None:
        for one in do:
            for tablet in self.used:
                one(tablet)

    def taps(self) -> None:
        """Double and triple taps; and one tablet on which nothing can be stored."""
        last = self.used[-1]
        refused = {"name": "refused", "value": "1", "url": f"http://127.0.0.1:{self.wire.port}"}
        last.page.context.add_cookies([refused])  # type: ignore[list-item]
        last.ready = True
        self._next_turn()
        self._each(lambda tablet: tablet.answer(taps=3), lambda tablet: tablet.answer(taps=2))
        self._each(Tablet.to_the_end, Tablet.until_all_is_sent)
        last.page.context.clear_cookies(name="refused")
        last.ready = False

    def line_cut(self) -> None:
        """The line is cut in the middle; half of the children finish without it, the others once it is there again."""
        self._next_turn()
        self.used[0].look_back()
        self.used[-1].look_back()
        self._each(Tablet.answer)
        self.wire.cut = True
        started = time.monotonic()
        self._each(Tablet.answer)
        self.used[0].to_the_end()
        time.sleep(max(0.0, self.cut - (time.monotonic() - started)))
        for tablet in self.used[1 : TABLETS // 2]:
            tablet.answer()
        self.wire.cut = False
        self._each(Tablet.to_the_end, Tablet.until_all_is_sent)

    def server_killed(self) -> None:
        """The server is killed, some finish, it is started again; then replies are lost to what was kept."""
        self._next_turn()
        self._each(Tablet.answer)
        self.place.kill()
        self._each(Tablet.answer)
        for tablet in self.used[:2]:
            tablet.to_the_end()
        self.place.start()
        self.wire.lose = len(self.used)
        self._each(Tablet.to_the_end, Tablet.until_all_is_sent)

    def swapped(self) -> None:
        """Two tablets are swapped, and a third child's card is opened on another tablet as well."""
        self._next_turn()
        self._each(Tablet.answer)
        one, other, third, fourth = self.used[:4]
        _all_in(self.place, self.children)
        first, second = one.child, other.child
        one.come_in(second, self.place.cards[second.number])
        other.come_in(first, self.place.cards[first.number])
        for tablet in (one, other):
            tablet.look_back()
            if tablet.screen != QUESTIONS[1]:
                tablet.seen.append(f"child {tablet.child.number} goes on at {tablet.screen}")
        fourth.to_the_end()
        fourth.until_all_is_sent()
        left = third.screen
        fourth.come_in(third.child, self.place.cards[third.child.number])
        third.page.evaluate(CHOSEN, 'main input[value="1"]')
        third.page.evaluate(TAPS, 1)
        third.page.get_by_text("This survey is open on another screen").wait_for()
        third.child.went_on[left] += 1
        fourth.answer(value=5)
        self._each(Tablet.to_the_end)
        for tablet in (one, other, *self.used[3:]):
            tablet.until_all_is_sent()

    def one_code(self) -> None:
        """Two children come in by one code."""
        for at, tablet in enumerate(self.used):
            child = self._next_child()
            if at < 2:
                _by_code(tablet, child, self.place.code)
            else:
                tablet.come_in(child, self.place.cards[child.number])
        self._each(Tablet.to_the_end, Tablet.until_all_is_sent)


def _by_code(tablet: Tablet, child: Child, code: str) -> None:
    tablet.page.goto("/")
    tablet.page.get_by_label("Enter your code").fill(code)
    with tablet.page.expect_navigation(wait_until="load"):
        tablet.page.locator("main form button:not([name=leave][value=stop])").last.click()
    tablet.come_in(child, tablet.page.url)


def _all_in(place: Lesson, children: list[Child]) -> None:
    """Wait until everything that was acknowledged is in the database."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        known = {one.response: one.answers for one in place.answered()}
        if all(known.get(child.response) == child.chosen for child in children):
            return
        time.sleep(0.1)
    raise RuntimeError("answers do not arrive")


def _told(place: Lesson, children: list[Child], seen: list[str]) -> Told:
    there = {one.response: one for one in place.answered()}
    lost = doubled = 0
    wrong = []
    for child in children:
        found = there.pop(child.response, None)
        for question in QUESTIONS:
            more = (found.saves[question] if found else 0) - child.went_on[question]
            lost += max(0, -more)
            doubled += max(0, more)
        if found is None or found.answers != child.chosen or found.state != "finished":
            wrong.append(f"child {child.number}: {found} instead of {child.chosen}")
    wrong += [f"no child's: {one}" for one in there.values()]
    refused = (place.folder / "server.log").read_text().count("could not be kept")
    finished = len(children) - sum(line.startswith("child") for line in wrong)
    acknowledged = sum(sum(child.went_on.values()) for child in children)
    return Told(len(children), finished, acknowledged, lost, doubled, wrong, seen, refused)


def run(small: bool = False) -> Iterator[str]:
    """Yield what became of a lesson with six tablets and thirty children; small: with the line cut for a moment."""
    cut = SHORT_CUT if small else CUT
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser: Any = launched(playwright)
        started = time.monotonic()
        told = lesson(browser, Path(folder), cut)
        yield str(told)
        yield f"  in {time.monotonic() - started:.0f} s, the line cut for {cut:g} s of them"
        yield from (f"    {line}" for line in (*told.wrong, *told.seen))
        browser.close()
