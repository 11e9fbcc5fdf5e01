"""The respondents' pages, as a browser without scripts meets them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from survey.app import create_app
from survey.config import Settings
from survey.database import Engine, open_engine, session, upgrade
from survey.fieldwork import Participant, end_door, new_door, study_by_code
from survey.fieldwork.doors import LeadsTo, OwnTimes
from survey.fieldwork.publishing import publish_folder
from survey.responses import Record, stream
from survey.wording import day_in_words
from tests.pages.strict import look_at, words
from tests.pages.walker import OURS, Walker

pytestmark = pytest.mark.one_engine

STUDY = """
study: tiny
title: Tiny
arms: [{arm: programme, title: Programme}, {arm: comparison, title: Comparison}]
waves: [{wave: w1, title: Always, opens: 2020-01-01, closes: 2099-12-31}]
facts: [{fact: year, title: Year, kind: number, changes: yes}]
fieldwork:
  - {questionnaire: child, audience: pupil, waves: [w1]}
  - {questionnaire: adult, audience: parent, waves: [w1]}
retention: {delete_on: 2110-12-31}
access: {tables: [researcher], microdata: [researcher]}
"""
CHILD = """
questionnaire: child
version: 1
title: Music and me
audience: pupil
reader: {age: 8}
languages: [en]
thanks: Thank you for telling us.
free_text: {read: no, talk_to: Tell a grown-up you trust.}
assent:
  ask: Do you want to tell us about music?
  lines: [{text: There are no wrong answers., picture: star}]
  yes: Yes, I will
  no: No, thank you
  declined: That is fine.
options:
  like3:
    - {code: 1, label: Not at all, face: enjoy-1}
    - {code: 2, label: A bit, face: enjoy-3}
    - {code: 3, label: A lot, face: enjoy-5}
pages:
  - page: start
    questions:
      - {question: try_it, kind: practice, ask: Do you like parties?, options: like3}
  - page: music
    questions:
      - {question: sing, kind: faces, ask: Do you like singing?, options: like3}
      - {question: plays, kind: yes_no, ask: Do you play an instrument?}
      - {question: what, kind: short_text, ask: "What do you play?", when: {plays: yes}}
      - {question: hard, kind: faces, ask: "Is playing {what|it} fun?", options: like3, when: {plays: yes}}
      - {question: again, kind: faces, ask: Again?, options: like3, order: shuffled}
"""
ADULT = """
questionnaire: adult
version: 1
title: The concert
audience: parent
reader: {age: 16}
languages: [en, ur]
introduction: We ask about the concert.
data_use: Answers are kept for a year.
contact: Ask the school.
thanks: Thank you.
free_text: {read: no}
consent:
  ask: Do you want to take part?
  yes: Yes, I agree
  no: No, thank you
  declined: Thank you all the same.
options:
  agree:
    - {code: 1, label: Disagree}
    - {code: 2, label: Neither}
    - {code: 3, label: Agree}
pages:
  - page: came
    questions:
      - {question: came, kind: yes_no, ask: Did you come?, required: yes}
  - page: why
    when: {came: no}
    questions:
      - {question: reason, kind: long_text, ask: Why did you not come?}
  - page: views
    title: Your views
    questions:
      - grid: views
        kind: rating
        ask: How far do you agree?
        options: agree
        statements:
          - {question: proud, ask: I was proud., short: Proud}
          - {question: long_one, ask: It was long., short: Long}
      - {question: songs, kind: number, ask: How many songs did you know?, min: 0, max: 20, dont_know: yes}
"""
ADULT_UR = """
questionnaire: adult
language: ur
reviewed: no
title: محفل
introduction: ہم محفل کے بارے میں پوچھتے ہیں۔
data_use: جوابات ایک سال رکھے جاتے ہیں۔
contact: اسکول سے پوچھیں۔
thanks: شکریہ۔
consent: {ask: کیا آپ حصہ لینا چاہتے ہیں؟, yes: جی ہاں, no: جی نہیں, declined: پھر بھی شکریہ۔}
options: {agree: {1: غیر متفق, 2: نہ متفق نہ غیر متفق, 3: متفق}}
pages: {views: {title: آپ کے خیالات}}
grids: {views: {ask: آپ کس حد تک متفق ہیں؟}}
questions:
  came: {ask: کیا آپ آئے؟}
  reason: {ask: آپ کیوں نہیں آئے؟}
  proud: {ask: مجھے فخر تھا۔, short: فخر}
  long_one: {ask: یہ لمبا تھا۔, short: لمبا}
  songs: {ask: آپ کتنے گیت جانتے تھے؟}
"""


@dataclass
class Site:
    app: Flask
    engine: Engine
    settings: Settings
    study: int

    def walker(self) -> Walker:
        return Walker(self.app.test_client())

    def door(self, questionnaire: str, **more: Any) -> Any:
        with session(self.engine) as db:
            study = study_by_code(db, "tiny")
            assert study is not None
            person = None
            if code := more.pop("person", None):
                person = Participant(study=study, code=code, audience="pupil", facts={})
                db.add(person)
                db.flush()
            key = self.settings.key("codes")
            to, times = LeadsTo(person, more.pop("school", None)), OwnTimes(**more)
            return new_door(db, wave=study.waves[0], questionnaire=questionnaire, key=key, to=to, times=times)

    def link(self, questionnaire: str, **more: Any) -> str:
        return f"/j/{self.door(questionnaire, **more).token}"

    def records(self, questionnaire: str) -> list[Record]:
        return list(stream(self.engine, self.study, questionnaire))

    def answers(self, questionnaire: str) -> dict[str, Any]:
        (record,) = self.records(questionnaire)
        return dict(record.answers)


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """The tiny study, served from SQLite and then from PostgreSQL."""
    folder = tmp_path / "study"
    folder.mkdir()
    for name, text in (("study", STUDY), ("child", CHILD), ("adult", ADULT), ("adult.ur", ADULT_UR)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    settings = Settings.from_environment({"CHORUS_INSTANCE": str(tmp_path), "DATABASE_URL": database_url})
    engine = open_engine(settings.database_url)
    upgrade(engine)
    publish_folder(engine, folder, datetime.now(UTC))
    with session(engine) as db:
        study = study_by_code(db, "tiny")
        assert study is not None
    app = create_app(settings)
    yield Site(app, engine, settings, study.id)
    engine.dispose()
    app.extensions["chorus"].engine.dispose()


# ── the child ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.both_engines
def test_a_child_from_the_link_to_the_thanks(site: Site) -> None:
    child = site.walker().come_in(site.link("child"))
    assert child.screen == "try_it"
    child.post({"q_try_it": "3"})
    assert child.heading.endswith("Do you like singing?")
    child.post({"q_sing": "2"}).post({"q_plays": "1"}).post({"q_what": "Kora & drum"})
    assert "Is playing Kora & drum fun?" in child.heading
    child.post({"q_hard": "dk"}).post({"q_again": "3"})
    assert child.place == "over"
    assert "Thank you" in words(child.page)
    assert site.answers("child") == {
        "sing": 2,
        "plays": 1,
        "what": "Kora & drum",
        "hard": {"missing": "dont_know"},
        "again": 3,
    }
    (record,) = site.records("child")
    assert (record.state, record.assent) == ("finished", True)


def test_a_no_is_polite_and_keeps_nothing_else(site: Site) -> None:
    child = site.walker().come_in(site.link("child"), agree=False)
    assert child.place == "over"
    assert "That is fine." in words(child.page)
    (record,) = site.records("child")
    assert (record.state, record.assent, record.answers) == ("declined", False, {})


def test_next_without_an_answer_says_so_kindly_and_keeps_the_question(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    child.post({})
    assert child.reply.status_code == 200
    assert child.page.findtext("head/title", "").startswith("Error: ")
    assert "Pick a face, or pick “I don’t know”." in words(child.page)
    child.post({"q_sing": "1"})
    assert site.answers("child") == {"sing": 1}


def test_back_shows_the_answer_and_a_change_is_kept(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"}).post({"q_sing": "3"})
    child.open(child.link("Back"))
    assert child.screen == "sing"
    assert child.chosen().getlist("q_sing") == ["3"]
    child.post({"q_sing": "1"})
    assert child.screen == "plays"
    assert site.answers("child") == {"sing": 1}


def test_the_browsers_own_back_and_another_answer_is_a_change_too(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    first = child.address
    child.post({"q_sing": "3"}).post({"q_plays": "0"})
    child.post({"q_sing": "2"}, first)
    assert site.answers("child") == {"sing": 2, "plays": 0}


def test_changing_a_yes_to_a_no_leaves_out_what_hung_on_it(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"}).post({"q_sing": "3"})
    child.post({"q_plays": "1"}).post({"q_what": "Drum"})
    child.open(child.link("Back")).open(child.link("Back"))
    assert child.screen == "plays"
    child.post({"q_plays": "0"})
    assert child.screen == "again"


@pytest.mark.both_engines
def test_i_want_to_stop_rests_keeps_or_throws_away(site: Site) -> None:
    for choice, state, left in (("keep", "stopped", {"sing": 3}), ("throw", "withdrawn", {})):
        child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"}).post({"q_sing": "3"})
        child.leave("stop")
        child.post({"stop": "rest"})
        assert child.screen == "plays"
        child.leave("stop").post({"stop": "stop"}).post({"keep": choice})
        assert child.place == "over"
        newest = max(site.records("child"), key=lambda record: record.started_at)
        assert (newest.state, newest.answers) == (state, left)


def test_leave_and_go_on_at_the_first_open_question_on_another_device(site: Site) -> None:
    link = site.link("child", person="p1")
    first = site.walker().come_in(link).post({"q_try_it": "1"}).post({"q_sing": "3"})
    assert first.screen == "plays"
    second = site.walker().come_in(link)
    assert second.screen == "plays"
    second.open(second.link("Back"))
    assert second.screen == "sing"
    assert not second.chosen(), "another sitting's answers are not shown on a shared device"
    first.post({"q_plays": "1"})
    assert "another screen" in words(first.page)
    assert len(site.records("child")) == 1


def test_after_the_end_the_device_knows_nothing(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"}).post({"q_sing": "3"})
    last_question = child.address
    child.post({"q_plays": "0"}).post({"q_again": "1"})
    assert child.place == "over"
    assert child.client.get_cookie("me") is None
    assert child.open(last_question).place == ""
    assert not child.offered("q_plays")


# ── once, whatever is tapped twice ────────────────────────────────────────────────────────────────────────
@pytest.mark.both_engines
def test_the_same_post_three_times_is_one_save_and_leads_the_same_way(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    address = child.address
    ways = [child.client.post(address, data={"q_sing": "2"}, headers=OURS).headers["Location"] for _ in range(3)]
    assert len(set(ways)) == 1
    assert site.answers("child") == {"sing": 2}
    assert _saves(site) == 1


@pytest.mark.both_engines
def test_eight_taps_at_once_are_one_save(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    cookie = child.client.get_cookie("me")
    assert cookie is not None
    gate = threading.Barrier(8)

    def tap(_: int) -> int:
        client = site.app.test_client()
        client.set_cookie("me", cookie.value)
        gate.wait()
        return client.post(child.address, data={"q_sing": "2"}, headers=OURS).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tap, range(8))) == {303}
    assert _saves(site) == 1


@pytest.mark.both_engines
def test_starting_twice_is_one_start(site: Site) -> None:
    child = site.walker().open(site.link("child"))
    at_door = child.client.get_cookie("me")
    assert at_door is not None
    for _ in range(2):
        client = site.app.test_client()
        client.set_cookie("me", at_door.value)
        assert client.post("/welcome", data={"assent": "yes"}, headers=OURS).status_code == 303
    assert len(site.records("child")) == 1


def _saves(site: Site) -> int:
    from sqlalchemy import func, select

    from survey.responses.tables import save

    with site.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(save)) or 0


# ── the adult ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.both_engines
def test_an_adult_checks_changes_and_sends(site: Site) -> None:
    adult = site.walker().come_in(site.link("adult")).post({"q_came": "1"})
    assert adult.screen == "views"
    adult.post({"q_proud": "3", "q_songs": "4"})
    assert adult.place == "check"
    said = words(adult.page)
    assert "ProudAgree" in said
    assert "Not provided" in said
    adult.open(adult.link("Change Did you come?"))
    assert adult.chosen().getlist("q_came") == ["1"]
    adult.post({"q_came": "0"})
    assert adult.screen == "why", "a change that opens a question asks it"
    adult.post({"q_reason": "I was ill.\r\nSorry"})
    assert adult.screen in ("views", "check")
    if adult.screen == "views":
        adult.post(adult.chosen())
    adult.post({})
    assert adult.place == "over"
    assert site.answers("adult") == {
        "came": 0,
        "reason": "I was ill.\nSorry",
        "proud": 3,
        "long_one": {"missing": "blank"},
        "songs": 4,
    }


def test_every_fault_of_a_page_is_said_at_once_and_what_was_typed_stays(site: Site) -> None:
    adult = site.walker().come_in(site.link("adult")).post({"q_came": "1"})
    adult.post({"q_proud": "2", "q_songs": "many"})
    assert "There is a problem" in words(adult.page)
    assert "Write a number, such as 10." in words(adult.page)
    assert adult.chosen().to_dict() == {"q_proud": "2", "q_songs": "many"}
    assert site.answers("adult") == {"came": 1}


@pytest.mark.one_engine
def test_urdu_runs_from_right_to_left_and_speaks_urdu_in_errors_too(site: Site) -> None:
    adult = site.walker().open(site.link("adult")).leave("back ur", assent="yes")
    assert (adult.page.get("lang"), adult.page.get("dir")) == ("ur", "rtl")
    assert adult.chosen()["assent"] == "yes", "a tick that is not sent yet comes along"
    adult.post({"assent": "yes", "language": "ur"})
    assert adult.heading.endswith("کیا آپ آئے؟")
    adult.post({})
    assert "Pick" not in words(adult.page)
    adult.post({"q_came": "1"}).post({"q_proud": "3"})
    assert "متفق" in words(adult.page)
    adult.post({})
    (record,) = site.records("adult")
    assert (record.language, record.answers["proud"]) == ("ur", 3)


@pytest.mark.one_engine
def test_the_language_can_be_changed_on_the_way(site: Site) -> None:
    adult = site.walker().come_in(site.link("adult")).post({"q_came": "1"})
    adult.leave("back ur", q_proud="1", q_songs="not a number yet")
    assert (adult.page.get("lang"), adult.screen) == ("ur", "views")
    assert adult.chosen().to_dict() == {"q_proud": "1", "q_songs": "not a number yet"}, "nothing unsent is lost"
    assert site.answers("adult") == {"came": 1}, "nor kept before it is sent"
    adult.post({"q_proud": "1"}).post({})
    assert site.records("adult")[0].language == "ur"


@pytest.mark.one_engine
def test_aa_on_a_page_with_an_error_comes_back_to_what_was_typed(site: Site) -> None:
    """And so with its Back, in another language, and on a page that is made for this person."""
    adult = site.walker().come_in(site.link("adult")).post({"q_came": "0"})
    text = 'We were ill.\n"Both" of us.'
    adult.leave("look", q_reason=text)
    assert adult.heading == "Change how it looks"
    assert adult.leave("back").chosen().to_dict() == {"q_reason": text}
    adult.leave("look").leave("look ur", paper="dark", size="biggest", space="normal")
    assert (adult.page.get("lang"), adult.chosen()["paper"]) == ("ur", "dark"), "what was just chosen, too"
    adult.leave("use")
    assert (adult.page.get("class") or "").split() == ["theme-dark", "text-biggest"]
    assert adult.chosen().to_dict() == {"q_reason": text}
    assert "ill" not in adult.address
    assert site.answers("adult") == {"came": 0}
    adult.post(adult.chosen()).post({"q_proud": "2", "q_songs": "many"})
    assert adult.leave("look").leave("back").chosen().to_dict() == {"q_proud": "2", "q_songs": "many"}

    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"}).post({"q_sing": "1"})
    child.post({"q_plays": "1"}).post({"q_what": "Drums"})
    assert "Drums" in child.heading
    child.leave("look", q_hard="3").leave("use", size="bigger")
    assert ("Drums" in child.heading, child.chosen().to_dict()) == (True, {"q_hard": "3"})
    for wrong in ("elsewhere", "back xx", "look ../../en"):
        assert child.client.post(child.address, data={"leave": wrong}, headers=OURS).status_code == 400


@pytest.mark.one_engine
@pytest.mark.parametrize("checking", [False, True], ids=["on the way", "from the check page"])
def test_stop_and_go_back_loses_nothing_that_was_not_sent(site: Site, checking: bool) -> None:
    adult = adult_half_way(site, site.link("adult"), "We were away.")
    here = re.sub(r"/views.*", "/why?check=1" if checking else "/why?again=1", adult.address)
    adult.open(here)
    text = "We were ill.\nBoth of us."
    adult.leave("stop", q_reason=text)
    look_at(adult.reply)
    assert (adult.heading, "ill" in adult.address) == ("Do you want to stop?", False)
    assert adult.leave("rest").chosen().to_dict() == {"q_reason": text}
    # The page that asks has “Aa” and another language itself, and neither skips it.
    adult.leave("stop").leave("stop ur")
    assert adult.page.get("lang") == "ur"
    adult.leave("stop en").leave("look").leave("look ur").leave("look en").leave("use", paper="dark")
    look_at(adult.reply)
    assert (adult.heading, adult.page.get("class")) == ("Do you want to stop?", "theme-dark")
    assert adult.leave("look").leave("back").heading == "Do you want to stop?"
    assert adult.leave("rest").chosen().to_dict() == {"q_reason": text}
    assert site.answers("adult") == {"came": 0, "reason": "We were away."}, "no one pressed Continue"
    if checking:
        assert adult.post(adult.chosen()).screen == "views", "where a question is open still"
        return
    ends_at = next(e.get("formaction") for e in adult.leave("stop").page.iter("button") if e.get("name") == "stop")
    adult.post(MultiDict([*adult.chosen().items(multi=True), ("stop", "stop")]), ends_at)
    assert adult.heading == "What shall we do with your answers?"
    adult.post({"keep": "keep"})
    assert site.answers("adult") == {"came": 0, "reason": "We were away."}


@pytest.mark.one_engine
def test_a_child_s_tick_is_there_after_stop_and_go_back_without_a_script(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    child.leave("stop", q_sing="3")
    look_at(child.reply)
    assert child.leave("rest").chosen().to_dict() == {"q_sing": "3"}
    child.leave("stop").leave("look").leave("use", size="bigger")
    assert (child.heading, child.page.get("class")) == ("Do you want to stop?", "text-bigger")
    assert child.leave("rest").chosen().to_dict() == {"q_sing": "3"}
    assert site.answers("child") == {}
    untouched = site.walker().come_in(site.link("child"))
    first = untouched.address
    untouched.leave("stop")
    assert untouched.address == re.sub(r"\?.*", "/stop", first), "with nothing to lose it has an address"
    assert untouched.post({"stop": "rest"}).screen == "try_it"


# ── codes and links ───────────────────────────────────────────────────────────────────────────────────────
def test_a_typed_code_lets_in_whatever_its_case_and_spaces(site: Site) -> None:
    code = site.door("child").code
    child = site.walker().open("/")
    child.post({"code": f"  {code.upper().replace(' ', '-')} "})
    assert child.place == "welcome"


def test_a_page_says_why_someone_cannot_come_in(site: Site) -> None:
    ended, ended_for_one = site.door("child"), site.door("child", person="p6")
    used, gone = site.link("child", person="p2"), site.link("adult", person="p7")
    with session(site.engine) as db:
        for door in (ended, ended_for_one):
            end_door(db, db.merge(door.door), datetime.now(UTC))
    site.walker().come_in(used, agree=True).post({"q_try_it": "1"}).post({"q_sing": "1"}).post({"q_plays": "0"}).post(
        {"q_again": "1"}
    )
    stop_and_throw(site.walker().come_in(gone).post({"q_came": "1"}))
    day = timedelta(days=1)
    closed = site.link("child", closes_at=datetime(2021, 6, 18, 23, tzinfo=UTC))
    early = site.link("adult", opens_at=datetime(2099, 12, 6, tzinfo=UTC) + day)
    for address, heading in {
        f"/j/{ended.token}": "The school has ended this survey",
        f"/j/{ended_for_one.token}": "This link or code no longer works",
        used: "You have already finished this survey",
        gone: "There is nothing to answer here for you just now.",
        closed: "This survey closed on 18 June 2021",
        early: "This survey opens on 7 December 2099",
        "/j/" + "x" * 22: "There is no survey at this link",
    }.items():
        visitor = site.walker().open(address)
        look_at(visitor.reply)
        assert (visitor.reply.status_code, visitor.heading) == (404, heading)
        assert visitor.client.get_cookie("me") is None
    assert site.walker().open("/").post({"code": ended.code}).heading == "The school has ended this survey"


def test_links_that_never_existed_all_get_the_same_page(site: Site) -> None:
    addresses = ["/j/" + "x" * 22, "/j/x", "/j/" + "\u202e" * 40, "/j/" + site.door("child").token[:-1]]
    assert len({_without_cookie(site.walker().open(address)) for address in addresses}) == 1


@pytest.mark.one_engine
def test_a_closed_survey_says_so_in_its_own_language(site: Site) -> None:
    closed = site.link("adult", closes_at=datetime(2021, 6, 18, 23, tzinfo=UTC))
    adult = site.walker().open(closed)
    assert adult.heading == "This survey closed on 18 June 2021"
    adult.open(adult.link("اردو"))
    look_at(adult.reply)
    assert (adult.page.get("dir"), adult.heading) == ("rtl", "یہ سروے 18 جون، 2021 کو بند ہو گیا")
    assert "/?language=ur" in adult.reply.text


def _without_cookie(walker: Walker) -> tuple[int, str]:
    return walker.reply.status_code, walker.reply.text


@pytest.mark.one_engine
# ── what no page of ours sends ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "data",
    [
        {"q_sing": "9"},
        {"q_sing": "1 OR 1=1"},
        {"q_sing": ["1", "3"]},
        {"q_sing": "1", "q_plays": "1"},
        {"q_other": "1"},
        {"data": "x"},
        {"q_sing": "1", "state": "finished"},
    ],
    ids=str,
)
def test_a_tampered_post_gets_a_plain_page_and_changes_nothing(site: Site, data: Any) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    before = site.records("child")
    reply = child.client.post(child.address, data=data, headers=OURS)
    assert reply.status_code == 400
    look_at(reply)
    assert site.records("child") == before


@pytest.mark.one_engine
def test_an_enormous_post_is_refused_unread(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    reply = child.client.post(child.address, data={"q_sing": "1" * 2_000_000}, headers=OURS)
    assert reply.status_code == 413
    look_at(reply)
    assert site.answers("child") == {}


@pytest.mark.one_engine
@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "99999999999999999999", "١", ""])
def test_a_number_that_is_none_is_refused(site: Site, number: str) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    reply = child.client.post(re.sub(r"n=\d+", f"n={number}", child.address), data={"q_sing": "1"}, headers=OURS)
    assert reply.status_code == 400
    assert site.answers("child") == {}


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_another_sites_form_is_refused(site: Site, headers: dict[str, str]) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    reply = child.client.post(child.address, data={"q_sing": "1"}, headers=headers)
    assert reply.status_code == 403
    assert site.answers("child") == {}


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "change", [lambda v: v[:-8] + "00000000", lambda v: v.replace("p.", "p.x", 1), lambda v: "p..1..x", lambda v: ""]
)
def test_a_forged_pass_opens_nothing(site: Site, change: Callable[[str], str]) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    cookie = child.client.get_cookie("me")
    assert cookie is not None
    client = site.app.test_client()
    client.set_cookie("me", change(cookie.value))
    reply = client.post(child.address, data={"q_sing": "1"}, headers=OURS)
    assert reply.headers["Location"] == "/"
    assert site.answers("child") == {}


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "address",
    [
        "/q/xxxx/en/sing",
        "/q/%2e%2e/en/sing",
        "/j",
        "/nothing",
        "/q/a/b/c/d/e",
        "/static/../app.py",
        "/static/..%2fapp.py",
    ],
)
def test_addresses_that_are_none_get_a_plain_page(site: Site, address: str) -> None:
    child = site.walker().come_in(site.link("child"))
    reply = child.client.get(address)
    assert reply.status_code in (303, 404)
    if reply.status_code == 404:
        look_at(reply)


STRANGE = [
    "=)",
    "=1+1",
    "a\x0bb",
    "👩‍👩‍👧‍👦 family",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "\u202eright to left\u202c שלום",
    "  spaces kept  ",
    "x" * 1000,
]


@pytest.mark.one_engine
@pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
def test_strange_texts_are_kept_as_typed_and_shown_as_text(site: Site, text: str) -> None:
    adult = site.walker().come_in(site.link("adult")).post({"q_came": "0"})
    adult.post({"q_reason": text})
    assert site.answers("adult")["reason"] == text
    if "\x0b" in text:
        return  # HTML cannot hold it: a browser shows a picture of nothing, and the answer stays as it was
    adult.post({}).open(adult.link("Change Why did you not come?"))
    look_at(adult.reply)
    assert adult.chosen()["q_reason"] == text


@pytest.mark.both_engines
def test_forty_thousand_characters_are_kept(site: Site) -> None:
    adult = site.walker().come_in(site.link("adult")).post({"q_came": "0"})
    text = "é" * 40_000
    adult.post({"q_reason": text})
    assert site.answers("adult")["reason"] == text


# ── pages that are the same for everyone ─────────────────────────────────────────────────────────────────
def test_a_childs_question_page_holds_nothing_of_the_child(site: Site) -> None:
    """Two children get the same bytes for the same question: no name, no token, no answer, not even a number."""
    pages = []
    for _ in range(2):
        child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
        pages.append(child.reply.data)
        assert child.reply.headers["Cache-Control"] == "no-cache"
        assert (
            child.client.get(child.address, headers={"If-None-Match": child.reply.headers["ETag"]}).status_code == 304
        )
    assert pages[0] == pages[1]


@pytest.mark.one_engine
def test_pages_with_an_answer_are_never_kept(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"}).post({"q_sing": "2"})
    child.open(child.link("Back"))
    assert child.reply.headers["Cache-Control"] == "no-store"


@pytest.mark.one_engine
@pytest.mark.parametrize(("who", "readable"), [("child", True), ("adult", False)])
def test_one_cookie_that_says_nothing_and_ends_with_the_browser(site: Site, who: str, readable: bool) -> None:
    """Only a child's, while they answer, can be read by scripts: their device keeps answers while there is no network."""
    walker = site.walker().open(site.link(who))
    (at_door,) = walker.client._cookies.values()
    assert at_door.http_only
    (cookie,) = walker.come_in(site.link(who)).client._cookies.values()
    assert (cookie.key, cookie.http_only) == ("me", not readable)
    assert cookie.same_site == "Lax"
    assert cookie.expires is None
    walker.open("/")  # someone may want the device: it is asked whose turn it is
    (asked,) = walker.client._cookies.values()
    assert asked.http_only is not readable


@pytest.mark.one_engine
def test_aa_changes_how_pages_look_on_this_device_and_nothing_else(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    here = child.address
    child.open(re.sub(r"\?.*", "/look", here))
    child.post({"paper": "dark", "size": "bigger", "space": "more"})
    assert child.screen == "sing"
    assert (child.page.get("class") or "").split() == ["theme-dark", "text-bigger", "spaced"]
    child.post({"q_sing": "1"})
    assert "theme-dark" in (child.page.get("class") or "")
    assert site.answers("child") == {"sing": 1}


@pytest.mark.one_engine
# ── a shared device, two devices, second thoughts ─────────────────────────────────────────────────────────
def test_no_redirect_is_ever_kept(site: Site) -> None:
    """A browser that replays an old “go to the question” on Back leads the next child in a circle."""
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    for address in ("/", "/go", "/welcome", child.link("Back"), re.sub(r"\?.*", "", child.address)):
        reply = child.client.get(address)
        assert reply.status_code == 303, address
        assert reply.headers["Cache-Control"] == "no-store", address


def test_an_earlier_childs_last_page_does_not_take_the_next_childs_pass(site: Site) -> None:
    child = site.walker().come_in(site.link("child"), agree=False)
    last_page = child.address
    child.come_in(site.link("child")).post({"q_try_it": "1"})
    assert child.open(last_page).screen == "try_it"
    assert child.client.get_cookie("me") is not None


@pytest.mark.both_engines
def test_a_no_after_a_yes_counts_and_takes_the_answers_away(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"}).post({"q_sing": "1"})
    child.post({"assent": "no"}, "/welcome")
    assert "That is fine." in words(child.page)
    (record,) = site.records("child")
    assert (record.state, record.assent, record.answers) == ("declined", False, {})


@pytest.mark.both_engines
@pytest.mark.parametrize("choice", ["keep", "throw"])
def test_an_older_sitting_can_neither_end_nor_erase_a_newer_one(site: Site, choice: str) -> None:
    link = site.link("child", person="p3")
    old = site.walker().come_in(link).post({"q_try_it": "1"}).post({"q_sing": "1"})
    stop = re.sub(r"\?.*", "/stop", old.address)
    new = site.walker().come_in(link).post({"q_plays": "0"})
    old.post({"keep": choice}, stop)
    assert "another screen" in words(old.page)
    new.post({"q_again": "2"})
    assert new.place == "over"
    old.post({"keep": choice}, stop)
    (record,) = site.records("child")
    assert (record.state, record.answers) == ("finished", {"sing": 1, "plays": 0, "again": 2})


def test_nobody_is_told_that_thrown_away_answers_are_safe(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"}).post({"q_sing": "1"})
    stale, cookie = child.address, child.client.get_cookie("me")
    assert cookie is not None
    child.leave("stop").post({"stop": "stop"}).post({"keep": "throw"})
    child.client.set_cookie("me", cookie.value)
    child.post({"q_plays": "1"}, stale)
    assert child.place == "over"
    assert "deleted" in words(child.page)
    assert "safe" not in words(child.page)


def test_consent_belongs_to_the_text_that_was_read(site: Site, tmp_path: Path) -> None:
    adult = site.walker().open(site.link("adult"))
    read = adult.chosen()["version"]
    file = tmp_path / "study" / "adult.yaml"
    text = file.read_text(encoding="utf-8").replace("version: 1", "version: 2").replace("a year", "ten years")
    file.write_text(text, encoding="utf-8")
    publish_folder(site.engine, tmp_path / "study", datetime.now(UTC))
    adult.post({"assent": "yes", "language": "en", "version": read})
    assert adult.place == "welcome"
    assert not site.records("adult")
    adult.post({"assent": "yes", "language": "en", "version": adult.chosen()["version"]})
    assert adult.place == "q"


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "data", [{"assent": "1"}, {"assent": ["yes", "no"]}, {"assent": "yes", "x": "1"}, {"start": ["1", "1"]}], ids=str
)
def test_a_tampered_consent_is_no_consent(site: Site, data: Any) -> None:
    child = site.walker().open(site.link("child"))
    assert child.client.post("/welcome", data=data, headers=OURS).status_code == 400
    assert not site.records("child")


def test_a_used_link_leaves_no_pass_behind(site: Site) -> None:
    link = site.link("child", person="p4")
    child = site.walker().come_in(link).post({"q_try_it": "1"}).post({"q_sing": "1"})
    child.post({"q_plays": "0"}).post({"q_again": "1"})
    reply = site.app.test_client().get(link)
    assert reply.status_code == 404
    assert "Set-Cookie" not in reply.headers


@pytest.mark.both_engines
def test_a_door_that_closes_before_the_yes_says_so(site: Site) -> None:
    door = site.door("child")
    child = site.walker().open(f"/j/{door.token}")
    with session(site.engine) as db:
        end_door(db, db.merge(door.door), datetime.now(UTC))
    child.post({"assent": "yes"})
    assert child.heading == "The school has ended this survey"


@pytest.mark.one_engine
def test_a_number_far_ahead_is_refused_and_nothing_is_lost(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    ahead = child.address.replace("n=1", "n=9999")
    assert child.client.post(ahead, data={"q_sing": "1"}, headers=OURS).status_code == 400
    child.post({"q_sing": "2"})
    assert site.answers("child") == {"sing": 2}


@pytest.mark.one_engine
def test_a_post_in_chunks_is_refused_rather_than_cut(site: Site) -> None:
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"})
    reply = child.client.post(child.address, data={"q_sing": "1"}, headers=OURS | {"Transfer-Encoding": "chunked"})
    assert reply.status_code == 400
    assert site.answers("child") == {}


@pytest.mark.one_engine
def test_pages_outside_a_survey_speak_the_language_asked_for(site: Site) -> None:
    adult = site.walker().open(site.link("adult")).open("/welcome?language=ur")
    reply = adult.client.post("/welcome?language=ur", data={"assent": "maybe"}, headers=OURS)
    assert reply.status_code == 400
    assert look_at(reply).get("lang") == "ur"
    assert look_at(adult.client.post("/look?language=ur", data={"leave": "look"}, headers=OURS)).get("lang") == "ur"


@pytest.mark.one_engine
def test_an_adult_changes_the_language_of_every_page_and_stays_there(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = site.link("adult", person="p1")
    adult = adult_half_way(site, link)

    def turned(*places: str) -> None:
        """The page turns to Urdu and back, and is still itself."""
        before = adult.heading
        for words_, language in (("اردو", "ur"), ("English", "en-GB")):
            adult.open(adult.link(words_))
            look_at(adult.reply)
            assert adult.page.get("lang") == language, adult.address
        assert (adult.heading, adult.place) == (before, places[0])

    adult.leave("stop")
    turned("q")
    adult.post({"stop": "stop"})
    turned("q")
    adult.open("/go").post({"q_proud": "3", "q_long_one": "1", "q_songs": "4"})
    turned("check")
    assert site.records("adult")[0].language == "en"
    other = site.walker().open(link)
    assert "another screen" in words(adult.open("/go").page)
    turned("go")
    other.post({})
    adult, other = other, adult
    assert adult.place == "over"
    turned("over")
    closed = adult_half_way(site, site.link("adult"))
    monkeypatch.setattr("survey.pages.answer.going_on.now", lambda: datetime(2110, 1, 1, tzinfo=UTC))
    adult = closed.open("/go")
    turned("go")


def test_a_stale_tab_in_another_language_is_that_language(site: Site) -> None:
    adult = site.walker().come_in(site.link("adult"))
    english = adult.address
    adult.leave("back ur")
    adult.post({"q_came": "1"}, english)
    assert site.records("adult")[0].language == "en"


def test_looking_at_the_head_of_a_page_opens_no_second_sitting(site: Site) -> None:
    link = site.link("child", person="p5")
    child = site.walker().come_in(link).post({"q_try_it": "1"})
    other = site.app.test_client()
    other.head(link)
    other.head("/welcome")
    child.post({"q_sing": "1"})
    assert child.screen == "plays"


# ── a pass that was copied ────────────────────────────────────────────────────────────────────────────────
def adult_half_way(site: Site, link: str, reason: str = "We moved house") -> Walker:
    return site.walker().come_in(link).post({"q_came": "0"}).post({"q_reason": reason})


def copy_of(site: Site, walker: Walker) -> Walker:
    """Another browser with a copy of someone's pass, as it is now."""
    cookie = walker.client.get_cookie("me")
    assert cookie is not None
    copied = site.walker()
    copied.client.set_cookie("me", cookie.value)
    return copied


def everywhere_answers_are_shown(walker: Walker) -> list[str]:
    here = re.sub(r"/views.*", "", walker.address)
    version = here.split("/q/")[1]
    return [f"{here}/why?n=1&again=1", f"{here}/why?n=1&check=1", f"{here}/why", f"/check/{version}", "/go"]


def stop_and_keep(walker: Walker) -> None:
    stop = walker.address.split("?")[0] + "/stop"
    walker.post({"stop": "stop"}, stop).post({"keep": "keep"}, stop)


def stop_and_throw(walker: Walker) -> None:
    stop = walker.address.split("?")[0] + "/stop"
    walker.post({"stop": "stop"}, stop).post({"keep": "throw"}, stop)


def send(walker: Walker) -> None:
    walker.post({"q_proud": "3", "q_long_one": "1", "q_songs": "4"})
    assert walker.place == "check"
    walker.post({})


@pytest.mark.parametrize("end", [stop_and_keep, stop_and_throw, send])
def test_a_copied_pass_shows_no_answer_after_the_end(site: Site, end: Callable[[Walker], None]) -> None:
    parent = adult_half_way(site, site.link("adult"))
    copied, places = copy_of(site, parent), everywhere_answers_are_shown(parent)
    assert any("We moved house" in copied.open(place).reply.text for place in places), "it did while they were at it"
    copied = copy_of(site, parent)
    end(parent)
    assert parent.place == "over"
    for place in places:
        fresh = site.walker()
        fresh.client.set_cookie("me", copied.client.get_cookie("me").value)  # type: ignore[union-attr]
        fresh.open(place)
        assert "We moved house" not in fresh.reply.text, place
        assert fresh.place == "over", place


def test_a_pass_left_on_another_device_shows_nothing_of_what_was_answered_since(site: Site) -> None:
    link = site.link("adult", person="p1")
    left_behind = adult_half_way(site, link, "We were ill")
    at_home = site.walker().open(link)
    at_home.open(re.sub(r"/views.*", "/why?again=1", at_home.address)).post({"q_reason": "We moved house"})
    for place in everywhere_answers_are_shown(left_behind):
        left_behind.open(place)
        assert "We moved house" not in left_behind.reply.text, place
        assert "We were ill" not in left_behind.reply.text, place


@pytest.mark.parametrize(
    ("language", "this_year", "another"),
    [
        ("en", "7 December", "7 December 2027"),
        ("cy", "7 Rhagfyr", "7 Rhagfyr 2027"),
        ("pl", "7 grudnia", "7 grudnia 2027"),
        ("ur", "7 دسمبر", "7 دسمبر، 2027"),
        ("fr", "7 December", "7 December 2027"),
    ],
)
def test_days_are_said_as_people_say_them(language: str, this_year: str, another: str) -> None:
    said = [day_in_words(date(year, 12, 7), date(2026, 11, 29), language) for year in (2026, 2027)]
    assert said == [this_year, another]
