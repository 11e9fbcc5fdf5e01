"""Every file that is made to stop the server, sent by everyone who may send one: each gets a page, others are served."""

from __future__ import annotations

import html
import io
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import upgrade
from survey.fieldwork.roster.tables import read_sheets
from survey.tables import apart
from tests.bombs import studies, tables
from tests.bombs.said import SAID
from tests.pages.strict import strict_client
from tests.pages.test_account import OWN, choose, sign_in, token
from tests.rosters.small_field import ROSTER, SCHOOLS, Desk, publish, settings_in

HERE = "/office/studies/small-notes"

HELD = 15.0
"""Seconds: a page takes a hundredth of one, and some on a busy machine. A reader that held the server did for minutes."""


@dataclass(frozen=True)
class Route:
    """An upload: where, who sends it, and what stands beside the file in its form."""

    address: str
    role: str
    beside: dict[str, str] = field(default_factory=dict)


ROUTES = {
    "roster": Route(f"{HERE}/roster", "lead", {"wave": "w1"}),
    "consent": Route(f"{HERE}/consent/file", "lead"),
    "answers": Route(f"{HERE}/answers", "lead", {"questionnaire": "parent", "wave": "w1", "ignore": ""}),
    "reasons": Route(f"{HERE}/progress/reasons", "coordinator", {"wave": "w1"}),
}


@dataclass
class Office:
    """An installation with the small study, and who may upload something there."""

    app: Flask
    clients: dict[str, FlaskClient]
    tokens: dict[str, str]

    def send(self, role: str, address: str, fields: dict[str, Any]) -> TestResponse:
        """Post a form, as the person with a role, and return the page that comes of it."""
        boundary, body = encode_multipart({"csrf_token": self.tokens[role], **fields})
        kind = f'multipart/form-data; boundary="{boundary}"'
        return self.clients[role].post(address, data=body, content_type=kind, follow_redirects=True)

    def another(self, role: str) -> FlaskClient:
        """Return another browser window of the person with a role."""
        window = self.app.test_client()
        window._cookies = self.clients[role]._cookies
        return window


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    settings: Settings = settings_in(folder)
    settings.instance.mkdir()
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    publish(engine, folder / "study")
    desk = Desk(engine, settings)
    desk.take(SCHOOLS, None)
    desk.take(ROSTER)
    made = Office(app, {}, {})
    for role, place in (("lead", {}), ("coordinator", {"study": "small-notes", "school": "s1"})):
        client = strict_client(app)
        email = f"{role}@example.org"
        sign_in(client, add_user(engine, email, [role], **place), email)
        assert choose(client, OWN).status_code == 302
        made.tokens[role] = token(client.get(f"{HERE}/progress/reasons"))
        # The pages' own tests look at every page strictly; here are hundreds of large ones.
        made.clients[role] = app.test_client()
        made.clients[role]._cookies = client._cookies
    yield made
    engine.dispose()


@dataclass
class Meanwhile:
    """How others were served while something was read: how long each of their pages took, in seconds."""

    pages: list[float] = field(default_factory=list)

    @property
    def slowest(self) -> float:
        return max(self.pages)

    @property
    def usual(self) -> float:
        return statistics.median(self.pages)


def beside(app: Flask, act: Callable[[], TestResponse]) -> tuple[TestResponse, Meanwhile]:
    """Do something, and ask for a respondent's page again and again until it is done."""
    replies: list[TestResponse] = []
    faults: list[BaseException] = []

    def acting() -> None:
        try:
            replies.append(act())
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=acting)
    meanwhile = Meanwhile()
    client = app.test_client()
    thread.start()
    while thread.is_alive() or not meanwhile.pages:
        began = time.monotonic()
        assert client.get("/").status_code == 200
        meanwhile.pages.append(time.monotonic() - began)
        thread.join(0.1)
    if faults:
        raise faults[0]
    return replies[0], meanwhile


def text_of(page: TestResponse) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize("bomb", [*tables.EXCEL, *tables.CSV], ids=lambda bomb: bomb.__name__)
def test_a_table_made_to_stop_the_server_gets_a_page_on_every_upload(bomb: Callable[[], bytes], office: Office) -> None:
    name = "list.xlsx" if bomb in tables.EXCEL else "list.csv"
    content = tables.made(bomb)
    for route, there in ROUTES.items():
        fields = {**there.beside, "file": FileStorage(io.BytesIO(content), name)}
        page, meanwhile = beside(office.app, partial(office.send, there.role, there.address, fields))
        assert page.status_code < 500, route
        assert meanwhile.slowest < HELD, route
        said = text_of(page)
        assert SAID.get(bomb, "") in said, route
        # Whatever else is said of it ends in a sentence: a problem with its place, or what would be done.
        assert re.search(r"[a-z0-9)]\.", said), route


@pytest.mark.parametrize(
    ("how", "bomb"),
    # In a zip one is enough: what is unpacked is read as what is sent loose.
    [*(("loose", bomb) for bomb in studies.FOLDERS), ("zip", studies.FOLDERS[0])],
    ids=lambda case: case if isinstance(case, str) else case.__name__,
)
def test_a_folder_made_to_stop_the_server_gets_a_page(
    bomb: Callable[[], studies.Folder], how: str, office: Office
) -> None:
    folder = bomb()
    fields: dict[str, Any] = (
        {"zip": FileStorage(io.BytesIO(studies.packed(folder)), "study.zip")}
        if how == "zip"
        else {"files": [FileStorage(io.BytesIO(content), f"study/{name}") for name, content in folder.items()]}
    )
    page, meanwhile = beside(office.app, lambda: office.send("lead", "/office/new-study", fields))
    assert page.status_code == 200
    assert meanwhile.slowest < HELD
    assert "What to correct" in text_of(page) or "What could be better" in text_of(page)


@pytest.mark.parametrize("bomb", studies.ZIPS, ids=lambda bomb: bomb.__name__)
def test_a_zip_made_to_stop_the_server_gets_a_page(bomb: Callable[[], bytes], office: Office) -> None:
    fields = {"zip": FileStorage(io.BytesIO(bomb()), "study.zip")}
    page, meanwhile = beside(office.app, lambda: office.send("lead", "/office/new-study", fields))
    assert page.status_code == 400
    assert meanwhile.slowest < HELD
    assert re.search(r"This zip|This file|larger than|does not contain a study|outside the folder", text_of(page))


# ---- a file we did not think of ------------------------------------------------------------------------


@pytest.fixture
def endless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading never ends of itself, in the way the test names: it is ended after a second of a processor, or two."""
    honest = apart.reading

    def reading(module: str, data: bytes, bounds: Any, arguments: Any, *, lean: bool) -> Any:
        seconds = 60.0 if request.param == "spin" else 2.0
        few = type(bounds)(cpu=1, seconds=seconds, memory=bounds.memory, answer=bounds.answer)
        return honest("tests.bombs.greedy", data, few, (request.param,), lean=lean)

    monkeypatch.setattr(apart, "reading", reading)


@pytest.mark.parametrize("endless", ["spin"], indirect=True)
@pytest.mark.usefixtures("endless")
def test_respondents_are_served_while_a_file_is_read_that_never_ends(office: Office) -> None:
    there = ROUTES["reasons"]
    fields = {**there.beside, "file": FileStorage(io.BytesIO(b"participant,reason\np1,absent\n"), "list.csv")}
    page, meanwhile = beside(office.app, lambda: office.send(there.role, there.address, fields))
    assert "Reading the file takes too long or too much memory, so nothing was imported." in text_of(page)
    # A second of a processor is time for several pages. Had the reading held the server, there would be one.
    assert len(meanwhile.pages) >= 3
    # A page takes a hundredth of a second; half of them come within a second on the busiest machine.
    assert meanwhile.usual < 1.0


@pytest.mark.parametrize("endless", ["sleep"], indirect=True)
@pytest.mark.usefixtures("endless")
def test_when_many_send_such_files_the_last_are_asked_to_come_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten at once: two are read, two wait, and six hear at once that others come first. None waits for minutes."""
    there = ROUTES["reasons"]
    said: list[str] = []

    def send() -> None:
        fields = {**there.beside, "file": FileStorage(io.BytesIO(b"participant,reason\np1,absent\n"), "list.csv")}
        boundary, body = encode_multipart({"csrf_token": office.tokens[there.role], **fields})
        reply = office.another(there.role).post(
            there.address, data=body, content_type=f'multipart/form-data; boundary="{boundary}"'
        )
        said.append(text_of(reply))

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    busy = [one for one in said if "busy reading other files" in one]
    ended = [one for one in said if "Reading the file takes too long" in one]
    assert len(busy) + len(ended) == 10
    assert len(busy) >= 6


def test_an_honest_file_is_read_as_before(office: Office) -> None:
    assert [row.cells[0].text for row in read_sheets(ROSTER.encode(), "r.csv")[0].rows] == ["p1", "p2", "p3", "a1"]
    fields = {"wave": "w1", "file": FileStorage(io.BytesIO(ROSTER.encode()), "roster.csv")}
    assert "nothing to" in text_of(office.send("lead", f"{HERE}/roster", fields)).lower()
