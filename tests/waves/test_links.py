"""Links made in the browser and by the command: shown once, listed with counts, ended, and for everyone asked."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import openpyxl
import pytest
from click.testing import CliRunner
from sqlalchemy import text
from werkzeug.test import TestResponse

from survey.audit import LogFilter, entries
from survey.cli import main
from survey.database import Engine, open_engine, session
from survey.fieldwork import Membership, Participant, study_by_code
from tests.filled import keep_class, keep_school
from tests.pages.small_study import PUPIL
from tests.pages.strict import StrictClient, heading, look_at, words
from tests.waves.conftest import Ground

PAGE = "/office/studies/small-notes/links"
OWN_PAGE = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


def send(client: StrictClient, action: str, **fields: str) -> TestResponse:
    """Fill the form with this action on the page of links, or on the page at `fields["at"]`, and send it."""
    root = look_at(client.get(fields.pop("at", PAGE)))
    (form,) = [e for e in root.iter("form") if (e.get("action") or "").endswith(action)]
    sent = {e.get("name") or "": e.get("value") or "" for e in form.iter("input")}
    for select in form.iter("select"):
        sent[select.get("name") or ""] = next(o.get("value") or "" for o in select.iter("option"))
    known = {name.rpartition("-")[2]: name for name in sent}
    return client.post(form.get("action") or "", data=sent | {known[k]: v for k, v in fields.items()}, headers=OWN_PAGE)


def poster(root: Element) -> tuple[str, str]:
    """Return the address and the code of the poster."""
    by_class = {e.get("class"): "".join(e.itertext()).strip() for e in root.iter("p")}
    return by_class["address"], by_class["code"]


@pytest.fixture
def school(ground: Ground) -> list[str]:
    """Ash Primary with two classes of pupils in the first wave; one has left. Returns who is asked."""
    with session(ground.engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        ash = keep_school(db, study, "s1", title="Ash Primary", arm="programme")
        birch = keep_school(db, study, "s2", title="Birch Primary", arm="programme")
        for number in range(6):
            room = keep_class(db, ash if number < 4 else birch, f"4{'ab'[number % 2]}", title="Year 4")
            person = Participant(study=study, code=f"00{number}", audience="pupil", facts={})
            there = Membership(wave=study.waves[0], school_id=room.school_id, school_class=room)
            if number == 3:
                there.left_at, there.left_why = study.waves[0].hours()[0], "roster"
            person.memberships.append(there)
            db.add(person)
    return ["000", "001", "002", "004", "005"]


def test_an_open_link_is_shown_once_as_a_poster_and_works(
    ground: Ground, lead: StrictClient, school: list[str]
) -> None:
    root = look_at(send(lead, "/links/open", questionnaire="pupil", wave="w1", school="s1"))
    assert heading(root) == "Music and me"
    assert "Ash Primary" in words(root)
    assert any(e.get("class") == "qr" for e in root.iter("{http://www.w3.org/2000/svg}svg"))
    address, code = poster(root)
    by_link = ground.walker().come_in(urlsplit(address).path).post({"q_sing_enjoy": "4"}).post({"q_play_enjoy": "5"})
    assert by_link.place == "over"
    by_code = ground.walker().open("/").post({"code": code}).post({"assent": "yes"})
    assert by_code.screen == "sing_enjoy"
    listed = look_at(lead.get(PAGE))
    said = words(listed)
    assert address not in said
    assert code not in said
    row = next(
        [" ".join("".join(c.itertext()).split()) for c in row] for row in listed.iter("tr") if row[0].text == "Link 1"
    )
    assert row == ["Link 1", "pupil", "Autumn 2025", "Ash Primary", "2", "1", "End"]
    (made,) = entries(ground.engine, LogFilter(what="made an open link"))
    assert made.actor.name == "lead@uni.org"
    assert {"questionnaire": "pupil", "wave": "w1", "school": "s1"}.items() <= made.details.items()
    with ground.engine.connect() as connection:
        assert connection.scalar(text("SELECT school.code FROM response JOIN school ON school.id = school_id")) == "s1"


def test_a_link_is_ended_after_a_question(ground: Ground, lead: StrictClient) -> None:
    address, _ = poster(look_at(send(lead, "/links/open", questionnaire="pupil", wave="w1")))
    path = urlsplit(address).path
    going_on = ground.walker().come_in(path)
    asks = look_at(lead.get(f"{PAGE}/1/end"))
    assert heading(asks) == "End link 1?"
    assert "1 person has started with it, and 0 have finished." in words(asks)
    assert send(lead, "/links/1/end", at=f"{PAGE}/1/end").location == PAGE
    assert ground.walker().open(path).reply.status_code == 404
    assert going_on.post({"q_sing_enjoy": "4"}).screen == "play_enjoy", "who is answering goes on"
    assert "Ended" in words(look_at(lead.get(PAGE)))
    assert lead.get(f"{PAGE}/1/end").status_code == 404
    assert [line.about for line in entries(ground.engine, LogFilter(what="ended an open link"))] == ["1"]


def test_personal_links_say_first_how_many_and_what_they_end(
    ground: Ground, lead: StrictClient, school: list[str]
) -> None:
    def ask() -> TestResponse:
        return send(lead, "/links/personal", wave="w1", school="s1")

    root = look_at(ask())
    assert "3 links will be made" in words(root)
    assert "will stop working" not in words(root)
    with ground.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM door")) == 0, "looking makes none"
    (form,) = [e for e in root.iter("form") if (e.get("action") or "").endswith("/personal")]
    fields = {e.get("name") or "": e.get("value") or "" for e in form.iter("input")}
    address = form.get("action") or ""
    first = lead.post(address, data={**fields, "make": "yes"}, headers=OWN_PAGE)
    assert re.search(r"small-notes-links-w1-s1-[\d-]{10}\.zip", first.headers["Content-Disposition"])
    together = zipfile.ZipFile(io.BytesIO(first.data))
    assert [name.rpartition(".")[2] for name in together.namelist()] == ["csv", "xlsx"]
    lines = list(csv.DictReader(io.StringIO(together.read(together.namelist()[0]).decode("utf-8-sig"))))
    book = openpyxl.load_workbook(io.BytesIO(together.read(together.namelist()[1]))).active
    assert [row[4] for row in book.iter_rows(min_row=2, values_only=True)] == [line["link"] for line in lines]
    assert [(line["participant"], line["class"], line["questionnaire"]) for line in lines] == [
        ("000", "4a", "pupil"),
        ("002", "4a", "pupil"),
        ("001", "4b", "pupil"),
    ]
    path = urlsplit(lines[0]["link"]).path
    assert ground.walker().come_in(path).screen == "sing_enjoy"
    assert ground.walker().open("/").post({"code": lines[1]["code"]}).place == "welcome"
    assert "3 links already given to the same people will stop working," in words(look_at(ask()))
    again = zipfile.ZipFile(io.BytesIO(lead.post(address, data={**fields, "make": "yes"}, headers=OWN_PAGE).data))
    sheet = openpyxl.load_workbook(io.BytesIO(again.read(again.namelist()[1]))).active
    cells = [list(row) for row in sheet.iter_rows(min_row=2)]
    assert [row[0].value for row in cells] == ["000", "002", "001"]
    assert {cell.data_type for row in cells for cell in row} == {"s"}, "leading noughts stay"
    assert ground.walker().open(path).reply.status_code == 404, "the earlier link has ended"
    new = ground.walker().open(urlsplit(str(cells[0][4].value)).path)
    assert new.screen == "sing_enjoy", "and the new one leads back to what was begun"
    deeds = [line.details for line in entries(ground.engine, LogFilter(what="made personal links"))]
    assert [(deed["links"], deed["ended"], deed["school"]) for deed in deeds] == [(3, 3, "s1"), (3, 0, "s1")]


def test_one_class_and_nobody(lead: StrictClient, school: list[str]) -> None:
    one = words(look_at(send(lead, "/links/personal", wave="w1", school="s1", school_class="4b")))
    assert "1 link will be made" in one
    none = words(look_at(send(lead, "/links/personal", wave="w2")))
    assert "There is no one to ask in this wave yet." in none


@pytest.mark.parametrize("change", [{"wave": "w9"}, {"school": "s9"}, {"token": "no"}])
def test_a_form_that_was_meddled_with_makes_nothing(ground: Ground, lead: StrictClient, change: dict[str, str]) -> None:
    known = {"token": "open-csrf_token", "wave": "open-wave", "school": "open-school"}
    root = look_at(lead.get(PAGE))
    token = next(e.get("value") or "" for e in root.iter("input") if e.get("name") == "open-csrf_token")
    sent = {"open-csrf_token": token, "open-questionnaire": "pupil", "open-wave": "w1", "open-school": ""}
    reply = lead.post(f"{PAGE}/open", data=sent | {known[k]: v for k, v in change.items()}, headers=OWN_PAGE)
    assert reply.status_code == 400
    with ground.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM door")) == 0


@pytest.fixture
def run(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    env = {"CHORUS_INSTANCE": str(tmp_path), "DATABASE_URL": ground.settings.database_url}
    opened: list[Engine] = []

    def kept(url: str) -> Engine:
        opened.append(open_engine(url))
        return opened[-1]

    # A command ends its process, and with it its connections; here they would stay open.
    monkeypatch.setattr("survey.database.open_engine", kept)

    def command(*arguments: str, fails: bool = False) -> str:
        result = CliRunner().invoke(main, arguments, env=env)
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    yield command
    for engine in opened:
        engine.dispose()


def test_the_command_makes_both_sorts(
    ground: Ground, run: Callable[..., str], school: list[str], tmp_path: Path
) -> None:
    opened = run("link", "small-notes", "pupil", "--wave", "w1")
    link = re.search(r"/j/\S+", opened)
    assert link
    assert ground.walker().come_in(link[0]).screen == "sing_enjoy"
    out = tmp_path / "links.csv"
    said = run("link", "personal", "small-notes", "--wave", "w1", "--out", str(out))
    assert said.startswith(f"5 links written: {out}")
    lines = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert sorted(line["participant"] for line in lines) == school
    assert ground.walker().come_in(urlsplit(lines[4]["link"]).path).screen == "sing_enjoy"
    again = ("link", "personal", "small-notes", "--wave", "w1", "--school", "s2", "--out", str(tmp_path / "b.xlsx"))
    asked = run(*again, fails=True)
    assert "2 links already given to the same people will stop working. Continue?" in asked
    assert ground.walker().come_in(urlsplit(lines[4]["link"]).path).screen == "sing_enjoy", "not without a yes"
    said = run(*again, "--out", str(tmp_path / "b.csv"), "--yes")
    assert "2 links made earlier for the same people no longer work." in said
    both = list(csv.DictReader(io.StringIO((tmp_path / "b.csv").read_text("utf-8-sig"))))
    sheet = openpyxl.load_workbook(tmp_path / "b.xlsx").active
    assert [row[4] for row in sheet.iter_rows(min_row=2, values_only=True)] == [one["link"] for one in both]
    assert ground.walker().open(urlsplit(lines[4]["link"]).path).reply.status_code == 404
    before = out.read_bytes()
    wrong = run("link", "personal", "small-notes", "--wave", "w7", "--out", str(out), fails=True)
    assert "There is no wave 'w7'." in wrong
    assert out.read_bytes() == before
    assert "ends in .csv or .xlsx" in run(
        "link", "personal", "small-notes", "--wave", "w1", "--out", "x.pdf", fails=True
    )


def test_the_page_of_waves_says_who_gets_what_and_which_version_was_begun(
    ground: Ground, lead: StrictClient, school: list[str]
) -> None:
    ground.walker().come_in(ground.door("p001"))
    root = look_at(lead.get("/office/studies/small-notes/waves"))
    said = words(root)
    assert "Autumn 2025 Open" in said
    assert "New respondents can still start until" in said
    rows = [[" ".join("".join(cell.itertext()).split()) for cell in row] for row in root.iter("tr")]
    pupils = [row for row in rows if row[:2] == ["Pupils", "pupil"]]
    assert pupils[0][2].startswith("Version 1, published")
    assert pupils[0][3:] == ["1", "None"]
    assert ["Parents", "parent"] in [row[:2] for row in rows]
    day = datetime.now(UTC).date()
    ground.published(day - timedelta(days=9), day - timedelta(days=3), pupil=PUPIL.replace("version: 1", "version: 2"))
    root = look_at(lead.get("/office/studies/small-notes/waves"))
    rows = [[" ".join("".join(cell.itertext()).split()) for cell in row] for row in root.iter("tr")]
    pupils = [row for row in rows if row[:2] == ["Pupils", "pupil"]]
    assert pupils[0][2].startswith("Version 2, published")
    assert pupils[0][3:] == ["1", "1 in version 1"]
    assert "Late answers" in words(root)
