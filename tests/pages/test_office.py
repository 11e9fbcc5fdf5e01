"""The researcher's pages: what a study is, and files that are the export's."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import text

from survey.admission import add_user
from survey.config import Settings
from survey.database import Engine, session
from survey.export.downloads import download
from survey.export.formats import FORMATS
from survey.export.store import export
from survey.fieldwork import keep_study
from tests.pages.small_study import ANSWERED
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words
from tests.pages.test_account import OWN, choose, sign_in

PAGE = "/office/studies/small-notes"


@pytest.fixture
def enter(app: Flask, engine: Engine, settings: Settings) -> Callable[..., StrictClient]:
    """enter("researcher", …) -> a client that is signed in with these roles."""

    def with_roles(*roles: str) -> StrictClient:
        client = strict_client(app)
        email = f"{'-'.join(roles)}@example.org"
        where = {"study": "small-notes", "school": "s1"} if "coordinator" in roles else {}
        sign_in(client, add_user(engine, email, list(roles), **where), email)
        choose(client, OWN)
        return client

    return with_roles


@pytest.fixture
def researcher(enter: Callable[..., StrictClient]) -> StrictClient:
    return enter("researcher")


# ---- the counts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("questionnaire", ["pupil", "parent"])
def test_the_progress_counts_what_is_in_the_database(
    researcher: StrictClient, study: None, engine: Engine, questionnaire: str
) -> None:
    root = look_at(researcher.get(f"{PAGE}/progress", query_string={"wave": "all", "questionnaire": questionnaire}))
    (table,) = [e for e in root.iter("table") if "by open links" in "".join(next(e.iter("caption")).itertext())]
    shown = [["".join(cell.itertext()).strip() for cell in row] for row in table.iter("tr")][1:]
    counting = text(
        "SELECT coalesce(school.title, 'No school'), count(*), "
        "sum(state = 'finished'), sum(state = 'started'), sum(state = 'stopped'), "
        "sum(state = 'declined'), sum(state = 'withdrawn') FROM response LEFT JOIN school ON school.id = school_id "
        "WHERE questionnaire = :questionnaire GROUP BY school.title ORDER BY school.title IS NULL, school.title"
    )
    with engine.connect() as connection:
        counted = connection.execute(counting, {"questionnaire": questionnaire}).all()
    assert shown == [[str(cell) for cell in row] for row in counted]
    assert sum(int(row[1]) for row in shown) == sum(
        sum(states.values()) for (name, _, _), states in ANSWERED.items() if name == questionnaire
    )


# ---- the page --------------------------------------------------------------------------------------------


def test_the_page_says_which_study_which_waves_and_which_versions(
    researcher: StrictClient, study: None, engine: Engine
) -> None:
    root = look_at(researcher.get(PAGE))
    assert heading(root) == "Small notes"
    said = words(root)
    assert "Autumn 2025 Closed 22 September to 19 December 2025" in said
    assert "From 2026 on Open 5 January 2026 to 31 December 2099" in said
    listed = words(look_at(researcher.get(f"{PAGE}/questionnaires")))
    with engine.connect() as connection:
        sha = connection.scalar(text("SELECT sha256 FROM publication WHERE questionnaire = 'pupil'"))
    assert "Music and me, version 1 of pupil Pupils: pupil 1 September 2025" in listed
    assert f"pupil, version 1{sha}" in listed, "a name, and its checksum"
    assert sha not in said, "checksums are for the page of details"


def test_a_version_is_read_as_a_page_of_questions_answers_and_scales(
    researcher: StrictClient, study: None, engine: Engine
) -> None:
    reply = researcher.get(f"{PAGE}/questionnaires/pupil/1")
    root = look_at(reply)
    assert heading(root) == "Music and me"
    said = words(root)
    assert "There are no wrong answers. Do you want to tell us about music? No, thank you Yes, I will" in said
    assert "1 How much do you like singing with your class? sing_enjoy · faces 1 Not at all 2 A little" in said
    assert "Enjoyment of music enjoyment. Higher means more enjoyment. Scored as the mean of 2 items" in said
    links = {"".join(e.itertext()).strip(): e.get("href") or "" for e in root.iter("a")}
    tried = links[next(said for said in links if said.startswith("Try it out"))]
    assert "Do you want to tell us about music?" in researcher.get(tried).text
    assert links["sing_enjoy"] == "#sing_enjoy"
    assert json.loads(researcher.get(links["Open the text (JSON)"]).text)["questionnaire"]["version"] == "1"


def test_the_table_is_in_a_box_that_a_keyboard_can_scroll(researcher: StrictClient, study: None) -> None:
    root = look_at(researcher.get(f"{PAGE}/questionnaires"))
    boxes = [e for e in root.iter("div") if e.get("role") == "region"]
    assert len(boxes) == len(list(root.iter("table"))) == 1
    for box in boxes:
        assert box.get("tabindex") == "0"
        assert box.get("aria-labelledby") == next(box.iter("caption")).get("id")


def test_the_text_behind_a_checksum_can_be_read(researcher: StrictClient, study: None, engine: Engine) -> None:
    reply = researcher.get(f"{PAGE}/questionnaires/parent/3.json")
    assert reply.mimetype == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    with engine.connect() as connection:
        kept = connection.scalar(text("SELECT text FROM definition WHERE name = 'parent'"))
    assert reply.text == kept
    assert json.loads(reply.text)["questionnaire"]["title"] == "Your child and music"


@pytest.mark.parametrize(
    "address",
    [
        "/office/studies/nothing",
        "/office/studies/nothing/data.xlsx",
        f"{PAGE}/data.sav",
        f"{PAGE}/questionnaires/parent/4.json",
        f"{PAGE}/questionnaires/parent/4",
        f"{PAGE}/questionnaires/parent/3?language=cy",
        f"{PAGE}/questionnaires/parent/3?beside=cy",
        f"{PAGE}/questionnaires/nothing/1.json",
        "/office/nothing",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(researcher: StrictClient, study: None, address: str) -> None:
    assert researcher.get(address).status_code == 404


def test_one_study_is_gone_to_at_once_and_several_are_listed(
    researcher: StrictClient, study: None, engine: Engine
) -> None:
    assert researcher.get("/office/").location == PAGE
    with session(engine) as opened:
        keep_study(opened, "another", title="Another <study>")
    root = look_at(researcher.get("/office/"))
    links = {"".join(e.itertext()): e.get("href") for e in root.iter("a")}
    assert links["Another <study>"] == "/office/studies/another"
    assert links["Small notes"] == PAGE


def test_where_there_is_no_study_the_page_says_what_to_do(enter: Callable[..., StrictClient]) -> None:
    assert "New study or new version" in words(look_at(enter("lead").get("/office/")))


# ---- the files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "ending"), [("xlsx", "xlsx"), ("csv", "zip")])
def test_the_button_gives_the_bytes_the_command_gives(
    researcher: StrictClient, study: None, engine: Engine, app: Flask, form: str, ending: str
) -> None:
    app.config["DOWNLOAD_PATIENCE"] = 60.0
    reply = researcher.get(f"{PAGE}/data.{form}")
    job = download("small-notes", form, "researcher@example.org")
    made = app.extensions["chorus"].jobs.look(job, datetime.now(UTC)).made
    written = io.BytesIO()
    export("small-notes", engine, form, written, made)
    assert reply.data == written.getvalue()
    assert reply.headers["Content-Disposition"] == f"attachment; filename=small-notes-{made:%Y-%m-%d}.{ending}"
    assert reply.headers["Cache-Control"] == "no-store"
    assert int(reply.headers["Content-Length"]) == len(reply.data)


def test_the_workbook_holds_the_answers_with_their_scale_score(
    researcher: StrictClient, study: None, app: Flask
) -> None:
    app.config["DOWNLOAD_PATIENCE"] = 60.0
    reply = researcher.get(f"{PAGE}/data.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(reply.data), read_only=True)
    held = [str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "sing_enjoy" in " ".join(held)
    assert "4.5" in held, "the mean of 4 and 5"
    book.close()


def test_unfinished_responses_are_counted_on_request(researcher: StrictClient, study: None) -> None:
    page = researcher.get(f"{PAGE}/downloads")
    assert [form.about in words(look_at(page)) for form in FORMATS.values()] == [True] * len(FORMATS)
    assert f'href="{PAGE}/data.xlsx?unfinished=yes"' in page.text
    said = []
    for address in ("data.xlsx", "data.xlsx?unfinished=yes"):
        book = openpyxl.load_workbook(io.BytesIO(researcher.get(f"{PAGE}/{address}").data), read_only=True)
        said.append(dict(book["Read me"].iter_rows(values_only=True))["Scales, Scale items, Items"])
        book.close()
    assert said == ["These count finished responses.", "These count all responses, also unfinished ones."]


def test_the_csv_files_are_a_zip(researcher: StrictClient, study: None) -> None:
    with zipfile.ZipFile(io.BytesIO(researcher.get(f"{PAGE}/data.csv").data)) as files:
        assert files.testzip() is None
        assert any(name.endswith(".csv") for name in files.namelist())


# ---- who may see what ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "page", "data"),
    [
        (("researcher",), 200, 200),
        (("lead",), 200, 200),
        (("administrator",), 403, 403),
        (("coordinator",), 200, 403),
        (("coordinator", "researcher"), 200, 200),
    ],
)
def test_each_role_opens_what_is_meant_for_it(
    enter: Callable[..., StrictClient], study: None, roles: tuple[str, ...], page: int, data: int
) -> None:
    client = enter(*roles)
    assert client.get(PAGE).status_code == page
    assert client.get(f"{PAGE}/data.csv").status_code == data


def test_the_study_file_decides_whether_researchers_take_answers_away(
    enter: Callable[..., StrictClient], study: None, engine: Engine, tmp_path: Path
) -> None:
    from survey.fieldwork.publishing import publish_folder

    file = tmp_path / "study" / "study.yaml"
    file.write_text(re.sub(r"microdata: \[researcher\]", "microdata: [lead]", file.read_text()))
    publish_folder(engine, file.parent, datetime.now(UTC))
    researcher = enter("researcher")
    offered = re.findall(r"Download [\w ]+", words(look_at(researcher.get(f"{PAGE}/downloads"))))
    assert offered == ["Download tables "]
    assert researcher.get(f"{PAGE}/data.tables").status_code == 200
    reply = researcher.get(f"{PAGE}/data.xlsx")
    assert reply.status_code == 403
    assert "You may not download the answers of this study. Ask a lead of the study." in words(look_at(reply))
    assert enter("lead").get(f"{PAGE}/data.csv").status_code == 200
    # A personal link opens what someone has begun.
    assert "Personal links" not in words(look_at(researcher.get(f"{PAGE}/links")))
    assert researcher.post(f"{PAGE}/links/personal").status_code == 403
