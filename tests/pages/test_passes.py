"""The respondent's cookie: what is written into it is read again, and one in an earlier form is put aside calmly."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from survey.app import create_app
from survey.config import Settings
from survey.database import upgrade
from survey.pages.answer.passes import COOKIE, Pass, current
from survey.pages.answer.passes import _signature as signature

AT_DOOR = {"door": 7, "visit": "n4-s12_a"}
INSIDE = {"response": "Rr-_0123456789abcdefgh", "epoch": 3, "version": "0123456789ab"}

PASSES = {
    "nothing": Pass(),
    "after a wrong code": Pass(tries="t1-_"),
    "at a door": Pass(**AT_DOOR, look="b2s"),
    "inside": Pass(**INSIDE),
    "a child inside": Pass(**INSIDE, child=True),
    "a child inside in a class, after a yes": Pass(**INSIDE, sitting=31, since=4, child=True, look="d"),
    "while a child is asked whose turn it is": Pass(**INSIDE, **AT_DOOR, since=4, child=True),
    "inside again on the same device": Pass(**INSIDE, shows_from=2, look="w"),
    "at one's own door again": Pass(**AT_DOOR, shows_from=2),
    "asked on a device that was used twice": Pass(**INSIDE, **AT_DOOR, shows_from=2),
    "while it is asked whose turn it is": Pass(**INSIDE, **AT_DOOR),
    "while it is asked again": Pass(**INSIDE, **AT_DOOR, since=4, look="d1"),
    "on the way into a class": Pass(joining="5-0123456789ab", tries="t1-_"),
    "with a card half picked": Pass(joining="5-0123456789ab", tries="t1-_", card="12-bk", look="s"),
    "handed on in a class": Pass(joining="5-0123456789ab", tries="t1-_", card="12-bk", sitting=31),
    "at the door in a class": Pass(**AT_DOOR, sitting=31),
    "inside in a class": Pass(**INSIDE, sitting=31),
    "a child inside, after a yes": Pass(**INSIDE, since=4, child=True),
    "asked whose turn it is in a class": Pass(**INSIDE, **AT_DOOR, sitting=31, since=4, look="b"),
}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = create_app(Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost"))
    upgrade(app.extensions["chorus"].engine)
    return app


def read_again(app: Flask, cookie: str) -> Pass:
    with app.test_request_context("/", headers={"Cookie": f"{COOKIE}={cookie}"}):
        return current()


@pytest.mark.parametrize("pass_", PASSES.values(), ids=PASSES)
def test_what_is_written_is_read_again(app: Flask, pass_: Pass) -> None:
    with app.test_request_context("/"):
        written = pass_.text
    assert read_again(app, written) == pass_


def test_no_two_passes_are_written_alike(app: Flask) -> None:
    with app.test_request_context("/"):
        assert len({pass_.text for pass_ in PASSES.values()}) == len(PASSES)


@pytest.mark.parametrize("body", ["r.Rr-_0123456789abcdefgh.3.0123456789ab", "d.7.visit", "t.t1-_"])
def test_the_cookies_of_the_last_version_still_work(app: Flask, body: str) -> None:
    with app.test_request_context("/"):
        cookie = f"{body}.{signature(body)}~"
    found = read_again(app, cookie)
    assert (found.sitting, found.since) == (0, 0)
    assert found != Pass()
    with app.test_request_context("/"):
        assert found.text == cookie


def test_a_sitting_that_is_changed_by_hand_is_no_pass(app: Flask) -> None:
    with app.test_request_context("/"):
        written = Pass(**INSIDE, sitting=31).text
    for changed in (written.replace("r31.", "r."), written.replace("r31.", "r32.")):
        assert read_again(app, changed) == Pass()
