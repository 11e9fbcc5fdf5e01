"""Downloads that take longer than a click: one page that tells how far they are, one file, for one person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from survey.admission import add_user
from survey.audit import LogFilter, entries
from survey.database import Engine
from survey.export.downloads import DOWNLOAD
from survey.export.sink import CannotExport
from survey.jobs.asking import Jobs
from survey.jobs.job import JobKind
from survey.pages.office import downloads
from survey.pages.store import Store
from tests.jobs.pieces import Pieces, someone_withdraws, until
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words
from tests.pages.test_account import OWN, choose, sign_in

PAGE = "/office/studies/small-notes"
FILE = f"{PAGE}/data.xlsx"


@pytest.fixture
def pieces(app: Flask, study: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pieces]:
    """What downloads are made of here; the test says when they go on."""
    pieces = Pieces(told=(3200, 12000))
    kind = JobKind(DOWNLOAD.name, ("pieces made", "sheets written"), pieces.make, keep=timedelta(hours=1))
    there: Store = app.extensions["chorus"]
    app.extensions["chorus"] = Store(there.engine, there.settings, Jobs(there.settings, there.engine, [kind]))
    monkeypatch.setattr(downloads, "PATIENCE", 0.01)
    yield pieces
    pieces.go_on.set()


@pytest.fixture
def enter(app: Flask, engine: Engine) -> Callable[[str], StrictClient]:
    def researcher(name: str) -> StrictClient:
        client, email = strict_client(app), f"{name}@example.org"
        sign_in(client, add_user(engine, email, ["researcher"]), email)
        choose(client, OWN)
        return client

    return researcher


def downloaded(engine: Engine) -> list[str]:
    return [one.actor.name for one in entries(engine, LogFilter(what="downloaded the answers"))]


def test_a_long_download_has_a_page_that_says_how_far_it_is_and_then_gives_the_file(
    pieces: Pieces, enter: Callable[[str], StrictClient], engine: Engine
) -> None:
    ann = enter("ann")
    first = ann.get(FILE)
    assert (first.status_code, first.location) == (303, f"{FILE}/progress")
    until(lambda: "3,200 of 12,000" in ann.get(f"{FILE}/progress").text)
    reply = ann.get(f"{FILE}/progress")
    assert reply.status_code == 202
    root = look_at(reply)
    assert heading(root) == "Preparing the workbook"
    assert "Pieces made 3,200 of 12,000" in words(root)
    assert "Sheets written not yet" in words(root)
    bars = [(bar.get("value"), bar.get("max")) for bar in root.iter("progress")]
    assert bars == [("3200", "12000"), ("0", "1")]
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in reply.text
    assert ann.get(FILE).location == f"{FILE}/progress", "a second click joins the first"
    assert ann.get(f"{FILE}/file").location == f"{FILE}/progress"
    pieces.go_on.set()
    until(lambda: ann.get(f"{FILE}/progress").status_code == 200)
    reply = ann.get(f"{FILE}/progress")
    assert heading(look_at(reply)) == "The workbook is ready"
    assert f'content="1; url={FILE}/file"' in reply.text
    assert downloaded(engine) == [], "it is noted when it is fetched"
    file = ann.get(f"{FILE}/file")
    assert file.data == b"what was made, answer 4711"
    assert re.fullmatch(r"attachment; filename=small-notes-[\d-]{10}\.xlsx", file.headers["Content-Disposition"])
    assert downloaded(engine) == ["ann@example.org"]
    assert len(pieces.made) == 1


def test_nobody_else_gets_it_nor_learns_of_it(pieces: Pieces, enter: Callable[[str], StrictClient]) -> None:
    ann, bob = enter("ann"), enter("bob")
    pieces.go_on.set()
    ann.get(FILE)
    until(lambda: ann.get(f"{FILE}/progress").status_code == 200)
    assert bob.get(f"{FILE}/file").location == f"{FILE}/progress"
    reply = bob.get(f"{FILE}/progress")
    assert heading(look_at(reply)) == "There is no file here any more"
    assert ann.get(f"{FILE}/file").status_code == 200


def test_after_a_withdrawal_the_file_is_made_again_and_the_page_says_why(
    pieces: Pieces, enter: Callable[[str], StrictClient], engine: Engine
) -> None:
    ann = enter("ann")
    pieces.go_on.set()
    ann.get(FILE)
    until(lambda: ann.get(f"{FILE}/progress").status_code == 200)
    pieces.go_on.clear()
    someone_withdraws(engine)
    assert ann.get(f"{FILE}/file").location == f"{FILE}/progress"
    assert "So it is being prepared again." in words(look_at(ann.get(f"{FILE}/progress")))
    pieces.go_on.set()
    until(lambda: ann.get(f"{FILE}/progress").status_code == 200)
    assert ann.get(f"{FILE}/file").status_code == 200
    assert len(pieces.made) == 2


def test_what_cannot_be_made_is_said_and_can_be_tried_again(
    pieces: Pieces, enter: Callable[[str], StrictClient]
) -> None:
    ann = enter("ann")
    pieces.fault = CannotExport("pupil has 2,000,000 rows. Please choose fewer waves.")
    pieces.go_on.set()
    ann.get(FILE)
    until(lambda: ann.get(f"{FILE}/progress").status_code == 200)
    root = look_at(ann.get(f"{FILE}/progress"))
    assert heading(root) == "The workbook could not be prepared"
    assert "pupil has 2,000,000 rows. Please choose fewer waves." in words(root)
    assert f'href="{FILE}"' in ann.get(f"{FILE}/progress").text
    pieces.fault = None
    ann.get(FILE)
    until(lambda: ann.get(f"{FILE}/progress").status_code == 200)
    assert heading(look_at(ann.get(f"{FILE}/progress"))) == "The workbook is ready"


def test_a_file_that_is_a_moment_old_is_given_unless_something_has_come_since(
    pieces: Pieces, enter: Callable[[str], StrictClient], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "PATIENCE", 30.0)
    ann = enter("ann")
    pieces.go_on.set()
    assert ann.get(FILE).status_code == ann.get(FILE).status_code == 200
    assert len(pieces.made) == 1
    someone_withdraws(engine)
    assert ann.get(FILE).status_code == 200
    assert ann.get(f"{FILE}?unfinished=yes").status_code == 200
    assert [one.wanted for one in pieces.made] == [("xlsx",), ("xlsx",), ("xlsx", "unfinished")]
