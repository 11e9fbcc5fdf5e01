"""The receipt of an adult: wherever answers are kept, there again on reload, to save and to e-mail to oneself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from survey.audit import COMMAND_LINE, Act
from survey.database import session
from survey.fieldwork import study_by_code
from survey.fieldwork.links import OpenLinkOrder, open_link
from survey.fieldwork.performances import NewPerformance, add_performance
from tests.filled import keep_school
from tests.pages import test_answering
from tests.pages.strict import look_at, words
from tests.pages.test_answering import Site, adult_half_way, copy_of, send, stop_and_keep
from tests.pages.walker import OURS, Walker

pytestmark = pytest.mark.one_engine

site = test_answering.site
"""A fixture: the tiny study, served."""

LATER = datetime.now(UTC) + timedelta(hours=2)
ISOLATES = {0x2068: None, 0x2069: None}
AFTER_THE_WAVE = datetime(2110, 1, 1, tzinfo=UTC)


def receipt_on(walker: Walker) -> str | None:
    found = re.search(r"(?:(?:[bdfgjklmnprstvwz][aeiou]){2} ){3}(?:[bdfgjklmnprstvwz][aeiou]){2}", words(walker.page))
    return found.group() if found else None


def time_is_over(walker: Walker) -> None:
    """Someone in the middle when the wave has ended: they go on, and are told so."""
    with pytest.MonkeyPatch.context() as later:
        later.setattr("survey.pages.answer.going_on.now", lambda: AFTER_THE_WAVE)
        walker.open("/go")


@pytest.mark.parametrize("end", [send, stop_and_keep, time_is_over])
def test_there_is_a_receipt_wherever_answers_are_kept(site: Site, end: Callable[[Walker], None]) -> None:
    parent = adult_half_way(site, site.link("adult"))
    end(parent)
    look_at(parent.reply)
    receipt = receipt_on(parent)
    assert receipt is not None
    if end is not time_is_over:
        assert receipt_on(parent.open(parent.address)) == receipt, "it is there still on reload"
    email = urlsplit(parent.link("E-mail it to yourself"))
    said = parse_qs(email.query)
    assert (email.scheme, email.path, said["subject"]) == ("mailto", "", ["Your receipt: The concert"])
    withdraw = f"{site.settings.base_url}/withdraw"
    assert receipt in said["body"][0].split("\r\n")
    assert withdraw in said["body"][0].split("\r\n")
    if end is not time_is_over:
        parent.open(parent.link("Save the receipt"))
        assert parent.reply.headers["Content-Disposition"].startswith("attachment")
        assert parent.reply.data.decode("utf-8-sig") == said["body"][0]
    assert "moved" not in said["body"][0], "it holds no answer"
    assert site.walker().open("/withdraw").post({"receipt": receipt, "language": "en"}).reply.status_code == 200


@pytest.mark.one_engine
def test_pages_outside_a_survey_change_their_language_with_what_is_typed_and_ticked(site: Site) -> None:
    parent = adult_half_way(site, site.link("adult"))
    send(parent)
    typed = receipt_on(parent) or ""
    code = site.walker().open("/").leave("back pl", code="ravo kimu")
    assert (code.page.get("lang"), code.chosen()["code"]) == ("pl", "ravo kimu")
    parent.open("/withdraw").leave("back cy", receipt=typed)
    assert (parent.page.get("lang"), parent.chosen()["receipt"]) == ("cy", typed)
    parent.post(parent.chosen()).leave("back ur", own="wave")
    look_at(parent.reply)
    assert (parent.page.get("lang"), parent.chosen()["own"], parent.chosen()["receipt"]) == ("ur", "wave", typed)
    parent.post(parent.chosen(), "/withdraw/check").leave("look").leave("look en").leave("use", paper="dark")
    look_at(parent.reply)
    assert (parent.heading, parent.page.get("class")) == ("Is this right?", "theme-dark")
    parent.post(parent.chosen(), "/withdraw/do")
    assert parent.heading == "It is done"
    assert site.records("adult")[0].answers == {}


@pytest.mark.one_engine
def test_no_receipt_is_shown_the_next_day_to_a_child_or_by_a_link_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = site.link("adult", person="p1")
    parent = adult_half_way(site, link)
    copied = copy_of(site, parent)
    send(parent)
    assert receipt_on(copied.open("/go")) is not None, "the page may have got lost on the way"
    assert receipt_on(parent.open(link)) is not None, "on the same device one's own link shows it again"
    elsewhere = site.walker().open(link)
    assert (elsewhere.heading, receipt_on(elsewhere)) == ("This survey has already been answered", None)
    child = site.walker().come_in(site.link("child")).post({"q_try_it": "1"}).post({"q_sing": "3"})
    stop_and_keep(child)
    assert receipt_on(child) is None
    monkeypatch.setattr("survey.pages.answer.ending.now", lambda: LATER)
    assert receipt_on(copied.open("/go")) is None
    assert copied.open("/receipt?language=en").heading == "This receipt can no longer be shown"
    assert copied.client.get_cookie("me") is None


# ── a personal link that was forwarded ────────────────────────────────────────────────────────────────────
@pytest.mark.both_engines
def test_a_forwarded_link_goes_on_and_shows_nothing_of_what_was_answered(site: Site) -> None:
    link = site.link("adult", person="p1")
    adult_half_way(site, link)
    other = site.walker().open(link)
    assert other.screen == "views", "it goes on at the first open question"
    other.open(other.link("Back"))
    assert other.screen == "why"
    assert "Answered before, on another device. Leave this empty to keep that answer." in words(other.page)
    assert "moved" not in other.reply.text
    other.post({"q_reason": " "})
    other.open(re.sub(r"/views.*", "/came?check=1", other.address))
    assert not other.chosen().getlist("q_came")
    other.post({}).post({"q_proud": "3", "q_songs": "4"})
    assert other.place == "check", "a required question that is left empty keeps its answer"
    rows = words(other.page)
    assert rows.count("Answered before, on another device") == 2
    assert "moved" not in rows
    other.post({})
    assert site.answers("adult")["reason"] == "We moved house"
    assert site.answers("adult")["came"] == 0
    assert site.walker().open(link).heading == "This survey has already been answered"


def test_the_same_device_shows_its_own_answers_after_a_stop(site: Site) -> None:
    link = site.link("adult", person="p1")
    parent = adult_half_way(site, link)
    stop_and_keep(parent)
    parent.open(link)
    parent.open(parent.link("Back"))
    assert parent.chosen().getlist("q_reason") == ["We moved house"]
    other = site.walker().open(link)
    other.open(other.link("Back")).post({"q_reason": "I am someone else"})
    for page in ("/why?n=1&again=1", "/came?n=1&again=1"):
        parent.open(link).open(re.sub(r"/views.*", page, parent.address))
        assert "someone else" not in parent.reply.text


def test_a_parent_who_stopped_by_mistake_scans_again_and_goes_on(site: Site) -> None:
    link = site.link("adult")
    parent = adult_half_way(site, link)
    stop_and_keep(parent)
    receipt = receipt_on(parent)
    parent.open(link)
    assert (parent.heading, receipt_on(parent)) == ("Do you want to go on?", receipt)
    before = parent.client.get_cookie("me")
    assert before is not None
    parent.client.post("/turn", data={"turn": "same"}, headers=OURS)
    parent.client.set_cookie("me", before.value)  # a second tap, before the first one's reply
    parent.post({"turn": "same"})
    assert parent.screen == "views"
    parent.open(parent.link("Back"))
    assert parent.chosen().getlist("q_reason") == ["We moved house"], "this device gave that answer"
    send(parent.open("/go"))
    assert receipt_on(parent) == receipt
    (record,) = site.records("adult")
    assert (record.state, record.epoch) == ("finished", 2)


# ── the concert ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.one_engine
def test_a_parent_is_told_which_concert_it_is_and_thanked_for_that_one(site: Site) -> None:
    act, day = Act(COMMAND_LINE, datetime.now(UTC)), date(2030, 12, 10)
    with session(site.engine) as db:
        study = study_by_code(db, "tiny")
        assert study is not None
        keep_school(db, study, "s1", title="Ash Primary", arm="programme")
    add_performance(site.engine, "tiny", NewPerformance("winter", "Songs of the Sea", day, "w1", ["s1"]), act)
    made = open_link(site.engine, site.settings, OpenLinkOrder("tiny", "adult", "w1", None, "winter"), act)
    parent = site.walker().open(urlsplit(made.address).path)
    assert "Songs of the SeaAsh Primary · 10 December 2030" in words(parent.page)
    parent.post({"assent": "yes"})
    assert parent.screen == "came", "a tick and a tap after the scan"
    parent.post({"q_came": "1"})
    again = Walker(parent.client).open(urlsplit(made.address).path)
    assert "Songs of the SeaAsh Primary" in words(again.page)
    send(again.post({"turn": "same"}))
    look_at(again.reply)
    assert "It was good to hear how you found “Songs of the Sea”. Your answers have been sent." in words(
        again.page
    ).translate(ISOLATES)
    again.open(again.link("Save the receipt"))
    assert "Songs of the Sea\r\nAsh Primary\r\n" in again.reply.data.decode("utf-8-sig")
