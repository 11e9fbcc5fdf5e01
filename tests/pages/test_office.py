"""The researcher's pages: the counts are the database's, and the files are the export's."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import text

from survey.config import Settings
from survey.database import Engine, session
from survey.export import export
from survey.fieldwork import keep_study
from survey.pages.account.people import add_user
from survey.pages.office.chart import clusters
from survey.pages.office.counts import Count, Row
from tests.pages.small_study import ANSWERED, SCHOOLS
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
        sign_in(client, add_user(engine, settings, email, list(roles), **where), email)
        choose(client, OWN)
        return client

    return with_roles


@pytest.fixture
def researcher(enter: Callable[..., StrictClient]) -> StrictClient:
    return enter("researcher")


def cells(row: Element) -> list[str]:
    return [" ".join("".join(cell.itertext()).split()) for cell in row if cell.tag in ("th", "td")]


def table(root: Element, css_class: str) -> list[list[str]]:
    """Return the body rows of a table as texts."""
    (found,) = [e for e in root.iter("table") if e.get("class") == css_class]
    return [cells(row) for body in found.iter("tbody") for row in body.iter("tr")]


def cards(root: Element) -> dict[str, str]:
    (found,) = [e for e in root.iter("dl") if e.get("class") == "figures"]
    return {"".join(card[0].itertext()): "".join(card[1].itertext()) for card in found}


# ---- the counts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("questionnaire", ["pupil", "parent"])
def test_every_number_of_the_table_is_a_count_over_the_database(
    researcher: StrictClient, study: None, engine: Engine, questionnaire: str
) -> None:
    root = look_at(researcher.get(PAGE, query_string={"questionnaire": questionnaire}))
    shown = {row[0]: list(map(int, row[1:])) for row in table(root, "counts")}
    counting = text(
        "SELECT count(*) FROM response JOIN wave ON wave.id = wave_id LEFT JOIN school ON school.id = school_id "
        "WHERE questionnaire = :questionnaire AND wave.code = :wave AND coalesce(school.title, '') = :school "
        "AND (state = 'finished' OR :began AND state IN ('started', 'stopped'))"
    )
    nowhere = {"": "Not tied to a school"} if questionnaire == "parent" else {}
    with engine.connect() as connection:
        for school in [*(title for title, _, _ in SCHOOLS.values()), *nowhere]:
            expected = [
                connection.scalar(
                    counting,
                    {"questionnaire": questionnaire, "wave": wave, "school": school, "began": began},
                )
                for wave in ("w1", "w2")
                for began in (True, False)
            ]
            both = [sum(expected[0::2]), sum(expected[1::2])]
            assert shown[nowhere.get(school, school)] == expected + both


def test_the_sums_are_those_of_the_schools(researcher: StrictClient, study: None) -> None:
    rows = table(look_at(researcher.get(PAGE)), "counts")
    assert [row[0] for row in rows] == [
        "Programme schools, Northmouth",
        "Ash Primary",
        "Programme schools, Southwick",
        "Birch Primary",
        "Comparison schools",
        "Dogwood Primary",
        "Comparison schools, Northmouth",
        "Cedar Primary",
        "All schools",
    ]
    figures = [list(map(int, row[1:])) for row in rows]
    schools = figures[1:-1:2]
    assert figures[-1] == [sum(column) for column in zip(*schools, strict=True)] == [8, 6, 4, 4, 12, 10]
    assert figures[0:-1:2] == schools, "each group has one school here"


def test_a_school_where_nobody_answered_yet_has_its_line(researcher: StrictClient, study: None) -> None:
    assert ["Dogwood Primary", *"000000"] in table(look_at(researcher.get(PAGE)), "counts")


def test_the_cards_count_every_response_once(researcher: StrictClient, study: None) -> None:
    shown = {title: int(figure) for title, figure in cards(look_at(researcher.get(PAGE))).items()}
    states = [states for (name, _, _), states in ANSWERED.items() if name == "pupil"]
    of = lambda state: sum(one.get(state, 0) for one in states)  # noqa: E731
    assert shown == {
        "Started": of("finished") + of("started") + of("stopped"),
        "Finished": of("finished"),
        "Under way": of("started"),
        "Stopped early": of("stopped"),
        "Said no": of("declined"),
        "Withdrawn": of("withdrawn"),
    }


def test_an_answer_given_now_is_counted_on_the_next_look(researcher: StrictClient, study: None, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE response SET state = 'finished' WHERE state = 'started'"))
    assert cards(look_at(researcher.get(PAGE)))["Finished"] == "11"


# ---- the chart -------------------------------------------------------------------------------------------


def test_the_chart_stands_in_a_table_with_its_figures(researcher: StrictClient, study: None) -> None:
    assert table(look_at(researcher.get(PAGE)), "chart") == [
        ["Autumn 2025", "8", "6", ""],
        ["Programme schools", "7", "5", ""],
        ["Comparison schools", "1", "1", ""],
        ["From 2026 on", "4", "4", ""],
        ["Programme schools", "4", "4", ""],
        ["Comparison schools", "0", "0", ""],
    ]


def test_each_bar_is_as_long_as_its_figure_says(researcher: StrictClient, study: None) -> None:
    root = look_at(researcher.get(PAGE))
    bars = [
        (rects[0].get("width"), rects[1].get("width"))
        for drawing in root.iter("{http://www.w3.org/2000/svg}svg")
        if len(rects := list(drawing)) == 2
    ]
    assert bars == [("100.0", "71.43"), ("14.29", "14.29"), ("57.14", "57.14"), ("0.0", "0.0")]


def test_a_chart_of_nothing_has_no_bars_and_divides_by_nothing() -> None:
    assert [bar.length for bar in clusters(["Autumn"], [Row("Programme", (Count(),))])[0].bars] == [0.0]
    assert clusters(["Autumn"], [])[0].bars == ()


# ---- the page --------------------------------------------------------------------------------------------


def test_the_page_says_which_study_which_waves_and_which_versions(
    researcher: StrictClient, study: None, engine: Engine
) -> None:
    root = look_at(researcher.get(PAGE))
    assert heading(root) == "Small notes"
    said = words(root)
    assert "Autumn 2025 Closed 22 September 2025 to 19 December 2025" in said
    assert "From 2026 on Open 5 January 2026 to 31 December 2099" in said
    with engine.connect() as connection:
        sha = connection.scalar(text("SELECT sha256 FROM publication WHERE questionnaire = 'pupil'"))
    assert f"Version 1 1 September 2025 {sha}" in said


def test_the_tabs_are_links_and_one_says_that_it_is_this_page(researcher: StrictClient, study: None) -> None:
    root = look_at(researcher.get(PAGE, query_string={"questionnaire": "parent"}))
    (tabs,) = [e for e in root.iter("nav") if e.get("class") == "tabs"]
    links = list(tabs.iter("a"))
    assert [link.get("href") for link in links] == [f"{PAGE}?questionnaire=pupil", f"{PAGE}?questionnaire=parent"]
    assert [link.get("aria-current") for link in links] == [None, "page"]


def test_every_table_is_in_a_box_that_a_keyboard_can_scroll(researcher: StrictClient, study: None) -> None:
    root = look_at(researcher.get(PAGE))
    boxes = [e for e in root.iter("div") if e.get("role") == "region"]
    assert len(boxes) == len(list(root.iter("table"))) == 3
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
        f"{PAGE}?questionnaire=nothing",
        f"{PAGE}/data.sav",
        f"{PAGE}/questionnaires/parent/4.json",
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
    assert "New study, or a new version of one" in words(look_at(enter("lead").get("/office/")))


# ---- the files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "ending"), [("xlsx", "xlsx"), ("csv", "zip")])
def test_the_button_gives_the_bytes_the_command_gives(
    researcher: StrictClient, study: None, engine: Engine, monkeypatch: pytest.MonkeyPatch, form: str, ending: str
) -> None:
    from survey.pages.office import views

    now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return now

    monkeypatch.setattr(views, "datetime", Clock)
    reply = researcher.get(f"{PAGE}/data.{form}")
    written = io.BytesIO()
    export("small-notes", engine, form, written, now)  # type: ignore[arg-type]
    assert reply.data == written.getvalue()
    assert reply.headers["Content-Disposition"] == f"attachment; filename=small-notes-2026-03-04.{ending}"
    assert reply.headers["Cache-Control"] == "no-store"
    assert int(reply.headers["Content-Length"]) == len(reply.data)


def test_the_workbook_holds_the_answers_with_their_scale_score(researcher: StrictClient, study: None) -> None:
    reply = researcher.get(f"{PAGE}/data.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(reply.data), read_only=True)
    held = [str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "sing_enjoy" in " ".join(held)
    assert "4.5" in held, "the mean of 4 and 5"
    book.close()


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
        (("coordinator",), 403, 403),
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
    assert "Download" not in words(look_at(researcher.get(PAGE)))
    reply = researcher.get(f"{PAGE}/data.xlsx")
    assert reply.status_code == 403
    assert "You may not take the answers of this study away." in words(look_at(reply))
    assert enter("lead").get(f"{PAGE}/data.csv").status_code == 200


def test_one_file_at_a_time(researcher: StrictClient, study: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from survey.pages.office import views

    monkeypatch.setattr(views._ONE_FILE, "_patience", 0.01)
    with views._ONE_FILE.taken():
        assert researcher.get(f"{PAGE}/data.csv").status_code == 503
    assert researcher.get(f"{PAGE}/data.csv").status_code == 200
