"""No answer is lost on bad wifi, none is kept twice, and no child sees the one before. In a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, Page
from sqlalchemy import select

from survey.app import create_app
from survey.classroom.sessions import go_on, pause
from survey.config import Settings
from survey.database import open_engine, read, session, upgrade
from survey.fieldwork import study_by_code
from survey.fieldwork.publishing import publish_folder
from survey.responses import load
from survey.responses.tables import response
from survey.responses.tables import save as log
from tests.browser import accessibility
from tests.browser.hand import press, tap
from tests.browser.line import Line
from tests.classroom.in_app import Class
from tests.pages.test_answering import CHILD, STUDY, Site

KEPT = "async () => !!(await caches.match(`/q/${location.pathname.split('/').slice(2, 4).join('/')}/pages.json`))"
WAITING = "async () => (await keeping.waiting()).length"
CHOSEN = "() => [...document.querySelectorAll('main input:checked')].map(box => box.value)"
SITTING = "JSON.parse(sessionStorage.sitting)"
TALK = "dispatchEvent(new Event('online'))"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A study with one conditional question, one that says again what was answered, and one in random order."""
    folder = tmp_path_factory.mktemp("offline")
    settings = Settings.from_environment({"CHORUS_INSTANCE": str(folder)})
    engine = open_engine(settings.database_url)
    upgrade(engine)
    (folder / "study").mkdir()
    children_only = STUDY.replace("  - {questionnaire: adult, audience: parent, waves: [w1]}\n", "")
    for name, text in (("study", children_only), ("child", CHILD)):
        (folder / "study" / f"{name}.yaml").write_text(text, encoding="utf-8")
    publish_folder(engine, folder / "study", datetime.now(UTC))
    with session(engine) as db:
        study = study_by_code(db, "tiny")
        assert study is not None
    yield Site(create_app(settings), engine, settings, study.id)
    engine.dispose()


@dataclass
class Tablet:
    """A child's device: its page, the line to the server, and the response it is about."""

    page: Page
    line: Line
    engine: Any
    response: str = ""

    def come_in(self, address: str, *, kept: bool = True) -> None:
        self.page.goto(address)
        if self.place == "welcome":
            self.page.locator("#assent-yes").check(force=True)
            self.next()
        self.response = self.cookie.split(".")[1]
        if kept:
            self.until(lambda: bool(self.ask(KEPT)), talk=False)

    @property
    def cookie(self) -> str:
        return next((one["value"] for one in self.page.context.cookies() if one["name"] == "me"), "")

    @property
    def place(self) -> str:
        return urlsplit(self.page.url).path.split("/")[1]

    @property
    def screen(self) -> str:
        return urlsplit(self.page.url).path.rpartition("/")[2]

    @property
    def words(self) -> str:
        return self.page.locator("main").inner_text()

    def ask(self, script: str) -> Any:
        """Ask the page something, once it has stopped leading elsewhere: what it is asked meanwhile is lost."""
        while True:
            try:
                self.page.wait_for_load_state()
                return self.page.evaluate(script)
            except Error as error:
                if "navigation" not in error.message:
                    raise

    @property
    def chosen(self) -> list[str]:
        found: list[str] = self.ask(CHOSEN)
        return found

    def next(self) -> None:
        press(self.page.locator("main form button:not([name=leave][value=stop])").last)

    def pick(self, value: str) -> None:
        self.page.locator(f'main input[value="{value}"]').check(force=True)
        self.next()

    def press(self, name: str) -> None:
        named = {"name": name, "exact": True}
        press(self.page.get_by_role("link", **named).or_(self.page.get_by_role("button", **named)))  # type: ignore[arg-type]

    def waiting(self) -> int:
        return int(self.ask(WAITING))

    def pill(self) -> None:
        self.page.locator("#waiting").wait_for(state="visible")
        assert "Saved here." in self.words

    def kept(self, response_id: str = "") -> dict[str, Any]:
        found = load(self.engine, response_id or self.response)
        assert found is not None
        return dict(found.answers)

    def state(self) -> str:
        found = load(self.engine, self.response)
        assert found is not None
        return found.state

    def logged(self) -> list[str]:
        query = select(log.c.screen).where(log.c.response_id == self.response).order_by(log.c.epoch, log.c.sequence)
        with read(self.engine) as connection:
            return list(connection.scalars(query))

    def until(self, true: Callable[[], bool], *, talk: bool = True) -> None:
        """Wait for what the device does by itself; `talk`: let the browser notice that the line is back."""
        end = time.monotonic() + 20
        while not true():
            assert time.monotonic() < end, "it did not happen"
            if talk:
                self.ask(TALK)
            self.page.wait_for_timeout(50)


def looked_at(page: Page) -> list[str]:
    """Every check on a page; that the line is cut stands on the console, too."""
    return [fault for fault in accessibility.every_check(page, 60) if "EMPTY_RESPONSE" not in fault]


@pytest.fixture
def line(tiny: Site) -> Line:
    return Line(tiny.app)


# A device that cannot reach the server tries again after two seconds, then four, and so on: here ten times as soon.
SOONER = """{
  const later = setTimeout;
  setTimeout = (what, time, ...more) => later(what, String(what) === '() => send()' ? time / 10 : time, ...more);
}"""


@pytest.fixture
def tablet(tiny: Site, line: Line, serve: Callable[[Any], str], new_page: Callable[..., Page]) -> Tablet:
    page = new_page(base_url=serve(line))
    page.context.add_init_script(SOONER)
    return Tablet(page, line, tiny.engine)


def test_a_line_that_is_cut_in_the_middle_loses_nothing(tiny: Site, tablet: Tablet) -> None:
    page, line = tablet.page, tablet.line
    tablet.come_in(tiny.link("child"))
    tablet.pick("1")
    tablet.pick("2")
    tablet.until(lambda: tablet.logged() == ["sing"])
    line.asked.clear()
    tablet.pick("0")
    tablet.until(lambda: tablet.waiting() == 0)
    assert set(line.asked) == {"POST /answers"}, "the next page costs nothing but the answer"
    tablet.press("Back")

    line.cut = True
    tablet.pick("1")
    assert tablet.screen == "what", "the rules lead on without the server"
    tablet.pill()
    page.get_by_role("textbox").fill("Kora & drum")
    tablet.next()
    assert "Is playing it fun?" in tablet.words, "the server cannot say again what was answered, so the neutral words"
    tablet.press("Back")
    assert page.get_by_role("textbox").input_value() == "Kora & drum"
    page.go_back()
    assert (tablet.screen, tablet.waiting()) == ("hard", 2)
    tablet.press("Change how it looks")
    assert "There is no internet just now" in tablet.words
    page.go_back()
    tap(page.locator("main form button:not([name=leave][value=stop])").last)
    page.locator("#held").wait_for(state="visible")
    assert "Pick one answer." in tablet.words
    assert looked_at(page) == []
    tablet.pick("dk")
    page.reload()
    tablet.pill()
    here = page.url
    assert "&o=" in here, "options in random order: the address says in which"
    page.close()
    page = tablet.page = page.context.new_page()
    page.goto(here)
    assert tablet.waiting() == 3
    assert tablet.logged() == ["sing", "plays"]

    line.cut = False
    tablet.until(lambda: len(tablet.logged()) == 5, talk=False)
    assert tablet.logged() == ["sing", "plays", "plays", "what", "hard"]
    known = {"sing": 2, "plays": 1, "what": "Kora & drum", "hard": {"missing": "dont_know"}}
    assert tablet.kept() == known
    tablet.until(lambda: tablet.waiting() == 0)
    page.locator("#waiting").wait_for(state="hidden")
    with read(tablet.engine) as connection:
        lay = dict(connection.execute(select(log.c.screen, log.c.layout)).all())
    assert (lay["sing"], lay["what"], lay["hard"]) == ("row", None, "row neutral")

    # The last answer, with no line: not done before all is in. Back shows nothing, and leads to no question.
    line.cut = True
    tablet.pick("3")
    assert tablet.place == "sent"
    assert "Nearly done!" in tablet.words
    page.get_by_text("They are safe here.").wait_for()
    assert "Answers waiting to be sent: 1. They are safe here." in tablet.words
    assert looked_at(page) == []
    page.go_back()
    page.wait_for_url("**/sent/**")
    assert tablet.ask(f"{SITTING}.answers") == {}
    line.cut = False
    line.busy, line.lost = 1, 2
    with page.expect_navigation(wait_until="load"):
        tablet.until(lambda: tablet.state() == "finished")
    page.wait_for_url("**/over/**")
    assert "All done. Thank you!" in tablet.words
    assert tablet.logged() == ["sing", "plays", "plays", "what", "hard", "again"]
    assert tablet.kept() == known | {"again": 3}
    assert page.context.cookies() == []
    assert tablet.ask("sessionStorage.length") == 0
    assert (line.busy, line.lost) == (0, 0)
    for _ in range(3):
        page.go_back()
        assert tablet.chosen == []


def test_answers_of_one_child_are_sent_while_the_next_one_has_the_tablet_and_sees_nothing(
    tiny: Site, tablet: Tablet
) -> None:
    page, line = tablet.page, tablet.line
    tablet.come_in(tiny.link("child", person="first"))
    tablet.pick("1")
    line.hold = "/answers"
    tablet.pick("3")
    tablet.pick("0")
    tablet.pill()
    first, orders = tablet.response, tablet.ask(f"{SITTING}.seed")
    urls = [page.url]
    page.goto("/")
    press(page.get_by_role("button", name="No, it’s my turn now"))
    tablet.come_in(tiny.link("child", person="second"))
    assert tablet.waiting() == 2
    assert tablet.kept(first) == {}
    assert tablet.ask(f"{SITTING}.answers") == {}
    for _ in range(4):
        page.go_back()
        assert tablet.chosen == []
    # The page may be on its way to this child's order of options before it has quite come.
    with suppress(Error):
        page.goto(urls[0])
    page.wait_for_load_state()
    assert tablet.chosen == []
    if tablet.ask(f"{SITTING}.seed") != orders:
        tablet.until(lambda: not tablet.ask("location.search").endswith(f"o={orders}"))
    line.hold = ""
    tablet.until(lambda: tablet.kept(first) == {"sing": 3, "plays": 0})
    page.goto("/go")
    tablet.pick("2")
    tablet.pick("1")
    tablet.until(lambda: tablet.kept() == {"sing": 1, "plays": 0} or tablet.waiting() == 0)
    assert tablet.kept(first) == {"sing": 3, "plays": 0}
    # What has waited for a week is deleted.
    line.cut = True
    before = tablet.waiting()
    page.evaluate("keeping.put({r: 'x', e: 1, w: 'y'}, [{screen: 's', form: '', at: Date.now() - 8 * 864e5}], 0)")
    assert tablet.waiting() == before


def test_back_shows_this_sittings_answers_until_it_is_idle_or_someone_else_may_be_there(
    tiny: Site, tablet: Tablet
) -> None:
    page = tablet.page
    page.goto("/")
    page.evaluate("async () => { for (const old of 'abcd') await caches.open(`pupil ${old} en`) }")
    tablet.come_in(tiny.link("child"))
    tablet.pick("1")
    tablet.pick("2")
    tablet.pick("0")
    assert tablet.screen == "again"
    caches = f"pupil {urlsplit(page.url).path.split('/')[2]} en"
    tablet.until(lambda: tablet.ask("caches.keys()") == ["pupil b en", "pupil c en", "pupil d en", caches])
    page.go_back()
    assert (tablet.screen, tablet.chosen) == ("plays", ["0"])
    page.go_back()
    assert (tablet.screen, tablet.chosen) == ("sing", ["2"])
    page.reload()
    assert tablet.chosen == ["2"]
    tablet.pick("3")
    assert (tablet.screen, tablet.chosen) == ("plays", ["0"])
    tablet.press("Back")
    assert (tablet.screen, tablet.chosen) == ("sing", ["3"])
    page.evaluate(
        "() => { const one = JSON.parse(sessionStorage.sitting); one.at -= 21 * 6e4; sessionStorage.sitting = JSON.stringify(one) }"
    )
    page.reload()
    assert tablet.chosen == []
    tablet.pick("2")
    page.goto("/")
    tap(page.get_by_role("button", name="Yes, go on"))
    page.wait_for_url("**/again?**")
    for _ in range(4):
        page.go_back()
        assert tablet.chosen == [], "a yes is no proof"
    tablet.until(lambda: tablet.kept() == {"sing": 2, "plays": 0})


def test_three_taps_are_one_answer_and_refused_storage_is_a_plain_post(tiny: Site, tablet: Tablet) -> None:
    page = tablet.page
    page.add_init_script(
        "if (document.cookie.includes('private=1'))"
        " Object.defineProperty(window, 'indexedDB', {value: {open() { throw new Error('refused') }}})"
    )
    tablet.come_in(tiny.link("child"))
    tablet.pick("1")
    page.locator('main input[value="2"]').check(force=True)
    with page.expect_navigation(wait_until="load"):
        page.evaluate(
            "() => { const next = document.querySelector('.next'); next.click(); next.click(); next.click() }"
        )
    assert tablet.screen == "plays"
    tablet.until(lambda: tablet.waiting() == 0)
    assert tablet.logged() == ["sing"]
    page.evaluate("document.cookie = 'private=1'")
    page.reload()
    tablet.pick("1")
    assert tablet.screen == "what"
    assert tablet.line.asked[f"POST {urlsplit(page.url).path.replace('what', 'plays')}"] == 1
    page.evaluate("document.cookie = 'private=1; max-age=0'")
    page.reload()
    page.get_by_role("textbox").fill("Harp")
    tablet.next()
    assert "Is playing Harp fun?" in tablet.words, "made by the server, which has the answer by then"
    tablet.pick("skip")
    tablet.pick("1")
    page.wait_for_url("**/over/**")
    assert tablet.logged() == ["sing", "plays", "what", "hard", "again"]
    assert tablet.kept() == {"sing": 2, "plays": 1, "what": "Harp", "hard": {"missing": "rather_not"}, "again": 1}


def test_stopping_without_a_line_keeps_or_deletes_as_the_child_says(tiny: Site, tablet: Tablet) -> None:
    page, line = tablet.page, tablet.line
    for keep, button in (("keep", "Keep my answers"), ("throw", "Throw my answers away")):
        tablet.come_in(tiny.link("child"))
        tablet.pick("1")
        tablet.pick("2")
        line.cut = True
        tablet.pick("1")
        tablet.press("I want to stop")
        tap(page.get_by_role("button", name="Go back to my question"))
        page.wait_for_url("**/what?**")
        tablet.press("I want to stop")
        press(page.get_by_role("button", name="Stop now"))
        tap(page.get_by_role("button", name=button))
        page.wait_for_url("**/sent/**")
        line.cut = False
        with page.expect_navigation(url="**/over/**", wait_until="load"):
            tablet.until(lambda: tablet.state() != "started")
        assert "Give the device to the next person." in tablet.words
        expected = ("stopped", {"sing": 2, "plays": 1}) if keep == "keep" else ("withdrawn", {})
        assert (tablet.state(), tablet.kept()) == expected


def test_in_a_class_what_waits_survives_a_pause_and_a_second_device(
    serve: Callable[[Any], str], new_page: Callable[..., Page], tmp_path: Path
) -> None:
    robins = Class(tmp_path)
    line = Line(robins.app)
    site = serve(line)
    first = Tablet(new_page(base_url=site), line, robins.engine)
    first.come_in(f"/j/{robins.cards[1].token}")
    line.cut = True
    first.pick("4")
    first.pill()
    pause(robins.engine, robins.id, robins.act)
    line.cut = False
    first.until(lambda: first.kept() == {"sing_enjoy": 4})
    first.press("Back")
    assert first.chosen == ["4"], "what a child is choosing is not taken from under their finger"
    first.pick("5")
    assert "Please wait for your teacher" in first.words
    assert first.kept() == {"sing_enjoy": 5}
    go_on(robins.engine, robins.id, robins.act)
    first.press("Try again")
    assert first.screen == "play_enjoy"

    second = Tablet(new_page(base_url=site), line, robins.engine)
    second.come_in(f"/j/{robins.cards[1].token}")
    assert (second.screen, second.response) == ("play_enjoy", first.response)
    first.page.locator('main input[value="2"]').check(force=True)
    tap(first.page.locator("main form button:not([name=leave][value=stop])").last)
    first.page.get_by_text("This survey is open on another screen").wait_for()
    assert second.state() == "started"
    second.pick("1")
    second.page.wait_for_url("**/over/**")
    assert (second.state(), second.kept()) == ("finished", {"sing_enjoy": 5, "play_enjoy": 1})
    with read(robins.engine) as connection:
        assert connection.scalar(select(response.c.epoch).where(response.c.id == first.response)) == 2
