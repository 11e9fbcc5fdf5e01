"""The roster in the office: look at a file, confirm what was shown, or throw it away. No file is ever kept."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from survey.admission import add_user
from survey.app import create_app
from survey.audit import entries
from survey.config import Settings
from survey.database import Engine, read, upgrade, write
from survey.fieldwork.roster.tables import SentFile
from survey.fieldwork.waiting import LIFE, upload
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words
from tests.pages.test_account import OWN, choose, sign_in, token
from tests.rosters.small_field import NOW, ROSTER, SCHOOLS, Desk, import_roster, publish, settings_in

ROSTERS = "/office/studies/small-notes/roster"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def app(settings: Settings, tmp_path: Path) -> Flask:
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    publish(engine, tmp_path / "study")
    return app


@pytest.fixture
def desk(app: Flask, settings: Settings) -> Desk:
    made = Desk(app.extensions["chorus"].engine, settings)
    made.take(SCHOOLS, None)
    return made


def someone(app: Flask, settings: Settings, email: str) -> StrictClient:
    client = strict_client(app)
    engine = app.extensions["chorus"].engine
    sign_in(client, add_user(engine, email, ["lead"], study="small-notes"), email)
    assert choose(client, OWN).status_code == 302
    return client


@pytest.fixture
def lead(app: Flask, settings: Settings, desk: Desk) -> StrictClient:
    return someone(app, settings, "lead@example.org")


def send(
    client: StrictClient, content: str | bytes, wave: str = "w1", name: str = "roster.csv", **more: str
) -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    form = {"csrf_token": token(client.get(ROSTERS)), "wave": wave, "file": FileStorage(io.BytesIO(data), name), **more}
    # Encoded here: for a large file the client would leave a temporary file open.
    boundary, body = encode_multipart(form)
    return client.post(ROSTERS, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def confirm(client: StrictClient, address: str, do: str = "import") -> TestResponse:
    return client.post(address, data={"csrf_token": token(client.get(address)), "do": do})


def uploads(engine: Engine) -> int:
    with read(engine) as connection:
        return int(connection.scalar(select(func.count()).select_from(upload)) or 0)


def test_a_list_is_looked_at_confirmed_and_in(lead: StrictClient, desk: Desk) -> None:
    sent = send(lead, ROSTER)
    assert sent.status_code == 303
    page = lead.get(sent.location)
    assert heading(look_at(page)) == "Check before you import"
    assert "New in this wave: 4" in page.text
    assert "new: s1, class 4a" in page.text
    assert desk.where() == {}
    done = confirm(lead, sent.location)
    assert done.status_code == 303
    after = lead.get(done.location)
    assert "4 new in this wave" in after.text
    assert len(desk.where()) == 4
    assert uploads(desk.engine) == 0
    line = next(entries(desk.engine))
    assert (line.actor.name, line.what, line.about) == ("lead@example.org", "imported a roster", "w1")
    assert lead.get(sent.location).location == f"{ROSTERS}?gone=1"


def test_the_same_file_again_has_nothing_to_confirm(lead: StrictClient, desk: Desk) -> None:
    desk.take(ROSTER)
    page = lead.get(send(lead, ROSTER).location)
    assert "there is nothing to import" in page.text
    assert "Import roster" not in page.text


def test_a_part_of_a_list_is_imported_only_when_it_is_ticked(lead: StrictClient, desk: Desk) -> None:
    desk.take(ROSTER)
    sent = send(lead, "participant,school,class\np1,s1,4a\n")
    page = lead.get(sent.location)
    assert "1 of the 2 pupils of school s1 is not in this file and would leave: p2." in page.text
    unticked = confirm(lead, sent.location)
    assert unticked.status_code == 400
    assert heading(look_at(unticked)) == "Check before you import"
    assert "Nothing has been imported yet." in unticked.text
    assert desk.where()["p2"] == ("s1", "4a", False)
    ticked = lead.post(sent.location, data={"csrf_token": token(page), "do": "import", "yes": "left"})
    assert ticked.status_code == 303
    assert desk.where()["p2"] == ("s1", "4a", True)


def test_codes_without_zeros_are_imported_only_when_it_is_ticked(lead: StrictClient, desk: Desk) -> None:
    sent = send(lead, "participant,school\n1,s1\n2,s1\n")
    page = lead.get(sent.location)
    assert "zeros may have been lost" in page.text
    assert confirm(lead, sent.location).status_code == 400
    assert desk.where() == {}
    other = {"csrf_token": token(page), "do": "import", "yes": "left"}
    assert lead.post(sent.location, data=other).status_code == 400, "a yes to something else is none to this"
    assert lead.post(sent.location, data={**other, "yes": "codes"}).status_code == 303
    assert len(desk.where()) == 2


def test_each_box_that_was_not_ticked_says_what_to_check_and_what_to_do_if_it_is_wrong(
    lead: StrictClient, desk: Desk
) -> None:
    desk.take(ROSTER)
    sent = send(lead, "participant,school,class\np1,s1,4a\n7,s1,4a\n")
    unticked = words(look_at(confirm(lead, sent.location)))
    for sentence in (
        "Check who would leave, and tick the box if they have left. Nothing has been imported yet.",
        "Check the codes, and tick the box if they are right. Nothing has been imported yet.",
    ):
        assert unticked.count(sentence) == 2, "in the list of what to look at, and at the box"
    assert "If it is only part of the roster, import a file with everyone in these schools instead." in unticked
    assert "If zeros are missing, format the column as text" in unticked


def test_what_was_imported_is_counted_in_words_for_one_and_for_many(lead: StrictClient, desk: Desk) -> None:
    done = words(look_at(lead.get(confirm(lead, send(lead, "participant,school,class\np1,s1,4a\n").location).location)))
    assert "1 class added or changed" in done
    more = "participant,school,class\np1,s1,4a\np2,s1,4b\np3,s1,4c\n"
    done = words(look_at(lead.get(confirm(lead, send(lead, more).location).location)))
    assert "2 classes added or changed" in done


def test_a_list_can_be_thrown_away(lead: StrictClient, desk: Desk) -> None:
    sent = send(lead, ROSTER)
    assert confirm(lead, sent.location, "cancel").location == ROSTERS
    assert uploads(desk.engine) == 0
    assert desk.where() == {}


def test_problems_are_listed_and_can_be_taken_away_all_of_them(lead: StrictClient, desk: Desk) -> None:
    many = "participant,school\n" + "".join(f"p{n},school{n}\n" for n in range(250))
    sent = send(lead, many)
    page = lead.get(sent.location)
    assert heading(look_at(page)) == "This file has 250 problems"
    assert "row 201, column B (school)" in page.text
    assert "row 202, column B (school)" not in page.text
    taken = lead.get(f"{sent.location}/problems.csv")
    assert taken.headers["Content-Disposition"] == "attachment; filename=small-notes-problems.csv"
    assert taken.data.decode("utf-8-sig").splitlines()[250] == (
        '"row 251, column B (school)","The study has no school \'school249\'. Please import it in a list of schools '
        'first, or correct the code. (Each such code is listed once.)"'
    )
    refused = lead.post(sent.location, data={"csrf_token": token(lead.get(ROSTERS)), "do": "import"})
    assert refused.status_code == 400
    assert desk.where() == {}


def test_of_a_file_with_names_nothing_is_kept(lead: StrictClient, desk: Desk) -> None:
    named = "participant,first name,school\np1,Zebedee,s1\np2,Ermintrude,sX\n"
    page = send(lead, named)
    assert page.status_code == 200
    assert heading(look_at(page)) == "This file has 2 problems"
    assert "This column looks like names, which stay in school" in page.text
    assert "Zebedee" not in page.text
    assert uploads(desk.engine) == 0
    database = Path(desk.settings.database_url.removeprefix("sqlite:///"))
    held = b"".join(file.read_bytes() for file in database.parent.rglob("*") if file.is_file())
    assert b"Zebedee" not in held


def test_when_things_changed_meanwhile_nothing_is_taken_in(lead: StrictClient, desk: Desk) -> None:
    sent = send(lead, ROSTER)
    page = lead.get(sent.location)
    desk.take("participant,school\np1,s2\n")
    late = lead.post(sent.location, data={"csrf_token": token(page), "do": "import"})
    assert late.status_code == 409
    assert "has changed since you checked this file" in late.text
    assert desk.where() == {"p1": ("s2", None, False)}
    assert uploads(desk.engine) == 0


def test_an_upload_is_its_owners_and_lives_an_hour(
    lead: StrictClient, app: Flask, settings: Settings, desk: Desk
) -> None:
    sent = send(lead, ROSTER)
    other = someone(app, settings, "other@example.org")
    assert other.get(sent.location).location == f"{ROSTERS}?gone=1"
    with write(desk.engine) as connection:
        connection.execute(update(upload).values(at=datetime.now(UTC) - LIFE - timedelta(seconds=1)))
    assert lead.get(sent.location).location == f"{ROSTERS}?gone=1"
    assert "no longer here" in lead.get(f"{ROSTERS}?gone=1").text
    send(other, SCHOOLS)
    with read(desk.engine) as connection:
        assert [row.actor for row in connection.execute(select(upload.c.actor))] == ["other@example.org"]


@pytest.mark.parametrize(
    ("content", "wave", "said"),
    [
        ("", "w1", "The file is empty."),
        (ROSTER, "", "Choose the wave."),
        (ROSTER, "w7", "Choose the wave."),
        (b"x" * (10 * 1024 * 1024 + 1), "w1", "Chorus reads at most 10 MB"),
        (b"x" * (11 * 1024 * 1024), "w1", "The file is larger than 10 MB."),
    ],
)
def test_what_cannot_be_looked_at_is_said(lead: StrictClient, content: str | bytes, wave: str, said: str) -> None:
    reply = send(lead, content, wave)
    page = lead.get(reply.location) if reply.status_code == 303 else reply
    assert said in page.text


def test_without_a_file_or_a_token_nothing_happens(lead: StrictClient) -> None:
    form = {"csrf_token": token(lead.get(ROSTERS)), "wave": "w1"}
    assert "Choose a file." in lead.post(ROSTERS, data=form, content_type="multipart/form-data").text
    stale = lead.post(ROSTERS, data={"wave": "w1", "file": (io.BytesIO(b"a"), "a.csv")})
    assert "open for too long" in stale.text


@pytest.mark.slow
def test_large_files_are_taken_here_and_nowhere_else(lead: StrictClient, desk: Desk) -> None:
    rows = "".join(f"p{n},s1,{'x' * 30}{n}\n" for n in range(20_000))
    assert len(rows) > 700_000
    assert send(lead, "participant,school,class\n" + rows).status_code == 303
    elsewhere = lead.post("/office/password", data={"new": "x" * 700_000})
    assert elsewhere.status_code == 413


def test_facts_are_corrected_only_when_ticked(lead: StrictClient, desk: Desk) -> None:
    desk.take(ROSTER)
    later = "participant,school,class,fsm\np1,s1,4a,no\np2,s1,4a,no\n"
    page = lead.get(send(lead, later).location)
    assert "Facts that keep their first value" in page.text
    assert "&#39;yes&#39; is kept and &#39;no&#39; is not used" in page.text
    sent = send(lead, later, correct="y")
    assert "Free school meals: yes → no, corrected" in lead.get(sent.location).text
    confirm(lead, sent.location)
    assert desk.facts("p1")[0]["fsm"] == "no"


def test_the_list_can_be_taken_away_and_taken_in_again(lead: StrictClient, desk: Desk) -> None:
    desk.take(ROSTER)
    assert "Download CSV" in lead.get(ROSTERS).text
    taken = lead.get(f"{ROSTERS}/w1.csv")
    assert taken.mimetype == "text/csv"
    assert next(entries(desk.engine)).what == "downloaded a roster"
    assert (
        import_roster(desk.engine, desk.settings, "small-notes", "w1", SentFile(taken.data, "list.csv"), NOW).changes
        == 0
    )
    assert lead.get(f"{ROSTERS}/w9.csv").status_code == 404


def test_what_a_list_says_is_escaped(lead: StrictClient, desk: Desk) -> None:
    page = lead.get(send(lead, "participant,school,class,class_title\np1,s1,4a,<script>alert(1)</script>\n").location)
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    with read(desk.engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM participant")) == 0
