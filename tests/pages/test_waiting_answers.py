"""Answers that waited on a device: what the server keeps of them, once each, and what it says to the device."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from survey.database import read, write
from survey.responses import load
from survey.responses.tables import response
from survey.responses.tables import save as log
from tests.pages.test_answering import Site, site
from tests.pages.walker import OURS, Walker

__all__ = ["site"]

THREE = {"sing": "q_sing=2&listened=2", "plays": "q_plays=1", "what": "q_what=Kora+%26+drum"}


@dataclass
class Device:
    """A child's device: the pass that its scripts read, and what they send."""

    site: Site
    walker: Walker
    last: int = 0
    count: int = 0
    rest: tuple[str, ...] = field(default=())

    @classmethod
    def at(cls, site: Site, link: str) -> Device:
        walker = site.walker().come_in(link)
        cookie = walker.client.get_cookie("me")
        assert cookie is not None
        kind, *rest = cookie.value.partition("~")[0].split(".")
        assert kind == "p"
        return cls(site, walker, rest=tuple(rest))

    @property
    def sitting(self) -> dict[str, Any]:
        return {"r": self.rest[0], "e": int(self.rest[1]), "w": self.rest[4]}

    def event(self, screen: str, form: str, **more: Any) -> dict[str, Any]:
        self.last += 1000
        self.count += not screen.startswith("_")
        return {"s": self.last, "screen": screen, "form": form, "ms": 900, "at": 1_780_000_000_000, "lay": "row"} | more

    def send(self, *events: dict[str, Any], client: Any = None, **more: Any) -> TestResponse:
        body = {**self.sitting, "count": self.count, "events": events} | more
        reply: TestResponse = (client or self.walker.client).post("/answers", json=body, headers=OURS)
        return reply

    def said(self, *events: dict[str, Any], **more: Any) -> Any:
        reply = self.send(*events, **more)
        assert reply.status_code == 200
        assert reply.headers["Cache-Control"] == "no-store"
        return reply.json

    @property
    def answers(self) -> dict[str, Any]:
        kept = load(self.site.engine, self.rest[0])
        assert kept is not None
        return dict(kept.answers)

    @property
    def state(self) -> str:
        kept = load(self.site.engine, self.rest[0])
        assert kept is not None
        return kept.state

    def logged(self) -> list[tuple[int, str]]:
        query = select(log.c.sequence, log.c.screen).where(log.c.response_id == self.rest[0]).order_by(log.c.sequence)
        with read(self.site.engine) as connection:
            return [tuple(row) for row in connection.execute(query)]


@pytest.fixture
def device(site: Site) -> Device:
    return Device.at(site, site.link("child"))


def test_answers_are_kept_once_however_often_they_come_and_finished_when_all_are_in(device: Device) -> None:
    sent = [device.event(screen, form) for screen, form in THREE.items()]
    assert device.said(*sent[:2]) == {"acked": [1000, 2000], "refused": [], "lead": None}
    # The reply was lost, so all of it comes again, the new one too; and the oldest once more, late.
    assert device.said(*sent)["acked"] == [1000, 2000, 3000]
    assert device.said(sent[0])["acked"] == [1000]
    assert device.answers == {"sing": 2, "plays": 1, "what": "Kora & drum"}
    assert device.logged() == [(1000, "sing"), (2000, "plays"), (3000, "what")]

    changed = device.event("plays", "q_plays=0")
    last = device.event("again", "q_again=3")
    end = device.event("_finish", "")
    assert device.said(changed, end)["acked"] == [4000], "an answer is still missing, so the end has to wait"
    assert device.state == "started"
    assert device.said(last, end) == {"acked": [5000, 6000], "refused": [], "lead": "/go"}
    assert (device.state, device.answers["plays"]) == ("finished", 0)
    assert device.said(end)["acked"] == [6000]
    with read(device.site.engine) as connection:
        row = connection.execute(select(log.c.ms, log.c.layout, log.c.device_at).limit(1)).one()
    assert load(device.site.engine, device.rest[0]).listened == {"sing": 2}  # type: ignore[union-attr]
    assert row == (900, "row", datetime.fromtimestamp(1_780_000_000, UTC))


def test_how_many_answers_still_wait_on_the_device_is_known_from_what_it_says(device: Device) -> None:
    def waiting() -> int:
        kept = load(device.site.engine, device.rest[0])
        assert kept is not None
        return kept.waiting

    sent = [device.event(screen, form) for screen, form in THREE.items()]
    device.said(sent[0])
    assert waiting() == 2, "three are kept there, and the line was cut after the first"
    device.said(sent[0])
    assert waiting() == 2
    device.said(*sent[1:])
    assert waiting() == 0
    device.said(device.event("again", "q_again=77"), device.event("_stop", "keep=perhaps"))
    assert waiting() == 0, "what can never be taken does not wait"


@pytest.mark.one_engine
def test_what_can_never_be_kept_is_acknowledged_and_named_in_the_log_without_its_content(
    device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    bad = [
        device.event("sing", "q_sing=77"),
        device.event("sing", "q_sing=1&q_sing=2"),
        device.event("sing", "q_secret=1"),
        device.event("nowhere", "q_sing=1"),
        device.event("what", "q_what=" + "x" * 200),
        device.event("try_it", "q_try_it=1"),
        device.event("_stop", "keep=perhaps"),
    ]
    good = device.event("sing", "q_sing=1")
    with caplog.at_level(logging.WARNING, "survey"):
        said = device.said(*bad, good)
    assert (said["acked"], said["refused"]) == ([e["s"] for e in [*bad, good]], [e["s"] for e in bad])
    assert device.answers == {"sing": 1}
    assert "7 of 8 answers that waited on a device could not be kept" in caplog.text
    assert "77" not in caplog.text.replace("7 of 8", "")
    assert "xxx" not in caplog.text


@pytest.mark.one_engine
def test_a_sittings_token_opens_that_sitting_alone_and_reads_nothing(site: Site, device: Device) -> None:
    other = Device.at(site, site.link("child"))
    stranger = site.app.test_client()
    one = device.event("sing", "q_sing=3")
    for forged in ({"w": "0" * 32}, {"e": 2}, {"r": other.rest[0]}, {"w": other.rest[4]}, {"w": ""}, {"w": "é"}):
        reply = device.send(one, client=stranger, **forged)
        assert (reply.status_code, reply.json) == (403, {"gone": True})
    assert device.answers == other.answers == {}
    assert device.said(one, client=stranger) == {"acked": [1000], "refused": [], "lead": None}
    assert device.answers == {"sing": 3}, "another child may have the device, or no one"
    for path in ("mine.json", "sing?n=1&again=1"):
        assert stranger.get(f"/q/{device.rest[2]}/en/{path}").status_code in (303, 404)
    foreign = stranger.post("/answers", json=device.sitting | {"events": []}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert foreign.json is None, "only words of our own let a device forget anything"


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "body",
    [
        [],
        {"events": []},
        {"r": 1, "e": 1, "w": "x", "events": []},
        {"r": "x", "e": True, "w": "x", "events": []},
        {"r": "x", "e": 10**9, "w": "x", "events": []},
        {"r": "x", "e": 1, "w": "x", "events": [1]},
        {"r": "x", "e": 1, "w": "x", "events": [{"s": 1001, "screen": "sing", "form": ""}]},
        {"r": "x", "e": 1, "w": "x", "events": [{"s": 1000, "screen": 1, "form": ""}]},
        {"r": "x", "e": 1, "w": "x", "events": [{"s": 1000, "screen": "sing", "form": ""}] * 51},
    ],
    ids=str,
)
def test_what_no_script_of_ours_sends_is_a_bad_request(device: Device, body: Any) -> None:
    assert device.walker.client.post("/answers", json=body, headers=OURS).status_code == 400
    deep = device.walker.client.post("/answers", data="[" * 60_000, content_type="application/json", headers=OURS)
    assert deep.status_code == 400
    assert device.send(w="\ud800").status_code == 403
    assert device.said(device.event("what", "q_what=\ud800"))["refused"] == []
    assert device.answers == {"what": "?"}
    assert device.send(device.event("sing", "x" * 70_000)).status_code == 413
    for at in (10**17, -1, 2.5, None):
        assert device.said(device.event("sing", "q_sing=1", at=at))["refused"] == []


def test_a_second_device_goes_on_and_what_the_first_still_sends_fills_gaps(site: Site) -> None:
    link = site.link("child", person="c1")
    first = Device.at(site, link)
    waiting = [first.event("sing", "q_sing=1"), first.event("plays", "q_plays=0")]
    second = Device.at(site, link)
    second.said(second.event("sing", "q_sing=3"))
    said = first.said(*waiting, first.event("_finish", ""))
    assert said == {"acked": [1000, 2000, 3000], "refused": [3000], "lead": "/go"}
    assert second.answers == {"sing": 3, "plays": 0}
    assert second.state == "started", "the sitting that goes on is not ended by an earlier one"


@pytest.mark.one_engine
def test_of_what_is_deleted_or_moved_the_device_may_forget_all(site: Site, device: Device) -> None:
    one = device.event("sing", "q_sing=3")
    assert device.said(one, device.event("_stop", "keep=throw"))["acked"] == [1000, 2000]
    assert (device.state, device.answers, device.logged()) == ("withdrawn", {}, [])
    reply = device.send(device.event("sing", "q_sing=3"))
    assert (reply.status_code, reply.json) == (410, {"gone": True, "lead": "/go"})
    with write(site.engine) as connection:
        connection.execute(update(response).values(state="started", first_epoch=2, epoch=2))
    assert device.send(device.event("sing", "q_sing=3")).status_code == 410, "moved to another child in between"


@pytest.mark.one_engine
def test_plain_posts_and_waiting_answers_of_one_sitting_never_take_each_others_numbers(device: Device) -> None:
    """Three answers wait; the script does not load on the next page, so it is posted; then the three arrive."""
    waiting = [device.event(screen, form) for screen, form in THREE.items()]
    here = f"/q/{device.rest[2]}/en"
    # The page was reached from one that was kept under 3000, and its address says so.
    device.walker.post({"q_hard": "1"}, f"{here}/hard?n=3001")
    assert device.walker.client.post(f"{here}/hard?n=3500", data={"q_hard": "1"}, headers=OURS).status_code == 400
    device.said(*waiting)
    assert device.answers == {"sing": 2, "plays": 1, "what": "Kora & drum", "hard": 1}
    assert device.logged() == [(1000, "sing"), (2000, "plays"), (3000, "what"), (3001, "hard")]
    device.walker.open(f"{here}/sing?n=3002&again=1")
    assert device.walker.chosen()["q_sing"] == "2"
    # Back without a script on a page whose number was passed over: the change counts all the same.
    device.walker.post({"q_sing": "3"}, f"{here}/sing?n=1")
    device.walker.post({"q_sing": "3"}, f"{here}/sing?n=1")
    assert device.answers["sing"] == 3
    assert device.logged()[-1] == (3002, "sing")
    # The end leaves room for a change that still waits.
    device.walker.post({"q_again": "1"}, f"{here}/again?n=3003")
    assert device.state == "finished"
    device.last = 3000
    device.said(device.event("plays", "q_plays=0"))
    assert device.answers["plays"] == 0


@pytest.mark.one_engine
def test_a_device_gets_rules_and_pages_without_anything_of_anyone(site: Site, device: Device) -> None:
    device.said(*(device.event(screen, form) for screen, form in THREE.items()))
    client, here = device.walker.client, f"/q/{device.rest[2]}/en"
    rules = client.get(f"{here}/rules.json")
    kept = client.get(f"{here}/pages.json")
    assert rules.headers["Cache-Control"] == kept.headers["Cache-Control"] == "no-cache"
    assert client.get(f"{here}/pages.json", headers={"If-None-Match": kept.headers["ETag"]}).status_code == 304
    lasting = client.get(kept.json["files"][0])
    assert (lasting.data, lasting.headers["Cache-Control"]) == (rules.data, "public, max-age=31536000, immutable")
    for said in (rules.text, kept.text):
        assert "Kora" not in said
        assert device.rest[0] not in said
    assert "music" not in rules.text
    assert "Is playing it fun?" in kept.json["screens"]["hard"]
    assert kept.json["personal"] == ["hard"]
    assert len(kept.json["screens"]["again"]) == 24
    shown = client.get(f"{here}/sing?n=1").text
    assert kept.json["screens"]["sing"] == shown
    stranger = site.app.test_client()
    assert stranger.get(f"{here}/pages.json").data == kept.data
    adult = site.walker().come_in(site.link("adult"))
    assert adult.client.get(adult.address.rpartition("/")[0] + "/pages.json").status_code == 404

    mine = client.get(f"{here}/mine.json")
    assert mine.headers["Cache-Control"] == "no-store"
    known = load(site.engine, device.rest[0])
    assert known is not None
    assert mine.json == {"answers": {"sing": True, "plays": 1, "what": True}, "facts": {}, "seed": known.seed}
    worker = client.get("/worker.js")
    assert worker.headers["Cache-Control"] == "no-cache"
    assert "script-src 'self'" in worker.headers["Content-Security-Policy"]


@pytest.mark.one_engine
def test_a_first_page_is_light_and_all_of_them_together_are_too(site: Site) -> None:
    """Rule G15, compressed and without fonts; the pages a device keeps come when the first one is there."""
    child = site.walker().come_in(site.link("child"))
    zipped = {"Accept-Encoding": "gzip"}

    def weight(*addresses: str) -> int:
        return sum(len(child.client.get(address, headers=zipped).data) for address in addresses)

    needed = re.findall(r'(?:src|href|data-rules)="(/(?:static|q)/[^"]+(?:\.\w+\?)[^"]+)"', child.reply.text)
    assert len(needed) == 10, "style sheet, icon, seven scripts and the rules"
    here = child.address.rpartition("/")[0]
    assert weight(child.address, *needed, f"{here}/mine.json", "/worker.js") < 30_000
    assert weight(f"{here}/pages.json") < 50_000
